//! What can't be done is said to the person who asked, with what to type instead.

use serde_json::json;

use super::{channel_of, role};
use crate::bot::{ALICE, Bot, GENERAL};
use crate::databases::on_each_database;
use crate::raw::Wire;

on_each_database! {
    async fn every_refusal_says_what_to_type_instead(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        let mut told = Vec::new();
        for (place, command) in [
            (channel, "severity huge"),
            (channel, "severity majr"),
            (channel, "status munitoring"),
            (channel, "status happy"),
            (channel, "role driver @bob"),
            (channel, "role comm @nobody"),
            (channel, "role reporter @bob"),
            (channel, "lead bob"),
            (channel, "lead none"),
            (channel, "status investigating"),
            (channel, "status triage"),
            (channel, "status declined"),
            (channel, "reopen"),
            (channel, "rename Checkout is slow"),
            (channel, "reslove it"),
            (channel, "banana"),
            (GENERAL, "close"),
            (GENERAL, "update Rolling back"),
            (GENERAL, "timeline"),
            (GENERAL, "INC-7 update Rolling back"),
            (GENERAL, "INC-7"),
            (GENERAL, "INC-7 status"),
            (GENERAL, "Checkout is down"),
            (channel, "close Done"),
            (channel, "close Done"),
            (channel, "close"),
            (channel, "resolve"),
            (channel, "update Still slow"),
            (channel, "update"),
            (channel, "status fixing"),
        ] {
            let said = bot.says(ALICE, place, command).await;
            let place = if place == GENERAL { "#general" } else { "#inc-1" };
            told.push(format!("{place}> {command}"));
            told.extend((!said.is_empty()).then(|| format!("  {said}")));
        }
        insta::assert_snapshot!(told.join("\n"), @r"
#inc-1> severity huge
  There is no severity “huge”. There are: Minor, Major, Critical.
#inc-1> severity majr
  There is no severity “majr”. Did you mean Major? There are: Minor, Major, Critical.
#inc-1> status munitoring
  There is no status “munitoring”. Did you mean Monitoring? There are: Triage, Investigating, Fixing, Monitoring, Paused, Documenting, Reviewing, Closed, Declined, Merged, Canceled.
#inc-1> status happy
  There is no status “happy”. There are: Triage, Investigating, Fixing, Monitoring, Paused, Documenting, Reviewing, Closed, Declined, Merged, Canceled.
#inc-1> role driver @bob
  There is no role “driver”. There are: lead, reporter, comms, scribe.
#inc-1> role comm @nobody
  I don't know who “@nobody” is. Mention them, as in `@bea`.
#inc-1> role reporter @bob
  The reporter is whoever declared the incident, and stays so.
#inc-1> lead bob
  I don't know who “bob” is. Mention them, as in `@bea`.
#inc-1> lead none
  Nobody is Incident Lead; nothing was changed.
#inc-1> status investigating
  The status is Investigating already; nothing was changed.
#inc-1> status triage
  An incident that was accepted can't go back to triage.
#inc-1> status declined
  An incident that was accepted can't be declined any more; it can be closed.
#inc-1> reopen
  The incident is open; nothing was changed.
#inc-1> rename Checkout is slow
  That is its name already; nothing was changed.
#inc-1> reslove it
  There is no command “reslove”. Did you mean `/incident resolve`? `/incident help` shows them all.
#inc-1> banana
  There is no command “banana”. `/incident help` shows them all; `/incident declare banana` opens an incident of that name.
#general> close
  This channel belongs to no incident. Say which one, as in `/incident INC-42 …`, or declare one with `/incident`.
#general> update Rolling back
  This channel belongs to no incident. Say which one, as in `/incident INC-42 …`, or declare one with `/incident`.
#general> timeline
  This channel belongs to no incident. Say which one, as in `/incident INC-42 …`, or declare one with `/incident`.
#general> INC-7 update Rolling back
  There is no incident INC-7 here. `/incident list` shows those that are open.
#general> INC-7
  There is no incident INC-7 here. `/incident list` shows those that are open.
#general> INC-7 status
  There is no incident INC-7 here. `/incident list` shows those that are open.
#general> Checkout is down
  There is no command “Checkout”. `/incident help` shows them all; `/incident declare Checkout is down` opens an incident of that name.
#inc-1> close Done
#inc-1> close Done
  This incident is over (closed). `/incident reopen` opens it again.
#inc-1> close
  This incident is over (closed). `/incident reopen` opens it again.
#inc-1> resolve
  This incident is over (closed). `/incident reopen` opens it again.
#inc-1> update Still slow
  This incident is over (closed). `/incident reopen` opens it again.
#inc-1> update
  This incident is over (closed). `/incident reopen` opens it again.
#inc-1> status fixing
  This incident is over (closed). `/incident reopen` opens it again.
        ");
        // Of all that, closing it once was done.
        let record = bot.record(&bot.incident(1).await).await;
        assert_eq!(record.len(), 3, "{record:#?}");
        bot.skims(channel);
        bot.ends().await;
    }

    /// The client stops these; somebody who writes requests by hand is told under the field.
    async fn what_only_a_broken_client_sends_is_refused_under_its_field(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let wire = Wire::to(&bot).await;
        let here = json!({"incident": incident.id});
        let text = |text: &str| json!({"type": "plain_text_input", "value": text});
        let choice = |value: &str| json!({"selected_option": {"value": value}});
        let person = |user: &str| json!({"selected_user": user});
        let lead = role("lead");
        let lead = lead.as_str().unwrap();
        let mut told = Vec::new();
        for (form, origin, values) in [
            ("declare", json!({}), json!({"name": text(&"x".repeat(201))})),
            ("declare", json!({}), json!({"name": text("a"), "summary": text(&"x".repeat(2_001))})),
            ("declare", json!({}), json!({"name": text("a"), "severity": choice("huge")})),
            ("declare", json!({}), json!({"name": text("a"), "lead": person("<!channel>")})),
            ("declare", json!({}), json!({})),
            ("role", here.clone(), json!({"role": choice(lead), "person": person("nobody at all")})),
            ("role", here.clone(), json!({"person": person("U0BOB")})),
            ("role", here.clone(), json!({"role": choice("driver"), "person": person("U0BOB")})),
            ("status", here.clone(), json!({"status": choice("happy")})),
            ("status", here.clone(), json!({})),
            ("severity", here.clone(), json!({"severity": null})),
            ("update", here.clone(), json!({"message": text(&"x".repeat(3_001))})),
            ("update", here.clone(), json!({"message": text("a"), "next_update_in_minutes": choice("0")})),
            ("update", here.clone(), json!({"message": text("a"), "next_update_in_minutes": choice("10081")})),
            ("note", here.clone(), json!({"text": text(&"x".repeat(3_001))})),
            ("close", json!({"incident": "01NOSUCHINCIDENT"}), json!({})),
            ("close", json!("nonsense"), json!({})),
            ("self_destruct", here.clone(), json!({})),
        ] {
            crate::warnings::expect("Could not read a form");
            let answer = wire.submits(ALICE, "V1", (form, &origin), &values).await.expect(200);
            assert_eq!(answer["response_action"], "errors", "{form}: {answer}");
            told.push(format!("{form} {}", answer["errors"]));
        }
        insta::assert_snapshot!(told.join("\n"), @r#"
declare {"name":"That is 201 characters; 200 is the most for a name."}
declare {"summary":"That is 2001 characters; 2000 is the most for a summary."}
declare {"severity":"There is no severity “huge”. There are: Minor, Major, Critical."}
declare {"lead":"I don't know who “<!channel>” is. Mention them, as in @bea."}
declare {"name":"Give the incident a name: what do people see go wrong?"}
role {"person":"I don't know who “nobody at all” is. Mention them, as in @bea."}
role {"role":"Stentor could not save that; nothing was changed. Please try again."}
role {"role":"There is no role “driver”. There are: lead, reporter, comms, scribe."}
status {"status":"There is no status “happy”. There are: Triage, Investigating, Fixing, Monitoring, Paused, Documenting, Reviewing, Closed, Declined, Merged, Canceled."}
status {"status":"Stentor could not save that; nothing was changed. Please try again."}
severity {"severity":"Stentor could not save that; nothing was changed. Please try again."}
update {"message":"That is 3001 characters; 3000 is the most for a message."}
update {"next_update_in_minutes":"The next update can be due in 1 minute to 7 days."}
update {"next_update_in_minutes":"The next update can be due in 1 minute to 7 days."}
note {"text":"That is 3001 characters; 3000 is the most for a note."}
close {"message":"There is no incident like that here. /incident list shows those that are open."}
close {"message":"This channel belongs to no incident. Say which one, as in /incident INC-42 …, or declare one with /incident."}
self_destruct {"message":"Stentor could not save that; nothing was changed. Please try again."}
        "#);
        assert_eq!(bot.incident(1).await.version, incident.version);
        assert_eq!(bot.latest().await.unwrap().number, 1);
        bot.ends().await;
    }
}

//! Every command, with what it needs and without: then a form asks for it.

use serde_json::{Value, json};

use super::trouble::kinds;
use super::{Fields, channel_of, role, severity, status};
use crate::bot::{ALICE, BOB, Bot, CAROL, GENERAL, INCIDENTS};
use crate::databases::on_each_database;

on_each_database! {
    async fn a_command_without_its_argument_opens_a_form_that_does_it(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        let mut told = Vec::new();
        let story: [(&str, &str, Fields); 11] = [
            ("update", "update", &[
                ("message", json!("Rolling back")),
                ("status", status("fixing")),
                ("severity", severity("major")),
            ]),
            ("severity", "severity", &[("severity", severity("minor"))]),
            ("status", "status", &[("status", status("monitoring"))]),
            ("lead", "role", &[("person", json!(ALICE))]),
            ("role scribe", "role", &[("person", json!(ALICE))]),
            ("role", "role", &[("role", role("scribe")), ("person", Value::Null)]),
            ("summary", "summary", &[("summary", json!("The cache was cold."))]),
            ("rename", "rename", &[("name", json!("Checkout was slow"))]),
            ("note", "note", &[("text", json!("Rolled back to 1.4"))]),
            ("resolve", "resolve", &[]),
            ("close", "close", &[("message", json!("Written up"))]),
        ];
        for (command, form, fields) in story {
            let view = bot.opens(ALICE, channel, command).await;
            assert_eq!(bot.form(&view), form, "{command}");
            bot.completes(ALICE, &view, fields).await;
            told.push(format!("> {command}"));
            told.extend(bot.reads_all(channel).into_iter().map(|said| format!("  {said}")));
        }
        insta::assert_snapshot!(told.join("\n"), @r"
> update
  INC-1: Rolling back · Update from <@U0ALICE> · Status Investigating → Fixing · Severity set to Major
> severity
  INC-1: Severity lowered: Major → Minor · by <@U0ALICE>
> status
  INC-1: Status Fixing → Monitoring · by <@U0ALICE>
> lead
  INC-1: <@U0ALICE> is Incident Lead
> role scribe
  INC-1: <@U0ALICE> is Scribe
> role
  INC-1: <@U0ALICE> is no longer Scribe; nobody is
> summary
> rename
> note
> resolve
  INC-1: Resolved after less than a minute, now Documenting · by <@U0ALICE>
> close
  INC-1: Written up · Closed · by <@U0ALICE>
        ");
        let incident = bot.incident(1).await;
        assert_eq!(incident.name, "Checkout was slow");
        assert_eq!(incident.summary, "The cache was cold.");
        bot.ends().await;
    }

    async fn a_command_elsewhere_names_its_incident_and_is_answered_there(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let mut told = Vec::new();
        for command in [
            "INC-1",
            "INC-1 lead me",
            "inc 1 severity sev1",
            "#1 update \"Rolling back\"",
            "INC-1 status monitoring",
            "INC-1 note Rolled back to 1.4",
            "close INC-1",
            "INC-1 resolve It ended by itself",
            "INC-1 close Done",
            "INC-1 reopen",
            "INC-1 timeline",
            "list",
            "list closed",
            "list critical",
            "list nothing like it",
            "help",
            "help sevrity",
        ] {
            let seen = bot.types(ALICE, GENERAL, command).await;
            bot.settle().await;
            assert_eq!(seen.error, None, "{command}");
            told.push(format!("> {command}"));
            told.extend(seen.messages.iter().map(|message| format!("  {}", message.text)));
            told.extend(seen.modal.map(|view| format!("  <{}>", bot.form(&view))));
        }
        insta::assert_snapshot!(told.join("\n"), @r#"
> INC-1
  INC-1 Checkout is slow: Investigating
> INC-1 lead me
  INC-1: <@U0ALICE> took Incident Lead
> inc 1 severity sev1
  INC-1: <@U0ALICE> changed the severity to Critical
> #1 update "Rolling back"
  INC-1: <@U0ALICE> posted an update: Rolling back
> INC-1 status monitoring
  INC-1: <@U0ALICE> changed the status from Investigating to Monitoring
> INC-1 note Rolled back to 1.4
  Noted in the timeline of INC-1.
> close INC-1
  <close>
> INC-1 resolve It ended by itself
  INC-1: <@U0ALICE> changed the status from Monitoring to Documenting: It ended by itself
> INC-1 close Done
  INC-1: <@U0ALICE> changed the status from Documenting to Closed: Done
> INC-1 reopen
  INC-1: <@U0ALICE> changed the status from Closed to Investigating
> INC-1 timeline
  Timeline of INC-1 Checkout is slow
> list
  1 open incident
> list closed
  There are no ended incidents.
> list critical
  1 open incident of severity Critical
> list nothing like it
  There are no incidents with “nothing like it” in their name.
> help
  Commands of /incident
> help sevrity
  /incident severity: Change how bad it is.
        "#);
        bot.skims(channel_of(&incident));
        bot.ends().await;
    }

    async fn in_its_channel_the_bare_command_shows_what_can_be_done(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let said = bot.says(ALICE, channel_of(&incident), "").await;
        assert_eq!(said, "Commands of /incident");
        bot.ends().await;
    }

    async fn declaring_with_a_name_fills_it_in(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        for (text, name) in [
            ("declare Checkout is slow", "Checkout is slow"),
            ("new “Checkout is slow”", "Checkout is slow"),
            ("DECLARE @bob can't pay & <waits>", "@bob can't pay & <waits>"),
            ("", ""),
        ] {
            let view = bot.opens(ALICE, GENERAL, text).await;
            assert_eq!(bot.form(&view), "declare");
            let input = bot.slack.read(|state| state.views[&view].blocks()[0]["element"].clone());
            assert_eq!(input["initial_value"].as_str().unwrap_or_default(), name, "{text}");
        }
        assert_eq!(bot.latest().await, None);
        bot.ends().await;
    }

    async fn the_global_shortcut_declares_too(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let shortcut = stentor::simulator::act::Act::GlobalShortcut {
            user: BOB.to_owned(),
            callback_id: "declare_incident".to_owned(),
        };
        let view = bot.act(shortcut).await.modal.unwrap();
        bot.completes(BOB, &view, &[("name", json!("Login is down"))]).await;
        assert_eq!(bot.reads_everything_once(1).await, Vec::<String>::new());
        assert_eq!(bot.incident(1).await.declared_in, None);
        bot.ends().await;
    }

    /// Whoever declares in a channel is shown the way from there.
    async fn whoever_declared_is_led_to_the_channel(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let whispers = bot.whispers(ALICE, GENERAL);
        assert_eq!(whispers, [format!("INC-1 is open: <#{}>", channel_of(&incident))]);
        // Stentor is not in #random, and can't whisper there: it writes to Carol directly.
        bot.fills_in(CAROL, "C0RANDOM", "", &[("name", json!("Login is down"))]).await;
        bot.reads_everything_once(2).await;
        let told = bot.reads_told(CAROL);
        let whispered = bot.whispers(CAROL, "C0RANDOM");
        assert_eq!(told.len() + whispered.len(), 1, "{told:?} {whispered:?}");
        bot.ends().await;
    }

    async fn what_a_form_can_not_take_stands_under_its_field(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let view = bot.opens(ALICE, GENERAL, "").await;
        let empty = bot.submits(ALICE, &view, &[]).await;
        assert_eq!(empty.field_errors["name"], "Please complete this required field.");
        let blank = bot.submits(ALICE, &view, &[("name", json!("   "))]).await;
        assert_eq!(blank.field_errors["name"], "Give the incident a name: what do people see go wrong?");
        assert_eq!(bot.latest().await, None);
        // The same form, corrected, is taken: a refusal leaves no receipt.
        bot.completes(ALICE, &view, &[("name", json!("Checkout is slow"))]).await;
        bot.reads_everything_once(1).await;

        let channel = bot.incident(1).await.channel.unwrap().to_string();
        let view = bot.opens(ALICE, &channel, "update").await;
        let nothing = bot.submits(ALICE, &view, &[]).await;
        assert_eq!(nothing.field_errors["message"], "Say what is new, or change the status or severity.");
        let view = bot.opens(ALICE, &channel, "note").await;
        let blank = bot.submits(ALICE, &view, &[("text", json!(" "))]).await;
        assert_eq!(
            blank.field_errors["text"],
            "Say what to write down, as in /incident note rolled back to 1.4."
        );
        let view = bot.opens(ALICE, &channel, "rename").await;
        let same = bot.submits(ALICE, &view, &[]).await;
        assert_eq!(same.field_errors["name"], "That is its name already; nothing was changed.");
        bot.skims(INCIDENTS);
        bot.ends().await;
    }

    async fn a_form_that_does_not_open_is_replaced_by_words(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        crate::warnings::expect("A form did not open");
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        for failing in kinds().into_iter().take(5) {
            bot.breaks("views.open", failing, 1);
            let said = bot.says(ALICE, channel, "update").await;
            assert_eq!(
                said,
                "The form did not open in time. Try again, or type `/incident update Rolling back to 1.4` instead."
            );
        }
        bot.ends().await;
    }
}

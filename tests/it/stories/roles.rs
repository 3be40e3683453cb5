//! Who does what: given, taken, handed over, taken back; and people whom Slack does not let in.

use serde_json::json;
use stentor::simulator::act::Act;

use super::{channel_of, role};
use crate::bot::{ALICE, BOB, Bot, CAROL};
use crate::databases::on_each_database;
use crate::raw::Wire;

on_each_database! {
    async fn who_gets_a_role_is_told_what_it_asks(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        let mut told = Vec::new();
        for (user, command) in [
            (ALICE, "lead @bob"),
            (ALICE, "role scribe to me"),
            (BOB, "lead @carol"),
            (CAROL, "role comms me"),
            (ALICE, "role @bob communications"),
            (CAROL, "lead none"),
            (BOB, "lead me"),
            (BOB, "role comms none"),
        ] {
            bot.says(user, channel, command).await;
            told.push(format!("{user}> {command}"));
            told.extend(bot.reads_all(channel).into_iter().map(|said| format!("  {said}")));
            for person in [ALICE, BOB, CAROL] {
                told.extend(bot.reads_told(person).into_iter().map(|said| format!("  to {person}: {said}")));
            }
        }
        insta::assert_snapshot!(told.join("\n"), @r"
U0ALICE> lead @bob
  INC-1: <@U0BOB> is Incident Lead · by <@U0ALICE>
  to U0BOB: You are now Incident Lead of INC-1 Checkout is slow, asked by <@U0ALICE>.
U0ALICE> role scribe to me
  INC-1: <@U0ALICE> is Scribe
U0BOB> lead @carol
  INC-1: <@U0CAROL> takes over as Incident Lead from <@U0BOB>
  to U0CAROL: You are now Incident Lead of INC-1 Checkout is slow, asked by <@U0BOB>.
U0CAROL> role comms me
  INC-1: <@U0CAROL> is Communications
U0ALICE> role @bob communications
  INC-1: <@U0BOB> takes over as Communications from <@U0CAROL> · by <@U0ALICE>
  to U0BOB: You are now Communications of INC-1 Checkout is slow, asked by <@U0ALICE>.
U0CAROL> lead none
  INC-1: <@U0CAROL> is no longer Incident Lead; nobody is
U0BOB> lead me
  INC-1: <@U0BOB> is Incident Lead
U0BOB> role comms none
  INC-1: <@U0BOB> is no longer Communications; nobody is
        ");
        let topic = bot.channels(&incident).remove(0).topic.value;
        assert_eq!(topic, "Investigating · Lead <@U0BOB> · INC-1");
        bot.ends().await;
    }

    async fn the_reporter_stays_who_declared(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        for command in ["role reporter @bob", "role reporter none", "role reporter me"] {
            let said = bot.says(ALICE, channel, command).await;
            assert_eq!(said, "The reporter is whoever declared the incident, and stays so.");
        }
        let view = bot.opens(ALICE, channel, "role").await;
        let offered = bot.slack.read(|state| state.views[&view].blocks()[0]["element"]["options"].clone());
        assert!(!offered.to_string().contains("Reporter"), "{offered}");
        bot.ends().await;
    }

    async fn people_whom_slack_does_not_let_in_keep_nobody_waiting(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        crate::warnings::expect("Gave up");
        for error in ["user_not_found", "cant_invite", "already_in_channel"] {
            bot.slack.expect_refusal("conversations.invite", error);
        }
        bot.slack.expect_refusal("conversations.open", "user_not_found");
        bot.slack.expect_refusal("conversations.open", "user_disabled");
        bot.act(Act::DeactivateUser { user: CAROL.to_owned() }).await;
        // Both are among those whom the declaration invites.
        let fields = [("name", json!("Checkout is slow")), ("lead", json!(CAROL))];
        bot.fills_in(ALICE, crate::bot::GENERAL, "", &fields).await;
        bot.reads_everything_once(1).await;
        let incident = bot.incident(1).await;
        let channel = channel_of(&incident);
        assert!(bot.channels(&incident)[0].has(ALICE));
        let told = bot.undelivered(&incident).await;
        assert!(told.contains(&"invite U0CAROL to the channel: cant_invite".to_owned()), "{told:?}");

        // Nobody of that id; and Bob, who is there already, with the next invitation.
        let wire = Wire::to(&bot).await;
        bot.joins(BOB, channel).await;
        let here = json!({"incident": incident.id});
        for (n, (role, person)) in [(role("scribe"), "U0NOBODY"), (role("comms"), BOB)].into_iter().enumerate() {
            let form = json!({"role": {"selected_option": {"value": role}}, "person": {"selected_user": person}});
            let answer = wire.submits(ALICE, &format!("V{n}"), ("role", &here), &form).await;
            assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
        }
        bot.settle().await;
        assert_eq!(bot.reads_all(channel), [
            "INC-1: <@U0NOBODY> is Scribe · by <@U0ALICE>",
            "INC-1: <@U0BOB> is Communications · by <@U0ALICE>",
        ]);
        assert_eq!(bot.reads_told(BOB).len(), 1);
        let told = bot.undelivered(&incident).await;
        assert!(told.contains(&"invite U0NOBODY to the channel: user_not_found".to_owned()), "{told:?}");
        // What is left are the two who could not be told what their role asks.
        let left = bot.left().await;
        assert_eq!(left.len(), 2, "{left:?}");
        for work in left {
            assert!(work.key.contains("/role/") && work.state == 1, "{work:?}");
            bot.gives_up(&work.key);
        }
        bot.ends().await;
    }
}

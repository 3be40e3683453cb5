//! Every button does what its command does.

use serde_json::{Value, json};

use super::{Fields, channel_of, role, severity, status};
use crate::bot::{ALICE, BOB, Bot, CAROL, INCIDENTS};
use crate::databases::on_each_database;

on_each_database! {
    async fn every_button_of_the_welcome_message_does_its_command(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        let welcome = bot.welcome(&incident);
        let mut told = Vec::new();
        let story: [(&str, &str, Fields); 9] = [
            ("Post update", "update", &[("message", json!("The cache is cold"))]),
            ("Severity", "severity", &[("severity", severity("critical"))]),
            ("Status", "status", &[("status", status("fixing"))]),
            ("Roles", "role", &[("role", role("scribe")), ("person", json!(ALICE))]),
            ("Take the lead", "", &[]),
            ("Change lead", "role", &[("person", Value::Null)]),
            ("Resolve", "resolve", &[("message", json!("Warm again"))]),
            ("Close", "close", &[]),
            ("Reopen", "", &[]),
        ];
        for (label, form, fields) in story {
            let seen = bot.presses(ALICE, channel, welcome, label).await;
            assert_eq!((seen.error, seen.modal.is_some()), (None, !form.is_empty()), "{label}");
            if let Some(view) = seen.modal {
                assert_eq!(bot.form(&view), form, "{label}");
                bot.completes(ALICE, &view, fields).await;
            }
            bot.settle().await;
            told.push(format!("[{label}]"));
            told.extend(bot.reads_all(channel).into_iter().map(|said| format!("  {said}")));
        }
        insta::assert_snapshot!(told.join("\n"), @r"
[Post update]
  INC-1: The cache is cold · Update from <@U0ALICE>
[Severity]
  INC-1: Severity set to Critical · by <@U0ALICE>
[Status]
  INC-1: Status Investigating → Fixing · by <@U0ALICE>
[Roles]
  INC-1: <@U0ALICE> is Scribe
[Take the lead]
  INC-1: <@U0ALICE> is Incident Lead
[Change lead]
  INC-1: <@U0ALICE> is no longer Incident Lead; nobody is
[Resolve]
  INC-1: Warm again · Resolved after less than a minute, now Documenting · by <@U0ALICE>
[Close]
  INC-1: Closed · by <@U0ALICE>
[Reopen]
  INC-1: Reopened, now Investigating · by <@U0ALICE>
        ");
        assert_eq!(bot.whispers(ALICE, channel), Vec::<String>::new());
        bot.ends().await;
    }

    async fn every_button_of_the_announcement_does_its_command(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        let announcement = bot.announcement(&incident);
        bot.presses(BOB, INCIDENTS, announcement, "Take the lead").await;
        bot.settle().await;
        assert_eq!(bot.reads(channel), "INC-1: <@U0BOB> is Incident Lead");
        assert!(bot.slack.channel_by_name("inc-1-checkout-is-slow").unwrap().has(BOB));

        let view = bot.presses(CAROL, INCIDENTS, announcement, "Post update").await.modal.unwrap();
        assert_eq!(bot.form(&view), "update");
        bot.completes(CAROL, &view, &[("message", json!("Seen it before"))]).await;
        assert_eq!(bot.reads(channel), "INC-1: Seen it before · Update from <@U0CAROL>");

        let timeline = bot.presses_and_hears(CAROL, INCIDENTS, announcement, "Timeline").await;
        assert_eq!(timeline, ["Timeline of INC-1 Checkout is slow"]);
        let told = bot.slack.read(|state| {
            let heard = &state.channels[INCIDENTS].ephemerals[CAROL];
            serde_json::to_string(&heard.values().next_back().unwrap().blocks).unwrap()
        });
        assert!(told.contains("Seen it before"), "{told}");
        bot.ends().await;
    }

    async fn a_press_that_comes_too_late_is_refused_to_that_person_alone(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        let (welcome, announcement) = (bot.welcome(&incident), bot.announcement(&incident));
        let mut heard = Vec::new();

        // The message still shows its buttons: nothing was refreshed between the two presses.
        for _ in 0..2 {
            heard.extend(bot.presses_and_hears(BOB, INCIDENTS, announcement, "Take the lead").await);
        }
        bot.types(ALICE, channel, "resolve Warm again").await;
        heard.extend(bot.presses_and_hears(ALICE, channel, welcome, "Resolve").await);
        bot.settle().await;
        bot.types(ALICE, channel, "close Written up").await;
        heard.extend(bot.presses_and_hears(ALICE, channel, welcome, "Close").await);
        bot.settle().await;
        bot.presses(ALICE, channel, welcome, "Reopen").await;
        heard.extend(bot.presses_and_hears(ALICE, channel, welcome, "Reopen").await);
        bot.settle().await;
        insta::assert_snapshot!(heard.join("\n"), @r"
INC-1: <@U0BOB> took Incident Lead
They are Incident Lead already; nothing was changed.
The incident is resolved already; nothing was changed.
This incident is over (closed). `/incident reopen` opens it again.
The incident is open; nothing was changed.
        ");
        assert_eq!(bot.reads_all(channel).len(), 4, "each press that counted is one post");
        bot.ends().await;
    }

    async fn a_button_whose_form_is_open_twice_changes_twice_and_says_so(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        let welcome = bot.welcome(&incident);
        bot.joins(BOB, channel).await;
        let alices = bot.presses(ALICE, channel, welcome, "Resolve").await.modal.unwrap();
        let bobs = bot.presses(BOB, channel, welcome, "Resolve").await.modal.unwrap();
        bot.completes(ALICE, &alices, &[("message", json!("Warm again"))]).await;
        assert_eq!(
            bot.reads(channel),
            "INC-1: Warm again · Resolved after less than a minute, now Documenting · by <@U0ALICE>"
        );
        let late = bot.submits(BOB, &bobs, &[]).await;
        assert_eq!(late.field_errors["message"], "The incident is resolved already; nothing was changed.");
        bot.ends().await;
    }
}

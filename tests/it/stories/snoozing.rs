//! Peace from an incident's alerts for a while.

use std::time::Duration;

use serde_json::json;
use stentor::incident::snooze::Snooze;

use super::channel_of;
use crate::bot::{ALICE, BOB, Bot, GENERAL};
use crate::databases::on_each_database;

const MINUTE: Duration = Duration::from_secs(60);
const OVER: &str = "INC-1: The snooze has ended: its time is up";

impl Bot {
    async fn snooze(&self) -> Option<Snooze> {
        self.incident(1).await.snooze
    }
}

on_each_database! {
    async fn a_snooze_ends_when_its_time_is_up(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.says(ALICE, channel, "snooze 2h cancel").await;
        let said = bot.reads(channel);
        assert!(said.starts_with("INC-1: Alerts are quiet until <!date^"), "{said}");
        assert!(said.ends_with(", or until there is news · by <@U0ALICE>"), "{said}");
        let snooze = bot.snooze().await.unwrap();
        assert!(snooze.cancel_on_news);
        assert_eq!(snooze.until.since(snooze.since), 120 * MINUTE);
        let welcome = bot.slack.message(channel, bot.welcome(&incident)).unwrap();
        assert!(json!(welcome.blocks).to_string().contains("Snoozed"));
        bot.waits(119 * MINUTE).await;
        assert_eq!(bot.reads_all(channel), Vec::<String>::new());
        // Nobody is there when it ends.
        bot.clock.advance(10 * MINUTE);
        let bot = bot.restarted(&fresh).await;
        bot.settle().await;
        assert_eq!(bot.reads(channel), OVER);
        assert_eq!(bot.snooze().await, None);
        let welcome = bot.slack.message(channel, bot.welcome(&incident)).unwrap();
        assert!(!json!(welcome.blocks).to_string().contains("Snoozed"));
        assert_eq!(bot.left().await, []);
        bot.ends().await;
    }

    async fn the_last_word_on_it_counts(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.says(ALICE, channel, "snooze 30").await;
        bot.fills_in(BOB, GENERAL, "INC-1 snooze", &[("minutes", json!("240"))]).await;
        assert_eq!(bot.reads_all(channel).len(), 2);
        bot.waits(239 * MINUTE).await;
        assert_eq!(bot.reads_all(channel), Vec::<String>::new());
        bot.waits(MINUTE).await;
        assert_eq!(bot.reads(channel), OVER);
        bot.says(ALICE, channel, "snooze 1d").await;
        bot.reads(channel);
        bot.says(ALICE, channel, "unsnooze").await;
        assert_eq!(bot.reads(channel), "INC-1: The snooze has ended · by <@U0ALICE>");
        assert_eq!(bot.left().await, [], "its timer is gone");
        for (command, answer) in [
            ("unsnooze", "The incident is not snoozed; nothing was changed."),
            ("snooze 31d", "A snooze lasts from 1 minute to 30 days."),
            ("snooze 0", "A snooze lasts from 1 minute to 30 days."),
            ("snooze a while", "I don't know how long “a while” is. Say it as in `2h`, `90m` or `1d`."),
        ] {
            assert_eq!(bot.says(ALICE, channel, command).await, answer, "{command}");
        }
        bot.ends().await;
    }

    async fn what_is_over_is_quiet_without_a_snooze(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        for end in ["resolve Warm again", "close", "status canceled"] {
            bot.says(ALICE, channel, "snooze 1h").await;
            if end == "close" {
                bot.fills_in(ALICE, channel, end, &[]).await;
            } else {
                bot.says(ALICE, channel, end).await;
            }
            assert_eq!(bot.snooze().await, None, "{end}");
            assert_eq!(bot.left().await, [], "{end}");
            let refused = bot.says(ALICE, channel, "snooze 1h").await;
            assert!(refused.contains("resolved already") || refused.contains("is over"), "{refused}");
            bot.says(ALICE, channel, "reopen").await;
            bot.skims(channel);
            bot.waits(120 * MINUTE).await;
            assert_eq!(bot.reads_all(channel), Vec::<String>::new());
        }
        bot.ends().await;
    }
}

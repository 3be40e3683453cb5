//! Somebody promises an update; if none comes, the channel is reminded once.

use std::time::Duration;

use serde_json::json;

use super::channel_of;
use crate::bot::{ALICE, Bot};
use crate::databases::on_each_database;

const MINUTE: Duration = Duration::from_secs(60);
const REMINDER: &str = "an update was due";

impl Bot {
    /// Alice posts an update and promises the next within so many minutes.
    async fn promises(&self, channel: &str, minutes: &str) {
        let fields =
            [("message", json!("Rolling back")), ("next_update_in_minutes", json!(minutes))];
        self.fills_in(ALICE, channel, "update", &fields).await;
        let said = self.reads(channel);
        assert!(said.contains("Next update by"), "{said}");
    }
}

on_each_database! {
    async fn the_channel_is_reminded_once_when_an_update_is_due(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.promises(channel, "30").await;
        bot.waits(29 * MINUTE).await;
        assert_eq!(bot.reads_all(channel), Vec::<String>::new());
        bot.waits(MINUTE).await;
        let said = bot.reads(channel);
        assert!(said.contains(REMINDER), "{said}");
        for _ in 0..3 {
            bot.waits(60 * MINUTE).await;
        }
        assert_eq!(bot.left().await, []);
        bot.ends().await;
    }

    async fn an_update_in_time_needs_no_reminder(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.promises(channel, "30").await;
        bot.waits(20 * MINUTE).await;
        bot.says(ALICE, channel, "update Rolled back").await;
        bot.reads(channel);
        bot.waits(60 * MINUTE).await;
        assert_eq!(bot.left().await, []);
        // The last promise counts, be it later or sooner.
        bot.promises(channel, "240").await;
        bot.promises(channel, "15").await;
        bot.waits(15 * MINUTE).await;
        assert!(bot.reads(channel).contains(REMINDER));
        bot.promises(channel, "15").await;
        bot.promises(channel, "240").await;
        bot.waits(60 * MINUTE).await;
        assert_eq!(bot.reads_all(channel), Vec::<String>::new());
        bot.waits(180 * MINUTE).await;
        assert!(bot.reads(channel).contains(REMINDER));
        bot.ends().await;
    }

    async fn nobody_is_reminded_of_what_is_over(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        for (end, again) in [("resolve Warm again", "reopen"), ("close Done", "reopen"), ("status canceled", "reopen")] {
            bot.promises(channel, "30").await;
            bot.says(ALICE, channel, end).await;
            bot.waits(60 * MINUTE).await;
            assert_eq!(bot.reads_all(channel).len(), 1, "{end}");
            bot.says(ALICE, channel, again).await;
            bot.waits(60 * MINUTE).await;
            assert_eq!(bot.reads_all(channel).len(), 1, "{again}");
        }
        assert_eq!(bot.left().await, []);
        bot.ends().await;
    }

    async fn a_restart_forgets_no_reminder(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.promises(channel, "30").await;
        let bot = bot.restarted(&fresh).await;
        bot.waits(29 * MINUTE).await;
        // It comes due while nobody is there.
        bot.clock.advance(10 * MINUTE);
        let bot = bot.restarted(&fresh).await;
        bot.settle().await;
        let said = bot.reads(channel);
        assert!(said.contains(REMINDER), "{said}");
        let bot = bot.restarted(&fresh).await;
        bot.waits(60 * MINUTE).await;
        bot.ends().await;
    }

    /// The update is saved, and the timer's work is in hand already: it must not ring.
    async fn a_reminder_whose_update_came_at_the_last_moment_says_nothing(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.promises(channel, "15").await;
        bot.clock.advance(15 * MINUTE);
        bot.types(ALICE, channel, "update Just in time").await;
        bot.settle().await;
        assert_eq!(bot.reads(channel), "INC-1: Just in time · Update from <@U0ALICE>");
        bot.ends().await;
    }
}

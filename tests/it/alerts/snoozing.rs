//! While an incident is snoozed its alerts are not told; news may end that.

use std::time::Duration;

use serde_json::json;
use stentor::alert::observation::{Observation, Status};
use stentor::ingest::kind::Kind;

use super::monitor::{ends, fires};
use crate::bot::{ALICE, Bot};
use crate::databases::on_each_database;
use crate::stories::channel_of;

const MINUTE: Duration = Duration::from_secs(60);
const NEWS: &str = "INC-1: The snooze has ended: there is news";

fn warns(name: &str, service: &str) -> Observation {
    Observation { status: Status::Warning, ..fires(name, service) }
}

on_each_database! {
    async fn a_snoozed_incident_hears_nothing_but_shows_it(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let incident = bot.opens_by(&monitor, vec![warns("Latency", "checkout")]).await;
        let (channel, card) = (channel_of(&incident), bot.card(&incident).ts);
        let view = bot.presses(ALICE, channel, card, "Snooze").await.modal.unwrap();
        bot.completes(ALICE, &view, &[("minutes", json!("60"))]).await;
        assert!(bot.reads(channel).starts_with("INC-1: Alerts are quiet until"));
        assert!(bot.card_says(&incident).contains("quiet until"));
        // It gets worse, more of it comes, and it is over: the card has it, nobody is called.
        bot.hears(&monitor, vec![fires("Latency", "checkout"), fires("Errors", "checkout")]).await;
        bot.settle().await;
        assert!(bot.card_says(&incident).contains("2 of 2 firing"));
        bot.hears(&monitor, vec![ends("Latency", "checkout"), ends("Errors", "checkout")]).await;
        bot.settle().await;
        assert!(bot.card_says(&incident).contains("All 2 are over"));
        assert_eq!(bot.reads_all(channel), Vec::<String>::new());
        bot.presses(ALICE, channel, card, "End snooze").await;
        bot.settle().await;
        assert_eq!(bot.reads_all(channel), ["INC-1: The snooze has ended · by <@U0ALICE>"]);
        assert!(!bot.card_says(&incident).contains("quiet until"));
        bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
        bot.settle().await;
        assert_eq!(bot.reads_all(channel), ["INC-1: 🔔 Alerts fire again, the worst is critical."]);
        bot.ends().await;
    }

    async fn news_end_a_snooze_that_was_to_last_until_then(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let incident = bot.opens_by(&monitor, vec![warns("Latency", "checkout")]).await;
        let channel = channel_of(&incident);
        let snoozes = async || {
            bot.clock.advance(MINUTE);
            bot.says(ALICE, channel, "snooze 8h cancel").await;
            assert!(bot.reads(channel).starts_with("INC-1: Alerts are quiet until"));
            bot.clock.advance(MINUTE);
        };
        // What is said again is no news.
        snoozes().await;
        bot.hears(&monitor, vec![warns("Latency", "checkout")]).await;
        bot.settle().await;
        assert_eq!(bot.reads_all(channel), Vec::<String>::new());
        // A new alert is, although together they say the same.
        bot.hears(&monitor, vec![warns("Queue", "checkout")]).await;
        bot.settle().await;
        assert_eq!(bot.reads_all(channel), [NEWS]);
        snoozes().await;
        bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
        bot.settle().await;
        assert_eq!(bot.reads_all(channel), [NEWS, "INC-1: 🔺 The worst alert is critical now."]);
        // That all is over is good news, and does not wake anybody.
        snoozes().await;
        bot.hears(&monitor, vec![ends("Latency", "checkout"), ends("Queue", "checkout")]).await;
        bot.settle().await;
        assert_eq!(bot.reads_all(channel), Vec::<String>::new());
        bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
        bot.settle().await;
        assert_eq!(bot.reads_all(channel), [NEWS, "INC-1: 🔔 Alerts fire again, the worst is critical."]);
        bot.ends().await;
    }
}

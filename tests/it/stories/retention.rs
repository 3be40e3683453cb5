//! What nobody will ask for again is forgotten; the record is not.

use std::time::Duration;

use stentor::engine::order::{Order, Target};
use stentor::ids::UserId;
use stentor::incident::command::Command;
use stentor::incident::event::{Actor, Via};
use stentor::outbox::retention::{RECEIPTS_KEPT, TURNS_KEPT, forget};

use super::channel_of;
use crate::bot::{ALICE, Bot};
use crate::databases::on_each_database;

/// Tables that grow with every request, if nobody looks after them.
const GROWING: [&str; 4] = [
    "SELECT COUNT(*) FROM receipt",
    "SELECT COUNT(*) FROM pace",
    "SELECT COUNT(*) FROM outbox",
    "SELECT COUNT(*) FROM lane",
];

impl Bot {
    async fn rows(&self) -> Vec<i64> {
        let mut tx = self.stentor.app.db.read().await.unwrap();
        let mut rows = Vec::new();
        for table in GROWING {
            let (count,): (i64,) = tx.query(table).one().await.unwrap();
            rows.push(count);
        }
        rows
    }

    async fn forgets(&self) -> u64 {
        forget(&self.stentor.app.db, &self.clock).await.unwrap()
    }

    /// The same note once more, as a redelivery brings it.
    async fn notes(&self, channel: &str, receipt: &str) {
        let order = Order {
            workspace: self.stentor.app.workspace.clone(),
            receipt: Some(receipt.to_owned()),
            target: Target::Channel(channel.into()),
            actor: Actor::Person { user: UserId::from(ALICE) },
            through: None,
            via: Via::Command,
            command: Command::Note { text: "Rolled back".to_owned() },
            expected_version: None,
        };
        self.stentor.app.engine.submit(order).await.unwrap();
    }
}

on_each_database! {
    async fn receipts_are_forgotten_when_nobody_can_come_back_with_them(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        let entries = async || bot.record(&incident).await.len();
        bot.notes(channel, "a note").await;
        let before = entries().await;
        bot.clock.advance(RECEIPTS_KEPT - Duration::from_secs(1));
        bot.forgets().await;
        bot.notes(channel, "a note").await;
        assert_eq!(entries().await, before, "it is known as a repetition until then");
        bot.clock.advance(Duration::from_secs(2));
        assert!(bot.forgets().await > 0);
        assert_eq!(bot.rows().await[0], 0);
        assert_eq!(entries().await, before, "the record stays");
        bot.ends().await;
    }

    async fn nothing_grows_with_what_is_done(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let mut sizes = Vec::new();
        for n in 1..=3 {
            let incident = bot.declares(&format!("Trouble {n}")).await;
            let channel = channel_of(&incident);
            for text in ["update One", "severity major", "update Two", "close Done"] {
                bot.says(ALICE, channel, text).await;
            }
            bot.skims(channel);
            bot.clock.advance(RECEIPTS_KEPT.max(TURNS_KEPT) + Duration::from_secs(1));
            while bot.forgets().await > 0 {}
            sizes.push(bot.rows().await);
        }
        assert_eq!(sizes, vec![vec![0, 0, 0, 0]; 3]);
        bot.ends().await;
    }

    /// More than one transaction takes: commands go on between them.
    async fn much_is_forgotten_some_at_a_time(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        for n in 0..1_100 {
            bot.notes(channel_of(&incident), &format!("note {n}")).await;
        }
        bot.clock.advance(RECEIPTS_KEPT + Duration::from_secs(1));
        assert!(bot.forgets().await >= 1_100);
        assert_eq!(bot.rows().await[0], 0);
        bot.ends().await;
    }
}

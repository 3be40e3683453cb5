//! Who takes over from whom is told, once.

use std::time::Duration;

use serde_json::json;
use stentor::oncall::schedule::definition::NewOverride;
use stentor::outbox::worker::Worker;

use super::{MINUTE, ci};
use crate::bot::{ALICE, BOB, Bot, CAROL, GENERAL};
use crate::databases::on_each_database;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn days() -> serde_json::Value {
    json!({
        "name": "Primary", "time_zone": "UTC",
        "rotations": [{"id": "days", "name": "Days", "people": [ALICE, BOB], "handover_start_at": "2026-09-21T00:00:00Z",
            "handovers": [{"interval": 1, "interval_type": "daily"}], "layers": [{"id": "one", "name": "One"}]}],
    })
}

on_each_database! {
    async fn both_are_told_when_one_takes_over_from_the_other(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let id = bot.has_schedule(days()).await;
        bot.settle().await;
        assert_eq!(bot.reads_told(ALICE).len(), 1);
        // The day ends in the evening of this test's first day.
        bot.waits(11 * 60 * MINUTE).await;
        assert_eq!(bot.reads_told(ALICE), ["📴 You are not on call in Primary any more. After you: <@U0BOB>."]);
        let told = bot.reads_told(BOB);
        assert!(told[0].starts_with("📟 You are on call in Primary until "), "{told:?}");
        assert!(told[0].ends_with("Before you: <@U0ALICE>."), "{told:?}");
        // Somebody stands in from now on.
        let app = &bot.stentor.app;
        let new = NewOverride {
            rotation: "days".into(), layer: "one".into(), person: CAROL.into(),
            start_at: bot.clock.now(), end_at: bot.clock.now().plus(60 * MINUTE),
        };
        let made = app.paging.create_override(&app.workspace, &id, &new, &ci(), None).await.unwrap();
        bot.settle().await;
        assert_eq!((bot.reads_told(BOB).len(), bot.reads_told(CAROL).len()), (1, 1));
        let said = bot.says(BOB, GENERAL, "oncall").await;
        assert_eq!(said, "Who is on call");
        // Nobody stands in any more: who is scheduled is on call again.
        assert!(app.paging.remove_override(&app.workspace, &made.id, &ci()).await.unwrap());
        assert!(!app.paging.remove_override(&app.workspace, &made.id, &ci()).await.unwrap());
        bot.settle().await;
        assert_eq!((bot.reads_told(BOB).len(), bot.reads_told(CAROL).len()), (1, 1));
        app.paging.archive_schedule(&app.workspace, &id, &ci()).await.unwrap();
        bot.waits(2 * DAY).await;
        assert_eq!(bot.left().await, []);
        bot.ends().await;
    }

    async fn two_replicas_tell_it_once_and_a_restart_loses_none(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.has_schedule(days()).await;
        bot.settle().await;
        bot.skims_told(&[ALICE]);
        bot.clock.advance(DAY);
        let bot = bot.restarted(&fresh).await;
        let holder = stentor::outbox::holder::Holder::new("another");
        let other = Worker { holder, ..Worker::clone(&bot.stentor.worker) };
        for _ in 0..200 {
            let (ours, theirs) = tokio::join!(bot.stentor.worker.step(), other.step());
            if ours.unwrap() + theirs.unwrap() == 0 {
                break;
            }
        }
        bot.settle().await;
        assert_eq!((bot.reads_told(ALICE).len(), bot.reads_told(BOB).len()), (1, 1));
        bot.ends().await;
    }
}

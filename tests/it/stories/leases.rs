//! Several workers share the work; one of them dies, or sleeps through its lease.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use stentor::ids::IdSource;
use stentor::outbox::hold::{Held, LEASE};
use stentor::outbox::holder::Holder;
use stentor::outbox::worker::Worker;
use stentor::slack::outbound::Trouble;
use stentor::store::outbox;
use tokio::time::Instant;

use crate::bot::{ALICE, Bot, GENERAL};
use crate::databases::on_each_database;

impl Bot {
    /// Takes what is due, under the name of this holder.
    async fn takes(&self, holder: &Holder) -> Vec<Held> {
        let (now, since) = (self.clock.now(), Instant::now());
        let lease = holder.lease("one");
        let mut tx = self.stentor.app.db.begin().await.unwrap();
        let claimed = outbox::claim(&mut tx, &lease, now, LEASE, 16).await.unwrap();
        tx.commit().await.unwrap();
        claimed.into_iter().map(|work| Held::new(work, now, since)).collect()
    }

    /// Another worker on the same database.
    fn another_worker(&self) -> Worker {
        Worker { holder: a_holder(), ..Worker::clone(&self.stentor.worker) }
    }
}

fn a_holder() -> Holder {
    let now = stentor::clock::Clock::system().now();
    Holder::new(&IdSource::system().ulid(now))
}

on_each_database! {
    /// As after `SIGSTOP`: it goes on as if no time had passed.
    async fn who_slept_through_a_lease_neither_calls_nor_writes(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.expects_repeats();
        let view = bot.opens(ALICE, GENERAL, "").await;
        bot.submits_in_trouble(&view, &[("name", json!("Checkout is slow"))]).await;
        let sleeper = a_holder();
        let mut held = bot.takes(&sleeper).await;
        assert_eq!(held.len(), 2, "the channel and the announcement");
        bot.settle().await;
        assert_eq!(bot.reads_everything_once(1).await, Vec::<String>::new());
        // There is news, so that it finds something to do.
        bot.types(ALICE, GENERAL, "INC-1 severity major").await;
        let calls = bot.slack.calls().len();
        let performer = &bot.stentor.worker.performer;
        for is_trusted in [false, true] {
            for held in &mut held {
                if is_trusted {
                    // As if its own clock had stood still with it.
                    held.renewed(bot.clock.now(), Instant::now());
                }
                let result = performer.perform(held).await;
                let is_announcement = held.work.lane.ends_with("/announcement");
                // That the channel is there shows without a call.
                assert_eq!(matches!(result, Err(Trouble::NotOurs)), is_announcement, "{result:?}");
                let mut tx = bot.stentor.app.db.begin().await.unwrap();
                assert!(!outbox::finish(&mut tx, &held.work, bot.clock.now()).await.unwrap());
            }
        }
        assert_eq!(bot.slack.calls().len(), calls, "it called Slack nevertheless");
        bot.settle().await;
        bot.skims(bot.incident(1).await.channel.unwrap().as_str());
        bot.ends().await;
    }

    async fn a_lease_that_is_renewed_belongs_to_its_holder(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.expects_repeats();
        let view = bot.opens(ALICE, GENERAL, "").await;
        bot.submits_in_trouble(&view, &[("name", json!("Checkout is slow"))]).await;
        let slow = a_holder();
        let held = bot.takes(&slow).await;
        for _ in 0..10 {
            bot.clock.advance(LEASE - Duration::from_millis(1));
            let mut tx = bot.stentor.app.db.begin().await.unwrap();
            for held in &held {
                assert!(outbox::renew(&mut tx, &held.work, bot.clock.now().plus(LEASE)).await.unwrap());
            }
            tx.commit().await.unwrap();
            assert_eq!(bot.another_worker().step().await.unwrap(), 0);
        }
        bot.clock.advance(LEASE);
        assert_eq!(bot.another_worker().step().await.unwrap(), 2);
        bot.settle().await;
        bot.reads_everything_once(1).await;
        bot.ends().await;
    }

    /// Nobody waits for a lease whose holder is certainly dead; but its last request may still be
    /// on its way.
    async fn the_lanes_of_a_dead_process_are_free_after_a_moment(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.expects_repeats();
        let view = bot.opens(ALICE, GENERAL, "").await;
        bot.submits_in_trouble(&view, &[("name", json!("Checkout is slow"))]).await;
        let dead = a_holder();
        assert_eq!(bot.takes(&dead).await.len(), 2);
        let worker = bot.another_worker();
        assert_eq!(worker.free_orphans().await.unwrap(), 0, "it is alive");
        drop(dead);
        assert_eq!(worker.free_orphans().await.unwrap(), 2);
        assert_eq!(worker.step().await.unwrap(), 0, "not at once");
        bot.clock.advance(Duration::from_secs(1));
        assert_eq!(worker.step().await.unwrap(), 2);
        bot.settle().await;
        bot.reads_everything_once(1).await;
        assert!(bot.count("users.conversations") + bot.count("conversations.history") > 0, "it looked first");
        bot.ends().await;
    }

    async fn workers_side_by_side_do_everything_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        for n in 1..=4 {
            let view = bot.opens(ALICE, GENERAL, "").await;
            bot.submits_in_trouble(&view, &[("name", json!(format!("Trouble {n}")))]).await;
        }
        let workers: Vec<Worker> = (0..3).map(|_| bot.another_worker()).collect();
        for _ in 0..200 {
            let steps = workers.iter().map(|worker| {
                let worker = worker.clone();
                tokio::spawn(async move { worker.step().await.unwrap() })
            });
            let mut done = 0;
            for step in steps.collect::<Vec<_>>() {
                done += step.await.unwrap();
            }
            if done == 0 && bot.next_work().await.is_none() {
                break;
            }
            bot.clock.advance(Duration::from_millis(500));
        }
        for number in 1..=4 {
            assert_eq!(bot.reads_everything_once(number).await, Vec::<String>::new());
        }
        assert_eq!(bot.count("conversations.create"), 4);
        bot.ends().await;
    }
}

/// A replica whose clock is wrong takes no work: it would take what others still have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_differs_from_the_databases_keeps_a_worker_from_working() {
    let fresh = crate::databases::Fresh::postgres().await;
    // The clock of a test stands still, in another year than that of the database.
    let bot = Bot::start(&fresh).await;
    crate::warnings::expect("clock differs");
    let view = bot.opens(ALICE, GENERAL, "").await;
    bot.submits_in_trouble(&view, &[("name", json!("Checkout is slow"))]).await;
    let stop = Arc::new(tokio::sync::Notify::new());
    let running = tokio::spawn(bot.another_worker().run(Arc::clone(&stop)));
    crate::warnings::heard("clock differs").await;
    assert_eq!(bot.count("conversations.create"), 0);
    stop.notify_one();
    running.await.unwrap();
    bot.settle().await;
    bot.reads_everything_once(1).await;
    bot.ends().await;
}

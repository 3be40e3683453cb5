//! Pages whose process dies, that two replicas want to send, and that are asked for twice.

use std::time::Duration;

use serde_json::json;
use stentor::clock::Clock;
use stentor::ids::IdSource;
use stentor::outbox::hold::{Held, LEASE};
use stentor::outbox::holder::Holder;
use stentor::outbox::work::Work;
use stentor::outbox::worker::Worker;
use stentor::simulator::faults::Failing;
use stentor::store::outbox;
use tokio::time::Instant;

use super::{MINUTE, by_name, by_path, ci, level};
use crate::bot::{BOB, Bot, CAROL};
use crate::databases::on_each_database;

fn a_holder() -> Holder {
    Holder::new(&IdSource::system().ulid(Clock::system().now()))
}

impl Bot {
    /// Takes what is due, as a process that will die.
    async fn seizes_pages(&self) -> Vec<Held> {
        let (now, since) = (self.clock.now(), Instant::now());
        let lease = a_holder().lease("one");
        let mut tx = self.stentor.app.db.begin().await.unwrap();
        let claimed = outbox::claim(&mut tx, &lease, now, LEASE, 16).await.unwrap();
        tx.commit().await.unwrap();
        claimed.into_iter().map(|work| Held::new(work, now, since)).collect()
    }
}

on_each_database! {
    async fn a_process_that_dies_after_paging_leaves_one_page(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let path = bot.has_path(json!({"name": "Checkout", "nodes": [level(&[BOB], 60)]})).await;
        // The answer to the message is lost, and the process dies before it writes anything down.
        bot.breaks("chat.postMessage", Failing::LostAnswer { hang_ms: 0 }, 1);
        let id = bot.pages(by_path(&path, "Down")).await;
        let held = bot.seizes_pages().await;
        let [held] = &held[..] else { panic!("{held:?}") };
        assert!(matches!(held.work.work, Work::ShowPage { .. }));
        let (performer, paging) = (&bot.stentor.worker.performer, &bot.stentor.app.paging);
        performer.show_page(held, paging, &id, 1).await.unwrap_err();
        bot.mends();
        bot.clock.advance(LEASE + Duration::from_secs(1));
        let bot = bot.restarted(&fresh).await;
        bot.settle().await;
        assert_eq!(bot.told_directly(BOB).len(), 1, "found, and not sent again");
        assert!(bot.escalation(&id).await.pages[0].delivered_at.is_some());
        bot.answers(BOB, "Acknowledge").await;
        bot.skims_told(&[BOB]);
        bot.ends().await;
    }

    async fn a_process_that_dies_between_the_page_and_its_record_leaves_one_page(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let path = bot.has_path(json!({"name": "Checkout", "nodes": [level(&[BOB], 60), level(&[CAROL], 60)]})).await;
        let id = bot.pages(by_path(&path, "Down")).await;
        let held = bot.seizes_pages().await;
        let (performer, paging) = (&bot.stentor.worker.performer, &bot.stentor.app.paging);
        // All is written, but the lane is not given back: somebody does it again.
        performer.show_page(&held[0], paging, &id, 1).await.unwrap();
        bot.clock.advance(LEASE + Duration::from_secs(1));
        bot.settle().await;
        assert_eq!(bot.told_directly(BOB).len(), 1);
        // The timer's process dies too, after its result.
        bot.clock.advance(MINUTE);
        let held = bot.seizes_pages().await;
        let timer = held.iter().find(|it| matches!(it.work.work, Work::Escalate { .. })).unwrap();
        paging.ring(timer, &id).await.unwrap();
        bot.clock.advance(LEASE + Duration::from_secs(1));
        bot.settle().await;
        assert_eq!((bot.told_directly(BOB).len(), bot.told_directly(CAROL).len()), (1, 1));
        bot.answers(CAROL, "Acknowledge").await;
        bot.skims_told(&[BOB, CAROL]);
        bot.ends().await;
    }

    async fn two_replicas_never_page_twice(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let path = bot.has_path(json!({"name": "Checkout", "nodes": [level(&[BOB], 60), level(&[CAROL], 60)]})).await;
        let other = Worker { holder: a_holder(), ..Worker::clone(&bot.stentor.worker) };
        let ids = [bot.pages(by_path(&path, "One")).await, bot.pages(by_path(&path, "Two")).await];
        for _ in 0..5 {
            for _ in 0..200 {
                let (ours, theirs) = tokio::join!(bot.stentor.worker.step(), other.step());
                if ours.unwrap() + theirs.unwrap() == 0 {
                    break;
                }
            }
            bot.clock.advance(MINUTE);
        }
        bot.settle().await;
        assert_eq!((bot.told_directly(BOB).len(), bot.told_directly(CAROL).len()), (2, 2));
        for id in &ids {
            assert_eq!(bot.status_of(id).await, "expired");
        }
        bot.skims_told(&[BOB, CAROL]);
        bot.ends().await;
    }

    async fn the_same_request_pages_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let first = bot.pages_once(by_name(&[BOB], "Down"), Some("key")).await;
        let second = bot.pages_once(by_name(&[BOB], "Down"), Some("key")).await;
        assert_eq!(first, second);
        let (one, other) = tokio::join!(
            bot.pages_once(by_name(&[CAROL], "Down"), Some("other")),
            bot.pages_once(by_name(&[CAROL], "Down"), Some("other")),
        );
        assert_eq!(one, other);
        bot.settle().await;
        assert_eq!((bot.told_directly(BOB).len(), bot.told_directly(CAROL).len()), (1, 1));
        bot.answers(BOB, "Acknowledge").await;
        bot.answers(CAROL, "Acknowledge").await;
        bot.skims_told(&[BOB, CAROL]);
        bot.ends().await;
    }

    async fn an_answer_that_comes_before_the_page_is_sent_leaves_nobody_paged(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let id = bot.pages(by_name(&[BOB], "Down")).await;
        let app = &bot.stentor.app;
        app.paging.acknowledge(&app.workspace, &id, &ci()).await.unwrap();
        bot.settle().await;
        assert_eq!(bot.told_directly(BOB).len(), 0);
        bot.ends().await;
    }
}

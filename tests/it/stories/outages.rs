//! Slack is away for a long time, or asks to be left alone; Stentor goes on and catches up.

use std::time::Duration;

use serde_json::json;
use stentor::simulator::faults::Failing;
use stentor::store::outbox;

use super::channel_of;
use crate::bot::{ALICE, Bot, GENERAL, INCIDENTS};
use crate::databases::on_each_database;

impl Bot {
    /// Lets time pass while Slack is away.
    async fn outlasts(&self, duration: Duration) {
        let steps = 20;
        for _ in 0..steps {
            self.clock.advance(duration / steps);
            self.works_a_while().await;
        }
    }
}

on_each_database! {
    async fn after_an_outage_each_post_is_made_and_each_surface_edited_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        for failing in [Failing::Refuse, Failing::Status { status: 503 }] {
            let before = ["chat.postMessage", "chat.update", "conversations.setTopic"].map(|method| bot.count(method));
            bot.breaks_down("*", failing);
            for n in 1..=10 {
                bot.types(ALICE, channel, &format!("update Step {n}")).await;
                if n == 5 {
                    let to = if before[2] > 1 { "fixing" } else { "monitoring" };
                    bot.types(ALICE, channel, &format!("status {to}")).await;
                }
                bot.outlasts(Duration::from_secs(600)).await;
            }
            assert_eq!(bot.slack.unread().len(), 0);
            bot.mends();
            bot.settle().await;
            let mut posts = bot.reads_all(channel);
            let status = posts.remove(5);
            assert!(status.contains("Status"), "{status}");
            let expected: Vec<String> =
                (1..=10).map(|n| format!("INC-1: Step {n} · Update from <@U0ALICE>")).collect();
            assert_eq!(posts, expected);
            let after = ["chat.postMessage", "chat.update", "conversations.setTopic"].map(|method| bot.count(method));
            assert_eq!(after[0] - before[0], 11, "posts");
            assert_eq!(after[1] - before[1], 2, "one edit each of the welcome message and the announcement");
            assert_eq!(after[2] - before[2], 1, "one topic");
        }
        bot.ends().await;
    }

    async fn what_was_declared_while_slack_was_away_survives_a_restart(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.expects_repeats();
        let view = bot.opens(ALICE, GENERAL, "").await;
        bot.breaks_down("*", Failing::Refuse);
        let incident = bot.submits_in_trouble(&view, &[("name", json!("Checkout is slow"))]).await;
        bot.works_a_while().await;
        bot.types(ALICE, GENERAL, "INC-1 update Rolling back").await;
        bot.outlasts(Duration::from_secs(60)).await;
        let bot = bot.restarted(&fresh).await;
        bot.types(ALICE, GENERAL, "INC-1 severity sev1").await;
        bot.outlasts(Duration::from_secs(60)).await;
        let bot = bot.restarted(&fresh).await;
        bot.mends();
        bot.settle().await;
        assert_eq!(bot.reads_everything_once(incident.number).await, [
            "INC-1: Rolling back · Update from <@U0ALICE>",
            "INC-1: Severity set to Critical · by <@U0ALICE>",
        ]);
        bot.ends().await;
    }

    /// The answers were lost, and the process died with the work in its hands.
    async fn a_new_process_looks_before_it_repeats_what_the_old_one_did(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.expects_repeats();
        let view = bot.opens(ALICE, GENERAL, "").await;
        bot.breaks_down("*", Failing::LostAnswer { hang_ms: 0 });
        let incident = bot.submits_in_trouble(&view, &[("name", json!("Checkout is slow"))]).await;
        bot.works_a_while().await;
        let bot = bot.restarted(&fresh).await;
        bot.mends();
        bot.settle().await;
        assert_eq!(bot.reads_everything_once(incident.number).await, Vec::<String>::new());
        bot.ends().await;
    }

    async fn work_that_a_dead_process_had_taken_is_done_when_its_lease_ends(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.expects_repeats();
        let view = bot.opens(ALICE, GENERAL, "").await;
        bot.submits_in_trouble(&view, &[("name", json!("Checkout is slow"))]).await;
        let mut tx = bot.stentor.app.db.begin().await.unwrap();
        let now = bot.clock.now();
        let taken = outbox::claim(&mut tx, "the dead one's", now, Duration::from_secs(120), 16).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!taken.is_empty());
        let bot = bot.restarted(&fresh).await;
        bot.works_a_while().await;
        assert_eq!(bot.count("conversations.create"), 0, "it is somebody else's until the lease ends");
        bot.settle().await;
        assert!(bot.clock.now().since(now) >= Duration::from_secs(120));
        bot.reads_everything_once(1).await;
        // The dead one comes back: what it did not finish is not its own any more.
        let mut tx = bot.stentor.app.db.begin().await.unwrap();
        for work in &taken {
            assert!(!outbox::finish(&mut tx, work, bot.clock.now()).await.unwrap());
        }
        drop(tx);
        bot.ends().await;
    }

    async fn slack_is_left_alone_for_as_long_as_it_asks_even_by_a_new_process(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        // The channel's own pace is no reason to wait any more.
        bot.clock.advance(Duration::from_secs(5));
        bot.breaks("chat.postMessage", Failing::RateLimited { retry_after: 90 }, 1);
        bot.types(ALICE, channel, "update Rolling back").await;
        bot.works_a_while().await;
        let asked = bot.clock.now();
        let calls = |bot: &Bot| bot.slack.calls().iter().filter(|call| call.method == "chat.postMessage").count();
        let before = calls(&bot);
        let bot = bot.restarted(&fresh).await;
        for _ in 0..8 {
            bot.clock.advance(Duration::from_secs(11));
            bot.works_a_while().await;
        }
        assert_eq!(calls(&bot), before, "not a call within 88 s");
        // Other methods may be called: the announcement shows the news already.
        let shown = bot.slack.message(INCIDENTS, bot.announcement(&incident)).unwrap();
        assert!(serde_json::to_string(&shown.blocks).unwrap().contains("Rolling back"));
        bot.settle().await;
        assert_eq!(bot.reads(channel), "INC-1: Rolling back · Update from <@U0ALICE>");
        let sent = bot.slack.calls().into_iter().rfind(|call| call.method == "chat.postMessage").unwrap();
        assert!(sent.at >= asked.as_micros() + 90_000_000, "{}", sent.at - asked.as_micros());
        bot.ends().await;
    }

    /// Slack's own budgets, kept by its own clock: Stentor is never told to slow down in a channel.
    async fn a_channel_is_not_flooded(fresh: Fresh) {
        let start = crate::bot::Start {
            slack: Some(|settings| stentor::simulator::settings::Settings { rate_limits: true, ..settings }),
            ..Default::default()
        };
        let bot = Bot::start_with(&fresh, start).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        for n in 0..30 {
            bot.types(ALICE, channel, &format!("update Step {n}")).await;
        }
        bot.settle().await;
        assert_eq!(bot.reads_all(channel).len(), 30);
        let posts: Vec<i64> = bot.slack.calls().iter()
            .filter(|call| call.method == "chat.postMessage" && call.args["channel"] == channel)
            .map(|call| call.at)
            .collect();
        assert!(posts.windows(2).all(|two| two[1] - two[0] >= 1_000_000), "{posts:?}");
        bot.ends().await;
    }
}

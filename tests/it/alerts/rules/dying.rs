//! Evaluations that come late, that two replicas want to do, and whose process dies.

use std::time::Duration;

use serde_json::json;
use stentor::alert::rule::standing::Level;
use stentor::clock::Clock;
use stentor::ids::IdSource;
use stentor::outbox::hold::{Held, LEASE};
use stentor::outbox::holder::Holder;
use stentor::outbox::work::Work;
use stentor::outbox::worker::Worker;
use stentor::slack::outbound::Trouble;
use stentor::store::{alerts, outbox};
use tokio::time::Instant;

use super::listener::Listener;
use super::{MINUTE, events, rule, start};
use crate::bot::Bot;
use crate::databases::on_each_database;

impl Bot {
    /// Takes what is due, as a process that will die: what is about rules.
    async fn seizes(&self) -> Vec<Held> {
        let (now, since) = (self.clock.now(), Instant::now());
        let lease = a_holder().lease("one");
        let mut tx = self.stentor.app.db.begin().await.unwrap();
        let claimed = outbox::claim(&mut tx, &lease, now, LEASE, 16).await.unwrap();
        tx.commit().await.unwrap();
        let ours = claimed.into_iter().filter(|work| work.lane.starts_with("rule/"));
        ours.map(|work| Held::new(work, now, since)).collect()
    }

    /// How often the alert of the one rule has changed.
    async fn own_changes(&self) -> i64 {
        let app = &self.stentor.app;
        let all = self.alerts().await;
        let own = all.iter().filter(|alert| alert.labels.contains_key("rule_id"));
        let mut tx = app.db.read().await.unwrap();
        let mut changes = 0;
        for alert in own {
            let (rows,): (i64,) = tx
                .query("SELECT COUNT(*) FROM alert_change WHERE workspace = $1 AND alert = $2")
                .bind(app.workspace.clone())
                .bind(alert.id.clone())
                .one()
                .await
                .unwrap();
            changes += rows;
        }
        changes
    }
}

fn a_holder() -> Holder {
    Holder::new(&IdSource::system().ulid(Clock::system().now()))
}

on_each_database! {
    async fn what_was_missed_is_made_up_for_minute_by_minute(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        let listener = Listener::start().await;
        let actions = json!([{"type": "webhook", "url": listener.address()}]);
        bot.watches_for(rule(json!({"critical": {"threshold": 2, "actions": actions}, "periods": 2}))).await;
        // Nobody evaluates, while events still come.
        for count in [3, 3, 0, 3, 3, 1, 1] {
            bot.hears(&monitor, events(count, "web")).await;
            bot.clock.advance(MINUTE);
        }
        bot.settle().await;
        assert_eq!(listener.events(), ["alert_rule.critical", "alert_rule.resolved"]);
        let standing = bot.standing_in("web").await.unwrap();
        assert_eq!((standing.level(), standing.value), (Level::Resolved, Some(1.0)));
        Box::pin(bot.done_with_rules()).await;
    }

    async fn what_is_older_than_an_hour_is_let_go(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        bot.watches_for(rule(json!({}))).await;
        bot.hears(&monitor, events(3, "web")).await;
        bot.watches(3 * 60 * MINUTE).await;
        bot.next_minute().await;
        assert_eq!(bot.alerts().await.len(), 1, "only the monitor's own");
        assert_eq!(bot.minute_with(&monitor, 3).await, Level::Critical);
        Box::pin(bot.done_with_rules()).await;
    }

    async fn two_replicas_evaluate_a_minute_once(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        let listener = Listener::start().await;
        let actions = json!([{"type": "webhook", "url": listener.address()}]);
        bot.watches_for(rule(json!({"critical": {"threshold": 2, "actions": actions}}))).await;
        let other = Worker { holder: a_holder(), ..Worker::clone(&bot.stentor.worker) };
        for count in [3, 3, 1, 3] {
            bot.hears(&monitor, events(count, "web")).await;
            bot.clock.advance(MINUTE);
            loop {
                let (ours, theirs) = tokio::join!(bot.stentor.worker.step(), other.step());
                if ours.unwrap() + theirs.unwrap() == 0 {
                    break;
                }
            }
        }
        bot.settle().await;
        assert_eq!(listener.events(), ["alert_rule.critical", "alert_rule.resolved", "alert_rule.critical"]);
        Box::pin(bot.done_with_rules()).await;
    }

    async fn a_process_that_dies_after_the_result_leaves_nothing_to_do_twice(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        let listener = Listener::start().await;
        let actions = json!([{"type": "webhook", "url": listener.address()}]);
        let id = bot.watches_for(rule(json!({"critical": {"threshold": 2, "actions": actions}}))).await;
        bot.hears(&monitor, events(3, "web")).await;
        bot.clock.advance(MINUTE);
        let held = bot.seizes().await;
        let [held] = &held[..] else { panic!("{held:?}") };
        assert_eq!(held.work.work, Work::Evaluate { rule: id.clone() });
        // The result is written; the lane is not given back.
        let rules = &bot.stentor.app.rules;
        rules.evaluate(held, &id).await.unwrap();
        let again = rules.evaluate(held, &id).await;
        assert!(matches!(again, Err(Trouble::NotYet { .. })), "{again:?}");
        bot.clock.advance(LEASE + Duration::from_secs(1));
        bot.settle().await;
        assert_eq!((listener.events(), bot.own_changes().await), (vec!["alert_rule.critical".to_owned()], 1));
        // And the next minute comes as if nothing had happened.
        assert_eq!(bot.minute_with(&monitor, 0).await, Level::Resolved);
        assert_eq!((listener.events(), bot.own_changes().await), (vec!["alert_rule.resolved".to_owned()], 2));
        Box::pin(bot.done_with_rules()).await;
    }

    async fn a_process_that_dies_before_the_result_leaves_all_to_do(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        let listener = Listener::start().await;
        let actions = json!([{"type": "webhook", "url": listener.address()}]);
        let id = bot.watches_for(rule(json!({"critical": {"threshold": 2, "actions": actions}}))).await;
        bot.hears(&monitor, events(3, "web")).await;
        bot.clock.advance(MINUTE);
        let held = bot.seizes().await;
        bot.clock.advance(LEASE + Duration::from_secs(1));
        bot.settle().await;
        assert_eq!(listener.events(), ["alert_rule.critical"]);
        // Who slept through the lease has nothing to say any more, whatever it finds.
        bot.hears(&monitor, events(0, "web")).await;
        bot.clock.advance(MINUTE);
        let late = bot.stentor.app.rules.evaluate(&held[0], &id).await;
        assert!(matches!(late, Err(Trouble::NotOurs)), "{late:?}");
        bot.settle().await;
        assert_eq!(listener.events(), ["alert_rule.resolved"]);
        Box::pin(bot.done_with_rules()).await;
    }

    async fn a_report_that_is_handed_over_twice_is_taken_once(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        let id = bot.watches_for(rule(json!({}))).await;
        bot.hears(&monitor, events(3, "web")).await;
        bot.clock.advance(MINUTE);
        let held = bot.seizes().await;
        bot.stentor.app.rules.evaluate(&held[0], &id).await.unwrap();
        let reports = bot.seizes().await;
        let [report] = &reports[..] else { panic!("{reports:?}") };
        let Work::Report(said) = &report.work.work else { panic!("{report:?}") };
        for _ in 0..2 {
            bot.stentor.app.rules.hand_over(report, said).await.unwrap();
        }
        // It dies, and somebody else hands it over a third time.
        bot.clock.advance(LEASE + Duration::from_secs(1));
        bot.settle().await;
        assert_eq!(bot.own_changes().await, 1);
        let app = &bot.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        let all = alerts::list(&mut tx, &app.workspace, &alerts::Filter::default(), 9).await.unwrap();
        drop(tx);
        assert_eq!(all.iter().filter(|alert| alert.labels.contains_key("rule_id")).count(), 1);
        assert_eq!(bot.incidents().await, 1);
        Box::pin(bot.done_with_rules()).await;
    }

    async fn a_rule_that_is_changed_or_deleted_ends_what_it_has_said(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        let listener = Listener::start().await;
        let actions = json!([{"type": "webhook", "url": listener.address()}]);
        let with = |threshold: u32, name: &str| {
            rule(json!({"critical": {"threshold": threshold, "actions": actions}, "name": name}))
        };
        let id = bot.watches_for(with(2, "Errors")).await;
        let (rules, workspace) = (bot.stentor.app.rules.clone(), bot.stentor.app.workspace.clone());
        assert_eq!(bot.minute_with(&monitor, 3).await, Level::Critical);
        // Another name is no other question.
        rules.replace(&workspace, &id, with(2, "Faults")).await.unwrap().unwrap();
        bot.settle().await;
        assert_eq!(bot.level_in("web").await, Level::Critical);
        assert_eq!(listener.events(), ["alert_rule.critical"]);
        assert_eq!(bot.minute_with(&monitor, 3).await, Level::Critical);
        rules.replace(&workspace, &id, with(1, "Faults")).await.unwrap().unwrap();
        bot.settle().await;
        assert_eq!(listener.events(), ["alert_rule.resolved"]);
        assert_eq!(bot.minute_with(&monitor, 2).await, Level::Critical);
        assert_eq!(listener.events(), ["alert_rule.critical"]);
        // A rule that rests is not evaluated, and begins anew when it is used again.
        let resting = || stentor::alert::rule::definition::Definition { active: false, ..with(1, "Faults") };
        rules.replace(&workspace, &id, resting()).await.unwrap().unwrap();
        assert_eq!(bot.minute_with(&monitor, 9).await, Level::Resolved);
        assert_eq!(listener.events(), ["alert_rule.resolved"]);
        rules.replace(&workspace, &id, with(1, "Faults")).await.unwrap().unwrap();
        assert_eq!(bot.minute_with(&monitor, 9).await, Level::Critical);
        assert!(rules.delete(&workspace, &id).await.unwrap());
        assert!(!rules.delete(&workspace, &id).await.unwrap());
        bot.settle().await;
        assert_eq!(listener.events(), ["alert_rule.critical", "alert_rule.resolved"]);
        assert!(bot.alerts().await.iter().filter(|it| it.labels.contains_key("rule_id")).all(|it| !it.phase.is_firing()));
        bot.next_minute().await;
        assert_eq!(bot.left().await, [], "nothing evaluates a rule that is gone");
        Box::pin(bot.done_with_rules()).await;
    }
}

//! What was over long ago is forgotten; what goes on, and what incidents say of it, is not.

use std::time::Duration;

use stentor::alert::observation::ChangeEvent;
use stentor::alert::prepared::KEPT_AFTER_END;
use stentor::alert::settings::{MaintenanceWindow, Setting};
use stentor::ingest::kind::Kind;
use stentor::intake::order::Delivery;
use stentor::outbox::retention::{ALERTS_KEPT, forget};

use super::monitor::{ends, fires};
use crate::bot::Bot;
use crate::databases::on_each_database;

const SECOND: Duration = Duration::from_secs(1);

/// Tables that grow with alerts, if nobody looks after them.
const GROWING: [&str; 7] = [
    "SELECT COUNT(*) FROM alert",
    "SELECT COUNT(*) FROM alert_seen",
    "SELECT COUNT(*) FROM alert_change",
    "SELECT COUNT(*) FROM alert_group",
    "SELECT COUNT(*) FROM alert_group_key",
    "SELECT COUNT(*) FROM alert_setting",
    "SELECT COUNT(*) FROM change_event",
];

impl Bot {
    async fn kept(&self) -> Vec<i64> {
        let mut tx = self.stentor.app.db.read().await.unwrap();
        let mut rows = Vec::new();
        for table in GROWING {
            let (count,): (i64,) = tx.query(table).one().await.unwrap();
            rows.push(count);
        }
        rows
    }

    async fn forgets_alerts(&self) {
        forget(&self.stentor.app.db, &self.clock).await.unwrap();
    }
}

on_each_database! {
    async fn alerts_are_forgotten_ninety_days_after_their_end(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Datadog).await;
        let (now, later) = (bot.clock.now(), bot.clock.now().plus(10 * SECOND));
        let window = MaintenanceWindow { filter: None, repeats: None,
            name: "Release".to_owned(),
            matchers: vec![stentor::alert::matcher::Matcher::parse("env=prod").unwrap()],
            starts_at: now,
            ends_at: later,
        };
        bot.lays_down("w", Setting::Maintenance(window)).await;
        let change = ChangeEvent {
            key: "deploy".to_owned(), summary: "Deploy".to_owned(), state: None,
            labels: Default::default(), links: Vec::new(), at: None,
        };
        let source = std::sync::Arc::clone(&monitor.source);
        let delivery = Delivery { source, observations: Vec::new(), changes: vec![change], receipt: None };
        bot.stentor.app.intake.take(delivery).await.unwrap();
        bot.hears(&monitor, vec![fires("Over", "checkout"), fires("Goes on", "cart")]).await;
        bot.hears(&monitor, vec![ends("Over", "checkout")]).await;
        bot.clock.advance(KEPT_AFTER_END + 9 * SECOND);
        bot.forgets_alerts().await;
        assert_eq!(bot.kept().await[..], [2, 2, 3, 2, 4, 1, 1]);
        bot.clock.advance(2 * SECOND);
        bot.forgets_alerts().await;
        assert_eq!(bot.kept().await[..], [2, 2, 3, 2, 4, 0, 1]);
        bot.clock.advance(ALERTS_KEPT - KEPT_AFTER_END - 12 * SECOND);
        bot.forgets_alerts().await;
        assert_eq!(bot.kept().await[..], [2, 2, 3, 2, 4, 0, 1]);
        bot.clock.advance(2 * SECOND);
        bot.forgets_alerts().await;
        assert_eq!(bot.kept().await[..], [1, 1, 1, 1, 2, 0, 0]);
        assert_eq!(bot.alerts().await[0].title, "Goes on in cart");
        // What begins anew is a new alert, and what is over since a moment ago stays.
        bot.hears(&monitor, vec![fires("Over", "checkout"), ends("Goes on", "cart")]).await;
        bot.forgets_alerts().await;
        assert_eq!(bot.alerts().await.len(), 2);
    }

    async fn a_storm_is_forgotten_some_at_a_time_and_its_incident_stays(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Datadog).await;
        let storm = |n: usize| (format!("A{n}"), "checkout");
        bot.hears(&monitor, (0..600).map(|n| fires(&storm(n).0, storm(n).1)).collect()).await;
        bot.watches(31 * SECOND).await;
        bot.hears(&monitor, (0..600).map(|n| ends(&storm(n).0, storm(n).1)).collect()).await;
        bot.settle().await;
        bot.clock.advance(ALERTS_KEPT + SECOND);
        bot.forgets_alerts().await;
        assert_eq!(bot.kept().await, [0; 7]);
        let incident = bot.incident(1).await;
        assert_eq!(incident.signal.map(|signal| signal.active), Some(false));
        for number in 1..=bot.incidents().await {
            bot.reads_everything_once(number).await;
        }
        bot.ends().await;
    }
}

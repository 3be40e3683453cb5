//! A source is removed: nobody would ever say of its alerts that they are over.

use std::sync::Arc;
use std::time::Duration;

use stentor::alert::history::{Cause, Phase, What};
use stentor::alert::observation::Observation;
use stentor::ingest::kind::Kind;
use stentor::ingest::sources;
use stentor::intake::order::{Delivery, Effect};
use stentor::intake::{Intake, Limits};
use stentor::store::alerts;

use super::monitor::{Monitor, ends, fires};
use crate::bot::Bot;
use crate::databases::on_each_database;

const MINUTE: Duration = Duration::from_secs(60);

impl Bot {
    async fn takes_away(&self, monitor: &Monitor) -> bool {
        let app = &self.stentor.app;
        let removed = sources::remove(&app.db, &app.clock, &app.workspace, &monitor.source.id);
        removed.await.unwrap()
    }

    async fn ends_of(&self, alert: &stentor::ids::AlertId) -> Vec<Cause> {
        let app = &self.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        let history = alerts::history(&mut tx, &app.workspace, alert).await.unwrap();
        let ends = history.into_iter().filter_map(|(_, _, change)| match change.what {
            Some(What::Resolved { cause }) => Some(cause),
            _ => None,
        });
        ends.collect()
    }
}

on_each_database! {
    async fn what_a_removed_source_has_sent_is_over_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let (gone, other) = (bot.monitor(Kind::Generic).await, bot.monitor(Kind::Generic).await);
        bot.hears(&gone, vec![fires("Latency", "checkout"), fires("Errors", "checkout"), fires("Disk", "cart")]).await;
        bot.hears(&gone, vec![ends("Disk", "cart")]).await;
        bot.watches(MINUTE).await;
        bot.hears(&other, vec![fires("Load", "mail")]).await;
        bot.watches(MINUTE).await;
        assert!(bot.incident(1).await.signal.unwrap().active);
        assert!(bot.takes_away(&gone).await);
        bot.watches(Duration::from_secs(1)).await;
        let all = bot.alerts().await;
        let phases: Vec<Phase> = all.iter().map(|alert| alert.phase).collect();
        assert_eq!(phases, [Phase::Resolved, Phase::Resolved, Phase::Resolved, Phase::New]);
        for alert in &all[..2] {
            assert_eq!(alert.resolved, Some(Cause::SourceRemoved));
            assert_eq!(bot.ends_of(&alert.id).await, [Cause::SourceRemoved]);
        }
        assert_eq!(bot.ends_of(&all[2].id).await, [Cause::Sender]);
        // People are asked, as at every end; and once is enough.
        assert!(!bot.incident(1).await.signal.unwrap().active);
        let version = bot.incident(1).await.version;
        assert!(!bot.takes_away(&gone).await);
        bot.watches(MINUTE).await;
        assert_eq!(bot.incident(1).await.version, version);
        for number in 1..=bot.incidents().await {
            bot.reads_everything_once(number).await;
        }
        bot.ends().await;
    }

    async fn a_process_that_still_knows_the_source_begins_nothing(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let app = &bot.stentor.app;
        let late = Intake::start(
            app.db.clone(), app.clock.clone(), app.ids.clone(), Arc::clone(&app.work_waits), Limits::default());
        let says = async |observations: Vec<Observation>| {
            let source = Arc::clone(&monitor.source);
            let delivery = Delivery { source, observations, changes: Vec::new(), receipt: None };
            late.take(delivery).await.unwrap().folded.remove(0).effect
        };
        assert_eq!(says(vec![fires("Latency", "checkout")]).await, Effect::New);
        assert!(bot.takes_away(&monitor).await);
        // Neither what it has said before nor anything new fires because of what comes late.
        says(vec![fires("Latency", "checkout")]).await;
        assert_eq!(says(vec![fires("Disk", "cart")]).await, Effect::Ignored);
        bot.sweeps().await;
        says(vec![fires("Latency", "checkout")]).await;
        let all = bot.alerts().await;
        let known: Vec<_> = all.iter().map(|alert| (alert.phase, alert.resolved.clone())).collect();
        assert_eq!(known, [(Phase::Resolved, Some(Cause::SourceRemoved))]);
        assert_eq!(bot.ends_of(&all[0].id).await.len(), 1);
    }
}

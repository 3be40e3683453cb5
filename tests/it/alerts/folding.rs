//! What senders say becomes alerts: what is new changes them, what is known does not.

use std::time::Duration;

use stentor::alert::history::{Cause, Phase};
use stentor::alert::observation::{Ends, Observation, Status};
use stentor::alert::settings::{MaintenanceWindow, Setting};
use stentor::incident::event::Actor;
use stentor::ingest::kind::Kind;
use stentor::intake::order::{Delivery, Effect, Errand, Which};
use stentor::store::alerts;

use super::monitor::{ends, fires};
use crate::bot::{ALICE, Bot};
use crate::databases::on_each_database;

const MINUTE: Duration = Duration::from_secs(60);

impl Bot {
    async fn last_seen(&self, alert: &stentor::ids::AlertId) -> stentor::clock::Timestamp {
        let app = &self.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        let seen =
            alerts::seen(&mut tx, &app.workspace, std::slice::from_ref(alert)).await.unwrap();
        seen[alert].last_seen
    }

    async fn phases(&self, alert: &stentor::ids::AlertId) -> Vec<Phase> {
        let app = &self.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        let history = alerts::history(&mut tx, &app.workspace, alert).await.unwrap();
        history.into_iter().map(|(_, _, change)| change.phase).collect()
    }
}

on_each_database! {
    async fn an_alert_begins_goes_on_ends_and_comes_back(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let firing = || vec![fires("Latency", "checkout")];
        assert_eq!(bot.hears(&monitor, firing()).await, [Effect::New]);
        // Exact repeats change nothing but "last seen", whether they are remembered or looked up.
        for _ in 0..3 {
            bot.clock.advance(MINUTE);
            assert_eq!(bot.hears(&monitor, firing()).await, [Effect::Repeated]);
        }
        let alert = bot.alerts().await.remove(0);
        assert_eq!((alert.phase, alert.version), (Phase::New, 1));
        assert_eq!(bot.last_seen(&alert.id).await, bot.clock.now());
        let worse = Observation { status: Status::Warning, ..fires("Latency", "checkout") };
        assert_eq!(bot.hears(&monitor, vec![worse.clone()]).await, [Effect::Changed]);
        assert_eq!(bot.hears(&monitor, vec![worse]).await, [Effect::Repeated]);
        assert_eq!(bot.hears(&monitor, vec![ends("Latency", "checkout")]).await, [Effect::Changed]);
        assert_eq!(bot.hears(&monitor, vec![ends("Latency", "checkout")]).await, [Effect::Repeated]);
        assert_eq!(bot.hears(&monitor, firing()).await, [Effect::Changed]);
        let alert = bot.alerts().await.remove(0);
        assert_eq!((alert.phase, alert.status, alert.peak), (Phase::Reopened, Status::Critical, Status::Critical));
        assert_eq!(bot.phases(&alert.id).await, [Phase::New, Phase::Ongoing, Phase::Resolved, Phase::Reopened]);
        // Beyond the window it is another alert, and the first one is as it was.
        bot.hears(&monitor, vec![ends("Latency", "checkout")]).await;
        bot.clock.advance(61 * MINUTE);
        assert_eq!(bot.hears(&monitor, firing()).await, [Effect::New]);
        let all = bot.alerts().await;
        assert_eq!(all.iter().map(|alert| alert.phase).collect::<Vec<_>>(), [Phase::Resolved, Phase::New]);
        assert_eq!(bot.hears(&monitor, firing()).await, [Effect::Repeated]);
        assert_eq!(bot.alerts().await.len(), 2);
    }

    async fn what_is_over_and_was_never_there_is_no_alert(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        assert_eq!(bot.hears(&monitor, vec![ends("Latency", "checkout")]).await, [Effect::Ignored]);
        assert!(bot.alerts().await.is_empty());
    }

    async fn many_in_one_request_are_each_folded_in_order(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let mut said = vec![fires("Latency", "a"), ends("Latency", "a"), fires("Latency", "a"), fires("Latency", "a")];
        said.extend((0..100).map(|n| fires("Disk", &format!("s{n}"))));
        let effects = bot.hears(&monitor, said.clone()).await;
        assert_eq!(effects[..4], [Effect::New, Effect::Changed, Effect::Changed, Effect::Repeated]);
        assert!(effects[4..].iter().all(|effect| *effect == Effect::New));
        assert_eq!(bot.alerts().await.len(), 101);
        let again: Vec<Effect> = bot.hears(&monitor, said[3..].to_vec()).await;
        assert!(again.iter().all(|effect| *effect == Effect::Repeated));
    }

    async fn sources_do_not_share_keys(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let (one, other) = (bot.monitor(Kind::Generic).await, bot.monitor(Kind::Generic).await);
        bot.hears(&one, vec![fires("Latency", "checkout")]).await;
        assert_eq!(bot.hears(&other, vec![fires("Latency", "checkout")]).await, [Effect::New]);
        assert_eq!(bot.hears(&other, vec![ends("Latency", "checkout")]).await, [Effect::Changed]);
        assert_eq!(bot.alerts().await[0].phase, Phase::New);
    }

    async fn the_same_delivery_twice_changes_nothing(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let deliver = |observations| Delivery {
            source: std::sync::Arc::clone(&monitor.source),
            observations,
            changes: Vec::new(),
            receipt: Some("source/x/1".to_owned()),
        };
        let intake = &bot.stentor.app.intake;
        let first = intake.take(deliver(vec![fires("Latency", "a")])).await.unwrap();
        assert!(!first.was_repeated);
        bot.hears(&monitor, vec![ends("Latency", "a")]).await;
        let second = intake.take(deliver(vec![fires("Latency", "a")])).await.unwrap();
        assert!(second.was_repeated);
        assert_eq!(bot.alerts().await[0].phase, Phase::Resolved);
    }

    async fn an_alert_ends_when_its_time_has_run_out(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let until = |minutes: u32| Observation {
            ends: Some(Ends { at: bot.clock.now().plus(minutes * MINUTE), assumed: false }),
            ..fires("Latency", "checkout")
        };
        bot.hears(&monitor, vec![until(4)]).await;
        for _ in 0..5 {
            bot.clock.advance(MINUTE);
            assert_eq!(bot.hears(&monitor, vec![until(4)]).await, [Effect::Repeated]);
            bot.sweeps().await;
        }
        assert_eq!(bot.alerts().await[0].phase, Phase::New);
        bot.clock.advance(4 * MINUTE);
        bot.sweeps().await;
        let alert = bot.alerts().await.remove(0);
        assert_eq!((alert.phase, alert.resolved), (Phase::Resolved, Some(Cause::Expiry)));
        assert_eq!(bot.hears(&monitor, vec![until(4)]).await, [Effect::Changed]);
        assert_eq!(bot.alerts().await[0].phase, Phase::Reopened);
    }

    /// Of several who watch the same, one may have seen it first; what comes later does not change that.
    async fn the_earliest_beginning_is_kept(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let now = bot.clock.now();
        let since = |minutes: u32| {
            let starts_at = Some(now.minus(minutes * MINUTE));
            vec![Observation { starts_at, ..fires("Latency", "checkout") }]
        };
        for (minutes, effect) in [
            (5, Effect::New), (5, Effect::Repeated), (3, Effect::Repeated), (9, Effect::Changed),
            (9, Effect::Repeated), (5, Effect::Repeated),
        ] {
            assert_eq!(bot.hears(&monitor, since(minutes)).await, [effect], "{minutes}");
        }
        let alert = bot.alerts().await.remove(0);
        assert_eq!((alert.starts_at, alert.version), (now.minus(9 * MINUTE), 2));
        // Once it was over, it begins when it says so.
        bot.hears(&monitor, vec![ends("Latency", "checkout")]).await;
        bot.hears(&monitor, since(1)).await;
        assert_eq!(bot.alerts().await[0].starts_at, now.minus(MINUTE));
    }

    async fn what_another_process_has_folded_is_seen(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
        let app = &bot.stentor.app;
        let other = stentor::intake::Intake::start(
            app.db.clone(), app.clock.clone(), app.ids.clone(), std::sync::Arc::clone(&app.work_waits),
            stentor::intake::Limits::default());
        let deliver = |observations| Delivery {
            source: std::sync::Arc::clone(&monitor.source), observations, changes: Vec::new(), receipt: None };
        let taken = other.take(deliver(vec![ends("Latency", "checkout")])).await.unwrap();
        assert_eq!(taken.folded[0].effect, Effect::Changed);
        assert_eq!(bot.hears(&monitor, vec![fires("Latency", "checkout")]).await, [Effect::Changed]);
        assert_eq!(bot.alerts().await[0].phase, Phase::Reopened);
    }

    async fn what_is_seen_in_a_maintenance_window_is_marked(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        bot.hears(&monitor, vec![fires("Latency", "checkout"), fires("Latency", "cart")]).await;
        let now = bot.clock.now();
        let matchers = vec![stentor::alert::matcher::Matcher::parse("service=checkout").unwrap()];
        let window = MaintenanceWindow { filter: None, repeats: None,
            name: "Release".to_owned(), matchers, starts_at: now, ends_at: now.plus(10 * MINUTE) };
        bot.lays_down("w", Setting::Maintenance(window)).await;
        let effects = bot.hears(&monitor, vec![fires("Latency", "checkout"), fires("Latency", "cart")]).await;
        assert_eq!(effects, [Effect::Changed, Effect::Repeated]);
        bot.clock.advance(11 * MINUTE);
        assert!(bot.alerts().await[0].maintenance.is_some());
        assert_eq!(bot.hears(&monitor, vec![fires("Latency", "checkout")]).await, [Effect::Changed]);
        assert!(bot.alerts().await[0].maintenance.is_none());
    }

    async fn people_look_after_alerts_and_end_them(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        bot.hears(&monitor, vec![fires("Latency", "checkout"), fires("Errors", "checkout")]).await;
        let by = || Actor::Person { user: ALICE.into() };
        let all = bot.alerts().await;
        assert_eq!(all[0].group, all[1].group);
        let which = Which::Group(all[0].group.clone());
        let done = bot.carries(Errand::Acknowledge { which: which.clone(), by: by() }).await;
        assert_eq!(done.alerts.len(), 2);
        let done = bot.carries(Errand::Acknowledge { which, by: by() }).await;
        assert_eq!(done.alerts.len(), 0);
        assert_eq!(bot.hears(&monitor, vec![fires("Latency", "checkout")]).await, [Effect::Repeated]);
        let which = Which::Alerts(vec![all[0].id.clone()]);
        bot.carries(Errand::Resolve { which, by: by() }).await;
        let alert = bot.alerts().await.remove(0);
        assert_eq!(alert.resolved, Some(Cause::Somebody { actor: by() }));
        assert_eq!(bot.group_of(&alert).await.firing, 1);
    }
}

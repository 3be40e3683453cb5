//! Alerts open incidents, feed them, and say when they are over.

use std::time::Duration;

use stentor::alert::observation::{Observation, Status};
use stentor::alert::settings::{Grouping, OnResolve, Opens, Pattern, Route, Setting, Silence};
use stentor::incident::catalogue::StatusCategory;
use stentor::ingest::kind::Kind;

use super::monitor::{ends, fires};
use crate::bot::Bot;
use crate::databases::on_each_database;

const MINUTE: Duration = Duration::from_secs(60);
const GROUP_WAIT: Duration = Duration::from_secs(30);

impl Bot {
    /// Reads whatever Slack shows: a test about alerts counts incidents.
    async fn done(self) {
        for number in 1..=self.incidents().await {
            self.reads_everything_once(number).await;
        }
        self.ends().await;
    }
}

on_each_database! {
    async fn a_storm_opens_one_incident_after_the_group_wait(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let storm: Vec<Observation> =
            (0..50).map(|n| fires(&format!("Alert{n}"), "checkout")).collect();
        bot.hears(&monitor, storm[..10].to_vec()).await;
        bot.watches(GROUP_WAIT / 2).await;
        assert_eq!(bot.incidents().await, 0);
        bot.hears(&monitor, storm[10..].to_vec()).await;
        bot.watches(GROUP_WAIT / 2).await;
        assert_eq!(bot.incidents().await, 1);
        let incident = bot.incident(1).await;
        assert_eq!(incident.name, "Alert0 in checkout");
        let signal = incident.signal.unwrap();
        assert!(signal.active);
        assert_eq!((signal.status, signal.peak), (Status::Critical, Status::Critical));
        // Repeats are silent, and new ones of the same service join.
        bot.hears(&monitor, storm).await;
        bot.hears(&monitor, vec![fires("Late", "checkout")]).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.incidents().await, 1);
        assert_eq!(bot.group_of(&bot.alerts().await[0]).await.size, 51);
        // Another service is another incident.
        bot.hears(&monitor, vec![fires("Errors", "cart")]).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.incidents().await, 2);
        Box::pin(bot.done()).await;
    }

    async fn what_is_over_before_the_wait_opens_nothing(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
        bot.hears(&monitor, vec![ends("Latency", "checkout")]).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.incidents().await, 0);
        // The next one waits anew.
        bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
        bot.watches(GROUP_WAIT / 2).await;
        assert_eq!(bot.incidents().await, 0);
        bot.watches(GROUP_WAIT).await;
        assert_eq!(bot.incidents().await, 1);
        Box::pin(bot.done()).await;
    }

    async fn a_route_says_which_of_its_alerts_belong_together(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let other = bot.monitor(Kind::Generic).await;
        let grouping = |by: &[&str], window_minutes| {
            let by = by.iter().map(|&name| name.to_owned()).collect();
            Some(Box::new(Grouping { by, window_minutes }))
        };
        let route = |sources, grouping| Route { sources, grouping, ..Route::default() };
        // All of this source in one, whatever their service; those of the other by the patterns.
        bot.routes(route(vec![monitor.source.id.clone()], grouping(&[], 10))).await;
        let both = || vec![fires("Latency", "checkout"), fires("Errors", "cart")];
        bot.hears(&monitor, both()).await;
        bot.hears(&other, both()).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.incidents().await, 3);
        // After the window it is another one.
        bot.clock.advance(11 * MINUTE);
        bot.hears(&monitor, vec![fires("Traffic", "cart")]).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.incidents().await, 4);
        // Each for itself.
        bot.routes(route(Vec::new(), grouping(&[], 0))).await;
        bot.hears(&monitor, vec![fires("Saturation", "cart"), fires("Disk", "cart")]).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.incidents().await, 6);
        // A route that rests says nothing: by the patterns, this belongs to what has begun before.
        bot.routes(Route { active: false, ..route(Vec::new(), grouping(&["alertname"], 10)) }).await;
        bot.hears(&other, vec![fires("Memory", "cart")]).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.incidents().await, 6);
        Box::pin(bot.done()).await;
    }

    async fn an_incident_hears_that_all_is_over_and_opens_again(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.routes(Route { on_resolve: OnResolve::Close, ..Route::default() }).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let both = || vec![fires("Latency", "checkout"), fires("Errors", "checkout")];
        bot.hears(&monitor, both()).await;
        bot.watches(MINUTE).await;
        // One that is over does not end the rest.
        bot.hears(&monitor, vec![ends("Latency", "checkout")]).await;
        bot.settle().await;
        assert_eq!(bot.incident(1).await.category, StatusCategory::Live);
        bot.hears(&monitor, vec![ends("Errors", "checkout")]).await;
        bot.settle().await;
        let incident = bot.incident(1).await;
        assert_eq!(incident.category, StatusCategory::Closed);
        let signal = incident.signal.unwrap();
        assert_eq!((signal.active, signal.status, signal.peak), (false, Status::Ok, Status::Critical));
        // Within the window it is the same incident.
        bot.clock.advance(30 * MINUTE);
        bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
        bot.settle().await;
        assert_eq!(bot.incident(1).await.category, StatusCategory::Live);
        bot.hears(&monitor, vec![ends("Latency", "checkout")]).await;
        bot.settle().await;
        assert_eq!(bot.incident(1).await.category, StatusCategory::Closed);
        // Beyond it, another one.
        bot.clock.advance(121 * MINUTE);
        bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.incidents().await, 2);
        assert_eq!(bot.incident(1).await.category, StatusCategory::Closed);
        Box::pin(bot.done()).await;
    }

    async fn what_people_closed_stays_closed_until_something_new_comes(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
        bot.watches(MINUTE).await;
        let incident = bot.incident(1).await;
        let channel = incident.channel.as_ref().unwrap().as_str();
        bot.joins(crate::bot::ALICE, channel).await;
        bot.skims(channel);
        bot.says(crate::bot::ALICE, channel, "close Known, a ticket is open").await;
        bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.incident(1).await.category, StatusCategory::Closed);
        bot.hears(&monitor, vec![fires("Errors", "checkout")]).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.incident(1).await.category, StatusCategory::Live);
        assert_eq!(bot.incidents().await, 1);
        Box::pin(bot.done()).await;
    }

    async fn a_route_may_want_several_alerts_or_some_minutes(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.routes(Route { after_alerts: 3, after_minutes: 10, ..Route::default() }).await;
        let monitor = bot.monitor(Kind::Generic).await;
        bot.hears(&monitor, vec![fires("A", "cart"), fires("B", "cart")]).await;
        bot.watches(5 * MINUTE).await;
        assert_eq!(bot.incidents().await, 0);
        bot.hears(&monitor, vec![fires("C", "cart")]).await;
        bot.settle().await;
        assert_eq!(bot.incidents().await, 1);
        bot.hears(&monitor, vec![fires("A", "checkout")]).await;
        bot.watches(9 * MINUTE).await;
        assert_eq!(bot.incidents().await, 1);
        bot.watches(MINUTE).await;
        assert_eq!(bot.incidents().await, 2);
        Box::pin(bot.done()).await;
    }

    async fn expressions_say_which_alerts_a_pattern_and_a_route_are_for(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.routes(Route { opens: Opens::Never, filter: Some("service = test-*".to_owned()), ..Route::default() }).await;
        bot.lays_down("p", Setting::Pattern(Pattern {
            labels: vec!["alertname".to_owned()], window_minutes: 60, source: None,
            filter: Some("service IN [cart, checkout] AND source_system = generic.*".to_owned()),
            cross_source: true, active: true, note: String::new(), position: None, })).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let services = ["cart", "checkout", "search", "test-cart"];
        bot.hears(&monitor, services.map(|service| fires("Latency", service)).into()).await;
        let all = bot.alerts().await;
        assert_eq!(all[0].group, all[1].group);
        assert_ne!(all[0].group, all[2].group);
        bot.watches(MINUTE).await;
        // One for two services, one for another, and none for the test.
        assert_eq!(bot.incidents().await, 2);
        Box::pin(bot.done()).await;
    }

    async fn an_alert_that_says_that_all_is_well_opens_nothing(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        bot.hears(&monitor, vec![Observation { status: Status::Ok, ..fires("Watchdog", "cart") }]).await;
        bot.watches(MINUTE).await;
        assert_eq!((bot.alerts().await.len(), bot.incidents().await), (1, 0));
        bot.ends().await;
    }

    async fn a_route_may_open_nothing(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.routes(Route { opens: Opens::Never, ..Route::default() }).await;
        let monitor = bot.monitor(Kind::Generic).await;
        bot.hears(&monitor, vec![fires("A", "cart")]).await;
        bot.watches(60 * MINUTE).await;
        assert_eq!(bot.incidents().await, 0);
        assert_eq!(bot.alerts().await.len(), 1);
        bot.ends().await;
    }

    async fn a_silence_keeps_quiet_and_a_resolve_passes_through(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.routes(Route { on_resolve: OnResolve::Close, ..Route::default() }).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let now = bot.clock.now();
        let silence = |service: &str, minutes| Setting::Silence(Silence {
            matchers: vec![stentor::alert::matcher::Matcher::parse(&format!("service={service}")).unwrap()],
            starts_at: now,
            ends_at: now.plus(minutes * MINUTE),
            created_by: "alice".to_owned(),
            comment: "Known".to_owned(),
            annotations: Default::default(),
        });
        bot.lays_down("s", silence("checkout", 20)).await;
        bot.hears(&monitor, vec![fires("Latency", "checkout"), fires("Latency", "cart")]).await;
        bot.watches(MINUTE).await;
        // Both have the same name, but the silenced one gives no reason to open anything.
        assert_eq!(bot.incidents().await, 1);
        bot.hears(&monitor, vec![ends("Latency", "cart")]).await;
        bot.settle().await;
        assert_eq!(bot.incident(1).await.category, StatusCategory::Live);
        // Over during a silence is over nevertheless.
        bot.hears(&monitor, vec![ends("Latency", "checkout")]).await;
        bot.settle().await;
        assert_eq!(bot.incident(1).await.category, StatusCategory::Closed);
        // What still fires when its silence ends opens then.
        bot.hears(&monitor, vec![fires("Errors", "checkout")]).await;
        bot.watches(15 * MINUTE).await;
        assert_eq!(bot.incidents().await, 1);
        bot.watches(10 * MINUTE).await;
        assert_eq!(bot.incidents().await, 2);
        Box::pin(bot.done()).await;
    }

    async fn the_longest_window_wins_and_a_full_group_goes_on_in_another(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.routes(Route { most_alerts: 3, ..Route::default() }).await;
        let pattern = |label: &str, window_minutes| Setting::Pattern(Pattern {
            labels: vec![label.to_owned()], window_minutes, source: None, filter: None,
            cross_source: true, active: true, note: String::new(), position: None, });
        bot.lays_down("by-name", pattern("alertname", 10)).await;
        bot.lays_down("by-service", pattern("service", 60)).await;
        let monitor = bot.monitor(Kind::Generic).await;
        bot.hears(&monitor, vec![fires("A", "cart"), fires("B", "checkout")]).await;
        bot.hears(&monitor, vec![fires("B", "cart")]).await;
        let all = bot.alerts().await;
        assert_eq!(all[2].group, all[0].group);
        assert_ne!(all[2].group, all[1].group);
        bot.hears(&monitor, (0..4).map(|n| fires(&format!("C{n}"), "cart")).collect()).await;
        let all = bot.alerts().await;
        let first = bot.group_of(&all[0]).await;
        let second = bot.group_of(&all[6]).await;
        assert_eq!((first.size, second.size), (3, 3));
        assert_eq!(first.continued_in.as_ref(), Some(&second.id));
        assert_eq!(second.continues.as_ref(), Some(&first.id));
        bot.ends().await;
    }
}

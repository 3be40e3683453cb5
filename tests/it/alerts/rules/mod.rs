//! Alert rules: what they count, when they fire, whom they tell, and what a crash leaves of that.

mod acting;
mod asking;
mod counting;
mod dying;
mod listener;
mod prometheus;

use std::time::Duration;

use serde_json::{Value, json};
use stentor::alert::observation::Observation;
use stentor::alert::rule::definition::Definition;
use stentor::alert::rule::minute;
use stentor::alert::rule::standing::{Level, Standing};
use stentor::alert::settings::{Opens, Route, Setting};
use stentor::config::rules::RuleSettings;
use stentor::ids::RuleId;
use stentor::ingest::kind::Kind;
use stentor::store::alert_rules;

use super::monitor::Monitor;
use crate::bot::{Bot, Start};
use crate::databases::Fresh;

const MINUTE: Duration = Duration::from_secs(60);
/// As late in a minute the tests live: what is due about the minute before has been done.
const LATE: Duration = Duration::from_secs(30);

/// A Stentor whose rules may ask and call on this machine, and a sender whose alerts open nothing by
/// themselves.
async fn start(fresh: &Fresh, prometheus_url: Option<&str>) -> (Bot, Monitor) {
    let settings = RuleSettings {
        prometheus_url: prometheus_url.map(str::to_owned),
        webhook_networks: "127.0.0.0/8".parse().unwrap(),
    };
    let start = Start { rules: Some(Box::leak(Box::new(settings))), ..Start::default() };
    let bot = Bot::start_with(fresh, start).await;
    let monitor = bot.monitor(Kind::Generic).await;
    let route =
        |name: &str| Route { name: name.to_owned(), group_wait_seconds: 0, ..Route::default() };
    let source = Some(monitor.source.id.clone());
    let quiet = Route { position: 0, source, opens: Opens::Never, ..route("Quiet") };
    bot.lays_down("quiet", Setting::Route(quiet)).await;
    bot.lays_down("rules", Setting::Route(Route { position: 1, ..route("Rules") })).await;
    bot.next_minute().await;
    (bot, monitor)
}

/// A rule that is critical above two events in a minute, but for what is said otherwise.
fn rule(otherwise: Value) -> Definition {
    let mut rule = json!({
        "name": "Too many errors",
        "measure": {"dataset": "events"},
        "window_minutes": 1,
        "fires": "above",
        "critical": {"threshold": 2},
    });
    rule.as_object_mut().unwrap().extend(otherwise.as_object().unwrap().clone());
    serde_json::from_value(rule).unwrap()
}

/// So many events of a project. They are one alert, which is said again and again.
fn events(count: usize, project: &str) -> Vec<Observation> {
    let mut event = Observation::firing(format!("error/{project}"), "NullPointerException");
    event.labels.insert("project".to_owned(), project.to_owned());
    vec![event; count]
}

impl Bot {
    /// Somebody makes a rule.
    async fn watches_for(&self, definition: Definition) -> RuleId {
        let app = &self.stentor.app;
        app.rules.create(&app.workspace, definition, "ci", None).await.unwrap().id
    }

    /// Time passes until late in the next minute, and everything that is due is done.
    async fn next_minute(&self) {
        let now = self.clock.now();
        self.watches(minute::first_end(now).plus(LATE).since(now)).await;
    }

    /// So many events come in this minute, and it is evaluated.
    async fn minute_with(&self, monitor: &Monitor, count: usize) -> Level {
        self.hears(monitor, events(count, "web")).await;
        self.next_minute().await;
        self.level_in("web").await
    }

    /// How the one rule stands in a project.
    async fn level_in(&self, project: &str) -> Level {
        self.standing_in(project).await.map_or(Level::Resolved, |standing| standing.level())
    }

    async fn standing_in(&self, project: &str) -> Option<Standing> {
        let app = &self.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        let rules = alert_rules::page(&mut tx, &app.workspace, None, 2).await.unwrap();
        let ids: Vec<RuleId> = rules.into_iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), 1);
        let all = alert_rules::standings(&mut tx, &app.workspace, &ids).await.unwrap();
        all.into_values().next()?.remove(project)
    }

    /// The titles of incidents that rules have opened and of those that are over.
    async fn done_with_rules(self) {
        for number in 1..=self.incidents().await {
            self.reads_everything_once(number).await;
        }
        self.ends().await;
    }
}

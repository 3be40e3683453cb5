//! The rows: how an incident begins through each door.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use stentor::alert::observation::Observation;
use stentor::alert::rule::minute;
use stentor::alert::settings::{Opens, Route, Setting};
use stentor::ingest::kind::Kind;

use super::house::House;
use super::truth::{Stage, Truth};
use crate::bot::{ALICE, GENERAL, INCIDENTS};

/// Longer than an incident waits for more alerts.
const GROUP_WAIT: Duration = Duration::from_secs(31);

/// Through which door an incident begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// Somebody fills in the form in Slack.
    Slack,
    /// A program declares it by the native API.
    Native,
    /// A program declares it in the incident.io format.
    IncidentIo,
    /// An alert event of incident.io's opens it.
    AlertEvent,
    /// A rule opens it that was made in Sentry's format.
    SentryRule,
    /// Sentry itself reports an alert.
    SentryWebhook,
    /// An alert of BigPanda's opens it.
    BigpandaAlert,
}

impl House {
    /// An incident begins, and everything about it has happened. Each time it is about another service.
    pub async fn begins(&self, how: Beginning, nth: usize) -> Truth {
        let bot = &self.bot;
        let at = bot.clock.now();
        let service = format!("checkout-{nth}");
        let (title, summary) = match how {
            Beginning::Slack => self.in_slack(&service).await,
            Beginning::Native => self.by_the_native_api(&service).await,
            Beginning::IncidentIo => self.in_their_format(&service).await,
            Beginning::AlertEvent => self.by_an_alert_event(&service).await,
            Beginning::SentryRule => self.by_a_rule(&service).await,
            Beginning::SentryWebhook => self.by_a_webhook(&service).await,
            Beginning::BigpandaAlert => self.by_an_alert(&service).await,
        };
        bot.settle().await;
        let number = i64::try_from(nth).unwrap() + 1;
        assert_eq!(bot.incidents().await, number, "{how:?} declares one incident each time");
        let incident = bot.incident(number).await;
        let channel = incident.channel.as_ref().expect("it has a channel");
        bot.skims(channel.as_str());
        bot.skims(INCIDENTS);
        bot.skims(GENERAL);
        let alerts = bot.alerts().await;
        let by_hand = matches!(how, Beginning::Slack | Beginning::Native | Beginning::IncidentIo);
        assert_eq!(incident.declared_at == at, by_hand, "alerts wait for others, people do not");
        Truth {
            number,
            title,
            summary,
            severity: if by_hand { "Minor" } else { "Critical" },
            stage: Stage::Investigating,
            lead: None,
            said: Vec::new(),
            snoozed_until: None,
            tag: None,
            fires: (!by_hand).then_some(true),
            began_at: alerts.last().map_or(at, |alert| alert.first_seen),
            declared_at: incident.declared_at,
            ended_at: None,
        }
    }

    /// The id of the severity of this name.
    pub async fn severity(&self, name: &str) -> Value {
        let all = self.gets("/incident-io/v1/severities").await;
        let mut all = all["severities"].as_array().unwrap().iter();
        all.find(|one| one["name"] == name).unwrap()["id"].clone()
    }

    async fn in_slack(&self, service: &str) -> (String, String) {
        let (title, summary) = (format!("{service} is slow"), "Since lunch.");
        let minor = self.severity("Minor").await;
        let fields = [("name", json!(title)), ("severity", minor), ("summary", json!(summary))];
        self.bot.fills_in(ALICE, GENERAL, "", &fields).await;
        (title, summary.to_owned())
    }

    async fn by_the_native_api(&self, service: &str) -> (String, String) {
        let title = format!("{service} is slow");
        let body = json!({"name": title, "severity": "minor"});
        self.does(Method::POST, "/api/v1/incidents", Some(&body)).await;
        (title, String::new())
    }

    async fn in_their_format(&self, service: &str) -> (String, String) {
        let title = format!("{service} <b>is</b> & stays slow");
        let body = json!({
            "idempotency_key": service, "visibility": "public", "name": title, "summary": "Since *lunch*.",
            "severity_id": self.severity("Minor").await,
        });
        self.does(Method::POST, "/incident-io/v2/incidents", Some(&body)).await;
        (title, "Since *lunch*.".to_owned())
    }

    async fn by_an_alert_event(&self, service: &str) -> (String, String) {
        let visitor = self.bot.visitor(Kind::IncidentIo, Value::Null).await;
        let event = json!({
            "title": format!("{service}: disk full"), "description": "97 %", "status": "firing",
            "deduplication_key": service, "metadata": {"service": service, "severity": "critical"},
        });
        let rest = format!("/v2/alert_events/http/{}", visitor.source.id);
        visitor.posts(&rest, &event).await.expect(202);
        self.bot.watches(GROUP_WAIT).await;
        (format!("{service}: disk full"), "97 %".to_owned())
    }

    async fn by_a_webhook(&self, service: &str) -> (String, String) {
        let visitor = self.bot.visitor(Kind::Sentry, Value::Null).await;
        let hook = json!({
            "action": "critical", "installation": {"uuid": "a8e5d37a-696c-4c54-adb5-b3f28d64c7de"},
            "data": {
                "metric_alert": {"id": service, "alert_rule": {"name": format!("Errors in {service}")}},
                "description_text": "1000 events in the last 10 minutes",
            },
        });
        let body = hook.to_string();
        let signature = visitor.signature(&body);
        let headers = [
            ("content-type", "application/json"),
            ("sentry-hook-resource", "metric_alert"),
            ("sentry-hook-signature", &signature),
        ];
        self.server.send(Method::POST, &visitor.path(""), &headers, body).await.expect(202);
        self.bot.watches(GROUP_WAIT).await;
        (format!("Errors in {service}"), "1000 events in the last 10 minutes".to_owned())
    }

    async fn by_an_alert(&self, service: &str) -> (String, String) {
        let visitor = self.bot.visitor(Kind::Bigpanda, Value::Null).await;
        let alert = json!({
            "app_key": "APPKEY", "host": service, "check": "cpu", "status": "critical",
            "description": "CPU high", "timestamp": self.bot.clock.now().as_seconds(),
        });
        visitor.posts("/data/v2/alerts", &alert).await.expect(201);
        self.bot.watches(GROUP_WAIT).await;
        (format!("{service}: cpu"), "CPU high".to_owned())
    }

    /// Three errors in an hour are too many. The events themselves open nothing.
    async fn by_a_rule(&self, project: &str) -> (String, String) {
        let bot = &self.bot;
        let monitor = bot.monitor(Kind::Generic).await;
        let quiet = Route {
            name: "Events".to_owned(),
            source: Some(monitor.source.id.clone()),
            position: 0,
            opens: Opens::Never,
            ..Route::default()
        };
        bot.lays_down(project, Setting::Route(quiet)).await;
        let rule = json!({
            "name": format!("Errors in {project}"), "aggregate": "count()", "query": "", "timeWindow": 60,
            "thresholdType": 0, "triggers": [{"label": "critical", "alertThreshold": 2}],
        });
        let path = format!("/sentry/api/0/projects/default/{project}/alert-rules/");
        self.does(Method::POST, &path, Some(&rule)).await;
        self.next_minute().await;
        let mut event = Observation::firing(format!("error/{project}"), "NullPointerException");
        event.labels = [("project".to_owned(), project.to_owned())].into();
        bot.hears(&monitor, vec![event; 3]).await;
        self.next_minute().await;
        bot.watches(GROUP_WAIT).await;
        let alert = bot.alerts().await.pop().unwrap();
        (format!("Errors in {project}"), alert.description)
    }

    /// So late that what is due about the minute before has been done.
    async fn next_minute(&self) {
        let now = self.bot.clock.now();
        let late = Duration::from_secs(30);
        self.bot.watches(minute::first_end(now).plus(late).since(now)).await;
    }
}

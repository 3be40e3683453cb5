//! The native API about alerts: who sends them, what becomes of them, what is done about them.

mod acting;
mod attributes;
mod moving;
mod reading;
mod settings;
mod sources;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use stentor::alert::observation::Observation;
use stentor::app::App;
use stentor::ids::GroupId;
use stentor::ingest::kind::Kind;
use stentor::ingest::sources::{Wanted, create};
use stentor::intake::order::Delivery;
use stentor::store::alerts;
use stentor::store::sources::{AlertSource, SourceSettings};

use super::Program;
use crate::http::Answer;

/// Longer than an incident waits for more alerts.
const GROUP_WAIT: Duration = Duration::from_secs(31);

impl Program {
    /// Sends JSON by any method.
    pub(super) async fn sends(&self, method: Method, path: &str, body: &Value) -> Answer {
        let headers =
            [("authorization", self.authorization.as_str()), ("content-type", "application/json")];
        self.server.send(method, path, &headers, body.to_string()).await
    }

    async fn put(&self, path: &str, body: &Value) -> Answer {
        self.sends(Method::PUT, path, body).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.sends(Method::DELETE, path, &Value::Null).await
    }

    /// Posts nothing.
    async fn asks(&self, path: &str) -> Answer {
        let headers = [("authorization", self.authorization.as_str())];
        self.server.send(Method::POST, path, &headers, "").await
    }

    pub(crate) async fn monitor(&self, name: &str) -> Arc<AlertSource> {
        let App { db, clock, ids, workspace, .. } = &self.app;
        let settings = SourceSettings::default();
        let wanted = Wanted { kind: Kind::Datadog, name: name.to_owned(), secret: None, settings };
        let made = create(db, clock, ids, None, workspace, wanted).await.unwrap();
        Arc::new(made.source)
    }

    /// A source says something.
    pub(crate) async fn hears(&self, source: &Arc<AlertSource>, observations: Vec<Observation>) {
        let source = Arc::clone(source);
        let delivery = Delivery { source, observations, changes: Vec::new(), receipt: None };
        self.app.intake.take(delivery).await.unwrap();
    }

    /// What is to follow from alerts has followed.
    pub(crate) async fn settles(&self) {
        self.app.clock.advance(GROUP_WAIT);
        let mut tx = self.app.db.read().await.unwrap();
        let filter = alerts::Filter::default();
        let all = alerts::list(&mut tx, &self.app.workspace, &filter, 1_000).await.unwrap();
        drop(tx);
        let groups: BTreeSet<GroupId> = all.into_iter().map(|alert| alert.group).collect();
        for group in groups {
            self.app.settler().settle(&self.app.workspace, &group).await.unwrap();
        }
    }

    /// Two alerts of checkout and one of cart fire: two incidents.
    pub(crate) async fn has_trouble(&self) -> Arc<AlertSource> {
        let source = self.monitor("prod").await;
        let all = [("Latency", "checkout"), ("Errors", "checkout"), ("Latency", "cart")];
        let all: Vec<Observation> =
            all.into_iter().map(|(name, service)| fires(name, service)).collect();
        self.hears(&source, all).await;
        self.settles().await;
        source
    }

    /// The alerts that a query lists, oldest first.
    pub(crate) async fn alerts(&self, query: &str) -> Vec<Value> {
        let page = self.get(&format!("/api/v1/alerts{query}")).await.expect(200);
        let mut alerts = page["alerts"].as_array().unwrap().clone();
        alerts.reverse();
        alerts
    }

    async fn alert(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/alerts/{id}")).await.expect(200)
    }
}

/// An alert that fires, of this name, about this service, and grouped by that alone.
fn fires(name: &str, service: &str) -> Observation {
    let mut said = Observation::firing(format!("{name}/{service}"), format!("{name} in {service}"));
    said.labels = [("check", name), ("service", service)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    said
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

fn titles(alerts: &[Value]) -> Vec<&str> {
    alerts.iter().map(|alert| alert["title"].as_str().unwrap()).collect()
}

fn silence() -> Value {
    json!({
        "matchers": [{"name": "service", "value": "checkout"}],
        "starts_at": "2026-09-21T14:00:00Z", "ends_at": "2026-09-21T16:00:00Z",
        "created_by": "alice", "comment": "Known",
    })
}

//! Sentry's format, as a client of Sentry meets it. What each answer looks like is checked against
//! `tests/data/sentry/shapes.schema.json`.

mod frame;
mod incidents;
mod rules;
mod statements;
mod talking;
mod watching;

use axum::http::Method;
use serde_json::{Value, json};
use stentor::api::tokens;
use stentor::app::App;
use stentor::clock::{Clock, Timestamp};
use stentor::ids::{IdSource, TeamId, WorkspaceId};
use stentor::store::workspaces;

use crate::databases::Fresh;
use crate::http::{Answer, Server};

const BASE: &str = "/sentry/api/0";
const O: &str = "/organizations/default";
const P: &str = "/projects/default/backend";

/// A client with a token.
#[derive(Clone)]
struct Client {
    app: App,
    server: Server,
    authorization: String,
}

impl Client {
    async fn start(fresh: &Fresh) -> Client {
        let clock = Clock::manual(Timestamp::from_micros(1_790_000_000_000_000));
        let app = App::start(fresh.open().await, clock, IdSource::system()).await.unwrap();
        Client::of(&app).await
    }

    /// A client of a Stentor that is there.
    async fn of(app: &App) -> Client {
        let server = Server::start(app.router()).await;
        let client = Client { app: app.clone(), server, authorization: String::new() };
        client.another("ci").await
    }

    /// Another client of the same organisation.
    async fn another(&self, name: &str) -> Client {
        let App { db, clock, ids, workspace, .. } = &self.app;
        let token = tokens::create(db, clock, ids, workspace, name).await.unwrap();
        Client { authorization: format!("Bearer {token}"), ..self.clone() }
    }

    /// A client of another organisation.
    async fn stranger(&self) -> Client {
        let App { db, clock, ids, .. } = &self.app;
        let (workspace, team) = (WorkspaceId::from("01THEIRS"), TeamId::from("T0THEIRS"));
        let mut tx = db.begin().await.unwrap();
        assert!(
            workspaces::create(&mut tx, &workspace, "theirs", &team, clock.now()).await.unwrap()
        );
        tx.commit().await.unwrap();
        let token = tokens::create(db, clock, ids, &workspace, "theirs").await.unwrap();
        Client { authorization: format!("Bearer {token}"), ..self.clone() }
    }

    async fn sends(&self, method: Method, path: &str, body: &Value) -> Answer {
        let headers =
            [("authorization", self.authorization.as_str()), ("content-type", "application/json")];
        self.server.send(method, &format!("{BASE}{path}"), &headers, body.to_string()).await
    }

    async fn get(&self, path: &str) -> Answer {
        let headers = [("authorization", self.authorization.as_str())];
        self.server.get(&format!("{BASE}{path}"), &headers).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.sends(Method::POST, path, body).await
    }

    async fn put(&self, path: &str, body: &Value) -> Answer {
        self.sends(Method::PUT, path, body).await
    }

    async fn delete(&self, path: &str) -> Answer {
        let headers = [("authorization", self.authorization.as_str())];
        self.server.send(Method::DELETE, &format!("{BASE}{path}"), &headers, "").await
    }

    /// What a list holds, each of it of this shape.
    async fn lists(&self, path: &str, shape: &str) -> Vec<Value> {
        let answer = self.get(path).await;
        let Value::Array(items) = answer.expect(200) else { panic!("{path}: {}", answer.text) };
        answer.header("link");
        for item in &items {
            has_shape(item, shape);
        }
        items
    }

    /// Makes a rule of a project.
    async fn makes(&self, rule: &Value) -> Value {
        let made = self.post(&format!("{P}/alert-rules/"), rule).await.expect(201);
        has_shape(&made, "detailedAlertRule");
        made
    }
}

/// A rule that is critical above 100 events in ten minutes, but for what is said otherwise.
fn rule(otherwise: Value) -> Value {
    let mut rule = json!({
        "name": "Too many errors",
        "aggregate": "count()",
        "query": "level:error",
        "timeWindow": 10,
        "thresholdType": 0,
        "resolveThreshold": 40,
        "triggers": [
            {"label": "critical", "alertThreshold": 100},
            {"label": "warning", "alertThreshold": 50},
        ],
    });
    rule.as_object_mut().unwrap().extend(otherwise.as_object().unwrap().clone());
    rule
}

/// Checks that a value has a shape of the contract.
fn has_shape(value: &Value, shape: &str) {
    const FILE: &str = "shapes.json";
    let schema = include_str!("../../data/sentry/shapes.schema.json");
    let mut compiler = boon::Compiler::new();
    compiler.add_resource(FILE, serde_json::from_str(schema).unwrap()).unwrap();
    let mut schemas = boon::Schemas::new();
    let index = compiler.compile(&format!("{FILE}#/$defs/{shape}"), &mut schemas).unwrap();
    let result = schemas.validate(value, index).map_err(|error| format!("{error:#}"));
    assert_eq!(result, Ok(()), "{shape}: {value:#}");
}

/// The cursor of a relation in the header `Link`, and whether there is something.
fn link(answer: &Answer, rel: &str) -> (String, bool) {
    let header = answer.header("link");
    let part = header
        .split(", <")
        .find(|part| part.contains(&format!("rel=\"{rel}\"")))
        .unwrap_or_else(|| panic!("no {rel}: {header}"));
    let between =
        |begin: &str| part.split(begin).nth(1).unwrap().split('"').next().unwrap().to_owned();
    (between("; cursor=\""), between("results=\"") == "true")
}

//! Somebody at a source's door: requests as its software sends them, or as nobody should.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use stentor::alert::observation::ChangeEvent;
use stentor::clock::Timestamp;
use stentor::ids::SourceId;
use stentor::ingest::kind::Kind;
use stentor::ingest::sources::hash;
use stentor::store;
use stentor::store::alerts::recent_changes;
use stentor::store::sources::{AlertSource, SourceSettings};
use tower::ServiceExt as _;

use super::monitor::Monitor;
use crate::bot::Bot;
use crate::http::{Answer, Server};

/// A sender with a way to its source.
pub struct Visitor {
    pub server: Server,
    pub router: Router,
    pub source: Arc<AlertSource>,
    pub secret: String,
}

impl Bot {
    /// Whoever sends to a new source of this kind.
    pub async fn visitor(&self, kind: Kind, door: Value) -> Visitor {
        let settings = SourceSettings { door, ..SourceSettings::default() };
        self.visitor_of(self.monitor_with(kind, settings).await).await
    }

    pub async fn visitor_of(&self, monitor: Monitor) -> Visitor {
        let router = self.stentor.router();
        let server = Server::start(router.clone()).await;
        Visitor { server, router, source: monitor.source, secret: monitor.secret }
    }

    /// A source that signs with a secret that is shorter than any that would be taken today.
    pub async fn signs_with(&self, kind: Kind, door: Value, secret: &str) -> Visitor {
        let app = &self.stentor.app;
        let id = SourceId::new(app.ids.ulid(app.clock.now()));
        let source = AlertSource {
            workspace: app.workspace.clone(),
            name: id.to_string(),
            id,
            kind,
            secret_hash: hash(secret),
            old: None,
            kept_secret: Some(secret.to_owned()),
            kept_old: None,
            sealed_with: None,
            settings: SourceSettings { door, ..SourceSettings::default() },
            created_at: app.clock.now(),
        };
        let mut tx = app.db.begin().await.unwrap();
        store::sources::create(&mut tx, &source).await.unwrap();
        tx.commit().await.unwrap();
        self.visitor_of(Monitor { source: Arc::new(source), secret: secret.to_owned() }).await
    }

    /// Everything that was changed on purpose, newest first.
    pub async fn changed_on_purpose(&self) -> Vec<ChangeEvent> {
        let app = &self.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        let changes =
            recent_changes(&mut tx, &app.workspace, Timestamp::default(), 100).await.unwrap();
        changes.into_iter().map(|(_, change)| change).collect()
    }
}

impl Visitor {
    /// Where the source is; `rest` follows it.
    pub fn path(&self, rest: &str) -> String {
        format!("/hooks/{}{rest}", self.source.id)
    }

    /// Sends a body with the secret as a bearer token.
    pub async fn sends(
        &self,
        rest: &str,
        headers: &[(&str, &str)],
        body: impl Into<String>,
    ) -> Answer {
        let bearer = format!("Bearer {}", self.secret);
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend(headers);
        self.server.send(Method::POST, &self.path(rest), &all, body.into()).await
    }

    /// Sends JSON with the secret.
    pub async fn posts(&self, rest: &str, body: &Value) -> Answer {
        self.sends(rest, &[("content-type", "application/json")], body.to_string()).await
    }

    /// Sends a body without a network: over one, whoever sends too much may not hear the answer before
    /// the connection ends.
    pub async fn sends_in_process(
        &self,
        rest: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let mut request = Request::post(self.path(rest));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).unwrap();
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = axum::body::to_bytes(body, 1024 * 1024).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: head.status, headers: head.headers, text }
    }

    /// The signature of a body.
    pub fn signature(&self, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    /// Nobody gets in without the secret; who has it is told what is wrong. `body` is a good one.
    pub async fn turns_strangers_away(&self, rest: &str, body: &Value, headers: &[(&str, &str)]) {
        let path = self.path(rest);
        let body = body.to_string();
        let (bearer, wrong) =
            (format!("Bearer {}", self.secret), "Bearer 00000000000000000000000000000000");
        let with = |token: &'static str| [&[("authorization", token)], headers].concat();
        for headers in [headers.to_vec(), with(wrong), with("Basic Og=="), with("GenieKey")] {
            let answer = self.server.send(Method::POST, &path, &headers, body.clone()).await;
            assert_eq!(answer.status, 401, "{headers:?}: {}", answer.text);
            assert!(!answer.text.contains(&self.secret));
        }
        let known = [&[("authorization", bearer.as_str())], headers].concat();
        let elsewhere = path.replace(self.source.id.as_str(), "01ZZZZZZZZZZZZZZZZZZZZZZZZ");
        let answer = self.server.send(Method::POST, &elsewhere, &known, body.clone()).await;
        assert_eq!(answer.status, 404, "{}", answer.text);
        let answer = self
            .server
            .send(Method::POST, &format!("{path}/nowhere/at/all"), &known, body.clone())
            .await;
        assert_eq!(answer.status, 404, "{}", answer.text);
        let answer = self.server.send(Method::DELETE, &path, &known, body.clone()).await;
        assert_eq!(answer.status, 405, "{}", answer.text);
        for bad in ["", "{", "7", "\"text\"", "[7]", "\u{0}", &"[".repeat(100_000)] {
            let answer = self.server.send(Method::POST, &path, &known, bad.to_owned()).await;
            let is_refused = [400, 422].contains(&answer.status.as_u16());
            assert!(is_refused, "{bad:.20}: {} {}", answer.status, answer.text);
            assert!(!answer.text.is_empty());
        }
        let answer = self.sends_in_process(rest, &known, "x".repeat(1024 * 1024 + 1)).await;
        assert_eq!(answer.status, 413, "{}", answer.text);
        let wide = format!("[{}7]", "7,".repeat(300_000));
        let answer = self.sends_in_process(rest, &known, wide).await;
        assert!([400, 413].contains(&answer.status.as_u16()), "{} {}", answer.status, answer.text);
    }
}

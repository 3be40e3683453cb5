//! Sources are made, shown once with their secret, changed, rotated and removed.

use axum::http::Method;
use serde_json::{Value, json};
use stentor::app::App;
use stentor::ingest::sources;
use stentor::store;

use super::id;
use crate::api::{Program, expect_problem};
use crate::databases::on_each_database;

/// Whether a secret opens the source that it is said to be of.
async fn opens(ci: &Program, secret: &Value) -> bool {
    let hash = sources::hash(secret.as_str().unwrap());
    let mut tx = ci.app.db.read().await.unwrap();
    let found = store::sources::by_secret(&mut tx, &hash).await.unwrap();
    found.is_some_and(|source| sources::opens(&source, &hash, ci.app.clock.now()))
}

on_each_database! {
    async fn a_source_is_made_shown_changed_rotated_and_removed(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let answer = ci.post("/api/v1/sources", &[], &json!({"kind": "alertmanager", "name": "prod"})).await;
        let made = answer.expect(201);
        let path = format!("/api/v1/sources/{}", id(&made));
        assert_eq!(answer.header("location"), path);
        assert_eq!((&made["kind"], &made["name"]), (&json!("alertmanager"), &json!("prod")));
        assert_eq!((&made["path"], &made["url"]), (&json!("/alertmanager"), &Value::Null));
        assert!(opens(&ci, &made["secret"]).await);
        let shown = ci.get(&path).await.expect(200);
        assert!(shown.get("secret").is_none());
        assert_eq!(ci.get("/api/v1/sources").await.expect(200)["sources"], json!([shown]));
        let settings = json!({"reopen_window_minutes": 5, "resolve_after_minutes": 60, "door": null});
        let change = json!({"name": "prod-eu", "settings": settings});
        let changed = ci.sends(Method::PATCH, &path, &change).await.expect(200);
        assert_eq!((&changed["name"], &changed["settings"]["reopen_window_minutes"]), (&json!("prod-eu"), &json!(5)));
        let same = ci.sends(Method::PATCH, &path, &json!({})).await.expect(200);
        assert_eq!(same, changed);
        let rotated = ci.post(&format!("{path}/rotate"), &[], &json!({})).await.expect(200);
        assert_ne!(rotated["secret"], made["secret"]);
        assert!(opens(&ci, &made["secret"]).await && opens(&ci, &rotated["secret"]).await);
        assert_eq!(rotated["old_secret_until"], "2026-09-22T14:13:20Z");
        ci.app.clock.advance(sources::OLD_SECRET_FOR);
        assert!(!opens(&ci, &made["secret"]).await && opens(&ci, &rotated["secret"]).await);
        assert_eq!(ci.get(&path).await.expect(200)["old_secret_until"], Value::Null);
        let chosen = ci.post(&format!("{path}/rotate"), &[], &json!({"secret": "chosen-by-them"})).await.expect(200);
        assert_eq!(chosen["secret"], "chosen-by-them");
        assert_eq!(ci.delete(&path).await.status.as_u16(), 204);
        assert!(!opens(&ci, &chosen["secret"]).await);
        for answer in [
            ci.get(&path).await, ci.delete(&path).await, ci.sends(Method::PATCH, &path, &json!({})).await,
            ci.post(&format!("{path}/rotate"), &[], &json!({})).await,
        ] {
            expect_problem(&answer, 404, "no-such-source", None);
        }
    }

    async fn an_address_with_a_secret_in_it_is_shown_once(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let app = App { public_url: Some("https://stentor.example.com".into()), ..ci.app.clone() };
        let ci = Program { server: crate::http::Server::start(app.router()).await, app, ..ci };
        let made = ci.post("/api/v1/sources", &[], &json!({"kind": "sns", "name": "aws"})).await.expect(201);
        let secret = made["secret"].as_str().unwrap();
        let url = format!("https://stentor.example.com/hooks/{}/key/{secret}", id(&made));
        assert_eq!(made["url"], json!(url));
        let shown = ci.get(&format!("/api/v1/sources/{}", id(&made))).await;
        assert_eq!(shown.expect(200)["path"], json!(format!("/hooks/{}/key/{{secret}}", id(&made))));
        assert!(!shown.text.contains(secret));
        assert!(!ci.get("/api/v1/sources").await.text.contains(secret));
    }

    async fn a_source_sent_again_is_made_once_and_its_secret_shown_once(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let key = [("idempotency-key", "source/1")];
        let body = json!({"kind": "datadog", "name": "prod"});
        let mut asked = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let (ci, body) = (ci.clone(), body.clone());
            asked.spawn(async move { ci.post("/api/v1/sources", &key, &body).await.expect(201) });
        }
        let answers = asked.join_all().await;
        assert!(answers.iter().all(|answer| answer["id"] == answers[0]["id"]));
        assert_eq!(answers.iter().filter(|answer| answer["secret"].is_string()).count(), 1);
        // Rotating twice would shut out the sender that still shows the first secret.
        let path = format!("/api/v1/sources/{}", id(&answers[0]));
        let first = ci.post(&format!("{path}/rotate"), &key, &json!({})).await.expect(200);
        let second = ci.post(&format!("{path}/rotate"), &key, &json!({})).await.expect(200);
        assert!(first["secret"].is_string() && second["secret"].is_null());
        assert!(opens(&ci, &first["secret"]).await);
        ci.delete(&path).await;
        expect_problem(&ci.post("/api/v1/sources", &key, &body).await, 410, "gone", None);
    }

    async fn sources_that_can_not_be_meant_are_refused_with_their_field(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.post("/api/v1/sources", &[], &json!({"kind": "datadog", "name": "taken"})).await.expect(201);
        let other = ci.post("/api/v1/sources", &[], &json!({"kind": "datadog", "name": "other"})).await.expect(201);
        let taken = json!({"kind": "datadog", "name": " taken "});
        expect_problem(&ci.post("/api/v1/sources", &[], &taken).await, 409, "name-taken", Some("name"));
        let path = format!("/api/v1/sources/{}", id(&other));
        let rename = ci.sends(Method::PATCH, &path, &json!({"name": "taken"})).await;
        expect_problem(&rename, 409, "name-taken", Some("name"));
        for (body, field) in [
            (json!({"kind": "nagios", "name": "x"}), "kind"),
            (json!({"kind": "", "name": "x"}), "kind"),
            (json!({"kind": 5, "name": "x"}), "kind"),
            (json!({"name": "x"}), "kind"),
            (json!({"kind": "datadog"}), "name"),
            (json!({"kind": "datadog", "name": "\u{0}"}), "name"),
            (json!({"kind": "datadog", "name": "x".repeat(101)}), "name"),
            (json!({"kind": "datadog", "name": "x", "secret": "short"}), "secret"),
            (json!({"kind": "datadog", "name": "x", "secret": "two words here"}), "secret"),
            (json!({"kind": "datadog", "name": "x", "secret": "x".repeat(257)}), "secret"),
            (json!({"kind": "datadog", "name": "x", "settings": {"door": {"a": 1}}}), "settings"),
            (json!({"kind": "datadog", "name": "x", "settings": {"door": "\u{0}"}}), "settings"),
            (json!({"kind": "datadog", "name": "x", "settings": {"reopen_window_minutes": -1}}), "settings"),
            (json!({"kind": "datadog", "name": "x", "colour": "red"}), "colour"),
        ] {
            expect_problem(&ci.post("/api/v1/sources", &[], &body).await, 422, "invalid-body", Some(field));
        }
        for name in ["%00", "x", "01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
            expect_problem(&ci.get(&format!("/api/v1/sources/{name}")).await, 404, "no-such-source", None);
        }
        assert_eq!(ci.get("/api/v1/sources").await.expect(200)["sources"].as_array().unwrap().len(), 2);
    }
}

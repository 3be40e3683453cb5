//! Alert rules over the API: made, shown, changed, snoozed and removed.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use stentor::api::tokens;
use stentor::app::App;
use stentor::ids::{TeamId, WorkspaceId};
use stentor::store::workspaces;

use super::{Program, expect_problem, problem};
use crate::databases::on_each_database;

const RULES: &str = "/api/v1/alert-rules";

fn rule() -> Value {
    json!({
        "name": "Too many errors",
        "measure": {"dataset": "events", "filter": "level = error"},
        "window_minutes": 10,
        "fires": "above",
        "critical": {"threshold": 100.5, "actions": [{"type": "slack_channel", "channel": "C0GENERAL"}]},
        "warning": {"threshold": 50},
    })
}

fn with(changes: Value) -> Value {
    let mut rule = rule();
    rule.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    rule
}

impl Program {
    /// A program of another workspace.
    async fn stranger(&self) -> Program {
        let App { db, clock, ids, .. } = &self.app;
        let (workspace, team) = (WorkspaceId::from("01THEIRS"), TeamId::from("T0THEIRS"));
        let mut tx = db.begin().await.unwrap();
        assert!(
            workspaces::create(&mut tx, &workspace, "theirs", &team, clock.now()).await.unwrap()
        );
        tx.commit().await.unwrap();
        let token = tokens::create(db, clock, ids, &workspace, "theirs").await.unwrap();
        Program { authorization: format!("Bearer {token}"), ..self.clone() }
    }

    async fn makes(&self, rule: &Value) -> (String, Value) {
        let made = self.post(RULES, &[], rule).await;
        let body = made.expect(201);
        let path = made.header("location").to_owned();
        assert_eq!(path, format!("{RULES}/{}", body["id"].as_str().unwrap()));
        (path, body)
    }
}

on_each_database! {
    async fn a_rule_is_made_shown_changed_and_removed(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let (path, made) = program.makes(&rule()).await;
        assert_eq!((made["made_by"].as_str(), &made["last_error"]), (Some("ci"), &Value::Null));
        assert_eq!(made["definition"]["critical"], rule()["critical"]);
        assert_eq!(made["definition"]["periods"], 1);
        assert_eq!(program.get(&path).await.expect(200), made);
        program.app.clock.advance(Duration::from_secs(5));
        let replaced = program.sends(Method::PUT, &path, &with(json!({"name": "  Errors\n"}))).await.expect(200);
        assert_eq!(replaced["definition"]["name"], "Errors");
        assert_eq!(replaced["created_at"], made["created_at"]);
        assert_ne!(replaced["updated_at"], made["updated_at"]);
        assert_eq!(program.get(&path).await.expect(200), replaced);
        let stranger = program.stranger().await;
        for method in [Method::GET, Method::DELETE] {
            let answer = stranger.sends(method, &path, &json!({})).await;
            expect_problem(&answer, 404, "no-such-alert-rule", None);
        }
        assert_eq!(stranger.get(RULES).await.expect(200)["alert_rules"], json!([]));
        assert_eq!(program.sends(Method::DELETE, &path, &json!({})).await.status, 204);
        for method in [Method::GET, Method::DELETE, Method::PUT] {
            let answer = program.sends(method, &path, &rule()).await;
            expect_problem(&answer, 404, "no-such-alert-rule", None);
        }
    }

    async fn the_same_request_makes_one_rule(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let key = [("idempotency-key", "same")];
        let first = program.post(RULES, &key, &rule()).await.expect(201);
        let again = program.post(RULES, &key, &with(json!({"name": "Another"}))).await.expect(201);
        assert_eq!(first, again);
        let racing = [("idempotency-key", "racing")];
        let (one, other) = (rule(), rule());
        let (one, other) = tokio::join!(program.post(RULES, &racing, &one), program.post(RULES, &racing, &other));
        assert_eq!(one.expect(201)["id"], other.expect(201)["id"]);
        let theirs = program.another("theirs").await.post(RULES, &key, &rule()).await.expect(201);
        assert_ne!(theirs["id"], first["id"]);
        assert_eq!(program.get(RULES).await.expect(200)["alert_rules"].as_array().unwrap().len(), 3);
    }

    async fn rules_are_listed_page_after_page(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let mut made = Vec::new();
        for _ in 0..5 {
            program.app.clock.advance(Duration::from_secs(1));
            made.insert(0, program.makes(&rule()).await.1["id"].clone());
        }
        let mut listed = Vec::new();
        let mut path = format!("{RULES}?limit=2");
        loop {
            let page = program.get(&path).await.expect(200);
            listed.extend(page["alert_rules"].as_array().unwrap().iter().map(|rule| rule["id"].clone()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("{RULES}?limit=2&cursor={cursor}");
        }
        assert_eq!(listed, made);
        for (query, name) in [("limit=0", "limit"), ("limit=101", "limit"), ("cursor=x", "cursor"), ("page=2", "page")] {
            let answer = program.get(&format!("{RULES}?{query}")).await;
            expect_problem(&answer, 400, "bad-parameter", Some(name));
        }
    }

    async fn a_rule_is_snoozed_for_somebody_or_for_everyone(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let (path, _) = program.makes(&rule()).await;
        let snooze = format!("{path}/snooze");
        let until = program.app.clock.now().plus(Duration::from_secs(60));
        let all = program.post(&snooze, &[], &json!({"until": until})).await.expect(201);
        assert_eq!((&all["user"], all["until"].as_str()), (&Value::Null, Some(until.to_string().as_str())));
        program.post(&snooze, &[], &json!({"user": "U0BOB"})).await.expect(201);
        program.post(&snooze, &[], &json!({"user": "U0BOB"})).await.expect(201);
        assert_eq!(program.get(&path).await.expect(200)["snoozes"].as_array().unwrap().len(), 2);
        // It ends by itself.
        program.app.clock.advance(Duration::from_secs(60));
        let left = program.get(&path).await.expect(200)["snoozes"].clone();
        assert_eq!((left.as_array().unwrap().len(), left[0]["user"].as_str()), (1, Some("U0BOB")));
        let passed = program.post(&snooze, &[], &json!({"until": until})).await;
        expect_problem(&passed, 422, "invalid-body", Some("until"));
        let nobody = program.post(&snooze, &[], &json!({"user": "bob"})).await;
        expect_problem(&nobody, 422, "invalid-body", Some("user"));
        let bobs = format!("{snooze}?user=U0BOB");
        assert_eq!(program.sends(Method::DELETE, &bobs, &json!({})).await.status, 204);
        let gone = program.sends(Method::DELETE, &bobs, &json!({})).await;
        expect_problem(&gone, 404, "no-such-alert-rule", None);
        let nowhere = program.post(&format!("{RULES}/01ARZ3NDEKTSV4RRFFQ69G5FAV/snooze"), &[], &json!({})).await;
        expect_problem(&nowhere, 404, "no-such-alert-rule", None);
    }

    async fn what_makes_no_sense_is_refused_by_its_field(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let deep = "(".repeat(5_000);
        let events = |more: Value| {
            let mut measure = json!({"dataset": "events"});
            measure.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"measure": measure})
        };
        for (changes, field) in [
            (json!({"name": ""}), "name"),
            (json!({"name": "x".repeat(65)}), "name"),
            (json!({"window_minutes": 0}), "window_minutes"),
            (json!({"window_minutes": -1}), "window_minutes"),
            (json!({"window_minutes": 1e300}), "window_minutes"),
            (json!({"periods": 21}), "periods"),
            (json!({"compare_minutes_ago": 128_161}), "compare_minutes_ago"),
            (json!({"fires": "sideways"}), "fires"),
            (json!({"critical": null}), "critical"),
            (json!({"critical": {"threshold": "many"}}), "critical"),
            (json!({"critical": {"threshold": 10}}), "critical.threshold"),
            (json!({"resolve_threshold": 60}), "resolve_threshold"),
            (json!({"measure": {"dataset": "prometheus", "query": "up"}}), "measure.dataset"),
            (json!({"measure": {"dataset": "moon"}}), "measure"),
            (events(json!({"filter": deep})), "measure.filter"),
            (events(json!({"filter": "a = /(/"})), "measure.filter"),
            (events(json!({"matchers": [{"name": "a", "value": "(a{999}){999}", "isRegex": true}]})), "measure.matchers"),
            (events(json!({"matchers": [{"name": "", "value": ""}]})), "measure.matchers"),
            (events(json!({"unknown": 1})), "unknown"),
            (json!({"projects": ["a", "a"]}), "projects"),
            (json!({"warning": {"threshold": 1, "actions": [{"type": "webhook", "url": "http://127.0.0.1/"}]}}), "warning.actions"),
            (json!({"warning": {"threshold": 1, "actions": [{"type": "slack_channel", "channel": "<!channel>"}]}}), "warning.actions"),
            (json!({"warning": {"threshold": 1, "actions": [{"type": "carrier_pigeon"}]}}), "warning"),
            (json!({"owner": "U1|<script>"}), "owner"),
            (json!({"surprise": true}), "surprise"),
        ] {
            let (kind, named) = problem(&program.post(RULES, &[], &with(changes.clone())).await, 422);
            assert_eq!((kind.as_str(), named.as_deref()), ("invalid-body", Some(field)), "{changes}");
        }
        assert_eq!(program.get(RULES).await.expect(200)["alert_rules"], json!([]));
        for path in ["x", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "%00", "..%2F"] {
            let answer = program.get(&format!("{RULES}/{path}")).await;
            expect_problem(&answer, 404, "no-such-alert-rule", None);
        }
    }

    async fn there_is_an_end_to_rules(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let (_, first) = program.makes(&rule()).await;
        let mut tx = program.app.db.begin().await.unwrap();
        for nth in 1..1_000 {
            tx.query(
                "INSERT INTO alert_rule (workspace, id, definition, counts, evaluate_at, version, made_by, created_at, updated_at)
                 SELECT workspace, id || $2, definition, counts, evaluate_at, version, made_by, created_at, updated_at
                 FROM alert_rule WHERE id = $1",
            )
            .bind(first["id"].as_str().unwrap().to_owned())
            .bind(nth.to_string())
            .execute()
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
        let answer = program.post(RULES, &[], &rule()).await;
        expect_problem(&answer, 409, "too-many-alert-rules", None);
    }
}

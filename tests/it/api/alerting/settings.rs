//! Patterns, routes, silences, inhibitions and maintenance windows are laid down, changed and removed.

use serde_json::{Value, json};
use stentor::alert::observation::Observation;

use super::{fires, id, silence};
use crate::api::{Program, expect_problem, problem};
use crate::databases::on_each_database;

/// Every kind: where it is, what one says, and what is then other about it.
fn every_kind() -> [(&'static str, Value, Value); 5] {
    let window = json!({
        "name": "Release", "matchers": [{"name": "env", "value": "prod.*", "isRegex": true}],
        "starts_at": "2026-09-21T14:00:00Z", "ends_at": "2026-09-21T15:00:00.5Z",
    });
    [
        (
            "alert-patterns",
            json!({"labels": ["service", "env"], "window_minutes": 30}),
            json!({"note": "By service", "active": false}),
        ),
        (
            "alert-routes",
            json!({"name": "Database", "severity": {"critical": "Major"}}),
            json!({"opens": "triage", "invite": ["U0ALICE"]}),
        ),
        ("silences", silence(), json!({"comment": "A ticket is open"})),
        (
            "inhibitions",
            json!({"source": [{"name": "check", "value": "Down"}], "target": [{"name": "check", "value": "Slow"}]}),
            json!({"equal": ["host"]}),
        ),
        ("maintenance-windows", window, json!({"name": "Another release"})),
    ]
}

fn with(mut value: Value, change: &Value) -> Value {
    value.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    value
}

on_each_database! {
    async fn each_is_made_shown_replaced_and_removed(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        for (kind, says, change) in every_kind() {
            let path = format!("/api/v1/{kind}");
            assert_eq!(ci.get(&path).await.expect(200), json!({"items": [], "next_cursor": null}));
            let answer = ci.post(&path, &[], &says).await;
            let made = answer.expect(201);
            let item = format!("{path}/{}", id(&made));
            assert_eq!(answer.header("location"), item);
            for (name, value) in says.as_object().unwrap() {
                if !name.ends_with("matchers") && !["source", "target"].contains(&name.as_str()) {
                    assert_eq!(made[name], *value, "{kind} {name}");
                }
            }
            assert_eq!(made["created_at"], ci.app.clock.now().to_string());
            assert_eq!(ci.get(&item).await.expect(200), made);
            // What was shown can be sent back, with a change.
            ci.app.clock.advance(std::time::Duration::from_secs(1));
            let replaced = ci.put(&item, &with(made.clone(), &change)).await.expect(200);
            assert_eq!(replaced["updated_at"], ci.app.clock.now().to_string());
            let expected = with(with(made.clone(), &change), &json!({"updated_at": replaced["updated_at"]}));
            assert_eq!(replaced, expected, "{kind}");
            assert_eq!(ci.get(&path).await.expect(200)["items"], json!([replaced]));
            assert_eq!(ci.delete(&item).await.status.as_u16(), 204);
            let code = format!("no-such-{}", kind.strip_suffix('s').unwrap());
            for answer in [ci.get(&item).await, ci.delete(&item).await, ci.put(&item, &says).await] {
                expect_problem(&answer, 404, &code, None);
            }
            assert_eq!(ci.get(&path).await.expect(200)["items"], json!([]), "nothing came back");
        }
    }

    async fn one_kinds_id_is_no_other_kinds(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let made = ci.post("/api/v1/silences", &[], &silence()).await.expect(201);
        let path = format!("/api/v1/inhibitions/{}", id(&made));
        expect_problem(&ci.get(&path).await, 404, "no-such-inhibition", None);
        expect_problem(&ci.delete(&path).await, 404, "no-such-inhibition", None);
        ci.get(&format!("/api/v1/silences/{}", id(&made))).await.expect(200);
        for name in ["%00", "%ff", "a%2Fb", "x"] {
            expect_problem(&ci.get(&format!("/api/v1/silences/{name}")).await, 404, "no-such-silence", None);
        }
    }

    async fn what_is_laid_down_counts_at_once(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let source = ci.monitor("prod").await;
        ci.post("/api/v1/silences", &[], &silence()).await.expect(201);
        ci.hears(&source, vec![fires("Latency", "checkout"), fires("Latency", "cart")]).await;
        ci.settles().await;
        let incidents = ci.get("/api/v1/incidents").await.expect(200);
        assert_eq!(incidents["incidents"].as_array().unwrap().len(), 1);
        let silenced = ci.get("/api/v1/silences").await.expect(200)["items"][0].clone();
        ci.delete(&format!("/api/v1/silences/{}", id(&silenced))).await;
        ci.settles().await;
        let incidents = ci.get("/api/v1/incidents").await.expect(200);
        assert_eq!(incidents["incidents"].as_array().unwrap().len(), 2);
        // A route that opens nothing.
        ci.post("/api/v1/alert-routes", &[], &json!({"name": "Quiet", "opens": "never"})).await.expect(201);
        let mut said = fires("Latency", "search");
        said.labels.insert("env".to_owned(), "prod".to_owned());
        ci.hears(&source, vec![said]).await;
        ci.settles().await;
        let incidents = ci.get("/api/v1/incidents").await.expect(200);
        assert_eq!(incidents["incidents"].as_array().unwrap().len(), 2);
        let route = json!({"name": "Of another source", "opens": "at_once", "position": -1, "source": source.id});
        ci.post("/api/v1/alert-routes", &[], &route).await.expect(201);
        ci.hears(&source, vec![Observation::firing("k", "Alone")]).await;
        ci.settles().await;
        let incidents = ci.get("/api/v1/incidents").await.expect(200);
        assert_eq!(incidents["incidents"][0]["name"], "Alone");
    }

    async fn expressions_choose_patterns_and_routes(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let source = ci.monitor("prod").await;
        let pattern = json!({"labels": ["service"], "window_minutes": 30, "filter": "check = Latency"});
        ci.post("/api/v1/alert-patterns", &[], &pattern).await.expect(201);
        let route = json!({"name": "Quiet", "opens": "never", "filter": "source_system = datadog.prod AND service IN [cart, search]"});
        ci.post("/api/v1/alert-routes", &[], &route).await.expect(201);
        let all = [("Latency", "checkout"), ("Latency", "checkout2"), ("Errors", "checkout"), ("Latency", "cart")];
        ci.hears(&source, all.into_iter().map(|(name, service)| fires(name, service)).collect()).await;
        ci.settles().await;
        let all = ci.alerts("").await;
        assert_ne!(all[0]["group"], all[2]["group"], "the pattern is not for errors");
        assert_eq!(all[3]["incident"], Value::Null);
        assert!(all[..3].iter().all(|alert| alert["incident"] != Value::Null), "{all:?}");
    }

    async fn many_are_listed_page_by_page_and_there_is_a_most(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        for n in 0..7 {
            ci.app.clock.advance(std::time::Duration::from_millis(n % 2));
            ci.post("/api/v1/silences", &[], &with(silence(), &json!({"comment": n.to_string()}))).await.expect(201);
        }
        let (mut seen, mut cursor) = (std::collections::BTreeSet::new(), String::new());
        for pages in 1.. {
            let page = ci.get(&format!("/api/v1/silences?limit=3{cursor}")).await.expect(200);
            for item in page["items"].as_array().unwrap() {
                assert!(seen.insert(item["comment"].as_str().unwrap().to_owned()));
            }
            let Some(next) = page["next_cursor"].as_str() else {
                assert_eq!(pages, 3);
                break;
            };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen.len(), 7);
        let elsewhere = ci.get(&format!("/api/v1/inhibitions?limit=3{cursor}")).await;
        expect_problem(&elsewhere, 400, "bad-parameter", Some("cursor"));
        expect_problem(&ci.get("/api/v1/silences?state=active").await, 400, "bad-parameter", Some("state"));
        let first = id(&ci.get("/api/v1/silences?limit=1").await.expect(200)["items"][0]);
        let mut tx = ci.app.db.begin().await.unwrap();
        for n in 8..=1_000 {
            tx.query(
                "INSERT INTO alert_setting (workspace, kind, id, body, created_at, updated_at)
                 SELECT workspace, kind, $2, body, 0, 0 FROM alert_setting WHERE workspace = $1 AND id = $3",
            )
            .bind(ci.app.workspace.clone())
            .bind(format!("copy {n}"))
            .bind(first.clone())
            .execute()
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
        expect_problem(&ci.post("/api/v1/silences", &[], &silence()).await, 409, "too-many", None);
    }

    async fn one_sent_again_is_made_once(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let key = [("idempotency-key", "silence/1")];
        let mut asked = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let ci = ci.clone();
            asked.spawn(async move { ci.post("/api/v1/silences", &key, &silence()).await.expect(201) });
        }
        let answers = asked.join_all().await;
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        let all = ci.get("/api/v1/silences").await.expect(200);
        assert_eq!(all["items"].as_array().unwrap().len(), 1);
        // The same key for another kind is another wish.
        let [pattern, ..] = every_kind();
        ci.post("/api/v1/alert-patterns", &key, &pattern.1).await.expect(201);
        ci.post("/api/v1/silences", &[], &silence()).await.expect(201);
        let all = ci.get("/api/v1/silences").await.expect(200);
        assert_eq!(all["items"].as_array().unwrap().len(), 2);
    }

    async fn what_can_not_be_meant_is_refused_with_its_field(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let [pattern, route, silence, inhibition, window] = every_kind().map(|(_, says, _)| says);
        let matcher = |name: &str, value: &str, is_regex: bool| json!([{"name": name, "value": value, "isRegex": is_regex}]);
        let long = "x".repeat(3_001);
        let many = Value::Array(vec![json!({"name": "a", "value": "b"}); 33]);
        let bad: Vec<(&str, Value, Value, &str)> = vec![
            ("alert-patterns", pattern.clone(), json!({"labels": []}), "labels"),
            ("alert-patterns", pattern.clone(), json!({"labels": ["a", "b", "c", "d", "e", "f"]}), "labels"),
            ("alert-patterns", pattern.clone(), json!({"labels": ["a", "a"]}), "labels"),
            ("alert-patterns", pattern.clone(), json!({"labels": [""]}), "labels"),
            ("alert-patterns", pattern.clone(), json!({"labels": ["x".repeat(257)]}), "labels"),
            ("alert-patterns", pattern.clone(), json!({"labels": "service"}), "labels"),
            ("alert-patterns", pattern.clone(), json!({"window_minutes": 0}), "window_minutes"),
            ("alert-patterns", pattern.clone(), json!({"window_minutes": 10_081}), "window_minutes"),
            ("alert-patterns", pattern.clone(), json!({"window_minutes": -1}), "window_minutes"),
            ("alert-patterns", pattern.clone(), json!({"note": long}), "note"),
            ("alert-patterns", pattern.clone(), json!({"source": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}), "source"),
            ("alert-patterns", pattern.clone(), json!({"filter": "a = ("}), "filter"),
            ("alert-patterns", pattern.clone(), json!({"windowMinutes": 1}), "windowMinutes"),
            ("alert-routes", route.clone(), json!({"name": ""}), "name"),
            ("alert-routes", route.clone(), json!({"name": "x".repeat(101)}), "name"),
            ("alert-routes", route.clone(), json!({"opens": "sometimes"}), "opens"),
            ("alert-routes", route.clone(), json!({"least": "bad"}), "least"),
            ("alert-routes", route.clone(), json!({"after_alerts": 0}), "after_alerts"),
            ("alert-routes", route.clone(), json!({"after_minutes": 10_081}), "after_minutes"),
            ("alert-routes", route.clone(), json!({"group_wait_seconds": 3_601}), "group_wait_seconds"),
            ("alert-routes", route.clone(), json!({"most_alerts": 0}), "most_alerts"),
            ("alert-routes", route.clone(), json!({"reopen_window_minutes": 50_000}), "reopen_window_minutes"),
            ("alert-routes", route.clone(), json!({"severity": {"critical": "Purple"}}), "severity"),
            ("alert-routes", route.clone(), json!({"severity": {"bad": "Major"}}), "severity"),
            ("alert-routes", route.clone(), json!({"incident_type": "Purple"}), "incident_type"),
            ("alert-routes", route.clone(), json!({"lead": "bea"}), "lead"),
            ("alert-routes", route.clone(), json!({"invite": ["U0ALICE", "bea"]}), "invite"),
            ("alert-routes", route.clone(), json!({"invite": vec!["U0ALICE"; 101]}), "invite"),
            ("alert-routes", route.clone(), json!({"matchers": matcher("a", "(", true)}), "matchers"),
            ("silences", silence.clone(), json!({"matchers": []}), "matchers"),
            ("silences", silence.clone(), json!({"matchers": matcher("a", "", false)}), "matchers"),
            ("silences", silence.clone(), json!({"matchers": matcher("a", ".*", true)}), "matchers"),
            ("silences", silence.clone(), json!({"matchers": matcher("", "b", false)}), "matchers"),
            ("silences", silence.clone(), json!({"matchers": matcher("a", "(a{999}){999}{999}", true)}), "matchers"),
            ("silences", silence.clone(), json!({"matchers": many}), "matchers"),
            ("silences", silence.clone(), json!({"matchers": [{"name": "a"}]}), "value"),
            ("silences", silence.clone(), json!({"ends_at": "2026-09-21T14:00:00Z"}), "ends_at"),
            ("silences", silence.clone(), json!({"ends_at": "tomorrow"}), "ends_at"),
            ("silences", silence.clone(), json!({"starts_at": 5}), "starts_at"),
            ("silences", silence.clone(), json!({"created_by": "x".repeat(257)}), "created_by"),
            ("silences", silence.clone(), json!({"comment": long}), "comment"),
            ("silences", silence.clone(), json!({"annotations": {"a": "x".repeat(2_049)}}), "annotations"),
            ("inhibitions", inhibition.clone(), json!({"source": []}), "source"),
            ("inhibitions", inhibition.clone(), json!({"target": []}), "target"),
            ("inhibitions", inhibition.clone(), json!({"target": matcher("a", "[", true)}), "target"),
            ("inhibitions", inhibition.clone(), json!({"equal": vec!["a"; 33]}), "equal"),
            ("maintenance-windows", window.clone(), json!({"name": ""}), "name"),
            ("maintenance-windows", window.clone(), json!({"matchers": []}), "matchers"),
            ("maintenance-windows", window.clone(), json!({"ends_at": "2026-09-21T13:00:00Z"}), "ends_at"),
            ("maintenance-windows", window.clone(), json!({"repeats": {"every": "day", "duration_seconds": 59}}), "repeats.duration_seconds"),
            ("maintenance-windows", window.clone(), json!({"repeats": {"every": "week", "duration_seconds": 604_801}}), "repeats.duration_seconds"),
            ("maintenance-windows", window.clone(), json!({"repeats": {"every": "day", "duration_seconds": 60, "time_zone": "Mars/Olympus"}}), "repeats.time_zone"),
        ];
        for (kind, says, change, field) in bad {
            let answer = ci.post(&format!("/api/v1/{kind}"), &[], &with(says, &change)).await;
            let (code, named) = problem(&answer, 422);
            assert_eq!((code.as_str(), named.as_deref()), ("invalid-body", Some(field)), "{kind} {change}: {}", answer.text);
        }
        for (kind, ..) in every_kind() {
            let path = format!("/api/v1/{kind}");
            problem(&ci.post(&path, &[], &json!({})).await, 422);
            expect_problem(&ci.post_raw(&path, "application/json", "{").await, 400, "malformed-json", None);
            expect_problem(&ci.post_raw(&path, "text/plain", "{}").await, 415, "unsupported-media-type", None);
            assert_eq!(ci.get(&path).await.expect(200)["items"], json!([]), "{kind}");
        }
        // A character that Postgres keeps in no text is refused on both.
        let nul = ci.post("/api/v1/silences", &[], &with(silence, &json!({"comment": "a\u{0}b"}))).await;
        expect_problem(&nul, 422, "invalid-body", None);
    }
}

//! Telmai's incidents API, as a program that speaks it meets it.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use stentor::engine::order::{Order, Target};
use stentor::ids::TeamId;
use stentor::incident::command::{Command, Declare};
use stentor::incident::event::{Actor, Via};
use stentor::incident::origin::Origin;
use stentor::store::workspaces;

use super::Program;
use crate::databases::on_each_database;
use crate::http::Answer;

const ROOT: &str = "/telmai/api/backend/default";
const DAY: Duration = Duration::from_secs(24 * 3_600);
const HOUR: Duration = Duration::from_secs(3_600);

impl Program {
    async fn telmai(&self, path: &str) -> Answer {
        self.get(&format!("{ROOT}{path}")).await
    }

    /// An incident that alerts opened, whose first one has these labels.
    async fn violated(&self, severity: Option<&str>, labels: &[(&str, &str)]) -> i64 {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let declare = Declare {
            name: "Rows are missing".to_owned(),
            severity: severity.map(str::to_owned),
            origin: Some(Origin { source: "01SOURCE".into(), labels: labels.collect() }),
            ..Declare::default()
        };
        let order = Order {
            workspace: self.app.workspace.clone(),
            receipt: None,
            target: Target::New,
            actor: Actor::Stentor,
            through: None,
            via: Via::Delivery,
            command: Command::Declare(declare),
            expected_version: None,
        };
        self.app.engine.submit(order).await.unwrap().incident.number
    }

    async fn ids(&self, query: &str) -> Vec<i64> {
        let listed = self.telmai(&format!("/incidents{query}")).await.expect(200);
        let listed = listed.as_array().unwrap();
        listed.iter().map(|incident| incident["id"].as_i64().unwrap()).collect()
    }
}

/// Checks that an answer is a problem document, and returns the parameters it names.
fn problem(answer: &Answer, status: u16) -> Vec<String> {
    let body = answer.expect(status);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(body["status"], status);
    for text in ["type", "title", "detail"] {
        assert!(body[text].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    }
    let errors = body["errors"].as_array().unwrap().iter();
    errors.map(|error| error["parameter"].as_str().unwrap().to_owned()).collect()
}

const FULL: [(&str, &str); 9] = [
    ("project", "24"),
    ("asset", "5x0e34yk1re4"),
    ("asset_name", "CUSTOMER_ORDERS"),
    ("policy", "4"),
    ("policy_name", "Test_Policy"),
    ("connection", "conn-123"),
    ("connection_type", "GCS"),
    ("impact", "high"),
    ("tags", "T1,PROD"),
];

on_each_database! {
    async fn a_list_shows_what_is_known(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let mut labels = FULL.to_vec();
        labels.push(("ticket", "2411"));
        ci.violated(Some("critical"), &labels).await;
        ci.declares("Checkout is slow").await;
        let answer = ci.telmai("/incidents").await;
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
        let listed = answer.expect(200);
        assert_eq!(listed[1], json!({
            "id": 1, "project_id": 24, "asset_id": "5x0e34yk1re4",
            "last_upload_timestamp": "2026-09-21T14:13:20.000Z", "created_time": "2026-09-21T14:13:20.000Z",
            "severity": "HIGH", "impact": "HIGH", "status": "OPEN", "ticket_id": 2411,
            "alert_policy_id": "4", "alert_policy_name": "Test_Policy", "description": "Rows are missing",
            "tags": ["T1", "PROD"],
        }));
        assert_eq!(listed[0], json!({
            "id": 2, "project_id": 0, "asset_id": "",
            "last_upload_timestamp": "2026-09-21T14:13:20.000Z", "created_time": "2026-09-21T14:13:20.000Z",
            "severity": "", "impact": "", "status": "OPEN", "ticket_id": null,
            "alert_policy_id": "", "alert_policy_name": "", "description": "Checkout is slow", "tags": [],
        }));
        let alone = ci.telmai("/incidents/1").await.expect(200);
        assert_eq!(alone.get("created_time"), None);
        assert_eq!(alone["ticket_id"], 2411);
        assert_eq!(alone["metrics"], json!([]));
        assert_eq!(alone["history"][0]["state"], "NEW");
    }

    async fn every_filter_filters(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        assert_eq!(ci.telmai("/incidents").await.text, "[]");
        ci.violated(Some("critical"), &FULL).await;
        ci.app.clock.advance(DAY);
        ci.violated(Some("minor"), &[("project", "7"), ("impact", "LOW"), ("connection", "conn-456")]).await;
        ci.app.clock.advance(DAY);
        ci.declares("Checkout is slow").await;
        for (query, ids) in [
            ("", vec![3, 2, 1]),
            ("?project_ids=24", vec![1]),
            ("?project_ids=24,7", vec![2, 1]),
            ("?project_ids=24&project_ids=7&severities=LOW", vec![2]),
            ("?project_ids=0", vec![3]),
            ("?connection_types=GCS,BIGQUERY", vec![1]),
            ("?alert_policy_ids=4,5", vec![1]),
            ("?severities=high,%20Low", vec![2, 1]),
            ("?severities=MEDIUM", vec![]),
            ("?severities=", vec![3, 2, 1]),
            ("?impacts=HIGH", vec![1]),
            ("?impacts=low,medium", vec![2]),
            ("?connection_ids=conn-123,conn-456", vec![2, 1]),
            ("?from_time=2026-09-22T14:13:20Z", vec![3, 2]),
            ("?to_time=2026-09-22T14:13:20", vec![1]),
            ("?from_time=2026-09-22T00:00:00&to_time=2026-09-23T16:13:20+02:00", vec![2]),
            ("?text_to_search=test_pol", vec![1]),
            ("?text_to_search=orders", vec![1]),
            ("?text_to_search=01source", vec![2]),
            ("?text_to_search=%25", vec![]),
            ("?unknown=1", vec![3, 2, 1]),
        ] {
            assert_eq!(ci.ids(query).await, ids, "{query}");
        }
        let answer = ci
            .telmai("/incidents?severities=BAD&project_ids=1,x&from_time=now&impacts=LOW")
            .await;
        assert_eq!(problem(&answer, 400), ["project_ids", "severities", "from_time"]);
        let answer = ci.telmai("/incidents?from_time=2026-09-22T00:00:00Z&to_time=2026-09-21T00:00:00Z").await;
        assert_eq!(problem(&answer, 400), ["from_time"]);
    }

    /// More than are sent at once, and private ones between them that leave no trace.
    async fn a_long_list_comes_whole(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let hidden = ci.another("hidden").await;
        for n in 1..=450 {
            if n % 9 == 0 {
                let body = json!({"name": "Not for ci", "private": true});
                hidden.post("/api/v1/incidents", &[], &body).await.expect(201);
            } else {
                ci.declares("x").await;
            }
        }
        let shown: Vec<i64> = (1..=450).rev().filter(|n| n % 9 != 0).collect();
        assert_eq!(ci.ids("").await, shown);
        problem(&ci.telmai("/incidents/9").await, 404);
        assert_eq!(hidden.telmai("/incidents/9").await.expect(200)["id"], 9);
        assert_eq!(ci.telmai("/incidents/summary").await.expect(200)["total"], 400);
        assert_eq!(hidden.telmai("/incidents/summary").await.expect(200)["total"], 450);
    }

    async fn days_are_counted(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.violated(Some("critical"), &FULL).await;
        ci.violated(None, &[("impact", "LOW")]).await;
        ci.app.clock.advance(2 * DAY);
        ci.violated(Some("critical"), &[]).await;
        let shown = ci.telmai("/incidents/distribution").await.expect(200);
        assert_eq!(shown, json!({"incidents": [
            {"date": "2026-09-21", "counts": {"LOW": 0, "MEDIUM": 0, "HIGH": 1, "": 1},
                "counts_by_impact": {"LOW": 1, "MEDIUM": 0, "HIGH": 1}},
            {"date": "2026-09-23", "counts": {"LOW": 0, "MEDIUM": 0, "HIGH": 1},
                "counts_by_impact": {"LOW": 0, "MEDIUM": 0, "HIGH": 0, "": 1}},
        ]}));
        let query = "?from_time=2026-09-20T00:00:00Z&to_time=2026-09-23T00:00:00Z&severities=HIGH";
        let shown = ci.telmai(&format!("/incidents/distribution{query}")).await.expect(200);
        let shown = shown["incidents"].as_array().unwrap();
        let found: Vec<_> = shown.iter().map(|day| (day["date"].as_str().unwrap(), &day["counts"]["HIGH"])).collect();
        assert_eq!(found, [("2026-09-20", &json!(0)), ("2026-09-21", &json!(1)), ("2026-09-22", &json!(0))]);
        let none = ci.telmai("/incidents/distribution?project_ids=99").await.expect(200);
        assert_eq!(none, json!({"incidents": []}));
    }

    async fn sums_are_right(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        for tags in ["T1", "T1,prod", "prod", ""] {
            ci.violated(None, &[("tags", tags)]).await;
        }
        // Two are over, after two and after five hours, within the last 30 days; one long before.
        ci.app.clock.advance(2 * HOUR);
        ci.commands("1", json!({"type": "close"})).await.expect(200);
        ci.app.clock.advance(3 * HOUR);
        ci.commands("2", json!({"type": "close"})).await.expect(200);
        // What ends at this very moment is not over before it.
        ci.app.clock.advance(std::time::Duration::from_secs(1));
        let answer = ci.telmai("/incidents/summary").await;
        assert_eq!(answer.expect(200), json!({
            "total": 4, "open": 2, "closed": 2, "mean_time_to_resolve": 4, "previous_mean_time_to_resolve": 0,
            "open_by_tag": {"prod": 1}, "closed_by_tag": {"T1": 2, "prod": 1},
        }));
        let tag = answer.header("etag").to_owned();
        let headers = [("authorization", ci.authorization.as_str()), ("if-none-match", tag.as_str())];
        let again = ci.server.get(&format!("{ROOT}/incidents/summary"), &headers).await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
        ci.app.clock.advance(40 * DAY);
        ci.commands("3", json!({"type": "close"})).await.expect(200);
        ci.app.clock.advance(std::time::Duration::from_secs(1));
        let sum = ci.telmai("/incidents/summary").await.expect(200);
        assert_eq!(sum["mean_time_to_resolve"], 40 * 24 + 5);
        assert_eq!(sum["previous_mean_time_to_resolve"], 4);
        // What is reopened is not over.
        ci.commands("3", json!({"type": "reopen"})).await.expect(200);
        let sum = ci.telmai("/incidents/summary").await.expect(200);
        assert_eq!((&sum["mean_time_to_resolve"], &sum["open"]), (&json!(0), &json!(2)));
        // Filters are those of the list, and one tag is never counted more often than all are.
        let sum = ci.telmai("/incidents/summary?project_ids=99").await.expect(200);
        assert_eq!((&sum["total"], &sum["open_by_tag"]), (&json!(0), &json!({})));
    }

    async fn doors_are_closed_to_strangers(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.declares("x").await;
        let without = ci.server.get(&format!("{ROOT}/incidents"), &[]).await;
        problem(&without, 401);
        assert!(without.header("www-authenticate").starts_with("Bearer"));
        for path in ["/telmai/api/backend/other/incidents", "/telmai/api/backend/default/nothing", "/telmai/x"] {
            problem(&ci.get(path).await, 404);
        }
        for id in ["2", "x", "-1", "99999999999999999999", "1.0"] {
            problem(&ci.telmai(&format!("/incidents/{id}")).await, 404);
        }
        for (path, allowed) in [("/incidents", "GET"), ("/configuration/alerts/by_filters", "POST")] {
            let headers = [("authorization", ci.authorization.as_str())];
            let answer = ci.server.send(Method::DELETE, &format!("{ROOT}{path}"), &headers, "").await;
            problem(&answer, 405);
            assert!(answer.header("allow").contains(allowed), "{answer:?}");
        }
        // As soon as there is another tenant, `default` is only who is called so.
        let (id, team) = ("01OTHER".into(), TeamId::from("T0OTHER"));
        let mut tx = ci.app.db.begin().await.unwrap();
        assert!(workspaces::create(&mut tx, &id, "other", &team, ci.app.clock.now()).await.unwrap());
        tx.commit().await.unwrap();
        ci.telmai("/incidents").await.expect(200);
        problem(&ci.get("/telmai/api/backend/other/incidents").await, 404);
    }

    async fn who_asks_too_often_waits(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        for _ in 0..120 {
            ci.telmai("/incidents").await.expect(200);
        }
        let refused = ci.telmai("/incidents").await;
        problem(&refused, 429);
        assert_eq!(refused.header("retry-after"), "1");
        ci.another("other").await.telmai("/incidents").await.expect(200);
        ci.app.clock.advance(Duration::from_secs(1));
        ci.telmai("/incidents").await.expect(200);
    }

    async fn a_body_is_looked_at(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let path = format!("{ROOT}/configuration/alerts/by_filters");
        let post = async |body: Value| ci.post(&path, &[], &body).await;
        assert_eq!(problem(&post(json!({})).await, 400), ["sources"]);
        assert_eq!(problem(&post(json!({"sources": ["a"], "upload_dates": ["x"]})).await, 400), ["upload_dates"]);
        let many: Vec<String> = (0..10_001).map(|n| n.to_string()).collect();
        assert_eq!(problem(&post(json!({"sources": many})).await, 400), ["sources"]);
        problem(&ci.post_raw(&path, "application/json", "{").await, 400);
        problem(&ci.post_raw(&path, "application/json", vec![b' '; 1024 * 1024 + 1]).await, 413);
        assert_eq!(post(json!({"sources": ["nobody"], "more": 1})).await.expect(200), json!([]));
    }
}

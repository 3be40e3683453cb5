//! Programs look for incidents, and look at them.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::{ALL, Panda, failed};
use crate::bot::ALICE;
use crate::databases::on_each_database;

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn set(words: &str) -> BTreeSet<&str> {
    words.split_whitespace().collect()
}

on_each_database! {
    async fn incidents_are_found_and_shown(fresh: Fresh) {
        let panda = Panda::with_trouble(&fresh).await;
        let found = panda.get(ALL).await.expect(200);
        assert_eq!(keys(&found), set("total items"));
        assert_eq!((&found["total"], found["items"].as_array().unwrap().len()), (&json!(2), 2));
        let incident = found["items"].as_array().unwrap().iter().find(|one| one["severity"] == "critical").unwrap();
        assert_eq!(keys(incident), set(
            "id status active severity flapping shared snooze maintenance start changed_at updated_at end alerts
             environments folders incident_tags correlation_matchers_log",
        ));
        assert_eq!((&incident["status"], &incident["active"], &incident["end"]), (&json!("critical"), &json!(true), &Value::Null));
        assert_eq!(incident["snooze"], json!({"snoozed": false, "end_time": null, "cancel_on_incident_updates": false}));
        assert_eq!(incident["environments"], json!(["all"]));
        assert_eq!(incident["folders"], json!(["active", "shared", "unhandled"]));
        assert_eq!(incident["start"], 1_790_000_000);
        assert!(incident["updated_at"].as_i64() >= incident["changed_at"].as_i64());
        let ids: Vec<Value> = panda.alerts().await[..2].iter().map(|id| json!({"alert_id": id})).collect();
        assert_eq!(incident["alerts"], json!(ids));
        assert_eq!(incident["correlation_matchers_log"][0][0], json!({
            "correlation_id": "usual-service", "time_window": 7_200, "tags": [{"name": "service", "value": "checkout"}],
        }));
        let shown = panda.shown(1).await;
        let alert = &shown["alerts"][0];
        assert_eq!(keys(alert), set(
            "id status active startedOn changedOn updatedOn endedOn primary_property secondary_property source_system
             description tags",
        ));
        assert!(alert["source_system"].as_str().unwrap().starts_with("bigpanda."));
        assert_eq!((&alert["primary_property"], &alert["secondary_property"]), (&json!("service"), &json!("check")));
        // The number that people know will do as well.
        assert_eq!(panda.get(&format!("{ALL}/INC-1?expand=alerts")).await.expect(200), shown);
        let alerts = panda.get(&format!("{ALL}/1/alerts?page_size=1&page=2")).await.expect(200);
        assert_eq!((&alerts["total"], &alerts["items"][0]["status"]), (&json!(2), &json!("warning")));
        let first = panda.get("/v1.0/incidents/1").await.expect(200);
        assert_eq!((&first["resolved"], &first["startedOn"], &first["endedOn"]), (&json!(false), &shown["start"], &Value::Null));
        assert_eq!(first["snooze"], json!({"snoozed": false, "wake": null, "autoCancel": false}));
    }

    async fn a_search_is_narrowed_ordered_and_paged(fresh: Fresh) {
        let panda = Panda::with_trouble(&fresh).await;
        panda.bot.declares("By hand").await;
        panda.bot.says(ALICE, crate::bot::GENERAL, "INC-2 resolve Over").await;
        panda.bot.settle().await;
        let severities = async |query: &str| {
            let found = panda.get(&format!("{ALL}?{query}")).await.expect(200);
            let items = found["items"].as_array().unwrap().iter();
            let words: Vec<String> = items.map(|one| one["severity"].as_str().unwrap().to_owned()).collect();
            (found["total"].as_u64().unwrap(), words.join(" "))
        };
        for (query, expected) in [
            ("query=*", (3, "warning unknown critical")),
            ("sort_by=status", (3, "critical unknown warning")),
            ("sort_by=start", (3, "unknown warning critical")),
            ("sort_by=alerts&page_size=1", (3, "critical")),
            ("sort_by=alerts&page_size=1&page=2", (3, "warning")),
            ("page=4&page_size=1", (3, "")),
            ("page=10000&page_size=100", (3, "")),
            ("query=service+%3D+check*", (1, "critical")),
            ("query=check+IN+%5BLatency%5D+AND+status+%3D+critical", (1, "critical")),
            ("query=by+AND+hand", (1, "unknown")),
            ("query=source_system+%3D+bigpanda.*&folder=active", (1, "critical")),
            ("query=%22checkout%3A+Err%22", (1, "critical")),
            ("folder=resolved", (1, "warning")),
            ("folder=snoozed", (0, "")),
            ("folder=shared&sort_by=start", (3, "unknown warning critical")),
            ("to=1790000010", (1, "critical")),
            ("from=1790000010&to=1790000020", (1, "critical")),
            ("from=1790009999&to=1790009999&folder=resolved", (0, "")),
            ("from=1790009999&to=1790009999", (2, "unknown critical")),
            ("to=1789999999", (0, "")),
        ] {
            let (total, words) = expected;
            assert_eq!(severities(query).await, (total, words.to_owned()), "{query}");
        }
    }

    async fn what_can_not_be_asked_is_refused(fresh: Fresh) {
        let panda = Panda::with_trouble(&fresh).await;
        let long = format!("{ALL}?query={}", "x".repeat(2_001));
        for (path, status) in [
            (format!("{ALL}?expand=alerts&page_size=11"), 400), (format!("{ALL}?expand=tags"), 400),
            (format!("{ALL}?query=host+%3D"), 400), (format!("{ALL}?query=(("), 400), (long, 400),
            (format!("{ALL}?from=x"), 400), (format!("{ALL}?from=1790000000000"), 400), (format!("{ALL}?to=-1"), 400),
            (format!("{ALL}?from=2&to=1"), 400), (format!("{ALL}?sort_by=name"), 400), (format!("{ALL}?folder=Active"), 400),
            (format!("{ALL}?page=0"), 400), (format!("{ALL}?page_size=101"), 400), (format!("{ALL}?page=1&page=2"), 400),
            (format!("{ALL}?unknown=1"), 400), (format!("{ALL}?query=%ff"), 400),
            ("/v2.0/environments/none/incidents".to_owned(), 404), (format!("{ALL}/INC-9"), 404), (format!("{ALL}/x%00"), 404),
            (format!("{ALL}/60a4ee83bb7d9d046b8d7a93"), 404), ("/v2.0/incidents/INC-9/activities".to_owned(), 404),
            ("/v2.0/incidents/INC-1/activities?types=exploded".to_owned(), 400), ("/v1.0/incidents/INC-9".to_owned(), 404),
            ("/v2.0/incidents/INC-1/activities?per_page=0".to_owned(), 400), ("/v3/x".to_owned(), 404),
        ] {
            failed(&panda.get(&path).await, status);
        }
        assert_eq!(failed(&panda.get("/x").await, 404), "Route /resources/x is not found");
        let answer = panda.delete(ALL).await;
        failed(&answer, 405);
        assert!(answer.header("allow").contains("GET"));
        // Whoever shows no token, or a wrong one.
        for authorization in ["", "Bearer stn_wrong", "Basic eA=="] {
            let path = format!("/bigpanda/resources{ALL}");
            let answer = panda.server.send(Method::GET, &path, &[("authorization", authorization)], "").await;
            failed(&answer, 401);
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
        }
    }

    async fn nobody_asks_more_often_than_five_times_a_second(fresh: Fresh) {
        let panda = Panda::start(&fresh).await;
        for _ in 0..5 {
            panda.sends_at_once(Method::GET, ALL, String::new()).await.expect(200);
        }
        let answer = panda.sends_at_once(Method::GET, ALL, String::new()).await;
        failed(&answer, 429);
        assert_eq!(answer.header("retry-after"), "1");
        // Other endpoints, and other programs, have their own turns.
        panda.sends_at_once(Method::GET, "/v2.0/environments", String::new()).await.expect(200);
        let other = panda.another().await;
        let path = format!("/bigpanda/resources{ALL}");
        let answer = panda.server.send(Method::GET, &path, &[("authorization", &other)], "").await;
        answer.expect(200);
        panda.bot.clock.advance(Duration::from_secs(1));
        panda.sends_at_once(Method::GET, ALL, String::new()).await.expect(200);
    }

    /// What is private is in no search of another program, nor can it be named.
    async fn private_incidents_are_hidden(fresh: Fresh) {
        let panda = Panda::start(&fresh).await;
        let other = panda.another().await;
        let headers = [("authorization", other.as_str())];
        panda.server.post("/api/v1/incidents", &headers, &json!({"name": "Secret", "private": true})).await.expect(201);
        assert_eq!(panda.get(ALL).await.expect(200), json!({"total": 0, "items": []}));
        let id = panda.bot.incident(1).await.id;
        for path in [format!("{ALL}/{id}"), format!("{ALL}/1/tags"), format!("/v1.0/incidents/{id}"), format!("/v2.0/incidents/{id}/activities")] {
            assert_eq!(failed(&panda.get(&path).await, 404), "There is no such incident here.");
        }
        failed(&panda.post(&format!("{ALL}/{id}/resolve"), json!({"comments": "x"})).await, 404);
        let path = format!("/bigpanda/resources{ALL}/{id}");
        panda.server.send(Method::GET, &path, &headers, "").await.expect(200);
    }
}

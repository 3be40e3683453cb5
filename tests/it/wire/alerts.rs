//! Alerts in the incident.io format.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Client, failure};
use crate::databases::on_each_database;

fn ids(page: &Value, plural: &str) -> Vec<String> {
    let items = page[plural].as_array().unwrap().iter();
    items.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

on_each_database! {
    async fn alerts_are_listed_filtered_and_resolved(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.program.has_trouble().await;
        let all = client.gets("/v2/alerts?page_size=50").await;
        let everything = ids(&all, "alerts");
        assert_eq!(everything.len(), 3);
        // Page by page it is the same.
        let mut paged = Vec::new();
        let mut path = "/v2/alerts?page_size=2".to_owned();
        loop {
            let page = client.gets(&path).await;
            paged.extend(ids(&page, "alerts"));
            let Some(after) = page["pagination_meta"]["after"].as_str() else { break };
            path = format!("/v2/alerts?page_size=2&after={after}");
        }
        assert_eq!(paged, everything);
        let first = all["alerts"][0].clone();
        let source = first["alert_source_id"].as_str().unwrap();
        let id = first["id"].as_str().unwrap();
        let key = first["deduplication_key"].as_str().unwrap().replace('/', "%2F");
        let group = first["alert_group_ids"][0].as_str().unwrap();
        for (filter, count) in [
            ("status[one_of]=firing".to_owned(), 3),
            ("status[not_in]=firing".to_owned(), 0),
            ("status%5Bone_of%5D=resolved".to_owned(), 0),
            (format!("alert_source[one_of]={source}"), 3),
            (format!("alert_source[not_in]={source}"), 0),
            (format!("deduplication_key[is]={key}"), 1),
            (format!("alert_group_id[one_of]={group}"), 1),
            ("created_at[gte]=2026-09-21".to_owned(), 3),
            ("created_at[lte]=2026-09-20".to_owned(), 0),
            ("created_at[date_range]=2026-09-20~2026-09-21".to_owned(), 3),
            ("updated_at[gte]=2030-01-01".to_owned(), 0),
            ("has_notes[is]=true".to_owned(), 0),
            ("has_notes[is]=false".to_owned(), 3),
            ("include_maintenance_window[is]=false".to_owned(), 3),
        ] {
            let page = client.gets(&format!("/v2/alerts?page_size=50&{filter}")).await;
            assert_eq!(ids(&page, "alerts").len(), count, "{filter}");
        }
        for (filter, field) in [
            ("status[like]=firing", "status[like]"),
            ("status[one_of]=burning", "status[one_of]"),
            ("created_at[gte]=soon", "created_at[gte]"),
            ("page_size=none", "page_size"),
        ] {
            let answer = client.asks(Method::GET, &format!("/v2/alerts?{filter}"), None).await;
            let (_, found) = failure(&answer, 422, "validation_error");
            assert_eq!(found.as_deref(), Some(field), "{filter}");
        }
        for _ in 0..2 {
            let path = format!("/v2/alerts/{id}/actions/resolve");
            let resolved = client.asks(Method::POST, &path, None).await.expect(200);
            assert_eq!(resolved["alert"]["status"], "resolved");
        }
        let shown = client.gets(&format!("/v2/alerts/{id}")).await;
        assert_eq!(shown["alert"]["resolved_at"], shown["alert"]["updated_at"]);
        for path in ["/v2/alerts/none", "/v2/alerts/01K5QGJH00000000000000000A"] {
            failure(&client.asks(Method::GET, path, None).await, 404, "not_found");
        }
    }

    async fn alerts_are_tagged(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.program.has_trouble().await;
        let all = ids(&client.gets("/v2/alerts?page_size=50").await, "alerts");
        let path = |action: &str| format!("/v2/alerts/{}/actions/{action}", all[0]);
        let names = |answer: &Value| -> Vec<String> {
            let tags = answer["alert"]["tags"].as_array().unwrap().iter();
            tags.map(|tag| tag["name"].as_str().unwrap().to_owned()).collect()
        };
        let body = json!({"tags": ["Noisy", "known"]});
        let tagged = client.posts(&path("add_tags"), &body).await.expect(200);
        assert_eq!(names(&tagged), ["Noisy", "known"]);
        // A tag that differs in case alone is the one that is there.
        let body = json!({"tags": ["NOISY"]});
        let tagged = client.posts(&path("set_tags"), &body).await.expect(200);
        assert_eq!(names(&tagged), ["Noisy"]);
        for (filter, count) in [
            ("tags[one_of]=noisy", 1),
            ("tags[all_of]=noisy&tags[all_of]=known", 0),
            ("tags[not_in]=noisy", 2),
        ] {
            let page = client.gets(&format!("/v2/alerts?page_size=50&{filter}")).await;
            assert_eq!(ids(&page, "alerts").len(), count, "{filter}");
        }
        let known = client.gets("/v2/alert_tags?search=NOI").await;
        assert_eq!(known["alert_tags"][0]["name"], "Noisy");
        let first = client.gets("/v2/alert_tags?page_size=1").await;
        let after = first["pagination_meta"]["after"].as_str().unwrap();
        let second = client.gets(&format!("/v2/alert_tags?page_size=1&after={after}")).await;
        assert_eq!(ids(&second, "alert_tags").len(), 1);
        assert_ne!(first["alert_tags"], second["alert_tags"]);
        let body = json!({"tags": ["noisy", "never seen"]});
        let tagged = client.posts(&path("remove_tags"), &body).await.expect(200);
        assert_eq!(names(&tagged), Vec::<String>::new());
        let many: Vec<String> = (0..26).map(|number| format!("tag {number}")).collect();
        for body in [json!({"tags": many}), json!({"tags": [""]}), json!({"tags": ["x".repeat(101)]})] {
            let answer = client.posts(&path("set_tags"), &body).await;
            let (_, field) = failure(&answer, 422, "validation_error");
            assert_eq!(field.as_deref(), Some("tags"));
        }
        let answer = client.posts(&path("add_tags"), &json!({})).await;
        assert_eq!(failure(&answer, 422, "validation_error").0, "is_required");
    }

    async fn alerts_are_attached_and_detached(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.program.has_trouble().await;
        let list = client.gets("/v2/incident_alerts?page_size=50").await;
        assert_eq!(ids(&list, "incident_alerts").len(), 3);
        let incidents = client.gets("/v2/incidents").await;
        let [cart, checkout] = [0, 1].map(|place| incidents["incidents"][place].clone());
        let of = |incident: &Value| format!("/v2/incident_alerts?incident_id={}", incident["id"].as_str().unwrap());
        let of_cart = client.gets(&of(&cart)).await;
        let link = of_cart["incident_alerts"][0].clone();
        assert_eq!(link["incident"]["status_category"], "active");
        let alert = link["alert"]["id"].as_str().unwrap().to_owned();
        let by_alert = client.gets(&format!("/v2/incident_alerts?alert_id={alert}")).await;
        assert_eq!(by_alert["incident_alerts"], json!([link]));
        // What is there stays as it is.
        let body = json!({"incident_id": cart["id"], "alert_id": alert});
        let same = client.posts("/v2/incident_alerts", &body).await.expect(201);
        assert_eq!(same["incident_alert"], link);
        let path = format!("/v2/incident_alerts/{}/actions/transition", link["id"].as_str().unwrap());
        client.posts(&path, &json!({"state": "unrelated"})).await.expect(200);
        assert!(ids(&client.gets(&of(&cart)).await, "incident_alerts").is_empty());
        // Somebody's word is not taken back by accident.
        let answer = client.posts("/v2/incident_alerts", &body).await;
        assert_eq!(failure(&answer, 422, "validation_error").1.as_deref(), Some("re_relate"));
        let mut again = body.clone();
        again["re_relate"] = json!(true);
        client.posts("/v2/incident_alerts", &again).await.expect(201);
        assert_eq!(ids(&client.gets(&of(&cart)).await, "incident_alerts").len(), 1);
        let elsewhere = json!({"incident_id": checkout["id"], "alert_id": alert});
        client.posts("/v2/incident_alerts", &elsewhere).await.expect(201);
        assert_eq!(ids(&client.gets(&of(&checkout)).await, "incident_alerts").len(), 3);
        for (body, status) in [
            (json!({"incident_id": "01K5QGJH00000000000000000A", "alert_id": alert}), 404),
            (json!({"incident_id": checkout["id"], "alert_id": "none"}), 404),
            (json!({"incident_id": checkout["id"]}), 422),
        ] {
            assert_eq!(client.posts("/v2/incident_alerts", &body).await.status, status, "{body}");
        }
        let answer = client.posts(&path, &json!({"state": "maybe"})).await;
        failure(&answer, 422, "validation_error");
    }
}

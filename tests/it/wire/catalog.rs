//! The catalog in the incident.io format.

use axum::http::Method;
use serde_json::json;

use super::{Client, each, failure};
use crate::databases::on_each_database;

const ENTRIES: &str = "/v3/catalog_entries?catalog_type_id=";

on_each_database! {
    async fn each_type_has_its_entries(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.knows_people().await;
        let payments = json!({"name": "Payments", "condition": "service = pay-*"});
        client.program.post("/api/v1/environments", &[], &payments).await.expect(201);
        let types = client.gets("/v3/catalog_types").await;
        assert_eq!(each(&types, "catalog_types", "id"), ["user", "severity", "incident_type", "environment"]);
        for kind in types["catalog_types"].as_array().unwrap() {
            let id = kind["id"].as_str().unwrap();
            let page = client.gets(&format!("{ENTRIES}{id}&page_size=250")).await;
            assert_eq!(page["catalog_type"], *kind);
            let entries = page["catalog_entries"].as_array().unwrap();
            assert_eq!(page["pagination_meta"]["total_record_count"], entries.len());
            // What an entry says, its type knows.
            for entry in entries {
                assert_eq!(entry["catalog_type_id"], kind["id"]);
                let known = each(&kind["schema"], "attributes", "id");
                let said = entry["attribute_values"].as_object().unwrap().keys();
                assert!(said.clone().all(|name| known.contains(&name.as_str())), "{entry}");
            }
            let all: Vec<String> =
                each(&page, "catalog_entries", "id").into_iter().map(str::to_owned).collect();
            assert!(!all.is_empty(), "{id}");
            for size in [1, 2] {
                assert_eq!(client.ids(&format!("{ENTRIES}{id}"), "catalog_entries", size).await, all);
            }
            for one in &all {
                let page = client.gets(&format!("{ENTRIES}{id}&identifier={one}")).await;
                assert_eq!(each(&page, "catalog_entries", "id"), [one.as_str()]);
                assert_eq!(page["pagination_meta"]["total_record_count"], 1);
            }
        }
        let severities = client.gets("/v1/severities").await;
        let entries = client.gets(&format!("{ENTRIES}severity")).await;
        assert_eq!(each(&entries, "catalog_entries", "id"), each(&severities, "severities", "id"));
        let resources = client.gets("/v3/catalog_resources").await;
        assert_eq!(each(&resources, "resources", "type"), ["String", "Text", "User", "Severity", "IncidentType", "Environment"]);
    }

    async fn entries_are_found_by_what_they_go_by(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.knows_people().await;
        for (filter, expected) in [
            ("user&identifier=bea%40example.com", vec!["Bea"]),
            ("user&identifier=U0BEA", vec!["Bea"]),
            ("user&identifier=Bea", vec![]),
            // Who is not there any more is no entry.
            ("user&identifier=U0EVE", vec![]),
            ("severity&identifier=major", vec!["Major"]),
            ("severity&identifier=worst", vec![]),
        ] {
            let page = client.gets(&format!("{ENTRIES}{filter}")).await;
            assert_eq!(each(&page, "catalog_entries", "name"), expected, "{filter}");
        }
        for (query, field) in [
            ("", "catalog_type_id"),
            ("?catalog_type_id=severity&page_size=x", "page_size"),
            ("?catalog_type_id=severity&after=none", "after"),
            ("?catalog_type_id=user&after=none", "after"),
        ] {
            let answer = client.asks(Method::GET, &format!("/v3/catalog_entries{query}"), None).await;
            let (_, found) = failure(&answer, 422, "validation_error");
            assert_eq!(found.as_deref(), Some(field), "{query}");
        }
        let unknown = format!("{ENTRIES}01FCNDV6P870EA6S7TK1DSYDG0");
        failure(&client.asks(Method::GET, &unknown, None).await, 404, "not_found");
        // Who people are is not part of what things are called.
        let mut other = client.limited("other", &["catalogue:read"]).await;
        other.gets(&format!("{ENTRIES}severity")).await;
        let answer = other.asks(Method::GET, &format!("{ENTRIES}user"), None).await;
        failure(&answer, 403, "resource_forbidden");
    }
}

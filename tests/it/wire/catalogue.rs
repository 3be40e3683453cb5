//! What a workspace calls things, in the incident.io format.

use axum::http::Method;

use super::{Client, failure};
use crate::databases::on_each_database;

on_each_database! {
    async fn every_list_shows_what_each_of_its_items_shows_alone(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        for (path, plural, singular) in [
            ("/v1/severities", "severities", "severity"),
            ("/v1/incident_statuses", "incident_statuses", "incident_status"),
            ("/v1/incident_roles", "incident_roles", "incident_role"),
            ("/v2/incident_roles", "incident_roles", "incident_role"),
            ("/v1/incident_types", "incident_types", "incident_type"),
            ("/v2/incident_timestamps", "incident_timestamps", "incident_timestamp"),
        ] {
            let list = client.gets(path).await;
            let items = list[plural].as_array().unwrap();
            assert!(!items.is_empty(), "{path}");
            for item in items {
                let one = client.gets(&format!("{path}/{}", item["id"].as_str().unwrap())).await;
                assert_eq!(one[singular], *item, "{path}");
            }
            let answer = client.asks(Method::GET, &format!("{path}/none"), None).await;
            failure(&answer, 404, "not_found");
        }
    }
}

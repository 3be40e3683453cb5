//! Incidents in the incident.io format.

use axum::http::Method;
use serde_json::json;

use super::{Client, failure};
use crate::databases::on_each_database;

on_each_database! {
    async fn an_incident_is_declared_listed_and_shown(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let severities = client.gets("/v1/severities").await;
        let worst = severities["severities"].as_array().unwrap().last().unwrap()["id"].clone();
        let body = json!({
            "idempotency_key": "deploy-17", "visibility": "public", "name": "Checkout answers 500",
            "severity_id": worst,
        });
        let made = client.posts("/v2/incidents", &body).await.expect(200);
        let incident = &made["incident"];
        assert_eq!(incident["reference"], "INC-1");
        assert_eq!(incident["severity"]["id"], worst);
        assert_eq!(incident["slack_channel_id"], "");
        // The same key brings the first one.
        assert_eq!(client.posts("/v2/incidents", &body).await.expect(200), made);
        let id = incident["id"].as_str().unwrap();
        for path in [format!("/v2/incidents/{id}"), "/v2/incidents/1".to_owned()] {
            assert_eq!(client.gets(&path).await, made);
        }
        let list = client.gets("/v2/incidents").await;
        assert_eq!(list["incidents"], json!([incident]));
        assert!(list["pagination_meta"].get("after").is_none());
    }

    async fn what_is_wrong_is_named(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let none = client.program.server.get("/incident-io/v2/incidents", &[]).await;
        let (code, _) = failure(&none, 401, "authentication_error");
        assert_eq!(code, "missing_authorization_material");
        for (body, code, field) in [
            (json!({"visibility": "public"}), "is_required", "idempotency_key"),
            (json!({"idempotency_key": "a"}), "is_required", "visibility"),
            (json!({"idempotency_key": "a", "visibility": "secret"}), "invalid_value", "visibility"),
            (json!({"idempotency_key": "a", "visibility": "public"}), "is_required", "name"),
            (
                json!({"idempotency_key": "a", "visibility": "public", "name": "x", "severity_id": "no"}),
                "unknown_severity",
                "severity_id",
            ),
        ] {
            let answer = client.posts("/v2/incidents", &body).await;
            let found = failure(&answer, 422, "validation_error");
            assert_eq!(found, (code.to_owned(), Some(field.to_owned())), "{body}");
        }
        for path in ["/v2/incidents/99", "/v2/incidents/nonsense", "/v1/severities/none", "/v9/x"] {
            let answer = client.asks(Method::GET, path, None).await;
            failure(&answer, 404, "not_found");
        }
        let answer = client.asks(Method::PUT, "/v2/incidents", None).await;
        failure(&answer, 405, "method_not_allowed");
    }
}

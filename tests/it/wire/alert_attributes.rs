//! Attributes of alerts in the incident.io format: named labels.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Client, failure};
use crate::databases::on_each_database;

/// A client with an attribute for a label that its alerts have.
async fn with_service(client: &mut Client) -> String {
    let body = json!({"name": "service", "type": "String", "array": false});
    let made = client.posts("/v2/alert_attributes", &body).await.expect(201);
    made["alert_attribute"]["id"].as_str().unwrap().to_owned()
}

async fn titles(client: &mut Client, filter: &str) -> usize {
    let page = client.gets(&format!("/v2/alerts?page_size=50&{filter}")).await;
    page["alerts"].as_array().unwrap().len()
}

on_each_database! {
    async fn attributes_are_made_renamed_and_removed(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        assert_eq!(client.gets("/v2/alert_attributes").await, json!({"alert_attributes": []}));
        let body = json!({"name": "Service", "type": "CatalogEntry[\"01GW2G3V0S59R238FAHPDS1R67\"]", "array": true,
            "required": true, "emoji": ":fire:"});
        let made = client.posts("/v2/alert_attributes", &body).await.expect(201)["alert_attribute"].clone();
        assert_eq!((&made["emoji"], &made["required"]), (&json!("fire"), &json!(true)));
        let path = format!("/v2/alert_attributes/{}", made["id"].as_str().unwrap());
        assert_eq!(client.gets(&path).await["alert_attribute"], made);
        // What is not said about `required` stays; what is left out otherwise is not there.
        let renamed = json!({"name": "Component", "type": "String", "array": false});
        let renamed = client.asks(Method::PUT, &path, Some(&renamed)).await.expect(200);
        assert_eq!(renamed["alert_attribute"], json!({"id": made["id"], "name": "Component", "type": "String",
            "array": false, "required": true}));
        assert_eq!(client.gets("/v2/alert_attributes").await["alert_attributes"], json!([renamed["alert_attribute"]]));
        // The same one in the native API, which says which label it is.
        let native = format!("/api/v1/alert-attributes/{}", made["id"].as_str().unwrap());
        let native = client.program.get(&native).await.expect(200);
        assert_eq!((&native["name"], &native["label"]), (&json!("Component"), &json!("Service")));
        let removed = client.asks(Method::DELETE, &path, None).await;
        assert_eq!(removed.status, 204);
        for answer in [
            client.asks(Method::GET, &path, None).await,
            client.asks(Method::DELETE, &path, None).await,
            client.asks(Method::GET, "/v2/alert_attributes/none", None).await,
        ] {
            failure(&answer, 404, "not_found");
        }
    }

    async fn wrong_attributes_are_named(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        with_service(&mut client).await;
        let good = json!({"name": "team", "type": "String", "array": false});
        for (change, status, code, field) in [
            (json!({"name": " "}), 422, "invalid_body", "name"),
            (json!({"name": "x".repeat(101)}), 422, "invalid_body", "name"),
            (json!({"type": ""}), 422, "invalid_body", "type"),
            (json!({"emoji": "x".repeat(101)}), 422, "invalid_body", "emoji"),
            (json!({"array": "yes"}), 422, "invalid_body", "array"),
            (json!({"name": "SERVICE"}), 409, "name_taken", "name"),
        ] {
            let mut body = good.clone();
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let answer = client.posts("/v2/alert_attributes", &body).await;
            let kind = if status == 409 { "conflict" } else { "validation_error" };
            let (found, place) = failure(&answer, status, kind);
            assert_eq!(place.as_deref(), Some(field), "{change}: {}", answer.text);
            assert_eq!(found, code, "{change}");
        }
        let answer = client.posts("/v2/alert_attributes", &json!({"name": "x", "array": false})).await;
        assert_eq!(failure(&answer, 422, "validation_error"), ("is_required".to_owned(), Some("type".to_owned())));
        let made = client.posts("/v2/alert_attributes", &good).await.expect(201);
        let path = format!("/v2/alert_attributes/{}", made["alert_attribute"]["id"].as_str().unwrap());
        let taken = json!({"name": "Service", "type": "String", "array": false});
        let answer = client.asks(Method::PUT, &path, Some(&taken)).await;
        assert_eq!(failure(&answer, 409, "conflict").1.as_deref(), Some("name"));
        let limited = client.program.limited("reader", &["settings:read"]).await;
        let answer = limited.send(Method::POST, "/incident-io/v2/alert_attributes", &good).await;
        failure(&answer, 403, "resource_forbidden");
    }

    async fn alerts_show_their_attributes_and_are_found_by_them(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let service = with_service(&mut client).await;
        let body = json!({"name": "check", "type": "String", "array": true});
        let made = client.posts("/v2/alert_attributes", &body).await.expect(201);
        let check = made["alert_attribute"]["id"].as_str().unwrap().to_owned();
        client.program.has_trouble().await;
        let all = client.gets("/v2/alerts?page_size=50").await;
        let attributes = &all["alerts"][0]["attributes"];
        assert_eq!(attributes[0]["attribute"]["name"], "service");
        assert_eq!(attributes[0]["value"], json!({"literal": "cart", "label": "cart"}));
        assert_eq!(attributes[1]["array_value"], json!([{"literal": "Latency", "label": "Latency"}]));
        assert_eq!(attributes[1]["value"], Value::Null);
        // A new name changes nothing about what alerts say.
        let path = format!("/v2/alert_attributes/{service}");
        let renamed = json!({"name": "Component", "type": "String", "array": false});
        client.asks(Method::PUT, &path, Some(&renamed)).await.expect(200);
        for (filter, count) in [
            (format!("attributes[{service}][one_of]=checkout"), 2),
            (format!("attributes%5B{service}%5D%5Bone_of%5D=checkout&attributes[{service}][one_of]=cart"), 3),
            (format!("attributes[{service}][not_in]=checkout"), 1),
            (format!("attributes[{service}][is]=cart&attributes[{check}][is]=Latency"), 1),
            (format!("attributes[{check}][is_not]=Latency"), 1),
            (format!("attributes[{check}][is_blank]=true"), 0),
            (format!("attributes[{check}][is_blank]=false"), 3),
        ] {
            assert_eq!(titles(&mut client, &filter).await, count, "{filter}");
        }
        for (filter, field) in [
            (format!("attributes[{service}][like]=x"), format!("attributes[{service}][like]")),
            ("attributes[none][one_of]=x".to_owned(), "attributes[none][one_of]".to_owned()),
            (format!("attributes[{service}]=x"), format!("attributes[{service}]")),
            (format!("attributes[{service}][is_blank]=maybe"), format!("attributes[{service}][is_blank]")),
        ] {
            let answer = client.asks(Method::GET, &format!("/v2/alerts?{filter}"), None).await;
            assert_eq!(failure(&answer, 422, "validation_error").1, Some(field), "{filter}");
        }
    }

    async fn alerts_of_a_private_incident_are_not_found_by_attributes(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let service = with_service(&mut client).await;
        let route = json!({"name": "Carts", "filter": "service = cart", "private": true});
        client.program.send(Method::POST, "/api/v1/alert-routes", &route).await.expect(201);
        client.program.has_trouble().await;
        let other = client.program.limited("other", &["alerts:read"]).await;
        for (value, count) in [("cart", 0), ("checkout", 2)] {
            let path = format!("/incident-io/v2/alerts?page_size=50&attributes[{service}][one_of]={value}");
            let seen = other.get(&path).await.expect(200)["alerts"].as_array().unwrap().len();
            assert_eq!(seen, count, "{value}");
        }
    }
}

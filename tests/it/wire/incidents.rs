//! Incidents in the incident.io format.

use axum::http::Method;
use serde_json::{Value, json};
use stentor::api::incident_io::operations;

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

    async fn every_example_body_of_the_document_is_understood(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let mut tried = 0;
        for operation in operations() {
            let method: Method = operation.method.parse().unwrap();
            let Some(body) = client.contract.example_request(&method, operation.path) else {
                continue;
            };
            tried += 1;
            let id = "01FDAG4SAP5TYPT98WGR2N7W91";
            let path = operation.path.replace("{id}", id).replace("{escalation_id}", id);
            let answer = client.asks(method, &path, Some(&body)).await;
            let status = answer.status.as_u16();
            assert!(status < 500, "{} {path}: {}", operation.method, answer.text);
            // What it names is not there, or can't be so here; but it is read.
            let code = match status {
                400.. => serde_json::from_str::<Value>(&answer.text).unwrap()["errors"][0]["code"].clone(),
                _ => Value::Null,
            };
            for unread in ["is_required", "invalid_body", "malformed_json"] {
                assert_ne!(code, unread, "{} {path}: {}", operation.method, answer.text);
            }
        }
        assert!(tried > 15, "{tried}");
    }

    async fn incidents_are_filtered_as_asked(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let severities = client.gets("/v1/severities").await["severities"].clone();
        let (mild, worst) = (severities[0]["id"].clone(), severities[2]["id"].clone());
        for (key, body) in [
            ("a", json!({"name": "One", "severity_id": mild})),
            ("b", json!({"name": "Two", "severity_id": worst})),
            ("c", json!({"name": "Three", "mode": "test"})),
            ("d", json!({"name": "Four", "mode": "retrospective"})),
        ] {
            let mut body = body;
            body["idempotency_key"] = json!(key);
            body["visibility"] = json!("public");
            client.posts("/v2/incidents", &body).await.expect(200);
        }
        let (mild, worst) = (mild.as_str().unwrap(), worst.as_str().unwrap());
        for (filter, names) in [
            (String::new(), vec!["Four", "Two", "One"]),
            ("sort_by=created_at_oldest_first".to_owned(), vec!["One", "Two", "Four"]),
            ("mode[one_of]=test".to_owned(), vec!["Three"]),
            (format!("severity[one_of]={mild}"), vec!["One"]),
            (format!("severity[not_in]={mild}"), vec!["Four", "Two"]),
            (format!("severity[gte]={mild}"), vec!["Two", "One"]),
            (format!("severity[lte]={mild}"), vec!["One"]),
            (format!("severity[one_of]={mild}&severity[one_of]={worst}"), vec!["Two", "One"]),
            ("status_category[one_of]=live".to_owned(), vec!["Four", "Two", "One"]),
            ("status_category[not_in]=live".to_owned(), vec![]),
            (
                format!("filter_mode=any&severity[one_of]={mild}&status_category[one_of]=closed"),
                vec!["One"],
            ),
            ("created_at[gte]=2030-01-01".to_owned(), vec![]),
        ] {
            let page = client.gets(&format!("/v2/incidents?{filter}")).await;
            let found: Vec<&str> = page["incidents"].as_array().unwrap().iter()
                .map(|incident| incident["name"].as_str().unwrap()).collect();
            assert_eq!(found, names, "{filter}");
            assert_eq!(page["pagination_meta"]["total_record_count"], names.len(), "{filter}");
        }
        for (filter, field) in [
            ("status[like]=x", "status[like]"),
            ("severity[gte]=none", "severity[gte]"),
            ("incident_role[R][is_set]=true", "incident_role[R][is_set]"),
            ("custom_field[none][one_of]=x", "custom_field[none]"),
            ("mode[one_of]=dream", "mode[one_of]"),
            ("sort_by=name", "sort_by"),
            ("filter_mode=some", "filter_mode"),
            ("after=01FDAG4SAP5TYPT98WGR2N7W91", "after"),
        ] {
            let answer = client.asks(Method::GET, &format!("/v2/incidents?{filter}"), None).await;
            let (_, found) = failure(&answer, 422, "validation_error");
            assert_eq!(found.as_deref(), Some(field), "{filter}");
        }
    }

    async fn an_incident_is_edited_in_one_step(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let field = json!({"name": "Team", "description": "Whose it is", "field_type": "single_select"});
        let field = client.posts("/v2/custom_fields", &field).await.expect(201)["custom_field"].clone();
        let option = json!({"custom_field_id": field["id"], "value": "Payments"});
        let option = client.posts("/v1/custom_field_options", &option).await.expect(201);
        let option = option["custom_field_option"].clone();
        assert_eq!(option["sort_key"], 1000);
        let body = json!({"idempotency_key": "a", "visibility": "public", "name": "Slow"});
        let made = client.posts("/v2/incidents", &body).await.expect(200)["incident"].clone();
        let roles = client.gets("/v2/incident_roles").await["incident_roles"].clone();
        let stamps = client.gets("/v2/incident_timestamps").await["incident_timestamps"].clone();
        let edit = json!({"notify_incident_channel": false, "incident": {
            "name": "Very slow", "summary": "Everything", "call_url": "https://meet.example.com/x",
            "custom_field_entries": [{"custom_field_id": field["id"], "values": [{"value_option_id": option["id"]}]}],
            "incident_role_assignments": [{"incident_role_id": roles[0]["id"], "assignee": {"slack_user_id": "U0ALICE"}}],
            "incident_timestamp_values": [{"incident_timestamp_id": stamps[0]["id"], "value": "2026-09-21T14:00:00Z"}],
        }});
        let path = format!("/v2/incidents/{}/actions/edit", made["id"].as_str().unwrap());
        let edited = client.posts(&path, &edit).await.expect(200)["incident"].clone();
        assert_eq!((&edited["name"], &edited["call_url"]), (&json!("Very slow"), &json!("https://meet.example.com/x")));
        assert_eq!(edited["custom_field_entries"][0]["values"][0]["value_option"]["value"], "Payments");
        assert_eq!(edited["incident_role_assignments"][0]["assignee"]["slack_user_id"], "U0ALICE");
        assert_eq!(edited["incident_timestamp_values"][0]["value"]["value"], "2026-09-21T14:00:00Z");
        // The native API says the same.
        let native = client.program.get("/api/v1/incidents/1").await.expect(200);
        assert_eq!((&native["name"], &native["summary"]), (&json!("Very slow"), &json!("Everything")));
        // Found by it, and cleared again.
        let filter = format!("/v2/incidents?custom_field%5B{}%5D%5Bone_of%5D={}",
            field["id"].as_str().unwrap(), option["id"].as_str().unwrap());
        assert_eq!(client.gets(&filter).await["incidents"][0]["id"], made["id"]);
        let clear = json!({"notify_incident_channel": false, "incident": {
            "custom_field_entries": [{"custom_field_id": field["id"], "values": []}],
            "incident_role_assignments": [{"incident_role_id": roles[0]["id"]}],
        }});
        let cleared = client.posts(&path, &clear).await.expect(200)["incident"].clone();
        assert_eq!(cleared["custom_field_entries"][0]["values"], json!([]));
        assert!(cleared["incident_role_assignments"][0].get("assignee").is_none());
        assert!(client.gets(&filter).await["incidents"].as_array().unwrap().is_empty());
        // All or nothing.
        let bad = json!({"notify_incident_channel": false, "incident": {"name": "Other", "severity_id": "none"}});
        let answer = client.posts(&path, &bad).await;
        assert_eq!(failure(&answer, 422, "validation_error").1.as_deref(), Some("severity_id"));
        assert_eq!(client.gets("/v2/incidents/1").await["incident"]["name"], "Very slow");
    }

    async fn what_was_over_is_written_down_with_its_document(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let body = |key: &str, mode: &str, options: Value| json!({
            "idempotency_key": key, "visibility": "public", "name": "Last year", "mode": mode,
            "retrospective_incident_options": options,
        });
        let link = json!({"postmortem_document_url": "https://docs.example/1", "slack_channel_id": ""});
        let made = client.posts("/v2/incidents", &body("a", "retrospective", link.clone())).await.expect(200);
        assert_eq!(made["incident"]["postmortem_document_url"], "https://docs.example/1");
        assert_eq!(client.posts("/v2/incidents", &body("a", "retrospective", link.clone())).await.expect(200), made);
        let documents = client.program.get("/api/v1/documents").await.expect(200);
        assert_eq!((&documents["documents"][0]["url"], documents["documents"].as_array().unwrap().len()), (&json!("https://docs.example/1"), 1));
        const NAME: &str = "retrospective_incident_options";
        for (mode, options, field) in [
            ("retrospective", json!({"external_id": 123}), format!("{NAME}.external_id")),
            ("retrospective", json!({"slack_channel_id": "C0GENERAL"}), format!("{NAME}.slack_channel_id")),
            ("retrospective", json!({"postmortem_document_url": "ftp://x"}), format!("{NAME}.postmortem_document_url")),
            ("standard", link, NAME.to_owned()),
        ] {
            let answer = client.posts("/v2/incidents", &body("b", mode, options)).await;
            let (_, found) = failure(&answer, 422, "validation_error");
            assert_eq!(found, Some(field));
        }
        assert_eq!(client.gets("/v2/incidents").await["pagination_meta"]["total_record_count"], 1);
    }

    async fn a_name_for_the_channel_is_chosen(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let body = |name: &str| json!({
            "idempotency_key": name, "visibility": "public", "name": "Slow", "slack_channel_name_override": name,
        });
        client.posts("/v2/incidents", &body("#War Room")).await.expect(200);
        let name = client.program.get("/api/v1/incidents/1").await.expect(200)["channel_name"].clone();
        assert_eq!(name, "war-room");
        let answer = client.posts("/v2/incidents", &body("inc-7-slow")).await;
        let found = failure(&answer, 422, "validation_error");
        assert_eq!(found, ("bad_channel_name".to_owned(), Some("slack_channel_name_override".to_owned())));
        let edit = |name: &str| json!({"notify_incident_channel": false, "incident": {"slack_channel_name_override": name}});
        client.posts("/v2/incidents/1/actions/edit", &edit("payments")).await.expect(200);
        let incident = client.program.get("/api/v1/incidents/1").await.expect(200);
        assert_eq!((&incident["channel_name"], &incident["version"]), (&json!("payments"), &json!(2)));
        client.posts("/v2/incidents/1/actions/edit", &edit("")).await.expect(200);
        assert_eq!(client.program.get("/api/v1/incidents/1").await.expect(200)["channel_name"], Value::Null);
    }
}

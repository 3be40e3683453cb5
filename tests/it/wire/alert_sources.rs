//! Alert sources in the incident.io format.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use stentor::intake::sweep;
use stentor::store::alerts;

use super::{Client, failure};
use crate::api::Program;
use crate::databases::on_each_database;
use crate::http::Answer;

/// The body of a source of alert events, with a change.
fn source(change: Value) -> Value {
    let mut body = json!({
        "name": "Shop", "source_type": "http",
        "template": {
            "title": {"reference": "alert.title"}, "description": {"reference": "alert.description"},
            "attributes": [], "expressions": [], "is_private": false,
        },
    });
    merge(&mut body, &change);
    body
}

/// Lays a change over a body, object by object.
fn merge(body: &mut Value, change: &Value) {
    match (body, change) {
        (Value::Object(body), Value::Object(change)) => {
            for (name, value) in change {
                merge(body.entry(name).or_insert(Value::Null), value);
            }
        }
        (body, change) => *body = change.clone(),
    }
}

/// An expression that takes a path of the payload.
fn expression(reference: &str, path: &str) -> Value {
    json!({
        "label": reference, "reference": reference, "root_reference": "payload",
        "operations": [{"operation_type": "parse", "parse": {
            "source": path, "returns": {"type": "String", "array": false}}}],
    })
}

impl Program {
    /// Seconds pass, and whoever has been silent for too long is noticed.
    async fn misses(&self, seconds: u64) {
        self.app.clock.advance(Duration::from_secs(seconds));
        sweep::sweep(&self.app.db, &self.app.clock, &self.app.intake).await.unwrap();
    }
}

impl Client {
    async fn has_attribute(&mut self, name: &str, array: bool) -> String {
        let body = json!({"name": name, "type": "String", "array": array});
        let made = self.posts("/v2/alert_attributes", &body).await.expect(201);
        made["alert_attribute"]["id"].as_str().unwrap().to_owned()
    }

    /// Sends an event to where an answer says that it can be sent.
    async fn sends_event(&self, source: &Value, secret: &Value, event: &Value) -> Answer {
        let secret = format!("Bearer {}", secret.as_str().unwrap());
        let url = source["alert_events_url"].as_str().unwrap();
        self.program.server.post(url, &[("authorization", &secret)], event).await
    }

    async fn labels(&self) -> Value {
        let mut tx = self.program.app.db.read().await.unwrap();
        let filter = alerts::Filter::default();
        let all = alerts::list(&mut tx, &self.program.app.workspace, &filter, 9).await.unwrap();
        json!(all[0].labels)
    }
}

fn path(source: &Value) -> String {
    format!("/v2/alert_sources/{}", source["id"].as_str().unwrap())
}

on_each_database! {
    async fn a_source_is_made_used_changed_and_removed(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let team = client.has_attribute("Team", false).await;
        let zones = client.has_attribute("zones", true).await;
        let title = json!({"type": "doc", "content": [{"type": "paragraph", "content": [
            {"type": "varSpec", "attrs": {"name": "expressions[\"7ac7\"]", "label": "Payload → Summary"}}]}]});
        let body = source(json!({
            "auto_resolve_timeout_minutes": 30, "auto_resolve_incident_alerts": true, "owning_team_ids": [],
            "template": {
                "title": {"literal": title.to_string(), "reference": null},
                "expressions": [expression("7ac7", "$.metadata.summary"), expression("t", "$.metadata.owner[\"the team\"]")],
                "attributes": [
                    {"alert_attribute_id": team, "binding": {"value": {"reference": "expressions[\"t\"]"}, "merge_strategy": "last_wins"}},
                    {"alert_attribute_id": zones, "binding": {"array_value": [{"literal": "eu-1"}, {"literal": "eu-2"}]}},
                ],
            },
        }));
        let made = client.posts("/v2/alert_sources", &body).await.expect(200)["alert_source"].clone();
        let secret = made["secret_token"].clone();
        assert_eq!(secret.as_str().unwrap().len(), 32);
        assert_eq!(made["template"]["expressions"][0]["reference"], "7ac7");
        assert_eq!(made["template"]["title"]["literal"], title.to_string());
        // What it says is what happens.
        let event = json!({"title": "As sent", "status": "firing", "deduplication_key": "1",
            "metadata": {"summary": "Carts are slow", "owner": {"the team": "shop"}, "env": "prod"}});
        client.sends_event(&made, &secret, &event).await.expect(202);
        assert_eq!(client.labels().await, json!({"Team": "shop", "env": "prod", "summary": "Carts are slow", "zones": "eu-1, eu-2"}));
        let alert = client.gets("/v2/alerts").await["alerts"][0].clone();
        assert_eq!((&alert["title"], &alert["alert_source_id"]), (&json!("Carts are slow"), &made["id"]));
        assert_eq!(alert["attributes"][1]["array_value"][1]["literal"], "eu-2");
        // It is shown as it was written, but for the secret.
        let mut shown = made.clone();
        shown.as_object_mut().unwrap().remove("secret_token");
        assert_eq!(client.gets(&path(&made)).await["alert_source"], shown);
        assert_eq!(client.gets("/v2/alert_sources").await["alert_sources"], json!([shown]));
        let native = client.program.get(&format!("/api/v1/sources/{}", made["id"].as_str().unwrap())).await.expect(200);
        assert_eq!((&native["kind"], &native["settings"]["resolve_after_minutes"]), (&json!("incident-io"), &json!(30)));
        assert_eq!(native["settings"]["labels"], json!({"zones": "eu-1, eu-2"}));
        // Another name and template; what it does not speak of any more is gone.
        let mut body = source(json!({"name": "Shop 2", "template": {"title": {"literal": "Trouble in the shop", "reference": null}}}));
        body.as_object_mut().unwrap().remove("source_type");
        let changed = client.asks(Method::PUT, &path(&made), Some(&body)).await.expect(200)["alert_source"].clone();
        assert_eq!((&changed["name"], &changed["source_type"]), (&json!("Shop 2"), &json!("http")));
        assert_eq!(changed["secret_token"], Value::Null);
        let event = json!({"title": "As sent", "status": "firing", "deduplication_key": "2"});
        client.sends_event(&made, &secret, &event).await.expect(202);
        assert_eq!(client.labels().await, json!({}));
        assert_eq!(client.gets("/v2/alerts").await["alerts"][0]["title"], "Trouble in the shop");
        let removed = client.asks(Method::DELETE, &path(&made), None).await;
        assert_eq!(removed.status, 204);
        failure(&client.asks(Method::GET, &path(&made), None).await, 404, "not_found");
        failure(&client.asks(Method::DELETE, &path(&made), None).await, 404, "not_found");
        assert_eq!(client.sends_event(&made, &secret, &event).await.status, 404);
    }

    async fn what_was_changed_elsewhere_is_drawn_anew(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let team = client.has_attribute("team", false).await;
        let binding = json!({"value": {"reference": "expressions[\"mine\"]"}});
        let body = source(json!({"template": {
            "expressions": [expression("mine", "$.metadata.squad")],
            "attributes": [{"alert_attribute_id": team, "binding": binding}],
        }}));
        let made = client.posts("/v2/alert_sources", &body).await.expect(200)["alert_source"].clone();
        assert_eq!(made["template"]["expressions"][0]["reference"], "mine");
        let native = format!("/api/v1/sources/{}", made["id"].as_str().unwrap());
        let settings = json!({"settings": {
            "resolve_after_minutes": 5,
            "door": {"title": "/metadata/what", "description": "=Call us", "labels": {"team": "/metadata/squad", "x": "/y"}},
        }});
        client.program.send(Method::PATCH, &native, &settings).await.expect(200);
        let drawn = client.gets(&path(&made)).await["alert_source"].clone();
        assert_eq!(drawn["auto_resolve_timeout_minutes"], 5);
        assert_eq!(drawn["template"]["title"]["reference"], "expressions[\"title\"]");
        assert_eq!(drawn["template"]["description"]["literal"], "Call us");
        assert_eq!(drawn["template"]["attributes"][0]["binding"]["value"]["reference"], "expressions[\"team\"]");
        let sources: Vec<&Value> =
            drawn["template"]["expressions"].as_array().unwrap().iter().map(|it| &it["operations"][0]["parse"]["source"]).collect();
        assert_eq!(sources, ["$.metadata.what", "$.metadata.squad"]);
        // What is drawn can be written again, and says the same: the label that is no attribute too.
        let before = client.program.get(&native).await.expect(200)["settings"].clone();
        let changed = client.asks(Method::PUT, &path(&made), Some(&unlabelled(&drawn))).await.expect(200);
        assert_eq!(client.program.get(&native).await.expect(200)["settings"], before);
        assert_eq!(changed["alert_source"], drawn);
        // Without its attribute, a template says nothing of the label.
        client.asks(Method::DELETE, &format!("/v2/alert_attributes/{team}"), None).await;
        assert_eq!(client.gets(&path(&made)).await["alert_source"]["template"]["attributes"], json!([]));
    }

    async fn sources_of_other_kinds_have_their_words(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.program.monitor("native").await;
        let env = client.has_attribute("env", false).await;
        for source_type in
            ["alertmanager", "cloudwatch", "datadog", "grafana", "opsgenie", "pager_duty", "sentry", "sns"]
        {
            let binding = json!({"value": {"literal": "prod"}});
            let body = source(json!({"name": source_type, "source_type": source_type,
                "template": {"attributes": [{"alert_attribute_id": env, "binding": binding}]}}));
            let made = client.posts("/v2/alert_sources", &body).await.expect(200)["alert_source"].clone();
            assert_eq!(made["source_type"], source_type);
            assert!(made["alert_events_url"].as_str().unwrap().starts_with("/hooks/"), "{made}");
        }
        let all = client.gets("/v2/alert_sources").await;
        let native = all["alert_sources"].as_array().unwrap().iter().find(|it| it["name"] == "native").unwrap();
        assert_eq!(native["source_type"], "datadog");
        // A source of any JSON, read by a transformation.
        let options = json!({
            "transform_expression": "return { title: $.what, status: $.state === 'ok' ? 'resolved' : 'firing', \
                metadata: { owner: $.by.team } }",
            "deduplication_key_path": "$.id",
        });
        let binding = json!({"value": {"reference": "expressions[\"e\"]"}});
        let body = source(json!({"name": "Own", "source_type": "http_custom", "http_custom_options": options, "template": {
            "expressions": [expression("e", "$.metadata.owner")],
            "attributes": [{"alert_attribute_id": env, "binding": binding}]}}));
        let made = client.posts("/v2/alert_sources", &body).await.expect(200)["alert_source"].clone();
        assert_eq!(made["http_custom_options"], options);
        let event = json!({"id": 7, "what": "Belt is stuck", "state": "bad", "by": {"team": "plant"}});
        client.sends_event(&made, &made["secret_token"], &event).await.expect(202);
        assert_eq!(client.labels().await, json!({"env": "plant", "owner": "plant"}));
        let event = json!({"id": 7, "state": "ok"});
        client.sends_event(&made, &made["secret_token"], &event).await.expect(202);
        assert_eq!(client.gets("/v2/alerts").await["alerts"][0]["status"], "resolved");
        // What can be left out when it is replaced stays.
        let mut body = source(json!({"name": "Own 2"}));
        body.as_object_mut().unwrap().remove("source_type");
        let changed = client.asks(Method::PUT, &path(&made), Some(&body)).await.expect(200);
        assert_eq!(changed["alert_source"]["http_custom_options"], options);
    }

    async fn a_heartbeat_is_made_pinged_and_rests(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let options = json!({"interval_seconds": 60, "failure_threshold": 2});
        let body = source(json!({"name": "Backup", "source_type": "heartbeat", "heartbeat_options": options}));
        let made = client.posts("/v2/alert_sources", &body).await.expect(200)["alert_source"].clone();
        let ping_url = format!("/incident-io/v2/heartbeat/{}/ping", made["id"].as_str().unwrap());
        assert_eq!(made["heartbeat_options"], json!({"interval_seconds": 60, "failure_threshold": 2,
            "grace_period_seconds": 0, "ping_url": ping_url}));
        assert_eq!(made["alert_events_url"], Value::Null);
        let url = format!("{ping_url}?token={}", made["secret_token"].as_str().unwrap());
        let pinged = client.program.server.get(&url, &[]).await;
        assert_eq!((pinged.status.as_u16(), pinged.text.as_str()), (204, ""));
        client.program.misses(119).await;
        assert_eq!(client.gets("/v2/alerts").await["alerts"], json!([]));
        client.program.misses(1).await;
        let alert = client.gets("/v2/alerts").await["alerts"][0].clone();
        assert_eq!((&alert["title"], &alert["status"]), (&json!("No heartbeat from Backup"), &json!("firing")));
        client.program.server.post(&url, &[], &json!({})).await;
        assert_eq!(client.gets("/v2/alerts").await["alerts"][0]["status"], "resolved");
        // At rest it expects nothing.
        let mut body = source(json!({"name": "Backup", "disabled": true}));
        body.as_object_mut().unwrap().remove("source_type");
        let rests = client.asks(Method::PUT, &path(&made), Some(&body)).await.expect(200)["alert_source"].clone();
        assert_eq!(rests["heartbeat_options"], made["heartbeat_options"]);
        client.program.misses(1_000).await;
        assert_eq!(client.gets("/v2/alerts").await["alerts"][0]["status"], "resolved");
    }

    async fn what_can_not_be_done_is_named(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let team = client.has_attribute("team", false).await;
        client.posts("/v2/alert_sources", &source(json!({"name": "Taken"}))).await.expect(200);
        let attribute = |binding: Value| json!({"template": {"attributes": [{"alert_attribute_id": team, "binding": binding}]}});
        let grafana = |change: Value| {
            let mut grafana = json!({"source_type": "grafana"});
            merge(&mut grafana, &change);
            grafana
        };
        for (change, field) in [
            (json!({"source_type": "nagios"}), "source_type"),
            (json!({"name": " "}), "name"),
            (json!({"name": "x".repeat(101)}), "name"),
            (json!({"auto_resolve_timeout_minutes": 0}), "auto_resolve_timeout_minutes"),
            (json!({"auto_resolve_timeout_minutes": 5, "auto_resolve_incident_alerts": false}), "auto_resolve_incident_alerts"),
            (json!({"owning_team_ids": ["01G0J1EXE7AXZ2C93K61WBPYEH"]}), "owning_team_ids"),
            (json!({"fixed_team_id": "01G0J1EXE7AXZ2C93K61WBPYEH"}), "fixed_team_id"),
            (json!({"filter_condition_groups": [{"conditions": []}]}), "filter_condition_groups"),
            (json!({"rate_limit_sharding": {"rate_limit_shard_key_path": "$.a"}}), "rate_limit_sharding"),
            (json!({"email_options": {"redactions": []}}), "email_options"),
            (json!({"jira_options": {"project_ids": []}}), "jira_options"),
            (json!({"azure_devops_options": {"project_ids": []}}), "azure_devops_options"),
            (json!({"heartbeat_options": {"interval_seconds": 60}}), "heartbeat_options"),
            (json!({"source_type": "heartbeat"}), "heartbeat_options"),
            (json!({"source_type": "heartbeat", "heartbeat_options": {"interval_seconds": 0}}), "heartbeat_options"),
            (json!({"source_type": "heartbeat", "heartbeat_options": {"interval_seconds": -5}}), "heartbeat_options.interval_seconds"),
            (json!({"source_type": "http_custom"}), "http_custom_options"),
            (json!({"source_type": "http_custom", "http_custom_options": {"transform_expression": "f($)", "deduplication_key_path": "$.a"}}),
                "http_custom_options.transform_expression"),
            (json!({"source_type": "http_custom", "http_custom_options": {"transform_expression": "{}", "deduplication_key_path": "*"}}),
                "http_custom_options.deduplication_key_path"),
            (json!({"template": {"is_private": true}}), "template.is_private"),
            (json!({"template": {"visible_to_teams": {"value": {"literal": "x"}}}}), "template.visible_to_teams"),
            (json!({"template": {"title": {"literal": null, "reference": "incident.severity"}}}), "template.title"),
            (json!({"template": {"title": {"literal": "x"}}}), "template.title"),
            (json!({"template": {"expressions": [{"label": "x", "reference": "x", "root_reference": "payload", "operations": []}]}}),
                "template.expressions.0"),
            (json!({"template": {"expressions": [expression("x", "$..x")]}}), "template.expressions.0"),
            (json!({"template": {"attributes": [{"alert_attribute_id": "none", "binding": {}}]}}),
                "template.attributes.0.alert_attribute_id"),
            (json!({"template": {"attributes": [
                {"alert_attribute_id": team, "binding": {"value": {"literal": "a"}}},
                {"alert_attribute_id": team, "binding": {"value": {"literal": "b"}}}]}}), "template.attributes.1"),
            (json!({"template": {"expressions": [expression("nul\u{0}", "$.x")]}}), "template"),
            (attribute(json!({})), "template.attributes.0.binding"),
            (attribute(json!({"value": {"literal": "x"}, "merge_strategy": "append"})), "template.attributes.0.binding.merge_strategy"),
            (attribute(json!({"value": {"reference": "expressions[\"none\"]"}})), "template.attributes.0.binding"),
            (grafana(json!({"template": {"title": {"reference": null, "literal": "x"}}})), "template.title"),
            (grafana(json!({"template": {"expressions": [expression("x", "$.x")], "attributes": [
                {"alert_attribute_id": team, "binding": {"value": {"reference": "expressions[\"x\"]"}}}]}})), "template.attributes.0.binding"),
        ] {
            let answer = client.posts("/v2/alert_sources", &source(change.clone())).await;
            let (_, found) = failure(&answer, 422, "validation_error");
            assert_eq!(found.as_deref(), Some(field), "{change}: {}", answer.text);
        }
        let answer = client.posts("/v2/alert_sources", &source(json!({"name": "Taken"}))).await;
        assert_eq!(failure(&answer, 409, "conflict").1.as_deref(), Some("name"));
        let answer = client.posts("/v2/alert_sources", &json!({"name": "x"})).await;
        assert_eq!(failure(&answer, 422, "validation_error").0, "is_required");
        // An attribute that is required has to be set.
        let body = json!({"name": "must", "type": "String", "array": false, "required": true});
        client.posts("/v2/alert_attributes", &body).await.expect(201);
        let answer = client.posts("/v2/alert_sources", &source(json!({}))).await;
        assert_eq!(failure(&answer, 422, "validation_error").1.as_deref(), Some("template.attributes"));
        // Nothing of it was made.
        assert_eq!(client.gets("/v2/alert_sources").await["alert_sources"].as_array().unwrap().len(), 1);
        let limited = client.program.limited("reader", &["settings:read"]).await;
        let answer = limited.send(Method::POST, "/incident-io/v2/alert_sources", &source(json!({}))).await;
        failure(&answer, 403, "resource_forbidden");
    }

    async fn a_template_is_tried_before_it_is_used(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let draft = |template: Value| {
            let mut draft = json!({"source_type": "http", "template": source(json!({}))["template"]});
            merge(&mut draft, &json!({"template": template}));
            draft
        };
        let path = "/v2/alert_sources/actions/validate";
        let answer = client.posts(path, &draft(json!({}))).await;
        assert_eq!(answer.status, 204);
        let answer = client.posts(path, &draft(json!({"is_private": true}))).await;
        assert_eq!(failure(&answer, 422, "validation_error").1.as_deref(), Some("template.is_private"));
        let mut other = draft(json!({}));
        other["source_type"] = json!("fax");
        let answer = client.posts(path, &other).await;
        assert_eq!(failure(&answer, 422, "validation_error").1.as_deref(), Some("source_type"));
        assert_eq!(client.gets("/v2/alert_sources").await, json!({"alert_sources": []}));
    }
}

/// An answer without what only answers have, as a body.
fn unlabelled(value: &Value) -> Value {
    match value {
        Value::Object(members)
            if members.contains_key("literal") || members.contains_key("reference") =>
        {
            let rest = members
                .iter()
                .filter(|(name, _)| *name != "label" || members.contains_key("operations"));
            rest.map(|(name, value)| (name.clone(), unlabelled(value))).collect()
        }
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), unlabelled(value))).collect()
        }
        Value::Array(values) => values.iter().map(unlabelled).collect(),
        other => other.clone(),
    }
}

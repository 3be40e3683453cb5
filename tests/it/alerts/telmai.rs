//! What alerts come to, as Telmai's API tells it.

use std::time::Duration;

use serde_json::{Value, json};
use stentor::alert::observation::Observation;
use stentor::alert::settings::{OnResolve, Route};
use stentor::api::tokens;
use stentor::ingest::kind::Kind;

use super::monitor::ends;
use crate::bot::Bot;
use crate::databases::on_each_database;
use crate::http::Server;

const MINUTE: Duration = Duration::from_secs(60);
const ROOT: &str = "/telmai/api/backend/default";

/// A violation, as a source sends it.
fn violation(name: &str) -> Observation {
    let mut said = Observation::firing(format!("{name}/orders"), format!("{name} of orders"));
    said.labels = [
        ("service", "orders"),
        ("asset_id", "5x0e34yk1re4"),
        ("asset_name", "CUSTOMER_ORDERS"),
        ("project_id", "24"),
        ("policy_id", "4"),
        ("policy_name", "Completeness"),
        ("metric_name", "null_ratio"),
        ("metric_value", "0.25"),
        ("tags", "T1,PROD"),
        ("impact", "HIGH"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    said
}

on_each_database! {
    async fn an_incident_tells_what_its_alerts_have_said(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.routes(Route { on_resolve: OnResolve::Close, ..Route::default() }).await;
        let app = &bot.stentor.app;
        let token = tokens::create(&app.db, &app.clock, &app.ids, &app.workspace, "ci").await.unwrap();
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str())];
        let server = Server::start(app.router()).await;
        let monitor = bot.monitor(Kind::Generic).await;
        bot.hears(&monitor, vec![violation("Nulls")]).await;
        bot.watches(MINUTE).await;
        bot.hears(&monitor, vec![violation("Drift")]).await;
        bot.watches(MINUTE).await;

        let shown = server.get(&format!("{ROOT}/incidents/1"), &headers).await.expect(200);
        let at = |key: &str| shown[key].clone();
        assert_eq!((at("project_id"), at("asset_id")), (json!(24), json!("5x0e34yk1re4")));
        assert_eq!((at("alert_policy_id"), at("alert_policy_name")), (json!("4"), json!("Completeness")));
        assert_eq!((at("impact"), at("severity"), at("tags")), (json!("HIGH"), json!("HIGH"), json!(["T1", "PROD"])));
        assert_eq!(shown["metrics"][0], json!({
            "metric_name": "null_ratio", "metric_aggregation": "", "display_metric_name": "Drift of orders",
            "segment": null, "rule": null, "attribute": null,
        }));
        let states = |shown: &Value| -> Vec<String> {
            let history = shown["history"].as_array().unwrap().iter();
            history.map(|step| step["state"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(states(&shown), ["NEW", "ONGOING"]);
        let first = &shown["history"][0]["alert_refs"][0];
        assert_eq!(first["violation_name"], "Nulls/orders");

        // One step's alert is found by what stands there.
        let body = json!({
            "sources": [shown["asset_id"]], "upload_dates": [first["metric_time"]],
            "violation_names": [first["violation_name"]],
        });
        let path = format!("{ROOT}/configuration/alerts/by_filters");
        let alerts = server.post(&path, &headers, &body).await.expect(200);
        let alert = &alerts[0];
        assert_eq!(alerts.as_array().unwrap().len(), 1);
        for (key, value) in [
            ("type", json!("ALERT")), ("source", json!("5x0e34yk1re4")), ("violation_name", json!("Nulls/orders")),
            ("metric_time", first["metric_time"].clone()), ("metric_value", json!(0.25)), ("priority", json!("HIGH")),
            ("description", json!({"HIGH": ["Nulls of orders"]})), ("policy_name", json!("Completeness")),
            ("source_name", json!("CUSTOMER_ORDERS")), ("project_name", json!("24")), ("segment", Value::Null),
            ("attribute", Value::Null), ("is_notified", json!(true)), ("is_notification_enabled", json!(true)),
            ("notification_channels", json!([])), ("tags", json!(["T1", "PROD"])),
        ] {
            assert_eq!(alert[key], value, "{key}");
        }
        // The lists are independent: all that was said of the source.
        let all = json!({"sources": [shown["asset_id"]]});
        assert_eq!(server.post(&path, &headers, &all).await.expect(200).as_array().unwrap().len(), 2);
        let named = json!({"violation_names": ["Drift/orders"]});
        assert_eq!(server.post(&path, &headers, &named).await.expect(200).as_array().unwrap().len(), 1);

        bot.hears(&monitor, vec![ends("Nulls", "orders"), ends("Drift", "orders")]).await;
        bot.watches(10 * MINUTE).await;
        bot.watches(10 * MINUTE).await;
        let shown = server.get(&format!("{ROOT}/incidents/1"), &headers).await.expect(200);
        assert_eq!((at("status"), &shown["status"]), (json!("OPEN"), &json!("CLOSED")));
        assert_eq!(states(&shown), ["NEW", "ONGOING", "RESOLVED"]);
        assert_eq!(shown["history"][2]["alert_refs"], json!([]));
        let listed = server.get(&format!("{ROOT}/incidents?project_ids=24&impacts=HIGH"), &headers).await;
        assert_eq!(listed.expect(200).as_array().unwrap().len(), 1);
        bot.reads_everything_once(1).await;
        Box::pin(bot.ends()).await;
    }
}

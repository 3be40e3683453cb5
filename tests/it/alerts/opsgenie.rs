//! Opsgenie's Alert API, as its clients use it.

use axum::http::Method;
use serde_json::{Value, json};
use stentor::alert::history::What;
use stentor::alert::observation::Status;
use stentor::ingest::kind::Kind;

use super::gate::{Gate, recorded};
use crate::databases::on_each_database;

const ALIAS: &str = "?identifierType=alias";

impl Gate {
    /// Changes something; what is told later of the request.
    async fn changes(&self, method: Method, rest: &str, body: Value) -> Value {
        let answer = self.sends(method, &format!("/v2/alerts{rest}"), &body).await.expect(202);
        assert_eq!(answer["result"], "Request will be processed");
        let id = answer["requestId"].as_str().unwrap();
        self.asks(&format!("/v2/alerts/requests/{id}")).await.expect(200)["data"].clone()
    }

    async fn creates(&self, body: Value) -> Value {
        self.changes(Method::POST, "", body).await
    }

    /// The alert of this alias.
    async fn shown(&self, alias: &str) -> Value {
        self.asks(&format!("/v2/alerts/{alias}{ALIAS}")).await.expect(200)["data"].clone()
    }

    /// Repeats a request as it was recorded, with the right key, at the base path that clients know.
    async fn replays(&self, name: &str) -> Value {
        let recorded = recorded(name);
        let (method, path) = (&recorded["request"]["method"], &recorded["request"]["path"]);
        let method = method.as_str().unwrap().parse().unwrap();
        let key = format!("GenieKey {}", self.monitor.secret);
        let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
        let body =
            if recorded["body"].is_null() { String::new() } else { recorded["body"].to_string() };
        let path = format!("/opsgenie{}", path.as_str().unwrap());
        let answer = self.server.send(method, &path, &headers, body).await;
        assert!(answer.status.is_success(), "{name}: {answer:?}");
        answer.json()
    }
}

on_each_database! {
    async fn an_alert_lives_as_its_clients_know_it(fresh: Fresh) {
        let gate = Gate::of(Kind::Opsgenie, &fresh).await;
        let made = gate.creates(json!({"message": "Disk full", "alias": "db-1/disk", "priority": "P1",
            "description": "d", "entity": "db-1", "tags": ["prod"], "details": {"used": "98"}, "note": "look"})).await;
        let alert = gate.alert().await;
        assert_eq!((&made["success"], &made["isSuccess"], &made["action"]), (&json!(true), &json!(true), &json!("Create")));
        assert_eq!((&made["alertId"], &made["alias"]), (&json!(alert.id), &json!("db-1/disk")));
        // Again, while it is open: the same one.
        assert_eq!(gate.creates(json!({"message": "Disk full", "alias": "db-1/disk", "priority": "P1",
            "description": "d", "entity": "db-1", "tags": ["prod"], "details": {"used": "98"}})).await["alertId"], made["alertId"]);
        let shown = gate.shown("db-1%2Fdisk").await;
        for (field, value) in [
            ("id", json!(alert.id)), ("message", json!("Disk full")), ("status", json!("open")),
            ("acknowledged", json!(false)), ("tags", json!(["prod"])), ("priority", json!("P1")),
            ("entity", json!("db-1")), ("description", json!("d")), ("details", json!({"used": "98"})),
        ] {
            assert_eq!(shown[field], value, "{field}: {shown}");
        }
        // By its id and by its short one it is the same.
        for rest in [format!("/v2/alerts/{}", alert.id), format!("/v2/alerts/{}/?identifierType=tiny", alert.id)] {
            assert_eq!(gate.asks(&rest).await.expect(200)["data"], shown);
        }
        let post = async |action: &str, body: Value| {
            let told = gate.changes(Method::POST, &format!("/db-1%2Fdisk/{action}{ALIAS}"), body).await;
            assert_eq!((&told["success"], &told["alias"]), (&json!(true), &json!("db-1/disk")), "{action}: {told}");
        };
        post("acknowledge", json!({"user": "ann", "note": "looking"})).await;
        assert_eq!(gate.shown("db-1%2Fdisk").await["acknowledged"], true);
        post("unacknowledge", json!({})).await;
        assert_eq!(gate.shown("db-1%2Fdisk").await["acknowledged"], false);
        post("tags", json!({"tags": ["eu", "db"]})).await;
        post("details", json!({"details": {"free": "2"}})).await;
        post("notes", json!({"note": "It grows"})).await;
        post("snooze", json!({"endTime": "2026-09-22T00:00:00Z"})).await;
        post("assign", json!({"owner": {"username": "bo@example.com"}})).await;
        gate.changes(Method::DELETE, &format!("/db-1%2Fdisk/tags{ALIAS}&tags=prod,db"), Value::Null).await;
        gate.changes(Method::DELETE, &format!("/db-1%2Fdisk/details{ALIAS}&keys=used"), Value::Null).await;
        gate.changes(Method::PUT, &format!("/{}/message", alert.id), json!({"message": "Disk nearly full"})).await;
        gate.changes(Method::PUT, &format!("/{}/description", alert.id), json!({"description": "of 100 GB"})).await;
        gate.changes(Method::PUT, &format!("/{}/priority", alert.id), json!({"priority": "P4"})).await;
        let shown = gate.shown("db-1%2Fdisk").await;
        for (field, value) in [
            ("message", json!("Disk nearly full")), ("description", json!("of 100 GB")), ("priority", json!("P4")),
            ("tags", json!(["eu"])), ("details", json!({"free": "2"})), ("owner", json!("bo@example.com")),
        ] {
            assert_eq!(shown[field], value, "{field}: {shown}");
        }
        assert_eq!(gate.alert().await.status, Status::Warning);
        let notes = gate.asks(&format!("/v2/alerts/{}/notes", alert.id)).await.expect(200)["data"].clone();
        let notes: Vec<&str> = notes.as_array().unwrap().iter().map(|note| note["note"].as_str().unwrap()).collect();
        assert_eq!(notes, ["Snoozed until 2026-09-22T00:00:00Z", "It grows", "ann: looking", "look"]);
        // Closed and made again, it is another one.
        post("close", json!({"note": "cleaned up"})).await;
        assert_eq!(gate.shown("db-1%2Fdisk").await["status"], "closed");
        let history = gate.history(&gate.alert().await).await;
        assert!(matches!(&history[history.len() - 2..], [What::Resolved { .. }, What::Noted { .. }]), "{history:?}");
        let again = gate.creates(json!({"message": "Disk full", "alias": "db-1/disk"})).await;
        assert_ne!(again["alertId"], made["alertId"]);
        assert_eq!(gate.shown("db-1%2Fdisk").await["id"], again["alertId"]);
        // The old one can be read, and no longer changed: its alias means the new one.
        assert_eq!(gate.asks(&format!("/v2/alerts/{}", alert.id)).await.expect(200)["data"]["status"], "closed");
        gate.sends(Method::POST, &format!("/v2/alerts/{}/close", alert.id), &json!({})).await.expect(422);
        assert_eq!(gate.shown("db-1%2Fdisk").await["status"], "open");
        gate.ends().await;
    }

    async fn what_became_of_a_request_outlives_the_process(fresh: Fresh) {
        let gate = Gate::of(Kind::Opsgenie, &fresh).await;
        let answer = gate.posts("/v2/alerts", &json!({"message": "Disk full"})).await.expect(202);
        let id = answer["requestId"].as_str().unwrap().to_owned();
        let gate = Box::pin(gate.restarted(&fresh)).await;
        let told = gate.asks(&format!("/v2/alerts/requests/{id}")).await.expect(200);
        // Without an alias it is known by the request that made it.
        assert_eq!((&told["data"]["isSuccess"], &told["data"]["alias"]), (&json!(true), &json!(id)));
        assert_eq!(told["data"]["alertId"], json!(gate.alert().await.id));
        let at = told["data"]["processedAt"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        assert_eq!(at, gate.bot.clock.now().to_jiff());
        for unknown in ["00000000-0000-8001-8000-000000000000", "x", &format!("{id}0")] {
            gate.asks(&format!("/v2/alerts/requests/{unknown}")).await.expect(404);
        }
        gate.ends().await;
    }

    async fn what_is_not_there_is_accepted_and_told_so_later(fresh: Fresh) {
        let gate = Gate::of(Kind::Opsgenie, &fresh).await;
        for action in ["acknowledge", "unacknowledge", "close", "tags"] {
            let told = gate.changes(Method::POST, &format!("/nobody/{action}{ALIAS}"), json!({"tags": ["a"]})).await;
            assert_eq!((&told["success"], &told["status"]), (&json!(false), &json!("Alert does not exist")), "{action}");
        }
        gate.asks(&format!("/v2/alerts/nobody{ALIAS}")).await.expect(404);
        gate.asks("/v2/alerts/01ARZ3NDEKTSV4RRFFQ69G5FAV").await.expect(404);
        gate.sends(Method::POST, "/v2/alerts/01ARZ3NDEKTSV4RRFFQ69G5FAV/close", &json!({})).await.expect(404);
        assert_eq!(gate.alerts().await, []);
        // What is closed is no longer edited, but there may be more to say about it.
        gate.creates(json!({"message": "m", "alias": "a"})).await;
        gate.changes(Method::POST, &format!("/a/close{ALIAS}"), json!({})).await;
        let told = gate.changes(Method::POST, &format!("/a/tags{ALIAS}"), json!({"tags": "x"})).await;
        assert_eq!((&told["success"], &told["status"]), (&json!(false), &json!("Alert is closed already")));
        let told = gate.changes(Method::POST, &format!("/a/notes{ALIAS}"), json!({"note": "It was DNS"})).await;
        assert_eq!(told["success"], true);
        gate.ends().await;
    }

    async fn what_has_no_place_is_refused(fresh: Fresh) {
        let gate = Gate::of(Kind::Opsgenie, &fresh).await;
        gate.creates(json!({"message": "m", "alias": "a"})).await;
        for (method, rest) in [
            (Method::POST, "/a/escalate"), (Method::POST, "/a/responders"), (Method::POST, "/a/teams"),
            (Method::POST, "/a/actions/restart"), (Method::POST, "/a/attachments"), (Method::DELETE, "/a"),
        ] {
            let answer = gate.sends(method, &format!("/v2/alerts{rest}{ALIAS}"), &json!({})).await.expect(422);
            assert!(!answer["message"].as_str().unwrap().is_empty(), "{rest}");
        }
        assert_eq!(gate.alert().await.version, 1);
        gate.sends(Method::POST, &format!("/v2/alerts/a/purple{ALIAS}"), &json!({})).await.expect(404);
        gate.sends(Method::POST, "/v2/alerts/count", &json!({})).await.expect(405);
        gate.asks("/v2/alerts/a?identifierType=purple").await.expect(422);
        gate.posts("/v2/teams", &json!({})).await.expect(404);
        gate.ends().await;
    }

    async fn alerts_are_listed_and_counted(fresh: Fresh) {
        let gate = Gate::of(Kind::Opsgenie, &fresh).await;
        let other = gate.bot.monitor(Kind::Opsgenie).await;
        let mine = gate.monitor.secret.clone();
        for n in 0..5 {
            gate.bot.clock.advance(std::time::Duration::from_secs(1));
            gate.creates(json!({"message": format!("m{n}"), "alias": format!("a{n}"),
                "priority": if n % 2 == 0 { "P1" } else { "P2" }, "tags": ["t"]})).await;
        }
        gate.bot.clock.advance(std::time::Duration::from_secs(1));
        gate.changes(Method::POST, &format!("/a0/close{ALIAS}"), json!({})).await;
        let listed = async |query: &str| -> Vec<String> {
            let answer = gate.asks(&format!("/v2/alerts/?{query}")).await.expect(200);
            let alerts = answer["data"].as_array().unwrap().iter();
            alerts.map(|alert| alert["alias"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(listed("").await, ["a4", "a3", "a2", "a1", "a0"]);
        assert_eq!(listed("query=status%3Aopen&limit=2&offset=1").await, ["a3", "a2"]);
        assert_eq!(listed("query=status%3Aclosed").await, ["a0"]);
        assert_eq!(listed("order=asc&limit=2").await, ["a0", "a1"]);
        assert_eq!(listed("sort=updatedAt&limit=2").await, ["a0", "a4"]);
        assert_eq!(listed("query=priority%3AP1+AND+tag%3Dt&sort=alias&order=asc").await, ["a0", "a2", "a4"]);
        let brief = gate.asks("/v2/alerts?limit=1").await.expect(200)["data"][0].clone();
        assert!(brief.get("description").is_none() && brief.get("details").is_none(), "{brief}");
        let count = gate.asks("/v2/alerts/count?query=status%3Aopen").await.expect(200);
        assert_eq!(count["data"]["count"], 4);
        gate.asks("/v2/alerts?query=a+OR+b").await.expect(422);
        gate.asks("/v2/alerts?limit=1000").await.expect(422);
        // Another source has none of these, and can't name them.
        let key = format!("GenieKey {}", other.secret);
        let stranger = [("authorization", key.as_str())];
        let answer = gate.server.get("/opsgenie/v2/alerts", &stranger).await.expect(200);
        assert_eq!(answer["data"], json!([]));
        let id = gate.bot.alerts().await[4].id.clone();
        gate.server.get(&format!("/opsgenie/v2/alerts/{id}"), &stranger).await.expect(404);
        gate.server.post(&format!("/opsgenie/v2/alerts/{id}/close"), &stranger, &json!({})).await.expect(404);
        gate.server.get("/opsgenie/v2/alerts", &[("authorization", &format!("GenieKey {mine}x"))]).await.expect(401);
        gate.server.get("/opsgenie/v2/alerts", &[]).await.expect(401);
        assert_eq!(gate.alerts().await.iter().filter(|(_, fires)| *fires).count(), 4);
        gate.ends().await;
    }

    async fn what_stock_clients_send_is_understood(fresh: Fresh) {
        let gate = Gate::of(Kind::Opsgenie, &fresh).await;
        gate.replays("opsgenie_create").await;
        gate.replays("opsgenie_ack").await;
        assert!(gate.alert().await.acknowledged.is_some());
        gate.replays("opsgenie_close").await;
        assert_eq!(gate.alerts().await, [("db-1/disk".to_owned(), false)]);
        gate.replays("opsgenie_create_trailing_slash").await;
        gate.replays("opsgenie_ack_trailing_slash").await;
        assert_eq!(gate.replays("opsgenie_get_by_alias").await["data"]["acknowledged"], true);
        gate.replays("opsgenie_close_trailing_slash").await;
        assert_eq!(gate.replays("opsgenie_get_by_alias").await["data"]["status"], "closed");
        gate.replays("opsgenie_create_from_alertmanager").await;
        assert_eq!(gate.bot.alerts().await[2].status, Status::Critical);
        gate.replays("opsgenie_close_from_alertmanager").await;
        assert!(gate.alerts().await.iter().all(|(_, fires)| !fires));
        gate.ends().await;
    }

    async fn changes_at_once_do_not_undo_each_other(fresh: Fresh) {
        let gate = Gate::of(Kind::Opsgenie, &fresh).await;
        gate.creates(json!({"message": "m", "alias": "a"})).await;
        let everybody = &gate;
        let changes = (0..20).map(async |n| {
            let tag = json!({"tags": [format!("t{n:02}")]});
            everybody.changes(Method::POST, &format!("/a/tags{ALIAS}"), tag).await
        });
        futures_util::future::join_all(changes).await;
        let expected: Vec<String> = (0..20).map(|n| format!("t{n:02}")).collect();
        assert_eq!(gate.shown("a").await["tags"], json!(expected));
        gate.ends().await;
    }
}

//! Programs do something about incidents, and read what was done.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ALL, GROUP_WAIT, Panda, accepted, done, failed, fires};
use crate::bot::{ALICE, BOB};
use crate::databases::on_each_database;

on_each_database! {
    async fn an_incident_is_resolved_with_all_of_its_alerts_once(fresh: Fresh) {
        let panda = Panda::with_trouble(&fresh).await;
        let path = panda.path(1).await;
        for body in [json!({}), json!({"comment": "x"}), json!({"comments": 7}), json!([]), json!("x")] {
            failed(&panda.post(&format!("{path}/resolve"), body).await, 400);
        }
        accepted(&panda.post(&format!("{path}/resolve"), json!({"comments": "Rolled back"})).await);
        let error = failed(&panda.post(&format!("{path}/resolve"), json!({"comments": "again"})).await, 409);
        assert!(error.starts_with("The incident is resolved already"), "{error}");
        panda.bot.settle().await;
        let shown = panda.shown(1).await;
        assert_eq!((&shown["status"], &shown["active"], &shown["severity"]), (&json!("ok"), &json!(false), &json!("critical")));
        assert_eq!(shown["folders"], json!(["shared", "resolved"]));
        assert!(shown["end"].is_i64());
        for alert in shown["alerts"].as_array().unwrap() {
            assert_eq!((&alert["active"], &alert["status"]), (&json!(false), &json!("ok")));
            assert!(alert["endedOn"].is_i64());
        }
        let activities = panda.get("/v2.0/incidents/1/activities?types=incident_resolved_api,incident_alerts_resolved").await.expect(200);
        let resolved = activities.as_array().unwrap();
        assert_eq!(resolved.len(), 2, "{activities}");
        let by_api = resolved.iter().find(|one| one["type"] == "incident_resolved_api").unwrap();
        assert_eq!((&by_api["params"], &by_api["created_by"]), (&json!({"annotation": "Rolled back"}), &json!("panda")));
        let alerts = resolved.iter().find(|one| one["type"] == "incident_alerts_resolved").unwrap();
        assert_eq!(alerts["params"], json!({"resolution_type": "manual-api", "ids_to_resolve": panda.alerts().await[..2]}));
        // The first version does the same.
        failed(&panda.post("/v1.0/incidents/2", json!({"resolved": false})).await, 400);
        let first = panda.post("/v1.0/incidents/2", json!({"resolved": true, "comments": "Over"})).await.expect(200);
        assert_eq!((&first["resolved"], &first["status"]), (&json!(true), &json!("ok")));
        failed(&panda.post("/v1.0/incidents/2", json!({"resolved": true})).await, 409);
        panda.bot.settle().await;
        assert!(panda.bot.alerts().await.iter().all(|alert| !alert.phase.is_firing()));
    }

    async fn people_are_assigned_and_comments_written(fresh: Fresh) {
        let panda = Panda::with_trouble(&fresh).await;
        let path = panda.path(1).await;
        panda.knows(BOB, "Bob", "bob@example.com").await;
        done(&panda.put(&format!("{path}/assignment"), json!({"assignee": BOB})).await);
        done(&panda.put(&format!("{path}/assignment"), json!({"assignee": BOB})).await);
        let shown = panda.shown(1).await;
        assert_eq!(shown["assignee"], json!({"name": "Bob", "user_id": BOB, "email": "bob@example.com"}));
        assert_eq!(shown["assigner"], json!({"name": "panda"}));
        assert_eq!(shown["folders"], json!(["active", "shared"]));
        let found = panda.get(&format!("{ALL}?query=assignee+%3D+{BOB}")).await.expect(200);
        assert_eq!(found["total"], 1);
        // Whoever takes it in Slack is assigned by themselves.
        panda.bot.says(ALICE, crate::bot::GENERAL, "INC-1 lead me").await;
        assert_eq!(panda.shown(1).await["assigner"]["user_id"], ALICE);
        done(&panda.delete(&format!("{path}/assignment")).await);
        done(&panda.delete(&format!("{path}/assignment")).await);
        assert!(panda.shown(1).await.get("assignee").is_none());
        for body in [json!({}), json!({"assignee": "bob"}), json!({"assignee": null})] {
            failed(&panda.put(&format!("{path}/assignment"), body).await, 400);
        }
        done(&panda.post(&format!("{path}/comments"), json!({"comment": "Looking <at> it"})).await);
        for body in [json!({}), json!({"comment": " "}), json!({"comments": "x"}), json!({"comment": "x".repeat(3_001)})] {
            failed(&panda.post(&format!("{path}/comments"), body).await, 400);
        }
        let all = panda.get("/v2.0/incidents/1/activities").await.expect(200);
        let latest = &all[0];
        assert_eq!((&latest["type"], &latest["params"]), (&json!("incident_commented"), &json!({"comment": "Looking <at> it"})));
        let second = panda.get("/v2.0/incidents/1/activities?per_page=1&page=2").await.expect(200);
        assert_eq!(second[0]["type"], "incident_unassigned");
        let happened = panda.happened(1).await;
        for expected in ["incident_created", "incident_shared", "incident_assigned", "incident_commented"] {
            assert!(happened.iter().any(|one| one == expected), "{expected}: {happened:?}");
        }
        let assigned = panda.get("/v2.0/incidents/1/activities?types=incident_assigned").await.expect(200);
        assert_eq!(assigned[0]["params"], json!({"assignee": {"id": ALICE, "username": ALICE}}));
    }

    async fn an_incident_is_snoozed_by_the_clock(fresh: Fresh) {
        let panda = Panda::with_trouble(&fresh).await;
        let path = format!("{}/snooze", panda.path(1).await);
        let at = |seconds: i64| panda.bot.clock.now().as_seconds() + seconds;
        let until = at(3_600);
        let body = json!({"end_time": until, "comment": "Known", "cancel_on_incident_updates": true});
        done(&panda.put(&path, body).await);
        let shown = panda.shown(1).await;
        assert_eq!(shown["snooze"], json!({"snoozed": true, "end_time": until, "cancel_on_incident_updates": true}));
        assert_eq!(shown["folders"], json!(["active", "shared", "snoozed"]));
        assert_eq!(panda.get(&format!("{ALL}?folder=snoozed")).await.expect(200)["total"], 1);
        for body in [
            json!({}), json!({"end_time": "soon"}), json!({"end_time": until * 1_000}), json!({"end_time": 1.5}),
            json!({"end_time": at(0)}), json!({"end_time": at(-60)}), json!({"end_time": at(31 * 24 * 3_600)}), json!({"end_time": i64::MAX}),
        ] {
            failed(&panda.put(&path, body).await, 400);
        }
        done(&panda.delete(&path).await);
        done(&panda.delete(&path).await);
        assert_eq!(panda.shown(1).await["snooze"]["snoozed"], false);
        done(&panda.put(&path, json!({"end_time": at(600)})).await);
        panda.bot.watches(Duration::from_secs(601)).await;
        assert_eq!(panda.shown(1).await["snooze"]["snoozed"], false);
        let happened = panda.happened(1).await;
        assert_eq!(happened.iter().filter(|one| *one == "incident_snoozed").count(), 2);
        assert_eq!(happened.iter().filter(|one| *one == "incident_unsnoozed").count(), 2);
        accepted(&panda.post(&format!("{ALL}/1/resolve"), json!({"comments": ""})).await);
        failed(&panda.put(&path, json!({"end_time": at(600)})).await, 409);
    }

    async fn incidents_are_merged_and_split(fresh: Fresh) {
        let panda = Panda::with_trouble(&fresh).await;
        let (first, second) = (panda.path(1).await, panda.path(2).await);
        let ids = [panda.bot.incident(1).await.id, panda.bot.incident(2).await.id];
        for (body, status) in [
            (json!({}), 400), (json!({"source_incidents": []}), 400), (json!({"source_incidents": "x"}), 400),
            (json!({"source_incidents": ["none"]}), 404), (json!({"source_incidents": [ids[1], "INC-9"]}), 404),
            (json!({"source_incidents": [ids[0]]}), 409), (json!({"source_incidents": vec!["INC-2"; 101]}), 400),
        ] {
            failed(&panda.post(&format!("{first}/merge"), body).await, status);
        }
        let body = json!({"source_incidents": [ids[1], "INC-2"], "comment": "The same"});
        accepted(&panda.post(&format!("{first}/merge"), body).await);
        panda.bot.settle().await;
        assert_eq!(panda.shown(1).await["alerts"].as_array().unwrap().len(), 3);
        assert_eq!(panda.get(&second).await.expect(200)["active"], false);
        failed(&panda.post(&format!("{first}/merge"), json!({"source_incidents": [ids[1]]})).await, 409);
        assert!(panda.happened(1).await.contains(&"incident_merged_destination".to_owned()));
        assert!(panda.happened(2).await.contains(&"incident_merged_source".to_owned()));
        // One of them is split off again.
        let alert = panda.alerts().await[0].clone();
        for (body, status) in [
            (json!({}), 400), (json!({"alerts": []}), 400), (json!({"alerts": ["none"]}), 400), (json!({"alerts": [1]}), 400),
        ] {
            failed(&panda.post(&format!("{first}/split"), body).await, status);
        }
        accepted(&panda.post(&format!("{first}/split"), json!({"alerts": [alert], "comment": "Not this"})).await);
        failed(&panda.post(&format!("{first}/split"), json!({"alerts": [alert]})).await, 400);
        panda.bot.settle().await;
        let new = panda.shown(3).await;
        assert_eq!((new["alerts"].as_array().unwrap().len(), &new["alerts"][0]["id"]), (1, &json!(alert)));
        let left = panda.shown(1).await;
        assert_eq!(left["alerts"].as_array().unwrap().len(), 2);
        assert!(left["correlation_matchers_log"].as_array().unwrap().len() >= 2);
        assert_eq!(new["correlation_matchers_log"], json!([[]]));
        assert!(panda.happened(1).await.contains(&"incident_splitted_source".to_owned()));
    }

    async fn no_incident_gets_more_alerts_than_anybody_reads(fresh: Fresh) {
        let panda = Panda::start(&fresh).await;
        let monitor = panda.bot.monitor(stentor::ingest::kind::Kind::Bigpanda).await;
        let many = |service: &str, count: usize| (0..count).map(|n| fires(&format!("C{n}"), service)).collect();
        panda.bot.hears(&monitor, many("checkout", 200)).await;
        panda.bot.watches(GROUP_WAIT).await;
        panda.bot.hears(&monitor, many("cart", 101)).await;
        panda.bot.watches(GROUP_WAIT).await;
        let error = failed(&panda.post(&format!("{ALL}/1/merge"), json!({"source_incidents": ["INC-2"]})).await, 409);
        assert!(error.contains("301") && error.contains("300"), "{error}");
        assert_eq!(panda.bot.incident(2).await.merged_into, None);
        failed(&panda.get(&format!("{ALL}?expand=alerts&page_size=100")).await, 400);
        assert_eq!(panda.shown(1).await["alerts"].as_array().unwrap().len(), 200);
    }

    async fn alerts_are_resolved_wherever_they_are(fresh: Fresh) {
        let panda = Panda::with_trouble(&fresh).await;
        let path = "/v2.0/environments/all/batch-resolve/alerts";
        let alerts = panda.alerts().await;
        let later = || panda.bot.clock.advance(Duration::from_secs(1));
        for body in [
            json!({}), json!({"ids": []}), json!({"ids": vec!["x"; 501]}), json!({"ids": [7]}),
            json!({"ids": ["x"], "comments": "x".repeat(1_001)}),
        ] {
            later();
            failed(&panda.post(path, body).await, 400);
        }
        later();
        let body = json!({"ids": [alerts[0], alerts[2], "unknown", "01ZZZZZZZZZZZZZZZZZZZZZZZZ"], "comments": "Tested"});
        accepted(&panda.post(path, body.clone()).await);
        failed(&panda.post(path, body).await, 429);
        let firing: Vec<bool> = panda.bot.alerts().await.iter().map(|alert| alert.phase.is_firing()).collect();
        assert_eq!(firing, [false, true, false]);
        panda.bot.settle().await;
        assert!(panda.happened(2).await.contains(&"incident_commented".to_owned()));
        assert!(panda.happened(2).await.contains(&"incident_resolved_by_alerts".to_owned()));
        // What is over by its alerts goes on for people until they say otherwise.
        let shown = panda.shown(2).await;
        assert_eq!((&shown["active"], &shown["status"]), (&json!(false), &json!("ok")));
        later();
        failed(&panda.post("/v2.0/environments/none/batch-resolve/alerts", json!({"ids": ["x"]})).await, 404);
    }

    async fn an_incident_is_given_tags(fresh: Fresh) {
        let panda = Panda::with_trouble(&fresh).await;
        let definitions = "/v2.0/incidents/tags/definitions";
        let priority = json!({"name": "priority", "type": "Priority", "config": {"ordered_list": ["P1", "P2"]}, "canManualInput": true});
        let made = panda.post(definitions, priority).await.expect(201);
        assert_eq!((&made["type"], &made["config"]), (&json!("Priority"), &json!({"ordered_list": ["P1", "P2"]})));
        let priority = made["id"].as_str().unwrap().to_owned();
        let teams = panda.post(definitions, json!({"name": "teams", "type": "MultiValue"})).await.expect(201);
        let teams = teams["id"].as_str().unwrap().to_owned();
        assert_eq!(panda.get(definitions).await.expect(200).as_array().unwrap().len(), 2);
        assert_eq!(panda.get(&format!("{definitions}?per_page=1&page=2")).await.expect(200)[0]["name"], "teams");
        for body in [
            json!({}), json!({"name": "x"}), json!({"type": "Text"}), json!({"name": "x", "type": "text"}),
            json!({"name": "x", "type": "ClosedListValuesSingle"}), json!({"name": "x".repeat(21), "type": "Text"}),
            json!({"name": "x", "type": "Text", "description": "x".repeat(201)}),
        ] {
            failed(&panda.post(definitions, body).await, 400);
        }
        failed(&panda.post(definitions, json!({"name": "Teams", "type": "Text"})).await, 409);
        let enriched = json!({"name": "x", "type": "Text", "enrichment_config": {"items": [{"value": "x", "condition": "*"}]}});
        failed(&panda.post(definitions, enriched).await, 501);
        let path = format!("{}/tags", panda.path(1).await);
        assert_eq!(panda.get(&path).await.expect(200), json!([]));
        failed(&panda.get(&format!("{path}/{priority}")).await, 404);
        done(&panda.post(&format!("{path}/{priority}"), json!({"tag_value": "p1"})).await);
        done(&panda.post(&path, json!([
            {"tag_id": teams, "tag_value": "[\"a\",\"b\"]"}, {"tag_id": priority, "tag_value": "P1"},
        ])).await);
        let tag = panda.get(&format!("{path}/{priority}")).await.expect(200);
        assert_eq!((&tag["tag_id"], &tag["tag_value"], &tag["name"]), (&json!(priority), &json!("P1"), &json!("panda")));
        assert!(tag["timestamp"].is_i64() && tag["email"].is_null());
        let shown = panda.shown(1).await;
        assert_eq!(shown["incident_tags"], json!([
            {"id": priority, "name": "priority", "type": "Priority", "value": "P1"},
            {"id": teams, "name": "teams", "type": "MultiValue", "value": "[\"a\",\"b\"]"},
        ]));
        let found = panda.get(&format!("{ALL}?query=priority+%3D+P1+AND+teams+%3D+b")).await.expect(200);
        assert_eq!(found["total"], 1);
        for (body, status) in [
            (json!([]), 400), (json!({}), 400), (json!([{"tag_id": priority, "tag_value": "P9"}]), 400),
            (json!([{"tag_id": "none", "tag_value": "x"}]), 404), (json!([{"tag_id": priority, "tag_value": 7}]), 400),
            (json!([{"tag_id": teams, "tag_value": "c"}, {"tag_id": priority, "tag_value": ""}]), 400),
        ] {
            failed(&panda.post(&path, body).await, status);
        }
        assert_eq!(panda.shown(1).await["incident_tags"], shown["incident_tags"]);
        done(&panda.delete(&format!("{path}/{teams}")).await);
        done(&panda.delete(&path).await);
        assert_eq!(panda.get(&path).await.expect(200), json!([]));
        let happened = panda.happened(1).await;
        assert_eq!(happened.iter().filter(|one| *one == "incident_tag_updated").count(), 2);
        assert_eq!(happened.iter().filter(|one| *one == "incident_tag_removed").count(), 2);
        let definition = format!("{definitions}/{teams}");
        let changed = panda.put(&definition, json!({"active": false, "name": "crews"})).await.expect(200);
        assert_eq!((&changed["name"], &changed["active"], &changed["type"]), (&json!("crews"), &json!(false), &json!("MultiValue")));
        failed(&panda.put(&definition, json!({"type": "Text"})).await, 400);
        failed(&panda.post(&format!("{path}/{teams}"), json!({"tag_value": "x"})).await, 409);
        failed(&panda.get(&format!("{definitions}/none")).await, 404);
        assert_eq!(panda.get(&definition).await.expect(200), changed);
    }
}

/// Whatever is sent, it is answered in the format's words.
#[tokio::test]
async fn no_body_does_harm() {
    let fresh = crate::databases::Fresh::sqlite();
    let panda = Panda::with_trouble(&fresh).await;
    let deep = "[".repeat(100_000);
    let wide = format!("[{}7]", "7,".repeat(5_000));
    let bodies =
        ["", "{", "7", "null", "[]", "\"x\"", "{\"comments\": \"\\u0000\"}", "\u{0}", &deep, &wide];
    for rest in ["/resolve", "/comments", "/merge", "/split", "/tags"] {
        for body in bodies {
            panda.bot.clock.advance(Duration::from_millis(200));
            let path = format!("{ALL}/1{rest}");
            let method = axum::http::Method::POST;
            failed(&panda.sends_at_once(method, &path, body.to_owned()).await, 400);
        }
    }
    let before = panda.shown(1).await;
    assert_eq!(
        (&before["active"], &before["incident_tags"]),
        (&json!(true), &Value::Array(Vec::new()))
    );
}

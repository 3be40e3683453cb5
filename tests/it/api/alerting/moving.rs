//! Alerts are put where they belong, and incidents that were one become two, or two one.

use serde_json::{Value, json};

use super::{fires, id, titles};
use crate::api::{Program, expect_problem};
use crate::databases::on_each_database;

impl Program {
    async fn of_incident(&self, reference: &str) -> Vec<String> {
        let page = self.get(&format!("/api/v1/incidents/{reference}/alerts")).await.expect(200);
        let mut found: Vec<String> =
            titles(page["alerts"].as_array().unwrap()).into_iter().map(str::to_owned).collect();
        found.sort();
        found
    }
}

on_each_database! {
    async fn an_alert_is_taken_out_of_an_incident_and_put_into_another(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.has_trouble().await;
        let alert = id(&ci.alerts("").await[1]);
        let link = format!("/api/v1/alerts/{alert}/link");
        let unlink = format!("/api/v1/alerts/{alert}/unlink");
        let moved = ci.post(&link, &[], &json!({"incident": "INC-2"})).await.expect(200);
        assert_eq!(moved["incident"]["reference"], "INC-2");
        assert_eq!(ci.of_incident("1").await, ["Latency in checkout"]);
        assert_eq!(ci.of_incident("2").await, ["Errors in checkout", "Latency in cart"]);
        let again = ci.post(&link, &[], &json!({"incident": "2"})).await;
        expect_problem(&again, 409, "already-so", None);
        let history = ci.alert(&alert).await["history"].clone();
        let last = history.as_array().unwrap().last().unwrap();
        assert_eq!(last["change"]["what"]["type"], "moved");
        assert_eq!(last["change"]["by"], json!({"type": "api_token", "name": "ci"}));
        let out = ci.asks(&unlink).await.expect(200);
        assert_eq!(out["incident"], Value::Null);
        expect_problem(&ci.asks(&unlink).await, 409, "already-so", None);
        ci.settles().await;
        assert_eq!(ci.alert(&alert).await["incident"], Value::Null, "it opens none");
        assert_eq!(ci.of_incident("2").await, ["Latency in cart"]);
        for (body, field) in [
            (json!({"incident": "INC-9"}), "incident"),
            (json!({"incident": "nonsense"}), "incident"),
            (json!({"incident": "\u{0}"}), "incident"),
            (json!({"incident": 1}), "incident"),
            (json!({}), "incident"),
            (json!({"incident": "1", "more": 1}), "more"),
        ] {
            expect_problem(&ci.post(&link, &[], &body).await, 422, "invalid-body", Some(field));
        }
        // Back to the first, once.
        let key = [("idempotency-key", "back")];
        for _ in 0..2 {
            ci.post(&link, &key, &json!({"incident": "1"})).await.expect(200);
        }
        assert_eq!(ci.of_incident("1").await, ["Errors in checkout", "Latency in checkout"]);
        assert_eq!(ci.alert(&alert).await["version"], 4);
    }

    async fn alerts_that_are_split_off_open_an_incident_of_their_own(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.has_trouble().await;
        let all = ci.alerts("").await;
        let errors = id(&all[1]);
        let split = "/api/v1/incidents/INC-1/alerts/split";
        for (body, field) in [
            (json!({"alerts": []}), "alerts"),
            (json!({"alerts": [id(&all[2])]}), "alerts"),
            (json!({"alerts": [errors, "01ARZ3NDEKTSV4RRFFQ69G5FAV"]}), "alerts"),
            (json!({"alerts": [errors, "\u{0}"]}), "alerts"),
            (json!({"alerts": errors}), "alerts"),
            (json!({"alert": [errors]}), "alert"),
        ] {
            expect_problem(&ci.post(split, &[], &body).await, 422, "invalid-body", Some(field));
        }
        let key = [("idempotency-key", "split/1")];
        let body = json!({"alerts": [errors, errors]});
        let answer = ci.post(split, &key, &body).await;
        let opened = answer.expect(201);
        assert_eq!(answer.header("location"), "/api/v1/incidents/INC-3");
        assert_eq!(opened["name"], "Errors in checkout");
        assert_eq!(opened["creator"], json!({"type": "api_token", "name": "ci"}));
        // Sent again, and looked at by the worker too, it is the same one.
        assert_eq!(ci.post(split, &key, &body).await.expect(201)["reference"], "INC-3");
        ci.settles().await;
        expect_problem(&ci.get("/api/v1/incidents/4").await, 404, "no-such-incident", None);
        assert_eq!(ci.of_incident("1").await, ["Latency in checkout"]);
        assert_eq!(ci.of_incident("3").await, ["Errors in checkout"]);
        assert_eq!(ci.get("/api/v1/incidents/3").await.expect(200)["signal"]["status"], "critical");
    }

    async fn what_is_split_off_a_private_incident_is_private_too(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let owner = ci.another("owner").await;
        let body = json!({"name": "Breach", "private": true, "lead": "U0BEA"});
        owner.post("/api/v1/incidents", &[], &body).await.expect(201);
        let source = ci.monitor("prod").await;
        ci.hears(&source, vec![fires("Intrusion", "vault")]).await;
        let alert = id(&ci.alerts("").await[0]);
        owner.post(&format!("/api/v1/alerts/{alert}/link"), &[], &json!({"incident": "1"})).await.expect(200);
        let split = json!({"alerts": [alert]});
        expect_problem(&ci.post("/api/v1/incidents/1/alerts/split", &[], &split).await, 404, "no-such-incident", None);
        let opened = owner.post("/api/v1/incidents/1/alerts/split", &[], &split).await.expect(201);
        assert_eq!((&opened["visibility"], &opened["invited"]), (&json!("private"), &json!(["U0BEA"])));
        expect_problem(&ci.get("/api/v1/incidents/2").await, 404, "no-such-incident", None);
        assert!(ci.alerts("").await.is_empty());
        assert_eq!(owner.of_incident("2").await, ["Intrusion in vault"]);
    }

    async fn an_incident_is_merged_and_takes_no_alerts_any_more(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.has_trouble().await;
        let merged = ci.post("/api/v1/incidents/2/merge", &[("idempotency-key", "m")], &json!({"into": "INC-1"})).await.expect(200);
        assert_eq!(merged["merged_into"]["reference"], "INC-1");
        assert_eq!(merged["status"]["category"], "merged");
        ci.post("/api/v1/incidents/2/merge", &[("idempotency-key", "m")], &json!({"into": "INC-1"})).await.expect(200);
        let again = ci.post("/api/v1/incidents/2/merge", &[], &json!({"into": "INC-1"})).await;
        expect_problem(&again, 409, "already-so", None);
        for (body, field) in [(json!({"into": "INC-9"}), "into"), (json!({"into": "\u{0}"}), "into")] {
            expect_problem(&ci.post("/api/v1/incidents/1/merge", &[], &body).await, 422, "bad-merge", Some(field));
        }
        let alert = id(&ci.alerts("").await[0]);
        let into = ci.post(&format!("/api/v1/alerts/{alert}/link"), &[], &json!({"incident": "2"})).await;
        expect_problem(&into, 409, "merged", Some("incident"));
    }
}

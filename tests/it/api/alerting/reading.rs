//! Alerts are listed and shown, to those who may see them.

use axum::http::Method;
use serde_json::{Value, json};
use stentor::alert::observation::{ChangeEvent, Observation, Status};
use stentor::alert::settings::{Route, Setting};
use stentor::ids::SettingId;
use stentor::intake::order::{Delivery, Errand};

use super::{fires, id, titles};
use crate::api::{Program, expect_problem};
use crate::databases::on_each_database;

on_each_database! {
    async fn alerts_are_listed_by_what_they_are(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let prod = ci.has_trouble().await;
        let other = ci.monitor("staging").await;
        let warning = Observation { status: Status::Warning, ..fires("Disk", "db") };
        ci.hears(&other, vec![warning]).await;
        ci.hears(&prod, vec![Observation::resolved("Errors/checkout")]).await;
        let all = ci.alerts("").await;
        assert_eq!(titles(&all), ["Latency in checkout", "Errors in checkout", "Latency in cart", "Disk in db"]);
        let by_group = format!("?group={}", all[2]["group"].as_str().unwrap());
        let by_source = format!("?source={}", other.id);
        let by_id = format!("?incident={}", ci.get("/api/v1/incidents/1").await.expect(200)["id"].as_str().unwrap());
        for (query, found) in [
            ("?state=firing", vec![0, 2, 3]),
            ("?state=resolved", vec![1]),
            ("?status=critical", vec![0, 2]),
            ("?status=ok,warning", vec![1, 3]),
            ("?status=ok&status=warning", vec![1, 3]),
            ("?incident=INC-1", vec![0, 1]),
            (&by_id, vec![0, 1]),
            ("?incident=2&state=firing", vec![2]),
            (&by_group, vec![2]),
            (&by_source, vec![3]),
            ("?label=service=checkout", vec![0, 1]),
            ("?label=service%3D~%22c.*%22&label=check!=Errors", vec![0, 2]),
            ("?label=team=", vec![0, 1, 2, 3]),
            ("?label=team!=", vec![]),
        ] {
            let found: Vec<&str> = found.into_iter().map(|n: usize| all[n]["title"].as_str().unwrap()).collect();
            assert_eq!(titles(&ci.alerts(query).await), found, "{query}");
        }
        let of_incident = ci.get("/api/v1/incidents/INC-1/alerts?state=firing").await.expect(200);
        assert_eq!(titles(of_incident["alerts"].as_array().unwrap()), ["Latency in checkout"]);
        assert_eq!(of_incident["alerts"][0]["incident"]["reference"], "INC-1");
        assert_eq!(ci.get("/api/v1/incidents/1").await.expect(200)["signal"], json!({
            "status": "critical", "peak": "critical", "active": true, "flapping": false, "maintenance": "none",
        }));
        let groups = ci.get("/api/v1/incidents/INC-1/alert-groups").await.expect(200);
        let group = &groups["groups"][0];
        assert_eq!((&group["size"], &group["firing"]), (&json!(2), &json!(1)));
        assert_eq!(group["matched"][0][0]["labels"], json!([["service", "checkout"]]));
    }

    async fn one_alert_is_shown_with_its_history(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let source = ci.has_trouble().await;
        ci.hears(&source, vec![Observation { status: Status::Warning, ..fires("Latency", "checkout") }]).await;
        ci.hears(&source, vec![Observation::resolved("Latency/checkout")]).await;
        let alert = ci.alerts("").await.remove(0);
        assert_eq!((&alert["phase"], &alert["firing"]), (&json!("RESOLVED"), &json!(false)));
        let path = format!("/api/v1/alerts/{}", id(&alert));
        let shown = ci.get(&path).await.expect(200);
        let changes: Vec<&Value> =
            shown["history"].as_array().unwrap().iter().map(|entry| &entry["change"]["what"]["type"]).collect();
        assert_eq!(changes, ["seen", "severity", "resolved"]);
        let first = ci.get(&format!("{path}/history?limit=2")).await.expect(200);
        assert_eq!(first["next_after"], 2);
        let rest = ci.get(&format!("{path}/history?after=2")).await.expect(200);
        assert_eq!((rest["entries"][0]["version"].as_i64(), &rest["next_after"]), (Some(3), &Value::Null));
        assert_eq!(ci.get(&path.to_lowercase()).await.expect(200), shown, "ids are read as ULIDs are");
    }

    async fn pages_of_alerts_neither_repeat_nor_miss_any(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let source = ci.monitor("prod").await;
        let storm = |from: usize, to: usize| (from..to).map(|n| fires(&format!("A{n}"), "x")).collect();
        ci.hears(&source, storm(0, 30)).await;
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = ci.get(&format!("/api/v1/alerts?limit=7&label=service=x{cursor}")).await.expect(200);
            seen.extend(page["alerts"].as_array().unwrap().iter().map(|alert| alert["key"].as_str().unwrap().to_owned()));
            ci.hears(&source, storm(seen.len() + 30, seen.len() + 31)).await;
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let all: Vec<String> = (0..30).rev().map(|n| format!("A{n}/x")).collect();
        // Ids of one moment are in any order.
        assert_eq!((seen.len(), std::collections::BTreeSet::from_iter(&seen)), (30, std::collections::BTreeSet::from_iter(&all)));
        let foreign = ci.get(&format!("/api/v1/alerts?limit=7{cursor}")).await;
        expect_problem(&foreign, 400, "bad-parameter", Some("cursor"));
    }

    async fn alerts_of_a_private_incident_do_not_exist_for_others(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let owner = ci.another("owner").await;
        let source = ci.monitor("prod").await;
        // It is the owner's incident, and one alert was put into it.
        let private = owner.post("/api/v1/incidents", &[], &json!({"name": "Breach", "private": true})).await.expect(201);
        ci.hears(&source, vec![fires("Intrusion", "vault"), fires("Latency", "cart")]).await;
        let secret = id(&ci.alerts("?label=service=vault").await[0]);
        let link = json!({"incident": private["reference"]});
        owner.post(&format!("/api/v1/alerts/{secret}/link"), &[], &link).await.expect(200);
        assert_eq!(titles(&ci.alerts("").await), ["Latency in cart"]);
        assert_eq!(owner.alerts("").await.len(), 2);
        let absent = ci.get("/api/v1/alerts/01ARZ3NDEKTSV4RRFFQ69G5FAV").await.expect(404);
        let group = owner.alert(&secret).await["group"].as_str().unwrap().to_owned();
        assert!(ci.alerts(&format!("?group={group}")).await.is_empty());
        expect_problem(&ci.get("/api/v1/alerts?incident=INC-1").await, 400, "bad-parameter", Some("incident"));
        for answer in [
            ci.get(&format!("/api/v1/alerts/{secret}")).await,
            ci.get(&format!("/api/v1/alerts/{secret}/history")).await,
            ci.asks(&format!("/api/v1/alerts/{secret}/acknowledge")).await,
            ci.asks(&format!("/api/v1/alerts/{secret}/resolve")).await,
            ci.asks(&format!("/api/v1/alerts/{secret}/unlink")).await,
            ci.post(&format!("/api/v1/alerts/{secret}/link"), &[], &json!({"incident": "INC-9"})).await,
        ] {
            assert_eq!(answer.expect(404), absent);
        }
        for path in ["alerts", "alert-groups"] {
            let answer = ci.get(&format!("/api/v1/incidents/INC-1/{path}")).await;
            expect_problem(&answer, 404, "no-such-incident", None);
        }
        for path in ["alerts/acknowledge", "alerts/resolve"] {
            expect_problem(&ci.asks(&format!("/api/v1/incidents/INC-1/{path}")).await, 404, "no-such-incident", None);
        }
        // Nor can somebody who must not know of it put anything into it, or take anything out.
        let cart = id(&ci.alerts("").await[0]);
        let into = ci.post(&format!("/api/v1/alerts/{cart}/link"), &[], &json!({"incident": "INC-1"})).await;
        expect_problem(&into, 422, "invalid-body", Some("incident"));
        assert_eq!(owner.alert(&secret).await["acknowledged"], Value::Null);
        // Taken out of it, it is no more public than it was.
        owner.asks(&format!("/api/v1/alerts/{secret}/unlink")).await.expect(200);
        assert_eq!(owner.alert(&secret).await["incident"], Value::Null);
        assert_eq!(titles(&ci.alerts("").await), ["Latency in cart"]);
        assert_eq!(ci.get(&format!("/api/v1/alerts/{secret}")).await.expect(404), absent);
    }

    async fn what_a_private_route_opens_is_nobodys_but_those_invited(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let route = Setting::Route(Route { private: true, ..Route::default() });
        let errand = Errand::Put { id: SettingId::from("r"), setting: route };
        ci.app.intake.carry(&ci.app.workspace, errand).await.unwrap();
        ci.has_trouble().await;
        assert!(ci.alerts("").await.is_empty());
        assert_eq!(ci.get("/api/v1/incidents").await.expect(200)["incidents"], json!([]));
    }

    async fn change_events_are_listed_newest_first(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let source = ci.monitor("github").await;
        for n in 0..5 {
            let change = ChangeEvent {
                key: format!("deploy/{n}"), summary: format!("Deploy {n}"), state: Some("success".to_owned()),
                labels: Default::default(), links: Vec::new(), at: None,
            };
            let delivery = Delivery { source: source.clone(), observations: Vec::new(), changes: vec![change], receipt: None };
            ci.app.intake.take(delivery).await.unwrap();
            ci.app.clock.advance(std::time::Duration::from_secs(60));
        }
        let first = ci.get("/api/v1/changes?limit=3").await.expect(200);
        let cursor = first["next_cursor"].as_str().unwrap();
        let rest = ci.get(&format!("/api/v1/changes?limit=3&cursor={cursor}")).await.expect(200);
        assert_eq!(rest["next_cursor"], Value::Null);
        let all = [&first, &rest].into_iter().flat_map(|page| page["changes"].as_array().unwrap());
        let all: Vec<&str> = all.map(|change| change["summary"].as_str().unwrap()).collect();
        assert_eq!(all, ["Deploy 4", "Deploy 3", "Deploy 2", "Deploy 1", "Deploy 0"]);
        let other = ci.monitor("other").await;
        let none = ci.get(&format!("/api/v1/changes?source={}", other.id)).await.expect(200);
        assert_eq!(none, json!({"changes": [], "next_cursor": null}));
        expect_problem(&ci.get("/api/v1/changes?source=prod").await, 400, "bad-parameter", Some("source"));
    }

    async fn questions_about_alerts_that_make_no_sense_are_refused_by_name(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let many = "label=a=b&".repeat(21);
        let long = format!("label=a%3D~{}", "x".repeat(2_000));
        for (query, field) in [
            ("state=open", "state"),
            ("state=firing&state=firing", "state"),
            ("status=bad", "status"),
            ("status=", "status"),
            ("source=x", "source"),
            ("group=%00", "group"),
            ("incident=INC-7", "incident"),
            ("incident=%00", "incident"),
            ("label=env", "label"),
            ("label==x", "label"),
            ("label=a%3D~(", "label"),
            ("label=a%3D~(a{999}){999}{999}", "label"),
            (&many, "label"),
            (&long, "label"),
            ("limit=0", "limit"),
            ("cursor=00", "cursor"),
            ("before=1", "before"),
        ] {
            let answer = ci.get(&format!("/api/v1/alerts?{query}")).await;
            expect_problem(&answer, 400, "bad-parameter", Some(field));
        }
        // A NUL can be looked for, and is nowhere.
        assert_eq!(ci.get("/api/v1/alerts?label=a=%00").await.expect(200)["alerts"], json!([]));
        let huge = "9".repeat(5_000);
        for alert in ["1", "%00", "%ff", "a%2Fb", "01ARZ3NDEKTSV4RRFFQ69G5FA%00", &huge] {
            for answer in [
                ci.get(&format!("/api/v1/alerts/{alert}")).await,
                ci.asks(&format!("/api/v1/alerts/{alert}/acknowledge")).await,
            ] {
                expect_problem(&answer, 404, "no-such-alert", None);
            }
        }
        let headers = [("authorization", "Bearer stn_nothing")];
        for path in ["alerts", "sources", "silences", "changes"] {
            let answer = ci.server.send(Method::GET, &format!("/api/v1/{path}"), &headers, "").await;
            expect_problem(&answer, 401, "invalid-token", None);
        }
    }
}

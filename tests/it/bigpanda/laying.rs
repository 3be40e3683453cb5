//! Programs lay down what becomes of alerts: patterns, plans, environments.

use std::time::Duration;

use serde_json::{Value, json};
use stentor::clock::Timestamp;
use stentor::ingest::kind::Kind;

use super::{ALL, GROUP_WAIT, Panda, done, failed, fires};
use crate::databases::on_each_database;

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

on_each_database! {
    async fn patterns_are_laid_down_and_ordered(fresh: Fresh) {
        let panda = Panda::start(&fresh).await;
        let path = "/v2.0/correlation-patterns";
        let short = panda.post(path, json!({"tags": ["check"], "time_window": 60})).await.expect(201);
        assert_eq!((&short["cross_source"], &short["active"], &short["execution_order"]), (&json!(true), &json!(true), &json!(1)));
        let body = json!({"tags": ["service"], "time_window": 120, "filter": {"=": ["source_system", {"type": "regex", "value": "api.*"}]}, "note": "n"});
        let long = panda.post(path, body).await.expect(201);
        assert_eq!((&long["filter"], &long["execution_order"]), (&json!("source_system = api.*"), &json!(1)));
        let (short, long) = (short["id"].as_str().unwrap(), long["id"].as_str().unwrap());
        assert_eq!(ids(&panda.get(path).await.expect(200)), [long, short]);
        let ordered = panda.put("/v2.1/correlation-patterns-order", json!({"ids": [short]})).await.expect(200);
        assert_eq!(ids(&ordered), [short, long]);
        failed(&panda.put("/v2.1/correlation-patterns-order", json!(["none"])).await, 400);
        failed(&panda.put("/v2.1/correlation-patterns-order", json!({})).await, 400);
        let reset = panda.post("/v2.1/correlation-patterns-order/reset", Value::Null).await.expect(200);
        assert_eq!(ids(&reset), [long, short]);
        let changed = panda.patch(&format!("{path}/{long}"), json!({"filter": null, "active": false})).await.expect(200);
        assert_eq!((&changed["filter"], &changed["active"], &changed["time_window"]), (&Value::Null, &json!(false), &json!(120)));
        for body in [
            json!({}), json!({"tags": [], "time_window": 60}), json!({"tags": ["a", "a"], "time_window": 60}),
            json!({"tags": ["a", "b", "c", "d", "e", "f"], "time_window": 60}), json!({"tags": ["a"]}),
            json!({"tags": ["a"], "time_window": 0}), json!({"tags": ["a"], "time_window": -1}),
            json!({"tags": ["a"], "time_window": 60, "filter": "host ="}), json!({"tags": "a", "time_window": 60}),
            json!({"tags": ["a"], "time_window": 60, "filter": {"~": []}}),
        ] {
            failed(&panda.post(path, body).await, 400);
        }
        // They are what alerts are grouped by.
        let monitor = panda.bot.monitor(Kind::Bigpanda).await;
        panda.bot.hears(&monitor, vec![fires("Latency", "checkout"), fires("Latency", "cart")]).await;
        panda.bot.watches(GROUP_WAIT).await;
        assert_eq!(panda.shown(1).await["correlation_matchers_log"][0][0]["correlation_id"], short);
        assert_eq!(panda.bot.incidents().await, 1);
        done(&panda.delete(&format!("{path}/{long}")).await);
        failed(&panda.delete(&format!("{path}/{long}")).await, 404);
        failed(&panda.get(&format!("{path}/x%00")).await, 404);
        assert_eq!(panda.get(&format!("{path}/{short}")).await.expect(200)["execution_order"], 1);
    }

    async fn plans_keep_alerts_quiet(fresh: Fresh) {
        let panda = Panda::start(&fresh).await;
        let (path, list) = ("/v2.0/maintenance-plans", "/v2.0/ordered-maintenance-plans");
        let now = panda.bot.clock.now().as_seconds();
        let condition = json!({"AND": [{"=": ["service", "cart"]}, {"!=": ["check", "Errors"]}]});
        let plan = |name: &str, start: i64, end: i64| json!({"name": name, "condition": condition, "start": start, "end": end});
        let made = panda.post(path, plan("Upgrade", now, now + 600)).await.expect(201);
        assert_eq!((&made["condition"], &made["status"], &made["frequency"]), (&condition, &json!("running"), &json!("Once")));
        let running = made["id"].as_str().unwrap().to_owned();
        let later = panda.post(path, plan("Another", now + 1_000, now + 2_000)).await.expect(201);
        let later = later["id"].as_str().unwrap().to_owned();
        assert_eq!(ids(&panda.get(list).await.expect(200)), [running.as_str(), later.as_str()]);
        for (query, expected) in [
            ("status=planned", vec![later.as_str()]), ("status=done", vec![]), ("search_text=UP", vec![running.as_str()]),
            ("sort_by=name", vec![later.as_str(), running.as_str()]), ("order=desc&per_page=1", vec![later.as_str()]),
            ("frequency=Daily", vec![]), ("per_page=1&page=2", vec![later.as_str()]),
        ] {
            assert_eq!(ids(&panda.get(&format!("{list}?{query}")).await.expect(200)), expected, "{query}");
        }
        let monitor = panda.bot.monitor(Kind::Bigpanda).await;
        panda.bot.hears(&monitor, vec![fires("Latency", "cart"), fires("Latency", "checkout"), fires("Errors", "cart")]).await;
        panda.bot.watches(GROUP_WAIT).await;
        let expected: Vec<bool> = panda.bot.alerts().await.iter().map(|alert| alert.maintenance.is_some()).collect();
        assert_eq!(expected, [true, false, false]);
        let partial = panda.get(&format!("{ALL}?query=service+%3D+cart")).await.expect(200);
        assert_eq!(partial["items"][0]["maintenance"], "partial");
        // Of one that runs, only the end moves.
        let path_of = |id: &str| format!("{path}/{id}");
        done(&panda.patch(&path_of(&running), json!({"end": now + 900})).await);
        assert_eq!(panda.get(&path_of(&running)).await.expect(200)["end"], now + 900);
        failed(&panda.patch(&path_of(&running), json!({"name": "Other"})).await, 409);
        done(&panda.patch(&path_of(&later), json!({"name": "Other", "condition": "host = x"})).await);
        failed(&panda.post(&format!("{}/stop", path_of(&later)), Value::Null).await, 409);
        done(&panda.post(&format!("{}/stop", path_of(&running)), Value::Null).await);
        assert_eq!(panda.get(&path_of(&running)).await.expect(200)["status"], "done");
        failed(&panda.patch(&path_of(&running), json!({"end": now + 9_999})).await, 409);
        done(&panda.delete(&path_of(&later)).await);
        for id in [later.as_str(), "none", "x%00"] {
            failed(&panda.get(&path_of(id)).await, 404);
        }
        for (body, status) in [
            (json!({}), 400), (json!({"name": "x", "condition": "*", "start": now, "end": now + 60}), 400),
            (json!({"name": "x", "condition": "a = b", "start": now + 60, "end": now}), 400),
            (json!({"name": "", "condition": "a = b", "start": now, "end": now + 60}), 400),
            (json!({"name": "x", "condition": "a =", "start": now, "end": now + 60}), 400),
            (json!({"name": "x", "condition": "a = b", "start": now * 1_000, "end": now + 60}), 400),
            (json!({"name": "x", "condition": "a = b", "start": now, "end": now + 60, "frequency": "Daily"}), 400),
            (json!({"name": "x", "condition": "a = b", "start": now, "end": now + 60, "frequency": "Now"}), 400),
            (json!({"name": "x", "condition": "a = b", "start": now, "end": now + 60, "post_maintenance_action": "Resolve"}), 501),
        ] {
            failed(&panda.post(path, body).await, status);
        }
        for query in ["status=over", "sort_by=id", "order=up", "frequency=Never", "page=0"] {
            failed(&panda.get(&format!("{list}?{query}")).await, 400);
        }
    }

    /// Each night at ten in Berlin, over the change of the clocks.
    async fn plans_that_repeat_keep_alerts_quiet_each_time(fresh: Fresh) {
        let panda = Panda::start(&fresh).await;
        let (path, list) = ("/v2.0/maintenance-plans", "/v2.0/ordered-maintenance-plans");
        let clock = &panda.bot.clock;
        let to = |text: &str| {
            let at = Timestamp::from(text.parse::<jiff::Timestamp>().unwrap());
            clock.advance(at.since(clock.now()));
        };
        let seconds = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
        let body = json!({
            "name": "Backups", "condition": {"=": ["service", "cart"]}, "frequency": "daily",
            "frequency_data": {"duration": 7_200}, "time_zone": "Europe/Berlin",
            "start": seconds("2026-10-23T20:00:00Z"), "end": seconds("2026-10-28T00:00:00Z"),
        });
        let made = panda.post(path, body.clone()).await.expect(201);
        assert_eq!((&made["frequency"], &made["time_zone"]), (&json!("Daily"), &json!("Europe/Berlin")));
        assert_eq!((&made["frequency_data"], &made["status"]), (&json!({"duration": 7_200}), &json!("planned")));
        let id = made["id"].as_str().unwrap();
        let own = format!("{path}/{id}");
        for (query, count) in [("frequency=Daily", 1), ("frequency=Once", 0), ("frequency=weekly", 0), ("", 1)] {
            let found = panda.get(&format!("{list}?{query}")).await.expect(200);
            assert_eq!(found.as_array().unwrap().len(), count, "{query}");
        }
        let monitor = panda.bot.monitor(Kind::Bigpanda).await;
        for (now, is_quiet) in [
            ("2026-10-24T20:30:00Z", true),
            ("2026-10-24T22:30:00Z", false),
            // The clocks have gone back: ten is an hour later.
            ("2026-10-25T20:30:00Z", false),
            ("2026-10-25T21:30:00Z", true),
            ("2026-10-25T23:30:00Z", false),
        ] {
            to(now);
            panda.bot.hears(&monitor, vec![fires("Latency", "cart")]).await;
            let alerts = panda.bot.alerts().await;
            assert_eq!(alerts[0].maintenance.is_some(), is_quiet, "{now}");
            let status = if is_quiet { "running" } else { "planned" };
            assert_eq!(panda.get(&own).await.expect(200)["status"], status, "{now}");
        }
        // The same window in the native API, where it can be laid down too.
        let window = format!("/api/v1/maintenance-windows/{id}");
        let headers = [("authorization", panda.authorization.as_str())];
        let native = panda.server.get(&window, &headers).await.expect(200);
        let repeats = json!({"every": "day", "duration_seconds": 7_200, "time_zone": "Europe/Berlin"});
        assert_eq!(native["repeats"], repeats);
        done(&panda.patch(&own, json!({"frequency": "Monthly", "frequency_data": {"relativity": "Relative"}})).await);
        let changed = panda.get(&own).await.expect(200);
        assert_eq!(changed["frequency_data"], json!({"duration": 7_200, "relativity": "Relative"}));
        assert_eq!(panda.server.get(&window, &headers).await.expect(200)["repeats"]["every"], "weekday_of_month");
        let with = |more: Value| {
            let mut body = body.clone();
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        for wrong in [
            json!({"frequency_data": {"duration": 90_000}}), json!({"frequency_data": {"duration": -1}}),
            json!({"frequency_data": {}}), json!({"time_zone": "Mars/Olympus"}), json!({"frequency": "Once"}),
        ] {
            failed(&panda.post(path, with(wrong)).await, 400);
        }
        // One that runs is stopped for good.
        let running = with(json!({"start": clock.now().as_seconds(), "end": clock.now().as_seconds() + 900_000}));
        let running = panda.post(path, running).await.expect(201);
        let own = format!("{path}/{}", running["id"].as_str().unwrap());
        done(&panda.post(&format!("{own}/stop"), Value::Null).await);
        assert_eq!(panda.get(&own).await.expect(200)["status"], "done");
    }

    async fn environments_have_what_an_expression_holds_for(fresh: Fresh) {
        let panda = Panda::with_trouble(&fresh).await;
        let path = "/v2.0/environments";
        let made = panda.post(path, json!({"name": "Cart", "condition": {"=": ["service", "cart"]}})).await.expect(201);
        let cart = made["id"].as_str().unwrap();
        assert_eq!(made["condition"], json!({"=": ["service", "cart"]}));
        assert_eq!(ids(&panda.get(path).await.expect(200)), ["all", cart]);
        let found = panda.get(&format!("{path}/{cart}/incidents")).await.expect(200);
        assert_eq!((&found["total"], &found["items"][0]["environments"]), (&json!(1), &json!(["all", cart])));
        // An incident is only where it belongs.
        panda.get(&format!("{path}/{cart}/incidents/2")).await.expect(200);
        failed(&panda.get(&format!("{path}/{cart}/incidents/1")).await, 404);
        failed(&panda.post(&format!("{path}/{cart}/incidents/1/comments"), json!({"comment": "x"})).await, 404);
        let changed = panda.put(&format!("{path}/{cart}"), json!({"name": "Cart", "condition": "service = cart OR sale"})).await.expect(200);
        assert_eq!(changed["condition"], json!({"OR": [{"=": ["service", "cart"]}, "sale"]}));
        let again = panda.put(&format!("{path}/{cart}"), json!({"name": "Cart", "condition": changed["condition"]})).await.expect(200);
        assert_eq!(again["condition"], changed["condition"]);
        for (body, status) in [
            (json!({"name": "x"}), 400), (json!({"name": "x", "condition": "a ="}), 400), (json!({"name": "CART", "condition": "*"}), 409),
        ] {
            failed(&panda.post(path, body).await, status);
        }
        failed(&panda.delete(&format!("{path}/all")).await, 409);
        done(&panda.delete(&format!("{path}/{cart}")).await);
        failed(&panda.get(&format!("{path}/{cart}")).await, 404);
        panda.bot.clock.advance(Duration::from_secs(1));
        assert_eq!(panda.get(&format!("{path}/all")).await.expect(200)["condition"], "*");
    }

    /// Alerts come in by the same host as ever.
    async fn senders_of_alerts_are_not_in_the_way(fresh: Fresh) {
        let panda = Panda::start(&fresh).await;
        let monitor = panda.bot.monitor(Kind::Bigpanda).await;
        let bearer = format!("Bearer {}", monitor.secret);
        let alert = json!({"app_key": "K", "status": "critical", "host": "db-1", "check": "cpu"});
        let answer = panda.server.post("/bigpanda/data/v2/alerts", &[("authorization", &bearer)], &alert).await;
        answer.expect(201);
        panda.bot.watches(GROUP_WAIT).await;
        let shown = panda.shown(1).await;
        assert_eq!((&shown["alerts"][0]["primary_property"], &shown["status"]), (&json!("host"), &json!("critical")));
        // A sender's secret opens nothing here.
        let answer = panda.server.get(&format!("/bigpanda/resources{ALL}"), &[("authorization", &bearer)]).await;
        failed(&answer, 401);
    }
}

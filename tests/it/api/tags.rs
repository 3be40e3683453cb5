//! Programs make tags and environments, and find incidents by them.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Program, expect_problem, problem};
use crate::databases::on_each_database;

const TAGS: &str = "/api/v1/incident-tags";
const ENVIRONMENTS: &str = "/api/v1/environments";

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
}

on_each_database! {
    async fn an_incident_is_given_tags(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let priority = json!({"name": "priority", "kind": "priority", "choices": ["P1", "P2"], "description": "How urgent"});
        let made = ci.post(TAGS, &[("idempotency-key", "a")], &priority).await;
        assert!(made.header("location").starts_with(TAGS));
        let made = made.expect(201);
        let again = ci.post(TAGS, &[("idempotency-key", "a")], &json!({"name": "x", "kind": "text"})).await.expect(201);
        assert_eq!(again, made);
        ci.post(TAGS, &[], &json!({"name": "team", "kind": "multi_value"})).await.expect(201);
        assert_eq!(names(&ci.get(TAGS).await.expect(200)["tags"]), ["priority", "team"]);
        let id = made["id"].as_str().unwrap();
        assert_eq!(ci.get(&format!("{TAGS}/{id}")).await.expect(200), made);
        ci.declares("Checkout is slow").await;
        ci.commands("1", json!({"type": "tag", "tag": "Priority", "value": "p1"})).await.expect(200);
        let path = "/api/v1/incidents/INC-1/tags";
        let team = ci.sends(Method::PUT, &format!("{path}/team"), &json!({"value": "[\"a, b\", \"c\"]"})).await.expect(200);
        assert_eq!(team["tags"][1]["values"], json!(["a, b", "c"]));
        let tags = ci.get(path).await.expect(200);
        assert_eq!(names(&tags["tags"]), ["priority", "team"]);
        assert_eq!(tags["tags"][0]["values"], json!(["P1"]));
        assert_eq!(tags["tags"][0]["by"], json!({"type": "api_token", "name": "ci"}));
        let left = ci.sends(Method::DELETE, &format!("{path}/{id}"), &Value::Null).await.expect(200);
        assert_eq!(names(&left["tags"]), ["team"]);
        let timeline = ci.get("/api/v1/incidents/1/timeline").await.expect(200);
        let last = &timeline["entries"][3]["event"];
        assert_eq!((&last["type"], &last["from"]), (&json!("tag_removed"), &json!(["P1"])));
        // Whoever has it keeps it when it is called otherwise and is not used any more.
        let team = ci.get(TAGS).await.expect(200)["tags"][1]["id"].as_str().unwrap().to_owned();
        let change = json!({"name": "crew", "active": false});
        let changed = ci.sends(Method::PATCH, &format!("{TAGS}/{team}"), &change).await.expect(200);
        assert_eq!((&changed["name"], &changed["active"]), (&json!("crew"), &json!(false)));
        assert_eq!(names(&ci.get(path).await.expect(200)["tags"]), ["crew"]);
    }

    async fn wrong_tags_are_refused_by_field(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.post(TAGS, &[], &json!({"name": "priority", "kind": "priority", "choices": ["P1"]})).await.expect(201);
        let old = ci.post(TAGS, &[], &json!({"name": "old", "kind": "text", "active": false})).await.expect(201);
        for (body, status, kind, field) in [
            (json!({"kind": "text"}), 422, "invalid-body", "name"),
            (json!({"name": "x", "kind": "number"}), 422, "invalid-body", "kind"),
            (json!({"name": "x", "kind": "text", "id": "1"}), 422, "invalid-body", "id"),
            (json!({"name": " ", "kind": "text"}), 422, "bad-tag", "name"),
            (json!({"name": "x".repeat(21), "kind": "text"}), 422, "bad-tag", "name"),
            (json!({"name": "PRIORITY", "kind": "text"}), 409, "bad-tag", "name"),
            (json!({"name": "x", "kind": "priority"}), 422, "bad-tag", "choices"),
            (json!({"name": "x", "kind": "text", "description": "x".repeat(201)}), 422, "bad-tag", "description"),
        ] {
            expect_problem(&ci.post(TAGS, &[], &body).await, status, kind, Some(field));
        }
        ci.declares("Checkout is slow").await;
        for (tag, value, status, kind, field) in [
            ("priority", "P9", 422, "bad-tag", "value"),
            ("priority", "", 422, "bad-tag", "value"),
            ("priority", "\u{0}", 422, "bad-tag", "value"),
            ("nothing", "x", 422, "unknown-tag", "tag"),
            ("", "x", 422, "unknown-tag", "tag"),
            ("old", "x", 409, "bad-tag", "tag"),
        ] {
            let refused = ci.commands("1", json!({"type": "tag", "tag": tag, "value": value})).await;
            expect_problem(&refused, status, kind, Some(field));
        }
        let refused = ci.commands("1", json!({"type": "untag", "tag": "priority"})).await;
        expect_problem(&refused, 409, "already-so", None);
        let id = old["id"].as_str().unwrap();
        let kind = ci.sends(Method::PATCH, &format!("{TAGS}/{id}"), &json!({"kind": "priority"})).await;
        expect_problem(&kind, 422, "bad-tag", Some("kind"));
        expect_problem(&ci.get(&format!("{TAGS}/none")).await, 404, "no-such-tag", None);
        expect_problem(&ci.get("/api/v1/incidents/9/tags").await, 404, "no-such-incident", None);
    }

    async fn environments_have_incidents_for_which_an_expression_holds(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.has_trouble().await;
        ci.post(TAGS, &[], &json!({"name": "team", "kind": "text"})).await.expect(201);
        ci.commands("1", json!({"type": "tag", "tag": "team", "value": "shop"})).await.expect(200);
        ci.declares("By hand").await;
        let of_cart = json!({"name": "Cart", "condition": {"=": ["service", "cart"]}});
        let made = ci.post(ENVIRONMENTS, &[], &of_cart).await.expect(201);
        assert_eq!(made["condition"], "service = cart");
        let cart = made["id"].as_str().unwrap().to_owned();
        let all = ci.get(ENVIRONMENTS).await.expect(200);
        assert_eq!(names(&all["environments"]), ["All", "Cart"]);
        let count = async |path: String| ci.get(&path).await.expect(200)["total"].as_i64().unwrap();
        assert_eq!(count(format!("{ENVIRONMENTS}/all/incidents")).await, 3);
        assert_eq!(count(format!("{ENVIRONMENTS}/{cart}/incidents")).await, 1);
        for (query, expected) in [
            ("q=team+%3D+shop", 1), ("q=service+!%3D+%22%22", 2), ("q=status+%3D+critical", 2), ("q=hand", 1),
            ("folder=resolved", 0), ("folder=unhandled", 3), ("q=check+IN+%5BErrors%5D&sort=alerts", 1),
        ] {
            assert_eq!(count(format!("{ENVIRONMENTS}/all/incidents?{query}")).await, expected, "{query}");
        }
        let page = ci.get(&format!("{ENVIRONMENTS}/all/incidents?limit=1&page=2&sort=start")).await.expect(200);
        assert_eq!((page["incidents"].as_array().unwrap().len(), &page["total"]), (1, &json!(3)));
        let of_checkout = json!({"name": "Checkout", "condition": "service = checkout"});
        let path = format!("{ENVIRONMENTS}/{cart}");
        let changed = ci.sends(Method::PUT, &path, &of_checkout).await.expect(200);
        assert_eq!(changed["name"], "Checkout");
        assert_eq!(ci.sends(Method::DELETE, &path, &Value::Null).await.status, 204);
        expect_problem(&ci.get(&path).await, 404, "no-such-environment", None);
        for (body, status, field) in [
            (json!({"name": "x", "condition": "host ="}), 422, "condition"),
            (json!({"name": "x", "condition": {"~": []}}), 422, "condition"),
            (json!({"name": "", "condition": "*"}), 422, "name"),
            (json!({"name": "all", "condition": "*"}), 409, "name"),
        ] {
            let refused = ci.post(ENVIRONMENTS, &[], &body).await;
            expect_problem(&refused, status, "bad-environment", Some(field));
        }
        let refused = ci.sends(Method::DELETE, &format!("{ENVIRONMENTS}/all"), &Value::Null).await;
        expect_problem(&refused, 409, "bad-environment", None);
        for query in ["q=host+%3D", "folder=Active", "sort=name", "page=0", "limit=0", "x=1"] {
            let path = format!("{ENVIRONMENTS}/all/incidents?{query}");
            assert_eq!(problem(&ci.get(&path).await, 400).0, "bad-parameter", "{query}");
        }
    }

    async fn incidents_are_found_by_their_tags(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.post(TAGS, &[], &json!({"name": "team", "kind": "multi_value"})).await.expect(201);
        ci.post(TAGS, &[], &json!({"name": "priority", "kind": "priority", "choices": ["P1", "P2"]})).await.expect(201);
        for (number, tags) in [(1, vec![("team", "pay, shop"), ("priority", "P1")]), (2, vec![("team", "pay")]), (3, vec![])] {
            ci.declares("Checkout is slow").await;
            for (tag, value) in tags {
                ci.commands(&number.to_string(), json!({"type": "tag", "tag": tag, "value": value})).await.expect(200);
            }
        }
        let found = async |query: &str| {
            let page = ci.get(&format!("/api/v1/incidents?{query}")).await.expect(200);
            let incidents = page["incidents"].as_array().unwrap().iter();
            incidents.map(|incident| incident["number"].as_i64().unwrap()).collect::<Vec<_>>()
        };
        for (query, expected) in [
            ("incident_tag=team%3Dpay", vec![2, 1]),
            ("incident_tag=Team%3Dshop", vec![1]),
            ("incident_tag=team%3Dpay,shop", vec![2, 1]),
            ("incident_tag=team%3DPAY", vec![]),
            ("incident_tag=team%3Dpay&incident_tag=priority%3Dp1", vec![1]),
            ("incident_tag=priority%3D", vec![3, 2]),
            ("incident_tag=team%3Dpay&category=closed", vec![]),
        ] {
            assert_eq!(found(query).await, expected, "{query}");
        }
        ci.commands("2", json!({"type": "untag", "tag": "team"})).await.expect(200);
        assert_eq!(found("incident_tag=team%3Dpay").await, [1]);
        let environment = async |query: &str| {
            let path = format!("{ENVIRONMENTS}/all/incidents?q={query}");
            ci.get(&path).await.expect(200)["total"].clone()
        };
        for (query, expected) in [
            ("team+%3D+pay", 1), ("team+%3D+p*+OR+priority+%3D+P1", 1), ("team+%3D+shop+AND+priority+%3D+P2", 0),
            ("team+%21%3D+pay", 2), ("team+%3D+%22%22", 2),
        ] {
            assert_eq!(environment(query).await, expected, "{query}");
        }
        for query in ["incident_tag=team", "incident_tag=nothing%3Dx", "incident_tag=priority%3DP9"] {
            let answer = ci.get(&format!("/api/v1/incidents?{query}")).await;
            expect_problem(&answer, 400, "bad-parameter", Some("incident_tag"));
        }
    }

    /// What is private is in no environment of somebody else, nor counted.
    async fn private_incidents_are_found_by_their_own_alone(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let other = ci.another("other").await;
        ci.post("/api/v1/incidents", &[], &json!({"name": "Secret", "private": true})).await.expect(201);
        let path = format!("{ENVIRONMENTS}/all/incidents");
        assert_eq!(ci.get(&path).await.expect(200)["total"], 1);
        assert_eq!(other.get(&path).await.expect(200)["total"], 0);
    }
}

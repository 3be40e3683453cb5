//! What a token may do, and in whose name.

use axum::http::Method;
use serde_json::{Value, json};
use stentor::api::needed;

use super::{Program, expect_problem};
use crate::databases::{Fresh, on_each_database};

/// Every operation of the native API, as the document has it: method, path, and what it says of
/// security.
async fn operations(program: &Program) -> Vec<(Method, String, Value)> {
    let document = program.server.get("/api/v1/openapi.json", &[]).await.expect(200);
    let paths = document["paths"].as_object().unwrap().clone();
    let operations = paths.into_iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap().clone();
        item.into_iter().map(move |(method, operation)| {
            let method = method.to_uppercase().parse().unwrap();
            (method, path.clone(), operation["security"].clone())
        })
    });
    operations.collect()
}

#[tokio::test]
async fn every_route_says_what_it_needs_and_is_closed_to_who_lacks_it() {
    let fresh = Fresh::sqlite();
    let program = Program::start(&fresh).await;
    let nobody = program.limited("nobody", &[]).await;
    let mut walked = 0;
    for (method, path, security) in operations(&program).await {
        if path == "/api/v1/openapi.json" {
            continue;
        }
        let scope = needed::scope(&method, &path);
        let scope = scope.unwrap_or_else(|| panic!("{method} {path} needs no scope"));
        assert_eq!(security, json!([{"token": [scope.as_str()]}]), "{method} {path}");
        let one = path.replace("{ref}", "1").replace("{id}", "01K5QGJH00000000000000000A");
        let one = one.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
        let one = one.collect::<Vec<_>>().join("/");
        let answer = nobody.send(method.clone(), &one, &json!({})).await;
        expect_problem(&answer, 403, "missing-scope", None);
        assert!(answer.text.contains(&format!("`{scope}`")), "{method} {path}: {}", answer.text);
        walked += 1;
    }
    assert!(walked > 40, "{walked}");
}

#[tokio::test]
async fn a_token_with_the_scope_of_a_route_enters_it() {
    let fresh = Fresh::sqlite();
    let program = Program::start(&fresh).await;
    for (place, (method, path, security)) in operations(&program).await.into_iter().enumerate() {
        if method != Method::GET || path.contains('{') || path == "/api/v1/openapi.json" {
            continue;
        }
        let scope = security[0]["token"][0].as_str().unwrap();
        let reader = program.limited(&format!("reader {place}"), &[scope]).await;
        // Some want to know more, and say so.
        let answer = reader.get(&path).await;
        assert!([200, 400].contains(&answer.status.as_u16()), "{path}: {}", answer.text);
    }
}

on_each_database! {
    async fn who_may_read_may_not_write(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        program.declares("Checkout is slow").await;
        let reader = program.limited("reader", &["incidents:read"]).await;
        assert_eq!(reader.get("/api/v1/incidents").await.expect(200)["incidents"][0]["number"], 1);
        let answer = reader.post("/api/v1/incidents", &[], &json!({"name": "Another"})).await;
        expect_problem(&answer, 403, "missing-scope", None);
        let answer = reader.commands("INC-1", json!({"type": "note", "text": "hello"})).await;
        expect_problem(&answer, 403, "missing-scope", None);
        let declares = program.limited("declares", &["incidents:declare"]).await;
        assert_eq!(declares.declares("Another").await["number"], 2);
        expect_problem(&declares.get("/api/v1/incidents/2").await, 403, "missing-scope", None);
    }

    async fn private_incidents_exist_for_those_who_may_see_them(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let hidden = json!({"name": "A leak", "private": true});
        program.post("/api/v1/incidents", &[], &hidden).await.expect(201);
        let blind = program.another("blind").await;
        expect_problem(&blind.get("/api/v1/incidents/1").await, 404, "no-such-incident", None);
        let note = json!({"type": "note", "text": "I saw it"});
        expect_problem(&blind.commands("1", note.clone()).await, 404, "no-such-incident", None);
        let sees = program.limited("sees", &["everything"]).await;
        assert_eq!(sees.get("/api/v1/incidents/1").await.expect(200)["name"], "A leak");
        assert_eq!(sees.get("/api/v1/incidents").await.expect(200)["incidents"][0]["number"], 1);
        assert_eq!(sees.commands("1", note).await.expect(200)["version"], 2);
        let entries = sees.get("/api/v1/incidents/1/timeline").await.expect(200);
        assert_eq!(entries["entries"][1]["actor"], json!({"type": "api_token", "name": "sees"}));
        // Merging needs sight of both.
        let other = json!({"name": "Another leak", "private": true});
        program.post("/api/v1/incidents", &[], &other).await.expect(201);
        let merge = json!({"into": "INC-1"});
        let answer = blind.post("/api/v1/incidents/2/merge", &[], &merge).await;
        expect_problem(&answer, 404, "no-such-incident", None);
        let merged = sees.post("/api/v1/incidents/2/merge", &[], &merge).await.expect(200);
        assert_eq!(merged["merged_into"]["reference"], "INC-1");
        // The right to see alone opens nothing that it is not for.
        let only = program.limited("only", &["incidents:private"]).await;
        expect_problem(&only.get("/api/v1/incidents/1").await, 403, "missing-scope", None);
    }

    async fn the_record_says_who_did_it_through_which_token(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let acting = program.limited("portal", &["everything_but_private"]).await;
        let alice = [("x-incident-user", "U0ALICE")];
        let declared = acting.post("/api/v1/incidents", &alice, &json!({"name": "Slow"})).await.expect(201);
        assert_eq!(declared["creator"], json!({"type": "person", "user": "U0ALICE"}));
        let note = json!({"type": "note", "text": "It is the cache"});
        let path = "/api/v1/incidents/1/commands";
        acting.post(path, &[("x-incident-user", "U0BOB")], &note).await.expect(200);
        acting.post(path, &[], &note).await.expect(200);
        let entries = acting.get("/api/v1/incidents/1/timeline").await.expect(200);
        let said: Vec<_> = entries["entries"].as_array().unwrap().iter().map(|entry| (&entry["actor"], &entry["through"])).collect();
        let portal = json!("portal");
        assert_eq!(said[0], (&json!({"type": "person", "user": "U0ALICE"}), &portal));
        assert_eq!(said[1], (&json!({"type": "person", "user": "U0BOB"}), &portal));
        assert_eq!(said[2], (&json!({"type": "api_token", "name": "portal"}), &Value::Null));
        for wrong in ["", "alice", "U1|x>", "channel"] {
            let answer = acting.post(path, &[("x-incident-user", wrong)], &note).await;
            expect_problem(&answer, 422, "unknown-user", Some("X-Incident-User"));
        }
        let unable = program.limited("unable", &["incidents:write"]).await;
        let answer = unable.post(path, &alice, &note).await;
        expect_problem(&answer, 403, "missing-scope", None);
        assert!(answer.text.contains("`act_as_user`"), "{}", answer.text);
    }

    async fn in_somebodys_name_a_program_sees_no_more_than_its_token(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let acting = program.another("portal").await;
        let alice = [("x-incident-user", "U0ALICE")];
        let hidden = json!({"name": "A leak", "private": true});
        acting.post("/api/v1/incidents", &alice, &hidden).await.expect(201);
        let note = json!({"type": "note", "text": "I saw it"});
        let answer = acting.post("/api/v1/incidents/1/commands", &alice, &note).await;
        expect_problem(&answer, 404, "no-such-incident", None);
        let sees = program.limited("sees", &["everything"]).await;
        sees.post("/api/v1/incidents/1/commands", &alice, &note).await.expect(200);
    }

    async fn tokens_are_made_listed_and_revoked(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let wish = json!({"name": "deploys", "scopes": ["incidents:read", "incident.io/incident_creator"]});
        let made = program.post("/api/v1/tokens", &[], &wish).await.expect(201);
        assert_eq!(made["scopes"], json!(["incidents:read", "incidents:declare"]));
        let secret = made["secret"].as_str().unwrap();
        let deploys = Program { authorization: format!("Bearer {secret}"), ..program.clone() };
        deploys.declares("Bad deployment").await;
        expect_problem(&deploys.get("/api/v1/tokens").await, 403, "missing-scope", None);
        expect_problem(&program.post("/api/v1/tokens", &[], &wish).await, 409, "name-taken", Some("name"));
        let list = program.get("/api/v1/tokens").await.expect(200);
        let names: Vec<_> = list["tokens"].as_array().unwrap().iter().map(|token| token["name"].clone()).collect();
        assert_eq!(names, ["ci", "deploys"]);
        assert!(!list.to_string().contains("stn_"));
        let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
        assert_eq!(program.get(&path).await.expect(200)["name"], "deploys");
        assert_eq!(program.send(Method::DELETE, &path, &json!({})).await.status, 204);
        expect_problem(&program.send(Method::DELETE, &path, &json!({})).await, 404, "no-such-token", None);
        expect_problem(&deploys.get("/api/v1/incidents").await, 401, "invalid-token", None);
        for (wish, field) in [
            (json!({"name": " "}), "name"),
            (json!({"name": "x", "scopes": ["incident:read"]}), "scopes"),
            (json!({"name": "x", "scope": []}), "scope"),
        ] {
            let answer = program.post("/api/v1/tokens", &[], &wish).await;
            expect_problem(&answer, 422, "invalid-body", Some(field));
        }
    }

    async fn nobody_gives_what_they_do_not_have(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let manager = program.limited("manager", &["tokens:manage", "incidents:read"]).await;
        for scopes in [json!(["incidents:write"]), json!(["everything"]), json!([])] {
            let wish = json!({"name": "more", "scopes": scopes});
            expect_problem(&manager.post("/api/v1/tokens", &[], &wish).await, 403, "missing-scope", None);
        }
        let wish = json!({"name": "less", "scopes": ["incidents:read"]});
        manager.post("/api/v1/tokens", &[], &wish).await.expect(201);
        let wish = json!({"name": "private", "scopes": ["incidents:private"]});
        expect_problem(&program.post("/api/v1/tokens", &[], &wish).await, 403, "missing-scope", None);
    }

    async fn a_token_from_before_scopes_may_do_what_it_could(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let mut tx = program.app.db.begin().await.unwrap();
        tx.query("UPDATE token SET scopes = NULL").execute().await.unwrap();
        tx.commit().await.unwrap();
        program.declares("Checkout is slow").await;
        program.get("/api/v1/sources").await.expect(200);
        expect_problem(&program.get("/api/v1/tokens").await, 403, "missing-scope", None);
        expect_problem(&program.get("/api/v1/webhooks").await, 403, "missing-scope", None);
    }
}

//! Declaring, working and reading an incident.

use serde_json::{Value, json};
use stentor::api::tokens::{self, NotMade};

use super::{Program, expect_problem};
use crate::databases::on_each_database;

on_each_database! {
    async fn an_incident_is_declared_worked_and_read(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let body = json!({
            "name": "Checkout answers 500", "summary": "Since the deploy", "severity": "sev1", "lead": "U0BEA",
        });
        let declared = ci.post("/api/v1/incidents", &[], &body).await;
        let incident = declared.expect(201);
        assert_eq!(declared.header("location"), "/api/v1/incidents/INC-1");
        assert_eq!(declared.header("etag"), "\"1\"");
        assert_eq!(incident["reference"], "INC-1");
        assert_eq!(incident["severity"]["name"], "Critical");
        assert_eq!(incident["status"]["name"], "Investigating");
        assert_eq!(incident["status"]["category"], "live");
        assert_eq!(incident["roles"][0]["name"], "Incident Lead");
        assert_eq!(incident["roles"][0]["person"], "U0BEA");
        assert_eq!(incident["creator"], json!({"type": "api_token", "name": "ci"}));
        assert_eq!(incident["declared_at"], "2026-09-21T14:13:20Z");
        let points: Vec<&Value> =
            incident["timestamps"].as_array().unwrap().iter().map(|point| &point["name"]).collect();
        assert_eq!(points, ["Reported", "Accepted"]);

        let id = incident["id"].as_str().unwrap();
        for reference in ["INC-1", "inc-1", "1", "%231", id, &id.to_lowercase()] {
            let shown = ci.get(&format!("/api/v1/incidents/{reference}")).await;
            assert_eq!(shown.expect(200), incident, "{reference}");
            assert_eq!(shown.header("etag"), "\"1\"");
        }

        let update = json!({"type": "update", "message": "Rolled back", "status": "monitoring", "next_update_in_minutes": 30});
        let answer = ci.commands("INC-1", update).await;
        let updated = answer.expect(200);
        assert_eq!(answer.header("etag"), "\"2\"");
        assert_eq!(updated["last_update"]["message"], "Rolled back");
        assert_eq!(updated["next_update_due"], "2026-09-21T14:43:20Z");
        for command in [
            json!({"type": "severity", "severity": "minor"}),
            json!({"type": "status", "status": "fixing"}),
            json!({"type": "role", "role": "comms", "person": "U0ALICE"}),
            json!({"type": "summary", "summary": "All good again"}),
            json!({"type": "rename", "name": "Checkout was down"}),
            json!({"type": "note", "text": "Thanks all"}),
            json!({"type": "resolve", "message": "Fixed"}),
            json!({"type": "reopen"}),
            json!({"type": "close"}),
        ] {
            ci.commands("INC-1", command).await.expect(200);
        }
        let closed = ci.get("/api/v1/incidents/INC-1").await.expect(200);
        assert_eq!(closed["status"]["category"], "closed");
        assert_eq!(closed["version"], 11);

        let timeline = ci.get("/api/v1/incidents/INC-1/timeline").await.expect(200);
        let entries = timeline["entries"].as_array().unwrap();
        let happened: Vec<&Value> = entries.iter().map(|entry| &entry["event"]["type"]).collect();
        assert_eq!(happened, [
            "declared", "update_posted", "severity_changed", "status_changed", "role_assigned",
            "summary_changed", "renamed", "note_added", "status_changed", "status_changed", "status_changed",
        ]);
        assert_eq!(entries[0]["via"], "api");
        assert_eq!(entries[0]["actor"]["name"], "ci");
        assert_eq!(timeline["next_after"], Value::Null);
    }

    async fn a_timeline_is_read_page_by_page(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.declares("Long story").await;
        for n in 2..=10 {
            ci.commands("1", json!({"type": "note", "text": format!("note {n}")})).await.expect(200);
        }
        let mut versions = Vec::new();
        let mut after = json!(0);
        while !after.is_null() {
            let page = ci.get(&format!("/api/v1/incidents/1/timeline?limit=3&after={after}")).await.expect(200);
            versions.extend(page["entries"].as_array().unwrap().iter().map(|entry| entry["version"].as_i64().unwrap()));
            after = page["next_after"].clone();
        }
        assert_eq!(versions, (1..=10).collect::<Vec<i64>>());
        let beyond = ci.get("/api/v1/incidents/1/timeline?after=9223372036854775807").await.expect(200);
        assert_eq!(beyond, json!({"entries": [], "next_after": null}));
    }

    async fn a_request_sent_again_is_done_once(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let key = [("idempotency-key", "build/77")];
        let body = json!({"name": "Deploy failed"});
        let mut asked = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let (ci, body) = (ci.clone(), body.clone());
            asked.spawn(async move { ci.post("/api/v1/incidents", &key, &body).await.expect(201) });
        }
        let answers = asked.join_all().await;
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        // Whatever happened since, and whatever the body says now.
        ci.commands("1", json!({"type": "rename", "name": "Renamed since"})).await.expect(200);
        let late = ci.post("/api/v1/incidents", &key, &json!({"name": "Something else"})).await;
        assert_eq!(late.expect(201), answers[0]);
        assert_eq!(late.header("location"), "/api/v1/incidents/INC-1");
        assert_eq!(late.header("etag"), "\"1\"");

        let note = json!({"type": "note", "text": "once"});
        let key = [("idempotency-key", "note/1")];
        let first = ci.post("/api/v1/incidents/1/commands", &key, &note).await.expect(200);
        let second = ci.post("/api/v1/incidents/1/commands", &key, &note).await.expect(200);
        assert_eq!(first, second);
        assert_eq!(ci.get("/api/v1/incidents/1").await.expect(200)["version"], 3);

        // Another program's key is another key.
        let other = ci.another("other").await;
        let key = [("idempotency-key", "build/77")];
        let theirs = other.post("/api/v1/incidents", &key, &body).await.expect(201);
        assert_eq!(theirs["reference"], "INC-2");
    }

    async fn a_refused_request_uses_up_no_key(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let key = [("idempotency-key", "one")];
        let refused = ci.post("/api/v1/incidents", &key, &json!({"name": " "})).await;
        expect_problem(&refused, 422, "missing-text", Some("name"));
        let corrected = ci.post("/api/v1/incidents", &key, &json!({"name": "Now named"})).await.expect(201);
        assert_eq!(corrected["reference"], "INC-1", "the refused one took no number");
    }

    async fn whoever_saw_an_older_version_is_told(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.declares("Versioned").await;
        let path = "/api/v1/incidents/1/commands";
        let note = json!({"type": "note", "text": "seen"});
        ci.post(path, &[("if-match", "\"1\"")], &note).await.expect(200);
        let stale = ci.post(path, &[("if-match", "\"1\"")], &note).await;
        expect_problem(&stale, 412, "stale-version", None);
        ci.post(path, &[("if-match", "*")], &note).await.expect(200);
        for tag in ["1", "W/\"3\"", "\"x\"", "", "\"3\", \"4\""] {
            let answer = ci.post(path, &[("if-match", tag)], &note).await;
            expect_problem(&answer, 400, "bad-parameter", Some("If-Match"));
        }
        assert_eq!(ci.get("/api/v1/incidents/1").await.expect(200)["version"], 3);
    }

    async fn what_can_not_be_done_is_said_with_its_field(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.declares("Refusals").await;
        let long = "x".repeat(3_001);
        for (command, status, kind, field) in [
            (json!({"type": "severity", "severity": "bad"}), 422, "unknown-severity", Some("severity")),
            (json!({"type": "status", "status": "bad"}), 422, "unknown-status", Some("status")),
            (json!({"type": "role", "role": "king"}), 422, "unknown-role", Some("role")),
            (json!({"type": "role", "role": "reporter"}), 422, "reporter-is-fixed", Some("role")),
            (json!({"type": "role", "role": "lead", "person": "bea"}), 422, "unknown-person", Some("person")),
            (json!({"type": "role", "role": "lead"}), 409, "already-so", None),
            (json!({"type": "update"}), 422, "missing-text", Some("message")),
            (json!({"type": "note", "text": long}), 422, "text-too-long", Some("text")),
            (json!({"type": "rename", "name": "\u{0}"}), 422, "missing-text", Some("name")),
            (json!({"type": "update", "message": "x", "next_update_in_minutes": 0}), 422, "bad-reminder", Some("next_update_in_minutes")),
            (json!({"type": "reopen"}), 409, "already-so", None),
            (json!({"type": "status", "status": "triage"}), 409, "wrong-step", Some("status")),
            (json!({"type": "explode"}), 422, "invalid-body", Some("type")),
            (json!({"type": "record_channel", "channel": "C0GENERAL"}), 422, "invalid-body", Some("type")),
            (json!({"type": "note"}), 422, "invalid-body", Some("text")),
            (json!({"text": "x"}), 422, "invalid-body", Some("type")),
        ] {
            let answer = ci.commands("1", command.clone()).await;
            expect_problem(&answer, status, kind, field);
        }
        ci.commands("1", json!({"type": "close"})).await.expect(200);
        let late = ci.commands("1", json!({"type": "update", "message": "late"})).await;
        expect_problem(&late, 409, "incident-over", None);
        assert_eq!(ci.get("/api/v1/incidents/1").await.expect(200)["version"], 2);
    }

    async fn a_declaration_can_name_a_workspace_of_the_organisation(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        for team in ["", "acme", "E0GRID", "T0 ACME", "t0acme", "T0ACME\u{0}"] {
            let answer = ci.post("/api/v1/incidents", &[], &json!({"name": "x", "slack_team": team})).await;
            expect_problem(&answer, 422, "unknown-team", Some("slack_team"));
        }
        let declared = json!({"name": "Checkout is slow", "slack_team": "T0ACME"});
        let declared = ci.post("/api/v1/incidents", &[], &declared).await.expect(201);
        assert_eq!((&declared["number"], &declared["slack_team"]), (&json!(1), &json!("T0ACME")));
        ci.commands("1", json!({"type": "note", "text": "x"})).await.expect(200);
        assert_eq!(ci.get("/api/v1/incidents/1").await.expect(200)["slack_team"], "T0ACME");
        assert_eq!(ci.declares("Another").await["slack_team"], json!(null));
        let timeline = ci.get("/api/v1/incidents/1/timeline").await.expect(200);
        assert_eq!(timeline["entries"][0]["event"]["slack_team"], "T0ACME");
    }

    async fn a_private_incident_does_not_exist_for_other_tokens(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        // The owner's name stands in quotes in what is kept, and the stranger's is part of it.
        let owner = ci.another("the \"legal\" team 100%").await;
        let stranger = ci.another("legal").await;
        let body = json!({"name": "Breach of contract", "private": true});
        let private = owner.post("/api/v1/incidents", &[], &body).await.expect(201);
        assert_eq!(private["visibility"], "private");
        let id = private["id"].as_str().unwrap();
        ci.declares("Breach of the peace").await;

        let absent = stranger.get("/api/v1/incidents/INC-99").await;
        for reference in ["INC-1", id] {
            let path = format!("/api/v1/incidents/{reference}");
            for answer in [
                stranger.get(&path).await,
                stranger.get(&format!("{path}/timeline")).await,
                stranger.commands(reference, json!({"type": "note", "text": "x"})).await,
                stranger.post(&format!("{path}/commands"), &[("if-match", "\"9\"")], &json!({"type": "note", "text": "x"})).await,
            ] {
                assert_eq!(answer.expect(404), absent.expect(404), "it is as if it were not there");
            }
            owner.get(&path).await.expect(200);
        }
        for (who, references) in [(&owner, vec!["INC-2", "INC-1"]), (&stranger, vec!["INC-2"])] {
            for query in ["", "?q=breach", "?q=breach&limit=200", "?category=open"] {
                let page = who.get(&format!("/api/v1/incidents{query}")).await.expect(200);
                let seen: Vec<&Value> =
                    page["incidents"].as_array().unwrap().iter().map(|incident| &incident["reference"]).collect();
                assert_eq!(seen, references, "{query}");
            }
        }
        // Neither a short page nor a next one tells that something was found and held back.
        let none = stranger.get("/api/v1/incidents?q=contract&limit=1").await.expect(200);
        assert_eq!(none, json!({"incidents": [], "next_cursor": null}));
    }

    async fn a_token_opens_and_nothing_else_does(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let without = ci.server.get("/api/v1/incidents", &[]).await;
        expect_problem(&without, 401, "no-token", None);
        assert_eq!(without.header("www-authenticate"), "Bearer realm=\"stentor\"");
        let token = ci.authorization.strip_prefix("Bearer ").unwrap();
        let forged = format!("Bearer stn_{}", "0".repeat(64));
        let upper = format!("Bearer {}", token.to_uppercase());
        for (authorization, kind) in [
            (forged.as_str(), "invalid-token"),
            (&upper, "invalid-token"),
            ("Bearer stn_", "invalid-token"),
            ("Bearer \u{e9}", "no-token"),
            ("Bearer", "no-token"),
            ("Basic c3RuXw==", "no-token"),
            (token, "no-token"),
        ] {
            let answer = ci.server.get("/api/v1/catalogue", &[("authorization", authorization)]).await;
            expect_problem(&answer, 401, kind, None);
            answer.header("www-authenticate");
        }
        let lower = format!("bearer  {token}");
        ci.server.get("/api/v1/catalogue", &[("authorization", &lower)]).await.expect(200);
        let catalogue = ci.get("/api/v1/catalogue").await.expect(200);
        assert_eq!(catalogue["severities"][0]["name"], "Minor");
        assert_eq!(catalogue["statuses"].as_array().unwrap().len(), 11);
    }

    async fn a_token_needs_a_name_of_its_own(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let make = async |name: &str| {
            let app = &ci.app;
            tokens::create(&app.db, &app.clock, &app.ids, &app.workspace, name).await
        };
        let token = make("deploys").await.unwrap();
        assert_eq!(token.len(), "stn_".len() + 64);
        assert_ne!(token, make(&"x".repeat(100)).await.unwrap());
        assert!(matches!(make(" deploys ").await, Err(NotMade::NameTaken { name }) if name == "deploys"));
        assert!(matches!(make(" \u{0}\n").await, Err(NotMade::NoName)));
        assert!(matches!(make(&"x".repeat(101)).await, Err(NotMade::NameTooLong { length: 101 })));
        make("after a conflict").await.unwrap();
    }
}

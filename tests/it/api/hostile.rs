//! Bad input and trouble: every answer is a problem that says what it is, and nothing changes.

use axum::http::Method;
use serde_json::json;

use super::{Program, expect_problem, problem};
use crate::databases::on_each_database;

on_each_database! {
    async fn parameters_that_are_not_understood_are_named(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let long = format!("q={}", "x".repeat(201));
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=-1", "limit"),
            ("limit=201", "limit"),
            ("limit=abc", "limit"),
            ("limit=", "limit"),
            ("limit=1e2", "limit"),
            ("limit=99999999999999999999", "limit"),
            ("limit=1&limit=2", "limit"),
            ("page=2", "page"),
            ("Limit=2", "Limit"),
            ("category=broken", "category"),
            ("category=", "category"),
            ("category=open,,live", "category"),
            ("severity=huge", "severity"),
            ("severity=", "severity"),
            ("severity=minor&severity=huge", "severity"),
            ("cursor=x", "cursor"),
            (&long, "q"),
            ("q=%ff", "q"),
            ("q=%C3", "q"),
            ("q=%zz", "query"),
            ("q=%", "query"),
            ("%ff=1", "\u{fffd}"),
        ] {
            let answer = ci.get(&format!("/api/v1/incidents?{query}")).await;
            expect_problem(&answer, 400, "bad-parameter", Some(field));
        }
        let allowed = format!("/api/v1/incidents?q={}", "%C3%A9".repeat(200));
        ci.get(&allowed).await.expect(200);
        ci.declares("For its timeline").await;
        for (query, field) in
            [("after=-1", "after"), ("after=x", "after"), ("limit=0", "limit"), ("before=1", "before")]
        {
            let answer = ci.get(&format!("/api/v1/incidents/1/timeline?{query}")).await;
            expect_problem(&answer, 400, "bad-parameter", Some(field));
        }
    }

    async fn references_that_mean_nothing_are_not_found(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let long = "9".repeat(5_000);
        for reference in [
            "INC-1", "0", "-1", "INC-", "9223372036854775807", "99999999999999999999", "%00", "%ff", "a%2Fb",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FA%00", "'%20OR%201=1", "..%2f", &long,
        ] {
            let path = format!("/api/v1/incidents/{reference}");
            expect_problem(&ci.get(&path).await, 404, "no-such-incident", None);
            let note = ci.commands(reference, json!({"type": "note", "text": "x"})).await;
            expect_problem(&note, 404, "no-such-incident", None);
        }
    }

    async fn bodies_that_are_no_commands_change_nothing(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.declares("Target").await;
        let path = "/api/v1/incidents/1/commands";
        let deep = format!("{{\"type\": \"note\", \"text\": {}", "[".repeat(200_000));
        for body in [
            "".as_bytes(), b"{", b"type=note", b"{\"type\": \"note\", \"text\": \"\xff\"}",
            b"{\"type\": \"update\", \"next_update_in_minutes\": 1e999}", b"{} {}", deep.as_bytes(),
        ] {
            let answer = ci.post_raw(path, "application/json", body.to_vec()).await;
            expect_problem(&answer, 400, "malformed-json", None);
            assert!(answer.json()["detail"].as_str().unwrap().contains("line 1 column"), "{}", answer.text);
        }
        for body in ["[]", "null", "5", "\"note\""] {
            let answer = ci.post_raw(path, "application/json", body).await;
            expect_problem(&answer, 422, "invalid-body", None);
        }
        let many: serde_json::Map<String, serde_json::Value> =
            (0..50_000).map(|n| (format!("x{n}"), json!(n))).collect();
        let answer = ci.post(path, &[], &many.into()).await;
        problem(&answer, 422);
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
            let answer = ci.post_raw(path, kind, "{\"type\": \"note\", \"text\": \"x\"}").await;
            expect_problem(&answer, 415, "unsupported-media-type", None);
        }
        let large = json!({"type": "note", "text": "x".repeat(1024 * 1024)});
        expect_problem(&ci.post(path, &[], &large).await, 413, "body-too-large", None);
        assert_eq!(ci.get("/api/v1/incidents/1").await.expect(200)["version"], 1);

        let fits = ci.post_raw(path, "application/json; charset=utf-8", "{\"type\": \"note\", \"text\": \"a\\u0000b\"}").await;
        fits.expect(200);
        let timeline = ci.get("/api/v1/incidents/1/timeline?after=1").await.expect(200);
        assert_eq!(timeline["entries"][0]["event"]["text"], "ab");
    }

    async fn keys_that_can_not_be_kept_are_refused(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let body = json!({"name": "Keyed"});
        let (longest, too_long) = ("k".repeat(255), "k".repeat(256));
        for key in ["", "two words", "caf\u{e9}", &too_long] {
            let answer = ci.post("/api/v1/incidents", &[("idempotency-key", key)], &body).await;
            expect_problem(&answer, 400, "bad-parameter", Some("Idempotency-Key"));
        }
        let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
        let answer = ci.post("/api/v1/incidents", &twice, &body).await;
        expect_problem(&answer, 400, "bad-parameter", Some("Idempotency-Key"));
        let kept = ci.post("/api/v1/incidents", &[("idempotency-key", &longest)], &body).await.expect(201);
        assert_eq!(kept["reference"], "INC-1");
    }

    async fn paths_and_methods_that_are_not_served_say_so(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        for path in ["/api", "/api/", "/api/v1", "/api/v2/incidents", "/api/v1/incidents/", "/api/v1/incidents/1/x", "/api/v1/incidents/1/timeline/2"] {
            expect_problem(&ci.get(path).await, 404, "no-such-route", None);
            let posted = ci.post(path, &[], &json!({})).await;
            expect_problem(&posted, 404, "no-such-route", None);
        }
        for (path, method, allowed) in [
            ("/api/v1/incidents", Method::DELETE, "GET,HEAD,POST"),
            ("/api/v1/incidents/1", Method::POST, "GET,HEAD,PATCH"),
            ("/api/v1/incidents/1/commands", Method::GET, "POST"),
        ] {
            let headers = [("authorization", ci.authorization.as_str())];
            let answer = ci.server.send(method, path, &headers, "").await;
            expect_problem(&answer, 405, "method-not-allowed", None);
            assert_eq!(answer.header("allow"), allowed);
        }
    }

    async fn a_store_that_is_away_is_said_and_worth_another_try(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.declares("Before").await;
        ci.app.db.close().await;
        for answer in [
            ci.get("/api/v1/incidents").await,
            ci.get("/api/v1/incidents/1").await,
            ci.post("/api/v1/incidents", &[], &json!({"name": "During"})).await,
            ci.commands("1", json!({"type": "close"})).await,
        ] {
            expect_problem(&answer, 503, "unavailable", None);
            assert_eq!(answer.header("retry-after"), "1");
        }
        // What needs no store goes on.
        ci.server.get("/api/v1/openapi.json", &[]).await.expect(200);
        expect_problem(&ci.get("/api/v1/nowhere").await, 404, "no-such-route", None);
    }

    async fn who_guesses_tokens_is_told_to_wait_and_a_program_beside_them_is_not(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        ci.declares("Before").await;
        let guess = |n: usize| format!("Bearer stn_{n:064x}");
        let mut statuses = Vec::new();
        for n in 0..40 {
            let guess = guess(n);
            let headers = [("authorization", guess.as_str())];
            let answer = ci.server.send(Method::GET, "/api/v1/incidents", &headers, "").await;
            statuses.push(answer.status.as_u16());
        }
        assert_eq!((statuses[0], statuses[39]), (401, 429), "{statuses:?}");
        let guess = guess(40);
        let headers = [("authorization", guess.as_str())];
        let answer = ci.server.send(Method::GET, "/api/v1/incidents", &headers, "").await;
        expect_problem(&answer, 429, "too-many-attempts", None);
        assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
        // Whose token opened something lately is heard from the same address.
        ci.get("/api/v1/incidents").await.expect(200);
        ci.post("/api/v1/incidents", &[], &json!({"name": "During"})).await.expect(201);
    }

    async fn a_body_of_very_many_values_is_refused_before_they_are_read(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        for inner in ["0,", "[],", "{},", "\"\","] {
            let body = format!("{{\"name\": \"x\", \"more\": [{}0]}}", inner.repeat(100_000));
            let answer = ci.post_raw("/api/v1/incidents", "application/json", body).await;
            expect_problem(&answer, 422, "invalid-body", None);
            assert!(answer.json()["detail"].as_str().unwrap().contains("4096 values"), "{}", answer.text);
        }
        ci.declares(&",[{:".repeat(25)).await;
    }
}

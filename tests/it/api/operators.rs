//! What those who run Stentor ask it.

use serde_json::json;

use super::Program;
use crate::databases::on_each_database;

on_each_database! {
    async fn stentor_says_whether_it_lives_and_can_work(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
            let answer = ci.server.get(path, &[]).await;
            assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, text));
        }
        ci.app.db.close().await;
        assert_eq!(ci.server.get("/healthz", &[]).await.status, 200);
        let ready = ci.server.get("/readyz", &[]).await;
        assert_eq!((ready.status.as_u16(), ready.text.as_str()), (503, "the database can't be used\n"));
        let metrics = ci.server.get("/metrics", &[]).await;
        assert_eq!(metrics.status, 200);
        assert!(metrics.text.contains("\nstentor_database_up 0\n"), "{}", metrics.text);
    }

    async fn what_happens_is_counted_without_telling_about_whom(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let body = json!({"name": "Sensitive business", "private": true, "lead": "U0BEA"});
        ci.post("/api/v1/incidents", &[], &body).await.expect(201);
        ci.get("/api/v1/incidents/INC-1").await.expect(200);
        ci.get("/api/v1/incidents/INC-77").await;
        ci.get("/api/nowhere/U0ALICE").await;
        ci.get("/elsewhere/U0ALICE").await;
        ci.server.send("SECRET".parse().unwrap(), "/api/v1/incidents", &[], "").await;
        let answer = ci.server.get("/metrics", &[]).await;
        assert_eq!(answer.status, 200);
        assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
        for line in [
            "stentor_http_requests_total{route=\"/api/v1/incidents\",method=\"POST\",status=\"201\"} ",
            "stentor_http_requests_total{route=\"/api/v1/incidents/{ref}\",method=\"GET\",status=\"200\"} ",
            "stentor_http_requests_total{route=\"/api/v1/incidents/{ref}\",method=\"GET\",status=\"404\"} ",
            "stentor_http_requests_total{route=\"/api/v1/incidents\",method=\"other\",status=\"405\"} ",
            "stentor_http_requests_total{route=\"/api/{*rest}\",method=\"GET\",status=\"404\"} ",
            "stentor_http_request_duration_seconds_count{route=\"/api/v1/incidents\",method=\"POST\"} ",
            "stentor_http_request_duration_seconds_bucket{route=\"/api/v1/incidents\",method=\"POST\",le=\"+Inf\"} ",
            "stentor_commands_total{command=\"declare\",outcome=\"done\"} ",
            "stentor_database_up 1",
            "stentor_outbox_dead 0",
            concat!("stentor_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} "),
        ] {
            assert!(answer.text.lines().any(|found| found.starts_with(line)), "no {line} in\n{}", answer.text);
        }
        let waiting = answer.text.lines().find_map(|line| line.strip_prefix("stentor_outbox_waiting "));
        assert!(waiting.unwrap().parse::<f64>().unwrap() > 0.0, "the channel is still to be opened");
        for private in ["U0BEA", "U0ALICE", "INC-", "Sensitive", "\"ci\"", "SECRET"] {
            assert!(!answer.text.contains(private), "{private} is in\n{}", answer.text);
        }
    }
}

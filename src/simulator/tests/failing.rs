//! Faults on request, and the doors for tests in other processes.

use super::*;

fn post() -> Value {
    json!({ "channel": "C0GENERAL", "text": "x" })
}

#[tokio::test]
async fn calls_fail_as_asked() {
    let world = World::new().await;
    let fail = |failing| world.fails(Fault::times("chat.postMessage", failing, 1));
    fail(Failing::Refuse);
    assert!(world.attempt("chat.postMessage", post()).await.is_none());
    fail(Failing::TimeoutBefore { hang_ms: 0 });
    assert!(world.attempt("chat.postMessage", post()).await.is_none());
    fail(Failing::Status { status: 503 });
    let (status, ..) = world.respond("chat.postMessage", post()).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    fail(Failing::RateLimited { retry_after: 7 });
    let (status, _, headers) = world.respond("chat.postMessage", post()).await;
    assert_eq!(
        (status, &headers["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &header::HeaderValue::from(7))
    );
    fail(Failing::Error { code: "fatal_error".to_owned() });
    assert_eq!(world.error("chat.postMessage", post()).await, "fatal_error");
    assert!(world.slack.unread().is_empty(), "none of them did anything");

    fail(Failing::LostAnswer { hang_ms: 0 });
    assert!(world.attempt("chat.postMessage", post()).await.is_none());
    fail(Failing::MalformedJson);
    let (status, answer, _) = world.respond("chat.postMessage", post()).await;
    assert_eq!((status, answer), (StatusCode::OK, Value::Null));
    fail(Failing::ErrorAfter { code: "internal_error".to_owned() });
    assert_eq!(world.error("chat.postMessage", post()).await, "internal_error");
    assert_eq!(world.slack.unread().len(), 3, "all of these did");
    assert!(world.slack.refusals().is_empty(), "the app is to blame for none");
    assert_eq!(world.slack.calls().len(), 8);
}

#[tokio::test]
async fn expected_refusals_are_no_surprise() {
    let world = World::new().await;
    world.call("chat.postMessage", json!({ "channel": "C0", "text": "x" })).await;
    assert_eq!(world.slack.refusals()[0].error.as_deref(), Some("channel_not_found"));
    world.slack.expect_refusal("chat.postMessage", "channel_not_found");
    assert!(world.slack.refusals().is_empty());
}

#[tokio::test]
async fn other_processes_act_look_and_break_things() {
    let world = World::new().await;
    let control = |path: &str| format!("{}/control/{path}", world.slack.url());
    let act =
        json!({ "act": "post_message", "user": "U0ALICE", "channel": "C0GENERAL", "text": "hi" });
    let (status, seen) = world.post_to(&control("act"), act.clone()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(world.slack.message("C0GENERAL", ts_of(&seen["posted"])).is_some());
    let mut wrong = act;
    wrong["user"] = "U0NOBODY".into();
    let (status, oops) = world.post_to(&control("act"), wrong).await;
    assert_eq!(
        (status, &oops["error"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("user_not_found"))
    );
    let fault =
        json!({ "method": "auth.test", "fault": "error", "code": "fatal_error", "times": 1 });
    world.post_to(&control("faults"), fault).await;
    assert_eq!(world.error("auth.test", json!({})).await, "fatal_error");
    let request = Request::get(control("state")).body(Full::default()).expect("it's a request");
    let response = world.http.request(request).await.expect("it answers");
    let body = response.into_body().collect().await.expect("it answers").to_bytes();
    let state: Value = serde_json::from_slice(&body).expect("it's JSON");
    assert_eq!(state["channels"]["C0GENERAL"]["name"], "general");
    assert_eq!(state["calls"][0]["error"], "fatal_error");
}

#[tokio::test]
async fn web_pages_from_elsewhere_are_kept_out() {
    let world = World::new().await;
    let url = format!("{}/control/act", world.slack.url());
    for (name, value) in [
        ("origin", "https://example.com"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("host", "example.com"),
    ] {
        let request = Request::post(&url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(name, value)
            .body(Full::new(Bytes::from(json!({ "act": "uninstall" }).to_string())))
            .expect("it's a request");
        let response = world.http.request(request).await.expect("it answers");
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
    assert!(world.slack.read(|state| state.app.is_installed));
}

//! How often a key may ask in the incident.io format.

use std::time::Duration;

use axum::http::Method;
use serde_json::json;

use super::{Client, failure};
use crate::databases::on_each_database;
use crate::http::Answer;

/// Something that needs no look at anything but the key.
const CHEAP: &str = "/v1/identity";
/// When the tests' clock begins, in seconds.
const BEGINNING: i64 = 1_790_000_000;

/// What the headers of an answer tell: the binding limit, what is left of it, what is used, and in how
/// many seconds from the beginning it is full again.
fn told(answer: &Answer) -> (String, i64, i64, i64) {
    let number = |name: &str| answer.header(name).parse::<i64>().unwrap();
    (
        answer.header("x-ratelimit-limit").to_owned(),
        number("x-ratelimit-remaining"),
        number("x-ratelimit-used"),
        number("x-ratelimit-reset") - BEGINNING,
    )
}

const USUAL: &str = "1200, 1200;window=60";

on_each_database! {
    async fn every_answer_to_a_key_tells_what_is_left(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let usual = |left: i64, used: i64, reset: i64| (USUAL.to_owned(), left, used, reset);
        let first = client.asks(Method::GET, CHEAP, None).await;
        assert_eq!(told(&first), usual(1_199, 1, 1));
        // A failure is an answer, too, whatever is wrong.
        let missing = client.asks(Method::GET, "/v3/actions/none", None).await;
        assert_eq!((missing.status.as_u16(), told(&missing)), (404, usual(1_198, 2, 1)));
        let unfit = client.posts("/v3/actions", &json!({})).await;
        assert_eq!((unfit.status.as_u16(), told(&unfit)), (422, usual(1_197, 3, 1)));
        let mut other = client.limited("other", &[]).await;
        let forbidden = other.asks(Method::GET, "/v3/actions", None).await;
        assert_eq!((forbidden.status.as_u16(), told(&forbidden)), (403, usual(1_199, 1, 1)));
        // It fills while nobody asks.
        client.program.app.clock.advance(Duration::from_millis(100));
        let later = client.asks(Method::GET, CHEAP, None).await;
        assert_eq!(told(&later), usual(1_198, 2, 1));
        // Without a key there is nothing to tell.
        for path in ["/incident-io/v3/actions", "/incident-io/v1/ip_ranges", "/incident-io/v9/x"] {
            let answer = client.program.server.get(path, &[]).await;
            assert!(answer.headers.get("x-ratelimit-limit").is_none(), "{path}: {answer:?}");
        }
    }

    async fn a_key_that_asks_too_often_is_told_when_to_go_on(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        for _ in 0..1_200 {
            client.program.get("/incident-io/v1/identity").await.expect(200);
        }
        let refused = client.asks(Method::GET, CHEAP, None).await;
        let (code, _) = failure(&refused, 429, "rate_limit_reached");
        assert_eq!(code, "rate_limit_reached");
        assert_eq!(refused.header("retry-after"), "1");
        assert_eq!(told(&refused), (USUAL.to_owned(), 0, 1_200, 60));
        let limit = &refused.json()["rate_limit"];
        assert_eq!((&limit["name"], &limit["limit"], &limit["remaining"]), (&json!("ci"), &json!(1_200), &json!(0)));
        let again: jiff::Timestamp = limit["retry_after"].as_str().unwrap().parse().unwrap();
        assert_eq!(again.as_millisecond(), BEGINNING * 1_000 + 50);
        // Another key has requests of its own, and so has this one in another format.
        let mut other = client.limited("other", &["incidents:read"]).await;
        other.gets("/v3/actions").await;
        client.program.get("/api/v1/incidents").await.expect(200);
        client.program.app.clock.advance(Duration::from_millis(50));
        assert_eq!(client.asks(Method::GET, CHEAP, None).await.status, 200);
        assert_eq!(client.asks(Method::GET, CHEAP, None).await.status, 429);
        client.program.app.clock.advance(Duration::from_secs(60));
        let rested = client.asks(Method::GET, CHEAP, None).await;
        assert_eq!(told(&rested).1, 1_199);
    }

    async fn who_pages_too_often_has_to_wait_for_that_alone(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let limits = "60, 1200;window=60, 60;window=60".to_owned();
        let first = client.posts("/v2/escalations", &json!({})).await;
        assert_eq!((first.status.as_u16(), told(&first)), (422, (limits.clone(), 59, 1, 1)));
        for _ in 1..60 {
            assert_eq!(client.posts("/v2/escalations", &json!({})).await.status, 422);
        }
        let refused = client.posts("/v2/escalations", &json!({})).await;
        failure(&refused, 429, "rate_limit_reached");
        assert_eq!(told(&refused), (limits, 0, 60, 60));
        assert_eq!(refused.json()["rate_limit"]["limit"], 60);
        // What was refused has cost nothing, and everything else goes on.
        let list = client.asks(Method::GET, "/v2/escalations", None).await;
        assert_eq!((list.status.as_u16(), told(&list)), (200, (USUAL.to_owned(), 1_139, 61, 4)));
        client.program.app.clock.advance(Duration::from_secs(1));
        assert_eq!(client.posts("/v2/escalations", &json!({})).await.status, 422);
        assert_eq!(client.posts("/v2/escalations", &json!({})).await.status, 429);
    }
}

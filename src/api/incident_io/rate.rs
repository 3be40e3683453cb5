//! How often a key may ask, and the headers that tell how much of that is left.
//!
//! Every answer to a valid key has them, whether or not it is a success. They are written by a layer
//! around all routes: what is left is known when the key is, long before there is an answer.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;

use crate::api::caller::Caller;
use crate::api::incident_io::PREFIX;
use crate::api::incident_io::failure::{Failure, LimitReached};
use crate::api::limit::{Empty, Level, Rate};
use crate::app::App;
use crate::clock::Timestamp;

/// What every key has: 1,200 at once, and 20 more each second.
const USUAL: Rate = Rate { per_minute: 1_200, burst: 1_200 };
/// What it has besides for paging people.
const ESCALATIONS: Rate = Rate { per_minute: 60, burst: 60 };
/// The seconds in which either is full again.
const WINDOW: u64 = 60;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const USED: HeaderName = HeaderName::from_static("x-ratelimit-used");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// What the key of a request has left: written once, by who reads the key.
#[derive(Clone, Default)]
struct Quota(Arc<OnceLock<Left>>);

/// The limits of a request, and how the tightest one stands.
struct Left {
    tightest: Level,
    rates: Vec<Rate>,
}

/// Tells how much the key has left: a layer for all routes of this format.
pub async fn tell(mut request: Request, next: Next) -> Response {
    let quota = Quota::default();
    request.extensions_mut().insert(quota.clone());
    let mut response = next.run(request).await;
    if let Some(left) = quota.0.get() {
        left.write(response.headers_mut());
    }
    response
}

/// Counts a request of this key, or refuses it.
pub fn count(parts: &Parts, app: &App, caller: &Caller) -> Result<(), Failure> {
    let now = app.clock.now();
    let usual = format!("incident-io {}", caller.token());
    let path = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
    let (rates, taken) = if pages_people(&parts.method, path.unwrap_or_default()) {
        let narrow = format!("incident-io escalations {}", caller.token());
        let buckets = [(usual.as_str(), USUAL), (narrow.as_str(), ESCALATIONS)];
        let taken = app.limits.take_from_each(buckets, now);
        (vec![USUAL, ESCALATIONS], taken.map(|[usual, narrow]| tighter(usual, narrow)))
    } else {
        (vec![USUAL], app.limits.take(&usual, USUAL, now))
    };
    let tightest = taken.unwrap_or_else(|empty| empty.level);
    if let Some(quota) = parts.extensions.get::<Quota>() {
        // Who asks for the key twice in one request is counted twice, and told the first.
        quota.0.get_or_init(|| Left { tightest, rates });
    }
    taken.map(drop).map_err(|empty| refuse(caller, empty, now))
}

fn tighter(one: Level, other: Level) -> Level {
    if one.left < other.left { one } else { other }
}

/// Whether this makes an escalation: who is paged too often hears nothing any more.
fn pages_people(method: &Method, path: &str) -> bool {
    *method == Method::POST && path.strip_prefix(PREFIX) == Some("/v2/escalations")
}

fn refuse(caller: &Caller, Empty { level, wait }: Empty, now: Timestamp) -> Failure {
    let limit = LimitReached {
        name: caller.program().name,
        limit: u64::from(level.rate.burst),
        remaining: u64::from(level.left),
        retry_after: now.plus(wait).to_string(),
    };
    Failure::too_many(limit, wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
}

impl Left {
    fn write(&self, headers: &mut HeaderMap) {
        let Level { rate, left, full_at } = self.tightest;
        let mut limits = rate.burst.to_string();
        for Rate { burst, .. } in &self.rates {
            write!(limits, ", {burst};window={WINDOW}").expect("a string takes any text");
        }
        // A second that has begun counts: after it the bucket is full for certain.
        let reset = full_at.plus(Duration::from_micros(999_999)).as_seconds();
        let limits = HeaderValue::try_from(limits).expect("digits and punctuation are a header");
        headers.insert(LIMIT, limits);
        headers.insert(REMAINING, HeaderValue::from(left));
        headers.insert(USED, HeaderValue::from(rate.burst.saturating_sub(left)));
        headers.insert(RESET, HeaderValue::from(reset));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_new_escalations_page_people() {
        for (method, path, expected) in [
            (Method::POST, "/incident-io/v2/escalations", true),
            (Method::GET, "/incident-io/v2/escalations", false),
            (Method::POST, "/incident-io/v2/escalations/{id}/actions/cancel", false),
            (Method::POST, "/incident-io/v2/incidents", false),
            (Method::POST, "", false),
        ] {
            assert_eq!(pages_people(&method, path), expected, "{method} {path}");
        }
    }
}

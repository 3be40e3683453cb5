//! Webhooks: a POST of JSON to whoever a rule tells.
//!
//! It is sent at least once. The same delivery has the same `Idempotency-Key`, by which a receiver
//! knows a repetition; an answer that it will never be taken is believed.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use axum::http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::alert::rule::report::Report;
use crate::outbox::hold::Held;
use crate::rules::http::{self, Answer, NotAnswered};
use crate::rules::inner::{BadAddress, Inner};
use crate::rules::{AT_ONCE, Rules, Way};
use crate::slack::outbound::Trouble;
use crate::source::Networks;

/// As much of an answer is read: nobody looks at it.
const ANSWER_LIMIT: usize = 16 * 1024;
/// How long a webhook waits when too many are called already.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// The longest wait that a receiver can ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// Calls webhooks.
#[derive(Clone)]
pub struct Webhooks {
    way: Way,
    calls: Arc<Semaphore>,
}

impl Default for Webhooks {
    fn default() -> Self {
        Webhooks::into(Networks::default())
    }
}

impl Webhooks {
    /// Webhooks that may go into these inner networks, too.
    pub fn into(allowed: Networks) -> Webhooks {
        Webhooks { way: Way::into(allowed), calls: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Whether an address can be one of a webhook.
    pub fn check(&self, url: &str) -> Result<Uri, BadAddress> {
        self.way.check(url)
    }
}

fn again(error: String, in_doubt: bool) -> Trouble {
    Trouble::Again { error, in_doubt }
}

impl Rules {
    /// Sends a report to a webhook.
    pub async fn post(&self, held: &Held, url: &str, report: &Report) -> Result<(), Trouble> {
        let webhooks = &self.webhooks;
        // It may have been allowed when the rule was made.
        let uri =
            webhooks.check(url).map_err(|error| Trouble::give_up(format!("webhook: {error}")))?;
        let Ok(_turn) = webhooks.calls.try_acquire() else {
            return Err(Trouble::NotYet { until: self.clock.now().plus(TRY_AGAIN), turn: None });
        };
        let client = webhooks.way.client(&uri).map_err(|error| {
            again(format!("the machine's certificates can't be read: {error}"), false)
        })?;
        let id = held.work.id.as_str();
        let request = Request::post(uri)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("Stentor/", env!("CARGO_PKG_VERSION")))
            .header("idempotency-key", id)
            .body(Full::new(body(id, report).to_string().into()))
            .map_err(|error| Trouble::give_up(format!("webhook: {error}")))?;
        held.make_sure(&self.db, &self.clock).await?;
        match http::exchange(client, request, ANSWER_LIMIT).await {
            Ok(answer) => self.judge(&answer),
            Err(NotAnswered::Inner) => Err(Trouble::give_up(format!("webhook: {Inner}"))),
            Err(NotAnswered::Unreachable(why)) => Err(again(format!("webhook: {why}"), false)),
            Err(NotAnswered::InDoubt(why)) => Err(again(format!("webhook: {why}"), true)),
        }
    }

    fn judge(&self, answer: &Answer) -> Result<(), Trouble> {
        let status = answer.status;
        let error = format!("webhook: it answered with status {}", status.as_u16());
        let is_passing = status.is_server_error()
            || matches!(
                status,
                StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
            );
        match retry_after(&answer.headers) {
            _ if status.is_success() => Ok(()),
            Some(wait) if is_passing => {
                let (until, for_all) = (self.clock.now().plus(wait), false);
                Err(Trouble::Away { error, in_doubt: false, until, for_all })
            }
            None if is_passing => Err(again(error, false)),
            _ => Err(Trouble::give_up(error)),
        }
    }
}

pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// What a webhook is sent.
fn body(id: &str, report: &Report) -> Value {
    json!({
        "id": id,
        "event": format!("alert_rule.{}", report.to.as_str()),
        "rule": {"id": report.rule, "name": report.name, "owner": report.owner, "note": report.note},
        "project": Some(&report.project).filter(|project| !project.is_empty()),
        "environment": report.environment,
        "level": report.to,
        "previous_level": report.from,
        "reading": report.reading,
        "evaluated_at": report.at,
        "began_at": report.began_at,
    })
}

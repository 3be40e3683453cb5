//! Slack's request signing, version 0. Source: Slack's documentation of request verification.
//!
//! Whatever is not signed costs as little as can be, and never locks Slack out.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_LENGTH, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use sha2::Sha256;

use crate::clock::Timestamp;
use crate::config::{Secret, SigningSecrets};
use crate::slack::inbound::door::Door;
use crate::suspicion::Standing;

/// The largest body that is read. Slack's own are far smaller.
const BODY_LIMIT: usize = 1024 * 1024;
/// The largest body that is read of somebody who is suspected. Almost all that Slack sends is
/// smaller; only a press in a very long message is not.
const SUSPECTED_LIMIT: usize = 64 * 1024;
/// The largest body that is read without a signature, to see whether it is a mere `ssl_check`.
const UNSIGNED_LIMIT: usize = 1024;
/// How old a request may be, or how far in the future.
const WINDOW: Duration = Duration::from_secs(300);

/// The body of a request that Slack has signed, lately.
pub struct Signed(pub Bytes);

/// Why a request goes no further.
#[derive(Debug)]
pub enum Rejection {
    /// Slack tries the address of a slash command, without a signature. It is answered, and that
    /// is all.
    SslCheck,
    /// Too large to look at.
    TooLarge,
    /// The body did not arrive whole.
    Broken,
    /// Not by Slack, or not lately.
    Unverified(Doubt),
    /// Not by Slack, or too large for somebody who sends so much that is not.
    Suspected {
        /// For how long it will be like this, if no more of that comes.
        wait: Duration,
    },
}

/// What is wrong with a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// A header is missing or is no text.
    #[error("a header is missing")]
    Missing,
    /// The timestamp is no number.
    #[error("the timestamp is not a number")]
    BadTimestamp,
    /// The request is too old, or from the future.
    #[error("the timestamp is more than 5 minutes off")]
    OutsideWindow,
    /// The signature is not of version 0, or not hexadecimal.
    #[error("the signature has another form")]
    BadForm,
    /// The signature does not match.
    #[error("the signature does not match")]
    Mismatch,
}

impl FromRequest<Door> for Signed {
    type Rejection = Rejection;

    /// Looks at the head, then at the source, then reads, then computes.
    ///
    /// What the head alone shows to be wrong is turned away before anything is read. A request
    /// whose head looks right is always read and its signature always computed, whoever sent it
    /// and whatever came from there before: Slack may be behind the same proxy, and must not be
    /// locked out by somebody who sends rubbish through it. What a suspected source loses is size:
    /// so each of its requests costs little. Something genuine from there gives that back, so a
    /// large request of Slack's could only fail where rubbish pours in and nothing smaller was
    /// genuine for ten minutes. (How much is read at once, of all together, the server limits.)
    async fn from_request(request: Request, door: &Door) -> Result<Self, Rejection> {
        let (parts, body) = request.into_parts();
        let now = door.app.clock.now();
        let source = door.app.trusted_proxies.source(&parts);
        let suspicion = &door.app.suspicion.signatures;
        let standing = suspicion.standing(&source, now);
        let result = match claim(&parts.headers, now) {
            Ok(claim) => {
                let limit = match standing {
                    Standing::Suspected { genuine_lately: false, .. } => SUSPECTED_LIMIT,
                    _ => BODY_LIMIT,
                };
                match read(&parts.headers, body, limit).await {
                    Ok(body) => match check(&door.secrets, &claim, &body) {
                        Ok(()) if is_ssl_check(&body) => Err(Rejection::SslCheck),
                        Ok(()) => Ok(Signed(body)),
                        Err(doubt) => Err(Rejection::Unverified(doubt)),
                    },
                    Err(rejection) => Err(rejection),
                }
            }
            Err(Doubt::Missing) => match read(&parts.headers, body, UNSIGNED_LIMIT).await {
                Ok(body) if is_ssl_check(&body) => Err(Rejection::SslCheck),
                _ => Err(Rejection::Unverified(Doubt::Missing)),
            },
            Err(doubt) => Err(Rejection::Unverified(doubt)),
        };
        let word = match &result {
            Ok(_) => {
                suspicion.credit(&source, now);
                return result;
            }
            // It is Slack's own, and proves nothing.
            Err(Rejection::SslCheck) => return result,
            Err(Rejection::Broken) => "broken",
            Err(Rejection::TooLarge | Rejection::Suspected { .. }) => "too_large",
            Err(Rejection::Unverified(doubt)) => doubt.word(),
        };
        suspicion.doubt(&source, now);
        metrics::counter!("stentor_refused_total", "door" => "slack", "why" => word).increment(1);
        match standing {
            Standing::Suspected { wait, .. } => Err(Rejection::Suspected { wait }),
            Standing::Good => result,
        }
    }
}

impl Doubt {
    fn word(self) -> &'static str {
        match self {
            Doubt::Missing | Doubt::BadTimestamp | Doubt::BadForm => "unsigned",
            Doubt::OutsideWindow => "stale",
            Doubt::Mismatch => "bad_signature",
        }
    }
}

fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads a body that is not larger than this. One that says it is is not read at all.
async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Rejection> {
    if length(headers).is_some_and(|length| length > limit) {
        return Err(Rejection::TooLarge);
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Rejection::TooLarge),
        Err(_) => Err(Rejection::Broken),
    }
}

fn is_ssl_check(body: &[u8]) -> bool {
    body.split(|byte| *byte == b'&').any(|pair| pair == b"ssl_check=1")
}

/// Checks that one of these secrets has signed this body, within the window.
pub fn verify(
    secrets: &SigningSecrets,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Doubt> {
    check(secrets, &claim(headers, now)?, body)
}

/// What a request's head says of its signature.
struct Claim<'h> {
    timestamp: &'h str,
    signature: [u8; 32],
}

/// Reads the head of a request, which must be of now and look signed.
fn claim(headers: &HeaderMap, now: Timestamp) -> Result<Claim<'_>, Doubt> {
    let header =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).ok_or(Doubt::Missing);
    let timestamp = header("x-slack-request-timestamp")?;
    let text = header("x-slack-signature")?.strip_prefix("v0=").ok_or(Doubt::BadForm)?;
    let sent: i64 = timestamp.parse().map_err(|_| Doubt::BadTimestamp)?;
    if now.as_seconds().abs_diff(sent) > WINDOW.as_secs() {
        return Err(Doubt::OutsideWindow);
    }
    let mut signature = [0_u8; 32];
    hex::decode_to_slice(text, &mut signature).map_err(|_| Doubt::BadForm)?;
    Ok(Claim { timestamp, signature })
}

/// Checks that one of these secrets has signed this body as is claimed.
fn check(secrets: &SigningSecrets, claim: &Claim<'_>, body: &[u8]) -> Result<(), Doubt> {
    // Every secret is tried, whichever matches: how long it takes tells nothing.
    let matches = secrets.0.iter().fold(false, |found, secret| {
        mac(secret, claim.timestamp, body).verify_slice(&claim.signature).is_ok() | found
    });
    if matches { Ok(()) } else { Err(Doubt::Mismatch) }
}

/// The signature of a body as Slack would make it, for who tries whether it is believed.
pub fn sign(secret: &Secret, timestamp: &str, body: &[u8]) -> String {
    format!("v0={}", hex::encode(mac(secret, timestamp, body).finalize().into_bytes()))
}

fn mac(secret: &Secret, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(b"v0:");
    mac.update(timestamp.as_bytes());
    mac.update(b":");
    mac.update(body);
    mac
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        match self {
            Rejection::SslCheck => StatusCode::OK.into_response(),
            Rejection::TooLarge => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
            Rejection::Broken => StatusCode::BAD_REQUEST.into_response(),
            Rejection::Suspected { wait } => {
                tracing::debug!(?wait, "Turned away one of many requests that Slack did not sign");
                let seconds = wait.as_secs().max(1).to_string();
                (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds)]).into_response()
            }
            Rejection::Unverified(doubt) => {
                // A stranger must not be able to fill the log, nor to learn a hash from it.
                tracing::debug!(%doubt, "Turned away a request that Slack did not sign");
                StatusCode::UNAUTHORIZED.into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const AT: i64 = 1_531_420_618;
    const SECRET: &str = "fa2c05deeef5a4077494e89f54394de0";
    const SIGNATURE: &str = "v0=baa91ef62d346e56607bbdd278a8acd570b91226854f15a382f43d33be42f666";
    const BODY: &[u8] = b"test-body";

    fn verified(
        secrets: &[&str],
        timestamp: &str,
        signature: &str,
        body: &[u8],
        now: i64,
    ) -> Result<(), Doubt> {
        let mut headers = HeaderMap::new();
        headers.insert("X-Slack-Request-Timestamp", HeaderValue::from_str(timestamp).unwrap());
        headers.insert("X-Slack-Signature", HeaderValue::from_str(signature).unwrap());
        let secrets = SigningSecrets(secrets.iter().copied().map(Secret::new).collect());
        verify(&secrets, &headers, body, Timestamp::from_micros(now * 1_000_000))
    }

    #[test]
    fn the_documented_example_passes() {
        let secret = "8f742231b10e8888abcd99yyyzzz85a5";
        let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
        let body = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        assert_eq!(verified(&[secret], "1531420618", signature, body, AT), Ok(()));
        assert_eq!(verified(&[SECRET], "1531420618", SIGNATURE, BODY, AT), Ok(()));
    }

    #[test]
    fn the_window_holds_both_ways() {
        for (now, expected) in [
            (AT + 300, Ok(())),
            (AT - 300, Ok(())),
            (AT + 301, Err(Doubt::OutsideWindow)),
            (AT - 301, Err(Doubt::OutsideWindow)),
        ] {
            assert_eq!(verified(&[SECRET], "1531420618", SIGNATURE, BODY, now), expected);
        }
        let extreme = i64::MIN.to_string();
        assert_eq!(verified(&[SECRET], &extreme, SIGNATURE, BODY, AT), Err(Doubt::OutsideWindow));
    }

    #[test]
    fn old_and_new_secret_pass_while_one_is_rotated() {
        assert_eq!(verified(&["new", SECRET], "1531420618", SIGNATURE, BODY, AT), Ok(()));
        assert_eq!(verified(&[SECRET, "old"], "1531420618", SIGNATURE, BODY, AT), Ok(()));
        assert_eq!(
            verified(&["new", "old"], "1531420618", SIGNATURE, BODY, AT),
            Err(Doubt::Mismatch)
        );
    }

    #[test]
    fn whatever_else_is_turned_away() {
        for (timestamp, signature, body, doubt) in [
            ("1531420618", SIGNATURE, &b"test-bodY"[..], Doubt::Mismatch),
            ("1531420619", SIGNATURE, BODY, Doubt::Mismatch),
            ("soon", SIGNATURE, BODY, Doubt::BadTimestamp),
            ("", SIGNATURE, BODY, Doubt::BadTimestamp),
            ("1531420618", "v1=00", BODY, Doubt::BadForm),
            ("1531420618", "v0=00", BODY, Doubt::BadForm),
            ("1531420618", "v0=", BODY, Doubt::BadForm),
            ("1531420618", "", BODY, Doubt::BadForm),
        ] {
            assert_eq!(
                verified(&[SECRET], timestamp, signature, body, AT),
                Err(doubt),
                "{timestamp} {signature}"
            );
        }
        let secrets = SigningSecrets(vec![Secret::new(SECRET)]);
        let now = Timestamp::from_micros(AT * 1_000_000);
        assert_eq!(verify(&secrets, &HeaderMap::new(), BODY, now), Err(Doubt::Missing));
    }
}

//! Slack's request signing, version 0. Source: Slack's documentation of request verification.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use sha2::Sha256;

use crate::clock::Timestamp;
use crate::config::{Secret, SigningSecrets};
use crate::slack::inbound::door::Door;

/// The largest body that is read. Slack's own are far smaller.
const BODY_LIMIT: usize = 1024 * 1024;
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

    async fn from_request(request: Request, door: &Door) -> Result<Self, Rejection> {
        let (parts, body) = request.into_parts();
        let body = read(body).await?;
        if is_ssl_check(&body) {
            return Err(Rejection::SslCheck);
        }
        verify(&door.secrets, &parts.headers, &body, door.app.clock.now())
            .map_err(Rejection::Unverified)?;
        Ok(Signed(body))
    }
}

async fn read(body: Body) -> Result<Bytes, Rejection> {
    match Limited::new(body, BODY_LIMIT).collect().await {
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
    let header =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).ok_or(Doubt::Missing);
    let timestamp = header("x-slack-request-timestamp")?;
    let signature = header("x-slack-signature")?.strip_prefix("v0=").ok_or(Doubt::BadForm)?;
    let sent: i64 = timestamp.parse().map_err(|_| Doubt::BadTimestamp)?;
    if now.as_seconds().abs_diff(sent) > WINDOW.as_secs() {
        return Err(Doubt::OutsideWindow);
    }
    let mut claimed = [0_u8; 32];
    hex::decode_to_slice(signature, &mut claimed).map_err(|_| Doubt::BadForm)?;
    // Every secret is tried, whichever matches: how long it takes tells nothing.
    let matches = secrets.0.iter().fold(false, |found, secret| {
        mac(secret, timestamp, body).verify_slice(&claimed).is_ok() | found
    });
    if matches { Ok(()) } else { Err(Doubt::Mismatch) }
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

    fn check(
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
        assert_eq!(check(&[secret], "1531420618", signature, body, AT), Ok(()));
        assert_eq!(check(&[SECRET], "1531420618", SIGNATURE, BODY, AT), Ok(()));
    }

    #[test]
    fn the_window_holds_both_ways() {
        for (now, expected) in [
            (AT + 300, Ok(())),
            (AT - 300, Ok(())),
            (AT + 301, Err(Doubt::OutsideWindow)),
            (AT - 301, Err(Doubt::OutsideWindow)),
        ] {
            assert_eq!(check(&[SECRET], "1531420618", SIGNATURE, BODY, now), expected);
        }
        let extreme = i64::MIN.to_string();
        assert_eq!(check(&[SECRET], &extreme, SIGNATURE, BODY, AT), Err(Doubt::OutsideWindow));
    }

    #[test]
    fn old_and_new_secret_pass_while_one_is_rotated() {
        assert_eq!(check(&["new", SECRET], "1531420618", SIGNATURE, BODY, AT), Ok(()));
        assert_eq!(check(&[SECRET, "old"], "1531420618", SIGNATURE, BODY, AT), Ok(()));
        assert_eq!(check(&["new", "old"], "1531420618", SIGNATURE, BODY, AT), Err(Doubt::Mismatch));
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
                check(&[SECRET], timestamp, signature, body, AT),
                Err(doubt),
                "{timestamp} {signature}"
            );
        }
        let secrets = SigningSecrets(vec![Secret::new(SECRET)]);
        let now = Timestamp::from_micros(AT * 1_000_000);
        assert_eq!(verify(&secrets, &HeaderMap::new(), BODY, now), Err(Doubt::Missing));
    }
}

//! How a sender proves who it is, in the ways that senders' own software can.

use axum::http::{HeaderMap, header};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::ingest::knock::Knock;
use crate::ingest::sources;

/// Parameters of a query that may carry a secret.
const PARAMETERS: &[&str] = &["access_token", "token", "key", "api_key"];
/// Headers that may carry a secret as they are.
const HEADERS: &[&str] = &["x-api-key", "x-stentor-key", "x-webhook-key"];

/// Every secret that a request shows: bearer token, password, `GenieKey`, header, query, or the
/// path's `key/{secret}`.
pub fn shown(headers: &HeaderMap, query: Option<&str>, rest: &str) -> Vec<String> {
    let mut shown = Vec::new();
    for value in headers.get_all(header::AUTHORIZATION) {
        let Ok(text) = value.to_str() else { continue };
        match text.trim().split_once(' ') {
            Some((scheme, given)) if scheme.eq_ignore_ascii_case("basic") => {
                shown.extend(password(given.trim()));
            }
            Some((_, given)) => shown.push(given.trim().to_owned()),
            None => shown.push(text.trim().to_owned()),
        }
    }
    for name in HEADERS {
        shown.extend(headers.get(*name).and_then(|value| value.to_str().ok()).map(str::to_owned));
    }
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(query.unwrap_or_default()).unwrap_or_default();
    shown.extend(
        pairs
            .into_iter()
            .filter(|(name, _)| PARAMETERS.contains(&name.as_str()))
            .map(|(_, value)| value),
    );
    let mut parts = rest.split('/');
    if parts.next() == Some("key") {
        shown.extend(parts.next().map(crate::ingest::percent::decode));
    }
    shown
}

/// The password of basic credentials; where there is none, the name, because some software has
/// room for one of them only.
fn password(encoded: &str) -> Option<String> {
    let decoded = crate::ingest::base64::decode(encoded)?;
    let text = String::from_utf8(decoded).ok()?;
    let (name, password) = text.split_once(':').unwrap_or((&text, ""));
    Some(if password.is_empty() { name.to_owned() } else { password.to_owned() })
}

impl Knock {
    /// Whether the request shows the source's secret somewhere.
    pub fn shows_secret(&self) -> bool {
        shown(&self.headers, self.query.as_deref(), &self.rest)
            .iter()
            .any(|given| self.is_secret(given))
    }

    /// Whether this is the source's secret. Hashes are compared, so that the time tells nothing.
    pub fn is_secret(&self, given: &str) -> bool {
        sources::opens(&self.source, &sources::hash(given), self.now)
    }

    /// Whether these bytes were signed with the source's secret: HMAC-SHA-256, in hexadecimal.
    pub fn is_signed(&self, bytes: &[&[u8]], signature: &str) -> bool {
        let vault = self.app.source_vault.as_deref();
        let secrets = match sources::secrets_of(&self.source, vault, self.now) {
            Ok(secrets) => secrets,
            Err(error) => {
                tracing::error!(%error, source.id = %self.source.id, "The secret of a source can't be opened");
                return false;
            }
        };
        secrets.iter().any(|secret| is_signed_with(secret.reveal(), bytes, signature))
    }
}

/// Whether this secret has signed these bytes.
fn is_signed_with(secret: &str, bytes: &[&[u8]], signature: &str) -> bool {
    let Ok(signature) = hex::decode(signature.trim()) else { return false };
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length will do");
    for part in bytes {
        mac.update(part);
    }
    mac.verify_slice(&signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_vendors() {
        let (secret, body): (_, &[u8]) = ("s3cr3t", br#"{"zen":"ok"}"#);
        let plain = "2ef16f4a345cb4b1e5cd07b5755f3a171abc817232a31326a835a069702de932";
        assert!(is_signed_with(secret, &[body], plain));
        assert!(is_signed_with(secret, &[body], &plain.to_uppercase()));
        let timed = "ee139867c84ac9d8d4b9bc868e19544555f565ecc9606448afb75f7e4ccf1937";
        assert!(is_signed_with(secret, &[b"1700000000", b":", body], timed));
        for (secret, bytes, signature) in [
            ("s3cr3u", body, plain),
            (secret, b"{}".as_slice(), plain),
            (secret, body, timed),
            (secret, body, &plain[1..]),
            (secret, body, ""),
            (secret, body, "no hex"),
        ] {
            assert!(!is_signed_with(secret, &[bytes], signature), "{signature}");
        }
    }
}

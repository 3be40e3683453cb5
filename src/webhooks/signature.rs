//! How a webhook's receiver knows that it was we: a signature as in Standard Webhooks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::config::Secret;
use crate::ids::random_bytes;

/// What every secret begins with.
const PREFIX: &str = "whsec_";
/// Random bytes in a secret.
const RANDOM: usize = 32;

/// A new secret.
pub fn new_secret() -> Secret {
    Secret::new(format!("{PREFIX}{}", STANDARD.encode(random_bytes::<RANDOM>())))
}

/// The header `webhook-signature`: one signature for each secret, the present one's first. Nothing if
/// a secret is none.
pub fn sign(secrets: &[Secret], message: &str, seconds: i64, body: &[u8]) -> Option<String> {
    let signatures: Option<Vec<String>> =
        secrets.iter().map(|secret| signature(secret, message, seconds, body)).collect();
    signatures.map(|all| all.join(" "))
}

fn signature(secret: &Secret, message: &str, seconds: i64, body: &[u8]) -> Option<String> {
    let key = STANDARD.decode(secret.reveal().strip_prefix(PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{message}.{seconds}.").as_bytes());
    mac.update(body);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"event_type":"private_incident.incident_created_v2","private_incident.incident_created_v2":{"id":"01FDAG4SAP5TYPT98WGR2N7W91"}}"#;

    #[test]
    fn it_is_the_signature_that_receivers_compute() {
        let secret = Secret::new("whsec_c3RlbnRvci13ZWJob29rLXNlY3JldC0wMTIzNDU2Nzg5");
        let signed = sign(&[secret], "msg_0001", 1_700_000_000, BODY.as_bytes());
        assert_eq!(signed.as_deref(), Some("v1,SW8QTHejt75DeXZ94XjIGYCONPOdnRxCICJFJS6A5L0="));
    }

    #[test]
    fn while_a_secret_is_changed_both_sign() {
        let (new, old) = (new_secret(), new_secret());
        assert_ne!(new.reveal(), old.reveal());
        let one = sign(std::slice::from_ref(&new), "msg_1", 1, b"{}").unwrap();
        let both = sign(&[new, old], "msg_1", 1, b"{}").unwrap();
        assert_eq!(both.split(' ').count(), 2);
        assert!(both.starts_with(&one));
        assert_eq!(sign(&[Secret::new("no secret")], "msg_1", 1, b"{}"), None);
    }
}

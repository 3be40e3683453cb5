//! What SNS wraps around a message, and what of it is signed.

use serde::Deserialize;

use crate::ingest::base64;
use crate::ingest::sns::certificate::{Certificate, Scheme};

/// What SNS sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Envelope {
    /// What it is.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Its id, the same however often it comes.
    pub message_id: String,
    /// The topic that it is from.
    pub topic_arn: String,
    /// A line about it.
    #[serde(default)]
    pub subject: Option<String>,
    /// What it says.
    pub message: String,
    /// When it was sent.
    pub timestamp: String,
    /// How it was signed.
    pub signature_version: String,
    /// Its signature.
    pub signature: String,
    /// Where the certificate of the signature is.
    #[serde(rename = "SigningCertURL")]
    pub certificate: String,
    /// What confirms a subscription.
    #[serde(default)]
    pub token: Option<String>,
    /// What to ask for to confirm it.
    #[serde(default, rename = "SubscribeURL")]
    pub subscribe: Option<String>,
}

/// What an envelope is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A message.
    Notification,
    /// Somebody wants a topic's messages to be sent here.
    Subscription,
    /// Somebody wants them no more.
    Unsubscription,
}

impl Envelope {
    /// What it is about; nothing if it is nothing that SNS sends today.
    pub fn kind(&self) -> Option<Kind> {
        match self.kind.as_str() {
            "Notification" => Some(Kind::Notification),
            "SubscriptionConfirmation" => Some(Kind::Subscription),
            "UnsubscribeConfirmation" => Some(Kind::Unsubscription),
            _ => None,
        }
    }

    /// The text that is signed; nothing if it can't be a whole envelope.
    pub fn signed_text(&self) -> Option<String> {
        let message = [("Message", self.message.as_str()), ("MessageId", &self.message_id)];
        let rest = [("Timestamp", self.timestamp.as_str())];
        let end = [("TopicArn", self.topic_arn.as_str()), ("Type", &self.kind)];
        let mut signed: Vec<(&str, &str)> = message.into();
        match self.kind()? {
            Kind::Notification => {
                signed.extend(self.subject.as_deref().map(|subject| ("Subject", subject)));
                signed.extend(rest);
            }
            Kind::Subscription | Kind::Unsubscription => {
                signed.push(("SubscribeURL", self.subscribe.as_deref()?));
                signed.extend(rest);
                signed.push(("Token", self.token.as_deref()?));
            }
        }
        signed.extend(end);
        Some(signed.into_iter().map(|(name, value)| format!("{name}\n{value}\n")).collect())
    }

    /// Whether the key of this certificate has signed it.
    pub fn is_signed_with(&self, certificate: &Certificate) -> bool {
        let scheme = match self.signature_version.as_str() {
            "1" => Scheme::Sha1,
            "2" => Scheme::Sha256,
            _ => return false,
        };
        let Some((text, signature)) = self.signed_text().zip(base64::decode(&self.signature))
        else {
            return false;
        };
        certificate.has_signed(scheme, text.as_bytes(), &signature)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn envelope(value: Value) -> Envelope {
        serde_json::from_value(value).unwrap()
    }

    fn fixed() -> Value {
        serde_json::from_slice(include_bytes!("../../../tests/data/sns/notification_v1.json"))
            .unwrap()
    }

    #[test]
    fn a_notification_of_version_1_is_verified() {
        let pem = include_bytes!("../../../tests/data/sns/certificate.pem");
        let certificate = Certificate::from_pem(pem).unwrap();
        assert!(envelope(fixed()).is_signed_with(&certificate));
        for (member, other) in [
            ("Message", json!("{}")),
            ("MessageId", json!("x")),
            ("Subject", json!(null)),
            ("Timestamp", json!("2026-09-21T14:00:02.000Z")),
            ("TopicArn", json!("arn:aws:sns:us-east-1:123456789012:other")),
            ("Type", json!("SubscriptionConfirmation")),
            ("Type", json!("Other")),
            ("SignatureVersion", json!("2")),
            ("SignatureVersion", json!("3")),
            ("Signature", json!("AAAA")),
            ("Signature", json!("%")),
        ] {
            let mut changed = fixed();
            changed[member] = other.clone();
            assert!(!envelope(changed).is_signed_with(&certificate), "{member} {other}");
        }
    }

    #[test]
    fn what_is_signed_depends_on_what_it_is() {
        let mut value = json!({
            "Type": "Notification", "MessageId": "m", "TopicArn": "t", "Message": "hi", "Timestamp": "now",
            "SignatureVersion": "1", "Signature": "", "SigningCertURL": "",
        });
        let text = |value: &Value| envelope(value.clone()).signed_text();
        let expected =
            "Message\nhi\nMessageId\nm\nTimestamp\nnow\nTopicArn\nt\nType\nNotification\n";
        assert_eq!(text(&value).as_deref(), Some(expected));
        value["Subject"] = json!("s");
        let expected = "Message\nhi\nMessageId\nm\nSubject\ns\nTimestamp\nnow\nTopicArn\nt\nType\nNotification\n";
        assert_eq!(text(&value).as_deref(), Some(expected));
        value["Type"] = json!("SubscriptionConfirmation");
        assert_eq!(text(&value), None, "without a token");
        value["Token"] = json!("k");
        value["SubscribeURL"] = json!("u");
        let expected = "Message\nhi\nMessageId\nm\nSubscribeURL\nu\nTimestamp\nnow\nToken\nk\nTopicArn\nt\n\
                        Type\nSubscriptionConfirmation\n";
        assert_eq!(text(&value).as_deref(), Some(expected));
    }
}

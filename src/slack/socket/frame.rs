//! What Slack says over a socket, read tolerantly: what we don't know is left alone.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::slack::socket::tls::Text;

/// What Slack says.
#[derive(Debug, PartialEq)]
pub(super) enum Frame {
    /// The socket is open.
    Hello,
    /// It ends.
    Disconnect(Reason),
    /// Something to be answered.
    Envelope(Envelope),
    /// Something else.
    Unknown,
}

/// Why a socket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// Soon, or now: another one is to be opened.
    Refresh,
    /// The app has more sockets than it may have.
    TooMany,
    /// Socket Mode was switched off.
    Disabled,
}

/// What would have been a request over HTTP.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Envelope {
    /// What the answer names.
    pub(super) envelope_id: String,
    /// Which kind of request.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// What its body would have been.
    pub(super) payload: Value,
    /// Whether the answer may say anything.
    pub(super) accepts_response_payload: bool,
}

impl Frame {
    pub(super) fn read(text: &str) -> Frame {
        let Ok(mut value) = serde_json::from_str::<Value>(text) else { return Frame::Unknown };
        match value["type"].as_str() {
            Some("hello") => Frame::Hello,
            Some("disconnect") => Frame::Disconnect(match value["reason"].as_str() {
                Some("too_many_websockets") => Reason::TooMany,
                Some("link_disabled") => Reason::Disabled,
                _ => Reason::Refresh,
            }),
            _ if value["envelope_id"].is_string() => {
                serde_json::from_value(value.take()).map_or(Frame::Unknown, Frame::Envelope)
            }
            _ => Frame::Unknown,
        }
    }
}

impl Envelope {
    /// The answer to it, with what is to be said.
    pub(super) fn acknowledgement(id: &str, said: Option<Value>) -> Text {
        let mut answer = json!({"envelope_id": id});
        if let Some(said) = said {
            answer["payload"] = said;
        }
        answer.to_string().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_tolerantly() {
        let hello = r#"{"type":"hello","num_connections":1,"debug_info":{"host":"applink-1"},
            "connection_info":{"app_id":"A1"}}"#;
        assert_eq!(Frame::read(hello), Frame::Hello);
        for (reason, meaning) in [
            ("warning", Reason::Refresh),
            ("refresh_requested", Reason::Refresh),
            ("something_new", Reason::Refresh),
            ("too_many_websockets", Reason::TooMany),
            ("link_disabled", Reason::Disabled),
        ] {
            let text = format!(r#"{{"type":"disconnect","reason":"{reason}","debug_info":{{}}}}"#);
            assert_eq!(Frame::read(&text), Frame::Disconnect(meaning));
        }
        let envelope = r#"{"envelope_id":"e1","type":"events_api","payload":{"a":1},
            "accepts_response_payload":false,"retry_attempt":1,"retry_reason":"timeout","new":[]}"#;
        let Frame::Envelope(envelope) = Frame::read(envelope) else { panic!("no envelope") };
        assert_eq!((envelope.envelope_id.as_str(), envelope.kind.as_str()), ("e1", "events_api"));
        assert_eq!(envelope.payload["a"], 1);
        for text in ["", "[]", "{}", "null", r#"{"type":"hello2"}"#, r#"{"envelope_id":7}"#] {
            assert_eq!(Frame::read(text), Frame::Unknown, "{text}");
        }
    }

    #[test]
    fn an_answer_names_its_envelope() {
        assert_eq!(Envelope::acknowledgement("e1", None).as_str(), r#"{"envelope_id":"e1"}"#);
        let said = Envelope::acknowledgement("e1", Some(json!({"text": "x"})));
        assert_eq!(said.as_str(), r#"{"envelope_id":"e1","payload":{"text":"x"}}"#);
    }
}

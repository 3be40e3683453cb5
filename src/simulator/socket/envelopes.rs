//! Envelopes: what would have been a request's body, sent over any one of the sockets, and the
//! answer to it, which must come in time, once, and say nothing where nothing may be said.

use std::collections::HashMap;

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use super::{Order, Waiting};
use crate::simulator::{
    Simulator,
    delivery::post::{Answer, NoAnswer},
    faults::Misdelivery,
};

/// What goes into an envelope.
pub struct Parcel<'a> {
    /// For the journal: "slash_command", or the type of an interaction or event.
    pub what: &'a str,
    /// Set for events.
    pub event_id: Option<&'a str>,
    /// What the request's body would have been.
    pub payload: Value,
    /// The number of the retry, and why the attempt before it failed.
    pub retry: (u8, &'a str),
}

impl Parcel<'_> {
    fn kind(&self) -> &'static str {
        match (self.event_id, self.what) {
            (Some(_), _) => "events_api",
            (None, "slash_command") => "slash_commands",
            (None, _) => "interactive",
        }
    }

    fn accepts_payload(&self) -> bool {
        matches!(self.what, "slash_command" | "view_submission" | "block_suggestion")
    }
}

impl<'a> Parcel<'a> {
    /// A request's form as Socket Mode has it.
    pub fn of_form(what: &'a str, form: &[(&str, String)]) -> Self {
        let payload = match form {
            [("payload", json)] => serde_json::from_str(json).unwrap_or_default(),
            fields => {
                let field = |(name, value): &(&str, String)| {
                    ((*name).to_owned(), Value::from(value.clone()))
                };
                Value::Object(fields.iter().map(field).collect::<Map<_, _>>())
            }
        };
        Parcel { what, event_id: None, payload, retry: (0, "") }
    }
}

impl Simulator {
    /// Whether what happens goes over sockets.
    pub(in crate::simulator) fn uses_sockets(&self) -> bool {
        self.read(|state| state.app.socket_mode)
    }

    /// Sends it over one of the sockets and waits for the answer, which has the form of an answer
    /// over HTTP.
    pub(in crate::simulator) async fn send_envelope(
        &self,
        parcel: &Parcel<'_>,
        fault: Option<Misdelivery>,
    ) -> Result<Answer, NoAnswer> {
        let result = self.exchange_envelope(parcel, fault).await;
        let result = match (result, fault) {
            (Ok(_), Some(Misdelivery::LoseAnswer)) => Err("http_timeout"),
            (result, _) => result,
        };
        self.note_sent(parcel.what, parcel.event_id, parcel.retry.0, &result);
        result
    }

    async fn exchange_envelope(
        &self,
        parcel: &Parcel<'_>,
        fault: Option<Misdelivery>,
    ) -> Result<Answer, NoAnswer> {
        let id = self.write_quietly(|state| state.next_id("envelope-"));
        let accepts_payload = parcel.accepts_payload();
        let mut envelope = json!({
            "envelope_id": id,
            "type": parcel.kind(),
            "payload": parcel.payload,
            "accepts_response_payload": accepts_payload,
        });
        if parcel.event_id.is_some() {
            envelope["retry_attempt"] = parcel.retry.0.into();
            envelope["retry_reason"] = parcel.retry.1.into();
        }
        let answered = {
            let mut links = self.links_mut();
            links.turn += 1;
            let turn = links.turn;
            let able: Vec<u64> =
                links.open.iter().filter(|(_, link)| !link.is_closing).map(|(id, _)| *id).collect();
            let link = *able.get(turn % able.len().max(1)).ok_or("no_socket")?;
            let (answer, answered) = oneshot::channel();
            links.waiting.insert(id.clone(), Waiting { link, accepts_payload, answer });
            if let Some(link) = links.open.get(&link) {
                link.tell(Order::Say(envelope));
                if fault == Some(Misdelivery::HangUp) {
                    link.tell(Order::Drop);
                }
            }
            answered
        };
        let answer = match tokio::time::timeout(self.settings().answer_within, answered).await {
            Ok(Ok(answer)) => answer?,
            Ok(Err(_)) => return Err("connection_failed"),
            Err(_) => {
                let mut links = self.links_mut();
                links.waiting.remove(&id);
                links.end_envelope(&id, false);
                return Err("http_timeout");
            }
        };
        let mut headers = HeaderMap::new();
        let json = HeaderValue::from_static("application/json");
        headers.extend(answer.is_some().then_some((header::CONTENT_TYPE, json)));
        let body = answer.map(|payload| payload.to_string()).unwrap_or_default();
        Ok(Answer { status: 200, headers, body: Bytes::from(body) })
    }

    /// Takes an answer of the app's.
    pub(super) fn acknowledge(&self, text: &str) {
        let answer: HashMap<String, Value> = match serde_json::from_str(text) {
            Ok(answer) => answer,
            Err(_) => return self.odd(format!("an answer that is no JSON object: {text}")),
        };
        let Some(id) = answer.get("envelope_id").and_then(Value::as_str) else {
            return self.odd(format!("an answer without envelope_id: {text}"));
        };
        let payload = answer.get("payload").cloned();
        let mut links = self.links_mut();
        let odd = match (links.waiting.remove(id), links.over.get(id)) {
            (Some(waiting), _) => {
                let odd = payload.is_some() && !waiting.accepts_payload;
                links.end_envelope(id, true);
                let _ = waiting.answer.send(Ok(payload));
                odd.then(|| format!("a payload where none is accepted: {text}"))
            }
            // Too late; Slack has told the person, or sends it again.
            (None, Some(false)) => {
                links.end_envelope(id, true);
                None
            }
            (None, Some(true)) => Some(format!("a second answer: {text}")),
            (None, None) => Some(format!("an answer to an unknown envelope: {text}")),
        };
        drop(links);
        if let Some(odd) = odd {
            self.odd(odd);
        }
    }
}

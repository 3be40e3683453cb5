//! CloudEvents 1.0 over HTTP: structured, in a batch, or binary.
//!
//! An event is known by its source and id together: each is a delivery of its own, also within a batch,
//! so that what comes a second time, alone or beside others, changes nothing. Before anything is sent,
//! a sender may ask whether it is welcome (`OPTIONS`); it shows no secret then, and learns nothing but
//! that this address takes events.

mod event;
mod mapping;

use std::collections::HashSet;

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::alert::observation::Observation;
use crate::ingest::cloudevents::event::Event;
use crate::ingest::cloudevents::mapping::Mapping;
use crate::ingest::knock::{Knock, Trouble};

/// How many events of a batch are handed over at once.
const AT_ONCE: usize = 25;
/// The most reasons that are told of one batch.
const MOST_REASONS: usize = 20;

/// Takes a request.
pub async fn receive(knock: Knock) -> Response {
    if knock.method == Method::OPTIONS {
        return welcome(&knock);
    }
    match take(&knock).await {
        Ok(answer) => answer,
        Err(trouble) => refuse(trouble),
    }
}

/// Says why a request went no further. Senders come again after a 429 that says when; a 410 would
/// stop them for good, so there is none.
pub fn refuse(trouble: Trouble) -> Response {
    trouble.answer(trouble.status(), json!({"error": trouble.message()}))
}

/// Whether the settings are understood.
pub fn check_settings(door: &Value) -> Result<(), String> {
    Mapping::read(door).map(drop)
}

/// Answers who asks whether events may be sent here. An address to call back is never called.
fn welcome(knock: &Knock) -> Response {
    let mut response = StatusCode::OK.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static("OPTIONS, POST"));
    if let Some(origin) = knock.headers.get("webhook-request-origin") {
        headers.insert("webhook-allowed-origin", origin.clone());
        let rate = knock.headers.get("webhook-request-rate");
        let rate = rate.filter(|rate| rate.to_str().is_ok_and(|rate| rate.parse::<u32>().is_ok()));
        let rate = rate.cloned().unwrap_or(HeaderValue::from_static("*"));
        headers.insert("webhook-allowed-rate", rate);
    }
    response
}

async fn take(knock: &Knock) -> Result<Response, Trouble> {
    if !knock.shows_secret() {
        return Err(Trouble::Unproven);
    }
    if !knock.is_at_the_door() {
        return Err(Trouble::NotThere);
    }
    if knock.method != Method::POST {
        return Err(Trouble::WrongMethod);
    }
    let mapping = Mapping::read(&knock.source.settings.door)
        .map_err(|reason| knock.settings_are_broken(&reason))?;
    let (events, errors) = events(knock)?;
    if events.is_empty() && !errors.is_empty() {
        let body = json!({"error": errors[0], "errors": errors});
        return Ok((StatusCode::BAD_REQUEST, Json(body)).into_response());
    }
    let count = events.len();
    let observed: Vec<(String, Observation)> = events
        .iter()
        .filter_map(|event| Some((event.delivery(), mapping.observe(event)?.within_limits())))
        .collect();
    let mut body =
        json!({"status": "accepted", "events": count, "ignored": count - observed.len()});
    for together in side_by_side(observed) {
        let taken = together.into_iter().map(async |(delivery, observation)| {
            knock.take(vec![observation], Vec::new(), Some(&delivery)).await.map(drop)
        });
        join_all(taken).await.into_iter().collect::<Result<(), Trouble>>()?;
    }
    if !errors.is_empty() {
        body["errors"] = json!(errors);
    }
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

/// The events of a request, and why some of a batch can't be read.
fn events(knock: &Knock) -> Result<(Vec<Event>, Vec<String>), Trouble> {
    let kind = knock.header(header::CONTENT_TYPE.as_str());
    let media_type = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    match media_type.to_ascii_lowercase().as_str() {
        "application/cloudevents+json" => {
            let event = Event::structured(knock.json()?).map_err(Trouble::Unreadable)?;
            Ok((vec![event], Vec::new()))
        }
        "application/cloudevents-batch+json" => {
            let (mut events, mut errors) = (Vec::new(), Vec::new());
            for (index, event) in knock.json::<Vec<Value>>()?.into_iter().enumerate() {
                match Event::structured(event) {
                    Ok(event) => events.push(event),
                    Err(_) if errors.len() >= MOST_REASONS => {}
                    Err(reason) => errors.push(format!("Event {}: {reason}", index + 1)),
                }
            }
            Ok((events, errors))
        }
        other if other.starts_with("application/cloudevents") => Err(Trouble::WrongType),
        _ if knock.headers.contains_key("ce-specversion") => {
            let event =
                Event::binary(&knock.headers, kind, &knock.body).map_err(Trouble::Unreadable)?;
            Ok((vec![event], Vec::new()))
        }
        _ => Err(Trouble::WrongType),
    }
}

/// Cuts a batch into pieces within which no two events are about the same alert: those of one alert
/// are taken one after another, in the sender's order.
fn side_by_side(observed: Vec<(String, Observation)>) -> Vec<Vec<(String, Observation)>> {
    let mut pieces: Vec<Vec<(String, Observation)>> = Vec::new();
    let mut keys = HashSet::new();
    for (delivery, observation) in observed {
        let is_full = pieces.last().is_none_or(|piece| piece.len() >= AT_ONCE);
        if is_full || keys.contains(&observation.key) {
            keys.clear();
            pieces.push(Vec::new());
        }
        keys.insert(observation.key.clone());
        if let Some(piece) = pieces.last_mut() {
            piece.push((delivery, observation));
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_one_alert_are_taken_in_turn() {
        let observed = |keys: &[&str]| {
            keys.iter()
                .map(|key| (String::new(), Observation::firing(*key, "")))
                .collect::<Vec<_>>()
        };
        let sizes =
            |keys: &[&str]| side_by_side(observed(keys)).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(&[]), Vec::<usize>::new());
        assert_eq!(sizes(&["a", "b", "a", "c", "a"]), [2, 2, 1]);
        let many: Vec<String> = (0..60).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(sizes(&many), [25, 25, 10]);
    }
}

//! The end of a response_url: where the app answers what a person did, without a token.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State as Shared},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Map, Value, json};

use super::{
    Simulator,
    api::remember,
    blocks,
    clock::Micros,
    faults::Failing,
    rules::lifetimes::ResponseUrl,
    server::hang_up,
    state::{State, journal::Call, message::Message, ts::Ts},
};

/// The route under `/respond`.
pub fn router(simulator: Simulator) -> Router {
    Router::new().route("/respond/{team}/{id}", post(respond)).with_state(simulator)
}

async fn respond(
    Shared(simulator): Shared<Simulator>,
    Path((team, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let simulator = simulator.resident_of(&team).unwrap_or(simulator);
    let fault = simulator.write_quietly(|state| state.faults.strike("response_url"));
    match &fault {
        Some(Failing::Refuse) => return hang_up(),
        Some(Failing::Status { status }) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            return status.into_response();
        }
        Some(Failing::RateLimited { retry_after }) => {
            let wait = [(header::RETRY_AFTER, retry_after.to_string())];
            return (StatusCode::TOO_MANY_REQUESTS, wait).into_response();
        }
        Some(Failing::TimeoutBefore { hang_ms }) => {
            tokio::time::sleep(std::time::Duration::from_millis(*hang_ms)).await;
            return hang_up();
        }
        Some(Failing::Delay { ms }) => {
            tokio::time::sleep(std::time::Duration::from_millis(*ms)).await;
        }
        _ => {}
    }
    let now = simulator.clock().now();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let payload = read(kind.unwrap_or_default(), &body);
    let result = simulator.write(|state| {
        let result = match &payload {
            Some(payload) => answer(state, now, &id, payload),
            None => Err("invalid_payload"),
        };
        let call = Call {
            at: now,
            method: "response_url".to_owned(),
            args: payload.clone().map_or(Value::Null, Value::Object),
            status: status_of(&result).as_u16(),
            ok: result.is_ok(),
            error: result.err().map(str::to_owned),
            messages: Vec::new(),
            unknown_args: Vec::new(),
            fault: fault.as_ref().map(|fault| format!("{fault:?}")),
        };
        remember(state, call);
        result
    });
    if let Some(Failing::LostAnswer { .. }) = fault {
        return hang_up();
    }
    let body = match result {
        Ok(()) => json!({ "ok": true }),
        Err(error) => json!({ "ok": false, "error": error }),
    };
    let json = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (status_of(&result), json, body.to_string()).into_response()
}

fn status_of(result: &Result<(), &'static str>) -> StatusCode {
    match result {
        Ok(()) => StatusCode::OK,
        Err("expired_url" | "used_url" | "invalid_url") => StatusCode::NOT_FOUND,
        Err(_) => StatusCode::BAD_REQUEST,
    }
}

fn read(kind: &str, body: &[u8]) -> Option<Map<String, Value>> {
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return serde_json::from_slice(body).ok();
    }
    let form: Vec<(String, String)> = serde_urlencoded::from_bytes(body).ok()?;
    let (_, payload) = form.into_iter().find(|(name, _)| name == "payload")?;
    serde_json::from_str(&payload).ok()
}

fn answer(
    state: &mut State,
    now: Micros,
    id: &str,
    payload: &Map<String, Value>,
) -> Result<(), &'static str> {
    let url = state.response_urls.take(now, id)?;
    let flag = |name: &str| payload.get(name).is_some_and(|flag| *flag == true || *flag == "true");
    if flag("delete_original") {
        if let Some(original) = url.original {
            remove(state, now, &url, original)?;
        }
        return Ok(());
    }
    let content = Content::read(state, payload)?;
    if let (true, Some(original)) = (flag("replace_original"), url.original) {
        return replace(state, now, &url, original, content);
    }
    let in_channel = payload.get("response_type").is_some_and(|kind| kind == "in_channel");
    let ts = content.post(state, now, &url.channel, &url.user, in_channel, payload);
    if url.is_command {
        // What a person typed can't be replaced, but the answer to it can.
        state.response_urls.set_original(id, ts);
    }
    Ok(())
}

fn remove(state: &mut State, now: Micros, url: &ResponseUrl, ts: Ts) -> Result<(), &'static str> {
    let channel = state.channels.get_mut(&url.channel).ok_or("channel_not_found")?;
    let own = channel.ephemerals.get_mut(&url.user);
    if own.is_some_and(|own| own.remove(&ts).is_some()) {
        return Ok(());
    }
    state.delete_message(now, &url.channel, ts)
}

/// An ephemeral message stays one, whatever `response_type` says.
fn replace(
    state: &mut State,
    now: Micros,
    url: &ResponseUrl,
    ts: Ts,
    content: Content,
) -> Result<(), &'static str> {
    let channel = state.channels.get_mut(&url.channel).ok_or("channel_not_found")?;
    let own = channel.ephemerals.get_mut(&url.user).and_then(|own| own.get_mut(&ts));
    let change = |message: &mut Message| {
        message.text = content.text.clone();
        message.blocks = content.blocks.clone();
    };
    if let Some(message) = own {
        change(message);
        return Ok(());
    }
    let bot = state.app.bot_user.clone();
    state.change_message(now, (&url.channel, ts), Some(&bot), change)
}

/// What an answer says, be it sent to a response_url or given at once.
pub struct Content {
    text: String,
    blocks: Vec<Value>,
    metadata: Option<Value>,
}

impl Content {
    /// Reads it from JSON.
    pub fn read(state: &mut State, payload: &Map<String, Value>) -> Result<Self, &'static str> {
        let text = payload.get("text").and_then(Value::as_str).unwrap_or_default();
        let mut blocks = payload.get("blocks").cloned().unwrap_or_else(|| json!([]));
        if !blocks::check_message_blocks(&blocks, "/blocks").is_empty() {
            return Err("invalid_blocks");
        }
        if blocks::count_text(&blocks) > blocks::MAX_TEXT_OF_MESSAGE {
            return Err("msg_blocks_too_long");
        }
        blocks::finish(&mut blocks, &mut || state.next_id("b"));
        let Value::Array(blocks) = blocks else { return Err("invalid_blocks") };
        let no_attachments =
            payload.get("attachments").and_then(Value::as_array).is_none_or(Vec::is_empty);
        if text.trim().is_empty() && blocks.is_empty() && no_attachments {
            return Err("no_text");
        }
        let metadata = payload.get("metadata").cloned();
        Ok(Content { text: text.to_owned(), blocks, metadata })
    }

    /// A plain text.
    pub fn text(text: &str) -> Self {
        Content { text: text.to_owned(), blocks: Vec::new(), metadata: None }
    }

    /// Posts it as the app, for all or for `user` alone. It asks for no membership.
    pub fn post(
        self,
        state: &mut State,
        now: Micros,
        channel: &str,
        user: &str,
        in_channel: bool,
        payload: &Map<String, Value>,
    ) -> Ts {
        let ts = state.next_ts(now);
        let mut message = Message::plain(channel, ts, &state.app.bot_user, &self.text);
        message.bot_id = Some(state.app.bot_id.clone());
        message.app_id = Some(state.app.id.clone());
        message.blocks = self.blocks;
        message.metadata = self.metadata;
        let thread = payload.get("thread_ts").and_then(Value::as_str);
        let thread = thread.and_then(|ts| ts.parse().ok());
        message.thread_ts = thread.filter(|thread| state.message(channel, *thread).is_some());
        match in_channel {
            true => state.post(now, message),
            false => {
                state.post_ephemeral(user, message);
                ts
            }
        }
    }
}

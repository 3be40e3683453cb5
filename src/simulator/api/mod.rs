//! The Web API: one road for all methods. A call is read, let in or turned away (token, scopes,
//! arguments, budget), done under the lock, written down, and answered, or made to fail on the way
//! if a fault says so.

use std::time::Duration;

use axum::{
    Router,
    extract::{Path, Request, State as Shared},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use serde_json::{Value, json};

use super::{
    Simulator,
    faults::Failing,
    oauth,
    server::hang_up,
    state::{JOURNAL_LENGTH, State, Team, journal::Call},
};

mod about;
mod admission;
mod args;
mod bookmarks;
mod chat;
mod conversations;
pub mod desk;
mod history;
mod listing;
mod marks;
mod membership;
pub mod methods;
pub mod rates;
mod refusal;
mod request;
pub mod schedule;
mod users;
mod views;

use desk::Desk;
use methods::Method;
use refusal::Refusal;

pub use request::Asked;

/// The routes under `/api`.
pub fn router(simulator: Simulator) -> Router {
    Router::new().route("/api/{method}", any(call)).with_state(simulator)
}

async fn call(
    Shared(simulator): Shared<Simulator>,
    Path(method): Path<String>,
    request: Request,
) -> Response {
    let asked = request::read(request).await;
    let simulator = simulator.resident_called(&asked);
    let fault = simulator.write_quietly(|state| state.faults.strike(&method));
    match &fault {
        Some(Failing::Delay { ms }) => tokio::time::sleep(Duration::from_millis(*ms)).await,
        Some(failing) if !does_the_work(failing) => {
            return fail_before(&simulator, &method, &asked, failing).await;
        }
        _ => {}
    }
    let answer = match method == oauth::access::METHOD {
        true => give_access(&simulator, &asked, &fault),
        false => {
            // Before the lock: other workspaces have to be asked.
            let granted = simulator.granted_teams();
            let called = Called { name: &method, asked: &asked, granted };
            simulator.write(|state| perform(&simulator, state, called, &fault))
        }
    };
    match fault {
        Some(Failing::LostAnswer { hang_ms }) => {
            tokio::time::sleep(Duration::from_millis(hang_ms)).await;
            hang_up()
        }
        Some(Failing::MalformedJson) => {
            let text = answer.body.to_string();
            let half = text.len() / 2;
            let cut = text.chars().take(half.max(1)).collect::<String>();
            ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], cut).into_response()
        }
        Some(Failing::ErrorAfter { code }) => {
            Reply::refused(Refusal { error: code, extra: Default::default() }).into_response()
        }
        _ => answer.into_response(),
    }
}

fn does_the_work(failing: &Failing) -> bool {
    matches!(
        failing,
        Failing::LostAnswer { .. }
            | Failing::MalformedJson
            | Failing::ErrorAfter { .. }
            | Failing::Delay { .. }
    )
}

/// Fails without doing anything.
async fn fail_before(
    simulator: &Simulator,
    method: &str,
    asked: &Asked,
    failing: &Failing,
) -> Response {
    let reply = match failing {
        Failing::Status { status } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            Reply { status, body: json!({}), headers: HeaderMap::new() }
        }
        Failing::Answer { status, .. } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            Reply { status, body: json!({}), headers: HeaderMap::new() }
        }
        Failing::RateLimited { retry_after } => Reply::too_many(*retry_after),
        Failing::Error { code } => {
            Reply::refused(Refusal { error: code.clone(), extra: Default::default() })
        }
        _ => Reply { status: StatusCode::OK, body: json!({}), headers: HeaderMap::new() },
    };
    let now = simulator.clock().now();
    let is_silent = matches!(failing, Failing::Refuse | Failing::TimeoutBefore { .. });
    simulator.write_quietly(|state| {
        let mut call = describe(now, method, asked, None, &reply);
        call.fault = Some(format!("{failing:?}"));
        if is_silent {
            call.status = 0;
        }
        remember(state, call);
    });
    match failing {
        Failing::Refuse => hang_up(),
        Failing::TimeoutBefore { hang_ms } => {
            tokio::time::sleep(Duration::from_millis(*hang_ms)).await;
            hang_up()
        }
        // A proxy's error page rather than anything of the API.
        Failing::Status { .. } => (reply.status, "upstream error").into_response(),
        Failing::Answer { content_type, retry_after, body, .. } => {
            let mut response = (reply.status, body.clone()).into_response();
            let headers = response.headers_mut();
            headers.remove(header::CONTENT_TYPE);
            for (name, value) in
                [(header::CONTENT_TYPE, content_type), (header::RETRY_AFTER, retry_after)]
            {
                let value = value.as_deref().and_then(|value| HeaderValue::from_str(value).ok());
                headers.extend(value.map(|value| (name, value)));
            }
            response
        }
        _ => reply.into_response(),
    }
}

/// A call on its way.
struct Called<'a> {
    name: &'a str,
    asked: &'a Asked,
    /// The workspaces of the organisation that let the app in.
    granted: Vec<Team>,
}

/// Does what is asked, and writes it down.
fn perform(
    simulator: &Simulator,
    state: &mut State,
    Called { name, asked, granted }: Called<'_>,
    fault: &Option<Failing>,
) -> Reply {
    let now = simulator.clock().now();
    let method = methods::find(name);
    let mut reply = match admission::admit(simulator, state, method, asked, now) {
        Err(admission::Turned::Away(refusal)) => Reply::refused(refusal),
        Err(admission::Turned::Back { retry_after }) => Reply::too_many(retry_after),
        Ok((method, args, caller)) => {
            let mut desk = Desk { state, args, caller, now, granted };
            match (method.run)(&mut desk) {
                Ok(body) => Reply::done(body),
                Err(refusal) => Reply::refused(refusal),
            }
        }
    };
    admission::add_headers(&mut reply.headers, state, method, asked, now);
    let mut call = describe(now, name, asked, method, &reply);
    match fault {
        Some(Failing::Delay { .. }) | None => {}
        Some(failing) => {
            call.fault = Some(format!("{failing:?}"));
            call.status = 0;
        }
    }
    remember(state, call);
    reply
}

/// The one method that is called without a token, and may concern any workspace.
fn give_access(simulator: &Simulator, asked: &Asked, fault: &Option<Failing>) -> Reply {
    let reply = match oauth::access::access(simulator, &asked.all_args(), asked.basic.clone()) {
        Ok(body) => Reply::done(body),
        Err(error) => Reply::refused(error.into()),
    };
    let now = simulator.clock().now();
    let mut call = describe(now, oauth::access::METHOD, asked, None, &reply);
    call.fault = fault.as_ref().map(|fault| format!("{fault:?}"));
    simulator.write_quietly(|state| remember(state, call));
    reply
}

/// An answer that hasn't left yet.
struct Reply {
    status: StatusCode,
    body: Value,
    headers: HeaderMap,
}

impl Reply {
    fn done(body: Value) -> Self {
        let mut answer = json!({ "ok": true });
        if let (Value::Object(answer), Value::Object(body)) = (&mut answer, body) {
            answer.extend(body);
        }
        Reply { status: StatusCode::OK, body: answer, headers: HeaderMap::new() }
    }

    fn refused(refusal: Refusal) -> Self {
        Reply { status: StatusCode::OK, body: refusal.to_api(), headers: HeaderMap::new() }
    }

    fn too_many(retry_after: u32) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
        let body = json!({ "ok": false, "error": "ratelimited" });
        Reply { status: StatusCode::TOO_MANY_REQUESTS, body, headers }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let json = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
        (self.status, json, self.headers, self.body.to_string()).into_response()
    }
}

fn describe(now: i64, name: &str, asked: &Asked, method: Option<&Method>, reply: &Reply) -> Call {
    let lines = reply.body["response_metadata"]["messages"].as_array();
    let lines = lines.into_iter().flatten().filter_map(Value::as_str);
    let args = asked.all_args();
    let known = |arg: &str| {
        method.is_none_or(|method| {
            method.required.contains(&arg) || method.optional.contains(&arg) || arg == "pretty"
        })
    };
    Call {
        at: now,
        method: name.to_owned(),
        status: reply.status.as_u16(),
        ok: reply.body["ok"] == true,
        error: reply.body["error"].as_str().map(str::to_owned),
        messages: lines.map(str::to_owned).collect(),
        unknown_args: args.keys().filter(|arg| !known(arg)).cloned().collect(),
        args: args.into(),
        fault: None,
    }
}

/// Writes a call into the journal, whose length is bounded.
pub fn remember(state: &mut State, call: Call) {
    if state.calls.len() >= JOURNAL_LENGTH {
        state.calls.pop_front();
    }
    state.calls.push_back(call);
}

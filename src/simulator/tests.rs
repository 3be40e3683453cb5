//! The simulator as an app meets it: over HTTP, with a small app of our own at the other end.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State as Shared},
    http::{HeaderMap, Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::{
    Simulator,
    act::{Act, Seen, Values},
    clock::{Clock, MINUTE, Micros, SECOND},
    delivery::sign::signature,
    faults::{Failing, Fault, Misdelivery},
    settings::{AppUrls, Settings},
    state::ts::Ts,
};

mod acting;
mod calling;
mod changing;
mod delivering;
mod failing;
mod foreign;
mod organisation;
mod sockets;

/// Some day in 2026.
const START: Micros = 1_790_000_000 * SECOND;

/// How the app answers a request.
#[derive(Clone, Debug)]
enum Reply {
    Status(u16),
    /// Fails, and wants no retry.
    NoRetry,
    Text(&'static str),
    Json(Value),
    /// Opens this modal first.
    Opens(Value),
    Never,
}

/// What the app has received.
#[derive(Clone, Debug)]
struct Received {
    door: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Received {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    fn form(&self, name: &str) -> String {
        let form: Vec<(String, String)> =
            serde_urlencoded::from_bytes(&self.body).expect("the body is a form");
        let field = form.into_iter().find(|(field, _)| field == name);
        field.unwrap_or_else(|| panic!("there is no {name}")).1
    }

    fn payload(&self) -> Value {
        serde_json::from_str(&self.form("payload")).expect("the payload is JSON")
    }
}

/// A workspace with a small app in it, and hands on its clock.
struct World {
    slack: Simulator,
    http: Client<HttpConnector, Full<Bytes>>,
    now: Arc<AtomicI64>,
    app: Arc<App>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct App {
    received: Mutex<Vec<Received>>,
    replies: Mutex<VecDeque<Reply>>,
    event_replies: Mutex<VecDeque<Reply>>,
    api_url: Mutex<String>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl World {
    async fn new() -> World {
        World::with(Settings::default()).await
    }

    async fn with(settings: Settings) -> World {
        let now = Arc::new(AtomicI64::new(START));
        let read = now.clone();
        let clock = Clock::from_fn(Arc::new(move || read.load(Ordering::SeqCst)));
        let slack = Simulator::start(Settings { clock, ..settings }).await.expect("it listens");
        let app = Arc::new(App::default());
        *app.api_url.lock().expect("nobody panicked") = slack.api_url();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("it listens");
        let addr = listener.local_addr().expect("it has an address");
        let routes = Router::new().route("/{door}", post(receive)).with_state(app.clone());
        let server = tokio::spawn(async move {
            axum::serve(listener, routes).await.expect("it serves");
        });
        let url = |door: &str| format!("http://{addr}/{door}");
        slack.set_app_urls(AppUrls {
            commands: url("commands"),
            interactions: url("interactions"),
            options: url("options"),
            events: url("events"),
        });
        World { slack, http: http_client(), now, app, server }
    }

    fn pass(&self, time: Micros) {
        self.now.fetch_add(time, Ordering::SeqCst);
    }

    fn replies(&self, replies: impl IntoIterator<Item = Reply>) {
        self.app.replies.lock().expect("nobody panicked").extend(replies);
    }

    /// How the app answers events; they come in between, so they have replies of their own.
    fn event_replies(&self, replies: impl IntoIterator<Item = Reply>) {
        self.app.event_replies.lock().expect("nobody panicked").extend(replies);
    }

    /// Everything the app has received, checked for its signature.
    fn received(&self) -> Vec<Received> {
        let all = self.app.received.lock().expect("nobody panicked").clone();
        for one in &all {
            let header = |name: &str| one.headers[name].to_str().expect("it's text").to_owned();
            let timestamp = header("x-slack-request-timestamp").parse().expect("it's a number");
            let secret = &self.slack.settings().signing_secret;
            assert_eq!(header("x-slack-signature"), signature(secret, timestamp, &one.body));
        }
        all
    }

    fn last(&self) -> Received {
        self.received().pop().expect("the app has received something")
    }

    fn events(&self, kind: &str) -> Vec<Value> {
        let events = self.received().into_iter().filter(|one| one.door == "events");
        events.map(|one| one.json()).filter(|body| body["event"]["type"] == kind).collect()
    }

    async fn call(&self, method: &str, args: Value) -> Value {
        self.respond(method, args).await.1
    }

    /// Calls a method that must succeed.
    async fn ok(&self, method: &str, args: Value) -> Value {
        let answer = self.call(method, args).await;
        assert_eq!(answer["ok"], true, "{method}: {answer}");
        answer
    }

    /// The error of a call that must fail.
    async fn error(&self, method: &str, args: Value) -> String {
        let answer = self.call(method, args).await;
        assert_eq!(answer["ok"], false, "{method}: {answer}");
        answer["error"].as_str().expect("an error is text").to_owned()
    }

    async fn respond(&self, method: &str, args: Value) -> (StatusCode, Value, HeaderMap) {
        let result = self.attempt(method, args).await;
        result.unwrap_or_else(|| panic!("{method} got no answer"))
    }

    /// `None` if the connection ends without an answer.
    async fn attempt(&self, method: &str, args: Value) -> Option<(StatusCode, Value, HeaderMap)> {
        let kind = "application/json; charset=utf-8";
        let (token, body) = (Some("xoxb-simulator"), args.to_string());
        self.raw(method, token, kind, body).await
    }

    async fn raw(
        &self,
        method: &str,
        token: Option<&str>,
        kind: &str,
        body: String,
    ) -> Option<(StatusCode, Value, HeaderMap)> {
        let url = format!("{}/{method}", self.slack.api_url());
        let mut request = Request::post(url).header(header::CONTENT_TYPE, kind);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Full::new(body.into())).expect("it's a request");
        let response = self.http.request(request).await.ok()?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        Some((parts.status, serde_json::from_slice(&body).unwrap_or_default(), parts.headers))
    }

    async fn get(&self, method: &str, query: &str) -> Value {
        let url = format!("{}/{method}?{query}", self.slack.api_url());
        let request = Request::get(url).header(header::AUTHORIZATION, "Bearer xoxb-simulator");
        let request = request.body(Full::default()).expect("it's a request");
        let response = self.http.request(request).await.expect("it answers");
        let body = response.into_body().collect().await.expect("it answers").to_bytes();
        serde_json::from_slice(&body).expect("it answers JSON")
    }

    async fn post_to(&self, url: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::post(url).header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Full::new(body.to_string().into())).expect("it's a request");
        let response = self.http.request(request).await.expect("it answers");
        let status = response.status();
        let body = response.into_body().collect().await.expect("it answers").to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn act(&self, act: Act) -> Seen {
        self.slack.act(act).await.expect("the client allows it")
    }

    async fn types(&self, text: &str) -> Seen {
        self.act(command("U0ALICE", "C0GENERAL", text)).await
    }

    /// A channel that the bot has made.
    async fn channel(&self, name: &str) -> String {
        let answer = self.ok("conversations.create", json!({ "name": name })).await;
        answer["channel"]["id"].as_str().expect("it has an id").to_owned()
    }

    async fn post(&self, channel: &str, text: &str) -> Ts {
        let answer = self.ok("chat.postMessage", json!({ "channel": channel, "text": text })).await;
        ts_of(&answer["ts"])
    }

    fn fails(&self, fault: Fault) {
        self.slack.inject(fault);
    }
}

fn http_client() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http()
}

async fn receive(
    Shared(app): Shared<Arc<App>>,
    Path(door): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let received = Received { door, headers, body };
    app.received.lock().unwrap_or_else(PoisonError::into_inner).push(received.clone());
    if received.headers[header::CONTENT_TYPE] == "application/json" {
        let body = received.json();
        if body["type"] == "url_verification" {
            return body["challenge"].as_str().unwrap_or_default().to_owned().into_response();
        }
    }
    let replies = if received.door == "events" { &app.event_replies } else { &app.replies };
    let reply = replies.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    match reply {
        None => StatusCode::OK.into_response(),
        Some(Reply::Status(status)) => {
            StatusCode::from_u16(status).expect("it's a status").into_response()
        }
        Some(Reply::NoRetry) => {
            (StatusCode::INTERNAL_SERVER_ERROR, [("x-slack-no-retry", "1")]).into_response()
        }
        Some(Reply::Text(text)) => text.into_response(),
        Some(Reply::Json(json)) => axum::Json(json).into_response(),
        Some(Reply::Opens(view)) => {
            let trigger = match received.door.as_str() {
                "commands" => received.form("trigger_id"),
                _ => received.payload()["trigger_id"].as_str().unwrap_or_default().to_owned(),
            };
            let api_url = app.api_url.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let body = json!({ "trigger_id": trigger, "view": view }).to_string();
            let request = Request::post(format!("{api_url}/views.open"))
                .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
                .header(header::AUTHORIZATION, "Bearer xoxb-simulator")
                .body(Full::new(Bytes::from(body)))
                .expect("it's a request");
            let response = http_client().request(request).await.expect("it answers");
            response.into_body().collect().await.expect("it answers");
            StatusCode::OK.into_response()
        }
        Some(Reply::Never) => std::future::pending().await,
    }
}

fn command(user: &str, channel: &str, text: &str) -> Act {
    let [user, channel, text] = [user, channel, text].map(str::to_owned);
    Act::SlashCommand { user, channel, command: "/incident".to_owned(), text }
}

fn says(user: &str, channel: &str, text: &str) -> Act {
    let [user, channel, text] = [user, channel, text].map(str::to_owned);
    Act::PostMessage { user, channel, text, thread_ts: None }
}

fn submits(view_id: &str, values: Value) -> Act {
    let values: Values = serde_json::from_value(values).expect("it has the right shape");
    Act::SubmitView { user: "U0ALICE".to_owned(), view_id: view_id.to_owned(), values }
}

/// A modal that asks for a name.
fn modal(title: &str) -> Value {
    json!({
        "type": "modal",
        "callback_id": "declare",
        "title": { "type": "plain_text", "text": title },
        "submit": { "type": "plain_text", "text": "Declare" },
        "notify_on_close": true,
        "blocks": [{
            "type": "input",
            "block_id": "name",
            "label": { "type": "plain_text", "text": "Name" },
            "element": { "type": "plain_text_input", "action_id": "v", "max_length": 20 },
        }],
    })
}

fn ts_of(value: &Value) -> Ts {
    value.as_str().expect("it's text").parse().expect("it's a time stamp")
}

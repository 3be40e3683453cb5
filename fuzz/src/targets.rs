//! What strangers' bytes go through: one function for each way in.
//!
//! Each takes any bytes, and panics if something happens that must not. The tests run them with
//! some thousand inputs that are the same each time; `make fuzz` looks for more, led by what is
//! reached (see CONTRIBUTING.md).

use std::path::PathBuf;
use std::sync::OnceLock;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use stentor::app::{App, SlackSettings, Stentor};
use stentor::clock::{Clock, Timestamp};
use stentor::config::{Secret, SigningSecrets};
use stentor::ids::{IdSource, UserId};
use stentor::incident::catalogue::Catalogue;
use stentor::ingest::kind::Kind;
use stentor::ingest::sns::Outside;
use stentor::ingest::sources::Wanted;
use stentor::slack::address::Answerable;
use stentor::slack::inbound::grammar;
use stentor::slack::inbound::submission;
use stentor::slack::inbound::verify::{sign, verify};
use stentor::slack::view::form::Origin;
use stentor::slack::view::reply::not_saved;
use stentor::store::db::Db;
use stentor::store::sources::SourceSettings;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

const SECRET: &str = "8f742231b10e8888abcd99eee77785a5";
const NOW: i64 = 1_790_000_000;
/// No answer is larger: a page of two hundred incidents has half a megabyte.
const ANSWER: usize = 4 * 1024 * 1024;

/// A way in.
pub type Target = (&'static str, fn(&[u8]));

/// Every way in, by its name.
pub const TARGETS: [Target; 8] = [
    ("signature", signature),
    ("grammar", words),
    ("form", form),
    ("address", address),
    ("slack", slack),
    ("api", api),
    ("hook", hook),
    ("senders", senders),
];

/// The signature of a request: a line with the timestamp, a line with the signature, the body.
/// Only what the secret has signed is believed.
pub fn signature(bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |byte| *byte == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let (timestamp, claimed, body) = (next(), next(), next());
    let mut headers = HeaderMap::new();
    for (name, value) in [("x-slack-request-timestamp", timestamp), ("x-slack-signature", claimed)]
    {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    let secret = Secret::new(SECRET);
    let secrets = SigningSecrets(vec![secret.clone()]);
    let now = Timestamp::from_micros(NOW * 1_000_000);
    if verify(&secrets, &headers, body, now).is_ok() {
        let timestamp = std::str::from_utf8(timestamp).expect("it was read as a number");
        let right = sign(&secret, timestamp, body);
        assert!(right.as_bytes().eq_ignore_ascii_case(claimed), "a wrong signature is believed");
        let sent: i64 = timestamp.parse().expect("it was read as a number");
        assert!(NOW.abs_diff(sent) <= 300, "an old request is believed");
    }
}

/// What somebody types after the command.
pub fn words(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let parsed = grammar::parse(&text, &UserId::from("U0ALICE"));
    if let grammar::Intent::Show(grammar::Show::List(filter)) = parsed.intent {
        let described = filter.criteria(&Catalogue::default()).described;
        assert!(described.chars().count() < 300, "{described}");
    }
}

/// A form that comes back: a line with its name, a line with what it remembers, what was filled in.
pub fn form(bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |byte| *byte == b'\n');
    let mut next = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let (name, metadata, values) = (next(), next(), next());
    let origin = Origin::parse(&metadata);
    // What it remembers is written as it was read.
    let again = Origin::parse(&origin.to_metadata());
    assert_eq!(format!("{origin:?}"), format!("{again:?}"));
    if let Ok(values) = serde_json::from_str(&values) {
        submission::command(&name, &values).ok();
    }
}

/// An address that an answer should go to. Only Slack's own are followed.
pub fn address(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for (api, own) in [
        ("https://slack.com/api", "https://hooks.slack.com/"),
        ("http://127.0.0.1:4040/api", "http://127.0.0.1:4040/"),
    ] {
        if let Ok(uri) = Answerable::beside(api).read(&text) {
            let is_slacks = text.starts_with("https://hooks.slack.com/")
                || text.starts_with("https://hooks.slack-gov.com/");
            assert!(is_slacks || text.starts_with(own), "{text} is followed");
            let host = uri.host().expect("an address has a host");
            assert!(["hooks.slack.com", "hooks.slack-gov.com", "127.0.0.1"].contains(&host));
        }
    }
}

/// A request that Slack has signed: a first byte that says where to, and a body.
pub fn slack(bytes: &[u8]) {
    let Some((door, body)) = bytes.split_first() else { return };
    let (path, kind) = match door % 4 {
        0 => ("/slack/commands", "application/x-www-form-urlencoded"),
        1 | 2 => ("/slack/interactions", "application/x-www-form-urlencoded"),
        _ => ("/slack/events", "application/json"),
    };
    // A payload as Slack would encode it, so that its JSON is what is played with.
    let body = match door % 4 {
        2 => serde_urlencoded::to_string([("payload", String::from_utf8_lossy(body))])
            .expect("text can be encoded")
            .into_bytes(),
        _ => body.to_vec(),
    };
    let timestamp = NOW.to_string();
    let request = Request::post(path)
        .header(CONTENT_TYPE, kind)
        .header("x-slack-request-timestamp", &timestamp)
        .header("x-slack-signature", sign(&Secret::new(SECRET), &timestamp, &body))
        .body(Body::from(body));
    House::get().answer(request.expect("it is a request"));
}

/// A request with a token: a line with the method and path, a line with the idempotency key, a
/// line with `If-Match`, and a body.
pub fn api(bytes: &[u8]) {
    let mut parts = bytes.splitn(4, |byte| *byte == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let (line, key, version, body) = (next(), next(), next(), next());
    let line = String::from_utf8_lossy(line);
    let (method, path) = line.split_once(' ').unwrap_or(("POST", &line));
    let house = House::get();
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/api/v1/{path}"))
        .header(AUTHORIZATION, &house.token)
        .header(CONTENT_TYPE, "application/json");
    for (name, value) in [("idempotency-key", key), ("if-match", version)] {
        if !value.is_empty() {
            request = request.header(name, value);
        }
    }
    if let Ok(request) = request.body(Body::from(body.to_vec())) {
        house.answer(request);
    }
}

/// A request of a monitoring system that has shown its secret: a line with its kind, the method and
/// the path behind its address, a line with the type of the body, and the body. In it, `$SECRET`
/// stands for the secret, where a kind sends it there.
pub fn hook(bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |byte| *byte == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let (line, kind_of_body, body) = (next(), next(), next());
    let line = String::from_utf8_lossy(line);
    let mut words = line.splitn(3, ' ');
    let mut next = || words.next().unwrap_or_default();
    let (kind, method, path) = (next(), next(), next());
    let house = House::get();
    let Ok(kind) = kind.parse::<Kind>() else { return };
    let source = house.source(kind);
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/hooks/{source}{path}"))
        .header(AUTHORIZATION, format!("Bearer {SECRET}"));
    if let Ok(kind) = HeaderValue::from_bytes(kind_of_body) {
        request = request.header(CONTENT_TYPE, kind);
    }
    let body = match std::str::from_utf8(body) {
        Ok(text) => text.replace("$SECRET", SECRET).into_bytes(),
        Err(_) => body.to_vec(),
    };
    if let Ok(request) = request.body(Body::from(body)) {
        house.answer(request);
    }
}

/// What a monitoring system sends: a line with its kind and what follows its source's address, a line
/// with a header and one with another, and a body. It shows the source's secret, and has its signature.
pub fn senders(bytes: &[u8]) {
    let mut parts = bytes.splitn(4, |byte| *byte == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let (line, headers, body) = (next(), [next(), next()], next());
    let line = String::from_utf8_lossy(line);
    let (kind, rest) = line.split_once(' ').unwrap_or((&line, ""));
    let Ok(kind) = kind.parse::<Kind>() else { return };
    let house = House::get();
    let source = house.source(kind);
    let rest = rest.replace("{source}", source);
    let mut signature = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key will do");
    signature.update(body);
    let signature = hex::encode(signature.finalize().into_bytes());
    let mut request = Request::builder()
        .method("POST")
        .uri(format!("/hooks/{source}/{rest}"))
        .header(AUTHORIZATION, format!("Bearer {SECRET}"))
        .header("sentry-hook-signature", &signature)
        .header("x-hub-signature-256", format!("sha256={signature}"));
    for header in headers {
        let (name, value) = match header.iter().position(|byte| *byte == b':') {
            Some(at) => (&header[..at], header[at + 1..].trim_ascii()),
            None => continue,
        };
        request = request.header(name, value);
    }
    if let Ok(request) = request.body(Body::from(body.to_vec())) {
        house.answer(request);
    }
}

/// A Stentor with a database of its own and a Slack that is away.
struct House {
    router: Router,
    /// A source of each kind.
    sources: Vec<(Kind, String)>,
    runtime: Runtime,
    token: String,
    file: PathBuf,
}

/// Removes what the targets left on the disk. Nothing is asked of them any more.
pub fn clean_up() {
    if let Some(house) = HOUSE.get() {
        for ending in ["", "-wal", "-shm"] {
            std::fs::remove_file(format!("{}{ending}", house.file.display())).ok();
        }
    }
}

static HOUSE: OnceLock<House> = OnceLock::new();

impl House {
    fn get() -> &'static House {
        HOUSE.get_or_init(House::build)
    }

    fn build() -> House {
        let runtime = Runtime::new().expect("a runtime starts");
        let (router, sources, token, file) = runtime.block_on(async {
            let clock = Clock::manual(Timestamp::from_micros(NOW * 1_000_000));
            let ids = IdSource::system();
            let name = format!("stentor-fuzz-{}.db", ids.ulid(Clock::system().now()));
            let file = std::env::temp_dir().join(name);
            let db = Db::connect(&format!("sqlite://{}", file.display())).await;
            let app = App::start(db.expect("a file opens"), clock.clone(), ids.clone()).await;
            let app = app.expect("it starts");
            let made = stentor::api::tokens::create(&app.db, &clock, &ids, &app.workspace, "fuzz");
            let token = format!("Bearer {}", made.await.expect("a token is made"));
            let mut sources = Vec::new();
            for kind in Kind::all() {
                let wanted = Wanted {
                    kind,
                    name: kind.to_string(),
                    secret: Some(Secret::new(SECRET)),
                    settings: SourceSettings::default(),
                };
                let made = stentor::ingest::sources::create(
                    &app.db,
                    &clock,
                    &ids,
                    None,
                    &app.workspace,
                    wanted,
                );
                sources.push((kind, made.await.expect("a source is made").source.id.to_string()));
            }
            // Nobody listens there, either.
            let app = App { sns: Outside::instead_at("http://127.0.0.1:1"), ..app };
            let settings = SlackSettings {
                // Nobody listens there.
                api_url: "http://127.0.0.1:1/api".to_owned(),
                bot_token: Some(Secret::new("xoxb-1-2-3")),
                install: stentor::config::install::InstallSettings::default(),
                app_token: None,
                signing_secrets: SigningSecrets(vec![Secret::new(SECRET)]),
                announce_channel: "incidents".to_owned(),
            };
            let stentor = Stentor::new(app, &settings).expect("it needs no network");
            (stentor.router(), sources, token, file)
        });
        House { router, sources, runtime, token, file }
    }

    /// The source of this kind.
    fn source(&self, kind: Kind) -> &str {
        let found = self.sources.iter().find(|(known, _)| *known == kind);
        &found.expect("there is one of each").1
    }

    /// Whatever is asked: an answer, and no failure of ours.
    fn answer(&self, request: Request<Body>) {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let (status, text) = self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await;
            let response = response.unwrap_or_else(|never| match never {});
            let status = response.status();
            let body = to_bytes(response.into_body(), ANSWER).await.expect("an answer has an end");
            (status, String::from_utf8_lossy(&body).into_owned())
        });
        assert!(!status.is_server_error(), "{method} {uri}: {status} {text}");
        // The database is there all the time. (A form that can't be read is told the same.)
        let is_command = uri.path() == "/slack/commands";
        assert!(!(is_command && text.contains(&not_saved().text)), "{method} {uri}: {text}");
    }
}

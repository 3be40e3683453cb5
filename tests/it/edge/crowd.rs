//! Ten thousand connections that say nothing, and the memory that requests take: of the real
//! process, as the system counts it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stentor::clock::Clock;
use stentor::simulator::Simulator;
use stentor::simulator::settings::Settings;
use tokio::net::TcpStream;

use super::raw::patiently;
use crate::databases::Fresh;
use crate::http::Server;
use crate::process::{Process, Scratch, serve};
use crate::raw::{FORM, signature};

/// Fewer connections show nothing.
const FEWEST: usize = 2_000;
/// As many as there are to be.
const CROWD: usize = 10_000;
/// What a connection may take that has said nothing.
const IDLE_BYTES: usize = 16 * 1024;
/// What all requests together, one after another, may add to a process at most.
const GROWTH: usize = 12 * MIB;
const MIB: usize = 1024 * 1024;

/// A figure of a process's memory, in bytes: `VmRSS` now, `VmHWM` at most so far.
fn memory(process: &Process, figure: &str) -> usize {
    let file = format!("/proc/{}/status", process.child.id());
    let status = std::fs::read_to_string(file).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(figure)).unwrap();
    let kilobytes: usize =
        line.trim_matches([':', ' ', '\t']).trim_end_matches(" kB").parse().unwrap();
    kilobytes * 1024
}

/// Forgets how much memory it had at most.
fn forget_most(process: &Process) {
    std::fs::write(format!("/proc/{}/clear_refs", process.child.id()), "5").unwrap();
}

/// The address that a server listens at.
fn address(server: &Server) -> SocketAddr {
    server.address().trim_start_matches("http://").parse().unwrap()
}

/// Sends a request of Slack's to a process, whose clock is the system's.
async fn signed(server: &Server, path: &str, kind: &str, body: Vec<u8>) -> crate::http::Answer {
    let now = Clock::system().now().as_seconds().to_string();
    let signature = signature(&Settings::default().signing_secret, &now, &body);
    let headers = [
        ("content-type", kind),
        ("x-slack-request-timestamp", now.as_str()),
        ("x-slack-signature", signature.as_str()),
    ];
    server.send(axum::http::Method::POST, path, &headers, body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_idle_connections_take_little_and_keep_nobody_waiting() {
    let fresh = Fresh::sqlite();
    let scratch = Scratch::new();
    let slack = Simulator::start(Settings::default()).await.unwrap();
    let (process, server) = serve(&scratch, &fresh.url(), &slack);
    let (handles, _) = stentor::server::files::raise();
    let crowd = CROWD.min(usize::try_from(handles).unwrap().saturating_sub(200));
    assert!(crowd >= FEWEST, "this process may open {handles} files only");
    server.get("/healthz", &[]).await;
    let before = memory(&process, "VmRSS");
    let mut lines = Vec::with_capacity(crowd);
    for _ in 0..crowd {
        lines.push(patiently(TcpStream::connect(address(&server))).await.unwrap());
    }
    // All but those that were opened so long ago that they were given up already.
    let metrics = server.get("/metrics", &[]).await.text;
    let open = metrics.lines().find_map(|line| line.strip_prefix("stentor_connections ")).unwrap();
    assert!(open.parse::<usize>().unwrap() >= FEWEST, "{open} are open");
    let mut longest = Duration::ZERO;
    for _ in 0..50 {
        let began = Instant::now();
        let help = b"user_id=U0ALICE&channel_id=C0GENERAL&text=help&trigger_id=1&team_id=T0STENTOR";
        let answer = signed(&server, "/slack/commands", FORM, help.to_vec()).await;
        assert_eq!(answer.expect(200)["response_type"], "ephemeral");
        longest = longest.max(began.elapsed());
    }
    let after = memory(&process, "VmRSS");
    let each = after.saturating_sub(before) / crowd;
    println!("{crowd} idle connections: {each} bytes each; longest answer {longest:?}");
    assert!(each < IDLE_BYTES, "{each} bytes for each of {crowd}");
    assert!(longest < Duration::from_secs(2), "{longest:?}: Slack waits 3 s");
    process.signal("TERM");
    let ended = process.ends();
    assert_eq!(ended.code, Some(0), "{:?}", ended.err);
}

/// What a megabyte can be made of.
fn bombs() -> Vec<(&'static str, &'static str, &'static str, Vec<u8>)> {
    let fill = |beginning: &str, unit: &str, end: &str| {
        let units = (MIB - 100 - beginning.len() - end.len()) / unit.len();
        [beginning, &unit.repeat(units), end].concat().into_bytes()
    };
    let (json, api) = ("application/json", "/api/v1/incidents");
    let fields = (0..).map(|n| format!("k{n}=&")).scan(0, |length, field| {
        *length += field.len();
        (*length < MIB - 100).then_some(field)
    });
    let fields: String = fields.collect();
    vec![
        ("zeros", api, json, fill("{\"name\":[", "0,", "0]}")),
        ("lists", api, json, fill("{\"name\":[", "[],", "0]}")),
        ("objects", api, json, fill("{\"name\":[", "{},", "0]}")),
        ("depth", api, json, fill("{\"name\":", "[", "")),
        ("a text", api, json, fill("{\"name\":\"", "x", "\"}")),
        ("escapes", api, json, fill("{\"name\":\"", "\\u0000", "\"}")),
        ("a number", api, json, fill("{\"name\":", "9", "}")),
        ("events", "/slack/events", json, fill("{\"event\":[", "{},", "0]}")),
        (
            "a challenge",
            "/slack/events",
            json,
            fill("{\"type\":\"url_verification\",\"challenge\":\"", "x", "\"}"),
        ),
        ("fields", "/slack/commands", FORM, fields.into_bytes()),
        (
            "one field",
            "/slack/commands",
            FORM,
            fill("user_id=U1&channel_id=C1&trigger_id=1&text=", "%41", ""),
        ),
        ("percents", "/slack/commands", FORM, fill("text=", "%", "")),
        ("ampersands", "/slack/commands", FORM, fill("", "&", "")),
        (
            "actions",
            "/slack/interactions",
            FORM,
            fill("payload={\"type\":\"block_actions\",\"actions\":[", "{},", "{}]}"),
        ),
        (
            "values",
            "/slack/interactions",
            FORM,
            fill(
                "payload={\"type\":\"view_submission\",\"user\":{\"id\":\"U1\"},\"view\":{\"state\":{\"values\":[",
                "0,",
                "0]}}}",
            ),
        ),
        ("a payload of depth", "/slack/interactions", FORM, fill("payload=", "[", "")),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_megabyte_takes_a_few_megabytes_whatever_it_is_made_of() {
    let fresh = Fresh::sqlite();
    let scratch = Scratch::new();
    let slack = Simulator::start(Settings::default()).await.unwrap();
    let (process, server) = serve(&scratch, &fresh.url(), &slack);
    process.logs("Slack knows us");
    let token = token(&fresh).await;
    let bombs = bombs();
    forget_most(&process);
    let before = memory(&process, "VmRSS");
    for (what, path, kind, body) in &bombs {
        assert!(body.len() > MIB - 200 && body.len() <= MIB, "{what}: {}", body.len());
        let answer = match path.starts_with("/api") {
            true => {
                let headers = [("content-type", *kind), ("authorization", token.as_str())];
                server.send(axum::http::Method::POST, path, &headers, body.clone()).await
            }
            false => signed(&server, path, kind, body.clone()).await,
        };
        assert!(!answer.status.is_server_error(), "{what}: {}", answer.text);
        let most = memory(&process, "VmHWM").saturating_sub(before);
        println!("after {what} (status {}): at most {} KiB more", answer.status, most / 1024);
        assert!(most < GROWTH, "after {what} it takes {most} bytes more");
    }
    let list: Value =
        server.get("/api/v1/incidents", &[("authorization", &token)]).await.expect(200);
    assert_eq!(list["incidents"], json!([]), "none of this was a name");
}

async fn token(fresh: &Fresh) -> String {
    let (clock, ids) = (Clock::system(), stentor::ids::IdSource::system());
    let db = fresh.open().await;
    let workspace = stentor::app::ensure_workspace(&db, &clock, &ids).await.unwrap();
    let made = stentor::api::tokens::create(&db, &clock, &ids, &workspace.id, "ci").await.unwrap();
    db.close().await;
    format!("Bearer {made}")
}

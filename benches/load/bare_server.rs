//! The bare limit: a server that verifies Slack's signature, makes one durable insert, and answers.
//!
//! Stentor cannot be faster than this on the same machine with the same parts, so its figures are
//! read as a share of these.

use std::io::Read;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use hmac::Mac;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::signed::{HmacSha256, keyed_mac, unix_seconds};

/// The first argument of this program when it is to be the bare server.
pub const ARGUMENT: &str = "bare-server";

/// As old, or as far ahead, as Slack allows a request to be.
const TOLERANCE_SECONDS: u64 = 300;

/// How many inserts share a commit at most. More than the load generator has connections.
const BATCH: usize = 256;

/// What it does with a verified request.
#[derive(Clone, Copy)]
pub enum Mode {
    /// Nothing: the limit of requests that change nothing.
    Verify,
    /// An insert; those that wait together share a commit.
    SharedCommit,
    /// An insert with a commit of its own.
    OwnCommit,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Mode::Verify => "verify",
            Mode::SharedCommit => "shared-commit",
            Mode::OwnCommit => "own-commit",
        }
    }

    fn batch(self) -> usize {
        match self {
            Mode::Verify | Mode::OwnCommit => 1,
            Mode::SharedCommit => BATCH,
        }
    }
}

/// The command that starts it.
pub fn command(mode: Mode, address: &str, database: &Path) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([ARGUMENT, mode.name(), address]).arg(database);
    Ok(command)
}

/// Serves until standard input ends, so that it never outlives the process that started it.
pub fn run(mode: &str, address: &str, database: &str) -> Result<()> {
    let mode = [Mode::Verify, Mode::SharedCommit, Mode::OwnCommit]
        .into_iter()
        .find(|known| known.name() == mode)
        .with_context(|| format!("unknown mode {mode}"))?;
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(mode, address, database))
}

async fn serve(mode: Mode, address: &str, database: &str) -> Result<()> {
    let (inserts, queue) = mpsc::channel(1024);
    let connection = open(database).await.context("open the database")?;
    tokio::spawn(write(connection, queue, mode.batch()));

    let bare = Bare { mode, mac: keyed_mac(), inserts };
    let router = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/slack/commands", post(answer))
        .with_state(bare);
    let listener = TcpListener::bind(address).await?.tap_io(|stream| {
        // It only matters for the latency, which would show it.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}

#[derive(Clone)]
struct Bare {
    mode: Mode,
    mac: HmacSha256,
    inserts: mpsc::Sender<Insert>,
}

struct Insert {
    body: String,
    done: oneshot::Sender<()>,
}

async fn answer(State(bare): State<Bare>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if verify(bare.mac, &headers, &body).is_none() {
        return StatusCode::UNAUTHORIZED;
    }
    if let Mode::Verify = bare.mode {
        return StatusCode::OK;
    }
    let Ok(body) = String::from_utf8(body.into()) else { return StatusCode::BAD_REQUEST };
    let (done, is_durable) = oneshot::channel();
    // Either error means that the writer has failed, which it has said.
    if bare.inserts.send(Insert { body, done }).await.is_err() || is_durable.await.is_err() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    StatusCode::OK
}

fn verify(mut mac: HmacSha256, headers: &HeaderMap, body: &[u8]) -> Option<()> {
    let timestamp = headers.get("x-slack-request-timestamp")?.to_str().ok()?;
    let signature = headers.get("x-slack-signature")?.to_str().ok()?.strip_prefix("v0=")?;
    let age = unix_seconds().abs_diff(timestamp.parse().ok()?);
    if age > TOLERANCE_SECONDS {
        return None;
    }
    let signature = hex::decode(signature).ok()?;
    for part in [b"v0:", timestamp.as_bytes(), b":", body] {
        mac.update(part);
    }
    mac.verify_slice(&signature).ok()
}

async fn open(database: &str) -> Result<SqliteConnection> {
    let mut connection = SqliteConnectOptions::new()
        .filename(database)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .connect()
        .await?;
    sqlx::query("CREATE TABLE received (id TEXT PRIMARY KEY, body TEXT NOT NULL)")
        .execute(&mut connection)
        .await?;
    Ok(connection)
}

async fn write(mut connection: SqliteConnection, mut queue: mpsc::Receiver<Insert>, batch: usize) {
    let mut waiting = Vec::with_capacity(batch);
    while queue.recv_many(&mut waiting, batch).await > 0 {
        if let Err(error) = commit(&mut connection, &waiting).await {
            eprintln!("could not commit: {error:#}");
            return;
        }
        for insert in waiting.drain(..) {
            // Whoever asked may have hung up.
            let _ = insert.done.send(());
        }
    }
}

async fn commit(connection: &mut SqliteConnection, inserts: &[Insert]) -> Result<()> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for insert in inserts {
        let Some((_, key)) = insert.body.rsplit_once("trigger_id=") else {
            bail!("a request without trigger_id");
        };
        sqlx::query("INSERT INTO received (id, body) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(key)
            .bind(&insert.body)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}

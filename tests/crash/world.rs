//! A world for one chapter: a local Slack, a database, replicas of Stentor, and the wires between.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::front::Front;
use crate::http::{Client, Silence};
use crate::ledger::{Fate, Ledger};
use crate::place::{Database, Folder, Kind, Left};
use crate::process::{Replica, Slack, binary, command};
use crate::requests::{From, Request, SIGNING_SECRET, program};
use crate::trap::{Moment, Trap};
use crate::wire::{Serving, Wire};

/// How long a test waits for what must come. Nothing takes that long but a mistake.
pub const PATIENCE: Duration = Duration::from_secs(200);

/// Everything there is in one chapter.
pub struct World {
    pub slack: Slack,
    pub database: Database,
    pub wire: Wire,
    pub trap: Arc<Trap>,
    pub front: Front,
    pub ledger: Ledger,
    /// Opens the API.
    pub token: String,
    /// Whether a press that was answered was saved: only the database can keep it from that.
    pub presses_are_certain: bool,
    /// Whether all that is shown was put into words by this very program.
    pub in_our_words: bool,
    client: Client,
    _serving: Vec<Serving>,
    /// The last to go.
    _folder: Folder,
}

impl World {
    /// One with so many replicas, none of which runs yet; each runs the program of its place.
    pub async fn new(kind: Kind, programs: &[PathBuf]) -> Result<World> {
        let folder = Folder::new()?;
        let database = Database::new(kind, &folder).await?;
        let slack = Slack::start(folder.path())?;
        let trap = Trap::new();
        let wire = Wire::new(slack.address, &trap);
        let mut serving = Vec::new();
        let mut replicas = Vec::new();
        for (number, program) in programs.iter().enumerate() {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let environment = vec![
                ("STENTOR_DATABASE_URL", database.url()),
                ("SLACK_SIGNING_SECRET", SIGNING_SECRET.to_owned()),
                ("SLACK_BOT_TOKEN", "xoxb-simulator".to_owned()),
                ("SLACK_API_URL", format!("http://{}/api", listener.local_addr()?)),
            ];
            let replica = Replica::new(number, program.clone(), folder.path(), environment);
            let replica = Arc::new(replica);
            serving.push(wire.connect(listener, &replica));
            replicas.push(replica);
        }
        let front = Front::new(replicas);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let door = format!("http://{}/slack", listener.local_addr()?);
        serving.push(front.open(listener));
        // The oldest program makes the schema: newer ones bring it up to date.
        let oldest = programs.first().cloned().unwrap_or_else(binary);
        let token = make_token(&oldest, &folder, &database)?;
        let world = World {
            slack,
            database,
            wire,
            trap,
            front,
            ledger: Ledger::default(),
            token,
            presses_are_certain: true,
            in_our_words: true,
            client: Client::new(),
            _serving: serving,
            _folder: folder,
        };
        let urls = json!({
            "commands": format!("{door}/commands"), "interactions": format!("{door}/interactions"),
            "options": "", "events": format!("{door}/events"),
        });
        world.control(Method::POST, "/control/app", &urls).await?;
        Ok(world)
    }

    pub fn replica(&self, number: usize) -> &Arc<Replica> {
        &self.front.replicas[number]
    }

    /// Drives or reads the local Slack.
    pub async fn control(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = Bytes::from(body.to_string());
        let sent = self.client.send(self.slack.address, &method, path, &headers, body, PATIENCE);
        match sent.await {
            Ok(answer) if answer.status == 200 => Ok(answer.json()),
            Ok(answer) => bail!("the local Slack: {path}: {} {}", answer.status, answer.text()),
            Err(silence) => bail!("the local Slack: {path}: {silence:?}"),
        }
    }

    /// Lets calls of Slack go wrong.
    pub async fn fault(&self, fault: &Value) -> Result<()> {
        self.control(Method::POST, "/control/faults", fault).await.map(drop)
    }

    /// Reads from the API, from whichever replica is there.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let mut headers = HeaderMap::new();
        let bearer = format!("Bearer {}", self.token);
        headers.insert(header::AUTHORIZATION, HeaderValue::try_from(bearer)?);
        let since = Instant::now();
        loop {
            let sent = self.front.send(&Method::GET, path, &headers, Bytes::new());
            match sent.await {
                Ok((answer, _)) if answer.status == 200 => return Ok(answer.json()),
                Ok((answer, _)) if answer.status < 500 || since.elapsed() > PATIENCE => {
                    bail!("{path}: {} {}", answer.status, answer.text())
                }
                Err(silence) if since.elapsed() > PATIENCE => bail!("{path}: {silence:?}"),
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Lays something down through the API, of whichever replica is there.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request = program(&self.token, path, body, path);
        let headers = request.headers();
        let sent = self.front.send(&Request::METHOD, path, &headers, request.bytes());
        match sent.await {
            Ok((answer, _)) if (200..300).contains(&answer.status) => Ok(answer.json()),
            Ok((answer, _)) => bail!("{path}: {} {}", answer.status, answer.text()),
            Err(silence) => bail!("{path}: {silence:?}"),
        }
    }

    /// Sends a request once, and writes down how that ended.
    pub async fn deliver(&self, place: usize, request: &Request) -> Fate {
        let headers = request.headers();
        let sent = self.front.send(&Request::METHOD, &request.path, &headers, request.bytes());
        let (fate, replica) = match sent.await {
            Ok((answer, replica)) => {
                (self.read(request, answer.status, &answer.body), Some(replica))
            }
            Err(Silence::Refused) => (Fate::Unsent, None),
            Err(Silence::Broken) => (Fate::Unknown, None),
        };
        self.ledger.answer(place, fate.clone());
        if let (Fate::Acknowledged, Some(replica)) = (&fate, replica) {
            self.trap.notice(Moment::Acknowledged, &replica);
        }
        fate
    }

    /// What an answer means.
    fn read(&self, request: &Request, status: u16, body: &[u8]) -> Fate {
        let text = String::from_utf8_lossy(body).into_owned();
        let unsaved = text.contains(stentor::slack::view::reply::NOT_SAVED);
        match (&request.from, request.path.as_str(), status) {
            (From::Program { .. } | From::Monitoring { .. }, _, 200..300) => Fate::Acknowledged,
            (From::Program { .. } | From::Monitoring { .. }, _, 400..500) => {
                Fate::Refused(text.chars().take(200).collect())
            }
            (From::Slack, "/slack/commands", 200) if is_done(&text) => Fate::Acknowledged,
            (From::Slack, "/slack/interactions", 200) if text.is_empty() => {
                let is_press = request.body.contains("block_actions");
                if is_press && !self.presses_are_certain {
                    Fate::Unknown
                } else {
                    Fate::Acknowledged
                }
            }
            (From::Slack, _, 200) if !unsaved => Fate::Refused(text.chars().take(200).collect()),
            _ => Fate::Unknown,
        }
    }

    /// Waits until no work is left but timers; says what is, if that does not come.
    pub async fn quiet(&self) -> Result<Left> {
        let since = Instant::now();
        let mut still = 0;
        loop {
            let left = self.database.left().await?;
            still = if left.waiting.is_empty() { still + 1 } else { 0 };
            if still == 2 || since.elapsed() > PATIENCE {
                return Ok(left);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What the replicas said last, for when something went wrong.
    pub fn last_words(&self) -> String {
        let words = |replica: &Arc<Replica>| {
            format!("replica {} said last:\n  {}", replica.number, replica.last_words())
        };
        self.front.replicas.iter().map(words).collect::<Vec<_>>().join("\n")
    }
}

/// What is said to somebody outside the channel when their command was done.
fn is_done(text: &str) -> bool {
    let answer: Value = serde_json::from_str(text).unwrap_or_default();
    let said = answer["text"].as_str().unwrap_or_default();
    let after = said.strip_prefix("INC-").map(|rest| rest.trim_start_matches(char::is_numeric));
    let is_about = |after: &str| after.starts_with(": <@") || after.starts_with(" is now called ");
    after.is_some_and(is_about)
        || said.starts_with("Noted in the timeline of")
        || said.starts_with("Changed the summary of")
}

fn make_token(program: &Path, folder: &Folder, database: &Database) -> Result<String> {
    let url = database.url();
    let arguments = ["token", "create", "--name", "crash", "--database-url", &url];
    let made = command(program, folder.path(), &arguments).output().context("make a token")?;
    if !made.status.success() {
        bail!("no token: {}", String::from_utf8_lossy(&made.stderr));
    }
    Ok(String::from_utf8(made.stdout)?.trim().to_owned())
}

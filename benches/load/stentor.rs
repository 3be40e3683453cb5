//! Measures the real program: `stentor serve` on a fresh SQLite database, with a Slack that always
//! says yes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::bare_limits::{OPEN_RATE, SETTLE, STARTS};
use crate::drive::{Outcome, Until, closed_loop, open_loop, send_all};
use crate::fake_slack::FakeSlack;
use crate::machine::median;
use crate::process::{Server, free_address};
use crate::signed::{Expected, Keys, Requests, SIGNING_SECRET, Signature};
use crate::stentor_requests::{HELP_ANSWER, NOTE_ANSWER, declare, note, slash_command};

/// The notes are spread over so many incidents, as work is in reality.
const INCIDENTS: u64 = 200;
const MUTATING: Duration = Duration::from_secs(10);
const OPEN: Duration = Duration::from_secs(20);
const READING: Duration = Duration::from_secs(5);
/// Making two hundred channels takes a while even where Slack answers at once.
const CHANNELS_LIMIT: Duration = Duration::from_secs(20);

pub struct StentorFigures {
    pub note: Outcome,
    pub paced_note: Outcome,
    pub help: Outcome,
    pub forged: Outcome,
    pub duplicate: Outcome,
    pub start: Duration,
    pub idle_kib: u64,
    pub busy_kib: u64,
    pub binary_bytes: u64,
}

impl StentorFigures {
    /// A figure made of wrong answers is worth nothing, so they are told.
    pub fn first_wrong_answer(&self) -> Option<String> {
        [
            ("note", &self.note),
            ("note in the open loop", &self.paced_note),
            ("help", &self.help),
            ("wrong signature", &self.forged),
            ("duplicate", &self.duplicate),
        ]
        .into_iter()
        .find_map(|(figure, outcome)| {
            let first = outcome.first_wrong.as_ref()?;
            let (wrong, all) = (outcome.wrong, outcome.latency.count());
            Some(format!("{figure}: {wrong} of {all} answers were wrong, the first was {first}"))
        })
    }
}

pub async fn measure(folder: &Path) -> Result<StentorFigures> {
    let binary = binary();
    let binary_bytes =
        std::fs::metadata(&binary).with_context(|| format!("look at {}", binary.display()))?.len();
    let slack = FakeSlack::start()?;

    eprintln!("Stentor starts …");
    let mut starts = Vec::new();
    for number in 1..STARTS {
        let server = start(&binary, &slack, folder, &format!("start-{number}")).await?;
        starts.push(server.started_in);
    }
    let server = start(&binary, &slack, folder, "load").await?;
    starts.push(server.started_in);
    tokio::time::sleep(SETTLE).await;
    let idle_kib = server.resident_kib()?;

    eprintln!("… gets {INCIDENTS} incidents …");
    let declared = send_all(server.address, &declarations(), 8, Until::Sent(INCIDENTS)).await?;
    if let Some(first) = declared.first_wrong {
        bail!("{} of {INCIDENTS} incidents were not declared: {first}", declared.wrong);
    }
    slack.settle(CHANNELS_LIMIT).await;

    eprintln!("… and notes at {OPEN_RATE} a second …");
    let notes = notes(&slack, Keys::Fresh, Signature::Right);
    let paced_note = open_loop(server.address, &notes, OPEN_RATE, OPEN).await?;
    eprintln!("… at full speed …");
    let note = closed_loop(server.address, &notes, MUTATING).await?;
    eprintln!("… then what changes nothing …");
    let help = closed_loop(server.address, &help(&slack), READING).await?;
    let forged = self::notes(&slack, Keys::Fresh, Signature::Wrong);
    let forged = closed_loop(server.address, &forged, READING).await?;
    let duplicates = self::notes(&slack, Keys::Repeating(INCIDENTS), Signature::Right);
    let duplicate = closed_loop(server.address, &duplicates, READING).await?;
    let busy_kib = server.resident_kib()?;
    eprintln!("… which made {} calls to Slack", slack.calls());

    let start = median(starts);
    Ok(StentorFigures {
        note,
        paced_note,
        help,
        forged,
        duplicate,
        start,
        idle_kib,
        busy_kib,
        binary_bytes,
    })
}

/// The binary built with this benchmark, or another that `STENTOR_BINARY` names.
pub fn binary() -> PathBuf {
    std::env::var_os("STENTOR_BINARY")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_stentor")), PathBuf::from)
}

/// Starts it on this database.
pub async fn start_on(
    command: Option<Command>,
    binary: &Path,
    slack: &FakeSlack,
    folder: &Path,
    name: &str,
    database: &str,
) -> Result<Server> {
    start_as(command, binary, slack, folder, name, Some(database)).await
}

async fn start(binary: &Path, slack: &FakeSlack, folder: &Path, name: &str) -> Result<Server> {
    start_as(None, binary, slack, folder, name, None).await
}

/// Starts it on a new database, or on this one, by a command of its own if need be.
pub async fn start_as(
    command: Option<Command>,
    binary: &Path,
    slack: &FakeSlack,
    folder: &Path,
    name: &str,
    database: Option<&str>,
) -> Result<Server> {
    let folder = folder.join(name);
    std::fs::create_dir_all(&folder)?;
    let address = free_address()?;
    let mut command = command.unwrap_or_else(|| Command::new(binary));
    command.arg("serve").current_dir(&folder);
    // What is set outside could lead to a real workspace.
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("STENTOR_") || name.starts_with("SLACK_") {
            command.env_remove(&variable);
        }
    }
    let fresh = format!("sqlite://{}", folder.join("bench.db").display());
    let database = database.unwrap_or(&fresh);
    command
        .env("STENTOR_LISTEN", address.to_string())
        .env("STENTOR_DATABASE_URL", database)
        .env("SLACK_SIGNING_SECRET", SIGNING_SECRET)
        .env("SLACK_BOT_TOKEN", "xoxb-example")
        .env("SLACK_API_URL", format!("{}/api/", slack.url()));
    Server::start(command, address, &folder).await
}

fn declarations() -> Arc<Requests> {
    let bodies = (1..=INCIDENTS).map(|number| declare(&format!("Checkout is slow, case {number}")));
    let expected = Expected::Silence;
    let right = Signature::Right;
    Arc::new(Requests::new("/slack/interactions", bodies, Keys::Fresh, right, expected))
}

fn notes(slack: &FakeSlack, keys: Keys, signature: Signature) -> Arc<Requests> {
    let bodies = (1..=INCIDENTS).map(|number| slash_command(&note(number), &slack.url()));
    let expected = match signature {
        Signature::Right => Expected::Saying(NOTE_ANSWER),
        Signature::Wrong => Expected::Unauthorized,
    };
    Arc::new(Requests::new("/slack/commands", bodies, keys, signature, expected))
}

fn help(slack: &FakeSlack) -> Arc<Requests> {
    let bodies = [slash_command("help", &slack.url())];
    let expected = Expected::Saying(HELP_ANSWER);
    let right = Signature::Right;
    Arc::new(Requests::new("/slack/commands", bodies, Keys::Fresh, right, expected))
}

//! Measures the bare server, in each of its modes, the way Stentor is measured.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::bare_server::{self, Mode};
use crate::drive::{Outcome, closed_loop, open_loop};
use crate::machine::median;
use crate::process::{Server, free_address};
use crate::signed::{Expected, Keys, Requests, Signature};
use crate::stentor_requests::slash_command;

/// Long enough for several checkpoints of the write-ahead log.
const CLOSED: Duration = Duration::from_secs(5);
const OPEN: Duration = Duration::from_secs(10);
pub const OPEN_RATE: u32 = 500;
pub const STARTS: usize = 5;
/// Memory is read when what the start needed has been given back.
pub const SETTLE: Duration = Duration::from_secs(2);

pub struct BareLimits {
    pub verify: Outcome,
    pub refuse: Outcome,
    pub shared_commit: Outcome,
    pub own_commit: Outcome,
    pub paced: Outcome,
    pub start: Duration,
    pub idle_kib: u64,
}

pub async fn measure(folder: &Path) -> Result<BareLimits> {
    let mut starts = Vec::new();
    for number in 1..STARTS {
        starts
            .push(start(Mode::SharedCommit, folder, &format!("start-{number}")).await?.started_in);
    }

    let server = start(Mode::SharedCommit, folder, "shared-commit").await?;
    starts.push(server.started_in);
    tokio::time::sleep(SETTLE).await;
    let idle_kib = server.resident_kib()?;
    let note = requests(Signature::Right);
    eprintln!("the bare server at {OPEN_RATE} requests a second …");
    let paced = right(open_loop(server.address, &note, OPEN_RATE, OPEN).await?)?;
    eprintln!("the bare server at full speed, with a shared commit …");
    let shared_commit = right(closed_loop(server.address, &note, CLOSED).await?)?;
    drop(server);

    eprintln!("… with a commit each …");
    let server = start(Mode::OwnCommit, folder, "own-commit").await?;
    let own_commit = right(closed_loop(server.address, &note, CLOSED).await?)?;
    drop(server);

    eprintln!("… verifying only …");
    let server = start(Mode::Verify, folder, "verify").await?;
    let verify = right(closed_loop(server.address, &note, CLOSED).await?)?;
    eprintln!("… and refusing …");
    let forged = requests(Signature::Wrong);
    let refuse = right(closed_loop(server.address, &forged, CLOSED).await?)?;

    let start = median(starts);
    Ok(BareLimits { verify, refuse, shared_commit, own_commit, paced, start, idle_kib })
}

async fn start(mode: Mode, folder: &Path, name: &str) -> Result<Server> {
    let address = free_address()?;
    let database = folder.join(format!("bare-{name}.db"));
    let command = bare_server::command(mode, &address.to_string(), &database)?;
    Server::start(command, address, folder).await
}

fn requests(signature: Signature) -> Arc<Requests> {
    let expected = match signature {
        Signature::Right => Expected::Silence,
        Signature::Wrong => Expected::Unauthorized,
    };
    let bodies = [slash_command("INC-1 note bench", "http://127.0.0.1:1")];
    Arc::new(Requests::new("/slack/commands", bodies, Keys::Fresh, signature, expected))
}

fn right(outcome: Outcome) -> Result<Outcome> {
    let first = outcome.first_wrong.as_deref().unwrap_or_default();
    ensure!(outcome.wrong == 0, "the bare server gave {} wrong answers: {first}", outcome.wrong);
    Ok(outcome)
}

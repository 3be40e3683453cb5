//! How fast Stentor is on this machine, beside the bare limit of the same run.
//!
//! `make bench` runs everything but the alerts, which `make bench ARGS=alerts` does, and the lists of a
//! million incidents, which `make bench ARGS=lists` does; `make bench ARGS=bare` runs the bare limits alone. The load comes
//! from this process; each server measured is a process of its own, as in reality. What the
//! figures mean, and those that were measured, is in `BENCHMARKS.md`.

mod alerts;
mod bare_limits;
mod bare_server;
mod connection;
mod drive;
mod fake_slack;
mod histogram;
mod lists;
mod machine;
mod process;
mod report;
mod signed;
mod stentor;
mod stentor_requests;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    // `cargo bench` adds `--bench`, which means nothing here.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        [] => in_runtime(measure(true)),
        ["alerts"] => in_runtime(measure_alerts(AlertFigures::Rates)),
        ["alerts", "incidents"] => in_runtime(measure_alerts(AlertFigures::AmongIncidents)),
        ["alerts", "million"] => in_runtime(measure_alerts(AlertFigures::Million)),
        ["alerts", "postgres"] => in_runtime(measure_alerts(AlertFigures::Postgres)),
        ["lists"] => in_runtime(measure_lists()),
        ["bare"] => in_runtime(measure(false)),
        [bare_server::ARGUMENT, mode, address, database] => {
            bare_server::run(mode, address, database)
        }
        other => Err(anyhow::anyhow!(
            "unknown arguments {other:?}; there are `bare`, `lists`, and `alerts` with `incidents`, `million`, `postgres` or nothing"
        )),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs on one thread, which leaves the cores to the servers, and ends cleanly on a signal:
/// dropping the future ends the servers it has started and removes its files.
fn in_runtime(work: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            result = Box::pin(work) => result,
            _ = interrupt.recv() => bail!("interrupted"),
            _ = terminate.recv() => bail!("terminated"),
        }
    })
}

async fn measure_lists() -> Result<()> {
    let folder = process::TemporaryFolder::create()?;
    println!("{}", machine::describe(folder.path())?);
    lists::measure(folder.path()).await.context("measure lists")
}

/// What of the alerts is measured.
enum AlertFigures {
    Rates,
    AmongIncidents,
    Million,
    Postgres,
}

async fn measure_alerts(figures: AlertFigures) -> Result<()> {
    let folder = process::TemporaryFolder::create()?;
    println!("{}", machine::describe(folder.path())?);
    let folder = folder.path();
    let measured = match figures {
        AlertFigures::Rates => alerts::measure(folder).await,
        AlertFigures::AmongIncidents => alerts::measure_among_incidents(folder).await,
        AlertFigures::Million => alerts::measure_a_million(folder).await,
        AlertFigures::Postgres => alerts::measure_on_postgres(folder).await,
    };
    measured.context("measure alerts")
}

async fn measure(with_stentor: bool) -> Result<()> {
    let folder = process::TemporaryFolder::create()?;
    println!("{}", machine::describe(folder.path())?);

    let bare = bare_limits::measure(folder.path()).await.context("measure the bare limits")?;
    // The bare limits are worth seeing even where Stentor could not be measured.
    let stentor = match with_stentor {
        true => Some(stentor::measure(folder.path()).await.context("measure Stentor")),
        false => None,
    };
    let failure = match stentor {
        Some(Ok(figures)) => {
            println!("\n{}", report::table(&bare, Some(&figures)));
            figures.first_wrong_answer()
        }
        Some(Err(error)) => {
            println!("\n{}", report::table(&bare, None));
            Some(format!("{error:#}"))
        }
        None => {
            println!("\n{}", report::table(&bare, None));
            None
        }
    };
    match failure {
        Some(failure) => bail!(failure),
        None => Ok(()),
    }
}

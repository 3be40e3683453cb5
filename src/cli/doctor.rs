//! `stentor doctor`.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Args;
use stentor::clock::Clock;
use stentor::config::Settings;
use stentor::doctor::{Plan, examine};

use crate::cli::serve;

/// What `doctor` has to know: what `serve` has.
#[derive(Args)]
pub struct Doctor {
    #[command(flatten)]
    settings: Settings,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Prints what was found. The code is 1 if something failed, and 0 if nothing did.
pub async fn doctor(doctor: &Doctor) -> anyhow::Result<ExitCode> {
    serve::start_log("error", false);
    let report = examine(&Plan::from(&doctor.settings), &Clock::system()).await;
    let text = if doctor.json { report.to_json().to_string() } else { report.to_string() };
    // Who reads it may have seen enough.
    writeln!(std::io::stdout(), "{text}").ok();
    Ok(if report.has_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

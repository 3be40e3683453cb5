//! `stentor serve`, `stentor demo`, and what operators need beside them.
//!
//! A setting that is wrong ends the program with code 2 and one line that names it; anything else
//! that keeps it from starting, too.

mod backup;
mod database;
mod demo;
mod doctor;
mod key;
mod migrate;
mod outbox;
mod serve;
mod slack;
mod source;
mod token;
mod webhook;
mod workspace;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use stentor::config::{self, Settings};

/// The incident bot for Slack that keeps what it acknowledges.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Serve Slack and the API
    Serve(Box<Settings>),
    /// Try Stentor with a Slack of its own, in a browser
    Demo(demo::Demo),
    /// Check whether everything is there that Stentor needs, and say what to do if it is not
    Doctor(Box<doctor::Doctor>),
    /// Run the local Slack alone, to test or develop against; it prints its address
    Slack(slack::Slack),
    /// Manage the tokens that open the API
    Token(token::Token),
    /// Manage who may send alerts
    Source(Box<source::Source>),
    /// Copy the database into a file, while Stentor runs
    Backup(backup::Backup),
    /// Put a backup in the database's place
    Restore(backup::Restore),
    /// Move everything into another, empty database: from SQLite to Postgres, or back
    Migrate(migrate::Migrate),
    /// Look at the workspaces that Stentor serves
    Workspace(workspace::Workspace),
    /// Manage the key that workspaces' tokens are sealed with
    Key(key::Key),
    /// Look after work for Slack that was given up
    Outbox(outbox::Outbox),
    /// Manage who is told of incidents and alerts over webhooks
    Webhook(Box<webhook::Webhook>),
}

/// The code for "did not even start".
const REFUSED: u8 = 2;
/// What the names of settings have in common whose values are nobody's business.
const SECRETS: [&str; 5] = ["secret", "token", "database-url", "<FROM>", "<TO>"];

/// Runs the program with the arguments it was given.
pub fn run() -> ExitCode {
    let cli = match parse(std::env::args_os().collect()) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&format!("cannot start the runtime: {error}")),
    };
    let result = runtime.block_on(async {
        match cli.task {
            Task::Serve(settings) => Box::pin(serve::serve(&settings)).await,
            Task::Demo(demo) => Box::pin(demo::demo(&demo)).await,
            Task::Doctor(doctor) => return doctor::doctor(&doctor).await,
            Task::Slack(slack) => slack::slack(&slack).await,
            Task::Token(token) => token::token(&token).await,
            Task::Source(source) => source::source(&source).await,
            Task::Backup(backup) => backup::backup(&backup).await,
            Task::Restore(restore) => backup::restore(&restore).await,
            Task::Migrate(migrate) => migrate::migrate(&migrate).await,
            Task::Workspace(workspace) => workspace::workspace(&workspace).await,
            Task::Key(key) => key::key(&key).await,
            Task::Outbox(outbox) => outbox::outbox(&outbox).await,
            Task::Webhook(webhook) => webhook::webhook(&webhook).await,
        }
        .map(|()| ExitCode::SUCCESS)
    });
    match result {
        Ok(code) => code,
        Err(error) => refuse(&format!("{error:#}")),
    }
}

fn refuse(reason: &str) -> ExitCode {
    // One line, whatever the libraries put into their errors.
    let line = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    eprintln!("stentor: {line}");
    ExitCode::from(REFUSED)
}

fn parse(arguments: Vec<OsString>) -> Result<Cli, ExitCode> {
    let mut command = Cli::command();
    if let Some(file) = config_file(&arguments) {
        for task in ["serve", "doctor"] {
            command = config::with_file(command, task, &file).map_err(|error| refuse(&error))?;
        }
    }
    match command
        .try_get_matches_from(arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches))
    {
        Ok(cli) => Ok(cli),
        Err(error) if error.use_stderr() => Err(refuse(&what_is_wrong(&error))),
        Err(error) => {
            let printed = error.print();
            Err(printed.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS))
        }
    }
}

/// The first paragraph of what the parser says; the rest is advice on typing. A secret that was
/// refused, such as a token of another kind, is not shown.
fn what_is_wrong(error: &clap::Error) -> String {
    let text = error.to_string();
    let reason = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
    match (error.get(ContextKind::InvalidArg), error.get(ContextKind::InvalidValue)) {
        (Some(ContextValue::String(name)), Some(ContextValue::String(value)))
            if SECRETS.iter().any(|secret| name.contains(secret)) && !value.is_empty() =>
        {
            reason.replace(value, "…")
        }
        _ => reason.to_owned(),
    }
}

/// The settings file must be known before the settings are read.
fn config_file(arguments: &[OsString]) -> Option<PathBuf> {
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if text == "--config" {
            return arguments.next().map(PathBuf::from);
        }
        if let Some(file) = text.strip_prefix("--config=") {
            return Some(PathBuf::from(file));
        }
    }
    std::env::var_os("STENTOR_CONFIG").filter(|file| !file.is_empty()).map(PathBuf::from)
}

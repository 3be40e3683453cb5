//! `stentor outbox list`, `retry` and `drop`. They may be used beside a running server, which takes
//! up what is retried within a second.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::json;
use stentor::app::App;
use stentor::clock::Clock;
use stentor::ids::{IdSource, WorkId, WorkspaceId};
use stentor::incident::state::reference;
use stentor::outbox::admin::{self, Which};
use stentor::store::dead_letters::Letter;

use crate::cli::database::Database;
use crate::cli::serve;

/// What there is to do with work that was given up.
#[derive(Args)]
pub struct Outbox {
    #[command(subcommand)]
    task: Task,

    #[command(flatten)]
    database: Database,
}

#[derive(Subcommand)]
enum Task {
    /// Show what was given up, and why
    List {
        /// Show what is still to be done instead
        #[arg(long)]
        waiting: bool,

        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Have it tried again; what an earlier attempt may have done is looked for first
    Retry {
        /// The ids that `list` shows
        #[arg(required_unless_present = "all", value_name = "ID")]
        ids: Vec<String>,

        /// Everything that was given up
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
    /// Let it go for good; the incident's timeline says so
    Drop {
        /// The ids that `list` shows
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

/// Does it.
pub async fn outbox(outbox: &Outbox) -> anyhow::Result<()> {
    let db = serve::open(outbox.database.url.reveal()).await?;
    let app = App::start(db, Clock::system(), IdSource::system()).await?;
    match &outbox.task {
        Task::List { waiting, json } => {
            list(&app, if *waiting { Which::Waiting } else { Which::Dead }, *json).await?;
        }
        Task::Retry { ids, all } => {
            let letters =
                if *all { admin::list(&app, Which::Dead).await? } else { find(&app, ids).await? };
            for (workspace, letter) in letters {
                let there = admin::retry(&app, &workspace, &letter).await?;
                say(&letter, if there { "is tried again" } else { "was seen to meanwhile" });
            }
        }
        Task::Drop { ids } => {
            for (workspace, letter) in find(&app, ids).await? {
                let there = admin::let_go(&app, &workspace, &letter).await?;
                say(&letter, if there { "was let go" } else { "was seen to meanwhile" });
            }
        }
    }
    app.db.close().await;
    Ok(())
}

/// All of them, or an error that names the first that is not there: then nothing was done.
async fn find(app: &App, ids: &[String]) -> anyhow::Result<Vec<(WorkspaceId, Letter)>> {
    let mut found = Vec::new();
    for id in ids {
        let letter = admin::find(app, &WorkId::from(id.as_str())).await?;
        found.push(letter.with_context(|| {
            format!("{id} is not among what was given up; see `stentor outbox list`")
        })?);
    }
    Ok(found)
}

async fn list(app: &App, which: Which, as_json: bool) -> anyhow::Result<()> {
    let letters = admin::list(app, which).await?;
    if letters.is_empty() && !as_json {
        println!(
            "{}",
            match which {
                Which::Dead => "Nothing was given up.",
                Which::Waiting => "Nothing is waiting.",
            }
        );
    }
    for (_, letter) in &letters {
        if as_json {
            println!("{}", as_object(letter));
        } else {
            let error = match (letter.last_error.as_deref(), letter.attempts) {
                (Some(error), _) => error,
                (None, 0) => "not tried yet",
                (None, _) => "in hand, or its process died",
            };
            println!(
                "{}  {}  {}  asked for {}, {} attempts: {error}",
                letter.id,
                about(letter),
                letter.work.describe(),
                letter.created_at,
                letter.attempts,
            );
        }
    }
    Ok(())
}

fn as_object(letter: &Letter) -> serde_json::Value {
    json!({
        "id": letter.id,
        "incident": letter.number.map(reference),
        "work": letter.work.describe(),
        "given_up": letter.is_dead,
        "attempts": letter.attempts,
        "last_error": letter.last_error,
        "asked_for_at": letter.created_at,
        "due_at": letter.due_at,
    })
}

fn say(letter: &Letter, what: &str) {
    println!("{}  {}  {}: {what}", letter.id, about(letter), letter.work.describe());
}

fn about(letter: &Letter) -> String {
    letter.number.map_or_else(|| "no incident".to_owned(), reference)
}

//! `stentor token create`.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use stentor::api::tokens;
use stentor::app;
use stentor::clock::Clock;
use stentor::ids::IdSource;
use stentor::store::workspaces;

use crate::cli::database::Database;
use crate::cli::serve;

/// What there is to do with tokens.
#[derive(Args)]
pub struct Token {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Make a token and print it, and nothing else; it can't be shown again
    Create {
        /// What it is for, such as `ci`
        #[arg(long)]
        name: String,

        /// The workspace that it opens, as `stentor workspace list` shows it
        #[arg(long, default_value = app::DEFAULT_SLUG)]
        workspace: String,

        #[command(flatten)]
        database: Database,
    },
}

/// Does it.
pub async fn token(token: &Token) -> anyhow::Result<()> {
    let Task::Create { name, workspace: slug, database } = &token.task;
    let (clock, ids) = (Clock::system(), IdSource::system());
    let db = serve::open(database.url.reveal()).await?;
    app::ensure_workspace(&db, &clock, &ids).await?;
    let mut tx = db.read().await?;
    let workspace = workspaces::by_slug(&mut tx, slug).await?;
    drop(tx);
    let workspace = workspace.with_context(|| {
        format!("--workspace: there is no workspace {slug}; `stentor workspace list` shows them")
    })?;
    let made = tokens::create(&db, &clock, &ids, &workspace.id, name).await?;
    println!("{made}");
    db.close().await;
    Ok(())
}

//! `stentor token`: who may call, and what they may do.

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use stentor::api::tokens;
use stentor::app;
use stentor::clock::Clock;
use stentor::ids::{IdSource, WorkspaceId};
use stentor::scope::Scopes;
use stentor::store::db::Db;
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

        /// Something that it may do, such as `incidents:read` or `incident.io/viewer`; repeated for
        /// each. Everything but private incidents, if left out; a wrong word lists all of them
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<String>,

        #[command(flatten)]
        of: Of,
    },
    /// Show the tokens: id, name, since when, and what they may do
    List {
        #[command(flatten)]
        of: Of,
    },
    /// Revoke a token: it opens nothing from then on
    Revoke {
        /// Its name or id, as `list` shows them
        token: String,

        #[command(flatten)]
        of: Of,
    },
}

/// Whose tokens, and where they are kept.
#[derive(Args)]
struct Of {
    /// The workspace that they open, as `stentor workspace list` shows it
    #[arg(long, default_value = app::DEFAULT_SLUG)]
    workspace: String,

    #[command(flatten)]
    database: Database,
}

/// Does it.
pub async fn token(token: &Token) -> anyhow::Result<()> {
    let (clock, ids) = (Clock::system(), IdSource::system());
    match &token.task {
        Task::Create { name, scopes, of } => {
            let scopes = Scopes::read(scopes.iter().map(String::as_str)).context("--scope")?;
            let (db, workspace) = of.open().await?;
            let made = tokens::create_with(&db, &clock, &ids, &workspace, name, &scopes).await?;
            println!("{}", made.secret.reveal());
            db.close().await;
        }
        Task::List { of } => {
            let (db, workspace) = of.open().await?;
            let mut tx = db.read().await?;
            let all = stentor::store::tokens::all(&mut tx, &workspace).await?;
            drop(tx);
            for one in all {
                let scopes = one.scopes().words().join(",");
                println!("{}\t{}\t{}\t{scopes}", one.id, one.name, one.created_at);
            }
            db.close().await;
        }
        Task::Revoke { token, of } => {
            let (db, workspace) = of.open().await?;
            let mut tx = db.read().await?;
            let all = stentor::store::tokens::all(&mut tx, &workspace).await?;
            drop(tx);
            let found = all.iter().find(|one| one.id == *token || one.name == *token);
            let found = found.with_context(|| {
                format!("there is no token {token}; `stentor token list` shows them")
            })?;
            let was_there = tokens::revoke(&db, &workspace, &found.id).await?;
            ensure!(was_there, "somebody else has revoked the token {token} just now");
            db.close().await;
        }
    }
    Ok(())
}

impl Of {
    async fn open(&self) -> anyhow::Result<(Db, WorkspaceId)> {
        let db = serve::open(self.database.url.reveal()).await?;
        app::ensure_workspace(&db, &Clock::system(), &IdSource::system()).await?;
        let mut tx = db.read().await?;
        let workspace = workspaces::by_slug(&mut tx, &self.workspace).await?;
        drop(tx);
        let workspace = workspace.with_context(|| {
            let slug = &self.workspace;
            format!(
                "--workspace: there is no workspace {slug}; `stentor workspace list` shows them"
            )
        })?;
        Ok((db, workspace.id))
    }
}

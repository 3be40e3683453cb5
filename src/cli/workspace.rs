//! `stentor workspace list` and `home`. They may be used beside a running server.

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use stentor::clock::Clock;
use stentor::ids::TeamId;
use stentor::store::db::Db;
use stentor::store::{installations, teams, workspaces};

use crate::cli::database::Database;
use crate::cli::serve;

/// What there is to do with workspaces.
#[derive(Args)]
pub struct Workspace {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Show the workspaces that Stentor serves: slug, team, since when, and whether Slack lets it in
    List {
        #[command(flatten)]
        database: Database,
    },
    /// Show the Slack workspaces of an organisation that Stentor knows, or say which of them is its
    /// home: there, channels are opened that nobody in Slack has asked for
    ///
    /// Until somebody says so, it is the one in which Stentor was used first. It stands first in
    /// what is printed.
    Home {
        /// The organisation's slug, as `stentor workspace list` shows it
        slug: String,

        /// Slack's id for the workspace that becomes its home (T…)
        team: Option<String>,

        #[command(flatten)]
        database: Database,
    },
}

/// Does it.
pub async fn workspace(workspace: &Workspace) -> anyhow::Result<()> {
    let (Task::List { database } | Task::Home { database, .. }) = &workspace.task;
    let db = serve::open(database.url.reveal()).await?;
    match &workspace.task {
        Task::List { .. } => list(&db).await?,
        Task::Home { slug, team, .. } => home(&db, slug, team.as_deref()).await?,
    }
    db.close().await;
    Ok(())
}

async fn list(db: &Db) -> anyhow::Result<()> {
    let mut tx = db.read().await?;
    let listed = installations::listed(&mut tx).await?;
    drop(tx);
    for one in listed {
        let team = one.slack_team.as_ref().map_or("-", |team| team.as_str());
        let since = one.installed_at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        println!("{}\t{team}\t{}\t{since}\t{}", one.slug, one.name(), one.standing());
    }
    Ok(())
}

async fn home(db: &Db, slug: &str, team: Option<&str>) -> anyhow::Result<()> {
    let mut tx = db.begin().await?;
    let workspace = workspaces::by_slug(&mut tx, slug).await?;
    let workspace = workspace.with_context(|| {
        format!("there is no workspace {slug}; `stentor workspace list` shows them")
    })?;
    let is_organisation = workspace.slack_team.as_ref().is_some_and(TeamId::is_organisation);
    ensure!(is_organisation, "{slug} is no organisation: everything is opened in one workspace");
    if let Some(team) = team.map(TeamId::from) {
        ensure!(team.is_workspace(), "{team} is no workspace of Slack, such as T012AB3CD");
        teams::prefer(&mut tx, &workspace.id, &team, Clock::system().now()).await?;
    }
    let known = teams::all(&mut tx, &workspace.id).await?;
    tx.commit().await?;
    for team in known {
        println!("{team}");
    }
    Ok(())
}

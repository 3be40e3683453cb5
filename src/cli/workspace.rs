//! `stentor workspace list`.

use clap::{Args, Subcommand};
use stentor::store::installations;

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
}

/// Does it.
pub async fn workspace(workspace: &Workspace) -> anyhow::Result<()> {
    let Task::List { database } = &workspace.task;
    let db = serve::open(database.url.reveal()).await?;
    let mut tx = db.read().await?;
    let listed = installations::listed(&mut tx).await?;
    drop(tx);
    for one in listed {
        let team = one.slack_team.as_ref().map_or("-", |team| team.as_str());
        let since = one.installed_at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        println!("{}\t{team}\t{}\t{since}\t{}", one.slug, one.name(), one.standing());
    }
    db.close().await;
    Ok(())
}

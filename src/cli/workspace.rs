//! `stentor workspace list`.

use clap::{Args, Subcommand};
use stentor::config::DatabaseUrl;
use stentor::store::installations;

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
        /// The database that `serve` uses
        #[arg(
            long,
            env = "STENTOR_DATABASE_URL",
            default_value = "sqlite://stentor.db",
            hide_env_values = true
        )]
        database_url: DatabaseUrl,
    },
}

/// Does it.
pub async fn workspace(workspace: &Workspace) -> anyhow::Result<()> {
    let Task::List { database_url } = &workspace.task;
    let db = serve::open(database_url.reveal()).await?;
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

//! `stentor webhook`: who is told of incidents and alerts over HTTP.

use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};
use serde_json::json;
use stentor::app;
use stentor::clock::Clock;
use stentor::config::install::{SecretKeys, secret_keys};
use stentor::ids::{IdSource, WebhookId, WorkspaceId};
use stentor::slack::install::vault::Vault;
use stentor::source::Networks;
use stentor::store::db::Db;
use stentor::store::webhooks;
use stentor::store::workspaces::{self, Catalogues};
use stentor::webhooks::Courier;
use stentor::webhooks::event_type::EventType;
use stentor::webhooks::format::Format;
use stentor::webhooks::manage::{Changed, Made, Once, Wanted};

use crate::cli::database::Database;
use crate::cli::serve;

/// How many attempts are shown.
const SHOWN: i64 = 200;

/// What there is to do with webhooks.
#[derive(Args)]
pub struct Webhook {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Make a webhook and print it with its secret, as one JSON object and nothing else; the secret
    /// can't be shown again
    Create {
        /// Where it is, such as `https://example.com/stentor`
        #[arg(long)]
        url: String,

        /// A type of event that it is told of; repeated for each. `stentor webhook events` lists them
        #[arg(long = "event", value_name = "TYPE", required = true)]
        events: Vec<String>,

        /// In whose words it is told: `incident_io`, or `bigpanda` for incidents with their alerts
        #[arg(long, default_value_t)]
        format: Format,

        /// What it is for
        #[arg(long, default_value = "")]
        description: String,

        #[command(flatten)]
        place: Place,
    },
    /// List the types of events
    Events,
    /// Show the webhooks: id, state, address, the types of events, and the format
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Switch a webhook on, also one that was switched off because it failed
    Enable {
        /// Its id, as `list` shows it
        id: String,

        #[command(flatten)]
        place: Place,
    },
    /// Switch a webhook off
    Disable {
        /// Its id, as `list` shows it
        id: String,

        #[command(flatten)]
        place: Place,
    },
    /// Give a webhook a new secret and print it; the one before signs, too, for another day
    Rotate {
        /// Its id, as `list` shows it
        id: String,

        #[command(flatten)]
        place: Place,
    },
    /// Remove a webhook
    Remove {
        /// Its id, as `list` shows it
        id: String,

        #[command(flatten)]
        place: Place,
    },
    /// Show what a webhook was told lately: message, time, outcome, status, type of event, and why it
    /// was not taken
    Attempts {
        /// Its id, as `list` shows it
        id: String,

        #[command(flatten)]
        place: Place,
    },
    /// Send a message again, under the same id; a running `stentor serve` does it
    Redeliver {
        /// The id of the webhook, as `list` shows it
        id: String,

        /// The message, as `attempts` shows it
        message: String,

        #[command(flatten)]
        place: Place,
    },
}

/// Whose webhooks, and where they are kept.
#[derive(Args)]
struct Place {
    /// The workspace, as `stentor workspace list` shows it
    #[arg(long, default_value = app::DEFAULT_SLUG)]
    workspace: String,

    #[command(flatten)]
    database: Database,

    /// Inner networks that webhooks may reach; the same as for `serve`
    #[arg(
        long,
        env = "STENTOR_WEBHOOK_NETWORKS",
        value_name = "LIST",
        default_value = "",
        hide_default_value = true
    )]
    webhook_networks: Networks,

    /// What the secrets of webhooks are sealed with; the same as for `serve`
    #[arg(long, env = "STENTOR_SECRET_KEY", hide_env_values = true, value_parser = secret_keys)]
    secret_key: Option<SecretKeys>,
}

/// What the tasks have at hand.
struct Desk {
    db: Db,
    workspace: WorkspaceId,
    courier: Courier,
}

/// Does it.
pub async fn webhook(webhook: &Webhook) -> anyhow::Result<()> {
    match &webhook.task {
        Task::Events => {
            for event in EventType::ALL {
                println!("{event}");
            }
            Ok(())
        }
        Task::Create { url, events, format, description, place } => {
            let wanted = Wanted {
                url: url.clone(),
                description: description.clone(),
                events: events.clone(),
                format: *format,
                is_on: true,
            };
            let desk = place.open().await?;
            print(desk.courier.create(&desk.workspace, wanted, None).await?)?;
            desk.close().await
        }
        Task::List { place } => list(place.open().await?).await,
        Task::Enable { id, place } => switch(place.open().await?, id, true).await,
        Task::Disable { id, place } => switch(place.open().await?, id, false).await,
        Task::Rotate { id, place } => {
            let desk = place.open().await?;
            let rotated = desk.courier.rotate(&desk.workspace, &WebhookId::new(id), None).await?;
            print(rotated.with_context(|| missing(id))?)?;
            desk.close().await
        }
        Task::Remove { id, place } => {
            let desk = place.open().await?;
            let was_there = desk.courier.remove(&desk.workspace, &WebhookId::new(id)).await?;
            ensure!(was_there, missing(id));
            desk.close().await
        }
        Task::Attempts { id, place } => attempts(place.open().await?, id).await,
        Task::Redeliver { id, message, place } => {
            let desk = place.open().await?;
            let id = WebhookId::new(id);
            let known = desk.courier.redeliver(&desk.workspace, &id, message).await?;
            ensure!(
                known,
                "the webhook {id} was told no {message}; `stentor webhook attempts {id}` shows what it was told"
            );
            desk.close().await
        }
    }
}

fn missing(id: &str) -> String {
    format!("there is no webhook {id}; `stentor webhook list` shows them")
}

async fn list(desk: Desk) -> anyhow::Result<()> {
    let mut tx = desk.db.read().await?;
    for one in webhooks::all(&mut tx, &desk.workspace).await? {
        let (state, events) = (one.state.as_str(), one.events.join(","));
        println!("{}\t{state}\t{}\t{events}\t{}", one.id, one.url, one.format);
    }
    drop(tx);
    desk.close().await
}

async fn switch(desk: Desk, id: &str, is_on: bool) -> anyhow::Result<()> {
    let changed = Changed { is_on: Some(is_on), ..Changed::default() };
    let webhook = desk.courier.change(&desk.workspace, &WebhookId::new(id), changed).await?;
    ensure!(webhook.is_some(), missing(id));
    desk.close().await
}

async fn attempts(desk: Desk, id: &str) -> anyhow::Result<()> {
    let mut tx = desk.db.read().await?;
    let webhook = WebhookId::new(id);
    let known = webhooks::by_id(&mut tx, &desk.workspace, &webhook).await?;
    ensure!(known.is_some(), missing(id));
    let all = webhooks::attempts(&mut tx, &desk.workspace, &webhook, None, SHOWN).await?;
    drop(tx);
    for one in all {
        let status = one.status.map(|status| status.to_string()).unwrap_or_default();
        let error = one.error.unwrap_or_default();
        let (message, event) = (&one.delivery.message, &one.event);
        println!("{message}\t{}\t{}\t{status}\t{event}\t{error}", one.at, one.outcome);
    }
    desk.close().await
}

/// Prints a webhook for programs.
fn print(once: Once) -> anyhow::Result<()> {
    let Once::Made(made) = once else { bail!("it was done before") };
    let Made { webhook, secret } = *made;
    let shown = json!({
        "id": webhook.id, "url": webhook.url, "event_types": webhook.events, "format": webhook.format,
        "secret": secret.reveal(),
    });
    println!("{shown}");
    if webhook.sealed_with.is_none() {
        eprintln!(
            "stentor: the secret that signs has to be kept, and it lies open in the database: set \
             STENTOR_SECRET_KEY to what `stentor key generate` prints, and the next start of `serve` \
             seals it"
        );
    }
    Ok(())
}

impl Place {
    async fn open(&self) -> anyhow::Result<Desk> {
        let (clock, ids) = (Clock::system(), IdSource::system());
        let db = serve::open(self.database.url.reveal()).await?;
        app::ensure_workspace(&db, &clock, &ids).await?;
        let mut tx = db.read().await?;
        let workspace = workspaces::by_slug(&mut tx, &self.workspace).await?;
        drop(tx);
        let workspace = workspace.with_context(|| {
            let slug = &self.workspace;
            format!(
                "--workspace: there is no workspace {slug}; `stentor workspace list` shows them"
            )
        })?;
        let vault = self.secret_key.as_ref().map(|keys| Arc::new(Vault::new(keys)));
        let courier = Courier::new(db.clone(), clock, ids, Catalogues::default())
            .into_networks(self.webhook_networks.clone())
            .with_vault(vault);
        Ok(Desk { db, workspace: workspace.id, courier })
    }
}

impl Desk {
    async fn close(self) -> anyhow::Result<()> {
        self.db.close().await;
        Ok(())
    }
}

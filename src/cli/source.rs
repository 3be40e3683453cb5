//! `stentor source`: who may send alerts.

use std::fs;
use std::io::Read as _;
use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use serde_json::json;
use stentor::app;
use stentor::clock::Clock;
use stentor::config::install::{SecretKeys, secret_keys};
use stentor::config::{Secret, http_url};
use stentor::ids::{IdSource, SourceId};
use stentor::ingest::kind::Kind;
use stentor::ingest::sources::{self, Made, Wanted};
use stentor::slack::install::vault::Vault;
use stentor::store::db::Db;
use stentor::store::sources::SourceSettings;
use stentor::store::workspaces::{self, Workspace};

use crate::cli::database::Database;
use crate::cli::serve;

/// The most that is read of a file with a secret or settings.
const FILE_LIMIT: u64 = 1024 * 1024;

/// What there is to do with sources.
#[derive(Args)]
pub struct Source {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Make a source and print it with its secret, as one JSON object and nothing else; the secret
    /// can't be shown again
    Create {
        /// What it sends: `alertmanager`, `grafana`, `pagerduty` …; a wrong word lists all of them
        #[arg(long)]
        kind: Kind,

        /// What it is called, such as `prod-prometheus`
        #[arg(long)]
        name: String,

        /// A file with the secret that the sender has chosen, or `-` for standard input; otherwise a secret
        /// is made
        #[arg(long, value_name = "FILE")]
        secret_file: Option<String>,

        /// How what it sends is understood: JSON, or `@FILE`
        #[arg(long, value_name = "JSON")]
        settings: Option<String>,

        #[command(flatten)]
        place: Place,
    },
    /// Show the sources: id, kind, name, and since when
    List {
        #[command(flatten)]
        of: Of,
    },
    /// Give a source a new secret and print it, as `create` does; the one before opens for another day
    Rotate {
        /// The source's id
        id: String,

        /// A file with the secret that the sender has chosen, or `-` for standard input
        #[arg(long, value_name = "FILE")]
        secret_file: Option<String>,

        #[command(flatten)]
        place: Place,
    },
    /// Remove a source: what it sends is not taken any more; what it has sent stays
    Remove {
        /// The source's id
        id: String,

        #[command(flatten)]
        of: Of,
    },
}

/// Whose sources, and where they are kept.
#[derive(Args)]
struct Of {
    /// The workspace, as `stentor workspace list` shows it
    #[arg(long, default_value = app::DEFAULT_SLUG)]
    workspace: String,

    #[command(flatten)]
    database: Database,
}

/// What is needed to print a source with its secret.
#[derive(Args)]
struct Place {
    #[command(flatten)]
    of: Of,

    /// Where senders reach Stentor, such as `https://stentor.example.com`
    #[arg(long, env = "STENTOR_PUBLIC_URL", value_parser = http_url)]
    public_url: Option<String>,

    /// Where `serve` listens, for senders on this machine
    #[arg(long, env = "STENTOR_LISTEN", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,

    /// What the secrets of sources that sign are sealed with; the same as for `serve`
    #[arg(long, env = "STENTOR_SECRET_KEY", hide_env_values = true, value_parser = secret_keys)]
    secret_key: Option<SecretKeys>,
}

/// Does it.
pub async fn source(source: &Source) -> anyhow::Result<()> {
    let (clock, ids) = (Clock::system(), IdSource::system());
    match &source.task {
        Task::Create { kind, name, secret_file, settings, place } => {
            let secret = secret_file.as_deref().map(secret_in).transpose()?;
            let settings = settings.as_deref().map(settings_in).transpose()?.unwrap_or_default();
            let wanted = Wanted { kind: *kind, name: name.clone(), secret, settings };
            let (db, workspace) = place.of.open().await?;
            let vault = place.secret_key.as_ref().map(Vault::new);
            let made =
                sources::create(&db, &clock, &ids, vault.as_ref(), &workspace.id, wanted).await?;
            place.print(&made);
            db.close().await;
        }
        Task::List { of } => {
            let (db, workspace) = of.open().await?;
            let mut tx = db.read().await?;
            let all = stentor::store::sources::all(&mut tx, &workspace.id).await?;
            drop(tx);
            for one in all {
                println!("{}\t{}\t{}\t{}", one.id, one.kind, one.name, one.created_at);
            }
            db.close().await;
        }
        Task::Rotate { id, secret_file, place } => {
            let secret = secret_file.as_deref().map(secret_in).transpose()?;
            let (db, workspace) = place.of.open().await?;
            let vault = place.secret_key.as_ref().map(Vault::new);
            let (vault, id) = (vault.as_ref(), SourceId::new(id));
            let made = sources::rotate(&db, &clock, vault, &workspace.id, &id, secret).await?;
            place.print(&made.with_context(|| missing(&id))?);
            db.close().await;
        }
        Task::Remove { id, of } => {
            let (db, workspace) = of.open().await?;
            let id = SourceId::new(id);
            let was_there = sources::remove(&db, &Clock::system(), &workspace.id, &id).await?;
            ensure!(was_there, missing(&id));
            db.close().await;
        }
    }
    Ok(())
}

fn missing(id: &SourceId) -> String {
    format!("there is no source {id}; `stentor source list` shows them")
}

impl Of {
    async fn open(&self) -> anyhow::Result<(Db, Workspace)> {
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
        Ok((db, workspace))
    }
}

impl Place {
    /// Prints a source for programs, and what people should know beside it.
    fn print(&self, made: &Made) {
        let (source, secret) = (&made.source, made.secret.reveal());
        let url = format!("{}{}", self.address(), source.kind.path(&source.id, secret));
        let shown = json!({
            "id": source.id, "name": source.name, "kind": source.kind.as_str(), "url": url, "secret": secret,
        });
        println!("{shown}");
        if source.kept_secret.is_some() && source.sealed_with.is_none() {
            eprintln!(
                "stentor: this kind signs, so its secret has to be kept, and it lies open in the database: \
                 set STENTOR_SECRET_KEY to what `stentor key generate` prints, and the next start of \
                 `serve` seals it"
            );
        }
    }

    /// Where senders reach Stentor.
    fn address(&self) -> String {
        match &self.public_url {
            Some(url) => url.clone(),
            // Where everybody is listened to, this machine is.
            None if self.listen.ip().is_unspecified() => {
                let here = match self.listen {
                    SocketAddr::V4(_) => "127.0.0.1",
                    SocketAddr::V6(_) => "[::1]",
                };
                format!("http://{here}:{}", self.listen.port())
            }
            None => format!("http://{}", self.listen),
        }
    }
}

/// The secret in a file, without the line's end that editors put there.
fn secret_in(file: &str) -> anyhow::Result<Secret> {
    let text = contents(file).context("--secret-file")?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
}

fn settings_in(given: &str) -> anyhow::Result<SourceSettings> {
    let text = match given.strip_prefix('@') {
        Some(file) => contents(file).context("--settings")?,
        None => given.to_owned(),
    };
    serde_json::from_str(&text).context("--settings")
}

fn contents(file: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = match file {
        "-" => std::io::stdin().take(FILE_LIMIT + 1).read_to_string(&mut text),
        file => fs::File::open(file)
            .with_context(|| format!("cannot open {file}"))?
            .take(FILE_LIMIT + 1)
            .read_to_string(&mut text),
    };
    read.with_context(|| format!("cannot read {file}"))?;
    ensure!(text.len() as u64 <= FILE_LIMIT, "{file} is larger than 1 MiB");
    Ok(text)
}

//! `stentor key generate` and `stentor key rotate`.

use clap::{Args, Subcommand};
use stentor::clock::Clock;
use stentor::config::install::{SecretKeys, secret_keys};
use stentor::ingest::sources;
use stentor::slack::install::keys;
use stentor::slack::install::vault::{Vault, new_key};
use stentor::webhooks;

use crate::cli::database::Database;
use crate::cli::serve;

/// What there is to do with the key that tokens are sealed with.
#[derive(Args)]
pub struct Key {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Make a key for `STENTOR_SECRET_KEY` and print it, and nothing else
    Generate,
    /// Seal with the first key what an older one has sealed, and secrets of sources and webhooks that lie
    /// open, as every start does
    Rotate {
        /// The new key and the old one, with a comma between
        #[arg(long, env = "STENTOR_SECRET_KEY", hide_env_values = true, value_parser = secret_keys)]
        secret_key: SecretKeys,

        #[command(flatten)]
        database: Database,
    },
}

/// Does it.
pub async fn key(key: &Key) -> anyhow::Result<()> {
    match &key.task {
        Task::Generate => println!("{}", new_key().reveal()),
        Task::Rotate { secret_key, database } => {
            let db = serve::open(database.url.reveal()).await?;
            let vault = Vault::new(secret_key);
            let tokens = keys::turn(&db, Some(&vault)).await?;
            let sources = sources::seal_anew(&db, &Clock::system(), &vault).await?;
            let hooks = webhooks::manage::turn(&db, &Clock::system(), Some(&vault)).await?;
            db.close().await;
            println!("{} sealed anew; the first key is enough now", tokens + sources + hooks);
        }
    }
    Ok(())
}

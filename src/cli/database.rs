//! The database that a command works on: the one that `serve` uses, said in the same way.

use clap::Args;
use stentor::config::DatabaseUrl;

/// Which database.
#[derive(Args)]
pub struct Database {
    /// The database that `serve` uses
    #[arg(
        id = "database_url",
        long = "database-url",
        env = "STENTOR_DATABASE_URL",
        default_value = "sqlite://stentor.db",
        hide_env_values = true,
        global = true
    )]
    pub url: DatabaseUrl,
}

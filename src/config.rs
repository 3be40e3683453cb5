//! Settings: flags, then the environment, then a TOML file, then the default.
//!
//! A wrong or half setting is refused at start, in one line that names it. Secrets have a type
//! that can't be printed.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use zeroize::Zeroize as _;

use crate::config::install::InstallSettings;
use crate::source::TrustedProxies;

pub mod install;

/// What `serve` has to know.
#[derive(Clone, Debug, Args)]
pub struct Settings {
    /// A TOML file with any of these settings, named like the flags with underscores
    #[arg(long, env = "STENTOR_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Address and port to listen on
    #[arg(long, env = "STENTOR_LISTEN", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// `sqlite://FILE`, or `postgres://USER:PASSWORD@HOST/DATABASE` when several replicas share the work
    #[arg(
        long,
        env = "STENTOR_DATABASE_URL",
        default_value = "sqlite://stentor.db",
        hide_env_values = true
    )]
    pub database_url: DatabaseUrl,

    /// Where public incidents are announced: a channel's name or id
    #[arg(long, env = "STENTOR_ANNOUNCE_CHANNEL", default_value = "incidents", value_parser = channel_name)]
    pub announce_channel: String,

    /// How Slack signs its requests; while you rotate it, the new and the old one with a comma between
    #[arg(long, env = "SLACK_SIGNING_SECRET", hide_env_values = true, value_parser = signing_secrets)]
    pub slack_signing_secret: Option<SigningSecrets>,

    /// The app's own token, `xapp-…`: Slack is reached over a socket, and needs no address of ours
    #[arg(long, env = "SLACK_APP_TOKEN", hide_env_values = true, value_parser = app_token)]
    pub slack_app_token: Option<Secret>,

    /// The bot's token, `xoxb-…`, for the one workspace that the app was installed in by hand
    #[arg(long, env = "SLACK_BOT_TOKEN", hide_env_values = true, value_parser = bot_token)]
    pub slack_bot_token: Option<Secret>,

    /// How people install Stentor into other workspaces
    #[command(flatten)]
    pub install: InstallSettings,

    /// Where Slack's Web API is: another one for GovSlack, or for tests
    #[arg(long, env = "SLACK_API_URL", default_value = "https://slack.com/api/", value_parser = http_url)]
    pub slack_api_url: String,

    /// Proxies whose X-Forwarded-For is believed: addresses or networks, with commas between
    #[arg(
        long,
        env = "STENTOR_TRUSTED_PROXIES",
        value_name = "LIST",
        default_value = "",
        hide_default_value = true
    )]
    pub trusted_proxies: TrustedProxies,

    /// Write the log as JSON, one object a line
    #[arg(long, env = "STENTOR_LOG_JSON", default_value_t = false)]
    pub log_json: bool,
}

impl Settings {
    /// What is wrong with them together, though each may be right alone.
    pub fn check(&self) -> Result<(), String> {
        if self.slack_signing_secret.is_none() && self.slack_app_token.is_none() {
            return Err("--slack-signing-secret is missing; in Socket Mode, --slack-app-token \
                        will do instead"
                .to_owned());
        }
        let client = self.install.client(&self.slack_api_url)?;
        match (&self.slack_bot_token, client) {
            (None, None) => Err("--slack-bot-token is missing; or give --slack-client-id, \
                --slack-client-secret, --public-url and --secret-key, and people install Stentor themselves"
                .to_owned()),
            _ => Ok(()),
        }
    }
}

/// A text that is never printed, and wiped from memory when it is not needed any more.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The text, for where it is needed.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// The signing secrets that are good: one, or two during a rotation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SigningSecrets(pub Vec<Secret>);

/// The address of the database, which may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The address, password and all.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let known = ["sqlite:", "postgres:", "postgresql:"];
        if known.iter().any(|scheme| url.starts_with(scheme)) {
            Ok(DatabaseUrl(url.to_owned()))
        } else {
            Err("it begins with sqlite:// or postgres://".to_owned())
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.split(':').next().unwrap_or_default())
    }
}

fn signing_secrets(text: &str) -> Result<SigningSecrets, String> {
    let secrets: Vec<Secret> = text.split(',').map(|one| Secret::new(one.trim())).collect();
    if secrets.iter().any(|secret| secret.reveal().is_empty()) {
        return Err("it is empty".to_owned());
    }
    if secrets.len() > 2 {
        return Err("it takes at most two secrets: the new one and the old one".to_owned());
    }
    Ok(SigningSecrets(secrets))
}

fn bot_token(text: &str) -> Result<Secret, String> {
    match text.trim() {
        token if token.starts_with("xoxb-") || token.starts_with("xoxe.xoxb-") => {
            Ok(Secret::new(token))
        }
        _ => Err("a bot token begins with xoxb-".to_owned()),
    }
}

fn app_token(text: &str) -> Result<Secret, String> {
    match text.trim() {
        token if token.starts_with("xapp-") => Ok(Secret::new(token)),
        _ => Err("an app token begins with xapp-".to_owned()),
    }
}

fn channel_name(text: &str) -> Result<String, String> {
    let name = text.trim().trim_start_matches('#');
    if name.is_empty() { Err("it is empty".to_owned()) } else { Ok(name.to_owned()) }
}

/// An http or https address, without a slash at the end.
pub fn http_url(text: &str) -> Result<String, String> {
    let url = text.trim_end_matches('/');
    match url.parse::<axum::http::Uri>() {
        Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() => {
            Ok(url.to_owned())
        }
        _ => Err("it is not an http or https address".to_owned()),
    }
}

/// Puts the values of a TOML file under the flags of this command, as their defaults.
///
/// The environment and the command line still win. A key that is no setting is an error, so that
/// a misspelt one is not silently without effect.
pub fn with_file(mut command: Command, subcommand: &str, file: &Path) -> Result<Command, String> {
    let shown = file.display();
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("cannot read {shown}: {error}"))?;
    let table: toml::Table =
        text.parse().map_err(|error| format!("{shown} is not TOML: {error}"))?;
    for (key, value) in table {
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(truth) => truth.to_string(),
            _ => return Err(format!("{shown}: {key} must be text, a number, true or false")),
        };
        let known = command.find_subcommand(subcommand).is_some_and(|sub| {
            key != "config" && sub.get_arguments().any(|arg| arg.get_id() == key.as_str())
        });
        if !known {
            return Err(format!("{shown}: there is no setting {key}"));
        }
        command = command.mut_subcommand(subcommand, |sub| {
            sub.mut_arg(key, |arg| arg.default_value(value).required(false))
        });
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use clap::{FromArgMatches, Subcommand};

    use super::*;

    #[derive(Subcommand)]
    enum Tool {
        Serve(Settings),
    }

    fn parse(file: &str, flags: &[&str]) -> Result<Settings, String> {
        let id = crate::ids::IdSource::system().ulid(crate::clock::Timestamp::default());
        let path = std::env::temp_dir().join(format!("stentor-config-{id}.toml"));
        std::fs::write(&path, file).unwrap();
        let command = with_file(Tool::augment_subcommands(Command::new("stentor")), "serve", &path);
        std::fs::remove_file(&path).unwrap();
        let given = ["stentor", "serve"].into_iter().chain(flags.iter().copied());
        let matches = command?.try_get_matches_from(given).map_err(|error| error.to_string())?;
        let Tool::Serve(settings) =
            Tool::from_arg_matches(&matches).map_err(|error| error.to_string())?;
        settings.check().map(|()| settings)
    }

    const SECRETS: &str = "slack_signing_secret = 'example'\nslack_bot_token = 'xoxb-example'\n";

    #[test]
    fn a_flag_wins_over_the_file() {
        let file = format!("{SECRETS}listen = '127.0.0.1:4000'\nannounce_channel = '#ops'\n");
        let settings = parse(&file, &["--listen", "127.0.0.1:5000"]).unwrap();
        assert_eq!(settings.listen.port(), 5000);
        assert_eq!(settings.announce_channel, "ops");
    }

    #[test]
    fn wrong_settings_are_refused_by_name() {
        for (file, named) in [
            ("slack_signing_secret = 'example'", "slack-bot-token"),
            ("slack_signing_secret = 'example'\nslack_bot_token = 'nonsense'", "slack-bot-token"),
            ("lisen = '127.0.0.1:3000'", "lisen"),
            ("listen = ['x']", "listen"),
            ("listen", "TOML"),
        ] {
            let error = parse(file, &[]).unwrap_err();
            assert!(error.contains(named), "{file}: {error}");
        }
        for (flags, named) in [
            (["--listen", "nowhere"], "listen"),
            (["--database-url", "mysql://x"], "database-url"),
            (["--slack-signing-secret", "a,b,c"], "slack-signing-secret"),
            (["--slack-api-url", "ftp://x"], "slack-api-url"),
            (["--slack-client-id", "1.2"], "secret-key"),
            (["--secret-key", "hush"], "secret-key"),
            (["--public-url", "hush"], "public-url"),
            (["--trusted-proxies", "10.0.0.0/8,proxy"], "trusted-proxies"),
        ] {
            let error = parse(SECRETS, &flags).unwrap_err();
            assert!(error.contains(named), "{flags:?}: {error}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let settings = parse(SECRETS, &["--database-url", "postgres://me:hunter2@db/x"]).unwrap();
        let printed = format!("{settings:?}");
        assert!(
            !printed.contains("hunter2")
                && !printed.contains("xoxb")
                && !printed.contains("example")
        );
    }
}

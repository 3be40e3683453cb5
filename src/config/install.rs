//! Settings for being installed into Slack through a browser, and for keeping the tokens that
//! come of it.

use clap::Args;

use crate::config::{Secret, http_url};

/// How people install Stentor into their workspace. All of it, or none of it.
#[derive(Clone, Debug, Default, Args)]
pub struct InstallSettings {
    /// The app's client id, when people install Stentor themselves at `/slack/install`
    #[arg(long, env = "SLACK_CLIENT_ID", value_parser = word)]
    pub slack_client_id: Option<String>,

    /// The app's client secret
    #[arg(long, env = "SLACK_CLIENT_SECRET", hide_env_values = true, value_parser = hidden_word)]
    pub slack_client_secret: Option<Secret>,

    /// Where Slack asks people whether to install; found beside the Web API if it isn't said
    #[arg(long, env = "SLACK_AUTHORIZE_URL", value_parser = http_url)]
    pub slack_authorize_url: Option<String>,

    /// Where browsers reach Stentor, such as `https://stentor.example.com`
    #[arg(long, env = "STENTOR_PUBLIC_URL", value_parser = http_url)]
    pub public_url: Option<String>,

    /// What workspaces' tokens are sealed with, from `stentor key generate`; while you rotate it, the
    /// new and the old one with a comma between
    #[arg(long, env = "STENTOR_SECRET_KEY", hide_env_values = true, value_parser = secret_keys)]
    pub secret_key: Option<SecretKeys>,
}

/// The keys that tokens are sealed with: the first seals, all of them open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretKeys(pub Vec<Secret>);

/// What is needed to be installed through a browser.
#[derive(Clone, Debug)]
pub struct Client {
    /// The app's client id.
    pub id: String,
    /// The app's client secret.
    pub secret: Secret,
    /// Where Slack asks people.
    pub authorize_url: String,
    /// Where browsers reach Stentor, without a slash at the end.
    pub public_url: String,
}

impl InstallSettings {
    /// The settings for installing if there are any; half of them are refused by name.
    pub fn client(&self, api_url: &str) -> Result<Option<Client>, String> {
        if self.slack_client_id.is_none() && self.slack_client_secret.is_none() {
            return match self.slack_authorize_url {
                Some(_) => Err("--slack-authorize-url: it needs --slack-client-id too".to_owned()),
                None => Ok(None),
            };
        }
        let missing = |name: &str| {
            format!(
                "{name} is missing: people can install Stentor only with --slack-client-id, \
                --slack-client-secret, --public-url and --secret-key"
            )
        };
        if self.secret_key.is_none() {
            return Err(missing("--secret-key"));
        }
        let beside = || format!("{}/oauth/v2/authorize", api_url.trim_end_matches("/api"));
        Ok(Some(Client {
            id: self.slack_client_id.clone().ok_or_else(|| missing("--slack-client-id"))?,
            secret: self
                .slack_client_secret
                .clone()
                .ok_or_else(|| missing("--slack-client-secret"))?,
            authorize_url: self.slack_authorize_url.clone().unwrap_or_else(beside),
            public_url: self.public_url.clone().ok_or_else(|| missing("--public-url"))?,
        }))
    }
}

fn word(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is empty".to_owned()),
        text => Ok(text.to_owned()),
    }
}

fn hidden_word(text: &str) -> Result<Secret, String> {
    word(text).map(Secret::new)
}

/// Reads keys, without ever showing one.
pub fn secret_keys(text: &str) -> Result<SecretKeys, String> {
    let keys: Vec<&str> = text.split(',').map(str::trim).collect();
    let is_key = |key: &&str| key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !keys.iter().all(is_key) {
        return Err("a key is 64 digits from 0 to f; `stentor key generate` makes one".to_owned());
    }
    Ok(SecretKeys(keys.into_iter().map(|key| Secret::new(key.to_ascii_lowercase())).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> InstallSettings {
        InstallSettings {
            slack_client_id: Some("1.2".to_owned()),
            slack_client_secret: Some(Secret::new("example")),
            slack_authorize_url: None,
            public_url: Some("https://stentor.example.com".to_owned()),
            secret_key: Some(secret_keys(&"0a".repeat(32)).unwrap()),
        }
    }

    #[test]
    fn half_a_set_is_refused_by_name() {
        let none = InstallSettings::default();
        assert!(none.client("https://slack.com/api").unwrap().is_none());
        // Each alone is missed by its name.
        for (name, settings) in [
            ("--slack-client-id", InstallSettings { slack_client_id: None, ..whole() }),
            ("--slack-client-secret", InstallSettings { slack_client_secret: None, ..whole() }),
            ("--public-url", InstallSettings { public_url: None, ..whole() }),
            ("--secret-key", InstallSettings { secret_key: None, ..whole() }),
            (
                "--slack-authorize-url",
                InstallSettings { slack_authorize_url: whole().public_url, ..none },
            ),
        ] {
            let error = settings.client("https://slack.com/api").unwrap_err();
            assert!(error.starts_with(name), "{error}");
        }
    }

    #[test]
    fn slack_asks_beside_its_web_api() {
        for (api, authorize) in [
            ("https://slack.com/api", "https://slack.com/oauth/v2/authorize"),
            ("https://slack-gov.com/api", "https://slack-gov.com/oauth/v2/authorize"),
        ] {
            assert_eq!(whole().client(api).unwrap().unwrap().authorize_url, authorize);
        }
    }

    #[test]
    fn keys_are_read_and_never_shown() {
        let two = format!("{}, {}", "AB".repeat(32), "0".repeat(64));
        let keys = secret_keys(&two).unwrap();
        assert_eq!(keys.0[0].reveal(), "ab".repeat(32));
        assert!(!format!("{keys:?}").contains("ab"));
        for wrong in ["", "hush", &"0".repeat(63), &"x".repeat(64), &format!("{two},")] {
            assert!(!secret_keys(wrong).unwrap_err().contains("hush"), "{wrong}");
        }
    }
}

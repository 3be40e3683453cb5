//! Settings that are accepted, but can hardly be meant: an example, or a value in another's place.

use axum::http::Uri;

use crate::config::SigningSecrets;
use crate::doctor::{Plan, Report};

const BASIC: &str = "Copy the Signing Secret from \"Basic Information\" of your app at api.slack.com/apps into SLACK_SIGNING_SECRET.";
const TOKEN: &str = "Copy the Bot User OAuth Token from \"OAuth & Permissions\" of your app at api.slack.com/apps into SLACK_BOT_TOKEN.";

/// Looks at the secrets, without ever showing one.
pub fn examine(plan: &Plan, report: &mut Report) {
    match &plan.signing_secrets {
        Some(secrets) => signing_secrets(secrets, report),
        None => report.unknown(
            "signing secret",
            "none is set, so nothing that Slack sends over HTTP is taken",
            BASIC,
        ),
    }
    match plan.bot_token.as_ref().map(|token| token.reveal()) {
        Some(token) if is_example(token) => {
            report.failed("bot token", "it is an example, not a token", TOKEN);
        }
        Some(_) => report.ok("bot token", "has the form of a bot's"),
        None => report.unknown(
            "bot token",
            "none is set; each workspace brings its own when somebody installs Stentor there",
            TOKEN,
        ),
    }
    api_url(&plan.api_url, report);
}

fn signing_secrets(SigningSecrets(secrets): &SigningSecrets, report: &mut Report) {
    const CHECK: &str = "signing secret";
    for secret in secrets.iter().map(|secret| secret.reveal()) {
        let is_hex = secret.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
        if secret.starts_with("xox") || secret.starts_with("xapp-") {
            report.failed(CHECK, "it is a token, not a signing secret", BASIC);
        } else if is_example(secret) {
            report.failed(CHECK, "it is an example, not a secret", BASIC);
        } else if secret.len() != 32 || !is_hex {
            let found =
                format!("it has {} characters; Slack's are 32 of 0-9 and a-f", secret.len());
            report.warning(CHECK, found, BASIC);
        } else {
            report.ok(CHECK, "has the form of Slack's");
        }
    }
    if secrets.len() > 1 {
        report.warning(
            CHECK,
            "there are two, as during a rotation",
            "Remove the old one from SLACK_SIGNING_SECRET once Slack signs with the new one.",
        );
    }
}

/// Whether a value was copied from a document.
fn is_example(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let words =
        ["changeme", "change-me", "example", "placeholder", "your-", "your_", "xxxx", "..."];
    value.contains('\u{2026}') || value == "xoxb-" || words.iter().any(|word| value.contains(word))
}

fn api_url(url: &str, report: &mut Report) {
    let uri: Option<Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    let is_here = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    if url.starts_with("http:") && !is_here {
        report.failed(
            "Slack's address",
            format!("{url} is not encrypted: the bot token would be readable on the way"),
            "Begin SLACK_API_URL with https://, or leave it out.",
        );
    } else if !["slack.com", "slack-gov.com"].contains(&host) {
        report.warning(
            "Slack's address",
            format!("{url} is not Slack's own"),
            "Leave SLACK_API_URL out, unless a simulator or a proxy is meant.",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_told_from_secrets() {
        for example in
            ["…", "xoxb-…", "changeme", "CHANGEME", "xoxb-your-token", "xoxb-example", "..."]
        {
            assert!(is_example(example), "{example}");
        }
        for secret in ["8f742231b10e8888abcd99eee77785a5", "xoxb-1234-5678-aBcDeFgH"] {
            assert!(!is_example(secret), "{secret}");
        }
    }
}

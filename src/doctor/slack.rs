//! Whether Slack knows the token, what the token may do, and what time it is there.

use crate::clock::Clock;
use crate::doctor::http::{Answer, Asked, Client};
use crate::doctor::{Plan, Report, channel, organisation, scopes};

/// Slack refuses nothing for a clock that is wrong; we refuse what is 300 s off.
const WRONG: i64 = 240;
/// So far a clock goes that is not set by the network.
const OFF: i64 = 5;

/// Asks Slack who we are.
pub async fn examine(plan: &Plan, client: &Client, clock: &Clock, report: &mut Report) {
    let Some(token) = &plan.bot_token else { return };
    let answer = match client.call(plan, token, "auth.test", &[], clock).await {
        Ok(answer) => answer,
        Err(error) => {
            return report.failed(
                "Slack",
                format!("{} could not be reached: {error}", plan.api_url),
                "Let this machine connect to slack.com on port 443, or set SLACK_API_URL.",
            );
        }
    };
    clocks(&answer, report);
    let said = answer.json();
    match (said["ok"].as_bool(), said["error"].as_str()) {
        (Some(true), _) => {
            let text = |name: &str| said[name].as_str().unwrap_or("?").to_owned();
            report.ok(
                "Slack",
                format!("knows us as {} in {} ({})", text("user"), text("team"), text("team_id")),
            );
            scopes(&answer, report);
            events(report);
            let slack = Asked { plan, token, client, clock };
            let teams = match said["is_enterprise_install"] == true {
                true => organisation::examine(&slack, report).await,
                false => Some(Vec::new()),
            };
            // Where nobody lets Stentor in, there is no channel to look for.
            if let Some(teams) = teams {
                channel::examine(&slack, &teams, report).await;
            }
        }
        (_, Some(error)) => report.failed(
            "Slack",
            format!("does not accept the bot token: {error}"),
            match error {
                "account_inactive" | "token_revoked" => {
                    "Install the app into the workspace again, and copy its new token into SLACK_BOT_TOKEN."
                }
                "ratelimited" => "Wait a minute, and run this again.",
                _ => "Copy the Bot User OAuth Token from \"OAuth & Permissions\" of your app at api.slack.com/apps into SLACK_BOT_TOKEN.",
            },
        ),
        _ => report.failed(
            "Slack",
            format!("{} answered with status {} and no word of Slack's", plan.api_url, answer.status),
            "If there is no proxy in between that answers itself, look at status.slack.com.",
        ),
    }
}

fn clocks(answer: &Answer, report: &mut Report) {
    const CHECK: &str = "clock";
    const FIX: &str = "Let this machine set its clock by the network (NTP).";
    let Some(ahead) = answer.ahead else {
        return report.unknown(CHECK, "Slack's answer does not say what time it is", FIX);
    };
    let way = if ahead > 0 { "ahead of" } else { "behind" };
    let found = format!("is {} s {way} Slack's", ahead.abs());
    match ahead.abs() {
        WRONG.. => report.failed(
            CHECK,
            format!("{found}; what Slack sends would be refused as too old or too new"),
            FIX,
        ),
        OFF.. => report.warning(CHECK, found, FIX),
        _ => report.ok(CHECK, "agrees with Slack's"),
    }
}

fn scopes(answer: &Answer, report: &mut Report) {
    const CHECK: &str = "scopes";
    let given = answer.headers.get("x-oauth-scopes").and_then(|value| value.to_str().ok());
    let Some(given) = given else {
        return report.unknown(
            CHECK,
            "Slack's answer does not say what the token may do",
            "Compare \"OAuth & Permissions\" of your app with manifest.yml.",
        );
    };
    let given: Vec<&str> = given.split(',').map(str::trim).collect();
    let wanted = scopes::wanted();
    let missing: Vec<&str> =
        wanted.iter().copied().filter(|scope| !given.contains(scope)).collect();
    for scope in &missing {
        report.failed(
            CHECK,
            format!("{scope} is missing: {}", scopes::without(scope)),
            format!("Add {scope} under \"OAuth & Permissions\" of your app, and install it again."),
        );
    }
    if missing.is_empty() {
        report.ok(CHECK, format!("all {} that manifest.yml asks for", wanted.len()));
    }
}

fn events(report: &mut Report) {
    report.unknown(
        "app's settings",
        "Slack shows commands, addresses and events only to who owns the app",
        "Compare \"App Manifest\" of your app at api.slack.com/apps with manifest.yml.",
    );
}

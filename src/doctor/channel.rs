//! Whether the channel is there that public incidents are announced in.

use serde_json::Value;

use crate::clock::Clock;
use crate::config::Secret;
use crate::doctor::http::Client;
use crate::doctor::{Plan, Report};
use crate::ids::ChannelId;

const CHECK: &str = "announcements";
/// Pages of channels that are looked at: two hundred thousand channels.
const PAGES: usize = 200;

/// Looks for the channel as Stentor does: by its id, or by its name among all.
pub async fn examine(
    plan: &Plan,
    token: &Secret,
    client: &Client,
    clock: &Clock,
    report: &mut Report,
) {
    let wanted = plan.announce_channel.as_str();
    let by_id = ChannelId::from(wanted).is_well_formed();
    let looked = if by_id {
        ask(plan, token, client, clock, "conversations.info", &[("channel", wanted)])
            .await
            .map(|answer| Some(answer["channel"].clone()))
    } else {
        find(plan, token, client, clock, wanted).await
    };
    match looked {
        Ok(Some(channel)) => judge(&channel, report),
        Ok(None) => report.ok(CHECK, format!("#{wanted} will be made with the first incident")),
        Err(error) if error == "channel_not_found" => report.failed(
            CHECK,
            format!("there is no channel {wanted}, or it is private and Stentor is not in it"),
            "Invite Stentor into it (/invite @Stentor), or set STENTOR_ANNOUNCE_CHANNEL to another one.",
        ),
        Err(error) if error == "missing_scope" => report.unknown(
            CHECK,
            "the token may not look at channels",
            "Add the scopes that are missing, and run this again.",
        ),
        Err(error) => report.failed(
            CHECK,
            format!("Slack does not show its channels: {error}"),
            "Run this again in a minute.",
        ),
    }
}

fn judge(channel: &Value, report: &mut Report) {
    let name = channel["name"].as_str().unwrap_or("?");
    let is = |what: &str| channel[what] == true;
    if is("is_archived") {
        report.failed(
            CHECK,
            format!("#{name} is archived"),
            "Unarchive it in Slack, or set STENTOR_ANNOUNCE_CHANNEL to another one.",
        );
    } else if is("is_member") {
        report.ok(CHECK, format!("#{name} is there, and Stentor is in it"));
    } else if is("is_private") {
        report.failed(
            CHECK,
            format!("#{name} is private, and Stentor is not in it"),
            "Type /invite @Stentor in it.",
        );
    } else {
        report.ok(CHECK, format!("#{name} is there, and Stentor will enter it"));
    }
}

async fn find(
    plan: &Plan,
    token: &Secret,
    client: &Client,
    clock: &Clock,
    name: &str,
) -> Result<Option<Value>, String> {
    let mut cursor = String::new();
    for _ in 0..PAGES {
        let arguments = [
            ("types", "public_channel,private_channel"),
            ("exclude_archived", "true"),
            ("limit", "1000"),
            ("cursor", cursor.as_str()),
        ];
        let answer = ask(plan, token, client, clock, "conversations.list", &arguments).await?;
        let channels = answer["channels"].as_array().into_iter().flatten();
        if let Some(found) = channels.into_iter().find(|channel| channel["name"] == name) {
            return Ok(Some(found.clone()));
        }
        let next = answer["response_metadata"]["next_cursor"].as_str().unwrap_or_default();
        if next.is_empty() {
            return Ok(None);
        }
        cursor = next.to_owned();
    }
    Err("there are too many to look at".to_owned())
}

async fn ask(
    plan: &Plan,
    token: &Secret,
    client: &Client,
    clock: &Clock,
    method: &str,
    arguments: &[(&str, &str)],
) -> Result<Value, String> {
    let given: Vec<(&str, &str)> =
        arguments.iter().copied().filter(|(_, value)| !value.is_empty()).collect();
    let answer = client.call(plan, token, method, &given, clock).await?.json();
    match answer["ok"].as_bool() {
        Some(true) => Ok(answer),
        _ => Err(answer["error"].as_str().unwrap_or("the answer is no JSON").to_owned()),
    }
}

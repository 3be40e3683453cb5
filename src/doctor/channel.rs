//! Whether the channel is there that public incidents are announced in. Each workspace of an
//! organisation has its own.

use serde_json::Value;

use crate::doctor::Report;
use crate::doctor::http::Asked;
use crate::doctor::organisation::Team;
use crate::ids::ChannelId;

const CHECK: &str = "announcements";
/// Pages of channels that are looked at: two hundred thousand channels.
const PAGES: usize = 200;

/// Looks for the channel as Stentor does: by its id, or by its name among all, in each of these
/// workspaces of an organisation.
pub async fn examine(slack: &Asked<'_>, teams: &[Team], report: &mut Report) {
    let wanted = slack.plan.announce_channel.as_str();
    if ChannelId::from(wanted).is_well_formed() {
        let looked = slack.ask("conversations.info", &[("channel", wanted)]).await;
        return tell(looked.map(|answer| Some(answer["channel"].clone())), wanted, "", report);
    }
    if teams.is_empty() {
        return tell(find(slack, wanted, "").await, wanted, "", report);
    }
    for team in teams {
        let looked = find(slack, wanted, &team.id).await;
        tell(looked, wanted, &format!(" of {}", team.name), report);
    }
}

fn tell(looked: Result<Option<Value>, String>, wanted: &str, whose: &str, report: &mut Report) {
    match looked {
        Ok(Some(channel)) => judge(&channel, whose, report),
        Ok(None) => {
            report.ok(CHECK, format!("#{wanted}{whose} will be made with the first incident"));
        }
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

fn judge(channel: &Value, whose: &str, report: &mut Report) {
    let name = format!("{}{whose}", channel["name"].as_str().unwrap_or("?"));
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

async fn find(slack: &Asked<'_>, name: &str, team: &str) -> Result<Option<Value>, String> {
    let mut cursor = String::new();
    for _ in 0..PAGES {
        let arguments = [
            ("types", "public_channel,private_channel"),
            ("exclude_archived", "true"),
            ("limit", "1000"),
            ("team_id", team),
            ("cursor", cursor.as_str()),
        ];
        let answer = slack.ask("conversations.list", &arguments).await?;
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

//! Which workspaces of an organisation let Stentor in. It is installed for the organisation, but an
//! admin still adds it to each of them.

use crate::doctor::Report;
use crate::doctor::http::Asked;

const CHECK: &str = "workspaces";
/// Workspaces that are looked at. Whoever has more knows the others by these.
const LOOKED_AT: usize = 20;

/// A workspace of the organisation.
pub struct Team {
    /// Slack's id for it.
    pub id: String,
    /// What it is called.
    pub name: String,
}

/// Asks Slack which they are; nothing if there is none, or Slack does not say.
pub async fn examine(slack: &Asked<'_>, report: &mut Report) -> Option<Vec<Team>> {
    let answer = match slack.ask("auth.teams.list", &[("limit", "1000")]).await {
        Ok(answer) => answer,
        Err(error) => {
            report.failed(
                CHECK,
                format!("Slack does not show the organisation's workspaces: {error}"),
                "Run this again in a minute.",
            );
            return None;
        }
    };
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("?").to_owned();
    let teams = answer["teams"].as_array().into_iter().flatten();
    let mut teams: Vec<Team> =
        teams.map(|team| Team { id: text(&team["id"]), name: text(&team["name"]) }).collect();
    if teams.is_empty() {
        report.failed(
            CHECK,
            "Stentor is installed for an organisation, and none of its workspaces lets it in",
            "Have an admin of the organisation add it to the workspaces where it is wanted.",
        );
        return None;
    }
    let count = teams.len();
    teams.truncate(LOOKED_AT);
    let names: Vec<&str> = teams.iter().map(|team| team.name.as_str()).collect();
    let more = if count > LOOKED_AT { ", and more" } else { "" };
    report.ok(
        CHECK,
        format!("{count} of the organisation let Stentor in: {}{more}", names.join(", ")),
    );
    Some(teams)
}

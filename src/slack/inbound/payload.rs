//! The shapes of what Slack sends, read tolerantly: unknown fields and kinds are normal, and an
//! installation for a whole organisation has no team.

use serde::Deserialize;
use serde_json::Value;

use crate::ids::{ChannelId, TeamId, UserId};
use crate::json;

/// A slash command.
#[derive(Debug, Deserialize)]
pub struct SlashCommand {
    /// The workspace it was typed in.
    pub team_id: Option<TeamId>,
    /// The organisation, where there is one.
    pub enterprise_id: Option<TeamId>,
    /// Whether the app is installed for the whole organisation.
    #[serde(default)]
    pub is_enterprise_install: Truth,
    /// Who typed it.
    pub user_id: UserId,
    /// Where.
    pub channel_id: ChannelId,
    /// What came after the command.
    #[serde(default)]
    pub text: String,
    /// Opens one form, within 3 s. No two commands have the same.
    pub trigger_id: String,
}

impl SlashCommand {
    /// Whom the installation belongs to.
    pub fn installed_for(&self) -> Option<TeamId> {
        installation(
            self.is_enterprise_install.holds(),
            self.team_id.clone(),
            self.enterprise_id.clone(),
        )
    }

    /// Which workspace of the organisation it was typed in, if the app is installed for all of them.
    pub fn workspace_of_organisation(&self) -> Option<TeamId> {
        let teams = [self.team_id.as_ref()];
        workspace_of_organisation(self.is_enterprise_install.holds(), teams)
    }
}

/// Yes or no, in a form or in JSON.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Truth {
    /// As JSON has it.
    Plain(bool),
    /// As a form has it: `true` or `false`.
    Text(String),
}

impl Truth {
    fn holds(&self) -> bool {
        match self {
            Truth::Plain(truth) => *truth,
            Truth::Text(text) => text == "true",
        }
    }
}

impl Default for Truth {
    fn default() -> Self {
        Truth::Plain(false)
    }
}

/// A button, a form, a shortcut.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Interaction {
    /// Which kind.
    #[serde(rename = "type")]
    pub kind: String,
    team: Option<Named<TeamId>>,
    enterprise: Option<Named<TeamId>>,
    is_enterprise_install: bool,
    user: Option<Someone>,
    channel: Option<Named<ChannelId>>,
    /// Opens one form, within 3 s.
    pub trigger_id: String,
    /// Where an answer that only this person sees can be sent.
    pub response_url: Option<String>,
    /// What was pressed.
    pub actions: Vec<Action>,
    /// The form.
    pub view: Option<View>,
    /// Which shortcut.
    pub callback_id: String,
    /// The message that a shortcut was chosen for.
    pub message: Value,
}

#[derive(Debug, Deserialize)]
struct Named<T> {
    id: T,
}

#[derive(Debug, Deserialize)]
struct Someone {
    id: UserId,
    #[serde(default)]
    team_id: Option<TeamId>,
}

/// What was pressed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Action {
    /// Which button.
    pub action_id: String,
    /// What it carries.
    pub value: Option<String>,
}

/// A form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct View {
    /// Its id: no two openings have the same.
    pub id: String,
    /// Which form.
    pub callback_id: String,
    /// What it remembers.
    pub private_metadata: String,
    team_id: Option<TeamId>,
    app_installed_team_id: Option<TeamId>,
    state: State,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct State {
    values: Value,
}

/// The most values in a payload. A message with all the blocks it can have comes to some thousand.
const PIECES: usize = 50_000;

/// Reads a body in JSON, unless there is more in it than Slack ever sends.
pub fn read_value(body: &[u8]) -> Option<Value> {
    if json::pieces(body) > PIECES {
        return None;
    }
    serde_json::from_slice(body).ok()
}

impl Interaction {
    /// Reads a payload.
    pub fn read(payload: &str) -> Option<Interaction> {
        if json::pieces(payload.as_bytes()) > PIECES {
            return None;
        }
        serde_json::from_str(payload).ok()
    }

    /// Whom the installation belongs to.
    pub fn installed_for(&self) -> Option<TeamId> {
        let id = |named: &Option<Named<TeamId>>| named.as_ref().map(|named| named.id.clone());
        installation(self.is_enterprise_install, id(&self.team), id(&self.enterprise))
    }

    /// Which workspace of the organisation it was done in, if the app is installed for all of them.
    /// Slack names none as such then: what is left is where the form was opened, and where whoever did
    /// it belongs. Of somebody who is in several workspaces, that may be the organisation itself.
    pub fn workspace_of_organisation(&self) -> Option<TeamId> {
        let view = self.view.as_ref();
        let teams = [
            self.team.as_ref().map(|team| &team.id),
            view.and_then(|view| view.app_installed_team_id.as_ref()),
            view.and_then(|view| view.team_id.as_ref()),
            self.user.as_ref().and_then(|user| user.team_id.as_ref()),
        ];
        workspace_of_organisation(self.is_enterprise_install, teams)
    }

    /// Who did it.
    pub fn user(&self) -> Option<&UserId> {
        self.user.as_ref().map(|user| &user.id)
    }

    /// Where, if it was in a channel.
    pub fn channel(&self) -> Option<&ChannelId> {
        self.channel.as_ref().map(|channel| &channel.id)
    }
}

impl View {
    /// What was filled in, by block and action.
    pub fn values(&self) -> &Value {
        &self.state.values
    }
}

/// Something that happened in Slack, or a word about events in general.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EventEnvelope {
    /// Which of the two.
    #[serde(rename = "type")]
    pub kind: String,
    /// To be sent back, when Slack asks whether the address is ours.
    pub challenge: Option<String>,
    /// No two events have the same.
    pub event_id: String,
    /// When it happened, in seconds.
    pub event_time: i64,
    /// What happened.
    pub event: Value,
    team_id: Option<TeamId>,
    enterprise_id: Option<TeamId>,
    authorizations: Vec<Authorization>,
}

/// An installation that an event is for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Authorization {
    team_id: Option<TeamId>,
    enterprise_id: Option<TeamId>,
    user_id: Option<UserId>,
    is_enterprise_install: bool,
}

impl EventEnvelope {
    /// Which kind of event.
    pub fn event_kind(&self) -> &str {
        self.event["type"].as_str().unwrap_or_default()
    }

    /// Whom the installation belongs to.
    pub fn installed_for(&self) -> Option<TeamId> {
        let named = self.authorizations.first();
        let for_organisation = named.is_some_and(|named| named.is_enterprise_install);
        let team = named.and_then(|named| named.team_id.clone());
        let enterprise = named.and_then(|named| named.enterprise_id.clone());
        installation(
            for_organisation,
            team.or_else(|| self.team_id.clone()),
            enterprise.or_else(|| self.enterprise_id.clone()),
        )
    }

    /// Our own user there.
    pub fn us(&self) -> Option<&UserId> {
        self.authorizations.first()?.user_id.as_ref()
    }
}

/// An installation belongs to an organisation or to a workspace; interactions of the former may
/// name no workspace at all.
fn installation(
    for_organisation: bool,
    team: Option<TeamId>,
    enterprise: Option<TeamId>,
) -> Option<TeamId> {
    let named = |id: Option<TeamId>| id.filter(|id| !id.as_str().is_empty());
    let (team, enterprise) = (named(team), named(enterprise));
    if for_organisation { enterprise.or(team) } else { team.or(enterprise) }
}

/// The first of these that is a workspace. Where the app is installed in one workspace, that is
/// known already, and nothing has to be said of it.
fn workspace_of_organisation<const N: usize>(
    for_organisation: bool,
    teams: [Option<&TeamId>; N],
) -> Option<TeamId> {
    let mut workspaces = teams.into_iter().flatten().filter(|team| team.is_workspace());
    workspaces.next().filter(|_| for_organisation).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_which_workspace_of_an_organisation_is_meant() {
        let team = |payload: &str| {
            let interaction: Interaction = serde_json::from_str(payload).unwrap();
            interaction.workspace_of_organisation().map(|team| team.to_string())
        };
        let form = |installed: &str, user: &str| {
            format!(
                r#"{{"type":"view_submission","team":null,"enterprise":{{"id":"E0GRID"}},"is_enterprise_install":true,
                "user":{{"id":"W0ALICE","team_id":"{user}"}},
                "view":{{"id":"V1","team_id":"T0FORM","app_installed_team_id":"{installed}"}}}}"#
            )
        };
        assert_eq!(team(&form("T0APP", "T0USER")).as_deref(), Some("T0APP"));
        assert_eq!(team(&form("E0GRID", "T0USER")).as_deref(), Some("T0FORM"));
        let press = r#"{"type":"block_actions","team":null,"enterprise":{"id":"E0GRID"},"is_enterprise_install":true,
            "user":{"id":"W0ALICE","team_id":"T0USER"}}"#;
        assert_eq!(team(press).as_deref(), Some("T0USER"));
        assert_eq!(team(&press.replace("T0USER", "E0GRID")), None);
        // What is installed in one workspace needs nobody to say which.
        let plain = r#"{"type":"shortcut","team":{"id":"T0ACME"},"user":{"id":"U0ALICE","team_id":"T0ACME"}}"#;
        assert_eq!(team(plain), None);
        let command = |is_org: &str| -> SlashCommand {
            let form = format!(
                "team_id=T0ACME&enterprise_id=E0GRID&is_enterprise_install={is_org}&user_id=U1&channel_id=C1&trigger_id=1"
            );
            serde_urlencoded::from_str(&form).unwrap()
        };
        assert_eq!(command("true").workspace_of_organisation(), Some(TeamId::from("T0ACME")));
        assert_eq!(command("false").workspace_of_organisation(), None);
    }

    #[test]
    fn an_installation_for_an_organisation_has_no_team() {
        let payload = r#"{"type":"block_actions","team":null,"enterprise":{"id":"E0GRID001","name":"Grid"},
            "is_enterprise_install":true,"user":{"id":"W0ALICE","team_id":"E0GRID001"},"trigger_id":"1.2.3",
            "actions":[{"type":"button","action_id":"update","value":"x"}],"something_new":{"a":[1]}}"#;
        let interaction: Interaction = serde_json::from_str(payload).unwrap();
        assert_eq!(interaction.installed_for(), Some(TeamId::from("E0GRID001")));
        assert_eq!(interaction.user(), Some(&UserId::from("W0ALICE")));
        assert_eq!(interaction.channel(), None);
    }
}

//! Who Stentor is in a workspace, and where it announces.

use serde_json::{Value, json};

use crate::ids::{ChannelId, TeamId, UserId};
use crate::slack::outbound::Performer;
use crate::slack::outbound::calls::{Calls, Failed, Trouble};
use crate::slack::outbound::search::Search;
use crate::slack::outbound::teams::Team;
use crate::store::workspaces::{self, Workspace};
use crate::store::{pace, teams};

/// Who Stentor is in a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The workspace in Slack.
    pub team: TeamId,
    /// Stentor's user there.
    pub bot_user: UserId,
}

impl Performer {
    /// Asks Slack who this token belongs to, and remembers it.
    pub async fn identify(&self, workspace: &crate::ids::WorkspaceId) -> Result<Identity, Trouble> {
        let calls = Calls { performer: self, workspace, held: None };
        let answer = calls.post("auth.test", &json!({})).await?;
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        // The token of an organisation still names one of its workspaces.
        let organisation = text("enterprise_id");
        let organisation = organisation.filter(|_| answer["is_enterprise_install"] == true);
        let team = organisation.or_else(|| text("team_id"));
        let (Some(team), Some(bot_user)) = (team, text("user_id")) else {
            return Err(Trouble::give_up("auth.test says neither team nor user"));
        };
        let identity = Identity { team: TeamId::new(team), bot_user: UserId::new(bot_user) };
        let mut tx = self.db.begin().await?;
        if let Some(other) = workspaces::by_team(&mut tx, &identity.team).await?
            && other.id != *workspace
        {
            let slug = other.slug;
            return Err(Trouble::give_up(format!(
                "the bot token's Slack workspace was installed as {slug} already: leave --slack-bot-token out"
            )));
        }
        if !workspaces::claim_team(&mut tx, workspace, &identity.team).await? {
            return Err(Trouble::give_up(
                "the bot token belongs to another Slack workspace than this database",
            ));
        }
        workspaces::set_bot_user(&mut tx, workspace, &identity.bot_user).await?;
        tx.commit().await?;
        Ok(identity)
    }

    /// Forgets that Slack was away, or refused the token: it is tried again at once.
    pub async fn wake(&self, workspace: &crate::ids::WorkspaceId) -> Result<(), sqlx::Error> {
        let mut tx = self.db.begin().await?;
        pace::wake(&mut tx, workspace).await?;
        tx.commit().await
    }

    /// Stentor's own user, asked of Slack the first time.
    pub(super) async fn bot_user(
        &self,
        workspace: &crate::ids::WorkspaceId,
    ) -> Result<UserId, Trouble> {
        match self.workspace(workspace).await?.bot_user {
            Some(bot_user) => Ok(bot_user),
            None => Ok(self.identify(workspace).await?.bot_user),
        }
    }

    pub(super) async fn workspace(
        &self,
        id: &crate::ids::WorkspaceId,
    ) -> Result<Workspace, Trouble> {
        let mut tx = self.db.read().await?;
        Ok(workspaces::by_id(&mut tx, id).await?)
    }

    /// The announcement channel, if the settings give its id.
    pub(super) fn configured_announcement_channel(&self) -> Option<ChannelId> {
        Some(ChannelId::from(&*self.announce_channel)).filter(ChannelId::is_well_formed)
    }

    /// The announcement channel in this team: found by its name once, and made if nobody has.
    pub(super) async fn announcement_channel(
        &self,
        calls: &Calls<'_>,
        team: &Team,
    ) -> Result<ChannelId, Failed> {
        let wanted = &*self.announce_channel;
        if let Some(channel) = self.known_announcement_channel(calls, team, wanted).await? {
            return Ok(channel);
        }
        let channel = match find_channel(calls, team, wanted, false).await? {
            Some(channel) => channel,
            None => create_channel(calls, team, wanted).await?,
        };
        let (workspace, now) = (calls.workspace, self.clock.now());
        let mut tx = self.db.begin().await?;
        match team.id() {
            None => workspaces::set_announce_channel(&mut tx, workspace, wanted, &channel).await?,
            Some(team) => {
                teams::set_announce_channel(&mut tx, workspace, team, wanted, &channel, now)
                    .await?;
            }
        }
        tx.commit().await?;
        Ok(channel)
    }

    async fn known_announcement_channel(
        &self,
        calls: &Calls<'_>,
        team: &Team,
        wanted: &str,
    ) -> Result<Option<ChannelId>, Failed> {
        if let Some(team) = team.id() {
            let mut tx = self.db.read().await?;
            return Ok(teams::announce_channel(&mut tx, calls.workspace, team, wanted).await?);
        }
        let workspace = self.workspace(calls.workspace).await?;
        let is_of_that_name = workspace.announce_name.as_deref() == Some(wanted);
        Ok(workspace.announce_channel.filter(|_| is_of_that_name))
    }

    /// Forgets which channel the name stands for, if it is this one: that is gone.
    pub(super) async fn forget_announcement_channel(
        &self,
        calls: &Calls<'_>,
        gone: &ChannelId,
    ) -> Result<(), Failed> {
        let mut tx = self.db.begin().await?;
        if workspaces::by_id(&mut tx, calls.workspace).await?.announce_channel.as_ref()
            == Some(gone)
        {
            let nowhere = ChannelId::from("");
            workspaces::set_announce_channel(&mut tx, calls.workspace, "", &nowhere).await?;
        }
        teams::forget_announce_channel(&mut tx, calls.workspace, gone).await?;
        Ok(tx.commit().await?)
    }

    /// Whether a channel of this name is archived in this team.
    pub(super) async fn is_archived(
        &self,
        calls: &Calls<'_>,
        team: &Team,
        name: &str,
    ) -> Result<bool, Failed> {
        Ok(find_channel(calls, team, name, true).await?.is_some())
    }
}

async fn find_channel(
    calls: &Calls<'_>,
    team: &Team,
    name: &str,
    is_archived: bool,
) -> Result<Option<ChannelId>, Failed> {
    let without = if is_archived { "false" } else { "true" };
    let which = if is_archived { "archived " } else { "" };
    let mut arguments =
        vec![("types", "public_channel,private_channel"), ("exclude_archived", without)];
    arguments.extend(team.argument());
    let search = Search {
        method: "conversations.list",
        arguments: &arguments,
        list: "channels",
        what: &format!("{which}{name} {}", team.word()),
    };
    let is_it = |channel: &Value| channel["name"] == name && channel["is_archived"] == is_archived;
    let found = calls.find(&search, is_it).await?;
    Ok(found.and_then(|channel| channel["id"].as_str().map(ChannelId::from)))
}

async fn create_channel(calls: &Calls<'_>, team: &Team, name: &str) -> Result<ChannelId, Failed> {
    let arguments = team.named_in(json!({"name": name, "is_private": false}));
    let answer = calls.post("conversations.create", &arguments).await?;
    let id = answer["channel"]["id"].as_str();
    id.map(ChannelId::from)
        .ok_or_else(|| Failed::give_up("conversations.create answered without an id"))
}

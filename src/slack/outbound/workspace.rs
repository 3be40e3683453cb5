//! Who Stentor is in a workspace, and where it announces.

use serde_json::json;

use crate::ids::{ChannelId, TeamId, UserId};
use crate::slack::outbound::Performer;
use crate::slack::outbound::calls::{Calls, Trouble};
use crate::slack::outbound::search::Search;
use crate::store::pace;
use crate::store::workspaces::{self, Workspace};

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

    async fn workspace(&self, id: &crate::ids::WorkspaceId) -> Result<Workspace, Trouble> {
        let mut tx = self.db.read().await?;
        Ok(workspaces::by_id(&mut tx, id).await?)
    }

    /// The announcement channel: found by its name once, and made if nobody has.
    pub(super) async fn announcement_channel(
        &self,
        calls: &Calls<'_>,
    ) -> Result<ChannelId, Trouble> {
        let wanted = &*self.announce_channel;
        if ChannelId::from(wanted).is_well_formed() {
            return Ok(ChannelId::from(wanted));
        }
        let workspace = self.workspace(calls.workspace).await?;
        if let Some(channel) = workspace
            .announce_channel
            .filter(|_| workspace.announce_name.as_deref() == Some(wanted))
        {
            return Ok(channel);
        }
        let channel = match find_channel(calls, wanted).await? {
            Some(channel) => channel,
            None => create_channel(calls, wanted).await?,
        };
        let mut tx = self.db.begin().await?;
        workspaces::set_announce_channel(&mut tx, calls.workspace, wanted, &channel).await?;
        tx.commit().await?;
        Ok(channel)
    }

    /// Forgets which channel the name stands for: it is gone.
    pub(super) async fn forget_announcement_channel(
        &self,
        calls: &Calls<'_>,
    ) -> Result<(), Trouble> {
        let mut tx = self.db.begin().await?;
        workspaces::set_announce_channel(&mut tx, calls.workspace, "", &ChannelId::from(""))
            .await?;
        Ok(tx.commit().await?)
    }
}

async fn find_channel(calls: &Calls<'_>, name: &str) -> Result<Option<ChannelId>, Trouble> {
    let search = Search {
        method: "conversations.list",
        arguments: &[("types", "public_channel,private_channel"), ("exclude_archived", "true")],
        list: "channels",
        what: name,
    };
    let found = calls.find(&search, |channel| channel["name"] == name).await?;
    Ok(found.and_then(|channel| channel["id"].as_str().map(ChannelId::from)))
}

async fn create_channel(calls: &Calls<'_>, name: &str) -> Result<ChannelId, Trouble> {
    let answer =
        calls.post("conversations.create", &json!({"name": name, "is_private": false})).await?;
    let id = answer["channel"]["id"].as_str();
    id.map(ChannelId::from)
        .ok_or_else(|| Trouble::give_up("conversations.create answered without an id"))
}

//! Workspaces: whom Stentor serves, and what things are called there.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use sqlx::types::Json;

use crate::clock::Timestamp;
use crate::ids::{ChannelId, TeamId, UserId, WorkspaceId};
use crate::incident::catalogue::Catalogue;
use crate::store::db::{Result, Tx};

/// A workspace, without its catalogue.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// The word for it in addresses.
    pub slug: String,
    /// The Slack workspace, once Slack has said which.
    pub slack_team: Option<TeamId>,
    /// Stentor's own user there.
    pub bot_user: Option<UserId>,
    /// The channel behind the configured announcement channel, once found.
    pub announce_channel: Option<ChannelId>,
    /// The configured name for which that channel was found.
    pub announce_name: Option<String>,
}

/// Makes the workspace of this slug if it is not there, with the default catalogue.
pub async fn ensure(
    tx: &mut Tx,
    id: &WorkspaceId,
    slug: &str,
    now: Timestamp,
) -> Result<Workspace> {
    tx.query(
        "INSERT INTO workspace (id, slug, catalogue, catalogue_version, created_at)
         VALUES ($1, $2, $3, 1, $4)
         ON CONFLICT (slug) DO NOTHING",
    )
    .bind(id.clone())
    .bind(slug.to_owned())
    .bind(Json(Catalogue::beginning(now)))
    .bind(now)
    .execute()
    .await?;
    tx.query(
        "SELECT id, slug, slack_team, bot_user, announce_channel, announce_name FROM workspace WHERE slug = $1",
    )
    .bind(slug.to_owned())
    .one()
    .await
}

/// Makes a workspace for this team. Says no if the slug or the team is taken.
pub async fn create(
    tx: &mut Tx,
    id: &WorkspaceId,
    slug: &str,
    team: &TeamId,
    now: Timestamp,
) -> Result<bool> {
    let made = tx
        .query(
            "INSERT INTO workspace (id, slug, slack_team, catalogue, catalogue_version, created_at)
             VALUES ($1, $2, $3, $4, 1, $5)
             ON CONFLICT DO NOTHING",
        )
        .bind(id.clone())
        .bind(slug.to_owned())
        .bind(team.clone())
        .bind(Json(Catalogue::beginning(now)))
        .bind(now)
        .execute()
        .await?;
    Ok(made == 1)
}

/// Whether nobody has worked in it: it has no incident and no token.
pub async fn is_untouched(tx: &mut Tx, id: &WorkspaceId) -> Result<bool> {
    let (touched,): (i64,) = tx
        .query(
            "SELECT (SELECT COUNT(*) FROM counter WHERE workspace = $1)
                  + (SELECT COUNT(*) FROM token WHERE workspace = $1)",
        )
        .bind(id.clone())
        .one()
        .await?;
    Ok(touched == 0)
}

/// The workspace of this slug.
pub async fn by_slug(tx: &mut Tx, slug: &str) -> Result<Option<Workspace>> {
    tx.query(
        "SELECT id, slug, slack_team, bot_user, announce_channel, announce_name FROM workspace WHERE slug = $1",
    )
    .bind(slug.to_owned())
    .optional()
    .await
}

/// The workspace with this id.
pub async fn by_id(tx: &mut Tx, id: &WorkspaceId) -> Result<Workspace> {
    tx.query("SELECT id, slug, slack_team, bot_user, announce_channel, announce_name FROM workspace WHERE id = $1")
        .bind(id.clone())
        .one()
        .await
}

/// All workspaces, oldest first.
pub async fn ids(tx: &mut Tx) -> Result<Vec<WorkspaceId>> {
    let rows: Vec<(WorkspaceId,)> =
        tx.query("SELECT id FROM workspace ORDER BY created_at, id").all().await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The workspace that is this team in Slack.
pub async fn by_team(tx: &mut Tx, team: &TeamId) -> Result<Option<Workspace>> {
    tx.query(
        "SELECT id, slug, slack_team, bot_user, announce_channel, announce_name FROM workspace WHERE slack_team = $1",
    )
    .bind(team.clone())
    .optional()
    .await
}

/// Catalogues that were read before, by workspace.
///
/// What is asked of the database each time is only whether it is still the same one: that costs a
/// number instead of a document, and can't be out of date on another replica.
#[derive(Clone, Default)]
pub struct Catalogues(Arc<RwLock<HashMap<WorkspaceId, Versioned>>>);

type Versioned = (i64, Arc<Catalogue>);

impl Catalogues {
    /// What things are called in this workspace.
    pub async fn of(&self, tx: &mut Tx, workspace: &WorkspaceId) -> Result<Arc<Catalogue>> {
        let (version,): (i64,) = tx
            .query("SELECT catalogue_version FROM workspace WHERE id = $1")
            .bind(workspace.clone())
            .one()
            .await?;
        let known = self.0.read().expect("nothing panics with it").get(workspace).cloned();
        if let Some((_, catalogue)) = known.filter(|(known, _)| *known == version) {
            return Ok(catalogue);
        }
        let (catalogue,): (Json<Catalogue>,) = tx
            .query("SELECT catalogue FROM workspace WHERE id = $1")
            .bind(workspace.clone())
            .one()
            .await?;
        let catalogue = Arc::new(catalogue.0);
        let mut known = self.0.write().expect("nothing panics with it");
        known.insert(workspace.clone(), (version, Arc::clone(&catalogue)));
        Ok(catalogue)
    }
}

/// The catalogue as it is, with its version.
pub async fn catalogue(tx: &mut Tx, workspace: &WorkspaceId) -> Result<(i64, Catalogue)> {
    let (version, catalogue): (i64, Json<Catalogue>) = tx
        .query("SELECT catalogue_version, catalogue FROM workspace WHERE id = $1")
        .bind(workspace.clone())
        .one()
        .await?;
    Ok((version, catalogue.0))
}

/// Keeps a catalogue that was made of the one of this version. Says no if somebody was faster: then
/// nothing was kept.
pub async fn keep_catalogue(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    version: i64,
    catalogue: &Catalogue,
) -> Result<bool> {
    let kept = tx
        .query(
            "UPDATE workspace SET catalogue = $3, catalogue_version = catalogue_version + 1
             WHERE id = $1 AND catalogue_version = $2",
        )
        .bind(workspace.clone())
        .bind(version)
        .bind(Json(catalogue))
        .execute()
        .await?;
    Ok(kept == 1)
}

/// Remembers which team in Slack this is, and who Stentor is there. A team that is known already
/// stays: another team's token must not take over its incidents.
pub async fn claim_team(tx: &mut Tx, workspace: &WorkspaceId, team: &TeamId) -> Result<bool> {
    let claimed = tx
        .query("UPDATE workspace SET slack_team = $2 WHERE id = $1 AND (slack_team IS NULL OR slack_team = $2)")
        .bind(workspace.clone())
        .bind(team.clone())
        .execute()
        .await?;
    Ok(claimed == 1)
}

/// Remembers who Stentor is in this workspace.
pub async fn set_bot_user(tx: &mut Tx, workspace: &WorkspaceId, bot_user: &UserId) -> Result<()> {
    tx.query("UPDATE workspace SET bot_user = $2 WHERE id = $1")
        .bind(workspace.clone())
        .bind(bot_user.clone())
        .execute()
        .await?;
    Ok(())
}

/// Remembers the channel behind the configured name of the announcement channel.
pub async fn set_announce_channel(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    name: &str,
    channel: &ChannelId,
) -> Result<()> {
    tx.query("UPDATE workspace SET announce_channel = $2, announce_name = $3 WHERE id = $1")
        .bind(workspace.clone())
        .bind(channel.clone())
        .bind(name.to_owned())
        .execute()
        .await?;
    Ok(())
}

/// The announcement channel has another id, if it is this one.
pub async fn move_announce_channel(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    old: &ChannelId,
    new: &ChannelId,
) -> Result<()> {
    tx.query("UPDATE workspace SET announce_channel = $3 WHERE id = $1 AND announce_channel = $2")
        .bind(workspace.clone())
        .bind(old.clone())
        .bind(new.clone())
        .execute()
        .await?;
    Ok(())
}

/// Takes so many numbers for incidents, without gaps or repeats, and returns the first, and when they
/// are given: never before a smaller one was.
pub async fn take_numbers(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    count: i64,
    now: Timestamp,
) -> Result<(i64, Timestamp)> {
    let (last, at): (i64, Timestamp) = tx
        .query(
            "INSERT INTO counter (workspace, name, value, at) VALUES ($1, 'incident', $2, $3)
             ON CONFLICT (workspace, name) DO UPDATE SET value = counter.value + excluded.value,
                 at = CASE WHEN counter.at > excluded.at THEN counter.at ELSE excluded.at END
             RETURNING value, at",
        )
        .bind(workspace.clone())
        .bind(count)
        .bind(now)
        .one()
        .await?;
    Ok((last - count + 1, at))
}

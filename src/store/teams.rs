//! The Slack workspaces of an organisation that has installed Stentor for all of them. Each has
//! channels of its own, and a channel is opened in one of them.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::{ChannelId, TeamId, WorkspaceId};
use crate::store::db::{Result, Tx};

/// Whether Stentor knows of this one.
pub async fn is_known(tx: &mut Tx, workspace: &WorkspaceId, team: &TeamId) -> Result<bool> {
    let known: Option<(Timestamp,)> = tx
        .query("SELECT known_at FROM team WHERE workspace = $1 AND team = $2")
        .bind(workspace.clone())
        .bind(team.clone())
        .optional()
        .await?;
    Ok(known.is_some())
}

/// Remembers one, unless it is known.
pub async fn remember(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    team: &TeamId,
    now: Timestamp,
) -> Result<()> {
    tx.query(
        "INSERT INTO team (workspace, team, known_at) VALUES ($1, $2, $3)
         ON CONFLICT (workspace, team) DO NOTHING",
    )
    .bind(workspace.clone())
    .bind(team.clone())
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// Forgets one: Slack does not let Stentor in there. When somebody uses it there again, it is known
/// again.
pub async fn forget(tx: &mut Tx, workspace: &WorkspaceId, team: &TeamId) -> Result<()> {
    tx.query("DELETE FROM team WHERE workspace = $1 AND team = $2")
        .bind(workspace.clone())
        .bind(team.clone())
        .execute()
        .await?;
    Ok(())
}

/// All that Stentor knows of. The first one is where channels are opened that nobody in Slack has
/// asked for: the one that has been known for longest, unless somebody prefers another.
pub async fn all(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<TeamId>> {
    let rows: Vec<(TeamId,)> = tx
        .query("SELECT team FROM team WHERE workspace = $1 ORDER BY known_at, team")
        .bind(workspace.clone())
        .all()
        .await?;
    Ok(rows.into_iter().map(|(team,)| team).collect())
}

/// Makes this the first one, whether or not it is known.
pub async fn prefer(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    team: &TeamId,
    now: Timestamp,
) -> Result<()> {
    let known: Option<(Timestamp,)> = tx
        .query("SELECT known_at FROM team WHERE workspace = $1 ORDER BY known_at LIMIT 1")
        .bind(workspace.clone())
        .optional()
        .await?;
    let before_all = known.map_or(now, |(first,)| first.minus(Duration::from_secs(1)));
    tx.query(
        "INSERT INTO team (workspace, team, known_at) VALUES ($1, $2, $3)
         ON CONFLICT (workspace, team) DO UPDATE SET known_at = excluded.known_at",
    )
    .bind(workspace.clone())
    .bind(team.clone())
    .bind(before_all)
    .execute()
    .await?;
    Ok(())
}

/// The channel that this name of the announcement channel stands for there, once found.
pub async fn announce_channel(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    team: &TeamId,
    name: &str,
) -> Result<Option<ChannelId>> {
    let row: Option<(Option<ChannelId>,)> = tx
        .query(
            "SELECT announce_channel FROM team WHERE workspace = $1 AND team = $2 AND announce_name = $3",
        )
        .bind(workspace.clone())
        .bind(team.clone())
        .bind(name.to_owned())
        .optional()
        .await?;
    Ok(row.and_then(|(channel,)| channel))
}

/// Remembers the channel behind the configured name of the announcement channel. Whoever was let
/// look for it is known there, whether or not somebody has used Stentor there.
pub async fn set_announce_channel(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    team: &TeamId,
    name: &str,
    channel: &ChannelId,
    now: Timestamp,
) -> Result<()> {
    tx.query(
        "INSERT INTO team (workspace, team, known_at, announce_channel, announce_name)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (workspace, team) DO UPDATE
         SET announce_channel = excluded.announce_channel, announce_name = excluded.announce_name",
    )
    .bind(workspace.clone())
    .bind(team.clone())
    .bind(now)
    .bind(channel.clone())
    .bind(name.to_owned())
    .execute()
    .await?;
    Ok(())
}

/// This channel is announced in no more: it is gone. Several teams can share one.
pub async fn forget_announce_channel(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    gone: &ChannelId,
) -> Result<()> {
    tx.query(
        "UPDATE team SET announce_channel = NULL WHERE workspace = $1 AND announce_channel = $2",
    )
    .bind(workspace.clone())
    .bind(gone.clone())
    .execute()
    .await?;
    Ok(())
}

/// An announcement channel has another id, if it is this one.
pub async fn move_announce_channel(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    old: &ChannelId,
    new: &ChannelId,
) -> Result<()> {
    tx.query(
        "UPDATE team SET announce_channel = $3 WHERE workspace = $1 AND announce_channel = $2",
    )
    .bind(workspace.clone())
    .bind(old.clone())
    .bind(new.clone())
    .execute()
    .await?;
    Ok(())
}

//! What Slack shows of an incident, and where.

use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use crate::ids::{ChannelId, GroupId, IncidentId, MessageTs, TeamId, UserId, WorkspaceId};
use crate::incident::reactions::Surface;
use crate::store::db::{Result, Tx};

/// Which of the things that Slack shows of an incident.
#[derive(Clone, Copy, Debug)]
pub enum Kind<'a> {
    /// One that every incident has.
    Surface(Surface),
    /// The card of a group of alerts.
    Alerts(&'a GroupId),
}

impl Kind<'_> {
    /// The word for it in the database.
    fn to_text(self) -> String {
        match self {
            Kind::Surface(surface) => surface.as_str().to_owned(),
            Kind::Alerts(group) => format!("alerts/{group}"),
        }
    }
}

impl From<Surface> for Kind<'_> {
    fn from(surface: Surface) -> Self {
        Kind::Surface(surface)
    }
}

/// What is known of one surface in Slack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The channel it is in, or is.
    pub channel: Option<ChannelId>,
    /// The message it is.
    pub ts: Option<MessageTs>,
    /// A hash of what was last shown.
    pub hash: Option<String>,
    /// What else there is to know.
    pub detail: Detail,
}

/// What else there is to know of a surface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// The message is pinned.
    pub pinned: bool,
    /// It was made again at once because somebody had deleted it; that is done once.
    pub restored: bool,
    /// These were invited.
    pub invited: Vec<UserId>,
    /// The Slack workspace of an organisation in which it is made, where nobody has said which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
}

/// What Slack shows of this incident there; nothing known if it never showed anything.
pub async fn shown(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incident: &IncidentId,
    kind: impl Into<Kind<'_>>,
) -> Result<Shown> {
    type Row = (Option<ChannelId>, Option<MessageTs>, Option<String>, Json<Detail>);
    let row: Option<Row> = tx
        .query("SELECT channel, ts, shown, detail FROM surface WHERE workspace = $1 AND incident = $2 AND kind = $3")
        .bind(workspace.clone())
        .bind(incident.clone())
        .bind(kind.into().to_text())
        .optional()
        .await?;
    Ok(row.map_or_else(Shown::default, |(channel, ts, hash, detail)| Shown {
        channel,
        ts,
        hash,
        detail: detail.0,
    }))
}

/// What was shown in one channel is in another now: Slack has given it another id.
pub async fn move_channel(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    old: &ChannelId,
    new: &ChannelId,
) -> Result<()> {
    tx.query("UPDATE surface SET channel = $3 WHERE workspace = $1 AND channel = $2")
        .bind(workspace.clone())
        .bind(old.clone())
        .bind(new.clone())
        .execute()
        .await?;
    Ok(())
}

/// Remembers what Slack shows of this incident there.
pub async fn save(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incident: &IncidentId,
    kind: impl Into<Kind<'_>>,
    shown: &Shown,
) -> Result<()> {
    tx.query(
        "INSERT INTO surface (workspace, incident, kind, channel, ts, shown, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (workspace, incident, kind) DO UPDATE
         SET channel = excluded.channel, ts = excluded.ts, shown = excluded.shown, detail = excluded.detail",
    )
    .bind(workspace.clone())
    .bind(incident.clone())
    .bind(kind.into().to_text())
    .bind(shown.channel.clone())
    .bind(shown.ts.clone())
    .bind(shown.hash.clone())
    .bind(Json(shown.detail.clone()))
    .execute()
    .await?;
    Ok(())
}

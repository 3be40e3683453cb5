//! Incidents as they stand.

use sqlx::types::Json;

use crate::ids::{ChannelId, IncidentId, WorkspaceId};
use crate::incident::access;
use crate::incident::event::Actor;
use crate::incident::state::{Incident, Visibility};
use crate::store::db::{Query, Result, Table, Tx, Value};

type Row = (Json<Incident>,);

/// What is written by whoever keeps the index, which tells of this version then.
const LISTED: Table = Table {
    columns: "incident (workspace, id, number, version, category, severity, visibility, channel, name_folded,
        created_at, updated_at, ended_at, listed_version, state)",
    conflict: "ON CONFLICT (workspace, id) DO UPDATE SET version = excluded.version, category = excluded.category,
        severity = excluded.severity, visibility = excluded.visibility, channel = excluded.channel,
        name_folded = excluded.name_folded, created_at = excluded.created_at, updated_at = excluded.updated_at,
        ended_at = excluded.ended_at, listed_version = excluded.listed_version, state = excluded.state",
};

/// What is written beside the index, which tells of the version before until it catches up.
const UNLISTED: Table = Table {
    columns: "incident (workspace, id, number, version, category, severity, visibility, channel, name_folded,
        created_at, updated_at, ended_at, listed_version, state)",
    conflict: "ON CONFLICT (workspace, id) DO UPDATE SET version = excluded.version, category = excluded.category,
        severity = excluded.severity, visibility = excluded.visibility, channel = excluded.channel,
        name_folded = excluded.name_folded, state = excluded.state",
};

/// Writes these incidents as they stand now; the index catches up. The timeline, written in the same
/// transaction, keeps two writers apart.
pub async fn save(tx: &mut Tx, workspace: &WorkspaceId, incidents: &[&Incident]) -> Result<()> {
    tx.insert_rows(UNLISTED, incidents, |query, incident| bind(query, workspace, incident, None))
        .await?;
    Ok(())
}

/// Writes these incidents as they stand now; the index tells of them as they are, by the word of whoever
/// writes it in the same transaction.
pub async fn save_listed(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incidents: &[&Incident],
) -> Result<()> {
    tx.insert_rows(LISTED, incidents, |query, incident| {
        bind(query, workspace, incident, Some(incident.version))
    })
    .await?;
    Ok(())
}

fn bind<'q>(
    query: Query<'q>,
    workspace: &WorkspaceId,
    incident: &Incident,
    listed_version: Option<i64>,
) -> Query<'q> {
    query
        .bind(workspace.clone())
        .bind(incident.id.clone())
        .bind(incident.number)
        .bind(incident.version)
        .bind(incident.category.as_str().to_owned())
        .bind(incident.severity.clone())
        .bind(visibility_word(incident.visibility).to_owned())
        .bind(incident.channel.clone())
        .bind(folded(incident))
        .bind(incident.declared_at)
        .bind(incident.updated_at)
        .bind(incident.ended_at)
        .bind(listed_version)
        .bind(Json(incident))
}

/// What a text search looks at.
pub fn folded(incident: &Incident) -> String {
    format!("{}\n{}", incident.name, incident.summary).to_lowercase()
}

fn visibility_word(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Private => "private",
    }
}

/// An incident that is about to be changed.
pub struct Loaded {
    /// The incident.
    pub incident: Incident,
    /// Whether the index tells of it as it is.
    pub is_listed: bool,
}

/// The incidents with these ids, numbers or channels, to be changed.
pub async fn to_change(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    ids: &[IncidentId],
    numbers: &[i64],
    channels: &[ChannelId],
) -> Result<Vec<Loaded>> {
    let mut loaded = among_to_change(tx, "id", workspace, ids).await?;
    loaded.extend(among_to_change(tx, "number", workspace, numbers).await?);
    loaded.extend(among_to_change(tx, "channel", workspace, channels).await?);
    Ok(loaded)
}

async fn among_to_change<K: Value + Clone>(
    tx: &mut Tx,
    key: &'static str,
    workspace: &WorkspaceId,
    keys: &[K],
) -> Result<Vec<Loaded>> {
    let rows: Vec<(Json<Incident>, i64, Option<i64>)> = tx
        .all_among("SELECT state, version, listed_version FROM incident", key, workspace, keys)
        .await?;
    let loaded = rows.into_iter().map(|(state, version, listed)| Loaded {
        incident: state.0,
        is_listed: listed == Some(version),
    });
    Ok(loaded.collect())
}

/// The incidents with these ids.
pub async fn with_ids(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    ids: &[IncidentId],
) -> Result<Vec<Incident>> {
    among(tx, "id", workspace, ids).await
}

/// Those of the incidents with these ids that this actor may see, by age.
pub async fn with_ids_seen_by(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
    ids: &[IncidentId],
) -> Result<Vec<Incident>> {
    let mut found = with_ids(tx, workspace, ids).await?;
    found.retain(|incident| access::may_see(incident, actor));
    found.sort_by_key(|incident| incident.number);
    found.dedup_by_key(|incident| incident.number);
    Ok(found)
}

/// The incidents with these numbers.
pub async fn with_numbers(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    numbers: &[i64],
) -> Result<Vec<Incident>> {
    among(tx, "number", workspace, numbers).await
}

/// The incidents that these channels belong to.
pub async fn with_channels(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    channels: &[ChannelId],
) -> Result<Vec<Incident>> {
    among(tx, "channel", workspace, channels).await
}

async fn among<K: Value + Clone>(
    tx: &mut Tx,
    key: &'static str,
    workspace: &WorkspaceId,
    keys: &[K],
) -> Result<Vec<Incident>> {
    let rows: Vec<Row> = tx.all_among("SELECT state FROM incident", key, workspace, keys).await?;
    Ok(rows.into_iter().map(|(state,)| state.0).collect())
}

/// The incident with this id.
pub async fn by_id(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &IncidentId,
) -> Result<Option<Incident>> {
    Ok(with_ids(tx, workspace, std::slice::from_ref(id)).await?.pop())
}

/// The incident with this number.
pub async fn by_number(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    number: i64,
) -> Result<Option<Incident>> {
    Ok(with_numbers(tx, workspace, &[number]).await?.pop())
}

/// The incident that this channel belongs to.
pub async fn by_channel(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    channel: &ChannelId,
) -> Result<Option<Incident>> {
    Ok(with_channels(tx, workspace, std::slice::from_ref(channel)).await?.pop())
}

/// The newest incidents that have not ended and have a channel.
pub async fn with_open_channel(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    limit: i64,
) -> Result<Vec<IncidentId>> {
    let rows: Vec<(IncidentId,)> = tx
        .query(
            "SELECT id FROM incident WHERE workspace = $1 AND channel IS NOT NULL
                 AND category IN ('triage', 'live', 'paused', 'learning')
             ORDER BY number DESC LIMIT $2",
        )
        .bind(workspace.clone())
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

//! Incidents as they stand.

use sqlx::types::Json;

use crate::ids::{ChannelId, IncidentId, SeverityId, WorkspaceId};
use crate::incident::access;
use crate::incident::catalogue::StatusCategory;
use crate::incident::event::Actor;
use crate::incident::state::{Incident, Visibility};
use crate::store::db::{Query, Result, Table, Tx, Value};

type Row = (Json<Incident>,);

const INCIDENTS: Table = Table {
    columns: "incident (workspace, id, number, version, category, severity, visibility, channel, name_folded, state)",
    conflict: "ON CONFLICT (workspace, id) DO UPDATE SET version = excluded.version, category = excluded.category,
        severity = excluded.severity, visibility = excluded.visibility, channel = excluded.channel,
        name_folded = excluded.name_folded, state = excluded.state",
};

/// Writes these incidents as they stand now. The timeline, written in the same transaction, keeps
/// two writers apart.
pub async fn save(tx: &mut Tx, workspace: &WorkspaceId, incidents: &[&Incident]) -> Result<()> {
    tx.insert_rows(INCIDENTS, incidents, |query, incident| bind(query, workspace, incident))
        .await?;
    Ok(())
}

fn bind<'q>(query: Query<'q>, workspace: &WorkspaceId, incident: &Incident) -> Query<'q> {
    query
        .bind(workspace.clone())
        .bind(incident.id.clone())
        .bind(incident.number)
        .bind(incident.version)
        .bind(incident.category.as_str().to_owned())
        .bind(incident.severity.clone())
        .bind(visibility_word(incident.visibility).to_owned())
        .bind(incident.channel.clone())
        .bind(format!("{}\n{}", incident.name, incident.summary).to_lowercase())
        .bind(Json(incident))
}

fn visibility_word(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Private => "private",
    }
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

/// Which incidents to list. An empty list of categories means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// In one of these parts of life.
    pub categories: Vec<StatusCategory>,
    /// Of this severity.
    pub severity: Option<SeverityId>,
    /// With this in the name or summary, whatever the case.
    pub text: Option<String>,
}

/// How many parts of life a filter can name: all of them.
const CATEGORIES: usize = StatusCategory::ALL.len();

/// A page of incidents, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Those that the actor may see.
    pub incidents: Vec<Incident>,
    /// The number before which the next page begins; nothing on the last one.
    pub next_before: Option<i64>,
}

/// The newest incidents that this actor may see, before this number, newest first.
pub async fn list(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
    filter: &Filter,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Incident>> {
    Ok(page(tx, workspace, actor, filter, before, limit).await?.incidents)
}

/// One page of the incidents that this actor may see, newest first.
///
/// Pages go by number, so that the thousandth page costs what the first does. What the actor may
/// not see leaves no trace: a page that were shorter for it, or a next page with nothing on it,
/// would tell somebody who searches that there is something.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
    filter: &Filter,
    before: Option<i64>,
    limit: i64,
) -> Result<Page> {
    let wanted = usize::try_from(limit).unwrap_or_default();
    // One more than asked for says whether another page follows.
    let at_once = limit.max(ROWS_AT_ONCE).saturating_add(1);
    let mut incidents: Vec<Incident> = Vec::new();
    let mut before = before.unwrap_or(i64::MAX);
    loop {
        let found = candidates(tx, workspace, actor, filter, before, at_once).await?;
        let last = found.last().map(|incident| incident.number);
        let is_end = i64::try_from(found.len()).unwrap_or(i64::MAX) < at_once;
        incidents.extend(found.into_iter().filter(|incident| access::may_see(incident, actor)));
        match last {
            Some(last) if !is_end && incidents.len() <= wanted => before = last,
            _ => break,
        }
    }
    let is_more = incidents.len() > wanted;
    incidents.truncate(wanted);
    let last = incidents.last().map(|incident| incident.number);
    Ok(Page { incidents, next_before: last.filter(|_| is_more) })
}

/// Rows that are looked at together at least, where most of them may be hidden.
const ROWS_AT_ONCE: i64 = 50;

/// Incidents before this number, newest first. Some that the actor may not see are among them.
async fn candidates(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
    filter: &Filter,
    before: i64,
    limit: i64,
) -> Result<Vec<Incident>> {
    let mut query = tx
        .query(
            "SELECT state FROM incident
             WHERE workspace = $1 AND number < $2
               AND ($3 IS NULL OR severity = $3)
               AND ($4 IS NULL OR name_folded LIKE $4 ESCAPE '!')
               AND (category IN ($5, $6, $7, $8, $9, $10, $11, $12))
               AND (visibility = 'public' OR CAST(state AS TEXT) LIKE $13 ESCAPE '!')
             ORDER BY number DESC LIMIT $14",
        )
        .bind(workspace.clone())
        .bind(before)
        .bind(filter.severity.clone())
        .bind(
            filter.text.as_deref().map(|text| format!("%{}%", escape_like(&text.to_lowercase()))),
        );
    let categories =
        if filter.categories.is_empty() { &StatusCategory::ALL[..] } else { &filter.categories };
    for category in categories.iter().chain(categories.last().into_iter().cycle()).take(CATEGORIES)
    {
        query = query.bind(category.as_str().to_owned());
    }
    let rows: Vec<Row> = query.bind(part_of(actor)).bind(limit).all().await?;
    Ok(rows.into_iter().map(|(state,)| state.0).collect())
}

/// What the state of a private incident holds if this actor has a part in it. It may let too much
/// through; `may_see` has the last word.
fn part_of(actor: &Actor) -> String {
    let name = match actor {
        Actor::Person { user } => user.as_str(),
        Actor::ApiToken { name } => name,
        Actor::Stentor => "",
    };
    // As the name stands in the JSON, where a quote has a backslash before it.
    let quoted = serde_json::Value::from(name).to_string();
    format!("%{}%", escape_like(&quoted[1..quoted.len() - 1]))
}

fn escape_like(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

//! Escalations, and the messages that page people.

use sqlx::types::Json;

use crate::clock::Timestamp;
use crate::ids::{AlertId, ChannelId, EscalationId, IncidentId, MessageTs, PathId, WorkspaceId};
use crate::oncall::escalation::state::{Course, Escalation, Status};
use crate::store::db::{Result, Sql, Table, Tx};

fn path(escalation: &Escalation) -> Option<PathId> {
    match &escalation.course {
        Course::Path { path, .. } => Some(path.clone()),
        Course::People { .. } => None,
    }
}

/// Under what a request is known: a second one finds what the first has begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// What tells it from every other request.
    pub request: Option<String>,
    /// What its caller called it.
    pub key: Option<String>,
}

/// Keeps a new escalation. Fails as a conflict if its request has begun one.
pub async fn create(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    escalation: &Escalation,
    asked: &Asked,
) -> Result<()> {
    tx.query(
        "INSERT INTO escalation (workspace, id, status, path, incident, request, key, version, state, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(workspace.clone())
    .bind(escalation.id.clone())
    .bind(escalation.status.as_str().to_owned())
    .bind(path(escalation))
    .bind(escalation.incident.clone())
    .bind(asked.request.clone())
    .bind(asked.key.clone())
    .bind(escalation.version)
    .bind(Json(escalation))
    .bind(escalation.created_at)
    .bind(escalation.updated_at)
    .execute()
    .await?;
    let alerts: Vec<&AlertId> = escalation.alerts.iter().collect();
    tx.insert_rows(ALERTS, &alerts, |query, alert| {
        query.bind(workspace.clone()).bind((*alert).clone()).bind(escalation.id.clone())
    })
    .await?;
    Ok(())
}

const ALERTS: Table = Table {
    columns: "escalation_alert (workspace, alert, escalation)",
    conflict: "ON CONFLICT (workspace, alert, escalation) DO NOTHING",
};

/// Writes down how an escalation stands now.
pub async fn save(tx: &mut Tx, workspace: &WorkspaceId, escalation: &Escalation) -> Result<()> {
    tx.query(
        "UPDATE escalation SET status = $3, version = $4, state = $5, updated_at = $6
         WHERE workspace = $1 AND id = $2",
    )
    .bind(workspace.clone())
    .bind(escalation.id.clone())
    .bind(escalation.status.as_str().to_owned())
    .bind(escalation.version)
    .bind(Json(escalation))
    .bind(escalation.updated_at)
    .execute()
    .await?;
    Ok(())
}

/// The escalation, if it is there.
pub async fn by_id(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &EscalationId,
) -> Result<Option<Escalation>> {
    let row: Option<(Json<Escalation>,)> = tx
        .query("SELECT state FROM escalation WHERE workspace = $1 AND id = $2")
        .bind(workspace.clone())
        .bind(id.clone())
        .optional()
        .await?;
    Ok(row.map(|(state,)| state.0))
}

/// The escalation, which nobody else changes until the commit.
pub async fn hold(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &EscalationId,
) -> Result<Option<Escalation>> {
    // A write that changes nothing locks the row on both databases.
    tx.query("UPDATE escalation SET version = version WHERE workspace = $1 AND id = $2")
        .bind(workspace.clone())
        .bind(id.clone())
        .execute()
        .await?;
    by_id(tx, workspace, id).await
}

/// The escalation that this request has begun.
pub async fn by_request(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    request: &str,
) -> Result<Option<Escalation>> {
    let row: Option<(Json<Escalation>,)> = tx
        .query("SELECT state FROM escalation WHERE workspace = $1 AND request = $2")
        .bind(workspace.clone())
        .bind(request.to_owned())
        .optional()
        .await?;
    Ok(row.map(|(state,)| state.0))
}

/// The escalations of an incident, oldest first.
pub async fn of_incident(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incident: &IncidentId,
) -> Result<Vec<Escalation>> {
    let rows: Vec<(Json<Escalation>,)> = tx
        .query("SELECT state FROM escalation WHERE workspace = $1 AND incident = $2 ORDER BY id")
        .bind(workspace.clone())
        .bind(incident.clone())
        .all()
        .await?;
    Ok(rows.into_iter().map(|(state,)| state.0).collect())
}

/// Which escalations are looked for; what says nothing leaves nothing out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// With one of these statuses.
    pub statuses: Vec<Status>,
    /// With none of these statuses.
    pub not_statuses: Vec<Status>,
    /// By one of these paths.
    pub paths: Vec<PathId>,
    /// By none of these paths.
    pub not_paths: Vec<PathId>,
    /// About one of these incidents.
    pub incidents: Vec<IncidentId>,
    /// About none of these incidents.
    pub not_incidents: Vec<IncidentId>,
    /// About one of these alerts.
    pub alerts: Vec<AlertId>,
    /// About none of these alerts.
    pub not_alerts: Vec<AlertId>,
    /// What the caller called the request.
    pub key: Option<String>,
    /// What that begins with.
    pub key_begins: Option<String>,
    /// Begun at this instant or later.
    pub created_from: Option<Timestamp>,
    /// Begun at this instant or earlier.
    pub created_until: Option<Timestamp>,
    /// Changed at this instant or later.
    pub updated_from: Option<Timestamp>,
    /// Changed at this instant or earlier.
    pub updated_until: Option<Timestamp>,
}

/// Words as a JSON list.
fn list<T: ToString>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    serde_json::to_string(&items).expect("a list of texts is JSON")
}

/// Escalations that are older than this one, newest first.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    filter: &Filter,
    before: Option<&EscalationId>,
    limit: i64,
) -> Result<Vec<Escalation>> {
    let words = |statuses: &[Status]| {
        list(&statuses.iter().map(|status| status.as_str()).collect::<Vec<_>>())
    };
    let rows: Vec<(Json<Escalation>,)> = tx
        .query(Sql {
            sqlite: "SELECT state FROM escalation WHERE workspace = $1 AND (CAST($2 AS TEXT) IS NULL OR id < $2)
                AND ($4 = '[]' OR status IN (SELECT value FROM json_each($4)))
                AND ($5 = '[]' OR status NOT IN (SELECT value FROM json_each($5)))
                AND ($6 = '[]' OR path IN (SELECT value FROM json_each($6)))
                AND ($7 = '[]' OR path IS NULL OR path NOT IN (SELECT value FROM json_each($7)))
                AND ($8 = '[]' OR incident IN (SELECT value FROM json_each($8)))
                AND ($9 = '[]' OR incident IS NULL OR incident NOT IN (SELECT value FROM json_each($9)))
                AND ($10 = '[]' OR id IN (SELECT escalation FROM escalation_alert WHERE workspace = $1
                     AND alert IN (SELECT value FROM json_each($10))))
                AND ($11 = '[]' OR id NOT IN (SELECT escalation FROM escalation_alert WHERE workspace = $1
                     AND alert IN (SELECT value FROM json_each($11))))
                AND (CAST($12 AS TEXT) IS NULL OR key = $12)
                AND (CAST($13 AS TEXT) IS NULL OR substr(key, 1, length(CAST($13 AS TEXT))) = $13)
                AND created_at >= $14 AND created_at <= $15 AND updated_at >= $16 AND updated_at <= $17
                ORDER BY id DESC LIMIT $3",
            postgres: "SELECT state FROM escalation WHERE workspace = $1 AND (CAST($2 AS TEXT) IS NULL OR id < $2)
                AND ($4 = '[]' OR status IN (SELECT jsonb_array_elements_text(CAST($4 AS JSONB))))
                AND ($5 = '[]' OR status NOT IN (SELECT jsonb_array_elements_text(CAST($5 AS JSONB))))
                AND ($6 = '[]' OR path IN (SELECT jsonb_array_elements_text(CAST($6 AS JSONB))))
                AND ($7 = '[]' OR path IS NULL OR path NOT IN (SELECT jsonb_array_elements_text(CAST($7 AS JSONB))))
                AND ($8 = '[]' OR incident IN (SELECT jsonb_array_elements_text(CAST($8 AS JSONB))))
                AND ($9 = '[]' OR incident IS NULL
                     OR incident NOT IN (SELECT jsonb_array_elements_text(CAST($9 AS JSONB))))
                AND ($10 = '[]' OR id IN (SELECT escalation FROM escalation_alert WHERE workspace = $1
                     AND alert IN (SELECT jsonb_array_elements_text(CAST($10 AS JSONB)))))
                AND ($11 = '[]' OR id NOT IN (SELECT escalation FROM escalation_alert WHERE workspace = $1
                     AND alert IN (SELECT jsonb_array_elements_text(CAST($11 AS JSONB)))))
                AND (CAST($12 AS TEXT) IS NULL OR key = $12)
                AND (CAST($13 AS TEXT) IS NULL OR substr(key, 1, length(CAST($13 AS TEXT))) = $13)
                AND created_at >= $14 AND created_at <= $15 AND updated_at >= $16 AND updated_at <= $17
                ORDER BY id DESC LIMIT $3",
        })
        .bind(workspace.clone())
        .bind(before.cloned())
        .bind(limit)
        .bind(words(&filter.statuses))
        .bind(words(&filter.not_statuses))
        .bind(list(&filter.paths))
        .bind(list(&filter.not_paths))
        .bind(list(&filter.incidents))
        .bind(list(&filter.not_incidents))
        .bind(list(&filter.alerts))
        .bind(list(&filter.not_alerts))
        .bind(filter.key.clone())
        .bind(filter.key_begins.clone())
        .bind(filter.created_from.unwrap_or(Timestamp::from_micros(i64::MIN)))
        .bind(filter.created_until.unwrap_or(Timestamp::from_micros(i64::MAX)))
        .bind(filter.updated_from.unwrap_or(Timestamp::from_micros(i64::MIN)))
        .bind(filter.updated_until.unwrap_or(Timestamp::from_micros(i64::MAX)))
        .all()
        .await?;
    Ok(rows.into_iter().map(|(state,)| state.0).collect())
}

/// A message that pages somebody, as Slack shows it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Shown {
    /// The channel it is in.
    pub channel: ChannelId,
    /// The message.
    pub ts: MessageTs,
    /// A hash of what was last shown.
    pub shown: String,
}

/// What Slack shows of a page, if it was sent.
pub async fn shown(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    escalation: &EscalationId,
    page: u32,
) -> Result<Option<Shown>> {
    tx.query(
        "SELECT channel, ts, shown FROM escalation_page WHERE workspace = $1 AND escalation = $2 AND page = $3",
    )
    .bind(workspace.clone())
    .bind(escalation.clone())
    .bind(i64::from(page))
    .optional()
    .await
}

/// Writes down what Slack shows of a page.
pub async fn save_shown(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    escalation: &EscalationId,
    page: u32,
    shown: &Shown,
) -> Result<()> {
    tx.query(
        "INSERT INTO escalation_page (workspace, escalation, page, channel, ts, shown) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (workspace, escalation, page) DO UPDATE
         SET channel = excluded.channel, ts = excluded.ts, shown = excluded.shown",
    )
    .bind(workspace.clone())
    .bind(escalation.clone())
    .bind(i64::from(page))
    .bind(shown.channel.clone())
    .bind(shown.ts.clone())
    .bind(shown.shown.clone())
    .execute()
    .await?;
    Ok(())
}

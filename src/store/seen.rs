//! Who has looked at an incident, and when last. That is no change of it, so it is no entry of its
//! record and goes past the engine.

use crate::clock::Timestamp;
use crate::ids::{IncidentId, UserId, WorkspaceId};
use crate::store::db::{Result, Tx};

/// Writes down that somebody looks at an incident. An earlier time than the known one changes nothing.
pub async fn mark(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incident: &IncidentId,
    person: &UserId,
    at: Timestamp,
) -> Result<()> {
    tx.query(
        "INSERT INTO seen (workspace, incident, person, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace, incident, person) DO UPDATE
         SET at = CASE WHEN excluded.at > seen.at THEN excluded.at ELSE seen.at END",
    )
    .bind(workspace.clone())
    .bind(incident.clone())
    .bind(person.clone())
    .bind(at)
    .execute()
    .await?;
    Ok(())
}

/// Who has looked at an incident, who did so last first.
pub async fn of_incident(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incident: &IncidentId,
    limit: i64,
) -> Result<Vec<(UserId, Timestamp)>> {
    tx.query(
        "SELECT person, at FROM seen WHERE workspace = $1 AND incident = $2
         ORDER BY at DESC, person LIMIT $3",
    )
    .bind(workspace.clone())
    .bind(incident.clone())
    .bind(limit)
    .all()
    .await
}

/// Who of many has looked at which of these incidents, for lists of them.
pub async fn of_incidents(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incidents: &[IncidentId],
) -> Result<Vec<(IncidentId, UserId, Timestamp)>> {
    tx.all_among("SELECT incident, person, at FROM seen", "incident", workspace, incidents).await
}

//! What belongs to incidents elsewhere, found by the incident or by what it is.

use sqlx::types::Json;

use crate::ids::{AttachmentId, IncidentId, WorkspaceId};
use crate::incident::event::Actor;
use crate::incident::papers::link::Attachment;
use crate::incident::state::Incident;
use crate::store::db::{Result, Table, Tx};
use crate::store::visible::may_read;

/// Incidents that are named for one resource. More would be nobody's attachment but a mistake.
const MOST: i64 = 1_000;

const ATTACHMENTS: Table = Table {
    columns: "attachment (workspace, id, incident, resource_type, external_id, body)",
    conflict: "",
};

type Row = (IncidentId, Json<Attachment>, Option<Json<Incident>>);

/// Writes these attachments.
pub async fn save(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    attachments: &[(IncidentId, Attachment)],
) -> Result<()> {
    tx.insert_rows(ATTACHMENTS, attachments, |query, (incident, attachment)| {
        query
            .bind(workspace.clone())
            .bind(attachment.id.clone())
            .bind(incident.clone())
            .bind(attachment.resource_type.clone())
            .bind(attachment.external_id.clone())
            .bind(Json(attachment))
    })
    .await?;
    Ok(())
}

/// Forgets these attachments.
pub async fn remove(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    attachments: &[AttachmentId],
) -> Result<()> {
    tx.delete_among("attachment", "id", workspace, attachments).await?;
    Ok(())
}

/// The attachment of this id, with its incident, if this actor may see it.
pub async fn by_id(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
    id: &AttachmentId,
) -> Result<Option<(IncidentId, Attachment)>> {
    let row: Option<Row> = tx
        .query(
            "SELECT a.incident, a.body, CASE WHEN n.visibility = 'public' THEN NULL ELSE n.state END
             FROM attachment a JOIN incident n ON n.workspace = a.workspace AND n.id = a.incident
             WHERE a.workspace = $1 AND a.id = $2",
        )
        .bind(workspace.clone())
        .bind(id.clone())
        .optional()
        .await?;
    Ok(visible(row, actor).pop())
}

/// The incidents that this resource belongs to and that this actor may see, the first one first.
pub async fn of_resource(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
    resource_type: &str,
    external_id: &str,
) -> Result<Vec<(IncidentId, Attachment)>> {
    let rows: Vec<Row> = tx
        .query(
            "SELECT a.incident, a.body, CASE WHEN n.visibility = 'public' THEN NULL ELSE n.state END
             FROM attachment a JOIN incident n ON n.workspace = a.workspace AND n.id = a.incident
             WHERE a.workspace = $1 AND a.resource_type = $2 AND a.external_id = $3
             ORDER BY a.id LIMIT $4",
        )
        .bind(workspace.clone())
        .bind(resource_type.to_owned())
        .bind(external_id.to_owned())
        .bind(MOST)
        .all()
        .await?;
    Ok(visible(rows, actor))
}

fn visible(rows: impl IntoIterator<Item = Row>, actor: &Actor) -> Vec<(IncidentId, Attachment)> {
    let seen = rows.into_iter().filter(|(_, _, hidden)| may_read(hidden.as_ref(), actor));
    seen.map(|(incident, attachment, _)| (incident, attachment.0)).collect()
}

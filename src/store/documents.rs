//! Documents about incidents, and what those say that are written here.

use sqlx::types::Json;

use crate::ids::{DocumentId, IncidentId, WorkspaceId};
use crate::incident::event::Actor;
use crate::incident::papers::document::Document;
use crate::incident::state::Incident;
use crate::store::db::{Result, Table, Tx};
use crate::store::visible::may_read;

/// Rows that are looked at together at least, where many may be hidden.
const AT_ONCE: i64 = 50;

const DOCUMENTS: Table = Table {
    columns: "document (workspace, id, incident, created_at, body)",
    conflict: "ON CONFLICT (workspace, id) DO UPDATE SET body = excluded.body",
};

const TEXTS: Table = Table {
    columns: "document_text (workspace, document, markdown)",
    conflict: "ON CONFLICT (workspace, document) DO UPDATE SET markdown = excluded.markdown",
};

type Row = (IncidentId, Json<Document>, Option<Json<Incident>>);

/// Writes these documents as they stand now, but for what they say.
pub async fn save(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    documents: &[(IncidentId, Document)],
) -> Result<()> {
    tx.insert_rows(DOCUMENTS, documents, |query, (incident, document)| {
        query
            .bind(workspace.clone())
            .bind(document.id.clone())
            .bind(incident.clone())
            .bind(document.created_at)
            .bind(Json(document))
    })
    .await?;
    Ok(())
}

/// Writes what these documents say.
pub async fn write(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    texts: &[(DocumentId, String)],
) -> Result<()> {
    tx.insert_rows(TEXTS, texts, |query, (document, markdown)| {
        query.bind(workspace.clone()).bind(document.clone()).bind(markdown.clone())
    })
    .await?;
    Ok(())
}

/// What a document says, in Markdown; nothing of one that is written elsewhere. Whether somebody may
/// read it is asked with [`by_id`].
pub async fn markdown(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    document: &DocumentId,
) -> Result<Option<String>> {
    let row: Option<(String,)> = tx
        .query("SELECT markdown FROM document_text WHERE workspace = $1 AND document = $2")
        .bind(workspace.clone())
        .bind(document.clone())
        .optional()
        .await?;
    Ok(row.map(|(markdown,)| markdown))
}

/// The document of this id, with its incident, if this actor may see it.
pub async fn by_id(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
    id: &DocumentId,
) -> Result<Option<(IncidentId, Document)>> {
    let row: Option<Row> = tx
        .query(
            "SELECT d.incident, d.body, CASE WHEN n.visibility = 'public' THEN NULL ELSE n.state END
             FROM document d JOIN incident n ON n.workspace = d.workspace AND n.id = d.incident
             WHERE d.workspace = $1 AND d.id = $2",
        )
        .bind(workspace.clone())
        .bind(id.clone())
        .optional()
        .await?;
    let visible = row.filter(|(_, _, hidden)| may_read(hidden.as_ref(), actor));
    Ok(visible.map(|(incident, document, _)| (incident, document.0)))
}

/// In which order documents are listed: by age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
}

/// Which documents are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only those of this incident.
    pub incident: Option<IncidentId>,
    /// In which order.
    pub order: Order,
    /// Only those that come after this one in that order.
    pub after: Option<DocumentId>,
}

/// A page of documents, each with its incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Those that the actor may see.
    pub documents: Vec<(IncidentId, Document)>,
    /// The document after which the next page begins; nothing on the last one.
    pub next_after: Option<DocumentId>,
}

/// What is asked for, in this order.
macro_rules! listing {
    ($comes_after:literal, $order:literal) => {
        concat!(
            "SELECT d.incident, d.body, CASE WHEN n.visibility = 'public' THEN NULL ELSE n.state END
             FROM document d JOIN incident n ON n.workspace = d.workspace AND n.id = d.incident
             WHERE d.workspace = $1 AND ($2 IS NULL OR d.id ",
            $comes_after,
            " $2) AND ($3 IS NULL OR d.incident = $3) ORDER BY d.id ",
            $order,
            " LIMIT $4"
        )
    };
}

/// One page of the documents that are wanted and that this actor may see.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
    wanted: &Wanted,
    limit: i64,
) -> Result<Page> {
    let listing = match wanted.order {
        Order::Newest => listing!("<", "DESC"),
        Order::Oldest => listing!(">", "ASC"),
    };
    let room = usize::try_from(limit).unwrap_or_default();
    let at_once = limit.max(AT_ONCE).saturating_add(1);
    let mut after = wanted.after.clone();
    let mut documents: Vec<(IncidentId, Document)> = Vec::new();
    loop {
        let rows: Vec<Row> = tx
            .query(listing)
            .bind(workspace.clone())
            .bind(after.clone())
            .bind(wanted.incident.clone())
            .bind(at_once)
            .all()
            .await?;
        let is_end = i64::try_from(rows.len()).unwrap_or(i64::MAX) < at_once;
        let last = rows.last().map(|(_, document, _)| document.id.clone());
        let visible = rows.into_iter().filter(|(_, _, hidden)| may_read(hidden.as_ref(), actor));
        documents.extend(visible.map(|(incident, document, _)| (incident, document.0)));
        match last {
            Some(last) if !is_end && documents.len() <= room => after = Some(last),
            _ => break,
        }
    }
    let is_more = documents.len() > room;
    documents.truncate(room);
    let last = documents.last().map(|(_, document)| document.id.clone());
    Ok(Page { documents, next_after: last.filter(|_| is_more) })
}

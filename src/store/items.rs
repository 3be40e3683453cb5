//! What is to be done, across incidents: oldest first, by id.
//!
//! An item is as private as its incident. Those of private incidents are looked at one by one; of the
//! others, the incident need not be read.

use sqlx::types::Json;

use crate::clock::Timestamp;
use crate::ids::{IncidentId, ItemId, UserId, WorkspaceId};
use crate::incident::event::Actor;
use crate::incident::papers::item::{Item, ItemKind, ItemStatus};
use crate::incident::state::Incident;
use crate::store::db::{Result, Table, Tx};
use crate::store::visible::may_read;

/// Rows that are looked at together at least, where many may be hidden.
const AT_ONCE: i64 = 50;
/// How many modes of incidents a filter can name.
const MODES: usize = 4;

const ITEMS: Table = Table {
    columns: "item (workspace, id, incident, kind, status, assignee, created_at, updated_at, body)",
    conflict: "ON CONFLICT (workspace, id) DO UPDATE SET status = excluded.status,
        assignee = excluded.assignee, updated_at = excluded.updated_at, body = excluded.body",
};

/// Writes these items as they stand now.
pub async fn save(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    items: &[(IncidentId, Item)],
) -> Result<()> {
    tx.insert_rows(ITEMS, items, |query, (incident, item)| {
        query
            .bind(workspace.clone())
            .bind(item.id.clone())
            .bind(incident.clone())
            .bind(item.kind.as_str().to_owned())
            .bind(item.status.as_str().to_owned())
            .bind(item.assignee.clone())
            .bind(item.created_at)
            .bind(item.updated_at)
            .bind(Json(item))
    })
    .await?;
    Ok(())
}

/// Which items are wanted.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Of this kind.
    pub kind: ItemKind,
    /// Of this incident.
    pub incident: Option<IncidentId>,
    /// Whom they are given to.
    pub assignee: Option<UserId>,
    /// How they stand. Without one, all but those that were deleted.
    pub status: Option<ItemStatus>,
    /// In incidents of these modes; any, if there is none.
    pub modes: Vec<String>,
    /// Made from then on.
    pub created_from: Option<Timestamp>,
    /// Made until then.
    pub created_until: Option<Timestamp>,
    /// Changed from then on.
    pub updated_from: Option<Timestamp>,
    /// Changed until then.
    pub updated_until: Option<Timestamp>,
}

impl Filter {
    /// All of a kind.
    pub fn of(kind: ItemKind) -> Filter {
        Filter {
            kind,
            incident: None,
            assignee: None,
            status: None,
            modes: Vec::new(),
            created_from: None,
            created_until: None,
            updated_from: None,
            updated_until: None,
        }
    }
}

/// A page of items, oldest first, each with its incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Those that are wanted, and that the actor may see.
    pub items: Vec<(IncidentId, Item)>,
    /// The item after which the next page begins; nothing on the last one.
    pub next_after: Option<ItemId>,
}

type Row = (IncidentId, Json<Item>, Option<Json<Incident>>);

/// What is asked for, with the index that leads there in its place.
macro_rules! listing {
    ($by:literal) => {
        concat!(
            "SELECT i.incident, i.body, CASE WHEN n.visibility = 'public' THEN NULL ELSE n.state END
             FROM item i JOIN incident n ON n.workspace = i.workspace AND n.id = i.incident
             WHERE i.workspace = $1 AND i.kind = $2 AND i.id > $3 AND ",
            $by,
            " AND (i.status = $5 OR ($5 IS NULL AND i.status <> 'deleted'))
               AND i.created_at >= $6 AND i.created_at <= $7 AND i.updated_at >= $8 AND i.updated_at <= $9
               AND ($15 IS NULL OR i.assignee = $15)
               AND ($10 IS NULL OR COALESCE(n.state->>'mode', 'standard') IN ($10, $11, $12, $13))
             ORDER BY i.id LIMIT $14"
        )
    };
}

/// One page of the items that are wanted and that this actor may see.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
    filter: &Filter,
    after: Option<&ItemId>,
    limit: i64,
) -> Result<Page> {
    let wanted = usize::try_from(limit).unwrap_or_default();
    let at_once = limit.max(AT_ONCE).saturating_add(1);
    let mut after = after.cloned().unwrap_or_else(|| ItemId::from(""));
    let mut items: Vec<(IncidentId, Item)> = Vec::new();
    loop {
        let rows = candidates(tx, workspace, filter, &after, at_once).await?;
        let is_end = i64::try_from(rows.len()).unwrap_or(i64::MAX) < at_once;
        let last = rows.last().map(|(_, item, _)| item.id.clone());
        let visible = rows.into_iter().filter(|(_, _, hidden)| may_read(hidden.as_ref(), actor));
        items.extend(visible.map(|(incident, item, _)| (incident, item.0)));
        match last {
            Some(last) if !is_end && items.len() <= wanted => after = last,
            _ => break,
        }
    }
    let is_more = items.len() > wanted;
    items.truncate(wanted);
    let last = items.last().map(|(_, item)| item.id.clone());
    Ok(Page { items, next_after: last.filter(|_| is_more) })
}

async fn candidates(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    filter: &Filter,
    after: &ItemId,
    limit: i64,
) -> Result<Vec<Row>> {
    let (sql, key) = match (&filter.incident, &filter.assignee) {
        (Some(incident), _) => (listing!("i.incident = $4"), Some(incident.to_string())),
        (None, Some(assignee)) => (listing!("i.assignee = $4"), Some(assignee.to_string())),
        (None, None) => (listing!("$4 IS NULL"), None),
    };
    let from = |at: Option<Timestamp>| at.unwrap_or(Timestamp::from_micros(i64::MIN));
    let until = |at: Option<Timestamp>| at.unwrap_or(Timestamp::from_micros(i64::MAX));
    let mut query = tx
        .query(sql)
        .bind(workspace.clone())
        .bind(filter.kind.as_str().to_owned())
        .bind(after.clone())
        .bind(key)
        .bind(filter.status.map(|status| status.as_str().to_owned()))
        .bind(from(filter.created_from))
        .bind(until(filter.created_until))
        .bind(from(filter.updated_from))
        .bind(until(filter.updated_until));
    for place in 0..MODES {
        query = query.bind(filter.modes.get(place).or(filter.modes.last()).cloned());
    }
    query.bind(limit).bind(filter.assignee.clone()).all().await
}

/// The item of this id, with its incident, if this actor may see it. One that was deleted is still
/// found.
pub async fn by_id(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
    id: &ItemId,
) -> Result<Option<(IncidentId, Item)>> {
    let row: Option<Row> = tx
        .query(
            "SELECT i.incident, i.body, CASE WHEN n.visibility = 'public' THEN NULL ELSE n.state END
             FROM item i JOIN incident n ON n.workspace = i.workspace AND n.id = i.incident
             WHERE i.workspace = $1 AND i.id = $2",
        )
        .bind(workspace.clone())
        .bind(id.clone())
        .optional()
        .await?;
    let visible = row.filter(|(_, _, hidden)| may_read(hidden.as_ref(), actor));
    Ok(visible.map(|(incident, item, _)| (incident, item.0)))
}

//! Writing actions and follow-ups, in whatever format they come: each is a command of its incident,
//! and the item is the answer.

use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::app::App;
use crate::engine::order::{Done, Order, Target};
use crate::ids::{IncidentId, ItemId};
use crate::incident::command::Command;
use crate::incident::event::{Event, Via};
use crate::incident::papers::bad::BadPaper;
use crate::incident::papers::item::{Item, ItemKind};
use crate::incident::papers::{Filed, Paperwork};
use crate::incident::refusal::Refusal;
use crate::store::db::Tx;
use crate::store::items;

/// An item, and the incident that it belongs to.
pub type Kept = (IncidentId, Item);

/// There is no such item, or the caller may not know of it.
pub fn no_such_item() -> Problem {
    Refusal::from(BadPaper::NoSuch { what: "item" }).into()
}

/// The item of this kind and id, if the caller may know of it.
pub async fn find(
    tx: &mut Tx,
    caller: &Caller,
    kind: ItemKind,
    id: &ItemId,
) -> Result<Kept, Problem> {
    // What no database takes is in none.
    if id.as_str().contains('\0') {
        return Err(no_such_item());
    }
    let found = items::by_id(tx, &caller.workspace, &caller.eyes(), id).await?;
    found.filter(|(_, item)| item.kind == kind).ok_or_else(no_such_item)
}

/// Adds an item to an incident.
pub async fn add(
    app: &App,
    caller: &Caller,
    receipt: Option<String>,
    target: Target,
    paperwork: Paperwork,
) -> Result<Kept, Problem> {
    let done = submit(app, caller, receipt, target, paperwork).await?;
    let added = done.entries.iter().find_map(|entry| match &entry.event {
        Event::Paperwork(Filed::ItemAdded { item }) => Some((**item).clone()),
        _ => None,
    });
    // The key may have been that of another request.
    let item = added.ok_or_else(no_such_item)?;
    Ok((done.incident.id.clone(), item))
}

/// Changes an item, and returns it as it is right after.
pub async fn change(
    app: &App,
    caller: &Caller,
    receipt: Option<String>,
    kind: ItemKind,
    id: &ItemId,
    paperwork: Paperwork,
) -> Result<Kept, Problem> {
    let mut tx = app.db.read().await?;
    let (incident, _) = find(&mut tx, caller, kind, id).await?;
    drop(tx);
    let target = Target::Id(incident.clone());
    let done = submit(app, caller, receipt, target, paperwork).await?;
    let item = done.incident.papers.items.get(id).ok_or_else(no_such_item)?.clone();
    Ok((incident, item))
}

async fn submit(
    app: &App,
    caller: &Caller,
    receipt: Option<String>,
    target: Target,
    paperwork: Paperwork,
) -> Result<Done, Problem> {
    let order = Order {
        workspace: caller.workspace.clone(),
        receipt,
        target,
        actor: caller.actor.clone(),
        through: Some(caller.program()),
        via: Via::Api,
        command: Command::Paperwork(paperwork),
        expected_version: None,
    };
    Ok(app.engine.submit(order).await?)
}

//! What is sent: made when it is sent, from what was written down, in the shapes of the webhook's format.
//! The events are those of incident.io.
//!
//! An incident is shown as the entry that is told of has left it, whatever has happened since; so a
//! repetition says the same. What may not be spoken of now is sent as an id. BigPanda's incident has its
//! alerts with it, which keep no record of that kind: these are shown as they are.

use serde_json::{Value, json};

use crate::api::bigpanda::view::Glass;
use crate::api::incident_io::reader::Reader;
use crate::api::incident_io::shape;
use crate::ids::{AlertId, IncidentId, StatusId, UserId, WorkspaceId};
use crate::incident::access::may_be_named;
use crate::incident::catalogue::StatusCategory;
use crate::incident::event::{Actor, Entry, Event, StatusChange};
use crate::incident::state::Incident;
use crate::outbox::webhook_work::{About, Delivery};
use crate::store::db::{Result, Tx};
use crate::store::webhooks::Webhook;
use crate::store::workspaces::Catalogues;
use crate::store::{
    alert_attributes, alert_groups, alert_lists, alert_tags, incidents, pictures, timeline,
};
use crate::webhooks::event_type::EventType;
use crate::webhooks::format::Format;
use crate::webhooks::papers;

/// Entries of a record that are read at once.
const ENTRIES: i64 = 500;

/// What a webhook is told.
pub(super) enum Told {
    /// This, under this name.
    This { event: EventType, payload: Value },
    /// Nothing: what it was about is not there any more, or has no name in private.
    Nothing,
    /// What only a newer version knows.
    Unknown,
}

/// What is to be sent for a delivery.
pub(super) async fn told(
    tx: &mut Tx,
    catalogues: &Catalogues,
    webhook: &Webhook,
    delivery: &Delivery,
) -> Result<Told> {
    let workspace = &webhook.workspace;
    let Some(event) = EventType::parse(&delivery.event) else { return Ok(Told::Unknown) };
    match &delivery.about {
        About::Incident { incident, version } if webhook.format == Format::Bigpanda => {
            with_alerts(tx, catalogues, workspace, event, incident, *version).await
        }
        About::Incident { incident, version } => {
            of_incident(tx, catalogues, workspace, event, incident, *version, None).await
        }
        About::Paper { incident, version, id } => {
            let id = Some(id.as_str());
            of_incident(tx, catalogues, workspace, event, incident, *version, id).await
        }
        About::Member { incident, user, by } => {
            Ok(Told::This { event, payload: membership(incident, user, by.as_ref()) })
        }
        About::Alert { alert, .. } => of_alert(tx, workspace, event, alert).await,
        About::Recorded { payload, private_id: None } => {
            Ok(Told::This { event, payload: payload.clone() })
        }
        About::Recorded { private_id: Some(id), .. } => Ok(in_private(event, id)),
        About::Unknown => Ok(Told::Unknown),
    }
}

/// Of what is private, nothing but its id leaves the house.
fn in_private(event: EventType, id: &str) -> Told {
    match event.private_twin() {
        Some(event) => Told::This { event, payload: json!({ "id": id }) },
        None => Told::Nothing,
    }
}

async fn of_incident(
    tx: &mut Tx,
    catalogues: &Catalogues,
    workspace: &WorkspaceId,
    event: EventType,
    id: &IncidentId,
    version: i64,
    paper: Option<&str>,
) -> Result<Told> {
    let Some(present) = incidents::by_id(tx, workspace, id).await? else {
        return Ok(Told::Nothing);
    };
    if !may_be_named(&present) {
        return Ok(in_private(event, paper.unwrap_or(id.as_str())));
    }
    let entry = timeline::entry(tx, workspace, id, version).await?;
    let then = as_of(tx, workspace, present, version).await?;
    let (Some(entry), Some(then)) = (entry, then) else { return Ok(Told::Nothing) };
    let reader = &Reader::of(catalogues, tx, workspace, then.people()).await?;
    if let Some(paper) = paper {
        let payload = papers::payload(event, &then, &entry, paper, reader);
        return Ok(payload.map_or(Told::Nothing, |payload| Told::This { event, payload }));
    }
    let payload = match event {
        EventType::STATUS_UPDATED => status_updated(&then, &entry, reader),
        _ => incident(&then, reader),
    };
    Ok(Told::This { event, payload })
}

/// The incident with its alerts, as BigPanda's webhooks send it.
async fn with_alerts(
    tx: &mut Tx,
    catalogues: &Catalogues,
    workspace: &WorkspaceId,
    event: EventType,
    id: &IncidentId,
    version: i64,
) -> Result<Told> {
    let Some(present) = incidents::by_id(tx, workspace, id).await? else {
        return Ok(Told::Nothing);
    };
    if !may_be_named(&present) {
        return Ok(in_private(event, id.as_str()));
    }
    let Some(then) = as_of(tx, workspace, present, version).await? else {
        return Ok(Told::Nothing);
    };
    let catalogue = catalogues.of(tx, workspace).await?;
    let systems = pictures::systems(tx, workspace).await?;
    let people = pictures::people(tx, workspace, &[&then]).await?;
    let mut pictures = pictures::of(tx, workspace, vec![then]).await?;
    let Some(picture) = pictures.pop() else { return Ok(Told::Nothing) };
    let payload = Glass::new(&catalogue, &systems, &people).webhook(&picture);
    Ok(Told::This { event, payload })
}

/// The incident as it was after this entry of its record.
async fn as_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    present: Incident,
    version: i64,
) -> Result<Option<Incident>> {
    if present.version == version {
        return Ok(Some(present));
    }
    let mut record: Vec<Entry> = Vec::new();
    loop {
        let after = record.last().map_or(0, |entry| entry.version);
        let entries = timeline::after(tx, workspace, &present.id, after, ENTRIES).await?;
        let is_end = entries.is_empty();
        record.extend(entries.into_iter().filter(|entry| entry.version <= version));
        if is_end || record.last().is_some_and(|entry| entry.version >= version) {
            break;
        }
    }
    Ok(Incident::replay(present.id, &record))
}

/// An incident as webhooks are shown it.
fn incident(incident: &Incident, reader: &Reader) -> Value {
    let mut shown = as_json(&shape::incident::Incident::show(incident, &reader.terms()));
    if let Some(update) = &incident.last_update {
        shown["most_recent_update_message"] = json!(update.message);
    }
    shown
}

fn status_updated(then: &Incident, entry: &Entry, reader: &Reader) -> Value {
    let status = |id: &StatusId, category: StatusCategory| {
        as_json(&shape::catalogue::Status::known(id, category, &reader.terms()))
    };
    let (change, message) = match &entry.event {
        Event::StatusChanged { change, message } => (Some(change), message.as_deref()),
        Event::UpdatePosted { status, message, .. } => (status.as_ref(), message.as_deref()),
        Event::MergedInto { change, .. } => (Some(change), None),
        _ => (None, None),
    };
    let mut payload = json!({ "incident": incident(then, reader) });
    if let Some(StatusChange { from, from_category, to, to_category, .. }) = change {
        payload["previous_status"] = status(from, *from_category);
        payload["new_status"] = status(to, *to_category);
    }
    if let Some(message) = message {
        payload["message"] = json!(message);
    }
    payload
}

fn membership(incident: &IncidentId, user: &UserId, by: Option<&UserId>) -> Value {
    let mut payload = json!({ "incident_id": incident, "user_id": user });
    if let Some(by) = by {
        payload["actor_user_id"] = json!(by);
    }
    payload
}

async fn of_alert(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    event: EventType,
    id: &AlertId,
) -> Result<Told> {
    let ids = std::slice::from_ref(id);
    let found = alert_lists::with_ids(tx, workspace, &Actor::Stentor, ids).await?;
    let Some(listed) = found.into_iter().next() else { return Ok(Told::Nothing) };
    let is_private = match &listed.incident {
        Some((incident, _)) => {
            let incident = incidents::by_id(tx, workspace, incident).await?;
            incident.is_none_or(|incident| !may_be_named(&incident))
        }
        // What was taken out of a private incident is as private as it was.
        None => {
            let group = std::slice::from_ref(&listed.alert.group);
            let groups = alert_groups::with_ids(tx, workspace, group).await?;
            groups.first().is_some_and(|group| group.insiders.is_some())
        }
    };
    if is_private {
        return Ok(in_private(event, id.as_str()));
    }
    let names: Vec<String> = listed.alert.tags.iter().cloned().collect();
    let tags = alert_tags::named(tx, workspace, &names).await?;
    let attributes = alert_attributes::all(tx, workspace).await?;
    let payload = as_json(&shape::alert::Alert::show(&listed.alert, &tags, &attributes));
    Ok(Told::This { event, payload })
}

fn as_json(view: &impl serde::Serialize) -> Value {
    serde_json::to_value(view).expect("a view is plain JSON")
}

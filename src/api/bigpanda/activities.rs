//! What happened to an incident, in BigPanda's words: read from its record.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde_json::{Value, json};

use crate::api::bigpanda::ask::Guest;
use crate::api::bigpanda::failure::{Failure, Outcome};
use crate::api::bigpanda::find;
use crate::api::bigpanda::times::maybe;
use crate::api::bigpanda::view::{actor_name, tag_value};
use crate::api::request::Params;
use crate::api::v1::environments::LAST;
use crate::app::App;
use crate::incident::catalogue::{Catalogue, StatusCategory};
use crate::incident::event::{Actor, Entry, Event, StatusChange, Via};
use crate::incident::handled::Handled;
use crate::incident::state::{Incident, reference};
use crate::store::timeline;

/// Entries of the record that are read together.
const AT_ONCE: i64 = 500;

/// Every type of activity. Not all of them happen here.
const TYPES: [&str; 22] = [
    "incident_created",
    "incident_opened",
    "incident_assigned",
    "incident_unassigned",
    "incident_become_flapping",
    "incident_commented",
    "incident_resolved_ui_manually",
    "incident_resolved_api",
    "incident_resolved_by_alerts",
    "incident_alerts_resolved",
    "incident_reopen",
    "incident_reopened",
    "incident_tag_updated",
    "incident_tag_removed",
    "incident_merged_destination",
    "incident_merged_source",
    "incident_splitted_destination",
    "incident_splitted_source",
    "incident_rcc_update",
    "incident_shared",
    "incident_snoozed",
    "incident_unsnoozed",
];

pub async fn list(
    State(app): State<App>,
    Guest(caller): Guest,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Outcome<Json<Value>> {
    let params = Params::read(query.as_deref(), &["page", "per_page", "types"])?;
    let page = params.number("page", 1..=LAST, 1)?;
    let limit = params.number("per_page", 1..=100, 20)?;
    let types = types(&params)?;
    let mut tx = app.db.read().await?;
    let incident = find::incident(&mut tx, &caller, &id).await?;
    let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
    let leave_out = (page - 1).saturating_mul(limit);
    let limit = limit.min((LAST - leave_out).max(0));
    let (leave_out, limit) =
        (usize::try_from(leave_out).unwrap_or(usize::MAX), usize::try_from(limit).unwrap_or(0));
    let mut shown: Vec<Value> = Vec::new();
    let (mut passed, mut before) = (0, i64::MAX);
    while shown.len() < limit {
        let workspace = &caller.workspace;
        let entries = timeline::before(&mut tx, workspace, &incident.id, before, AT_ONCE).await?;
        let Some(last) = entries.last() else { break };
        before = last.version;
        for entry in &entries {
            let Some((kind, params)) = activity(entry, &incident, &catalogue) else { continue };
            if !types.is_empty() && !types.contains(&kind) {
                continue;
            }
            passed += 1;
            if passed > leave_out && shown.len() < limit {
                shown.push(drawn(entry, &incident, kind, params));
            }
        }
    }
    Ok(Json(shown.into()))
}

fn types(params: &Params) -> Outcome<Vec<&str>> {
    let Some(list) = params.one("types")? else { return Ok(Vec::new()) };
    let mut types = Vec::new();
    for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word {
            // Some pages of the vendor's spell it so.
            "incident_reopened" => types.push("incident_reopen"),
            known if TYPES.contains(&known) => types.push(known),
            _ => {
                let known = TYPES.join(", ");
                return Err(Failure::bad(format!("types is a list of {known}.")));
            }
        }
    }
    Ok(types)
}

fn drawn(entry: &Entry, incident: &Incident, kind: &str, params: Value) -> Value {
    json!({
        "id": format!("{}-{}", incident.id, entry.version),
        "type": kind,
        "timestamp": entry.at.as_seconds(),
        "created_by": actor_name(who(entry)),
        "params": params,
    })
}

/// What somebody did about alerts is written down by Stentor, who only says so.
fn who(entry: &Entry) -> &Actor {
    match &entry.event {
        Event::AlertsHandled { by, .. } => by,
        _ => &entry.actor,
    }
}

/// The type of an entry with what belongs to it; nothing for what BigPanda has no word for.
fn activity(
    entry: &Entry,
    incident: &Incident,
    catalogue: &Catalogue,
) -> Option<(&'static str, Value)> {
    Some(match &entry.event {
        Event::Declared(_) => ("incident_created", json!({})),
        Event::RoleAssigned { role, person, .. } if *role == catalogue.lead().id => match person {
            Some(person) => {
                ("incident_assigned", json!({"assignee": {"id": person, "username": person}}))
            }
            None => ("incident_unassigned", json!({})),
        },
        // Of a comment that was deleted nothing is left.
        Event::NoteAdded { text } if text.is_empty() => return None,
        Event::NoteAdded { text } => ("incident_commented", json!({"comment": text})),
        Event::UpdatePosted { message, status, .. } => {
            said(status.as_ref(), message.as_ref(), entry)?
        }
        Event::StatusChanged { change, message } => said(Some(change), message.as_ref(), entry)?,
        Event::SignalChanged { from, to, .. } => {
            let was_flapping = from.is_some_and(|from| from.flapping);
            let was_active = from.is_some_and(|from| from.active);
            if was_flapping != to.flapping {
                ("incident_become_flapping", json!({"flapping": to.flapping}))
            } else if was_active && !to.active {
                ("incident_resolved_by_alerts", json!({}))
            } else if from.is_some() && !was_active && to.active {
                ("incident_reopen", json!({}))
            } else {
                return None;
            }
        }
        Event::AlertsHandled { by, done, .. } => match done {
            Handled::Resolved { alerts, .. } => {
                let by_hand = matches!(by, Actor::Person { .. });
                let how = if by_hand { "manual-ui" } else { "manual-api" };
                let params = json!({"resolution_type": how, "ids_to_resolve": alerts});
                ("incident_alerts_resolved", params)
            }
            Handled::Came { from, .. } => {
                let params = json!({"source": from.map(reference)});
                ("incident_splitted_destination", params)
            }
            Handled::Went { to, .. } => {
                ("incident_splitted_source", json!({"destination": to.map(reference)}))
            }
            _ => return None,
        },
        Event::TagSet { tag, to, .. } => {
            let known = catalogue.tag(tag);
            let value = known.map_or_else(|| to.join(", "), |tag| tag_value(tag, to));
            let name = known.map(|tag| tag.name.as_str());
            let params = json!({"tag_id": tag, "tag_name": name, "tag_value": value});
            ("incident_tag_updated", params)
        }
        Event::TagRemoved { tag, .. } => {
            let name = catalogue.tag(tag).map(|tag| tag.name.as_str());
            ("incident_tag_removed", json!({"tag_id": tag, "tag_name": name}))
        }
        Event::Absorbed(absorbed) => {
            ("incident_merged_destination", json!({"source_incident": absorbed.incident}))
        }
        Event::MergedInto { into, .. } => {
            ("incident_merged_source", json!({"destination_incident": into.incident}))
        }
        Event::ChannelOpened { channel, .. } => {
            let first = incident.channel.as_ref() == Some(channel);
            let target = json!({"type": "slack", "channel": channel});
            let params = json!({"share_target": target, "share_auto": true, "firstTime": first});
            ("incident_shared", params)
        }
        Event::Snoozed { until, cancel_on_news } => {
            let until = maybe(Some(*until));
            let params = json!({"end_time": until, "cancel_on_incident_updates": cancel_on_news});
            ("incident_snoozed", params)
        }
        Event::Unsnoozed { .. } => ("incident_unsnoozed", json!({})),
        _ => return None,
    })
}

/// What a change of status is: a beginning, an end, or nothing that BigPanda has a word for.
fn standing(change: &StatusChange, entry: &Entry) -> Option<&'static str> {
    match (change.from_category.is_active(), change.to_category.is_active()) {
        (true, true) if change.from_category == StatusCategory::Triage => Some("incident_opened"),
        (false, true) => Some("incident_reopen"),
        (true, false) => Some(match (&entry.actor, entry.via) {
            (Actor::Stentor, _) => "incident_resolved_by_alerts",
            (Actor::Person { .. }, via) if via != Via::Api => "incident_resolved_ui_manually",
            _ => "incident_resolved_api",
        }),
        _ => None,
    }
}

/// What somebody said, perhaps with a change of status: where BigPanda has no word for that one, it is a
/// comment, so that nothing of it is lost.
fn said(
    change: Option<&StatusChange>,
    message: Option<&String>,
    entry: &Entry,
) -> Option<(&'static str, Value)> {
    match (change.and_then(|change| standing(change, entry)), message) {
        (Some(kind), message) => Some((kind, annotation(message))),
        (None, Some(message)) => Some(("incident_commented", json!({"comment": message}))),
        (None, None) => None,
    }
}

fn annotation(message: Option<&String>) -> Value {
    match message {
        Some(message) => json!({"annotation": message}),
        None => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::signal::Signal;
    use crate::clock::Timestamp;
    use crate::incident::command::Declare;
    use crate::incident::decide::{Context, declare};
    use crate::incident::event::Absorbed;
    use crate::incident::snooze::Woken;

    fn person() -> Actor {
        Actor::Person { user: "U0ALICE".into() }
    }

    /// The type of what somebody does through this door.
    fn kind(actor: Actor, via: Via, event: Event) -> Option<&'static str> {
        let (catalogue, at) = (Catalogue::default(), Timestamp::from_micros(1));
        let by = person();
        let context = Context { now: at, actor: &by, via, catalogue: &catalogue };
        let request = Declare { name: "x".to_owned(), ..Declare::default() };
        let declared = declare(&request, 1, &context).unwrap();
        let incident = Incident::declared("I1".into(), at, &by, &declared);
        let entry = Entry { version: 2, at, actor, via, telling: None, through: None, event };
        activity(&entry, &incident, &catalogue).map(|(kind, params)| {
            assert!(TYPES.contains(&kind) && params.is_object());
            kind
        })
    }

    fn step(from: StatusCategory, to: StatusCategory) -> Event {
        let (from_category, to_category) = (from, to);
        let (from, to, stamps) = ("S1".into(), "S2".into(), Vec::new());
        let change = StatusChange { from, from_category, to, to_category, stamps };
        Event::StatusChanged { change, message: Some("x".to_owned()) }
    }

    fn signal(from: Signal, to: Signal) -> Event {
        Event::SignalChanged { from: Some(from), to, proposes: false, regrouped: false }
    }

    #[test]
    fn what_happened_has_its_type() {
        use StatusCategory::{Closed, Learning, Live, Paused, Triage};
        let token = || Actor::ApiToken { name: "ci".to_owned() };
        for (actor, via, event, expected) in [
            (person(), Via::Command, step(Triage, Live), Some("incident_opened")),
            (person(), Via::Command, step(Live, Paused), Some("incident_commented")),
            (person(), Via::Command, step(Live, Learning), Some("incident_resolved_ui_manually")),
            (token(), Via::Api, step(Live, Closed), Some("incident_resolved_api")),
            (person(), Via::Api, step(Live, Closed), Some("incident_resolved_api")),
            (
                Actor::Stentor,
                Via::Delivery,
                step(Live, Closed),
                Some("incident_resolved_by_alerts"),
            ),
            (person(), Via::Button, step(Learning, Live), Some("incident_reopen")),
            (person(), Via::Button, step(Learning, Closed), Some("incident_commented")),
        ] {
            assert_eq!(kind(actor, via, event.clone()), expected, "{event:?}");
        }
        let quiet = Signal::default();
        let loud = Signal { active: true, ..quiet };
        let flapping = Signal { flapping: true, ..loud };
        for (event, expected) in [
            (signal(quiet, loud), Some("incident_reopen")),
            (signal(loud, quiet), Some("incident_resolved_by_alerts")),
            (signal(loud, flapping), Some("incident_become_flapping")),
            (signal(flapping, loud), Some("incident_become_flapping")),
            (signal(loud, loud), None),
            (Event::NoteAdded { text: "x".to_owned() }, Some("incident_commented")),
            (Event::NoteAdded { text: String::new() }, None),
            (Event::TagRemoved { tag: "T".into(), from: Vec::new() }, Some("incident_tag_removed")),
            (Event::Absorbed(Absorbed::default()), Some("incident_merged_destination")),
            (Event::Unsnoozed { because: Woken::News }, Some("incident_unsnoozed")),
            (Event::Unknown, None),
        ] {
            assert_eq!(kind(Actor::Stentor, Via::Delivery, event.clone()), expected, "{event:?}");
        }
        let handled = |done| Event::AlertsHandled { by: person(), through: None, done };
        for (done, expected) in [
            (
                Handled::Came { title: "x".to_owned(), count: 1, from: None },
                "incident_splitted_destination",
            ),
            (
                Handled::Went { title: "x".to_owned(), count: 1, to: Some(7) },
                "incident_splitted_source",
            ),
            (Handled::Resolved { count: 1, alerts: Vec::new() }, "incident_alerts_resolved"),
        ] {
            assert_eq!(kind(Actor::Stentor, Via::Delivery, handled(done)), Some(expected));
        }
    }
}

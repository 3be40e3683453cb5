//! What a command does to an incident, or why it does nothing.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::{StatusId, TeamId, TimestampId, UserId};
use crate::incident::access;
use crate::incident::beginning;
use crate::incident::catalogue::{Catalogue, RoleKind, StampedWhen, Status, StatusCategory};
use crate::incident::channel;
use crate::incident::command::{Command, Declare};
use crate::incident::edit;
use crate::incident::event::{Actor, Declared, Event, SeverityChange, StatusChange, Via};
use crate::incident::fields;
use crate::incident::invite;
use crate::incident::members;
use crate::incident::merge::BadMerge;
use crate::incident::papers::{self, Paperwork};
use crate::incident::pins;
use crate::incident::reactions::TimerKind;
use crate::incident::refusal::{Field, Refusal};
use crate::incident::related;
use crate::incident::signal;
use crate::incident::snooze;
use crate::incident::state::{Incident, Mode, Visibility};
use crate::incident::subscribers;
use crate::incident::tags;
use crate::incident::text::{
    MESSAGE_LIMIT, NAME_LIMIT, SUMMARY_LIMIT, clean_line, clean_text, shorten,
};
use crate::incident::triage;
use crate::incident::visibility;

/// What a decision depends on besides the incident and the command.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The time of the decision.
    pub now: Timestamp,
    /// Who asks.
    pub actor: &'a Actor,
    /// Through which door.
    pub via: Via,
    /// What things are called here.
    pub catalogue: &'a Catalogue,
}

/// What declaring does; the number is the one that the incident will have.
pub fn declare(declare: &Declare, number: i64, context: &Context) -> Result<Declared, Refusal> {
    let catalogue = context.catalogue;
    let name = required(clean_line(&declare.name), Field::Name, NAME_LIMIT)?;
    let summary = declare.summary.as_deref().map(clean_text).unwrap_or_default();
    within(&summary, Field::Summary, SUMMARY_LIMIT)?;
    let severity =
        declare.severity.as_deref().map(|word| catalogue.find_severity(word)).transpose()?;
    let slack_team = declare.slack_team.as_ref().map(check_team).transpose()?;
    let incident_type = match &declare.incident_type {
        Some(word) => Some(catalogue.find_type(word)?),
        None => catalogue.default_type(),
    };
    let status = beginning::first_status(declare, incident_type, catalogue)?;
    let declared =
        catalogue.timestamps.iter().filter(|kind| kind.stamped_when == StampedWhen::Declared);
    let mut stamps: Vec<TimestampId> = declared.map(|kind| kind.id.clone()).collect();
    // What was over long before did not get there only now; nobody knows when, if nobody says.
    if declare.mode != Mode::Retrospective {
        stamps.extend(stamps_between(catalogue, None, status));
    }
    // Here and not when it is attached: what is declared is declared with all that belongs to it.
    declare.document_url.as_deref().map(papers::bad::address).transpose()?;
    let is_private =
        declare.private || incident_type.is_some_and(|kind| kind.private_incidents_only);
    Ok(Declared {
        number,
        name,
        summary,
        severity: severity.map(|severity| severity.id.clone()),
        status: status.id.clone(),
        category: status.category,
        visibility: if is_private { Visibility::Private } else { Visibility::Public },
        roles: beginning::first_roles(declare, context)?,
        stamps,
        declared_in: declare.declared_in.clone(),
        incident_type: incident_type.map(|kind| kind.id.clone()),
        invited: invite::named(&declare.invite)?,
        opened_by: declare.opened_by.clone(),
        slack_team: slack_team.cloned(),
        mode: declare.mode,
        fields: fields::read_fields(&declare.fields, catalogue)?,
        timestamps: fields::read_timestamps(&declare.timestamps, context)?,
        call_url: declare.call_url.as_deref().map(fields::read_call).transpose()?.flatten(),
        origin: declare.origin.clone(),
        channel_name: declare.channel_name.as_deref().map(channel::chosen).transpose()?.flatten(),
    })
}

/// What follows at once on declaring this incident.
pub fn besides(
    declare: &Declare,
    incident: &Incident,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    match attached(declare) {
        Some(document) => papers::decide(incident, &document, None, context),
        None => Ok(Vec::new()),
    }
}

/// The document that is written elsewhere already.
fn attached(declare: &Declare) -> Option<Paperwork> {
    let url = declare.document_url.clone()?;
    Some(Paperwork::AttachDocument { url, title: None })
}

/// What a command does to an incident that is there.
pub fn decide(
    incident: &Incident,
    command: &Command,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    access::check(incident, context.actor, context.via, command)?;
    change(incident, command, context)
}

/// The same, for whoever was let in with other eyes than those of the person in whose name they ask.
pub fn change(
    incident: &Incident,
    command: &Command,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    match command {
        // The engine opens incidents with `declare`; one that is there can't be declared again.
        Command::Declare(_) => {
            Err(Refusal::AlreadySo { what: "The incident is declared already".to_owned() })
        }
        Command::Update { message, status, severity, next_update_in_minutes } => {
            let words = Words {
                message,
                status,
                severity,
                next_update_in_minutes: *next_update_in_minutes,
            };
            update(incident, &words, context)
        }
        Command::Severity { severity } => change_severity(incident, severity, context),
        Command::Status { status } => {
            let status = context.catalogue.find_status(status)?;
            change_status(incident, status, None, context)
        }
        Command::Resolve { message } => resolve(incident, message.as_deref(), context),
        Command::Close { message } => {
            refuse_if_over(incident)?;
            enter(incident, StatusCategory::Closed, message.as_deref(), context)
        }
        Command::Reopen { message } => reopen(incident, message.as_deref(), context),
        Command::Role { role, person } => assign_role(incident, role, person.as_ref(), context),
        Command::Summary { summary } => {
            let summary = clean_text(summary);
            within(&summary, Field::Summary, SUMMARY_LIMIT)?;
            if summary == incident.summary {
                return Err(Refusal::AlreadySo { what: "That is the summary already".to_owned() });
            }
            Ok(vec![Event::SummaryChanged { from: incident.summary.clone(), to: summary }])
        }
        Command::Rename { name } => {
            let name = required(clean_line(name), Field::Name, NAME_LIMIT)?;
            if name == incident.name {
                return Err(Refusal::AlreadySo { what: "That is its name already".to_owned() });
            }
            Ok(vec![Event::Renamed { from: incident.name.clone(), to: name }])
        }
        Command::Note { text } => {
            let text = required(clean_text(text), Field::Note, MESSAGE_LIMIT)?;
            Ok(vec![Event::NoteAdded { text }])
        }
        Command::RecordChannel { channel } => channel::opened(incident, channel, context.catalogue),
        Command::RecordChannelChange { channel, change } => {
            channel::found(incident, channel, change, context.catalogue)
        }
        Command::RecordUndelivered { what, error } => {
            Ok(vec![Event::Undelivered { what: clean_line(what), error: clean_line(error) }])
        }
        Command::RecordMessage { ts, sight } => pins::look(incident, ts, sight),
        Command::Accept {} => triage::accept(incident, context),
        Command::Decline { message } => triage::decline(incident, message.as_deref(), context),
        Command::Type { incident_type } => change_type(incident, incident_type, context),
        Command::Invite { people } => invite::invite(incident, people),
        Command::Snooze { minutes, cancel_on_news } => {
            snooze::snooze(incident, *minutes, *cancel_on_news, context)
        }
        Command::Unsnooze {} => snooze::unsnooze(incident),
        // The engine merges with `merge`, which needs to see the other incident too.
        Command::Merge { into } => {
            Err(BadMerge::NoSuchDestination { given: shorten(into.trim(), 80) }.into())
        }
        Command::RecordMerge { absorbed } => Ok(vec![Event::Absorbed(absorbed.clone())]),
        Command::Ring { timer: TimerKind::SnoozeEnds } => snooze::ring(incident, context.now),
        Command::RecordSignal { signal, news_at, on_resolve } => {
            signal::heard(incident, signal, *news_at, *on_resolve, context)
        }
        Command::RecordAlerts { by, through, done } => {
            let (by, through, done) = (by.clone(), through.clone(), done.clone());
            Ok(vec![Event::AlertsHandled { by, through, done }])
        }
        Command::Tag { tag, value } => tags::set(incident, tag, value, context),
        Command::Untag { tag } => tags::remove(incident, tag, context),
        Command::SnoozeUntil { until, cancel_on_news } => {
            snooze::snooze_until(incident, *until, *cancel_on_news, context)
        }
        Command::ResolveAll { message } => {
            let mut events = resolve(incident, message.as_deref(), context)?;
            events.extend(incident.signal.map(|_| Event::AlertsEnded {}));
            Ok(events)
        }
        Command::RecordPaged { paged } => Ok(vec![Event::Paged(paged.clone())]),
        Command::Ring { timer: TimerKind::UpdateDue } => match incident.next_update_due {
            Some(due) if due <= context.now => Ok(vec![Event::UpdateOverdue { due }]),
            // An update came after all, or the reminder was moved.
            _ => Err(Refusal::AlreadySo { what: "No update is due".to_owned() }),
        },
        Command::Field { field, values } => fields::set_field(incident, field, values, context),
        Command::Timestamp { timestamp, at } => {
            fields::set_timestamp(incident, timestamp, *at, context)
        }
        Command::Call { url } => fields::set_call(incident, url),
        Command::NameChannel { name } => channel::give_name(incident, name),
        Command::Visibility { private } => visibility::change(incident, *private, context),
        Command::Pause { message } => {
            stop(incident, StatusCategory::Paused, message.as_deref(), context)
        }
        Command::Cancel { message } => {
            stop(incident, StatusCategory::Canceled, message.as_deref(), context)
        }
        Command::Edit(edit) => edit::edit(incident, edit, context),
        // The engine hands in the entry that is cited, where there is one.
        Command::Paperwork(paperwork) => papers::decide(incident, paperwork, None, context),
        Command::Remove { person } => members::remove(incident, person, context),
        Command::Subscribe { person } => subscribers::subscribe(incident, person.as_ref(), context),
        Command::Unsubscribe { person } => {
            subscribers::unsubscribe(incident, person.as_ref(), context)
        }
        // The engine relates with `related`, which needs to see the other incident too.
        Command::Relate { to } => related::relate(incident, to, None, context),
        Command::Unrelate { to } => related::unrelate(incident, to, None, context),
    }
}

/// Stops work on it, if its life can go on from there.
fn stop(
    incident: &Incident,
    category: StatusCategory,
    message: Option<&str>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    refuse_unless_next(incident, category)?;
    enter(incident, category, message, context)
}

/// Refuses to go to a part of life that is no usual step from here, or the present one.
pub fn refuse_unless_next(incident: &Incident, category: StatusCategory) -> Result<(), Refusal> {
    if incident.category == category {
        let what = format!("The incident is {} already", category.as_str());
        return Err(Refusal::AlreadySo { what });
    }
    refuse_if_over(incident)?;
    if !is_usual_step(incident.category, category) {
        return Err(Refusal::WrongStep { from: incident.category, to: category });
    }
    Ok(())
}

struct Words<'a> {
    message: &'a Option<String>,
    status: &'a Option<String>,
    severity: &'a Option<String>,
    next_update_in_minutes: Option<u32>,
}

/// A form sends back what it showed: what is as it was is no change, and no mistake.
fn update(incident: &Incident, words: &Words, context: &Context) -> Result<Vec<Event>, Refusal> {
    refuse_if_over(incident)?;
    let message = message(words.message.as_deref())?;
    let severity =
        words.severity.as_deref().map(|word| context.catalogue.find_severity(word)).transpose()?;
    let severity = severity.filter(|severity| incident.severity.as_ref() != Some(&severity.id));
    let status =
        words.status.as_deref().map(|word| context.catalogue.find_status(word)).transpose()?;
    let status = status.filter(|status| incident.status != status.id);
    let status = status.map(|status| step(incident, status, context.catalogue)).transpose()?;
    let next_update_due =
        words.next_update_in_minutes.map(|minutes| due(minutes, context.now)).transpose()?;
    if message.is_none() && severity.is_none() && status.is_none() {
        return Err(Refusal::Missing { field: Field::Message });
    }
    let goes_on =
        status.as_ref().map_or(incident.category, |change| change.to_category).is_active();
    Ok(vec![Event::UpdatePosted {
        message,
        status,
        severity: severity.map(|severity| SeverityChange {
            from: incident.severity.clone(),
            to: severity.id.clone(),
        }),
        next_update_due: next_update_due.filter(|_| goes_on),
    }])
}

fn change_severity(
    incident: &Incident,
    word: &str,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let severity = context.catalogue.find_severity(word)?;
    if incident.severity.as_ref() == Some(&severity.id) {
        return Err(Refusal::AlreadySo {
            what: format!("The severity is {} already", severity.name),
        });
    }
    let change = SeverityChange { from: incident.severity.clone(), to: severity.id.clone() };
    Ok(vec![Event::SeverityChanged { change }])
}

fn change_type(incident: &Incident, word: &str, context: &Context) -> Result<Vec<Event>, Refusal> {
    let kind = context.catalogue.find_type(word)?;
    if incident.incident_type.as_ref() == Some(&kind.id) {
        return Err(Refusal::AlreadySo { what: format!("The type is {} already", kind.name) });
    }
    Ok(vec![Event::TypeChanged { from: incident.incident_type.clone(), to: kind.id.clone() }])
}

fn resolve(
    incident: &Incident,
    message: Option<&str>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    refuse_if_over(incident)?;
    if incident.category == StatusCategory::Learning {
        return Err(Refusal::AlreadySo { what: "The incident is resolved already".to_owned() });
    }
    let has_learning = context.catalogue.first_status(StatusCategory::Learning).is_some();
    let category = if has_learning { StatusCategory::Learning } else { StatusCategory::Closed };
    enter(incident, category, message, context)
}

fn reopen(
    incident: &Incident,
    message: Option<&str>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    match incident.category {
        StatusCategory::Triage | StatusCategory::Live | StatusCategory::Paused => {
            Err(Refusal::AlreadySo { what: "The incident is open".to_owned() })
        }
        StatusCategory::Merged => {
            Err(Refusal::WrongStep { from: StatusCategory::Merged, to: StatusCategory::Live })
        }
        StatusCategory::Learning
        | StatusCategory::Closed
        | StatusCategory::Declined
        | StatusCategory::Canceled => enter(incident, StatusCategory::Live, message, context),
    }
}

/// Moves to the first status of a part of life, whatever the usual steps are.
pub(super) fn enter(
    incident: &Incident,
    category: StatusCategory,
    said: Option<&str>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let wrong_step = Refusal::WrongStep { from: incident.category, to: category };
    let status = context.catalogue.first_status(category).ok_or(wrong_step)?;
    let change = status_change(incident, status, context.catalogue);
    Ok(vec![Event::StatusChanged { change, message: message(said)? }])
}

fn change_status(
    incident: &Incident,
    status: &Status,
    message: Option<String>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    if incident.status == status.id {
        return Err(Refusal::AlreadySo { what: format!("The status is {} already", status.name) });
    }
    refuse_if_over(incident)?;
    let change = step(incident, status, context.catalogue)?;
    Ok(vec![Event::StatusChanged { change, message }])
}

/// Whether an incident's life usually goes on from here to there; `reopen` is the way back.
pub fn is_usual_step(from: StatusCategory, to: StatusCategory) -> bool {
    use StatusCategory::{Canceled, Closed, Declined, Learning, Live, Paused, Triage};
    match from {
        Triage => matches!(to, Triage | Live | Declined | Canceled),
        Live => matches!(to, Live | Paused | Learning | Closed | Canceled),
        Paused => matches!(to, Live | Paused | Learning | Closed | Canceled),
        Learning => matches!(to, Learning | Closed),
        _ => false,
    }
}

fn step(incident: &Incident, to: &Status, catalogue: &Catalogue) -> Result<StatusChange, Refusal> {
    if !is_usual_step(incident.category, to.category) {
        return Err(Refusal::WrongStep { from: incident.category, to: to.category });
    }
    Ok(status_change(incident, to, catalogue))
}

pub(super) fn status_change(
    incident: &Incident,
    to: &Status,
    catalogue: &Catalogue,
) -> StatusChange {
    StatusChange {
        from: incident.status.clone(),
        from_category: incident.category,
        to: to.id.clone(),
        to_category: to.category,
        stamps: stamps_between(catalogue, Some((&incident.status, incident.category)), to),
    }
}

/// The timestamps that are set on the way from one status to another. Closing an incident that
/// nobody resolved resolves it on the way.
fn stamps_between(
    catalogue: &Catalogue,
    from: Option<(&StatusId, StatusCategory)>,
    to: &Status,
) -> Vec<TimestampId> {
    let was = from.and_then(|(_, category)| progress(category)).unwrap_or(0);
    let is = progress(to.category);
    let set = catalogue.timestamps.iter().filter(|kind| match &kind.stamped_when {
        StampedWhen::Declared | StampedWhen::ByHand => false,
        StampedWhen::Reaches(category) => {
            progress(*category).zip(is).is_some_and(|(point, is)| was < point && point <= is)
        }
        StampedWhen::HasStatus(status) => *status == to.id,
    });
    set.map(|kind| kind.id.clone()).collect()
}

/// How far along its life an incident is; nothing for the endings that are no success.
fn progress(category: StatusCategory) -> Option<u8> {
    match category {
        StatusCategory::Triage => Some(0),
        StatusCategory::Live | StatusCategory::Paused => Some(1),
        StatusCategory::Learning => Some(2),
        StatusCategory::Closed => Some(3),
        StatusCategory::Declined | StatusCategory::Merged | StatusCategory::Canceled => None,
    }
}

fn assign_role(
    incident: &Incident,
    word: &str,
    person: Option<&UserId>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let role = context.catalogue.find_role(word)?;
    if role.kind == RoleKind::Reporter {
        return Err(Refusal::ReporterIsFixed);
    }
    let person = person.map(check_person).transpose()?;
    let previous = incident.roles.get(&role.id);
    if previous == person {
        let what = match person {
            Some(_) => format!("They are {} already", role.name),
            None => format!("Nobody is {}", role.name),
        };
        return Err(Refusal::AlreadySo { what });
    }
    let (person, previous) = (person.cloned(), previous.cloned());
    Ok(vec![Event::RoleAssigned { role: role.id.clone(), person, previous }])
}

pub(super) fn check_person(person: &UserId) -> Result<&UserId, Refusal> {
    if person.is_well_formed() {
        Ok(person)
    } else {
        Err(Refusal::UnknownPerson { given: shorten(person.as_str(), 80) })
    }
}

fn check_team(team: &TeamId) -> Result<&TeamId, Refusal> {
    if team.is_workspace() {
        Ok(team)
    } else {
        Err(Refusal::UnknownTeam { given: shorten(team.as_str(), 80) })
    }
}

pub(super) fn refuse_if_over(incident: &Incident) -> Result<(), Refusal> {
    if incident.category.is_ended() {
        return Err(Refusal::Over { category: incident.category });
    }
    Ok(())
}

/// From a minute, below which nobody could keep it, to a week, beyond which nobody remembers it.
fn due(minutes: u32, now: Timestamp) -> Result<Timestamp, Refusal> {
    if !(1..=7 * 24 * 60).contains(&minutes) {
        return Err(Refusal::BadReminder);
    }
    Ok(now.plus(Duration::from_secs(u64::from(minutes) * 60)))
}

fn message(text: Option<&str>) -> Result<Option<String>, Refusal> {
    let text = text.map(clean_text).filter(|text| !text.is_empty());
    if let Some(text) = &text {
        within(text, Field::Message, MESSAGE_LIMIT)?;
    }
    Ok(text)
}

fn required(text: String, field: Field, limit: usize) -> Result<String, Refusal> {
    if text.is_empty() {
        return Err(Refusal::Missing { field });
    }
    within(&text, field, limit)?;
    Ok(text)
}

fn within(text: &str, field: Field, limit: usize) -> Result<(), Refusal> {
    let length = text.chars().count();
    if length > limit { Err(Refusal::TooLong { field, length, limit }) } else { Ok(()) }
}

//! Peace for a while: what alerts have to say is not said in the channel.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::incident::catalogue::StatusCategory;
use crate::incident::decide::{Context, refuse_if_over};
use crate::incident::event::{Actor, Entry, Event};
use crate::incident::refusal::Refusal;
use crate::incident::state::Incident;

/// The longest snooze, in minutes: what is quiet for longer is forgotten.
pub const LONGEST: u32 = 30 * 24 * 60;

/// An incident is snoozed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Snooze {
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// It ends with the first news of its alerts.
    pub cancel_on_news: bool,
    /// Who wanted it.
    pub by: Actor,
}

/// Why a snooze is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Woken {
    /// Somebody wants it so.
    Asked,
    /// Its time is up.
    TimeIsUp,
    /// There was news.
    News,
}

/// Refuses to snooze an incident in which nothing goes on.
pub fn refuse_unless_snoozable(incident: &Incident) -> Result<(), Refusal> {
    refuse_if_over(incident)?;
    if incident.category == StatusCategory::Learning {
        return Err(Refusal::AlreadySo { what: "The incident is resolved already".to_owned() });
    }
    Ok(())
}

pub(super) fn snooze(
    incident: &Incident,
    minutes: u32,
    cancel_on_news: bool,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    refuse_unless_snoozable(incident)?;
    if !(1..=LONGEST).contains(&minutes) {
        return Err(Refusal::BadSnooze);
    }
    let until = context.now.plus(Duration::from_secs(u64::from(minutes) * 60));
    Ok(vec![Event::Snoozed { until, cancel_on_news }])
}

/// The same by the clock. What is nearer than a minute is over before anybody has read it.
pub(super) fn snooze_until(
    incident: &Incident,
    until: Timestamp,
    cancel_on_news: bool,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    refuse_unless_snoozable(incident)?;
    let length = until.since(context.now).as_secs();
    if !(60..=u64::from(LONGEST) * 60).contains(&length) {
        return Err(Refusal::BadSnooze);
    }
    Ok(vec![Event::Snoozed { until, cancel_on_news }])
}

pub(super) fn unsnooze(incident: &Incident) -> Result<Vec<Event>, Refusal> {
    match incident.snooze {
        Some(_) => Ok(vec![Event::Unsnoozed { because: Woken::Asked }]),
        None => Err(Refusal::AlreadySo { what: "The incident is not snoozed".to_owned() }),
    }
}

/// The timer has come due; the snooze may be another one meanwhile.
pub(super) fn ring(incident: &Incident, now: Timestamp) -> Result<Vec<Event>, Refusal> {
    match &incident.snooze {
        Some(snooze) if snooze.until <= now => {
            Ok(vec![Event::Unsnoozed { because: Woken::TimeIsUp }])
        }
        _ => Err(Refusal::AlreadySo { what: "No snooze is over".to_owned() }),
    }
}

impl Snooze {
    /// The snooze that an entry begins.
    pub(super) fn begun(entry: &Entry, until: Timestamp, cancel_on_news: bool) -> Snooze {
        Snooze { since: entry.at, until, cancel_on_news, by: entry.actor.clone() }
    }
}

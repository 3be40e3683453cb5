//! Schedules, who is on call by them, and who stands in.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::api::incident_io::shape::user::{People, User};
use crate::clock::Timestamp;
use crate::ids::{LayerId, OverrideId, RotationId, ScheduleId, UserId};
use crate::oncall::hours::Interval;
use crate::oncall::schedule::definition::{
    self, Handover, IntervalType, Layer, Override, SchedulingMode,
};
use crate::oncall::schedule::entries;
use crate::store::schedules::Kept;

/// Who is on call when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Schedule {
    id: ScheduleId,
    name: String,
    timezone: String,
    team_ids: [&'static str; 0],
    permalink: String,
    annotations: BTreeMap<String, String>,
    config: Config,
    current_shifts: Vec<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_shifts: Option<Vec<Entry>>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Who is on call by a schedule, as entries of the domain.
pub struct Shifts {
    /// Whoever is now.
    pub current: Vec<entries::Entry>,
    /// Whoever is next, if that is asked for.
    pub next: Option<Vec<entries::Entry>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Config {
    rotations: Vec<Rotation>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Rotation {
    id: RotationId,
    name: String,
    users: Vec<User>,
    handover_start_at: Timestamp,
    handovers: Vec<Handover>,
    layers: Vec<Layer>,
    /// What older clients read instead of the other one; they want none rather than an empty one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    working_interval: Vec<Interval>,
    working_intervals: Vec<Interval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduling_mode: Option<SchedulingMode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_from: Option<Timestamp>,
}

/// Somebody's time on call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    start_at: Timestamp,
    end_at: Timestamp,
    user: User,
    rotation_id: RotationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry_id: Option<OverrideId>,
    fingerprint: String,
}

/// Somebody who stands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScheduleOverride {
    id: OverrideId,
    schedule_id: ScheduleId,
    rotation_id: RotationId,
    layer_id: LayerId,
    start_at: Timestamp,
    end_at: Timestamp,
    user: User,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Schedule {
    /// The schedule as this format shows it; `public_url` is where Stentor is.
    pub fn show(kept: &Kept, shifts: &Shifts, people: &People, public_url: &str) -> Schedule {
        let said = &kept.definition;
        let show = |all: &Vec<entries::Entry>| Entry::show_all(all, people);
        Schedule {
            id: kept.id.clone(),
            name: said.name.clone(),
            timezone: said.time_zone.clone(),
            team_ids: [],
            permalink: format!("{public_url}/api/v1/schedules/{}", kept.id),
            annotations: said.annotations.clone(),
            config: Config {
                rotations: said.rotations.iter().map(|it| Rotation::show(it, people)).collect(),
            },
            current_shifts: show(&shifts.current),
            next_shifts: shifts.next.as_ref().map(show),
            created_at: kept.created_at,
            updated_at: kept.updated_at,
        }
    }
}

impl Rotation {
    fn show(rotation: &definition::Rotation, people: &People) -> Rotation {
        Rotation {
            id: rotation.id.clone(),
            name: rotation.name.clone(),
            users: rotation.people.iter().map(|person| people.show(person)).collect(),
            handover_start_at: rotation.handover_start_at,
            handovers: rotation.handovers.clone(),
            layers: rotation.layers.clone(),
            working_interval: rotation.working_intervals.clone(),
            working_intervals: rotation.working_intervals.clone(),
            scheduling_mode: rotation.scheduling_mode,
            effective_from: rotation.effective_from,
        }
    }
}

impl Entry {
    /// Entries as this format shows them. What tells a shift from every other is where and when it
    /// begins, and whose it is.
    pub fn show_all(all: &[entries::Entry], people: &People) -> Vec<Entry> {
        let show = |entry: &entries::Entry| Entry {
            start_at: entry.start_at,
            end_at: entry.end_at,
            user: people.show(&entry.person),
            rotation_id: entry.rotation.clone(),
            entry_id: entry.by.clone(),
            fingerprint: format!(
                "{}.{}.{}.{}",
                entry.rotation,
                entry.layer,
                entry.person,
                entry.start_at.as_seconds()
            ),
        };
        all.iter().map(show).collect()
    }
}

impl ScheduleOverride {
    /// The override as this format shows it.
    pub fn show(one: &Override, people: &People) -> ScheduleOverride {
        ScheduleOverride {
            id: one.id.clone(),
            schedule_id: one.schedule.clone(),
            rotation_id: one.rotation.clone(),
            layer_id: one.layer.clone(),
            start_at: one.start_at,
            end_at: one.end_at,
            user: people.show(&one.person),
            created_at: one.created_at,
            updated_at: one.updated_at,
        }
    }
}

/// Everybody whom entries name.
pub fn people_in<'e>(
    all: impl IntoIterator<Item = &'e entries::Entry>,
) -> impl Iterator<Item = UserId> {
    all.into_iter().map(|entry| entry.person.clone())
}

/// The words for what turns are counted in.
pub const INTERVAL_TYPES: [(&str, IntervalType); 3] = [
    ("hourly", IntervalType::Hourly),
    ("daily", IntervalType::Daily),
    ("weekly", IntervalType::Weekly),
];

/// The words for whose turn it is where handovers are of different lengths.
pub const SCHEDULING_MODES: [(&str, SchedulingMode); 2] =
    [("fair", SchedulingMode::Fair), ("sequential", SchedulingMode::Sequential)];

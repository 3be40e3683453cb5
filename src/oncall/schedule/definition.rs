//! What a schedule says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::{LayerId, OverrideId, RotationId, ScheduleId, UserId};
use crate::oncall::hours::Interval;

/// Who is on call when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// What it is called, in at most 100 characters; unique.
    pub name: String,
    /// The IANA name of the time zone in which days, weeks and hours are meant.
    pub time_zone: String,
    /// People who take turns: at most 20. A rotation can be there several times with the same id:
    /// each version of it holds from its `effective_from` until the next one's.
    #[serde(default)]
    pub rotations: Vec<Rotation>,
    /// What other programs want to remember about it: at most 50.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

/// People who take turns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScheduleRotation)]
pub struct Rotation {
    /// Its id; made if left out.
    #[serde(default = "no_rotation")]
    pub id: RotationId,
    /// What it is called, in at most 100 characters.
    pub name: String,
    /// Who takes turns, in this order: at most 100.
    #[serde(default)]
    pub people: Vec<UserId>,
    /// When the first of them takes over; turns go on from there both ways.
    pub handover_start_at: Timestamp,
    /// How long turns are; several apply one after another.
    pub handovers: Vec<Handover>,
    /// How many are on call at once: at most 5. In each layer it is the next person's turn.
    #[serde(default)]
    pub layers: Vec<Layer>,
    /// When anybody is on call at all; always, if left out.
    #[serde(default)]
    pub working_intervals: Vec<Interval>,
    /// Whose turn it is where handovers are of different lengths; one after another, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling_mode: Option<SchedulingMode>,
    /// From when this version holds; from ever, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Timestamp>,
}

/// Whose turn it is where handovers are of different lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ScheduleSchedulingMode)]
pub enum SchedulingMode {
    /// One after another, as they stand there.
    Sequential,
    /// So that in the long run everybody has as many long turns as everybody else.
    Fair,
}

fn no_rotation() -> RotationId {
    RotationId::new("")
}

fn no_layer() -> LayerId {
    LayerId::new("")
}

/// How long a turn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScheduleHandover)]
pub struct Handover {
    /// How many of them.
    pub interval: u32,
    /// Hours, days or weeks. Days and weeks are those of the wall.
    pub interval_type: IntervalType,
}

/// What a turn is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ScheduleIntervalType)]
pub enum IntervalType {
    /// Hours.
    Hourly,
    /// Days.
    Daily,
    /// Weeks.
    Weekly,
}

/// One of several people on call at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScheduleLayer)]
pub struct Layer {
    /// Its id; made if left out.
    #[serde(default = "no_layer")]
    pub id: LayerId,
    /// What it is called, in at most 100 characters.
    #[serde(default)]
    pub name: String,
}

/// Somebody stands in for whoever is scheduled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewScheduleOverride)]
pub struct NewOverride {
    /// In which rotation.
    pub rotation: RotationId,
    /// In which layer of it.
    pub layer: LayerId,
    /// Who.
    pub person: UserId,
    /// From when.
    pub start_at: Timestamp,
    /// Until when.
    pub end_at: Timestamp,
}

/// An override with what is known about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ScheduleOverride)]
pub struct Override {
    /// Its id.
    pub id: OverrideId,
    /// The schedule.
    pub schedule: ScheduleId,
    /// In which rotation.
    pub rotation: RotationId,
    /// In which layer of it.
    pub layer: LayerId,
    /// Who.
    pub person: UserId,
    /// From when.
    pub start_at: Timestamp,
    /// Until when.
    pub end_at: Timestamp,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Schedule {
    /// Everybody in it, each once, in the order in which they stand there.
    pub fn everybody(&self) -> Vec<UserId> {
        let mut everybody: Vec<UserId> = Vec::new();
        for person in self.rotations.iter().flat_map(|rotation| &rotation.people) {
            if !everybody.contains(person) {
                everybody.push(person.clone());
            }
        }
        everybody
    }

    /// The schedule with this rotation alone, in all its versions.
    pub fn only(&self, rotation: &RotationId) -> Schedule {
        let versions = self.rotations.iter().filter(|it| it.id == *rotation);
        Schedule {
            name: self.name.clone(),
            time_zone: self.time_zone.clone(),
            rotations: versions.cloned().collect(),
            annotations: BTreeMap::new(),
        }
    }

    /// Whether there is such a layer.
    pub fn has_layer(&self, rotation: &RotationId, layer: &LayerId) -> bool {
        let versions = self.rotations.iter().filter(|it| it.id == *rotation);
        versions.flat_map(|it| &it.layers).any(|it| it.id == *layer)
    }
}

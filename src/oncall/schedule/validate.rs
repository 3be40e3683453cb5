//! Which schedules make sense.

use crate::clock::Timestamp;
use crate::ids::{LayerId, RotationId};
use crate::oncall::hours;
use crate::oncall::refusal::{Unfit, line, number, unfit};
use crate::oncall::schedule::definition::{
    Handover, IntervalType, NewOverride, Rotation, Schedule,
};

/// The most schedules of a workspace.
pub const SCHEDULES_LIMIT: i64 = 500;
/// The most people of a rotation.
pub const PEOPLE_LIMIT: usize = 100;
/// The longest name, in characters.
const NAME_LIMIT: usize = 100;
/// The most rotations of a schedule, versions of the same one counted.
const ROTATIONS_LIMIT: usize = 20;
/// The most layers of a rotation.
const LAYERS_LIMIT: usize = 5;
/// The most handovers that apply one after another.
const HANDOVERS_LIMIT: usize = 20;
/// The most annotations.
const ANNOTATIONS_LIMIT: usize = 50;
/// The longest annotation, in characters.
const ANNOTATION_LIMIT: usize = 500;
/// The longest that somebody stands in for another, in seconds: a year.
const OVERRIDE_LIMIT: i64 = 366 * 24 * 3600;
/// The longest id that a caller may give, in bytes.
const ID_LIMIT: usize = 64;

impl Schedule {
    /// The schedule with its texts cleaned and its ids made, if it makes sense.
    pub fn checked(mut self, mut new_id: impl FnMut() -> String) -> Result<Schedule, Unfit> {
        self.name = line("name", &self.name, NAME_LIMIT)?;
        hours::check_zone("time_zone", &self.time_zone)?;
        if self.rotations.len() > ROTATIONS_LIMIT {
            return unfit("rotations", format!("{ROTATIONS_LIMIT} rotations are the most."));
        }
        if self.annotations.len() > ANNOTATIONS_LIMIT {
            return unfit("annotations", format!("{ANNOTATIONS_LIMIT} are the most."));
        }
        let annotations = self.annotations.into_iter().map(|(name, value)| {
            let field = format!("annotations.{name}");
            let name = line("annotations", &name, ANNOTATION_LIMIT)?;
            let value = crate::oncall::refusal::text(&field, &value, ANNOTATION_LIMIT)?;
            Ok((name, value))
        });
        self.annotations = annotations.collect::<Result<_, Unfit>>()?;
        for (nth, rotation) in self.rotations.iter_mut().enumerate() {
            check_rotation(&format!("rotations.{nth}"), rotation, &mut new_id)?;
        }
        for (nth, rotation) in self.rotations.iter().enumerate() {
            let earlier = &self.rotations[..nth];
            let is_twice = |it: &Rotation| {
                it.id == rotation.id && it.effective_from == rotation.effective_from
            };
            if earlier.iter().any(is_twice) {
                let why = "Two versions of a rotation hold from the same instant.";
                return unfit(format!("rotations.{nth}.effective_from"), why);
            }
        }
        Ok(self)
    }
}

fn check_rotation(
    field: &str,
    rotation: &mut Rotation,
    new_id: &mut impl FnMut() -> String,
) -> Result<(), Unfit> {
    let name = |part: &str| format!("{field}.{part}");
    rotation.name = line(&name("name"), &rotation.name, NAME_LIMIT)?;
    if rotation.id.as_str().is_empty() {
        rotation.id = RotationId::new(new_id());
    }
    check_id(&name("id"), rotation.id.as_str())?;
    if rotation.people.len() > PEOPLE_LIMIT {
        return unfit(name("people"), format!("{PEOPLE_LIMIT} people are the most."));
    }
    if let Some(nth) = rotation.people.iter().position(|person| !person.is_well_formed()) {
        let why = "Somebody in Slack is an id such as `U012AB3CD`.";
        return unfit(format!("{field}.people.{nth}"), why);
    }
    if !(1..=HANDOVERS_LIMIT).contains(&rotation.handovers.len()) {
        return unfit(name("handovers"), format!("There are from 1 to {HANDOVERS_LIMIT}."));
    }
    for (nth, Handover { interval, interval_type }) in rotation.handovers.iter().enumerate() {
        let most = match interval_type {
            IntervalType::Hourly => 24 * 366,
            IntervalType::Daily => 366,
            IntervalType::Weekly => 52,
        };
        number(&format!("{field}.handovers.{nth}.interval"), *interval, 1, most)?;
    }
    if rotation.layers.is_empty() {
        rotation.layers.push(crate::oncall::schedule::definition::Layer {
            id: LayerId::new(""),
            name: rotation.name.clone(),
        });
    }
    if rotation.layers.len() > LAYERS_LIMIT {
        return unfit(name("layers"), format!("{LAYERS_LIMIT} layers are the most."));
    }
    for nth in 0..rotation.layers.len() {
        let part = format!("{field}.layers.{nth}");
        let layer = &mut rotation.layers[nth];
        if layer.id.as_str().is_empty() {
            layer.id = LayerId::new(new_id());
        }
        if layer.name.trim().is_empty() {
            layer.name = format!("Layer {}", nth + 1);
        }
        layer.name = line(&format!("{part}.name"), &layer.name, NAME_LIMIT)?;
        check_id(&format!("{part}.id"), layer.id.as_str())?;
        let id = layer.id.clone();
        if rotation.layers[..nth].iter().any(|it| it.id == id) {
            return unfit(format!("{part}.id"), "Two layers of a rotation have this id.");
        }
    }
    check_time(&name("handover_start_at"), rotation.handover_start_at)?;
    if let Some(from) = rotation.effective_from {
        check_time(&name("effective_from"), from)?;
    }
    hours::check(&name("working_intervals"), &rotation.working_intervals)
}

/// Refuses what could break out of the places where ids stand.
fn check_id(field: &str, id: &str) -> Result<(), Unfit> {
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"_-.".contains(&c);
    if (1..=ID_LIMIT).contains(&id.len()) && id.bytes().all(is_plain) {
        return Ok(());
    }
    unfit(field, format!("An id is 1 to {ID_LIMIT} letters, digits, `_`, `-` and `.`."))
}

/// From 2000 to 2100: beyond, somebody has mistaken seconds for something else.
fn check_time(field: &str, at: Timestamp) -> Result<(), Unfit> {
    if (946_684_800..=4_102_444_800).contains(&at.as_seconds()) {
        return Ok(());
    }
    unfit(field, "It is an instant from the year 2000 to the year 2100.")
}

impl NewOverride {
    /// Refuses an override that makes no sense in this schedule.
    pub fn check(&self, schedule: &Schedule) -> Result<(), Unfit> {
        if !schedule.rotations.iter().any(|rotation| rotation.id == self.rotation) {
            return unfit("rotation", "The schedule has no such rotation.");
        }
        if !schedule.has_layer(&self.rotation, &self.layer) {
            return unfit("layer", "The rotation has no such layer.");
        }
        if !self.person.is_well_formed() {
            return unfit("person", "Somebody in Slack is an id such as `U012AB3CD`.");
        }
        check_time("start_at", self.start_at)?;
        check_time("end_at", self.end_at)?;
        if self.end_at <= self.start_at {
            return unfit("end_at", "It ends after it begins.");
        }
        if self.end_at.as_seconds() - self.start_at.as_seconds() > OVERRIDE_LIMIT {
            return unfit("end_at", "It lasts a year at most.");
        }
        Ok(())
    }
}

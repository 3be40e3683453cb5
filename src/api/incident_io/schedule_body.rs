//! What a body says of a schedule, in the terms of the domain.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::given::{
    WeekdayInterval, instant, intervals, number, refuse_if, word,
};
use crate::api::incident_io::incident_body::UserReference;
use crate::api::incident_io::reader::Addresses;
use crate::api::incident_io::shape::schedule::{INTERVAL_TYPES, SCHEDULING_MODES};
use crate::ids::{LayerId, RotationId};
use crate::oncall::schedule::definition::{Handover, Layer, Rotation, Schedule};

/// A body: everything is under one name.
#[derive(Debug, Deserialize)]
pub struct ScheduleBody {
    schedule: Says,
}

#[derive(Debug, Deserialize)]
struct Says {
    name: Option<String>,
    timezone: Option<String>,
    config: Option<Config>,
    annotations: Option<BTreeMap<String, String>>,
    team_ids: Option<Vec<String>>,
    holidays_public_config: Option<Holidays>,
}

#[derive(Debug, Deserialize)]
struct Config {
    rotations: Option<Vec<RotationSays>>,
}

#[derive(Debug, Deserialize)]
struct Holidays {
    country_codes: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct RotationSays {
    id: Option<String>,
    name: Option<String>,
    users: Option<Vec<UserReference>>,
    handover_start_at: Option<String>,
    handovers: Option<Vec<HandoverSays>>,
    layers: Option<Vec<LayerSays>>,
    scheduling_mode: Option<String>,
    effective_from: Option<String>,
    working_intervals: Option<Vec<WeekdayInterval>>,
    /// What older clients call the same.
    working_interval: Option<Vec<WeekdayInterval>>,
}

#[derive(Debug, Deserialize)]
struct HandoverSays {
    interval: i64,
    interval_type: String,
}

#[derive(Debug, Deserialize)]
struct LayerSays {
    id: Option<String>,
    name: Option<String>,
}

impl ScheduleBody {
    /// Everybody whom it names.
    pub fn people(&self) -> Vec<&UserReference> {
        let rotations = self.schedule.config.iter().flat_map(|it| it.rotations.iter().flatten());
        rotations.flat_map(|rotation| rotation.users.iter().flatten()).collect()
    }

    /// Whether it says all that there is to say, so that nothing is taken from what was there before.
    pub fn is_whole(&self) -> bool {
        let Says { name, timezone, config, annotations, .. } = &self.schedule;
        name.is_some() && timezone.is_some() && config.is_some() && annotations.is_some()
    }

    /// The schedule that is meant; what is left out stays as it was before.
    pub fn read(self, before: Option<&Schedule>, people: &Addresses) -> Result<Schedule, Failure> {
        let says = self.schedule;
        let has_teams = says.team_ids.is_some_and(|ids| !ids.is_empty());
        refuse_if(has_teams, "schedule.team_ids", "There are no teams here.")?;
        let countries = says.holidays_public_config.and_then(|it| it.country_codes);
        let has_holidays = countries.is_some_and(|codes| !codes.is_empty());
        let field = "schedule.holidays_public_config";
        refuse_if(has_holidays, field, "Holidays are not shown here.")?;
        let rotations = match says.config {
            Some(config) => rotations(config.rotations.unwrap_or_default(), people)?,
            None => before.map(|it| it.rotations.clone()).unwrap_or_default(),
        };
        let or_before = |given: Option<String>, was: fn(&Schedule) -> &String, field: &str| {
            let text = given.or_else(|| before.map(|it| was(it).clone()));
            text.ok_or_else(|| Failure::missing(field))
        };
        let annotations = says.annotations.or_else(|| before.map(|it| it.annotations.clone()));
        Ok(Schedule {
            name: or_before(says.name, |it| &it.name, "schedule.name")?,
            time_zone: or_before(says.timezone, |it| &it.time_zone, "schedule.timezone")?,
            rotations,
            annotations: annotations.unwrap_or_default(),
        })
    }
}

fn rotations(given: Vec<RotationSays>, people: &Addresses) -> Result<Vec<Rotation>, Failure> {
    let numbered = given.into_iter().enumerate();
    numbered
        .map(|(nth, says)| rotation(&format!("schedule.config.rotations.{nth}"), says, people))
        .collect()
}

fn rotation(field: &str, says: RotationSays, people: &Addresses) -> Result<Rotation, Failure> {
    let part = |name: &str| format!("{field}.{name}");
    let missing = |name: &str| Failure::missing(&part(name));
    let start = says.handover_start_at.ok_or_else(|| missing("handover_start_at"))?;
    let users = says.users.unwrap_or_default();
    let users = users.iter().enumerate();
    let handovers = says.handovers.ok_or_else(|| missing("handovers"))?;
    let hours = says.working_intervals.filter(|hours| !hours.is_empty());
    let hours = hours.or(says.working_interval).unwrap_or_default();
    let layers = says.layers.unwrap_or_default().into_iter().map(|layer| Layer {
        id: LayerId::new(layer.id.unwrap_or_default()),
        name: layer.name.unwrap_or_default(),
    });
    let mode = says.scheduling_mode.as_deref();
    let from = says.effective_from.as_deref();
    Ok(Rotation {
        id: RotationId::new(says.id.unwrap_or_default()),
        name: says.name.ok_or_else(|| missing("name"))?,
        people: users
            .map(|(nth, user)| people.find_in(&part(&format!("users.{nth}")), user))
            .collect::<Result<_, _>>()?,
        handover_start_at: instant(&part("handover_start_at"), &start)?,
        handovers: handovers_in(&part("handovers"), &handovers)?,
        layers: layers.collect(),
        working_intervals: intervals(&part("working_intervals"), &hours)?,
        scheduling_mode: mode
            .map(|mode| word(&part("scheduling_mode"), mode, &SCHEDULING_MODES))
            .transpose()?,
        effective_from: from.map(|from| instant(&part("effective_from"), from)).transpose()?,
    })
}

fn handovers_in(field: &str, given: &[HandoverSays]) -> Result<Vec<Handover>, Failure> {
    let read = |(nth, says): (usize, &HandoverSays)| {
        let part = |name: &str| format!("{field}.{nth}.{name}");
        Ok(Handover {
            interval: number(&part("interval"), says.interval)?,
            interval_type: word(&part("interval_type"), &says.interval_type, &INTERVAL_TYPES)?,
        })
    };
    given.iter().enumerate().map(read).collect()
}

/// What this format calls a field of a schedule of ours.
pub fn field_name(ours: &str) -> String {
    if ours == "time_zone" {
        return "schedule.timezone".to_owned();
    }
    match ours.strip_prefix("rotations") {
        Some(rest) => format!("schedule.config.rotations{}", rest.replace(".people", ".users")),
        None => format!("schedule.{ours}"),
    }
}

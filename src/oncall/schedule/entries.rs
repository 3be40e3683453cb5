//! Who is on call when: as it was laid down, who stands in, and what that comes to.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::{LayerId, OverrideId, RotationId, UserId};
use crate::oncall::hours::{self, Span};
use crate::oncall::schedule::calendar::Turns;
use crate::oncall::schedule::definition::{Override, Rotation, Schedule, SchedulingMode};

/// How far ahead the next turn is looked for.
const AHEAD: Duration = Duration::from_secs(93 * 24 * 3600);

/// Somebody's time on call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(as = ScheduleEntry)]
pub struct Entry {
    /// From when.
    pub start_at: Timestamp,
    /// Until when.
    pub end_at: Timestamp,
    /// In which rotation.
    pub rotation: RotationId,
    /// In which layer of it.
    pub layer: LayerId,
    /// Who.
    pub person: UserId,
    /// The override that it comes from.
    #[serde(rename = "override")]
    pub by: Option<OverrideId>,
}

/// Who is on call within a window of time. Each list is in the order of beginnings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ScheduleEntryLists)]
pub struct Entries {
    /// What it comes to.
    #[serde(rename = "final")]
    pub all: Vec<Entry>,
    /// As it was laid down.
    pub scheduled: Vec<Entry>,
    /// Who stands in.
    pub overrides: Vec<Entry>,
}

impl Schedule {
    /// The zone in which days are counted. That there is one was checked when it was laid down; a
    /// machine that does not know it counts as Greenwich does.
    fn zone(&self) -> TimeZone {
        hours::zone(&self.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// Who is on call within a window of time.
    pub fn entries(&self, overrides: &[Override], from: Timestamp, to: Timestamp) -> Entries {
        let scheduled = self.scheduled(from, to);
        let mut standing_in: Vec<Entry> =
            overrides.iter().filter_map(|it| self.standing_in(it, from, to)).collect();
        // What was said last counts.
        let said_at = |entry: &Entry| {
            let of = overrides.iter().find(|it| Some(&it.id) == entry.by.as_ref());
            of.map(|it| (it.updated_at, it.created_at, it.id.clone()))
        };
        standing_in.sort_by_key(said_at);
        let mut all = scheduled.clone();
        for entry in &standing_in {
            all = without(all, entry);
            all.push(entry.clone());
        }
        all.sort();
        standing_in.sort();
        Entries { all, scheduled, overrides: standing_in }
    }

    /// Who is on call at an instant, each once.
    pub fn on_call(&self, overrides: &[Override], at: Timestamp) -> Vec<UserId> {
        people(&self.entries(overrides, at, soon(at)).all)
    }

    /// Who is on call at an instant in one rotation.
    pub fn on_call_in(
        &self,
        rotation: &RotationId,
        overrides: &[Override],
        at: Timestamp,
    ) -> Vec<UserId> {
        let mut entries = self.entries(overrides, at, soon(at)).all;
        entries.retain(|entry| entry.rotation == *rotation);
        people(&entries)
    }

    /// The turns that begin next: the first one of somebody else in each layer.
    pub fn next(&self, overrides: &[Override], after: Timestamp) -> Vec<Entry> {
        type Place = (RotationId, LayerId);
        let mut latest: BTreeMap<Place, (UserId, Timestamp)> = BTreeMap::new();
        let mut next: BTreeMap<Place, Entry> = BTreeMap::new();
        let places: BTreeSet<Place> = self.rotations.iter().flat_map(places).collect();
        let (mut from, end) = (after, after.plus(AHEAD));
        while from < end && next.len() < places.len() {
            let to = from.plus(self.window());
            for entry in self.entries(overrides, from, to).all {
                let place = (entry.rotation.clone(), entry.layer.clone());
                let before = latest.insert(place.clone(), (entry.person.clone(), entry.end_at));
                let goes_on = before == Some((entry.person.clone(), entry.start_at));
                if goes_on || entry.start_at <= after {
                    continue;
                }
                next.entry(place).or_insert_with(|| match entry.end_at == to {
                    true => self.whole(overrides, entry),
                    false => entry,
                });
            }
            from = to;
        }
        let mut next: Vec<Entry> = next.into_values().collect();
        next.sort();
        next
    }

    /// Until when somebody's time on call goes on that holds now.
    pub fn on_call_until(
        &self,
        overrides: &[Override],
        person: &UserId,
        at: Timestamp,
    ) -> Option<Timestamp> {
        let entries = self.entries(overrides, at, at.plus(self.window())).all;
        let own = entries.into_iter().filter(|entry| entry.person == *person);
        // One turn may follow another.
        let spans = hours::merged(own.map(|entry| (entry.start_at, entry.end_at)).collect());
        spans.first().filter(|(start, _)| *start == at).map(|(_, end)| *end)
    }

    /// When who is on call may change next, within a day.
    pub fn changes_at(&self, overrides: &[Override], after: Timestamp) -> Timestamp {
        let end = after.plus(Duration::from_secs(24 * 3600));
        let entries = self.entries(overrides, after, end).all;
        let moments = entries.iter().flat_map(|entry| [entry.start_at, entry.end_at]);
        moments.filter(|at| *at > after).min().unwrap_or(end)
    }

    fn scheduled(&self, from: Timestamp, to: Timestamp) -> Vec<Entry> {
        let zone = self.zone();
        let mut entries = Vec::new();
        for (rotation, (start, end)) in self.versions(from, to) {
            let hours = match rotation.working_intervals.is_empty() {
                true => vec![(start, end)],
                false => hours::spans(&rotation.working_intervals, &zone, start, end),
            };
            let Some(turns) = Turns::of(rotation, &zone) else { continue };
            if rotation.people.is_empty() || start >= end {
                continue;
            }
            let mut turn = turns.at(start);
            loop {
                let span = (turns.begins(turn), turns.begins(turn + 1));
                if span.0 >= end || span.1 <= span.0 {
                    break;
                }
                for (layer, place) in rotation.layers.iter().zip(0..) {
                    let person = whose(rotation, turn, place);
                    entries.extend(hours.iter().filter_map(|part| {
                        let (start_at, end_at) = (span.0.max(part.0), span.1.min(part.1));
                        (start_at < end_at).then(|| Entry {
                            start_at,
                            end_at,
                            rotation: rotation.id.clone(),
                            layer: layer.id.clone(),
                            person: person.clone(),
                            by: None,
                        })
                    }));
                }
                turn += 1;
            }
        }
        entries.sort();
        entries
    }

    /// Each version of each rotation, with the part of a window in which it holds.
    fn versions(&self, from: Timestamp, to: Timestamp) -> Vec<(&Rotation, Span)> {
        let since = |rotation: &Rotation| {
            rotation.effective_from.unwrap_or(Timestamp::from_micros(i64::MIN))
        };
        let with_end = self.rotations.iter().map(|rotation| {
            let later = self.rotations.iter().filter(|it| it.id == rotation.id).map(since);
            let until = later.filter(|it| *it > since(rotation)).min();
            let end = until.map_or(to, |until| until.min(to));
            (rotation, (since(rotation).max(from), end))
        });
        with_end.filter(|(_, (start, end))| start < end).collect()
    }

    fn standing_in(&self, one: &Override, from: Timestamp, to: Timestamp) -> Option<Entry> {
        let (start_at, end_at) = (one.start_at.max(from), one.end_at.min(to));
        let is_there = self.has_layer(&one.rotation, &one.layer) && start_at < end_at;
        is_there.then(|| Entry {
            start_at,
            end_at,
            rotation: one.rotation.clone(),
            layer: one.layer.clone(),
            person: one.person.clone(),
            by: Some(one.id.clone()),
        })
    }
}

fn places(rotation: &Rotation) -> impl Iterator<Item = (RotationId, LayerId)> {
    rotation.layers.iter().map(|layer| (rotation.id.clone(), layer.id.clone()))
}

/// The next instant there is.
fn soon(at: Timestamp) -> Timestamp {
    at.plus(Duration::from_micros(1))
}

/// Whose turn it is in a layer.
fn whose(rotation: &Rotation, turn: i64, layer: i64) -> &UserId {
    let number = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let (people, handovers) = (number(rotation.people.len()), number(rotation.handovers.len()));
    // Where lengths and people come round together, everybody would have the same length for ever: so
    // each time they do, the next person begins.
    let moved = match rotation.scheduling_mode {
        Some(SchedulingMode::Fair) => turn.div_euclid(together(people, handovers)),
        Some(SchedulingMode::Sequential) | None => 0,
    };
    let place = turn.saturating_add(moved).saturating_add(layer).rem_euclid(people);
    &rotation.people[usize::try_from(place).unwrap_or(0)]
}

/// After how many turns two rounds of these lengths begin together again.
fn together(one: i64, other: i64) -> i64 {
    let (mut a, mut b) = (one, other);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (one / a.max(1)).saturating_mul(other).max(1)
}

/// What is left of these when somebody stands in.
fn without(entries: Vec<Entry>, taken: &Entry) -> Vec<Entry> {
    let mut left = Vec::with_capacity(entries.len() + 1);
    for entry in entries {
        let is_same = entry.rotation == taken.rotation && entry.layer == taken.layer;
        if !is_same || entry.end_at <= taken.start_at || taken.end_at <= entry.start_at {
            left.push(entry);
            continue;
        }
        if entry.start_at < taken.start_at {
            left.push(Entry { end_at: taken.start_at, ..entry.clone() });
        }
        if taken.end_at < entry.end_at {
            left.push(Entry { start_at: taken.end_at, ..entry });
        }
    }
    left
}

fn people(entries: &[Entry]) -> Vec<UserId> {
    let mut people: Vec<UserId> = Vec::new();
    for entry in entries {
        if !people.contains(&entry.person) {
            people.push(entry.person.clone());
        }
    }
    people
}

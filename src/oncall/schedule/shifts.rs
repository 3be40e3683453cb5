//! Shifts from their beginning to their end, and how much of a schedule is shown at once.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::RotationId;
use crate::oncall::schedule::definition::{IntervalType, Override, Schedule};
use crate::oncall::schedule::entries::{Entries, Entry};

/// How much of a schedule is shown at once.
const WINDOW: Duration = Duration::from_secs(31 * 24 * 3600);
/// How much, where turns are as short as an hour.
const SHORT_WINDOW: Duration = Duration::from_secs(7 * 24 * 3600);
/// How far a shift is followed beyond a window: neither a turn nor an override is longer than that.
pub const REACH: Duration = Duration::from_secs(366 * 24 * 3600);

/// The part of a window that is shown at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where it ends.
    pub to: Timestamp,
    /// Where the next part begins; nothing if this is the last one.
    pub next_from: Option<Timestamp>,
}

impl Schedule {
    /// How much of it is shown at once.
    pub fn window(&self) -> Duration {
        let handovers = self.rotations.iter().flat_map(|rotation| &rotation.handovers);
        let is_short = handovers.into_iter().any(|it| it.interval_type == IntervalType::Hourly);
        if is_short { SHORT_WINDOW } else { WINDOW }
    }

    /// The first part of a window, which goes as far as one part does if nobody says how far. Nothing
    /// if the window ends before it begins.
    pub fn part(&self, from: Timestamp, until: Option<Timestamp>) -> Option<Part> {
        let most = from.plus(self.window());
        let end = until.unwrap_or(most);
        let to = end.min(most);
        (from < end).then(|| Part { to, next_from: Some(to).filter(|to| *to < end) })
    }

    /// Who is on call within a window of time: each shift from its beginning to its end, also where
    /// they lie outside. The overrides are those that have not ended [`REACH`] before the window.
    pub fn shifts(&self, overrides: &[Override], from: Timestamp, to: Timestamp) -> Entries {
        let mut shifts = Entries::default();
        let rotations: BTreeSet<&RotationId> = self.rotations.iter().map(|it| &it.id).collect();
        for rotation in rotations {
            // One by one: where one has short turns, they are not laid out as far as another's go.
            let own = self.only(rotation).followed(overrides, from, to);
            shifts.all.extend(own.all);
            shifts.scheduled.extend(own.scheduled);
            shifts.overrides.extend(own.overrides);
        }
        for list in [&mut shifts.all, &mut shifts.scheduled, &mut shifts.overrides] {
            list.sort();
        }
        shifts
    }

    /// The shift of which this is the beginning.
    pub(super) fn whole(&self, overrides: &[Override], beginning: Entry) -> Entry {
        let at = beginning.start_at;
        let soon = at.plus(Duration::from_micros(1));
        let then = self.only(&beginning.rotation).followed(overrides, at, soon).all;
        then.into_iter().find(|it| it.layer == beginning.layer).unwrap_or(beginning)
    }

    fn followed(&self, overrides: &[Override], from: Timestamp, to: Timestamp) -> Entries {
        let mut reach = self.window();
        loop {
            let (first, last) = (from.minus(reach), to.plus(reach));
            let mut found = self.entries(overrides, first, last);
            let lists = [&mut found.all, &mut found.scheduled, &mut found.overrides];
            let mut is_cut = false;
            for list in lists {
                list.retain(|entry| entry.start_at < to && from < entry.end_at);
                is_cut |= list.iter().any(|it| it.start_at == first || it.end_at == last);
            }
            if !is_cut || reach >= REACH {
                return found;
            }
            reach *= 4;
        }
    }
}

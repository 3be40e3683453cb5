//! How many alerts fired when.

use std::collections::HashMap;
use std::time::Duration;

use crate::alert::history::{Change, Phase, What};
use crate::alert::state::Alert;
use crate::clock::Timestamp;
use crate::ids::AlertId;

/// How long one step is…
pub const STEP: Duration = Duration::from_secs(15 * 60);
/// …and how many of them are looked back.
pub const STEPS: u32 = 12;

/// The time that is looked back from then on.
pub fn beginning(until: Timestamp) -> Timestamp {
    until.minus(STEP * STEPS)
}

/// For each step up to then, how many of these alerts fired at some time in it. The history may
/// lack what is older than the first step, and must be in order.
pub fn firing(
    alerts: &[Alert],
    history: &[(AlertId, Timestamp, Change)],
    until: Timestamp,
) -> Vec<usize> {
    let mut changes: HashMap<&AlertId, Vec<(Timestamp, &Change)>> = HashMap::new();
    for (alert, at, change) in history {
        changes.entry(alert).or_default().push((*at, change));
    }
    let starts: Vec<Timestamp> =
        (0..STEPS).map(|step| until.minus(STEP * (STEPS - step))).collect();
    let mut counts = vec![0; starts.len()];
    for alert in alerts {
        let changes = changes.get(&alert.id).map(Vec::as_slice).unwrap_or_default();
        for (count, start) in counts.iter_mut().zip(&starts) {
            *count += usize::from(fired(alert, changes, *start, start.plus(STEP)));
        }
    }
    counts
}

/// Whether it fired at some time from the one to the other.
fn fired(alert: &Alert, changes: &[(Timestamp, &Change)], from: Timestamp, to: Timestamp) -> bool {
    let before = changes.iter().rev().find(|(at, _)| *at <= from);
    let at_first = match (before, changes.first()) {
        (Some((_, change)), _) => change.phase.is_firing(),
        (None, Some((_, first))) => was_firing(first),
        (None, None) => alert.phase.is_firing(),
    };
    let meanwhile = changes.iter().filter(|(at, _)| from < *at && *at <= to);
    at_first || meanwhile.into_iter().any(|(_, change)| change.phase.is_firing())
}

/// Whether it fired before this change.
fn was_firing(change: &Change) -> bool {
    match change.what {
        Some(What::Seen | What::Reopened) => false,
        Some(What::Resolved { .. }) => true,
        _ => change.phase != Phase::Resolved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::history::Cause;
    use crate::alert::observation::{Observation, Status};
    use crate::alert::state::Circumstances;

    const UNTIL: Timestamp = Timestamp::from_micros(1_000_000_000_000_000);

    fn alert(id: &str, phase: Phase) -> Alert {
        let said = Observation::firing(id, "Disk full");
        let circumstances = Circumstances { now: UNTIL, reopens_within: None, window: None };
        let alert = Alert::first(id.into(), "S".into(), &said, "G".into(), circumstances);
        Alert { phase, ..alert }
    }

    fn change(id: &str, minutes_ago: u64, what: What) -> (AlertId, Timestamp, Change) {
        let phase = match what {
            What::Resolved { .. } => Phase::Resolved,
            _ => Phase::Ongoing,
        };
        let change =
            Change { phase, status: Status::Critical, what: Some(what), by: None, through: None };
        (id.into(), UNTIL.minus(Duration::from_secs(minutes_ago * 60)), change)
    }

    #[test]
    fn each_step_counts_what_fired_in_it() {
        let alerts = [
            alert("old", Phase::Ongoing),
            alert("short", Phase::Resolved),
            alert("ending", Phase::Resolved),
            alert("new", Phase::New),
        ];
        let over = || What::Resolved { cause: Cause::Sender };
        let history = [
            change("ending", 160, over()),
            change("short", 100, What::Seen),
            change("short", 99, over()),
            change("old", 50, What::Severity),
            change("new", 0, What::Seen),
        ];
        assert_eq!(firing(&alerts, &history, UNTIL), [2, 2, 1, 1, 1, 2, 1, 1, 1, 1, 1, 2]);
        assert_eq!(firing(&[], &[], UNTIL), [0; 12]);
    }
}

//! What the alerts of an incident say together. It is always derived, never set by hand.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::observation::Status;
use crate::alert::state::Alert;
use crate::clock::Timestamp;

/// How much of an incident's alerts was expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Maintenance {
    /// None.
    #[default]
    None,
    /// Some.
    Partial,
    /// All.
    Active,
}

/// What the alerts of an incident say together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Signal {
    /// How bad the worst alert is now, those in maintenance left out.
    pub status: Status,
    /// How bad the worst alert ever was.
    pub peak: Status,
    /// Whether any alert fires.
    pub active: bool,
    /// Whether any alert flaps.
    pub flapping: bool,
    /// How much of it was expected.
    pub maintenance: Maintenance,
}

/// How many alerts there are, and how many of them fire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Those that fire.
    pub firing: usize,
    /// All of them.
    pub all: usize,
}

impl Signal {
    /// What these alerts say together. `before` is what was known: the peak never goes down, also
    /// when alerts were moved elsewhere.
    pub fn of<'a>(
        alerts: impl IntoIterator<Item = &'a Alert>,
        before: Option<&Signal>,
        now: Timestamp,
    ) -> (Signal, Count) {
        let mut signal =
            Signal { peak: before.map_or(Status::Ok, |before| before.peak), ..Signal::default() };
        let (mut count, mut expected) = (Count::default(), 0);
        for alert in alerts {
            count.all += 1;
            signal.peak = signal.peak.max(alert.peak);
            signal.flapping |= alert.is_flapping(now);
            if !alert.phase.is_firing() {
                continue;
            }
            count.firing += 1;
            signal.active = true;
            if alert.maintenance.is_some() {
                expected += 1;
            } else {
                signal.status = signal.status.max(alert.status);
            }
        }
        signal.maintenance = match expected {
            0 => Maintenance::None,
            some if some < count.firing => Maintenance::Partial,
            _ => Maintenance::Active,
        };
        (signal, count)
    }
}

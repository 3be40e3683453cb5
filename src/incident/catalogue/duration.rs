//! How long an incident took from one point of its life to another.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::{DurationId, TimestampId};

/// A length of time that every incident has, such as "Time to resolve".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DurationMetric {
    /// Its id.
    #[schema(value_type = String, example = "01STENT0RDRN00000000000003")]
    pub id: DurationId,
    /// What people call it.
    #[schema(example = "Time to resolve")]
    pub name: String,
    /// The timestamp at which it begins.
    #[schema(value_type = String, example = "01STENT0RTSP00000000000001")]
    pub from: TimestampId,
    /// The timestamp at which it ends.
    #[schema(value_type = String, example = "01STENT0RTSP00000000000005")]
    pub to: TimestampId,
    /// Its place in the order.
    pub rank: i64,
    /// When it was made.
    #[serde(default)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(default)]
    pub updated_at: Timestamp,
}

/// How long it was, as far as that can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// So many whole seconds.
    Success {
        /// How many.
        seconds: i64,
    },
    /// One of the two points was not reached.
    TimestampsMissing,
    /// The end lies before the beginning.
    InvalidTimestamps,
}

impl Measured {
    /// The word for it on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Measured::Success { .. } => "success",
            Measured::TimestampsMissing => "timestamps_missing",
            Measured::InvalidTimestamps => "invalid_timestamps",
        }
    }

    /// The seconds, where there are any.
    pub fn seconds(self) -> Option<i64> {
        match self {
            Measured::Success { seconds } => Some(seconds),
            Measured::TimestampsMissing | Measured::InvalidTimestamps => None,
        }
    }
}

impl DurationMetric {
    /// How long it was in an incident that reached its points at these times.
    pub fn measure(&self, reached: &BTreeMap<TimestampId, Timestamp>) -> Measured {
        match (reached.get(&self.from), reached.get(&self.to)) {
            (Some(from), Some(to)) if from > to => Measured::InvalidTimestamps,
            (Some(from), Some(to)) => {
                let seconds = i64::try_from(to.since(*from).as_secs()).unwrap_or(i64::MAX);
                Measured::Success { seconds }
            }
            _ => Measured::TimestampsMissing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::catalogue::Catalogue;

    #[test]
    fn a_duration_is_measured_where_both_points_were_reached_in_order() {
        let catalogue = Catalogue::default();
        let metric = &catalogue.durations[0];
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let reached = |from: Option<i64>, to: Option<i64>| {
            let from = from.map(|seconds| (metric.from.clone(), at(seconds)));
            let to = to.map(|seconds| (metric.to.clone(), at(seconds)));
            metric.measure(&from.into_iter().chain(to).collect())
        };
        assert_eq!(reached(Some(10), Some(100)).seconds(), Some(90));
        assert_eq!(reached(Some(10), Some(10)).seconds(), Some(0));
        assert_eq!(reached(Some(100), Some(10)).as_str(), "invalid_timestamps");
        assert_eq!(reached(None, Some(10)).as_str(), "timestamps_missing");
        assert_eq!(reached(Some(10), None).as_str(), "timestamps_missing");
    }
}

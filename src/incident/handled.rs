//! What people do about an incident's alerts, as its record keeps it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::AlertId;

/// What somebody did about the incident's alerts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Handled {
    /// They look after them.
    Acknowledged {
        /// How many.
        count: u32,
    },
    /// Nobody looks after them any more.
    Unacknowledged {
        /// How many.
        count: u32,
    },
    /// They said that these are over.
    Resolved {
        /// How many.
        count: u32,
        /// Which; of more than 300, the first ones. Nothing in what older versions wrote.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schema(value_type = Vec<String>)]
        alerts: Vec<AlertId>,
    },
    /// They made them part of this incident.
    Came {
        /// What the first of them is about.
        title: String,
        /// How many.
        count: u32,
        /// The number of the incident that they were part of; nothing if they were part of none, or
        /// of one that is private.
        from: Option<i64>,
    },
    /// They took them out of this incident.
    Went {
        /// What the first of them is about.
        title: String,
        /// How many.
        count: u32,
        /// The number of the incident that they are part of now; nothing if there is none yet, or it
        /// is private.
        to: Option<i64>,
    },
    /// They said that these are no part of any incident.
    Unrelated {
        /// What the first of them is about.
        title: String,
        /// How many.
        count: u32,
    },
    /// Something that a newer version of Stentor has written.
    #[serde(other)]
    Unknown,
}

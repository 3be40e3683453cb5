//! The life of an alert, line by line: what its history keeps.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::observation::Status;
use crate::ids::GroupId;
use crate::incident::event::Actor;

/// Where an alert is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = AlertPhase)]
pub enum Phase {
    /// It has just begun.
    New,
    /// It goes on, and something about it has changed since it began.
    Ongoing,
    /// It is over.
    Resolved,
    /// It was over, and has come back.
    Reopened,
}

impl Phase {
    /// Whether it is so now.
    pub fn is_firing(self) -> bool {
        self != Phase::Resolved
    }
}

/// Why an alert is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
#[schema(as = AlertCause)]
pub enum Cause {
    /// Its sender says so.
    Sender,
    /// Its time ran out and no news came.
    Expiry,
    /// Somebody says so.
    Somebody {
        /// Who.
        actor: Actor,
    },
    /// The source that sent it was removed: nobody would ever say that it is over.
    SourceRemoved,
    /// Something that a newer version of Stentor has written.
    #[serde(other)]
    Unknown,
}

/// A change of an alert, as its history keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AlertChange)]
pub struct Change {
    /// Where it is in its life since then.
    pub phase: Phase,
    /// How bad it is since then.
    pub status: Status,
    /// What else happened: acknowledged, in maintenance, moved to another group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<What>,
    /// Who did it, if it was no sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Actor>,
    /// The API token through which a program did it in their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
}

/// What happened to an alert besides its going on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = AlertHappening)]
pub enum What {
    /// It was seen for the first time.
    Seen,
    /// Its title, labels or the like are others.
    Edited,
    /// It got better or worse.
    Severity,
    /// It is over.
    Resolved {
        /// Why.
        cause: Cause,
    },
    /// It has come back.
    Reopened,
    /// Somebody looks after it.
    Acknowledged,
    /// Nobody looks after it any more.
    Unacknowledged,
    /// It was seen in a maintenance window.
    MaintenanceBegan,
    /// It was seen outside of one again.
    MaintenanceEnded,
    /// Somebody had something to say about it.
    Noted {
        /// That.
        text: String,
    },
    /// It belongs to another group now.
    Moved {
        /// The group before.
        from: GroupId,
        /// The group now.
        to: GroupId,
    },
    /// Somebody tagged it otherwise.
    Tagged {
        /// The tags that it has now and had not before.
        added: Vec<String>,
        /// The tags that it had before.
        removed: Vec<String>,
    },
    /// Something that a newer version of Stentor has written.
    #[serde(other)]
    Unknown,
}

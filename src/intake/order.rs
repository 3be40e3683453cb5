//! What the intake is handed, and what it answers.

use std::sync::Arc;
use std::time::Duration;

use crate::alert::observation::{ChangeEvent, Observation};
use crate::ids::AlertId;
use crate::store::sources::AlertSource;

/// What one request of a sender brings.
pub struct Delivery {
    /// Who sends.
    pub source: Arc<AlertSource>,
    /// What it says of its alerts, in its order.
    pub observations: Vec<Observation>,
    /// What it says was changed on purpose.
    pub changes: Vec<ChangeEvent>,
    /// Under what a second delivery of the same is known: it changes nothing.
    pub receipt: Option<String>,
}

/// What became of a delivery. It is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The same delivery came before: nothing was changed this time.
    pub was_repeated: bool,
    /// One for each observation.
    pub folded: Vec<Folded>,
}

/// What became of an observation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    /// The alert it is about; nothing if it is about one that is not there.
    pub alert: Option<AlertId>,
    /// What it did.
    pub effect: Effect,
}

/// What an observation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// There is a new alert.
    New,
    /// Something about an alert is other than before.
    Changed,
    /// It said what was known: only "last seen" moved.
    Repeated,
    /// It came too late, or is about an alert that is over or was never there.
    Ignored,
}

/// Why nothing was taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotTaken {
    /// So much waits that this has to come again.
    #[error("too much waits to be saved")]
    Busy {
        /// When.
        retry_after: Duration,
    },
    /// It could not be saved.
    #[error("the store could not save alerts")]
    Unavailable(#[source] Arc<sqlx::Error>),
}

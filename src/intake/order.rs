//! What the intake is handed, and what it answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::alert::observation::{ChangeEvent, Observation};
use crate::alert::settings::Setting;
use crate::ids::{AlertId, GroupId, IncidentId, SettingId, SourceId, WorkspaceId};
use crate::incident::event::Actor;
use crate::store::sources::AlertSource;

/// What one request of a sender brings.
#[derive(Clone, Debug)]
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

/// How many observations of a delivery its receipt tells about: what asks for them brings one or two.
const RECEIPT: usize = 16;

/// What became of a delivery. It is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The same delivery came before: nothing was changed this time.
    #[serde(skip)]
    pub was_repeated: bool,
    /// One for each observation.
    #[serde(default)]
    pub folded: Vec<Folded>,
}

impl Taken {
    /// What the delivery's receipt keeps of it.
    pub fn to_receipt(&self) -> Value {
        let folded = self.folded.iter().take(RECEIPT).cloned().collect();
        json!(Taken { was_repeated: false, folded })
    }

    /// What a receipt tells; nothing if it is another's.
    pub fn from_receipt(receipt: Value) -> Option<Taken> {
        serde_json::from_value(receipt).ok()
    }
}

/// What became of an observation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folded {
    /// The alert it is about; nothing if it is about one that is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertId>,
    /// What it did.
    pub effect: Effect,
}

/// What an observation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// Which alerts an errand is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// These.
    Alerts(Vec<AlertId>),
    /// All of a group.
    Group(GroupId),
    /// All of a group, if it is still part of this incident: whoever asks has seen it there.
    GroupOf {
        /// The group.
        group: GroupId,
        /// The incident.
        incident: IncidentId,
    },
    /// All of an incident.
    Incident(IncidentId),
}

/// Where alerts are to belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// To this incident.
    Incident(IncidentId),
    /// To none: somebody has said that they are no part of one.
    Nowhere,
    /// To a group of their own, from which an incident is opened at once.
    Apart,
}

/// What becomes of the tags of an alert. Names are compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tagging {
    /// These too.
    Add(Vec<String>),
    /// These no more.
    Remove(Vec<String>),
    /// These and no others.
    Set(Vec<String>),
}

/// What somebody here wants of alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Somebody looks after them.
    Acknowledge {
        /// Which.
        which: Which,
        /// Who.
        by: Actor,
    },
    /// Nobody looks after them any more.
    Unacknowledge {
        /// Which.
        which: Which,
        /// Who says so.
        by: Actor,
    },
    /// They are tagged otherwise.
    Tag {
        /// Which.
        which: Which,
        /// How.
        tagging: Tagging,
        /// Who says so.
        by: Actor,
    },
    /// They are over, somebody says.
    Resolve {
        /// Which.
        which: Which,
        /// Who.
        by: Actor,
    },
    /// They belong elsewhere.
    Move {
        /// Which.
        which: Which,
        /// Where.
        to: Place,
        /// Who says so.
        by: Actor,
    },
    /// A group is part of an incident that was opened for it.
    Link {
        /// The group.
        group: GroupId,
        /// The incident.
        incident: IncidentId,
    },
    /// All groups of an incident are part of another one.
    Repoint {
        /// The incident that they were part of.
        from: IncidentId,
        /// The incident that they are part of.
        to: IncidentId,
    },
    /// Something is laid down.
    Put {
        /// Its id.
        id: SettingId,
        /// What it says.
        setting: Setting,
    },
    /// Something that is laid down says something else now; nothing if it is not there.
    Replace {
        /// Its id.
        id: SettingId,
        /// What it says.
        setting: Setting,
        /// Only if it has this version: whoever asks has seen that one.
        version: Option<i64>,
    },
    /// Something is no longer laid down.
    Delete {
        /// The word for its kind.
        kind: &'static str,
        /// Its id.
        id: SettingId,
    },
    /// Those whose time has run out are over.
    Expire,
    /// A source of heartbeats says that all is well.
    Ping {
        /// Which.
        source: SourceId,
    },
    /// Sources of heartbeats that have been silent for too long fire.
    Miss,
}

/// How many alerts and groups of an errand its receipt tells about.
const CARRIED: usize = 1_000;

/// What became of an errand. It is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The alerts that it changed.
    #[serde(default)]
    pub alerts: Vec<AlertId>,
    /// The groups that it changed or made.
    #[serde(default)]
    pub groups: Vec<GroupId>,
    /// What is laid down by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<SettingId>,
    /// Whether what it was about was there.
    #[serde(default)]
    pub was_there: bool,
    /// It was there, but is not any more what whoever asks has seen: nothing was changed.
    #[serde(default)]
    pub was_stale: bool,
    /// The same errand came before: nothing was changed this time.
    #[serde(skip)]
    pub was_repeated: bool,
}

impl Carried {
    /// What the errand's receipt keeps of it.
    pub fn to_receipt(&self) -> Value {
        let alerts = self.alerts.iter().take(CARRIED).cloned().collect();
        let groups = self.groups.iter().take(CARRIED).cloned().collect();
        json!(Carried { alerts, groups, ..self.clone() })
    }
}

/// Something to be done in one transaction with others.
#[derive(Clone, Debug)]
pub enum Job {
    /// What a sender brings.
    Take(Delivery),
    /// What somebody here wants.
    Carry {
        /// Whose alerts it is about.
        workspace: WorkspaceId,
        /// Under what a second wish of the same is known: it changes nothing.
        receipt: Option<String>,
        /// The API token through which somebody wants it.
        through: Option<String>,
        /// What is wanted.
        errand: Box<Errand>,
    },
}

impl Job {
    /// Whose alerts it is about.
    pub fn workspace(&self) -> &WorkspaceId {
        match self {
            Job::Take(delivery) => &delivery.source.workspace,
            Job::Carry { workspace, .. } => workspace,
        }
    }

    /// How heavy it is: one for each observation of usual size, and more for larger ones, because what
    /// waits takes memory; at least one, because it is work anyway.
    pub fn weight(&self) -> usize {
        match self {
            Job::Take(delivery) => {
                let observations = delivery.observations.iter().map(weight_of).sum::<usize>();
                observations.max(1)
            }
            Job::Carry { .. } => 1,
        }
    }
}

/// How many bytes of text an observation of usual size has at most.
const USUAL: usize = 4_096;

fn weight_of(observation: &Observation) -> usize {
    let named = |all: &BTreeMap<String, String>| {
        all.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
    };
    let links = observation.links.iter().map(|link| link.href.len() + link.text.len());
    let texts = [&observation.key, &observation.title, &observation.description];
    let size = texts.iter().map(|text| text.len()).sum::<usize>()
        + named(&observation.labels)
        + named(&observation.annotations)
        + links.sum::<usize>();
    1 + size / USUAL
}

/// What became of a job.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Of a delivery.
    Taken(Taken),
    /// Of an errand.
    Carried(Carried),
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

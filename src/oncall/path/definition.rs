//! What an escalation path says.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{ChannelId, HoursId, NodeId, PathId, RotationId, ScheduleId, UserId};
use crate::oncall::hours::Interval;

/// Whom to page, and whom if nobody answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EscalationPathDefinition)]
pub struct Path {
    /// What it is called, in at most 100 characters; unique.
    pub name: String,
    /// What is done, one after another.
    pub nodes: Vec<Node>,
    /// Hours that nodes can ask for: at most 20.
    #[serde(default)]
    pub working_hours: Vec<WorkingHours>,
    /// Begin anew when all is done and nobody has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repetition>,
}

/// When a path begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EscalationPathRepetition)]
pub struct Repetition {
    /// So many seconds after the last node: 300 to 345,600.
    pub after_seconds: u32,
    /// Counted from the latest update of the incident, if that is later.
    #[serde(default)]
    pub delay_on_activity: bool,
}

/// Hours of the week, by which a path can go one way or another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EscalationPathHours)]
pub struct WorkingHours {
    /// Its id, which nodes name.
    pub id: HoursId,
    /// What they are called, in at most 100 characters.
    pub name: String,
    /// The IANA name of the time zone in which they are meant.
    pub time_zone: String,
    /// The hours.
    pub intervals: Vec<Interval>,
}

/// One thing that a path does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EscalationPathNode)]
pub struct Node {
    /// Its id, unique in its path; made if left out.
    #[serde(default = "no_node")]
    pub id: NodeId,
    /// What it does.
    #[serde(flatten)]
    pub does: Does,
}

fn no_node() -> NodeId {
    NodeId::new("")
}

/// What a node does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = EscalationPathStep)]
pub enum Does {
    /// Pages people and waits for an answer.
    Level(Level),
    /// Pages everybody in some channels, and waits for an answer.
    NotifyChannel {
        /// The channels in Slack: 1 to 10.
        channels: Vec<ChannelId>,
        /// How urgent it is for them.
        #[serde(default)]
        urgency: Urgency,
        /// How long to wait for an answer. Without it, goes on at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time_to_ack: Option<Wait>,
    },
    /// Goes one way or another.
    IfElse {
        /// All of these have to hold.
        conditions: Vec<Condition>,
        /// What is done if they do.
        #[serde(default)]
        #[schema(no_recursion)]
        then_path: Vec<Node>,
        /// What is done if not.
        #[serde(default)]
        #[schema(no_recursion)]
        else_path: Vec<Node>,
    },
    /// Goes back to an earlier node.
    Repeat {
        /// Which one: of the same list of nodes.
        to_node: NodeId,
        /// How often: 1 to 10.
        repeat_times: u32,
    },
    /// Waits.
    Delay {
        /// How long.
        wait: Wait,
    },
    /// Goes on with what another path says, and then with the next node.
    EscalationPath {
        /// Which path.
        path: PathId,
    },
}

/// People who are paged together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EscalationLevel)]
pub struct Level {
    /// Who: 1 to 50.
    pub targets: Vec<Target>,
    /// Whose answer counts.
    #[serde(default)]
    pub ack_mode: AckMode,
    /// How long to wait for an answer, from the first page that has arrived; five minutes if left out.
    #[serde(default)]
    pub time_to_ack: Wait,
    /// Page them again meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Page one of them at a time, another one with each escalation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_robin: Option<RoundRobin>,
}

/// Whose answer counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EscalationAckMode)]
pub enum AckMode {
    /// The first one ends it for all.
    #[default]
    First,
    /// Everybody who was paged has to answer.
    All,
}

/// How long something is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = EscalationWait)]
pub enum Wait {
    /// So many seconds: 1 to 604,800.
    Seconds(u32),
    /// Until these hours begin.
    UntilActive(HoursId),
    /// Until these hours are over.
    UntilInactive(HoursId),
}

impl Default for Wait {
    fn default() -> Self {
        Wait::Seconds(300)
    }
}

/// Paging the same people again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EscalationRetry)]
pub struct Retry {
    /// How often in all: 2 to 10.
    pub attempts: u32,
    /// How many seconds lie between: whole minutes.
    pub interval_seconds: u32,
}

/// Paging one of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EscalationRoundRobin)]
pub struct RoundRobin {
    /// Whether it is done so; all are paged together, if not.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// After how many seconds the next one is paged too; only the one, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotate_after_seconds: Option<u32>,
}

fn yes() -> bool {
    true
}

/// Somebody to be paged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EscalationTarget)]
pub struct Target {
    /// Who.
    pub to: Recipient,
    /// How urgent it is for them.
    #[serde(default)]
    pub urgency: Urgency,
}

/// Whom a target means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = EscalationRecipient)]
pub enum Recipient {
    /// People of a schedule.
    Schedule {
        /// Which schedule.
        id: ScheduleId,
        /// Which of them.
        #[serde(default)]
        who: Which,
        /// Only those of this rotation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rotation: Option<RotationId>,
    },
    /// One person.
    User {
        /// Their id in Slack.
        id: UserId,
    },
    /// Everybody in a channel.
    SlackChannel {
        /// Its id in Slack.
        id: ChannelId,
    },
}

/// Which people of a schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EscalationWho)]
pub enum Which {
    /// Those on call now.
    #[default]
    OnCall,
    /// Those who are on call next.
    NextOnCall,
    /// All of them.
    Everybody,
}

/// How urgent a page is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EscalationUrgency)]
pub enum Urgency {
    /// Now.
    #[default]
    High,
    /// When there is time.
    Low,
}

/// Something that holds or does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "subject", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = EscalationCondition)]
pub enum Condition {
    /// It is within some hours, or is not.
    WorkingHours {
        /// Which hours.
        hours: HoursId,
        /// Within.
        active: bool,
    },
    /// The escalation's priority is one of these; names are compared without regard to case.
    Priority {
        /// Which.
        one_of: Vec<String>,
    },
}

impl Level {
    /// How one of several is paged at a time; nothing if all are paged together.
    pub fn one_at_a_time(&self) -> Option<RoundRobin> {
        self.round_robin.filter(|round_robin| round_robin.enabled)
    }
}

impl Path {
    /// Every node, those of branches too.
    pub fn all_nodes(&self) -> Vec<&Node> {
        fn gather<'a>(nodes: &'a [Node], into: &mut Vec<&'a Node>) {
            for node in nodes {
                into.push(node);
                if let Does::IfElse { then_path, else_path, .. } = &node.does {
                    gather(then_path, into);
                    gather(else_path, into);
                }
            }
        }
        let mut all = Vec::new();
        gather(&self.nodes, &mut all);
        all
    }

    /// The paths it goes on with.
    pub fn goes_on_with(&self) -> Vec<&PathId> {
        let nodes = self.all_nodes().into_iter();
        let paths = nodes.filter_map(|node| match &node.does {
            Does::EscalationPath { path } => Some(path),
            _ => None,
        });
        paths.collect()
    }

    /// The schedules it asks.
    pub fn schedules(&self) -> Vec<&ScheduleId> {
        let ids = self.recipients().into_iter().filter_map(|recipient| match recipient {
            Recipient::Schedule { id, .. } => Some(id),
            _ => None,
        });
        ids.collect()
    }

    /// The rotations it asks by name, each with its schedule.
    pub fn rotations(&self) -> Vec<(&ScheduleId, &RotationId)> {
        let named = self.recipients().into_iter().filter_map(|recipient| match recipient {
            Recipient::Schedule { id, rotation: Some(rotation), .. } => Some((id, rotation)),
            _ => None,
        });
        named.collect()
    }

    fn recipients(&self) -> Vec<&Recipient> {
        let targets = self.all_nodes().into_iter().flat_map(|node| match &node.does {
            Does::Level(level) => level.targets.iter().collect(),
            _ => Vec::new(),
        });
        targets.map(|target| &target.to).collect()
    }
}

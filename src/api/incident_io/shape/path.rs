//! Escalation paths: whom to page, and whom then.

use serde::Serialize;

use crate::api::incident_io::shape::user::{People, User};
use crate::ids::{HoursId, NodeId, PathId, RotationId, UserId};
use crate::oncall::hours::Interval;
use crate::oncall::path::definition::{
    self, AckMode, Does, Recipient, Retry, RoundRobin, Urgency, Wait, Which,
};
use crate::store::escalation_paths::Kept;

mod condition;

use condition::Condition;

/// An escalation path, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EscalationPath {
    id: PathId,
    name: String,
    kind: &'static str,
    path: Vec<Node>,
    team_ids: [&'static str; 0],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    working_hours: Vec<WorkingHours>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat_config: Option<RepeatConfig>,
    current_responders: Vec<User>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct WorkingHours {
    id: HoursId,
    name: String,
    timezone: String,
    weekday_intervals: Vec<Interval>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct RepeatConfig {
    repeat_after_seconds: u32,
    delay_repeat_on_activity: bool,
}

/// A step of a path: its type is the name of the member that says what it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Node {
    id: NodeId,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    step: Step,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Level(Level),
    NotifyChannel(NotifyChannel),
    IfElse(IfElse),
    Repeat(Repeat),
    Delay(Delay),
    EscalationPath(GoOn),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Level {
    targets: Vec<Target>,
    ack_mode: AckMode,
    #[serde(flatten)]
    time_to_ack: TimeToAck,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_config: Option<Retry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    round_robin_config: Option<RoundRobin>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct NotifyChannel {
    targets: Vec<Target>,
    #[serde(flatten)]
    time_to_ack: TimeToAck,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct IfElse {
    conditions: Vec<Condition>,
    then_path: Vec<Node>,
    else_path: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Repeat {
    to_node: NodeId,
    repeat_times: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct GoOn {
    escalation_path_id: PathId,
}

/// How long an answer is waited for: some seconds, or until some hours begin or end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct TimeToAck {
    #[serde(skip_serializing_if = "Option::is_none")]
    time_to_ack_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_to_ack_interval_condition: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_to_ack_weekday_interval_config_id: Option<HoursId>,
}

/// How long nothing is done, said in the same way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Delay {
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_interval_condition: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_weekday_interval_config_id: Option<HoursId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Target {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    urgency: Urgency,
    /// Always there, for the sake of clients that look at it whatever the type is.
    schedule_mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    selected_rota_id: Option<RotationId>,
}

impl EscalationPath {
    /// The path as this format shows it; `responders` are those whom it would page first now.
    pub fn show(kept: &Kept, responders: &[UserId], people: &People) -> EscalationPath {
        let said = &kept.definition;
        EscalationPath {
            id: kept.id.clone(),
            name: said.name.clone(),
            kind: "standalone",
            path: nodes(&said.nodes, said),
            team_ids: [],
            working_hours: said.working_hours.iter().map(WorkingHours::show).collect(),
            repeat_config: said.repeat.map(|repeat| RepeatConfig {
                repeat_after_seconds: repeat.after_seconds,
                delay_repeat_on_activity: repeat.delay_on_activity,
            }),
            current_responders: responders.iter().map(|person| people.show(person)).collect(),
        }
    }
}

impl WorkingHours {
    fn show(hours: &definition::WorkingHours) -> WorkingHours {
        WorkingHours {
            id: hours.id.clone(),
            name: hours.name.clone(),
            timezone: hours.time_zone.clone(),
            weekday_intervals: hours.intervals.clone(),
        }
    }
}

/// What this format calls what a node does: the type, and the member that says more.
pub fn member(does: &Does) -> &'static str {
    match does {
        Does::Level(_) => "level",
        Does::NotifyChannel { .. } => "notify_channel",
        Does::IfElse { .. } => "if_else",
        Does::Repeat { .. } => "repeat",
        Does::Delay { .. } => "delay",
        Does::EscalationPath { .. } => "escalation_path",
    }
}

fn nodes(all: &[definition::Node], path: &definition::Path) -> Vec<Node> {
    let show = |node: &definition::Node| Node {
        id: node.id.clone(),
        kind: member(&node.does),
        step: step(&node.does, path),
    };
    all.iter().map(show).collect()
}

fn step(does: &Does, path: &definition::Path) -> Step {
    match does {
        Does::Level(level) => Step::Level(Level {
            targets: level.targets.iter().map(Target::show).collect(),
            ack_mode: level.ack_mode,
            time_to_ack: TimeToAck::of(&level.time_to_ack),
            retry_config: level.retry,
            round_robin_config: level.round_robin,
        }),
        Does::NotifyChannel { channels, urgency, time_to_ack } => {
            let channels = channels.iter().map(|id| Recipient::SlackChannel { id: id.clone() });
            let targets = channels.map(|to| definition::Target { to, urgency: *urgency });
            Step::NotifyChannel(NotifyChannel {
                targets: targets.map(|target| Target::show(&target)).collect(),
                time_to_ack: time_to_ack.as_ref().map(TimeToAck::of).unwrap_or_default(),
            })
        }
        Does::IfElse { conditions, then_path, else_path } => Step::IfElse(IfElse {
            conditions: conditions.iter().map(|it| Condition::show(it, path)).collect(),
            then_path: nodes(then_path, path),
            else_path: nodes(else_path, path),
        }),
        Does::Repeat { to_node, repeat_times } => {
            Step::Repeat(Repeat { to_node: to_node.clone(), repeat_times: *repeat_times })
        }
        Does::Delay { wait } => {
            let (delay_seconds, delay_interval_condition, hours) = parts(wait);
            let delay_weekday_interval_config_id = hours;
            Step::Delay(Delay {
                delay_seconds,
                delay_interval_condition,
                delay_weekday_interval_config_id,
            })
        }
        Does::EscalationPath { path } => {
            Step::EscalationPath(GoOn { escalation_path_id: path.clone() })
        }
    }
}

impl TimeToAck {
    fn of(wait: &Wait) -> TimeToAck {
        let (seconds, condition, hours) = parts(wait);
        TimeToAck {
            time_to_ack_seconds: seconds,
            time_to_ack_interval_condition: condition,
            time_to_ack_weekday_interval_config_id: hours,
        }
    }
}

fn parts(wait: &Wait) -> (Option<u32>, Option<&'static str>, Option<HoursId>) {
    match wait {
        Wait::Seconds(seconds) => (Some(*seconds), None, None),
        Wait::UntilActive(hours) => (None, Some("active"), Some(hours.clone())),
        Wait::UntilInactive(hours) => (None, Some("inactive"), Some(hours.clone())),
    }
}

impl Target {
    fn show(target: &definition::Target) -> Target {
        let urgency = target.urgency;
        match &target.to {
            Recipient::User { id } => Target::plain("user", id.as_str(), urgency),
            Recipient::SlackChannel { id } => Target::plain("slack_channel", id.as_str(), urgency),
            Recipient::Schedule { id, who, rotation } => Target {
                schedule_mode: match (who, rotation) {
                    (Which::OnCall, None) => "currently_on_call",
                    (Which::OnCall, Some(_)) => "currently_on_call_for_rota",
                    (Which::NextOnCall, None) => "next_on_call",
                    (Which::NextOnCall, Some(_)) => "next_on_call_for_rota",
                    (Which::Everybody, None) => "all_users",
                    (Which::Everybody, Some(_)) => "all_users_for_rota",
                },
                selected_rota_id: rotation.clone(),
                ..Target::plain("schedule", id.as_str(), urgency)
            },
        }
    }

    fn plain(kind: &'static str, id: &str, urgency: Urgency) -> Target {
        let (id, schedule_mode) = (id.to_owned(), "");
        Target { id, kind, urgency, schedule_mode, selected_rota_id: None }
    }
}

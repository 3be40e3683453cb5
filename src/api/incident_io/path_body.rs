//! What a body says of an escalation path, in the terms of the domain.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::given::{WeekdayInterval, intervals, number, refuse_if, word};
use crate::api::incident_io::path_condition::{ConditionSays, condition};
use crate::api::incident_io::path_target::{TargetSays, channels, targets};
use crate::ids::{HoursId, NodeId, PathId};
use crate::oncall::path::definition::{
    AckMode, Does, Level, Node, Path, Repetition, Retry, RoundRobin, Wait, WorkingHours,
};

/// A body.
#[derive(Debug, Deserialize)]
pub struct PathBody {
    name: String,
    path: Vec<NodeSays>,
    kind: Option<String>,
    template_id: Option<String>,
    param_bindings: Option<std::collections::BTreeMap<String, IgnoredAny>>,
    team_ids: Option<Vec<String>>,
    working_hours: Option<Vec<HoursSays>>,
    repeat_config: Option<RepeatConfigSays>,
}

#[derive(Debug, Deserialize)]
struct HoursSays {
    id: String,
    name: String,
    timezone: String,
    weekday_intervals: Vec<WeekdayInterval>,
}

#[derive(Debug, Deserialize)]
struct RepeatConfigSays {
    repeat_after_seconds: i64,
    #[serde(default)]
    delay_repeat_on_activity: bool,
}

/// A step: its type says which of the members counts.
#[derive(Debug, Deserialize)]
struct NodeSays {
    id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    level: Option<LevelSays>,
    notify_channel: Option<NotifyChannelSays>,
    if_else: Option<IfElseSays>,
    repeat: Option<RepeatSays>,
    delay: Option<DelaySays>,
    escalation_path: Option<GoOnSays>,
}

#[derive(Debug, Deserialize)]
struct LevelSays {
    targets: Vec<TargetSays>,
    ack_mode: Option<String>,
    #[serde(flatten)]
    time_to_ack: TimeToAckSays,
    retry_config: Option<RetrySays>,
    round_robin_config: Option<RoundRobinSays>,
}

#[derive(Debug, Deserialize)]
struct TimeToAckSays {
    time_to_ack_seconds: Option<i64>,
    time_to_ack_interval_condition: Option<String>,
    time_to_ack_weekday_interval_config_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct DelaySays {
    delay_seconds: Option<i64>,
    delay_interval_condition: Option<String>,
    delay_weekday_interval_config_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct RetrySays {
    attempts: i64,
    interval_seconds: i64,
}

#[derive(Debug, Deserialize)]
struct RoundRobinSays {
    enabled: bool,
    rotate_after_seconds: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct NotifyChannelSays {
    targets: Vec<TargetSays>,
    #[serde(flatten)]
    time_to_ack: TimeToAckSays,
}

#[derive(Debug, Deserialize)]
struct IfElseSays {
    #[serde(default)]
    conditions: Vec<ConditionSays>,
    #[serde(default)]
    then_path: Vec<NodeSays>,
    #[serde(default)]
    else_path: Vec<NodeSays>,
}

#[derive(Debug, Deserialize)]
struct RepeatSays {
    to_node: String,
    repeat_times: i64,
}

#[derive(Debug, Deserialize)]
struct GoOnSays {
    escalation_path_id: String,
}

impl PathBody {
    /// The path that is meant.
    pub fn read(self) -> Result<Path, Failure> {
        let is_templated = self.kind.as_deref().is_some_and(|kind| kind != "standalone");
        let no_templates = "Paths have no templates here: send the nodes, and kind standalone.";
        refuse_if(is_templated, "kind", no_templates)?;
        let has_template = self.template_id.is_some_and(|id| !id.is_empty());
        refuse_if(has_template, "template_id", no_templates)?;
        let is_bound = self.param_bindings.is_some_and(|bindings| !bindings.is_empty());
        refuse_if(is_bound, "param_bindings", no_templates)?;
        let has_teams = self.team_ids.is_some_and(|ids| !ids.is_empty());
        refuse_if(has_teams, "team_ids", "There are no teams here.")?;
        Ok(Path {
            name: self.name,
            nodes: nodes("path", self.path)?,
            working_hours: working_hours(self.working_hours.unwrap_or_default())?,
            repeat: self.repeat_config.map(repetition).transpose()?,
        })
    }
}

fn working_hours(given: Vec<HoursSays>) -> Result<Vec<WorkingHours>, Failure> {
    let read = |(nth, says): (usize, HoursSays)| {
        let field = format!("working_hours.{nth}.weekday_intervals");
        Ok(WorkingHours {
            id: HoursId::new(says.id),
            name: says.name,
            time_zone: says.timezone,
            intervals: intervals(&field, &says.weekday_intervals)?,
        })
    };
    given.into_iter().enumerate().map(read).collect()
}

fn repetition(says: RepeatConfigSays) -> Result<Repetition, Failure> {
    let field = "repeat_config.repeat_after_seconds";
    Ok(Repetition {
        after_seconds: number(field, says.repeat_after_seconds)?,
        delay_on_activity: says.delay_repeat_on_activity,
    })
}

fn nodes(field: &str, given: Vec<NodeSays>) -> Result<Vec<Node>, Failure> {
    let numbered = given.into_iter().enumerate();
    numbered.map(|(nth, says)| node(&format!("{field}.{nth}"), says)).collect()
}

fn node(field: &str, says: NodeSays) -> Result<Node, Failure> {
    let part = |name: &str| format!("{field}.{name}");
    let kind = says.kind.ok_or_else(|| Failure::missing(&part("type")))?;
    let at = part(&kind);
    let missing = || Failure::missing(&at);
    let does = match kind.as_str() {
        "level" => Does::Level(level(&at, says.level.ok_or_else(missing)?)?),
        "notify_channel" => notify_channel(&at, says.notify_channel.ok_or_else(missing)?)?,
        "if_else" => if_else(&at, says.if_else.ok_or_else(missing)?)?,
        "repeat" => repeat(&at, says.repeat.ok_or_else(missing)?)?,
        "delay" => Does::Delay { wait: delay(&at, says.delay.ok_or_else(missing)?)? },
        "escalation_path" => {
            let next = says.escalation_path.ok_or_else(missing)?.escalation_path_id;
            Does::EscalationPath { path: PathId::new(next) }
        }
        "voicemail" => {
            let message = "Nobody calls here, so there is no voicemail.";
            return Err(Failure::invalid(&part("type"), message));
        }
        _ => {
            let message =
                "A node is one of level, notify_channel, if_else, repeat, delay, escalation_path.";
            return Err(Failure::invalid(&part("type"), message));
        }
    };
    Ok(Node { id: NodeId::new(says.id.unwrap_or_default()), does })
}

fn level(field: &str, says: LevelSays) -> Result<Level, Failure> {
    const MODES: [(&str, AckMode); 2] = [("first", AckMode::First), ("all", AckMode::All)];
    let part = |name: &str| format!("{field}.{name}");
    let mode = says.ack_mode.as_deref();
    let retry = |says: RetrySays| -> Result<Retry, Failure> {
        let interval = number(&part("retry_config.interval_seconds"), says.interval_seconds)?;
        let attempts = number(&part("retry_config.attempts"), says.attempts)?;
        Ok(Retry { attempts, interval_seconds: interval })
    };
    let round_robin = |says: RoundRobinSays| -> Result<RoundRobin, Failure> {
        let name = part("round_robin_config.rotate_after_seconds");
        let after = says.rotate_after_seconds.map(|seconds| number(&name, seconds));
        Ok(RoundRobin { enabled: says.enabled, rotate_after_seconds: after.transpose()? })
    };
    Ok(Level {
        targets: targets(&part("targets"), says.targets)?,
        ack_mode: mode
            .map(|mode| word(&part("ack_mode"), mode, &MODES))
            .transpose()?
            .unwrap_or_default(),
        time_to_ack: time_to_ack(field, says.time_to_ack)?.unwrap_or_default(),
        retry: says.retry_config.map(retry).transpose()?,
        round_robin: says.round_robin_config.map(round_robin).transpose()?,
    })
}

fn notify_channel(field: &str, says: NotifyChannelSays) -> Result<Does, Failure> {
    let (channels, urgency) = channels(&format!("{field}.targets"), says.targets)?;
    let time_to_ack = time_to_ack(field, says.time_to_ack)?;
    Ok(Does::NotifyChannel { channels, urgency, time_to_ack })
}

fn if_else(field: &str, says: IfElseSays) -> Result<Does, Failure> {
    let part = |name: &str| format!("{field}.{name}");
    let conditions = says.conditions.into_iter().enumerate();
    let conditions =
        conditions.map(|(nth, says)| condition(&part(&format!("conditions.{nth}")), says));
    Ok(Does::IfElse {
        conditions: conditions.collect::<Result<_, _>>()?,
        then_path: nodes(&part("then_path"), says.then_path)?,
        else_path: nodes(&part("else_path"), says.else_path)?,
    })
}

fn repeat(field: &str, says: RepeatSays) -> Result<Does, Failure> {
    let repeat_times = number(&format!("{field}.repeat_times"), says.repeat_times)?;
    Ok(Does::Repeat { to_node: NodeId::new(says.to_node), repeat_times })
}

fn time_to_ack(field: &str, says: TimeToAckSays) -> Result<Option<Wait>, Failure> {
    let hours = says.time_to_ack_weekday_interval_config_id;
    let condition = says.time_to_ack_interval_condition;
    wait(&format!("{field}.time_to_ack"), says.time_to_ack_seconds, condition, hours)
}

fn delay(field: &str, says: DelaySays) -> Result<Wait, Failure> {
    let hours = says.delay_weekday_interval_config_id;
    let prefix = format!("{field}.delay");
    let wait = wait(&prefix, says.delay_seconds, says.delay_interval_condition, hours)?;
    wait.ok_or_else(|| Failure::missing(&format!("{prefix}_seconds")))
}

/// How long something is waited for: some seconds, or until some hours begin or end.
fn wait(
    prefix: &str,
    seconds: Option<i64>,
    condition: Option<String>,
    hours: Option<String>,
) -> Result<Option<Wait>, Failure> {
    type Until = fn(HoursId) -> Wait;
    const CHANGES: [(&str, Until); 2] =
        [("active", Wait::UntilActive), ("inactive", Wait::UntilInactive)];
    let (of_seconds, of_condition, of_hours) = (
        format!("{prefix}_seconds"),
        format!("{prefix}_interval_condition"),
        format!("{prefix}_weekday_interval_config_id"),
    );
    let condition = condition.filter(|word| !word.is_empty());
    let hours = hours.filter(|id| !id.is_empty());
    match (seconds, condition, hours) {
        (None, None, None) => Ok(None),
        (Some(seconds), None, None) => Ok(Some(Wait::Seconds(number(&of_seconds, seconds)?))),
        (None, Some(condition), Some(hours)) => {
            let until = word(&of_condition, &condition, &CHANGES)?;
            Ok(Some(until(HoursId::new(hours))))
        }
        (None, None, Some(_)) => Err(Failure::missing(&of_condition)),
        (None, Some(_), None) => Err(Failure::missing(&of_hours)),
        (Some(_), _, _) => {
            let message = "Wait some seconds, or until hours begin or end: not both.";
            Err(Failure::invalid(&of_seconds, message))
        }
    }
}

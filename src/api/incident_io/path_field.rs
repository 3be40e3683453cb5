//! What this format calls the fields of an escalation path of ours, so that a failure names the one that
//! the caller has sent.

use crate::api::incident_io::shape::path::member;
use crate::oncall::path::definition::{Does, Node, Path, Wait};

/// This format's name of a field of this path.
pub fn field_name(path: &Path, ours: &str) -> String {
    let mut parts = ours.split('.');
    match parts.next() {
        Some("nodes") => format!("path{}", of_nodes(&path.nodes, &mut parts)),
        Some("repeat") => "repeat_config.repeat_after_seconds".to_owned(),
        Some("working_hours") => {
            ours.replace(".time_zone", ".timezone").replace(".intervals", ".weekday_intervals")
        }
        _ => ours.to_owned(),
    }
}

type Parts<'p> = std::str::Split<'p, char>;

fn of_nodes<'p>(nodes: &[Node], parts: &mut Parts<'p>) -> String {
    let Some(nth) = parts.next() else { return String::new() };
    let node = nth.parse().ok().and_then(|nth: usize| nodes.get(nth));
    match (node, parts.next()) {
        (Some(node), Some(part)) if part != "id" => {
            format!(".{nth}.{}{}", member(&node.does), of_node(&node.does, part, parts))
        }
        (_, Some(part)) => format!(".{nth}.{part}"),
        (_, None) => format!(".{nth}"),
    }
}

fn of_node<'p>(does: &Does, first: &'p str, parts: &mut Parts<'p>) -> String {
    let in_channels = matches!(does, Does::NotifyChannel { .. });
    match (does, first) {
        (Does::IfElse { then_path, .. }, "then_path") => {
            format!(".then_path{}", of_nodes(then_path, parts))
        }
        (Does::IfElse { else_path, .. }, "else_path") => {
            format!(".else_path{}", of_nodes(else_path, parts))
        }
        (Does::Delay { wait }, "wait") => waited("delay", wait),
        (Does::Level(level), "time_to_ack") => waited("time_to_ack", &level.time_to_ack),
        (Does::NotifyChannel { time_to_ack: Some(wait), .. }, "time_to_ack") => {
            waited("time_to_ack", wait)
        }
        _ => {
            let mut name = String::new();
            for part in std::iter::once(first).chain(parts).filter(|part| *part != "to") {
                name.push('.');
                name.push_str(plain(part));
            }
            // Ours is a list of channels, theirs one of targets.
            let is_one = in_channels && name.starts_with(".targets.");
            if is_one { format!("{name}.id") } else { name }
        }
    }
}

fn waited(what: &str, wait: &Wait) -> String {
    match wait {
        Wait::Seconds(_) => format!(".{what}_seconds"),
        Wait::UntilActive(_) | Wait::UntilInactive(_) => {
            format!(".{what}_weekday_interval_config_id")
        }
    }
}

fn plain(ours: &str) -> &str {
    match ours {
        "channels" => "targets",
        "retry" => "retry_config",
        "round_robin" => "round_robin_config",
        "hours" => "subject",
        "one_of" => "param_bindings",
        "path" => "escalation_path_id",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_field_is_called_what_the_caller_calls_it() {
        let level = json!({"type": "level", "targets": [{"to": {"type": "user", "id": "U0BOB"}}]});
        let path = json!({"name": "x", "nodes": [
            level,
            {"type": "notify_channel", "channels": ["C0X"], "time_to_ack": {"until_active": "h"}},
            {"type": "if_else", "conditions": [{"subject": "priority", "one_of": ["P1"]}],
                "then_path": [level], "else_path": [{"type": "delay", "wait": {"seconds": 5}}]},
        ]});
        let path: Path = serde_json::from_value(path).unwrap();
        for (ours, theirs) in [
            ("name", "name"),
            ("nodes", "path"),
            ("nodes.0.id", "path.0.id"),
            ("nodes.0.targets", "path.0.level.targets"),
            ("nodes.0.targets.3.to.id", "path.0.level.targets.3.id"),
            ("nodes.0.time_to_ack", "path.0.level.time_to_ack_seconds"),
            ("nodes.0.retry.attempts", "path.0.level.retry_config.attempts"),
            (
                "nodes.0.round_robin.rotate_after_seconds",
                "path.0.level.round_robin_config.rotate_after_seconds",
            ),
            ("nodes.1.channels", "path.1.notify_channel.targets"),
            ("nodes.1.channels.0", "path.1.notify_channel.targets.0.id"),
            ("nodes.1.time_to_ack", "path.1.notify_channel.time_to_ack_weekday_interval_config_id"),
            ("nodes.2.conditions", "path.2.if_else.conditions"),
            ("nodes.2.conditions.0.hours", "path.2.if_else.conditions.0.subject"),
            ("nodes.2.conditions.0.one_of", "path.2.if_else.conditions.0.param_bindings"),
            ("nodes.2.then_path", "path.2.if_else.then_path"),
            ("nodes.2.then_path.0.targets", "path.2.if_else.then_path.0.level.targets"),
            ("nodes.2.else_path.0.wait", "path.2.if_else.else_path.0.delay.delay_seconds"),
            ("nodes.9.targets", "path.9.targets"),
            ("repeat.after_seconds", "repeat_config.repeat_after_seconds"),
            ("working_hours.0.time_zone", "working_hours.0.timezone"),
            ("working_hours.1.intervals.2", "working_hours.1.weekday_intervals.2"),
        ] {
            assert_eq!(field_name(&path, ours), theirs, "{ours}");
        }
    }
}

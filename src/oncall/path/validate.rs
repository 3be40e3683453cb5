//! Which paths make sense by themselves. Whether what they name is there, their keeper looks.

use std::collections::BTreeSet;

use crate::ids::{HoursId, NodeId};
use crate::oncall::hours;
use crate::oncall::path::definition::{
    Condition, Does, Level, Node, Path, Recipient, Wait, WorkingHours,
};
use crate::oncall::refusal::{Unfit, line, number, unfit};

/// The most paths of a workspace.
pub const PATHS_LIMIT: i64 = 500;
/// The longest name, in characters.
const NAME_LIMIT: usize = 100;
/// The most nodes of a path, those of branches counted.
const NODES_LIMIT: usize = 100;
/// How deep branches can lie in one another.
const DEPTH_LIMIT: usize = 5;
/// The most targets of a level.
const TARGETS_LIMIT: usize = 50;
/// The most channels of a node.
const CHANNELS_LIMIT: usize = 10;
/// The most hours of a path.
const HOURS_LIMIT: usize = 20;
/// The most conditions of a branch, and names in one of them.
const CONDITIONS_LIMIT: usize = 20;
/// The longest wait, in seconds: a week.
const WAIT_LIMIT: u32 = 7 * 24 * 3600;
/// The longest id, in bytes.
const ID_LIMIT: usize = 64;

impl Path {
    /// The path with its texts cleaned and its ids made, if it makes sense.
    pub fn checked(mut self, mut new_id: impl FnMut() -> String) -> Result<Path, Unfit> {
        self.name = line("name", &self.name, NAME_LIMIT)?;
        let hours = check_hours(&mut self.working_hours)?;
        if let Some(repeat) = &self.repeat {
            number("repeat.after_seconds", repeat.after_seconds, 300, 345_600)?;
        }
        let mut checker = Checker { hours, ids: BTreeSet::new() };
        name_nodes(&mut self.nodes, &mut new_id);
        checker.nodes("nodes", &self.nodes, 0)?;
        if self.nodes.is_empty() {
            return unfit("nodes", "A path has at least one node.");
        }
        let pages = |node: &&Node| {
            matches!(
                node.does,
                Does::Level(_) | Does::NotifyChannel { .. } | Does::EscalationPath { .. }
            )
        };
        if !self.all_nodes().iter().any(pages) {
            return unfit("nodes", "Nobody is paged by this path.");
        }
        Ok(self)
    }
}

fn name_nodes(nodes: &mut [Node], new_id: &mut impl FnMut() -> String) {
    for node in nodes {
        if node.id.as_str().is_empty() {
            node.id = NodeId::new(new_id());
        }
        if let Does::IfElse { then_path, else_path, .. } = &mut node.does {
            name_nodes(then_path, new_id);
            name_nodes(else_path, new_id);
        }
    }
}

fn check_hours(all: &mut [WorkingHours]) -> Result<BTreeSet<HoursId>, Unfit> {
    if all.len() > HOURS_LIMIT {
        return unfit("working_hours", format!("{HOURS_LIMIT} are the most."));
    }
    let mut ids = BTreeSet::new();
    for (nth, hours) in all.iter_mut().enumerate() {
        let field = format!("working_hours.{nth}");
        check_id(&format!("{field}.id"), hours.id.as_str())?;
        if !ids.insert(hours.id.clone()) {
            return unfit(format!("{field}.id"), "Two of them have this id.");
        }
        hours.name = line(&format!("{field}.name"), &hours.name, NAME_LIMIT)?;
        hours::check_zone(&format!("{field}.time_zone"), &hours.time_zone)?;
        hours::check(&format!("{field}.intervals"), &hours.intervals)?;
    }
    Ok(ids)
}

fn check_id(field: &str, id: &str) -> Result<(), Unfit> {
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"_-.".contains(&c);
    if (1..=ID_LIMIT).contains(&id.len()) && id.bytes().all(is_plain) {
        return Ok(());
    }
    unfit(field, format!("An id is 1 to {ID_LIMIT} letters, digits, `_`, `-` and `.`."))
}

struct Checker {
    hours: BTreeSet<HoursId>,
    ids: BTreeSet<NodeId>,
}

impl Checker {
    fn nodes(&mut self, field: &str, nodes: &[Node], depth: usize) -> Result<(), Unfit> {
        if depth > DEPTH_LIMIT {
            return unfit(
                field,
                format!("Branches lie at most {DEPTH_LIMIT} deep in one another."),
            );
        }
        for (nth, node) in nodes.iter().enumerate() {
            let field = format!("{field}.{nth}");
            check_id(&format!("{field}.id"), node.id.as_str())?;
            if !self.ids.insert(node.id.clone()) {
                return unfit(format!("{field}.id"), "Two nodes of the path have this id.");
            }
            if self.ids.len() > NODES_LIMIT {
                return unfit("nodes", format!("{NODES_LIMIT} nodes are the most."));
            }
            self.node(&field, node, &nodes[..nth], depth)?;
        }
        Ok(())
    }

    fn node(
        &mut self,
        field: &str,
        node: &Node,
        earlier: &[Node],
        depth: usize,
    ) -> Result<(), Unfit> {
        match &node.does {
            Does::Level(level) => self.level(field, level),
            Does::NotifyChannel { channels, urgency: _, time_to_ack } => {
                if !(1..=CHANNELS_LIMIT).contains(&channels.len()) {
                    let why = format!("There are from 1 to {CHANNELS_LIMIT}.");
                    return unfit(format!("{field}.channels"), why);
                }
                if let Some(nth) = channels.iter().position(|it| !it.is_well_formed()) {
                    let why = "A channel in Slack is an id such as `C012AB3CD`.";
                    return unfit(format!("{field}.channels.{nth}"), why);
                }
                let wait = time_to_ack.as_ref();
                wait.map_or(Ok(()), |wait| self.wait(&format!("{field}.time_to_ack"), wait))
            }
            Does::IfElse { conditions, then_path, else_path } => {
                if !(1..=CONDITIONS_LIMIT).contains(&conditions.len()) {
                    let why = format!("There are from 1 to {CONDITIONS_LIMIT}.");
                    return unfit(format!("{field}.conditions"), why);
                }
                for (nth, condition) in conditions.iter().enumerate() {
                    self.condition(&format!("{field}.conditions.{nth}"), condition)?;
                }
                self.nodes(&format!("{field}.then_path"), then_path, depth + 1)?;
                self.nodes(&format!("{field}.else_path"), else_path, depth + 1)
            }
            Does::Repeat { to_node, repeat_times } => {
                number(&format!("{field}.repeat_times"), *repeat_times, 1, 10)?;
                if earlier.iter().any(|node| node.id == *to_node) {
                    return Ok(());
                }
                unfit(format!("{field}.to_node"), "It is an earlier node of the same list.")
            }
            Does::Delay { wait } => self.wait(&format!("{field}.wait"), wait),
            Does::EscalationPath { .. } => Ok(()),
        }
    }

    fn level(&self, field: &str, level: &Level) -> Result<(), Unfit> {
        if !(1..=TARGETS_LIMIT).contains(&level.targets.len()) {
            let why = format!("There are from 1 to {TARGETS_LIMIT}.");
            return unfit(format!("{field}.targets"), why);
        }
        for (nth, target) in level.targets.iter().enumerate() {
            let field = format!("{field}.targets.{nth}.to.id");
            match &target.to {
                Recipient::User { id } if !id.is_well_formed() => {
                    return unfit(field, "Somebody in Slack is an id such as `U012AB3CD`.");
                }
                Recipient::SlackChannel { id } if !id.is_well_formed() => {
                    return unfit(field, "A channel in Slack is an id such as `C012AB3CD`.");
                }
                _ => {}
            }
        }
        self.wait(&format!("{field}.time_to_ack"), &level.time_to_ack)?;
        if let Some(retry) = &level.retry {
            number(&format!("{field}.retry.attempts"), retry.attempts, 2, 10)?;
            let name = format!("{field}.retry.interval_seconds");
            number(&name, retry.interval_seconds, 60, 86_400)?;
            if retry.interval_seconds % 60 > 0 {
                return unfit(name, "It is a whole number of minutes.");
            }
        }
        let rotates = level.round_robin.and_then(|it| it.rotate_after_seconds);
        if let Some(seconds) = rotates {
            number(&format!("{field}.round_robin.rotate_after_seconds"), seconds, 1, WAIT_LIMIT)?;
        }
        if level.one_at_a_time().is_some() && level.retry.is_some() {
            return unfit(format!("{field}.retry"), "One of a round robin is not paged again.");
        }
        Ok(())
    }

    fn wait(&self, field: &str, wait: &Wait) -> Result<(), Unfit> {
        match wait {
            Wait::Seconds(seconds) => number(field, *seconds, 1, WAIT_LIMIT),
            Wait::UntilActive(hours) | Wait::UntilInactive(hours) => self.known(field, hours),
        }
    }

    fn condition(&self, field: &str, condition: &Condition) -> Result<(), Unfit> {
        match condition {
            Condition::WorkingHours { hours, .. } => self.known(&format!("{field}.hours"), hours),
            Condition::Priority { one_of } if one_of.is_empty() => {
                unfit(format!("{field}.one_of"), "Say which priorities.")
            }
            Condition::Priority { one_of } if one_of.len() > CONDITIONS_LIMIT => {
                unfit(format!("{field}.one_of"), format!("{CONDITIONS_LIMIT} are the most."))
            }
            Condition::Priority { one_of } => {
                let checked =
                    one_of.iter().map(|name| line(&format!("{field}.one_of"), name, NAME_LIMIT));
                checked.collect::<Result<Vec<_>, _>>().map(drop)
            }
        }
    }

    fn known(&self, field: &str, hours: &HoursId) -> Result<(), Unfit> {
        if self.hours.contains(hours) {
            return Ok(());
        }
        unfit(field, "The path has no working hours of this id.")
    }
}

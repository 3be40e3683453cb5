//! What clients asked for, and what they were answered.

use std::sync::{Arc, Mutex};

use stentor::engine::order::{Done, NotDone, Order, Target};
use stentor::ids::{ChannelId, UserId};
use stentor::incident::command::{Command, Declare};
use stentor::incident::event::{Actor, Via};

use crate::chance::Chance;
use crate::database::workspace;

const PEOPLE: [&str; 3] = ["U0ALICE", "U0BOB", "U0CAROL"];

/// Every order of a world, with what its senders have heard.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Mutex<Vec<Asked>>>);

/// An order, and every answer to it that somebody heard.
#[derive(Clone)]
pub struct Asked {
    pub order: Order,
    pub heard: Vec<Heard>,
}

/// What a sender has heard.
#[derive(Clone, Debug)]
pub enum Heard {
    /// It is done, and durable.
    Done(Done),
    /// It can't be done.
    Refused,
    /// It could not be saved.
    Unavailable,
}

impl Asked {
    /// Whether it opens an incident.
    pub fn is_declaration(&self) -> bool {
        matches!(self.order.command, Command::Declare(_))
    }

    /// The first acknowledgement, if there was one.
    pub fn done(&self) -> Option<&Done> {
        self.heard.iter().find_map(|heard| match heard {
            Heard::Done(done) => Some(done),
            Heard::Refused | Heard::Unavailable => None,
        })
    }
}

impl Ledger {
    /// Somebody thinks of something to ask; returns its number and what it is.
    pub fn think_of(&self, chance: &mut Chance, may_declare: bool) -> Option<(usize, String)> {
        let mut book = self.0.lock().unwrap();
        let number = book.len();
        let known: Vec<i64> = book
            .iter()
            .filter(|asked| asked.is_declaration())
            .filter_map(|asked| Some(asked.done()?.incident.number))
            .collect();
        let order = if known.is_empty() || (may_declare && chance.one_in(4)) {
            may_declare.then(|| declaration(number, chance))?
        } else {
            change(number, Target::Number(chance.pick(&known)), chance)
        };
        let said = format!("{:?} {:?}", order.target, order.command);
        book.push(Asked { order, heard: Vec::new() });
        Some((number, said))
    }

    pub fn order(&self, number: usize) -> Order {
        self.0.lock().unwrap()[number].order.clone()
    }

    pub fn hear(&self, number: usize, result: Result<Done, NotDone>) {
        let heard = match result {
            Ok(done) => Heard::Done(done),
            Err(NotDone::Refused(_)) => Heard::Refused,
            Err(NotDone::Unavailable(_)) => Heard::Unavailable,
        };
        self.0.lock().unwrap()[number].heard.push(heard);
    }

    pub fn all(&self) -> Vec<Asked> {
        self.0.lock().unwrap().clone()
    }
}

/// What is in every entry that an order makes, and in no other.
pub fn mark(number: usize) -> String {
    format!("order {number};")
}

fn person(chance: &mut Chance) -> UserId {
    UserId::from(chance.pick(&PEOPLE))
}

fn declaration(number: usize, chance: &mut Chance) -> Order {
    let declare = Declare {
        name: format!("Trouble of {}", mark(number)),
        summary: chance.one_in(2).then(|| "Nobody knows more".to_owned()),
        severity: chance.one_in(2).then(|| "sev2".to_owned()),
        lead: chance.one_in(2).then(|| person(chance)),
        private: chance.one_in(4),
        declared_in: chance.one_in(2).then(|| ChannelId::from("C0GENERAL")),
        ..Declare::default()
    };
    let actor = Actor::Person { user: person(chance) };
    order(number, Target::New, actor, Command::Declare(declare))
}

fn change(number: usize, target: Target, chance: &mut Chance) -> Order {
    let text = || Some(format!("Says {}", mark(number)));
    let severity = chance.pick(&["sev1", "sev2", "sev3"]).to_owned();
    let status = chance.pick(&["investigating", "fixing", "monitoring"]).to_owned();
    let command = match chance.below(12) {
        0..=3 => Command::Update {
            message: text(),
            status: chance.one_in(3).then_some(status),
            severity: chance.one_in(3).then_some(severity),
            next_update_in_minutes: chance.one_in(3).then_some(5),
        },
        4 => Command::Severity { severity },
        5 => Command::Status { status },
        6 => Command::Resolve { message: text() },
        7 => Command::Reopen { message: text() },
        8 | 9 => Command::Role {
            role: chance.pick(&["lead", "comms"]).to_owned(),
            person: (!chance.one_in(4)).then(|| person(chance)),
        },
        10 => Command::Rename { name: format!("Renamed by {}", mark(number)) },
        _ => Command::Note { text: format!("Note of {}", mark(number)) },
    };
    let actor = Actor::ApiToken { name: mark(number) };
    order(number, target, actor, command)
}

fn order(number: usize, target: Target, actor: Actor, command: Command) -> Order {
    Order {
        workspace: workspace(),
        receipt: Some(format!("simulation/{number}")),
        target,
        actor,
        through: None,
        via: Via::Api,
        command,
        expected_version: None,
    }
}

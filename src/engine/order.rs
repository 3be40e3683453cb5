//! What the engine is asked, and what it answers.

use std::sync::Arc;

use crate::ids::{ChannelId, IncidentId, WorkspaceId};
use crate::incident::catalogue::Catalogue;
use crate::incident::command::Command;
use crate::incident::event::{Actor, Entry, Via};
use crate::incident::refusal::Refusal;
use crate::incident::state::{Incident, reference};

/// A command on its way to the engine.
#[derive(Clone, Debug)]
pub struct Order {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// What tells this request from every other: a second one with the same key changes nothing
    /// and gets the first one's answer.
    pub receipt: Option<String>,
    /// The incident.
    pub target: Target,
    /// Who asks.
    pub actor: Actor,
    /// The program that asks, for itself or in somebody's name.
    pub through: Option<Program>,
    /// Through which door.
    pub via: Via,
    /// What is wanted.
    pub command: Command,
    /// The version that the caller has seen, if it matters to them.
    pub expected_version: Option<i64>,
}

impl Order {
    /// A command of Stentor's own, which it gives once for each receipt.
    pub fn by_stentor(
        workspace: &WorkspaceId,
        incident: &IncidentId,
        receipt: String,
        via: Via,
        command: Command,
    ) -> Order {
        Order {
            workspace: workspace.clone(),
            receipt: Some(receipt),
            target: Target::Id(incident.clone()),
            actor: Actor::Stentor,
            through: None,
            via,
            command,
            expected_version: None,
        }
    }
}

/// A program with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The token's name.
    pub name: String,
    /// Whether private incidents exist for it that it has not declared itself.
    pub sees_private: bool,
}

impl Program {
    /// With whose eyes it looks at what is private.
    pub fn eyes(&self) -> Actor {
        if self.sees_private { Actor::Stentor } else { Actor::ApiToken { name: self.name.clone() } }
    }

    /// Its name, if a record has to name it beside whoever it asks for: a person who may not know of it.
    pub fn beside(&self, actor: &Actor) -> Option<String> {
        actor.person().map(|_| self.name.clone())
    }
}

impl Order {
    /// With whose eyes whoever asks looks at what is private.
    pub fn eyes(&self) -> Actor {
        self.through.as_ref().map_or_else(|| self.actor.clone(), Program::eyes)
    }

    /// The program that the record names beside the person in whose name it asks.
    pub fn recorded_through(&self) -> Option<String> {
        self.through.as_ref()?.beside(&self.actor)
    }
}

/// Which incident.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A new one.
    New,
    /// The one with this id.
    Id(IncidentId),
    /// The one that people know by this number.
    Number(i64),
    /// The one that this channel belongs to.
    Channel(ChannelId),
}

impl Target {
    /// Why there is no such incident.
    pub fn missing(&self) -> Refusal {
        match self {
            Target::Channel(_) | Target::New => Refusal::NotAnIncidentChannel,
            // People know numbers, not ids; a button or a form carries the id of one they may not see.
            Target::Id(_) => Refusal::NoSuchIncident { reference: "like that".to_owned() },
            Target::Number(number) => Refusal::NoSuchIncident { reference: reference(*number) },
        }
    }
}

/// What was done. It is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The incident as it was right after.
    pub incident: Arc<Incident>,
    /// What was written into its record.
    pub entries: Vec<Arc<Entry>>,
    /// What things are called in the workspace, so that nobody has to look that up to say it.
    pub catalogue: Arc<Catalogue>,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// It can't be done; the sentence says why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be saved. The sender may try again.
    #[error("the store could not save the command")]
    Unavailable(#[source] Arc<sqlx::Error>),
}

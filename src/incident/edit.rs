//! Several changes in one step: all of them, or none.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::UserId;
use crate::incident::command::Command;
use crate::incident::decide::{Context, change};
use crate::incident::event::{Entry, Event};
use crate::incident::refusal::Refusal;
use crate::incident::state::Incident;

/// What is to be otherwise. What is left out stays, and what is so already is no change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = IncidentEdit)]
pub struct Edit {
    /// What people see go wrong, in a line of at most 200 characters.
    pub name: Option<String>,
    /// The whole new summary; empty removes it.
    pub summary: Option<String>,
    /// How bad it is: an id, a name, or `sev1` for the worst.
    pub severity: Option<String>,
    /// Where it stands: an id or a name.
    pub status: Option<String>,
    /// What kind of incident it is: an id or a name.
    pub incident_type: Option<String>,
    /// Where people talk: the address of a page; empty removes it.
    pub call_url: Option<String>,
    /// What its channel is to be called, if not after the incident; empty for after it again.
    pub channel_name: Option<String>,
    /// Custom fields, by id or name: the options by id or value, or one text, link or number; an
    /// empty list clears the field.
    pub fields: BTreeMap<String, Vec<String>>,
    /// Who holds which role, by its id, name or short form; null takes it back.
    #[schema(value_type = BTreeMap<String, String>)]
    pub roles: BTreeMap<String, Option<UserId>>,
    /// When it reached which point, by its id or name; null clears it.
    #[schema(value_type = BTreeMap<String, String>)]
    pub timestamps: BTreeMap<String, Option<Timestamp>>,
    /// Tell the channel, in one message. Whatever this says, a person is told of a role they are given.
    pub notify: bool,
}

/// How the channel hears of an entry that is one of several, or that is not to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "told", rename_all = "snake_case")]
pub enum Telling {
    /// Not by itself.
    Quiet,
    /// With those before it, in one message.
    Together {
        /// The version of the first of them.
        first: i64,
    },
}

impl Edit {
    /// Each change as the command that does it alone. The status comes before the timestamps, which
    /// are set as it changes and may be said to be otherwise.
    fn commands(&self) -> Vec<Command> {
        let mut commands = Vec::new();
        commands.extend(self.name.clone().map(|name| Command::Rename { name }));
        commands.extend(self.summary.clone().map(|summary| Command::Summary { summary }));
        let kind = self.incident_type.clone();
        commands.extend(kind.map(|incident_type| Command::Type { incident_type }));
        commands.extend(self.severity.clone().map(|severity| Command::Severity { severity }));
        commands.extend(self.status.clone().map(|status| Command::Status { status }));
        commands.extend(self.call_url.clone().map(|url| Command::Call { url }));
        commands.extend(self.channel_name.clone().map(|name| Command::NameChannel { name }));
        commands.extend(
            self.fields.clone().into_iter().map(|(field, values)| Command::Field { field, values }),
        );
        let timestamps = self.timestamps.clone().into_iter();
        commands.extend(timestamps.map(|(timestamp, at)| Command::Timestamp { timestamp, at }));
        let roles = self.roles.clone().into_iter();
        commands.extend(roles.map(|(role, person)| Command::Role { role, person }));
        commands
    }
}

/// The most changes of one step: more than there are fields, roles and timestamps together.
const CHANGES_LIMIT: usize = 300;

/// The events of all that is not so already: none, if all of it is.
pub(super) fn edit(
    incident: &Incident,
    edit: &Edit,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let commands = edit.commands();
    if commands.len() > CHANGES_LIMIT {
        return Err(Refusal::TooManyChanges { count: commands.len(), limit: CHANGES_LIMIT });
    }
    let mut draft = incident.clone();
    let mut events = Vec::new();
    for command in commands {
        let changes = match change(&draft, &command, context) {
            Err(Refusal::AlreadySo { .. }) => continue,
            changes => changes?,
        };
        for event in changes {
            let entry = Entry {
                version: draft.version + 1,
                at: context.now,
                actor: context.actor.clone(),
                via: context.via,
                telling: None,
                event,
                through: None,
            };
            draft.apply(&entry);
            events.push(entry.event);
        }
    }
    Ok(events)
}

impl Telling {
    /// How the channel hears of the event at this place of those that a command has caused, the
    /// first of which has this version.
    pub fn of(command: &Command, place: usize, count: usize, first: i64) -> Option<Telling> {
        match command {
            Command::Edit(edit) if edit.notify && place + 1 == count => {
                Some(Telling::Together { first })
            }
            Command::Edit(_) => Some(Telling::Quiet),
            _ => None,
        }
    }
}

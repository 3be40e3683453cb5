//! What single people are told without having asked just now.

use crate::ids::{RoleId, UserId};
use crate::incident::catalogue::{Catalogue, RoleKind};
use crate::incident::event::{Entry, Event};
use crate::incident::state::Incident;
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;
use crate::slack::view::words;

/// To the person who declared, where they declared: the channel is there.
pub fn channel_opened(incident: &Incident) -> Message {
    let opened = Line::new().bold(&incident.reference()).text(" is open");
    let line = match &incident.channel {
        Some(channel) => opened.text(": ").channel(channel),
        None => opened.text("; its channel is on its way."),
    };
    Message::line(&line)
}

/// To the new holder of a role, alone: what the role asks of them. Nothing if the entry gave them
/// no role.
pub fn role_instructions(
    entry: &Entry,
    holder: &UserId,
    incident: &Incident,
    catalogue: &Catalogue,
) -> Option<Message> {
    let given: Vec<&RoleId> = match &entry.event {
        Event::RoleAssigned { role, person, .. } if person.as_ref() == Some(holder) => vec![role],
        Event::Declared(declared) => {
            let theirs = declared.roles.iter().filter(|(_, user)| user == holder);
            theirs.map(|(role, _)| role).collect()
        }
        _ => return None,
    };
    let roles = given.into_iter().filter_map(|id| catalogue.role(id));
    let roles: Vec<_> = roles.filter(|role| role.kind != RoleKind::Reporter).collect();
    let names: Vec<String> = roles.iter().map(|role| words::one_line(&role.name, 75)).collect();
    if names.is_empty() {
        return None;
    }
    let asked = Line::of("You are now ")
        .bold(&names.join(" and "))
        .text(" of ")
        .bold(&words::title(incident))
        .text(", asked by ")
        .actor(&entry.actor)
        .text(".");
    let mut blocks = vec![Block::text(&asked)];
    let instructions = roles.iter().filter(|role| !role.instructions.trim().is_empty());
    blocks.extend(instructions.map(|role| Block::text(&Line::prose(&role.instructions))));
    let place =
        incident.channel.as_ref().map(|channel| Line::of("It happens in ").channel(channel));
    blocks.extend(place.map(|line| Block::text(&line)));
    Some(Message::new(&asked, blocks))
}

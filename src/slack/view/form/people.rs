//! The forms that give a role to somebody or take it back, and that let somebody in.

use crate::ids::UserId;
use crate::incident::catalogue::{Catalogue, Role, RoleKind};
use crate::incident::state::Incident;
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::element::{Choice, Element};
use crate::slack::view::kit::modal::Modal;

pub(super) fn invite(origin: &str) -> Modal {
    let person = Element::person(None).with_placeholder("Somebody");
    let person = Block::input("person", "Whom?", person)
        .with_hint("They are let into the channel, and may know of the incident.");
    Modal::new("invite", "Invite", "Invite", origin, vec![person])
}

pub(super) fn role(
    incident: &Incident,
    catalogue: &Catalogue,
    word: Option<&str>,
    person: Option<&UserId>,
    origin: &str,
) -> Modal {
    let begin_with = word.and_then(|word| catalogue.find_role(word).ok());
    // Whoever declared stays the reporter.
    let roles = catalogue.roles.iter().filter(|role| role.kind != RoleKind::Reporter);
    let choices = roles.map(|role| {
        let instructions = role.instructions.replace('`', "");
        Choice::new(role.id.as_str(), &role.name).described(&instructions)
    });
    let select = Element::select(choices.collect(), begin_with.map(|role| role.id.as_str()));
    // Without the present holder in it, a form sent off at once would take the role away.
    let holder = |role: &Role| incident.roles.get(&role.id);
    let person =
        Element::person(person.or_else(|| begin_with.and_then(holder))).with_placeholder("Nobody");
    let person = Block::optional_input("person", "Who?", person)
        .with_hint("Leave it empty to take the role back.");
    let select = select.map(|select| Block::input("role", "Role", select));
    let blocks = select.into_iter().chain([person]).collect();
    Modal::new("role", "Assign a role", "Assign", origin, blocks)
}

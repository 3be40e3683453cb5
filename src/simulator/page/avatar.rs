//! The coloured initials that stand for people.

use maud::{Markup, html};

use super::directory::Directory;

/// How many colours the style sheet has for avatars.
const TONES: usize = 10;

/// The picture of a person or an app.
pub fn avatar(id: &str, directory: &Directory) -> Markup {
    let person = directory.people.get(id);
    let initials = person.map_or("?", |person| person.initials.as_str());
    let is_bot = person.is_some_and(|person| person.is_bot);
    html! {
        span.avatar.bot[is_bot].{ "tone-" (tone(id)) } aria-hidden="true" { (initials) }
    }
}

/// Always the same colour for the same id.
fn tone(id: &str) -> usize {
    // The style sheet has classes, because the page allows no inline styles.
    id.bytes().fold(7, |sum: usize, byte| sum.wrapping_mul(33).wrapping_add(byte.into())) % TONES
}

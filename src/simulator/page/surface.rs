//! Where blocks are drawn: a message, a modal or the home tab.

use std::collections::BTreeMap;

use super::directory::Directory;

/// What the blocks need to know of the thing they are part of.
#[derive(Clone, Copy)]
pub struct Surface<'a> {
    /// Names and time.
    pub directory: &'a Directory,
    /// Unique on the page; the DOM ids of all fields begin with it.
    pub id: &'a str,
    /// The channel the person is looking at, for `default_to_current_conversation`.
    pub channel: Option<&'a str>,
    /// What stands in red under the fields, by block_id.
    pub errors: &'a BTreeMap<String, String>,
}

impl Surface<'_> {
    /// The DOM id of an element of a block, the same in each rendering so that typed text stays.
    pub fn dom_id(&self, block_id: &str, action_id: &str) -> String {
        // A space would end the id where another attribute refers to it.
        format!("{}-{block_id}-{action_id}", self.id).replace(char::is_whitespace, "_")
    }
}

//! Looking for something in a list that Slack gives page by page.
//!
//! Slack allows a few pages at once, and then wants to be left alone for a while. A search that was
//! interrupted goes on where it was, or a long list would never be read to its end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::ids::WorkspaceId;
use crate::slack::outbound::calls::{Calls, Failed, Trouble};

/// Pages of 200 that are looked through: 20,000 channels, or messages.
const PAGES: usize = 100;
/// Interrupted searches that are remembered. Whoever is forgotten begins anew.
const REMEMBERED: usize = 1_000;

/// Where the searches of this process were interrupted.
#[derive(Clone, Default)]
pub struct Searches(Arc<Mutex<HashMap<Key, Place>>>);

/// The workspace, the method, and what is looked for.
type Key = (WorkspaceId, String, String);

#[derive(Clone, Default)]
struct Place {
    cursor: String,
    pages: usize,
}

impl Searches {
    fn take(&self, key: &Key) -> Place {
        self.0.lock().expect("nothing panics with it").remove(key).unwrap_or_default()
    }

    fn keep(&self, key: Key, place: Place) {
        let mut searches = self.0.lock().expect("nothing panics with it");
        if searches.len() >= REMEMBERED {
            searches.clear();
        }
        searches.insert(key, place);
    }
}

/// A list, and what is looked for in it.
pub struct Search<'a> {
    /// The method that gives it.
    pub method: &'a str,
    /// The method's arguments.
    pub arguments: &'a [(&'a str, &'a str)],
    /// What the answer calls the list.
    pub list: &'a str,
    /// What is looked for, in a word that no other search in this list has.
    pub what: &'a str,
}

impl Calls<'_> {
    /// The first item that fits. `None` means that the list was read to its end.
    pub async fn find(
        &self,
        search: &Search<'_>,
        fits: impl Fn(&Value) -> bool,
    ) -> Result<Option<Value>, Failed> {
        let Search { method, arguments, list, what } = *search;
        let key = (self.workspace.clone(), method.to_owned(), what.to_owned());
        let searches = &self.performer.searches;
        let mut place = searches.take(&key);
        while place.pages < PAGES {
            let mut asked = [arguments, &[("limit", "200")]].concat();
            if !place.cursor.is_empty() {
                asked.push(("cursor", &place.cursor));
            }
            let answer = match self.get(method, &asked).await {
                Ok(answer) => answer,
                // Cursors do not live for ever.
                Err(failed) if failed.is("invalid_cursor") && !place.cursor.is_empty() => {
                    return Err(begin_anew(method, "the place in the list is gone"));
                }
                Err(failed) => {
                    searches.keep(key, place);
                    return Err(failed);
                }
            };
            let items = answer[list].as_array().map(Vec::as_slice).unwrap_or_default();
            if let Some(item) = items.iter().find(|item| fits(item)) {
                return Ok(Some(item.clone()));
            }
            let next = answer["response_metadata"]["next_cursor"].as_str().unwrap_or_default();
            if next.is_empty() {
                return Ok(None);
            }
            if next == place.cursor {
                return Err(begin_anew(method, "the pages of the list go round in a circle"));
            }
            place = Place { cursor: next.to_owned(), pages: place.pages + 1 };
        }
        // It may be behind that: "not found" would let it be made a second time.
        Err(Failed::Trouble(Trouble::give_up(format!(
            "{method}: it is not on the first {PAGES} pages, and there are more"
        ))))
    }
}

fn begin_anew(method: &str, why: &str) -> Failed {
    Failed::Trouble(Trouble::Again { error: format!("{method}: {why}"), in_doubt: false })
}

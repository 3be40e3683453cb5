//! The objects of this format that several resources show.
//!
//! Strict clients fail on `null`, on words that the document does not list and on fields that are
//! not there: what is absent is left out, what is required is always sent.

pub mod activity;
pub mod actor;
pub mod alert;
pub mod attachment;
pub mod catalog_entry;
pub mod catalog_type;
pub mod catalogue;
pub mod document;
pub mod escalation;
pub mod field;
pub mod incident;
pub mod issue;
pub mod item;
pub mod path;
pub mod schedule;
pub mod timeline_item;
pub mod update;
pub mod user;

use serde::Serialize;

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::query::Page;
use crate::incident::catalogue::Catalogue;

/// What is needed to draw objects: what things and people are called.
pub struct Terms<'a> {
    /// What the workspace calls things.
    pub catalogue: &'a Catalogue,
    /// Who people are.
    pub people: &'a user::People,
    /// The Slack workspace or organisation; empty if it is not known yet.
    pub slack_team: &'a str,
}

/// The largest size of a page that the document lets an answer say, even where more may be asked for.
const SAID: usize = 250;

/// How a page ends.
#[derive(Debug, Serialize)]
pub struct PaginationMeta {
    /// How many items were asked for at most.
    pub page_size: usize,
    /// What to ask for to get the next page; nothing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many items there are on all pages together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_record_count: Option<i64>,
}

impl PaginationMeta {
    /// The end of a page of a list, which was looked up with one item more than fits: that one is
    /// dropped, and says that another page follows.
    pub fn close<T>(page: &Page, items: &mut Vec<T>, id: impl Fn(&T) -> String) -> PaginationMeta {
        let is_more = items.len() > page.size;
        items.truncate(page.size);
        let after = items.last().filter(|_| is_more).map(id);
        PaginationMeta { page_size: page.size.min(SAID), after, total_record_count: None }
    }

    /// The page of a list that is at hand as a whole, and its end.
    pub fn cut<T>(
        page: &Page,
        list: impl IntoIterator<Item = T>,
        id: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, PaginationMeta), Failure> {
        let mut list = list.into_iter();
        if let Some(last) = &page.after
            && !list.by_ref().any(|item| id(&item) == *last)
        {
            return Err(page.lost());
        }
        let mut items: Vec<T> = list.take(page.size + 1).collect();
        let meta = PaginationMeta::close(page, &mut items, id);
        Ok((items, meta))
    }
}

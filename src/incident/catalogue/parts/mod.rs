//! What each kind of thing in the catalogue asks of its words, and when it can't be removed.

mod kinds;
pub(super) mod options;

use std::fmt::Display;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::incident::catalogue::Catalogue;
use crate::incident::catalogue::edit::{BadEdit, Kind};
use crate::incident::catalogue::find::{fold, is_called};
use crate::incident::text::{clean_line, clean_text};

/// The longest name where nothing else limits it: what a choice in Slack shows.
const NAME_LIMIT: usize = 75;
/// The longest name of a severity or a field.
const SHORT_NAME_LIMIT: usize = 50;
/// The longest description, in characters.
const DESCRIPTION_LIMIT: usize = 1_000;
/// The most of one kind: what people can choose from in one form of Slack's.
const MOST: usize = 100;
/// The highest rank and sort key: nobody needs more, and sums stay far from the end of numbers.
const RANK_LIMIT: i64 = 1_000_000_000;

/// A kind of thing in the catalogue.
pub(super) trait Part: Clone + PartialEq + Serialize {
    /// Its id.
    type Id: Clone + PartialEq + Display;
    /// What it can be told to say.
    type Words;
    /// Which kind it is.
    const KIND: Kind;
    /// How many there can be.
    const LIMIT: usize;

    fn id(&self) -> &Self::Id;
    fn all(catalogue: &Catalogue) -> &Vec<Self>;
    fn all_mut(catalogue: &mut Catalogue) -> &mut Vec<Self>;
    fn removed_mut(catalogue: &mut Catalogue) -> &mut Vec<Self>;
    /// One that says nothing yet.
    fn blank(id: &str, now: Timestamp) -> Self;
    /// The same, saying this.
    fn filled(
        self,
        words: &Self::Words,
        catalogue: &Catalogue,
        is_new: bool,
    ) -> Result<Self, BadEdit>;
    fn touch(&mut self, now: Timestamp);
    /// Refuses to be removed if something can't be without it.
    fn check_removal(&self, catalogue: &Catalogue) -> Result<(), BadEdit>;
    /// Puts the rest of the catalogue right after this one has changed.
    fn settle(catalogue: &mut Catalogue, id: &Self::Id);
}

/// A name that nothing else of its kind has.
fn name<'a>(
    current: &mut String,
    wanted: Option<&String>,
    (what, limit): (Kind, usize),
    mut others: impl Iterator<Item = &'a String>,
    is_new: bool,
) -> Result<(), BadEdit> {
    let field = "name";
    let Some(wanted) = wanted else {
        return if is_new { Err(BadEdit::Missing { field, what }) } else { Ok(()) };
    };
    let wanted = line(wanted, field, limit)?;
    if wanted.is_empty() {
        return Err(BadEdit::Missing { field, what });
    }
    // Who writes the old name in another case means to change it.
    if others.any(|other| is_called(other, &wanted)) {
        return Err(BadEdit::NameTaken { field, name: wanted, what });
    }
    *current = wanted;
    Ok(())
}

fn line(text: &str, field: &'static str, limit: usize) -> Result<String, BadEdit> {
    within(clean_line(text), field, limit)
}

fn lines(
    current: &mut String,
    wanted: Option<&String>,
    field: &'static str,
    limit: usize,
) -> Result<(), BadEdit> {
    if let Some(text) = wanted {
        *current = within(clean_text(text), field, limit)?;
    }
    Ok(())
}

fn within(text: String, field: &'static str, limit: usize) -> Result<String, BadEdit> {
    let length = text.chars().count();
    if length > limit { Err(BadEdit::TooLong { field, length, limit }) } else { Ok(text) }
}

/// A rank as it is wanted; for a new one, by itself, the one after the last.
fn rank(
    current: &mut i64,
    wanted: Option<i64>,
    others: impl Iterator<Item = i64>,
    is_new: bool,
) -> Result<(), BadEdit> {
    match wanted {
        Some(rank) => *current = in_order(rank, "rank")?,
        None if is_new => *current = others.max().map_or(1, |last| (last + 1).min(RANK_LIMIT)),
        None => {}
    }
    Ok(())
}

fn in_order(number: i64, field: &'static str) -> Result<i64, BadEdit> {
    if (-RANK_LIMIT..=RANK_LIMIT).contains(&number) {
        return Ok(number);
    }
    let why = format!("`{field}` lies between -{RANK_LIMIT} and {RANK_LIMIT}.");
    Err(BadEdit::Unfit { field, why })
}

/// The word for a role in a command.
fn shortform(text: &str) -> Result<String, BadEdit> {
    const LIMIT: usize = 30;
    let field = "shortform";
    let word = line(text, field, LIMIT)?;
    if word.contains(' ') || fold(&word).is_empty() {
        let why = "A short form is one word, such as `comms`.".to_owned();
        return Err(BadEdit::Unfit { field, why });
    }
    Ok(word)
}

fn needed(why: &str) -> BadEdit {
    BadEdit::Needed { why: why.to_owned() }
}

fn unfit(field: &'static str, why: &str) -> BadEdit {
    BadEdit::Unfit { field, why: why.to_owned() }
}

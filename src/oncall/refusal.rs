//! Why something about schedules, paths and paging is not done.

use crate::incident::text::{clean_line, clean_text};

/// What is wrong with what somebody laid down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Unfit {
    /// The field, as a path: `rotations.0.people`.
    pub field: String,
    /// What is wrong with it, in a sentence.
    pub why: String,
}

/// A field that is wrong, and why.
pub fn unfit<T>(field: impl Into<String>, why: impl Into<String>) -> Result<T, Unfit> {
    Err(Unfit { field: field.into(), why: why.into() })
}

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// What was laid down makes no sense.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// There is no such thing.
    #[error("There is no such {what} here.")]
    NoSuch {
        /// What it is called: `schedule`.
        what: &'static str,
    },
    /// There are as many as there can be.
    #[error("There are {most} {what} already, which is the most.")]
    TooMany {
        /// What they are called: `schedules`.
        what: &'static str,
        /// How many.
        most: i64,
    },
    /// It has changed since the caller looked.
    #[error("It has changed since: it is at version {current}, not {given}.")]
    Stale {
        /// The version that the caller knew.
        given: i64,
        /// The version now.
        current: i64,
    },
    /// Something else needs it.
    #[error("{why}")]
    InUse {
        /// What, in a sentence.
        why: String,
    },
    /// Nobody is on call there.
    #[error("Nobody is on call in \u{201c}{schedule}\u{201d} now.")]
    NobodyOnCall {
        /// What the schedule is called.
        schedule: String,
    },
    /// It is that way already.
    #[error("{what}; nothing was changed.")]
    AlreadySo {
        /// What it is, as a sentence without its full stop.
        what: String,
    },
    /// Its time is over.
    #[error("This escalation is over ({how}).")]
    Over {
        /// How it ended, in a word.
        how: &'static str,
    },
    /// Only people can say so.
    #[error("Only a person who was paged can say that they can't take it.")]
    NotForPrograms,
}

impl Refused {
    /// The field that has to be corrected, where it is one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Refused::Unfit(unfit) => Some(&unfit.field),
            _ => None,
        }
    }

    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Refused::Unfit(_) => "invalid-body",
            Refused::NoSuch { .. } => "no-such",
            Refused::TooMany { .. } => "too-many",
            Refused::Stale { .. } => "stale-version",
            Refused::InUse { .. } => "in-use",
            Refused::NobodyOnCall { .. } => "nobody-on-call",
            Refused::AlreadySo { .. } => "already-so",
            Refused::Over { .. } => "escalation-over",
            Refused::NotForPrograms => "not-for-programs",
        }
    }
}

/// One clean line of at most so many characters, which must not be empty.
pub(super) fn line(field: &str, text: &str, limit: usize) -> Result<String, Unfit> {
    let line = clean_line(text);
    let length = line.chars().count();
    if line.is_empty() {
        return unfit(field, "It is empty.");
    }
    if length > limit {
        return unfit(field, format!("That is {length} characters; {limit} is the most."));
    }
    Ok(line)
}

/// Clean text of at most so many characters.
pub(super) fn text(field: &str, text: &str, limit: usize) -> Result<String, Unfit> {
    let text = clean_text(text);
    let length = text.chars().count();
    if length > limit {
        return unfit(field, format!("That is {length} characters; {limit} is the most."));
    }
    Ok(text)
}

/// Refuses a number outside a range.
pub(super) fn number(field: &str, number: u32, least: u32, most: u32) -> Result<(), Unfit> {
    if (least..=most).contains(&number) {
        return Ok(());
    }
    unfit(field, format!("It is from {least} to {most}."))
}

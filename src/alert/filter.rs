//! Expressions over alerts, in the words of BigPanda's query language: `host = web-* AND NOT IN …`.
//!
//! An expression is read from a line of text (here and in `reading`) or from JSON (`object`), and
//! written as text again by `Display`; reading what was written gives the same expression. Its size,
//! depth and regular expressions are bounded, and matching takes time linear in the text, whoever has
//! written it.

mod fields;
mod object;
mod pattern;
mod reading;

use std::fmt;

pub use fields::{AlertFields, Fields};
pub use pattern::{Expression, Pattern};

/// The longest expression, in bytes.
pub const TEXT_LIMIT: usize = 25_000;
/// How deep parentheses may stand within each other.
pub const DEPTH_LIMIT: usize = 32;
/// The most conditions, each value of a list being one.
pub const CONDITIONS_LIMIT: usize = 1_000;
/// The most regular expressions: each takes memory once it is prepared.
pub const EXPRESSIONS_LIMIT: usize = 16;

/// An expression that holds for an alert or does not.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// `*`: it always holds.
    Everything,
    /// `disk`: somewhere in what the alert says stands this.
    Keyword(Pattern),
    /// `host = web-*`: the field, or one of its values, is like this.
    Is {
        /// The name of the field.
        field: String,
        /// What it is like.
        pattern: Pattern,
        /// `!=`: it is not like this.
        negated: bool,
    },
    /// `host === web-*`: the field, or one of its values, is exactly this text; nothing in it stands
    /// for anything else.
    IsExactly {
        /// The name of the field.
        field: String,
        /// The text.
        text: String,
    },
    /// `host IN [a, b-*]`: the field, or one of its values, is like one of these.
    Among {
        /// The name of the field.
        field: String,
        /// What it may be like.
        patterns: Vec<Pattern>,
        /// `NOT IN`: it is like none of them.
        negated: bool,
    },
    /// All of them hold.
    All(Vec<Filter>),
    /// At least one of them holds.
    Any(Vec<Filter>),
}

/// Why something is no expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why} ({place})")]
pub struct BadFilter {
    /// Where.
    pub place: Place,
    /// What is wrong there.
    pub why: String,
}

/// Where something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a text, at this character, counted from 1.
    Character(usize),
    /// In JSON, at this pointer (RFC 6901); empty for the whole.
    Pointer(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Character(at) => write!(f, "at character {at}"),
            Place::Pointer(pointer) if pointer.is_empty() => f.write_str("at the top"),
            Place::Pointer(pointer) => write!(f, "at {pointer}"),
        }
    }
}

impl Filter {
    /// Reads an expression from text.
    pub fn parse(text: &str) -> Result<Filter, BadFilter> {
        reading::read(text)
    }

    /// Reads an expression from JSON: an object with one operator, or a string, which is read as text.
    pub fn from_value(value: &serde_json::Value) -> Result<Filter, BadFilter> {
        object::read(value)
    }

    /// The expression as JSON: reading it gives one that holds for the same.
    pub fn to_value(&self) -> serde_json::Value {
        object::write(self)
    }

    /// Whether it holds for what has these fields.
    ///
    /// A field that is not there is like nothing but an empty text, so that `host != ""` asks
    /// whether there is one.
    pub fn holds(&self, fields: &impl Fields) -> bool {
        match self {
            Filter::Everything => true,
            Filter::Keyword(pattern) => fields.words().iter().any(|text| pattern.is_in(text)),
            Filter::Is { field, pattern, negated } => {
                let is_like = |value: &str| pattern.is_like(value);
                is_any(fields, field, pattern.is_nothing(), is_like) != *negated
            }
            Filter::IsExactly { field, text } => {
                is_any(fields, field, text.is_empty(), |value| value == text)
            }
            Filter::Among { field, patterns, negated } => {
                let may_be_missing = patterns.iter().any(Pattern::is_nothing);
                let is_like = |value: &str| patterns.iter().any(|pattern| pattern.is_like(value));
                is_any(fields, field, may_be_missing, is_like) != *negated
            }
            Filter::All(filters) => filters.iter().all(|filter| filter.holds(fields)),
            Filter::Any(filters) => filters.iter().any(|filter| filter.holds(fields)),
        }
    }
}

fn is_any(
    fields: &impl Fields,
    name: &str,
    may_be_missing: bool,
    is_like: impl Fn(&str) -> bool,
) -> bool {
    let values = fields.values(name);
    if values.is_empty() { may_be_missing } else { values.into_iter().any(is_like) }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Filter::Everything => f.write_str("*"),
            Filter::Keyword(pattern) => write!(f, "{pattern}"),
            Filter::Is { field, pattern, negated } => {
                let sign = if *negated { "!=" } else { "=" };
                write!(f, "{} {sign} {pattern}", pattern::written(field))
            }
            Filter::IsExactly { field, text } => {
                write!(f, "{} === {}", pattern::written(field), pattern::written(text))
            }
            Filter::Among { field, patterns, negated } => {
                let sign = if *negated { "NOT IN" } else { "IN" };
                write!(f, "{} {sign} [", pattern::written(field))?;
                for (index, pattern) in patterns.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{pattern}")?;
                }
                f.write_str("]")
            }
            Filter::All(filters) => write_joined(f, filters, "AND"),
            Filter::Any(filters) => write_joined(f, filters, "OR"),
        }
    }
}

/// What consists of several stands in parentheses, so that nobody has to know what binds tighter.
fn write_joined(f: &mut fmt::Formatter<'_>, filters: &[Filter], word: &str) -> fmt::Result {
    for (index, filter) in filters.iter().enumerate() {
        if index > 0 {
            write!(f, " {word} ")?;
        }
        match filter {
            Filter::All(_) | Filter::Any(_) => write!(f, "({filter})")?,
            _ => write!(f, "{filter}")?,
        }
    }
    Ok(())
}

/// Counts what an expression is made of, while it is read.
#[derive(Default)]
struct Size {
    conditions: usize,
    expressions: usize,
}

impl Size {
    /// One more condition.
    fn add(&mut self, pattern: Option<&Pattern>) -> Result<(), String> {
        self.conditions += 1;
        self.expressions += usize::from(matches!(pattern, Some(Pattern::Expression(_))));
        if self.conditions > CONDITIONS_LIMIT {
            Err(format!("there are more than {CONDITIONS_LIMIT} conditions"))
        } else if self.expressions > EXPRESSIONS_LIMIT {
            Err(format!("there are more than {EXPRESSIONS_LIMIT} regular expressions"))
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;

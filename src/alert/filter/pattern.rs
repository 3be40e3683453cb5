//! What a value is compared with: text in which `*` stands for anything, or a regular expression.

use std::fmt;

use regex::{Regex, RegexBuilder};

/// The longest regular expression, in bytes.
const EXPRESSION_LIMIT: usize = 1_024;
/// How much memory one may take once it is prepared.
const PREPARED_LIMIT: usize = 256 * 1024;

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// The parts of a text between which anything may stand; one part is that text alone.
    Text(Vec<String>),
    /// A regular expression.
    Expression(Expression),
}

/// A regular expression that is ready for use. It runs in linear time.
#[derive(Clone, Debug)]
pub struct Expression {
    source: String,
    /// Matches a whole value.
    whole: Regex,
    /// Finds it in a text, whatever the case.
    within: Regex,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Expression {
    /// Prepares a regular expression; says what is wrong with one that can't be used.
    pub fn new(source: &str) -> Result<Expression, String> {
        let source = slashes_bare(source);
        if source.len() > EXPRESSION_LIMIT {
            return Err(format!("the regular expression is longer than {EXPRESSION_LIMIT} bytes"));
        }
        let build = |text: &str, any_case: bool| {
            let mut builder = RegexBuilder::new(text);
            builder.size_limit(PREPARED_LIMIT).dfa_size_limit(PREPARED_LIMIT);
            builder.case_insensitive(any_case).build().map_err(|error| {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default();
                format!("that regular expression can't be used: {reason}")
            })
        };
        // Alone first: `)|(` would be one between the parentheses around the whole.
        let within = build(&source, true)?;
        let whole = build(&format!("^(?:{source})$"), false)?;
        Ok(Expression { source, whole, within })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }
}

impl Pattern {
    /// This text alone.
    pub fn exactly(text: impl Into<String>) -> Pattern {
        Pattern::Text(vec![text.into()])
    }

    /// This text, in which each `*` stands for anything.
    pub fn wildcard(text: &str) -> Pattern {
        Pattern::Text(text.split('*').map(str::to_owned).collect())
    }

    /// Whether it is the empty text.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Pattern::Text(parts) if parts.len() == 1 && parts[0].is_empty())
    }

    /// Whether it is nothing but a `*`.
    pub(super) fn is_anything(&self) -> bool {
        matches!(self, Pattern::Text(parts) if parts.len() > 1 && parts.iter().all(String::is_empty))
    }

    /// Whether a whole value is like this.
    pub fn is_like(&self, value: &str) -> bool {
        match self {
            Pattern::Expression(expression) => expression.whole.is_match(value),
            Pattern::Text(parts) => match &parts[..] {
                [] => false,
                [only] => value == only,
                [first, between @ .., last] => {
                    let Some(rest) = value.strip_prefix(first.as_str()) else { return false };
                    let Some(rest) = rest.strip_suffix(last.as_str()) else { return false };
                    follow_one_another(rest, between)
                }
            },
        }
    }

    /// Whether this stands somewhere in a text, whatever the case.
    pub fn is_in(&self, text: &str) -> bool {
        match self {
            Pattern::Expression(expression) => expression.within.is_match(text),
            Pattern::Text(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| part.to_lowercase()).collect();
                follow_one_another(&text.to_lowercase(), &parts)
            }
        }
    }
}

/// Whether the parts stand in the text in this order. The first place of each will do.
fn follow_one_another(text: &str, parts: &[String]) -> bool {
    let mut rest = text;
    parts.iter().all(|part| match rest.find(part.as_str()) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Expression(expression) => {
                write!(f, "/{}/", expression.source.replace('/', "\\/"))
            }
            Pattern::Text(parts) => match &parts[..] {
                [only] => f.write_str(&written(only)),
                parts if parts.iter().all(|part| part.is_empty() || is_plain(part)) => {
                    f.write_str(&parts.join("*"))
                }
                parts => {
                    let parts: Vec<String> = parts.iter().map(|part| escaped(part)).collect();
                    write!(f, "\"{}\"", parts.join("*"))
                }
            },
        }
    }
}

/// A text as it is written in an expression: in quotes, unless nothing in it could mean anything else.
pub(super) fn written(text: &str) -> String {
    if is_plain(text) && !is_keyword(text) {
        text.to_owned()
    } else {
        format!("\"{}\"", escaped(text))
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.:@".contains(c))
}

/// Whether the word means something in an expression, and so has to be quoted to be a name or value.
pub(super) fn is_keyword(word: &str) -> bool {
    ["AND", "OR", "NOT", "IN"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '*') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A slash need not be escaped but between slashes: without that, what is the same looks the same.
fn slashes_bare(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        match (c, chars.as_str().chars().next()) {
            ('\\', Some('/')) => {}
            ('\\', Some(next)) => {
                out.extend([c, next]);
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}

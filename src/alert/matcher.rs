//! Conditions on labels, in the words of Alertmanager: `env="prod"`, `team!="db"`, `host=~"web-.*"`.

use std::collections::BTreeMap;
use std::fmt;

use regex::Regex;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The longest expression, in bytes. A longer one costs more to prepare than anybody should.
const EXPRESSION_LIMIT: usize = 1_024;
/// How much memory an expression may take once it is prepared.
const PREPARED_LIMIT: usize = 256 * 1024;

/// A condition on one label, as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Matcher {
    /// The label.
    pub name: String,
    /// What its value is compared with.
    pub value: String,
    /// The value is a regular expression that the label's whole value has to match.
    #[serde(default)]
    pub is_regex: bool,
    /// The condition is that it matches, and not that it does not.
    #[serde(default = "yes")]
    pub is_equal: bool,
}

fn yes() -> bool {
    true
}

/// Why a condition can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMatcher {
    /// It is not written like one.
    #[error(
        "\u{201c}{0}\u{201d} is no condition; write one as `name=\"value\"`, with `=`, `!=`, `=~` or `!~`"
    )]
    Unreadable(String),
    /// The label has no name.
    #[error("a condition needs the name of a label")]
    NoName,
    /// The expression is none, or too large a one.
    #[error("`{value}` is no regular expression that can be used: {why}")]
    BadExpression {
        /// The expression.
        value: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Matcher {
    /// Reads one condition, with or without quotes.
    pub fn parse(text: &str) -> Result<Matcher, BadMatcher> {
        let text = text.trim();
        let unreadable = || BadMatcher::Unreadable(crate::incident::text::shorten(text, 100));
        let at = text.find(['=', '!']).ok_or_else(unreadable)?;
        let (name, rest) = text.split_at(at);
        let operators =
            [("=~", true, true), ("!~", true, false), ("!=", false, false), ("=", false, true)];
        let (value, is_regex, is_equal) = operators
            .into_iter()
            .find_map(|(sign, is_regex, is_equal)| {
                Some((rest.strip_prefix(sign)?, is_regex, is_equal))
            })
            .ok_or_else(unreadable)?;
        let (name, value) =
            (unquote(name).ok_or_else(unreadable)?, unquote(value).ok_or_else(unreadable)?);
        if name.is_empty() {
            return Err(BadMatcher::NoName);
        }
        let matcher = Matcher { name, value, is_regex, is_equal };
        matcher.prepare()?;
        Ok(matcher)
    }

    /// Makes it ready for use, which finds out whether it can be used.
    pub fn prepare(&self) -> Result<Prepared, BadMatcher> {
        if self.name.is_empty() {
            return Err(BadMatcher::NoName);
        }
        let bad = |why: String| BadMatcher::BadExpression {
            value: crate::incident::text::shorten(&self.value, 100),
            why,
        };
        let regex = if !self.is_regex {
            None
        } else if self.value.len() > EXPRESSION_LIMIT {
            return Err(bad(format!("it is longer than {EXPRESSION_LIMIT} bytes")));
        } else {
            let whole = format!("^(?:{})$", self.value);
            let built = regex::RegexBuilder::new(&whole).size_limit(PREPARED_LIMIT).build();
            Some(built.map_err(|error| {
                bad(error.to_string().lines().last().unwrap_or_default().to_owned())
            })?)
        };
        Ok(Prepared { matcher: self.clone(), regex })
    }
}

/// Takes the quotes off; nothing if they do not fit together.
fn unquote(text: &str) -> Option<String> {
    let text = text.trim();
    let Some(inner) = text.strip_prefix('"') else {
        return (!text.contains('"')).then(|| text.to_owned());
    };
    let inner = inner.strip_suffix('"')?;
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return None,
            '\\' => match chars.next()? {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                other => out.push(other),
            },
            _ => out.push(c),
        }
    }
    Some(out)
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match (self.is_regex, self.is_equal) {
            (false, true) => "=",
            (false, false) => "!=",
            (true, true) => "=~",
            (true, false) => "!~",
        };
        let value = self.value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        write!(f, "{}{sign}\"{value}\"", self.name)
    }
}

/// A condition that is ready for use.
#[derive(Clone, Debug)]
pub struct Prepared {
    matcher: Matcher,
    regex: Option<Regex>,
}

impl Prepared {
    /// Whether it holds. A label that is not there is like an empty one.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.matcher.name).map_or("", String::as_str);
        let is_equal = match &self.regex {
            Some(regex) => regex.is_match(value),
            None => value == self.matcher.value,
        };
        is_equal == self.matcher.is_equal
    }
}

/// Several conditions that have to hold together.
#[derive(Clone, Debug, Default)]
pub struct All(Vec<Prepared>);

impl All {
    /// Makes them ready for use.
    pub fn prepare(matchers: &[Matcher]) -> Result<All, BadMatcher> {
        matchers.iter().map(Matcher::prepare).collect::<Result<_, _>>().map(All)
    }

    /// Whether all of them hold; none at all always do.
    pub fn hold(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|one| one.matches(labels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> BTreeMap<String, String> {
        [("env", "prod"), ("host", "web-1")].map(|(n, v)| (n.to_owned(), v.to_owned())).into()
    }

    #[test]
    fn conditions_are_read_and_hold_or_not() {
        for (text, holds) in [
            ("env=\"prod\"", true),
            ("env = prod", true),
            ("env!=\"prod\"", false),
            ("host=~\"web-.*\"", true),
            ("host=~\"web\"", false),
            ("host!~\"db-.*\"", true),
            ("team=\"\"", true),
            ("team!=\"\"", false),
            ("\"env\"=\"prod\"", true),
        ] {
            let matcher = Matcher::parse(text).unwrap();
            assert_eq!(matcher.prepare().unwrap().matches(&labels()), holds, "{text}");
            assert_eq!(Matcher::parse(&matcher.to_string()).unwrap(), matcher, "{text}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in [
            "",
            "env",
            "=x",
            "env=\"a",
            "env=\"a\"b\"",
            "!x",
            "a=~\"(\"",
            "a=~\"(a{999}){999}{999}\"",
        ] {
            assert!(Matcher::parse(text).is_err(), "{text}");
        }
    }
}

//! What is asked for in a list: `status:open AND priority:P1 disk`.
//!
//! Of the vendor's language this is the part without alternatives: terms that hold together.

use serde_json::Value;

use crate::alert::state::Alert;
use crate::incident::text::shorten;
use crate::ingest::knock::Trouble;
use crate::ingest::opsgenie::change::OWNER;
use crate::ingest::opsgenie::view::{field, tags};
use crate::ingest::values::text;

/// The most terms.
const TERMS: usize = 50;
/// The most alerts in an answer.
const LIMIT: usize = 100;
/// How far a list goes.
const REACH: usize = 20_000;

/// What alerts have to be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<Term>);

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Term {
    Open(bool),
    Acknowledged(bool),
    /// A field is like this.
    Field(Field, String),
    /// It is said somewhere.
    Word(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Alias,
    Message,
    Description,
    Tag,
    Label(&'static str),
    Owner,
}

/// The words for fields.
const FIELDS: [(&str, Field); 9] = [
    ("alias", Field::Alias),
    ("message", Field::Message),
    ("description", Field::Description),
    ("tag", Field::Tag),
    ("tags", Field::Tag),
    ("entity", Field::Label("entity")),
    ("source", Field::Label("source")),
    ("priority", Field::Label("priority")),
    ("owner", Field::Owner),
];

impl Query {
    /// Reads what is asked for.
    pub fn parse(query: &str) -> Result<Query, Trouble> {
        let unreadable =
            |why: String| Trouble::Unreadable(format!("`query` can't be read: {why}."));
        let mut terms = Vec::new();
        for word in words(query).map_err(|why| unreadable(why.to_owned()))? {
            match word {
                (None, and) if and == "AND" => {}
                (None, other)
                    if other == "OR" || other == "NOT" || other.starts_with(['(', ')']) =>
                {
                    return Err(unreadable(format!(
                        "\u{201c}{}\u{201d} is not understood here",
                        shorten(&other, 20)
                    )));
                }
                (field, value) => terms.push(term(field.as_deref(), value).map_err(unreadable)?),
            }
            if terms.len() > TERMS {
                return Err(unreadable(format!("it has more than {TERMS} terms")));
            }
        }
        Ok(Query(terms))
    }

    /// Whether only open ones are wanted, or only closed ones.
    pub fn open(&self) -> Option<bool> {
        self.0.iter().find_map(|term| match term {
            Term::Open(open) => Some(*open),
            _ => None,
        })
    }

    /// Whether an alert is like this.
    pub fn holds(&self, alert: &Alert) -> bool {
        self.0.iter().all(|term| term.holds(alert))
    }
}

fn term(field: Option<&str>, value: String) -> Result<Term, String> {
    let Some(field) = field else { return Ok(Term::Word(value.to_lowercase())) };
    let field = field.to_ascii_lowercase();
    match (field.as_str(), value.to_ascii_lowercase().as_str()) {
        ("status", "open") => return Ok(Term::Open(true)),
        ("status", "closed") => return Ok(Term::Open(false)),
        ("status", "acked") | ("acknowledged", "true") => return Ok(Term::Acknowledged(true)),
        ("status", "unacked") | ("acknowledged", "false") => return Ok(Term::Acknowledged(false)),
        ("status", _) => {
            return Err("a status is `open`, `closed`, `acked` or `unacked`".to_owned());
        }
        ("acknowledged", _) => return Err("`acknowledged` is `true` or `false`".to_owned()),
        _ => {}
    }
    let found = FIELDS.iter().find(|(name, _)| *name == field);
    let (_, found) = found
        .ok_or_else(|| format!("there is no field \u{201c}{}\u{201d}", shorten(&field, 50)))?;
    Ok(Term::Field(*found, value.to_lowercase()))
}

impl Term {
    fn holds(&self, alert: &Alert) -> bool {
        match self {
            Term::Open(open) => alert.phase.is_firing() == *open,
            Term::Acknowledged(acknowledged) => {
                alert.phase.is_firing() && alert.acknowledged.is_some() == *acknowledged
            }
            Term::Field(field, wanted) => match field {
                Field::Alias => is_like(&alert.key, wanted),
                Field::Message => contains(&alert.title, wanted),
                Field::Description => contains(&alert.description, wanted),
                Field::Tag => tags(alert).any(|tag| is_like(tag, wanted)),
                Field::Label(name) => is_like(field_of(alert, name), wanted),
                Field::Owner => {
                    is_like(alert.annotations.get(OWNER).map_or("", String::as_str), wanted)
                }
            },
            Term::Word(word) => {
                contains(&alert.title, word)
                    || contains(&alert.description, word)
                    || contains(&alert.key, word)
                    || tags(alert).any(|tag| contains(tag, word))
            }
        }
    }
}

fn field_of<'a>(alert: &'a Alert, name: &str) -> &'a str {
    field(alert, name)
}

/// Whether it is the same, or begins the same where a star follows; letters of either case.
fn is_like(text: &str, wanted: &str) -> bool {
    let text = text.to_lowercase();
    match wanted.strip_suffix('*') {
        Some(start) => text.starts_with(start),
        None => text == wanted,
    }
}

fn contains(text: &str, wanted: &str) -> bool {
    text.to_lowercase().contains(wanted.trim_matches('*'))
}

/// A word, with the field that it is about.
type Word = (Option<String>, String);

/// Takes a query apart: `field:value`, `field = "two words"`, `word`.
fn words(query: &str) -> Result<Vec<Word>, &'static str> {
    let mut words = Vec::new();
    let mut rest = query.trim();
    while !rest.is_empty() {
        let (first, after) = token(rest)?;
        let after = after.trim_start();
        match after.strip_prefix([':', '=']) {
            Some(after) if !rest.starts_with('"') => {
                let (value, after) = token(after.trim_start())?;
                words.push((Some(first), value));
                rest = after.trim_start();
            }
            _ => {
                words.push((None, first));
                rest = after;
            }
        }
    }
    Ok(words)
}

/// The first word of a text, and what follows it.
fn token(text: &str) -> Result<(String, &str), &'static str> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (inner, after) = quoted.split_once('"').ok_or("a quote does not end")?;
        return Ok((inner.to_owned(), after));
    }
    let end = text.find(|c: char| c.is_whitespace() || c == ':' || c == '=').unwrap_or(text.len());
    if end == 0 {
        return Err("a word is missing");
    }
    let (word, after) = text.split_at(end);
    Ok((word.to_owned(), after))
}

/// What is wanted of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What the alerts are like.
    pub query: Query,
    /// How many are left out before.
    pub offset: usize,
    /// How many are shown.
    pub limit: usize,
    /// What they are sorted by.
    pub sort: Sort,
    /// The smallest comes first.
    pub ascending: bool,
}

/// What alerts can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// When they began.
    CreatedAt,
    /// When they changed.
    UpdatedAt,
    /// What their sender knows them by.
    Alias,
    /// What they say.
    Message,
    /// How urgent they are.
    Priority,
}

impl Page {
    /// Reads the parameters of a list.
    pub fn parse(parameters: &Value) -> Result<Page, Trouble> {
        let number = |name: &str, default: usize| match text(parameters, name) {
            empty if empty.is_empty() => Ok(default),
            given => {
                given.parse().map_err(|_| unreadable(format!("`{name}` has to be a whole number")))
            }
        };
        let (offset, limit) = (number("offset", 0)?, number("limit", 20)?);
        if limit == 0 || limit > LIMIT {
            return Err(unreadable(format!("`limit` has to be from 1 to {LIMIT}")));
        }
        if offset.saturating_add(limit) > REACH {
            return Err(unreadable(format!("a list ends after {REACH} alerts")));
        }
        let sort = match text(parameters, "sort").as_str() {
            "" | "createdAt" => Sort::CreatedAt,
            "updatedAt" => Sort::UpdatedAt,
            "alias" => Sort::Alias,
            "message" => Sort::Message,
            "priority" => Sort::Priority,
            _ => {
                let known = "`createdAt`, `updatedAt`, `alias`, `message` or `priority`";
                return Err(unreadable(format!("`sort` has to be {known}")));
            }
        };
        let ascending = match text(parameters, "order").to_ascii_lowercase().as_str() {
            "" | "desc" => false,
            "asc" => true,
            _ => return Err(unreadable("`order` has to be `asc` or `desc`".to_owned())),
        };
        let query = Query::parse(&text(parameters, "query"))?;
        Ok(Page { query, offset, limit, sort, ascending })
    }
}

fn unreadable(why: String) -> Trouble {
    Trouble::Unreadable(format!("{why}."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::alert::observation::Observation;
    use crate::alert::state::Circumstances;
    use crate::clock::Timestamp;

    fn alert() -> Alert {
        let labels = [("tag:prod", "true"), ("priority", "P1"), ("entity", "db-1")];
        let said = Observation {
            labels: labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            description: "Of 100 GB".to_owned(),
            ..Observation::firing("db-1/disk", "Disk full")
        };
        let circumstances =
            Circumstances { now: Timestamp::default(), reopens_within: None, window: None };
        Alert::first("A".into(), "S".into(), &said, "G".into(), circumstances)
    }

    #[test]
    fn terms_hold_together() {
        for (query, holds) in [
            ("", true),
            ("status:open", true),
            ("status = closed", false),
            ("status: open AND priority: P1", true),
            ("status:unacked", true),
            ("acknowledged:true", false),
            ("alias:db-1/disk", true),
            ("alias:db-*", true),
            ("alias:db", false),
            ("tag:prod tags=PROD", true),
            ("tag:dev", false),
            ("message:\"disk FULL\"", true),
            ("message: full*", true),
            ("\"of 100\"", true),
            ("disk", true),
            ("memory", false),
            ("entity:db-1 description:gb", true),
            ("\"status:closed\"", false),
        ] {
            assert_eq!(Query::parse(query).unwrap().holds(&alert()), holds, "{query}");
        }
    }

    #[test]
    fn what_is_not_understood_is_no_guess() {
        for query in [
            "a OR b",
            "NOT a",
            "(status:open)",
            "status:purple",
            "team:x",
            "status:",
            ":open",
            "\"a",
            "a: :",
        ] {
            assert!(Query::parse(query).is_err(), "{query}");
        }
        assert!(Query::parse(&"a ".repeat(TERMS + 1)).is_err());
        for parameters in [
            json!({"limit": "0"}),
            json!({"limit": "101"}),
            json!({"offset": "-1"}),
            json!({"offset": "19999", "limit": "2"}),
            json!({"sort": "purple"}),
            json!({"order": "up"}),
        ] {
            assert!(Page::parse(&parameters).is_err(), "{parameters}");
        }
        let page = Page::parse(&json!({})).unwrap();
        assert_eq!(
            (page.offset, page.limit, page.sort, page.ascending),
            (0, 20, Sort::CreatedAt, false)
        );
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(query in "[a-z:=\"*() \u{130}A-Z]{0,40}") {
            if let Ok(query) = Query::parse(&query) {
                query.holds(&alert());
            }
        }
    }
}

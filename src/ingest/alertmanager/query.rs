//! What is asked for, as the original reads it.

use std::collections::BTreeMap;

use crate::alert::matcher::{All, Matcher, Prepared};
use crate::ingest::alertmanager::Refused;
use crate::ingest::knock::Knock;

/// The most conditions of a question.
const MOST: usize = 64;
/// Words for "yes".
const YES: &[&str] = &["true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"];

/// The parameters of a query, which may repeat.
pub struct Query(Vec<(String, String)>);

impl Query {
    /// The query of a request. What can't be read says nothing.
    pub fn of(knock: &Knock) -> Query {
        Query(
            serde_urlencoded::from_str(knock.query.as_deref().unwrap_or_default())
                .unwrap_or_default(),
        )
    }

    /// The values of a parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Whether somebody wants these too. They do unless they say otherwise.
    pub fn wants(&self, name: &str) -> bool {
        let last = self.all(name).last();
        last.is_none_or(|word| YES.contains(&word.to_ascii_lowercase().as_str()))
    }

    /// The conditions that are asked for.
    pub fn filter(&self) -> Result<All, Refused> {
        let given: Vec<&str> = self.all("filter").filter(|text| !text.trim().is_empty()).collect();
        if given.len() > MOST {
            return Err(Refused::wish(format!("there are more than {MOST} filters")));
        }
        let matchers: Result<Vec<Matcher>, _> = given.into_iter().map(Matcher::parse).collect();
        let all = matchers.and_then(|matchers| All::prepare(&matchers));
        all.map_err(|error| Refused::wish(format!("bad matcher format: {error}")))
    }

    /// The receivers that are asked for.
    pub fn receiver(&self) -> Result<Receiver, Refused> {
        let Some(value) = self.all("receiver").last().filter(|value| !value.is_empty()) else {
            return Ok(Receiver(None));
        };
        let matcher = Matcher {
            name: "receiver".to_owned(),
            value: value.to_owned(),
            is_regex: true,
            is_equal: true,
        };
        let prepared = matcher.prepare();
        let prepared = prepared
            .map_err(|error| Refused::wish(format!("failed to parse receiver param: {error}")))?;
        Ok(Receiver(Some(prepared)))
    }
}

/// Which receivers are asked for: all of them, or those whose whole name matches.
pub struct Receiver(Option<Prepared>);

impl Receiver {
    /// Whether it is one of them.
    pub fn is(&self, name: &str) -> bool {
        let named = || BTreeMap::from([("receiver".to_owned(), name.to_owned())]);
        self.0.as_ref().is_none_or(|prepared| prepared.matches(&named()))
    }
}

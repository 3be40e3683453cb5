//! Which incidents are meant, as a query says it. Unlike the native API it is read forgivingly: unknown
//! parameters and empty values are nobody's mistake.

use jiff::civil;
use jiff::tz::TimeZone;

use crate::api::telmai::level;
use crate::api::telmai::problem::{Problem, Wrong};
use crate::clock::Timestamp;
use crate::ids::WorkspaceId;
use crate::incident::catalogue::Catalogue;
use crate::incident::facets::Facet;
use crate::incident::wanted::{Moment, Span, Wanted};
use crate::store::db::Tx;
use crate::store::incident_index;

/// The most values in one list.
const VALUES_LIMIT: usize = 1_000;
/// The longest text, in characters.
const TEXT_LIMIT: usize = 200;
/// Names in which the text is searched: of policies and of sources.
const NAMES: [&str; 4] = ["policy_name", "policy", "asset_name", "about"];

/// Which incidents are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filters {
    /// Those of any time.
    pub wanted: Wanted,
    /// When they were declared.
    pub created: Span,
    /// Only those in whose policy's or source's name this is.
    text: Option<String>,
}

impl Filters {
    /// Reads a query; every parameter that is not understood is named.
    pub fn read(query: Option<&str>, catalogue: &Catalogue) -> Result<Filters, Problem> {
        let given: Vec<(String, String)> =
            serde_urlencoded::from_str(query.unwrap_or_default()).unwrap_or_default();
        let mut reading = Reading { given, wrong: Vec::new(), wanted: Wanted::Every };
        reading.among("project_ids", |word| {
            let number: i64 = word.parse().map_err(|_| "is not an integer".to_owned())?;
            Ok(vec![Facet::project_number(number)])
        });
        reading.among("severities", |word| {
            let severities = level::severities(catalogue, known_level(word)?);
            Ok(severities.into_iter().map(|id| Facet::severity(Some(id))).collect())
        });
        reading.among("impacts", |word| Ok(vec![Facet::label("impact", known_level(word)?)]));
        for (parameter, label) in [
            ("connection_types", "connection_type"),
            ("alert_policy_ids", "policy"),
            ("connection_ids", "connection"),
        ] {
            reading.among(parameter, |word| Ok(vec![Facet::label(label, word)]));
        }
        let created = reading.span();
        let text = reading.text();
        if !reading.wrong.is_empty() {
            return Err(Problem::bad_parameters(reading.wrong));
        }
        Ok(Filters { wanted: reading.wanted, created, text })
    }

    /// What is wanted, whenever it was declared: the text is looked for in the names that there are.
    pub async fn any_time(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
    ) -> Result<Wanted, sqlx::Error> {
        let Some(text) = &self.text else { return Ok(self.wanted.clone()) };
        let mut named = Vec::new();
        for name in NAMES {
            let keys = incident_index::keys_of(tx, workspace, name).await?;
            named.extend(keys.into_iter().filter(|facet| {
                Facet::value_of(facet.key()).to_lowercase().contains(text.as_str())
            }));
        }
        Ok(self.wanted.clone().and(Wanted::any_of(named)))
    }

    /// What is wanted, of the time that is asked for.
    pub async fn in_time(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
    ) -> Result<Wanted, sqlx::Error> {
        let wanted = self.any_time(tx, workspace).await?;
        let created = Wanted::Time(Moment::Created, self.created);
        Ok(if self.created.is_all() { wanted } else { wanted.and(created) })
    }
}

fn known_level(word: &str) -> Result<&'static str, String> {
    level::of_word(word).ok_or_else(|| "is none of LOW, MEDIUM, HIGH".to_owned())
}

struct Reading {
    given: Vec<(String, String)>,
    wrong: Vec<Wrong>,
    wanted: Wanted,
}

impl Reading {
    /// The values of a list, wherever they stand: with commas, or repeated.
    fn values(&self, parameter: &str) -> Vec<&str> {
        let given = self.given.iter().filter(|(name, _)| name == parameter);
        let values = given.flat_map(|(_, value)| value.split(',')).map(str::trim);
        values.filter(|value| !value.is_empty()).collect()
    }

    fn among(
        &mut self,
        parameter: &'static str,
        facets: impl Fn(&str) -> Result<Vec<Facet>, String>,
    ) {
        let values = self.values(parameter);
        if values.is_empty() {
            return;
        }
        let (mut any, mut wrong) = (Vec::new(), Vec::new());
        if values.len() > VALUES_LIMIT {
            wrong
                .push(Wrong { parameter, message: format!("has more than {VALUES_LIMIT} values") });
        }
        for value in values.iter().take(VALUES_LIMIT) {
            match facets(value) {
                Ok(facets) => any.extend(facets),
                Err(why) => {
                    let shown: String = value.chars().take(100).collect();
                    let message = format!("\u{201c}{shown}\u{201d} {why}");
                    wrong.push(Wrong { parameter, message });
                }
            }
        }
        self.wrong.extend(wrong);
        self.wanted = std::mem::replace(&mut self.wanted, Wanted::Every).and(Wanted::any_of(any));
    }

    fn last(&self, parameter: &str) -> Option<&str> {
        let given = self.given.iter().rev().filter(|(name, _)| name == parameter);
        given.map(|(_, value)| value.trim()).find(|value| !value.is_empty())
    }

    fn span(&mut self) -> Span {
        let (from, to) = (self.instant("from_time"), self.instant("to_time"));
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            let message = "is later than to_time".to_owned();
            self.wrong.push(Wrong { parameter: "from_time", message });
        }
        Span { from, to }
    }

    fn instant(&mut self, parameter: &'static str) -> Option<Timestamp> {
        let text = self.last(parameter)?;
        let instant = instant(text);
        if instant.is_none() {
            let message = "is not an ISO 8601 timestamp".to_owned();
            self.wrong.push(Wrong { parameter, message });
        }
        instant
    }

    fn text(&mut self) -> Option<String> {
        let text = self.last("text_to_search")?.to_lowercase();
        if text.chars().count() > TEXT_LIMIT {
            let message = format!("has more than {TEXT_LIMIT} characters");
            self.wrong.push(Wrong { parameter: "text_to_search", message });
        }
        Some(text)
    }
}

/// An ISO 8601 timestamp. Without an offset it is in UTC; a space before an offset was a plus sign.
pub fn instant(text: &str) -> Option<Timestamp> {
    let text = match text.rsplit_once(' ') {
        Some((time, offset)) if time.contains(['T', 't']) => format!("{time}+{offset}"),
        _ => text.to_owned(),
    };
    let with_offset = text.parse::<jiff::Timestamp>().ok();
    let instant = with_offset.or_else(|| {
        let local: civil::DateTime = text.parse().ok()?;
        TimeZone::UTC.to_ambiguous_timestamp(local).compatible().ok()
    });
    instant.map(Timestamp::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_read_forgivingly() {
        let expected = instant("2025-07-15T12:14:54Z");
        assert!(expected.is_some());
        for text in [
            "2025-07-15T12:14:54",
            "2025-07-15T12:14:54.000Z",
            "2025-07-15T14:14:54+02:00",
            "2025-07-15T14:14:54 02:00",
            "2025-07-15 12:14:54",
        ] {
            assert_eq!(instant(text), expected, "{text}");
        }
        for text in ["", "yesterday", "2025-13-01T00:00:00Z", "1752581694"] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    fn read(query: &str) -> Result<Filters, String> {
        Filters::read(Some(query), &Catalogue::default()).map_err(|problem| format!("{problem:?}"))
    }

    #[test]
    fn the_same_list_is_written_in_several_ways() {
        let one = read("severities=HIGH,LOW&project_ids=0,24").unwrap();
        for same in [
            "severities=high&severities=Low&project_ids=0&project_ids=24",
            "severities=+HIGH+,+LOW,&project_ids=0,24&unknown=1&impacts=",
        ] {
            assert_eq!(read(same), Ok(one.clone()), "{same}");
        }
    }

    #[test]
    fn every_bad_parameter_is_named() {
        let error =
            read("severities=BAD&project_ids=x,1&from_time=no&to_time=2025-01-01T00:00:00Z")
                .unwrap_err();
        for name in ["severities", "project_ids", "from_time"] {
            assert!(error.contains(name), "{error}");
        }
        let error = read("from_time=2025-01-02T00:00:00Z&to_time=2025-01-01T00:00:00Z");
        assert!(error.unwrap_err().contains("later than"));
    }
}

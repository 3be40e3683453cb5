//! Queries of this format: pages, and filters with brackets (`status[one_of]=…`,
//! `custom_field[ID][one_of]=…`), encoded or plain.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use jiff::civil::Date;

use crate::api::incident_io::failure::Failure;
use crate::clock::Timestamp;
use crate::incident::text::shorten;

/// How much of somebody's text an answer repeats, in characters.
const QUOTE: usize = 100;
/// What stands for bytes that are no text, and what no database takes.
const UNFIT: [char; 2] = ['\u{fffd}', '\0'];
/// The most parameters of a query.
const PARAMETERS: usize = 1_000;

/// All parameters of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<Parameter>);

/// One parameter: `name[bracket][bracket]=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// What stands before the first bracket.
    pub name: String,
    /// What stands in brackets.
    pub brackets: Vec<String>,
    /// What stands behind the equals sign.
    pub value: String,
}

impl Parameter {
    /// The name as it was given.
    pub fn full_name(&self) -> String {
        self.brackets.iter().fold(self.name.clone(), |name, bracket| format!("{name}[{bracket}]"))
    }

    fn read(name: &str, value: String) -> Option<Parameter> {
        let (plain, mut rest) = name.split_at(name.find('[').unwrap_or(name.len()));
        let mut brackets = Vec::new();
        while let Some(inner) = rest.strip_prefix('[') {
            let (bracket, after) = inner.split_once(']')?;
            brackets.push(bracket.to_owned());
            rest = after;
        }
        let is_whole = rest.is_empty() && !plain.is_empty();
        is_whole.then(|| Parameter { name: plain.to_owned(), brackets, value })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Query, Failure> {
        Query::read(parts.uri.query().unwrap_or_default())
    }
}

impl Query {
    fn read(text: &str) -> Result<Query, Failure> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(text)
            .map_err(|_| Failure::invalid("query", "The query can't be read."))?;
        if pairs.len() > PARAMETERS {
            let message = format!("A query has at most {PARAMETERS} parameters.");
            return Err(Failure::invalid("query", message));
        }
        let mut parameters = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            let shown = shorten(&name, QUOTE);
            if value.contains(UNFIT) || name.contains(UNFIT) {
                return Err(Failure::invalid(&shown, format!("{shown} is no text.")));
            }
            let parameter = Parameter::read(&name, value)
                .ok_or_else(|| Failure::invalid(&shown, format!("{shown} can't be read.")))?;
            parameters.push(parameter);
        }
        Ok(Query(parameters))
    }

    /// Every parameter of this name, whatever its brackets.
    pub fn of<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q Parameter> {
        self.0.iter().filter(move |parameter| parameter.name == name)
    }

    /// The value of a parameter without brackets; the last one, if it is there more than once. An
    /// empty value is none.
    pub fn one<'q>(&'q self, name: &str) -> Option<&'q str> {
        let mut plain =
            self.0.iter().filter(|given| given.name == name && given.brackets.is_empty());
        plain
            .next_back()
            .map(|parameter| parameter.value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The value of a parameter that has to be there.
    pub fn required(&self, name: &str) -> Result<&str, Failure> {
        self.one(name).ok_or_else(|| Failure::missing(name))
    }

    /// Every value of a parameter without brackets.
    pub fn every<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        let plain = self.of(name).filter(|parameter| parameter.brackets.is_empty());
        plain.map(|parameter| parameter.value.as_str())
    }

    /// The words of an enumeration.
    pub fn word<'w>(&self, name: &str, known: &[&'w str]) -> Result<Option<&'w str>, Failure> {
        let Some(given) = self.one(name) else { return Ok(None) };
        match known.iter().find(|word| **word == given) {
            Some(word) => Ok(Some(word)),
            None => Err(unknown_word(name, given, known)),
        }
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str) -> Result<bool, Failure> {
        Ok(self.word(name, &["true", "false"])? == Some("true"))
    }

    /// The page that is asked for: at most `most` items, 25 if nobody says.
    pub fn page(&self, most: usize) -> Result<Page, Failure> {
        const USUAL: usize = 25;
        let size = match self.one("page_size") {
            None => USUAL.min(most),
            Some(text) => {
                let size = text.parse::<usize>().ok().filter(|size| *size > 0);
                let message = "page_size is a whole number, 1 or more.";
                size.ok_or_else(|| Failure::invalid("page_size", message))?.min(most)
            }
        };
        Ok(Page { size, after: self.one("after").map(str::to_owned) })
    }

    /// The filter of this name: its operators with their values, in the order of `known`. An
    /// operator that is not known is refused.
    pub fn filter(&self, name: &str, known: &[&'static str]) -> Result<Vec<Clause>, Failure> {
        let mut clauses: Vec<Clause> = Vec::new();
        for parameter in self.of(name) {
            let [operator] = parameter.brackets.as_slice() else {
                return Err(no_such_operator(parameter, known));
            };
            add(&mut clauses, parameter, operator, known)?;
        }
        Ok(clauses)
    }

    /// The filters of this name with an id before the operator: `name[ID][operator]`.
    pub fn filters_by_id(
        &self,
        name: &str,
        known: &[&'static str],
    ) -> Result<Vec<(String, Vec<Clause>)>, Failure> {
        let mut filters: Vec<(String, Vec<Clause>)> = Vec::new();
        for parameter in self.of(name) {
            let [id, operator] = parameter.brackets.as_slice() else {
                return Err(no_such_operator(parameter, known));
            };
            let place = match filters.iter().position(|(known, _)| known == id) {
                Some(place) => place,
                None => {
                    filters.push((id.clone(), Vec::new()));
                    filters.len() - 1
                }
            };
            add(&mut filters[place].1, parameter, operator, known)?;
        }
        Ok(filters)
    }
}

fn add(
    clauses: &mut Vec<Clause>,
    parameter: &Parameter,
    operator: &str,
    known: &[&'static str],
) -> Result<(), Failure> {
    let Some(operator) = known.iter().find(|word| **word == operator) else {
        return Err(no_such_operator(parameter, known));
    };
    match clauses.iter_mut().find(|clause| clause.operator == *operator) {
        Some(clause) => clause.values.push(parameter.value.clone()),
        None => clauses.push(Clause {
            name: parameter.full_name(),
            operator,
            values: vec![parameter.value.clone()],
        }),
    }
    Ok(())
}

fn no_such_operator(parameter: &Parameter, known: &[&'static str]) -> Failure {
    let shown = shorten(&parameter.full_name(), QUOTE);
    let known = known.join(", ");
    Failure::invalid(&shown, format!("{shown} has no such operator. There are: {known}."))
}

/// A word that is none of those that can stand there.
pub fn unknown_word(name: &str, given: &str, known: &[&str]) -> Failure {
    let shown = shorten(given, QUOTE);
    let known = known.join(", ");
    Failure::invalid(name, format!("\u{201c}{shown}\u{201d} is not one of: {known}."))
}

/// One operator of a filter, with all its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// The parameter as it was given.
    pub name: String,
    /// What is to be true.
    pub operator: &'static str,
    /// Of what: never empty.
    pub values: Vec<String>,
}

impl Clause {
    /// Why a value of this clause can't be understood.
    pub fn wrong(&self, message: impl Into<String>) -> Failure {
        Failure::invalid(&self.name, message)
    }

    /// The one value, as `true` or `false`.
    pub fn flag(&self) -> Result<bool, Failure> {
        match self.values.last().map(String::as_str) {
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            _ => Err(self.wrong(format!("{} is true or false.", self.name))),
        }
    }

    /// Every value, if each is one of these words.
    pub fn words(&self, known: &[&'static str]) -> Result<Vec<&'static str>, Failure> {
        let find = |value: &String| {
            let word = known.iter().find(|word| *word == value).copied();
            word.ok_or_else(|| unknown_word(&self.name, value, known))
        };
        self.values.iter().map(find).collect()
    }
}

/// A half-open span of time: from the first instant on, before the second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Not before this.
    pub from: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
}

/// The operators of filters on times.
pub const TIMES: [&str; 3] = ["gte", "lte", "date_range"];

impl Query {
    /// The filter on a time: dates are whole days in UTC, and all bounds belong to the span.
    pub fn span(&self, name: &str) -> Result<Span, Failure> {
        let mut span = Span::default();
        for clause in self.filter(name, &TIMES)? {
            for value in &clause.values {
                let wrong = || clause.wrong(format!("{} is no date and no time.", clause.name));
                let (from, until) = match clause.operator {
                    "gte" => (Some(bounds(value).ok_or_else(wrong)?.0), None),
                    "lte" => (None, Some(bounds(value).ok_or_else(wrong)?.1)),
                    _ => {
                        let (first, last) = value.split_once('~').ok_or_else(wrong)?;
                        let first = bounds(first).ok_or_else(wrong)?.0;
                        (Some(first), Some(bounds(last).ok_or_else(wrong)?.1))
                    }
                };
                span.from = span.from.max(from);
                span.until = match (span.until, until) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
            }
        }
        Ok(span)
    }
}

/// The instant itself, and the one right after it; of a date, its first and the one after its last.
fn bounds(text: &str) -> Option<(Timestamp, Timestamp)> {
    let text = text.trim();
    if let Ok(date) = text.parse::<Date>()
        && text.len() == "2024-12-02".len()
    {
        let start = |date: Date| Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp());
        return Some((start(date)?.into(), start(date.tomorrow().ok()?)?.into()));
    }
    // A plus sign that was not encoded arrives as a space.
    let at: jiff::Timestamp = text.replace(' ', "+").parse().ok()?;
    let at = Timestamp::from(at);
    Some((at, Timestamp::from_micros(at.as_micros().saturating_add(1))))
}

/// Which page is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many items at most.
    pub size: usize,
    /// The id of the last item of the page before.
    pub after: Option<String>,
}

impl Page {
    /// As many items as fit, and one that says whether there are more.
    pub fn and_one_more(&self) -> i64 {
        i64::try_from(self.size).unwrap_or(i64::MAX).saturating_add(1)
    }

    /// There is no item of that id after which the list could go on.
    pub fn lost(&self) -> Failure {
        Failure::invalid("after", "There is no such item in this list.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::read(text).unwrap()
    }

    #[test]
    fn brackets_are_read_plain_and_encoded() {
        for text in
            ["status[one_of]=a&status[one_of]=b", "status%5Bone_of%5D=a&status%5Bone_of%5D=b"]
        {
            let clauses = query(text).filter("status", &["one_of", "not_in"]).unwrap();
            assert_eq!(clauses.len(), 1);
            assert_eq!((clauses[0].operator, clauses[0].values.len()), ("one_of", 2));
        }
        let by_id = query("custom_field[F1][one_of]=x&custom_field[F2][is_blank]=true");
        let filters = by_id.filters_by_id("custom_field", &["one_of", "is_blank"]).unwrap();
        assert_eq!(filters.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["F1", "F2"]);
        assert!(filters[1].1[0].flag().unwrap());
    }

    #[test]
    fn what_is_not_known_is_refused_by_name() {
        for (text, name) in [
            ("status[like]=a", "status[like]"),
            ("status=a", "status"),
            ("status[one_of][deep]=a", "status[one_of][deep]"),
        ] {
            let failure = query(text).filter("status", &["one_of"]).unwrap_err();
            let body = format!("{failure:?}");
            assert!(body.contains(&format!("field: {name:?}")), "{body}");
        }
        assert!(Query::read("status[one_of=a").is_err());
        assert!(Query::read("[x]=a").is_err());
        assert!(query("page_size=0").page(250).is_err());
        assert!(query("page_size=ten").page(250).is_err());
        assert_eq!(query("page_size=9999").page(250).unwrap().size, 250);
        assert_eq!(query("").page(250).unwrap(), Page { size: 25, after: None });
    }

    #[test]
    fn a_date_is_a_whole_day() {
        let span =
            query("created_at[date_range]=2024-12-02~2024-12-08").span("created_at").unwrap();
        assert_eq!(span.from.unwrap().to_string(), "2024-12-02T00:00:00Z");
        assert_eq!(span.until.unwrap().to_string(), "2024-12-09T00:00:00Z");
        let span = query("created_at[gte]=2024-12-02T10:00:00+01:00").span("created_at").unwrap();
        assert_eq!(span.from.unwrap().to_string(), "2024-12-02T09:00:00Z");
        let span = query("created_at[gte]=2024-01-01&created_at[lte]=2024-01-01");
        let span = span.span("created_at").unwrap();
        assert_eq!(span.until.unwrap().since(span.from.unwrap()).as_secs(), 86_400);
        assert!(query("created_at[gte]=yesterday").span("created_at").is_err());
        assert!(query("created_at[date_range]=2024-12-02").span("created_at").is_err());
    }
}

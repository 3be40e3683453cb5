//! What a rule measures, in Sentry's words: a dataset, an aggregate, and a query of terms such as
//! `level:error !browser:bot*`.
//!
//! Terms become our expressions. Whatever is no list of terms is read as an expression of ours, so that
//! what we show can be sent back.

use crate::alert::filter::{Expression, Filter, Pattern};
use crate::alert::matcher::Matcher;
use crate::alert::rule::definition::Measure;

/// The dataset of events, and that of Prometheus, which Sentry does not have.
pub const DATASETS: [&str; 2] = ["events", "prometheus"];

/// A dataset, a query and an aggregate that say what is measured.
pub fn shown(measure: &Measure) -> (&'static str, String, String) {
    match measure {
        Measure::Prometheus { query } => (DATASETS[1], query.clone(), String::new()),
        Measure::Events { unique, matchers, filter, .. } => {
            let aggregate = match unique {
                Some(label) => format!("count_unique({label})"),
                None => "count()".to_owned(),
            };
            let mut all: Vec<Filter> = matchers.iter().filter_map(condition).collect();
            match filter.as_deref().map(Filter::parse) {
                Some(Ok(Filter::All(filters))) => all.extend(filters),
                Some(Ok(filter)) => all.push(filter),
                Some(Err(_)) | None => {}
            }
            (DATASETS[0], written(all), aggregate)
        }
    }
}

/// Conditions in terms; if one of them can't be said so, as an expression of ours.
fn written(all: Vec<Filter>) -> String {
    let terms: Option<Vec<String>> = all.iter().map(term).collect();
    match terms {
        Some(terms) => terms.join(" "),
        None => match <[Filter; 1]>::try_from(all) {
            Ok([only]) => only.to_string(),
            Err(all) => Filter::All(all).to_string(),
        },
    }
}

fn condition(matcher: &Matcher) -> Option<Filter> {
    let pattern = if matcher.is_regex {
        Pattern::Expression(Expression::new(&matcher.value).ok()?)
    } else {
        Pattern::exactly(&matcher.value)
    };
    Some(Filter::Is { field: matcher.name.clone(), pattern, negated: !matcher.is_equal })
}

fn term(filter: &Filter) -> Option<String> {
    let sign = |negated: bool| if negated { "!" } else { "" };
    match filter {
        Filter::Is { field, pattern: Pattern::Text(parts), negated } if is_name(field) => {
            Some(format!("{}{field}:{}", sign(*negated), value(parts)))
        }
        Filter::IsExactly { field, text } if is_name(field) => {
            Some(format!("{field}:{}", value(std::slice::from_ref(text))))
        }
        Filter::Among { field, patterns, negated } if is_name(field) => {
            let values: Option<Vec<String>> = patterns
                .iter()
                .map(|pattern| match pattern {
                    Pattern::Text(parts) => Some(value(parts)),
                    Pattern::Expression(_) => None,
                })
                .collect();
            Some(format!("{}{field}:[{}]", sign(*negated), values?.join(", ")))
        }
        Filter::Keyword(Pattern::Text(parts)) => Some(word(parts)),
        _ => None,
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
}

/// A value: in quotes unless nothing in it could mean anything else.
fn value(parts: &[String]) -> String {
    let is_plain =
        |text: &String| !text.chars().any(|c| c.is_whitespace() || "\"\\*[](),".contains(c));
    let says_something = parts.len() > 1 || parts.iter().any(|part| !part.is_empty());
    if says_something && parts.iter().all(is_plain) {
        return parts.join("*");
    }
    let escaped = parts
        .iter()
        .map(|part| part.replace('\\', "\\\\").replace('"', "\\\"").replace('*', "\\*"));
    format!("\"{}\"", escaped.collect::<Vec<_>>().join("*"))
}

/// A word that is looked for: in quotes if it could be something else.
fn word(parts: &[String]) -> String {
    let text = value(parts);
    let is_plain = is_word(&text);
    if is_plain || text.starts_with('"') { text } else { format!("\"{text}\"") }
}

fn is_word(text: &str) -> bool {
    let means_something = ["AND", "OR", "NOT", "IN"].iter().any(|it| it.eq_ignore_ascii_case(text));
    let begins = text.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '*' || c == '_');
    begins && !means_something && !text.chars().any(|c| ":=!/'\"".contains(c))
}

/// What a dataset, an aggregate and a query mean; or what is wrong, and with which of them.
pub fn measure(
    dataset: &str,
    query: &str,
    aggregate: &str,
) -> Result<Measure, Vec<(&'static str, String)>> {
    if dataset == DATASETS[1] {
        return Ok(Measure::Prometheus { query: query.to_owned() });
    }
    let mut wrong = Vec::new();
    if dataset != DATASETS[0] {
        let why = format!("Invalid dataset, valid values are {DATASETS:?}").replace('"', "'");
        wrong.push(("dataset", why));
    }
    let unique = counted(aggregate).map_err(|why| wrong.push(("aggregate", why)));
    let filter = filter(query).map_err(|why| wrong.push(("query", why)));
    match (unique, filter) {
        (Ok(unique), Ok(filter)) if wrong.is_empty() => {
            Ok(Measure::Events { unique, source: None, matchers: Vec::new(), filter })
        }
        _ => Err(wrong),
    }
}

/// The label whose different values are counted; nothing if events are.
fn counted(aggregate: &str) -> Result<Option<String>, String> {
    let aggregate = aggregate.trim();
    if aggregate == "count()" {
        return Ok(None);
    }
    let label = aggregate.strip_prefix("count_unique(").and_then(|rest| rest.strip_suffix(')'));
    let label = label.map(|label| bare(label.trim()));
    label.filter(|label| !label.is_empty()).map(|label| Some(label.to_owned())).ok_or_else(|| {
        "Invalid Metric: Stentor counts events with count(), or the values of a label with count_unique(label).".to_owned()
    })
}

/// `tags[x]` is the label `x`, and `sentry:user` the label `user`.
fn bare(name: &str) -> &str {
    let name = name.strip_prefix("tags[").and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    name.strip_prefix("sentry:").unwrap_or(name)
}

/// The expression that a query means; nothing if it means everything.
fn filter(query: &str) -> Result<Option<String>, String> {
    let query = query.trim();
    if query.is_empty() {
        return Ok(None);
    }
    let filter = match Reader::new(query).terms()? {
        Some(terms) => match <[Filter; 1]>::try_from(terms) {
            Ok([only]) => only,
            Err(all) => Filter::All(all),
        },
        None => Filter::parse(query).map_err(|error| format!("Invalid query: {error}."))?,
    };
    Ok(Some(filter.to_string()))
}

/// Reads terms. What is none makes it stop: then it is an expression of ours, or nothing.
struct Reader<'q> {
    rest: &'q str,
}

impl<'q> Reader<'q> {
    fn new(query: &'q str) -> Reader<'q> {
        Reader { rest: query }
    }

    fn terms(mut self) -> Result<Option<Vec<Filter>>, String> {
        let mut terms = Vec::new();
        while !self.rest.is_empty() {
            let Some(term) = self.term()? else { return Ok(None) };
            terms.push(term);
            let trimmed = self.rest.trim_start();
            if !trimmed.is_empty() && trimmed.len() == self.rest.len() {
                return Ok(None);
            }
            self.rest = trimmed;
        }
        Ok(Some(terms))
    }

    fn term(&mut self) -> Result<Option<Filter>, String> {
        if self.rest.starts_with('"') {
            return Ok(self.quoted().map(|parts| Filter::Keyword(Pattern::Text(parts))));
        }
        let negated = self.rest.starts_with('!');
        let begin = self.rest.strip_prefix('!').unwrap_or(self.rest);
        let is_name = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        let end = match begin.strip_prefix("tags[").and_then(|inner| inner.find(']')) {
            Some(inner) => "tags[]".len() + inner,
            None => begin.find(|c| !is_name(c)).unwrap_or(begin.len()),
        };
        let (name, after) = begin.split_at(end);
        match after.strip_prefix(':') {
            Some(after) if !name.is_empty() => {
                self.rest = after;
                self.condition(bare(name), negated)
            }
            _ if negated => Ok(None),
            _ => Ok(self.keyword()),
        }
    }

    fn condition(&mut self, name: &str, negated: bool) -> Result<Option<Filter>, String> {
        if name == "is" {
            return Err(
                "Invalid query: events have no state, so \u{201c}is:\u{201d} says nothing here."
                    .to_owned(),
            );
        }
        if self.rest.starts_with(['>', '<']) {
            return Err(
                "Invalid query: labels are texts, which can't be compared with > or <.".to_owned()
            );
        }
        if self.rest.is_empty() || self.rest.starts_with(char::is_whitespace) {
            return Err(format!("Invalid query: nothing follows \u{201c}{name}:\u{201d}."));
        }
        if let Some(inner) = self.rest.strip_prefix('[') {
            self.rest = inner;
            return Ok(self.list().map(|patterns| Filter::Among {
                field: name.to_owned(),
                patterns,
                negated,
            }));
        }
        let Some(parts) = self.value(|c| c.is_whitespace()) else { return Ok(None) };
        if name == "has" {
            // Whether there is a value at all.
            let [label] = &parts[..] else { return Ok(None) };
            let pattern = Pattern::exactly("");
            return Ok(Some(Filter::Is { field: label.clone(), pattern, negated: !negated }));
        }
        Ok(Some(Filter::Is { field: name.to_owned(), pattern: Pattern::Text(parts), negated }))
    }

    fn list(&mut self) -> Option<Vec<Pattern>> {
        let mut patterns = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            let parts = self.value(|c| c == ',' || c == ']')?;
            patterns.push(Pattern::Text(parts));
            self.rest = self.rest.trim_start();
            match self.rest.chars().next()? {
                ',' => self.rest = &self.rest[1..],
                ']' => {
                    self.rest = &self.rest[1..];
                    return Some(patterns);
                }
                _ => return None,
            }
        }
    }

    /// A value up to its end: in quotes, or as it is.
    fn value(&mut self, is_end: impl Fn(char) -> bool) -> Option<Vec<String>> {
        if self.rest.starts_with('"') {
            return self.quoted();
        }
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        let text = text.trim_end();
        if text.is_empty() || text.contains(['"', '(', ')', '\\']) {
            return None;
        }
        self.rest = rest;
        Some(text.split('*').map(str::to_owned).collect())
    }

    /// What stands in quotes: a backslash takes the meaning from what follows.
    fn quoted(&mut self) -> Option<Vec<String>> {
        let mut parts = vec![String::new()];
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Some(parts);
                }
                '*' => parts.push(String::new()),
                '\\' => parts.last_mut()?.push(chars.next()?.1),
                c => parts.last_mut()?.push(c),
            }
        }
        None
    }

    fn keyword(&mut self) -> Option<Filter> {
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        if !is_word(text) || text.contains(['(', ')', '[', ']', ',', '\\']) {
            return None;
        }
        self.rest = rest;
        Some(Filter::Keyword(Pattern::wildcard(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a query means, and what is shown of it.
    fn read(query: &str) -> Result<(String, String), String> {
        let measure = measure("events", query, "count()").map_err(|wrong| wrong[0].1.clone())?;
        let (_, shown, _) = super::shown(&measure);
        let Measure::Events { filter, .. } = measure else { panic!("{query}") };
        Ok((filter.unwrap_or_default(), shown))
    }

    #[test]
    fn terms_are_expressions_and_are_shown_as_terms_again() {
        for (query, filter) in [
            ("", ""),
            ("level:error", "level = error"),
            ("!level:info", "level != info"),
            ("level:error host:web-*", "level = error AND host = web-*"),
            ("message:\"größer ☃ 7\"", "message = \"größer ☃ 7\""),
            ("größe:übel", "\"größe\" = \"übel\""),
            ("timeout", "timeout"),
            ("level:error \"not found\"", "level = error AND \"not found\""),
            ("level:[error, fatal]", "level IN [error, fatal]"),
            ("url:https://example.com/a?b=c", "url = \"https://example.com/a?b=c\""),
            ("a:\"say \\\"hi\\\" \\* \\\\\"", "a = \"say \\\"hi\\\" \\* \\\\\""),
            ("a:\"\"", "a = \"\""),
            ("\"AND\"", "\"AND\""),
        ] {
            assert_eq!(read(query), Ok((filter.to_owned(), query.to_owned())), "{query}");
        }
    }

    #[test]
    fn what_can_be_said_in_several_ways_is_shown_in_one() {
        for (query, shown) in [
            ("  level:error   x:y ", "level:error x:y"),
            ("tags[level]:error", "level:error"),
            ("has:user", "!user:\"\""),
            ("!has:user", "user:\"\""),
            ("level = error", "level:error"),
            ("level = error AND host = web", "level:error host:web"),
            ("level = error OR host = web", "level = error OR host = web"),
            ("(a = b OR c = d) AND e = f", "(a = b OR c = d) AND e = f"),
            ("a = /x+/", "a = /x+/"),
        ] {
            let (filter, found) = read(query).unwrap();
            assert_eq!(found, shown, "{query}");
            assert_eq!(read(&found).unwrap().0, filter, "{query}");
        }
    }

    #[test]
    fn what_means_nothing_here_is_refused() {
        for query in [
            "is:unresolved",
            "duration:>500",
            "level:",
            "level:error OR",
            "a:\"b",
            "(level:error",
            "a:[b",
            "level: error",
            "a b = c",
        ] {
            let why = read(query).unwrap_err();
            assert!(why.starts_with("Invalid query: ") && why.ends_with('.'), "{query}: {why}");
        }
        for aggregate in
            ["", "p95(transaction.duration)", "count_unique()", "count_unique(a", "count"]
        {
            let wrong = measure("events", "", aggregate).unwrap_err();
            assert_eq!(wrong[0].0, "aggregate");
        }
        assert_eq!(measure("transactions", "", "count()").unwrap_err()[0].0, "dataset");
    }

    #[test]
    fn labels_are_counted_by_their_name() {
        for (aggregate, shown) in [
            ("count()", "count()"),
            ("count_unique(user)", "count_unique(user)"),
            ("count_unique(tags[sentry:user])", "count_unique(user)"),
        ] {
            let measure = measure("events", "", aggregate).unwrap();
            assert_eq!(super::shown(&measure).2, shown);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_means_the_same(query in "[a-c:!\"\\\\*\\[\\], =/()ORAND<>ü]{0,24}") {
            if let Ok((filter, shown)) = read(&query) {
                proptest::prop_assert_eq!(read(&shown).map(|again| again.0), Ok(filter), "{}", shown);
            }
        }
    }

    #[test]
    fn conditions_of_our_own_are_shown() {
        let matchers =
            vec![Matcher::parse("level=error").unwrap(), Matcher::parse("host!=web 1").unwrap()];
        let measure = |filter: Option<&str>, matchers| Measure::Events {
            unique: None,
            source: None,
            matchers,
            filter: filter.map(str::to_owned),
        };
        let (_, query, _) = shown(&measure(Some("a = b"), matchers));
        assert_eq!(query, "level:error !host:\"web 1\" a:b");
        let (_, query, _) = shown(&measure(None, vec![Matcher::parse("a=~b.+").unwrap()]));
        assert_eq!(query, "a = /b.+/");
    }
}

//! Which incidents an expression means because of their tags.
//!
//! A name in an expression can be that of a tag or of a label, and only of tags does the index of
//! incidents know. So what it tells is a beginning: those found by it are there, however old they are;
//! whether the expression holds for them is looked at as for all others.

use crate::alert::filter::{Filter, Pattern};
use crate::incident::catalogue::Catalogue;
use crate::incident::facets::Facet;
use crate::incident::tags::definition::TagDefinition;
use crate::incident::wanted::Wanted;

/// All incidents for which an expression holds by their tags, and perhaps some more; nothing if it
/// asks for no tag.
pub fn by_tags(filter: &Filter, catalogue: &Catalogue) -> Option<Wanted> {
    match filter {
        Filter::Is { field, pattern, negated: false } => {
            any_tag(field, catalogue, |tag| like(tag, pattern))
        }
        Filter::IsExactly { field, text } if !text.is_empty() => {
            any_tag(field, catalogue, |tag| Some(Wanted::Has(Facet::tag_says(&tag.id, text))))
        }
        Filter::Among { field, patterns, negated: false } => any_tag(field, catalogue, |tag| {
            let any: Option<Vec<Wanted>> =
                patterns.iter().map(|pattern| like(tag, pattern)).collect();
            Some(Wanted::Any(any?))
        }),
        Filter::All(all) => {
            all.iter().filter_map(|filter| by_tags(filter, catalogue)).reduce(Wanted::and)
        }
        Filter::Any(any) => {
            let any: Option<Vec<Wanted>> =
                any.iter().map(|filter| by_tags(filter, catalogue)).collect();
            any.map(Wanted::Any)
        }
        // What is to be missing is missing in most of them.
        Filter::Is { .. }
        | Filter::IsExactly { .. }
        | Filter::Among { .. }
        | Filter::Everything
        | Filter::Keyword(_) => None,
    }
}

/// The tags of this name, of which there may have been several.
fn any_tag(
    name: &str,
    catalogue: &Catalogue,
    wanted: impl Fn(&TagDefinition) -> Option<Wanted>,
) -> Option<Wanted> {
    let mut any: Vec<Wanted> =
        catalogue.tags.iter().filter(|tag| tag.name == name).map(wanted).collect::<Option<_>>()?;
    match any.len() {
        0 | 1 => any.pop(),
        _ => Some(Wanted::Any(any)),
    }
}

/// What the index knows of a tag that is like this: of wildcards, only that there is one. An empty text
/// is also what is not there.
fn like(tag: &TagDefinition, pattern: &Pattern) -> Option<Wanted> {
    match pattern {
        Pattern::Text(parts) => match &parts[..] {
            [only] if only.is_empty() => None,
            [only] => Some(Wanted::Has(Facet::tag_says(&tag.id, only))),
            _ => Some(Wanted::Has(Facet::tagged(&tag.id))),
        },
        Pattern::Expression(_) => Some(Wanted::Has(Facet::tagged(&tag.id))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::incident::event::Actor;
    use crate::incident::tags::definition::{NewTag, TagKind, create};

    fn catalogue() -> Catalogue {
        let mut catalogue = Catalogue::default();
        for name in ["team", "urgency"] {
            let wanted = NewTag {
                name: name.to_owned(),
                kind: TagKind::MultiValue,
                description: String::new(),
                active: true,
                choices: Vec::new(),
            };
            let now = Timestamp::default();
            create(&mut catalogue, name.into(), &wanted, &Actor::Stentor, now).unwrap();
        }
        catalogue
    }

    fn found(text: &str) -> Option<Wanted> {
        by_tags(&Filter::parse(text).unwrap(), &catalogue())
    }

    #[test]
    fn what_an_expression_asks_of_tags_is_asked_of_the_index() {
        let says = |tag: &str, value: &str| Wanted::Has(Facet::tag_says(&tag.into(), value));
        let has = |tag: &str| Wanted::Has(Facet::tagged(&tag.into()));
        for (text, wanted) in [
            ("team = pay", says("team", "pay")),
            ("team === pay*", says("team", "pay*")),
            ("team = pay*", has("team")),
            ("team = /p.*/", has("team")),
            ("team = pay AND host = db-1", says("team", "pay")),
            ("team IN [pay, \"shop*\"]", Wanted::Any(vec![says("team", "pay"), has("team")])),
            (
                "team = pay AND urgency = high",
                Wanted::All(vec![says("team", "pay"), says("urgency", "high")]),
            ),
            (
                "team = pay OR urgency = high",
                Wanted::Any(vec![says("team", "pay"), says("urgency", "high")]),
            ),
        ] {
            assert_eq!(found(text), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_else_is_asked_is_asked_of_each_incident() {
        for text in [
            "*",
            "disk",
            "host = db-1",
            "Team = pay",
            "team != pay",
            "team = \"\"",
            "team NOT IN [pay]",
            "team = pay OR host = db-1",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}

//! What labels of alerts mean to people: an attribute has a name, and says which label has its value.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::observation::NAME_LIMIT;
use crate::incident::text::clean_line;

/// The longest name of an attribute, in characters.
pub const ATTRIBUTE_NAME_LIMIT: usize = 100;
/// The longest word for what its values are, or for its emoji, in characters.
pub const WORD_LIMIT: usize = 100;
/// What stands between the values of a label that has several.
pub const BETWEEN: &str = ", ";

/// An attribute of alerts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlertAttribute)]
pub struct Attribute {
    /// What people call it; no two have the same name.
    #[schema(example = "service")]
    pub name: String,
    /// The label that has its value: the name, if left out. It stays when the name changes.
    #[serde(default)]
    pub label: String,
    /// What its values are, for those who read them, such as `String`. Stentor compares them as texts.
    #[serde(default = "text")]
    #[schema(example = "String")]
    pub kind: String,
    /// Whether the label may have several values, with `, ` between them.
    #[serde(default)]
    pub array: bool,
    /// Whether every source that is made to set attributes has to set it.
    #[serde(default)]
    pub required: bool,
    /// The emoji that stands beside it, without colons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
}

fn text() -> String {
    "String".to_owned()
}

/// Why something is no attribute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` has from 1 to {most} characters")]
pub struct BadAttribute {
    /// What is wrong.
    pub field: &'static str,
    /// The most characters.
    pub most: usize,
}

impl Attribute {
    /// The attribute as it is kept, if it can be used.
    pub fn checked(self) -> Result<Attribute, BadAttribute> {
        let word = |field: &'static str, text: &str, most: usize| {
            let text = clean_line(text);
            let is_good = (1..=most).contains(&text.chars().count());
            if is_good { Ok(text) } else { Err(BadAttribute { field, most }) }
        };
        let name = word("name", &self.name, ATTRIBUTE_NAME_LIMIT)?;
        let label = if self.label.is_empty() { &name } else { &self.label };
        let label = word("label", label, NAME_LIMIT)?;
        let kind = word("kind", &self.kind, WORD_LIMIT)?;
        let emoji = self.emoji.as_deref().filter(|emoji| !emoji.is_empty());
        let emoji = emoji.map(|emoji| word("emoji", emoji.trim_matches(':'), WORD_LIMIT));
        Ok(Attribute { name, label, kind, emoji: emoji.transpose()?, ..self })
    }

    /// The values that a label's text stands for.
    pub fn values<'t>(&self, text: &'t str) -> Vec<&'t str> {
        match self.array {
            true => text.split(BETWEEN).filter(|value| !value.is_empty()).collect(),
            false => vec![text],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(name: &str) -> Attribute {
        serde_json::from_value(serde_json::json!({"name": name})).unwrap()
    }

    #[test]
    fn the_label_is_the_name_if_nobody_says_otherwise() {
        let checked = attribute(" service ").checked().unwrap();
        assert_eq!((checked.name.as_str(), checked.label.as_str()), ("service", "service"));
        let renamed = Attribute { name: "Service".to_owned(), ..checked };
        assert_eq!(renamed.checked().unwrap().label, "service");
    }

    #[test]
    fn what_is_too_long_or_says_nothing_is_named() {
        let long = "x".repeat(257);
        for (attribute, field) in [
            (attribute(" "), "name"),
            (attribute(&"x".repeat(101)), "name"),
            (Attribute { label: long.clone(), ..attribute("a") }, "label"),
            (Attribute { kind: String::new(), ..attribute("a") }, "kind"),
            (Attribute { emoji: Some(long.clone()), ..attribute("a") }, "emoji"),
        ] {
            assert_eq!(attribute.checked().unwrap_err().field, field);
        }
    }

    #[test]
    fn several_values_stand_in_one_label() {
        let one = attribute("team");
        assert_eq!(one.values("a, b"), ["a, b"]);
        let many = Attribute { array: true, ..one };
        assert_eq!(many.values("a, b"), ["a", "b"]);
    }
}

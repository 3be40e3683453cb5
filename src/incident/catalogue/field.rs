//! What else an incident can say: fields of the workspace's own, and how a value is read.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::{CustomFieldId, FieldOptionId};
use crate::incident::catalogue::find::{fold, is_called, unique_prefix};
use crate::incident::refusal::Refusal;
use crate::incident::text::{clean_line, clean_text, nearest, shorten};

/// The longest text in a field, in characters: as long as a summary.
pub const TEXT_LIMIT: usize = 2_000;
/// The longest link in a field, in characters.
pub const LINK_LIMIT: usize = 2_000;
/// The longest number in a field, in digits and signs: more than any measurement has.
pub const NUMBER_LIMIT: usize = 40;
/// The most options that one incident has of one field.
pub const CHOSEN_LIMIT: usize = 100;

/// What kind of values a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// One of its options.
    SingleSelect,
    /// Any of its options.
    MultiSelect,
    /// Some lines of text.
    Text,
    /// A page of the web.
    Link,
    /// A decimal number.
    Numeric,
}

impl FieldType {
    /// Whether it has options.
    pub fn has_options(self) -> bool {
        matches!(self, FieldType::SingleSelect | FieldType::MultiSelect)
    }
}

/// Something that every incident can say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomField {
    /// Its id.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000A")]
    pub id: CustomFieldId,
    /// What people call it.
    #[schema(example = "Affected team")]
    pub name: String,
    /// What belongs there.
    pub description: String,
    /// What kind of values it has. It never changes.
    pub field_type: FieldType,
    /// What can be chosen, in the order in which people see it.
    #[serde(default)]
    pub options: Vec<FieldOption>,
    /// Options of before, the oldest first: nobody can choose them, but who has them shows them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed_options: Vec<FieldOption>,
    /// When it was made.
    #[serde(default)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(default)]
    pub updated_at: Timestamp,
}

/// Something that can be chosen in a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldOption {
    /// Its id.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000A")]
    pub id: FieldOptionId,
    /// What people read.
    #[schema(example = "Payments")]
    pub value: String,
    /// Its place in the order.
    pub sort_key: i64,
    /// When it was made.
    #[serde(default)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(default)]
    pub updated_at: Timestamp,
}

/// What an incident says in a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldValue {
    /// What was chosen, in the order in which it was.
    Options {
        /// The options, at least one.
        options: Vec<FieldOptionId>,
    },
    /// What was written.
    Text {
        /// The text.
        text: String,
    },
    /// A page.
    Link {
        /// Its address.
        url: String,
    },
    /// A number.
    Numeric {
        /// In decimal digits, as it was written.
        number: String,
    },
}

impl FieldValue {
    /// The options, where it is made of such.
    pub fn options(&self) -> &[FieldOptionId] {
        match self {
            FieldValue::Options { options } => options,
            _ => &[],
        }
    }
}

impl CustomField {
    /// The option with this id, even if it was removed.
    pub fn option(&self, id: &FieldOptionId) -> Option<&FieldOption> {
        self.options.iter().chain(&self.removed_options).find(|option| option.id == *id)
    }

    /// The values as people read them.
    pub fn readable(&self, value: &FieldValue) -> Vec<String> {
        match value {
            FieldValue::Options { options } => {
                let name =
                    |id| self.option(id).map_or("an option of before", |it| it.value.as_str());
                options.iter().map(|id| name(id).to_owned()).collect()
            }
            FieldValue::Text { text } => vec![text.clone()],
            FieldValue::Link { url } => vec![url.clone()],
            FieldValue::Numeric { number } => vec![number.clone()],
        }
    }

    /// What somebody means by these words; nothing, by none. An option that was removed can stay
    /// where it is, but not be chosen.
    pub fn read(
        &self,
        words: &[String],
        current: Option<&FieldValue>,
    ) -> Result<Option<FieldValue>, Refusal> {
        let words: Vec<&str> =
            words.iter().map(|word| word.trim()).filter(|word| !word.is_empty()).collect();
        if words.is_empty() {
            return Ok(None);
        }
        let value = match self.field_type {
            FieldType::SingleSelect | FieldType::MultiSelect => {
                self.read_options(&words, current)?
            }
            FieldType::Text => {
                let text = clean_text(self.single(&words)?);
                self.within(&text, TEXT_LIMIT)?;
                FieldValue::Text { text }
            }
            FieldType::Link => FieldValue::Link { url: self.read_link(self.single(&words)?)? },
            FieldType::Numeric => {
                let number = clean_line(self.single(&words)?);
                self.within(&number, NUMBER_LIMIT)?;
                if !is_decimal(&number) {
                    return Err(self.refused("takes a number, such as 12 or -0.5"));
                }
                FieldValue::Numeric { number }
            }
        };
        let is_blank = matches!(&value, FieldValue::Text { text } if text.is_empty());
        Ok(Some(value).filter(|_| !is_blank))
    }

    fn read_options(
        &self,
        words: &[&str],
        current: Option<&FieldValue>,
    ) -> Result<FieldValue, Refusal> {
        let mut options: Vec<FieldOptionId> = Vec::new();
        for word in words {
            for option in self.find_options(word, current)? {
                if !options.contains(option) {
                    options.push(option.clone());
                }
            }
        }
        if self.field_type == FieldType::SingleSelect && options.len() > 1 {
            return Err(self.refused("takes one of its options"));
        }
        if options.len() > CHOSEN_LIMIT {
            return Err(self.refused("takes 100 of its options at most"));
        }
        Ok(FieldValue::Options { options })
    }

    /// One option by its id or value, or several with commas between them.
    fn find_options<'f>(
        &'f self,
        word: &str,
        current: Option<&'f FieldValue>,
    ) -> Result<Vec<&'f FieldOptionId>, Refusal> {
        let mut kept = current.map_or(&[][..], FieldValue::options).iter();
        if let Some(kept) = kept.find(|id| id.as_str() == word) {
            return Ok(vec![kept]);
        }
        if let Some(option) = self.find_option(word) {
            return Ok(vec![&option.id]);
        }
        let parts: Vec<&str> =
            word.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        if self.field_type == FieldType::MultiSelect && parts.len() > 1 {
            let found = parts.iter().map(|part| {
                self.find_option(part).map(|option| &option.id).ok_or_else(|| self.no_option(part))
            });
            return found.collect();
        }
        Err(self.no_option(word))
    }

    /// The option that somebody means: its id or its value.
    pub fn find_option(&self, word: &str) -> Option<&FieldOption> {
        self.options
            .iter()
            .find(|option| option.id.as_str() == word || option.value == word)
            .or_else(|| self.options.iter().find(|option| is_called(&option.value, word)))
            .or_else(|| unique_prefix(&self.options, &fold(word), |option| &option.value))
    }

    fn no_option(&self, word: &str) -> Refusal {
        let known: Vec<String> = self.options.iter().map(|option| option.value.clone()).collect();
        let given = shorten(word, 80);
        let why = match (nearest(word, &known), self.options.is_empty()) {
            (Some(nearest), _) => {
                format!("has no option \u{201c}{given}\u{201d}. Did you mean {nearest}?")
            }
            (None, true) => "has no options yet".to_owned(),
            (None, false) => {
                let some: Vec<&str> = known.iter().take(20).map(String::as_str).collect();
                let more = if known.len() > some.len() { ", …" } else { "" };
                let some = some.join(", ");
                format!("has no option \u{201c}{given}\u{201d}. There are: {some}{more}")
            }
        };
        self.refused(&why)
    }

    fn read_link(&self, word: &str) -> Result<String, Refusal> {
        let url = clean_line(word);
        self.within(&url, LINK_LIMIT)?;
        match is_web_page(&url) {
            true => Ok(url),
            false => {
                Err(self.refused("takes the address of a page, such as https://example.com/1"))
            }
        }
    }

    fn single<'w>(&self, words: &[&'w str]) -> Result<&'w str, Refusal> {
        match words {
            [word] => Ok(word),
            _ => Err(self.refused("takes one value")),
        }
    }

    fn within(&self, text: &str, limit: usize) -> Result<(), Refusal> {
        let length = text.chars().count();
        if length > limit {
            return Err(self.refused(&format!("takes {limit} characters at most, not {length}")));
        }
        Ok(())
    }

    fn refused(&self, why: &str) -> Refusal {
        let why = why.to_owned();
        Refusal::BadField { field: self.id.clone(), name: shorten(&self.name, 80), why }
    }
}

/// Whether it is the address of a page of the web that can stand in a link.
pub fn is_web_page(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let unsafe_in_a_link = |c: char| c.is_whitespace() || c.is_control() || "<>|\"".contains(c);
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && !url.contains(unsafe_in_a_link)
}

/// A sign, digits, and digits after a point.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    match digits.split_once('.') {
        Some((whole, part)) => is_number(whole) && is_number(part),
        None => is_number(digits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(field_type: FieldType) -> CustomField {
        let now = Timestamp::default();
        let option = |id: &str, value: &str| FieldOption {
            id: id.into(),
            value: value.to_owned(),
            sort_key: 1_000,
            created_at: now,
            updated_at: now,
        };
        CustomField {
            id: "F".into(),
            name: "Team".to_owned(),
            description: String::new(),
            field_type,
            options: vec![
                option("P", "Payments"),
                option("C", "Checkout, web"),
                option("S", "Search"),
            ],
            removed_options: vec![option("O", "Old")],
            created_at: now,
            updated_at: now,
        }
    }

    fn read(field_type: FieldType, words: &[&str]) -> Result<Option<FieldValue>, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let kept = FieldValue::Options { options: vec!["O".into()] };
        field(field_type).read(&words, Some(&kept)).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn options_are_found_by_what_people_type() {
        use FieldType::{MultiSelect, SingleSelect};
        let chosen = |ids: &[&str]| {
            let options = ids.iter().map(|id| (*id).into()).collect();
            Ok(Some(FieldValue::Options { options }))
        };
        assert_eq!(read(SingleSelect, &["pay"]), chosen(&["P"]));
        assert_eq!(read(SingleSelect, &["checkout web"]), chosen(&["C"]));
        assert_eq!(read(MultiSelect, &["payments, search"]), chosen(&["P", "S"]));
        assert_eq!(read(MultiSelect, &["S", "P", "S"]), chosen(&["S", "P"]));
        assert_eq!(read(MultiSelect, &["O", "P"]), chosen(&["O", "P"]), "it was there");
        assert_eq!(read(MultiSelect, &[" ", ""]), Ok(None));
        assert!(read(MultiSelect, &["Old"]).is_err(), "nobody can choose it");
        assert!(read(SingleSelect, &["S", "P"]).unwrap_err().contains("one of its options"));
        assert!(read(SingleSelect, &["serch"]).unwrap_err().contains("Did you mean Search?"));
    }

    #[test]
    fn other_values_are_checked() {
        use FieldType::{Link, Numeric, Text};
        for number in ["0", "-12.50", "99999999999999999999.5"] {
            let value = FieldValue::Numeric { number: number.to_owned() };
            assert_eq!(read(Numeric, &[number]), Ok(Some(value)));
        }
        for number in ["1,5", "1e5", ".5", "5.", "+1", "x", "1.2.3", &"9".repeat(41)] {
            assert!(read(Numeric, &[number]).is_err(), "{number}");
        }
        assert!(read(Link, &["https://example.com/a?b=c"]).is_ok());
        for link in
            ["javascript:alert(1)", "https://", "http:///x", "https://a b", "ftp://a/b", "//a"]
        {
            assert!(read(Link, &[link]).is_err(), "{link}");
        }
        assert!(read(Text, &["x".repeat(2_000).as_str()]).is_ok());
        assert!(read(Text, &["x".repeat(2_001).as_str()]).unwrap_err().contains("2000"));
        assert!(read(Text, &["two", "texts"]).is_err());
    }
}

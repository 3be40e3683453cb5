//! What somebody means by a word: an id, a name, or nearly one. What was removed is meant by nobody.

use crate::incident::catalogue::field::CustomField;
use crate::incident::catalogue::{Catalogue, IncidentType, Role, Severity, Status, TimestampKind};
use crate::incident::refusal::Refusal;
use crate::incident::text::{nearest, shorten};

impl Catalogue {
    /// The severity that somebody means: its id, its name, or `sev1` for the worst.
    pub fn find_severity(&self, word: &str) -> Result<&Severity, Refusal> {
        let wanted = fold(word);
        let numbered = wanted.strip_prefix("sev").or_else(|| wanted.strip_prefix('p'));
        let by_number = numbered
            .and_then(|digits| digits.parse::<usize>().ok())
            .and_then(|n| self.severities.iter().rev().nth(n.checked_sub(1)?));
        self.severities
            .iter()
            .find(|severity| severity.id.as_str() == word || is_called(&severity.name, word))
            .or_else(|| unique_prefix(&self.severities, &wanted, |severity| &severity.name))
            .or(by_number)
            .ok_or_else(|| {
                Refusal::UnknownSeverity(unknown(word, self.severities.iter().map(|s| &s.name)))
            })
    }

    /// The status that somebody means: its id or its name.
    pub fn find_status(&self, word: &str) -> Result<&Status, Refusal> {
        let wanted = fold(word);
        self.statuses
            .iter()
            .find(|status| status.id.as_str() == word || is_called(&status.name, word))
            .or_else(|| unique_prefix(&self.statuses, &wanted, |status| &status.name))
            .ok_or_else(|| {
                Refusal::UnknownStatus(unknown(word, self.statuses.iter().map(|s| &s.name)))
            })
    }

    /// The type of incident that somebody means: its id or its name.
    pub fn find_type(&self, word: &str) -> Result<&IncidentType, Refusal> {
        let wanted = fold(word);
        self.types
            .iter()
            .find(|kind| kind.id.as_str() == word || is_called(&kind.name, word))
            .or_else(|| unique_prefix(&self.types, &wanted, |kind| &kind.name))
            .ok_or_else(|| Refusal::UnknownType(unknown(word, self.types.iter().map(|t| &t.name))))
    }

    /// The role that somebody means: its id, its name or its short form.
    pub fn find_role(&self, word: &str) -> Result<&Role, Refusal> {
        let wanted = fold(word);
        self.roles
            .iter()
            .find(|role| {
                role.id.as_str() == word
                    || is_called(&role.name, word)
                    || is_called(&role.shortform, word)
            })
            .or_else(|| unique_prefix(&self.roles, &wanted, |role| &role.name))
            // `/incident lead` works in a workspace that calls its lead something else.
            .or_else(|| (wanted == "lead").then(|| self.lead()))
            .ok_or_else(|| {
                Refusal::UnknownRole(unknown(word, self.roles.iter().map(|r| &r.shortform)))
            })
    }

    /// The kind of timestamp that somebody means: its id or its name.
    pub fn find_timestamp(&self, word: &str) -> Result<&TimestampKind, Refusal> {
        let wanted = fold(word);
        self.timestamps
            .iter()
            .find(|kind| kind.id.as_str() == word || is_called(&kind.name, word))
            .or_else(|| unique_prefix(&self.timestamps, &wanted, |kind| &kind.name))
            .ok_or_else(|| {
                Refusal::UnknownTimestamp(unknown(word, self.timestamps.iter().map(|t| &t.name)))
            })
    }

    /// The field that somebody means: its id or its name.
    pub fn find_field(&self, word: &str) -> Result<&CustomField, Refusal> {
        let wanted = fold(word);
        self.fields
            .iter()
            .find(|field| field.id.as_str() == word || is_called(&field.name, word))
            .or_else(|| unique_prefix(&self.fields, &wanted, |field| &field.name))
            .ok_or_else(|| {
                Refusal::UnknownField(unknown(word, self.fields.iter().map(|f| &f.name)))
            })
    }

    /// The field whose name the words begin with, and what follows it: names can have several words.
    /// The longest name counts.
    pub fn find_field_before<'w>(
        &self,
        words: &'w str,
    ) -> Result<(&CustomField, &'w str), Refusal> {
        let words = words.trim();
        let mut ends: Vec<usize> = words
            .char_indices()
            .filter(|(_, c)| c.is_whitespace() || *c == ':')
            .map(|(at, _)| at)
            .collect();
        ends.push(words.len());
        let named = ends.iter().rev().find_map(|end| {
            let name = words[..*end].trim().trim_end_matches(':');
            let field = self.fields.iter().find(|field| is_called(&field.name, name))?;
            Some((field, words[*end..].trim_start_matches([':', ' ']).trim()))
        });
        let Some(named) = named else {
            let (first, rest) = words.split_at(ends[0]);
            return self
                .find_field(first)
                .map(|field| (field, rest.trim_start_matches([':', ' ']).trim()));
        };
        Ok(named)
    }
}

/// Something in the catalogue that nobody can mean by this word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What was typed.
    pub given: String,
    /// What could have been typed.
    pub known: Vec<String>,
    /// What was probably meant.
    pub nearest: Option<String>,
}

pub(super) fn unknown<'a>(given: &str, known: impl Iterator<Item = &'a String>) -> Unknown {
    let known: Vec<String> = known.cloned().collect();
    // It is repeated in the answer, which has to stay readable.
    Unknown { given: shorten(given, 80), nearest: nearest(given, &known), known }
}

/// Case, spaces, dashes and underscores don't tell names apart.
pub(super) fn fold(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether something of this name is meant. A name without a letter is meant only as it stands.
pub(super) fn is_called(name: &str, word: &str) -> bool {
    let wanted = fold(word);
    name == word.trim() || (!wanted.is_empty() && fold(name) == wanted)
}

/// `crit` is enough for `Critical`, as long as nothing else begins that way.
pub(super) fn unique_prefix<'a, T>(
    all: &'a [T],
    wanted: &str,
    name: impl Fn(&T) -> &String,
) -> Option<&'a T> {
    if wanted.len() < 3 {
        return None;
    }
    let mut matching = all.iter().filter(|one| fold(name(one)).starts_with(wanted));
    let first = matching.next()?;
    matching.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::incident::catalogue::field::FieldType;

    #[test]
    fn severities_are_found_by_what_people_type() {
        let catalogue = Catalogue::default();
        for (typed, meant) in [
            ("major", "Major"),
            ("MAJOR", "Major"),
            ("crit", "Critical"),
            ("sev1", "Critical"),
            ("SEV-3", "Minor"),
            ("p2", "Major"),
        ] {
            assert_eq!(catalogue.find_severity(typed).unwrap().name, meant, "{typed}");
        }
        for typed in ["m", "sev4", "sev0", "", "catastrophic"] {
            assert!(catalogue.find_severity(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn an_unknown_word_brings_the_nearest_known_one() {
        let Err(Refusal::UnknownStatus(unknown)) = Catalogue::default().find_status("fixin up")
        else {
            panic!("it is not a status");
        };
        assert_eq!(unknown.nearest.as_deref(), Some("Fixing"));
    }

    #[test]
    fn a_catalogue_of_an_older_version_has_the_default_type() {
        let mut document = serde_json::to_value(Catalogue::default()).unwrap();
        document.as_object_mut().unwrap().remove("types");
        let catalogue: Catalogue = serde_json::from_value(document).unwrap();
        assert_eq!(catalogue, Catalogue::default());
        assert_eq!(catalogue.find_type("default").unwrap().name, "Default");
    }

    #[test]
    fn a_field_is_found_before_its_value_however_many_words_it_has() {
        let mut catalogue = Catalogue::default();
        let now = Timestamp::default();
        for name in ["Team", "Team on call", "Ticket"] {
            catalogue.fields.push(CustomField {
                id: name.into(),
                name: name.to_owned(),
                description: String::new(),
                field_type: FieldType::Text,
                options: Vec::new(),
                removed_options: Vec::new(),
                created_at: now,
                updated_at: now,
            });
        }
        for (words, name, value) in [
            ("team Payments", "Team", "Payments"),
            ("team on call  Payments and co", "Team on call", "Payments and co"),
            ("Team on-call: Payments", "Team on call", "Payments"),
            ("TICKET", "Ticket", ""),
            ("tick JIRA-1", "Ticket", "JIRA-1"),
        ] {
            let (field, rest) = catalogue.find_field_before(words).unwrap();
            assert_eq!((field.name.as_str(), rest), (name, value), "{words}");
        }
        let refusal = catalogue.find_field_before("tickt JIRA-1").unwrap_err();
        assert!(refusal.to_string().contains("Did you mean Ticket?"), "{refusal}");
        assert!(catalogue.find_field_before("").is_err());
    }

    #[test]
    fn default_ids_are_ulids() {
        let catalogue = Catalogue::default();
        let ids = catalogue.severities.iter().map(|s| s.id.as_str());
        let ids = ids.chain(catalogue.statuses.iter().map(|s| s.id.as_str()));
        let ids = ids.chain(catalogue.roles.iter().map(|r| r.id.as_str()));
        let ids = ids.chain(catalogue.types.iter().map(|t| t.id.as_str()));
        for id in ids.chain(catalogue.timestamps.iter().map(|t| t.id.as_str())) {
            assert!(ulid::Ulid::from_string(id).is_ok(), "{id}");
        }
    }
}

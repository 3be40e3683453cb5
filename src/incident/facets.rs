//! By what an incident is found in lists and counted in sums.
//!
//! Each facet of an incident is one bit in the index (`store/incident_index.rs`), which the engine
//! keeps in the transaction that changes the incident: a change costs what is different before and
//! after it. Whoever wants to find incidents by something more says it here, in [`facets`], and asks
//! for it with a [`Wanted`](crate::incident::wanted::Wanted).

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;
use crate::ids::{CustomFieldId, IncidentTypeId, RoleId, SeverityId, StatusId, TagId, UserId};
use crate::incident::catalogue::StatusCategory;
use crate::incident::catalogue::field::FieldValue;
use crate::incident::event::Actor;
use crate::incident::origin::Origin;
use crate::incident::state::{Incident, Mode, Visibility};

/// Which facets there are, as a number: another one with every change of what [`facets`] says of
/// the same incident. What was put into the index under another number is put there anew.
pub const SCHEME: u32 = 2;

/// The longest value, in bytes. Of a longer one the beginning stands, and a hash of all of it.
const VALUE_LIMIT: usize = 200;
/// Seconds that a sum can hold for one incident, in bits: eight years.
const SECONDS_BITS: u32 = 28;
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Something that incidents can have in common: a name and a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Facet {
    /// Name, `=` and value.
    key: String,
    /// How long the name is.
    name: usize,
}

impl Facet {
    fn new(name: &'static str, value: &str) -> Facet {
        let mut key = String::with_capacity(name.len() + 1 + value.len().min(VALUE_LIMIT));
        key.push_str(name);
        key.push('=');
        if value.len() <= VALUE_LIMIT {
            key.push_str(value);
        } else {
            let cut = value.floor_char_boundary(VALUE_LIMIT - 20);
            key.push_str(&value[..cut]);
            key.push('#');
            key.push_str(&hex::encode(&Sha256::digest(value.as_bytes())[..9]));
        }
        Facet { key, name: name.len() }
    }

    /// The facet of this text.
    pub fn from_key(key: &str) -> Facet {
        Facet { key: key.to_owned(), name: key.find('=').unwrap_or(key.len()) }
    }

    /// The text of both.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What kind of thing it is.
    pub fn name(&self) -> &str {
        &self.key[..self.name]
    }

    /// The value in the text of both.
    pub fn value_of(key: &str) -> &str {
        key.split_once('=').map_or("", |(_, value)| value)
    }

    /// Every incident that the index knows under this scheme.
    pub fn every() -> Facet {
        Facet::new("all", &SCHEME.to_string())
    }

    /// In this part of its life.
    pub fn category(category: StatusCategory) -> Facet {
        Facet::new("category", category.as_str())
    }

    /// Of this status.
    pub fn status(status: &StatusId) -> Facet {
        Facet::new("status", status.as_str())
    }

    /// Of this severity, or of none.
    pub fn severity(severity: Option<&SeverityId>) -> Facet {
        Facet::new("severity", severity.map_or("", SeverityId::as_str))
    }

    /// Of this type, or of none.
    pub fn incident_type(kind: Option<&IncidentTypeId>) -> Facet {
        Facet::new("type", kind.map_or("", IncidentTypeId::as_str))
    }

    /// Private.
    pub fn private() -> Facet {
        Facet::new("private", "")
    }

    /// Private, and theirs to see.
    pub fn insider(actor: &Actor) -> Facet {
        Facet::new("insider", &word_for(actor))
    }

    /// Declared by them.
    pub fn creator(actor: &Actor) -> Facet {
        Facet::new("creator", &word_for(actor))
    }

    /// Somebody holds this role.
    pub fn role(role: &RoleId) -> Facet {
        Facet::new("role", role.as_str())
    }

    /// They hold this role.
    pub fn holder(role: &RoleId, person: &UserId) -> Facet {
        Facet::new("holder", &format!("{role}/{person}"))
    }

    /// Alerts opened it.
    pub fn opened_by_alerts() -> Facet {
        Facet::new("alerts", "")
    }

    /// Its first alert came from this source.
    pub fn source(source: &str) -> Facet {
        Facet::new("source", source)
    }

    /// About this: what its first alert names, or else its source.
    pub fn about(asset: &str) -> Facet {
        Facet::new("about", asset)
    }

    /// Of the project with this number; 0 where it has none.
    pub fn project_number(number: i64) -> Facet {
        Facet::new("project_number", &number.to_string())
    }

    /// Of this mode.
    pub fn mode(mode: Mode) -> Facet {
        Facet::new("mode", mode.as_str())
    }

    /// This field says something.
    pub fn field(field: &CustomFieldId) -> Facet {
        Facet::new("field", field.as_str())
    }

    /// This field says this: the id of an option, or what was written.
    pub fn field_says(field: &CustomFieldId, value: &str) -> Facet {
        Facet::new("says", &format!("{field}/{value}"))
    }

    /// This field says one of these: an option of several is one of them alone.
    pub fn field_values(field: &CustomFieldId, value: &FieldValue) -> Vec<Facet> {
        let says = |value: &str| Facet::field_says(field, value);
        match value {
            FieldValue::Options { options } => {
                options.iter().map(|option| says(option.as_str())).collect()
            }
            FieldValue::Text { text: value }
            | FieldValue::Link { url: value }
            | FieldValue::Numeric { number: value } => vec![says(value)],
        }
    }

    /// It has this tag, whatever it says.
    pub fn tagged(tag: &TagId) -> Facet {
        Facet::new("tagged", tag.as_str())
    }

    /// This tag says this, perhaps besides other things.
    pub fn tag_says(tag: &TagId, value: &str) -> Facet {
        Facet::new("tag_says", &format!("{tag}/{value}"))
    }

    /// It goes on in another one.
    pub fn merged() -> Facet {
        Facet::new("merged", "")
    }

    /// What the labels of its first alert say: one of [`LABELS`].
    pub fn label(name: &'static str, value: &str) -> Facet {
        Facet::new(name, value)
    }

    /// Declared on this day, counted from 1970 in UTC.
    pub fn created_on(day: i64) -> Facet {
        Facet::new("created", &on(day))
    }

    /// Changed last on this day.
    pub fn updated_on(day: i64) -> Facet {
        Facet::new("updated", &on(day))
    }

    /// Ended on this day.
    pub fn ended_on(day: i64) -> Facet {
        Facet::new("ended", &on(day))
    }

    /// The seconds from its declaration to its end have this bit. So sums are counts.
    pub fn lasted(bit: u32) -> Facet {
        Facet::new("lasted", &format!("{bit:02}"))
    }

    /// All bits of those seconds.
    pub fn lasted_bits() -> impl Iterator<Item = (u32, Facet)> {
        (0..SECONDS_BITS).map(|bit| (bit, Facet::lasted(bit)))
    }
}

/// Labels of the first alert by which incidents are found; what is written under them is in
/// [`KEPT`](crate::incident::origin::KEPT).
pub const LABELS: [&str; 10] = [
    "project",
    "asset_name",
    "policy",
    "policy_name",
    "connection",
    "connection_type",
    "impact",
    "environment",
    "service",
    "team",
];

/// The facet for one of the tags that its first alert names.
pub const TAG: &str = "tag";

/// The day of an instant, counted from 1970 in UTC.
pub fn day_of(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(DAY)
}

/// When that day begins.
pub fn beginning_of(day: i64) -> Timestamp {
    Timestamp::from_micros(day.saturating_mul(DAY))
}

/// Days sort by their text.
fn on(day: i64) -> String {
    format!("{day:08}")
}

fn word_for(actor: &Actor) -> String {
    match actor {
        Actor::Person { user } => format!("person/{user}"),
        Actor::ApiToken { name } => format!("token/{name}"),
        Actor::Stentor => "stentor".to_owned(),
    }
}

/// Everything that an incident is found by.
pub fn facets(incident: &Incident) -> BTreeSet<Facet> {
    let mut facets = BTreeSet::from([
        Facet::every(),
        Facet::category(incident.category),
        Facet::status(&incident.status),
        Facet::severity(incident.severity.as_ref()),
        Facet::incident_type(incident.incident_type.as_ref()),
        Facet::mode(incident.mode),
        Facet::creator(&incident.creator),
        Facet::created_on(day_of(incident.declared_at)),
        Facet::updated_on(day_of(incident.updated_at)),
    ]);
    for (role, person) in &incident.roles {
        facets.insert(Facet::role(role));
        facets.insert(Facet::holder(role, person));
    }
    for (field, value) in &incident.fields {
        facets.insert(Facet::field(field));
        facets.extend(Facet::field_values(field, value));
    }
    for (tag, tagged) in &incident.tags {
        facets.insert(Facet::tagged(tag));
        facets.extend(tagged.values.iter().map(|value| Facet::tag_says(tag, value)));
    }
    if incident.merged_into.is_some() {
        facets.insert(Facet::merged());
    }
    if incident.opened_by.is_some() {
        facets.insert(Facet::opened_by_alerts());
    }
    add_insiders(incident, &mut facets);
    add_origin(incident, &mut facets);
    add_end(incident, &mut facets);
    facets
}

fn add_insiders(incident: &Incident, facets: &mut BTreeSet<Facet>) {
    if incident.visibility != Visibility::Private {
        return;
    }
    facets.insert(Facet::private());
    facets.insert(Facet::insider(&incident.creator));
    let people = incident.people().into_iter();
    facets.extend(people.map(|user| Facet::insider(&Actor::Person { user })));
}

fn add_origin(incident: &Incident, facets: &mut BTreeSet<Facet>) {
    let project = incident.origin.as_ref().map_or(0, Origin::project_number);
    facets.insert(Facet::project_number(project));
    let Some(origin) = &incident.origin else { return };
    facets.insert(Facet::source(origin.source.as_str()));
    facets.insert(Facet::about(origin.asset()));
    for name in LABELS {
        if let Some(value) = origin.label(name) {
            facets.insert(Facet::label(name, &folded(name, value)));
        }
    }
    facets.extend(origin.tags().into_iter().map(|tag| Facet::label(TAG, tag)));
}

/// Words that are compared whatever their case.
fn folded(name: &str, value: &str) -> String {
    if name == "impact" { value.to_uppercase() } else { value.to_owned() }
}

fn add_end(incident: &Incident, facets: &mut BTreeSet<Facet>) {
    let Some(ended_at) = incident.ended_at else { return };
    facets.insert(Facet::ended_on(day_of(ended_at)));
    let seconds = ended_at.since(incident.declared_at).as_secs();
    let seconds = seconds.min((1 << SECONDS_BITS) - 1);
    let bits = (0..SECONDS_BITS).filter(|bit| seconds >> bit & 1 == 1);
    facets.extend(bits.map(Facet::lasted));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_cut_and_stays_its_own() {
        let long = "é".repeat(300);
        let (one, other) = (Facet::label(TAG, &long), Facet::label(TAG, &format!("{long}!")));
        assert!(one.key().len() < VALUE_LIMIT + 20);
        assert_ne!(one, other);
        assert_eq!((one.name(), Facet::value_of(one.key()).chars().next()), (TAG, Some('é')));
        assert_eq!(Facet::value_of(Facet::label(TAG, "a=b").key()), "a=b");
    }

    #[test]
    fn days_sort_by_their_text() {
        assert!(Facet::created_on(9_999) < Facet::created_on(10_000));
        assert_eq!(day_of(beginning_of(20_000)), 20_000);
        assert_eq!(day_of(Timestamp::from_micros(beginning_of(20_000).as_micros() - 1)), 19_999);
    }
}

//! What else an incident says: its fields, when it reached which point, and where people talk.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::{CustomFieldId, TimestampId};
use crate::incident::catalogue::Catalogue;
use crate::incident::catalogue::field::{FieldValue, LINK_LIMIT, is_web_page};
use crate::incident::decide::Context;
use crate::incident::event::{Event, Via};
use crate::incident::refusal::Refusal;
use crate::incident::state::Incident;
use crate::incident::text::clean_line;

/// How far ahead of ours a caller's clock may be.
const CLOCKS_DIFFER: Duration = Duration::from_secs(5 * 60);

/// Makes a field say something else; without words, nothing.
pub(super) fn set_field(
    incident: &Incident,
    word: &str,
    words: &[String],
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let field = context.catalogue.find_field(word)?;
    let from = incident.fields.get(&field.id);
    let to = field.read(words, from)?;
    if from == to.as_ref() {
        return Err(Refusal::AlreadySo { what: format!("{} says that already", field.name) });
    }
    Ok(vec![Event::FieldChanged { field: field.id.clone(), from: from.cloned(), to }])
}

/// Says when the incident reached a point, or that it did not.
pub(super) fn set_timestamp(
    incident: &Incident,
    word: &str,
    at: Option<Timestamp>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let kind = context.catalogue.find_timestamp(word)?;
    let from = incident.timestamps.get(&kind.id).copied();
    let to = at.map(|at| past(at, context.now)).transpose()?;
    let is_as_shown = from.zip(to).is_some_and(|(from, to)| is_as_shown(from, to));
    if from == to || (context.via == Via::Modal && is_as_shown) {
        return Err(Refusal::AlreadySo { what: format!("{} is so already", kind.name) });
    }
    Ok(vec![Event::TimestampSet { timestamp: kind.id.clone(), from, to }])
}

/// Says where people talk; an empty address, nowhere.
pub(super) fn set_call(incident: &Incident, url: &str) -> Result<Vec<Event>, Refusal> {
    let to = read_call(url)?;
    if incident.call_url == to {
        return Err(Refusal::AlreadySo { what: "That is its call already".to_owned() });
    }
    Ok(vec![Event::CallChanged { from: incident.call_url.clone(), to }])
}

/// The address of a call, if there is one.
pub(super) fn read_call(url: &str) -> Result<Option<String>, Refusal> {
    let url = clean_line(url);
    if url.is_empty() {
        return Ok(None);
    }
    if url.chars().count() > LINK_LIMIT || !is_web_page(&url) {
        return Err(Refusal::BadCall);
    }
    Ok(Some(url))
}

/// The fields of what is declared.
pub(super) fn read_fields(
    given: &BTreeMap<String, Vec<String>>,
    catalogue: &Catalogue,
) -> Result<Vec<(CustomFieldId, FieldValue)>, Refusal> {
    let mut fields = BTreeMap::new();
    for (word, words) in given {
        let field = catalogue.find_field(word)?;
        if let Some(value) = field.read(words, None)? {
            fields.insert(field.id.clone(), value);
        }
    }
    Ok(fields.into_iter().collect())
}

/// The points that what is declared has reached.
pub(super) fn read_timestamps(
    given: &BTreeMap<String, Timestamp>,
    context: &Context,
) -> Result<Vec<(TimestampId, Timestamp)>, Refusal> {
    let mut timestamps = BTreeMap::new();
    for (word, at) in given {
        let kind = context.catalogue.find_timestamp(word)?;
        timestamps.insert(kind.id.clone(), past(*at, context.now)?);
    }
    Ok(timestamps.into_iter().collect())
}

/// Whether a form that showed the one sends back the other, untouched: it knows whole seconds, or whole
/// minutes.
fn is_as_shown(shown: Timestamp, sent: Timestamp) -> bool {
    let (shown, sent) = (shown.as_seconds(), sent.as_seconds());
    shown == sent || (sent % 60 == 0 && shown.div_euclid(60) == sent.div_euclid(60))
}

fn past(at: Timestamp, now: Timestamp) -> Result<Timestamp, Refusal> {
    if at > now.plus(CLOCKS_DIFFER) { Err(Refusal::TimestampAhead) } else { Ok(at) }
}

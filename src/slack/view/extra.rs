//! What else an incident says, where there is room for a few lines: its fields, its call, its mode.

use crate::ids::CustomFieldId;
use crate::incident::catalogue::Catalogue;
use crate::incident::catalogue::field::FieldValue;
use crate::incident::state::{Incident, Mode};
use crate::incident::text::shorten;
use crate::slack::view::kit::line::Line;
use crate::slack::view::words::one_line;

/// How many fields are shown; the form has them all.
const SHOWN: usize = 12;
/// How much of a value is shown.
const EXCERPT: usize = 120;

/// Each field that says something, in the catalogue's order.
pub fn fields(incident: &Incident, catalogue: &Catalogue) -> Vec<Line> {
    let known = catalogue.fields.iter().chain(&catalogue.removed.fields);
    let said = known.filter_map(|field| Some((field, incident.fields.get(&field.id)?)));
    said.take(SHOWN)
        .map(|(field, value)| {
            let name = Line::new().bold(&one_line(&field.name, 75)).text(" ");
            name.then(value_of(&field.id, value, catalogue))
        })
        .collect()
}

/// What a field is called.
pub fn field_name(id: &CustomFieldId, catalogue: &Catalogue) -> String {
    catalogue.field(id).map_or_else(|| "a field of before".to_owned(), |it| one_line(&it.name, 75))
}

/// What a field says.
pub fn value_of(id: &CustomFieldId, value: &FieldValue, catalogue: &Catalogue) -> Line {
    if let FieldValue::Link { url } = value {
        return Line::new().link(url, &shorten(url, EXCERPT));
    }
    let values = catalogue.field(id).map(|field| field.readable(value)).unwrap_or_default();
    Line::of(&one_line(&values.join(", "), EXCERPT))
}

/// Where people talk.
pub fn call(incident: &Incident) -> Option<Line> {
    let url = incident.call_url.as_ref()?;
    Some(Line::new().bold("Call").text(" ").link(url, &shorten(url, EXCERPT)))
}

/// That it is no real one, or none of now.
pub fn mode(incident: &Incident) -> Option<Line> {
    match incident.mode {
        Mode::Standard => None,
        Mode::Retrospective => Some(Line::of("🗄️ Written down after the fact.")),
        Mode::Test => Some(Line::of("🧪 A test: nobody outside this channel is told.")),
        Mode::Tutorial => Some(Line::of("🎓 A tutorial: nobody outside this channel is told.")),
    }
}

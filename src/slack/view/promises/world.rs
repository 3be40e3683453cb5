//! What there is in a workspace of which people write whatever they like.

use crate::alert::signal::Signal;
use crate::ids::{ChannelId, CustomFieldId, IncidentId, IncidentTypeId, TagId, UserId};
use crate::incident::catalogue::field::{CustomField, FieldOption, FieldType, FieldValue};
use crate::incident::catalogue::{Catalogue, IncidentType, StatusCategory};
use crate::incident::event::Actor;
use crate::incident::merge::Destination;
use crate::incident::snooze::Snooze;
use crate::incident::state::{Incident, LastUpdate, Mode, Visibility};
use crate::incident::tags::Tagged;
use crate::incident::tags::definition::{TagDefinition, TagKind};
use crate::slack::view::samples::{Story, minute};

/// A field of each kind.
const FIELDS: [(&str, FieldType); 5] = [
    ("F0SINGLE", FieldType::SingleSelect),
    ("F0MULTI", FieldType::MultiSelect),
    ("F0TEXT", FieldType::Text),
    ("F0LINK", FieldType::Link),
    ("F0NUMBER", FieldType::Numeric),
];

pub(super) fn every_value(text: &str) -> Vec<(CustomFieldId, FieldValue)> {
    let options = |count: usize| FieldValue::Options {
        options: (0..count).map(|n| format!("O{n}").as_str().into()).collect(),
    };
    let values = [
        options(1),
        options(100),
        FieldValue::Text { text: text.to_owned() },
        FieldValue::Link { url: text.to_owned() },
        FieldValue::Numeric { number: text.to_owned() },
    ];
    FIELDS.into_iter().map(|(id, _)| id.into()).zip(values).collect()
}

/// A workspace that calls everything by these names.
pub(super) fn catalogue_of(name: &str, description: &str) -> Catalogue {
    let mut catalogue = Catalogue::default();
    for severity in &mut catalogue.severities {
        severity.name = name.to_owned();
        severity.description = description.to_owned();
    }
    for status in &mut catalogue.statuses {
        status.name = name.to_owned();
        status.description = description.to_owned();
    }
    for role in &mut catalogue.roles {
        role.name = name.to_owned();
        role.instructions = description.to_owned();
    }
    let other = IncidentTypeId::from("01STENT0RTYP00000000000002");
    catalogue.types.push(IncidentType::plain(other, ""));
    for kind in &mut catalogue.types {
        kind.name = name.to_owned();
    }
    catalogue.tags = (0..120).map(|number| tag_called(number, name, description)).collect();
    for duration in &mut catalogue.durations {
        duration.name = name.to_owned();
    }
    for (id, field_type) in FIELDS {
        let now = minute(0);
        let options = (0..130).map(|n| FieldOption {
            id: format!("O{n}").as_str().into(),
            value: name.to_owned(),
            sort_key: n,
            created_at: now,
            updated_at: now,
        });
        catalogue.fields.push(CustomField {
            id: id.into(),
            name: name.to_owned(),
            description: description.to_owned(),
            field_type,
            options: options.filter(|_| field_type.has_options()).collect(),
            removed_options: Vec::new(),
            created_at: now,
            updated_at: now,
        });
    }
    catalogue
}

fn tag_called(number: i64, name: &str, description: &str) -> TagDefinition {
    TagDefinition {
        id: TagId::new(format!("T{number}")),
        name: name.to_owned(),
        kind: TagKind::MultiValue,
        description: description.to_owned(),
        active: true,
        choices: Vec::new(),
        created_by: Actor::Stentor,
        created_at: minute(0),
        updated_at: minute(0),
    }
}

pub(super) fn incident_of(
    name: &str,
    text: &str,
    category: StatusCategory,
    filled: bool,
) -> Incident {
    let story = Story::new();
    let catalogue = &story.catalogue;
    let mut incident = story.incident.clone();
    incident.name = name.to_owned();
    incident.summary = text.to_owned();
    incident.category = category;
    incident.status = catalogue.first_status(category).unwrap().id.clone();
    if filled {
        incident.signal = Some(Signal { active: true, flapping: true, ..Signal::default() });
        incident.visibility = Visibility::Private;
        incident.next_update_due = Some(minute(60));
        incident.timestamps =
            catalogue.timestamps.iter().map(|kind| (kind.id.clone(), minute(90))).collect();
        let bea = || UserId::from("U0BEA");
        incident.roles = catalogue.roles.iter().map(|role| (role.id.clone(), bea())).collect();
        incident.creator = Actor::ApiToken { name: name.to_owned() };
        let by = Actor::Person { user: UserId::new(text) };
        incident.merged_into = Some(destination(text));
        incident.snooze = Some(Snooze {
            since: minute(1),
            until: minute(60),
            cancel_on_news: true,
            by: Actor::ApiToken { name: name.to_owned() },
        });
        let tagged = Tagged { values: vec![text.to_owned(); 3], by: by.clone(), at: minute(1) };
        incident.tags =
            (0..120).map(|number| (TagId::new(format!("T{number}")), tagged.clone())).collect();
        incident.fields = every_value(text).into_iter().collect();
        incident.call_url = Some(text.to_owned());
        incident.mode = Mode::Test;
        incident.last_update = Some(LastUpdate { message: text.to_owned(), at: minute(5), by });
    } else {
        incident.severity = None;
        incident.channel = None;
    }
    incident
}

pub(super) fn destination(text: &str) -> Destination {
    let channel = Some(ChannelId::new(text));
    Destination { incident: IncidentId::new(text), number: 7, channel }
}

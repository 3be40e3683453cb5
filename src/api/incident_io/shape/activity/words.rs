//! What an incident is called, who does what in it, and what is known of it.

use crate::api::incident_io::shape::activity::Log;
use crate::api::incident_io::shape::activity::details::{Details, Told};
use crate::api::incident_io::shape::actor::Actor;
use crate::api::incident_io::shape::catalogue::{IncidentType, Role, TimestampKind};
use crate::api::incident_io::shape::field::{FieldInfo, values};
use crate::api::incident_io::shape::incident::visibility_word;
use crate::clock::Timestamp;
use crate::ids::{CustomFieldId, IncidentTypeId, RoleId, TimestampId, UserId};
use crate::incident::catalogue::field::FieldValue;
use crate::incident::event::Event;

/// The most values of a field that are told.
const VALUES: usize = 100;

impl Log<'_> {
    pub(super) fn words(&self, event: &Event, by: &Actor) -> Option<Told> {
        let updated = Details::default().say("updater", by);
        match event {
            Event::RoleAssigned { role, person, previous } => {
                self.role(updated, role, person.as_ref(), previous.as_ref())
            }
            Event::SummaryChanged { from, to } => {
                let text = |text: &String| (!text.is_empty()).then(|| text.clone());
                let details = updated
                    .may_say("new_summary", text(to))
                    .may_say("previous_summary", text(from));
                Told::with("summary_update", "Summary", details)
            }
            Event::Renamed { from, to } => {
                let details = updated.say("new_name", to).say("previous_name", from);
                Told::with("incident_rename", format!("Renamed: {to}"), details)
            }
            Event::TypeChanged { from, to } => self.kind(updated, from.as_ref(), to),
            Event::FieldChanged { field, from, to } => {
                self.field(updated, field, from.as_ref(), to.as_ref())
            }
            Event::TimestampSet { timestamp, from, to } => {
                self.timestamp(updated, timestamp, *from, *to)
            }
            Event::CallChanged { to: Some(_), .. } => Told::plain("call_url_changed", "Call"),
            Event::CallChanged { to: None, .. } => {
                Told::plain("call_url_changed", "The call has ended")
            }
            Event::VisibilityChanged { from, to } => {
                let (from, to) = (visibility_word(*from), visibility_word(*to));
                let details = updated.say("new_visibility", to).say("previous_visibility", from);
                Told::with("incident_visibility_changed", format!("Now {to}"), details)
            }
            _ => None,
        }
    }

    fn role(
        &self,
        updated: Details,
        role: &RoleId,
        new: Option<&UserId>,
        previous: Option<&UserId>,
    ) -> Option<Told> {
        let role = self.terms.catalogue.role(role);
        let user = |person| self.terms.people.show(person);
        let details = updated
            .may_say("role", role.map(Role::from))
            .may_say("new_assignee", new.map(user))
            .may_say("previous_assignee", previous.map(user));
        let title = role.map_or("A role of before", |role| role.name.as_str());
        Told::with("role_update", title, details)
    }

    fn kind(
        &self,
        updated: Details,
        from: Option<&IncidentTypeId>,
        to: &IncidentTypeId,
    ) -> Option<Told> {
        let catalogue = self.terms.catalogue;
        let known = |id| {
            let kind = catalogue.incident_type(id)?;
            Some(IncidentType::show(kind, catalogue))
        };
        let details = updated
            .may_say("new_incident_type", known(to))
            .may_say("previous_incident_type", from.and_then(known));
        Told::with("incident_type_changed", "Type of incident", details)
    }

    fn field(
        &self,
        updated: Details,
        field: &CustomFieldId,
        from: Option<&FieldValue>,
        to: Option<&FieldValue>,
    ) -> Option<Told> {
        let field = self.terms.catalogue.field(field)?;
        let said = |value: Option<&FieldValue>| {
            value.map(|value| values(field, value)).unwrap_or_default()
        };
        let (new, previous) = (said(to), said(from));
        let details = updated
            .say("custom_field", FieldInfo::from(field))
            .say("new_values_count", new.len())
            .say("new_values", new.iter().take(VALUES).collect::<Vec<_>>())
            .say("previous_values_count", previous.len())
            .say("previous_values", previous.iter().take(VALUES).collect::<Vec<_>>());
        Told::with("custom_field_value_update", field.name.as_str(), details)
    }

    fn timestamp(
        &self,
        updated: Details,
        timestamp: &TimestampId,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Option<Told> {
        const KIND: &str = "incident_timestamp_set";
        let kind = self.terms.catalogue.timestamp(timestamp)?;
        // The format has no details of one that is not set any more.
        let Some(to) = to else { return Told::plain(KIND, format!("{}: cleared", kind.name)) };
        let details = updated
            .say("incident_timestamp", TimestampKind::from(kind))
            .say("new_value", to)
            .may_say("previous_value", from);
        Told::with(KIND, kind.name.as_str(), details)
    }
}

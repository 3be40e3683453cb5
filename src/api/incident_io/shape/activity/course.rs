//! How an incident went: where it stood, how bad it was, where it goes on.

use crate::api::incident_io::shape::activity::Log;
use crate::api::incident_io::shape::activity::details::{Details, Told};
use crate::api::incident_io::shape::actor::Actor;
use crate::api::incident_io::shape::catalogue::{Severity, Status};
use crate::api::incident_io::shape::incident::IncidentSlim;
use crate::incident::event::{Entry, Event, SeverityChange, StatusChange};
use crate::incident::papers::moment;

impl Log<'_> {
    pub(super) fn course(&self, entry: &Entry) -> Option<Told> {
        let (title, _) = moment::words(&entry.event, self.terms.catalogue)?;
        let by = Actor::show(&entry.actor, self.terms);
        match &entry.event {
            Event::Declared(declared) => {
                let status = Status::known(&declared.status, declared.category, self.terms);
                let details = Details::default().say("new_status", status).say("updater", by);
                Told::with("status_change", title, details)
            }
            Event::StatusChanged { change, message: None } => {
                let details = self.status_step(Details::default(), change).say("updater", by);
                Told::with("status_change", title, details)
            }
            Event::Absorbed(absorbed) => {
                let source = absorbed.incident.as_ref();
                let source = source.and_then(|id| self.absorbed.iter().find(|it| it.id == *id));
                let details = Details::default()
                    .may_say("source_incident", source.map(IncidentSlim::show))
                    .say("merger", by);
                Told::with("incident_merged", title, details)
            }
            _ => Told::with("incident_update", title, self.update(entry).say("updater", by)),
        }
    }

    /// What changed with an update, and what was said about it.
    fn update(&self, entry: &Entry) -> Details {
        let details = Details::default().say("id", self.place(entry));
        match &entry.event {
            Event::UpdatePosted { message, status, severity, next_update_due } => {
                let minutes = next_update_due.map(|due| due.since(entry.at).as_secs() / 60);
                let mut details = details
                    .may_say("message", message.as_ref())
                    .may_say("next_update_in_minutes", minutes);
                if let Some(change) = status {
                    details = self.status_step(details, change);
                }
                if let Some(change) = severity {
                    details = self.severity_step(details, change);
                }
                details
            }
            Event::SeverityChanged { change } => self.severity_step(details, change),
            Event::StatusChanged { change, message } => {
                self.status_step(details, change).may_say("message", message.as_ref())
            }
            Event::MergedInto { change, .. } => self.status_step(details, change),
            _ => details,
        }
    }

    fn status_step(&self, details: Details, change: &StatusChange) -> Details {
        let new = Status::known(&change.to, change.to_category, self.terms);
        let previous = Status::known(&change.from, change.from_category, self.terms);
        details.say("new_status", new).say("previous_status", previous)
    }

    fn severity_step(&self, details: Details, change: &SeverityChange) -> Details {
        let known = |id| self.terms.catalogue.severity(id).map(Severity::from);
        details
            .may_say("new_severity", known(&change.to))
            .may_say("previous_severity", change.from.as_ref().and_then(known))
    }
}

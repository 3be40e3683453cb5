//! What was written down around an incident.

use crate::api::incident_io::shape::activity::Log;
use crate::api::incident_io::shape::activity::details::{Details, Told};
use crate::api::incident_io::shape::actor::Actor;
use crate::ids::UserId;
use crate::incident::papers::Filed;
use crate::incident::papers::item::{Item, ItemEdit, ItemKind};

/// The format's word for a document that was written, or changed.
const DOCUMENT: &str = "postmortem_document_v2_changed";

impl Log<'_> {
    pub(super) fn filed(&self, filed: &Filed, by: &Actor) -> Option<Told> {
        match filed {
            Filed::ItemAdded { item } => {
                let (kind, id) = match item.kind {
                    ItemKind::Action => ("action_created", "action_id"),
                    ItemKind::FollowUp => ("follow_up_created", "follow_up_id"),
                };
                let details = Details::default().say(id, &item.id).say("actor", by);
                Told::with(kind, item.title.as_str(), details)
            }
            Filed::ItemChanged { item, edit } => {
                self.item_step(self.incident.papers.items.get(item)?, edit, by)
            }
            Filed::Attached { attachment } => {
                Told::plain("incident_attachment_added", attachment.title.as_str())
            }
            Filed::Detached { attachment } => {
                Told::plain("incident_attachment_removed", attachment.title.as_str())
            }
            Filed::DocumentAdded { document } => Told::plain(DOCUMENT, document.title.as_str()),
            Filed::DocumentChanged { document, .. } => {
                let document = self.incident.papers.documents.get(document)?;
                Told::plain(DOCUMENT, document.title.as_str())
            }
            _ => None,
        }
    }

    fn item_step(&self, item: &Item, edit: &ItemEdit, by: &Actor) -> Option<Told> {
        let user = |person: &UserId| self.terms.people.show(person);
        let (status, assignee) = (edit.status, edit.assignee.as_ref());
        let details = Details::default()
            .say("updater", by)
            .may_say("new_status", status.map(|step| step.to.as_str()))
            .may_say("previous_status", status.map(|step| step.from.as_str()))
            .may_say("new_assignee", assignee.and_then(|step| step.to.as_ref().map(user)))
            .may_say("previous_assignee", assignee.and_then(|step| step.from.as_ref().map(user)));
        let title = item.title.as_str();
        match item.kind {
            ItemKind::Action => {
                Told::with("action_updated", title, details.say("action_id", &item.id))
            }
            ItemKind::FollowUp => {
                let renamed = edit.title.as_ref();
                let details = details
                    .say("follow_up_id", &item.id)
                    .may_say("new_title", renamed.map(|step| &step.to))
                    .may_say("previous_title", renamed.map(|step| &step.from));
                Told::with("follow_up_updated", title, details)
            }
        }
    }
}

//! What is written beside the incidents, in the same transaction: what is to be found across
//! incidents, and what is too long to be carried around with one.

use std::collections::{BTreeMap, HashMap};

use crate::ids::{AttachmentId, DocumentId, IncidentId, ItemId, WorkspaceId};
use crate::incident::command::Command;
use crate::incident::event::{Entry, Event};
use crate::incident::papers::Filed;
use crate::incident::papers::document::{self, Document};
use crate::incident::papers::item::Item;
use crate::incident::papers::link::Attachment;
use crate::incident::papers::place::Place;
use crate::incident::state::Incident;
use crate::store::db::{Result, Tx};
use crate::store::{attachments, documents, items, timeline};

/// What the commands of a batch have written beside the incidents of one workspace.
#[derive(Default)]
pub(super) struct Beside {
    /// Entries that commands are about; nothing if there is none.
    cited: HashMap<Place, Entry>,
    items: BTreeMap<ItemId, (IncidentId, Item)>,
    attached: BTreeMap<AttachmentId, (IncidentId, Attachment)>,
    detached: Vec<AttachmentId>,
    documents: BTreeMap<DocumentId, (IncidentId, Document)>,
    texts: BTreeMap<DocumentId, String>,
    deleted_notes: Vec<Place>,
}

impl Beside {
    /// Keeps an entry at hand that a command is about.
    pub(super) fn cite(&mut self, incident: IncidentId, entry: Option<Entry>) {
        if let Some(entry) = entry {
            self.cited.insert(Place { incident, version: entry.version }, entry);
        }
    }

    /// The entry that a command is about: one that was there, or one that this batch has written.
    pub(super) fn cited<'e>(
        &'e self,
        incident: &IncidentId,
        version: i64,
        mut written: impl Iterator<Item = &'e Entry>,
    ) -> Option<&'e Entry> {
        let place = Place { incident: incident.clone(), version };
        if self.deleted_notes.contains(&place) {
            return None;
        }
        let known = self.cited.get(&place);
        known.or_else(|| written.find(|entry| entry.version == version))
    }

    /// Notes what an entry means for what is beside the incident, which is as it is after it.
    pub(super) fn note(&mut self, entry: &Entry, incident: &Incident, command: &Command) {
        let Event::Paperwork(filed) = &entry.event else { return };
        let id = &incident.id;
        match filed {
            Filed::ItemAdded { item } => self.keep_item(incident, &item.id),
            Filed::ItemChanged { item, .. } => self.keep_item(incident, item),
            Filed::Attached { attachment } => {
                self.attached.insert(attachment.id.clone(), (id.clone(), attachment.clone()));
            }
            Filed::Detached { attachment } => {
                self.attached.remove(&attachment.id);
                self.detached.push(attachment.id.clone());
            }
            Filed::DocumentAdded { document } => {
                self.keep_document(incident, &document.id, command);
            }
            Filed::DocumentChanged { document, .. } => {
                self.keep_document(incident, document, command);
            }
            Filed::NoteDeleted { note } => {
                self.deleted_notes.push(Place { incident: id.clone(), version: *note });
            }
            Filed::MomentAdded { .. }
            | Filed::MomentChanged { .. }
            | Filed::IssueConnected { .. }
            | Filed::NoteEdited { .. }
            | Filed::Unknown => {}
        }
    }

    fn keep_item(&mut self, incident: &Incident, id: &ItemId) {
        if let Some(item) = incident.papers.items.get(id) {
            self.items.insert(id.clone(), (incident.id.clone(), item.clone()));
        }
    }

    fn keep_document(&mut self, incident: &Incident, id: &DocumentId, command: &Command) {
        if let Some(document) = incident.papers.documents.get(id) {
            self.documents.insert(id.clone(), (incident.id.clone(), document.clone()));
        }
        let Command::Paperwork(paperwork) = command else { return };
        if let Some(text) = document::text(paperwork) {
            self.texts.insert(id.clone(), text);
        }
    }

    /// Writes everything.
    pub(super) async fn write(&self, tx: &mut Tx, workspace: &WorkspaceId) -> Result<()> {
        let rows: Vec<_> = self.items.values().cloned().collect();
        items::save(tx, workspace, &rows).await?;
        let rows: Vec<_> = self.attached.values().cloned().collect();
        attachments::save(tx, workspace, &rows).await?;
        attachments::remove(tx, workspace, &self.detached).await?;
        let rows: Vec<_> = self.documents.values().cloned().collect();
        documents::save(tx, workspace, &rows).await?;
        let rows: Vec<_> = self.texts.iter().map(|(id, text)| (id.clone(), text.clone())).collect();
        documents::write(tx, workspace, &rows).await?;
        for note in &self.deleted_notes {
            timeline::forget_note(tx, workspace, &note.incident, note.version).await?;
        }
        Ok(())
    }
}

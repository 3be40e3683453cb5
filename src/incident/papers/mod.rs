//! What people write down around an incident: actions, follow-ups, moments of its timeline, links,
//! documents, notes that are corrected.
//!
//! All of it is decided here, written into the record as [`Filed`], and kept small in the incident's
//! state as [`Papers`]; long texts are in tables of their own. What is made gets its id from the
//! entry that brings it, so that nothing here has to draw one.

pub mod bad;
pub mod document;
pub mod draft;
pub mod item;
pub mod link;
pub mod moment;
pub mod note;
pub mod place;
#[cfg(test)]
mod properties;
pub mod tracker;
pub mod update;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::{AttachmentId, DocumentId, IncidentId, ItemId, MessageTs, UserId};
use crate::incident::decide::Context;
use crate::incident::event::{Entry, Event};
use crate::incident::papers::document::{Document, DocumentEdit, DocumentStatus};
use crate::incident::papers::item::{Item, ItemEdit, ItemKind, ItemStatus};
use crate::incident::papers::link::{Attachment, ExternalIssue};
use crate::incident::pins::Quote;
use crate::incident::refusal::Refusal;
use crate::incident::state::Incident;

/// What somebody wants written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Paperwork {
    /// Something is to be done while the incident lasts.
    AddAction {
        /// What, in at most 1,000 characters.
        description: String,
        /// By whom.
        #[serde(default)]
        assignee: Option<UserId>,
    },
    /// An action stands otherwise. What is left out stays as it is.
    EditAction {
        /// Which.
        #[schema(value_type = String)]
        action: ItemId,
        /// What is to be done.
        #[serde(default)]
        description: Option<String>,
        /// How it stands.
        #[serde(default)]
        status: Option<ItemStatus>,
        /// Who does it.
        #[serde(default)]
        assignee: Option<UserId>,
        /// Nobody does it any more.
        #[serde(default)]
        unassign: bool,
    },
    /// Something is to be done after the incident.
    AddFollowUp {
        /// What, in a line of at most 200 characters.
        title: String,
        /// More about it, in at most 2,000 characters.
        #[serde(default)]
        description: Option<String>,
        /// By whom.
        #[serde(default)]
        assignee: Option<UserId>,
        /// Words to find it by: at most 20, each of at most 50 characters.
        #[serde(default)]
        labels: Vec<String>,
        /// How much it matters, in the team's own word.
        #[serde(default)]
        priority: Option<String>,
        /// What kind of work it is, in the team's own word.
        #[serde(default)]
        category: Option<String>,
        /// Where it is tracked.
        #[serde(default)]
        issue: Option<ExternalIssue>,
        /// The message of the incident's channel that it is made of.
        #[serde(default, skip_deserializing)]
        #[schema(ignore)]
        source: Option<MessageTs>,
    },
    /// A follow-up stands otherwise. What is left out stays as it is.
    EditFollowUp {
        /// Which.
        #[schema(value_type = String)]
        follow_up: ItemId,
        /// What is to be done.
        #[serde(default)]
        title: Option<String>,
        /// More about it; empty for nothing.
        #[serde(default)]
        description: Option<String>,
        /// How it stands.
        #[serde(default)]
        status: Option<ItemStatus>,
        /// Who does it.
        #[serde(default)]
        assignee: Option<UserId>,
        /// Nobody does it any more.
        #[serde(default)]
        unassign: bool,
        /// Words to find it by, all of them.
        #[serde(default)]
        labels: Option<Vec<String>>,
        /// How much it matters; empty for nothing.
        #[serde(default)]
        priority: Option<String>,
        /// What kind of work it is; empty for nothing.
        #[serde(default)]
        category: Option<String>,
        /// Where it is tracked; refused if that is known already.
        #[serde(default)]
        issue: Option<ExternalIssue>,
    },
    /// Something happened that nobody wrote down then.
    AddTimelineItem {
        /// What, in a line of at most 200 characters.
        title: String,
        /// More about it, in at most 2,000 characters.
        #[serde(default)]
        description: Option<String>,
        /// When it happened.
        at: Timestamp,
    },
    /// The timeline is to tell of an entry in these words. What is left out stays as it is. An entry
    /// that the timeline did not tell of joins it.
    EditTimelineItem {
        /// The version of the entry.
        entry: i64,
        /// What happened.
        #[serde(default)]
        title: Option<String>,
        /// More about it; empty for nothing.
        #[serde(default)]
        description: Option<String>,
        /// When it happened; only of what was written by hand.
        #[serde(default)]
        at: Option<Timestamp>,
    },
    /// Something elsewhere belongs to it.
    Attach {
        /// What it is: `github_pull_request`, or `arbitrary_url` for a free link.
        resource_type: String,
        /// What it is called there. Without one, the address.
        #[serde(default)]
        external_id: Option<String>,
        /// What people call it. Without one, the address.
        #[serde(default)]
        title: Option<String>,
        /// Where it is.
        #[serde(default)]
        url: Option<String>,
    },
    /// It does not.
    Detach {
        /// Which attachment.
        #[schema(value_type = String)]
        attachment: AttachmentId,
    },
    /// The incident is tracked there.
    ConnectIssue {
        /// Where.
        issue: ExternalIssue,
        /// In place of the one that is known.
        #[serde(default)]
        replace: bool,
    },
    /// A document about it is written here.
    AddDocument {
        /// What it is called, in a line of at most 200 characters.
        title: String,
        /// What it says, in Markdown: at most 100,000 characters.
        markdown: String,
        /// Only if there is none yet.
        #[serde(default)]
        only_first: bool,
    },
    /// The document about it is written elsewhere. A second address takes the place of the first.
    AttachDocument {
        /// Where.
        url: String,
        /// What it is called.
        #[serde(default)]
        title: Option<String>,
    },
    /// A document says something else, or stands otherwise. What is left out stays as it is.
    EditDocument {
        /// Which.
        #[schema(value_type = String)]
        document: DocumentId,
        /// What it is called.
        #[serde(default)]
        title: Option<String>,
        /// What it says; only of one that is written here.
        #[serde(default)]
        markdown: Option<String>,
        /// How far it is.
        #[serde(default)]
        status: Option<DocumentStatus>,
    },
    /// A note for the timeline, of which those who are mentioned hear more.
    Comment {
        /// What to write.
        text: String,
        /// Who is mentioned in it: they are subscribed.
        #[serde(default)]
        mentions: Vec<UserId>,
    },
    /// A note was to say something else. Only who wrote it may say so.
    EditNote {
        /// The version of the note's entry.
        note: i64,
        /// What it says now.
        text: String,
    },
    /// A note is to be forgotten, its text for good. Only who wrote it may say so.
    DeleteNote {
        /// The version of the note's entry.
        note: i64,
    },
    /// Somebody has marked a message as something to be done afterwards.
    #[serde(skip_deserializing)]
    #[schema(ignore)]
    RecordFollowUp {
        /// The message.
        quote: Quote,
        /// Who has marked it.
        by: Option<UserId>,
    },
}

impl Paperwork {
    /// An action or follow-up is to stand so.
    pub fn status_of(kind: ItemKind, item: ItemId, status: ItemStatus) -> Paperwork {
        Paperwork::edit_item(kind, item, Some(status), None, false)
    }

    /// An action or follow-up is to be done by this person, or by nobody.
    pub fn assign(kind: ItemKind, item: ItemId, assignee: Option<UserId>) -> Paperwork {
        let unassign = assignee.is_none();
        Paperwork::edit_item(kind, item, None, assignee, unassign)
    }

    fn edit_item(
        kind: ItemKind,
        item: ItemId,
        status: Option<ItemStatus>,
        assignee: Option<UserId>,
        unassign: bool,
    ) -> Paperwork {
        match kind {
            ItemKind::Action => {
                let action = item;
                Paperwork::EditAction { action, description: None, status, assignee, unassign }
            }
            ItemKind::FollowUp => Paperwork::EditFollowUp {
                follow_up: item,
                title: None,
                description: None,
                status,
                assignee,
                unassign,
                labels: None,
                priority: None,
                category: None,
                issue: None,
            },
        }
    }

    /// Whether only Stentor itself may say this.
    pub fn is_internal(&self) -> bool {
        matches!(self, Paperwork::RecordFollowUp { .. })
    }

    /// The version of the entry that has to be at hand to decide this.
    pub fn cites(&self) -> Option<i64> {
        match self {
            Paperwork::EditNote { note, .. } | Paperwork::DeleteNote { note } => Some(*note),
            _ => None,
        }
    }
}

/// What was written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Filed {
    /// Something is to be done.
    ItemAdded {
        /// What.
        item: Box<Item>,
    },
    /// Something that is to be done stands otherwise.
    ItemChanged {
        /// Which.
        item: ItemId,
        /// What changed.
        edit: Box<ItemEdit>,
    },
    /// Something happened that nobody wrote down then.
    MomentAdded {
        /// What.
        title: String,
        /// More about it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        description: String,
        /// When.
        at: Timestamp,
    },
    /// The timeline tells of an entry in other words.
    MomentChanged {
        /// The version of the entry.
        entry: i64,
        /// What happened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// More about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// When it happened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
    },
    /// Something elsewhere belongs to it.
    Attached {
        /// What.
        attachment: Attachment,
    },
    /// Something elsewhere does not belong to it any more.
    Detached {
        /// What.
        attachment: Attachment,
    },
    /// The incident is tracked elsewhere.
    IssueConnected {
        /// Where.
        issue: ExternalIssue,
        /// Where it was tracked before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<ExternalIssue>,
    },
    /// There is a document about it.
    DocumentAdded {
        /// Which, without what it says.
        document: Box<Document>,
    },
    /// A document about it says something else, or stands otherwise.
    DocumentChanged {
        /// Which.
        document: DocumentId,
        /// What changed.
        edit: DocumentEdit,
    },
    /// A note says something else.
    NoteEdited {
        /// The version of the note's entry.
        note: i64,
        /// What it says now; empty once the note was deleted.
        text: String,
    },
    /// A note was deleted: its entry stays, without its text.
    NoteDeleted {
        /// The version of the note's entry.
        note: i64,
    },
    /// Something that a newer version of Stentor has written and this one does not know.
    #[serde(other)]
    Unknown,
}

/// What an incident remembers of what was written down around it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Papers {
    /// Actions and follow-ups, deleted ones too.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub items: BTreeMap<ItemId, Item>,
    /// The entries that are moments written by hand.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub moments: BTreeSet<i64>,
    /// What belongs to it elsewhere.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attachments: BTreeMap<AttachmentId, Attachment>,
    /// Where it is tracked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue: Option<ExternalIssue>,
    /// Documents about it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub documents: BTreeMap<DocumentId, Document>,
    /// Who hears of its updates.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub subscribers: BTreeSet<UserId>,
    /// Who was taken out of it, and is not to be in its channel.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub removed: BTreeSet<UserId>,
    /// The numbers of the incidents that it is related to.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub related: BTreeMap<IncidentId, i64>,
}

impl Papers {
    /// Whether nothing was written down.
    pub fn is_empty(&self) -> bool {
        *self == Papers::default()
    }

    /// Folds in what this entry says was written down.
    pub fn apply(&mut self, filed: &Filed, entry: &Entry) {
        match filed {
            Filed::ItemAdded { item } => {
                self.items.insert(item.id.clone(), Item::clone(item));
            }
            Filed::ItemChanged { item, edit } => {
                if let Some(item) = self.items.get_mut(item) {
                    item.apply(edit, entry.at);
                }
            }
            Filed::MomentAdded { .. } => {
                self.moments.insert(entry.version);
            }
            Filed::Attached { attachment } => {
                self.attachments.insert(attachment.id.clone(), attachment.clone());
            }
            Filed::Detached { attachment } => {
                self.attachments.remove(&attachment.id);
            }
            Filed::IssueConnected { issue, .. } => self.issue = Some(issue.clone()),
            Filed::DocumentAdded { document } => {
                self.documents.insert(document.id.clone(), Document::clone(document));
            }
            Filed::DocumentChanged { document, edit } => {
                if let Some(document) = self.documents.get_mut(document) {
                    document.apply(edit, entry);
                }
            }
            Filed::MomentChanged { .. }
            | Filed::NoteEdited { .. }
            | Filed::NoteDeleted { .. }
            | Filed::Unknown => {}
        }
    }
}

/// What this does to an incident. `cited` is the entry that the command [cites](Paperwork::cites).
pub fn decide(
    incident: &Incident,
    paperwork: &Paperwork,
    cited: Option<&Entry>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let filed = match paperwork {
        Paperwork::AddAction { .. }
        | Paperwork::EditAction { .. }
        | Paperwork::AddFollowUp { .. }
        | Paperwork::EditFollowUp { .. }
        | Paperwork::RecordFollowUp { .. } => item::decide(incident, paperwork, context)?,
        Paperwork::AddTimelineItem { title, description, at } => {
            moment::add(incident, title, description.as_deref(), *at)?
        }
        Paperwork::EditTimelineItem { entry, title, description, at } => {
            moment::edit(incident, *entry, title.as_deref(), description.as_deref(), *at)?
        }
        Paperwork::Attach { .. } | Paperwork::Detach { .. } | Paperwork::ConnectIssue { .. } => {
            link::decide(incident, paperwork, context)?
        }
        Paperwork::AddDocument { .. }
        | Paperwork::AttachDocument { .. }
        | Paperwork::EditDocument { .. } => document::decide(incident, paperwork, context)?,
        Paperwork::Comment { text, mentions } => return note::comment(incident, text, mentions),
        Paperwork::EditNote { text, .. } => note::edit(text, cited, context)?,
        Paperwork::DeleteNote { .. } => note::delete(cited, context)?,
    };
    Ok(vec![Event::Paperwork(filed)])
}

/// The id of what the incident's next entry brings: a ULID of this time. No other entry of any
/// incident has the same, and those of one incident sort by age: after the milliseconds come the
/// microseconds, then the version, then what tells incidents apart.
pub(super) fn next_id(incident: &Incident, now: Timestamp) -> String {
    let digest = Sha256::digest(incident.id.as_str());
    let micros = now.as_micros().rem_euclid(1_000).to_be_bytes();
    let version = (incident.version + 1).to_be_bytes();
    let mut bits = [0; 16];
    bits[6..8].copy_from_slice(&micros[6..]);
    bits[8..12].copy_from_slice(&version[4..]);
    bits[12..].copy_from_slice(&digest[..4]);
    ulid::Ulid::from_parts(now.as_millis(), u128::from_be_bytes(bits)).to_string()
}

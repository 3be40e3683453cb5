//! Documents about an incident: post-mortems, written here or elsewhere.
//!
//! The incident knows what documents there are; what one says is long, and is written beside it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::{DocumentId, UserId};
use crate::incident::decide::Context;
use crate::incident::event::{Actor, Entry};
use crate::incident::papers::bad::{BadPaper, Text, address};
use crate::incident::papers::{Filed, Paperwork, next_id};
use crate::incident::refusal::Refusal;
use crate::incident::state::Incident;

/// Documents of one incident.
const MOST: usize = 20;
/// People who are named as having written in one document.
const EDITORS: usize = 100;
/// The longest document, in characters.
pub const MARKDOWN_LIMIT: usize = 100_000;

const TITLE: Text =
    Text { what: "a title", missing: "what the document is called", field: "title", limit: 200 };
const MARKDOWN: Text = Text {
    what: "a document",
    missing: "what the document says",
    field: "markdown",
    limit: MARKDOWN_LIMIT,
};

/// Where a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// Here.
    InApp,
    /// Elsewhere.
    External,
}

/// How far a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentStatus {
    /// It is being written.
    InProgress,
    /// It is being read.
    InReview,
    /// It is done.
    Completed,
}

impl DocumentStatus {
    /// What people call it.
    pub fn words(self) -> &'static str {
        match self {
            DocumentStatus::InProgress => "in progress",
            DocumentStatus::InReview => "in review",
            DocumentStatus::Completed => "completed",
        }
    }
}

/// A document about an incident, without what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Document {
    /// Its id, a ULID.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000A")]
    pub id: DocumentId,
    /// What it is called.
    pub title: String,
    /// Where it is written.
    pub kind: DocumentKind,
    /// How far it is.
    pub status: DocumentStatus,
    /// Where it is, if that is elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// It is the one that people mean.
    pub main: bool,
    /// Who has written in it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub editors: BTreeSet<UserId>,
    /// Since when there is one.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What changed of a document. What did not is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct DocumentEdit {
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How far it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<DocumentStep>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// It says something else.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rewritten: bool,
}

/// From one status to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocumentStep {
    /// Before.
    pub from: DocumentStatus,
    /// Now.
    pub to: DocumentStatus,
}

impl Document {
    /// Folds a change in.
    pub(super) fn apply(&mut self, edit: &DocumentEdit, entry: &Entry) {
        self.updated_at = entry.at;
        if let Some(title) = &edit.title {
            self.title.clone_from(title);
        }
        if let Some(step) = edit.status {
            self.status = step.to;
        }
        if let Some(url) = &edit.url {
            self.url = Some(url.clone());
        }
        if let Some(person) = entry.actor.person().filter(|_| self.editors.len() < EDITORS) {
            self.editors.insert(person.clone());
        }
    }
}

/// What a document is to say, as it is kept; nothing if the command says nothing of that.
pub fn text(paperwork: &Paperwork) -> Option<String> {
    let markdown = match paperwork {
        Paperwork::AddDocument { markdown, .. } => markdown,
        Paperwork::EditDocument { markdown, .. } => markdown.as_ref()?,
        _ => return None,
    };
    MARKDOWN.lines(markdown).ok()
}

pub(super) fn decide(
    incident: &Incident,
    paperwork: &Paperwork,
    context: &Context,
) -> Result<Filed, Refusal> {
    match paperwork {
        Paperwork::AddDocument { title, markdown, only_first } => {
            let title = TITLE.line(title)?;
            MARKDOWN.lines(markdown)?;
            let first = incident.main_document().filter(|_| *only_first);
            if let Some(first) = first {
                return Err(BadPaper::HasDocument { title: first.title.clone() }.into());
            }
            add(incident, DocumentKind::InApp, title, None, context)
        }
        Paperwork::AttachDocument { url, title } => {
            attach(incident, &address(url)?, title.as_deref(), context)
        }
        Paperwork::EditDocument { document, title, markdown, status } => {
            let known = incident.papers.documents.get(document);
            let known = known.ok_or(BadPaper::NoSuch { what: "document" })?;
            let title = title.as_deref().map(|title| TITLE.line(title)).transpose()?;
            if let Some(markdown) = markdown {
                if known.kind == DocumentKind::External {
                    return Err(BadPaper::WrittenElsewhere.into());
                }
                MARKDOWN.lines(markdown)?;
            }
            let edit = DocumentEdit {
                title: title.filter(|title| *title != known.title),
                status: status
                    .filter(|to| *to != known.status)
                    .map(|to| DocumentStep { from: known.status, to }),
                url: None,
                rewritten: markdown.is_some(),
            };
            changed(known, edit)
        }
        _ => unreachable!("only what is about documents comes here"),
    }
}

fn attach(
    incident: &Incident,
    url: &str,
    title: Option<&str>,
    context: &Context,
) -> Result<Filed, Refusal> {
    let title = title.map(|title| TITLE.line(title)).transpose()?;
    let mut documents = incident.papers.documents.values();
    if let Some(here) = documents.clone().find(|it| it.kind == DocumentKind::InApp) {
        return Err(BadPaper::HasDocument { title: here.title.clone() }.into());
    }
    match documents.find(|it| it.kind == DocumentKind::External) {
        Some(known) => {
            let edit = DocumentEdit {
                title: title.filter(|title| *title != known.title),
                url: Some(url.to_owned()).filter(|url| known.url.as_ref() != Some(url)),
                ..DocumentEdit::default()
            };
            changed(known, edit)
        }
        None => {
            let title = title.unwrap_or_else(|| format!("Post-mortem of {}", incident.reference()));
            add(incident, DocumentKind::External, title, Some(url.to_owned()), context)
        }
    }
}

fn changed(known: &Document, edit: DocumentEdit) -> Result<Filed, Refusal> {
    if edit == DocumentEdit::default() {
        return Err(Refusal::AlreadySo { what: "The document is so already".to_owned() });
    }
    Ok(Filed::DocumentChanged { document: known.id.clone(), edit })
}

fn add(
    incident: &Incident,
    kind: DocumentKind,
    title: String,
    url: Option<String>,
    context: &Context,
) -> Result<Filed, Refusal> {
    if incident.papers.documents.len() >= MOST {
        return Err(BadPaper::TooMany { what: "documents", limit: MOST }.into());
    }
    let editor = match context.actor {
        Actor::Person { user } => Some(user.clone()),
        Actor::ApiToken { .. } | Actor::Stentor => None,
    };
    let document = Document {
        id: DocumentId::new(next_id(incident, context.now)),
        title,
        kind,
        status: DocumentStatus::InProgress,
        url,
        main: incident.main_document().is_none(),
        editors: editor.into_iter().collect(),
        created_at: context.now,
        updated_at: context.now,
    };
    Ok(Filed::DocumentAdded { document: Box::new(document) })
}

impl Incident {
    /// The document that people mean, if there is one.
    pub fn main_document(&self) -> Option<&Document> {
        self.papers.documents.values().find(|document| document.main)
    }
}

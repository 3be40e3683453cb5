//! Documents about incidents.

use serde::Serialize;

use crate::api::incident_io::shape::Terms;
use crate::api::incident_io::shape::user::User;
use crate::clock::Timestamp;
use crate::ids::{DocumentId, IncidentId};
use crate::incident::papers::document::{self, DocumentKind, DocumentStatus};

/// A document about an incident, without what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Document {
    id: DocumentId,
    incident_id: IncidentId,
    title: String,
    #[serde(rename = "type")]
    kind: DocumentKind,
    status: DocumentStatus,
    /// Where it can be read; empty for one that is written here, which has no page of its own.
    document_url: String,
    exported_urls: [&'static str; 0],
    editors: Vec<User>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Document {
    /// The document as this format shows it.
    pub fn show(
        incident: &IncidentId,
        document: &document::Document,
        terms: &Terms<'_>,
    ) -> Document {
        Document {
            id: document.id.clone(),
            incident_id: incident.clone(),
            title: document.title.clone(),
            kind: document.kind,
            status: document.status,
            document_url: document.url.clone().unwrap_or_default(),
            exported_urls: [],
            editors: document.editors.iter().map(|editor| terms.people.show(editor)).collect(),
            created_at: document.created_at,
            updated_at: document.updated_at,
        }
    }
}

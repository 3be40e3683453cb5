//! Documents about incidents.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::api::incident_io::body::Body;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::incidents::{Wanted, find_field};
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, puts, reads};
use crate::api::incident_io::order;
use crate::api::incident_io::path::Id;
use crate::api::incident_io::query::Query;
use crate::api::incident_io::reader::Reader;
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::incident_io::shape::document::Document;
use crate::app::App;
use crate::engine::order::Target;
use crate::ids::{DocumentId, IncidentId};
use crate::incident::command::Command;
use crate::incident::event::Event;
use crate::incident::papers::document::{self, DocumentKind, DocumentStatus};
use crate::incident::papers::{Filed, Paperwork};
use crate::store::db::Tx;
use crate::store::documents::{self, Order};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v1/postmortem_documents", list),
        reads("/v1/postmortem_documents/{id}", show),
        reads("/v1/postmortem_documents/{id}/content", content),
        puts("/v1/postmortem_documents/{id}", set_status),
        posts("/v1/postmortem_documents/actions/attach", attach),
        posts("/v2/incidents/{id}/actions/import_postmortem_document", import),
    ]
}

/// The most documents on a page.
const PAGE_LIMIT: usize = 250;

/// Who hosts documents, as the format knows them. It is said, and means nothing.
const PROVIDERS: [&str; 12] = [
    "",
    "confluence",
    "google_docs",
    "notion",
    "sharepoint",
    "incident_io",
    "copy_paste_basecamp",
    "copy_paste_confluence",
    "copy_paste_github_wiki",
    "copy_paste_google_docs",
    "copy_paste_notion",
    "copy_paste_quip",
];

/// What this format calls fields of ours.
const NAMES: [(&str, &str); 2] = [("markdown", "content"), ("url", "permalink")];

#[derive(Serialize)]
struct Many {
    postmortem_documents: Vec<Document>,
    pagination_meta: PaginationMeta,
}

#[derive(Serialize)]
struct One {
    postmortem_document: Document,
}

/// A document of an incident.
type Found = (IncidentId, document::Document);

async fn list(State(app): State<App>, key: Key, query: Query) -> Result<Json<Many>, Failure> {
    let page = query.page(PAGE_LIMIT)?;
    let words = ["created_at_newest_first", "created_at_oldest_first"];
    let order = match query.word("sort_by", &words)? {
        Some("created_at_oldest_first") => Order::Oldest,
        _ => Order::Newest,
    };
    let mut tx = app.db.read().await?;
    let incident = match query.one("incident_id") {
        Some(incident) => Some(find_field(&mut tx, &key, "incident_id", incident).await?.id),
        None => None,
    };
    let after = match page.after.clone() {
        Some(id) => Some(find(&mut tx, &key, id).await?.ok_or_else(|| page.lost())?.1.id),
        None => None,
    };
    let (workspace, eyes) = (&key.0.workspace, &key.0.eyes());
    let wanted = documents::Wanted { incident, order, after };
    let limit = i64::try_from(page.size).unwrap_or(i64::MAX);
    let found = documents::page(&mut tx, workspace, eyes, &wanted, limit).await?;
    let after = found.next_after.map(|after| after.to_string());
    let pagination_meta = PaginationMeta { page_size: page.size, after, total_record_count: None };
    let postmortem_documents = drawn(&app, &mut tx, &key, &found.documents).await?;
    Ok(Json(Many { postmortem_documents, pagination_meta }))
}

async fn drawn(
    app: &App,
    tx: &mut Tx,
    key: &Key,
    found: &[Found],
) -> Result<Vec<Document>, Failure> {
    let editors = found.iter().flat_map(|(_, document)| document.editors.iter().cloned());
    let reader = Reader::of(&app.catalogues, tx, &key.0.workspace, editors).await?;
    let terms = reader.terms();
    let shown = found.iter().map(|(incident, it)| Document::show(incident, it, &terms));
    Ok(shown.collect())
}

async fn one(app: &App, tx: &mut Tx, key: &Key, found: Found) -> Result<Json<One>, Failure> {
    let drawn = drawn(app, tx, key, &[found]).await?;
    let postmortem_document = drawn.into_iter().next().ok_or_else(missing)?;
    Ok(Json(One { postmortem_document }))
}

async fn find(tx: &mut Tx, key: &Key, id: String) -> Result<Option<Found>, Failure> {
    let (workspace, eyes, id) = (&key.0.workspace, &key.0.eyes(), DocumentId::new(id));
    Ok(documents::by_id(tx, workspace, eyes, &id).await?)
}

fn missing() -> Failure {
    Failure::not_found("post-mortem document")
}

async fn show(State(app): State<App>, key: Key, Id(id): Id) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let found = find(&mut tx, &key, id).await?.ok_or_else(missing)?;
    one(&app, &mut tx, &key, found).await
}

/// What a document says.
#[derive(Serialize)]
struct Content {
    markdown: String,
}

/// What is written elsewhere says nothing here.
async fn content(State(app): State<App>, key: Key, Id(id): Id) -> Result<Json<Content>, Failure> {
    let mut tx = app.db.read().await?;
    let (_, document) = find(&mut tx, &key, id).await?.ok_or_else(missing)?;
    let markdown = documents::markdown(&mut tx, &key.0.workspace, &document.id).await?;
    let markdown = markdown.ok_or_else(|| Failure::not_found("content"))?;
    Ok(Json(Content { markdown }))
}

#[derive(Debug, Deserialize)]
struct SetStatus {
    status: DocumentStatus,
}

async fn set_status(
    State(app): State<App>,
    key: Key,
    Id(id): Id,
    Body(SetStatus { status }): Body<SetStatus>,
) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let (incident, document) = find(&mut tx, &key, id).await?.ok_or_else(missing)?;
    drop(tx);
    let document = document.id;
    let (title, markdown, status) = (None, None, Some(status));
    let paperwork = Paperwork::EditDocument { document: document.clone(), title, markdown, status };
    let target = Target::Id(incident);
    let done = order::give(&app, &key, None, target, Command::Paperwork(paperwork)).await;
    // What it is set to, it may be already.
    order::unless_so(done)?;
    let mut tx = app.db.read().await?;
    let found = find(&mut tx, &key, document.to_string()).await?.ok_or_else(missing)?;
    one(&app, &mut tx, &key, found).await
}

#[derive(Debug, Deserialize)]
struct Attach {
    incident_id: String,
    permalink: String,
    document_provider: Option<String>,
}

async fn attach(
    State(app): State<App>,
    key: Key,
    Body(attach): Body<Attach>,
) -> Result<(StatusCode, Json<One>), Failure> {
    let provider = attach.document_provider.unwrap_or_default();
    if !PROVIDERS.contains(&provider.as_str()) {
        let message = format!("A provider is one of {}.", PROVIDERS[1..].join(", "));
        return Err(Failure::invalid("document_provider", message));
    }
    let mut tx = app.db.read().await?;
    let incident = find_field(&mut tx, &key, "incident_id", &attach.incident_id).await?;
    drop(tx);
    let attached = Paperwork::AttachDocument { url: attach.permalink, title: None };
    let target = Target::Id(incident.id.clone());
    let done = order::give(&app, &key, None, target, Command::Paperwork(attached)).await;
    order::unless_so(done).map_err(|it| Failure::from(it).in_terms_of(&NAMES))?;
    let mut tx = app.db.read().await?;
    let incident = find_field(&mut tx, &key, "incident_id", incident.id.as_str()).await?;
    // There is one such document, which a second address has changed.
    let mut known = incident.papers.documents.values();
    let external = known.find(|it| it.kind == DocumentKind::External).ok_or_else(missing)?;
    let one = one(&app, &mut tx, &key, (incident.id.clone(), external.clone())).await?;
    Ok((StatusCode::CREATED, one))
}

#[derive(Debug, Deserialize)]
struct Import {
    title: String,
    content: String,
}

async fn import(
    State(app): State<App>,
    key: Key,
    Wanted(target): Wanted,
    Body(Import { title, content: markdown }): Body<Import>,
) -> Result<(StatusCode, Json<One>), Failure> {
    let paperwork = Paperwork::AddDocument { title, markdown, only_first: false };
    let done = order::file(&app, &key, None, target, paperwork, &NAMES).await?;
    let added = done.entries.iter().find_map(|entry| match &entry.event {
        Event::Paperwork(Filed::DocumentAdded { document }) => Some(&**document),
        _ => None,
    });
    let found = (done.incident.id.clone(), added.ok_or_else(missing)?.clone());
    let mut tx = app.db.read().await?;
    Ok((StatusCode::CREATED, one(&app, &mut tx, &key, found).await?))
}

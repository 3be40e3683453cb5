//! Reading documents about incidents.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::Params;
use crate::api::v1::cursor;
use crate::api::v1::incidents::{PAGE, PAGE_LIMIT, find, target};
use crate::api::v1::openapi::{Authorized, Queried};
use crate::api::v1::papers::{Id, OnePaper, missing};
use crate::app::App;
use crate::ids::{DocumentId, IncidentId};
use crate::incident::papers::document::Document;
use crate::store::documents::{self, Wanted};

/// A document, and its incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentView {
    /// The incident that it is about.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000A")]
    pub incident: IncidentId,
    /// The document, without what it says.
    #[serde(flatten)]
    pub document: Document,
}

impl From<(IncidentId, Document)> for DocumentView {
    fn from((incident, document): (IncidentId, Document)) -> Self {
        DocumentView { incident, document }
    }
}

/// A page of documents.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentPage {
    /// Newest first.
    pub documents: Vec<DocumentView>,
    /// The `cursor` of the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// List documents
///
/// Post-mortems of incidents, newest first, without what they say.
#[utoipa::path(
    get,
    path = "/api/v1/documents",
    operation_id = "listDocuments",
    tag = "papers",
    security(("token" = [])),
    params(
        ("incident" = Option<String>, Query, description = "Only those of this incident: its reference, number or id"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200, description = "How many on a page at most; 25 if left out"),
        ("cursor" = Option<String>, Query, description = "Where to go on: the `next_cursor` of the page before, with the same filters"),
    ),
    responses((status = 200, description = "A page of them", body = DocumentPage), Authorized, Queried, OnePaper),
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<DocumentPage>, Problem> {
    let params = Params::read(query.as_deref(), &["incident", "limit", "cursor"])?;
    let limit = params.number("limit", 1..=PAGE_LIMIT, PAGE)?;
    let mut tx = app.db.read().await?;
    let incident = match params.one("incident")? {
        None => None,
        Some(text) => {
            let target = target(text).ok_or_else(Problem::no_such_incident)?;
            Some(find(&mut tx, &caller, &target).await?.id)
        }
    };
    let this = ("documents", &caller.workspace, &incident);
    let after = cursor::of_query(&params, &this)?.map(DocumentId::new);
    let (workspace, eyes) = (&caller.workspace, &caller.eyes());
    let wanted = Wanted { incident: incident.clone(), after, ..Wanted::default() };
    let page = documents::page(&mut tx, workspace, eyes, &wanted, limit).await?;
    let next_cursor = page.next_after.map(|after| cursor::issue_at(after.as_str(), &this));
    let documents = page.documents.into_iter().map(DocumentView::from).collect();
    Ok(Json(DocumentPage { documents, next_cursor }))
}

/// Show a document
#[utoipa::path(
    get,
    path = "/api/v1/documents/{id}",
    operation_id = "showPostmortem",
    tag = "papers",
    security(("token" = [])),
    params(("id" = String, Path, description = "The document's id")),
    responses((status = 200, description = "The document, without what it says", body = DocumentView), Authorized, OnePaper),
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<DocumentView>, Problem> {
    let (mut tx, id) = (app.db.read().await?, DocumentId::new(id));
    let found = documents::by_id(&mut tx, &caller.workspace, &caller.eyes(), &id).await?;
    found.map(|found| Json(found.into())).ok_or_else(|| missing("document"))
}

/// What a document says.
#[derive(Debug, Serialize, ToSchema)]
pub struct Content {
    /// In Markdown.
    pub markdown: String,
}

/// Read a document
///
/// One that is written elsewhere has no content here: that is 404, too.
#[utoipa::path(
    get,
    path = "/api/v1/documents/{id}/content",
    operation_id = "readPostmortem",
    tag = "papers",
    security(("token" = [])),
    params(("id" = String, Path, description = "The document's id")),
    responses((status = 200, description = "What it says", body = Content), Authorized, OnePaper),
)]
pub async fn content(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Content>, Problem> {
    let (mut tx, id) = (app.db.read().await?, DocumentId::new(id));
    let found = documents::by_id(&mut tx, &caller.workspace, &caller.eyes(), &id).await?;
    found.ok_or_else(|| missing("document"))?;
    let markdown = documents::markdown(&mut tx, &caller.workspace, &id).await?;
    markdown.map(|markdown| Json(Content { markdown })).ok_or_else(|| missing("document"))
}

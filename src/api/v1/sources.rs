//! Sources: who may send alerts.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::{Body, IdempotencyKey};
use crate::api::v1::openapi::{Authorized, OneSource, Written};
use crate::api::v1::settings::sentence;
use crate::api::v1::write::KEY;
use crate::app::App;
use crate::clock::Timestamp;
use crate::config::Secret;
use crate::ids::SourceId;
use crate::ingest::kind::Kind;
use crate::ingest::sources::{self, Changed, NotMade, Once, Wanted};
use crate::store;
use crate::store::sources::{AlertSource, SourceSettings};

const PATH: &str = "/api/v1/sources";
/// Stands for the secret in an address that is shown without it.
const HIDDEN: &str = "{secret}";

/// A source of alerts.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Source)]
pub struct SourceView {
    /// Its id, a ULID.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000B")]
    pub id: SourceId,
    /// What it sends.
    #[schema(value_type = String, example = "alertmanager")]
    pub kind: &'static str,
    /// What people call it.
    #[schema(example = "prod-prometheus")]
    pub name: String,
    /// Where it sends to, behind the address that Stentor is reached at. Where the secret is part of it,
    /// `{secret}` stands in its place, unless the secret is shown.
    #[schema(example = "/alertmanager")]
    pub path: String,
    /// The same with that address; null if Stentor was not told its public address.
    #[schema(example = "https://stentor.example.com/alertmanager")]
    pub url: Option<String>,
    /// How what it sends is understood.
    pub settings: SourceSettings,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// Until when the secret before still opens, after it was rotated.
    pub old_secret_until: Option<Timestamp>,
}

/// A source with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
pub struct SourceWithSecret {
    /// The source.
    #[serde(flatten)]
    pub source: SourceView,
    /// Its secret; null if the request was sent before with the same key and the secret was shown then.
    pub secret: Option<String>,
}

impl SourceView {
    fn new(source: AlertSource, app: &App, secret: Option<&Secret>) -> SourceView {
        let path = source.kind.path(&source.id, secret.map_or(HIDDEN, Secret::reveal));
        SourceView {
            url: app.public_url.as_ref().map(|url| format!("{url}{path}")),
            path,
            kind: source.kind.as_str(),
            id: source.id,
            name: source.name,
            settings: source.settings,
            created_at: source.created_at,
            old_secret_until: source.old.map(|(_, until)| until).filter(|at| *at > app.clock.now()),
        }
    }
}

impl SourceWithSecret {
    fn new(once: Once, app: &App) -> SourceWithSecret {
        match once {
            Once::Made(made) => SourceWithSecret {
                source: SourceView::new(made.source, app, Some(&made.secret)),
                secret: Some(made.secret.reveal().to_owned()),
            },
            Once::Repeated(source) => {
                SourceWithSecret { source: SourceView::new(*source, app, None), secret: None }
            }
        }
    }
}

impl From<NotMade> for Problem {
    fn from(not_made: NotMade) -> Problem {
        let detail = sentence(&not_made.to_string());
        let misfit = |field: &str| Problem::does_not_fit(detail.clone(), Some(field.to_owned()));
        match not_made {
            NotMade::NoName | NotMade::NameTooLong { .. } => misfit("name"),
            NotMade::NameTaken { .. } => Problem::name_taken(detail),
            NotMade::BadSecret => misfit("secret"),
            NotMade::BadSettings(_) => misfit("settings"),
            NotMade::Gone => Problem::gone(detail),
            NotMade::NotSaved(error) => error.into(),
        }
    }
}

/// The sources of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceList {
    /// By name.
    pub sources: Vec<SourceView>,
}

/// List sources
#[utoipa::path(
    get,
    path = "/api/v1/sources",
    operation_id = "listSources",
    tag = "sources",
    security(("token" = [])),
    responses((status = 200, description = "All of them", body = SourceList), Authorized),
)]
pub async fn list(State(app): State<App>, caller: Caller) -> Result<Json<SourceList>, Problem> {
    let mut tx = app.db.read().await?;
    let all = store::sources::all(&mut tx, &caller.workspace).await?;
    let sources = all.into_iter().map(|source| SourceView::new(source, &app, None)).collect();
    Ok(Json(SourceList { sources }))
}

/// A source that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSource {
    /// What it sends: `alertmanager`, `alertmanager-webhook`, `grafana`, `pagerduty`, `opsgenie`, `sentry`,
    /// `datadog`, `sns`, `uptime-kuma`, `github`, `cloudevents`, `generic`, `incident-io`, `bigpanda` or `heartbeat`.
    #[schema(example = "alertmanager")]
    pub kind: String,
    /// What people call it, in at most 100 characters; no two have the same name.
    #[schema(example = "prod-prometheus")]
    pub name: String,
    /// Its secret, where the sender has chosen it; otherwise one is made.
    #[serde(default)]
    pub secret: Option<String>,
    /// How what it sends is understood.
    #[serde(default)]
    pub settings: SourceSettings,
}

/// Make a source
///
/// Its secret is shown this once. If the answer was lost, rotate the secret.
#[utoipa::path(
    post,
    path = "/api/v1/sources",
    operation_id = "createSource",
    tag = "sources",
    security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255)),
    request_body = NewSource,
    responses(
        (status = 201, description = "The source with its secret", body = SourceWithSecret,
            headers(("Location" = String, description = "Where the source is"))),
        (status = 409, description = "There is a source of that name (`name-taken`)",
            body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "The source was made by a request with this key, and removed since (`gone`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        Written,
    ),
)]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Body(body): Body<NewSource>,
) -> Result<Response, Problem> {
    let kind: Kind = body.kind.parse().map_err(|error: String| {
        Problem::does_not_fit(sentence(&error), Some("kind".to_owned()))
    })?;
    let wanted = Wanted {
        kind,
        name: body.name,
        secret: body.secret.map(Secret::new),
        settings: body.settings,
    };
    let receipt = key.0.is_some().then(|| caller.receipt_for(PATH, &key, ""));
    let App { db, clock, ids, .. } = &app;
    let vault = app.source_vault.as_deref();
    let once =
        sources::create_once(db, clock, ids, vault, &caller.workspace, wanted, receipt.as_deref())
            .await?;
    let made = SourceWithSecret::new(once, &app);
    let location = format!("{PATH}/{}", made.source.id);
    let location = HeaderValue::try_from(location).expect("an id of ours is a header value");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(made)).into_response())
}

/// Show a source
#[utoipa::path(
    get,
    path = "/api/v1/sources/{id}",
    operation_id = "showSource",
    tag = "sources",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the source")),
    responses((status = 200, description = "The source", body = SourceView), Authorized, OneSource),
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<SourceView>, Problem> {
    let mut tx = app.db.read().await?;
    let source = store::sources::of_workspace(&mut tx, &caller.workspace, &id).await?;
    let source = source.ok_or_else(no_such)?;
    Ok(Json(SourceView::new(source, &app, None)))
}

/// What is to be other about a source.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSource {
    /// What people call it; as before, if left out.
    #[serde(default)]
    pub name: Option<String>,
    /// How what it sends is understood: all of it; as before, if left out.
    #[serde(default)]
    pub settings: Option<SourceSettings>,
}

/// Change a source
///
/// Its name, its settings, or both. What was sent before is not read again.
#[utoipa::path(
    patch,
    path = "/api/v1/sources/{id}",
    operation_id = "changeSource",
    tag = "sources",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the source")),
    request_body = ChangeSource,
    responses(
        (status = 200, description = "The source, as it is now", body = SourceView),
        (status = 409, description = "There is another source of that name (`name-taken`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        OneSource,
        Written,
    ),
)]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
    Body(body): Body<ChangeSource>,
) -> Result<Json<SourceView>, Problem> {
    let changed = Changed { name: body.name, settings: body.settings };
    let source = sources::change(&app.db, &caller.workspace, &id, changed).await?;
    app.sources.forget();
    Ok(Json(SourceView::new(source.ok_or_else(no_such)?, &app, None)))
}

/// A new secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateSource {
    /// The secret, where the sender has chosen it; otherwise one is made.
    #[serde(default)]
    pub secret: Option<String>,
}

/// Give a source a new secret
///
/// It is shown this once. The one before opens for another day, so that the sender can be changed
/// without a gap; the one before that opens nothing any more.
#[utoipa::path(
    post,
    path = "/api/v1/sources/{id}/rotate",
    operation_id = "rotateSource",
    tag = "sources",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The id of the source"),
        ("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255),
    ),
    request_body = RotateSource,
    responses(
        (status = 200, description = "The source with its new secret", body = SourceWithSecret),
        Authorized,
        OneSource,
        Written,
    ),
)]
pub async fn rotate(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
    key: IdempotencyKey,
    Body(body): Body<RotateSource>,
) -> Result<Json<SourceWithSecret>, Problem> {
    let path = format!("{PATH}/{id}/rotate");
    let receipt = key.0.is_some().then(|| caller.receipt_for(&path, &key, ""));
    let secret = body.secret.map(Secret::new);
    let App { db, clock, .. } = &app;
    let (vault, workspace) = (app.source_vault.as_deref(), &caller.workspace);
    let once =
        sources::rotate_once(db, clock, vault, workspace, &id, secret, receipt.as_deref()).await?;
    app.sources.forget();
    Ok(Json(SourceWithSecret::new(once.ok_or_else(no_such)?, &app)))
}

/// Remove a source
///
/// What it sends is not taken any more. What it has sent stays.
#[utoipa::path(
    delete,
    path = "/api/v1/sources/{id}",
    operation_id = "removeSource",
    tag = "sources",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the source")),
    responses((status = 204, description = "It is gone"), Authorized, OneSource),
)]
pub async fn remove(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
) -> Result<StatusCode, Problem> {
    let was_there = sources::remove(&app.db, &app.clock, &caller.workspace, &id).await?;
    app.sources.forget();
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(no_such()) }
}

fn no_such() -> Problem {
    Problem::no_such("source")
}

/// Which source the path means.
pub struct Named(pub SourceId);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text): Path<String> =
            Path::from_request_parts(parts, state).await.map_err(|_| no_such())?;
        let id = ulid::Ulid::from_string(&text).map_err(|_| no_such())?;
        Ok(Named(SourceId::new(id.to_string())))
    }
}

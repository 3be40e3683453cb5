//! Webhooks: who is told of incidents and alerts over HTTP.

use axum::Json;
use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::{Body, IdempotencyKey, Params};
use crate::api::v1::cursor;
use crate::api::v1::incidents::{PAGE, PAGE_LIMIT};
use crate::api::v1::openapi::{Authorized, Keyed, OneWebhook, Queried, Written};
use crate::api::v1::settings::sentence;
use crate::api::v1::write::KEY;
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::WebhookId;
use crate::store;
use crate::store::webhooks::{Attempt, State as Standing, Webhook};
use crate::webhooks::format::Format;
use crate::webhooks::manage::{Changed, NotMade, Once, Wanted};

const PATH: &str = "/api/v1/webhooks";

/// Whether a webhook is told anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookState)]
pub enum StateView {
    /// It is.
    Enabled,
    /// Somebody has switched it off.
    Disabled,
    /// It has taken nothing for five days, and was switched off.
    Failed,
}

/// A webhook.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookView {
    /// Its id, a ULID.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000B")]
    pub id: WebhookId,
    /// Where it is.
    #[schema(example = "https://example.com/stentor")]
    pub url: String,
    /// What it is for.
    pub description: String,
    /// The types of events that it is told of.
    #[schema(example = json!(["public_incident.incident_created_v2"]))]
    pub event_types: Vec<String>,
    /// In whose words it is told.
    pub format: Format,
    /// Whether it is told anything.
    pub state: StateView,
    /// Since when it has taken nothing of what it was told; null if it took the last.
    pub failing_since: Option<Timestamp>,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// When somebody changed it last.
    pub updated_at: Timestamp,
    /// Until when the secret before still signs, after it was rotated.
    pub old_secret_until: Option<Timestamp>,
}

impl WebhookView {
    fn new(webhook: Webhook, now: Timestamp) -> WebhookView {
        WebhookView {
            id: webhook.id,
            url: webhook.url,
            description: webhook.description,
            event_types: webhook.events,
            format: webhook.format,
            state: match webhook.state {
                Standing::On => StateView::Enabled,
                Standing::Off => StateView::Disabled,
                Standing::Broken => StateView::Failed,
            },
            failing_since: webhook.failing_since,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
            old_secret_until: webhook.kept_old.map(|(_, until)| until).filter(|at| *at > now),
        }
    }
}

/// A webhook with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
pub struct WebhookWithSecret {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// What signs: `whsec_…`. Null if the request was sent before with the same key and the secret was
    /// shown then.
    pub secret: Option<String>,
}

impl WebhookWithSecret {
    fn new(once: Once, now: Timestamp) -> WebhookWithSecret {
        match once {
            Once::Made(made) => WebhookWithSecret {
                secret: Some(made.secret.reveal().to_owned()),
                webhook: WebhookView::new(made.webhook, now),
            },
            Once::Repeated(webhook) => {
                WebhookWithSecret { webhook: WebhookView::new(*webhook, now), secret: None }
            }
        }
    }
}

impl From<NotMade> for Problem {
    fn from(not_made: NotMade) -> Problem {
        let detail = sentence(&not_made.to_string());
        let misfit = |field: &str| Problem::does_not_fit(detail.clone(), Some(field.to_owned()));
        match not_made {
            NotMade::BadUrl(_) | NotMade::UrlTooLong(_) => misfit("url"),
            NotMade::NoEvents | NotMade::UnknownEvent(_) | NotMade::NotOfFormat { .. } => {
                misfit("event_types")
            }
            NotMade::DescriptionTooLong(_) => misfit("description"),
            NotMade::TooMany => Problem::enough(detail),
            NotMade::Gone => Problem::gone(detail),
            NotMade::Sealed(_) => Problem::internal(),
            NotMade::NotSaved(error) => error.into(),
        }
    }
}

/// The webhooks of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookList {
    /// Oldest first.
    pub webhooks: Vec<WebhookView>,
}

/// List webhooks
#[utoipa::path(
    get,
    path = "/api/v1/webhooks",
    operation_id = "listWebhooks",
    tag = "webhooks",
    security(("token" = [])),
    responses((status = 200, description = "All of them", body = WebhookList), Authorized),
)]
pub async fn list(State(app): State<App>, caller: Caller) -> Result<Json<WebhookList>, Problem> {
    let mut tx = app.db.read().await?;
    let all = store::webhooks::all(&mut tx, &caller.workspace).await?;
    let now = app.clock.now();
    let webhooks = all.into_iter().map(|webhook| WebhookView::new(webhook, now)).collect();
    Ok(Json(WebhookList { webhooks }))
}

/// A webhook that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Where it is: an address that begins with `https://` or `http://`, and leads into no inner network.
    #[schema(example = "https://example.com/stentor")]
    pub url: String,
    /// The types of events that it is told of.
    #[schema(example = json!(["public_incident.incident_created_v2"]))]
    pub event_types: Vec<String>,
    /// In whose words it is told: as incident.io does it, if left out. In those of BigPanda it is told of
    /// `…incident_created_v2` and `…incident_updated_v2`, and nothing else.
    #[serde(default)]
    #[schema(default = "incident_io")]
    pub format: Format,
    /// What it is for, in at most 1,000 characters.
    #[serde(default)]
    pub description: String,
    /// Whether it is told anything yet.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

/// Make a webhook
///
/// From then on each event of these types is sent there: `{"event_type": "X", "X": {…}}`, or the incident
/// with its alerts in the format `bigpanda`, signed as in
/// Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`). A message is sent until
/// it is answered with a 2xx, for up to 24 hours, always with the same `webhook-id`; so it can come
/// twice. Of what is private only the id is sent, under the `private_…` types.
///
/// The secret is shown this once. If the answer was lost, rotate the secret.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks",
    operation_id = "createWebhook",
    tag = "webhooks",
    security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255)),
    request_body = NewWebhook,
    responses(
        (status = 201, description = "The webhook with its secret", body = WebhookWithSecret,
            headers(("Location" = String, description = "Where the webhook is"))),
        (status = 409, description = "There are as many as there can be (`too-many`)",
            body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "The webhook was made by a request with this key, and removed since (`gone`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        Written,
    ),
)]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Body(body): Body<NewWebhook>,
) -> Result<Response, Problem> {
    let NewWebhook { url, event_types: events, format, description, enabled: is_on } = body;
    let wanted = Wanted { url, description, events, format, is_on };
    let receipt = key.0.is_some().then(|| caller.receipt_for(PATH, &key, ""));
    let once = app.courier.create(&caller.workspace, wanted, receipt.as_deref()).await?;
    let made = WebhookWithSecret::new(once, app.clock.now());
    let location = format!("{PATH}/{}", made.webhook.id);
    let location = HeaderValue::try_from(location).expect("an id of ours is a header value");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(made)).into_response())
}

/// Show a webhook
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{id}",
    operation_id = "showWebhook",
    tag = "webhooks",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the webhook")),
    responses((status = 200, description = "The webhook", body = WebhookView), Authorized, OneWebhook),
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<WebhookView>, Problem> {
    let mut tx = app.db.read().await?;
    let webhook = store::webhooks::by_id(&mut tx, &caller.workspace, &id).await?;
    Ok(Json(WebhookView::new(webhook.ok_or_else(no_such)?, app.clock.now())))
}

/// What is to be other about a webhook.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeWebhook {
    /// Where it is; as before, if left out.
    #[serde(default)]
    pub url: Option<String>,
    /// The types of events that it is told of: all of them; as before, if left out.
    #[serde(default)]
    pub event_types: Option<Vec<String>>,
    /// In whose words it is told; as before, if left out.
    #[serde(default)]
    pub format: Option<Format>,
    /// What it is for; as before, if left out.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether it is told anything; as before, if left out. `true` also takes back that it was switched
    /// off because it failed.
    #[serde(default)]
    pub enabled: Option<bool>,
}

/// Change a webhook
///
/// What it was to be told while it is switched off is not sent; each such message can be sent again.
#[utoipa::path(
    patch,
    path = "/api/v1/webhooks/{id}",
    operation_id = "changeWebhook",
    tag = "webhooks",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the webhook")),
    request_body = ChangeWebhook,
    responses(
        (status = 200, description = "The webhook, as it is now", body = WebhookView),
        Authorized,
        OneWebhook,
        Written,
    ),
)]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
    Body(body): Body<ChangeWebhook>,
) -> Result<Json<WebhookView>, Problem> {
    let ChangeWebhook { url, event_types: events, format, description, enabled: is_on } = body;
    let changed = Changed { url, description, events, format, is_on };
    let webhook = app.courier.change(&caller.workspace, &id, changed).await?;
    Ok(Json(WebhookView::new(webhook.ok_or_else(no_such)?, app.clock.now())))
}

/// Give a webhook a new secret
///
/// It is shown this once. For another day every message is signed with the one before, too, so that the
/// receiver can be changed without a gap.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{id}/rotate",
    operation_id = "rotateWebhook",
    tag = "webhooks",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The id of the webhook"),
        ("Idempotency-Key" = Option<String>, Header, description = KEY, max_length = 255),
    ),
    responses(
        (status = 200, description = "The webhook with its new secret", body = WebhookWithSecret),
        Authorized,
        OneWebhook,
        Keyed,
    ),
)]
pub async fn rotate(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
    key: IdempotencyKey,
) -> Result<Json<WebhookWithSecret>, Problem> {
    let path = format!("{PATH}/{id}/rotate");
    let receipt = key.0.is_some().then(|| caller.receipt_for(&path, &key, ""));
    let once = app.courier.rotate(&caller.workspace, &id, receipt.as_deref()).await?;
    Ok(Json(WebhookWithSecret::new(once.ok_or_else(no_such)?, app.clock.now())))
}

/// Remove a webhook
///
/// It is told nothing any more, and its log is gone.
#[utoipa::path(
    delete,
    path = "/api/v1/webhooks/{id}",
    operation_id = "removeWebhook",
    tag = "webhooks",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the webhook")),
    responses((status = 204, description = "It is gone"), Authorized, OneWebhook),
)]
pub async fn remove(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
) -> Result<StatusCode, Problem> {
    let was_there = app.courier.remove(&caller.workspace, &id).await?;
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(no_such()) }
}

/// An attempt to tell a webhook something.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookAttempt)]
pub struct AttemptView {
    /// What was sent: its `webhook-id`, which is the same in every attempt.
    #[schema(example = "msg_01K5QGJH00000000000000000C")]
    pub message: String,
    /// The type of the event.
    #[schema(example = "public_incident.incident_created_v2")]
    pub event_type: String,
    /// When it was.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// `delivered`, `failed` (it is tried again), `given_up`, or `skipped` because the webhook was
    /// switched off.
    #[schema(example = "delivered")]
    pub outcome: String,
    /// The status that was answered.
    pub status: Option<i64>,
    /// Why it was not taken.
    pub error: Option<String>,
    /// The beginning of what was answered.
    pub answer: Option<String>,
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> AttemptView {
        AttemptView {
            message: attempt.delivery.message,
            event_type: attempt.event,
            at: attempt.at,
            took_ms: attempt.took_ms,
            outcome: attempt.outcome,
            status: attempt.status,
            error: attempt.error,
            answer: attempt.answer,
        }
    }
}

/// A page of attempts.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookAttempts {
    /// Newest first.
    pub attempts: Vec<AttemptView>,
    /// The `cursor` of the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// List what a webhook was told
///
/// Each attempt of the last 30 days, newest first; at most the latest 10,000.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{id}/attempts",
    operation_id = "listWebhookAttempts",
    tag = "webhooks",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The id of the webhook"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200,
            description = "How many on a page at most; 25 if left out"),
        ("cursor" = Option<String>, Query,
            description = "Where to go on: the `next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of them", body = WebhookAttempts),
        Authorized,
        OneWebhook,
        Queried,
    ),
)]
pub async fn attempts(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
    RawQuery(query): RawQuery,
) -> Result<Json<WebhookAttempts>, Problem> {
    let params = Params::read(query.as_deref(), &["limit", "cursor"])?;
    let limit = params.number("limit", 1..=PAGE_LIMIT, PAGE)?;
    let this = ("webhook attempts", &caller.workspace, &id);
    let before = cursor::of_query(&params, &this)?;
    let mut tx = app.db.read().await?;
    let workspace = &caller.workspace;
    store::webhooks::by_id(&mut tx, workspace, &id).await?.ok_or_else(no_such)?;
    let mut found =
        store::webhooks::attempts(&mut tx, workspace, &id, before.as_deref(), limit + 1).await?;
    let is_more = found.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if is_more {
        found.pop();
    }
    let last = found.last().filter(|_| is_more);
    let next_cursor = last.map(|last| cursor::issue_at(&last.id, &this));
    let attempts = found.into_iter().map(AttemptView::from).collect();
    Ok(Json(WebhookAttempts { attempts, next_cursor }))
}

/// What is to be sent again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Redeliver {
    /// The message: its `webhook-id`.
    #[schema(example = "msg_01K5QGJH00000000000000000C")]
    pub message: String,
}

/// Send a message again
///
/// Under the same `webhook-id`, whatever became of it. It has to be among the webhook's attempts.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{id}/redeliver",
    operation_id = "redeliverToWebhook",
    tag = "webhooks",
    security(("token" = [])),
    params(("id" = String, Path, description = "The id of the webhook")),
    request_body = Redeliver,
    responses(
        (status = 202, description = "It will be sent"),
        (status = 404, description = "There is no such webhook (`no-such-webhook`), or it was never told such a message (`no-such-message`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        Written,
    ),
)]
pub async fn redeliver(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named,
    Body(body): Body<Redeliver>,
) -> Result<StatusCode, Problem> {
    let mut tx = app.db.read().await?;
    store::webhooks::by_id(&mut tx, &caller.workspace, &id).await?.ok_or_else(no_such)?;
    drop(tx);
    if !app.courier.redeliver(&caller.workspace, &id, &body.message).await? {
        return Err(Problem::no_such("message"));
    }
    app.work_waits.notify_one();
    Ok(StatusCode::ACCEPTED)
}

fn no_such() -> Problem {
    Problem::no_such("webhook")
}

/// Which webhook the path means.
pub struct Named(pub WebhookId);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text): Path<String> =
            Path::from_request_parts(parts, state).await.map_err(|_| no_such())?;
        let id = ulid::Ulid::from_string(&text).map_err(|_| no_such())?;
        Ok(Named(WebhookId::new(id.to_string())))
    }
}

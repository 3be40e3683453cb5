//! The doors for monitoring: one file for each sender's format.
//!
//! A door proves who sends ([`proof`]), reads the body into
//! [observations](crate::alert::observation), hands them to the [intake](crate::intake), and
//! answers in the words that *this* sender understands, once they are durable: its own success, a
//! refusal that it does not repeat for what can never be read, and something that makes it come
//! back when we are the ones who can't.

pub mod attributes;
mod base64;
mod caller;
mod doorstep;
mod formatted;
pub mod kind;
pub mod knock;
mod multipart;
mod percent;
pub mod proof;
pub mod sources;
mod values;

mod alertmanager;
mod alertmanager_webhook;
mod bigpanda;
mod cloudevents;
mod datadog;
mod generic;
mod github;
mod grafana;
pub mod heartbeat;
mod incident_io;
mod opsgenie;
mod pagerduty;
mod sentry;
pub mod sns;
mod uptime_kuma;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;

use crate::app::App;
use crate::ingest::caller::Caller;
use crate::ingest::kind::Kind;
use crate::ingest::knock::{Knock, Trouble, source_id};
use crate::store::sources::{AlertSource, SourceSettings};

/// The largest body that is read of most senders.
pub const BODY_LIMIT: usize = 1024 * 1024;
/// The largest body of senders that cut theirs at this size.
pub const SMALL_BODY_LIMIT: usize = 512 * 1024;

/// Everything that monitoring sends to.
pub fn router(app: &App) -> Router<App> {
    Router::new()
        .route("/hooks/{source}", any(receive))
        .route("/hooks/{source}/", any(receive))
        .route("/hooks/{source}/{*rest}", any(receive))
        .merge(alertmanager::router())
        .merge(opsgenie::router())
        .merge(pagerduty::router())
        .merge(bigpanda::router())
        .merge(incident_io::router())
        .merge(heartbeat::router())
        // Each door has its own limit, and reads the body itself.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(app.clone(), caller::introduce))
}

async fn receive(State(app): State<App>, request: Request) -> Response {
    // As it was sent: a slash may be part of a name, and then stands there encoded.
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let mut parts = path.splitn(3, '/').skip(1);
    let (source, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    answer(&app, source, rest, request).await
}

/// Hands a request to the door of the source that its address names.
async fn answer(app: &App, source: &str, rest: &str, request: Request) -> Response {
    match source_by_id(app, Caller::of(&request), source).await {
        Ok(source) => hand_over(app, source, rest, request).await,
        Err(trouble) => trouble.into_response(),
    }
}

/// The source that an address names.
async fn source_by_id(
    app: &App,
    caller: Caller,
    source: &str,
) -> Result<Arc<AlertSource>, Trouble> {
    let id = source_id(source).ok_or(Trouble::NotThere)?;
    caller.source_by_id(app, &id).await
}

/// Hands a request to the door of this source.
async fn hand_over(app: &App, source: Arc<AlertSource>, rest: &str, request: Request) -> Response {
    let kind = source.kind;
    let response = match Knock::read(app, source, rest, request, body_limit(kind)).await {
        Ok(knock) => open(knock).await,
        Err((knock, trouble)) => refuse(&knock, trouble),
    };
    counted(kind, response)
}

/// Counts an answer.
fn counted(kind: Kind, response: Response) -> Response {
    let outcome = response.status().as_u16().to_string();
    metrics::counter!("stentor_deliveries_total", "kind" => kind.as_str(), "status" => outcome)
        .increment(1);
    response
}

/// Hands a request to the door of its source's kind.
async fn open(knock: Knock) -> Response {
    match knock.source.kind {
        Kind::Alertmanager => alertmanager::receive(knock).await,
        Kind::AlertmanagerWebhook => alertmanager_webhook::receive(knock).await,
        Kind::Grafana => grafana::receive(knock).await,
        Kind::Pagerduty => pagerduty::receive(knock).await,
        Kind::Opsgenie => opsgenie::receive(knock).await,
        Kind::Sentry => sentry::receive(knock).await,
        Kind::Datadog => datadog::receive(knock).await,
        Kind::Sns => sns::receive(knock).await,
        Kind::UptimeKuma => uptime_kuma::receive(knock).await,
        Kind::Github => github::receive(knock).await,
        Kind::Cloudevents => cloudevents::receive(knock).await,
        Kind::Generic => generic::receive(knock).await,
        Kind::IncidentIo => incident_io::receive(knock).await,
        Kind::Bigpanda => bigpanda::receive(knock).await,
        Kind::Heartbeat => heartbeat::receive(knock).await,
        // They need no door.
        Kind::Rules => Trouble::NotThere.into_response(),
    }
}

/// Says in the words of the source's kind why a request went no further.
fn refuse(knock: &Knock, trouble: Trouble) -> Response {
    match knock.source.kind {
        Kind::Alertmanager => alertmanager::refuse(trouble),
        Kind::AlertmanagerWebhook => alertmanager_webhook::refuse(trouble),
        Kind::Grafana => grafana::refuse(trouble),
        Kind::Pagerduty => pagerduty::refuse(trouble),
        Kind::Opsgenie => opsgenie::refuse(trouble),
        Kind::Sentry => sentry::refuse(trouble),
        Kind::Datadog => datadog::refuse(trouble),
        Kind::Sns => sns::refuse(trouble),
        Kind::UptimeKuma => uptime_kuma::refuse(trouble),
        Kind::Github => github::refuse(trouble),
        Kind::Cloudevents => cloudevents::refuse(trouble),
        Kind::Generic => generic::refuse(trouble),
        Kind::IncidentIo => incident_io::refuse(knock, trouble),
        Kind::Bigpanda => bigpanda::refuse(trouble),
        Kind::Heartbeat => heartbeat::refuse(trouble),
        Kind::Rules => Trouble::NotThere.into_response(),
    }
}

/// How much is read of a source of this kind.
fn body_limit(kind: Kind) -> usize {
    match kind {
        Kind::Pagerduty | Kind::IncidentIo => SMALL_BODY_LIMIT,
        _ => BODY_LIMIT,
    }
}

/// Whether the door of this kind understands these settings; the reason, if not.
pub fn check_settings(kind: Kind, settings: &SourceSettings) -> Result<(), String> {
    settings.check_labels()?;
    let door = &settings.door;
    match kind {
        Kind::Grafana => grafana::check_settings(door),
        Kind::Sentry => sentry::check_settings(door),
        Kind::Sns => sns::check_settings(door),
        Kind::Cloudevents => cloudevents::check_settings(door),
        Kind::Generic => generic::check_settings(door),
        Kind::IncidentIo => incident_io::check_settings(door),
        Kind::Heartbeat => heartbeat::check_settings(door),
        Kind::Rules => Err("Stentor makes the source of alert rules by itself".to_owned()),
        _ if door.is_null() => Ok(()),
        _ => Err(format!("a source of kind {kind} has no settings of its own")),
    }
}

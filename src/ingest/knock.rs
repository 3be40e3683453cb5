//! A request at one of the doors, and the troubles that every door has to answer in its sender's
//! words.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::alert::observation::{ChangeEvent, Observation};
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::SourceId;
use crate::intake::order::{Delivery, NotTaken, Taken};
use crate::json;
use crate::store::sources::AlertSource;

/// The most values in a body. A batch of a thousand alerts has some tens of thousands.
const PIECES: usize = 200_000;

/// How much of a body that is too large goes by before it is answered.
const SKIPPED: usize = 4 * 1024 * 1024;

/// A request to a source's address.
pub struct Knock {
    /// The house.
    pub app: App,
    /// Whom it says it is from.
    pub source: Arc<AlertSource>,
    /// Its method.
    pub method: Method,
    /// The path behind the source, without slashes at its ends.
    pub rest: String,
    /// Its query.
    pub query: Option<String>,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, as it came.
    pub body: Bytes,
    /// When it came.
    pub now: Timestamp,
}

/// Why a request goes no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// There is no such source, or nothing at that path.
    NotThere,
    /// It does not prove who it is.
    Unproven,
    /// There is such a path, but not for this method.
    WrongMethod,
    /// The body is of a type that this door does not read.
    WrongType,
    /// Too large to look at.
    TooLarge,
    /// The body can never be read, or says what can't be; why.
    Unreadable(String),
    /// There is more than can be taken now. It is to come again then.
    Busy(Duration),
    /// So much from there proved nothing that this is not looked at now. It is to come again then.
    Suspected(Duration),
    /// What came could not be saved. It is to come again.
    Unavailable,
}

impl Trouble {
    /// The usual status for it.
    pub fn status(&self) -> StatusCode {
        match self {
            Trouble::NotThere => StatusCode::NOT_FOUND,
            Trouble::Unproven => StatusCode::UNAUTHORIZED,
            Trouble::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Trouble::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Trouble::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Trouble::Unreadable(_) => StatusCode::BAD_REQUEST,
            Trouble::Busy(_) | Trouble::Suspected(_) => StatusCode::TOO_MANY_REQUESTS,
            Trouble::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The status for senders that take a 429 for their last word: what they are to send again is
    /// refused with 503.
    pub fn status_without_429(&self) -> StatusCode {
        match self {
            Trouble::Busy(_) | Trouble::Suspected(_) => StatusCode::SERVICE_UNAVAILABLE,
            other => other.status(),
        }
    }

    /// A sentence for people.
    pub fn message(&self) -> String {
        match self {
            Trouble::NotThere => "There is nothing here.".to_owned(),
            Trouble::Unproven => {
                "The secret or signature of this source is missing or wrong.".to_owned()
            }
            Trouble::WrongMethod => "Not with this method.".to_owned(),
            Trouble::WrongType => "The body is of a type that is not read here.".to_owned(),
            Trouble::TooLarge => "The body is too large.".to_owned(),
            Trouble::Unreadable(why) => why.clone(),
            Trouble::Busy(_) => "More comes in than can be saved; try again.".to_owned(),
            Trouble::Suspected(_) => {
                "Too much from this address was not genuine; try again.".to_owned()
            }
            Trouble::Unavailable => "It could not be saved; try again.".to_owned(),
        }
    }

    /// For how long the sender had better wait, in whole seconds.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Trouble::Busy(wait) | Trouble::Suspected(wait) => Some(wait.as_secs().max(1)),
            Trouble::Unavailable => Some(1),
            _ => None,
        }
    }

    /// An answer with this status and body, and `Retry-After` where it helps.
    pub fn answer(&self, status: StatusCode, body: serde_json::Value) -> Response {
        let mut response = (status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if *self == Trouble::Unproven {
            let challenge = HeaderValue::from_static("Bearer, Basic realm=\"stentor\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl IntoResponse for Trouble {
    /// The answer for senders that have no words of their own for it.
    fn into_response(self) -> Response {
        let body = json!({"error": self.message()});
        self.answer(self.status(), body)
    }
}

impl From<NotTaken> for Trouble {
    fn from(not_taken: NotTaken) -> Self {
        match not_taken {
            NotTaken::Busy { retry_after } => Trouble::Busy(retry_after),
            NotTaken::Unavailable(_) => Trouble::Unavailable,
        }
    }
}

impl Knock {
    /// Reads a request to a source: first who it says it is from, then as much of the body as that
    /// source may send.
    pub async fn read(
        app: &App,
        source: Arc<AlertSource>,
        rest: &str,
        request: Request,
        limit: usize,
    ) -> Result<Knock, (Knock, Trouble)> {
        let (parts, body) = request.into_parts();
        let mut knock = Knock {
            app: app.clone(),
            source,
            method: parts.method,
            rest: rest.trim_matches('/').to_owned(),
            query: parts.uri.query().map(str::to_owned),
            headers: parts.headers,
            body: Bytes::new(),
            now: app.clock.now(),
        };
        match body_within(body, &knock.headers, limit).await {
            Ok(body) => {
                knock.body = body;
                Ok(knock)
            }
            Err(trouble) => Err((knock, trouble)),
        }
    }

    /// The body as JSON of this shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Trouble> {
        from_json(&self.body)
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The path behind the source, part by part, decoded.
    pub fn path(&self) -> Vec<String> {
        let parts = self.rest.split('/').filter(|part| !part.is_empty());
        parts.map(crate::ingest::percent::decode).collect()
    }

    /// Hands over what the sender says. When this returns `Ok`, it is durable. `delivery` is the
    /// sender's own id of this request, if it has one that stays the same when it repeats it.
    pub async fn take(
        &self,
        mut observations: Vec<Observation>,
        changes: Vec<ChangeEvent>,
        delivery: Option<&str>,
    ) -> Result<Taken, Trouble> {
        observations.iter_mut().for_each(|observation| self.source.label(observation));
        let delivery = Delivery {
            source: Arc::clone(&self.source),
            observations,
            changes,
            receipt: delivery.map(|id| self.receipt(id)),
        };
        Ok(self.app.intake.take(delivery).await?)
    }

    /// Under what a delivery of this source is known.
    pub fn receipt(&self, delivery: &str) -> String {
        format!("source/{}/{delivery}", self.source.id)
    }
}

/// JSON of this shape, of a size that can be read without harm.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Trouble> {
    if json::pieces(bytes) > PIECES {
        return Err(Trouble::Unreadable(format!("The body has more than {PIECES} values.")));
    }
    serde_json::from_slice(bytes)
        .map_err(|error| Trouble::Unreadable(format!("The body can't be read: {error}.")))
}

/// As much of a body as is allowed.
pub async fn body_within(
    mut body: Body,
    headers: &HeaderMap,
    limit: usize,
) -> Result<Bytes, Trouble> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let is_large =
        announced.and_then(|text| text.parse().ok()).is_some_and(|length: usize| length > limit);
    if !is_large {
        match Limited::new(&mut body, limit).collect().await {
            Ok(collected) => return Ok(collected.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {}
            Err(_) => return Err(Trouble::Unreadable("The body did not arrive whole.".to_owned())),
        }
    }
    skip(body).await;
    Err(Trouble::TooLarge)
}

/// Lets what is too large go by: who is still sending when the connection ends hears nothing of the
/// answer, and comes again.
async fn skip(mut body: Body) {
    let mut left = SKIPPED;
    while left > 0
        && let Some(Ok(frame)) = body.frame().await
    {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
    }
}

/// What an address names as its source.
pub fn source_id(text: &str) -> Option<SourceId> {
    let is_ulid = text.len() == 26 && text.bytes().all(|c| c.is_ascii_alphanumeric());
    is_ulid.then(|| SourceId::new(text.to_ascii_uppercase()))
}

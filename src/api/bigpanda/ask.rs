//! Who asks, and what the body says.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::bigpanda::failure::Failure;
use crate::api::caller::Caller;
use crate::api::limit::Rate;
use crate::api::problem::Problem;
use crate::app::App;
use crate::incident::text::shorten;
use crate::json;

/// The most values in a body: five hundred alerts to resolve are the most that anybody sends.
const PIECES: usize = 4_096;

/// Most endpoints: five times a second.
const USUAL: Rate = Rate { per_minute: 300, burst: 5 };
/// The endpoint that resolves hundreds of alerts: once a second.
const BATCH: Rate = Rate { per_minute: 60, burst: 1 };
/// The first version of the API.
const FIRST: Rate = Rate { per_minute: 150, burst: 150 };

/// A program that showed a valid token, and whose turn it is.
pub struct Guest(pub Caller);

impl FromRequestParts<App> for Guest {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Guest, Failure> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let path = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned());
        let path = path.unwrap_or_default();
        let limit = match path.as_str() {
            path if path.contains("/batch-resolve/") => BATCH,
            path if path.contains("/v1.0/") => FIRST,
            _ => USUAL,
        };
        let endpoint = format!("{} {path}", parts.method);
        let bucket = format!("bigpanda {} {endpoint}", caller.token());
        let turn = app.limits.take(&bucket, limit, app.clock.now());
        turn.map_err(|empty| Failure::too_often(empty.wait))?;
        Ok(Guest(caller))
    }
}

/// A JSON body. Fields that nobody reads are left alone, as BigPanda leaves them.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let value =
            read(request, state).await?.ok_or_else(|| Failure::bad("A body is required."))?;
        let body = serde_json::from_value(value);
        body.map(Body).map_err(|error| Failure::bad(shorten(&format!("{error}."), 400)))
    }
}

/// A JSON body that may be missing.
pub struct MaybeBody(pub Option<Value>);

impl<S: Send + Sync> FromRequest<S> for MaybeBody {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        read(request, state).await.map(MaybeBody)
    }
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Option<Value>, Failure> {
    let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(),
            _ => Problem::malformed("The body did not arrive whole."),
        }
    })?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    if json::pieces(&bytes) > PIECES {
        return Err(Failure::bad(format!("The body has more than {PIECES} values.")));
    }
    let value: Value = serde_json::from_slice(&bytes)
        .map_err(|error| Failure::bad(shorten(&format!("{error}."), 400)))?;
    match json::has_nul(&value) {
        true => Err(Failure::bad("The character U+0000 can't be kept.")),
        false => Ok(Some(value)),
    }
}

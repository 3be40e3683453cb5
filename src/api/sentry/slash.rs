//! Every path ends with a slash. Who forgets it is sent to where it is not forgotten.

use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::api::sentry::refused::Refused;

/// Sends a client to the same path with a slash; there, it is found or not. What has a body is sent
/// with 308, so that it arrives there too.
pub async fn add(method: Method, uri: Uri) -> Response {
    let path = uri.path();
    if path.ends_with('/') || !path.starts_with("/sentry/api/0/") {
        return Refused::not_there().into_response();
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let Ok(place) = HeaderValue::try_from(format!("{path}/{query}")) else {
        return Refused::not_there().into_response();
    };
    let status = match method {
        Method::GET | Method::HEAD => StatusCode::MOVED_PERMANENTLY,
        _ => StatusCode::PERMANENT_REDIRECT,
    };
    (status, [(header::LOCATION, place)]).into_response()
}

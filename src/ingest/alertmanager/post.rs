//! Alerts come in.

use std::time::Duration;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::ingest::alertmanager::reading::{self, Circumstances, RESOLVE_TIMEOUT};
use crate::ingest::alertmanager::{Refused, refuse};
use crate::ingest::knock::Knock;

/// Takes alerts. The good ones of a batch are kept even if others are not.
pub async fn alerts(knock: &Knock) -> Response {
    if let Some(mime) = other_than_json(knock) {
        return Refused::wrong_type(&mime).into_response();
    }
    if knock.body.is_empty() {
        return Refused::missing("alerts in body").into_response();
    }
    let minutes = knock.source.settings.resolve_after_minutes;
    let resolve_timeout =
        minutes.map_or(RESOLVE_TIMEOUT, |minutes| Duration::from_secs(u64::from(minutes) * 60));
    let read = match reading::read(&knock.body, Circumstances { now: knock.now, resolve_timeout }) {
        Ok(read) => read,
        Err(error) => return Refused::unreadable("alerts", &error).into_response(),
    };
    if !read.good.is_empty()
        && let Err(trouble) = knock.take(read.good, Vec::new(), None).await
    {
        return refuse(trouble);
    }
    if read.bad.is_empty() {
        StatusCode::OK.into_response()
    } else {
        (StatusCode::BAD_REQUEST, Json(read.bad.to_line())).into_response()
    }
}

/// The type of the body, if the sender says that it is no JSON.
pub fn other_than_json(knock: &Knock) -> Option<String> {
    let given = knock.headers.get(header::CONTENT_TYPE)?.to_str().unwrap_or_default();
    let mime = given.split(';').next().unwrap_or_default().trim();
    (!mime.eq_ignore_ascii_case("application/json"))
        .then(|| crate::incident::text::shorten(mime, 100))
}

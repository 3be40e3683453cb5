//! Answers that are a success.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// JSON.
pub fn json(body: impl Into<Body>) -> Response {
    let mut response = body.into().into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// JSON with a tag; nothing but the tag for who has it already.
pub fn tagged(body: &impl Serialize, asked: &HeaderMap) -> Response {
    let body = serde_json::to_vec(body).expect("an answer is plain data");
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&body)[..16]));
    let known = asked.get_all(header::IF_NONE_MATCH).iter();
    let mut known = known.filter_map(|value| value.to_str().ok()).flat_map(|it| it.split(','));
    let is_known = known.any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    });
    let mut response = if is_known { StatusCode::NOT_MODIFIED.into_response() } else { json(body) };
    let tag = HeaderValue::try_from(tag).expect("digits and quotes are a header value");
    response.headers_mut().insert(header::ETAG, tag);
    response
}

//! Reads a call as it comes over the wire: a query, a form or JSON, and a token.

use axum::{body::to_bytes, extract::Request, http::header};
use serde_json::{Map, Value};

/// More than any method takes.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// From the Authorization header, or from a form.
    pub token: Option<String>,
    /// The app's own name and secret, from the Authorization header.
    pub basic: Option<(String, String)>,
    /// From the query.
    pub query: Map<String, Value>,
    /// From the body.
    pub body: Body,
    /// A body of JSON that doesn't say it's UTF-8: Slack warns of that.
    pub lacks_charset: bool,
}

/// What the body holds.
#[derive(Clone, Debug, Default)]
pub enum Body {
    #[default]
    Empty,
    Form(Map<String, Value>),
    Json(Map<String, Value>),
    /// "invalid_json", "json_not_object", "invalid_form_data".
    Broken(&'static str),
}

impl Asked {
    /// All arguments, wherever they stand; without the token.
    pub fn all_args(&self) -> Map<String, Value> {
        let mut all = self.query.clone();
        if let Body::Form(args) | Body::Json(args) = &self.body {
            all.extend(args.clone());
        }
        all
    }
}

/// Reads a request.
pub async fn read(request: Request) -> Asked {
    let (parts, body) = request.into_parts();
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let content_type = header(header::CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    let bearer = header(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    let mut asked = Asked {
        token: bearer.map(|token| token.trim().to_owned()),
        basic: header(header::AUTHORIZATION).and_then(basic),
        query: pairs(parts.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default(),
        body: Body::Empty,
        lacks_charset: false,
    };
    // A token in the query would end up in logs, so Slack doesn't take it from there.
    asked.query.remove("token");
    let bytes = match to_bytes(body, MAX_BODY).await {
        Ok(bytes) => bytes,
        Err(_) => {
            asked.body = Body::Broken("request_timeout");
            return asked;
        }
    };
    if bytes.is_empty() {
        return asked;
    }
    asked.body = if content_type.starts_with("application/json") {
        asked.lacks_charset = !content_type.contains("charset");
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(args)) => Body::Json(args),
            Ok(_) => Body::Broken("json_not_object"),
            Err(_) => Body::Broken("invalid_json"),
        }
    } else if content_type.starts_with("application/x-www-form-urlencoded") {
        match pairs(&bytes) {
            Some(mut args) => {
                let token = args.remove("token");
                asked.token = asked.token.or(token.and_then(|t| t.as_str().map(str::to_owned)));
                Body::Form(args)
            }
            None => Body::Broken("invalid_form_data"),
        }
    } else if content_type.starts_with("multipart/form-data") {
        Body::Broken("invalid_form_data")
    } else {
        Body::Broken("invalid_post_type")
    };
    asked
}

/// `Basic`, and name and secret in base64.
fn basic(value: &str) -> Option<(String, String)> {
    let encoded = value.strip_prefix("Basic ")?.trim().trim_end_matches('=');
    let mut bits = 0_u32;
    let mut held = 0_u32;
    let mut bytes = Vec::new();
    for c in encoded.bytes() {
        let digit = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(digit);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).unwrap_or_default());
        }
    }
    let (name, secret) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    Some((name.to_owned(), secret.to_owned()))
}

fn pairs(bytes: &[u8]) -> Option<Map<String, Value>> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(bytes).ok()?;
    Some(pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect())
}

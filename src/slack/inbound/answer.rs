//! What Slack is answered, whichever door its request came through.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;

use crate::slack::view::kit::message::Message;

/// An answer, which is given only when what it says is durable.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Nothing,
    Json(Bytes),
    Text(String),
}

impl Answer {
    /// Nothing to say: what was asked for shows itself.
    pub fn silence() -> Answer {
        Answer { status: StatusCode::OK, body: Body::Nothing }
    }

    /// An answer whose body is this JSON.
    pub fn json(body: Bytes) -> Answer {
        Answer { status: StatusCode::OK, body: Body::Json(body) }
    }

    /// An answer whose body is this, as JSON.
    pub fn value(value: &serde_json::Value) -> Answer {
        Answer::json(Bytes::from(value.to_string()))
    }

    /// An answer in plain text.
    pub fn text(text: String) -> Answer {
        Answer { status: StatusCode::OK, body: Body::Text(text) }
    }

    /// Says something that only the person who asked can see.
    pub fn whisper(message: &Message) -> Answer {
        Answer::json(whispered(message))
    }

    /// It could not be saved: Slack is to send it again.
    pub fn again() -> Answer {
        Answer { status: StatusCode::SERVICE_UNAVAILABLE, body: Body::Nothing }
    }

    /// It has another shape than anything of Slack's.
    pub fn unreadable(why: &'static str) -> Answer {
        Answer { status: StatusCode::BAD_REQUEST, body: Body::Text(why.to_owned()) }
    }

    /// Whether it says that the request was taken.
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// Its JSON, if it says anything.
    pub fn payload(&self) -> Option<&[u8]> {
        match &self.body {
            Body::Json(json) => Some(json),
            Body::Nothing | Body::Text(_) => None,
        }
    }
}

/// The body of an answer that only the person who asked can see.
pub fn whispered(message: &Message) -> Bytes {
    #[derive(Serialize)]
    struct Whisper<'a> {
        response_type: &'static str,
        #[serde(flatten)]
        message: &'a Message,
    }
    let whisper = Whisper { response_type: "ephemeral", message };
    serde_json::to_vec(&whisper).expect("a message is JSON").into()
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self.body {
            Body::Nothing => self.status.into_response(),
            Body::Json(json) => {
                (self.status, [(CONTENT_TYPE, "application/json")], json).into_response()
            }
            Body::Text(text) => (self.status, [(CONTENT_TYPE, "text/plain")], text).into_response(),
        }
    }
}

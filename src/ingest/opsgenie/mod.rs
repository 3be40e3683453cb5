//! Opsgenie's Alert API, version 2, for what was written for it.
//!
//! A change is accepted with 202 and an id under which is told later what became of it. Here it has
//! happened by then. The secret is the key that follows `GenieKey`; it says who it is where the
//! address names no source.
//!
//! What has no place here is refused: nobody is paged by an escalation, a responder, a team or an
//! action that was accepted and then forgotten, and no alert is deleted.

mod change;
mod find;
mod query;
mod request;
mod view;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use serde_json::{Value, json};

use crate::app::App;
use crate::ingest::caller::Caller;
use crate::ingest::kind::Kind;
use crate::ingest::knock::{Knock, Trouble};
use crate::ingest::opsgenie::change::Change;
use crate::ingest::opsgenie::request::{Action, RequestId};
use crate::ingest::{BODY_LIMIT, counted, doorstep, proof, values};

/// What software sends to when all it can be told is where the API is.
pub fn router() -> axum::Router<App> {
    axum::Router::new().route("/opsgenie/{*rest}", any(by_key))
}

async fn by_key(State(app): State<App>, request: Request) -> Response {
    let response = match find_source(&app, request).await {
        Ok(knock) => receive(knock).await,
        Err(trouble) => refuse(trouble),
    };
    counted(Kind::Opsgenie, response)
}

/// Finds the source by the secret that the request shows.
async fn find_source(app: &App, request: Request) -> Result<Knock, Trouble> {
    // As it was sent: a slash may be part of an alias, and then stands there encoded.
    let rest = request.uri().path().trim_start_matches("/opsgenie/").to_owned();
    let secrets = proof::shown(request.headers(), request.uri().query(), &rest);
    let caller = Caller::of(&request);
    let source = caller.source_by_secret(app, &secrets, Kind::Opsgenie).await?;
    let knock = Knock::read(app, source, &rest, request, BODY_LIMIT).await;
    knock.map_err(|(_, trouble)| trouble)
}

/// The store could not be asked.
fn unavailable(error: sqlx::Error) -> Trouble {
    tracing::warn!(error = %error, "Could not look up what Opsgenie's clients ask for");
    Trouble::Unavailable
}

/// Takes a request.
pub async fn receive(knock: Knock) -> Response {
    match take(&knock).await {
        Ok(response) => response,
        Err(trouble) => refuse(trouble),
    }
}

/// Says why a request went no further.
pub fn refuse(trouble: Trouble) -> Response {
    let status = match &trouble {
        Trouble::Unreadable(_) => StatusCode::UNPROCESSABLE_ENTITY,
        other => other.status(),
    };
    let message = match &trouble {
        Trouble::Unproven => "Could not authenticate".to_owned(),
        other => other.message(),
    };
    trouble.answer(status, json!({"message": message, "took": 0.0, "requestId": ""}))
}

async fn take(knock: &Knock) -> Result<Response, Trouble> {
    if !knock.shows_secret() {
        return Err(Trouble::Unproven);
    }
    let path = knock.path_behind_key();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let ["v2", "alerts", rest @ ..] = path.as_slice() else { return Err(Trouble::NotThere) };
    if knock.method == Method::GET { ask(knock, rest).await } else { act(knock, rest).await }
}

/// Answers what somebody wants to know.
async fn ask(knock: &Knock, path: &[&str]) -> Result<Response, Trouble> {
    let data = match path {
        [] => find::list(knock).await?,
        ["count"] => json!({"count": find::count(knock).await?}),
        ["requests", id] => request::outcome(knock, id).await?,
        [word] => view::whole(&find::one(knock, word).await?.ok_or(Trouble::NotThere)?),
        [word, "notes"] => find::notes(knock, word).await?,
        _ => return Err(Trouble::NotThere),
    };
    Ok(Json(answer(knock, &new_id(knock, Action::Ask), &[("data", data)])).into_response())
}

/// Carries a change out.
async fn act(knock: &Knock, path: &[&str]) -> Result<Response, Trouble> {
    let change = Change::of(&knock.method, path).ok_or(match path {
        ["count"] | ["requests", _] | [_, "notes"] => Trouble::WrongMethod,
        _ => Trouble::NotThere,
    })?;
    let body = if knock.body.trim_ascii().is_empty() { json!({}) } else { knock.object()? };
    let id = new_id(knock, change.action());
    let key = match path {
        // Without an alias it is known by the id of the request that made it.
        [] => change::alias(&body)?.unwrap_or_else(|| id.to_string()),
        [word, ..] => find::key(knock, word).await?,
    };
    let query = knock.query.as_deref().unwrap_or_default();
    let observations =
        change.observations(&values::key(&key), &body, &doorstep::form(query.as_bytes())?)?;
    knock.take(observations, Vec::new(), Some(&id.to_string())).await?;
    let body = answer(knock, &id, &[("result", json!("Request will be processed"))]);
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

fn new_id(knock: &Knock, action: Action) -> RequestId {
    RequestId::new(&knock.app.ids.ulid(knock.now), action)
}

/// What every answer has besides.
fn answer(knock: &Knock, id: &RequestId, fields: &[(&str, Value)]) -> Value {
    let took = knock.app.clock.now().since(knock.now).as_secs_f64();
    let mut body = json!({"took": took, "requestId": id.to_string()});
    for (name, value) in fields {
        body[*name] = value.clone();
    }
    body
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_comes_too_often_is_told_when_to_come_again() {
        let response = refuse(Trouble::Busy(Duration::from_secs(5)));
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()["retry-after"], "5");
        assert_eq!(refuse(Trouble::Unavailable).status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}

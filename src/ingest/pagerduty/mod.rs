//! PagerDuty's Events API, version 2: alerts, and changes.
//!
//! The routing key in the body is the source's secret. Stock software lets people set a host and no
//! more, so both paths are served without a source in them too: there the key alone says who it is.

mod event;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use serde_json::{Value, json};

use crate::app::App;
use crate::ingest::caller::Caller;
use crate::ingest::kind::Kind;
use crate::ingest::knock::{Knock, Trouble, body_within};
use crate::ingest::{SMALL_BODY_LIMIT, counted, doorstep};

/// What stock software sends to when all it knows is a host.
pub fn router() -> axum::Router<App> {
    let mut router = axum::Router::new();
    for path in ["/v2/enqueue", "/v2/enqueue/", "/v2/change/enqueue", "/v2/change/enqueue/"] {
        router = router.route(path, any(by_key));
    }
    router
}

async fn by_key(State(app): State<App>, request: Request) -> Response {
    let response = match find(&app, request).await {
        Ok(knock) => receive(knock).await,
        Err(trouble) => refuse(trouble),
    };
    counted(Kind::Pagerduty, response)
}

/// Finds the source by the routing key in the body.
async fn find(app: &App, request: Request) -> Result<Knock, Trouble> {
    let caller = Caller::of(&request);
    let (parts, body) = request.into_parts();
    let body = body_within(body, &parts.headers, SMALL_BODY_LIMIT).await?;
    let key = event::routing_key(&doorstep::object_in(&body)?);
    let source = caller.source_by_secret(app, &[key], Kind::Pagerduty).await?;
    Ok(Knock {
        app: app.clone(),
        source,
        method: parts.method,
        rest: parts.uri.path().trim_matches('/').to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers,
        body,
        now: app.clock.now(),
    })
}

/// Takes a request.
pub async fn receive(knock: Knock) -> Response {
    match take(&knock).await {
        Ok(response) => response,
        Err(trouble) => refuse(trouble),
    }
}

/// Says why a request went no further. Who comes too often is told so, and comes again.
pub fn refuse(trouble: Trouble) -> Response {
    let status = match &trouble {
        Trouble::Busy(_) | Trouble::Suspected(_) => "throttle exceeded",
        Trouble::Unavailable => "unavailable",
        _ => "invalid event",
    };
    let message = match &trouble {
        Trouble::Unproven => "The routing key is missing or wrong.".to_owned(),
        other => other.message(),
    };
    let body = json!({"status": status, "message": message, "errors": [message]});
    trouble.answer(trouble.status(), body)
}

/// The event says what can't be.
fn invalid(errors: &[String]) -> Response {
    let body =
        json!({"status": "invalid event", "message": "Event object is invalid", "errors": errors});
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

async fn take(knock: &Knock) -> Result<Response, Trouble> {
    let path = knock.path().join("/");
    let is_change = match path.as_str() {
        "" | "v2/enqueue" => false,
        "v2/change/enqueue" => true,
        _ => return Err(Trouble::NotThere),
    };
    if knock.method != Method::POST {
        return Err(Trouble::WrongMethod);
    }
    let body = knock.object()?;
    if !knock.is_secret(&event::routing_key(&body)) {
        return Err(Trouble::Unproven);
    }
    if is_change { take_change(knock, &body).await } else { take_alert(knock, &body).await }
}

async fn take_alert(knock: &Knock, body: &Value) -> Result<Response, Trouble> {
    let (key, observation) = match event::alert(body, || knock.app.ids.ulid(knock.now)) {
        Ok(read) => read,
        Err(errors) => return Ok(invalid(&errors)),
    };
    // What is over stays over, and an acknowledgement of it is accepted all the same.
    knock.take(vec![observation], Vec::new(), None).await?;
    let body = json!({"status": "success", "message": "Event processed", "dedup_key": key});
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

async fn take_change(knock: &Knock, body: &Value) -> Result<Response, Trouble> {
    // Two changes are never the same one: nothing in them says so.
    let change = match event::change(body, knock.app.ids.ulid(knock.now)) {
        Ok(change) => change,
        Err(errors) => return Ok(invalid(&errors)),
    };
    knock.take(Vec::new(), vec![change], None).await?;
    let body = json!({"status": "success", "message": "Change event processed"});
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
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

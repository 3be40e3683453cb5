//! The one thing that can be done about an incident's status: it ends.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;

use crate::api::problem::Problem;
use crate::api::request::IdempotencyKey;
use crate::api::sentry::body::Given;
use crate::api::sentry::house::House;
use crate::api::sentry::incidents::status::Status;
use crate::api::sentry::incidents::{Shown, showing, the_one};
use crate::api::sentry::refused::{Refused, Wrong};
use crate::app::App;
use crate::engine::order::{Done, NotDone, Order, Target};
use crate::incident::command::Command;
use crate::incident::event::Via;
use crate::incident::papers::bad::BadPaper;
use crate::incident::refusal::Refusal;

/// Ends an incident. One that is over stays as it is, whatever is said about it.
pub async fn close(
    State(app): State<App>,
    house: House,
    key: Result<IdempotencyKey, Problem>,
    given: Given,
) -> Result<Json<Value>, Refused> {
    let before = the_one(&app, &house).await?;
    let message = wanted(&given)?;
    if before.incident.category.is_active() {
        let command = Command::Close { message };
        match submit(&app, &house, &before, key?, command).await {
            // Somebody else was faster: it is over, which is what was wanted.
            Ok(_) | Err(NotDone::Refused(Refusal::Over { .. })) => {}
            Err(not_done) => return Err(about_comment(not_done)),
        }
    }
    let after = the_one(&app, &house).await?;
    showing::detailed(&app, &house, &after).await.map(Json)
}

/// What is said with it, if the body wants it ended.
fn wanted(given: &Given) -> Result<Option<String>, Refused> {
    let mut wrong = Wrong::default();
    given.need("status", &mut wrong);
    let status = given.whole("status", &mut wrong);
    let message = given.text("comment", &mut wrong).filter(|text| !text.is_empty());
    wrong.check()?;
    match status.map(Status::from_number) {
        Some(Some(Status::Closed)) => Ok(message),
        Some(Some(_)) => Err(Refused::bare(StatusCode::BAD_REQUEST, "Status cannot be changed.")),
        Some(None) | None => {
            Err(Refused::field("status", "Invalid value for status. Valid values: [1, 2, 10, 20]"))
        }
    }
}

/// Gives a command to an incident.
pub async fn submit(
    app: &App,
    house: &House,
    shown: &Shown,
    IdempotencyKey(key): IdempotencyKey,
    command: Command,
) -> Result<Done, NotDone> {
    let order = Order {
        workspace: house.caller.workspace.clone(),
        receipt: key.map(|key| house.caller.receipt(&key)),
        target: Target::Id(shown.incident.id.clone()),
        actor: house.caller.actor.clone(),
        through: Some(house.caller.program()),
        via: Via::Api,
        command,
        expected_version: None,
    };
    app.engine.submit(order).await
}

/// What can be wrong with a comment is said about it.
pub fn about_comment(not_done: NotDone) -> Refused {
    match not_done {
        NotDone::Refused(Refusal::Missing { .. } | Refusal::BadPaper(BadPaper::Missing { .. })) => {
            Refused::field("comment", "This field may not be blank.")
        }
        NotDone::Refused(
            Refusal::TooLong { limit, .. } | Refusal::BadPaper(BadPaper::TooLong { limit, .. }),
        ) => {
            let why = format!("Ensure this field has no more than {limit} characters.");
            Refused::field("comment", &why)
        }
        other => other.into(),
    }
}

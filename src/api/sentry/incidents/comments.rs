//! Comments: notes of the record, written, corrected and taken back by who wrote them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use crate::api::problem::Problem;
use crate::api::request::IdempotencyKey;
use crate::api::sentry::body::Given;
use crate::api::sentry::house::House;
use crate::api::sentry::incidents::activity::{self, Activity};
use crate::api::sentry::incidents::write::{about_comment, submit};
use crate::api::sentry::incidents::{Shown, the_one};
use crate::api::sentry::numbers;
use crate::api::sentry::refused::{Refused, Wrong};
use crate::app::App;
use crate::engine::order::NotDone;
use crate::ids::UserId;
use crate::incident::command::Command;
use crate::incident::papers::Paperwork;
use crate::incident::papers::bad::BadPaper;
use crate::incident::refusal::Refusal;

/// Writes a comment.
pub async fn create(
    State(app): State<App>,
    house: House,
    key: Result<IdempotencyKey, Problem>,
    given: Given,
) -> Result<Response, Refused> {
    let shown = the_one(&app, &house).await?;
    let text = text(&given)?;
    let mentions = mentions(&given)?;
    let command = Command::Paperwork(Paperwork::Comment { text, mentions });
    let done = submit(&app, &house, &shown, key?, command).await.map_err(about_comment)?;
    // The note comes last of what was written.
    let entry = done.entries.last().ok_or_else(Refused::not_there)?;
    let comment = Activity::comment(entry).ok_or_else(Refused::not_there)?;
    let body = in_their_shape(&app, &house, &shown, comment).await?;
    Ok((StatusCode::CREATED, body).into_response())
}

/// Corrects a comment.
pub async fn replace(
    State(app): State<App>,
    house: House,
    given: Given,
) -> Result<Json<Value>, Refused> {
    let shown = the_one(&app, &house).await?;
    let note = note(&house, &shown)?;
    let text = text(&given)?;
    let command = Command::Paperwork(Paperwork::EditNote { note, text });
    submit(&app, &house, &shown, IdempotencyKey(None), command).await.map_err(about_own)?;
    let all = activity::of(&app, &house, &shown).await?;
    let comment = all.into_iter().find(|one| one.version == note);
    in_their_shape(&app, &house, &shown, comment.ok_or_else(Refused::not_there)?).await
}

async fn in_their_shape(
    app: &App,
    house: &House,
    shown: &Shown,
    comment: Activity,
) -> Result<Json<Value>, Refused> {
    let number = shown.incident.number;
    let shown = activity::shown(app, house, number, &[comment]).await?;
    shown.into_iter().next().map(Json).ok_or_else(Refused::not_there)
}

/// Takes a comment back, for good.
pub async fn delete(State(app): State<App>, house: House) -> Result<StatusCode, Refused> {
    let shown = the_one(&app, &house).await?;
    let note = note(&house, &shown)?;
    let command = Command::Paperwork(Paperwork::DeleteNote { note });
    submit(&app, &house, &shown, IdempotencyKey(None), command).await.map_err(about_own)?;
    Ok(StatusCode::NO_CONTENT)
}

fn text(given: &Given) -> Result<String, Refused> {
    let mut wrong = Wrong::default();
    given.need("comment", &mut wrong);
    let text = given.text("comment", &mut wrong);
    wrong.check()?;
    Ok(text.unwrap_or_default())
}

/// Who is mentioned: `user:1`. There are no teams who could be.
fn mentions(given: &Given) -> Result<Vec<UserId>, Refused> {
    let mut wrong = Wrong::default();
    let all = given.texts("mentions", &mut wrong).unwrap_or_default();
    let mut people = Vec::new();
    for mention in all {
        match mention.split_once(':') {
            Some(("user", id)) if numbers::person(id).is_some() => {
                people.extend(numbers::person(id));
            }
            Some(("team", _)) => {
                let why = "Mentioned team not found or not associated with project";
                wrong.add("mentions", why);
            }
            _ => wrong.add("mentions", "Cannot mention a non team member"),
        }
    }
    wrong.check()?;
    Ok(people)
}

/// The version of the entry that the path means.
fn note(house: &House, shown: &Shown) -> Result<i64, Refused> {
    let number = numbers::read(house.part("activity"));
    let version = number.and_then(|number| activity::version(shown.incident.number, number));
    version.ok_or_else(Refused::not_there)
}

/// What is not one's own comment is not there.
fn about_own(not_done: NotDone) -> Refused {
    match not_done {
        NotDone::Refused(Refusal::BadPaper(BadPaper::NoSuch { .. } | BadPaper::NotTheAuthor)) => {
            Refused::not_there()
        }
        other => about_comment(other),
    }
}

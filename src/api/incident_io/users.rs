//! People: those of this Slack, as it tells of them.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, reads};
use crate::api::incident_io::query::{Page, Query};
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::incident_io::shape::user::UserWithRoles;
use crate::app::App;
use crate::ids::UserId;
use crate::oncall::person::Person;
use crate::store::people::{self, Named};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![reads("/v2/users", list), reads("/v2/users/{id}", show)]
}

/// The most people on a page.
const PAGE_LIMIT: usize = 10_000;

#[derive(Serialize)]
struct Many {
    users: Vec<UserWithRoles>,
    pagination_meta: PaginationMeta,
}

#[derive(Serialize)]
struct One {
    user: UserWithRoles,
}

async fn list(
    State(app): State<App>,
    Key(caller): Key,
    query: Query,
) -> Result<Json<Many>, Failure> {
    let page = query.page(PAGE_LIMIT)?;
    let with_inactive = query.flag("include_inactive")?;
    let after = place(&page)?;
    let (email, id) = (query.one("email"), query.one("slack_user_id").map(UserId::from));
    let mut tx = app.db.read().await?;
    let mut found: Vec<Person> = if email.is_some() || id.is_some() {
        let named = Named { id: id.as_ref(), email, with_inactive };
        let named = people::named(&mut tx, &caller.workspace, named).await?;
        let is_later = |person: &Person| after.as_ref().is_none_or(|after| person.id > *after);
        named.into_iter().filter(is_later).collect()
    } else {
        let limit = i64::try_from(page.size).unwrap_or(i64::MAX).saturating_add(1);
        people::page(&mut tx, &caller.workspace, with_inactive, after.as_ref(), limit).await?
    };
    let pagination_meta = PaginationMeta::close(&page, &mut found, |it| it.id.to_string());
    let users = found.into_iter().map(UserWithRoles::from).collect();
    Ok(Json(Many { users, pagination_meta }))
}

/// A place in the order of ids; whoever was there need not be there any more.
pub fn place(page: &Page) -> Result<Option<UserId>, Failure> {
    let after = page.after.as_deref().map(UserId::from);
    match after {
        Some(id) if !id.is_well_formed() => {
            Err(Failure::invalid("after", "after is the id of somebody in Slack."))
        }
        after => Ok(after),
    }
}

async fn show(
    State(app): State<App>,
    Key(caller): Key,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let found = people::with_ids(&mut tx, &caller.workspace, &[UserId::new(id)]).await?;
    let person = found.into_iter().next().ok_or_else(|| Failure::not_found("user"))?;
    Ok(Json(One { user: person.into() }))
}

//! The people of the workspace, as Slack tells of them.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Id, OneOfThem, Wanted, name};
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::v1::openapi::{Authorized, Queried};
use crate::app::App;
use crate::ids::UserId;
use crate::oncall::person::Person;
use crate::store::people::{self, Named};

const PATH: &str = "/api/v1/people";

/// A page of people.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeoplePage {
    /// In the order of their ids.
    people: Vec<Person>,
    /// The `cursor` of the next page; null on the last one.
    next_cursor: Option<String>,
}

/// List people
///
/// Those of this Slack, as it tells of them; read each day, and when it says that something has
/// changed. Where Stentor may not read them (`doctor` says so), the list is empty, and people are
/// known by their Slack ids alone.
#[utoipa::path(
    get,
    path = "/api/v1/people",
    operation_id = "listPeople",
    tag = "on-call",
    security(("token" = [])),
    params(
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100,
            description = "How many on a page at most; 25 if left out"),
        ("cursor" = Option<String>, Query,
            description = "Where to go on: the `next_cursor` of the page before"),
        ("email" = Option<String>, Query, description = "Only whoever has this address"),
        ("slack_user_id" = Option<String>, Query, description = "Only whoever has this id in Slack"),
        ("include_inactive" = Option<bool>, Query,
            description = "Also those who are not there any more; not, if left out"),
    ),
    responses(
        (status = 200, description = "A page of people", body = PeoplePage),
        Authorized,
        Queried,
    ),
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<PeoplePage>, Problem> {
    let more = ["email", "slack_user_id", "include_inactive"];
    let this = name(PATH, &caller.workspace);
    let wanted = Wanted::read(query.as_deref(), &more, &this)?;
    let inactive = match wanted.params.one("include_inactive")? {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            return Err(Problem::bad_parameter("include_inactive", "It is `true` or `false`."));
        }
    };
    let mut tx = app.db.read().await?;
    let (email, id) = (wanted.params.one("email")?, wanted.params.one("slack_user_id")?);
    if email.is_some() || id.is_some() {
        let id = id.map(UserId::from);
        let named = Named { id: id.as_ref(), email, with_inactive: inactive };
        let people = people::named(&mut tx, &caller.workspace, named).await?;
        return Ok(Json(PeoplePage { people, next_cursor: None }));
    }
    let after = wanted.place.as_deref().map(UserId::from);
    let limit = wanted.limit + 1;
    let mut people =
        people::page(&mut tx, &caller.workspace, inactive, after.as_ref(), limit).await?;
    let next_cursor = wanted.cut(&mut people, &this, |person| person.id.to_string());
    Ok(Json(PeoplePage { people, next_cursor }))
}

/// Show a person
#[utoipa::path(
    get,
    path = "/api/v1/people/{id}",
    operation_id = "showPerson",
    tag = "on-call",
    security(("token" = [])),
    params(("id" = String, Path, description = "Their id in Slack")),
    responses((status = 200, description = "The person", body = Person), Authorized, OneOfThem),
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Person>, Problem> {
    let mut tx = app.db.read().await?;
    let found = people::with_ids(&mut tx, &caller.workspace, &[UserId::new(id)]).await?;
    found.into_iter().next().map(Json).ok_or_else(|| Problem::no_such("person"))
}

//! Who has looked at an incident, and who wants to hear of it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::api::request::IdempotencyKey;
use crate::api::sentry::house::House;
use crate::api::sentry::incidents::write::submit;
use crate::api::sentry::incidents::{Shown, the_one};
use crate::api::sentry::people::Directory;
use crate::api::sentry::refused::Refused;
use crate::app::App;
use crate::clock::Timestamp;
use crate::engine::order::NotDone;
use crate::ids::UserId;
use crate::incident::command::Command;
use crate::incident::event::Actor;
use crate::incident::refusal::Refusal;
use crate::store::seen;

/// People who are named as having looked at one incident.
const LOOKED: i64 = 1_000;
/// What the word for a program begins with. No id in Slack does.
const TOKEN: &str = "token/";

/// Writes down that whoever calls looks at an incident.
pub async fn see(
    State(app): State<App>,
    house: House,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let shown = the_one(&app, &house).await?;
    if let Some(viewer) = viewer(&house.caller.actor) {
        let mut tx = app.db.begin().await?;
        let workspace = &house.caller.workspace;
        seen::mark(&mut tx, workspace, &shown.incident.id, &viewer, app.clock.now()).await?;
        tx.commit().await?;
    }
    Ok((StatusCode::CREATED, Json(json!({}))))
}

/// Lets whoever calls hear of an incident. Once is enough.
pub async fn subscribe(
    State(app): State<App>,
    house: House,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let shown = the_one(&app, &house).await?;
    wish(&app, &house, &shown, Command::Subscribe { person: None }).await?;
    Ok((StatusCode::CREATED, Json(json!({}))))
}

/// Lets whoever calls hear nothing more of it.
pub async fn unsubscribe(State(app): State<App>, house: House) -> Result<Json<Value>, Refused> {
    let shown = the_one(&app, &house).await?;
    wish(&app, &house, &shown, Command::Unsubscribe { person: None }).await?;
    Ok(Json(json!({})))
}

async fn wish(app: &App, house: &House, shown: &Shown, command: Command) -> Result<(), Refused> {
    match submit(app, house, shown, IdempotencyKey(None), command).await {
        Ok(_) | Err(NotDone::Refused(Refusal::AlreadySo { .. })) => Ok(()),
        Err(not_done) => Err(not_done.into()),
    }
}

/// What there is to say of an incident and people.
pub struct Known {
    /// Who has looked at it, who did so last first.
    pub seen_by: Value,
    /// Whether whoever calls has.
    pub has_seen: bool,
    /// Whether they hear of it.
    pub is_subscribed: bool,
}

/// What is known of an incident and people.
pub async fn known(app: &App, house: &House, shown: &Shown) -> Result<Known, Refused> {
    let mut tx = app.db.read().await?;
    let workspace = &house.caller.workspace;
    let all = seen::of_incident(&mut tx, workspace, &shown.incident.id, LOOKED).await?;
    let own = viewer(&house.caller.actor);
    let has_seen = own.is_some_and(|own| all.iter().any(|(viewer, _)| *viewer == own));
    let viewers: Vec<(Actor, Timestamp)> =
        all.iter().map(|(viewer, at)| (actor(viewer), *at)).collect();
    let actors = viewers.iter().map(|(actor, _)| actor);
    let directory = Directory::of(&mut tx, workspace, actors).await?;
    let seen_by = viewers.iter().map(|(viewer, at)| {
        let mut user = directory.user(viewer);
        user["lastSeen"] = json!(at);
        user
    });
    let subscribers = &shown.incident.papers.subscribers;
    let is_subscribed = house.caller.actor.person().is_some_and(|own| subscribers.contains(own));
    Ok(Known { seen_by: seen_by.collect(), has_seen, is_subscribed })
}

/// Under which word somebody is kept who looks: people under their id, programs under their name.
fn viewer(actor: &Actor) -> Option<UserId> {
    match actor {
        Actor::Person { user } => Some(user.clone()),
        Actor::ApiToken { name } => Some(UserId::new(format!("{TOKEN}{name}"))),
        Actor::Stentor => None,
    }
}

/// Who is kept under this word.
fn actor(viewer: &UserId) -> Actor {
    match viewer.as_str().strip_prefix(TOKEN) {
        Some(name) => Actor::ApiToken { name: name.to_owned() },
        None => Actor::Person { user: viewer.clone() },
    }
}

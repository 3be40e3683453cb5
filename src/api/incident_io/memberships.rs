//! Who is part of a private incident.
//!
//! A membership is no record of its own: its id is made of those of the incident and the person.
//! There are no teams here that could be part of one.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::api::incident_io::body::Body;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::incidents::find_field;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts};
use crate::api::incident_io::order;
use crate::api::incident_io::reader::Reader;
use crate::api::incident_io::shape::user::User;
use crate::app::App;
use crate::clock::Timestamp;
use crate::engine::order::Target;
use crate::ids::{IncidentId, UserId};
use crate::incident::command::Command;
use crate::incident::members;
use crate::incident::papers::bad::BadPaper;
use crate::incident::state::{Incident, Visibility};
use crate::store::timeline;

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        posts("/v1/incident_memberships", create),
        posts("/v1/incident_memberships/actions/revoke", revoke),
        posts("/v1/incident_team_memberships", team),
        posts("/v1/incident_team_memberships/actions/revoke", team),
    ]
}

/// What this format calls fields of ours.
const NAMES: [(&str, &str); 2] = [("person", "user_id"), ("people", "user_id")];

#[derive(Debug, Deserialize)]
struct Member {
    incident_id: String,
    user_id: String,
}

#[derive(Serialize)]
struct One {
    incident_membership: Membership,
}

/// Somebody who is part of an incident.
#[derive(Serialize)]
struct Membership {
    id: String,
    incident_id: IncidentId,
    user: User,
    created_at: Timestamp,
    updated_at: Timestamp,
}

async fn create(
    State(app): State<App>,
    key: Key,
    Body(member): Body<Member>,
) -> Result<(StatusCode, Json<One>), Failure> {
    let incident = private(&app, &key, &member).await?;
    let person = UserId::new(member.user_id);
    let command = Command::Invite { people: vec![person.clone()] };
    let done = order::give(&app, &key, None, Target::Id(incident.id.clone()), command).await;
    // Who is part of it already is so with the same membership.
    order::unless_so(done).map_err(|it| Failure::from(it).in_terms_of(&NAMES))?;
    let incident_membership = membership(&app, &key, incident.id, &person).await?;
    Ok((StatusCode::CREATED, Json(One { incident_membership })))
}

async fn revoke(
    State(app): State<App>,
    key: Key,
    Body(member): Body<Member>,
) -> Result<StatusCode, Failure> {
    let incident = private(&app, &key, &member).await?;
    let command = Command::Remove { person: UserId::new(member.user_id) };
    let done = order::give(&app, &key, None, Target::Id(incident.id), command).await;
    done.map_err(|it| Failure::from(it).in_terms_of(&NAMES))?;
    Ok(StatusCode::NO_CONTENT)
}

/// The incident that is meant, if it is one that not everybody may know of.
async fn private(app: &App, key: &Key, member: &Member) -> Result<Incident, Failure> {
    let mut tx = app.db.read().await?;
    let incident = find_field(&mut tx, key, "incident_id", &member.incident_id).await?;
    match incident.visibility {
        Visibility::Private => Ok(incident),
        Visibility::Public => {
            Err(Failure::invalid("incident_id", BadPaper::NotPrivate.to_string()))
        }
    }
}

async fn membership(
    app: &App,
    key: &Key,
    incident: IncidentId,
    person: &UserId,
) -> Result<Membership, Failure> {
    let mut tx = app.db.read().await?;
    let record = timeline::whole(&mut tx, &key.0.workspace, &incident).await?;
    let since = members::since(person, &record);
    // Somebody may have taken them out at the same moment.
    let since = since.ok_or_else(|| Failure::conflict("They were taken out of it again."))?;
    let people = [person.clone()];
    let reader = Reader::of(&app.catalogues, &mut tx, &key.0.workspace, people).await?;
    Ok(Membership {
        id: format!("{incident}.{person}"),
        user: reader.terms().people.show(person),
        incident_id: incident,
        created_at: since,
        updated_at: since,
    })
}

#[derive(Debug, Deserialize)]
struct Team {
    #[serde(rename = "incident_id")]
    _incident: String,
    #[serde(rename = "team_id")]
    _team: String,
}

async fn team(_key: Key, Body(_): Body<Team>) -> Failure {
    Failure::invalid("team_id", "There are no teams here; people are invited one by one.")
}

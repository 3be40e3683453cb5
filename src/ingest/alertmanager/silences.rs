//! Silences, which are settings of the workspace as all others are.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::alert::matcher::Matcher;
use crate::alert::prepared;
use crate::alert::settings::{Kept, Setting, Silence};
use crate::clock::Timestamp;
use crate::ids::SettingId;
use crate::ingest::alertmanager::Refused;
use crate::ingest::alertmanager::post::other_than_json;
use crate::ingest::alertmanager::query::Query;
use crate::ingest::alertmanager::silence::{self, Posted, State, Update};
use crate::ingest::alertmanager::time::Shown;
use crate::ingest::alertmanager::wire::{GettableSilence, SilenceStatus};
use crate::ingest::knock::{Knock, Trouble};
use crate::intake::order::Errand;
use crate::store::alert_settings;

/// The word for silences among settings.
const KIND: &str = "silence";

/// A silence as it is kept.
struct Found {
    id: SettingId,
    silence: Silence,
    updated_at: Timestamp,
}

/// Shows the silences whose conditions are asked for, those that matter most first.
pub async fn list(knock: &Knock) -> Result<Response, Refused> {
    let query = Query::of(knock);
    let filter = query.filter()?;
    let creators: Vec<&str> = query.all("creator").filter(|creator| !creator.is_empty()).collect();
    let mut found = all(knock).await?;
    found.retain(|one| {
        let by_name = one
            .silence
            .matchers
            .iter()
            .map(|Matcher { name, value, .. }| (name.clone(), value.clone()));
        let by_creator = creators.is_empty() || creators.contains(&one.silence.created_by.as_str());
        by_creator && filter.hold(&by_name.collect())
    });
    found.sort_by(|a, b| {
        let state = |one: &Found| State::of(&one.silence, knock.now);
        let within = match state(a) {
            State::Active => a.silence.ends_at.cmp(&b.silence.ends_at),
            State::Pending => a.silence.starts_at.cmp(&b.silence.starts_at),
            State::Expired => b.silence.ends_at.cmp(&a.silence.ends_at),
        };
        state(a).cmp(&state(b)).then(within).then_with(|| a.id.cmp(&b.id))
    });
    let shown: Vec<GettableSilence> =
        found.into_iter().map(|one| to_wire(one, knock.now)).collect();
    Ok(Json(shown).into_response())
}

/// Shows one silence.
pub async fn show(knock: &Knock, id: &str) -> Result<Response, Refused> {
    let found = find(knock, id).await?;
    let found = found.ok_or(Trouble::NotThere)?;
    Ok(Json(to_wire(found, knock.now)).into_response())
}

/// Makes a silence, or changes one.
pub async fn post(knock: &Knock) -> Result<Response, Refused> {
    if let Some(mime) = other_than_json(knock) {
        return Err(Refused::wrong_type(&mime));
    }
    if knock.body.is_empty() {
        return Err(Refused::missing("silence in body"));
    }
    let posted: Posted = serde_json::from_slice(&knock.body)
        .map_err(|error| Refused::unreadable("silence", &error))?;
    let of = posted.id.clone().filter(|id| !id.is_empty());
    let wanted = posted.read(knock.now)?;
    let before = match of {
        None => None,
        Some(id) if !silence::is_uuid(&id) => return Err(not_found()),
        Some(id) => Some(find(knock, &id).await?.ok_or_else(not_found)?),
    };
    let new_id = || silence::new_id(&knock.app.ids.ulid(knock.now));
    let id = match before {
        None => keep(knock, new_id(), silence::from_now(wanted, knock.now)).await?,
        Some(before) => match silence::update(&before.silence, wanted, knock.now) {
            Update::Same(silence) => keep(knock, before.id, silence).await?,
            Update::Another { ended, new } => {
                // The new one comes first: if the second step fails, there are two for a while, and
                // no alert is heard of that nobody wants to hear of.
                let id = keep(knock, new_id(), new).await?;
                if let Some(ended) = ended {
                    keep(knock, before.id, ended).await?;
                }
                id
            }
        },
    };
    tracing::info!(source.id = %knock.source.id, setting.id = %id, "Keeps a silence");
    Ok(Json(json!({"silenceID": silence::shown_id(&id)})).into_response())
}

/// Ends a silence now. What has ended stays as it is.
pub async fn expire(knock: &Knock, id: &str) -> Result<Response, Refused> {
    let found = find(knock, id).await?.ok_or_else(not_found)?;
    if let Some(ended) = silence::ended(&found.silence, knock.now) {
        keep(knock, found.id, ended).await?;
    }
    Ok(StatusCode::OK.into_response())
}

fn not_found() -> Refused {
    Refused::Wish(StatusCode::NOT_FOUND, "silence not found".to_owned())
}

async fn keep(knock: &Knock, id: SettingId, silence: Silence) -> Result<SettingId, Refused> {
    let setting = Setting::Silence(silence);
    prepared::check(&setting)
        .map_err(|error| Refused::wish(format!("silence invalid: {error}")))?;
    let errand = Errand::Put { id: id.clone(), setting };
    knock.app.intake.carry(&knock.source.workspace, errand).await.map_err(Trouble::from)?;
    Ok(id)
}

async fn all(knock: &Knock) -> Result<Vec<Found>, Refused> {
    let mut tx = knock.app.db.read().await?;
    let kept = alert_settings::of_kind(&mut tx, &knock.source.workspace, KIND).await?;
    Ok(kept.into_iter().filter_map(found).collect())
}

/// The silence that clients know by this id. Nearly always it is its own; one that was made elsewhere
/// has to be looked for.
async fn find(knock: &Knock, id: &str) -> Result<Option<Found>, Refused> {
    if !silence::is_uuid(id) {
        let message = format!(
            "silenceID in path must be of type uuid: {:?}",
            crate::incident::text::shorten(id, 60)
        );
        return Err(Refused::Request(StatusCode::UNPROCESSABLE_ENTITY, 601, message));
    }
    let id = id.to_ascii_lowercase();
    let mut tx = knock.app.db.read().await?;
    let workspace = &knock.source.workspace;
    let own = alert_settings::by_id(&mut tx, workspace, KIND, &SettingId::new(id.clone())).await?;
    if let Some(own) = own.and_then(found) {
        return Ok(Some(own));
    }
    drop(tx);
    Ok(all(knock).await?.into_iter().find(|one| silence::shown_id(&one.id) == id))
}

fn found(kept: Kept) -> Option<Found> {
    match kept.setting {
        Setting::Silence(silence) => {
            Some(Found { id: kept.id, silence, updated_at: kept.updated_at })
        }
        _ => None,
    }
}

fn to_wire(found: Found, now: Timestamp) -> GettableSilence {
    let state = State::of(&found.silence, now).as_str();
    GettableSilence {
        id: silence::shown_id(&found.id),
        status: SilenceStatus { state },
        updated_at: Shown(found.updated_at),
        annotations: found.silence.annotations,
        comment: found.silence.comment,
        created_by: found.silence.created_by,
        ends_at: Shown(found.silence.ends_at),
        matchers: found.silence.matchers,
        starts_at: Shown(found.silence.starts_at),
    }
}

//! `oauth.v2.access`: a token for a code, and the next token for a refresh token. The app says who
//! it is in the form, or by Basic authentication.

use serde_json::{Map, Value, json};

use super::{codes::Allowed, tokens::Issued, tokens::LIFE_S};
use crate::simulator::{Simulator, clock::Micros, state::State};

/// The method.
pub const METHOD: &str = "oauth.v2.access";

/// Answers it.
pub fn access(
    simulator: &Simulator,
    args: &Map<String, Value>,
    basic: Option<(String, String)>,
) -> Result<Value, &'static str> {
    let text = |name: &str| args.get(name).and_then(Value::as_str);
    let app = simulator.core.town.app();
    let (id, secret) = match &basic {
        Some((id, secret)) => (Some(id.as_str()), Some(secret.as_str())),
        None => (text("client_id"), text("client_secret")),
    };
    if id != Some(&app.client_id) {
        return Err("invalid_client_id");
    }
    if secret != Some(&app.client_secret) {
        return Err("bad_client_secret");
    }
    let now = simulator.clock().now();
    match text("grant_type").unwrap_or("authorization_code") {
        "authorization_code" => {
            let code = text("code").ok_or("invalid_code")?;
            let allowed = simulator.core.town.codes().take(now, code, text("redirect_uri"))?;
            let resident = simulator.resident_of(&allowed.team).ok_or("invalid_code")?;
            let rotates = app.rotates_tokens;
            let answer = resident.write(|state| install(state, now, &allowed, rotates));
            resident.let_in_everywhere();
            Ok(answer)
        }
        "refresh_token" => {
            let token = text("refresh_token").ok_or("invalid_refresh_token")?;
            let residents = simulator.residents();
            let mut theirs = residents.into_iter();
            let resident = theirs.find(|one| one.read(|state| state.tokens.knows_refresh(token)));
            let resident = resident.ok_or("invalid_refresh_token")?;
            let answer = resident.write(|state| {
                let team = state.team.id.clone();
                let issued = state.tokens.refresh(now, &team, token);
                issued.map(|it| describe(state, &it)).ok_or("invalid_refresh_token")
            });
            resident.share_tokens();
            answer
        }
        _ => Err("invalid_grant_type"),
    }
}

/// Lets the app in. What it was allowed before, it still is, unless it was removed in between.
fn install(state: &mut State, now: Micros, allowed: &Allowed, rotates: bool) -> Value {
    if !state.app.is_installed {
        state.app.scopes.clear();
    }
    state.app.is_installed = true;
    state.app.scopes.extend(allowed.scopes.iter().cloned());
    let team = state.team.id.clone();
    let issued = state.tokens.issue(now, &team, rotates);
    let mut answer = describe(state, &issued);
    answer["authed_user"] = json!({ "id": allowed.user });
    answer
}

fn describe(state: &State, issued: &Issued) -> Value {
    let scopes: Vec<_> = state.app.scopes.iter().map(String::as_str).collect();
    let enterprise = state.team.enterprise.as_ref();
    let mut answer = json!({
        "access_token": issued.access,
        "token_type": "bot",
        "scope": scopes.join(","),
        "bot_user_id": state.app.bot_user,
        "app_id": state.app.id,
        "team": { "id": state.team.id, "name": state.team.name },
        "enterprise": null,
        "is_enterprise_install": false,
    });
    if let Some(enterprise) = enterprise {
        answer["team"] = Value::Null;
        answer["enterprise"] = json!({ "id": enterprise.id, "name": enterprise.name });
        answer["is_enterprise_install"] = true.into();
    }
    if let Some(refresh) = &issued.refresh {
        answer["refresh_token"] = refresh.as_str().into();
        answer["expires_in"] = LIFE_S.into();
    }
    answer
}

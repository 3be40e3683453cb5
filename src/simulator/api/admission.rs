//! Whether a call is let in: is there such a method, whose token is it, what may it do, are the
//! arguments there, and is there budget left.

use axum::http::{HeaderMap, HeaderValue, header};
use serde_json::json;

use super::{
    args::{Args, missing},
    desk::Caller,
    methods::{Budget, Method, Scopes},
    refusal::Refusal,
    request::{Asked, Body},
};
use crate::simulator::{Simulator, clock::Micros, state::State};

/// A call that isn't let in.
pub enum Turned {
    /// For good.
    Away(Refusal),
    /// For some seconds.
    Back { retry_after: u32 },
}

impl From<&'static str> for Turned {
    fn from(error: &'static str) -> Self {
        Turned::Away(error.into())
    }
}

/// Lets a call in.
pub fn admit(
    simulator: &Simulator,
    state: &mut State,
    method: Option<&'static Method>,
    asked: &Asked,
    now: Micros,
) -> Result<(&'static Method, Args, Caller), Turned> {
    let method = method.ok_or_else(|| {
        Turned::Away(Refusal::from("unknown_method").with("req_method", json!("unknown")))
    })?;
    if let Body::Broken(error) = asked.body {
        return Err(error.into());
    }
    let caller = identify(simulator, state, method, asked)?;
    let args = Args(match (&asked.body, method.takes_json) {
        // Methods that want a form don't look into JSON at all.
        (Body::Json(_), false) => asked.query.clone(),
        _ => asked.all_args(),
    });
    check_scopes(state, method, &args)?;
    if simulator.settings().rate_limits {
        let channel = match method.budget {
            Budget::Posting => args.text("channel"),
            _ => None,
        };
        let taken = state.rates.take(now, method, channel.as_deref());
        taken.map_err(|retry_after| Turned::Back { retry_after })?;
    }
    // An empty text counts as given: whether it will do is for the method to say.
    let given = |name: &&&str| args.0.get(**name).is_none_or(serde_json::Value::is_null);
    if let Some(name) = method.required.iter().find(given) {
        return Err(Turned::Away(missing(name)));
    }
    if caller.is_bot {
        check_team(state, method, &args)?;
    }
    Ok((method, args, caller))
}

/// Methods that want to be told which workspace of an organisation is meant.
const IN_ONE_TEAM: [&str; 9] = [
    "bots.info",
    "chat.scheduledMessages.list",
    "conversations.create",
    "conversations.list",
    "dnd.info",
    "usergroups.list",
    "usergroups.users.list",
    "users.conversations",
    "users.list",
];

/// The token of an organisation says nothing of the workspace that is meant, and is not good in one
/// that does not let the app in. That of a workspace says it all, and `team_id` is ignored.
fn check_team(state: &State, method: &Method, args: &Args) -> Result<(), Turned> {
    if state.team.enterprise.is_none() {
        return Ok(());
    }
    let named = args.text("team_id");
    match &named {
        None if IN_ONE_TEAM.contains(&method.name) => return Err("missing_argument".into()),
        Some(team) if *team != state.team.id => return Err("team_not_found".into()),
        _ => {}
    }
    let is_in_channel = args.text("channel").is_some_and(|id| state.channels.contains_key(&id));
    match (named.is_some() || is_in_channel) && !state.app.is_installed {
        true => Err("team_access_not_granted".into()),
        false => Ok(()),
    }
}

fn identify(
    simulator: &Simulator,
    state: &State,
    method: &Method,
    asked: &Asked,
) -> Result<Caller, Turned> {
    let settings = simulator.settings();
    if method.name == "apps.connections.open" {
        return identify_app(simulator, state, asked);
    }
    let needs_no_token = matches!(method.name, "api.test" | "blocks.validate");
    match &asked.token {
        None if needs_no_token => Ok(Caller { user: state.app.bot_user.clone(), is_bot: true }),
        None => Err("not_authed".into()),
        Some(token) if *token == settings.app_token => Err("not_allowed_token_type".into()),
        Some(token) if state.tokens.knows(token) => {
            state.tokens.check(simulator.clock().now(), token)?;
            Ok(Caller { user: state.app.bot_user.clone(), is_bot: true })
        }
        Some(token) => match settings.user_tokens.get(token) {
            Some(user) => Ok(Caller { user: user.clone(), is_bot: false }),
            None => Err("invalid_auth".into()),
        },
    }
}

/// The one method that takes the app's own token, and no other.
fn identify_app(simulator: &Simulator, state: &State, asked: &Asked) -> Result<Caller, Turned> {
    let settings = simulator.settings();
    let wanted = "connections:write";
    match &asked.token {
        None => Err("not_authed".into()),
        Some(token) if *token == settings.app_token => {
            if settings.app_token_scopes.iter().any(|scope| scope == wanted) {
                return Ok(Caller { user: state.app.bot_user.clone(), is_bot: true });
            }
            let refusal = Refusal::from("missing_scope")
                .with("needed", json!(wanted))
                .with("provided", json!(settings.app_token_scopes.join(",")));
            Err(Turned::Away(refusal))
        }
        Some(token) if *token == settings.bot_token || settings.user_tokens.contains_key(token) => {
            Err("not_allowed_token_type".into())
        }
        Some(_) => Err("invalid_auth".into()),
    }
}

fn check_scopes(state: &State, method: &Method, args: &Args) -> Result<(), Turned> {
    let wanted = wanted_scopes(state, method, args);
    if wanted.is_empty() || wanted.iter().any(|scope| state.app.scopes.contains(*scope)) {
        return Ok(());
    }
    let provided: Vec<_> = state.app.scopes.iter().map(String::as_str).collect();
    let refusal = Refusal::from("missing_scope")
        .with("needed", json!(wanted[0]))
        .with("provided", json!(provided.join(",")));
    Err(Turned::Away(refusal))
}

/// The scopes of which one is needed.
fn wanted_scopes(state: &State, method: &Method, args: &Args) -> Vec<&'static str> {
    let Scopes::ByKind { public, private, im } = method.scopes else {
        return match method.scopes {
            Scopes::Any(scopes) => scopes.to_vec(),
            _ => Vec::new(),
        };
    };
    let channel = args.text("channel").and_then(|id| state.channels.get(&id));
    match (channel, method.name) {
        (_, "conversations.open") => im.to_vec(),
        (_, "conversations.create") if args.flag("is_private") => private.to_vec(),
        (_, "conversations.create") => public.to_vec(),
        (Some(channel), _) if channel.is_im => im.to_vec(),
        (Some(channel), _) if channel.is_private => private.to_vec(),
        (Some(_), _) => public.to_vec(),
        (None, "conversations.list" | "users.conversations") => {
            let types = args.list("types").join(",");
            match (types.contains("private_channel"), types.contains("public_channel")) {
                (true, false) => private.to_vec(),
                _ if types == "im" => im.to_vec(),
                _ => public.to_vec(),
            }
        }
        // An unknown channel: any of them lets the method itself say so.
        (None, _) => [public, private, im].concat(),
    }
}

/// The headers that every answer has.
pub fn add_headers(
    headers: &mut HeaderMap,
    state: &State,
    method: Option<&Method>,
    asked: &Asked,
    now: Micros,
) {
    let date = jiff::Timestamp::from_microsecond(now).unwrap_or_default();
    let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    headers.extend(HeaderValue::from_str(&date).ok().map(|date| (header::DATE, date)));
    let join = |scopes: &[&str]| HeaderValue::from_str(&scopes.join(",")).ok();
    let provided: Vec<_> = state.app.scopes.iter().map(String::as_str).collect();
    if let (Some(provided), Some(_)) = (join(&provided), &asked.token) {
        headers.insert("x-oauth-scopes", provided);
    }
    let accepted = method.and_then(|method| match method.scopes {
        Scopes::None => None,
        Scopes::Any(scopes) => join(scopes),
        Scopes::ByKind { public, private, im } => join(&[public, private, im].concat()),
    });
    if let Some(accepted) = accepted {
        headers.insert("x-accepted-oauth-scopes", accepted);
    }
}

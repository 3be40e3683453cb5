//! Methods about the workspace, the app, and nothing in particular.

use serde_json::{Value, json};

use super::{
    args::{cursor_to, missing},
    desk::{Answer, Desk},
    methods::{Budget, Method, Scopes},
    refusal::Refusal,
};
use crate::simulator::blocks::{self, Issue};

/// The methods of this file.
pub const METHODS: &[Method] = &[
    Method {
        name: "api.test",
        budget: Budget::PerMinute(600),
        scopes: Scopes::None,
        takes_json: true,
        required: &[],
        optional: &["error", "foo"],
        run: api_test,
    },
    Method {
        name: "auth.revoke",
        budget: Budget::Tier3,
        scopes: Scopes::None,
        takes_json: false,
        required: &[],
        optional: &["test"],
        run: auth_revoke,
    },
    Method {
        name: "auth.teams.list",
        budget: Budget::Tier2,
        scopes: Scopes::None,
        takes_json: false,
        required: &[],
        optional: &["cursor", "include_icon", "limit"],
        run: auth_teams_list,
    },
    Method {
        name: "auth.test",
        budget: Budget::PerMinute(600),
        scopes: Scopes::None,
        takes_json: true,
        required: &[],
        optional: &[],
        run: auth_test,
    },
    Method {
        name: "blocks.validate",
        budget: Budget::PerMinute(600),
        scopes: Scopes::None,
        takes_json: true,
        required: &[],
        optional: &["blocks", "message", "view"],
        run: blocks_validate,
    },
    Method {
        name: "bots.info",
        budget: Budget::Tier3,
        scopes: Scopes::Any(&["users:read"]),
        takes_json: false,
        required: &[],
        optional: &["bot", "team_id"],
        run: bots_info,
    },
    Method {
        name: "dnd.info",
        budget: Budget::Tier3,
        scopes: Scopes::Any(&["dnd:read"]),
        takes_json: false,
        required: &[],
        optional: &["user", "team_id"],
        run: dnd_info,
    },
    Method {
        name: "team.info",
        budget: Budget::Tier3,
        scopes: Scopes::Any(&["team:read"]),
        takes_json: true,
        required: &[],
        optional: &["domain", "team"],
        run: team_info,
    },
];

/// "error" fails with that error; everything else comes back.
pub fn api_test(desk: &mut Desk<'_>) -> Answer {
    match desk.args.text("error") {
        Some(error) => Err(Refusal { error, extra: Default::default() }),
        None => Ok(json!({ "args": desk.args.0 })),
    }
}

pub fn auth_test(desk: &mut Desk<'_>) -> Answer {
    let state = &desk.state;
    let name = state.users.get(&desk.caller.user).map(|user| user.name.clone());
    let mut answer = json!({
        "url": format!("https://{}.slack.com/", state.team.domain),
        "team": state.team.name,
        "user": name,
        "team_id": state.team.id,
        "user_id": desk.caller.user,
        "is_enterprise_install": state.team.enterprise.is_some(),
    });
    if desk.caller.is_bot {
        answer["bot_id"] = state.app.bot_id.clone().into();
    }
    if let Some(enterprise) = &state.team.enterprise {
        answer["enterprise_id"] = enterprise.id.clone().into();
    }
    Ok(answer)
}

/// The workspaces of the organisation that let the app in.
pub fn auth_teams_list(desk: &mut Desk<'_>) -> Answer {
    if desk.state.team.enterprise.is_none() {
        return Err("invalid_auth".into());
    }
    let limit = desk.args.limit(100, 1000)?;
    let from = desk.args.cursor()?.unwrap_or_default();
    let mut rest = desk.granted.iter().skip_while(|team| !from.is_empty() && team.id != from);
    let page = rest.by_ref().take(limit).map(|team| json!({ "id": team.id, "name": team.name }));
    let page: Vec<_> = page.collect();
    let next = rest.next().map_or_else(String::new, |team| cursor_to(&team.id));
    Ok(json!({ "teams": page, "response_metadata": { "next_cursor": next } }))
}

pub fn auth_revoke(desk: &mut Desk<'_>) -> Answer {
    let is_test = desk.args.flag("test");
    if !is_test && desk.caller.is_bot {
        desk.state.app.is_installed = false;
        desk.state.tokens.end_all();
    }
    Ok(json!({ "revoked": !is_test }))
}

pub fn team_info(desk: &mut Desk<'_>) -> Answer {
    let team = &desk.state.team;
    if desk.args.text("team").is_some_and(|wanted| wanted != team.id) {
        return Err("team_not_found".into());
    }
    let mut info = json!({
        "id": team.id,
        "name": team.name,
        "domain": team.domain,
        "url": format!("https://{}.slack.com/", team.domain),
        "email_domain": "example.com",
        "icon": { "image_default": true },
    });
    if let Some(enterprise) = &team.enterprise {
        info["enterprise_id"] = enterprise.id.clone().into();
        info["enterprise_name"] = enterprise.name.clone().into();
    }
    Ok(json!({ "team": info }))
}

pub fn bots_info(desk: &mut Desk<'_>) -> Answer {
    let app = &desk.state.app;
    if desk.args.text("bot").is_some_and(|bot| bot != app.bot_id) {
        return Err("bot_not_found".into());
    }
    let bot = json!({
        "id": app.bot_id, "deleted": false, "name": app.name, "updated": 0, "app_id": app.id,
        "user_id": app.bot_user, "icons": {},
    });
    Ok(json!({ "bot": bot }))
}

pub fn dnd_info(desk: &mut Desk<'_>) -> Answer {
    let user = desk.args.text("user").unwrap_or_else(|| desk.caller.user.clone());
    if !desk.state.users.contains_key(&user) {
        return Err("user_not_found".into());
    }
    Ok(json!({ "dnd_enabled": false, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1 }))
}

pub fn blocks_validate(desk: &mut Desk<'_>) -> Answer {
    let mut given = Vec::new();
    for name in ["blocks", "view", "message"] {
        let value = desk.args.json(name).map_err(|_| {
            Refusal::arguments(&[format!("[ERROR] must be valid JSON [json-pointer:/{name}]")])
        })?;
        given.extend(value.map(|value| (name, value)));
    }
    let [(name, value)] = given.as_slice() else {
        let message = "must provide exactly one of `blocks`, `view`, or `message`";
        return Err(Refusal::arguments(&[message.to_owned()]));
    };
    let (error, issues) = match *name {
        "blocks" => ("invalid_blocks", blocks::check_blocks(value, "")),
        "view" => ("invalid_view", blocks::check_view(value, "")),
        _ => ("invalid_message", check_message(value)?),
    };
    if issues.is_empty() {
        return Ok(json!({}));
    }
    let issues: Vec<_> = issues.iter().map(Issue::to_api).collect();
    Err(Refusal::from(error).with("errors", issues.into()))
}

fn check_message(message: &Value) -> Result<Vec<Issue>, Refusal> {
    match message.get("blocks") {
        Some(blocks) => Ok(blocks::check_message_blocks(blocks, "/blocks")),
        None if message.get("text").is_some() => Ok(Vec::new()),
        None => Err(missing("blocks")),
    }
}

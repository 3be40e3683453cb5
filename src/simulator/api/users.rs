//! People and user groups.

use std::ops::Bound;

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    args::cursor_to,
    desk::{Answer, Desk},
    methods::{Budget, Method, Scopes},
};
use crate::simulator::state::user::User;

/// The methods of this file.
pub const METHODS: &[Method] = &[
    Method {
        name: "usergroups.list",
        budget: Budget::Tier2,
        scopes: Scopes::Any(&["usergroups:read"]),
        takes_json: false,
        required: &[],
        optional: &["include_count", "include_disabled", "include_users", "team_id"],
        run: groups,
    },
    Method {
        name: "usergroups.users.list",
        budget: Budget::Tier2,
        scopes: Scopes::Any(&["usergroups:read"]),
        takes_json: false,
        required: &["usergroup"],
        optional: &["include_disabled", "team_id"],
        run: group_users,
    },
    Method {
        name: "users.info",
        budget: Budget::Tier4,
        scopes: Scopes::Any(&["users:read"]),
        takes_json: false,
        required: &["user"],
        optional: &["include_locale"],
        run: info,
    },
    Method {
        name: "users.list",
        budget: Budget::Tier2,
        scopes: Scopes::Any(&["users:read"]),
        takes_json: false,
        required: &[],
        optional: &["cursor", "include_locale", "limit", "team_id"],
        run: list,
    },
    Method {
        name: "users.lookupByEmail",
        budget: Budget::Tier3,
        scopes: Scopes::Any(&["users:read.email"]),
        takes_json: false,
        required: &["email"],
        optional: &[],
        run: lookup_by_email,
    },
    Method {
        name: "users.profile.get",
        budget: Budget::Tier4,
        scopes: Scopes::Any(&["users.profile:read"]),
        takes_json: false,
        required: &[],
        optional: &["include_labels", "user"],
        run: profile,
    },
];

pub fn info(desk: &mut Desk<'_>) -> Answer {
    let id = desk.args.required("user")?;
    let user = desk.state.users.get(&id).ok_or("user_not_found")?;
    Ok(json!({ "user": show(desk, user) }))
}

pub fn list(desk: &mut Desk<'_>) -> Answer {
    let limit = desk.args.limit(1000, 1000)?;
    let from = desk.args.cursor()?.unwrap_or_default();
    let range = (Bound::Included(&*from), Bound::Unbounded);
    let mut rest = desk.state.users.range::<str, _>(range).map(|(_, user)| user);
    let page: Vec<_> = rest.by_ref().take(limit).map(|user| show(desk, user)).collect();
    let next = rest.next().map_or_else(String::new, |user| cursor_to(&user.id));
    Ok(json!({
        "members": page,
        "cache_ts": desk.now / 1_000_000,
        "response_metadata": { "next_cursor": next },
    }))
}

pub fn lookup_by_email(desk: &mut Desk<'_>) -> Answer {
    let email = desk.args.required("email")?;
    let is_theirs = |user: &&User| {
        user.email.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(&email)) && !user.deleted
    };
    let user = desk.state.users.values().find(is_theirs).ok_or("users_not_found")?;
    Ok(json!({ "user": show(desk, user) }))
}

pub fn profile(desk: &mut Desk<'_>) -> Answer {
    let id = desk.args.text("user").unwrap_or_else(|| desk.caller.user.clone());
    let user = desk.state.users.get(&id).ok_or("user_not_found")?;
    Ok(json!({ "profile": show(desk, user)["profile"] }))
}

pub fn groups(desk: &mut Desk<'_>) -> Answer {
    let include_users = desk.args.flag("include_users");
    let include_disabled = desk.args.flag("include_disabled");
    let all = desk.state.user_groups.values();
    let list = all.filter(|group| include_disabled || !group.is_disabled).map(|group| {
        let mut shown = json!({
            "id": group.id,
            "team_id": desk.state.team.id,
            "is_usergroup": true,
            "name": group.name,
            "description": "",
            "handle": group.handle,
            "is_external": false,
            "date_create": 0,
            "date_update": 0,
            "date_delete": 0,
            "auto_type": null,
            "created_by": "U0ALICE",
            "updated_by": "U0ALICE",
            "deleted_by": null,
            "prefs": { "channels": [], "groups": [] },
            // Slack writes this number as text.
            "user_count": group.users.len().to_string(),
        });
        if include_users {
            shown["users"] = json!(group.users);
        }
        shown
    });
    let list: Vec<Value> = list.collect();
    Ok(json!({ "usergroups": list }))
}

pub fn group_users(desk: &mut Desk<'_>) -> Answer {
    let id = desk.args.required("usergroup")?;
    let group = desk.state.user_groups.get(&id).ok_or("no_such_subteam")?;
    Ok(json!({ "users": group.users }))
}

fn show(desk: &Desk<'_>, user: &User) -> Value {
    let state = &desk.state;
    let mut profile = json!({
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": user.name,
        "display_name_normalized": user.name,
        "status_text": "",
        "status_emoji": "",
        "avatar_hash": "",
        "team": state.team.id,
    });
    if let (Some(email), true) = (&user.email, state.app.scopes.contains("users:read.email")) {
        profile["email"] = email.clone().into();
    }
    if user.id == state.app.bot_user {
        profile["bot_id"] = state.app.bot_id.clone().into();
        profile["api_app_id"] = state.app.id.clone().into();
    }
    let mut shown = json!({
        "id": user.id,
        "team_id": state.team.id,
        "name": user.name,
        "deleted": user.deleted,
        "profile": profile,
        "is_bot": user.is_bot,
        "is_app_user": false,
        "updated": 0,
    });
    // Slack says next to nothing about people who are gone.
    if !user.deleted {
        let now = Timestamp::from_microsecond(desk.now).unwrap_or_default();
        let offset = TimeZone::get(&user.tz).map_or(0, |tz| tz.to_offset(now).seconds());
        let more = json!({
            "color": user.color.trim_start_matches('#'),
            "real_name": user.real_name,
            "tz": user.tz,
            "tz_label": user.tz,
            "tz_offset": offset,
            "is_admin": false,
            "is_owner": false,
            "is_primary_owner": false,
            "is_restricted": user.is_guest,
            "is_ultra_restricted": false,
        });
        if let (Value::Object(shown), Value::Object(more)) = (&mut shown, more) {
            shown.extend(more);
        }
    }
    shown
}

//! Who is in a channel.

use serde_json::{Value, json};

use super::{
    args::cursor_to,
    desk::{Answer, Desk},
    methods::{Budget, INVITE, KICK, MANAGE, Method, READ, Scopes},
    refusal::Refusal,
};

/// The methods of this file.
pub const METHODS: &[Method] = &[
    Method {
        name: "conversations.invite",
        budget: Budget::Tier3,
        scopes: INVITE,
        takes_json: true,
        required: &["channel", "users"],
        optional: &["force"],
        run: invite,
    },
    Method {
        name: "conversations.join",
        budget: Budget::Tier3,
        scopes: Scopes::Any(&["channels:join"]),
        takes_json: true,
        required: &["channel"],
        optional: &[],
        run: join,
    },
    Method {
        name: "conversations.kick",
        budget: Budget::Tier3,
        scopes: KICK,
        takes_json: true,
        required: &["channel"],
        optional: &["user"],
        run: kick,
    },
    Method {
        name: "conversations.leave",
        budget: Budget::Tier3,
        scopes: MANAGE,
        takes_json: true,
        required: &["channel"],
        optional: &[],
        run: leave,
    },
    Method {
        name: "conversations.members",
        budget: Budget::Tier4,
        scopes: READ,
        takes_json: false,
        required: &["channel"],
        optional: &["cursor", "limit"],
        run: members,
    },
];

/// The most people in one invitation.
const MAX_INVITED: usize = 100;

/// All or nothing; with `force`, as many as can be.
pub fn invite(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel()?;
    let caller = desk.caller.user.clone();
    desk.state.member_channel(&channel, &caller)?;
    let users = desk.args.list("users");
    if users.is_empty() {
        return Err("no_user".into());
    }
    if users.len() > MAX_INVITED {
        return Err("too_many_users".into());
    }
    let force = desk.args.flag("force");
    let mut welcome = Vec::new();
    let mut errors = Vec::new();
    let mut first = None;
    for user in &users {
        match desk.state.check_invitation(&caller, &channel, user) {
            Ok(()) if welcome.contains(&user) => {}
            Ok(()) => welcome.push(user),
            Err(error) => {
                first.get_or_insert(error);
                errors.push(json!({ "user": user, "ok": false, "error": error }));
            }
        }
    }
    let nobody_comes = !force || welcome.is_empty();
    if let Some(error) = first.filter(|_| nobody_comes) {
        return Err(Refusal::from(error).with("errors", errors.into()));
    }
    for user in welcome {
        desk.state.add_member(desk.now, &channel, user, Some(&caller))?;
    }
    let mut answer = json!({ "channel": desk.show_channel(&channel) });
    if !errors.is_empty() {
        answer["errors"] = errors.into();
    }
    Ok(answer)
}

pub fn join(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel_in("channel")?;
    if !channel.is_public() {
        return Err("method_not_supported_for_channel_type".into());
    }
    if channel.is_archived {
        return Err("is_archived".into());
    }
    let id = channel.id.clone();
    if channel.has(&desk.caller.user) {
        let already = "already_in_channel";
        return Ok(json!({
            "channel": desk.show_channel(&id),
            "warning": already,
            "response_metadata": { "warnings": [already] },
        }));
    }
    let caller = desk.caller.user.clone();
    desk.state.add_member(desk.now, &id, &caller, None)?;
    Ok(json!({ "channel": desk.show_channel(&id) }))
}

pub fn leave(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel_in("channel")?;
    if channel.is_im {
        return Err("method_not_supported_for_channel_type".into());
    }
    if channel.is_archived {
        return Err("is_archived".into());
    }
    if channel.is_general {
        return Err("cant_leave_general".into());
    }
    let id = channel.id.clone();
    let caller = desk.caller.user.clone();
    if !channel.has(&caller) {
        return Ok(json!({ "not_in_channel": true }));
    }
    if channel.is_private && channel.members.len() == 1 {
        return Err("last_member".into());
    }
    desk.state.remove_member(desk.now, &id, &caller)?;
    Ok(json!({}))
}

pub fn kick(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel()?;
    let user = desk.args.required("user")?;
    let caller = desk.caller.user.clone();
    desk.state.check_removal(&caller, &channel, &user)?;
    desk.state.member_channel(&channel, &caller)?;
    desk.state.remove_member(desk.now, &channel, &user)?;
    Ok(json!({ "errors": {} }))
}

pub fn members(desk: &mut Desk<'_>) -> Answer {
    let limit = desk.args.limit(100, 1000)?;
    let from = desk.args.cursor()?.unwrap_or_default();
    let channel = desk.channel_in("channel")?;
    let mut rest = channel
        .members
        .range::<str, _>((std::ops::Bound::Included(&*from), std::ops::Bound::Unbounded));
    let page: Vec<_> = rest.by_ref().take(limit).collect();
    let next: Value = rest.next().map_or_else(String::new, |user| cursor_to(user)).into();
    Ok(json!({ "members": page, "response_metadata": { "next_cursor": next } }))
}

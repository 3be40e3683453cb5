//! Making, naming, describing, archiving and looking at conversations.

use serde_json::json;

use super::{
    desk::{Answer, Desk},
    methods::{Budget, DESCRIBE, MANAGE, Method, READ},
};

/// The methods of this file.
pub const METHODS: &[Method] = &[
    Method {
        name: "conversations.archive",
        budget: Budget::Tier2,
        scopes: MANAGE,
        takes_json: true,
        required: &["channel"],
        optional: &[],
        run: archive,
    },
    Method {
        name: "conversations.close",
        budget: Budget::Tier2,
        scopes: MANAGE,
        takes_json: true,
        required: &["channel"],
        optional: &[],
        run: close,
    },
    Method {
        name: "conversations.create",
        budget: Budget::Tier2,
        scopes: MANAGE,
        takes_json: true,
        required: &["name"],
        optional: &["is_private", "team_id"],
        run: create,
    },
    Method {
        name: "conversations.info",
        budget: Budget::Tier3,
        scopes: READ,
        takes_json: false,
        required: &["channel"],
        optional: &["include_locale", "include_num_members"],
        run: info,
    },
    Method {
        name: "conversations.mark",
        budget: Budget::Tier3,
        scopes: MANAGE,
        takes_json: true,
        required: &["channel", "ts"],
        optional: &[],
        run: mark,
    },
    Method {
        name: "conversations.open",
        budget: Budget::Tier3,
        scopes: MANAGE,
        takes_json: true,
        required: &[],
        optional: &["channel", "return_im", "users", "prevent_creation"],
        run: open,
    },
    Method {
        name: "conversations.rename",
        budget: Budget::Tier2,
        scopes: MANAGE,
        takes_json: true,
        required: &["channel", "name"],
        optional: &[],
        run: rename,
    },
    Method {
        name: "conversations.setPurpose",
        budget: Budget::Tier2,
        scopes: DESCRIBE,
        takes_json: true,
        required: &["channel", "purpose"],
        optional: &[],
        run: set_purpose,
    },
    Method {
        name: "conversations.setTopic",
        budget: Budget::Tier2,
        scopes: DESCRIBE,
        takes_json: true,
        required: &["channel", "topic"],
        optional: &[],
        run: set_topic,
    },
    Method {
        name: "conversations.unarchive",
        budget: Budget::Tier2,
        scopes: MANAGE,
        takes_json: true,
        required: &["channel"],
        optional: &[],
        run: unarchive,
    },
];

pub fn create(desk: &mut Desk<'_>) -> Answer {
    let name = desk.args.text_or_empty("name");
    let private = desk.args.flag("is_private");
    let caller = desk.caller.user.clone();
    let id = desk.state.create_channel(desk.now, &caller, &name, private)?;
    Ok(json!({ "channel": desk.show_channel(&id) }))
}

pub fn rename(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel()?;
    let name = desk.args.text_or_empty("name");
    let caller = desk.caller.user.clone();
    let is_own = |channel: &str| {
        desk.state.channels.get(channel).is_some_and(|channel| channel.creator == caller)
    };
    if desk.caller.is_bot && !is_own(&channel) {
        return Err("not_authorized".into());
    }
    desk.state.rename_channel(desk.now, &caller, &channel, &name)?;
    Ok(json!({ "channel": desk.show_channel(&channel) }))
}

pub fn archive(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel()?;
    let caller = desk.caller.user.clone();
    desk.state.archive_channel(desk.now, &caller, &channel)?;
    Ok(json!({}))
}

/// Documented for bots, but it never works for them: not even in channels they made.
pub fn unarchive(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel()?;
    if !desk.state.channels.get(&channel).is_some_and(|channel| channel.is_archived) {
        return Err("not_archived".into());
    }
    if desk.caller.is_bot {
        return Err("not_in_channel".into());
    }
    let caller = desk.caller.user.clone();
    desk.state.unarchive_channel(desk.now, &caller, &channel)?;
    Ok(json!({}))
}

pub fn set_topic(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel()?;
    let topic = desk.args.text_or_empty("topic");
    let caller = desk.caller.user.clone();
    desk.state.set_topic(desk.now, &caller, &channel, &topic)?;
    Ok(json!({ "channel": desk.show_channel(&channel) }))
}

pub fn set_purpose(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel()?;
    let purpose = desk.args.text_or_empty("purpose");
    let caller = desk.caller.user.clone();
    desk.state.set_purpose(desk.now, &caller, &channel, &purpose)?;
    Ok(json!({ "channel": desk.show_channel(&channel), "purpose": purpose }))
}

pub fn info(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel_in("channel")?;
    let mut shown = channel.to_api(&desk.caller.user);
    if desk.args.flag("include_num_members") {
        shown["num_members"] = channel.members.len().into();
    }
    Ok(json!({ "channel": shown }))
}

/// Direct messages between two; groups of several aren't simulated.
pub fn open(desk: &mut Desk<'_>) -> Answer {
    if desk.args.text("channel").is_some() {
        let channel = desk.channel()?;
        return Ok(json!({ "no_op": true, "already_open": true, "channel": { "id": channel } }));
    }
    let users = desk.args.list("users");
    let other = match users.as_slice() {
        [] => return Err("users_list_not_supplied".into()),
        [other] => other,
        [_, _, ..] if users.len() > 8 => return Err("too_many_users".into()),
        _ => return Err("method_not_supported_for_channel_type".into()),
    };
    let caller = desk.caller.user.clone();
    let (channel, was_open) = desk.state.open_im(desk.now, &caller, other)?;
    let shown = match desk.args.flag("return_im") {
        true => desk.show_channel(&channel),
        false => json!({ "id": channel }),
    };
    let mut answer = json!({ "channel": shown });
    if was_open {
        answer["no_op"] = true.into();
        answer["already_open"] = true.into();
    }
    Ok(answer)
}

pub fn mark(desk: &mut Desk<'_>) -> Answer {
    desk.channel()?;
    Ok(json!({}))
}

pub fn close(desk: &mut Desk<'_>) -> Answer {
    match desk.channel_in("channel")?.is_im {
        true => Ok(json!({})),
        false => Err("method_not_supported_for_channel_type".into()),
    }
}

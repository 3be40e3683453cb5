//! Lists of conversations.

use std::ops::Bound;

use serde_json::{Value, json};

use super::{
    args::cursor_to,
    desk::{Answer, Desk},
    methods::{Budget, Method, READ},
};
use crate::simulator::state::channel::Channel;

/// The methods of this file.
pub const METHODS: &[Method] = &[
    Method {
        name: "conversations.list",
        budget: Budget::Tier2,
        scopes: READ,
        takes_json: false,
        required: &[],
        optional: &["cursor", "exclude_archived", "limit", "team_id", "types"],
        run: conversations,
    },
    Method {
        name: "users.conversations",
        budget: Budget::Tier3,
        scopes: READ,
        takes_json: false,
        required: &[],
        optional: &[
            "cursor",
            "exclude_archived",
            "exclude_muted",
            "limit",
            "team_id",
            "types",
            "user",
        ],
        run: users_conversations,
    },
];

/// All that the caller may know of.
pub fn conversations(desk: &mut Desk<'_>) -> Answer {
    let caller = desk.caller.user.clone();
    page(desk, |channel| channel.is_public() || channel.has(&caller))
}

/// All that a user is in, and the caller may know of.
pub fn users_conversations(desk: &mut Desk<'_>) -> Answer {
    let caller = desk.caller.user.clone();
    let user = desk.args.text("user").unwrap_or_else(|| caller.clone());
    if !desk.state.users.contains_key(&user) {
        return Err("user_not_found".into());
    }
    page(desk, |channel| channel.has(&user) && (channel.is_public() || channel.has(&caller)))
}

fn page(desk: &Desk<'_>, wanted: impl Fn(&Channel) -> bool) -> Answer {
    let limit = desk.args.limit(100, 1000)?;
    let from = desk.args.cursor()?.unwrap_or_default();
    let types = match desk.args.list("types") {
        types if types.is_empty() => vec!["public_channel".to_owned()],
        types => types,
    };
    let known = ["public_channel", "private_channel", "im", "mpim"];
    if types.iter().any(|kind| !known.contains(&kind.as_str())) {
        return Err("invalid_types".into());
    }
    let exclude_archived = desk.args.flag("exclude_archived");
    let kind_of = |channel: &Channel| match channel.kind() {
        "im" => "im",
        "group" => "private_channel",
        _ => "public_channel",
    };
    let range = (Bound::Included(&*from), Bound::Unbounded);
    let all = desk.state.channels.range::<str, _>(range).map(|(_, channel)| channel);
    let mut rest = all.filter(|channel| {
        !(exclude_archived && channel.is_archived)
            && types.iter().any(|kind| kind == kind_of(channel))
            && wanted(channel)
    });
    let list: Vec<Value> = rest
        .by_ref()
        .take(limit)
        .map(|channel| {
            let mut shown = channel.to_api(&desk.caller.user);
            shown["num_members"] = channel.members.len().into();
            shown
        })
        .collect();
    let next = rest.next().map_or_else(String::new, |channel| cursor_to(&channel.id));
    Ok(json!({ "channels": list, "response_metadata": { "next_cursor": next } }))
}

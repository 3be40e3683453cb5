//! Pins and reactions.

use serde_json::{Value, json};

use super::{
    desk::{Answer, Desk},
    methods::{Budget, Method, Scopes},
};

/// The methods of this file.
pub const METHODS: &[Method] = &[
    Method {
        name: "pins.add",
        budget: Budget::Tier2,
        scopes: Scopes::Any(&["pins:write"]),
        takes_json: true,
        required: &["channel"],
        optional: &["timestamp"],
        run: add_pin,
    },
    Method {
        name: "pins.list",
        budget: Budget::Tier2,
        scopes: Scopes::Any(&["pins:read"]),
        takes_json: false,
        required: &["channel"],
        optional: &[],
        run: list_pins,
    },
    Method {
        name: "pins.remove",
        budget: Budget::Tier2,
        scopes: Scopes::Any(&["pins:write"]),
        takes_json: true,
        required: &["channel"],
        optional: &["timestamp"],
        run: remove_pin,
    },
    Method {
        name: "reactions.add",
        budget: Budget::Tier3,
        scopes: Scopes::Any(&["reactions:write"]),
        takes_json: true,
        required: &["name", "timestamp", "channel"],
        optional: &[],
        run: add_reaction,
    },
    Method {
        name: "reactions.get",
        budget: Budget::Tier3,
        scopes: Scopes::Any(&["reactions:read"]),
        takes_json: false,
        required: &[],
        optional: &["channel", "file", "file_comment", "full", "timestamp"],
        run: get_reactions,
    },
    Method {
        name: "reactions.remove",
        budget: Budget::Tier2,
        scopes: Scopes::Any(&["reactions:write"]),
        takes_json: true,
        required: &["name"],
        optional: &["file", "file_comment", "channel", "timestamp"],
        run: remove_reaction,
    },
];

pub fn add_pin(desk: &mut Desk<'_>) -> Answer {
    let (channel, ts) = (desk.channel()?, desk.marked_ts()?);
    let caller = desk.caller.user.clone();
    desk.state.pin(desk.now, &caller, &channel, ts)?;
    Ok(json!({}))
}

pub fn remove_pin(desk: &mut Desk<'_>) -> Answer {
    let (channel, ts) = (desk.channel()?, desk.marked_ts()?);
    let caller = desk.caller.user.clone();
    desk.state.message(&channel, ts).ok_or("message_not_found")?;
    desk.state.unpin(desk.now, &caller, &channel, ts)?;
    Ok(json!({}))
}

pub fn list_pins(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel_in("channel")?;
    let newest_first = channel.pins.iter().rev();
    let items: Vec<Value> = newest_first
        .map(|pin| {
            json!({
                "type": "message",
                "channel": channel.id,
                "created": pin.created,
                "created_by": pin.created_by,
                "message": desk.state.linked_message(&channel.id, pin.ts),
            })
        })
        .collect();
    Ok(json!({ "items": items }))
}

pub fn add_reaction(desk: &mut Desk<'_>) -> Answer {
    let (channel, ts) = (desk.channel()?, desk.marked_ts()?);
    let name = desk.args.required("name")?;
    let caller = desk.caller.user.clone();
    desk.state.react(desk.now, &caller, &channel, ts, &name)?;
    Ok(json!({}))
}

pub fn remove_reaction(desk: &mut Desk<'_>) -> Answer {
    let (channel, ts) = (desk.channel()?, desk.marked_ts()?);
    let name = desk.args.required("name")?;
    let caller = desk.caller.user.clone();
    desk.state.unreact(desk.now, &caller, &channel, ts, &name)?;
    Ok(json!({}))
}

pub fn get_reactions(desk: &mut Desk<'_>) -> Answer {
    let (channel, ts) = (desk.channel()?, desk.marked_ts()?);
    desk.state.message(&channel, ts).ok_or("message_not_found")?;
    let message = desk.state.linked_message(&channel, ts);
    Ok(json!({ "type": "message", "channel": channel, "message": message }))
}

//! Pins and reactions.

use serde_json::{Value, json};

use super::desk::{Answer, Desk};

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

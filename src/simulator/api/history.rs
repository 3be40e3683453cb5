//! Reading what was written.

use std::ops::Bound;

use serde_json::{Value, json};

use super::{
    args::cursor_to,
    desk::{Answer, Desk},
    methods::{Budget, HISTORY, Method},
    refusal::Refusal,
};
use crate::simulator::state::{message::Message, ts::Ts};

/// The methods of this file.
pub const METHODS: &[Method] = &[
    Method {
        name: "conversations.history",
        budget: Budget::Tier3,
        scopes: HISTORY,
        takes_json: true,
        required: &["channel"],
        optional: &["cursor", "include_all_metadata", "inclusive", "latest", "limit", "oldest"],
        run: history,
    },
    Method {
        name: "conversations.replies",
        budget: Budget::Tier3,
        scopes: HISTORY,
        takes_json: false,
        required: &["channel", "ts"],
        optional: &["cursor", "include_all_metadata", "inclusive", "latest", "limit", "oldest"],
        run: replies,
    },
];

/// Newest first; replies stay in their threads.
pub fn history(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel_in("channel")?;
    if !channel.has(&desk.caller.user) {
        return Err("not_in_channel".into());
    }
    let limit = desk.args.limit(100, 999)?;
    let (oldest, mut latest) = bounds(desk)?;
    if let Some(before) = cursor_ts(desk)? {
        latest = Bound::Included(before);
    }
    if is_empty(oldest, latest) {
        return Ok(json!({ "messages": [], "has_more": false }));
    }
    let with_metadata = desk.args.flag("include_all_metadata");
    let in_channel = |message: &&Message| !message.is_reply() || message.is_broadcast;
    let range = channel.messages.range((oldest, latest)).rev();
    let mut rest = range.map(|(_, message)| message).filter(in_channel);
    let page = rest.by_ref().take(limit);
    let page: Vec<_> = page.map(|message| desk.message_to_api(message, with_metadata)).collect();
    let next = rest.next().map(|message| message.ts);
    let mut answer = json!({
        "messages": page,
        "has_more": next.is_some(),
        "pin_count": channel.pins.len(),
        "channel_actions_ts": null,
        "channel_actions_count": 0,
    });
    if let Some(next) = next {
        answer["response_metadata"] = json!({ "next_cursor": cursor_to(&next.to_string()) });
    }
    Ok(answer)
}

/// The message that began the thread, and the replies, oldest first.
pub fn replies(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel_in("channel")?;
    if !channel.has(&desk.caller.user) {
        return Err("not_in_channel".into());
    }
    let ts = desk.args.ts("ts", "thread_not_found")?.ok_or("thread_not_found")?;
    let asked = channel.messages.get(&ts).ok_or("thread_not_found")?;
    let parent = asked.thread_ts.and_then(|thread| channel.messages.get(&thread)).unwrap_or(asked);
    let limit = desk.args.limit(1000, 1000)?;
    let bounds = bounds(desk)?;
    let from = cursor_ts(desk)?;
    let with_metadata = desk.args.flag("include_all_metadata");
    let wanted = |ts: &Ts| {
        std::ops::RangeBounds::contains(&bounds, ts) && from.is_none_or(|from| *ts >= from)
    };
    let mut rest = parent.replies.iter().copied().filter(wanted);
    let page = rest.by_ref().take(limit).filter_map(|reply| channel.messages.get(&reply));
    let page = page.map(|reply| {
        let mut shown = desk.message_to_api(reply, with_metadata);
        shown["parent_user_id"] = parent.user.clone().into();
        shown
    });
    let first = desk.message_to_api(parent, with_metadata);
    let messages: Vec<Value> = std::iter::once(first).chain(page).collect();
    let next = rest.next();
    let mut answer = json!({ "messages": messages, "has_more": next.is_some() });
    if let Some(next) = next {
        answer["response_metadata"] = json!({ "next_cursor": cursor_to(&next.to_string()) });
    }
    Ok(answer)
}

fn bounds(desk: &Desk<'_>) -> Result<(Bound<Ts>, Bound<Ts>), Refusal> {
    let bound: fn(Ts) -> Bound<Ts> = match desk.args.flag("inclusive") {
        true => Bound::Included,
        false => Bound::Excluded,
    };
    let oldest = desk.args.ts("oldest", "invalid_ts_oldest")?.filter(|ts| ts.0 > 0);
    let latest = desk.args.ts("latest", "invalid_ts_latest")?;
    Ok((oldest.map_or(Bound::Unbounded, bound), latest.map_or(Bound::Unbounded, bound)))
}

/// A range that begins after its end makes a map panic.
fn is_empty(oldest: Bound<Ts>, latest: Bound<Ts>) -> bool {
    match (oldest, latest) {
        (Bound::Included(oldest), Bound::Included(latest)) => oldest > latest,
        (
            Bound::Included(oldest) | Bound::Excluded(oldest),
            Bound::Included(latest) | Bound::Excluded(latest),
        ) => oldest >= latest,
        _ => false,
    }
}

fn cursor_ts(desk: &Desk<'_>) -> Result<Option<Ts>, Refusal> {
    match desk.args.cursor()? {
        None => Ok(None),
        Some(key) => key.parse().map(Some).map_err(|_| "invalid_cursor".into()),
    }
}

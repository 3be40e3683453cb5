//! Messages for later. They are kept and listed; only [`run_due`](crate::simulator::Simulator)
//! sends them, so that a test decides when.

use serde_json::json;

use super::{
    chat::Content,
    desk::{Answer, Desk},
    methods::{Budget, Method, Scopes},
};
use crate::simulator::{
    clock::{Micros, SECOND},
    state::{State, message::Message},
};

/// The methods of this file.
pub const METHODS: &[Method] = &[
    Method {
        name: "chat.deleteScheduledMessage",
        budget: Budget::Tier3,
        scopes: Scopes::Any(&["chat:write"]),
        takes_json: true,
        required: &["scheduled_message_id", "channel"],
        optional: &["as_user"],
        run: delete_scheduled,
    },
    Method {
        name: "chat.scheduleMessage",
        budget: Budget::Tier3,
        scopes: Scopes::Any(&["chat:write"]),
        takes_json: true,
        required: &["channel", "post_at"],
        optional: &[
            "as_user",
            "attachments",
            "blocks",
            "link_names",
            "markdown_text",
            "parse",
            "reply_broadcast",
            "text",
            "thread_ts",
            "unfurl_links",
            "unfurl_media",
            "metadata",
        ],
        run: schedule_message,
    },
    Method {
        name: "chat.scheduledMessages.list",
        budget: Budget::Tier3,
        scopes: Scopes::None,
        takes_json: true,
        required: &[],
        optional: &["channel", "cursor", "latest", "limit", "oldest", "team_id"],
        run: list_scheduled,
    },
];

/// A message for later.
#[derive(Clone, Debug)]
pub struct Scheduled {
    pub id: String,
    pub post_at: i64,
    pub message: Message,
}

const DAY: i64 = 24 * 60 * 60;

pub fn schedule_message(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel_to_post()?;
    desk.state.check_may_post(&channel, &desk.caller.user)?;
    let post_at: i64 = desk.args.required("post_at")?.parse().map_err(|_| "invalid_time")?;
    let now = desk.now / SECOND;
    if post_at <= now {
        return Err("time_in_past".into());
    }
    if post_at > now + 120 * DAY {
        return Err("time_too_far".into());
    }
    let close = |other: &&Scheduled| {
        other.message.channel == channel && (other.post_at - post_at).abs() < 300
    };
    if desk.state.scheduled.iter().filter(close).count() >= 30 {
        return Err("restricted_too_many".into());
    }
    let content = Content::read(desk)?;
    let ts = desk.state.next_ts(desk.now);
    let message = content.into_message(desk, &channel, ts);
    let shown = desk.message_to_api(&message, true);
    let id = desk.state.next_id("Q");
    desk.state.scheduled.push(Scheduled { id: id.clone(), post_at, message });
    Ok(json!({
        "channel": channel, "scheduled_message_id": id, "post_at": post_at, "message": shown,
    }))
}

pub fn delete_scheduled(desk: &mut Desk<'_>) -> Answer {
    let id = desk.args.required("scheduled_message_id")?;
    let before = desk.state.scheduled.len();
    desk.state.scheduled.retain(|scheduled| scheduled.id != id);
    match desk.state.scheduled.len() < before {
        true => Ok(json!({})),
        false => Err("invalid_scheduled_message_id".into()),
    }
}

pub fn list_scheduled(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.args.text("channel");
    let wanted = |scheduled: &&Scheduled| {
        channel.as_ref().is_none_or(|channel| *channel == scheduled.message.channel)
    };
    let list = desk.state.scheduled.iter().filter(wanted).map(|scheduled| {
        json!({
            "id": scheduled.id,
            "channel_id": scheduled.message.channel,
            "post_at": scheduled.post_at,
            "date_created": scheduled.message.ts.seconds(),
            "text": scheduled.message.text,
        })
    });
    let list: Vec<_> = list.collect();
    Ok(json!({ "scheduled_messages": list, "response_metadata": { "next_cursor": "" } }))
}

impl State {
    /// Posts what is due. A message with metadata never comes: a bug of Slack's that apps have to
    /// live with.
    pub fn post_scheduled(&mut self, now: Micros) {
        let all = std::mem::take(&mut self.scheduled);
        let (due, later) = all.into_iter().partition(|s| s.post_at <= now / SECOND);
        self.scheduled = later;
        let due: Vec<Scheduled> = due;
        for Scheduled { mut message, .. } in due {
            if message.metadata.is_none() {
                message.ts = self.next_ts(now);
                self.post(now, message);
            }
        }
    }
}

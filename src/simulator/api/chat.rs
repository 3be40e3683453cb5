//! Posting, changing and deleting messages.

use serde_json::{Value, json};

use super::{
    desk::{Answer, Desk},
    methods::{Budget, Method, Scopes},
    refusal::Refusal,
};
use crate::simulator::{
    blocks,
    rules::messages::MAX_TEXT,
    state::{channel::Channel, message::Message, ts::Ts},
};

/// The methods of this file.
pub const METHODS: &[Method] = &[
    Method {
        name: "chat.delete",
        budget: Budget::Tier3,
        scopes: Scopes::Any(&["chat:write"]),
        takes_json: true,
        required: &["ts", "channel"],
        optional: &["as_user"],
        run: delete,
    },
    Method {
        name: "chat.getPermalink",
        budget: Budget::PerMinute(600),
        scopes: Scopes::None,
        takes_json: false,
        required: &["channel", "message_ts"],
        optional: &[],
        run: get_permalink,
    },
    Method {
        name: "chat.postEphemeral",
        budget: Budget::Tier4,
        scopes: Scopes::Any(&["chat:write"]),
        takes_json: true,
        required: &["user", "channel"],
        optional: &[
            "as_user",
            "attachments",
            "blocks",
            "icon_emoji",
            "icon_url",
            "link_names",
            "markdown_text",
            "metadata",
            "parse",
            "text",
            "thread_ts",
            "username",
        ],
        run: post_ephemeral,
    },
    Method {
        name: "chat.postMessage",
        budget: Budget::Posting,
        scopes: Scopes::Any(&["chat:write"]),
        takes_json: true,
        required: &["channel"],
        optional: &[
            "as_user",
            "attachments",
            "blocks",
            "current_draft_last_updated_ts",
            "icon_emoji",
            "icon_url",
            "link_names",
            "markdown_text",
            "metadata",
            "mrkdwn",
            "parse",
            "reply_broadcast",
            "text",
            "thread_ts",
            "unfurl_links",
            "unfurl_media",
            "username",
        ],
        run: post_message,
    },
    Method {
        name: "chat.unfurl",
        budget: Budget::Tier3,
        scopes: Scopes::Any(&["links:write"]),
        takes_json: true,
        required: &[],
        optional: &[
            "channel",
            "ts",
            "unfurls",
            "user_auth_message",
            "user_auth_required",
            "user_auth_url",
            "user_auth_blocks",
            "unfurl_id",
            "source",
        ],
        run: unfurl,
    },
    Method {
        name: "chat.update",
        budget: Budget::Tier3,
        scopes: Scopes::Any(&["chat:write"]),
        takes_json: true,
        required: &["ts", "channel"],
        optional: &[
            "as_user",
            "attachments",
            "unfurled_attachments",
            "blocks",
            "markdown_text",
            "metadata",
            "link_names",
            "parse",
            "text",
            "reply_broadcast",
            "file_ids",
        ],
        run: update,
    },
];

/// The longest text `chat.update` takes.
const MAX_UPDATED_TEXT: usize = 4_000;
/// The longest `markdown_text`.
const MAX_MARKDOWN: usize = 12_000;
/// The largest metadata. Slack has a limit, but doesn't publish it.
const MAX_METADATA: usize = 16_000;

pub fn post_message(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel_to_post()?;
    check_may_post(desk, &channel)?;
    let content = Content::read(desk)?;
    let thread_ts = desk.args.ts("thread_ts", "invalid_arguments")?;
    let ts = desk.state.next_ts(desk.now);
    let mut message = content.into_message(desk, &channel, ts);
    message.thread_ts = thread_of(desk, &channel, thread_ts);
    message.is_broadcast = message.is_reply() && desk.args.flag("reply_broadcast");
    if message.is_broadcast {
        message.subtype = Some("thread_broadcast".to_owned());
    }
    message.unfurl_links = desk.args.maybe_flag("unfurl_links");
    message.unfurl_media = desk.args.maybe_flag("unfurl_media");
    let shown = desk.message_to_api(&message, true);
    desk.state.post(desk.now, message);
    Ok(json!({ "channel": channel, "ts": ts, "message": shown }))
}

pub fn post_ephemeral(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel_to_post()?;
    let user = desk.args.required("user")?;
    check_may_post(desk, &channel)?;
    if !desk.state.users.contains_key(&user) {
        return Err("user_not_found".into());
    }
    if !desk.state.channels.get(&channel).is_some_and(|channel| channel.has(&user)) {
        return Err("user_not_in_channel".into());
    }
    let content = Content::read(desk)?;
    let thread_ts = desk.args.ts("thread_ts", "invalid_arguments")?;
    let ts = desk.state.next_ts(desk.now);
    let mut message = content.into_message(desk, &channel, ts);
    message.thread_ts = thread_of(desk, &channel, thread_ts);
    desk.state.post_ephemeral(&user, message);
    Ok(json!({ "message_ts": ts }))
}

pub fn update(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel()?;
    let ts = own_message(desk, &channel, "ts", "cant_update_message")?;
    let changed = Content::read_parts(desk)?;
    if changed.text.as_ref().is_some_and(|text| text.chars().count() > MAX_UPDATED_TEXT) {
        return Err("msg_too_long".into());
    }
    if desk.state.channels.get(&channel).is_some_and(|channel| channel.is_archived) {
        return Err("is_inactive".into());
    }
    let metadata_given = desk.args.0.contains_key("metadata");
    let nothing_given = changed.text.is_none() && changed.blocks.is_none();
    if nothing_given && changed.attachments.is_none() && !metadata_given {
        return Err("no_text".into());
    }
    let user = desk.caller.user.clone();
    desk.state.change_message(desk.now, (&channel, ts), Some(&user), |message| {
        // Without `blocks` the old ones stay; an empty list removes them.
        if let Some(blocks) = changed.blocks {
            message.blocks = blocks;
        }
        if let Some(text) = changed.text {
            message.text = text;
        }
        if let Some(attachments) = changed.attachments {
            message.attachments = attachments;
        }
        if metadata_given {
            message.metadata = changed.metadata;
        }
    })?;
    let Some(message) = desk.state.message(&channel, ts) else {
        return Err("message_not_found".into());
    };
    let text = message.text.clone();
    let shown = desk.message_to_api(message, true);
    Ok(json!({ "channel": channel, "ts": ts, "text": text, "message": shown }))
}

pub fn delete(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel()?;
    let ts = own_message(desk, &channel, "ts", "cant_delete_message")?;
    desk.state.delete_message(desk.now, &channel, ts)?;
    Ok(json!({ "channel": channel, "ts": ts }))
}

pub fn get_permalink(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel()?;
    let ts = desk.args.ts("message_ts", "message_not_found")?.ok_or("message_not_found")?;
    let message = desk.state.message(&channel, ts).ok_or("message_not_found")?;
    let mut permalink = desk.state.permalink(&channel, ts);
    if let (true, Some(thread)) = (message.is_reply(), message.thread_ts) {
        permalink.push_str(&format!("?thread_ts={thread}&cid={channel}"));
    }
    Ok(json!({ "channel": channel, "permalink": permalink }))
}

pub fn unfurl(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel_in("channel").map_err(|_| "cannot_find_channel")?.id.clone();
    let ts = desk.args.ts("ts", "missing_ts")?.ok_or("missing_ts")?;
    let unfurls = desk.args.json("unfurls").map_err(|_| "invalid_unfurls_format")?;
    let Some(Value::Object(unfurls)) = unfurls else { return Err("missing_unfurls".into()) };
    let message = desk.state.message(&channel, ts).ok_or("cannot_find_message")?;
    for (url, unfurl) in &unfurls {
        let escaped = url.replace('&', "&amp;");
        if !message.text.contains(url) && !message.text.contains(&escaped) {
            return Err("cannot_unfurl_url".into());
        }
        if let Some(blocks) = unfurl.get("blocks") {
            let issues = blocks::check_message_blocks(blocks, "/unfurls/blocks");
            if !issues.is_empty() {
                return Err(Refusal::blocks("cannot_parse_attachment", &issues));
            }
        }
    }
    desk.state.change_message(desk.now, (&channel, ts), None, |message| {
        message.unfurls.extend(unfurls);
    })?;
    Ok(json!({}))
}

/// What a message says, as the arguments have it.
#[derive(Default)]
pub struct Content {
    pub text: Option<String>,
    pub blocks: Option<Vec<Value>>,
    pub attachments: Option<Vec<Value>>,
    pub metadata: Option<Value>,
}

impl Content {
    /// For a new message, which must say something.
    pub fn read(desk: &mut Desk<'_>) -> Result<Content, Refusal> {
        let content = Content::read_parts(desk)?;
        let blank = |list: &Option<Vec<Value>>| list.as_ref().is_none_or(Vec::is_empty);
        let says_nothing = content.text.as_ref().is_none_or(|text| text.trim().is_empty());
        if says_nothing && blank(&content.blocks) && blank(&content.attachments) {
            return Err("no_text".into());
        }
        Ok(content)
    }

    /// Whatever is there.
    fn read_parts(desk: &mut Desk<'_>) -> Result<Content, Refusal> {
        if let Some(Value::Object(_) | Value::Array(_)) = desk.args.0.get("text") {
            let message = "[ERROR] must be a string [json-pointer:/text]".to_owned();
            return Err(Refusal::arguments(&[message]));
        }
        let markdown = desk.args.text("markdown_text");
        let text = desk.args.text("text");
        let blocks = desk.args.json("blocks").map_err(|_| "invalid_blocks_format")?;
        if markdown.is_some() && (text.is_some() || blocks.is_some()) {
            return Err("markdown_text_conflict".into());
        }
        if markdown.as_ref().is_some_and(|markdown| markdown.chars().count() > MAX_MARKDOWN) {
            return Err("msg_too_long".into());
        }
        let blocks = match blocks {
            None => None,
            Some(Value::Array(list)) => Some(checked_blocks(desk, list)?),
            Some(_) => return Err("invalid_blocks_format".into()),
        };
        let attachments = desk.args.json("attachments").map_err(|_| "invalid_attachments")?;
        let attachments = match attachments {
            None => None,
            Some(Value::Array(list)) if list.len() > 100 => {
                return Err("too_many_attachments".into());
            }
            Some(Value::Array(list)) => Some(list),
            Some(_) => return Err("invalid_attachments".into()),
        };
        let metadata = desk.args.json("metadata").map_err(|_| "invalid_metadata_format")?;
        let metadata = check_metadata(metadata)?;
        let cut = |text: String| match text.char_indices().nth(MAX_TEXT) {
            Some((end, _)) => text[..end].to_owned(),
            None => text,
        };
        Ok(Content { text: text.or(markdown).map(cut), blocks, attachments, metadata })
    }

    /// A message of the caller.
    pub fn into_message(self, desk: &Desk<'_>, channel: &str, ts: Ts) -> Message {
        let text = self.text.unwrap_or_default();
        let mut message = Message::plain(channel, ts, &desk.caller.user, &text);
        if desk.caller.is_bot {
            message.bot_id = Some(desk.state.app.bot_id.clone());
        }
        message.app_id = Some(desk.state.app.id.clone());
        message.blocks = self.blocks.unwrap_or_default();
        message.attachments = self.attachments.unwrap_or_default();
        message.metadata = self.metadata;
        message
    }
}

/// Blocks that may stand in a message, completed as Slack does.
fn checked_blocks(desk: &mut Desk<'_>, list: Vec<Value>) -> Result<Vec<Value>, Refusal> {
    let mut blocks = Value::Array(list);
    let issues = blocks::check_message_blocks(&blocks, "/blocks");
    if !issues.is_empty() {
        return Err(Refusal::blocks("invalid_blocks", &issues));
    }
    if blocks::count_text(&blocks) > blocks::MAX_TEXT_OF_MESSAGE {
        return Err("msg_blocks_too_long".into());
    }
    blocks::finish(&mut blocks, &mut || desk.state.next_id("b"));
    match blocks {
        Value::Array(list) => Ok(list),
        _ => Ok(Vec::new()),
    }
}

/// `{}` removes metadata; everything else must be `{event_type, event_payload}`.
fn check_metadata(metadata: Option<Value>) -> Result<Option<Value>, Refusal> {
    let Some(metadata) = metadata else { return Ok(None) };
    let Value::Object(object) = &metadata else { return Err("invalid_metadata_format".into()) };
    if object.is_empty() {
        return Ok(None);
    }
    let has_type = object.get("event_type").and_then(Value::as_str).is_some_and(|t| !t.is_empty());
    let payload = object.get("event_payload").and_then(Value::as_object);
    if !has_type || payload.is_none() {
        return Err("invalid_metadata_format".into());
    }
    if metadata.to_string().len() > MAX_METADATA {
        return Err("metadata_too_large".into());
    }
    Ok(Some(metadata))
}

/// With `chat:write.public`, apps may post to public channels without being in them.
fn check_may_post(desk: &Desk<'_>, channel: &str) -> Result<(), Refusal> {
    match desk.state.check_may_post(channel, &desk.caller.user) {
        Err("not_in_channel") if desk.caller.is_bot => {
            let place = desk.state.channels.get(channel);
            let is = |what: fn(&Channel) -> bool| place.is_some_and(what);
            match desk.state.app.scopes.contains("chat:write.public") {
                true if is(|place| place.is_archived) => Err("is_archived".into()),
                true if is(|place| place.is_restricted) => {
                    Err("restricted_action_read_only_channel".into())
                }
                true => Ok(()),
                false => Err("not_in_channel".into()),
            }
        }
        other => Ok(other?),
    }
}

/// The thread a reply belongs to: an unknown `thread_ts` makes a message of its own, and a reply
/// to a reply joins its thread.
fn thread_of(desk: &Desk<'_>, channel: &str, thread: Option<Ts>) -> Option<Ts> {
    let parent = desk.state.message(channel, thread?)?;
    Some(parent.thread_ts.unwrap_or(parent.ts))
}

fn own_message(
    desk: &Desk<'_>,
    channel: &str,
    argument: &str,
    not_own: &'static str,
) -> Result<Ts, Refusal> {
    let ts = desk.args.ts(argument, "message_not_found")?.ok_or("message_not_found")?;
    let message = desk.state.message(channel, ts).ok_or("message_not_found")?;
    let by_app = message.bot_id.as_ref() == Some(&desk.state.app.bot_id);
    match message.user == desk.caller.user && by_app == desk.caller.is_bot {
        true if message.subtype.as_deref().is_none_or(|s| s == "thread_broadcast") => Ok(ts),
        _ => Err(not_own.into()),
    }
}

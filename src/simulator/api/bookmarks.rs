//! The bar of links under a channel's name.

use serde_json::{Value, json};

use super::{
    args::missing,
    desk::{Answer, Desk},
    methods::{Budget, Method, Scopes},
    refusal::Refusal,
};
use crate::simulator::{
    blocks::is_web_url,
    clock::SECOND,
    state::channel::{Bookmark, Channel},
};

/// The methods of this file.
pub const METHODS: &[Method] = &[
    Method {
        name: "bookmarks.add",
        budget: Budget::Tier2,
        scopes: Scopes::Any(&["bookmarks:write"]),
        takes_json: true,
        required: &["title", "type"],
        optional: &["channel_id", "link", "emoji", "entity_id", "access_level", "parent_id"],
        run: add,
    },
    Method {
        name: "bookmarks.edit",
        budget: Budget::Tier2,
        scopes: Scopes::Any(&["bookmarks:write"]),
        takes_json: true,
        required: &[],
        optional: &["channel_id", "bookmark_id", "title", "link", "emoji"],
        run: edit,
    },
    Method {
        name: "bookmarks.list",
        budget: Budget::Tier3,
        scopes: Scopes::Any(&["bookmarks:read"]),
        takes_json: true,
        required: &[],
        optional: &["channel_id"],
        run: list,
    },
    Method {
        name: "bookmarks.remove",
        budget: Budget::Tier2,
        scopes: Scopes::Any(&["bookmarks:write"]),
        takes_json: true,
        required: &[],
        optional: &["channel_id", "bookmark_id", "quip_section_id"],
        run: remove,
    },
];

/// The most bookmarks in a channel.
const MAX_BOOKMARKS: usize = 100;

pub fn add(desk: &mut Desk<'_>) -> Answer {
    let channel = channel_to_change(desk)?;
    let title = title(desk)?.ok_or_else(|| missing("title"))?;
    if desk.args.text_or_empty("type") != "link" {
        return Err("invalid_bookmark_type".into());
    }
    let link = link(desk)?.ok_or("invalid_link")?;
    let emoji = emoji(desk)?;
    let id = desk.state.next_id("Bk");
    let bookmark = Bookmark {
        id,
        channel_id: channel.clone(),
        title,
        link,
        emoji,
        kind: "link".to_owned(),
        date_created: desk.now / SECOND,
        date_updated: 0,
        last_updated_by_user_id: desk.caller.user.clone(),
    };
    let shown = show(desk, &bookmark);
    let bookmarks = &mut changing(desk, &channel)?.bookmarks;
    if bookmarks.len() >= MAX_BOOKMARKS {
        return Err("too_many_bookmarks".into());
    }
    bookmarks.push(bookmark);
    Ok(json!({ "bookmark": shown }))
}

pub fn edit(desk: &mut Desk<'_>) -> Answer {
    let channel = channel_to_change(desk)?;
    let id = desk.args.required("bookmark_id")?;
    let (title, link, emoji) = (title(desk)?, link(desk)?, emoji(desk)?);
    let (now, user) = (desk.now / SECOND, desk.caller.user.clone());
    let bookmarks = &mut changing(desk, &channel)?.bookmarks;
    let bookmark = bookmarks.iter_mut().find(|known| known.id == id).ok_or("not_found")?;
    bookmark.title = title.unwrap_or_else(|| bookmark.title.clone());
    bookmark.link = link.unwrap_or_else(|| bookmark.link.clone());
    bookmark.emoji = emoji.or_else(|| bookmark.emoji.clone());
    bookmark.date_updated = now;
    bookmark.last_updated_by_user_id = user;
    let bookmark = bookmark.clone();
    Ok(json!({ "bookmark": show(desk, &bookmark) }))
}

pub fn list(desk: &mut Desk<'_>) -> Answer {
    let channel = desk.channel_in("channel_id")?;
    let list: Vec<_> = channel.bookmarks.iter().map(|bookmark| show(desk, bookmark)).collect();
    Ok(json!({ "bookmarks": list }))
}

pub fn remove(desk: &mut Desk<'_>) -> Answer {
    let channel = channel_to_change(desk)?;
    let id = desk.args.required("bookmark_id")?;
    let bookmarks = &mut changing(desk, &channel)?.bookmarks;
    let position = bookmarks.iter().position(|known| known.id == id).ok_or("not_found")?;
    bookmarks.remove(position);
    Ok(json!({}))
}

fn channel_to_change(desk: &mut Desk<'_>) -> Result<String, Refusal> {
    let channel = desk.channel_in("channel_id")?;
    if !channel.has(&desk.caller.user) {
        return Err("permission_denied".into());
    }
    if channel.is_archived {
        return Err("is_archived".into());
    }
    Ok(channel.id.clone())
}

fn changing<'a>(desk: &'a mut Desk<'_>, id: &str) -> Result<&'a mut Channel, Refusal> {
    desk.state.channels.get_mut(id).ok_or_else(|| "channel_not_found".into())
}

fn title(desk: &Desk<'_>) -> Result<Option<String>, Refusal> {
    match desk.args.text("title") {
        Some(title) if title.chars().count() > 256 => {
            let message = "[ERROR] must be less than 257 characters [json-pointer:/title]";
            Err(Refusal::arguments(&[message.to_owned()]))
        }
        title => Ok(title),
    }
}

fn link(desk: &Desk<'_>) -> Result<Option<String>, Refusal> {
    match desk.args.text("link") {
        Some(link) if !is_web_url(&link) || link.len() > 2048 => Err("invalid_link".into()),
        link => Ok(link),
    }
}

fn emoji(desk: &Desk<'_>) -> Result<Option<String>, Refusal> {
    match desk.args.text("emoji") {
        Some(emoji) if !(emoji.len() > 2 && emoji.starts_with(':') && emoji.ends_with(':')) => {
            Err("invalid_emoji".into())
        }
        emoji => Ok(emoji),
    }
}

fn show(desk: &Desk<'_>, bookmark: &Bookmark) -> Value {
    let mut shown = json!(bookmark);
    shown["icon_url"] = Value::Null;
    shown["entity_id"] = Value::Null;
    shown["rank"] = "g".into();
    shown["last_updated_by_team_id"] = desk.state.team.id.clone().into();
    shown["shortcut_id"] = Value::Null;
    shown["app_id"] = Value::Null;
    shown
}

//! What people do with messages, channels and each other. The app hears of it by events.

use serde_json::json;

use super::{active_user, typing};
use crate::simulator::{
    act::{Act, Oops, Seen},
    clock::Micros,
    state::{State, message::Message, user::User},
};

/// Does what needs no answer of the app.
pub fn do_it(state: &mut State, now: Micros, act: Act) -> Result<Seen, Oops> {
    let mut seen = Seen::default();
    match act {
        Act::PostMessage { user, channel, text, thread_ts } => {
            active_user(state, &user)?;
            state.check_may_post(&channel, &user).map_err(Oops::new)?;
            if text.trim().is_empty() {
                return Err(Oops::new("no_text"));
            }
            let ts = state.next_ts(now);
            let block_id = state.next_id("b");
            let mut message =
                Message::plain(&channel, ts, &user, &typing::message_text(state, &text));
            message.blocks = vec![typing::rich_text(state, &text, &block_id)];
            message.client_msg_id =
                Some(format!("00000000-0000-4000-8000-{:012}", ts.0 % 1_000_000_000_000));
            if let Some(thread) = thread_ts {
                let parent = state.message(&channel, thread);
                let parent = parent.ok_or_else(|| Oops::new("message_not_found"))?;
                message.thread_ts = Some(parent.thread_ts.unwrap_or(thread));
            }
            seen.posted = Some(state.post(now, message));
            state.tell_app_of_links(now, &channel, ts);
        }
        Act::EditMessage { user, channel, ts, text } => {
            own_message(state, &user, &channel, ts)?;
            let block_id = state.next_id("b");
            let written = typing::message_text(state, &text);
            let blocks = vec![typing::rich_text(state, &text, &block_id)];
            let changed = state.change_message(now, (&channel, ts), Some(&user), |message| {
                message.text = written;
                message.blocks = blocks;
            });
            changed.map_err(Oops::new)?;
        }
        Act::DeleteMessage { user, channel, ts } => {
            if state.is_admin(&user) {
                state.member_channel(&channel, &user).map_err(Oops::new)?;
            } else {
                own_message(state, &user, &channel, ts)?;
            }
            state.delete_message(now, &channel, ts).map_err(Oops::new)?;
        }
        Act::React { user, channel, ts, name } => {
            active_user(state, &user)?;
            state.react(now, &user, &channel, ts, &name).map_err(Oops::new)?;
        }
        Act::Unreact { user, channel, ts, name } => {
            active_user(state, &user)?;
            state.unreact(now, &user, &channel, ts, &name).map_err(Oops::new)?;
        }
        Act::Pin { user, channel, ts } => {
            active_user(state, &user)?;
            state.pin(now, &user, &channel, ts).map_err(Oops::new)?;
        }
        Act::Unpin { user, channel, ts } => {
            active_user(state, &user)?;
            state.unpin(now, &user, &channel, ts).map_err(Oops::new)?;
        }
        Act::OpenHome { user } => open_home(state, now, &user)?,
        Act::AddUser { name, real_name, tz, guest } => {
            if state.users.values().any(|known| known.name == name) {
                return Err(Oops::new("name_taken"));
            }
            let id = state.next_id("U");
            let person = User::person(&id, &name, &real_name, &tz);
            let person = if guest { person.as_guest() } else { person };
            let shown = json!({
                "id": id, "team_id": state.team.id, "name": name, "real_name": real_name,
                "deleted": false, "is_bot": false, "is_restricted": guest, "tz": tz,
            });
            state.users.insert(id.clone(), person);
            let event = json!({ "type": "team_join", "user": shown });
            state.tell_app(now, "team_join", "", event);
            seen.made = Some(id);
        }
        Act::DeactivateUser { user } => {
            let person = state.users.get_mut(&user).ok_or_else(|| Oops::new("user_not_found"))?;
            person.deleted = true;
            let shown = json!({ "id": user, "name": person.name, "deleted": true });
            for channel in state.channels.values_mut() {
                if !channel.is_im {
                    channel.members.remove(&user);
                }
            }
            state.tell_app(now, "user_change", "", json!({ "type": "user_change", "user": shown }));
        }
        Act::ChangeUser { user, real_name, email, tz } => {
            let person = state.users.get_mut(&user).ok_or_else(|| Oops::new("user_not_found"))?;
            if let Some(real_name) = real_name {
                person.real_name = real_name;
            }
            if email.is_some() {
                person.email = email;
            }
            if let Some(tz) = tz {
                person.tz = tz;
            }
            let shown = json!({
                "id": user, "name": person.name, "real_name": person.real_name, "tz": person.tz,
                "deleted": person.deleted, "is_bot": person.is_bot,
            });
            state.tell_app(now, "user_change", "", json!({ "type": "user_change", "user": shown }));
        }
        Act::TellRateLimited => state.tell_rate_limited(now),
        Act::Reinstall { scopes } => {
            state.app.scopes = scopes.into_iter().collect();
            state.app.is_installed = true;
            let team = state.team.id.clone();
            seen.made = Some(state.tokens.issue(now, &team, false).access);
        }
        Act::Uninstall => {
            let bot = state.app.bot_user.clone();
            let revoked =
                json!({ "type": "tokens_revoked", "tokens": { "oauth": [], "bot": [bot] } });
            state.tell_app(now, "tokens_revoked", "", revoked);
            state.tell_app(now, "app_uninstalled", "", json!({ "type": "app_uninstalled" }));
            state.app.is_installed = false;
            state.tokens.end_all();
        }
        Act::LetIn { granted } => {
            if state.team.enterprise.is_none() {
                return Err(Oops::new("not_an_organisation"));
            }
            let kind = if granted { "team_access_granted" } else { "team_access_revoked" };
            state.app.is_installed = granted;
            let event = json!({ "type": kind, "team_ids": [state.team.id] });
            state.tell_app(now, kind, "", event);
        }
        other => seen.made = change_channel(state, now, other)?,
    }
    Ok(seen)
}

fn change_channel(state: &mut State, now: Micros, act: Act) -> Result<Option<String>, Oops> {
    let done = match act {
        Act::CreateChannel { user, name, private } => {
            active_user(state, &user)?;
            let made = state.create_channel(now, &user, &name, private);
            return made.map(Some).map_err(Oops::new);
        }
        Act::Join { user, channel } => {
            active_user(state, &user)?;
            match state.channels.get(&channel) {
                Some(place) if place.is_archived => Err("is_archived"),
                Some(place) if place.is_public() => state.add_member(now, &channel, &user, None),
                _ => Err("channel_not_found"),
            }
        }
        Act::Leave { user, channel } => match state.channels.get(&channel) {
            Some(place) if place.is_general => Err("cant_leave_general"),
            _ => state.remove_member(now, &channel, &user),
        },
        Act::Invite { user, channel, who } => {
            active_user(state, &user)?;
            let may = state.member_channel(&channel, &user).map(|_| ());
            may.and_then(|()| state.check_invitation(&user, &channel, &who))
                .and_then(|()| state.add_member(now, &channel, &who, Some(&user)))
        }
        Act::Kick { user, channel, who } => {
            active_user(state, &user)?;
            let may = state.member_channel(&channel, &user).map(|_| ());
            may.and_then(|()| state.check_removal(&user, &channel, &who))
                .and_then(|()| state.remove_member(now, &channel, &who))
        }
        Act::DeleteChannel { user, channel } => {
            active_user(state, &user)?;
            state.delete_channel(now, &user, &channel)
        }
        Act::MakePrivate { user, channel } => state.make_private(now, &user, &channel),
        Act::RestrictPosting { user, channel, restricted } => {
            state.restrict_posting(&user, &channel, restricted)
        }
        Act::ChangeChannelId { channel } => {
            let made = state.change_channel_id(now, &channel);
            return made.map(Some).map_err(Oops::new);
        }
        Act::ArchiveChannel { user, channel } => state.archive_channel(now, &user, &channel),
        Act::UnarchiveChannel { user, channel } => {
            active_user(state, &user)?;
            state.unarchive_channel(now, &user, &channel)
        }
        Act::RenameChannel { user, channel, name } => {
            state.rename_channel(now, &user, &channel, &name)
        }
        Act::SetTopic { user, channel, topic } => state.set_topic(now, &user, &channel, &topic),
        _ => Err("not_possible"),
    };
    done.map(|()| None).map_err(Oops::new)
}

fn open_home(state: &mut State, now: Micros, user: &str) -> Result<(), Oops> {
    active_user(state, user)?;
    let bot = state.app.bot_user.clone();
    let (channel, _) = state.open_im(now, &bot, user).map_err(Oops::new)?;
    let mut event = json!({
        "type": "app_home_opened", "user": user, "channel": channel, "tab": "home",
    });
    if let Some(home) = state.homes.get(user) {
        event["view"] = state.view_to_api(home, &json!({}));
    }
    state.tell_app(now, "app_home_opened", &channel, event);
    Ok(())
}

fn own_message(
    state: &State,
    user: &str,
    channel: &str,
    ts: crate::simulator::state::ts::Ts,
) -> Result<(), Oops> {
    active_user(state, user)?;
    let message = state.message(channel, ts).ok_or_else(|| Oops::new("message_not_found"))?;
    let may = message.user == user && message.subtype.is_none() && message.bot_id.is_none();
    may.then_some(()).ok_or_else(|| Oops::new("cant_update_message"))
}

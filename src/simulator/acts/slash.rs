//! Slash commands and shortcuts.

use serde_json::{Map, Value};

use super::{Before, active_user, typing};
use crate::simulator::{
    Simulator,
    act::{Oops, Seen},
    delivery::post::Answer,
    respond::Content,
    state::{State, message::Message, ts::Ts},
};

impl Simulator {
    pub(super) async fn type_command(
        &self,
        user: &str,
        channel: &str,
        command: &str,
        text: &str,
    ) -> Result<Seen, Oops> {
        let now = self.clock().now();
        let (before, form, url) = self.write(|state| {
            active_user(state, user)?;
            state.check_may_post(channel, user).map_err(Oops::new)?;
            let known = state.app.commands.iter().find(|known| known.command == command);
            let should_escape = known.ok_or_else(|| Oops::new("unknown_command"))?.should_escape;
            let text = match should_escape {
                true => typing::command_text(state, text.trim()),
                false => text.trim().to_owned(),
            };
            let before = Before::now(state, user);
            let form = self.command_form(state, now, (user, channel), (command, text));
            Ok::<_, Oops>((before, form, state.app.urls.commands.clone()))
        })?;
        let result = self.send_once("slash_command", &url, &form).await;
        let error = match result {
            Ok(answer) => self.show_answer(&answer, (user, channel), (command, text)).err(),
            Err(error) => Some(error),
        };
        let mut seen = self.seen_since(&before, user);
        // Answers for all are seen by the person too.
        let since = before.last_ts;
        let all = self.read(|state| answers_for_all(state, channel, since, user));
        seen.messages.extend(all);
        seen.error = error.map(str::to_owned);
        Ok(seen)
    }

    fn command_form(
        &self,
        state: &mut State,
        now: i64,
        (user, channel): (&str, &str),
        (command, text): (&str, String),
    ) -> Vec<(&'static str, String)> {
        let trigger = state.give_trigger(now, user, None);
        let response = state.response_urls.give(now, user, channel, None);
        let user_name = state.users.get(user).map(|user| user.name.clone()).unwrap_or_default();
        let place = state.channels.get(channel);
        let channel_name = place.map(|place| place.spoken_name().to_owned()).unwrap_or_default();
        let mut form = vec![
            ("token", "simulator".to_owned()),
            ("team_id", state.team.id.clone()),
            ("team_domain", state.team.domain.clone()),
        ];
        if let Some(enterprise) = &state.team.enterprise {
            form.push(("enterprise_id", enterprise.id.clone()));
            form.push(("enterprise_name", enterprise.name.clone()));
        }
        form.extend([
            ("channel_id", channel.to_owned()),
            ("channel_name", channel_name),
            ("user_id", user.to_owned()),
            ("user_name", user_name),
            ("command", command.to_owned()),
            ("text", text),
            ("api_app_id", state.app.id.clone()),
            ("is_enterprise_install", state.team.enterprise.is_some().to_string()),
            ("response_url", self.response_url(&response)),
            ("trigger_id", trigger),
        ]);
        form
    }

    /// Shows what the app answered at once: nothing, a text, or a message.
    fn show_answer(
        &self,
        answer: &Answer,
        (user, channel): (&str, &str),
        (command, typed): (&str, &str),
    ) -> Result<(), &'static str> {
        let text = String::from_utf8_lossy(&answer.body);
        if text.trim().is_empty() {
            return Ok(());
        }
        let now = self.clock().now();
        let json: Option<Map<String, Value>> = match answer.content_type().contains("json") {
            true => serde_json::from_str(&text).ok(),
            false => None,
        };
        self.write(|state| {
            let Some(payload) = json else {
                Content::text(&text).post(state, now, channel, user, false, &Map::new());
                return Ok(());
            };
            // An empty object says nothing.
            if payload.is_empty() {
                return Ok(());
            }
            let content = Content::read(state, &payload)?;
            let for_all = payload.get("response_type").is_some_and(|kind| kind == "in_channel");
            if for_all {
                let ts = state.next_ts(now);
                let echo = typing::message_text(state, format!("{command} {typed}").trim());
                state.post(now, Message::plain(channel, ts, user, &echo));
            }
            content.post(state, now, channel, user, for_all, &payload);
            Ok(())
        })
    }

    pub(super) async fn pick_shortcut(&self, user: &str, callback_id: &str) -> Result<Seen, Oops> {
        let now = self.clock().now();
        let (before, payload) = self.write(|state| {
            active_user(state, user)?;
            known_shortcut(state, callback_id, false)?;
            let mut payload = state.interaction("shortcut", user);
            // Global shortcuts happen nowhere, and no app is named.
            if let Value::Object(payload) = &mut payload {
                payload.remove("api_app_id");
            }
            payload["callback_id"] = callback_id.into();
            payload["trigger_id"] = state.give_trigger(now, user, None).into();
            payload["action_ts"] = state.next_ts(now).to_string().into();
            Ok::<_, Oops>((Before::now(state, user), payload))
        })?;
        let error = self.interact(&payload).await.err();
        let seen = self.seen_since(&before, user);
        Ok(Seen { error: error.map(str::to_owned), ..seen })
    }

    pub(super) async fn pick_message_shortcut(
        &self,
        user: &str,
        channel: &str,
        ts: Ts,
        callback_id: &str,
    ) -> Result<Seen, Oops> {
        let now = self.clock().now();
        let (before, payload) = self.write(|state| {
            active_user(state, user)?;
            known_shortcut(state, callback_id, true)?;
            let place =
                state.channels.get(channel).ok_or_else(|| Oops::new("channel_not_found"))?;
            if !place.has(user) {
                return Err(Oops::new("not_in_channel"));
            }
            let name = place.spoken_name().to_owned();
            let message =
                state.message(channel, ts).ok_or_else(|| Oops::new("message_not_found"))?;
            let message = message.to_api(&state.team.id);
            let mut payload = state.interaction("message_action", user);
            payload["callback_id"] = callback_id.into();
            payload["trigger_id"] = state.give_trigger(now, user, None).into();
            payload["channel"] = serde_json::json!({ "id": channel, "name": name });
            payload["message_ts"] = ts.to_string().into();
            payload["message"] = message;
            let response = state.response_urls.give(now, user, channel, Some(ts));
            payload["response_url"] = self.response_url(&response).into();
            payload["action_ts"] = state.next_ts(now).to_string().into();
            Ok::<_, Oops>((Before::now(state, user), payload))
        })?;
        let error = self.interact(&payload).await.err();
        let seen = self.seen_since(&before, user);
        Ok(Seen { error: error.map(str::to_owned), ..seen })
    }
}

fn known_shortcut(state: &State, callback_id: &str, on_message: bool) -> Result<(), Oops> {
    let mut all = state.app.shortcuts.iter();
    match all.any(|known| known.callback_id == callback_id && known.on_message == on_message) {
        true => Ok(()),
        false => Err(Oops::new("unknown_shortcut")),
    }
}

/// What the app has said in the channel since; the echo of the command isn't an answer.
fn answers_for_all(state: &State, channel: &str, since: i64, user: &str) -> Vec<Message> {
    let place = state.channels.get(channel);
    let messages = place.into_iter().flat_map(|place| place.messages.range(Ts(since + 1)..));
    let echoed = |message: &&Message| message.user == user && message.text.starts_with('/');
    let messages: Vec<_> = messages.map(|(_, message)| message).collect();
    let Some(echo) = messages.iter().position(echoed) else { return Vec::new() };
    let is_answer = |message: &&&Message| message.bot_id.is_some();
    messages[echo..].iter().filter(is_answer).take(1).map(|message| (*message).clone()).collect()
}

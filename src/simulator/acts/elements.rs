//! Buttons, selects and the like in messages, modals and home tabs.

use serde_json::{Value, json};

use super::{Before, active_user, fields};
use crate::simulator::{
    Simulator,
    act::{Oops, Seen, Values},
    blocks,
    state::{State, ts::Ts},
};

/// Where an element is.
#[derive(Clone, Debug)]
pub enum Place {
    Message { channel: String, ts: Ts },
    View { id: String },
}

impl Place {
    /// From what an act says of it.
    pub fn of(
        channel: Option<String>,
        ts: Option<Ts>,
        view_id: Option<String>,
    ) -> Result<Place, Oops> {
        match (channel, ts, view_id) {
            (_, _, Some(id)) => Ok(Place::View { id }),
            (Some(channel), Some(ts), None) => Ok(Place::Message { channel, ts }),
            _ => Err(Oops::new("neither_message_nor_view")),
        }
    }

    fn blocks(&self, state: &State, user: &str) -> Result<Vec<Value>, Oops> {
        match self {
            Place::Message { channel, ts } => {
                let channel = state.channels.get(channel);
                let channel = channel.ok_or_else(|| Oops::new("channel_not_found"))?;
                if !channel.has(user) && !channel.is_public() {
                    return Err(Oops::new("channel_not_found"));
                }
                let message = channel.seen_by(user, *ts);
                Ok(message.ok_or_else(|| Oops::new("message_not_found"))?.blocks.clone())
            }
            Place::View { id } => {
                let view = state.view_or_home(id).filter(|view| view.user == user);
                Ok(view.ok_or_else(|| Oops::new("view_not_found"))?.blocks().to_vec())
            }
        }
    }

    /// What an interaction says of it.
    fn describe(&self, state: &State, user: &str, values: &Value, payload: &mut Value) {
        match self {
            Place::Message { channel, ts } => {
                let Some(place) = state.channels.get(channel) else { return };
                let Some(message) = place.seen_by(user, *ts) else { return };
                let mut container = json!({
                    "type": "message",
                    "message_ts": ts,
                    "channel_id": channel,
                    "is_ephemeral": message.ephemeral_to.is_some(),
                });
                if let Some(thread) = message.thread_ts {
                    container["thread_ts"] = thread.to_string().into();
                }
                payload["container"] = container;
                payload["channel"] = json!({ "id": channel, "name": place.spoken_name() });
                payload["message"] = message.to_api(&state.team.id);
                payload["state"] = json!({ "values": values });
            }
            Place::View { id } => {
                let Some(view) = state.view_or_home(id) else { return };
                payload["container"] = json!({ "type": "view", "view_id": id });
                payload["view"] = state.view_to_api(view, values);
            }
        }
    }
}

impl Simulator {
    pub(super) async fn use_element(
        &self,
        user: &str,
        place: &Place,
        (block_id, action_id): (&str, &str),
        value: &Value,
        values: &Values,
    ) -> Result<Seen, Oops> {
        let now = self.clock().now();
        let prepared = self.write(|state| {
            active_user(state, user)?;
            let blocks = place.blocks(state, user)?;
            let element = find(&blocks, block_id, action_id)?;
            let kind = element["type"].as_str().unwrap_or_default().to_owned();
            let block = blocks.iter().find(|block| block["block_id"] == block_id);
            let in_input = block.is_some_and(|block| block["type"] == "input");
            let dispatches = block.is_some_and(|block| block["dispatch_action"] == true);
            // The client keeps it to itself until the modal is sent.
            if in_input && !dispatches {
                return Ok(None);
            }
            let mut all = values.clone();
            if !matches!(&*kind, "button" | "overflow") {
                let block = all.entry(block_id.to_owned()).or_default();
                block.insert(action_id.to_owned(), value.clone());
            }
            let values = fields::state_values(&blocks, &all)?;
            let before = Before::now(state, user);
            let mut action = json!({ "action_id": action_id, "block_id": block_id });
            if kind == "button" {
                action["type"] = "button".into();
            } else {
                let held = fields::field_value(element, Some(value))?;
                held.into_iter().for_each(|(name, value)| action[name] = value);
            }
            let copied = ["text", "value", "url", "style", "placeholder"];
            let initial = ["initial_option", "initial_user", "initial_conversation"];
            for name in copied.into_iter().chain(initial) {
                if let (Some(own), None) = (element.get(name), action.get(name)) {
                    action[name] = own.clone();
                }
            }
            action["action_ts"] = state.next_ts(now).to_string().into();
            let mut payload = state.interaction("block_actions", user);
            let in_modal = match place {
                Place::View { id } => state.views.contains_key(id).then_some(id.as_str()),
                Place::Message { .. } => None,
            };
            payload["trigger_id"] = state.give_trigger(now, user, in_modal).into();
            place.describe(state, user, &values, &mut payload);
            if let Place::Message { channel, ts } = place {
                let response = state.response_urls.give(now, user, channel, Some(*ts));
                payload["response_url"] = self.response_url(&response).into();
            }
            payload["actions"] = json!([action]);
            Ok(Some((before, payload)))
        })?;
        let Some((before, payload)) = prepared else { return Ok(Seen::default()) };
        let error = self.interact(&payload).await.err();
        let seen = self.seen_since(&before, user);
        Ok(Seen { error: error.map(str::to_owned), ..seen })
    }

    pub(super) async fn query_options(
        &self,
        user: &str,
        place: &Place,
        (block_id, action_id): (&str, &str),
        query: &str,
    ) -> Result<Seen, Oops> {
        let payload = self.write(|state| {
            active_user(state, user)?;
            let blocks = place.blocks(state, user)?;
            let element = find(&blocks, block_id, action_id)?;
            if !element["type"].as_str().is_some_and(|kind| kind.ends_with("external_select")) {
                return Err(Oops::new("not_an_external_select"));
            }
            let values = fields::state_values(&blocks, &Values::new())?;
            let mut payload = state.interaction("block_suggestion", user);
            place.describe(state, user, &values, &mut payload);
            payload["action_id"] = action_id.into();
            payload["block_id"] = block_id.into();
            payload["value"] = query.into();
            Ok(payload)
        })?;
        let answer = match self.interact(&payload).await {
            Ok(answer) => answer,
            Err(error) => return Ok(Seen { error: Some(error.to_owned()), ..Seen::default() }),
        };
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let (list, is_grouped) = match (&body["options"], &body["option_groups"]) {
            (Value::Array(list), _) => (list, false),
            (_, Value::Array(list)) => (list, true),
            _ => return Ok(Seen { error: Some("invalid_options".to_owned()), ..Seen::default() }),
        };
        match blocks::are_suggestions(list, is_grouped) {
            true => Ok(Seen { options: list.clone(), ..Seen::default() }),
            false => Ok(Seen { error: Some("invalid_options".to_owned()), ..Seen::default() }),
        }
    }
}

fn find<'a>(blocks: &'a [Value], block_id: &str, action_id: &str) -> Result<&'a Value, Oops> {
    let all = blocks::interactive_elements(blocks).into_iter();
    let mut fitting =
        all.filter(|(block, element)| *block == block_id && element["action_id"] == action_id);
    let (_, element) = fitting.next().ok_or_else(|| Oops::new("no_such_element"))?;
    Ok(element)
}

//! Sending and closing modals.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Before, active_user, fields};
use crate::simulator::{
    Simulator,
    act::{Oops, Seen, Values},
    blocks,
    clock::Micros,
    delivery::post::Answer,
    state::{State, view::OpenView},
};

/// What stands in a modal whose submission the app didn't take.
const TROUBLE: &str = "We had some trouble connecting. Try again?";

impl Simulator {
    pub(super) async fn submit_view(
        &self,
        user: &str,
        view_id: &str,
        values: &Values,
    ) -> Result<Seen, Oops> {
        let now = self.clock().now();
        let prepared = self.write(|state| {
            let view = own_view(state, user, view_id)?;
            if view.view.get("submit").is_none() {
                return Err(Oops::new("no_submit"));
            }
            let blocks = view.blocks().to_vec();
            let values = fields::state_values(&blocks, values)?;
            let errors = fields::client_errors(&blocks, &values);
            let before = Before::now(state, user);
            if !errors.is_empty() {
                set_errors(state, view_id, &errors);
                return Ok(Err(errors));
            }
            if let Some(view) = state.views.get_mut(view_id) {
                view.is_submitting = true;
                view.errors.clear();
                view.failure = None;
            }
            Ok(Ok((before, self.submission(state, now, user, view_id, &values))))
        })?;
        let (before, payload) = match prepared {
            Ok(prepared) => prepared,
            Err(field_errors) => {
                let modal = Some(view_id.to_owned());
                return Ok(Seen { field_errors, modal, ..Seen::default() });
            }
        };
        let result = self.interact(&payload).await;
        let now = self.clock().now();
        let outcome = self.write(|state| {
            if let Some(view) = state.views.get_mut(view_id) {
                view.is_submitting = false;
            }
            let outcome = result.and_then(|answer| take_response(state, now, view_id, &answer));
            if let (Err(_), Some(view)) = (&outcome, state.views.get_mut(view_id)) {
                view.failure = Some(TROUBLE.to_owned());
            }
            outcome
        });
        let seen = self.seen_since(&before, user);
        Ok(match outcome {
            Ok(field_errors) if field_errors.is_empty() => seen,
            Ok(field_errors) => Seen { field_errors, modal: Some(view_id.to_owned()), ..seen },
            Err(error) => Seen { error: Some(error.to_owned()), ..seen },
        })
    }

    fn submission(
        &self,
        state: &mut State,
        now: Micros,
        user: &str,
        view_id: &str,
        values: &Value,
    ) -> Value {
        let mut payload = state.interaction("view_submission", user);
        payload["trigger_id"] = state.give_trigger(now, user, Some(view_id)).into();
        let Some(view) = state.views.get(view_id) else { return payload };
        let blocks = view.blocks().to_vec();
        payload["view"] = state.view_to_api(view, values);
        let mut response_urls = Vec::new();
        for (block_id, element) in blocks::interactive_elements(&blocks) {
            if element["response_url_enabled"] != true {
                continue;
            }
            let action_id = element["action_id"].as_str().unwrap_or_default();
            let held = &values[block_id][action_id];
            let channel = held["selected_conversation"].as_str();
            let Some(channel) = channel.or(held["selected_channel"].as_str()) else { continue };
            let id = state.response_urls.give(now, user, channel, None);
            response_urls.push(json!({
                "response_url_id": id.parse::<u64>().unwrap_or_default(),
                "block_id": block_id,
                "action_id": action_id,
                "channel_id": channel,
                "response_url": self.response_url(&id),
            }));
        }
        payload["response_urls"] = response_urls.into();
        payload
    }

    pub(super) async fn close_view(
        &self,
        user: &str,
        view_id: &str,
        clear: bool,
    ) -> Result<Seen, Oops> {
        let payloads = self.write(|state| {
            let view = own_view(state, user, view_id)?;
            let all = clear || view.flag("clear_on_close");
            let bottom = if all { view.root_view_id.clone() } else { view_id.to_owned() };
            let is_root = view.previous_view_id.is_none();
            let closed = state.close_view(&bottom);
            let told = closed.iter().filter(|view| view.flag("notify_on_close"));
            let payloads = told.map(|view| {
                let mut payload = state.interaction("view_closed", user);
                let values = fields::state_values(view.blocks(), &Values::new());
                payload["view"] = state.view_to_api(view, &values.unwrap_or_default());
                payload["is_cleared"] = (clear || is_root).into();
                payload
            });
            Ok::<Vec<_>, Oops>(payloads.collect())
        })?;
        let mut seen = Seen::default();
        for payload in payloads {
            if let Err(error) = self.interact(&payload).await {
                seen.error = Some(error.to_owned());
            }
        }
        Ok(seen)
    }
}

fn own_view<'a>(state: &'a State, user: &str, view_id: &str) -> Result<&'a OpenView, Oops> {
    active_user(state, user)?;
    let view = state.views.get(view_id).filter(|view| view.user == user);
    view.ok_or_else(|| Oops::new("view_not_found"))
}

fn set_errors(state: &mut State, view_id: &str, errors: &BTreeMap<String, String>) {
    if let Some(view) = state.views.get_mut(view_id) {
        view.errors = errors.clone();
    }
}

/// Does what the app's answer asks for; returns the errors it has put into fields.
fn take_response(
    state: &mut State,
    now: Micros,
    view_id: &str,
    answer: &Answer,
) -> Result<BTreeMap<String, String>, &'static str> {
    let text = std::str::from_utf8(&answer.body).map_err(|_| "invalid_response")?;
    let body: Value = match text.trim() {
        "" => json!({}),
        text => serde_json::from_str(text).map_err(|_| "invalid_response")?,
    };
    let none = BTreeMap::new();
    match body.get("response_action").map(|action| action.as_str().unwrap_or_default()) {
        None if body.as_object().is_some_and(serde_json::Map::is_empty) => {
            state.close_view(view_id);
        }
        None => return Err("invalid_response"),
        Some("clear") => {
            let root = state.views.get(view_id).map(|view| view.root_view_id.clone());
            state.close_view(&root.unwrap_or_default());
        }
        Some("errors") => return take_errors(state, view_id, &body["errors"]),
        Some("update") => {
            let view = checked(&body["view"])?;
            state.update_view(now, view_id, view, None)?;
        }
        Some("push") => {
            let view = checked(&body["view"])?;
            state.push_view(now, view_id, view)?;
        }
        Some(_) => return Err("invalid_response_action"),
    }
    Ok(none)
}

/// Errors belong under input fields; anywhere else nobody would see them.
fn take_errors(
    state: &mut State,
    view_id: &str,
    errors: &Value,
) -> Result<BTreeMap<String, String>, &'static str> {
    let errors: BTreeMap<String, String> =
        serde_json::from_value(errors.clone()).map_err(|_| "invalid_errors")?;
    let view = state.views.get(view_id).ok_or("view_not_found")?;
    let is_input = |id: &String| {
        view.blocks().iter().any(|block| block["type"] == "input" && block["block_id"] == **id)
    };
    if errors.is_empty() || !errors.keys().all(is_input) {
        return Err("invalid_errors");
    }
    set_errors(state, view_id, &errors);
    Ok(errors)
}

fn checked(view: &Value) -> Result<Value, &'static str> {
    let is_modal = view["type"] == "modal" && blocks::check_view(view, "/view").is_empty();
    match is_modal && view.to_string().len() <= blocks::MAX_VIEW_BYTES {
        true => Ok(view.clone()),
        false => Err("invalid_view"),
    }
}

//! What people do in the client: each act changes the state as Slack would, asks the app where
//! Slack asks it, and says what the person saw.

use std::collections::HashMap;

use super::{
    Simulator,
    act::{Act, Oops, Seen},
    state::{State, ts::Ts},
};

mod elements;
mod fields;
mod modals;
mod people;
mod slash;
mod typing;

pub use elements::Place;

impl Simulator {
    /// Does what a person does, and says what they see of it.
    pub async fn act(&self, act: Act) -> Result<Seen, Oops> {
        match act {
            Act::SlashCommand { user, channel, command, text } => {
                self.type_command(&user, &channel, &command, &text).await
            }
            Act::BlockAction { user, channel, ts, view_id, block_id, action_id, value, values } => {
                let place = Place::of(channel, ts, view_id)?;
                let element = (&*block_id, &*action_id);
                self.use_element(&user, &place, element, &value, &values).await
            }
            Act::OptionsQuery { user, channel, ts, view_id, block_id, action_id, value } => {
                let place = Place::of(channel, ts, view_id)?;
                self.query_options(&user, &place, (&block_id, &action_id), &value).await
            }
            Act::SubmitView { user, view_id, values } => {
                self.submit_view(&user, &view_id, &values).await
            }
            Act::CloseView { user, view_id, clear } => {
                self.close_view(&user, &view_id, clear).await
            }
            Act::GlobalShortcut { user, callback_id } => {
                self.pick_shortcut(&user, &callback_id).await
            }
            Act::MessageShortcut { user, channel, ts, callback_id } => {
                self.pick_message_shortcut(&user, &channel, ts, &callback_id).await
            }
            other => {
                let now = self.clock().now();
                self.write(|state| people::do_it(state, now, other))
            }
        }
    }

    /// What `user` has seen since `before`.
    fn seen_since(&self, before: &Before, user: &str) -> Seen {
        self.read(|state| before.compare(state, user))
    }
}

/// What a person had on their screen before an act.
struct Before {
    last_ts: i64,
    views: HashMap<String, String>,
}

impl Before {
    fn now(state: &State, user: &str) -> Self {
        let own = state.views.values().filter(|view| view.user == user);
        let views = own.map(|view| (view.id.clone(), view.hash.clone())).collect();
        Before { last_ts: state.last_ts, views }
    }

    fn compare(&self, state: &State, user: &str) -> Seen {
        let stacks = state.stacks.get(user).into_iter().flatten().rev();
        let mut tops = stacks.filter_map(|stack| state.views.get(stack.last()?));
        let modal = tops.find(|view| self.views.get(&view.id) != Some(&view.hash));
        let since = Ts(self.last_ts + 1);
        let own = state.channels.values().filter_map(|channel| channel.ephemerals.get(user));
        let messages = own.flat_map(|own| own.range(since..).map(|(_, message)| message));
        let mut seen = Seen {
            modal: modal.map(|view| view.id.clone()),
            messages: messages.cloned().collect(),
            ..Seen::default()
        };
        seen.messages.sort_by_key(|message| message.ts);
        seen
    }
}

fn active_user(state: &State, user: &str) -> Result<(), Oops> {
    match state.users.get(user) {
        Some(user) if !user.deleted => Ok(()),
        _ => Err(Oops::new("user_not_found")),
    }
}

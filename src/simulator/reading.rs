//! What tests ask of a simulator: the messages that nobody has read yet, the calls, and whether
//! the app did anything that Slack refuses.

use super::{
    Simulator,
    faults::Fault,
    state::{
        channel::{Channel, Pin},
        journal::{Call, Sent},
        message::Message,
        ts::Ts,
    },
};

impl Simulator {
    /// Switches a fault on.
    pub fn inject(&self, fault: Fault) {
        self.write_quietly(|state| state.faults.list.push(fault));
    }

    /// Switches all faults off.
    pub fn clear_faults(&self) {
        self.write_quietly(|state| state.faults.list.clear());
    }

    /// The calls of the Web API, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.read(|state| state.calls.iter().cloned().collect())
    }

    /// The requests to the app, oldest first.
    pub fn sent(&self) -> Vec<Sent> {
        self.read(|state| state.sent.iter().cloned().collect())
    }

    /// Calls that were refused without any fault being the cause, unless they were
    /// [expected](Self::expect_refusal).
    pub fn refusals(&self) -> Vec<Call> {
        self.read(|state| {
            let surprising = |call: &&Call| {
                let error = call.error.clone().unwrap_or_default();
                call.is_refusal() && !state.expected.contains(&(call.method.clone(), error))
            };
            state.calls.iter().filter(surprising).cloned().collect()
        })
    }

    /// Says that a method may be refused with that error.
    pub fn expect_refusal(&self, method: &str, error: &str) {
        let expected = (method.to_owned(), error.to_owned());
        self.write_quietly(|state| state.expected.insert(expected));
    }

    /// Calls with arguments that the method doesn't have: mistakes that Slack would hide.
    pub fn oddities(&self) -> Vec<Call> {
        let is_odd = |call: &&Call| !call.unknown_args.is_empty();
        self.read(|state| state.calls.iter().filter(is_odd).cloned().collect())
    }

    /// The app's next message in a channel that no test has read; as it is now, edits included.
    pub fn next_message(&self, channel: &str) -> Option<Message> {
        self.write_quietly(|state| {
            let unread = state.unread.get_mut(channel)?;
            while let Some(ts) = unread.pop_front() {
                let message = state.channels.get(channel).and_then(|c| c.messages.get(&ts));
                if let Some(message) = message.filter(|message| !message.is_tombstone) {
                    return Some(message.clone());
                }
            }
            None
        })
    }

    /// All messages of the app that no test has read.
    pub fn unread(&self) -> Vec<Message> {
        self.read(|state| {
            let all = state.unread.iter().flat_map(|(channel, unread)| {
                unread.iter().filter_map(|ts| state.message(channel, *ts))
            });
            all.cloned().collect()
        })
    }

    /// A channel by name, archived ones included.
    pub fn channel_by_name(&self, name: &str) -> Option<Channel> {
        self.read(|state| state.channel_by_name(name).cloned())
    }

    /// A message.
    pub fn message(&self, channel: &str, ts: Ts) -> Option<Message> {
        self.read(|state| state.message(channel, ts).cloned())
    }

    /// The pins of a channel, oldest first.
    pub fn pins(&self, channel: &str) -> Vec<Pin> {
        self.read(|state| state.channels.get(channel).map(|c| c.pins.clone()).unwrap_or_default())
    }
}

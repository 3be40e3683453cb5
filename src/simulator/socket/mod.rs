//! Socket Mode: the app holds sockets open to Slack, and what would have been a request to the app
//! goes over any one of them as an envelope, to be acknowledged within three seconds.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::{
    Simulator, api,
    delivery::post::NoAnswer,
    state::{State, journal::Call},
};

mod envelopes;
mod link;
mod open;

pub use envelopes::Parcel;
pub use link::router;
pub use open::METHODS;

/// How many sockets an app may have.
const MOST: usize = 10;
/// How many envelopes that are over are remembered, to tell a late answer from a wrong one.
const REMEMBERED: usize = 10_000;

/// All sockets, and the envelopes that wait for an answer.
#[derive(Default)]
pub struct Links {
    open: BTreeMap<u64, Link>,
    given: u64,
    /// Whose turn it is.
    turn: usize,
    waiting: HashMap<String, Waiting>,
    /// Envelopes that were answered (true) or not in time (false).
    over: HashMap<String, bool>,
    over_in_order: VecDeque<String>,
}

/// One socket.
struct Link {
    orders: mpsc::UnboundedSender<Order>,
    /// The app was told that it ends.
    is_warned: bool,
    /// It takes no more envelopes.
    is_closing: bool,
}

/// What a socket is told to do.
enum Order {
    Say(Value),
    /// End when all that was sent over it is answered.
    Close,
    /// End without a word.
    Drop,
    /// Stay open, but neither say nor hear anything.
    FallSilent,
}

struct Waiting {
    link: u64,
    accepts_payload: bool,
    answer: oneshot::Sender<Result<Option<Value>, NoAnswer>>,
}

/// What can happen to the sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Happening {
    /// Socket Mode is switched on: nothing comes over HTTP any more.
    Enable,
    /// Socket Mode is switched off: the sockets end, and what happens comes over HTTP.
    Disable,
    /// The app is told that its sockets end soon.
    Warn,
    /// The sockets that the app was warned of end; all, if it was warned of none.
    Refresh,
    /// The sockets stay open, but nothing comes through any more.
    Silence,
    /// The connections break.
    Drop,
}

impl Simulator {
    /// Makes something happen to the sockets.
    pub fn happen(&self, happening: Happening) {
        match happening {
            Happening::Enable => self.write(|state| state.app.socket_mode = true),
            Happening::Disable => {
                self.write(|state| state.app.socket_mode = false);
                self.end_links(|_| true, "link_disabled");
            }
            Happening::Warn => {
                for link in self.links_mut().open.values_mut() {
                    link.is_warned = true;
                    link.tell(Order::Say(disconnect("warning")));
                }
            }
            Happening::Refresh => {
                let any = self.links_mut().open.values().any(|link| link.is_warned);
                self.end_links(|link| link.is_warned || !any, "refresh_requested");
            }
            Happening::Silence => self.tell_all(|| Order::FallSilent),
            Happening::Drop => self.tell_all(|| Order::Drop),
        }
    }

    /// How many sockets are open.
    pub fn links(&self) -> usize {
        self.links_mut().open.len()
    }

    fn end_links(&self, which: impl Fn(&Link) -> bool, reason: &str) {
        for link in self.links_mut().open.values_mut().filter(|link| which(link)) {
            link.is_closing = true;
            link.tell(Order::Say(disconnect(reason)));
            link.tell(Order::Close);
        }
    }

    fn tell_all(&self, order: impl Fn() -> Order) {
        self.links_mut().open.values().for_each(|link| link.tell(order()));
    }

    /// Is never held while the state is locked.
    fn links_mut(&self) -> MutexGuard<'_, Links> {
        self.core.town.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down that the app did something that it must not: a test fails of it.
    fn odd(&self, what: String) {
        let call = Call {
            at: self.clock().now(),
            method: "socket".to_owned(),
            args: Value::Null,
            status: 200,
            ok: true,
            error: None,
            messages: Vec::new(),
            unknown_args: vec![what],
            fault: None,
        };
        self.write_quietly(|state: &mut State| api::remember(state, call));
    }
}

impl Link {
    fn tell(&self, order: Order) {
        // It may have ended this moment.
        let _ = self.orders.send(order);
    }
}

impl Links {
    /// Remembers that nothing more is expected of an envelope.
    fn end_envelope(&mut self, id: &str, was_answered: bool) {
        if self.over.insert(id.to_owned(), was_answered).is_none() {
            self.over_in_order.push_back(id.to_owned());
        }
        if self.over_in_order.len() > REMEMBERED
            && let Some(oldest) = self.over_in_order.pop_front()
        {
            self.over.remove(&oldest);
        }
    }
}

fn disconnect(reason: &str) -> Value {
    json!({ "type": "disconnect", "reason": reason, "debug_info": { "host": "applink-1" } })
}

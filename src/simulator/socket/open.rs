//! `apps.connections.open`: gives the address of a socket, with a ticket for one use.

use serde_json::json;

use crate::simulator::{
    api::{
        desk::{Answer, Desk},
        methods::{Budget, Method, Scopes},
    },
    clock::{Micros, SECOND},
    state::State,
};

/// How long a ticket is good for.
const TICKET_LIFE: Micros = 30 * SECOND;

/// The methods of this file.
pub const METHODS: &[Method] = &[Method {
    name: "apps.connections.open",
    budget: Budget::Tier3,
    // What the app token may do is checked where it is recognised.
    scopes: Scopes::None,
    takes_json: true,
    required: &[],
    optional: &[],
    run: open,
}];

fn open(desk: &mut Desk<'_>) -> Answer {
    let ticket = desk.state.next_id("ticket-");
    desk.state.tickets.insert(ticket.clone(), desk.now + TICKET_LIFE);
    let (address, app) = (&desk.state.address, &desk.state.app.id);
    Ok(json!({ "url": format!("ws://{address}/link/?ticket={ticket}&app_id={app}") }))
}

impl State {
    /// Uses a ticket up.
    pub(super) fn take_ticket(&mut self, now: Micros, ticket: &str) -> bool {
        self.tickets.retain(|_, until| *until >= now);
        self.tickets.remove(ticket).is_some()
    }
}

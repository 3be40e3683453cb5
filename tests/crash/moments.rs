//! When a replica is killed, and what goes wrong in Slack meanwhile, as a seed decides.

use std::time::Duration;

use serde_json::{Value, json};

use crate::chance::Chance;
use crate::trap::{Deed, Moment, Set};

/// The calls of a declaration and of what follows it: those that are worth being killed in.
const CALLS: [&str; 7] = [
    "conversations.create",
    "chat.postMessage",
    "chat.postMessage",
    "chat.update",
    "pins.add",
    "conversations.invite",
    "conversations.setTopic",
];

/// A moment, often just after a call or an acknowledgement, before it can be written down.
pub fn any_trap(chance: &mut Chance, deed: Deed) -> Set {
    let method = chance.pick(&CALLS);
    let moment = match chance.within(0..8) {
        0 | 1 if deed == Deed::Kill => Moment::Acknowledged,
        2 => Moment::Calls(method),
        3 | 4 => Moment::Done(method),
        5 | 6 => Moment::Told(method),
        _ => Moment::Done("*"),
    };
    let micros = if chance.one_in(2) { 0 } else { chance.within(0..4_000) };
    let skip = chance.place(3);
    Set { moment, skip, delay: Duration::from_micros(micros), deed }
}

/// Something that goes wrong in Slack a few times.
pub fn any_fault(chance: &mut Chance) -> Value {
    let method = if chance.one_in(3) { "*" } else { chance.pick(&CALLS) };
    let mut fault = match chance.within(0..8) {
        0 | 1 => json!({ "fault": "lost_answer", "hang_ms": 0 }),
        2 => json!({ "fault": "status", "status": chance.pick(&[500, 502, 503]) }),
        3 => json!({ "fault": "rate_limited", "retry_after": chance.within(1..3) }),
        4 => json!({ "fault": "error_after", "code": "fatal_error" }),
        5 => json!({ "fault": "malformed_json" }),
        6 => json!({ "fault": "refuse" }),
        _ => json!({ "fault": "timeout_before", "hang_ms": chance.within(10..300) }),
    };
    fault["method"] = method.into();
    fault["times"] = chance.within(1..3).into();
    fault["after"] = chance.within(0..4).into();
    fault
}

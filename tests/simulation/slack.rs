//! The strict Slack of a world, and what goes wrong in it.

use std::sync::Arc;

use stentor::clock::Clock;
use stentor::simulator;
use stentor::simulator::faults::{Failing, Fault};
use stentor::simulator::settings::Settings;
use stentor::simulator::within::Detached;

use crate::chance::Chance;

const METHODS: [&str; 10] = [
    "*",
    "chat.postMessage",
    "chat.update",
    "chat.postEphemeral",
    "conversations.create",
    "conversations.invite",
    "conversations.setTopic",
    "conversations.history",
    "users.conversations",
    "pins.add",
];

/// A Slack whose time is the world's.
pub fn begin(clock: &Clock, rate_limits: bool) -> Detached {
    let clock = clock.clone();
    let slack = Detached::new(Settings {
        clock: simulator::clock::Clock::from_fn(Arc::new(move || clock.now().as_micros())),
        events: Vec::new(),
        rate_limits,
        ..Settings::default()
    });
    // What was done without an answer is met again when it is repeated.
    for (method, error) in [
        ("conversations.create", "name_taken"),
        ("conversations.invite", "already_in_channel"),
        ("conversations.history", "not_in_channel"),
        ("chat.postMessage", "not_in_channel"),
        ("chat.postEphemeral", "not_in_channel"),
        ("pins.add", "already_pinned"),
    ] {
        slack.slack.expect_refusal(method, error);
    }
    slack
}

/// Something that goes wrong for a while, none of which lasts for days: nothing is given up.
pub fn fault(chance: &mut Chance) -> Fault {
    let failing = match chance.below(9) {
        0 => Failing::Status { status: 503 },
        1 => Failing::Status { status: 500 },
        2 => Failing::RateLimited { retry_after: 1 + u32::try_from(chance.below(30)).unwrap() },
        3 => Failing::LostAnswer { hang_ms: 0 },
        4 => Failing::MalformedJson,
        5 => Failing::Error { code: "fatal_error".to_owned() },
        6 => Failing::ErrorAfter { code: "internal_error".to_owned() },
        7 => Failing::Refuse,
        _ => Failing::TimeoutBefore { hang_ms: 0 },
    };
    let method = chance.pick(&METHODS);
    if chance.one_in(6) {
        return Fault::always(method, failing);
    }
    let times = 1 + u32::try_from(chance.below(3)).unwrap();
    let after = u32::try_from(chance.below(3)).unwrap();
    Fault { after, ..Fault::times(method, failing, times) }
}

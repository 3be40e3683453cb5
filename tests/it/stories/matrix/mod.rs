//! Every method that Stentor calls, and every way in which Slack can fail at it: the story ends
//! right, or in a dead letter that people see. The table says which.

mod cell;
mod known;
mod table;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use stentor::simulator::faults::Failing;

use crate::bot::Bot;
use crate::databases::{Fresh, on_each_database};
use crate::http::Server;
use crate::warnings;
use cell::{Cell, forget, play, refusal, shorten_time_outs, usual_calls};
use table::{METHODS, Method, Outcome, Part, reasons, transport};

/// The methods of a part, one after another, on one database.
async fn everything_befalls(fresh: &Fresh, part: Part) {
    let mut bot = Bot::start(fresh).await;
    shorten_time_outs(&mut bot);
    bot.expects_repeats();
    warnings::expect("Gave up");
    let page = Server::start(bot.stentor.router()).await;
    let mut wrong = Vec::new();
    for method in METHODS.iter().filter(|method| method.part == part) {
        let calls = usual_calls(&bot, method).await;
        for cell in cells(method) {
            // All that is wrong is worth knowing at once.
            let told = AssertUnwindSafe(play(&bot, &page, &cell, calls)).catch_unwind().await;
            if told.is_err() {
                wrong.push(cell.describe());
            }
            forget(&bot).await;
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

fn cells(method: &Method) -> Vec<Cell<'_>> {
    let cell = |failing: Failing, code, outcome| Cell { method, failing, code, outcome };
    let silent = transport().into_iter().map(|failing| cell(failing, None, Outcome::Again));
    let spoken = reasons(method).map(|(code, outcome)| cell(refusal(code), Some(code), outcome));
    silent.chain(spoken).collect()
}

on_each_database! {
    async fn whatever_befalls_the_channel_ends_well_or_aloud(fresh: Fresh) {
        everything_befalls(&fresh, Part::Channel).await;
    }

    async fn whatever_befalls_what_is_in_the_channel_ends_well_or_aloud(fresh: Fresh) {
        everything_befalls(&fresh, Part::Room).await;
    }

    async fn whatever_befalls_a_message_ends_well_or_aloud(fresh: Fresh) {
        everything_befalls(&fresh, Part::Messages).await;
    }

    async fn whatever_befalls_an_edit_or_a_look_ends_well_or_aloud(fresh: Fresh) {
        everything_befalls(&fresh, Part::Looking).await;
    }
}

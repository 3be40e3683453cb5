//! Every method that Stentor calls, and every way in which Slack can fail at it: the story ends
//! right, or in a dead letter that people see. The table says which.

mod answers;
mod cell;
mod known;
mod organisation;
mod outside;
mod table;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use stentor::incident::event::Event;
use stentor::outbox::admin::{self, Which};
use stentor::simulator::faults::Failing;

use crate::bot::{ALICE, Bot, GENERAL};
use crate::databases::{Fresh, on_each_database};
use crate::http::Server;
use crate::stories::channel_of;
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

/// One incident meets two ways to fail that pass, or all refusals of the token; what must end in
/// another way has an incident of its own.
fn cells(method: &Method) -> Vec<Cell<'_>> {
    let cell = |outcome, failing: &[Failing]| Cell { method, failing: failing.to_vec(), outcome };
    let all = |wanted: Outcome| reasons(method).filter(move |(_, outcome)| *outcome == wanted);
    let mut passing = transport();
    passing.extend(all(Outcome::Again).map(|(code, _)| refusal(code)));
    let waits: Vec<Failing> = all(Outcome::Waits).map(|(code, _)| refusal(code)).collect();
    let others = reasons(method)
        .filter(|(_, outcome)| !matches!(outcome, Outcome::Again | Outcome::Waits))
        .map(|(code, outcome)| cell(outcome, &[refusal(code)]));
    let pairs = passing.chunks(2).map(|pair| cell(Outcome::Again, pair));
    pairs.chain([cell(Outcome::Waits, &waits)]).chain(others).collect()
}

on_each_database! {
    async fn whatever_befalls_the_first_contact_ends_well_or_aloud(fresh: Fresh) {
        everything_befalls(&fresh, Part::Bearings).await;
    }

    async fn whatever_befalls_the_opening_of_the_channel_ends_well_or_aloud(fresh: Fresh) {
        everything_befalls(&fresh, Part::Channel).await;
    }

    async fn whatever_befalls_the_heading_of_the_channel_ends_well_or_aloud(fresh: Fresh) {
        everything_befalls(&fresh, Part::Heading).await;
    }

    async fn whatever_befalls_who_and_what_is_in_the_channel_ends_well_or_aloud(fresh: Fresh) {
        everything_befalls(&fresh, Part::Room).await;
    }

    async fn whatever_befalls_a_message_ends_well_or_aloud(fresh: Fresh) {
        everything_befalls(&fresh, Part::Messages).await;
    }

    async fn whatever_befalls_an_edit_or_a_word_to_one_ends_well_or_aloud(fresh: Fresh) {
        everything_befalls(&fresh, Part::Edits).await;
    }

    async fn whatever_befalls_a_look_at_what_was_said_ends_well_or_aloud(fresh: Fresh) {
        everything_befalls(&fresh, Part::Looking).await;
    }

    /// It is never sent, and the record says who decided that, and about what.
    async fn what_is_let_go_is_forgotten_with_a_word_in_the_record(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        warnings::expect("Gave up");
        let incident = bot.declares("Checkout is slow").await;
        bot.breaks("chat.postMessage", refusal("restricted_action"), 1);
        bot.says(ALICE, GENERAL, "INC-1 update Rolling back").await;
        let app = &bot.stentor.app;
        let dead = admin::list(app, Which::Dead).await.unwrap();
        let [(workspace, letter)] = dead.as_slice() else { panic!("{dead:?}") };
        assert!(admin::let_go(app, workspace, letter).await.unwrap());
        assert!(!admin::retry(app, workspace, letter).await.unwrap(), "it is gone");
        bot.settle().await;
        assert_eq!(bot.reads_all(channel_of(&incident)), Vec::<String>::new());
        let record = bot.record(&incident).await;
        let notes = record.iter().filter_map(|entry| match &entry.event {
            Event::NoteAdded { text } => Some(text.as_str()),
            _ => None,
        });
        let expected = format!("An operator let go for good: {}", letter.work.describe());
        assert_eq!(notes.collect::<Vec<_>>(), [expected]);
        bot.ends().await;
    }
}

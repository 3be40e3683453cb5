//! Socket Mode: the same Stentor without a public address, through lost answers, refreshes, dead
//! connections and restarts.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use stentor::incident::event::Event;
use stentor::simulator::faults::{Failing, Misdelivery};
use stentor::simulator::socket::Happening;
use stentor::slack::socket::Limits;
use tokio::sync::watch;

use super::channel_of;
use super::pins::Desk;
use crate::bot::{ALICE, BOB, Bot, CAROL, GENERAL, INCIDENTS, Start};
use crate::databases::on_each_database;
use crate::http::Server;
use crate::warnings;

const NOT_SAVED: &str = "Stentor could not save that; nothing was changed. Please try again.";

/// As in life, but in less of it.
const BRISK: Limits = Limits {
    ping_every: Duration::from_millis(100),
    silence: Duration::from_secs(5),
    hello_within: Duration::from_secs(5),
    retire_after: Duration::from_secs(5),
    drain: Duration::from_secs(5),
    lived: Duration::from_secs(60),
    first_wait: Duration::from_millis(10),
    longest_wait: Duration::from_millis(50),
    crowded: Duration::from_millis(50),
    refused: Duration::from_millis(50),
};

const START: Start = Start {
    bot_token: None,
    slack: None,
    announce_channel: None,
    signing_secrets: &[],
    socket: Some(BRISK),
    reads_back: true,
};

/// What was noted in the incident's record.
async fn notes(bot: &Bot) -> Vec<String> {
    let record = bot.record(&bot.latest().await.unwrap()).await;
    let notes = record.into_iter().filter_map(|entry| match entry.event {
        Event::NoteAdded { text } => Some(text),
        _ => None,
    });
    notes.collect()
}

on_each_database! {
    async fn an_incident_is_declared_and_worked_over_a_socket(fresh: Fresh) {
        let bot = Bot::start_with(&fresh, START).await;
        let view = bot.opens(ALICE, GENERAL, "").await;
        let long = "x".repeat(201);
        let refused = bot.submits(ALICE, &view, &[("name", json!(long))]).await;
        assert!(refused.field_errors.contains_key("name"), "{refused:?}");
        bot.completes(ALICE, &view, &[("name", json!("Checkout is slow"))]).await;
        let incident = bot.incident(1).await;
        let channel = channel_of(&incident);
        assert_eq!(bot.says(ALICE, channel, "note It is the queue").await, "Noted in the timeline of INC-1.");
        let welcome = bot.welcome(&incident);
        assert_eq!(bot.presses(ALICE, channel, welcome, "Take the lead").await.error, None);
        bot.settle().await;
        let announcement = bot.announcement(&incident);
        let heard = bot.presses_and_hears(BOB, INCIDENTS, announcement, "Timeline").await;
        assert!(heard[0].starts_with("Timeline of INC-1"), "{heard:?}");
        let form = bot.presses(ALICE, channel, welcome, "Post update").await.modal.unwrap();
        bot.completes(ALICE, &form, &[("message", json!("Rolling back"))]).await;
        let said = bot.reads_everything_once(1).await;
        assert_eq!(said.len(), 2, "{said:?}");
        let server = Server::start(bot.stentor.router()).await;
        for path in ["/slack/commands", "/slack/interactions", "/slack/events"] {
            assert_eq!(server.post(path, &[], &json!({})).await.status.as_u16(), 404, "{path}");
        }
        bot.ends().await;
    }

    async fn a_redelivery_after_a_lost_answer_changes_nothing(fresh: Fresh) {
        let bot = Bot::start_with(&fresh, START).await;
        let view = bot.opens(ALICE, GENERAL, "").await;
        bot.breaks("view_submission", Failing::Delivery { how: Misdelivery::LoseAnswer }, 1);
        let seen = bot.submits(ALICE, &view, &[("name", json!("Checkout is slow"))]).await;
        assert_eq!(seen.error.as_deref(), Some("operation_timeout"));
        bot.completes(ALICE, &view, &[("name", json!("Checkout is slow"))]).await;
        let incident = bot.latest().await.unwrap();
        assert_eq!(incident.number, 1);
        bot.breaks("slash_command", Failing::Delivery { how: Misdelivery::Duplicate }, 1);
        bot.says(ALICE, channel_of(&incident), "note once").await;
        assert_eq!(notes(&bot).await, ["once"]);
        let desk = Desk::of(&bot, &incident).await;
        for how in [Misdelivery::LoseAnswer, Misdelivery::Duplicate] {
            bot.breaks("pin_added", Failing::Delivery { how }, 1);
            let ts = desk.writes(BOB, "Rolled back").await;
            desk.pins(CAROL, ts).await;
            bot.settle().await;
        }
        assert_eq!(desk.record().await.len(), 2);
        let again = bot.slack.sent().into_iter().filter(|sent| sent.what == "pin_added" && sent.retry == 1);
        assert_eq!(again.count(), 1, "Slack sent it again");
        bot.reads_everything_once(1).await;
        bot.ends().await;
    }

    /// Slack refreshes sockets every few hours, whatever goes on.
    async fn a_refresh_under_load_loses_nothing(fresh: Fresh) {
        let bot = Bot::start_with(&fresh, START).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        let typing = join_all((0..8).map(|person| {
            let bot = &bot;
            async move {
                for number in 0..10 {
                    let seen = bot.types(ALICE, channel, &format!("note {person}/{number}")).await;
                    assert_eq!(seen.error, None, "{person}/{number}");
                }
            }
        }));
        let refreshing = async {
            for _ in 0..3 {
                let opened = bot.count("apps.connections.open");
                bot.slack.happen(Happening::Warn);
                let both = async || bot.count("apps.connections.open") > opened && bot.slack.links() > 1;
                bot.eventually("the next socket", both).await;
                bot.slack.happen(Happening::Refresh);
                bot.eventually("the end of the old one", async || bot.slack.links() == 1).await;
            }
        };
        tokio::join!(typing, refreshing);
        let mut noted = notes(&bot).await;
        noted.sort();
        let mut typed: Vec<String> =
            (0..8).flat_map(|person| (0..10).map(move |number| format!("{person}/{number}"))).collect();
        typed.sort();
        assert_eq!(noted, typed);
        bot.ends().await;
    }

    async fn a_socket_that_fell_silent_is_replaced(fresh: Fresh) {
        let limits = Limits { silence: Duration::from_millis(500), ..BRISK };
        let bot = Bot::start_with(&fresh, Start { socket: Some(limits), ..START }).await;
        let incident = bot.declares("Checkout is slow").await;
        warnings::expect("nothing is heard of it");
        let opened = bot.count("apps.connections.open");
        bot.slack.happen(Happening::Silence);
        let replaced = async || bot.count("apps.connections.open") > opened && bot.slack.links() == 1;
        bot.eventually("another socket", replaced).await;
        bot.says(ALICE, channel_of(&incident), "note heard again").await;
        assert_eq!(notes(&bot).await, ["heard again"]);
        bot.ends().await;
    }

    async fn a_connection_that_breaks_is_opened_again(fresh: Fresh) {
        let bot = Bot::start_with(&fresh, START).await;
        let incident = bot.declares("Checkout is slow").await;
        let desk = Desk::of(&bot, &incident).await;
        warnings::expect("The socket to Slack was lost");
        bot.breaks("pin_added", Failing::Delivery { how: Misdelivery::HangUp }, 1);
        let ts = desk.writes(BOB, "Rolled back").await;
        desk.pins(CAROL, ts).await;
        let kept = async || {
            bot.settle().await;
            desk.record().await.len() == 1
        };
        bot.eventually("what was said when it broke", kept).await;
        bot.ends().await;
    }

    /// As many processes as Slack allows sockets, and one more.
    async fn ten_sockets_fit_and_the_eleventh_waits_for_its_turn(fresh: Fresh) {
        let bot = Bot::start_with(&fresh, START).await;
        warnings::expect("too many sockets");
        let mut others = Vec::new();
        for _ in 0..10 {
            let (stop, stopping) = watch::channel(false);
            tokio::spawn(bot.stentor.socket.clone().unwrap().run(stopping));
            others.push(stop);
        }
        bot.eventually("ten sockets", async || bot.slack.links() == 10).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        for number in 0..20 {
            bot.says(ALICE, channel, &format!("note {number}")).await;
        }
        assert_eq!(notes(&bot).await.len(), 20);
        for stop in others {
            stop.send_replace(true);
            stop.closed().await;
            bot.eventually("nobody is left over", async || bot.slack.links() > 0).await;
        }
        bot.eventually("the first one alone", async || bot.slack.links() == 1).await;
        bot.ends().await;
    }

    async fn what_was_marked_while_no_socket_was_open_appears_once(fresh: Fresh) {
        let mut bot = Bot::start_with(&fresh, START).await;
        let incident = bot.declares("Checkout is slow").await;
        let ts = Desk::of(&bot, &incident).await.writes(BOB, "Rolled back").await;
        bot.settle().await;
        bot.stops_listening().await;
        let gone = async || bot.slack.links() == 0;
        bot.eventually("no socket", gone).await;
        let seen = bot.types(ALICE, GENERAL, "list").await;
        assert_eq!(seen.error.as_deref(), Some("dispatch_failed"));
        let desk = Desk { bot: &bot, channel: channel_of(&incident).to_owned() };
        desk.pins(CAROL, ts).await;
        desk.reacts(ALICE, ts, "pushpin").await;
        bot.settle().await;
        assert_eq!(desk.record().await, Vec::<String>::new());
        for _ in 0..2 {
            let since = bot.a_moment_later();
            bot.listens().await;
            bot.asks_what_was_missed(since).await;
            bot.settle().await;
            let desk = Desk { bot: &bot, channel: channel_of(&incident).to_owned() };
            assert_eq!(desk.record().await, [format!("{CAROL} pinned, by {BOB}: Rolled back")]);
            bot.stops_listening().await;
        }
        bot.ends().await;
    }

    async fn a_restart_in_the_middle_finishes_what_was_begun(fresh: Fresh) {
        let bot = Bot::start_with(&fresh, START).await;
        let view = bot.opens(ALICE, GENERAL, "").await;
        bot.submits_in_trouble(&view, &[("name", json!("Checkout is slow"))]).await;
        bot.stentor.worker.step().await.unwrap();
        let bot = bot.restarted(&fresh).await;
        bot.settle().await;
        assert_eq!(bot.reads_everything_once(1).await, Vec::<String>::new());
        bot.says(ALICE, channel_of(&bot.incident(1).await), "note We go on").await;
        assert_eq!(notes(&bot).await, ["We go on"]);
        bot.ends().await;
    }

    async fn without_the_database_everybody_is_told_and_events_come_again(fresh: Fresh) {
        let bot = Bot::start_with(&fresh, START).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident).to_owned();
        let desk = Desk::of(&bot, &incident).await;
        let ts = desk.writes(BOB, "Rolled back").await;
        let declaring = bot.opens(ALICE, GENERAL, "").await;
        for warning in ["Could not save", "Could not read", "Could not look up", "Could not ask", "Could not write"] {
            warnings::expect(warning);
        }
        bot.stentor.app.db.close().await;
        let seen = bot.types(ALICE, &channel, "note lost?").await;
        assert_eq!((seen.error, seen.messages[0].text.as_str()), (None, NOT_SAVED));
        let seen = bot.submits(ALICE, &declaring, &[("name", json!("Login is down"))]).await;
        assert_eq!(seen.field_errors["name"], NOT_SAVED);
        desk.pins(CAROL, ts).await;
        assert!(bot.slack.next_due().is_some(), "the pin was not acknowledged");
        let bot = bot.restarted(&fresh).await;
        bot.clock.advance(Duration::from_secs(60));
        assert!(bot.slack.run_due().await > 0);
        bot.completes(ALICE, &declaring, &[("name", json!("Login is down"))]).await;
        let record = bot.record(&bot.incident(1).await).await;
        let kept = record.iter().filter(|it| matches!(it.event, Event::MessagePinned { .. }));
        assert_eq!(kept.count(), 1);
        for number in [1, 2] {
            bot.reads_everything_once(number).await;
        }
        bot.ends().await;
    }

    async fn what_an_operator_has_to_mend_is_said_once(fresh: Fresh) {
        let mut bot = Bot::start_with(&fresh, START).await;
        bot.stops_listening().await;
        warnings::expect("does not accept the app token (invalid_auth)");
        let failing = Failing::Error { code: "invalid_auth".to_owned() };
        bot.breaks("apps.connections.open", failing, 3);
        bot.listens().await;
        bot.breaks("apps.connections.open", Failing::RateLimited { retry_after: 1 }, 1);
        warnings::expect("Slack opens no socket for 1 s");
        warnings::expect("The socket to Slack was lost");
        bot.slack.happen(Happening::Drop);
        let opened = bot.count("apps.connections.open");
        let again = async || bot.count("apps.connections.open") > opened && bot.slack.links() == 1;
        bot.eventually("a socket after a while", again).await;
        warnings::expect("Socket Mode is switched off");
        bot.slack.happen(Happening::Disable);
        bot.eventually("no socket", async || bot.slack.links() == 0).await;
        bot.slack.happen(Happening::Enable);
        bot.eventually("a socket again", async || bot.slack.links() == 1).await;
        assert_eq!(warnings::count("does not accept the app token"), 1);
        bot.ends().await;
    }
}

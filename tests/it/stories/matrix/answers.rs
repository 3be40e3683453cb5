//! Answers that no documentation knows: a proxy's page, half an object, a wait in words, a list
//! without an end. None of them is taken for a yes or a no.

use std::time::Duration;

use serde_json::json;
use stentor::simulator::faults::{Failing, Fault};
use stentor::simulator::settings::Settings;
use stentor::simulator::state::channel::Channel;

use super::cell::{Cell, forget, left_of, play, refusal, shorten_time_outs, usual_calls};
use super::table::{METHODS, Outcome};
use crate::bot::{ALICE, Bot, CAROL, GENERAL, Start};
use crate::databases::on_each_database;
use crate::http::Server;

const JSON: &str = "application/json; charset=utf-8";
/// More than Stentor reads.
const TOO_LONG: usize = 9 * 1024 * 1024;

fn answer(status: u16, content_type: &str, body: impl Into<String>) -> Failing {
    let content_type = (!content_type.is_empty()).then(|| content_type.to_owned());
    Failing::Answer { status, content_type, retry_after: None, body: body.into() }
}

fn strange_answers() -> Vec<Failing> {
    vec![
        answer(200, "text/html", "<html>Please log in</html>"),
        answer(200, JSON, "<html>Please log in</html>"),
        answer(200, "", ""),
        answer(200, JSON, "{}"),
        answer(200, JSON, r#"{"ok": false}"#),
        answer(200, JSON, r#"{"ok": "yes", "ts": 7}"#),
        answer(200, JSON, r#"["ok"]"#),
        answer(200, JSON, format!(r#"{{"ok": false, "note": "{}"}}"#, "x".repeat(TOO_LONG))),
        answer(204, "", ""),
        answer(302, "text/html", "moved"),
        answer(403, "text/html", "<html>Blocked</html>"),
        answer(404, "text/html", "nothing here"),
        answer(413, "", ""),
        answer(504, "text/html", "<html>Gateway time-out</html>"),
    ]
}

/// A 429 with this `Retry-After`, and no body, as a proxy sends it.
fn too_many(retry_after: Option<&str>) -> Failing {
    let retry_after = retry_after.map(str::to_owned);
    Failing::Answer { status: 429, content_type: None, retry_after, body: String::new() }
}

/// A workspace with so many channels more; the one called "late" comes last in every list.
fn with_channels(settings: Settings, count: usize) -> Settings {
    let mut channels = settings.channels.clone();
    let more = |id: String, name: String| Channel {
        creator: "U0ALICE".to_owned(),
        ..Channel::named(&id, &name)
    };
    channels.extend((0..count).map(|n| more(format!("C1{n:06}"), format!("room-{n}"))));
    channels.push(more("CZLATE".to_owned(), "late".to_owned()));
    Settings { channels, ..settings }
}

fn announces_late(slack: fn(Settings) -> Settings) -> Start {
    Start { slack: Some(slack), announce_channel: Some("late"), ..Start::default() }
}

on_each_database! {
    async fn strange_answers_are_no_answers(fresh: Fresh) {
        let mut bot = Bot::start(&fresh).await;
        shorten_time_outs(&mut bot);
        bot.expects_repeats();
        let page = Server::start(bot.stentor.router()).await;
        for name in ["conversations.create", "chat.postMessage", "chat.update"] {
            let method = METHODS.iter().find(|method| method.name == name).unwrap();
            let calls = usual_calls(&bot, method).await;
            for failing in strange_answers() {
                let cell = Cell { method, failing: vec![failing], outcome: Outcome::Again };
                play(&bot, &page, &cell, calls).await;
                forget(&bot).await;
            }
        }
        bot.ends().await;
    }

    async fn slack_is_left_alone_for_a_time_whatever_it_asks_for(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.declares("Checkout is slow").await;
        for (retry_after, seconds) in [
            (Some("7"), 7),
            (Some("3600"), 3_600),
            // As fast as we can is not what it means.
            (Some("0"), 1),
            (None, 30),
            (Some("-5"), 30),
            (Some("soon"), 30),
            (Some("Wed, 21 Oct 2026 07:28:00 GMT"), 30),
            (Some("99999999999"), 24 * 3_600),
        ] {
            bot.clock.advance(Duration::from_secs(3_600));
            bot.breaks("conversations.create", too_many(retry_after), 1);
            let begin = bot.clock.now().as_micros();
            let declared = bot.declares_in_trouble("Checkout is slow").await;
            bot.settle().await;
            let tries: Vec<i64> = bot.slack.read(|state| {
                let since = state.calls.iter().filter(|call| call.at >= begin);
                since.filter(|call| call.method == "conversations.create").map(|call| call.at).collect()
            });
            assert_eq!(tries.len(), 2, "{retry_after:?}");
            let waited = (tries[1] - tries[0]) / 1_000_000;
            assert!((seconds..seconds + 2).contains(&waited), "{retry_after:?}: {waited} s");
            bot.reads_everything_once(declared.number).await;
        }
        bot.ends().await;
    }

    /// Slack allows some pages at once. Whoever began anew after each wait would never come to
    /// the end of a long list.
    async fn a_search_that_is_interrupted_goes_on_where_it_was(fresh: Fresh) {
        let bot = Bot::start_with(&fresh, announces_late(|slack| with_channels(slack, 900))).await;
        let wait = Failing::RateLimited { retry_after: 60 };
        for _ in 0..3 {
            bot.slack.inject(Fault { after: 1, ..Fault::times("conversations.list", wait.clone(), 1) });
        }
        let fails = Failing::Status { status: 503 };
        bot.slack.inject(Fault::times("conversations.list", fails, 1));
        let incident = bot.declares_in_trouble("Checkout is slow").await;
        bot.settle().await;
        assert_eq!(bot.count("conversations.list"), 5, "each of five pages once");
        let calls = bot.slack.calls();
        let faults = calls.iter().filter(|call| call.method == "conversations.list" && call.fault.is_some());
        assert_eq!(faults.count(), 4);
        assert!(bot.reads("CZLATE").starts_with("INC-1 "));
        // Nothing was in doubt: who only looks does not need to look what came of it.
        assert_eq!(bot.count("conversations.history"), 0);
        bot.skims(bot.incident(incident.number).await.channel.unwrap().as_str());
        bot.ends().await;
    }

    async fn what_is_not_found_in_a_list_too_long_is_not_made_again(fresh: Fresh) {
        let bot = Bot::start_with(&fresh, announces_late(|slack| with_channels(slack, 20_100))).await;
        bot.gives_up("refresh/announcement");
        let declared = bot.declares_in_trouble("Checkout is slow").await;
        bot.settle().await;
        let told = bot.undelivered(&declared).await;
        assert!(!told.is_empty());
        for told in told {
            assert!(told.ends_with("it is not on the first 100 pages, and there are more"), "{told}");
        }
        assert_eq!(bot.count("conversations.create"), 1, "the incident's channel alone");
        bot.skims(bot.incident(declared.number).await.channel.unwrap().as_str());
        bot.ends().await;
    }

    async fn pages_that_go_round_in_a_circle_are_read_again_later(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let round = json!({"ok": true, "channels": [], "response_metadata": {"next_cursor": "again"}});
        bot.breaks_down("conversations.list", answer(200, JSON, round.to_string()));
        let declared = bot.declares_in_trouble("Checkout is slow").await;
        bot.carries_on(Duration::from_secs(60)).await;
        let left = left_of(&bot, &declared).await;
        let error = left[0].last_error.clone().unwrap_or_default();
        assert!(error.contains("round in a circle"), "{left:?}");
        let pages = bot.slack.calls().iter().filter(|call| call.method == "conversations.list").count();
        assert!(pages < 40, "{pages} pages within a minute");
        bot.mends();
        bot.settle().await;
        bot.reads_everything_once(declared.number).await;
        bot.ends().await;
    }

    /// The channel was opened, the answer lost, and then the incident was given another name.
    async fn a_channel_in_doubt_is_found_under_its_old_name(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.breaks("conversations.create", Failing::LostAnswer { hang_ms: 0 }, 1);
        let declared = bot.declares_in_trouble("Checkout is slow").await;
        bot.works_a_while().await;
        bot.types(ALICE, GENERAL, "INC-1 rename Login is down").await;
        bot.settle().await;
        assert_eq!(bot.channels(&declared)[0].name, "inc-1-login-is-down");
        bot.reads_everything_once(declared.number).await;
        bot.ends().await;
    }

    /// Slack refuses the whisper for certain, so nothing is in doubt but what is sent directly.
    async fn who_declares_where_stentor_is_not_is_told_once_in_spite_of_trouble(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        for (method, failing) in [
            ("conversations.open", Failing::Status { status: 503 }),
            ("conversations.open", Failing::LostAnswer { hang_ms: 0 }),
        ] {
            let view = bot.opens(CAROL, "C0RANDOM", "").await;
            bot.breaks("chat.postEphemeral", refusal("not_in_channel"), 1);
            bot.breaks(method, failing, 1);
            let seen = bot.submits(CAROL, &view, &[("name", json!("Checkout is slow"))]).await;
            assert_eq!(seen.error, None);
            bot.settle().await;
            let incident = bot.latest().await.unwrap();
            bot.reads_everything_once(incident.number).await;
            let told = bot.reads_told(CAROL);
            assert_eq!(told.len(), 1, "{method}: {told:?}");
            assert!(told[0].starts_with(&format!("{} is open", incident.reference())), "{told:?}");
        }
        bot.ends().await;
    }

    /// Looking costs one call, not a search of everything.
    async fn after_a_time_out_looking_is_cheap(fresh: Fresh) {
        let mut bot = Bot::start(&fresh).await;
        shorten_time_outs(&mut bot);
        bot.expects_repeats();
        bot.declares("Checkout is slow").await;
        for (method, look) in
            [("conversations.create", "users.conversations"), ("chat.postMessage", "conversations.history")]
        {
            let before = bot.slack.calls().len();
            bot.breaks(method, Failing::TimeoutBefore { hang_ms: 60_000 }, 1);
            let declared = bot.declares_in_trouble("Checkout is slow").await;
            bot.settle().await;
            let calls = bot.slack.calls().split_off(before);
            let looks = calls.iter().filter(|call| call.method == look && call.ok).count();
            assert_eq!(looks, 1, "{method}");
            bot.reads_everything_once(declared.number).await;
        }
        bot.ends().await;
    }
}

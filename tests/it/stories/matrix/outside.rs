//! Calls outside the outbox: forms, which a person waits for, and answers to a press.

use std::time::{Duration, Instant};

use stentor::simulator::faults::Failing;

use super::cell::refusal;
use super::table::{METHODS, reasons, transport};
use crate::bot::{ALICE, Bot, GENERAL, INCIDENTS};
use crate::databases::on_each_database;
use crate::stories::channel_of;
use crate::warnings;

/// Slack shows an error of its own to whoever waits longer.
const PATIENCE: Duration = Duration::from_secs(3);

on_each_database! {
    /// Whatever goes wrong, the person reads in time what to type instead.
    async fn a_form_that_can_not_open_is_replaced_by_words(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        warnings::expect("A form did not open");
        let method = METHODS.iter().find(|method| method.name == "views.open").unwrap();
        let refusals = reasons(method).map(|(code, _)| refusal(code));
        for failing in transport().into_iter().chain(refusals) {
            bot.breaks("views.open", failing.clone(), 1);
            let asked = Instant::now();
            let seen = bot.types(ALICE, GENERAL, "").await;
            assert!(asked.elapsed() < PATIENCE, "{failing:?}");
            assert_eq!(seen.error, None, "{failing:?}");
            let said: Vec<&str> = seen.messages.iter().map(|said| said.text.as_str()).collect();
            assert_eq!(
                said,
                ["The form did not open in time. Try again, or type `/incident declare Checkout is slow` instead."],
                "{failing:?}"
            );
        }
        bot.ends().await;
    }

    async fn a_button_whose_form_can_not_open_says_what_to_type(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        warnings::expect("A form did not open");
        let incident = bot.declares("Checkout is slow").await;
        let (channel, welcome) = (channel_of(&incident), bot.welcome(&incident));
        for failing in [Failing::Status { status: 503 }, refusal("expired_trigger_id")] {
            bot.breaks("views.open", failing, 1);
            let heard = bot.presses_and_hears(ALICE, channel, welcome, "Post update").await;
            assert_eq!(heard, [
                "The form did not open in time. Try again, or type `/incident update Rolling back to 1.4` instead.",
            ]);
        }
        bot.ends().await;
    }

    /// Nothing was said for certain, so it is said again.
    async fn an_answer_to_a_press_is_repeated_while_slack_stumbles(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let announcement = bot.announcement(&incident);
        for failing in [Failing::Status { status: 503 }, Failing::RateLimited { retry_after: 1 }] {
            bot.breaks("response_url", failing.clone(), 1);
            let heard = bot.presses_and_hears(ALICE, INCIDENTS, announcement, "Timeline").await;
            assert_eq!(heard.len(), 1, "{failing:?}: {heard:?}");
        }
        bot.ends().await;
    }

    /// It may have been read: nobody is told twice.
    async fn an_answer_to_a_press_that_may_have_been_read_is_not_repeated(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        warnings::expect("An answer to a button was not delivered");
        let incident = bot.declares("Checkout is slow").await;
        let announcement = bot.announcement(&incident);
        bot.breaks("response_url", Failing::LostAnswer { hang_ms: 0 }, 1);
        let heard = bot.presses_and_hears(ALICE, INCIDENTS, announcement, "Timeline").await;
        assert_eq!(heard.len(), 1, "{heard:?}");
        let heard = bot.presses_and_hears(ALICE, INCIDENTS, announcement, "Timeline").await;
        assert_eq!(heard.len(), 1, "{heard:?}");
        let said = bot.slack.calls().iter().filter(|call| call.method == "response_url").count();
        assert_eq!(said, 2);
        bot.ends().await;
    }
}

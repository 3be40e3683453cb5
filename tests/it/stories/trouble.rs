//! Slack fails in every way it knows, at every call: in the end everything is there once.

use stentor::incident::state::Incident;
use stentor::simulator::faults::Failing;

use super::whole::{self, Aspect, tell};
use crate::bot::Bot;
use crate::databases::{Fresh, on_each_database};

/// Every way in which a call can fail that is worth another try. After the last three the work is
/// done nevertheless.
pub fn kinds() -> [Failing; 8] {
    let code = || "fatal_error".to_owned();
    [
        Failing::Refuse,
        Failing::Status { status: 500 },
        Failing::Status { status: 503 },
        Failing::RateLimited { retry_after: 7 },
        Failing::Error { code: code() },
        Failing::LostAnswer { hang_ms: 0 },
        Failing::MalformedJson,
        Failing::ErrorAfter { code: code() },
    ]
}

/// Everything is there once. Who declared may have missed where the channel is: an answer to that
/// was lost, and Slack keeps no trace of it.
async fn ends_well(bot: &Bot, incident: &Incident, trouble: &str) {
    whole::ends_well(bot, incident, trouble, &[Aspect::WayThere]).await;
    assert_eq!(bot.undelivered(incident).await, Vec::<String>::new(), "{trouble}");
}

/// The whole incident again and again, until each of its calls has failed; the ways to fail take
/// turns. Two calls of each incident fail, as far apart as can be.
async fn every_call_fails(fresh: &Fresh, kinds: &[Failing]) {
    let bot = Bot::start(fresh).await;
    bot.expects_repeats();
    let incident = tell(&bot, || ()).await;
    ends_well(&bot, &incident, "no trouble").await;
    let calls = bot.slack.calls().iter().filter(|call| call.method != "views.open").count();
    assert!((15..60).contains(&calls), "{calls} calls for one incident");
    let half = u32::try_from(calls.div_ceil(2)).unwrap();
    let mut kinds = kinds.iter().cycle();
    for first in 0..half {
        let incident = tell(&bot, || {
            // The second begins to count when the first has happened.
            bot.breaks_after("*", kinds.next().unwrap().clone(), first);
            bot.breaks_after("*", kinds.next().unwrap().clone(), half - 1);
        })
        .await;
        let calls =
            bot.slack.calls().into_iter().rev().filter_map(|call| Some((call.method, call.fault?)));
        let struck: Vec<(String, String)> = calls.take(2).collect();
        ends_well(&bot, &incident, &format!("calls {first} and {}: {struck:?}", first + half))
            .await;
        bot.mends();
    }
    bot.ends().await;
}

on_each_database! {
    async fn every_call_fails_and_nothing_is_done(fresh: Fresh) {
        let code = "internal_error".to_owned();
        let kinds = [Failing::Refuse, Failing::Status { status: 500 }, Failing::Error { code }];
        Box::pin(every_call_fails(&fresh, &kinds)).await;
    }

    async fn every_call_is_too_many(fresh: Fresh) {
        Box::pin(every_call_fails(&fresh, &[Failing::RateLimited { retry_after: 7 }])).await;
    }

    async fn every_call_is_done_and_nobody_is_told(fresh: Fresh) {
        let code = "fatal_error".to_owned();
        let lost = Failing::LostAnswer { hang_ms: 0 };
        Box::pin(every_call_fails(&fresh, &[lost, Failing::MalformedJson, Failing::ErrorAfter { code }])).await;
    }

    /// One method after another fails three times in a row, each time in another way.
    async fn every_method_fails_again_and_again(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.expects_repeats();
        for method in [
            "conversations.create", "conversations.invite", "conversations.setTopic", "conversations.rename",
            "conversations.open", "conversations.history", "users.conversations", "chat.postMessage",
            "chat.postEphemeral", "chat.update", "pins.add", "auth.test",
        ] {
            let incident = tell(&bot, || {
                for failing in kinds().into_iter().rev() {
                    bot.breaks(method, failing, 1);
                }
            })
            .await;
            ends_well(&bot, &incident, method).await;
            bot.mends();
        }
        bot.ends().await;
    }
}

//! Who hears of an incident's updates by direct message.

use stentor::incident::command::Command;
use stentor::simulator::faults::Failing;

use super::{declares_privately, everybody_enters};
use crate::bot::{ALICE, BOB, Bot, CAROL, GENERAL};
use crate::databases::on_each_database;
use crate::stories::channel_of;

on_each_database! {
    async fn who_subscribes_hears_updates_of_others(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        everybody_enters(&bot, channel).await;
        assert_eq!(
            bot.says(BOB, GENERAL, "INC-1 subscribe").await,
            "You hear of the updates of INC-1 from now on."
        );
        assert_eq!(
            bot.says(BOB, GENERAL, "INC-1 subscribe").await,
            "They are subscribed already; nothing was changed."
        );
        bot.says(ALICE, channel, "subscribe").await;
        bot.says(ALICE, channel, "update Rolled back").await;
        assert_eq!(bot.reads_told(BOB), [format!("INC-1: Rolled back · Update from <@{ALICE}>")]);
        assert_eq!(bot.reads_told(ALICE), Vec::<String>::new(), "never of what they did themselves");
        bot.says(BOB, channel, "status monitoring").await;
        assert_eq!(bot.reads_told(ALICE).len(), 1);
        bot.says(ALICE, channel, "rename Checkout was slow").await;
        bot.says(BOB, channel, "unsubscribe").await;
        bot.says(ALICE, channel, "resolve It is over").await;
        assert_eq!(bot.reads_told(BOB), Vec::<String>::new());
        assert_eq!(
            bot.says(BOB, channel, "unsubscribe").await,
            "They are not subscribed; nothing was changed."
        );
        bot.skims(channel);
        bot.ends().await;
    }

    async fn who_is_mentioned_in_a_note_is_subscribed(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        everybody_enters(&bot, channel).await;
        assert_eq!(
            bot.says(BOB, channel, "note @carol saw it first").await,
            "Noted in the timeline of INC-1."
        );
        let subscribers: Vec<String> =
            bot.incident(1).await.papers.subscribers.iter().map(|it| it.to_string()).collect();
        // Who writes in the channel reads it anyway.
        assert_eq!(subscribers, [CAROL]);
        bot.says(ALICE, channel, "update Rolled back").await;
        bot.skims(channel);
        assert_eq!((bot.reads_told(BOB).len(), bot.reads_told(CAROL).len()), (0, 1));
        bot.ends().await;
    }

    async fn who_may_not_know_of_it_any_more_is_unsubscribed_instead(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = declares_privately(&bot, "Someone has our keys").await;
        let channel = channel_of(&incident);
        assert!(bot.says(BOB, GENERAL, "INC-1 subscribe").await.starts_with("There is no incident"));
        bot.says(ALICE, channel, "role comms @bob").await;
        bot.says(BOB, channel, "subscribe").await;
        bot.skims(channel);
        bot.reads_told(BOB);
        // A role that is taken back takes the part in it away, and no word of subscriptions.
        bot.says(ALICE, channel, "role comms none").await;
        assert_eq!(bot.incident(1).await.papers.subscribers.len(), 1);
        bot.says(ALICE, channel, "update Keys revoked").await;
        assert_eq!(bot.reads_told(BOB), Vec::<String>::new());
        assert!(bot.incident(1).await.papers.subscribers.is_empty());
        bot.skims(channel);
        bot.ends().await;
    }

    /// Each is told for themselves: one who can't be told keeps no other waiting, and what may have
    /// been said is not said again.
    async fn each_is_told_once_whatever_happens(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        everybody_enters(&bot, channel).await;
        bot.says(BOB, channel, "subscribe").await;
        bot.says(CAROL, channel, "subscribe").await;
        bot.breaks("conversations.open", Failing::Error { code: "user_disabled".to_owned() }, 1);
        bot.slack.expect_refusal("conversations.open", "user_disabled");
        bot.gives_up(&format!("/{BOB}"));
        bot.says(ALICE, channel, "update Rolled back").await;
        bot.skims(channel);
        assert_eq!(bot.reads_told(CAROL).len(), 1);
        bot.breaks("chat.postMessage", Failing::LostAnswer { hang_ms: 0 }, 3);
        bot.says(ALICE, channel, "update It holds").await;
        bot.mends();
        bot.skims(channel);
        assert_eq!((bot.reads_told(BOB).len(), bot.reads_told(CAROL).len()), (1, 1));
        bot.ends().await;
    }

    async fn somebody_unsubscribed_before_their_turn_is_left_in_peace(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        everybody_enters(&bot, channel).await;
        bot.says(BOB, channel, "subscribe").await;
        let wire = crate::raw::Wire::to(&bot).await;
        wire.types(ALICE, channel, "update Rolled back", "1").await;
        wire.types(BOB, channel, "unsubscribe", "2").await.expect(200);
        bot.settle().await;
        bot.skims(channel);
        assert_eq!(bot.reads_told(BOB), Vec::<String>::new());
        bot.ends().await;
    }
}

/// Commands are JSON, and a program has to say who is meant.
#[test]
fn a_subscription_is_said_in_json() {
    let read: Command = serde_json::from_str(r#"{"type":"subscribe"}"#).unwrap();
    assert_eq!(read, Command::Subscribe { person: None });
    assert!(serde_json::from_str::<Command>(r#"{"type":"subscribe","who":"U1"}"#).is_err());
}

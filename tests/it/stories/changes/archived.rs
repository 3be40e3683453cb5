//! Somebody archives the channel of an incident.

use serde_json::json;
use stentor::incident::channel::ChannelState;
use stentor::simulator::faults::Failing;

use crate::bot::{ALICE, BOB, Bot, GENERAL, INCIDENTS};
use crate::databases::on_each_database;
use crate::stories::channel_of;

on_each_database! {
    async fn the_lead_is_told_once_and_news_go_under_the_announcement(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.says(ALICE, channel, "lead @bob").await;
        bot.skims(channel);
        bot.reads_told(BOB);
        bot.hears_twice();
        bot.archives(channel).await;
        assert_eq!(bot.state(&incident).await, ChannelState::Archived);
        let told = bot.reads_told(BOB);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("was archived, and INC-1 Checkout is slow is not closed."), "{told:?}");
        assert!(bot.announced(&incident).contains("(archived)"));

        let said = bot.says(ALICE, GENERAL, "INC-1 update Rolling back").await;
        assert!(said.contains("posted an update"), "{said}");
        let post = bot.slack.next_message(INCIDENTS).unwrap();
        assert_eq!(post.text, "INC-1: Rolling back · Update from <@U0ALICE>");
        assert_eq!(post.thread_ts, Some(bot.announcement(&incident)));
        assert!(bot.announced(&incident).contains("Rolling back"));
        // Nothing more was tried in the channel, and nothing is left to be tried.
        assert_eq!(bot.slack.refusals().len(), 0);
        assert_eq!(bot.undelivered(&incident).await, Vec::<String>::new());

        bot.unarchives(channel).await;
        assert_eq!(bot.state(&incident).await, ChannelState::Open);
        assert!(!bot.announced(&incident).contains("(archived)"));
        let welcome = bot.slack.message(channel, bot.welcome(&incident)).unwrap();
        assert!(serde_json::to_string(&welcome.blocks).unwrap().contains("U0BOB"));
        bot.says(ALICE, channel, "severity major").await;
        assert_eq!(bot.reads(channel), "INC-1: Severity set to Major · by <@U0ALICE>");
        assert_eq!(bot.changes(&incident).await, ["archived", "back"]);
        let timeline = bot.says(ALICE, channel, "timeline").await;
        assert!(timeline.contains("Timeline"), "{timeline}");
        bot.ends().await;
    }

    /// Without a single event: a call finds it, and a later look finds that it is over.
    async fn it_is_found_by_the_calls_if_nobody_tells(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.hears_nothing();
        bot.archives(channel).await;
        assert_eq!(bot.state(&incident).await, ChannelState::Open);
        for (method, error) in [("chat.postMessage", "is_archived"), ("chat.update", "is_inactive")] {
            bot.slack.expect_refusal(method, error);
        }
        bot.says(BOB, GENERAL, "INC-1 update Rolling back").await;
        assert_eq!(bot.state(&incident).await, ChannelState::Archived);
        assert_eq!(bot.reads(INCIDENTS), "INC-1: Rolling back · Update from <@U0BOB>");
        assert_eq!(bot.reads_told(ALICE).len(), 1, "nobody leads: who declared it is told");
        bot.unarchives(channel).await;
        bot.says(BOB, GENERAL, "INC-1 update Rolled back").await;
        assert_eq!(bot.reads(channel), "INC-1: Rolled back · Update from <@U0BOB>");
        assert_eq!(bot.changes(&incident).await, ["archived", "back"]);
        bot.ends().await;
    }

    /// The post was made, and its answer lost; then the channel is archived.
    async fn what_was_said_just_before_is_not_said_elsewhere(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.breaks("chat.postMessage", Failing::LostAnswer { hang_ms: 0 }, 1);
        // The channel can take a message again.
        bot.clock.advance(std::time::Duration::from_secs(10));
        bot.types(ALICE, channel, "update Rolling back").await;
        bot.works_a_while().await;
        bot.archives(channel).await;
        assert_eq!(bot.reads(channel), "INC-1: Rolling back · Update from <@U0ALICE>");
        assert_eq!(bot.reads_told(ALICE).len(), 1);
        bot.ends().await;
    }

    /// The reply was made, and its answer lost; then the channel is back.
    async fn what_was_said_elsewhere_is_not_said_again(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.archives(channel).await;
        bot.reads_told(ALICE);
        bot.clock.advance(std::time::Duration::from_secs(10));
        bot.breaks("chat.postMessage", Failing::LostAnswer { hang_ms: 0 }, 1);
        bot.types(ALICE, GENERAL, "INC-1 update Rolling back").await;
        bot.works_a_while().await;
        assert_eq!(bot.reads(INCIDENTS), "INC-1: Rolling back · Update from <@U0ALICE>");
        // Stentor enters the channel to look in it.
        bot.slack.expect_refusal("conversations.replies", "not_in_channel");
        bot.unarchives(channel).await;
        assert_eq!(bot.state(&incident).await, ChannelState::Open);
        assert_eq!(bot.messages(channel).len(), 1, "the pinned message");
        bot.ends().await;
    }

    async fn a_private_incident_is_told_to_those_who_have_a_part_in_it(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let fields = [("name", json!("Leak")), ("lead", json!(BOB)), ("private", json!(["private"]))];
        bot.fills_in(ALICE, GENERAL, "", &fields).await;
        let incident = bot.incident(1).await;
        let channel = channel_of(&incident);
        bot.skims(channel);
        bot.reads_told(BOB);
        bot.archives(channel).await;
        assert_eq!(bot.reads_told(BOB).len(), 1);
        assert_eq!(bot.reads_told(ALICE).len(), 0);
        // The first of them is told, the second is not, and nobody knows: nobody is told twice.
        bot.says(ALICE, GENERAL, "INC-1 role comms @carol").await;
        assert_eq!(bot.reads_told(BOB), ["INC-1: <@U0CAROL> is Communications · by <@U0ALICE>"]);
        assert_eq!(bot.reads_told(crate::bot::CAROL).len(), 2, "what the role asks, and the news");
        bot.breaks_after("chat.postMessage", Failing::LostAnswer { hang_ms: 0 }, 1);
        bot.says(ALICE, GENERAL, "INC-1 update Closing the hole").await;
        for person in [BOB, crate::bot::CAROL] {
            assert_eq!(bot.reads_told(person), ["INC-1: Closing the hole · Update from <@U0ALICE>"]);
        }
        assert_eq!(bot.messages(INCIDENTS).len(), 0);
        bot.ends().await;
    }

    async fn an_incident_that_is_over_is_archived_in_silence(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.says(ALICE, channel, "close Rolled back").await;
        bot.skims(channel);
        bot.archives(channel).await;
        assert_eq!(bot.state(&incident).await, ChannelState::Archived);
        assert!(!bot.announced(&incident).contains("(archived)"));
        // It can be opened again from elsewhere; that is said where people hear it.
        bot.says(ALICE, GENERAL, "INC-1 reopen It is back").await;
        assert!(bot.reads(INCIDENTS).contains("It is back"));
        assert!(bot.announced(&incident).contains("(archived)"));
        bot.ends().await;
    }
}

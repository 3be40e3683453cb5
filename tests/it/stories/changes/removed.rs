//! Somebody removes Stentor from the channel of an incident.

use serde_json::json;
use stentor::incident::channel::ChannelState;

use crate::bot::{ALICE, BOB, Bot, GENERAL, STENTOR};
use crate::databases::on_each_database;
use crate::stories::channel_of;

on_each_database! {
    async fn stentor_comes_back_three_times_and_then_waits_to_be_invited(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        for _ in 0..3 {
            bot.removes(channel).await;
            assert!(bot.channels(&incident)[0].has(STENTOR));
        }
        assert_eq!(bot.state(&incident).await, ChannelState::Open);
        bot.removes(channel).await;
        assert_eq!(bot.state(&incident).await, ChannelState::ShutOut);
        assert!(!bot.channels(&incident)[0].has(STENTOR));
        let told = bot.reads_told(ALICE);
        assert!(told.len() == 1 && told[0].contains("Stentor was removed from"), "{told:?}");

        // What is said there waits, and the rest goes on.
        let said = bot.types(ALICE, channel, "update Rolling back").await;
        assert!(said.messages[0].text.contains("posted an update"), "{:?}", said.messages);
        bot.works_a_while().await;
        assert!(bot.announced(&incident).contains("Rolling back"));
        assert_eq!(bot.reads_all(channel), Vec::<String>::new());
        bot.clock.advance(std::time::Duration::from_secs(40));
        bot.works_a_while().await;
        bot.act(stentor::simulator::act::Act::Invite { user: ALICE.to_owned(), channel: channel.to_owned(), who: STENTOR.to_owned() }).await;
        bot.slack.settle().await;
        // At once: the time stands still.
        bot.works_a_while().await;
        assert_eq!(bot.reads_all(channel), ["INC-1: Rolling back · Update from <@U0ALICE>"]);
        bot.settle().await;
        assert_eq!(bot.undelivered(&incident).await, Vec::<String>::new());
        assert_eq!(
            bot.changes(&incident).await,
            ["left", "back", "left", "back", "left", "back", "left", "back"]
        );
        bot.ends().await;
    }

    async fn it_is_found_by_the_calls_if_nobody_tells(fresh: Fresh) {
        let bot = Bot::start_with(&fresh, crate::bot::Start {
            slack: Some(|mut settings| {
                settings.scopes.retain(|scope| scope != "chat:write.public");
                settings
            }),
            ..Default::default()
        }).await;
        bot.slack.expect_refusal("chat.postMessage", "not_in_channel");
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.hears_nothing();
        bot.removes(channel).await;
        bot.says(BOB, GENERAL, "INC-1 update Rolling back").await;
        assert_eq!(bot.reads(channel), "INC-1: Rolling back · Update from <@U0BOB>");
        assert_eq!(bot.changes(&incident).await, ["left", "back"]);
        bot.ends().await;
    }

    async fn only_an_invitation_opens_a_private_channel(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.fills_in(ALICE, GENERAL, "", &[("name", json!("Leak")), ("private", json!(["private"]))]).await;
        let incident = bot.incident(1).await;
        let channel = channel_of(&incident);
        bot.skims(channel);
        bot.hears_nothing();
        bot.removes(channel).await;
        for method in ["chat.postMessage", "conversations.info"] {
            bot.slack.expect_refusal(method, "channel_not_found");
        }
        bot.types(ALICE, GENERAL, "INC-1 update Closing the hole").await;
        bot.works_a_while().await;
        bot.waits_a_while(60).await;
        assert_eq!(bot.state(&incident).await, ChannelState::ShutOut);
        assert_eq!(bot.reads_told(ALICE).len(), 1);
        bot.mends();
        bot.invites_stentor(channel).await;
        assert_eq!(bot.reads_all(channel), ["INC-1: Closing the hole · Update from <@U0ALICE>"]);
        assert_eq!(bot.undelivered(&incident).await, Vec::<String>::new());
        bot.ends().await;
    }
}

impl Bot {
    /// So many seconds go by, one after another.
    async fn waits_a_while(&self, seconds: u64) {
        for _ in 0..seconds {
            self.clock.advance(std::time::Duration::from_secs(1));
            self.works_a_while().await;
        }
    }
}

//! Somebody renames the channel of an incident, or makes it private.

use stentor::incident::channel::ChannelState;
use stentor::simulator::act::Act;

use crate::bot::{ALICE, BOB, Bot, GENERAL};
use crate::databases::on_each_database;
use crate::stories::channel_of;

on_each_database! {
    async fn the_name_that_people_gave_stays(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.hears_twice();
        bot.renames(channel, "payments-war-room").await;
        assert_eq!(bot.incident(1).await.standing.named_by_people.as_deref(), Some("payments-war-room"));
        bot.says(ALICE, channel, "rename Payments time out").await;
        let name = || bot.slack.read(|state| state.channels[channel].name.clone());
        assert_eq!(name(), "payments-war-room");
        assert!(bot.announced(&incident).contains("Payments time out"));
        // Given back a name of Stentor's, it follows again.
        bot.renames(channel, "inc-1-checkout-is-slow").await;
        assert_eq!(bot.incident(1).await.standing.named_by_people, None);
        bot.says(ALICE, channel, "rename Payments are down").await;
        assert_eq!(name(), "inc-1-payments-are-down");
        assert_eq!(bot.changes(&incident).await, ["renamed", "renamed"]);
        bot.ends().await;
    }

    async fn the_name_is_looked_at_before_it_is_changed(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.hears_nothing();
        bot.renames(channel, "payments-war-room").await;
        assert_eq!(bot.changes(&incident).await, Vec::<String>::new());
        bot.says(ALICE, channel, "rename Payments time out").await;
        assert_eq!(bot.slack.read(|state| state.channels[channel].name.clone()), "payments-war-room");
        assert_eq!(bot.changes(&incident).await, ["renamed"]);
        bot.ends().await;
    }

    /// The answer is lost, and the incident renamed once more: the name in between is Stentor's.
    async fn a_name_that_stentor_gave_without_knowing_is_its_own(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.breaks("conversations.rename", stentor::simulator::faults::Failing::LostAnswer { hang_ms: 0 }, 1);
        bot.types(ALICE, channel, "rename Payments time out").await;
        bot.works_a_while().await;
        assert_eq!(bot.channels(&incident)[0].name, "inc-1-payments-time-out");
        bot.says(ALICE, channel, "rename Payments are down").await;
        assert_eq!(bot.channels(&incident)[0].name, "inc-1-payments-are-down");
        assert_eq!(bot.changes(&incident).await, Vec::<String>::new());
        bot.ends().await;
    }

    async fn a_channel_that_is_made_private_leaves_the_incident_public(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.does(Act::MakePrivate { user: ALICE.to_owned(), channel: channel.to_owned() }).await;
        let told = bot.reads_told(ALICE);
        assert!(told.len() == 1 && told[0].contains("is private now"), "{told:?}");
        bot.says(BOB, GENERAL, "INC-1 update Rolling back").await;
        assert_eq!(bot.reads(channel), "INC-1: Rolling back · Update from <@U0BOB>");
        assert!(bot.announced(&incident).contains("Rolling back"));
        // Removed from it, Stentor can't come back by itself.
        bot.slack.expect_refusal("conversations.info", "channel_not_found");
        bot.removes(channel).await;
        assert_eq!(bot.state(&incident).await, ChannelState::ShutOut);
        assert_eq!(bot.reads_told(ALICE).len(), 1);
        bot.invites_stentor(channel).await;
        assert_eq!(bot.state(&incident).await, ChannelState::Open);
        assert_eq!(bot.changes(&incident).await, ["made_private", "left", "back"]);
        bot.ends().await;
    }
}

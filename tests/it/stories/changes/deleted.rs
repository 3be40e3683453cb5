//! Somebody deletes the channel of an incident, or Slack gives it another id.

use serde_json::json;
use stentor::incident::state::Incident;
use stentor::simulator::act::Act;
use stentor::simulator::faults::Failing;

use crate::bot::{ALICE, BOB, Bot, GENERAL, INCIDENTS};
use crate::databases::on_each_database;
use crate::stories::channel_of;

impl Bot {
    async fn declares_with_bob(&self) -> Incident {
        let incident = self.declares("Checkout is slow").await;
        self.says(ALICE, channel_of(&incident), "lead @bob").await;
        self.skims(channel_of(&incident));
        self.reads_told(BOB);
        incident
    }
}

on_each_database! {
    async fn the_incident_goes_on_in_a_new_one(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        bot.says(ALICE, channel_of(&incident), "role comms @bob").await;
        bot.skims(channel_of(&incident));
        bot.reads_told(BOB);
        bot.hears_twice();
        bot.deletes(channel_of(&incident)).await;
        let after = bot.incident(1).await;
        assert_eq!(bot.changes(&incident).await, ["deleted"]);
        assert_eq!(bot.reads_everything_once(1).await, Vec::<String>::new());
        let told = bot.reads_told(ALICE);
        assert_eq!(told.len(), 1, "{told:?}");
        // The number is free again with the channel, so the name is the same.
        assert_eq!(bot.channels(&after)[0].name, "inc-1-checkout-is-slow");
        // Commands mean the incident there.
        bot.says(BOB, channel_of(&after), "severity major").await;
        assert_eq!(bot.reads(channel_of(&after)), "INC-1: Severity set to Major · by <@U0BOB>");
        bot.ends().await;
    }

    /// Nobody tells, every answer on the way is lost, and there is still one channel.
    async fn it_is_found_by_the_calls_and_opened_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.expects_repeats();
        for method in ["chat.postMessage", "conversations.info", "conversations.history"] {
            bot.slack.expect_refusal(method, "channel_not_found");
        }
        let incident = bot.declares_with_bob().await;
        bot.hears_nothing();
        bot.deletes(channel_of(&incident)).await;
        for method in ["conversations.create", "conversations.invite", "pins.add"] {
            bot.breaks(method, Failing::LostAnswer { hang_ms: 0 }, 1);
        }
        // To the channel that is gone, to who is told, and twice to the new channel.
        bot.breaks("chat.postMessage", Failing::LostAnswer { hang_ms: 0 }, 4);
        bot.types(BOB, GENERAL, "INC-1 update Rolling back").await;
        bot.settle().await;
        let told = bot.reads_told(BOB);
        assert_eq!(told.len(), 1, "the lead is told: {told:?}");
        let after = bot.incident(1).await;
        assert_eq!(bot.reads_everything_once(1).await, ["INC-1: Rolling back · Update from <@U0BOB>"]);
        assert!(bot.announced(&after).contains(channel_of(&after)));
        let place = bot.channels(&after).remove(0);
        assert!(place.has(ALICE) && place.has(BOB), "{:?}", place.members);
        assert_eq!(place.topic.value, "Investigating · Lead <@U0BOB> · INC-1");
        assert_eq!(bot.undelivered(&after).await, Vec::<String>::new());
        bot.ends().await;
    }

    async fn an_incident_that_is_over_needs_no_new_one(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        bot.says(ALICE, channel_of(&incident), "close Rolled back").await;
        bot.skims(channel_of(&incident));
        bot.deletes(channel_of(&incident)).await;
        assert!(!bot.announced(&incident).contains(channel_of(&incident)));
        bot.says(ALICE, GENERAL, "INC-1 summary It was the release").await;
        bot.says(ALICE, GENERAL, "INC-1 role scribe @alice").await;
        assert_eq!(bot.channels(&incident).len(), 0);
        assert_eq!(bot.incident(1).await.channel, None);
        // Opened again, it needs one.
        bot.says(ALICE, GENERAL, "INC-1 reopen It is back").await;
        assert_eq!(bot.reads_told(ALICE).len(), 1);
        let posts = bot.reads_everything_once(1).await;
        assert!(posts.len() == 1 && posts[0].contains("It is back"), "{posts:?}");
        bot.ends().await;
    }

    /// Slack hides a private channel from who was removed as it hides one that is gone. Only that
    /// it says so makes the difference.
    async fn a_private_channel_is_gone_only_if_slack_says_so(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.fills_in(ALICE, GENERAL, "", &[("name", json!("Leak")), ("private", json!(["private"]))]).await;
        let incident = bot.incident(1).await;
        bot.skims(channel_of(&incident));
        bot.deletes(channel_of(&incident)).await;
        assert_eq!(bot.changes(&incident).await, ["deleted"]);
        let after = bot.incident(1).await;
        bot.skims(channel_of(&after));
        assert_eq!(bot.reads_told(ALICE).len(), 1);
        let place = bot.channels(&after).remove(0);
        assert!(place.is_private && place.has(ALICE));
        assert_eq!(bot.messages(INCIDENTS).len(), 0);
        bot.ends().await;
    }

    async fn a_channel_with_another_id_is_the_same_channel(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let welcome = bot.welcome(&incident);
        bot.hears_twice();
        bot.does(Act::ChangeChannelId { channel: channel_of(&incident).to_owned() }).await;
        let after = bot.incident(1).await;
        assert_ne!(after.channel, incident.channel);
        assert!(bot.announced(&after).contains(channel_of(&after)));
        bot.says(ALICE, channel_of(&after), "severity major").await;
        assert_eq!(bot.reads_all(channel_of(&after)), ["INC-1: Severity set to Major · by <@U0ALICE>"]);
        assert_eq!(bot.welcome(&after), welcome);
        bot.ends().await;
    }
}

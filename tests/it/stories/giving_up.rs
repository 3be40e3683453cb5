//! What can't be done is given up aloud, and what stands behind it goes on.

use std::time::Duration;

use stentor::simulator::faults::Failing;
use stentor::store::outbox::{self, Ended};

use super::channel_of;
use crate::bot::{ALICE, Bot, GENERAL, INCIDENTS};
use crate::databases::on_each_database;

fn missing_scope() -> Failing {
    Failing::Error { code: "missing_scope".to_owned() }
}

impl Bot {
    /// Does work until this is what comes next.
    async fn waits_for_work(&self, key: &str) {
        let is_next = |left: Vec<outbox::Left>| left[0].key.ends_with(key);
        while !is_next(self.left().await) {
            self.clock.advance(Duration::from_secs(1));
            self.stentor.worker.step().await.unwrap();
        }
    }
}

on_each_database! {
    async fn a_topic_that_may_not_be_set_is_given_up_aloud_until_it_may(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        crate::warnings::expect("Gave up");
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.breaks_down("conversations.setTopic", missing_scope());
        bot.says(ALICE, channel, "severity major").await;
        assert_eq!(bot.undelivered(&incident).await, ["refresh the topic: conversations.setTopic: missing_scope"]);
        let left = bot.left().await;
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(left[0].state, 1);
        // The lane goes on: the post is there, and so is the next one.
        assert_eq!(bot.reads(channel), "INC-1: Severity set to Major · by <@U0ALICE>");
        bot.says(ALICE, channel, "update Rolling back").await;
        assert_eq!(bot.reads(channel), "INC-1: Rolling back · Update from <@U0ALICE>");
        let timeline = bot.says(ALICE, channel, "timeline").await;
        assert!(timeline.contains("Timeline"), "{timeline}");

        bot.mends();
        bot.says(ALICE, channel, "severity minor").await;
        bot.skims(channel);
        let channel = bot.channels(&incident).remove(0);
        assert_eq!(channel.topic.value, "[Minor] Investigating · INC-1");
        assert_eq!(bot.undelivered(&incident).await.len(), 1, "it was given up once");
        assert_eq!(bot.reads_told(ALICE).len(), 1, "a scope that is missing is told");
        bot.ends().await;
    }

    async fn a_post_that_is_refused_is_given_up_alone(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.breaks("chat.postMessage", Failing::Error { code: "restricted_action".to_owned() }, 1);
        let lost = bot.incident(1).await.version + 1;
        bot.gives_up(&format!("say/{lost}"));
        bot.types(ALICE, channel, "update One").await;
        bot.types(ALICE, channel, "update Two").await;
        bot.settle().await;
        assert_eq!(bot.reads_all(channel), ["INC-1: Two · Update from <@U0ALICE>"]);
        assert_eq!(
            bot.undelivered(&incident).await,
            [format!("post entry {lost} to the channel: chat.postMessage: restricted_action")]
        );
        bot.ends().await;
    }

    async fn without_its_channel_an_incident_goes_on_until_it_can_be_opened(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.expects_repeats();
        crate::warnings::expect("Gave up");
        bot.breaks_down("conversations.create", missing_scope());
        let declared = bot.declares_in_trouble("Checkout is slow").await;
        bot.settle().await;
        let told = bot.undelivered(&declared).await;
        assert_eq!(told[0], "refresh the channel: conversations.create: missing_scope", "{told:?}");
        assert_eq!(told.len(), 4, "and what would have been in it: {told:?}");
        assert_eq!(bot.reads_told(ALICE).len(), 1, "a scope that is missing is told");
        bot.announcement(&declared);
        bot.skims(INCIDENTS);
        // It can be worked from elsewhere.
        let lost = bot.incident(1).await.version + 1;
        let said = bot.says(ALICE, GENERAL, "INC-1 update Rolling back").await;
        assert!(said.contains("posted an update"), "{said}");
        assert_eq!(bot.incident(1).await.last_update.unwrap().message, "Rolling back");
        // With the scope, the next news brings everything but the post that was given up.
        bot.mends();
        bot.says(ALICE, GENERAL, "INC-1 severity major").await;
        assert_eq!(bot.reads_everything_once(1).await, ["INC-1: Severity set to Major · by <@U0ALICE>"]);
        bot.gives_up(&format!("say/{lost}"));
        bot.ends().await;
    }

    async fn an_announcement_that_can_not_be_made_leaves_the_channel_alone(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.expects_repeats();
        bot.breaks("conversations.list", missing_scope(), 2);
        crate::warnings::expect("Gave up");
        let declared = bot.declares_in_trouble("Checkout is slow").await;
        bot.settle().await;
        let incident = bot.incident(1).await;
        let channel = channel_of(&incident);
        bot.skims(channel);
        let told = bot.undelivered(&declared).await;
        assert!(told.iter().all(|told| told == "refresh the announcement: conversations.list: missing_scope"), "{told:?}");
        assert_eq!(told.len(), 1, "it is recorded once: {told:?}");
        assert_eq!(bot.reads_told(ALICE).len(), 1, "a scope that is missing is told");
        bot.mends();
        // It is made with the next change.
        bot.says(ALICE, channel, "update Rolling back").await;
        bot.reads_everything_once(1).await;
        bot.ends().await;
    }

    /// The attempt that is given up showed an older state: the newer one has not been tried.
    async fn news_that_come_during_the_last_attempt_are_still_shown(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.types(ALICE, channel, "lead me").await;
        bot.waits_for_work("/refresh/topic").await;
        let mut tx = bot.stentor.app.db.begin().await.unwrap();
        let now = bot.clock.now();
        let lasts = Duration::from_secs(120);
        let taken = outbox::claim(&mut tx, "a lease", now, lasts, 16).await.unwrap();
        tx.commit().await.unwrap();
        let topic = taken.iter().find(|work| work.work.describe() == "refresh the topic").unwrap();
        bot.types(ALICE, channel, "severity major").await;
        let mut tx = bot.stentor.app.db.begin().await.unwrap();
        assert!(outbox::bury(&mut tx, topic, Ended::Refused, "too_long", now).await.unwrap());
        tx.commit().await.unwrap();
        bot.settle().await;
        bot.skims(channel);
        let topic = bot.channels(&incident).remove(0).topic.value;
        assert_eq!(topic, "[Major] Investigating · Lead <@U0ALICE> · INC-1");
        bot.ends().await;
    }

    /// A message was sent, its answer lost, and Stentor may not look for it: it gives up. Long
    /// after, it may, and finds the message.
    async fn what_was_given_up_in_doubt_is_looked_for_however_late(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.expects_repeats();
        crate::warnings::expect("Gave up");
        let incident = bot.declares("Checkout is slow").await;
        bot.breaks_down("chat.postMessage", Failing::LostAnswer { hang_ms: 0 });
        bot.breaks_down("conversations.history", missing_scope());
        bot.declares_in_trouble("Login is down").await;
        bot.settle().await;
        bot.mends();
        bot.waits(Duration::from_secs(24 * 3_600)).await;
        // That it may not look was to be told as well, and may have been: nobody looks again.
        bot.gives_up("warning/scope/conversations.history");
        bot.reads_told(ALICE);
        let number = incident.number + 1;
        bot.says(ALICE, GENERAL, &format!("INC-{number} severity major")).await;
        let posts = bot.reads_everything_once(number).await;
        assert_eq!(posts, ["INC-2: Severity set to Major · by <@U0ALICE>"]);
        bot.ends().await;
    }
}

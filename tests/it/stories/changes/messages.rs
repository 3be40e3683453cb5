//! Somebody deletes or unpins what Stentor shows.

use stentor::simulator::act::Act;

use crate::bot::{ALICE, Bot, INCIDENTS};
use crate::databases::on_each_database;
use crate::stories::channel_of;

impl Bot {
    async fn deletes_message(&self, channel: &str, ts: stentor::simulator::state::ts::Ts) {
        self.does(Act::DeleteMessage { user: ALICE.to_owned(), channel: channel.to_owned(), ts })
            .await;
    }
}

on_each_database! {
    async fn the_pinned_message_comes_back_at_once_and_only_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        let welcome = bot.welcome(&incident);
        bot.hears_twice();
        bot.deletes_message(channel, welcome).await;
        assert_eq!(bot.reads_all(channel), ["INC-1 Checkout is slow"]);
        let again = bot.welcome(&incident);
        assert_ne!(again, welcome);
        // Deleted again, it stays away until there are news.
        bot.deletes_message(channel, again).await;
        assert_eq!(bot.messages(channel).len(), 0);
        bot.slack.expect_refusal("chat.update", "message_not_found");
        bot.says(ALICE, channel, "severity major").await;
        assert_eq!(bot.reads_all(channel).len(), 2);
        bot.welcome(&incident);
        bot.ends().await;
    }

    async fn what_is_unpinned_stays_so(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        let (user, ts) = (ALICE.to_owned(), bot.welcome(&incident));
        bot.does(Act::Unpin { user, channel: channel.to_owned(), ts }).await;
        bot.says(ALICE, channel, "severity major").await;
        bot.skims(channel);
        assert_eq!(bot.slack.pins(channel).len(), 0);
        bot.ends().await;
    }

    async fn an_announcement_comes_back_with_the_next_news(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        bot.deletes_message(INCIDENTS, bot.announcement(&incident)).await;
        assert_eq!(bot.messages(INCIDENTS).len(), 0);
        bot.slack.expect_refusal("chat.update", "message_not_found");
        bot.says(ALICE, channel_of(&incident), "severity major").await;
        bot.skims(channel_of(&incident));
        assert!(bot.reads(INCIDENTS).starts_with("INC-1"));
        bot.ends().await;
    }
}

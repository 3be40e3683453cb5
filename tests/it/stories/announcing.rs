//! The announcement channel, and messages that people delete.

use serde_json::json;
use stentor::config::Secret;
use stentor::simulator::act::Act;
use stentor::simulator::settings::Settings;
use stentor::simulator::state::ts::Ts;
use stentor::slack::client::Slack;

use super::channel_of;
use crate::bot::{ALICE, Bot, GENERAL, INCIDENTS, STENTOR, Start};
use crate::databases::on_each_database;

fn without_incidents(mut settings: Settings) -> Settings {
    settings.channels.retain(|channel| channel.id != INCIDENTS);
    settings
}

impl Bot {
    /// A message of Stentor's is gone, as when somebody who may has deleted it.
    async fn loses(&self, channel: &str, ts: Ts) {
        let text = ts.to_string();
        let slack =
            Slack::new(&self.slack.api_url(), &Secret::new(&self.slack.settings().bot_token));
        slack.unwrap().post("chat.delete", &json!({"channel": channel, "ts": text})).await.unwrap();
    }
}

on_each_database! {
    async fn an_announcement_channel_that_is_missing_is_made(fresh: Fresh) {
        let start = Start { slack: Some(without_incidents), ..Start::default() };
        let bot = Bot::start_with(&fresh, start).await;
        bot.declares_in_trouble("Checkout is slow").await;
        bot.settle().await;
        let made = bot.slack.channel_by_name("incidents").unwrap();
        assert_eq!(made.creator, STENTOR);
        let announced = bot.reads(&made.id);
        assert!(announced.starts_with("INC-1 Checkout is slow"), "{announced}");
        bot.declares_in_trouble("Login is down").await;
        bot.settle().await;
        assert!(bot.reads(&made.id).starts_with("INC-2"));
        assert_eq!(bot.count("conversations.create"), 3);
        for number in [1, 2] {
            bot.skims(channel_of(&bot.incident(number).await));
        }
        bot.ends().await;
    }

    async fn stentor_joins_where_it_announces(fresh: Fresh) {
        // Without the scope to write to channels that it is not in.
        let start = Start {
            slack: Some(|mut settings| {
                settings.scopes.retain(|scope| scope != "chat:write.public");
                settings
            }),
            ..Start::default()
        };
        let bot = Bot::start_with(&fresh, start).await;
        bot.slack.expect_refusal("chat.postMessage", "not_in_channel");
        bot.declares("Checkout is slow").await;
        assert!(bot.slack.channel_by_name("incidents").unwrap().has(STENTOR));
        bot.declares("Login is down").await;
        bot.ends().await;
    }

    async fn a_channel_can_be_named_by_its_id(fresh: Fresh) {
        let start = Start { announce_channel: Some("C0RANDOM"), ..Start::default() };
        let bot = Bot::start_with(&fresh, start).await;
        bot.declares_in_trouble("Checkout is slow").await;
        bot.settle().await;
        assert!(bot.reads("C0RANDOM").starts_with("INC-1 Checkout is slow"));
        bot.skims(channel_of(&bot.incident(1).await));
        let bot = bot.restarted(&fresh).await;
        bot.says(ALICE, GENERAL, "INC-1 update Rolling back").await;
        bot.skims(channel_of(&bot.incident(1).await));
        assert_eq!(bot.messages("C0RANDOM").len(), 1);
        assert_eq!(bot.messages(INCIDENTS).len(), 0);
        bot.ends().await;
    }

    async fn a_channel_that_is_not_there_is_named_in_the_record(fresh: Fresh) {
        let start = Start { announce_channel: Some("C0NOWHERE"), ..Start::default() };
        let bot = Bot::start_with(&fresh, start).await;
        crate::warnings::expect("Gave up");
        bot.slack.expect_refusal("chat.postMessage", "channel_not_found");
        let declared = bot.declares_in_trouble("Checkout is slow").await;
        bot.settle().await;
        bot.skims(channel_of(&bot.incident(1).await));
        let undelivered = bot.undelivered(&declared).await;
        assert_eq!(undelivered[0], "refresh the announcement: chat.postMessage: channel_not_found");
        let told = bot.reads_told(ALICE);
        assert!(told.len() == 1 && told[0].contains("is not there"), "{told:?}");
        // With the right setting the next news bring the announcement, once.
        let bot = bot.restarted_with(&fresh, Start::default()).await;
        bot.expects_repeats();
        bot.says(ALICE, GENERAL, "INC-1 update Rolling back").await;
        bot.says(ALICE, GENERAL, "INC-1 update Rolled back").await;
        assert_eq!(bot.reads_everything_once(1).await.len(), 2);
        bot.ends().await;
    }

    async fn a_message_that_somebody_deleted_comes_back_with_the_next_news(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.hears_nothing();
        bot.slack.expect_refusal("chat.update", "message_not_found");
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        let (welcome, announcement) = (bot.welcome(&incident), bot.announcement(&incident));
        bot.loses(channel, welcome).await;
        bot.loses(INCIDENTS, announcement).await;
        bot.says(ALICE, channel, "note It changes nothing that is shown").await;
        bot.waits(std::time::Duration::from_secs(3_600)).await;
        assert_eq!((bot.messages(channel).len(), bot.messages(INCIDENTS).len()), (0, 0));

        bot.says(ALICE, channel, "severity major").await;
        assert_eq!(bot.reads(channel), "INC-1: Severity set to Major · by <@U0ALICE>");
        assert!(bot.reads(channel).starts_with("INC-1 Checkout is slow"));
        assert!(bot.reads(INCIDENTS).starts_with("INC-1 Checkout is slow"));
        assert_ne!(bot.welcome(&incident), welcome);
        assert_ne!(bot.announcement(&incident), announcement);
        // From now on these are edited.
        bot.says(ALICE, channel, "severity minor").await;
        assert_eq!(bot.reads_all(channel), ["INC-1: Severity lowered: Major → Minor · by <@U0ALICE>"]);
        bot.ends().await;
    }

    async fn announcements_move_on_when_their_channel_is_gone(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let first = bot.declares("Checkout is slow").await;
        let over = bot.declares("Search is slow").await;
        bot.says(ALICE, channel_of(&over), "close Rolled back").await;
        bot.skims(channel_of(&over));
        bot.act(Act::RenameChannel { user: ALICE.to_owned(), channel: INCIDENTS.to_owned(), name: "old-incidents".to_owned() }).await;
        bot.act(Act::ArchiveChannel { user: ALICE.to_owned(), channel: INCIDENTS.to_owned() }).await;
        bot.slack.expect_refusal("chat.update", "is_inactive");
        bot.says(ALICE, channel_of(&first), "update Rolling back").await;
        bot.skims(channel_of(&first));
        let made = bot.slack.channel_by_name("incidents").unwrap();
        assert!(bot.reads(&made.id).starts_with("INC-1"));
        // What is over stays where it was.
        bot.says(ALICE, channel_of(&over), "summary It was the index").await;
        bot.declares_in_trouble("Login is down").await;
        bot.settle().await;
        assert!(bot.reads(&made.id).starts_with("INC-3"));
        bot.skims(channel_of(&bot.incident(3).await));
        bot.says(ALICE, channel_of(&first), "update Rolled back").await;
        bot.skims(channel_of(&first));
        assert_eq!(bot.messages(&made.id).len(), 2);
        bot.ends().await;
    }
}

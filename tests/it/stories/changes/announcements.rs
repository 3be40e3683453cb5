//! The channel where incidents are announced is archived, closed or restricted.

use stentor::simulator::act::Act;
use stentor::simulator::settings::Settings;

use crate::bot::{ALICE, Bot, INCIDENTS, STENTOR, Start};
use crate::databases::on_each_database;
use crate::stories::channel_of;

fn with_private_incidents(mut settings: Settings) -> Settings {
    for channel in &mut settings.channels {
        channel.is_private |= channel.id == INCIDENTS;
    }
    settings
}

impl Bot {
    async fn declares_unannounced(&self, name: &str) -> i64 {
        crate::warnings::expect("Gave up");
        let declared = self.declares_in_trouble(name).await;
        self.settle().await;
        let incident = self.incident(declared.number).await;
        self.skims(channel_of(&incident));
        incident.number
    }
}

on_each_database! {
    /// The name belongs to a channel that Stentor can't see.
    async fn a_private_channel_needs_an_invitation_and_that_is_said_once(fresh: Fresh) {
        let start = Start { slack: Some(with_private_incidents), ..Start::default() };
        let bot = Bot::start_with(&fresh, start).await;
        bot.slack.expect_refusal("conversations.create", "name_taken");
        let first = bot.declares_unannounced("Checkout is slow").await;
        let told = bot.reads_told(ALICE);
        assert_eq!(told, ["Incidents are not announced: #incidents is private and Stentor is not in it."]);
        bot.declares_unannounced("Login is down").await;
        bot.says(ALICE, channel_of(&bot.incident(first).await), "severity major").await;
        bot.skims(channel_of(&bot.incident(first).await));
        assert_eq!(bot.reads_told(ALICE), Vec::<String>::new());
        assert_eq!(bot.undelivered(&bot.incident(first).await).await.len(), 1, "it is recorded once");
        // Invited, it announces what is open, without waiting for news.
        bot.does(Act::Invite { user: ALICE.to_owned(), channel: INCIDENTS.to_owned(), who: STENTOR.to_owned() }).await;
        let announced = bot.reads_all(INCIDENTS);
        assert_eq!(announced.len(), 2, "{announced:?}");
        bot.ends().await;
    }

    async fn where_only_some_may_post_somebody_is_told_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.slack.expect_refusal("chat.postMessage", "restricted_action_read_only_channel");
        let restrict = |restricted| Act::RestrictPosting { user: ALICE.to_owned(), channel: INCIDENTS.to_owned(), restricted };
        bot.act(restrict(true)).await;
        let number = bot.declares_unannounced("Checkout is slow").await;
        let told = bot.reads_told(ALICE);
        assert_eq!(told, ["Incidents are not announced: #incidents lets only some people post."]);
        bot.act(restrict(false)).await;
        bot.says(ALICE, channel_of(&bot.incident(number).await), "severity major").await;
        bot.skims(channel_of(&bot.incident(number).await));
        assert!(bot.reads(INCIDENTS).starts_with("INC-1"));
        bot.ends().await;
    }

    /// An archived channel keeps its name, and only people can bring it back.
    async fn an_archived_channel_is_asked_back(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        bot.archives(INCIDENTS).await;
        bot.slack.expect_refusal("chat.update", "is_inactive");
        bot.slack.expect_refusal("conversations.create", "name_taken");
        crate::warnings::expect("Gave up");
        bot.says(ALICE, channel_of(&incident), "severity major").await;
        bot.says(ALICE, channel_of(&incident), "severity minor").await;
        bot.skims(channel_of(&incident));
        assert_eq!(bot.reads_told(ALICE), ["Incidents are not announced: #incidents is archived."]);
        assert_eq!(bot.undelivered(&incident).await.len(), 1);
        bot.unarchives(INCIDENTS).await;
        bot.says(ALICE, channel_of(&incident), "update Rolling back").await;
        bot.skims(channel_of(&incident));
        assert!(bot.announced(&incident).contains("Rolling back"));
        bot.ends().await;
    }

    async fn a_renamed_channel_is_the_same(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.declares("Checkout is slow").await;
        bot.renames(INCIDENTS, "outages").await;
        bot.declares("Login is down").await;
        assert_eq!(bot.messages(INCIDENTS).len(), 2);
        bot.ends().await;
    }
}

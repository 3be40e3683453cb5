//! What Slack lets the app do changes: a scope is missing, the app is removed.

use std::time::Duration;

use stentor::simulator::act::Act;
use stentor::simulator::faults::Failing;

use crate::bot::{ALICE, Bot, GENERAL, INCIDENTS, Start};
use crate::databases::on_each_database;
use crate::stories::channel_of;

impl Bot {
    /// The token that the admin gets.
    async fn is_installed_again(&self) -> String {
        let scopes = stentor::simulator::settings::Settings::default().scopes;
        self.act(Act::Reinstall { scopes }).await.made.unwrap()
    }
}

on_each_database! {
    async fn a_missing_scope_is_named_once_and_the_rest_goes_on(fresh: Fresh) {
        let start = Start {
            slack: Some(|mut settings| {
                settings.scopes.retain(|scope| scope != "pins:write");
                settings
            }),
            ..Start::default()
        };
        let bot = Bot::start_with(&fresh, start).await;
        bot.slack.expect_refusal("pins.add", "missing_scope");
        crate::warnings::expect("Gave up");
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        assert_eq!(
            bot.undelivered(&incident).await,
            ["refresh the welcome: pins.add: missing_scope; add the scope pins:write and install again"]
        );
        assert_eq!(bot.reads_told(ALICE), ["Slack does not let Stentor use `pins.add`: the app lacks a scope."]);
        // The topic stands behind it in the lane.
        assert_eq!(bot.channels(&incident)[0].topic.value, "Investigating · INC-1");
        bot.says(ALICE, channel, "severity major").await;
        bot.says(ALICE, channel, "severity minor").await;
        bot.skims(channel);
        let second = bot.declares("Login is down").await;
        assert_eq!(bot.undelivered(&incident).await.len(), 1, "it is recorded once");
        assert_eq!(bot.reads_told(ALICE), Vec::<String>::new(), "and told once");
        bot.is_installed_again().await;
        for incident in [&incident, &second] {
            bot.says(ALICE, channel_of(incident), "update Rolling back").await;
            bot.skims(channel_of(incident));
            bot.welcome(incident);
        }
        bot.ends().await;
    }

    async fn that_channels_may_not_be_made_is_told_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let code = "restricted_action".to_owned();
        bot.breaks_down("conversations.create", Failing::Error { code });
        crate::warnings::expect("Gave up");
        for name in ["Checkout is slow", "Login is down"] {
            bot.declares_in_trouble(name).await;
            bot.settle().await;
        }
        bot.skims(INCIDENTS);
        assert_eq!(bot.reads_told(ALICE), ["Incidents get no channel: Stentor may not make channels here."]);
        bot.mends();
        for number in [1, 2] {
            bot.says(ALICE, GENERAL, &format!("INC-{number} severity major")).await;
            assert_eq!(bot.reads_everything_once(number).await.len(), 1);
        }
        bot.ends().await;
    }

    /// Nothing is given up while the app is away, and everything is there once when it is back.
    async fn while_the_app_is_removed_everything_waits(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        for method in ["auth.test", "chat.postMessage", "chat.update", "conversations.create", "conversations.setTopic"] {
            bot.slack.expect_refusal(method, "account_inactive");
        }
        let incident = bot.declares("Checkout is slow").await;
        let view = bot.opens(ALICE, GENERAL, "").await;
        bot.act(Act::Uninstall).await;
        crate::warnings::expect("Stentor was removed");
        // Otherwise a call may find out before the event does, and that is told in other words.
        crate::warnings::heard("Stentor was removed").await;
        bot.submits_in_trouble(&view, &[("name", serde_json::json!("Login is down"))]).await;
        bot.types(ALICE, channel_of(&incident), "update Rolling back").await;
        for _ in 0..48 {
            bot.clock.advance(Duration::from_secs(1_800));
            bot.works_a_while().await;
        }
        assert!(bot.left().await.iter().all(|work| work.state == 0), "{:?}", bot.left().await);
        // After a removal the token is another one: somebody has to put it into the settings.
        let token = bot.is_installed_again().await;
        let start = Start { bot_token: Some("xoxb-T0STENTOR-2"), ..Start::default() };
        assert_eq!(Some(token.as_str()), start.bot_token);
        let bot = bot.restarted_with(&fresh, start).await;
        bot.settle().await;
        assert_eq!(bot.undelivered(&incident).await, Vec::<String>::new());
        assert_eq!(bot.reads(channel_of(&incident)), "INC-1: Rolling back · Update from <@U0ALICE>");
        assert_eq!(bot.reads_everything_once(2).await, Vec::<String>::new());
        bot.skims(INCIDENTS);
        bot.ends().await;
    }
}

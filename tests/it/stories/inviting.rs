//! People who hold no role are let in.

use serde_json::json;
use stentor::ids::UserId;
use stentor::incident::command::Declare;

use super::channel_of;
use crate::bot::{ALICE, BOB, Bot, CAROL, GENERAL, INCIDENTS};
use crate::databases::on_each_database;

on_each_database! {
    async fn people_are_invited_by_command_and_form(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        assert_eq!(
            bot.says(ALICE, channel, "invite @bob").await,
            "Invited <@U0BOB> to INC-1."
        );
        bot.fills_in(BOB, GENERAL, "INC-1 invite", &[("person", json!(CAROL))]).await;
        let there = bot.channels(&incident).remove(0);
        assert!(there.has(BOB) && there.has(CAROL));
        assert_eq!(bot.count("conversations.invite"), 3, "Alice, Bob and Carol, each once");
        for (command, answer) in [
            ("invite @bob", "They are invited already; nothing was changed."),
            ("invite bob", "I don't know who “bob” is. Mention them, as in `@bea`."),
            ("invite @bob and the whole team", "I don't know who “the” is. Mention them, as in `@bea`."),
        ] {
            assert_eq!(bot.says(ALICE, channel, command).await, answer, "{command}");
        }
        let invited: Vec<UserId> = bot.incident(1).await.invited.into_iter().collect();
        assert_eq!(invited, [UserId::from(BOB), UserId::from(CAROL)]);
        bot.ends().await;
    }

    async fn who_is_invited_sees_what_is_private(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let declare = Declare {
            name: "Someone has our keys".to_owned(),
            private: true,
            invite: vec![UserId::from(BOB)],
            ..Declare::default()
        };
        let incident = bot.declares_so(declare).await;
        let channel = channel_of(&incident);
        bot.skims(channel);
        let there = bot.channels(&incident).remove(0);
        assert!(there.is_private && there.has(BOB) && !there.has(CAROL));
        assert!(bot.says(BOB, GENERAL, "list").await.contains("1 open incident"));
        assert!(bot.says(CAROL, GENERAL, "INC-1 invite @carol").await.starts_with("There is no incident"));
        assert_eq!(bot.says(CAROL, GENERAL, "list").await, "There are no open incidents.");
        // A role that is taken back leaves who was invited besides in it.
        bot.says(BOB, channel, "invite @carol").await;
        bot.says(BOB, channel, "role scribe @carol").await;
        bot.says(BOB, channel, "role scribe none").await;
        assert!(bot.says(CAROL, GENERAL, "list").await.contains("1 open incident"));
        bot.skims(channel);
        bot.reads_told(CAROL);
        assert_eq!(bot.messages(INCIDENTS).len(), 0);
        bot.ends().await;
    }

    /// Slack takes a hundred at once.
    async fn whom_slack_does_not_know_is_named_and_keeps_nobody_out(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let crowd = (0..99).map(|n| UserId::new(format!("U0NOBODY{n:02}")));
        let declare = Declare {
            name: "Everybody".to_owned(),
            invite: crowd.chain([UserId::from(BOB)]).collect(),
            ..Declare::default()
        };
        bot.slack.expect_refusal("conversations.invite", "user_not_found");
        let incident = bot.declares_so(declare).await;
        let there = bot.channels(&incident).remove(0);
        assert!(there.has(ALICE) && there.has(BOB));
        assert_eq!(bot.undelivered(&incident).await.len(), 99);
        bot.skims(channel_of(&incident));
        bot.skims(INCIDENTS);
        bot.ends().await;
    }
}

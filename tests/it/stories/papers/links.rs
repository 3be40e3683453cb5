//! What belongs to an incident elsewhere, and what other incidents it has to do with.

use serde_json::json;
use stentor::incident::event::Event;

use super::{declares_privately, everybody_enters};
use crate::bot::{ALICE, BOB, Bot, GENERAL};
use crate::databases::on_each_database;
use crate::stories::channel_of;

on_each_database! {
    async fn links_are_attached_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        everybody_enters(&bot, channel).await;
        assert_eq!(
            bot.says(ALICE, channel, "link https://a.example/graph?x=1&y=2 The graph").await,
            "Attached to INC-1: The graph"
        );
        bot.fills_in(BOB, channel, "link", &[("url", json!("https://a.example/log")), ("title", json!(null))]).await;
        for (command, answer) in [
            ("link https://a.example/graph?x=1&y=2 Again", "It is attached already; nothing was changed."),
            ("link graph", "“graph” is no address of a page. It begins with https:// or http://."),
            ("link javascript:alert(1)", "“javascript:alert(1)” is no address of a page. It begins with https:// or http://."),
        ] {
            assert_eq!(bot.says(ALICE, channel, command).await, answer, "{command}");
        }
        let attached: Vec<(String, String)> = bot.incident(1).await.papers.attachments.into_values()
            .map(|attachment| (attachment.title, attachment.url)).collect();
        assert_eq!(attached, [
            ("The graph".to_owned(), "https://a.example/graph?x=1&y=2".to_owned()),
            ("https://a.example/log".to_owned(), "https://a.example/log".to_owned()),
        ]);
        bot.ends().await;
    }

    async fn incidents_that_have_to_do_with_each_other_both_say_so(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let one = bot.declares("Checkout is slow").await;
        let other = bot.declares("Payments are down").await;
        let channel = channel_of(&one);
        everybody_enters(&bot, channel).await;
        assert_eq!(bot.says(ALICE, channel, "relate to INC-2").await, "INC-1 is related to INC-2.");
        assert_eq!(
            bot.says(ALICE, channel_of(&other), "relate INC-1").await,
            "The incident is related to INC-1 already; nothing was changed."
        );
        for (command, answer) in [
            ("relate INC-1", "An incident is not related to itself."),
            ("relate INC-9", "There is no incident “INC-9” here that this one could be related to."),
            ("relate payments", "There is no incident “payments” here that this one could be related to."),
        ] {
            assert_eq!(bot.says(ALICE, channel, command).await, answer, "{command}");
        }
        let record = bot.record(&bot.incident(2).await).await;
        assert_eq!(record.last().unwrap().event, Event::Related { incident: one.id.clone(), number: 1 });
        assert_eq!(record.last().unwrap().actor.person().unwrap().as_str(), ALICE);
        bot.ends().await;
    }

    async fn what_is_private_is_named_by_nobody_else(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let public = bot.declares("Checkout is slow").await;
        let private = declares_privately(&bot, "Someone has our keys").await;
        assert_eq!(
            bot.says(ALICE, channel_of(&public), "relate INC-2").await,
            "INC-2 is private, so it can't be named here. What is public can be named in a private incident."
        );
        assert_eq!(
            bot.says(BOB, GENERAL, "INC-1 relate INC-2").await,
            "There is no incident “INC-2” here that this one could be related to."
        );
        let before = bot.incident(1).await;
        bot.says(ALICE, channel_of(&private), "relate INC-1").await;
        assert_eq!(bot.incident(1).await, before, "the public one is not told");
        assert_eq!(bot.incident(2).await.papers.related.len(), 1);
        bot.ends().await;
    }
}

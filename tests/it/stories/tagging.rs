//! Tags: what a workspace wants to know of its incidents besides.

use serde_json::json;
use stentor::engine::naming;
use stentor::ids::TagId;
use stentor::incident::event::Actor;
use stentor::incident::tags::definition::{NewTag, TagKind, create};

use super::channel_of;
use crate::bot::{ALICE, BOB, Bot, GENERAL, INCIDENTS};
use crate::databases::on_each_database;

impl Bot {
    /// The workspace has another tag from now on.
    async fn has_tag(&self, id: &str, name: &str, kind: TagKind, choices: &[&str]) {
        let app = &self.stentor.app;
        let choices = choices.iter().map(|&choice| choice.to_owned()).collect();
        let description = String::new();
        let wanted = NewTag { name: name.to_owned(), kind, description, active: true, choices };
        naming::name(
            &app.db,
            &app.clock,
            &app.workspace,
            &format!("tag/{id}"),
            |catalogue, now| {
                Ok(create(catalogue, TagId::from(id), &wanted, &Actor::Stentor, now)?.to_string())
            },
        )
        .await
        .unwrap();
    }
}

on_each_database! {
    async fn an_incident_is_tagged_and_the_overview_shows_it(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.has_tag("01TEAM", "team", TagKind::MultiValue, &[]).await;
        bot.has_tag("01PRIO", "priority", TagKind::Priority, &["P1", "P2"]).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        let said = bot.says(ALICE, channel, "tag team pay, <b>shop").await;
        assert_eq!(said, "INC-1: <@U0ALICE> set team to “pay, &lt;b&gt;shop”");
        let said = bot.says(BOB, GENERAL, "INC-1 tag priority p1").await;
        assert_eq!(said, "INC-1: <@U0BOB> set priority to “P1”");
        bot.settle().await;
        let drawn = |channel, ts| json!(bot.slack.message(channel, ts).unwrap().blocks).to_string();
        for shown in [drawn(channel, bot.welcome(&incident)), drawn(INCIDENTS, bot.announcement(&incident))] {
            assert!(shown.contains("priority") && shown.contains("P1"), "{shown}");
        }
        // The form begins with the tag that was named, and a wrong value stands under its field.
        bot.fills_in(ALICE, channel, "tag team", &[("value", json!("pay"))]).await;
        assert_eq!(bot.incident(1).await.tags[&TagId::from("01TEAM")].values, ["pay"]);
        for (command, answer) in [
            ("tag priority P9", "“P9” is no value of “priority”. There are: P1, P2."),
            ("tag priorty P1", "There is no tag “priorty”. Did you mean priority? There are: team, priority."),
            ("tag team pay", "team is pay already; nothing was changed."),
        ] {
            assert_eq!(bot.says(ALICE, channel, command).await, answer, "{command}");
        }
        bot.fills_in(ALICE, channel, "untag", &[("tag", json!("01TEAM"))]).await;
        let said = bot.says(ALICE, channel, "untag priority").await;
        assert_eq!(said, "INC-1: <@U0ALICE> removed priority");
        assert!(bot.incident(1).await.tags.is_empty());
        let said = bot.says(ALICE, channel, "untag").await;
        assert_eq!(said, "The incident has no tags; nothing was changed.");
        bot.settle().await;
        assert!(!drawn(channel, bot.welcome(&incident)).contains("priority"));
        bot.skims(INCIDENTS);
        bot.ends().await;
    }
}

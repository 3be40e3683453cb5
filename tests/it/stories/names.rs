//! Names that make trouble: taken ones, long ones, and those that would like to be more than text.

use serde_json::{Value, json};
use stentor::simulator::act::Act;

use super::channel_of;
use crate::bot::{ALICE, BOB, Bot, GENERAL, INCIDENTS};
use crate::databases::on_each_database;

/// Mentions and links in blocks that Slack would act on: live elements, or mrkdwn that says so.
fn live(blocks: &Value, found: &mut Vec<String>) {
    match blocks {
        Value::Object(fields) => {
            let kind = fields.get("type").and_then(Value::as_str).unwrap_or_default();
            if matches!(kind, "user" | "usergroup" | "broadcast" | "link") {
                found.push(blocks.to_string());
            }
            if kind == "mrkdwn" {
                found.extend(marked_up(fields["text"].as_str().unwrap()));
            }
            fields.values().for_each(|inner| live(inner, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| live(inner, found)),
        _ => {}
    }
}

/// What stands between `<` and `>` in mrkdwn.
fn marked_up(text: &str) -> Vec<String> {
    text.split('<')
        .skip(1)
        .map(|rest| rest.split('>').next().unwrap_or_default().to_owned())
        .collect()
}

on_each_database! {
    async fn a_name_that_is_taken_gets_a_number(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        // Stentor can't see the second of them; it takes its name all the same.
        for (name, private) in [
            ("inc-1-checkout-is-slow", false), ("inc-1-checkout-is-slow-2", true), ("inc-2-checkout-is-slow", false),
        ] {
            let create = Act::CreateChannel { user: BOB.to_owned(), name: name.to_owned(), private };
            bot.act(create).await;
        }
        let archived = bot.slack.channel_by_name("inc-2-checkout-is-slow").unwrap().id;
        bot.act(Act::ArchiveChannel { user: BOB.to_owned(), channel: archived }).await;
        bot.slack.expect_refusal("conversations.create", "name_taken");
        for (number, name) in [(1, "inc-1-checkout-is-slow-3"), (2, "inc-2-checkout-is-slow-2")] {
            let incident = bot.declares("Checkout is slow").await;
            let channels = bot.channels(&incident);
            assert_eq!(channels.iter().map(|channel| channel.name.as_str()).collect::<Vec<_>>(), [name]);
            // Renamed, and back: the number stays as long as the name is taken.
            bot.slack.expect_refusal("conversations.rename", "name_taken");
            bot.says(ALICE, channel_of(&incident), "rename Login is down").await;
            assert_eq!(bot.channels(&incident)[0].name, format!("inc-{number}-login-is-down"));
            bot.says(ALICE, channel_of(&incident), "rename Checkout is slow").await;
            assert_eq!(bot.channels(&incident)[0].name, name);
        }
        bot.ends().await;
    }

    /// A lost answer must not make Stentor take somebody else's channel for its own.
    async fn somebody_elses_channel_of_that_name_is_not_adopted(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.act(Act::CreateChannel { user: BOB.to_owned(), name: "inc-1-checkout-is-slow".to_owned(), private: false })
            .await;
        let theirs = bot.slack.channel_by_name("inc-1-checkout-is-slow").unwrap().id;
        bot.act(Act::Invite { user: BOB.to_owned(), channel: theirs.clone(), who: "U0STENTOR".to_owned() }).await;
        bot.slack.expect_refusal("conversations.create", "name_taken");
        bot.breaks("conversations.create", stentor::simulator::faults::Failing::Refuse, 1);
        let incident = bot.declares("Checkout is slow").await;
        assert_ne!(channel_of(&incident), theirs);
        assert_eq!(bot.channels(&incident)[0].name, "inc-1-checkout-is-slow-2");
        bot.ends().await;
    }

    async fn whatever_it_is_called_an_incident_gets_a_channel_and_nobody_is_pinged(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let long = "wait ".repeat(40);
        for (name, channel_name) in [
            ("🔥🔥🔥", "inc-1"),
            (long.trim_end(), "inc-2-wait-wait-wait-wait-wait-wait-wait-wait-wait-wait-wait-wait-wait-wait-wait"),
            (&"x".repeat(200), "inc-3"),
            ("*x* <!channel> & <@U0BOB> <https://evil.example|here> _y_ `z` @here", "inc-4-x-channel-u0bob-https-evil-example-here-y-z-here"),
            ("\u{202e}קופה איטית\u{202c} <!everyone>", "inc-5-everyone"),
            ("日本語のインシデント", "inc-6"),
            ("<!subteam^S0ONCALL> :fire: ~s~ &lt;!channel&gt;\t\u{7}end", "inc-7-subteam-s0oncall-fire-s-lt-channel-gt-end"),
            ("```\n> quote\n```", "inc-8-quote"),
        ] {
            let incident = bot.declares(name).await;
            let channel = channel_of(&incident).to_owned();
            assert_eq!(bot.channels(&incident)[0].name, channel_name, "{name}");
            bot.types(ALICE, &channel, "update").await;
            let view = bot.opens(ALICE, &channel, "update").await;
            bot.completes(ALICE, &view, &[("message", json!(name))]).await;
            let view = bot.opens(ALICE, &channel, "summary").await;
            bot.completes(ALICE, &view, &[("summary", json!(name))]).await;
            bot.reads_all(&channel);
            let whispers = bot.slack.read(|state| {
                let heard = state.channels[GENERAL].ephemerals[ALICE].values();
                heard.cloned().collect::<Vec<_>>()
            });
            let shown = [bot.messages(&channel), bot.messages(INCIDENTS), whispers].concat();
            assert!(shown.len() > 3);
            for message in shown {
                let mut found = marked_up(&message.text);
                live(&json!(message.blocks), &mut found);
                // Stentor itself names who reported, links to channels, and writes times.
                let ours = |text: &String| {
                    *text == "@U0ALICE" || text.starts_with("#C") || text.starts_with("!date^")
                        || (text.contains("\"user_id\":\"U0ALICE\"") && text.contains("\"type\":\"user\""))
                };
                found.retain(|text| !ours(text));
                assert_eq!(found, Vec::<String>::new(), "{name}: {}", message.text);
            }
            let topic = bot.channels(&incident).remove(0).topic.value;
            assert!(!topic.contains('<'), "{topic}");
        }
        bot.ends().await;
    }
}

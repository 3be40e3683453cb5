//! What people read in Slack: the pinned message, the announcement, and the answers of `/incident`.

use serde_json::Value;
use stentor::simulator::state::message::Message;

use super::house::{House, TAG};
use super::truth::{Stage, Truth};
use crate::bot::{ALICE, GENERAL, INCIDENTS};

impl House {
    /// Everything that Slack shows of an incident says what is so, and is there once.
    pub async fn asks_in_slack(&self, truth: &Truth, step: &str) {
        let bot = &self.bot;
        let number = truth.number;
        let incident = bot.incident(number).await;
        let channel = incident.channel.as_ref().unwrap().as_str();
        assert_eq!(bot.channels(&incident).len(), 1, "{step}: it has one channel");
        let at = |channel: &str, ts| drawn(&bot.slack.message(channel, ts).unwrap());
        let pinned = at(channel, bot.welcome(&incident));
        let announced = at(INCIDENTS, bot.announcement(&incident));
        let overview = self.asks(&format!("INC-{number}")).await;
        assert_eq!(announced, overview, "{step}: /incident says what is announced");
        for (where_, drawn, words) in [
            ("the pinned message", &pinned, pins(truth)),
            ("the announcement", &announced, announces(truth)),
        ] {
            for words in words {
                assert!(drawn.contains(&words), "{step}: {where_} has no {words:?}: {drawn}");
            }
            let is_tagged = drawn.contains(&format!("{TAG} "));
            assert_eq!(is_tagged, truth.tag.is_some(), "{step}: {where_}: {drawn}");
        }
        assert_eq!(
            pinned.contains("Snoozed until"),
            truth.snoozed_until.is_some(),
            "{step}: {pinned}"
        );
        let timeline = self.asks(&format!("INC-{number} timeline")).await;
        for said in &truth.said {
            assert!(timeline.contains(said), "{step}: the timeline has no {said:?}: {timeline}");
        }
    }

    /// What `/incident` answers.
    async fn asks(&self, text: &str) -> String {
        let seen = self.bot.types(ALICE, GENERAL, text).await;
        assert_eq!((&seen.error, &seen.modal), (&None, &None), "/incident {text}");
        seen.messages.iter().map(drawn).collect::<Vec<_>>().join("\n")
    }
}

fn heading(truth: &Truth) -> String {
    format!("INC-{} {}", truth.number, truth.title)
}

/// What the pinned message has to say.
fn pins(truth: &Truth) -> Vec<String> {
    let lead = truth.lead.map_or("nobody yet".to_owned(), |person| format!("<@{person}>"));
    let mut words = vec![
        heading(truth),
        format!("Status {}", truth.stage.name()),
        format!("Severity {}", truth.severity),
        format!("Lead {lead}"),
        format!("Since <{}>", truth.declared_at.as_seconds()),
        truth.summary.clone(),
    ];
    words
        .extend(truth.snoozed_until.map(|until| format!("Snoozed until <{}>", until.as_seconds())));
    words.extend(truth.tag.map(|value| format!("{TAG} {value}")));
    words
}

/// What the announcement has to say.
fn announces(truth: &Truth) -> Vec<String> {
    let standing = match truth.stage {
        Stage::Documenting => "now Documenting".to_owned(),
        stage => stage.name().to_owned(),
    };
    let mut words = vec![
        heading(truth),
        standing,
        format!("Severity {}", truth.severity),
        format!("Since <{}>", truth.declared_at.as_seconds()),
        truth.summary.clone(),
    ];
    // Who could have led it is not asked for when it is over.
    if let Some(person) = truth.lead {
        words.push(format!("Lead <@{person}>"));
    } else if truth.stage.is_active() {
        words.push("Lead nobody yet".to_owned());
    }
    words.extend(truth.tag.map(|value| format!("{TAG} {value}")));
    words
}

/// The words of a message as people read them.
fn drawn(message: &Message) -> String {
    let mut words = String::new();
    message.blocks.iter().for_each(|block| draw(block, &mut words));
    words
}

fn draw(block: &Value, words: &mut String) {
    match block["type"].as_str().unwrap_or_default() {
        "user" => words.push_str(&format!("<@{}>", block["user_id"].as_str().unwrap())),
        "date" => words.push_str(&format!("<{}>", block["timestamp"])),
        "channel" => words.push_str(&format!("<#{}>", block["channel_id"].as_str().unwrap())),
        _ => match &block["text"] {
            Value::String(text) => words.push_str(text),
            inner => draw_all([inner], words),
        },
    }
    draw_all(block["elements"].as_array().into_iter().flatten(), words);
    if block["type"] == "rich_text_section" || block["type"] == "header" {
        words.push('\n');
    }
}

fn draw_all<'v>(blocks: impl IntoIterator<Item = &'v Value>, words: &mut String) {
    for block in blocks {
        if block.is_object() {
            draw(block, words);
        }
    }
}

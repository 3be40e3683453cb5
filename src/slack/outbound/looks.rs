//! Looks at messages in the incident's channel: those that people want kept, and what became of
//! them since.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::ids::{ChannelId, MessageTs, UserId};
use crate::incident::command::Command;
use crate::incident::papers::Paperwork;
use crate::incident::pins::{Author, Quote, Sight};
use crate::outbox::work::{Stretch, Work, asked_for};
use crate::slack::inbound::grammar::words::readable;
use crate::slack::outbound::Job;
use crate::slack::outbound::calls::{Failed, Trouble};
use crate::store::outbox;

/// The emoji that keeps a message, without its colons: 📌.
pub const PIN: &str = "pushpin";
/// The emoji that makes a follow-up of a message: ⏩.
pub const FOLLOW_UP: &str = "fast_forward";
/// Stretches of 200 messages that are read back in one channel, or one thread.
const STRETCHES: u32 = 10;
/// Messages that are known, and so are looked at whether or not they are in what is read back: the
/// newest of them.
const KNOWN: usize = 50;
/// Why a channel can't be looked into, which is nothing to be loud about: people have taken it away.
const CLOSED_TO_US: [&str; 3] = ["channel_not_found", "not_in_channel", "is_archived"];

impl Job<'_> {
    /// Looks at one message, and writes down what became of it.
    pub(super) async fn look_at(&self, ts: &MessageTs, by: Option<&UserId>) -> Result<(), Failed> {
        let channel = ChannelId::from(self.channel()?);
        let us = self.performer.bot_user(&self.work.workspace).await?;
        let message = match self.message(&channel, ts).await {
            Ok(message) => message,
            Err(failed) if is_closed(&failed) => return Ok(()),
            Err(failed) => return Err(failed),
        };
        let forwarded = message.as_ref().and_then(|message| {
            let by = reacted_with(message, FOLLOW_UP).into_iter().find(|by| *by != us)?;
            (!is_ours(message, &us) && !self.is_follow_up(ts)).then_some((message, by))
        });
        if let Some((message, by)) = forwarded {
            let quote = self.quote(message, &channel, ts).await?;
            let receipt = format!("follow-up/{}/{}", self.work.id, self.work.generation);
            let marked = Paperwork::RecordFollowUp { quote, by: Some(by) };
            self.report(receipt, Command::Paperwork(marked)).await?;
        }
        let sight = match &message {
            // A message of our own is in the record by what it tells of.
            Some(message) if is_ours(message, &us) => return Ok(()),
            Some(message) if is_marked(message, &channel) => {
                let by = by.filter(|by| marked_by(message, &channel, by)).cloned();
                let by = by.or_else(|| first_to_mark(message));
                let quote = self.quote(message, &channel, ts).await?;
                Sight::Marked { quote, by: by.filter(|by| *by != us) }
            }
            Some(_) => Sight::Unmarked { by: by.cloned() },
            None => Sight::Gone,
        };
        let receipt = format!("look/{}/{}", self.work.id, self.work.generation);
        self.report(receipt, Command::RecordMessage { ts: ts.clone(), sight }).await?;
        Ok(())
    }

    /// Looks through a stretch of the history for messages that deserve a look, and asks for that;
    /// and for the next stretch.
    pub(super) async fn read_back(&self, stretch: &Stretch) -> Result<(), Failed> {
        let channel = ChannelId::from(self.channel()?);
        let mut read = match self.history(&channel, stretch).await {
            Ok(answer) => answer,
            Err(failed) if is_closed(&failed) || is_gone(&failed) => return Ok(()),
            Err(failed) => return Err(failed),
        };
        let Value::Array(messages) = read["messages"].take() else { return Ok(()) };
        let mut work: Vec<Work> = self.worth_a_look(&messages, &channel, stretch);
        if stretch.thread.is_none() {
            work.extend(messages.iter().filter_map(|message| thread_with_news(message, stretch)));
        }
        // The channel comes newest first, a thread oldest first: what comes last is where to go on.
        let last = messages.last().and_then(|last| last["ts"].as_str()).map(MessageTs::from);
        if read["has_more"] == true && last.is_some() && last != stretch.from {
            if stretch.place + 1 < STRETCHES {
                let place = stretch.place + 1;
                work.push(Work::ReadBack(Stretch { from: last, place, ..stretch.clone() }));
            } else {
                tracing::info!(incident.id = %self.incident.id, "Stopped reading back: too much was said");
            }
        }
        Ok(self.ask_for(work).await?)
    }

    async fn history(&self, channel: &ChannelId, stretch: &Stretch) -> Result<Value, Failed> {
        let since = ts_at(stretch.since);
        let mut asked = vec![("channel", channel.as_str()), ("limit", "200")];
        match (&stretch.thread, &stretch.from) {
            (None, from) => {
                asked.push(("oldest", &since));
                asked.extend(from.as_ref().map(|from| ("latest", from.as_str())));
                self.calls.get("conversations.history", &asked).await
            }
            (Some(thread), from) => {
                asked.push(("ts", thread.as_str()));
                asked.push(("oldest", from.as_ref().map_or(since.as_str(), MessageTs::as_str)));
                self.calls.get("conversations.replies", &asked).await
            }
        }
    }

    /// What is marked, and what is known, because it may be gone or older; but not what is as it was
    /// known.
    fn worth_a_look(
        &self,
        messages: &[Value],
        channel: &ChannelId,
        stretch: &Stretch,
    ) -> Vec<Work> {
        let is_first = stretch.thread.is_none() && stretch.place == 0;
        let known = self.incident.pinned.keys().rev().take(if is_first { KNOWN } else { 0 });
        let mut wanted: BTreeSet<MessageTs> = known.cloned().collect();
        for message in messages {
            let Some(ts) = message["ts"].as_str().map(MessageTs::from) else { continue };
            if !reacted_with(message, FOLLOW_UP).is_empty() && !self.is_follow_up(&ts) {
                wanted.insert(ts);
                continue;
            }
            if !is_marked(message, channel) {
                continue;
            }
            match self.incident.pinned.get(&ts) {
                Some(known) if known.says(&said(message)) => wanted.remove(&ts),
                _ => wanted.insert(ts),
            };
        }
        wanted.into_iter().map(|ts| Work::Look { ts, by: None }).collect()
    }

    /// Whether a follow-up was made of this message.
    fn is_follow_up(&self, ts: &MessageTs) -> bool {
        self.incident.papers.items.values().any(|item| item.source.as_ref() == Some(ts))
    }

    async fn ask_for(&self, work: Vec<Work>) -> Result<(), Trouble> {
        let now = self.performer.clock.now();
        let asked = |work| asked_for(&self.incident.id, work, now, self.performer.ids.ulid(now));
        let work: Vec<_> = work.into_iter().map(asked).collect();
        let mut tx = self.performer.db.begin().await?;
        outbox::change(&mut tx, &self.work.workspace, &[], &work, now).await?;
        Ok(tx.commit().await?)
    }

    /// The message, as it is now; nothing if it is gone.
    async fn message(&self, channel: &ChannelId, ts: &MessageTs) -> Result<Option<Value>, Failed> {
        let ts = ts.as_str();
        // For a reply, its thread's first message comes before it.
        let asked = [
            ("channel", channel.as_str()),
            ("ts", ts),
            ("oldest", ts),
            ("latest", ts),
            ("inclusive", "true"),
        ];
        let mut answer = match self.calls.get("conversations.replies", &asked).await {
            Err(failed) if is_gone(&failed) => return Ok(None),
            answer => answer?,
        };
        let Value::Array(messages) = answer["messages"].take() else { return Ok(None) };
        let is_it = |message: &Value| message["ts"] == ts && message["subtype"] != "tombstone";
        Ok(messages.into_iter().find(is_it))
    }

    async fn quote(
        &self,
        message: &Value,
        channel: &ChannelId,
        ts: &MessageTs,
    ) -> Result<Quote, Failed> {
        let permalink = match self.incident.pinned.contains_key(ts) {
            // The record has it.
            true => Value::Null,
            false => {
                let asked = [("channel", channel.as_str()), ("message_ts", ts.as_str())];
                self.calls.get("chat.getPermalink", &asked).await?["permalink"].take()
            }
        };
        Ok(Quote {
            ts: ts.clone(),
            at: ts.said_at().unwrap_or(self.performer.clock.now()),
            author: author(message),
            text: said(message),
            permalink: permalink.as_str().unwrap_or_default().to_owned(),
        })
    }
}

/// A thread in which something was said since then.
fn thread_with_news(message: &Value, stretch: &Stretch) -> Option<Work> {
    let since = ts_at(stretch.since);
    message["latest_reply"].as_str().filter(|latest| *latest >= since.as_str())?;
    let thread = Some(MessageTs::from(message["ts"].as_str()?));
    Some(Work::ReadBack(Stretch { thread, ..Stretch::first(stretch.since) }))
}

fn is_gone(failed: &Failed) -> bool {
    failed.is("thread_not_found") || failed.is("message_not_found")
}

fn is_closed(failed: &Failed) -> bool {
    CLOSED_TO_US.iter().any(|reason| failed.is(reason))
}

/// A message's id for this time.
fn ts_at(at: Timestamp) -> String {
    format!("{}.{:06}", at.as_seconds(), at.as_micros().rem_euclid(1_000_000))
}

fn is_ours(message: &Value, us: &UserId) -> bool {
    message["user"] == us.as_str()
}

fn is_marked(message: &Value, channel: &ChannelId) -> bool {
    is_pinned(message, channel) || !reacted(message).is_empty()
}

fn is_pinned(message: &Value, channel: &ChannelId) -> bool {
    let pinned_to = message["pinned_to"].as_array();
    pinned_to.is_some_and(|all| all.iter().any(|one| *one == channel.as_str()))
}

/// Who has put 📌 on it.
fn reacted(message: &Value) -> Vec<UserId> {
    reacted_with(message, PIN)
}

fn reacted_with(message: &Value, name: &str) -> Vec<UserId> {
    let reactions = message["reactions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let pins = reactions.iter().find(|reaction| reaction["name"] == name);
    let users = pins.and_then(|pins| pins["users"].as_array());
    users.into_iter().flatten().filter_map(Value::as_str).map(UserId::from).collect()
}

fn pinned_by(message: &Value) -> Option<UserId> {
    message["pinned_info"]["pinned_by"].as_str().map(UserId::from)
}

fn marked_by(message: &Value, channel: &ChannelId, person: &UserId) -> bool {
    // Slack does not always say who has pinned a message; whoever told us of it has, then.
    let has_pinned =
        is_pinned(message, channel) && pinned_by(message).is_none_or(|by| by == *person);
    has_pinned || reacted(message).contains(person)
}

fn first_to_mark(message: &Value) -> Option<UserId> {
    pinned_by(message).or_else(|| reacted(message).into_iter().next())
}

fn author(message: &Value) -> Author {
    match message["user"].as_str().map(UserId::from).filter(UserId::is_well_formed) {
        Some(user) => Author::Person { user },
        None => {
            let names = [&message["username"], &message["bot_profile"]["name"]];
            let name = names.into_iter().find_map(Value::as_str).unwrap_or("A program");
            Author::Program { name: name.to_owned() }
        }
    }
}

/// What a message says; the names of its files, if it has no words.
fn said(message: &Value) -> String {
    let text = readable(message["text"].as_str().unwrap_or_default());
    if !text.trim().is_empty() {
        return text;
    }
    let files = message["files"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named = files.iter().filter_map(|file| file["title"].as_str().or(file["name"].as_str()));
    let attachments = message["attachments"].as_array().map(Vec::as_slice).unwrap_or_default();
    let fallbacks = attachments.iter().filter_map(|one| one["fallback"].as_str());
    let rest: Vec<&str> = named.chain(fallbacks).collect();
    if rest.is_empty() { "(no text)".to_owned() } else { rest.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_is_read_tolerantly() {
        let person = json!({"user": "U0ALICE", "text": "p99 &gt; 3s <https://x.example|here>"});
        assert_eq!(author(&person), Author::Person { user: UserId::from("U0ALICE") });
        assert_eq!(said(&person), "p99 > 3s https://x.example");
        let program = json!({"username": "Grafana", "text": "", "files": [{"title": "graph.png"}]});
        assert_eq!(author(&program), Author::Program { name: "Grafana".to_owned() });
        assert_eq!(said(&program), "graph.png");
        assert_eq!(said(&json!({})), "(no text)");
    }

    #[test]
    fn a_pin_and_a_pushpin_are_marks() {
        let here = ChannelId::from("C1");
        assert!(is_marked(&json!({"pinned_to": ["C1"]}), &here));
        assert!(!is_marked(&json!({"pinned_to": ["C2"]}), &here));
        let reacted = json!({"reactions": [{"name": "tada", "users": ["U1"]}, {"name": "pushpin", "users": ["U2"]}]});
        assert!(is_marked(&reacted, &here));
        assert_eq!(first_to_mark(&reacted), Some(UserId::from("U2")));
        assert!(!is_marked(&json!({"reactions": [{"name": "tada", "users": ["U1"]}]}), &here));
    }

    #[test]
    fn the_id_of_a_time_is_that_of_a_message_then() {
        let at = Timestamp::from_micros(1_790_000_011_000_400);
        assert_eq!(ts_at(at), "1790000011.000400");
        assert_eq!(MessageTs::new(ts_at(at)).said_at(), Some(at));
    }
}

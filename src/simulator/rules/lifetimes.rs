//! Things that may be used for a short while only: trigger ids and response_urls.

use std::collections::{BTreeMap, VecDeque};

use sha2::{Digest as _, Sha256};

use super::Rule;
use crate::simulator::{
    clock::{MINUTE, Micros, SECOND},
    state::{State, ts::Ts},
};

/// How long a trigger opens a modal.
pub const TRIGGER_LIFE: Micros = 3 * SECOND;
/// How long a response_url takes answers.
pub const RESPONSE_LIFE: Micros = 30 * MINUTE;
/// How many answers it takes.
pub const RESPONSE_USES: u8 = 5;
/// How long used and expired ones are remembered, to be refused with the right word.
const MEMORY: Micros = 60 * MINUTE;

/// All triggers given out lately.
#[derive(Clone, Debug, Default)]
pub struct Triggers {
    list: VecDeque<Trigger>,
    given: u64,
}

/// What a person did that lets the app open a modal.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// Who did it.
    pub user: String,
    /// The modal in which they did it.
    pub view: Option<String>,
    given: Micros,
    is_used: bool,
}

impl Triggers {
    /// None yet; the first one that is given gets the number after this one.
    pub fn after(number: u64) -> Triggers {
        Triggers { list: VecDeque::new(), given: number }
    }

    /// Whether it is one of these, used or not.
    pub fn knows(&self, id: &str) -> bool {
        let number = id.split('.').next().and_then(|number| number.parse::<u64>().ok());
        let number = number.and_then(|number| number.checked_sub(FIRST_TRIGGER));
        let forgotten = self.given - self.list.len() as u64;
        number.is_some_and(|number| number > forgotten && number <= self.given)
    }

    /// A new trigger.
    pub fn give(&mut self, now: Micros, user: &str, view: Option<&str>) -> String {
        while self.list.front().is_some_and(|oldest| now - oldest.given > MEMORY) {
            self.list.pop_front();
        }
        let view = view.map(str::to_owned);
        self.list.push_back(Trigger { user: user.to_owned(), view, given: now, is_used: false });
        self.given += 1;
        trigger_id(self.given)
    }

    /// Uses a trigger up.
    pub fn take(&mut self, now: Micros, id: &str) -> Rule<Trigger> {
        let number = id.split('.').next().and_then(|number| number.parse::<u64>().ok());
        let number = number.and_then(|number| number.checked_sub(FIRST_TRIGGER));
        let number = number.ok_or("invalid_trigger_id")?;
        if number > self.given || trigger_id(number) != id {
            return Err("invalid_trigger_id");
        }
        let forgotten = self.given - self.list.len() as u64;
        let index = number.checked_sub(forgotten + 1).ok_or("expired_trigger_id")?;
        let trigger = self.list.get_mut(usize::try_from(index).unwrap_or(usize::MAX));
        let trigger = trigger.ok_or("expired_trigger_id")?;
        if trigger.is_used {
            return Err("exchanged_trigger_id");
        }
        if now - trigger.given > TRIGGER_LIFE {
            return Err("expired_trigger_id");
        }
        trigger.is_used = true;
        Ok(trigger.clone())
    }
}

/// Slack's own are 13 digits long.
const FIRST_TRIGGER: u64 = 1_000_000_000_000;

fn trigger_id(number: u64) -> String {
    let hash = Sha256::digest(format!("trigger {number}"));
    format!("{}.{}.{}", FIRST_TRIGGER + number, 100_000_000_000_u64, hex::encode(&hash[..16]))
}

/// All response_urls given out lately, by their last path segment.
#[derive(Clone, Debug, Default)]
pub struct ResponseUrls {
    by_id: BTreeMap<String, ResponseUrl>,
    order: VecDeque<String>,
}

/// Where the app may answer what a person did.
#[derive(Clone, Debug)]
pub struct ResponseUrl {
    /// Who did it.
    pub user: String,
    /// Where.
    pub channel: String,
    /// The message it was done to; for commands, the app's last ephemeral answer.
    pub original: Option<Ts>,
    /// Whether it answers a slash command.
    pub is_command: bool,
    given: Micros,
    uses: u8,
}

impl ResponseUrls {
    /// A new one.
    pub fn give(&mut self, now: Micros, user: &str, channel: &str, original: Option<Ts>) -> String {
        while let Some(oldest) = self.order.front() {
            if self.by_id.get(oldest).is_some_and(|url| now - url.given <= MEMORY) {
                break;
            }
            if let Some(id) = self.order.pop_front() {
                self.by_id.remove(&id);
            }
        }
        let number = self.order.back().and_then(|id| id.parse::<u64>().ok()).unwrap_or(100_000);
        let id = (number + 1).to_string();
        let url = ResponseUrl {
            user: user.to_owned(),
            channel: channel.to_owned(),
            original,
            is_command: original.is_none(),
            given: now,
            uses: 0,
        };
        self.by_id.insert(id.clone(), url);
        self.order.push_back(id.clone());
        id
    }

    /// Uses it once.
    pub fn take(&mut self, now: Micros, id: &str) -> Rule<ResponseUrl> {
        let url = self.by_id.get_mut(id).ok_or("invalid_url")?;
        if now - url.given > RESPONSE_LIFE {
            return Err("expired_url");
        }
        if url.uses >= RESPONSE_USES {
            return Err("used_url");
        }
        url.uses += 1;
        Ok(url.clone())
    }

    /// Remembers which message a later `replace_original` is about.
    pub fn set_original(&mut self, id: &str, original: Ts) {
        if let Some(url) = self.by_id.get_mut(id) {
            url.original = Some(original);
        }
    }
}

impl State {
    /// A trigger for something `user` did, in the modal `view` or elsewhere.
    pub fn give_trigger(&mut self, now: Micros, user: &str, view: Option<&str>) -> String {
        self.triggers.give(now, user, view)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_works_once_within_three_seconds() {
        let mut triggers = Triggers::default();
        let one = triggers.give(0, "U1", None);
        let two = triggers.give(0, "U2", Some("V1"));
        assert_eq!(triggers.take(TRIGGER_LIFE, &two).map(|t| t.user), Ok("U2".to_owned()));
        assert_eq!(triggers.take(0, &two).err(), Some("exchanged_trigger_id"));
        assert_eq!(triggers.take(TRIGGER_LIFE + 1, &one).err(), Some("expired_trigger_id"));
        let forged = one.replace('a', "b").replace('1', "2");
        for wrong in ["", "x", "1.2.3", &forged] {
            assert_eq!(triggers.take(0, wrong).err(), Some("invalid_trigger_id"), "{wrong}");
        }
        triggers.give(2 * MEMORY, "U1", None);
        assert_eq!(triggers.take(2 * MEMORY, &one).err(), Some("expired_trigger_id"));
    }

    #[test]
    fn a_response_url_takes_five_answers_within_thirty_minutes() {
        let mut urls = ResponseUrls::default();
        let id = urls.give(0, "U1", "C1", None);
        for _ in 0..RESPONSE_USES {
            assert!(urls.take(RESPONSE_LIFE, &id).is_ok());
        }
        assert_eq!(urls.take(0, &id).err(), Some("used_url"));
        let id = urls.give(0, "U1", "C1", None);
        assert_eq!(urls.take(RESPONSE_LIFE + 1, &id).err(), Some("expired_url"));
        assert_eq!(urls.take(0, "1").err(), Some("invalid_url"));
    }
}

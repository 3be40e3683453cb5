//! The id of a request, under which is told later what became of it.
//!
//! It looks like a UUID, as clients expect, and says itself what the request was and when (a UUID of
//! version 8 may mean what its maker likes). What became of it is in its receipt.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::ingest::knock::{Knock, Trouble};
use crate::ingest::opsgenie::unavailable;
use crate::intake::order::{Effect, Taken};
use crate::store::{alerts, receipts};

/// What a request wants; the number stands in its id, so it never means something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// To know something.
    Ask = 0,
    /// A new alert.
    Create = 1,
    /// Somebody looks after it.
    Acknowledge = 2,
    /// Nobody looks after it any more.
    Unacknowledge = 3,
    /// It is over.
    Close = 4,
    /// It is to be quiet for a while.
    Snooze = 5,
    /// Something is said about it.
    AddNote = 6,
    /// It is called otherwise.
    Update = 7,
    /// It has tags more.
    AddTags = 8,
    /// It has tags less.
    RemoveTags = 9,
    /// It has details more.
    AddDetails = 10,
    /// It has details less.
    RemoveDetails = 11,
    /// It belongs to somebody.
    Assign = 12,
}

/// Every action with the vendor's word for it, and what is said once it is done.
const WORDS: [(Action, &str, &str); 13] = [
    (Action::Ask, "Get", "Answered"),
    (Action::Create, "Create", "Created alert"),
    (Action::Acknowledge, "Acknowledge", "Alert acknowledged"),
    (Action::Unacknowledge, "UnAcknowledge", "Alert unacknowledged"),
    (Action::Close, "Close", "Alert closed"),
    (Action::Snooze, "Snooze", "Noted"),
    (Action::AddNote, "AddNote", "Added note"),
    (Action::Update, "Update", "Alert updated"),
    (Action::AddTags, "AddTags", "Added tags"),
    (Action::RemoveTags, "RemoveTags", "Removed tags"),
    (Action::AddDetails, "AddDetails", "Added details"),
    (Action::RemoveDetails, "RemoveDetails", "Removed details"),
    (Action::Assign, "Assign", "Noted the owner"),
];

/// Where the 48 bits of the time begin.
const TIME: u32 = 80;
/// Where the version begins, which is 8.
const VERSION: u32 = 76;
/// Where the action begins.
const ACTION: u32 = 64;
/// Where the variant begins, which is binary 10.
const VARIANT: u32 = 62;

/// The id of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId(u128);

impl RequestId {
    /// A new one, from a ULID: its time and as much of its randomness as there is room for.
    pub fn new(ulid: &str, action: Action) -> RequestId {
        let ulid: u128 = ulid.parse::<ulid::Ulid>().map(u128::from).unwrap_or_default();
        let random = ulid & ((1 << VARIANT) - 1);
        let time = ulid >> TIME;
        RequestId(time << TIME | 8 << VERSION | (action as u128) << ACTION | 2 << VARIANT | random)
    }

    fn action(self) -> Option<&'static (Action, &'static str, &'static str)> {
        let number = self.0 >> ACTION & 0xfff;
        WORDS.iter().find(|(action, ..)| *action as u128 == number)
    }

    fn made_at(self) -> Timestamp {
        let millis = i64::try_from(self.0 >> TIME).unwrap_or(i64::MAX / 1_000);
        Timestamp::from_micros(millis.saturating_mul(1_000))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
        write!(f, "{a}-{b}-{c}-{d}-{e}")
    }
}

impl FromStr for RequestId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let id = u128::from_str_radix(&text.replace('-', ""), 16).map(RequestId).map_err(drop)?;
        // Only what it would be written as is one.
        if id.to_string() == text.to_ascii_lowercase() { Ok(id) } else { Err(()) }
    }
}

/// What became of a request.
pub async fn outcome(knock: &Knock, id: &str) -> Result<Value, Trouble> {
    let id: RequestId = id.parse().map_err(|()| Trouble::NotThere)?;
    let Some((_, word, done)) = id.action() else { return Err(Trouble::NotThere) };
    let workspace = &knock.source.workspace;
    let mut tx = knock.app.db.read().await.map_err(unavailable)?;
    let key = knock.receipt(&id.to_string());
    let receipt = receipts::marked(&mut tx, workspace, &key).await.map_err(unavailable)?;
    let taken = receipt.and_then(Taken::from_receipt);
    let Some(folded) = taken.and_then(|taken| taken.folded.into_iter().next()) else {
        return Err(Trouble::NotThere);
    };
    let alert = match folded.alert {
        Some(alert) => {
            alerts::with_ids(&mut tx, workspace, &[alert]).await.map_err(unavailable)?.pop()
        }
        None => None,
    };
    let success = alert.is_some() && folded.effect != Effect::Ignored;
    let status = match (&alert, success) {
        (None, _) => "Alert does not exist",
        (Some(_), false) => "Alert is closed already",
        (Some(_), true) => done,
    };
    Ok(json!({
        "success": success,
        "isSuccess": success,
        "action": word,
        "processedAt": id.made_at(),
        "integrationId": knock.source.id,
        "status": status,
        "alertId": alert.as_ref().map(|alert| alert.id.as_str()).unwrap_or_default(),
        "alias": alert.as_ref().map(|alert| alert.key.as_str()).unwrap_or_default(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::IdSource;

    #[test]
    fn an_id_is_a_uuid_that_tells_what_it_was_for() {
        let now = Timestamp::from_micros(1_790_000_000_123_000);
        let ids = IdSource::system();
        for (action, word, _) in &WORDS {
            let id = RequestId::new(&ids.ulid(now), *action);
            let text = id.to_string();
            assert_eq!((text.len(), text.as_bytes()[14]), (36, b'8'));
            assert!("89ab".contains(&text[19..20]), "{text}");
            let again: RequestId = text.parse().unwrap();
            assert_eq!(again, id);
            assert_eq!((again.action().unwrap().1, again.made_at()), (*word, now));
            assert_ne!(RequestId::new(&ids.ulid(now), *action), id);
        }
    }

    #[test]
    fn what_is_no_id_is_none() {
        for text in ["", "x", "019a", "+19a0000000000000000000000000000", &"f".repeat(33), "\u{e9}"]
        {
            assert!(text.parse::<RequestId>().is_err(), "{text}");
        }
        assert!(
            "ffffffff-ffff-ffff-ffff-ffffffffffff".parse::<RequestId>().unwrap().action().is_none()
        );
    }
}

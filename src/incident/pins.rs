//! Messages of the incident's channel that people keep in its timeline, by pinning them or by 📌.
//!
//! What Slack tells of them can come twice, late, or in another order. So each word of it only leads
//! to a look at the message, and what was seen is compared with what the record says: the same
//! sight twice changes nothing.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::{MessageTs, UserId};
use crate::incident::event::Event;
use crate::incident::refusal::Refusal;
use crate::incident::state::Incident;
use crate::incident::text::{MESSAGE_LIMIT, clean_line, clean_text, shorten};

/// Messages in one timeline. Slack itself allows 100 pins in a channel, but any number of 📌.
const MOST: usize = 500;
/// The longest name of a program, in characters.
const NAME: usize = 80;
/// The longest address of a message, in characters.
const ADDRESS: usize = 500;

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Author {
    /// Somebody in Slack.
    Person {
        /// Their Slack id.
        user: UserId,
    },
    /// A program.
    Program {
        /// What it calls itself.
        name: String,
    },
}

/// A message that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quote {
    /// Its id in Slack, unique within its channel.
    #[schema(value_type = String, example = "1790000011.000400")]
    pub ts: MessageTs,
    /// When it was written.
    pub at: Timestamp,
    /// Who wrote it.
    pub author: Author,
    /// What it says.
    pub text: String,
    /// Where it can be read.
    pub permalink: String,
}

/// What was seen of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "seen", rename_all = "snake_case")]
pub enum Sight {
    /// It is there, and somebody wants it kept.
    Marked {
        /// The message.
        quote: Quote,
        /// Who wants it.
        by: Option<UserId>,
    },
    /// It is there, and nobody wants it kept.
    Unmarked {
        /// Who has taken the mark away.
        by: Option<UserId>,
    },
    /// It was deleted.
    Gone,
}

/// What an incident remembers of a message that its timeline holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pinned {
    /// The entry that says what the message says now.
    pub version: i64,
    /// A hash of that.
    pub digest: String,
}

impl Pinned {
    /// A message that says this, by this entry.
    pub fn new(version: i64, text: &str) -> Self {
        Pinned { version, digest: hex::encode(&Sha256::digest(text)[..16]) }
    }

    /// Whether the timeline has it that the message says this.
    pub fn says(&self, text: &str) -> bool {
        *self == Pinned::new(self.version, &as_kept(text))
    }
}

/// What a sight of a message changes.
pub fn look(incident: &Incident, ts: &MessageTs, sight: &Sight) -> Result<Vec<Event>, Refusal> {
    let unchanged = || Err(Refusal::AlreadySo { what: "The timeline says so already".to_owned() });
    match (incident.pinned.get(ts), sight) {
        (None, Sight::Marked { quote, by }) => {
            if incident.pinned.len() >= MOST {
                let what = format!("The timeline holds {MOST} messages already");
                return Err(Refusal::AlreadySo { what });
            }
            let quote = fit(quote);
            Ok(vec![Event::MessagePinned { quote, by: by.clone() }])
        }
        (Some(known), Sight::Marked { quote, .. }) => {
            if known.says(&quote.text) {
                return unchanged();
            }
            let text = as_kept(&quote.text);
            Ok(vec![Event::MessageEdited { ts: ts.clone(), text, supersedes: known.version }])
        }
        (Some(known), Sight::Unmarked { by }) => Ok(vec![Event::MessageUnpinned {
            ts: ts.clone(),
            supersedes: known.version,
            deleted: false,
            by: by.clone(),
        }]),
        (Some(known), Sight::Gone) => Ok(vec![Event::MessageUnpinned {
            ts: ts.clone(),
            supersedes: known.version,
            deleted: true,
            by: None,
        }]),
        (None, Sight::Unmarked { .. } | Sight::Gone) => unchanged(),
    }
}

/// The message as it is kept, whatever was in it.
fn fit(quote: &Quote) -> Quote {
    let author = match &quote.author {
        Author::Person { user } => Author::Person { user: user.clone() },
        Author::Program { name } => Author::Program { name: shorten(&clean_line(name), NAME) },
    };
    Quote {
        ts: quote.ts.clone(),
        at: quote.at,
        author,
        text: as_kept(&quote.text),
        permalink: shorten(&clean_line(&quote.permalink), ADDRESS),
    }
}

fn as_kept(text: &str) -> String {
    shorten(&clean_text(text), MESSAGE_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::IncidentId;
    use crate::incident::catalogue::Catalogue;
    use crate::incident::command::Declare;
    use crate::incident::decide::{Context, declare};
    use crate::incident::event::{Actor, Entry, Via};

    fn quote(text: &str) -> Quote {
        Quote {
            ts: MessageTs::from("1790000011.000400"),
            at: Timestamp::from_micros(1_790_000_011_000_400),
            author: Author::Person { user: UserId::from("U0BEA") },
            text: text.to_owned(),
            permalink: "https://acme.slack.com/archives/C0INC1/p1790000011000400".to_owned(),
        }
    }

    fn marked(text: &str) -> Sight {
        Sight::Marked { quote: quote(text), by: Some(UserId::from("U0ALICE")) }
    }

    /// What each sight in turn wrote into the record.
    fn live_through(sights: &[Sight]) -> Vec<Vec<Event>> {
        let (now, ts) = (quote("").at, quote("").ts);
        let catalogue = Catalogue::default();
        let context =
            Context { now, actor: &Actor::Stentor, via: Via::Delivery, catalogue: &catalogue };
        let request = Declare { name: "Checkout is slow".to_owned(), ..Declare::default() };
        let declared = declare(&request, 1, &context).unwrap();
        let id = IncidentId::from("01STENT0R0000000000000TEST");
        let mut incident = Incident::declared(id.clone(), now, &Actor::Stentor, &declared);
        let entry = |version, event| {
            let (actor, via) = (Actor::Stentor, Via::Delivery);
            Entry { version, at: now, actor, via, telling: None, event, through: None }
        };
        let mut record = vec![entry(1, Event::Declared(declared))];
        let written = sights.iter().map(|sight| {
            let events = look(&incident, &ts, sight).unwrap_or_default();
            for event in &events {
                let entry = entry(incident.version + 1, event.clone());
                incident.apply(&entry);
                record.push(entry);
            }
            events
        });
        let written = written.collect();
        assert_eq!(Incident::replay(id, &record), Some(incident));
        written
    }

    #[test]
    fn the_same_sight_twice_changes_nothing() {
        let (here, gone) = (marked("rolled back"), Sight::Gone);
        let written =
            live_through(&[here.clone(), here.clone(), gone.clone(), gone, here.clone(), here]);
        let lengths: Vec<usize> = written.iter().map(Vec::len).collect();
        assert_eq!(lengths, [1, 0, 1, 0, 1, 0]);
    }

    #[test]
    fn what_changes_a_message_says_which_entry_it_supersedes() {
        let written = live_through(&[
            marked("rolled back"),
            marked("rolled back to 1.4"),
            Sight::Unmarked { by: Some(UserId::from("U0BEA")) },
        ]);
        assert_eq!(
            written[1],
            [Event::MessageEdited {
                ts: quote("").ts,
                text: "rolled back to 1.4".to_owned(),
                supersedes: 2
            }]
        );
        assert_eq!(
            written[2],
            [Event::MessageUnpinned {
                ts: quote("").ts,
                supersedes: 3,
                deleted: false,
                by: Some(UserId::from("U0BEA"))
            }]
        );
    }

    #[test]
    fn whatever_is_written_can_be_kept() {
        let written = live_through(&[marked(&format!("\u{202e}a\0{}", "x".repeat(50_000)))]);
        let [Event::MessagePinned { quote, .. }] = &written[0][..] else { panic!("{written:?}") };
        assert!(quote.text.starts_with("ax") && quote.text.chars().count() == MESSAGE_LIMIT);
    }
}

//! What a sender says of one alert, whatever its format: the one thing that every door makes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::incident::text::{shorten, tidy_line, tidy_text};

/// The longest deduplication key that is kept as it is, in bytes.
pub const KEY_LIMIT: usize = 512;
/// The longest title, in characters.
pub const TITLE_LIMIT: usize = 300;
/// The longest description, in characters.
pub const DESCRIPTION_LIMIT: usize = 15_000;
/// The most labels, and the most annotations.
pub const LABELS_LIMIT: usize = 128;
/// The longest name of a label or annotation, in characters.
pub const NAME_LIMIT: usize = 256;
/// The longest value of a label or annotation, in characters.
pub const VALUE_LIMIT: usize = 2_048;
/// The most links.
pub const LINKS_LIMIT: usize = 16;
/// The longest address of a link, in bytes.
pub const HREF_LIMIT: usize = 2_048;

/// How bad an alert is. The order is that of badness.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = AlertStatus)]
pub enum Status {
    /// Nothing is wrong.
    #[default]
    Ok,
    /// Nobody knows how bad it is.
    Unknown,
    /// It will be bad.
    Warning,
    /// It is bad.
    Critical,
}

impl Status {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Unknown => "unknown",
            Status::Warning => "warning",
            Status::Critical => "critical",
        }
    }

    /// What the many words that senders have for it mean; nothing if it is none of them.
    pub fn from_word(word: &str) -> Option<Status> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "critical" | "crit" | "fatal" | "emergency" | "page" | "high" | "error" | "err"
            | "alert" | "down" | "sev1" | "p1" | "p2" => Status::Critical,
            "warning" | "warn" | "medium" | "moderate" | "minor" | "low" | "info" | "notice"
            | "information" | "sev2" | "sev3" | "p3" | "p4" | "p5" => Status::Warning,
            "ok" | "none" | "normal" | "resolved" | "up" => Status::Ok,
            "unknown" | "no data" | "nodata" | "no_data" => Status::Unknown,
            _ => return None,
        })
    }
}

/// What a sender says has become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// It is so.
    Firing,
    /// It is over.
    Resolved,
    /// Somebody looks after it, which changes nothing about it being so.
    Acknowledged,
    /// Nobody looks after it any more.
    Unacknowledged,
    /// Something about it is called otherwise: a title or description that is given, a status but
    /// [`Status::Ok`], and labels and annotations, which are added to those that are there; one with an
    /// empty value is taken away.
    Edited,
    /// Somebody has something to say about it: the description.
    Noted,
}

impl Said {
    /// Whether this alone makes an alert, where there is none.
    pub fn begins(self) -> bool {
        self == Said::Firing
    }
}

/// A link that a sender gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AlertLink)]
pub struct Link {
    /// Where to: `http` or `https`.
    pub href: String,
    /// What it is called.
    pub text: String,
}

/// When an alert resolves by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ends {
    /// When.
    pub at: Timestamp,
    /// Nobody has said so: it is our own limit, which gives way to what a sender says.
    pub assumed: bool,
}

/// What a sender says of one alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// What the sender knows it by, within its source: the deduplication key.
    pub key: String,
    /// What has become of it.
    pub said: Said,
    /// How bad it is while it fires.
    pub status: Status,
    /// What is wrong, in a line. Without one, labels will do.
    pub title: String,
    /// More about it.
    pub description: String,
    /// What it is about, by name.
    pub labels: BTreeMap<String, String>,
    /// What else the sender has to say, by name. It identifies nothing.
    pub annotations: BTreeMap<String, String>,
    /// Where to look.
    pub links: Vec<Link>,
    /// Since when it is so, if the sender says that.
    pub starts_at: Option<Timestamp>,
    /// When it resolves, if no news comes.
    pub ends: Option<Ends>,
    /// When the sender saw it, if it says that: it decides which of two is the newer one.
    pub at: Option<Timestamp>,
}

impl Observation {
    /// An alert of this key and title that fires; the rest is to be filled in.
    pub fn firing(key: impl Into<String>, title: impl Into<String>) -> Observation {
        Observation {
            key: key.into(),
            said: Said::Firing,
            status: Status::Critical,
            title: title.into(),
            description: String::new(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            links: Vec::new(),
            starts_at: None,
            ends: None,
            at: None,
        }
    }

    /// This and no more is said of the alert of this key.
    pub fn about(key: impl Into<String>, said: Said) -> Observation {
        Observation { said, status: Status::Ok, ..Observation::firing(key, "") }
    }

    /// The alert of this key is over.
    pub fn resolved(key: impl Into<String>) -> Observation {
        Observation::about(key, Said::Resolved)
    }

    /// Brings whatever a sender has said within the limits. What is too long is cut, with a sign
    /// that it was; the key is never cut, because two keys must not become one.
    pub fn within_limits(mut self) -> Observation {
        self.title = tidy_line(self.title, TITLE_LIMIT);
        self.description = tidy_text(self.description, DESCRIPTION_LIMIT);
        // An edit says with an empty value what is to go.
        let keeps_empty = self.said == Said::Edited;
        trim(&mut self.labels, keeps_empty);
        trim(&mut self.annotations, keeps_empty);
        trim_links(&mut self.links);
        self
    }
}

/// Keeps links that people may follow, and no more of them than are read.
fn trim_links(links: &mut Vec<Link>) {
    links.retain(|link| is_web_address(&link.href));
    links.truncate(LINKS_LIMIT);
    for link in links {
        link.text = tidy_line(std::mem::take(&mut link.text), TITLE_LIMIT);
    }
}

/// Adds what an edit gives, and takes away what it gives no value. What is more than there is room
/// for is left out.
pub fn edit(named: &mut BTreeMap<String, String>, given: &BTreeMap<String, String>) {
    for (name, value) in given {
        if value.is_empty() {
            named.remove(name);
        } else if named.contains_key(name) || named.len() < LABELS_LIMIT {
            named.insert(name.clone(), value.clone());
        }
    }
}

/// Most senders keep to the limits: then nothing is copied.
fn trim(named: &mut BTreeMap<String, String>, keeps_empty: bool) {
    let is_long = |text: &str, limit: usize| text.len() > limit || text.contains('\0');
    let fits = named.len() <= LABELS_LIMIT
        && named.iter().all(|(name, value)| {
            (keeps_empty || !value.is_empty())
                && !is_long(name, NAME_LIMIT)
                && !is_long(value, VALUE_LIMIT)
        });
    if fits {
        return;
    }
    let cut = |text: &str, limit: usize| shorten(&text.replace('\0', "\u{fffd}"), limit);
    *named = std::mem::take(named)
        .into_iter()
        .filter(|(name, value)| !name.is_empty() && (keeps_empty || !value.is_empty()))
        .take(LABELS_LIMIT)
        .map(|(name, value)| (cut(&name, NAME_LIMIT), cut(&value, VALUE_LIMIT)))
        .collect();
}

/// Whether it is an address that people may be sent to.
pub fn is_web_address(href: &str) -> bool {
    let has_scheme = ["https://", "http://"].iter().any(|scheme| {
        href.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    // Byte by byte: thousands of them are looked at in a second.
    let is_fine = |byte: u8| byte > b' ' && byte != 0x7f && !b"<>|\"`".contains(&byte);
    has_scheme
        && href.len() <= HREF_LIMIT
        && href.bytes().all(is_fine)
        && (href.is_ascii() || !href.contains(|c: char| c.is_control() || c.is_whitespace()))
}

/// Something that was changed on purpose, such as a deployment: no alert, but worth knowing when one
/// fires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeEvent {
    /// What the sender knows it by; a second one with the same key is the first one again, as it
    /// stands now.
    pub key: String,
    /// What was changed, in a line.
    pub summary: String,
    /// Where it stands (`success`, `in_progress`), if the sender says so.
    pub state: Option<String>,
    /// What it is about, by name.
    pub labels: BTreeMap<String, String>,
    /// Where to look.
    pub links: Vec<Link>,
    /// When it happened, if the sender says so.
    pub at: Option<Timestamp>,
}

impl ChangeEvent {
    /// Brings whatever a sender has said within the limits; the key is never cut.
    pub fn within_limits(mut self) -> ChangeEvent {
        self.summary = tidy_line(self.summary, TITLE_LIMIT);
        self.state = self.state.map(|state| tidy_line(state, NAME_LIMIT));
        trim(&mut self.labels, false);
        trim_links(&mut self.links);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sender_says_is_brought_within_limits() {
        let mut said = Observation::firing("k", "a\nb\u{0}".repeat(400));
        said.labels = (0..500).map(|n| (format!("l{n:03}"), "x".repeat(5_000))).collect();
        said.labels.insert("empty".to_owned(), String::new());
        for href in [
            "https://ok.example/a?b=c",
            "javascript:alert(1)",
            "https://a b",
            "http://x|y",
            "http://x\u{a0}y",
            "http://x\u{85}y",
        ] {
            said.links.push(Link { href: href.to_owned(), text: "t".to_owned() });
        }
        let said = said.within_limits();
        assert_eq!(said.title.chars().count(), TITLE_LIMIT);
        assert!(!said.title.contains(['\n', '\0']));
        assert_eq!(said.labels.len(), LABELS_LIMIT);
        assert!(said.labels.values().all(|value| value.chars().count() == VALUE_LIMIT));
        assert_eq!(said.links.len(), 1);
        assert_eq!(said.key, "k");
    }

    #[test]
    fn the_order_is_that_of_badness() {
        assert!(Status::Critical > Status::Warning);
        assert!(Status::Warning > Status::Unknown);
        assert!(Status::Unknown > Status::Ok);
        assert_eq!(Status::from_word(" CRITICAL "), Some(Status::Critical));
        assert_eq!(Status::from_word("purple"), None);
    }
}

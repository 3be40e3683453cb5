//! What one person's client knows of the workspace: names behind ids, and what time it is.
//!
//! The renderer gets its names from here alone, so that a private channel can't leak its name
//! into the client of somebody outside it.

use std::collections::BTreeMap;

use jiff::{Timestamp, Zoned, tz::TimeZone};
use serde::Serialize;

use crate::simulator::clock::Micros;
use crate::simulator::state::{State, channel::Channel, user::User};

/// Names and time as one person sees them.
#[derive(Debug, Clone)]
pub struct Directory {
    /// The id of the person whose client this is.
    pub viewer: String,
    /// Everybody in the workspace, by id.
    pub people: BTreeMap<String, Person>,
    /// The channels this person can see, by id.
    pub channels: BTreeMap<String, Place>,
    /// User groups: id to handle.
    pub groups: BTreeMap<String, String>,
    /// The person's time zone.
    pub zone: TimeZone,
    /// The time by the workspace's clock.
    pub now: Timestamp,
}

/// A person or a bot.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    /// What people type after `@`.
    pub handle: String,
    /// What is shown.
    pub name: String,
    /// The letters in the avatar.
    pub initials: String,
    /// Whether this is an app's bot user.
    pub is_bot: bool,
    /// Whether the account is switched off.
    pub deleted: bool,
}

/// A channel that can be linked to.
#[derive(Debug, Clone, Serialize)]
pub struct Place {
    /// The name without `#`.
    pub name: String,
    /// Whether only its members see it.
    pub is_private: bool,
    /// Whether it is closed for new messages.
    pub is_archived: bool,
}

/// Whether a person's client shows a channel at all.
pub fn can_see(channel: &Channel, person: &User) -> bool {
    channel.has(&person.id) || (channel.is_public() && !person.is_guest)
}

/// A moment from the simulator's microseconds; the epoch if they are absurd.
pub fn moment(at: Micros) -> Timestamp {
    Timestamp::from_microsecond(at).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl Directory {
    /// What this person may know of the workspace.
    pub fn of(state: &State, viewer: &User, now: Micros) -> Directory {
        let person = |user: &User| Person {
            handle: user.name.clone(),
            name: user.real_name.clone(),
            initials: user.initials.clone(),
            is_bot: user.is_bot,
            deleted: user.deleted,
        };
        let place = |channel: &Channel| Place {
            name: channel.name.clone(),
            is_private: channel.is_private,
            is_archived: channel.is_archived,
        };
        let seen = state.channels.values().filter(|it| !it.is_im && can_see(it, viewer));
        Directory {
            viewer: viewer.id.clone(),
            people: state.users.iter().map(|(id, user)| (id.clone(), person(user))).collect(),
            channels: seen.map(|channel| (channel.id.clone(), place(channel))).collect(),
            groups: state
                .user_groups
                .iter()
                .map(|(id, group)| (id.clone(), group.handle.clone()))
                .collect(),
            zone: TimeZone::get(&viewer.tz).unwrap_or(TimeZone::UTC),
            now: moment(now),
        }
    }

    /// What is shown for a user id.
    pub fn person<'a>(&'a self, id: &'a str) -> &'a str {
        self.people.get(id).map_or(id, |person| person.name.as_str())
    }

    /// A moment in the person's own time zone.
    pub fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }

    /// `14:03`.
    pub fn clock_time(&self, at: Timestamp) -> String {
        self.local(at).strftime("%H:%M").to_string()
    }

    /// `Today`, `Yesterday`, or the date in words.
    pub fn day(&self, at: Timestamp) -> String {
        let day = self.local(at).date();
        let today = self.local(self.now).date();
        if day == today {
            return "Today".to_owned();
        }
        if today.yesterday().is_ok_and(|yesterday| yesterday == day) {
            return "Yesterday".to_owned();
        }
        let pattern = if day.year() == today.year() { "%A, %B %-d" } else { "%A, %B %-d, %Y" };
        day.strftime(pattern).to_string()
    }

    /// The whole moment, for a tooltip.
    pub fn full_time(&self, at: Timestamp) -> String {
        self.local(at).strftime("%A, %B %-d, %Y at %H:%M:%S").to_string()
    }

    /// Fills in a date format: `{date_short} {time}` and the like.
    pub fn date_format(&self, at: Timestamp, format: &str) -> String {
        let local = self.local(at);
        let mut shown = String::new();
        let mut rest = format;
        while let Some(open) = rest.find('{') {
            shown.push_str(&rest[..open]);
            rest = &rest[open..];
            let Some(close) = rest.find('}') else { break };
            let token = &rest[..=close];
            shown.push_str(&self.date_token(&local, token).unwrap_or_else(|| token.to_owned()));
            rest = &rest[close + 1..];
        }
        shown.push_str(rest);
        shown
    }

    fn date_token(&self, local: &Zoned, token: &str) -> Option<String> {
        let pattern = match token {
            "{date_num}" => "%Y-%m-%d",
            "{date}" | "{date_pretty}" => "%B %-d, %Y",
            "{date_short}" | "{date_short_pretty}" => "%b %-d, %Y",
            "{date_long}" | "{date_long_pretty}" => "%A, %B %-d, %Y",
            "{time}" => "%H:%M",
            "{time_secs}" => "%H:%M:%S",
            "{ago}" => return Some(ago(local.timestamp(), self.now)),
            _ => return None,
        };
        if token.ends_with("_pretty}") {
            let day = self.day(local.timestamp());
            if day == "Today" || day == "Yesterday" {
                return Some(day.to_lowercase());
            }
        }
        Some(local.strftime(pattern).to_string())
    }
}

/// `3 minutes ago`, `in 2 hours`.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - at.as_second();
    let (count, unit) = match seconds.abs() {
        0..60 => return "just now".to_owned(),
        s @ 60..3_600 => (s / 60, "minute"),
        s @ 3_600..86_400 => (s / 3_600, "hour"),
        s => (s / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    if seconds < 0 {
        format!("in {count} {unit}{plural}")
    } else {
        format!("{count} {unit}{plural} ago")
    }
}

#[cfg(test)]
pub mod samples {
    //! A small workspace for the renderer's own tests.

    use super::*;

    /// Alice's view of a workspace with Bob, a bot and two channels.
    pub fn directory() -> Directory {
        let person = |handle: &str, name: &str, is_bot| Person {
            handle: handle.to_owned(),
            name: name.to_owned(),
            initials: name[..1].to_owned(),
            is_bot,
            deleted: false,
        };
        let place = |name: &str, is_private| Place {
            name: name.to_owned(),
            is_private,
            is_archived: false,
        };
        Directory {
            viewer: "U0ALICE".to_owned(),
            people: BTreeMap::from([
                ("U0ALICE".to_owned(), person("alice", "Alice Adams", false)),
                ("U0BOB".to_owned(), person("bob", "Bob Brown", false)),
                ("U0STENTOR".to_owned(), person("stentor", "Stentor", true)),
            ]),
            channels: BTreeMap::from([
                ("C0GENERAL".to_owned(), place("general", false)),
                ("C0SECRET".to_owned(), place("secret", true)),
            ]),
            groups: BTreeMap::from([("S0SRE".to_owned(), "sre".to_owned())]),
            zone: TimeZone::UTC,
            now: "2026-03-10T12:00:00Z".parse().expect("a valid timestamp"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_named_as_seen_from_today() {
        let directory = samples::directory();
        let cases = [
            ("2026-03-10T00:00:01Z", "Today"),
            ("2026-03-09T23:59:59Z", "Yesterday"),
            ("2026-03-02T10:00:00Z", "Monday, March 2"),
            ("2025-12-24T10:00:00Z", "Wednesday, December 24, 2025"),
        ];
        for (at, expected) in cases {
            assert_eq!(directory.day(at.parse().unwrap()), expected);
        }
    }

    #[test]
    fn date_formats_are_filled_in_and_unknown_tokens_stay() {
        let directory = samples::directory();
        let at = "2026-03-10T11:02:03Z".parse().unwrap();
        let cases = [
            ("{date_short} at {time}", "Mar 10, 2026 at 11:02"),
            ("{date_short_pretty} {time_secs}", "today 11:02:03"),
            ("{date_num}", "2026-03-10"),
            ("{ago}", "57 minutes ago"),
            ("{what} {", "{what} {"),
        ];
        for (format, expected) in cases {
            assert_eq!(directory.date_format(at, format), expected, "{format}");
        }
    }
}

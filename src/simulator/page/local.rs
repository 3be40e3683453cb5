//! What a Slack client knows by itself: how far each person has read, and the lines only their
//! own client wrote ("/incident failed with the error …"); and what stands beside Slack.

use std::collections::BTreeMap;

use crate::simulator::panel::Shown;
use crate::simulator::state::ts::Ts;

/// How many lines of its own a client keeps for a person.
const LINES_KEPT: usize = 30;

/// The memory of all clients.
#[derive(Debug, Default)]
pub struct Local {
    /// When the page began: what was there before counts as read.
    began: i64,
    read: BTreeMap<(String, String), Ts>,
    lines: BTreeMap<String, Vec<Line>>,
    /// What is shown beside Slack.
    pub panel: Option<Shown>,
}

/// A line the client wrote itself, for one person.
#[derive(Debug, Clone)]
pub struct Line {
    /// Where it stands among the messages.
    pub ts: Ts,
    /// The channel it stands in.
    pub channel: String,
    /// What it says; mrkdwn.
    pub text: String,
}

impl Local {
    /// A memory that begins now.
    pub fn since(now: i64) -> Local {
        Local { began: now, ..Local::default() }
    }

    /// The newest message a person has seen in a channel.
    pub fn read_until(&self, person: &str, channel: &str) -> Ts {
        let key = (person.to_owned(), channel.to_owned());
        self.read.get(&key).copied().unwrap_or(Ts(self.began))
    }

    /// Remembers that a person has seen a channel up to here; says whether that is news.
    pub fn mark_read(&mut self, person: &str, channel: &str, until: Ts) -> bool {
        if self.read_until(person, channel) >= until {
            return false;
        }
        self.read.insert((person.to_owned(), channel.to_owned()), until);
        true
    }

    /// Writes a line into a person's client.
    pub fn write_line(&mut self, person: &str, line: Line) {
        let lines = self.lines.entry(person.to_owned()).or_default();
        lines.push(line);
        if lines.len() > LINES_KEPT {
            lines.remove(0);
        }
    }

    /// The lines of a person in a channel.
    pub fn lines<'a>(&'a self, person: &str, channel: &'a str) -> impl Iterator<Item = &'a Line> {
        let own = self.lines.get(person).into_iter().flatten();
        own.filter(move |line| line.channel == channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_never_goes_backwards() {
        let mut local = Local::since(1_000);
        assert_eq!(local.read_until("U1", "C1"), Ts(1_000));
        assert!(local.mark_read("U1", "C1", Ts(2_000)));
        assert!(!local.mark_read("U1", "C1", Ts(1_500)));
        assert_eq!(local.read_until("U1", "C1"), Ts(2_000));
        assert_eq!(local.read_until("U2", "C1"), Ts(1_000));
    }

    #[test]
    fn a_client_forgets_its_oldest_lines() {
        let mut local = Local::default();
        for ts in 0..40 {
            let line = Line { ts: Ts(ts), channel: "C1".to_owned(), text: String::new() };
            local.write_line("U1", line);
        }
        let kept: Vec<_> = local.lines("U1", "C1").map(|line| line.ts.0).collect();
        assert_eq!(kept, (10..40).collect::<Vec<_>>());
        assert_eq!(local.lines("U2", "C1").count(), 0);
    }
}

//! Which words mean that an alert fires, and which that it is over.

use crate::alert::observation::Said;

/// Words that mean that it is over, if nobody has laid down others.
const OVER: &[&str] = &[
    "resolved",
    "resolve",
    "ok",
    "closed",
    "close",
    "recovered",
    "recovery",
    "cleared",
    "clear",
    "normal",
    "up",
    "healthy",
    "inactive",
    "fixed",
    "done",
    "ended",
];
/// Words that mean that somebody looks after it.
const ACKNOWLEDGED: &[&str] = &["acknowledged", "acknowledge", "acked", "ack"];
/// Words that mean that it fires. Others mean nothing.
const FIRING: &[&str] = &[
    "firing",
    "fire",
    "fired",
    "alert",
    "alerting",
    "alarm",
    "open",
    "opened",
    "trigger",
    "triggered",
    "problem",
    "active",
    "down",
    "critical",
    "warning",
    "error",
    "failed",
    "failure",
    "unhealthy",
    "new",
];

/// What somebody has laid down about words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct States {
    /// These mean that it fires; nothing else does then.
    pub firing: Vec<String>,
    /// These mean that it is over.
    pub resolved: Vec<String>,
}

/// What a word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// This.
    Said(Said),
    /// Nobody has laid down anything about it.
    Unclear,
    /// It is none of those that somebody has laid down: it is about something else.
    Nothing,
}

impl States {
    /// What this word means.
    pub fn meaning(&self, word: &str) -> Meaning {
        let word = word.trim();
        let is_among =
            |words: &[String]| words.iter().any(|known| known.trim().eq_ignore_ascii_case(word));
        if is_among(&self.resolved) {
            return Meaning::Said(Said::Resolved);
        }
        if is_among(&self.firing) {
            return Meaning::Said(Said::Firing);
        }
        if !self.firing.is_empty() {
            return Meaning::Nothing;
        }
        if !self.resolved.is_empty() {
            return Meaning::Said(Said::Firing);
        }
        usual(word)
    }
}

/// What a word usually means.
pub fn usual(word: &str) -> Meaning {
    let is_among = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    if is_among(OVER) {
        Meaning::Said(Said::Resolved)
    } else if is_among(ACKNOWLEDGED) {
        Meaning::Said(Said::Acknowledged)
    } else if is_among(FIRING) {
        Meaning::Said(Said::Firing)
    } else {
        Meaning::Unclear
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_laid_down_counts_before_what_is_usual() {
        let words =
            |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let usual = States::default();
        assert_eq!(usual.meaning(" Resolved "), Meaning::Said(Said::Resolved));
        assert_eq!(usual.meaning("ACK"), Meaning::Said(Said::Acknowledged));
        assert_eq!(usual.meaning("purple"), Meaning::Unclear);
        let over = States { firing: Vec::new(), resolved: words(&["0"]) };
        assert_eq!(over.meaning("0"), Meaning::Said(Said::Resolved));
        assert_eq!(over.meaning("ok"), Meaning::Said(Said::Firing));
        let both = States { firing: words(&["OPEN"]), resolved: words(&["closed"]) };
        assert_eq!(both.meaning("open"), Meaning::Said(Said::Firing));
        assert_eq!(both.meaning("assigned"), Meaning::Nothing);
    }
}

//! An alert as it stands, and how an observation changes it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::history::{Cause, Change, Phase, What};
use crate::alert::observation::{self, Ends, Link, Observation, Said, Status};
use crate::clock::Timestamp;
use crate::ids::{AlertId, GroupId, SettingId, SourceId};
use crate::incident::event::Actor;

/// An alert flaps when its state changes more often than this…
pub const FLAPPING_CHANGES: usize = 4;
/// …within this time.
pub const FLAPPING_WITHIN: Duration = Duration::from_secs(60 * 60);
/// How often it is looked at again whether one that flaps still does.
pub const FLAPPING_LOOK: Duration = Duration::from_secs(15 * 60);
/// How far in the future a sender's clock may be before ours is taken instead.
const SKEW: Duration = Duration::from_secs(5 * 60);

/// Somebody looks after an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Acknowledgement {
    /// Who; the sender's own, if nobody here.
    pub by: Actor,
    /// Since when.
    pub at: Timestamp,
}

/// An alert as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Alert {
    /// Its id.
    pub id: AlertId,
    /// Who sent it.
    pub source: SourceId,
    /// What its sender knows it by.
    pub key: String,
    /// How many changes it has seen.
    pub version: i64,
    /// Where it is in its life.
    pub phase: Phase,
    /// How bad it is now; `ok` once it is over.
    pub status: Status,
    /// How bad it was at its worst.
    pub peak: Status,
    /// What is wrong, in a line.
    pub title: String,
    /// More about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What it is about.
    pub labels: BTreeMap<String, String>,
    /// What else its sender has to say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Where to look.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// Since when it is so, by its sender's word.
    pub starts_at: Timestamp,
    /// When it was first heard of.
    pub first_seen: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// When it was over last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    /// Why it is over, as long as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Cause>,
    /// Who looks after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledgement>,
    /// The maintenance window in which it was seen last; until it is seen outside of one, it
    /// troubles nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<SettingId>,
    /// The latest times at which it began, ended or got better or worse; as many as it takes to see
    /// that it flaps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<Timestamp>,
    /// The newest time of what its sender has said, where it gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_at: Option<Timestamp>,
    /// What people call it by; kept as they wrote it first.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
    /// How many notes its history has.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub notes: u32,
    /// The group it is in.
    pub group: GroupId,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What moves with every repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When it was last heard of.
    pub last_seen: Timestamp,
    /// When it resolves by itself.
    pub ends: Option<Ends>,
}

/// What an observation means for an alert that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It is known: at most "last seen" and the end move.
    Repeat,
    /// It changes the alert, in these ways.
    Changes(Vec<What>),
    /// It is about a new alert: this one is over, and stays so.
    Another,
    /// It is older than what is known, or about something that is over.
    Late,
}

/// What folding depends on besides the alert and the observation.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// When it is folded.
    pub now: Timestamp,
    /// For how long after its end an alert that comes back is the same one.
    pub reopens_within: Option<Duration>,
    /// The maintenance window that it falls into.
    pub window: Option<&'a SettingId>,
}

impl Alert {
    /// The alert that a first observation makes.
    pub fn first(
        id: AlertId,
        source: SourceId,
        said: &Observation,
        group: GroupId,
        circumstances: Circumstances,
    ) -> Alert {
        let now = circumstances.now;
        Alert {
            id,
            source,
            key: said.key.clone(),
            version: 1,
            phase: Phase::New,
            status: said.status,
            peak: said.status,
            title: said.title.clone(),
            description: said.description.clone(),
            labels: said.labels.clone(),
            annotations: said.annotations.clone(),
            links: said.links.clone(),
            starts_at: started(said, now),
            first_seen: now,
            changed_at: now,
            resolved_at: None,
            resolved: None,
            acknowledged: acknowledgement(said, now),
            maintenance: circumstances.window.cloned(),
            turns: vec![now],
            said_at: said.at,
            tags: BTreeSet::new(),
            notes: 0,
            group,
        }
    }

    /// What an observation means for this alert.
    pub fn meaning(&self, said: &Observation, circumstances: Circumstances) -> Meaning {
        let is_over = said.said == Said::Resolved
            || said.ends.is_some_and(|ends| ends.at <= circumstances.now);
        let is_older = said.at.zip(self.said_at).is_some_and(|(at, known)| at < known);
        if is_older {
            return Meaning::Late;
        }
        if said.said == Said::Noted {
            return Meaning::Changes(vec![What::Noted { text: said.description.clone() }]);
        }
        match (self.phase.is_firing(), is_over) {
            (false, true) => Meaning::Repeat,
            (true, true) => Meaning::Changes(vec![What::Resolved { cause: Cause::Sender }]),
            (false, false) if !said.said.begins() => Meaning::Late,
            (false, false) => self.coming_back(said, circumstances),
            (true, false) => self.going_on(said, circumstances),
        }
    }

    fn coming_back(&self, said: &Observation, circumstances: Circumstances) -> Meaning {
        let over_at = self.resolved_at.unwrap_or(self.changed_at);
        // Somebody has said that it is over: what is merely said again does not bring it back, unless
        // its sender says that it began anew.
        let by_somebody = matches!(self.resolved, Some(Cause::Somebody { .. }));
        if by_somebody && said.starts_at.is_some_and(|at| at <= over_at) {
            return Meaning::Repeat;
        }
        match circumstances.reopens_within {
            Some(within) if circumstances.now.since(over_at) <= within => {
                Meaning::Changes(vec![What::Reopened])
            }
            _ => Meaning::Another,
        }
    }

    fn going_on(&self, said: &Observation, circumstances: Circumstances) -> Meaning {
        let mut changes = Vec::new();
        match said.said {
            Said::Acknowledged if self.acknowledged.is_none() => changes.push(What::Acknowledged),
            Said::Unacknowledged if self.acknowledged.is_some() => {
                changes.push(What::Unacknowledged)
            }
            Said::Edited => {
                if said.status != Status::Ok && said.status != self.status {
                    changes.push(What::Severity);
                }
                let mut edited = self.clone();
                edited.edit(said);
                if edited != *self {
                    changes.push(What::Edited);
                }
            }
            Said::Firing => {
                if said.status != self.status {
                    changes.push(What::Severity);
                }
                let is_same = (said.title.is_empty() || said.title == self.title)
                    && said.description == self.description
                    && said.labels == self.labels
                    && said.annotations == self.annotations
                    && said.links == self.links;
                if !is_same || self.begins_earlier(said) {
                    changes.push(What::Edited);
                }
                // Only what says all of it tells whether a window is meant for it.
                match (&self.maintenance, circumstances.window) {
                    (None, Some(_)) => changes.push(What::MaintenanceBegan),
                    (Some(_), None) => changes.push(What::MaintenanceEnded),
                    _ => {}
                }
            }
            Said::Acknowledged | Said::Unacknowledged | Said::Resolved | Said::Noted => {}
        }
        if changes.is_empty() { Meaning::Repeat } else { Meaning::Changes(changes) }
    }

    /// Folds an observation into the alert, and says what its history keeps of it.
    pub fn fold(
        &mut self,
        said: &Observation,
        changes: Vec<What>,
        circumstances: Circumstances,
    ) -> Vec<Change> {
        let now = circumstances.now;
        self.said_at = said.at.max(self.said_at);
        changes
            .into_iter()
            .map(|what| {
                match &what {
                    What::Severity => {
                        self.status = said.status;
                        self.peak = self.peak.max(said.status);
                        self.turn(now);
                    }
                    What::Edited if said.said == Said::Edited => self.edit(said),
                    What::Edited => {
                        self.take_words(said);
                        self.starts_at =
                            said.starts_at.map_or(self.starts_at, |at| at.min(self.starts_at));
                    }
                    What::Reopened => {
                        self.take_words(said);
                        self.reopen(said, now);
                        self.maintenance = circumstances.window.cloned();
                    }
                    What::Resolved { cause } => self.end(cause.clone(), now),
                    What::Acknowledged => self.acknowledged = acknowledgement(said, now),
                    What::Unacknowledged => self.acknowledged = None,
                    What::MaintenanceBegan | What::MaintenanceEnded => {
                        self.maintenance = circumstances.window.cloned();
                    }
                    What::Noted { .. } => self.notes = self.notes.saturating_add(1),
                    What::Seen | What::Moved { .. } | What::Tagged { .. } | What::Unknown => {}
                }
                self.note(what, None, now)
            })
            .collect()
    }

    /// Whether it began earlier than was known: of several who watch the same, one may have seen it first.
    fn begins_earlier(&self, said: &Observation) -> bool {
        said.starts_at.is_some_and(|at| at < self.starts_at)
    }

    fn take_words(&mut self, said: &Observation) {
        if !said.title.is_empty() {
            self.title.clone_from(&said.title);
        }
        self.description.clone_from(&said.description);
        self.labels.clone_from(&said.labels);
        self.annotations.clone_from(&said.annotations);
        self.links.clone_from(&said.links);
    }

    /// Takes what an edit gives.
    fn edit(&mut self, said: &Observation) {
        if !said.title.is_empty() {
            self.title.clone_from(&said.title);
        }
        if !said.description.is_empty() {
            self.description.clone_from(&said.description);
        }
        observation::edit(&mut self.labels, &said.labels);
        observation::edit(&mut self.annotations, &said.annotations);
    }

    fn reopen(&mut self, said: &Observation, now: Timestamp) {
        self.phase = Phase::Reopened;
        self.status = said.status;
        self.peak = self.peak.max(said.status);
        self.starts_at = started(said, now);
        self.resolved = None;
        self.acknowledged = None;
        self.turn(now);
    }

    fn end(&mut self, cause: Cause, now: Timestamp) {
        self.phase = Phase::Resolved;
        self.status = Status::Ok;
        self.resolved_at = Some(now);
        self.resolved = Some(cause);
        self.turn(now);
    }

    /// It is over because its time has run out, or somebody says so.
    pub fn resolve(&mut self, cause: Cause, now: Timestamp) -> Change {
        let by = match &cause {
            Cause::Somebody { actor } => Some(actor.clone()),
            Cause::Sender | Cause::Expiry | Cause::SourceRemoved | Cause::Unknown => None,
        };
        self.end(cause.clone(), now);
        self.note(What::Resolved { cause }, by, now)
    }

    /// Somebody looks after it.
    pub fn acknowledge(&mut self, by: Actor, now: Timestamp) -> Change {
        self.acknowledged = Some(Acknowledgement { by: by.clone(), at: now });
        self.note(What::Acknowledged, Some(by), now)
    }

    /// Nobody looks after it any more; nothing if nobody did.
    pub fn unacknowledge(&mut self, by: Actor, now: Timestamp) -> Option<Change> {
        self.acknowledged.take()?;
        Some(self.note(What::Unacknowledged, Some(by), now))
    }

    /// It has these tags from now on; nothing if it has them already.
    pub fn tag(&mut self, tags: BTreeSet<String>, by: Actor, now: Timestamp) -> Option<Change> {
        let before = std::mem::replace(&mut self.tags, tags);
        let added: Vec<String> = self.tags.difference(&before).cloned().collect();
        let removed: Vec<String> = before.difference(&self.tags).cloned().collect();
        let is_other = !added.is_empty() || !removed.is_empty();
        is_other.then(|| self.note(What::Tagged { added, removed }, Some(by), now))
    }

    /// It belongs to another group from now on.
    pub fn move_to(&mut self, to: GroupId, by: Option<Actor>, now: Timestamp) -> Change {
        let from = std::mem::replace(&mut self.group, to.clone());
        self.note(What::Moved { from, to }, by, now)
    }

    /// A change for the history.
    fn note(&mut self, what: What, by: Option<Actor>, now: Timestamp) -> Change {
        self.version += 1;
        self.changed_at = now;
        let is_aside =
            matches!(what, What::Moved { .. } | What::Noted { .. } | What::Tagged { .. });
        if self.phase == Phase::New && !is_aside {
            self.phase = Phase::Ongoing;
        }
        Change { phase: self.phase, status: self.status, what: Some(what), by, through: None }
    }

    /// The first line of its history.
    pub fn beginning(&self) -> Change {
        let (phase, status, what) = (self.phase, self.status, Some(What::Seen));
        Change { phase, status, what, by: None, through: None }
    }

    fn turn(&mut self, now: Timestamp) {
        self.turns.push(now);
        let too_many = self.turns.len().saturating_sub(FLAPPING_CHANGES + 1);
        self.turns.drain(..too_many);
    }

    /// Whether its state has changed so often lately that it says nothing any more.
    pub fn is_flapping(&self, now: Timestamp) -> bool {
        let recent = self.turns.iter().filter(|at| now.since(**at) < FLAPPING_WITHIN);
        recent.count() > FLAPPING_CHANGES
    }
}

/// Since when it is so. A time in the future is a wrong clock, and one of long ago a missing value.
fn started(said: &Observation, now: Timestamp) -> Timestamp {
    said.starts_at.filter(|at| *at <= now.plus(SKEW)).unwrap_or(now)
}

fn acknowledgement(said: &Observation, now: Timestamp) -> Option<Acknowledgement> {
    let by = Actor::Stentor;
    (said.said == Said::Acknowledged).then_some(Acknowledgement { by, at: now })
}

/// When an alert resolves by itself, after another observation: what a sender says beats our own
/// limit, and of what it says the newer word counts.
pub fn next_end(known: Option<Ends>, said: Option<Ends>) -> Option<Ends> {
    match (known, said) {
        (Some(known), Some(said)) if said.assumed && !known.assumed && known.at > said.at => {
            Some(known)
        }
        (known, None) => known,
        (_, said) => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_micros(1_000_000_000_000);

    fn at(minutes: u64) -> Timestamp {
        START.plus(Duration::from_secs(minutes * 60))
    }

    fn when(minutes: u64) -> Circumstances<'static> {
        let reopens_within = Some(Duration::from_secs(3_600));
        Circumstances { now: at(minutes), reopens_within, window: None }
    }

    fn alert() -> Alert {
        let said = Observation::firing("disk", "Disk full");
        Alert::first("A".into(), "S".into(), &said, "G".into(), when(0))
    }

    fn tell(alert: &mut Alert, said: &Observation, minutes: u64) -> Vec<Change> {
        match alert.meaning(said, when(minutes)) {
            Meaning::Changes(changes) => alert.fold(said, changes, when(minutes)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_life_is_new_ongoing_resolved_and_reopened() {
        let mut alert = alert();
        let firing = Observation::firing("disk", "Disk full");
        assert_eq!(alert.meaning(&firing, when(1)), Meaning::Repeat);
        assert_eq!(alert.phase, Phase::New);
        let worse = Observation { status: Status::Warning, ..firing.clone() };
        assert_eq!(tell(&mut alert, &worse, 2)[0].phase, Phase::Ongoing);
        let over = Observation::resolved("disk");
        assert_eq!(tell(&mut alert, &over, 3)[0].phase, Phase::Resolved);
        assert_eq!((alert.status, alert.peak), (Status::Ok, Status::Critical));
        assert_eq!(alert.meaning(&over, when(4)), Meaning::Repeat);
        assert_eq!(tell(&mut alert, &firing, 50)[0].phase, Phase::Reopened);
        tell(&mut alert, &over, 51);
        assert_eq!(alert.meaning(&firing, when(112)), Meaning::Another);
    }

    #[test]
    fn what_is_older_than_what_is_known_is_late() {
        let mut alert = alert();
        alert.said_at = Some(at(5));
        let over = Observation { at: Some(at(4)), ..Observation::resolved("disk") };
        assert_eq!(alert.meaning(&over, when(6)), Meaning::Late);
        let over = Observation { at: Some(at(5)), ..over };
        assert!(matches!(alert.meaning(&over, when(6)), Meaning::Changes(_)));
    }

    #[test]
    fn somebodys_word_that_it_is_over_stands_until_it_begins_anew() {
        let mut alert = alert();
        let actor = Actor::Person { user: "U1".into() };
        alert.resolve(Cause::Somebody { actor }, at(5));
        let firing =
            Observation { starts_at: Some(at(0)), ..Observation::firing("disk", "Disk full") };
        assert_eq!(alert.meaning(&firing, when(6)), Meaning::Repeat);
        let anew = Observation { starts_at: Some(at(6)), ..firing };
        assert!(matches!(alert.meaning(&anew, when(6)), Meaning::Changes(_)));
    }

    #[test]
    fn an_edit_adds_and_takes_away_and_makes_nothing_new() {
        let mut alert = alert();
        let named = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let edit = |labels| Observation { labels, ..Observation::about("disk", Said::Edited) };
        tell(&mut alert, &edit(named(&[("team", "db"), ("tag:prod", "true")])), 1);
        tell(&mut alert, &edit(named(&[("tag:prod", ""), ("disk", "sda")])), 2);
        assert_eq!(alert.labels, named(&[("team", "db"), ("disk", "sda")]));
        assert_eq!((alert.title.as_str(), alert.status), ("Disk full", Status::Critical));
        assert_eq!(alert.meaning(&edit(named(&[("disk", "sda")])), when(3)), Meaning::Repeat);
        let lower = Observation {
            status: Status::Warning,
            title: "Disk half full".to_owned(),
            ..Observation::about("disk", Said::Edited)
        };
        tell(&mut alert, &lower, 3);
        assert_eq!((alert.title.as_str(), alert.status), ("Disk half full", Status::Warning));
        tell(&mut alert, &Observation::resolved("disk"), 4);
        assert_eq!(alert.meaning(&lower, when(5)), Meaning::Late);
    }

    #[test]
    fn who_looks_after_it_may_stop_and_a_note_changes_nothing_else() {
        let mut alert = alert();
        let acknowledge = Observation::about("disk", Said::Acknowledged);
        let stop = Observation::about("disk", Said::Unacknowledged);
        assert_eq!(alert.meaning(&stop, when(1)), Meaning::Repeat);
        tell(&mut alert, &acknowledge, 1);
        assert!(alert.acknowledged.is_some());
        assert_eq!(alert.meaning(&acknowledge, when(1)), Meaning::Repeat);
        tell(&mut alert, &stop, 2);
        assert_eq!(alert.acknowledged, None);
        tell(&mut alert, &Observation::resolved("disk"), 3);
        let note = Observation {
            description: "It was DNS".to_owned(),
            ..Observation::about("disk", Said::Noted)
        };
        let before = alert.clone();
        let changes = tell(&mut alert, &note, 4);
        assert_eq!(changes[0].what, Some(What::Noted { text: "It was DNS".to_owned() }));
        let version = before.version + 1;
        assert_eq!(alert, Alert { version, changed_at: at(4), notes: 1, ..before });
    }

    #[test]
    fn more_than_four_turns_in_an_hour_are_flapping() {
        let mut alert = alert();
        for minutes in 1..=3 {
            let said = if minutes % 2 == 1 {
                Observation::resolved("disk")
            } else {
                Observation::firing("disk", "Disk full")
            };
            tell(&mut alert, &said, minutes);
        }
        assert!(!alert.is_flapping(at(3)));
        tell(&mut alert, &Observation::firing("disk", "Disk full"), 4);
        assert!(alert.is_flapping(at(4)));
        assert!(!alert.is_flapping(at(61)));
    }

    #[test]
    fn maintenance_lasts_until_it_is_seen_outside_of_it() {
        let mut alert = alert();
        let firing = Observation::firing("disk", "Disk full");
        let window = SettingId::from("W");
        let inside = Circumstances { window: Some(&window), ..when(1) };
        let Meaning::Changes(changes) = alert.meaning(&firing, inside) else { panic!() };
        alert.fold(&firing, changes, inside);
        assert_eq!(alert.meaning(&firing, inside), Meaning::Repeat);
        assert_eq!(alert.meaning(&firing, when(9)), Meaning::Changes(vec![What::MaintenanceEnded]));
        // A resolve passes through maintenance.
        let over = alert.meaning(&Observation::resolved("disk"), inside);
        assert_eq!(over, Meaning::Changes(vec![What::Resolved { cause: Cause::Sender }]));
        // What comes back is expected if it comes back in a window, and else is not.
        tell(&mut alert, &Observation::resolved("disk"), 10);
        tell(&mut alert, &firing, 11);
        assert_eq!(alert.maintenance, None);
        tell(&mut alert, &Observation::resolved("disk"), 12);
        let Meaning::Changes(changes) = alert.meaning(&firing, inside) else { panic!() };
        alert.fold(&firing, changes, inside);
        assert_eq!(alert.maintenance, Some(window));
    }

    #[test]
    fn what_a_sender_says_of_the_end_beats_our_own_limit() {
        let said = |minutes| Some(Ends { at: at(minutes), assumed: false });
        let assumed = |minutes| Some(Ends { at: at(minutes), assumed: true });
        assert_eq!(next_end(said(9), assumed(5)), said(9));
        assert_eq!(next_end(said(4), assumed(5)), assumed(5));
        assert_eq!(next_end(assumed(9), said(5)), said(5));
        assert_eq!(next_end(said(9), said(5)), said(5));
        assert_eq!(next_end(said(9), None), said(9));
    }
}

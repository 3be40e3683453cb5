//! An alert and what belongs to it, as programs see them.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::alert::group::{Group, Matched};
use crate::alert::history::{Cause, Change, Phase};
use crate::alert::observation::{Link, Status};
use crate::alert::state::{Acknowledgement, Alert};
use crate::clock::Timestamp;
use crate::ids::{AlertId, GroupId, IncidentId, SettingId, SourceId};
use crate::incident::state::reference;
use crate::store::alert_lists::{Listed, ListedChange};

/// An alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Alert)]
pub struct AlertView {
    /// Its id, a ULID.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000A")]
    pub id: AlertId,
    /// The source that sends it.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000B")]
    pub source: SourceId,
    /// What the source knows it by.
    pub key: String,
    /// How many entries its history has: one more with every change.
    #[schema(minimum = 1, example = 3)]
    pub version: i64,
    /// Where it is in its life.
    pub phase: Phase,
    /// Whether it is so now.
    pub firing: bool,
    /// How bad it is now; `ok` once it is over.
    pub status: Status,
    /// How bad it was at its worst.
    pub peak: Status,
    /// Whether it goes up and down so often that it says nothing any more.
    pub flapping: bool,
    /// What is wrong, in a line.
    pub title: String,
    /// More about it; empty if the source says no more.
    pub description: String,
    /// What it is about.
    pub labels: BTreeMap<String, String>,
    /// What else the source says.
    pub annotations: BTreeMap<String, String>,
    /// Where to look.
    pub links: Vec<Link>,
    /// Since when it is so, by its source's word.
    pub starts_at: Timestamp,
    /// When it was first heard of.
    pub first_seen: Timestamp,
    /// When it was last heard of.
    pub last_seen: Timestamp,
    /// When it resolves by itself, if no news comes.
    pub ends_at: Option<Timestamp>,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// When it was over last.
    pub resolved_at: Option<Timestamp>,
    /// Why it is over, as long as it is.
    pub resolved: Option<Cause>,
    /// Who looks after it.
    pub acknowledged: Option<Acknowledgement>,
    /// The maintenance window in which it was seen last.
    #[schema(value_type = Option<String>)]
    pub maintenance: Option<SettingId>,
    /// The group that it is in.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000C")]
    pub group: GroupId,
    /// The incident that it is part of.
    pub incident: Option<IncidentOfAlert>,
}

/// The incident that an alert is part of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct IncidentOfAlert {
    /// Its id.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000A")]
    pub id: IncidentId,
    /// What people call it.
    #[schema(example = "INC-42")]
    pub reference: String,
}

impl AlertView {
    /// Draws an alert.
    pub fn new(listed: Listed, now: Timestamp) -> AlertView {
        let Listed { alert, seen, incident } = listed;
        let incident =
            incident.map(|(id, number)| IncidentOfAlert { id, reference: reference(number) });
        let (firing, flapping) = (alert.phase.is_firing(), alert.is_flapping(now));
        let Alert { id, source, key, version, phase, status, peak, title, description, .. } = alert;
        AlertView {
            id,
            source,
            key,
            version,
            phase,
            firing,
            status,
            peak,
            flapping,
            title,
            description,
            labels: alert.labels,
            annotations: alert.annotations,
            links: alert.links,
            starts_at: alert.starts_at,
            first_seen: alert.first_seen,
            last_seen: seen.last_seen,
            ends_at: seen.ends.map(|ends| ends.at).filter(|_| firing),
            changed_at: alert.changed_at,
            resolved_at: alert.resolved_at,
            resolved: alert.resolved,
            acknowledged: alert.acknowledged,
            maintenance: alert.maintenance,
            group: alert.group,
            incident,
        }
    }
}

/// An alert with the latest of its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlertWithHistory {
    /// The alert.
    #[serde(flatten)]
    pub alert: AlertView,
    /// Its latest changes, oldest first: at most 100.
    pub history: Vec<HistoryEntry>,
}

/// A line of an alert's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AlertHistoryEntry)]
pub struct HistoryEntry {
    /// Its place, from 1; the alert's version after it.
    pub version: i64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub change: Change,
}

impl From<(i64, Timestamp, Change)> for HistoryEntry {
    fn from((version, at, change): (i64, Timestamp, Change)) -> Self {
        HistoryEntry { version, at, change }
    }
}

/// Alerts that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AlertGroup)]
pub struct GroupView {
    /// Its id, a ULID.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000C")]
    pub id: GroupId,
    /// What its first alert is about.
    pub title: String,
    /// The route that says what becomes of it; null for the default one.
    #[schema(value_type = Option<String>)]
    pub route: Option<SettingId>,
    /// When its first alert was received.
    pub opened_at: Timestamp,
    /// When the latest of its alerts began.
    pub last_start: Timestamp,
    /// When there was last something new: an alert that began or came back.
    pub news_at: Timestamp,
    /// Since when none of its alerts fires.
    pub quiet_since: Option<Timestamp>,
    /// How many alerts it has.
    pub size: u32,
    /// How many of them fire.
    pub firing: u32,
    /// Which patterns all of its alerts have matched: another set whenever that changed, the last one
    /// is the present one. Empty if somebody has put the alerts together.
    pub matched: Vec<Vec<Matched>>,
    /// The group that was full when this one began.
    #[schema(value_type = Option<String>)]
    pub continues: Option<GroupId>,
    /// The group that takes what does not fit into this one.
    #[schema(value_type = Option<String>)]
    pub continued_in: Option<GroupId>,
}

impl From<Group> for GroupView {
    fn from(group: Group) -> GroupView {
        GroupView {
            id: group.id,
            title: group.title,
            route: group.route,
            opened_at: group.opened_at,
            last_start: group.last_start,
            news_at: group.news_at,
            quiet_since: group.quiet_since,
            size: group.size,
            firing: group.firing,
            matched: group.matched,
            continues: group.continues,
            continued_in: group.continued_in,
        }
    }
}

/// Something that was changed on purpose, such as a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ChangeEvent)]
pub struct ChangeView {
    /// Its id, a ULID.
    #[schema(example = "01K5QGJH00000000000000000D")]
    pub id: String,
    /// The source that sent it.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000B")]
    pub source: SourceId,
    /// When it happened.
    pub at: Timestamp,
    /// What the source knows it by.
    pub key: String,
    /// What was changed, in a line.
    pub summary: String,
    /// Where it stands (`success`, `in_progress`), if the source says so.
    pub state: Option<String>,
    /// What it is about.
    pub labels: BTreeMap<String, String>,
    /// Where to look.
    pub links: Vec<Link>,
}

impl From<ListedChange> for ChangeView {
    fn from(listed: ListedChange) -> ChangeView {
        let ListedChange { id, source, at, change } = listed;
        ChangeView {
            id,
            source,
            at,
            key: change.key,
            summary: change.summary,
            state: change.state,
            labels: change.labels,
            links: change.links,
        }
    }
}

//! An incident together with its alerts, as those see it who think in alerts: how bad it is, since
//! when, in which folders it lies, and whether an expression holds for it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::filter::Fields;
use crate::alert::group::{Group, Matched};
use crate::alert::observation::Status;
use crate::alert::signal::Maintenance;
use crate::alert::state::Alert;
use crate::clock::Timestamp;
use crate::ids::{SourceId, UserId};
use crate::incident::catalogue::Catalogue;
use crate::incident::state::Incident;
use crate::incident::tags::tags;

/// Where an incident lies. It can lie in several at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Folder {
    /// It goes on.
    Active,
    /// It has a channel, so people were told of it.
    Shared,
    /// Its alerts are not to be heard for a while.
    Snoozed,
    /// It is over.
    Resolved,
    /// It goes on, and nobody leads or has snoozed it.
    Unhandled,
    /// All of its alerts were expected.
    Maintenance,
}

impl Folder {
    /// All of them.
    pub const ALL: [Folder; 6] = [
        Folder::Active,
        Folder::Shared,
        Folder::Snoozed,
        Folder::Resolved,
        Folder::Unhandled,
        Folder::Maintenance,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Folder::Active => "active",
            Folder::Shared => "shared",
            Folder::Snoozed => "snoozed",
            Folder::Resolved => "resolved",
            Folder::Unhandled => "unhandled",
            Folder::Maintenance => "maintenance",
        }
    }

    /// The folder of this word.
    pub fn parse(word: &str) -> Option<Folder> {
        Folder::ALL.into_iter().find(|folder| folder.as_str() == word)
    }
}

/// An incident together with its alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The incident.
    pub incident: Incident,
    /// Its groups of alerts, oldest first.
    pub groups: Vec<Group>,
    /// Its alerts, oldest first.
    pub alerts: Vec<Alert>,
}

/// Whether an incident goes on: people work on it, and at least one of its alerts fires, if it has
/// any.
pub fn is_active(incident: &Incident) -> bool {
    incident.category.is_active() && incident.signal.is_none_or(|signal| signal.active)
}

/// Who leads an incident.
pub fn assignee<'a>(incident: &'a Incident, catalogue: &Catalogue) -> Option<&'a UserId> {
    incident.roles.get(&catalogue.lead().id)
}

/// In which folders an incident lies.
pub fn folders(incident: &Incident, catalogue: &Catalogue) -> Vec<Folder> {
    let is_active = is_active(incident);
    let is_snoozed = incident.snooze.is_some();
    let is_expected =
        incident.signal.is_some_and(|signal| signal.maintenance == Maintenance::Active);
    let lies = |folder: &Folder| match folder {
        Folder::Active => is_active,
        Folder::Resolved => !is_active,
        Folder::Shared => incident.channel.is_some(),
        Folder::Snoozed => is_snoozed,
        Folder::Unhandled => {
            is_active && !is_snoozed && !is_expected && assignee(incident, catalogue).is_none()
        }
        Folder::Maintenance => is_active && is_expected,
    };
    Folder::ALL.into_iter().filter(lies).collect()
}

/// How bad an incident is now: what the worst alert says, those in maintenance left out. What has no
/// alerts is as bad as nobody knows, until it is over.
pub fn status(incident: &Incident) -> Status {
    match (is_active(incident), incident.signal) {
        (false, _) => Status::Ok,
        (true, Some(signal)) => signal.status,
        (true, None) => Status::Unknown,
    }
}

/// How bad the worst of its alerts ever was.
pub fn severity(incident: &Incident) -> Status {
    incident.signal.map_or(Status::Unknown, |signal| signal.peak)
}

impl Picture {
    /// When the first of its alerts was received; when it was declared, if it has none.
    pub fn started_at(&self) -> Timestamp {
        let first = self.alerts.iter().map(|alert| alert.first_seen).min();
        first.unwrap_or(self.incident.declared_at)
    }

    /// Since when it is over.
    pub fn ended_at(&self) -> Option<Timestamp> {
        if is_active(&self.incident) {
            return None;
        }
        let last = || self.alerts.iter().filter_map(|alert| alert.resolved_at).max();
        self.incident.ended_at.or_else(last).or(Some(self.incident.updated_at))
    }

    /// Whether it went on at any time from the one to the other.
    pub fn went_on(&self, from: Timestamp, to: Timestamp) -> bool {
        self.started_at() <= to && self.ended_at().is_none_or(|end| end >= from)
    }

    /// Which patterns its alerts have matched: another set whenever that changed, the last one being
    /// the present one.
    pub fn matched(&self) -> Vec<&[Matched]> {
        self.groups.iter().flat_map(|group| group.matched.iter().map(Vec::as_slice)).collect()
    }
}

/// What expressions over incidents ask.
pub struct PictureFields<'a> {
    /// The incident with its alerts.
    pub picture: &'a Picture,
    /// What things are called.
    pub catalogue: &'a Catalogue,
    /// What sources are called.
    pub systems: &'a BTreeMap<SourceId, String>,
}

impl<'a> PictureFields<'a> {
    fn tags(&self) -> Vec<(&'a str, &'a str)> {
        tags(&self.picture.incident, self.catalogue)
    }

    fn systems(&self) -> impl Iterator<Item = &'a str> {
        let sources = self.picture.alerts.iter().map(|alert| &alert.source);
        sources.filter_map(|source| self.systems.get(source).map(String::as_str))
    }
}

impl Fields for PictureFields<'_> {
    /// A tag or a label that is called like one of these counts beside it.
    fn values(&self, name: &str) -> Vec<&str> {
        let Picture { incident, alerts, .. } = self.picture;
        let mut values: Vec<&str> = match name {
            "status" => vec![status(incident).as_str()],
            "severity" => vec![severity(incident).as_str()],
            "assignee" => {
                assignee(incident, self.catalogue).map(UserId::as_str).into_iter().collect()
            }
            "source_system" => self.systems().collect(),
            "title" => vec![incident.name.as_str()],
            "description" => {
                let descriptions = alerts.iter().map(|alert| alert.description.as_str());
                let all = std::iter::once(incident.summary.as_str()).chain(descriptions);
                all.filter(|text| !text.is_empty()).collect()
            }
            _ => Vec::new(),
        };
        values.extend(self.tags().into_iter().filter(|(tag, _)| *tag == name).map(|(_, v)| v));
        values.extend(alerts.iter().filter_map(|alert| alert.labels.get(name)).map(String::as_str));
        values
    }

    fn words(&self) -> Vec<&str> {
        let Picture { incident, alerts, .. } = self.picture;
        let mut words = vec![incident.name.as_str(), incident.summary.as_str()];
        words.extend(self.systems());
        words.extend(self.tags().into_iter().map(|(_, value)| value));
        for alert in alerts {
            words.extend([alert.title.as_str(), alert.description.as_str()]);
            words.extend(alert.labels.values().map(String::as_str));
        }
        words
    }
}

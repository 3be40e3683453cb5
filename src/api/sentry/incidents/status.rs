//! How an incident stands, in the four words that Sentry has for it.

use crate::alert::observation::Status as AlertStatus;
use crate::incident::catalogue::Catalogue;
use crate::incident::event::Actor;
use crate::incident::state::Incident;

/// How an incident stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nobody knows how bad it is.
    Open = 1,
    /// It is over.
    Closed = 2,
    /// It is bad.
    Warning = 10,
    /// It could not be worse.
    Critical = 20,
}

impl Status {
    /// How this incident stands: over, as bad as its alerts say, or else as bad as people say.
    pub fn of(incident: &Incident, catalogue: &Catalogue) -> Status {
        if !incident.category.is_active() {
            return Status::Closed;
        }
        let signal = incident.signal.filter(|signal| signal.active).map(|signal| signal.status);
        match signal {
            Some(AlertStatus::Critical) => Status::Critical,
            Some(AlertStatus::Warning) => Status::Warning,
            Some(AlertStatus::Unknown | AlertStatus::Ok) | None => by_severity(incident, catalogue),
        }
    }

    /// Its number.
    pub fn number(self) -> i64 {
        self as i64
    }

    /// The status of a number.
    pub fn from_number(number: i64) -> Option<Status> {
        let all = [Status::Open, Status::Closed, Status::Warning, Status::Critical];
        all.into_iter().find(|status| status.number() == number)
    }

    /// Whether it is what this word asks for; of a word that nobody knows, all are.
    pub fn is_asked(self, word: Option<&str>) -> bool {
        match word {
            Some("open") => self != Status::Closed,
            Some("closed") => self == Status::Closed,
            Some("warning") => self == Status::Warning,
            Some("critical") => self == Status::Critical,
            Some(_) | None => true,
        }
    }
}

/// The worst severity is critical, the others are a warning; without one, nobody knows.
fn by_severity(incident: &Incident, catalogue: &Catalogue) -> Status {
    let Some(severity) = &incident.severity else { return Status::Open };
    let worst = catalogue.severities.iter().max_by_key(|one| one.rank);
    if worst.is_some_and(|worst| worst.id == *severity) {
        Status::Critical
    } else {
        Status::Warning
    }
}

/// How it came to stand so: 1 if people did that, 3 if alerts did.
pub fn method(incident: &Incident) -> i64 {
    let by = match (&incident.ended_by, incident.category.is_active()) {
        (Some(by), false) => by,
        _ => &incident.creator,
    };
    if *by == Actor::Stentor { 3 } else { 1 }
}

/// What kind of incident it is: 2 if alerts opened it, 0 if somebody found it.
pub fn kind(incident: &Incident) -> i64 {
    if incident.opened_by.is_some() { 2 } else { 0 }
}

//! What follows from how a group of alerts stands.

use std::time::Duration;

use crate::alert::group::Group;
use crate::alert::observation::Status;
use crate::alert::prepared::Prepared;
use crate::alert::settings::{OnResolve, Opens, Route};
use crate::alert::signal::Signal;
use crate::alert::state::{Alert, FLAPPING_LOOK};
use crate::clock::Timestamp;
use crate::incident::state::Incident;

/// How a group stands, with all that its fate depends on.
pub struct Standing<'a> {
    /// The group.
    pub group: &'a Group,
    /// Its alerts.
    pub alerts: &'a [Alert],
    /// All alerts of its incident, its own among them.
    pub of_incident: &'a [Alert],
    /// Every alert of the workspace that can keep others quiet and fires.
    pub inhibitors: &'a [Alert],
    /// Its incident.
    pub incident: Option<&'a Incident>,
    /// What the workspace has laid down.
    pub settings: &'a Prepared,
    /// When it is looked at.
    pub now: Timestamp,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// An incident is opened.
    Open {
        /// As bad as this.
        status: Status,
    },
    /// The incident is told what its alerts say together.
    Report {
        /// That.
        signal: Signal,
        /// When an alert began or came back that somebody wants to hear of; nothing if none did.
        news_at: Option<Timestamp>,
        /// What follows if all of them are over.
        on_resolve: OnResolve,
    },
    /// It is looked at again then, if nothing happens before.
    Wait {
        /// When.
        until: Timestamp,
    },
    /// There is nothing to do until something happens.
    Rest,
}

impl Standing<'_> {
    /// The next thing to do. Once it is done, the next one is asked for.
    pub fn next(&self) -> Step {
        match self.incident {
            Some(incident) => self.feed(incident),
            None => self.open(),
        }
    }

    fn route(&self) -> Route {
        self.settings.route_by_id(self.group.route.as_ref())
    }

    fn open(&self) -> Step {
        let route = self.route();
        if self.group.unrelated || self.group.incident.is_some() {
            return Step::Rest;
        }
        if self.group.at_once
            && let Some(status) = self.alerts.iter().map(|alert| alert.status).max()
        {
            return Step::Open { status };
        }
        if route.opens == Opens::Never {
            return Step::Rest;
        }
        let firing = self.alerts.iter().filter(|alert| alert.phase.is_firing());
        let (loud, quiet): (Vec<&Alert>, Vec<&Alert>) =
            firing.partition(|alert| self.is_loud(alert));
        let Some(oldest) = loud.iter().map(|alert| since(alert)).min() else {
            return self.until_a_silence_ends(&quiet);
        };
        let enough = loud.len() >= route.after_alerts as usize;
        let long_enough = oldest.plus(Duration::from_secs(u64::from(route.after_minutes) * 60));
        let by_time = route.after_minutes > 0;
        if !enough && !by_time {
            return self.until_a_silence_ends(&quiet);
        }
        // With a number of its own, whichever comes first counts; without one, only the time.
        let counts = enough && (route.after_alerts > 1 || !by_time);
        let ready = self.group.opened_at.plus(route.group_wait());
        let ready = if counts { ready } else { ready.max(long_enough) };
        if self.now < ready {
            return Step::Wait { until: ready };
        }
        let status = loud.iter().map(|alert| alert.status).max().unwrap_or(Status::Unknown);
        Step::Open { status }
    }

    /// Whether anybody wants to hear of an alert now.
    fn is_loud(&self, alert: &Alert) -> bool {
        alert.maintenance.is_none()
            // It fires to say that all is well, as a watchdog does.
            && alert.status > Status::Ok
            && self.settings.silenced(&alert.labels, self.now).0.is_empty()
            && self
                .settings
                .inhibiting(&alert.labels, self.inhibitors)
                .is_none_or(|other| other.id == alert.id)
    }

    fn until_a_silence_ends(&self, quiet: &[&Alert]) -> Step {
        let ends =
            quiet.iter().filter_map(|alert| self.settings.silenced(&alert.labels, self.now).1);
        ends.min().map_or(Step::Rest, |until| Step::Wait { until })
    }

    fn feed(&self, incident: &Incident) -> Step {
        let before = incident.signal.as_ref();
        let (signal, _) = Signal::of(self.of_incident, before, self.now);
        let loud = self.alerts.iter().any(|alert| alert.phase.is_firing() && self.is_loud(alert));
        let news_at = loud.then_some(self.group.news_at);
        if before != Some(&signal) || news_at.is_some_and(|at| incident.minds_news(at)) {
            return Step::Report { signal, news_at, on_resolve: self.route().on_resolve };
        }
        if signal.flapping {
            return Step::Wait { until: self.now.plus(FLAPPING_LOOK) };
        }
        Step::Rest
    }
}

/// Since when it fires, this time.
fn since(alert: &Alert) -> Timestamp {
    alert.turns.last().copied().unwrap_or(alert.first_seen)
}

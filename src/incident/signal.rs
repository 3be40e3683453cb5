//! What an incident makes of what its alerts say.
//!
//! Severity and status are decided by people. Alerts may only open an incident again that has
//! ended, end a snooze that was to end with news, and propose that it is over, or end it where a
//! route says so.

use crate::alert::observation::Status;
use crate::alert::settings::OnResolve;
use crate::alert::signal::Signal;
use crate::clock::Timestamp;
use crate::incident::catalogue::StatusCategory;
use crate::incident::decide::{Context, status_change};
use crate::incident::event::Event;
use crate::incident::refusal::Refusal;
use crate::incident::snooze::Woken;
use crate::incident::state::Incident;

/// What people in the channel want to hear of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Alerts fire that did not.
    Firing,
    /// All of them are over.
    Over,
    /// It got worse.
    Worse,
    /// It goes up and down: until that ends, nothing more is said of it.
    Flapping,
}

/// Whether a change of signal is news to people; what shows in the card anyway is not.
pub fn news(from: Option<&Signal>, to: &Signal) -> Option<News> {
    // With its first alerts an incident has just been opened, or they were attached by somebody.
    let from = from?;
    match (from.active, to.active) {
        _ if to.flapping && !from.flapping => Some(News::Flapping),
        _ if to.flapping => None,
        (true, false) => Some(News::Over),
        (false, true) if to.status > Status::Ok => Some(News::Firing),
        _ if to.active && to.status > from.status && from.status > Status::Ok => Some(News::Worse),
        _ => None,
    }
}

impl Incident {
    /// Whether alerts that began or came back then change what people have decided.
    pub fn minds_news(&self, at: Timestamp) -> bool {
        self.reopens_for_news(at) || self.wakes_for_news(at)
    }

    fn reopens_for_news(&self, at: Timestamp) -> bool {
        let can_reopen = self.category != StatusCategory::Merged;
        can_reopen && self.ended_at.is_some_and(|ended| at > ended)
    }

    fn wakes_for_news(&self, at: Timestamp) -> bool {
        let snooze = self.snooze.as_ref();
        snooze.is_some_and(|snooze| snooze.cancel_on_news && at > snooze.since)
    }
}

/// What follows from what the alerts say.
pub(super) fn heard(
    incident: &Incident,
    signal: &Signal,
    news_at: Option<Timestamp>,
    on_resolve: Option<OnResolve>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let mut events = Vec::new();
    let before = incident.signal;
    let is_over = before.is_some_and(|before| before.active) && !signal.active;
    // Before what woke it, so that the channel hears of that.
    if wakes(incident, signal, news_at) {
        events.push(Event::Unsnoozed { because: Woken::News });
    }
    if before.as_ref() != Some(signal) {
        let asks = on_resolve == Some(OnResolve::Propose);
        events.push(Event::SignalChanged {
            from: before,
            to: *signal,
            proposes: is_over && asks && incident.category.is_active(),
            regrouped: on_resolve.is_none(),
        });
    }
    let goes_to = if signal.active && news_at.is_some_and(|at| incident.reopens_for_news(at)) {
        context.catalogue.first_status(StatusCategory::Live)
    } else if is_over && incident.category.is_active() {
        match on_resolve {
            Some(OnResolve::Close) => context.catalogue.first_status(StatusCategory::Closed),
            Some(OnResolve::Monitor) => {
                let monitoring = context.catalogue.find_status("Monitoring").ok();
                monitoring.filter(|status| {
                    status.category == StatusCategory::Live && status.id != incident.status
                })
            }
            Some(OnResolve::Propose | OnResolve::Nothing) | None => None,
        }
    } else {
        None
    };
    if let Some(status) = goes_to {
        let change = status_change(incident, status, context.catalogue);
        events.push(Event::StatusChanged { change, message: None });
    }
    if events.is_empty() {
        return Err(Refusal::AlreadySo { what: "The alerts say nothing new".to_owned() });
    }
    Ok(events)
}

/// Whether a snooze was to last only until now: alerts began or came back, or it got worse.
fn wakes(incident: &Incident, signal: &Signal, news_at: Option<Timestamp>) -> bool {
    let Some(snooze) = &incident.snooze else { return false };
    let is_worse =
        matches!(news(incident.signal.as_ref(), signal), Some(News::Firing | News::Worse));
    let is_new = signal.active && news_at.is_some_and(|at| incident.wakes_for_news(at));
    snooze.cancel_on_news && (is_worse || is_new)
}

//! Cards and lists of alerts, whose senders say whatever they like.

use crate::alert::history::Cause;
use crate::alert::observation::{Link, Observation};
use crate::alert::state::{Alert, Circumstances};
use crate::ids::UserId;
use crate::incident::event::Actor;
use crate::incident::state::Incident;
use crate::slack::view::alerts;
use crate::slack::view::alerts::card::{Card, card, gone};
use crate::slack::view::form::{self, Origin};
use crate::slack::view::limits::{Checked, check_message, check_modal};
use crate::slack::view::samples::{Story, group_of, minute};

/// Many alerts whose senders say whatever they like.
pub(super) fn check_alerts_of(incident: &Incident, name: &str, text: &str) -> Checked {
    let mut alerts: Vec<Alert> =
        (0..23).map(|n| senders_alert(&n.to_string(), name, text)).collect();
    alerts[0].labels.insert(name.to_owned(), text.to_owned());
    alerts[1].acknowledge(Actor::ApiToken { name: name.to_owned() }, minute(1));
    alerts[2].acknowledge(Actor::Person { user: UserId::new(text) }, minute(1));
    alerts[3].resolve(Cause::Expiry, minute(2));
    let mut group = group_of(&Story::new(), text);
    group.continued_in = Some("01H".into());
    for alerts in [&alerts[..], &alerts[..1], &[]] {
        check_message(&card(&Card {
            incident,
            group: &group,
            alerts,
            course: &[0, 1, 2, 300],
            until: minute(60),
            continues: Some(7),
            continued_in: None,
            now: minute(60),
        }))?;
        check_message(&alerts::list::alerts(incident, alerts))?;
    }
    check_message(&gone(&group, Some(7)))?;
    let origin = Origin { group: Some(group.id.clone()), ..Origin::default() };
    check_modal(&form::attach(&vec![incident.clone(); 120], &origin))?;
    check_modal(&form::attach(&[], &origin))
}

fn senders_alert(key: &str, name: &str, text: &str) -> Alert {
    let mut said = Observation::firing(key, text);
    said.description = text.to_owned();
    said.labels = [(name, text), ("host", name), ("service", text)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    said.annotations = [("runbook_url".to_owned(), text.to_owned())].into();
    for href in [text, "https://a.example/1", "javascript:alert(1)"] {
        said.links.push(Link { href: href.to_owned(), text: name.to_owned() });
    }
    let said = said.within_limits();
    let circumstances = Circumstances { now: minute(0), reopens_within: None, window: None };
    Alert::first(key.into(), "S".into(), &said, "01G".into(), circumstances)
}

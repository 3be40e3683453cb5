//! Every message about an incident.

use proptest::prelude::*;

use crate::alert::rule::report::Report;
use crate::alert::rule::standing::Level;
use crate::clock::Timestamp;
use crate::ids::{RuleId, UserId};
use crate::incident::catalogue::Catalogue;
use crate::incident::event::{Actor, Entry, Via};
use crate::incident::state::Incident;
use crate::outbox::work::{NotAnnounced, Warning};
use crate::slack::view::limits::{Checked, characters, check_disarmed, check_message};
use crate::slack::view::promises::events::every_event;
use crate::slack::view::reply::Standpoint;
use crate::slack::view::samples::minute;
use crate::slack::view::{announcement, list, notice, post, reply, rule, timeline, topic, welcome};

fn every_warning(name: &str, text: &str) -> Vec<Warning> {
    let because = [
        NotAnnounced::Archived,
        NotAnnounced::NotInvited,
        NotAnnounced::NotThere,
        NotAnnounced::Restricted,
        NotAnnounced::NotMade,
    ];
    let unannounced = because
        .map(|because| Warning::Announcements { channel: name.to_owned(), because })
        .into_iter();
    let scope = |needed| Warning::Scope { method: name.to_owned(), needed };
    unannounced.chain([Warning::Channels, scope(None), scope(Some(text.to_owned()))]).collect()
}

fn every_report(name: &str, text: &str) -> Vec<Report> {
    use Level::{Critical, Resolved, Warning};
    let turns =
        [(Resolved, Warning), (Warning, Critical), (Critical, Warning), (Critical, Resolved)];
    let report = |(from, to)| Report {
        rule: RuleId::from("01RULE"),
        name: name.to_owned(),
        note: text.to_owned(),
        owner: Some(UserId::new(name)),
        team: Some(name.to_owned()),
        project: text.to_owned(),
        environment: Some(name.to_owned()),
        from,
        to,
        at: minute(5),
        began_at: minute(3),
        reading: text.to_owned(),
    };
    turns.map(report).into()
}

pub(super) fn check_messages_about(
    incident: &Incident,
    catalogue: &Catalogue,
    name: &str,
    text: &str,
) -> Checked {
    check_message(&announcement::announcement(incident, catalogue))?;
    check_message(&welcome::welcome(incident, catalogue))?;
    let topic = topic::topic(incident, catalogue);
    prop_assert!(characters(&topic) <= 250);
    check_disarmed(&topic)?;
    check_message(&notice::channel_opened(incident))?;
    for warning in every_warning(name, text) {
        check_message(&notice::warning(&warning))?;
    }
    for report in every_report(name, text) {
        check_message(&rule::report(&report))?;
    }
    check_message(&reply::declared(incident))?;
    check_message(&list::incidents(&vec![incident.clone(); 23], 40, name, catalogue))?;
    let events = every_event(catalogue, name, text);
    let entries = events.into_iter().zip(1i64..).map(|(event, version)| Entry {
        version,
        at: Timestamp::from_micros(version),
        actor: Actor::ApiToken { name: name.to_owned() },
        via: Via::Api,
        telling: None,
        event,
        through: Some(name.to_owned()),
    });
    let entries: Vec<Entry> = entries.collect();
    check_message(&post::together(&entries, incident, catalogue))?;
    check_message(&announcement::withdrawn(incident))?;
    for entry in &entries {
        if let Some(message) = post::post(entry, incident, catalogue) {
            check_message(&message)?;
        }
        let bea = UserId::from("U0BEA");
        if let Some(message) = notice::role_instructions(entry, &bea, incident, catalogue) {
            check_message(&message)?;
        }
        if let Some(message) = notice::channel_changed(entry, incident) {
            check_message(&message)?;
        }
        for standpoint in [Standpoint::InItsChannel, Standpoint::Elsewhere] {
            if let Some(message) = reply::done(entry, incident, catalogue, standpoint) {
                check_message(&message)?;
            }
        }
        let plain = timeline::sentence(entry, catalogue).to_plain(2_000);
        prop_assert!(!plain.is_empty() && characters(&plain) <= 2_000);
    }
    check_message(&timeline::timeline(
        incident,
        &[&entries[..], &entries, &entries].concat(),
        catalogue,
    ))
}

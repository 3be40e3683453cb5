//! What follows from a rule, as work for the outbox.

use crate::alert::rule::definition::{Action, Definition};
use crate::alert::rule::minute;
use crate::alert::rule::report::Report;
use crate::alert::rule::standing::Runs;
use crate::clock::Timestamp;
use crate::ids::{IdSource, RuleId, WorkId};
use crate::outbox::rule_work::Act;
use crate::outbox::work::{NewWork, Work, for_rule};
use crate::store::alert_rules::Snooze;

/// The evaluation of a rule for this instant.
pub fn evaluation(rule: &RuleId, at: Timestamp, ids: &IdSource, now: Timestamp) -> NewWork {
    let id = WorkId::new(ids.ulid(now));
    for_rule(Work::Evaluate { rule: rule.clone() }, id, 0, minute::due(rule, at))
}

/// What follows from a report: the intake hears it, and so do those whom the rule tells and who want
/// to hear it.
pub fn consequences(
    rule: &Definition,
    runs: Runs,
    report: &Report,
    snoozes: &[Snooze],
    ids: &IdSource,
    now: Timestamp,
) -> Vec<NewWork> {
    let told = rule.actions(runs).into_iter().filter(|action| !is_quiet(action, snoozes, now));
    let acts =
        told.map(|action| Work::Act(Act { action: action.clone(), report: report.clone() }.into()));
    let all = std::iter::once(Work::Report(report.clone().into())).chain(acts);
    all.map(|work| for_rule(work, WorkId::new(ids.ulid(now)), report.at.as_micros(), now)).collect()
}

/// Whether nobody wants to hear of it: everyone has snoozed the rule, or the one person whom it would
/// be told.
pub fn is_quiet(action: &Action, snoozes: &[Snooze], now: Timestamp) -> bool {
    snoozes.iter().filter(|snooze| snooze.holds(now)).any(|snooze| match (&snooze.person, action) {
        (None, _) => true,
        (Some(person), Action::SlackPerson { user }) => person == user,
        (Some(_), _) => false,
    })
}

//! What alert rules ask of the outbox. It is about no incident, and its lanes come after all of
//! those that are.

use serde::{Deserialize, Serialize};

use crate::alert::fingerprint::of_parts;
use crate::alert::rule::definition::Action;
use crate::alert::rule::report::Report;
use crate::ids::RuleId;

/// What stands in place of an incident.
pub const NO_INCIDENT: &str = "";

/// Somebody or something is told what an alert rule says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Who, and how.
    pub action: Action,
    /// What.
    pub report: Report,
}

impl Act {
    /// What it is, for people who look after the outbox.
    pub fn describe(&self) -> String {
        let what = format!("what the alert rule {} says", self.report.rule);
        match &self.action {
            Action::SlackChannel { channel } => format!("say in {channel} {what}"),
            Action::SlackPerson { user } => format!("tell {user} {what}"),
            Action::Webhook { .. } => format!("send to a webhook {what}"),
        }
    }

    pub(super) fn key(&self) -> String {
        format!("{}/act/{}", report_key(&self.report), self.target())
    }

    /// Each of those who are told hears of a rule in order, and waits for nobody else. What does not
    /// go to Slack does not wait for it either: `/timer/` says so.
    pub(super) fn lane(&self) -> String {
        let (rule, target) = (&self.report.rule, self.target());
        match self.action {
            Action::Webhook { .. } => format!("rule/{rule}/timer/{target}"),
            Action::SlackChannel { .. } | Action::SlackPerson { .. } => {
                format!("rule/{rule}/{target}")
            }
        }
    }

    fn target(&self) -> String {
        match &self.action {
            Action::SlackChannel { channel } => format!("channel/{channel}"),
            Action::SlackPerson { user } => format!("person/{user}"),
            Action::Webhook { url } => format!("webhook/{}", of_parts(&[url]).to_text()),
        }
    }
}

/// Under what the intake knows a report, however often it is handed over.
pub fn report_key(report: &Report) -> String {
    let Report { rule, project, at, .. } = report;
    format!("rule/{rule}/{}/{}", at.as_micros(), of_parts(&[project]).to_text())
}

/// The intake need not wait for Slack, and hears of a rule in order.
pub(super) fn report_lane(report: &Report) -> String {
    format!("rule/{}/timer/report", report.rule)
}

/// The lane of a rule's evaluation, in which nothing else is.
pub(super) fn evaluation_lane(rule: &RuleId) -> String {
    format!("rule/{rule}/timer/evaluate")
}

//! What a rule that has turned says: to the intake, like any sender, and in words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::alert::fingerprint::of_parts;
use crate::alert::observation::{KEY_LIMIT, Observation, Said, Status};
use crate::alert::rule::counting::{ENVIRONMENT, PROJECT};
use crate::alert::rule::definition::{Definition, Measure};
use crate::alert::rule::standing::{Level, Turn};
use crate::clock::Timestamp;
use crate::ids::{RuleId, UserId};

/// What a rule said when it turned. It stays true whatever becomes of the rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The rule.
    pub rule: RuleId,
    /// What it was called.
    pub name: String,
    /// What whoever is told should know.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Whose it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// The team whose it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// In which project; empty, if in none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub project: String,
    /// Where it runs, if the rule asked for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// How bad it was before.
    pub from: Level,
    /// How bad it is.
    pub to: Level,
    /// When that was found.
    pub at: Timestamp,
    /// When the trouble began.
    pub began_at: Timestamp,
    /// The number in a sentence.
    pub reading: String,
}

impl Report {
    /// What is said of a turn.
    pub fn of(
        id: &RuleId,
        rule: &Definition,
        project: &str,
        turn: Turn,
        reading: String,
    ) -> Report {
        let named =
            rule.projects.first().filter(|_| project.is_empty() && rule.projects.len() == 1);
        Report {
            rule: id.clone(),
            name: rule.name.clone(),
            note: rule.note.clone(),
            owner: rule.owner.clone(),
            team: rule.owner_team.clone(),
            project: named.map_or(project, String::as_str).to_owned(),
            environment: rule.environment.clone(),
            from: turn.from,
            to: turn.to,
            at: turn.at,
            began_at: turn.began_at,
            reading,
        }
    }

    /// It in the words of a sender: a rule that fires is an alert like any other.
    pub fn observation(&self) -> Observation {
        let key = self.key();
        let observation = match self.to {
            Level::Resolved => Observation::resolved(key),
            Level::Warning | Level::Critical => Observation::firing(key, self.name.clone()),
        };
        let status = match self.to {
            Level::Resolved => Status::Ok,
            Level::Warning => Status::Warning,
            Level::Critical => Status::Critical,
        };
        let mut annotations = BTreeMap::new();
        if !self.note.is_empty() {
            annotations.insert("note".to_owned(), self.note.clone());
        }
        let observation = Observation {
            status,
            description: self.reading.clone(),
            labels: self.labels(),
            annotations,
            starts_at: Some(self.began_at).filter(|_| observation.said == Said::Firing),
            at: Some(self.at),
            ..observation
        };
        observation.within_limits()
    }

    fn key(&self) -> String {
        let key = format!("{}/{}", self.rule, self.project);
        if key.len() <= KEY_LIMIT {
            key
        } else {
            format!("{}/#{}", self.rule, of_parts(&[&self.project]).to_text())
        }
    }

    fn labels(&self) -> BTreeMap<String, String> {
        let labels = [
            ("rule", self.name.as_str()),
            ("rule_id", self.rule.as_str()),
            (PROJECT, self.project.as_str()),
            (ENVIRONMENT, self.environment.as_deref().unwrap_or_default()),
            ("trigger", if self.to == Level::Resolved { "" } else { self.to.as_str() }),
            ("owner", self.owner.as_ref().map_or("", UserId::as_str)),
            ("team", self.team.as_deref().unwrap_or_default()),
        ];
        let said = labels.into_iter().filter(|(_, value)| !value.is_empty());
        said.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// A rule's number in a sentence.
pub fn reading(rule: &Definition, value: Option<f64>) -> String {
    let Some(value) = value else { return "The rule was changed.".to_owned() };
    let number = number(value);
    let what = match &rule.measure {
        Measure::Events { unique: None, .. } => "events".to_owned(),
        Measure::Events { unique: Some(label), .. } => format!("different values of {label}"),
        Measure::Prometheus { .. } => "the value".to_owned(),
    };
    let window = span(rule.window_minutes);
    let window = window.strip_prefix("1 ").unwrap_or(&window);
    match (&rule.measure, rule.compare_minutes_ago.map(span)) {
        (Measure::Prometheus { .. }, None) => format!("The value is {number}."),
        (Measure::Prometheus { .. }, Some(ago)) => format!("{number} % of {what} of {ago} before."),
        (Measure::Events { .. }, None) if number == "1" => {
            format!(
                "1 {} in the last {window}.",
                what.replacen("events", "event", 1).replacen("values", "value", 1)
            )
        }
        (Measure::Events { .. }, None) => format!("{number} {what} in the last {window}."),
        (Measure::Events { .. }, Some(ago)) => {
            format!("In the last {window}: {number} % of the {what} of {ago} before.")
        }
    }
}

/// A number as people write it: whole where it is whole, and else with three digits behind the point
/// at most.
fn number(value: f64) -> String {
    if value.abs() >= 1e15 {
        return format!("{value:e}");
    }
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn span(minutes: u32) -> String {
    let (count, unit) = match minutes {
        minutes if minutes % 1_440 == 0 => (minutes / 1_440, "day"),
        minutes if minutes % 60 == 0 => (minutes / 60, "hour"),
        minutes => (minutes, "minute"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::rule::samples::{above, different, minute};
    use crate::alert::rule::standing::Standing;

    #[test]
    fn numbers_are_said_in_sentences() {
        let rule = Definition { window_minutes: 10, ..above(1.0) };
        assert_eq!(reading(&rule, Some(1_000.0)), "1000 events in the last 10 minutes.");
        let minute = above(1.0);
        assert_eq!(reading(&minute, Some(1.0)), "1 event in the last minute.");
        let compared = Definition { compare_minutes_ago: Some(1_440), ..rule.clone() };
        assert_eq!(
            reading(&compared, Some(150.0)),
            "In the last 10 minutes: 150 % of the events of 1 day before."
        );
        let unique = Definition { measure: different("user"), ..rule.clone() };
        assert_eq!(
            reading(&unique, Some(7.0)),
            "7 different values of user in the last 10 minutes."
        );
        let query = Measure::Prometheus { query: "up".to_owned() };
        let measured = Definition { measure: query, ..rule };
        assert_eq!(reading(&measured, Some(0.123_456)), "The value is 0.123.");
        assert_eq!(reading(&measured, Some(-0.000_01)), "The value is 0.");
        assert_eq!(reading(&measured, Some(f64::MAX)), "The value is 1.7976931348623157e308.");
    }

    #[test]
    fn a_rule_that_fires_is_an_alert_like_any_other() {
        let rule = Definition {
            environment: Some("prod".to_owned()),
            note: "See the runbook".to_owned(),
            ..above(10.0)
        };
        let mut standing = Standing::default();
        let id = RuleId::from("R1");
        let turn = standing.take(&rule, minute(5), Some(11.0)).unwrap();
        let said = Report::of(&id, &rule, "web", turn, reading(&rule, Some(11.0))).observation();
        assert_eq!(
            (said.key.as_str(), said.said, said.status),
            ("R1/web", Said::Firing, Status::Critical)
        );
        assert_eq!((said.title.as_str(), said.starts_at), ("Too many errors", Some(minute(4))));
        let labels: Vec<(&str, &str)> =
            said.labels.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(
            labels,
            [
                ("environment", "prod"),
                ("project", "web"),
                ("rule", "Too many errors"),
                ("rule_id", "R1"),
                ("trigger", "critical"),
            ]
        );
        assert_eq!(said.annotations["note"], "See the runbook");
        let turn = standing.take(&rule, minute(6), Some(1.0)).unwrap();
        let over = Report::of(&id, &rule, "web", turn, reading(&rule, Some(1.0))).observation();
        assert_eq!((over.key, over.said, over.starts_at), (said.key, Said::Resolved, None));
    }

    #[test]
    fn two_long_projects_are_two_alerts() {
        let mut standing = Standing::default();
        let turn = standing.take(&above(0.0), minute(1), Some(1.0)).unwrap();
        let key = |project: &str| {
            Report::of(&RuleId::from("R"), &above(0.0), project, turn, String::new())
                .observation()
                .key
        };
        let (one, other) = (key(&"ü".repeat(600)), key(&format!("{}x", "ü".repeat(599))));
        assert!(one != other && one.len() <= KEY_LIMIT);
    }
}

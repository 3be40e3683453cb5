//! Which definitions make sense.

use crate::alert::filter::Filter;
use crate::alert::matcher::All;
use crate::alert::rule::definition::{Action, Definition, Measure, Side, Trigger};
use crate::incident::text::{clean_line, clean_text, shorten};

/// The most rules of a workspace.
pub const RULES_LIMIT: i64 = 1_000;
/// The longest name, in characters.
pub const NAME_LIMIT: usize = 64;
/// The longest note, in characters.
pub const NOTE_LIMIT: usize = 2_000;
/// The longest window, in minutes: a day.
pub const WINDOW_LIMIT: u32 = 24 * 60;
/// The most periods.
pub const PERIODS_LIMIT: u32 = 20;
/// How far back a number can be compared with, in minutes: 89 days.
pub const COMPARISON_LIMIT: u32 = 89 * 24 * 60;
/// The most actions of a trigger.
pub const ACTIONS_LIMIT: usize = 20;
/// The most conditions on labels.
pub const MATCHERS_LIMIT: usize = 20;
/// The most projects that can be named.
pub const PROJECTS_LIMIT: usize = 100;
/// The longest value of `project` or `environment` that is told from others, in characters.
pub const PROJECT_LIMIT: usize = 200;
/// The longest name of a team, in characters.
pub const TEAM_LIMIT: usize = 64;
/// The longest query, in bytes.
pub const QUERY_LIMIT: usize = 4_096;
/// The longest address of a webhook, in bytes.
pub const URL_LIMIT: usize = 2_048;

/// What is wrong with a definition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct BadRule {
    /// The field, as a path: `critical.threshold`.
    pub field: String,
    /// What is wrong with it, in a sentence.
    pub why: String,
}

fn bad<T>(field: impl Into<String>, why: impl Into<String>) -> Result<T, BadRule> {
    Err(BadRule { field: field.into(), why: why.into() })
}

impl Definition {
    /// The definition with its texts cleaned, if it makes sense.
    pub fn checked(mut self) -> Result<Definition, BadRule> {
        self.name = clean_line(&self.name);
        self.note = clean_text(&self.note);
        check_length("name", &self.name, 1, NAME_LIMIT)?;
        check_length("note", &self.note, 0, NOTE_LIMIT)?;
        if self.owner.as_ref().is_some_and(|owner| !owner.is_well_formed()) {
            return bad("owner", "An owner is the id of somebody in Slack, such as `U012AB3CD`.");
        }
        if let Some(team) = &mut self.owner_team {
            *team = clean_line(team);
            check_length("owner_team", team, 1, TEAM_LIMIT)?;
        }
        check_number("window_minutes", self.window_minutes, WINDOW_LIMIT)?;
        check_number("periods", self.periods, PERIODS_LIMIT)?;
        if let Some(minutes) = self.compare_minutes_ago {
            check_number("compare_minutes_ago", minutes, COMPARISON_LIMIT)?;
        }
        check_measure(&self.measure)?;
        self.check_place()?;
        check_trigger("critical", &self.critical)?;
        if let Some(warning) = &self.warning {
            check_trigger("warning", warning)?;
        }
        self.check_thresholds()?;
        Ok(self)
    }

    fn check_place(&self) -> Result<(), BadRule> {
        if let Some(environment) = &self.environment {
            check_length("environment", environment, 1, PROJECT_LIMIT)?;
        }
        let most = match self.measure {
            Measure::Events { .. } => PROJECTS_LIMIT,
            // A query says by itself what it is about; this is what its alert says.
            Measure::Prometheus { .. } => 1,
        };
        if self.projects.len() > most {
            return bad("projects", format!("There can be {most} at most with this dataset."));
        }
        check_projects("projects", &self.projects)?;
        if self.excluded_projects.is_empty() {
            return Ok(());
        }
        let is_for_all = self.projects.is_empty() && most > 1;
        if !is_for_all {
            let why = "Only a rule that counts events of all projects can leave some out.";
            return bad("excluded_projects", why);
        }
        if self.excluded_projects.len() > most {
            return bad("excluded_projects", format!("There can be {most} at most."));
        }
        check_projects("excluded_projects", &self.excluded_projects)
    }

    fn check_thresholds(&self) -> Result<(), BadRule> {
        let side = match self.fires {
            Side::Above => "above",
            Side::Below => "below",
        };
        if let Some(warning) = &self.warning
            && self.fires.is_beyond(warning.threshold, self.critical.threshold)
        {
            return bad(
                "critical.threshold",
                format!(
                    "The critical trigger must have a threshold {side} that of the warning trigger."
                ),
            );
        }
        let Some(resolves) = self.resolve_threshold else { return Ok(()) };
        if !resolves.is_finite() {
            return bad("resolve_threshold", "A threshold is a finite number.");
        }
        let triggers = [("critical", Some(&self.critical)), ("warning", self.warning.as_ref())];
        for (label, trigger) in triggers {
            if trigger.is_some_and(|trigger| self.overlaps(trigger.threshold, resolves)) {
                let why = format!("The {label} threshold must be {side} the resolve threshold.");
                return bad("resolve_threshold", why);
            }
        }
        Ok(())
    }

    /// Whether there is a number that is both beyond the threshold and over. Events are counted in
    /// whole numbers: above 0, and over below 1, is all right.
    fn overlaps(&self, threshold: f64, resolves: f64) -> bool {
        let is_counted =
            matches!(self.measure, Measure::Events { .. }) && self.compare_minutes_ago.is_none();
        let first_beyond = match (is_counted, self.fires) {
            (true, Side::Above) => threshold.floor() + 1.0,
            (true, Side::Below) => threshold.ceil() - 1.0,
            (false, _) => threshold,
        };
        self.fires.is_beyond(resolves, first_beyond)
    }
}

fn check_length(field: &str, text: &str, least: usize, most: usize) -> Result<(), BadRule> {
    let length = text.chars().count();
    if length > most {
        return bad(field, format!("It has {length} characters; {most} is the most."));
    }
    if length < least || text.contains('\0') {
        return bad(field, "It says nothing.");
    }
    Ok(())
}

fn check_projects(field: &str, projects: &[String]) -> Result<(), BadRule> {
    for (nth, project) in projects.iter().enumerate() {
        check_length(field, project, 1, PROJECT_LIMIT)?;
        if projects[..nth].contains(project) {
            let why = format!("\u{201c}{}\u{201d} is there twice.", shorten(project, 100));
            return bad(field, why);
        }
    }
    Ok(())
}

fn check_number(field: &str, number: u32, most: u32) -> Result<(), BadRule> {
    if (1..=most).contains(&number) {
        return Ok(());
    }
    bad(field, format!("It is a whole number from 1 to {most}."))
}

fn check_measure(measure: &Measure) -> Result<(), BadRule> {
    match measure {
        Measure::Events { unique, matchers, filter, .. } => {
            if let Some(label) = unique {
                check_length("measure.unique", label, 1, crate::alert::observation::NAME_LIMIT)?;
            }
            if matchers.len() > MATCHERS_LIMIT {
                return bad("measure.matchers", format!("There can be {MATCHERS_LIMIT} at most."));
            }
            if let Err(error) = All::prepare(matchers) {
                return bad("measure.matchers", format!("{error}."));
            }
            match filter.as_deref().map(Filter::parse).transpose() {
                Ok(_) => Ok(()),
                Err(error) => bad("measure.filter", format!("{error}.")),
            }
        }
        Measure::Prometheus { query } if query.trim().is_empty() || query.contains('\0') => {
            bad("measure.query", "A query in PromQL is missing.")
        }
        Measure::Prometheus { query } if query.len() > QUERY_LIMIT => bad(
            "measure.query",
            format!("It has {} bytes; {QUERY_LIMIT} is the most.", query.len()),
        ),
        Measure::Prometheus { .. } => Ok(()),
    }
}

fn check_trigger(label: &str, trigger: &Trigger) -> Result<(), BadRule> {
    if !trigger.threshold.is_finite() {
        return bad(format!("{label}.threshold"), "A threshold is a finite number.");
    }
    let field = format!("{label}.actions");
    if trigger.actions.len() > ACTIONS_LIMIT {
        return bad(field, format!("There can be {ACTIONS_LIMIT} at most."));
    }
    for action in &trigger.actions {
        match action {
            Action::SlackChannel { channel } if !channel.is_well_formed() => {
                return bad(field, "A channel is the id of one in Slack, such as `C012AB3CD`.");
            }
            Action::SlackPerson { user } if !user.is_well_formed() => {
                return bad(field, "A person is the id of somebody in Slack, such as `U012AB3CD`.");
            }
            Action::Webhook { url } if url.len() > URL_LIMIT => {
                return bad(field, format!("An address has {URL_LIMIT} bytes at most."));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::matcher::Matcher;
    use crate::alert::rule::samples::above;
    use crate::ids::{ChannelId, UserId};

    fn field(rule: Definition) -> String {
        match rule.checked() {
            Ok(_) => String::new(),
            Err(BadRule { field, why }) => {
                assert!(why.ends_with('.'), "{why}");
                field
            }
        }
    }

    fn trigger(threshold: f64) -> Option<Trigger> {
        Some(Trigger { threshold, actions: Vec::new() })
    }

    #[test]
    fn a_definition_that_makes_no_sense_names_its_field() {
        let good = || above(10.0);
        let acts = |action| Trigger { threshold: 10.0, actions: vec![action] };
        let prometheus = |query: &str| Measure::Prometheus { query: query.to_owned() };
        let events = |unique: Option<&str>, matchers| Measure::Events {
            unique: unique.map(str::to_owned),
            source: None,
            matchers,
            filter: None,
        };
        let filter = Measure::Events {
            unique: None,
            source: None,
            matchers: vec![],
            filter: Some("a = (".into()),
        };
        let expression = |value: &str| Matcher {
            name: "a".to_owned(),
            value: value.to_owned(),
            is_regex: true,
            is_equal: true,
        };
        for (rule, wrong) in [
            (good(), ""),
            (Definition { name: " \n".to_owned(), ..good() }, "name"),
            (Definition { name: "x".repeat(65), ..good() }, "name"),
            (Definition { note: "x".repeat(2_001), ..good() }, "note"),
            (Definition { owner: Some(UserId::from("alice")), ..good() }, "owner"),
            (Definition { window_minutes: 0, ..good() }, "window_minutes"),
            (Definition { window_minutes: 1_441, ..good() }, "window_minutes"),
            (Definition { periods: 0, ..good() }, "periods"),
            (Definition { periods: 21, ..good() }, "periods"),
            (Definition { compare_minutes_ago: Some(0), ..good() }, "compare_minutes_ago"),
            (Definition { compare_minutes_ago: Some(128_160), ..good() }, ""),
            (Definition { compare_minutes_ago: Some(128_161), ..good() }, "compare_minutes_ago"),
            (Definition { measure: prometheus(" "), ..good() }, "measure.query"),
            (Definition { measure: prometheus(&"x".repeat(4_097)), ..good() }, "measure.query"),
            (
                Definition {
                    measure: prometheus("up"),
                    projects: vec!["a".into(), "b".into()],
                    ..good()
                },
                "projects",
            ),
            (Definition { measure: events(Some(""), vec![]), ..good() }, "measure.unique"),
            (
                Definition { measure: events(None, vec![expression("(")]), ..good() },
                "measure.matchers",
            ),
            (
                Definition { measure: events(None, vec![expression("a"); 21]), ..good() },
                "measure.matchers",
            ),
            (Definition { measure: filter, ..good() }, "measure.filter"),
            (Definition { environment: Some(String::new()), ..good() }, "environment"),
            (Definition { projects: vec!["a".into(), "a".into()], ..good() }, "projects"),
            (Definition { projects: vec!["x".repeat(201)], ..good() }, "projects"),
            (Definition { owner_team: Some(" \n".to_owned()), ..good() }, "owner_team"),
            (Definition { owner_team: Some("x".repeat(65)), ..good() }, "owner_team"),
            (Definition { excluded_projects: vec!["a".into()], ..good() }, ""),
            (
                Definition { excluded_projects: vec!["a".into(), "a".into()], ..good() },
                "excluded_projects",
            ),
            (
                Definition {
                    projects: vec!["a".into()],
                    excluded_projects: vec!["b".into()],
                    ..good()
                },
                "excluded_projects",
            ),
            (
                Definition {
                    measure: prometheus("up"),
                    excluded_projects: vec!["a".into()],
                    ..good()
                },
                "excluded_projects",
            ),
            (
                Definition {
                    critical: acts(Action::SlackChannel { channel: ChannelId::from("ops") }),
                    ..good()
                },
                "critical.actions",
            ),
            (
                Definition {
                    critical: acts(Action::SlackPerson { user: UserId::from("bob") }),
                    ..good()
                },
                "critical.actions",
            ),
            (
                Definition { critical: acts(Action::Webhook { url: "x".repeat(2_049) }), ..good() },
                "critical.actions",
            ),
            (above(f64::NAN), "critical.threshold"),
            (Definition { warning: trigger(f64::INFINITY), ..good() }, "warning.threshold"),
            (Definition { resolve_threshold: Some(f64::NAN), ..good() }, "resolve_threshold"),
        ] {
            assert_eq!(field(rule.clone()), wrong, "{rule:?}");
        }
    }

    #[test]
    fn thresholds_stand_in_their_order() {
        let rule = |fires, critical, warning: Option<f64>, resolves| Definition {
            fires,
            warning: warning.and_then(trigger),
            resolve_threshold: resolves,
            ..above(critical)
        };
        use Side::{Above, Below};
        for (rule, wrong) in [
            (rule(Above, 10.0, Some(5.0), Some(4.0)), ""),
            (rule(Above, 10.0, Some(10.0), None), ""),
            (rule(Above, 5.0, Some(10.0), None), "critical.threshold"),
            (rule(Below, 5.0, Some(10.0), None), ""),
            (rule(Below, 10.0, Some(5.0), None), "critical.threshold"),
            (rule(Above, 0.0, None, Some(1.0)), ""),
            (rule(Above, 0.0, None, Some(1.5)), "resolve_threshold"),
            (rule(Above, 10.0, Some(5.0), Some(7.0)), "resolve_threshold"),
            (rule(Below, 1.0, None, Some(0.0)), ""),
            (rule(Below, 1.0, None, Some(-1.0)), "resolve_threshold"),
        ] {
            assert_eq!(field(rule.clone()), wrong, "{rule:?}");
        }
        let mut measured = rule(Above, 0.0, None, Some(0.5));
        measured.measure = Measure::Prometheus { query: "up".to_owned() };
        assert_eq!(field(measured), "resolve_threshold");
    }
}

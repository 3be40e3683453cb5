//! Sentry's alert rules, as ours.
//!
//! What a rule may say is the domain's to judge; here it is only read, and what the domain finds
//! wrong is said in the words that Sentry's clients know.

use serde_json::Value;

use crate::alert::rule::definition::{Definition, Measure, Side, Trigger};
use crate::alert::rule::validate::{
    BadRule, COMPARISON_LIMIT, NAME_LIMIT, PERIODS_LIMIT, WINDOW_LIMIT,
};
use crate::api::problem::Problem;
use crate::api::sentry::body::Given;
use crate::api::sentry::numbers;
use crate::api::sentry::refused::{Refused, Wrong};
use crate::api::sentry::rules::{actions, terms};
use crate::ids::UserId;
use crate::rules::NotMade;

/// The labels of triggers, in their order.
const LABELS: [&str; 2] = ["critical", "warning"];

/// Reads a rule. Of one that is replaced, what is left out stays; a project in the path is the only one.
pub fn definition(
    given: &Given,
    before: Option<&Definition>,
    project: Option<&str>,
) -> Result<Definition, Refused> {
    let mut wrong = Wrong::default();
    if before.is_none() {
        for name in ["name", "query", "aggregate", "timeWindow", "thresholdType"] {
            given.need(name, &mut wrong);
        }
    }
    let fires = side(given, before, &mut wrong);
    let triggers = triggers(given, &mut wrong);
    let measure = measure(given, before, &mut wrong);
    let whole = |name: &str, wrong: &mut Wrong| given.whole(name, wrong).map(within_reach);
    let name = given.text("name", &mut wrong);
    let note = given.text("description", &mut wrong);
    let window_minutes = whole("timeWindow", &mut wrong);
    let periods = whole("thresholdPeriod", &mut wrong);
    let compares = whole("comparisonDelta", &mut wrong);
    let resolves = given.number("resolveThreshold", &mut wrong);
    let environment = given.text("environment", &mut wrong).filter(|name| !name.is_empty());
    let (owner, owner_team) = owner(given, before, &mut wrong);
    let (projects, excluded_projects) = projects(given, before, project, &mut wrong);
    wrong.check()?;
    let [critical, warning] =
        triggers.ok_or_else(|| Refused::together("Must include at least one trigger"))??;
    let (Some(measure), Some(fires)) = (measure, fires) else {
        return Err(Refused::together("Invalid data."));
    };
    // What is given as null is taken away; what is not given stays.
    let kept = |name: &str| before.filter(|_| !given.has(name));
    Ok(Definition {
        name: name.or_else(|| before.map(|it| it.name.clone())).unwrap_or_default(),
        note: note.or_else(|| kept("description").map(|it| it.note.clone())).unwrap_or_default(),
        owner,
        owner_team,
        measure,
        window_minutes: window_minutes
            .or_else(|| before.map(|it| it.window_minutes))
            .unwrap_or_default(),
        compare_minutes_ago: compares
            .or_else(|| kept("comparisonDelta").and_then(|it| it.compare_minutes_ago)),
        fires,
        critical: critical.unwrap_or(Trigger { threshold: 0.0, actions: Vec::new() }),
        warning,
        resolve_threshold: resolves
            .or_else(|| kept("resolveThreshold").and_then(|it| it.resolve_threshold)),
        periods: periods.or_else(|| before.map(|it| it.periods)).unwrap_or(1),
        environment: environment
            .or_else(|| kept("environment").and_then(|it| it.environment.clone())),
        projects,
        excluded_projects,
        active: before.is_none_or(|it| it.active),
    })
}

/// A number that the domain can judge, whatever was given.
fn within_reach(number: i64) -> u32 {
    u32::try_from(number.clamp(0, i64::from(u32::MAX))).unwrap_or_default()
}

fn side(given: &Given, before: Option<&Definition>, wrong: &mut Wrong) -> Option<Side> {
    match given.whole("thresholdType", wrong) {
        Some(0) => Some(Side::Above),
        Some(1) => Some(Side::Below),
        Some(_) => {
            wrong.add("thresholdType", "Invalid threshold type, valid values are [0, 1]");
            None
        }
        None => before.map(|before| before.fires),
    }
}

fn measure(given: &Given, before: Option<&Definition>, wrong: &mut Wrong) -> Option<Measure> {
    if let Some(kind) = given.whole("queryType", wrong)
        && kind != 0
    {
        wrong.add("queryType", "Invalid query type, valid values are [0]");
    }
    let shown = before.map(|before| terms::shown(&before.measure));
    let shown = shown.unwrap_or((terms::DATASETS[0], String::new(), String::new()));
    let dataset = given.text("dataset", wrong).unwrap_or_else(|| shown.0.to_owned());
    let query = given.text("query", wrong).unwrap_or_else(|| shown.1.clone());
    let aggregate = given.text("aggregate", wrong).unwrap_or_else(|| shown.2.clone());
    // Sent back as it was shown, it says what it said: also what these words can't say.
    if let Some(before) = before
        && (dataset.as_str(), &query, &aggregate) == (shown.0, &shown.1, &shown.2)
    {
        return Some(before.measure.clone());
    }
    if before.is_none() && !given.has("aggregate") {
        return None;
    }
    match terms::measure(&dataset, &query, &aggregate) {
        Ok(measure) => Some(measure),
        Err(all) => {
            for (field, why) in all {
                wrong.add(field, &why);
            }
            None
        }
    }
}

type Triggers = Result<[Option<Trigger>; 2], Refused>;

/// The triggers; nothing if there are none.
fn triggers(given: &Given, wrong: &mut Wrong) -> Option<Triggers> {
    let list = given.list("triggers", wrong)?;
    if list.is_empty() {
        return None;
    }
    Some(read_triggers(list))
}

fn read_triggers(list: &[Value]) -> Triggers {
    if list.len() > LABELS.len() {
        let why = "Must send 1 or 2 triggers - A critical trigger, and an optional warning trigger";
        return Err(Refused::together(why));
    }
    let mut triggers = [None, None];
    for ((one, label), place) in list.iter().zip(LABELS).zip(0..) {
        let Some(given) = Given::of(one) else {
            return Err(Refused::field("triggers", "Invalid data. Expected a dictionary."));
        };
        let mut wrong = Wrong::default();
        let named = given.text("label", &mut wrong);
        if named.as_deref() != Some(label) {
            let why = format!("Trigger {} must be labeled \"{label}\"", place + 1);
            return Err(Refused::together(&why));
        }
        given.need("alertThreshold", &mut wrong);
        let threshold = given.number("alertThreshold", &mut wrong);
        let list = given.list("actions", &mut wrong).unwrap_or_default();
        let actions = list.iter().filter_map(|one| actions::read(one, &mut wrong)).collect();
        wrong.check()?;
        triggers[place] = threshold.map(|threshold| Trigger { threshold, actions });
    }
    Ok(triggers)
}

fn owner(
    given: &Given,
    before: Option<&Definition>,
    wrong: &mut Wrong,
) -> (Option<UserId>, Option<String>) {
    if !given.has("owner") {
        let before = before.map(|before| (before.owner.clone(), before.owner_team.clone()));
        return before.unwrap_or_default();
    }
    let Some(text) = given.text("owner", wrong).filter(|text| !text.is_empty()) else {
        return (None, None);
    };
    let user = |text: &str| numbers::person(text).map(|user| (Some(user), None));
    let owner = match text.split_once(':') {
        Some(("team", team)) => Some((None, Some(team.to_owned()))),
        Some(("user", text)) => user(text),
        _ => None,
    };
    owner.unwrap_or_else(|| {
        wrong.add(
            "owner",
            "Could not parse owner. Format should be `type:id` where type is `team` or `user`.",
        );
        (None, None)
    })
}

/// Which projects it is about, none of them standing for all, and which not.
fn projects(
    given: &Given,
    before: Option<&Definition>,
    project: Option<&str>,
    wrong: &mut Wrong,
) -> (Vec<String>, Vec<String>) {
    let is_for_all = given.switch("includeAllProjects", wrong);
    let named = given.texts("projects", wrong);
    let excluded = given.texts("excludedProjects", wrong);
    if let (Some(project), None) = (project, before) {
        return (vec![project.to_owned()], Vec::new());
    }
    let projects = match (is_for_all, named) {
        (Some(true), _) => Vec::new(),
        (_, Some(named)) => named,
        (_, None) => before.map(|before| before.projects.clone()).unwrap_or_default(),
    };
    let kept = before.filter(|_| !given.has("excludedProjects") && projects.is_empty());
    let kept = kept.map(|before| before.excluded_projects.clone());
    (projects, excluded.or(kept).unwrap_or_default())
}

/// Why a rule was not made, in Sentry's words.
pub fn refusal(not_made: NotMade, rule: &Definition) -> Refused {
    match not_made {
        NotMade::Bad(bad) => in_their_words(&bad, rule),
        NotMade::TooMany => {
            Refused::together("You may not exceed 1000 metric alerts per organization")
        }
        NotMade::NotSaved(_) => Problem::from(not_made).into(),
    }
}

fn in_their_words(bad: &BadRule, rule: &Definition) -> Refused {
    let BadRule { field, why } = bad;
    let side = match rule.fires {
        Side::Above => "above",
        Side::Below => "below",
    };
    let between = |name: &str, number: u32, most: u32| {
        let why = if number == 0 {
            "Ensure this value is greater than or equal to 1.".to_owned()
        } else {
            format!("Ensure this value is less than or equal to {most}.")
        };
        Refused::field(name, &why)
    };
    match field.as_str() {
        "name" if rule.name.chars().count() > NAME_LIMIT => {
            let why = format!("Ensure this field has no more than {NAME_LIMIT} characters.");
            Refused::field("name", &why)
        }
        "name" => Refused::field("name", "This field may not be blank."),
        "window_minutes" => between("timeWindow", rule.window_minutes, WINDOW_LIMIT),
        "periods" => between("thresholdPeriod", rule.periods, PERIODS_LIMIT),
        "compare_minutes_ago" => {
            let minutes = rule.compare_minutes_ago.unwrap_or_default();
            between("comparisonDelta", minutes, COMPARISON_LIMIT)
        }
        "critical.threshold" => Refused::together(&format!(
            "Critical trigger must have an alert threshold {side} warning trigger"
        )),
        "resolve_threshold" => {
            let label = if why.contains("warning") { LABELS[1] } else { LABELS[0] };
            Refused::together(&format!(
                "{label} alert threshold must be {side} resolution threshold"
            ))
        }
        "critical.actions" | "warning.actions" => Refused::field("targetIdentifier", why),
        "note" => Refused::field("description", why),
        "owner" | "owner_team" => Refused::field("owner", why),
        "excluded_projects" => Refused::field("excludedProjects", why),
        "measure.dataset" => Refused::field("dataset", why),
        "measure.unique" => Refused::field("aggregate", why),
        "measure.query" | "measure.filter" | "measure.matchers" => Refused::field("query", why),
        other => Refused::field(other, why),
    }
}

//! Names, cues and durations that several messages share.

use std::time::Duration;

use crate::ids::{ChannelId, IncidentTypeId, RoleId, SeverityId, StatusId, TimestampId, UserId};
use crate::incident::catalogue::{Catalogue, RoleKind, Severity, StampedWhen, StatusCategory};
use crate::incident::event::Absorbed;
use crate::incident::merge::Destination;
use crate::incident::state::{Incident, Visibility, reference};
use crate::incident::text::shorten;
use crate::slack::view::kit::line::{Line, visible};

/// The longest name of a severity, status or role that is shown.
const NAME_LIMIT: usize = 75;

/// What an incident is called where there is room for one line: `INC-1 Checkout is slow`.
pub fn title(incident: &Incident) -> String {
    format!("{} {}", incident.reference(), one_line(&incident.name, 200))
}

/// A coloured mark that says at a glance how things stand.
pub fn cue(incident: &Incident, catalogue: &Catalogue) -> &'static str {
    match incident.category {
        StatusCategory::Learning | StatusCategory::Closed => "✅",
        StatusCategory::Declined | StatusCategory::Merged | StatusCategory::Canceled => "⚪",
        StatusCategory::Triage | StatusCategory::Live | StatusCategory::Paused => {
            let severity = incident.severity.as_ref().and_then(|id| catalogue.severity(id));
            severity.map_or("⚪", |severity| severity_cue(severity, catalogue))
        }
    }
}

/// Red for the worst, yellow for the mildest, orange for what lies between.
pub fn severity_cue(severity: &Severity, catalogue: &Catalogue) -> &'static str {
    let worse = catalogue.severities.iter().any(|other| other.rank > severity.rank);
    let milder = catalogue.severities.iter().any(|other| other.rank < severity.rank);
    match (worse, milder) {
        (false, _) => "🔴",
        (true, true) => "🟠",
        (true, false) => "🟡",
    }
}

/// What people call this severity.
pub fn severity_name(id: Option<&SeverityId>, catalogue: &Catalogue) -> String {
    let Some(id) = id else { return "not set".to_owned() };
    name_or(catalogue.severity(id).map(|severity| severity.name.as_str()), "a severity of before")
}

/// What people call this status.
pub fn status_name(id: &StatusId, catalogue: &Catalogue) -> String {
    name_or(catalogue.status(id).map(|status| status.name.as_str()), "a status of before")
}

/// What people call this role.
pub fn role_name(id: &RoleId, catalogue: &Catalogue) -> String {
    name_or(catalogue.role(id).map(|role| role.name.as_str()), "a role of before")
}

/// What people call the type of an incident; nothing where there is only one, which says nothing.
pub fn type_name(incident: &Incident, catalogue: &Catalogue) -> Option<String> {
    let id = incident.incident_type.as_ref().filter(|_| catalogue.types.len() > 1)?;
    Some(type_called(id, catalogue))
}

/// What people call this type.
pub fn type_called(id: &IncidentTypeId, catalogue: &Catalogue) -> String {
    name_or(catalogue.incident_type(id).map(|kind| kind.name.as_str()), "a type of before")
}

/// What people call this timestamp.
pub fn timestamp_name(id: &TimestampId, catalogue: &Catalogue) -> String {
    name_or(catalogue.timestamp(id).map(|kind| kind.name.as_str()), "a timestamp of before")
}

/// Where an incident goes on: `INC-7 #inc-7-checkout`.
pub fn destination(into: &Destination) -> Line {
    with_channel(Line::new().bold(&into.reference()), into.channel.as_ref())
}

/// What was merged into another incident, as far as it may be named there.
pub fn absorbed(absorbed: &Absorbed) -> Line {
    match absorbed.number {
        Some(number) => {
            with_channel(Line::new().bold(&reference(number)), absorbed.channel.as_ref())
        }
        None => Line::of("a private incident"),
    }
}

fn with_channel(line: Line, channel: Option<&ChannelId>) -> Line {
    match channel {
        Some(channel) => line.text(" ").channel(channel),
        None => line,
    }
}

/// Whoever holds the lead.
pub fn lead<'a>(incident: &'a Incident, catalogue: &Catalogue) -> Option<&'a UserId> {
    incident.roles.get(&catalogue.lead().id)
}

/// A mention, or the word for nobody.
pub fn person_or(user: Option<&UserId>, nobody: &str) -> Line {
    user.map_or_else(|| Line::of(nobody), |user| Line::new().user(user))
}

/// Who holds which role, but for the lead and the reporter.
pub fn other_roles(incident: &Incident, catalogue: &Catalogue) -> Vec<Line> {
    let custom = catalogue.roles.iter().filter(|role| role.kind == RoleKind::Custom);
    let held = custom.filter_map(|role| Some((role, incident.roles.get(&role.id)?)));
    held.take(20)
        .map(|(role, user)| {
            Line::new().bold(&one_line(&role.name, NAME_LIMIT)).text(" ").user(user)
        })
        .collect()
}

/// Whether only those invited may know of it.
pub fn is_private(incident: &Incident) -> bool {
    incident.visibility == Visibility::Private
}

/// From the declaration to when it was over for those it hurt; nothing while it goes on.
pub fn took(incident: &Incident, catalogue: &Catalogue) -> Option<Duration> {
    if incident.category.is_active() {
        return None;
    }
    let reached = |category: StatusCategory| {
        let mut kinds = catalogue.timestamps.iter();
        let kind = kinds.find(|kind| kind.stamped_when == StampedWhen::Reaches(category))?;
        incident.timestamps.get(&kind.id).copied()
    };
    let over = reached(StatusCategory::Learning).or_else(|| reached(StatusCategory::Closed))?;
    Some(over.since(incident.declared_at))
}

/// `2 h 5 min`: the two largest units are enough for people.
pub fn duration(duration: Duration) -> String {
    let minutes = duration.as_secs() / 60;
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => "less than a minute".to_owned(),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (1, 0, _) => "1 day".to_owned(),
        (days, 0, _) => format!("{days} days"),
        (1, hours, _) => format!("1 day {hours} h"),
        (days, hours, _) => format!("{days} days {hours} h"),
    }
}

/// One line of at most so many characters.
pub fn one_line(text: &str, limit: usize) -> String {
    let line = visible(text).split_whitespace().collect::<Vec<_>>().join(" ");
    shorten(&line, limit)
}

fn name_or(name: Option<&str>, gone: &str) -> String {
    let name = one_line(name.unwrap_or_default(), NAME_LIMIT);
    if name.is_empty() { gone.to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_two_units() {
        for (minutes, said) in [
            (0, "less than a minute"),
            (59, "59 min"),
            (60, "1 h"),
            (125, "2 h 5 min"),
            (1_440, "1 day"),
            (1_500, "1 day 1 h"),
            (2_880, "2 days"),
            (4_385, "3 days 1 h"),
        ] {
            assert_eq!(duration(Duration::from_secs(minutes * 60)), said);
        }
    }
}

//! An incident.

use serde::Serialize;

use crate::api::incident_io::shape::Terms;
use crate::api::incident_io::shape::actor::Actor;
use crate::api::incident_io::shape::catalogue::{
    IncidentType, Role, Severity, Status, TimestampKind,
};
use crate::api::incident_io::shape::field::FieldEntry;
use crate::api::incident_io::shape::issue::ExternalIssue;
use crate::api::incident_io::shape::user::User;
use crate::clock::Timestamp;
use crate::ids::DocumentId;
use crate::incident::catalogue::StatusCategory;
use crate::incident::state::{self, Visibility};

/// An incident, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Incident {
    id: String,
    reference: String,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    summary: String,
    mode: &'static str,
    visibility: &'static str,
    incident_status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident_type: Option<IncidentType>,
    creator: Actor,
    incident_role_assignments: Vec<RoleAssignment>,
    custom_field_entries: Vec<FieldEntry>,
    duration_metrics: Vec<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_url: Option<String>,
    incident_timestamp_values: Vec<TimestampValue>,
    slack_channel_id: String,
    slack_team_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    slack_channel_url: Option<String>,
    /// Where people come together for it: its channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    permalink: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_issue_reference: Option<ExternalIssue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postmortem_document_url: Option<String>,
    postmortem_document_ids: Vec<DocumentId>,
    debriefs: Vec<Never>,
    has_debrief: bool,
    team_ids: Vec<Never>,
    created_at: Timestamp,
    updated_at: Timestamp,
    last_activity_at: Timestamp,
}

/// What there is none of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
enum Never {}

/// A role, and who holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoleAssignment {
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<User>,
}

/// How long the incident took from one point of its life to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Duration {
    duration_metric: Metric,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_seconds: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Metric {
    id: String,
    name: String,
}

/// A point in the incident's life, and when it was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimestampValue {
    incident_timestamp: TimestampKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<At>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct At {
    value: Timestamp,
}

impl Incident {
    /// The incident as this format shows it.
    pub fn show(incident: &state::Incident, terms: &Terms<'_>) -> Incident {
        let catalogue = terms.catalogue;
        let team = incident.slack_team.as_ref().map_or(terms.slack_team, |team| team.as_str());
        let channel = incident.channel.as_ref().map(ToString::to_string);
        let channel_url = channel
            .as_ref()
            .map(|channel| format!("https://slack.com/app_redirect?channel={channel}"));
        let papers = &incident.papers;
        Incident {
            id: incident.id.to_string(),
            reference: incident.reference(),
            name: incident.name.clone(),
            summary: incident.summary.clone(),
            mode: incident.mode.as_str(),
            visibility: visibility_word(incident.visibility),
            incident_status: Status::known(&incident.status, incident.category, terms),
            severity: incident
                .severity
                .as_ref()
                .and_then(|id| catalogue.severity(id))
                .map(Severity::from),
            incident_type: incident
                .incident_type
                .as_ref()
                .and_then(|id| catalogue.incident_type(id))
                .map(|kind| IncidentType::show(kind, catalogue)),
            creator: Actor::show(&incident.creator, terms),
            incident_role_assignments: role_assignments(incident, terms),
            custom_field_entries: field_entries(incident, terms),
            duration_metrics: durations(incident, terms),
            call_url: incident.call_url.clone(),
            incident_timestamp_values: timestamp_values(incident, terms),
            permalink: channel_url.clone(),
            slack_channel_url: channel_url,
            external_issue_reference: papers.issue.as_ref().and_then(ExternalIssue::show),
            postmortem_document_url: incident.main_document().and_then(|main| main.url.clone()),
            postmortem_document_ids: papers.documents.keys().cloned().collect(),
            debriefs: Vec::new(),
            has_debrief: false,
            slack_channel_id: channel.unwrap_or_default(),
            slack_team_id: team.to_owned(),
            team_ids: Vec::new(),
            created_at: incident.declared_at,
            updated_at: incident.updated_at,
            last_activity_at: incident.updated_at,
        }
    }
}

/// An incident, as part of other objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IncidentSlim {
    id: String,
    external_id: i64,
    reference: String,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    summary: String,
    visibility: &'static str,
    status_category: &'static str,
}

impl IncidentSlim {
    /// The incident as this format shows it.
    pub fn show(incident: &state::Incident) -> IncidentSlim {
        IncidentSlim {
            id: incident.id.to_string(),
            external_id: incident.number,
            reference: incident.reference(),
            name: incident.name.clone(),
            summary: incident.summary.clone(),
            visibility: visibility_word(incident.visibility),
            // Two parts of life have other words here than everywhere else.
            status_category: match incident.category {
                StatusCategory::Live => "active",
                StatusCategory::Learning => "post-incident",
                category => category.as_str(),
            },
        }
    }
}

/// This format's word for who may know of an incident.
pub fn visibility_word(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Private => "private",
    }
}

/// Every role of the workspace, whether or not somebody holds it.
fn role_assignments(incident: &state::Incident, terms: &Terms<'_>) -> Vec<RoleAssignment> {
    let roles = terms.catalogue.roles.iter();
    let assigned = roles.map(|role| RoleAssignment {
        role: Role::from(role),
        assignee: incident.roles.get(&role.id).map(|person| terms.people.show(person)),
    });
    assigned.collect()
}

/// Every field that there is, and those of before in which the incident says something.
fn field_entries(incident: &state::Incident, terms: &Terms<'_>) -> Vec<FieldEntry> {
    let present = terms.catalogue.fields.iter();
    let present = present.map(|field| FieldEntry::show(field, incident.fields.get(&field.id)));
    let removed = terms.catalogue.removed.fields.iter();
    let removed = removed.filter_map(|field| {
        let value = incident.fields.get(&field.id)?;
        Some(FieldEntry::show(field, Some(value)))
    });
    present.chain(removed).collect()
}

fn durations(incident: &state::Incident, terms: &Terms<'_>) -> Vec<Duration> {
    let metrics = terms.catalogue.durations.iter();
    let measured = metrics.map(|metric| {
        let measured = metric.measure(&incident.timestamps);
        Duration {
            duration_metric: Metric { id: metric.id.to_string(), name: metric.name.clone() },
            status: measured.as_str(),
            value_seconds: measured.seconds(),
        }
    });
    measured.collect()
}

fn timestamp_values(incident: &state::Incident, terms: &Terms<'_>) -> Vec<TimestampValue> {
    let kinds = terms.catalogue.timestamps.iter();
    let values = kinds.map(|kind| TimestampValue {
        incident_timestamp: TimestampKind::from(kind),
        value: incident.timestamps.get(&kind.id).map(|at| At { value: *at }),
    });
    values.collect()
}

//! What belongs to incidents elsewhere.

use serde::Serialize;

use crate::ids::{AttachmentId, IncidentId};
use crate::incident::papers::link::{self, FREE_LINK};

/// What can belong to an incident, as the format knows it.
pub const RESOURCE_TYPES: [&str; 18] = [
    "pager_duty_incident",
    "opsgenie_alert",
    "datadog_monitor_alert",
    "github_pull_request",
    "gitlab_merge_request",
    "sentry_issue",
    "jira_issue",
    "jsm_alert",
    "atlassian_statuspage_incident",
    "zendesk_ticket",
    "google_calendar_event",
    "outlook_calendar_event",
    "slack_file",
    "salesforce_case",
    "pylon_issue",
    FREE_LINK,
    "scrubbed",
    "statuspage_incident",
];

/// Something elsewhere that belongs to an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attachment {
    id: AttachmentId,
    incident_id: IncidentId,
    resource: Resource,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Resource {
    resource_type: &'static str,
    external_id: String,
    title: String,
    permalink: String,
}

impl Attachment {
    /// The attachment as this format shows it. What it has no word for is a link like any other.
    pub fn show(incident: &IncidentId, attachment: &link::Attachment) -> Attachment {
        let known = RESOURCE_TYPES.into_iter().find(|known| *known == attachment.resource_type);
        Attachment {
            id: attachment.id.clone(),
            incident_id: incident.clone(),
            resource: Resource {
                resource_type: known.unwrap_or(FREE_LINK),
                external_id: attachment.external_id.clone(),
                title: attachment.title.clone(),
                permalink: attachment.url.clone(),
            },
        }
    }
}

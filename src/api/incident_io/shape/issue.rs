//! Where something is tracked.

use serde::Serialize;

use crate::incident::papers::link;

/// Who tracks issues elsewhere, as the format knows them.
pub const PROVIDERS: [&str; 13] = [
    "asana",
    "azure_devops",
    "click_up",
    "freshservice",
    "linear",
    "jira",
    "salesforce",
    "jira_server",
    "github",
    "gitlab",
    "service_now",
    "shortcut",
    "notion",
];

/// An issue elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExternalIssue {
    provider: &'static str,
    issue_name: String,
    issue_permalink: String,
}

impl ExternalIssue {
    /// The issue as this format shows it. One of somebody whom the format has no word for is left out:
    /// clients know no other.
    pub fn show(issue: &link::ExternalIssue) -> Option<ExternalIssue> {
        let provider = PROVIDERS.into_iter().find(|known| *known == issue.provider)?;
        let (issue_name, issue_permalink) = (issue.name.clone(), issue.url.clone());
        Some(ExternalIssue { provider, issue_name, issue_permalink })
    }
}

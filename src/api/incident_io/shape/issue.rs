//! Where something is tracked elsewhere.

use serde::Serialize;

use crate::incident::papers::link;
use crate::incident::papers::tracker::Tracker;

/// An issue in a system that tracks them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExternalIssue {
    provider: &'static str,
    issue_name: String,
    issue_permalink: String,
}

impl ExternalIssue {
    /// The issue as this format shows it. One of a provider that the format has no word for is left
    /// out: clients know no other.
    pub fn show(issue: &link::ExternalIssue) -> Option<ExternalIssue> {
        let link::ExternalIssue { provider, name, url } = issue;
        Some(ExternalIssue {
            provider: Tracker::parse(provider)?.as_str(),
            issue_name: name.clone(),
            issue_permalink: url.clone(),
        })
    }
}

//! Where incidents are tracked.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use crate::api::incident_io::body::Body;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::incidents::Wanted;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts};
use crate::api::incident_io::order;
use crate::app::App;
use crate::incident::command::Command;
use crate::incident::papers::Paperwork;
use crate::incident::papers::link::ExternalIssue;
use crate::incident::papers::tracker::{Tracker, issue_of};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![posts("/v2/incidents/{id}/actions/connect_external_issue", connect)]
}

/// What this format calls fields of ours.
const NAMES: [(&str, &str); 2] = [("issue", "url"), ("name", "url")];

#[derive(Debug, Deserialize)]
struct Connect {
    /// What the issue is to be written by. Nothing is written into issues here.
    #[serde(rename = "issue_template_id")]
    _template: String,
    provider: String,
    url: String,
    #[serde(default)]
    replace: bool,
}

async fn connect(
    State(app): State<App>,
    key: Key,
    Wanted(target): Wanted,
    Body(Connect { provider, url, replace, .. }): Body<Connect>,
) -> Result<StatusCode, Failure> {
    let issue = issue(&provider, &url)?;
    let command = Command::Paperwork(Paperwork::ConnectIssue { issue, replace });
    let done = order::give(&app, &key, None, target, command).await;
    order::unless_so(done).map_err(|it| Failure::from(it).in_terms_of(&NAMES))?;
    Ok(StatusCode::NO_CONTENT)
}

/// The issue at this address, of a provider that the format has a word for.
pub fn issue(provider: &str, url: &str) -> Result<ExternalIssue, Failure> {
    let tracker = Tracker::parse(provider).ok_or_else(|| {
        let known = Tracker::ALL.map(Tracker::as_str).join(", ");
        Failure::invalid("provider", format!("A provider is one of {known}."))
    })?;
    issue_of(tracker, url.trim()).ok_or_else(|| {
        Failure::invalid("url", format!("This is no address of an issue of {provider}."))
    })
}

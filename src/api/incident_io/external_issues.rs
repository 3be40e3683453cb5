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
use crate::api::incident_io::shape::issue::PROVIDERS;
use crate::app::App;
use crate::incident::command::Command;
use crate::incident::papers::Paperwork;
use crate::incident::papers::link::{ExternalIssue, name_of_issue};

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
    if !PROVIDERS.contains(&provider.as_str()) {
        let message = format!("A provider is one of {}.", PROVIDERS.join(", "));
        return Err(Failure::invalid("provider", message));
    }
    let issue = ExternalIssue { provider, name: name_of_issue(&url), url };
    let command = Command::Paperwork(Paperwork::ConnectIssue { issue, replace });
    let done = order::give(&app, &key, None, target, command).await;
    order::unless_so(done).map_err(|it| Failure::from(it).in_terms_of(&NAMES))?;
    Ok(StatusCode::NO_CONTENT)
}

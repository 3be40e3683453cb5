//! GitHub's webhooks: what was deployed, pushed or released. These are changes, not alerts.
//!
//! GitHub does not repeat a delivery by itself, so everything that has its signature is accepted;
//! events that are no change mean nothing here.

use axum::Json;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::alert::observation::ChangeEvent;
use crate::ingest::knock::{Knock, Trouble, from_json};
use crate::ingest::values::{self, member};

/// What has become of a request.
enum Taken {
    Ping,
    Change,
    Nothing,
}

/// Takes a request.
pub async fn receive(knock: Knock) -> Response {
    let (status, message) = match take(&knock).await {
        Ok(Taken::Ping) => (StatusCode::OK, "pong"),
        Ok(Taken::Change) => (StatusCode::ACCEPTED, "accepted"),
        Ok(Taken::Nothing) => (StatusCode::ACCEPTED, "nothing to keep"),
        Err(trouble) => return refuse(trouble),
    };
    (status, Json(json!({"message": message}))).into_response()
}

/// Says why a request went no further.
pub fn refuse(trouble: Trouble) -> Response {
    trouble.answer(trouble.status(), json!({"message": trouble.message()}))
}

async fn take(knock: &Knock) -> Result<Taken, Trouble> {
    let signature =
        knock.header("x-hub-signature-256").and_then(|value| value.strip_prefix("sha256="));
    if !signature.is_some_and(|signature| knock.is_signed(&[&knock.body], signature)) {
        return Err(Trouble::Unproven);
    }
    if !knock.path().is_empty() {
        return Err(Trouble::NotThere);
    }
    if knock.method != Method::POST {
        return Err(Trouble::WrongMethod);
    }
    let Some(event) = knock.header("x-github-event") else {
        return Err(Trouble::Unreadable("The header X-GitHub-Event is missing.".to_owned()));
    };
    if event == "ping" {
        return Ok(Taken::Ping);
    }
    let payload = payload(knock.header(header::CONTENT_TYPE.as_str()), &knock.body)?;
    let Some(change) = read(event, &payload).map_err(Trouble::Unreadable)? else {
        return Ok(Taken::Nothing);
    };
    let delivery = knock.header("x-github-delivery").map(values::delivery);
    let changes = vec![values::change_within_limits(change)];
    knock.take(Vec::new(), changes, delivery.as_deref()).await?;
    Ok(Taken::Change)
}

/// The payload: JSON, or a form with JSON in it.
fn payload(kind: Option<&str>, body: &[u8]) -> Result<Value, Trouble> {
    let is_form =
        kind.is_some_and(|kind| kind.trim().starts_with("application/x-www-form-urlencoded"));
    if !is_form {
        return from_json(body);
    }
    let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(body)
        .map_err(|error| Trouble::Unreadable(format!("The form can't be read: {error}.")))?;
    let payload = fields.into_iter().find(|(name, _)| name == "payload");
    let (_, payload) = payload
        .ok_or_else(|| Trouble::Unreadable("The form has no field `payload`.".to_owned()))?;
    from_json(payload.as_bytes())
}

/// What an event says was changed; nothing if it is about something else.
fn read(event: &str, payload: &Value) -> Result<Option<ChangeEvent>, String> {
    if !matches!(event, "deployment" | "deployment_status" | "push" | "release" | "workflow_run") {
        return Ok(None);
    }
    let repository =
        member(&payload["repository"], "full_name").ok_or("`repository.full_name` is missing.")?;
    let change = match event {
        "deployment" => deployment(&repository, payload, None)?,
        "deployment_status" => {
            deployment(&repository, payload, Some(&payload["deployment_status"]))?
        }
        "push" => return Ok(push(&repository, payload)),
        "release" => return release(&repository, payload),
        _ => workflow_run(&repository, payload)?,
    };
    Ok(Some(change))
}

/// A change in a repository.
fn change(repository: &str, key: &[&str], summary: String) -> ChangeEvent {
    ChangeEvent {
        key: key.join("/"),
        summary,
        state: None,
        labels: [("repository".to_owned(), repository.to_owned())].into(),
        links: Vec::new(),
        at: None,
    }
}

/// A deployment, or where it stands now: one change.
fn deployment(
    repository: &str,
    payload: &Value,
    status: Option<&Value>,
) -> Result<ChangeEvent, String> {
    let deployment = &payload["deployment"];
    let id = member(deployment, "id").ok_or("`deployment.id` is missing.")?;
    let version =
        member(deployment, "ref").or_else(|| member(deployment, "sha")).unwrap_or_default();
    let environment = status.and_then(|status| member(status, "environment"));
    let environment = environment.or_else(|| member(deployment, "environment"));
    let place = environment.as_ref().map(|environment| format!(" to {environment}"));
    let summary = format!("{repository}: {version} deployed{}", place.unwrap_or_default());
    let mut change = change(repository, &["deployment", &id], summary);
    values::put(&mut change.labels, "environment", environment);
    for name in ["ref", "sha", "task"] {
        values::put(&mut change.labels, name, member(deployment, name));
    }
    values::put(&mut change.labels, "creator", member(&deployment["creator"], "login"));
    let address = status
        .and_then(|status| values::first(status, &["log_url", "target_url", "environment_url"]));
    let address = address
        .or_else(|| Some(format!("{}/deployments", member(&payload["repository"], "html_url")?)));
    change.links = values::only_link(address, "Deployment");
    match status {
        Some(status) => {
            change.state =
                Some(member(status, "state").ok_or("`deployment_status.state` is missing.")?);
            change.at = values::time(&status["created_at"]);
        }
        None => change.at = values::time(&deployment["created_at"]),
    }
    Ok(change)
}

/// Commits on a branch, or a tag. A branch or tag that was deleted is no change of what runs.
fn push(repository: &str, payload: &Value) -> Option<ChangeEvent> {
    let (reference, after) = (member(payload, "ref")?, member(payload, "after")?);
    if payload["deleted"] == true {
        return None;
    }
    let branch =
        reference.strip_prefix("refs/heads/").or_else(|| reference.strip_prefix("refs/tags/"));
    let branch = branch.unwrap_or(&reference).to_owned();
    let head = &payload["head_commit"];
    let message = member(head, "message").unwrap_or_default();
    let message = message.lines().next().unwrap_or_default();
    let count = payload["commits"].as_array().map_or(0, Vec::len);
    let commits = match count {
        0 => String::new(),
        1 => ", 1 commit".to_owned(),
        count => format!(", {count} commits"),
    };
    let about = if message.is_empty() { String::new() } else { format!(": {message}") };
    let summary = format!("{repository}: pushed to {branch}{commits}{about}");
    let mut change = change(repository, &["push", repository, &reference, &after], summary);
    values::put(&mut change.labels, "ref", Some(branch));
    values::put(&mut change.labels, "sha", Some(after));
    values::put(&mut change.labels, "creator", member(&payload["pusher"], "name"));
    change.links = values::only_link(
        values::first(payload, &["compare"]).or_else(|| member(head, "url")),
        "Commits",
    );
    change.at = values::time(&head["timestamp"]);
    Some(change)
}

fn release(repository: &str, payload: &Value) -> Result<Option<ChangeEvent>, String> {
    let action = member(payload, "action").ok_or("`action` is missing.")?;
    // Drafts and edits change nothing that runs.
    if !matches!(
        action.as_str(),
        "published" | "released" | "prereleased" | "unpublished" | "deleted"
    ) {
        return Ok(None);
    }
    let release = &payload["release"];
    let id = member(release, "id").ok_or("`release.id` is missing.")?;
    let tag = member(release, "tag_name").unwrap_or_default();
    let name = member(release, "name").filter(|name| *name != tag);
    let name = name.map(|name| format!(" \u{201c}{name}\u{201d}")).unwrap_or_default();
    let mut change =
        change(repository, &["release", &id], format!("{repository}: release {tag}{name}"));
    change.state = Some(action);
    values::put(&mut change.labels, "ref", Some(tag).filter(|tag| !tag.is_empty()));
    values::put(&mut change.labels, "creator", member(&release["author"], "login"));
    change.links = values::only_link(member(release, "html_url"), "Release");
    change.at = values::time(&release["published_at"]);
    Ok(Some(change))
}

fn workflow_run(repository: &str, payload: &Value) -> Result<ChangeEvent, String> {
    let run = &payload["workflow_run"];
    let id = member(run, "id").ok_or("`workflow_run.id` is missing.")?;
    let name =
        values::first(run, &["name", "display_title"]).unwrap_or_else(|| "workflow".to_owned());
    let branch =
        member(run, "head_branch").map(|branch| format!(" on {branch}")).unwrap_or_default();
    let number = member(run, "run_number").map(|number| format!(" #{number}")).unwrap_or_default();
    let summary = format!("{repository}: {name}{number}{branch}");
    let mut change = change(repository, &["workflow_run", &id], summary);
    change.state = member(run, "conclusion").or_else(|| member(run, "status"));
    for (label, name) in [("ref", "head_branch"), ("sha", "head_sha"), ("event", "event")] {
        values::put(&mut change.labels, label, member(run, name));
    }
    values::put(&mut change.labels, "creator", member(&run["actor"], "login"));
    change.links = values::only_link(member(run, "html_url"), "Run");
    change.at = values::time(&run["updated_at"]);
    Ok(change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    fn payload_of(members: Value) -> Value {
        let mut payload =
            json!({"repository": {"full_name": "o/r", "html_url": "https://github.example/o/r"}});
        payload.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        payload
    }

    #[test]
    fn a_deployment_and_where_it_stands_are_one_change() {
        let deployment = json!({
            "id": 145_988_746, "sha": "f95f852b", "ref": "master", "task": "deploy", "environment": "production",
            "creator": {"login": "octocat"}, "created_at": "2019-05-15T15:20:53Z", "payload": {},
        });
        let started =
            read("deployment", &payload_of(json!({"action": "created", "deployment": deployment})));
        let started = started.unwrap().unwrap();
        assert_eq!(started.key, "deployment/145988746");
        assert_eq!(started.summary, "o/r: master deployed to production");
        assert_eq!((started.state, started.labels["creator"].as_str()), (None, "octocat"));
        assert_eq!(started.links[0].href, "https://github.example/o/r/deployments");
        assert_eq!(started.at, Some(Timestamp::from_micros(1_557_933_653_000_000)));
        let status =
            json!({"state": "success", "target_url": "", "created_at": "2019-05-15T15:20:55Z"});
        let payload = payload_of(json!({"deployment": deployment, "deployment_status": status}));
        let done = read("deployment_status", &payload).unwrap().unwrap();
        assert_eq!((done.key, done.state.as_deref()), (started.key, Some("success")));
        assert!(done.at > started.at);
    }

    #[test]
    fn pushes_releases_and_runs_are_changes() {
        let push = json!({
            "ref": "refs/heads/main", "after": "abc", "commits": [{}, {}], "pusher": {"name": "octocat"},
            "compare": "https://github.example/o/r/compare/a...b",
            "head_commit": {"message": "Fix it\n\nReally", "timestamp": "2019-05-15T15:20:55+02:00"},
        });
        let change = read("push", &payload_of(push)).unwrap().unwrap();
        assert_eq!(change.summary, "o/r: pushed to main, 2 commits: Fix it");
        assert_eq!(change.labels["ref"], "main");
        let gone = json!({"ref": "refs/heads/main", "after": "0000", "deleted": true});
        assert_eq!(read("push", &payload_of(gone)), Ok(None));
        let release = |action: &str| {
            let release =
                json!({"action": action, "release": {"id": 7, "tag_name": "v1", "name": "One"}});
            read("release", &payload_of(release)).unwrap()
        };
        assert_eq!(release("published").unwrap().summary, "o/r: release v1 \u{201c}One\u{201d}");
        assert_eq!(release("edited"), None);
        let run = json!({"workflow_run": {
            "id": 9, "name": "CI", "run_number": 3, "head_branch": "main", "status": "completed", "conclusion": "failure",
        }});
        let change = read("workflow_run", &payload_of(run)).unwrap().unwrap();
        assert_eq!(
            (change.summary.as_str(), change.state.as_deref()),
            ("o/r: CI #3 on main", Some("failure"))
        );
    }

    #[test]
    fn other_events_are_let_be_and_broken_ones_named() {
        assert_eq!(read("star", &json!([])), Ok(None));
        for (event, payload, expected) in [
            ("deployment", json!({}), "repository.full_name"),
            ("deployment", payload_of(json!({"deployment": {}})), "deployment.id"),
            (
                "deployment_status",
                payload_of(json!({"deployment": {"id": 1}})),
                "deployment_status.state",
            ),
            ("release", payload_of(json!({})), "action"),
            ("workflow_run", payload_of(json!({"workflow_run": 7})), "workflow_run.id"),
        ] {
            let error = read(event, &payload).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_form_holds_the_same_payload() {
        let form = Some("application/x-www-form-urlencoded; charset=utf-8");
        let read = payload(form, b"payload=%7B%22zen%22%3A%22ok%22%7D").unwrap();
        assert_eq!(read, payload(Some("application/json"), br#"{"zen":"ok"}"#).unwrap());
        for bad in [&b"other=1"[..], b"payload=%7B", b"payload=%ff", b""] {
            assert!(matches!(payload(form, bad), Err(Trouble::Unreadable(_))), "{bad:?}");
        }
    }
}

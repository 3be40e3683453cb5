//! The columns: what is changed, and how each door says it.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::house::{House, TAG};
use super::truth::{Stage, Truth};
use crate::bot::{ALICE, BOB, GENERAL};

/// Where an incident can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    Slack,
    Native,
    IncidentIo,
    Sentry,
    Bigpanda,
}

impl Door {
    /// All of them, in the order of the table's columns.
    pub const ALL: [Door; 5] =
        [Door::Slack, Door::Native, Door::IncidentIo, Door::Sentry, Door::Bigpanda];
}

/// What can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Title,
    Summary,
    Severity,
    Lead,
    Comment,
    Update,
    Snooze,
    Wake,
    Tag,
    Untag,
    Status,
    NoLead,
    Resolve,
    Close,
    Reopen,
}

const TITLE: &str = "Nobody can pay";
const SUMMARY: &str = "Payments time out.";
const COMMENT: &str = "Looking at the database";
const UPDATE: &str = "The disk is full";
const TAGGED: &str = "payments";
/// For how long its alerts are quiet.
const QUIET: Duration = Duration::from_secs(3_600);
/// A program may ask BigPanda's API five times a second.
const TURN: Duration = Duration::from_millis(200);

impl Change {
    /// What is said with it, where the door has a place for words.
    fn words(self, door: Door) -> Option<&'static str> {
        match (self, door) {
            (Change::Comment, _) => Some(COMMENT),
            (Change::Update, _) => Some(UPDATE),
            (_, Door::IncidentIo) => None,
            (Change::Resolve, _) => Some("It works again"),
            (Change::Close, _) => Some("Written up"),
            (Change::Reopen, _) => Some("It came back"),
            _ => None,
        }
    }

    /// What the incident's channel hears of it, in Stentor's own words; nothing if it hears nothing.
    fn heard(self, door: Door) -> Option<&'static str> {
        match (self, door) {
            // A program of incident.io's says whether the channel is to be told; ours wants it.
            (Change::Title, Door::IncidentIo) => Some("renamed it"),
            (Change::Summary, Door::IncidentIo) => Some("wrote the summary"),
            (Change::Severity, _) => Some("Major"),
            (Change::Lead, _) => Some("Incident Lead"),
            (Change::Update, _) => Some(UPDATE),
            (Change::Snooze, _) => Some("Alerts are quiet until"),
            (Change::Wake, _) => Some("The snooze has ended"),
            (Change::Status, _) => Some("Fixing"),
            (Change::NoLead, _) => Some("nobody is"),
            (Change::Resolve, _) => Some("Documenting"),
            (Change::Close, _) => Some("Closed"),
            (Change::Reopen, _) => Some("Investigating"),
            (Change::Title | Change::Summary, _)
            | (Change::Comment | Change::Tag | Change::Untag, _) => None,
        }
    }
}

impl House {
    /// Something is changed through a door, everything that follows has happened, and the channel has
    /// heard what it should.
    pub async fn changes(&self, door: Door, change: Change, truth: &mut Truth) {
        self.bot.clock.advance(TURN);
        let at = self.bot.clock.now();
        let before = self.said_in_channel(truth).await.len();
        match door {
            Door::Slack => self.in_slack_changes(change, truth.number).await,
            Door::Native => self.natively_changes(change, truth.number).await,
            Door::IncidentIo => self.in_their_format_changes(change, truth.number).await,
            Door::Sentry => self.in_sentrys_format_changes(change, truth.number).await,
            Door::Bigpanda => self.in_bigpandas_format_changes(change, truth.number).await,
        }
        self.bot.settle().await;
        truth.said.extend(change.words(door).map(str::to_owned));
        match change {
            Change::Title => truth.title = TITLE.to_owned(),
            Change::Summary => truth.summary = SUMMARY.to_owned(),
            Change::Severity => truth.severity = "Major",
            Change::Lead => truth.lead = Some(BOB),
            Change::Comment | Change::Update => {}
            Change::Snooze => truth.snoozed_until = Some(at.plus(QUIET)),
            Change::Wake => truth.snoozed_until = None,
            Change::Tag => truth.tag = Some(TAGGED),
            Change::Untag => truth.tag = None,
            Change::Status => truth.moves_to(Stage::Fixing, at),
            Change::NoLead => truth.lead = None,
            Change::Resolve => truth.moves_to(Stage::Documenting, at),
            Change::Close => truth.moves_to(Stage::Closed, at),
            Change::Reopen => truth.moves_to(Stage::Investigating, at),
        }
        // Whoever resolves there resolves the alerts; elsewhere they are over when their senders say so.
        if (door, change) == (Door::Bigpanda, Change::Resolve) {
            truth.fires = truth.fires.map(|_| false);
        }
        let step = format!("{door:?}: {change:?}");
        let news = self.said_in_channel(truth).await.split_off(before);
        match change.heard(door) {
            Some(words) => {
                let count = news.iter().filter(|post| post.contains(words)).count();
                assert_eq!(count, 1, "{step}: the channel hears {words:?} once: {news:?}");
            }
            None => assert_eq!(news, [""; 0], "{step}: the channel hears nothing"),
        }
        self.skims_whispers();
    }

    /// Everything that Stentor has said in the incident's channel.
    async fn said_in_channel(&self, truth: &Truth) -> Vec<String> {
        let incident = self.bot.incident(truth.number).await;
        let channel = incident.channel.as_ref().unwrap().as_str();
        self.bot.skims(channel);
        self.bot.messages(channel).into_iter().map(|message| message.text).collect()
    }

    async fn in_slack_changes(&self, change: Change, number: i64) {
        let words = change.words(Door::Slack).unwrap_or_default();
        let typed = match change {
            Change::Title => format!("rename {TITLE}"),
            Change::Summary => format!("summary {SUMMARY}"),
            Change::Severity => "severity major".to_owned(),
            Change::Lead => "lead @bob".to_owned(),
            Change::Comment => format!("note {words}"),
            Change::Update => format!("update {words}"),
            Change::Snooze => "snooze 1h".to_owned(),
            Change::Wake => "unsnooze".to_owned(),
            Change::Tag => format!("tag {TAG} {TAGGED}"),
            Change::Untag => format!("untag {TAG}"),
            Change::Status => "status fixing".to_owned(),
            Change::NoLead => "lead none".to_owned(),
            Change::Resolve => format!("resolve {words}"),
            Change::Close => format!("close {words}"),
            Change::Reopen => format!("reopen {words}"),
        };
        let said = self.bot.says(ALICE, GENERAL, &format!("INC-{number} {typed}")).await;
        assert!(said.contains(&format!("INC-{number}")), "{typed}: {said}");
    }

    async fn natively_changes(&self, change: Change, number: i64) {
        let words = change.words(Door::Native);
        let command = match change {
            Change::Title => json!({"type": "rename", "name": TITLE}),
            Change::Summary => json!({"type": "summary", "summary": SUMMARY}),
            Change::Severity => json!({"type": "severity", "severity": "major"}),
            Change::Lead => json!({"type": "role", "role": "lead", "person": BOB}),
            Change::Comment => json!({"type": "note", "text": words}),
            Change::Update => json!({"type": "update", "message": words}),
            Change::Snooze => json!({"type": "snooze", "minutes": 60}),
            Change::Wake => json!({"type": "unsnooze"}),
            Change::Tag => json!({"type": "tag", "tag": TAG, "value": TAGGED}),
            Change::Untag => json!({"type": "untag", "tag": TAG}),
            Change::Status => json!({"type": "status", "status": "fixing"}),
            Change::NoLead => json!({"type": "role", "role": "lead"}),
            Change::Resolve => json!({"type": "resolve", "message": words}),
            Change::Close => json!({"type": "close", "message": words}),
            Change::Reopen => json!({"type": "reopen", "message": words}),
        };
        let path = format!("/api/v1/incidents/{number}/commands");
        self.does(Method::POST, &path, Some(&command)).await;
    }

    /// Updates are made; everything else is edited.
    async fn in_their_format_changes(&self, change: Change, number: i64) {
        if change != Change::Update {
            return self.edits(change, number).await;
        }
        let update = json!({
            "idempotency_key": format!("update-{number}"), "incident_id": number.to_string(),
            "message": change.words(Door::IncidentIo),
        });
        self.does(Method::POST, "/incident-io/v2/incident_updates", Some(&update)).await;
    }

    async fn edits(&self, change: Change, number: i64) {
        let lead = async |assignee: Value| {
            let roles = self.gets("/incident-io/v2/incident_roles").await;
            let mut roles = roles["incident_roles"].as_array().unwrap().iter();
            let lead = roles.find(|role| role["role_type"] == "lead").unwrap();
            let mut assignment = json!({"incident_role_id": lead["id"]});
            if !assignee.is_null() {
                assignment["assignee"] = assignee;
            }
            json!({"incident_role_assignments": [assignment]})
        };
        let status = async |stage: Stage| {
            let all = self.gets("/incident-io/v1/incident_statuses").await;
            let mut all = all["incident_statuses"].as_array().unwrap().iter();
            let status = all.find(|status| status["name"] == stage.name()).unwrap();
            json!({"incident_status_id": status["id"]})
        };
        let incident = match change {
            Change::Title => json!({"name": TITLE}),
            Change::Summary => json!({"summary": SUMMARY}),
            Change::Severity => json!({"severity_id": self.severity("Major").await}),
            Change::Lead => lead(json!({"slack_user_id": BOB})).await,
            Change::NoLead => lead(Value::Null).await,
            Change::Status => status(Stage::Fixing).await,
            Change::Resolve => status(Stage::Documenting).await,
            Change::Close => status(Stage::Closed).await,
            other => panic!("incident.io's format has no {other:?}"),
        };
        let edit = json!({"incident": incident, "notify_incident_channel": true});
        let path = format!("/incident-io/v2/incidents/{number}/actions/edit");
        self.does(Method::POST, &path, Some(&edit)).await;
    }

    async fn in_sentrys_format_changes(&self, change: Change, number: i64) {
        let path = format!("/sentry/api/0/organizations/default/incidents/{number}/");
        let words = change.words(Door::Sentry);
        match change {
            Change::Comment => {
                let path = format!("{path}comments/");
                self.does(Method::POST, &path, Some(&json!({"comment": words}))).await;
            }
            Change::Close => {
                let body = json!({"status": 2, "comment": words});
                self.does(Method::PUT, &path, Some(&body)).await;
            }
            other => panic!("Sentry's format has no {other:?}"),
        }
    }

    async fn in_bigpandas_format_changes(&self, change: Change, number: i64) {
        let path = format!("/bigpanda/resources/v2.0/environments/all/incidents/{number}");
        let words = change.words(Door::Bigpanda);
        let until = self.bot.clock.now().plus(QUIET).as_seconds();
        let (method, rest, body) = match change {
            Change::Lead => (Method::PUT, "assignment", Some(json!({"assignee": BOB}))),
            Change::NoLead => (Method::DELETE, "assignment", None),
            Change::Comment => (Method::POST, "comments", Some(json!({"comment": words}))),
            Change::Snooze => (Method::PUT, "snooze", Some(json!({"end_time": until}))),
            Change::Wake => (Method::DELETE, "snooze", None),
            Change::Tag => (Method::POST, "tags/team", Some(json!({"tag_value": TAGGED}))),
            Change::Untag => (Method::DELETE, "tags/team", None),
            Change::Resolve => (Method::POST, "resolve", Some(json!({"comments": words}))),
            other => panic!("BigPanda's format has no {other:?}"),
        };
        self.does(method, &format!("{path}/{rest}"), body.as_ref()).await;
    }
}

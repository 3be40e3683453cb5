//! What each door has to say of what is so, and what it does say: both in one shape, to be compared.

use serde_json::{Value, json};
use stentor::clock::Timestamp;

use super::house::House;
use super::truth::Truth;

impl House {
    /// Every door says what is so.
    pub async fn asks_everywhere(&self, truth: &Truth, step: &str) {
        // Each asks BigPanda's API again.
        self.bot.clock.advance(std::time::Duration::from_millis(200));
        let native = self.native(truth.number).await;
        assert_eq!(native, should::native(truth), "{step}: the native API");
        assert_eq!(
            self.incident_io(truth.number).await,
            should::incident_io(truth),
            "{step}: incident.io"
        );
        assert_eq!(self.sentry(truth.number).await, should::sentry(truth), "{step}: Sentry");
        assert_eq!(self.telmai(truth.number).await, should::telmai(truth), "{step}: Telmai");
        assert_eq!(self.bigpanda(truth.number).await, should::bigpanda(truth), "{step}: BigPanda");
        self.points_of_its_life_agree(truth.number, step).await;
        self.asks_in_slack(truth, step).await;
    }

    async fn native(&self, number: i64) -> Value {
        let shown = self.gets(&format!("/api/v1/incidents/{number}")).await;
        let timeline = format!("/api/v1/incidents/{number}/timeline?limit=200");
        let timeline = self.gets(&timeline).await;
        let entries = timeline["entries"].as_array().unwrap().iter();
        let said = entries.filter_map(|entry| {
            let event = &entry["event"];
            match event["type"].as_str().unwrap() {
                "note_added" => Some(event["text"].clone()),
                "update_posted" | "status_changed" => Some(event["message"].clone()),
                _ => None,
            }
        });
        let lead = pick(&shown["roles"], "name", "Incident Lead");
        json!({
            "title": shown["name"], "summary": shown["summary"], "severity": shown["severity"]["name"],
            "status": shown["status"]["name"], "lead": lead["person"],
            "said": said.filter(|said| !said.is_null()).collect::<Vec<_>>(),
            "tag": pick(&shown["tags"], "name", "team")["values"][0],
            "snoozed_until": seconds(&shown["snooze"]["until"]),
            "declared_at": seconds(&shown["declared_at"]), "ended_at": seconds(&shown["ended_at"]),
        })
    }

    async fn incident_io(&self, number: i64) -> Value {
        let shown = self.gets(&format!("/incident-io/v2/incidents/{number}")).await;
        let shown = &shown["incident"];
        let mut assignments = shown["incident_role_assignments"].as_array().unwrap().iter();
        let lead = assignments.find(|one| one["role"]["role_type"] == "lead").unwrap();
        let path =
            format!("/incident-io/v2/incident_timeline_items?incident_id={number}&page_size=250");
        let items = self.gets(&path).await;
        let items = items["incident_timeline_items"].as_array().unwrap().iter();
        // What was said with the declaration is the summary of then.
        let later = items.filter(|item| !item["title"].as_str().unwrap().starts_with("Declared: "));
        let said: Vec<&Value> = later.filter_map(|item| item.get("description")).collect();
        json!({
            "title": shown["name"], "summary": shown["summary"], "severity": shown["severity"]["name"],
            "status": shown["incident_status"]["name"], "category": shown["incident_status"]["category"],
            "lead": lead["assignee"]["slack_user_id"], "said": said,
            "declared_at": seconds(&shown["created_at"]),
        })
    }

    async fn sentry(&self, number: i64) -> Value {
        let path = format!("/sentry/api/0/organizations/default/incidents/{number}/");
        let shown = self.gets(&path).await;
        let activities = self.gets(&format!("{path}activity/?desc=0")).await;
        let comments = activities.as_array().unwrap().iter().map(|one| one["comment"].clone());
        json!({
            "title": shown["title"], "status": shown["status"],
            "said": comments.filter(|comment| !comment.is_null()).collect::<Vec<_>>(),
            "found_at": seconds(&shown["dateDetected"]), "declared_at": seconds(&shown["dateCreated"]),
            "ended_at": seconds(&shown["dateClosed"]),
        })
    }

    async fn telmai(&self, number: i64) -> Value {
        let shown = self.gets(&format!("/telmai/api/backend/default/incidents/{number}")).await;
        let all = self.gets("/telmai/api/backend/default/incidents").await;
        let mut all = all.as_array().unwrap().iter();
        let listed = all.find(|one| one["id"] == number).unwrap();
        for (key, value) in shown.as_object().unwrap() {
            if !["metrics", "history", "last_upload_timestamp"].contains(&key.as_str()) {
                assert_eq!(*value, listed[key], "{key}");
            }
        }
        let state = &shown["history"].as_array().unwrap().last().unwrap()["state"];
        json!({
            "description": listed["description"], "status": listed["status"], "severity": listed["severity"],
            "is_over": *state == "RESOLVED", "declared_at": seconds(&listed["created_time"]),
        })
    }

    async fn bigpanda(&self, number: i64) -> Value {
        let resources = "/bigpanda/resources/v2.0";
        let shown = self.gets(&format!("{resources}/environments/all/incidents/{number}")).await;
        let activities = format!("{resources}/incidents/{number}/activities?per_page=100");
        let activities = self.gets(&activities).await;
        let said = activities.as_array().unwrap().iter().rev().filter_map(|one| {
            let params = &one["params"];
            let said = params.get("comment").or(params.get("annotation"));
            said.cloned()
        });
        json!({
            "status": shown["status"], "active": shown["active"], "lead": shown["assignee"]["user_id"],
            "said": said.collect::<Vec<_>>(), "snooze": shown["snooze"],
            "tag": pick(&shown["incident_tags"], "name", "team")["value"],
            "start": shown["start"], "end": shown["end"],
        })
    }

    /// When it reached which point of its life is said by two of them, and it is the same.
    async fn points_of_its_life_agree(&self, number: i64, step: &str) {
        let native = self.gets(&format!("/api/v1/incidents/{number}")).await;
        let theirs = self.gets(&format!("/incident-io/v2/incidents/{number}")).await;
        let native = native["timestamps"].as_array().unwrap().iter();
        let native: Vec<Value> = native.map(|one| json!([one["name"], one["at"]])).collect();
        let theirs = theirs["incident"]["incident_timestamp_values"].as_array().unwrap().iter();
        let reached = theirs.filter(|one| one.get("value").is_some());
        let theirs: Vec<Value> = reached
            .map(|one| json!([one["incident_timestamp"]["name"], one["value"]["value"]]))
            .collect();
        assert_eq!(native, theirs, "{step}");
    }
}

/// The member of a list whose `key` is this; null if there is none.
fn pick(list: &Value, key: &str, value: &str) -> Value {
    let found = list.as_array().unwrap().iter().find(|one| one[key] == value);
    found.cloned().unwrap_or_default()
}

/// The seconds of an instant: not every format has more.
fn seconds(instant: &Value) -> Option<i64> {
    let at: jiff::Timestamp = instant.as_str()?.parse().unwrap();
    Some(at.as_second())
}

fn whole(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_seconds)
}

/// What each door has to say, as the documents have it.
mod should {
    use serde_json::{Value, json};

    use super::whole;
    use crate::doors::truth::{Stage, Truth};

    pub fn native(truth: &Truth) -> Value {
        json!({
            "title": truth.title, "summary": truth.summary, "severity": truth.severity,
            "status": truth.stage.name(), "lead": truth.lead, "said": truth.said, "tag": truth.tag,
            "snoozed_until": whole(truth.snoozed_until), "declared_at": truth.declared_at.as_seconds(),
            "ended_at": whole(truth.ended_at),
        })
    }

    pub fn incident_io(truth: &Truth) -> Value {
        let category = match truth.stage {
            Stage::Investigating | Stage::Fixing => "live",
            Stage::Documenting => "learning",
            Stage::Closed => "closed",
        };
        // What is empty is left out there.
        let summary = Some(&truth.summary).filter(|summary| !summary.is_empty());
        json!({
            "title": truth.title, "summary": summary, "severity": truth.severity,
            "status": truth.stage.name(), "category": category, "lead": truth.lead, "said": truth.said,
            "declared_at": truth.declared_at.as_seconds(),
        })
    }

    /// Over, as bad as its alert, or else as bad as people say.
    pub fn sentry(truth: &Truth) -> Value {
        let status = match (truth.stage.is_active(), truth.fires, truth.severity) {
            (false, ..) => 2,
            (true, Some(true), _) | (true, _, "Critical") => 20,
            (true, ..) => 10,
        };
        json!({
            "title": truth.title, "status": status, "said": truth.said,
            "found_at": truth.began_at.as_seconds(), "declared_at": truth.declared_at.as_seconds(),
            "ended_at": whole(truth.ended_at).map(|end| end - end.rem_euclid(60)),
        })
    }

    pub fn telmai(truth: &Truth) -> Value {
        let severity = match truth.severity {
            "Critical" => "HIGH",
            "Major" => "MEDIUM",
            _ => "LOW",
        };
        let words = if truth.summary.is_empty() { &truth.title } else { &truth.summary };
        json!({
            "description": words, "status": if truth.stage.is_active() { "OPEN" } else { "CLOSED" },
            "severity": severity, "is_over": !truth.stage.is_active(),
            "declared_at": truth.declared_at.as_seconds(),
        })
    }

    /// As bad as its alert; what has none is as bad as nobody knows.
    pub fn bigpanda(truth: &Truth) -> Value {
        let status = match (truth.goes_on(), truth.fires) {
            (false, _) => "ok",
            (true, Some(_)) => "critical",
            (true, None) => "unknown",
        };
        json!({
            "status": status, "active": truth.goes_on(), "lead": truth.lead, "said": truth.said,
            "snooze": {
                "snoozed": truth.snoozed_until.is_some(), "end_time": whole(truth.snoozed_until),
                "cancel_on_incident_updates": false,
            },
            "tag": truth.tag, "start": truth.began_at.as_seconds(), "end": whole(truth.ended_at),
        })
    }
}

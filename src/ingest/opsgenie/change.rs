//! Changes: what is said of an alert by each of them.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::Value;

use crate::alert::observation::{Observation, Said, Status};
use crate::ingest::knock::Trouble;
use crate::ingest::opsgenie::request::Action;
use crate::ingest::values::{self, first_text, list, named, spelled, text, time};

/// Labels with this before their name are tags.
pub const TAG: &str = "tag:";
/// Labels that are no details.
pub const FIELDS: [&str; 3] = ["entity", "source", "priority"];
/// What an alert is called whose owner is known.
pub const OWNER: &str = "owner";
/// The longest alias, in characters.
const ALIAS_LIMIT: usize = 512;

/// What is to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Something that is done to an alert, or makes one.
    Do(Action),
    /// One of its fields is another.
    Set(&'static str),
    /// Something that has no place here; why.
    Refused(&'static str),
}

impl Change {
    /// What this method wants at this path behind `/v2/alerts`; nothing if there is no such thing.
    pub fn of(method: &Method, path: &[&str]) -> Option<Change> {
        let is_post = *method == Method::POST;
        let is_put = *method == Method::PUT || *method == Method::PATCH;
        let is_delete = *method == Method::DELETE;
        Some(match path {
            [] if is_post => Change::Do(Action::Create),
            [_] if is_delete => Change::Refused("Alerts are kept; close it instead."),
            [_, "acknowledge"] if is_post => Change::Do(Action::Acknowledge),
            [_, "unacknowledge"] if is_post => Change::Do(Action::Unacknowledge),
            [_, "close"] if is_post => Change::Do(Action::Close),
            [_, "snooze"] if is_post => Change::Do(Action::Snooze),
            [_, "notes"] if is_post => Change::Do(Action::AddNote),
            [_, "assign"] if is_post => Change::Do(Action::Assign),
            [_, "tags"] if is_post => Change::Do(Action::AddTags),
            [_, "tags"] if is_delete => Change::Do(Action::RemoveTags),
            [_, "details"] if is_post => Change::Do(Action::AddDetails),
            [_, "details"] if is_delete => Change::Do(Action::RemoveDetails),
            [_, "message"] if is_put || is_post => Change::Set("message"),
            [_, "description"] if is_put || is_post => Change::Set("description"),
            [_, "priority"] if is_put || is_post => Change::Set("priority"),
            [_, "escalate"] => {
                Change::Refused("Stentor knows no escalations, so nobody would be paged.")
            }
            [_, "responders" | "teams"] => Change::Refused(
                "Stentor pages no responders of an alert; they are invited to its incident.",
            ),
            [_, "actions", _] => Change::Refused("Stentor carries out no custom actions."),
            [_, "attachments", ..] => Change::Refused("Stentor keeps no attachments."),
            _ => return None,
        })
    }

    /// What it is called in the id of its request.
    pub fn action(self) -> Action {
        match self {
            Change::Do(action) => action,
            Change::Set(_) | Change::Refused(_) => Action::Update,
        }
    }

    /// What it says of the alert that is known by this key, in this order. The first is what becomes of
    /// the alert; a note may follow.
    pub fn observations(
        self,
        key: &str,
        body: &Value,
        query: &Value,
    ) -> Result<Vec<Observation>, Trouble> {
        let about = |said| Observation::about(key, said);
        let edited = |labels| Observation { labels, ..about(Said::Edited) };
        let first = match self {
            Change::Refused(why) => return Err(Trouble::Unreadable(why.to_owned())),
            Change::Set(field) => set(about(Said::Edited), field, body)?,
            Change::Do(action) => match action {
                Action::Create => create(key, body)?,
                Action::Acknowledge => about(Said::Acknowledged),
                Action::Unacknowledge => about(Said::Unacknowledged),
                Action::Close => about(Said::Resolved),
                Action::Snooze => {
                    let until =
                        time(body.get("endTime")).ok_or_else(|| missing("endTime", "a time"))?;
                    Observation {
                        description: by(body, &format!("Snoozed until {until}")),
                        ..about(Said::Noted)
                    }
                }
                Action::AddNote => {
                    let note = needed(body, "note", "some text")?;
                    return Ok(vec![note_of(key, body, &note)]);
                }
                Action::AddTags => edited(tags(list(body.get("tags")), "true")?),
                Action::RemoveTags => edited(tags(&[comma_separated(query, "tags")], "")?),
                Action::AddDetails => {
                    let details = named(body.get("details"));
                    if details.is_empty() {
                        return Err(missing("details", "an object with names and values"));
                    }
                    edited(details)
                }
                Action::RemoveDetails => {
                    let names = spelled(&comma_separated(query, "keys"));
                    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
                    let labels: BTreeMap<_, _> =
                        names.map(|name| (name.to_owned(), String::new())).collect();
                    if labels.is_empty() {
                        return Err(missing("keys", "names, by commas, in the query"));
                    }
                    edited(labels)
                }
                Action::Assign => {
                    let owner = body.get("owner").unwrap_or(&Value::Null);
                    let owner = first_text(owner, &["username", "id"]);
                    if owner.is_empty() {
                        return Err(missing("owner", "an object with a `username` or `id`"));
                    }
                    Observation {
                        annotations: [(OWNER.to_owned(), owner)].into(),
                        ..about(Said::Edited)
                    }
                }
                Action::Ask | Action::Update => return Err(Trouble::NotThere),
            },
        };
        let note = text(body, "note");
        let note = (!note.is_empty()).then(|| note_of(key, body, &note));
        Ok(std::iter::once(first.within_limits()).chain(note).collect())
    }
}

/// The alias of a new alert, if it has one.
pub fn alias(body: &Value) -> Result<Option<String>, Trouble> {
    let alias = text(body, "alias");
    if alias.chars().count() > ALIAS_LIMIT {
        return Err(Trouble::Unreadable(format!(
            "`alias` has more than {ALIAS_LIMIT} characters."
        )));
    }
    Ok(Some(alias).filter(|alias| !alias.is_empty()))
}

fn create(key: &str, body: &Value) -> Result<Observation, Trouble> {
    let mut labels = named(body.get("details"));
    let given = text(body, "priority");
    let severity = labels.get("severity").and_then(|word| Status::from_word(word));
    let status = match given.as_str() {
        // Who says nothing of it means P3, unless a label knows better.
        "" => severity.filter(|status| *status != Status::Ok).unwrap_or(Status::Warning),
        _ => priority(&given)?,
    };
    labels.extend(tags_or_none(list(body.get("tags")), "true"));
    for field in FIELDS {
        values::put(&mut labels, field, text(body, field));
    }
    labels.entry("priority".to_owned()).or_insert_with(|| "P3".to_owned());
    let mut annotations = BTreeMap::new();
    for field in ["responders", "visibleTo", "actions", "user"] {
        values::put(&mut annotations, field, text(body, field));
    }
    Ok(Observation {
        status,
        labels,
        annotations,
        description: text(body, "description"),
        ..Observation::firing(key, needed(body, "message", "some text")?)
    })
}

fn set(edited: Observation, field: &str, body: &Value) -> Result<Observation, Trouble> {
    Ok(match field {
        "message" => Observation { title: needed(body, field, "some text")?, ..edited },
        "description" => Observation { description: needed(body, field, "some text")?, ..edited },
        _ => {
            let given = needed(body, "priority", "one of P1, P2, P3, P4 and P5")?;
            let status = priority(&given)?;
            let labels = [("priority".to_owned(), given.to_ascii_uppercase())].into();
            Observation { status, labels, ..edited }
        }
    })
}

fn priority(given: &str) -> Result<Status, Trouble> {
    let known = ["P1", "P2", "P3", "P4", "P5"];
    let is_known = known.iter().any(|known| known.eq_ignore_ascii_case(given));
    Status::from_word(given)
        .filter(|_| is_known)
        .ok_or_else(|| missing("priority", "one of P1, P2, P3, P4 and P5"))
}

/// Tags, as labels of this value.
fn tags(tags: &[Value], value: &str) -> Result<BTreeMap<String, String>, Trouble> {
    let labels = tags_or_none(tags, value);
    if labels.is_empty() { Err(missing("tags", "a list of texts")) } else { Ok(labels) }
}

fn tags_or_none(tags: &[Value], value: &str) -> BTreeMap<String, String> {
    let texts = tags.iter().map(spelled).collect::<Vec<_>>().join(",");
    let tags = texts.split(',').map(str::trim).filter(|tag| !tag.is_empty());
    tags.map(|tag| (format!("{TAG}{tag}"), value.to_owned())).collect()
}

fn comma_separated(query: &Value, name: &str) -> Value {
    Value::String(text(query, name))
}

fn needed(body: &Value, field: &str, what: &str) -> Result<String, Trouble> {
    let given = text(body, field);
    if given.is_empty() { Err(missing(field, what)) } else { Ok(given) }
}

fn missing(field: &str, what: &str) -> Trouble {
    Trouble::Unreadable(format!("`{field}` has to be {what}."))
}

fn note_of(key: &str, body: &Value, note: &str) -> Observation {
    let observation =
        Observation { description: by(body, note), ..Observation::about(key, Said::Noted) };
    observation.within_limits()
}

/// What somebody says, with who it is where that is known.
fn by(body: &Value, what: &str) -> String {
    let user = text(body, "user");
    if user.is_empty() { what.to_owned() } else { format!("{user}: {what}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample(name: &str) -> Value {
        let path = format!("{}/tests/data/alerts/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let recorded: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        recorded["body"].clone()
    }

    fn read(
        method: Method,
        path: &[&str],
        body: Value,
        query: Value,
    ) -> Result<Vec<Observation>, Trouble> {
        Change::of(&method, path).unwrap().observations("k", &body, &query)
    }

    fn post(action: &str, body: Value) -> Vec<Observation> {
        read(Method::POST, &["x", action], body, json!({})).unwrap()
    }

    fn labels(observation: &Observation) -> Vec<String> {
        observation.labels.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn what_stock_libraries_create_is_read() {
        let body = sample("opsgenie_create");
        assert_eq!(alias(&body).unwrap().as_deref(), Some("db-1/disk"));
        let said = create("k", &body).unwrap();
        assert_eq!(
            (said.title.as_str(), said.description.as_str(), said.status),
            ("disk full", "d", Status::Critical)
        );
        assert_eq!(
            labels(&said),
            ["entity=db-1", "priority=P1", "source=mon", "tag:prod=true", "used_pct=98"]
        );
        // An Alertmanager gives no priority, but its labels.
        let said = create("k", &sample("opsgenie_create_from_alertmanager")).unwrap();
        assert_eq!((said.status, said.labels["priority"].as_str()), (Status::Critical, "P3"));
        let said = create("k", &sample("opsgenie_create_trailing_slash")).unwrap();
        assert_eq!(said.status, Status::Critical);
        assert_eq!(create("k", &json!({"message": "x"})).unwrap().status, Status::Warning);
    }

    #[test]
    fn each_change_says_what_becomes_of_the_alert() {
        let said = |action: &str, body: Value| -> Vec<(Said, String)> {
            post(action, body).into_iter().map(|one| (one.said, one.description)).collect()
        };
        let note = |text: &str| (Said::Noted, text.to_owned());
        let bare = |said: Said| (said, String::new());
        assert_eq!(
            said("acknowledge", sample("opsgenie_ack")),
            [bare(Said::Acknowledged), note("ann: looking")]
        );
        assert_eq!(said("unacknowledge", json!({})), [bare(Said::Unacknowledged)]);
        assert_eq!(said("close", sample("opsgenie_close")), [bare(Said::Resolved), note("fixed")]);
        assert_eq!(said("notes", json!({"note": "n", "user": "ann"})), [note("ann: n")]);
        let snoozed = said("snooze", json!({"endTime": "2026-11-21T00:00:00Z", "note": "later"}));
        assert_eq!(snoozed, [note("Snoozed until 2026-11-21T00:00:00Z"), note("later")]);
        let owned = post("assign", json!({"owner": {"username": "ann@example.com"}}));
        assert_eq!(owned[0].annotations[OWNER], "ann@example.com");
    }

    #[test]
    fn edits_add_and_take_away() {
        let added = post("tags", json!({"tags": ["prod", "db,eu"]}));
        assert_eq!(labels(&added[0]), ["tag:db=true", "tag:eu=true", "tag:prod=true"]);
        let removed =
            read(Method::DELETE, &["x", "tags"], json!({}), json!({"tags": "prod, db"})).unwrap();
        assert_eq!(labels(&removed[0]), ["tag:db=", "tag:prod="]);
        let details = post("details", json!({"details": {"a": "b", "n": 5}}));
        assert_eq!(labels(&details[0]), ["a=b", "n=5"]);
        let removed =
            read(Method::DELETE, &["x", "details"], json!({}), json!({"keys": "a"})).unwrap();
        assert_eq!(labels(&removed[0]), ["a="]);
        let set = |field: &str, body: Value| {
            read(Method::PUT, &["x", field], body, json!({})).unwrap().remove(0)
        };
        assert_eq!(set("message", json!({"message": "m"})).title, "m");
        assert_eq!(set("description", json!({"description": "d"})).description, "d");
        let lower = set("priority", json!({"priority": "p4"}));
        assert_eq!(
            (lower.status, labels(&lower)),
            (Status::Warning, vec!["priority=P4".to_owned()])
        );
    }

    #[test]
    fn what_is_missing_or_has_no_place_is_said() {
        for (method, path, body) in [
            (Method::POST, &[][..], json!({})),
            (Method::POST, &[], json!({"message": " "})),
            (Method::POST, &[], json!({"message": "x", "priority": "P9"})),
            (Method::POST, &["x", "snooze"], json!({})),
            (Method::POST, &["x", "snooze"], json!({"endTime": "soon"})),
            (Method::POST, &["x", "notes"], json!({})),
            (Method::POST, &["x", "tags"], json!({"tags": []})),
            (Method::DELETE, &["x", "tags"], json!({})),
            (Method::DELETE, &["x", "details"], json!({})),
            (Method::POST, &["x", "details"], json!({"details": [1]})),
            (Method::POST, &["x", "assign"], json!({"owner": "ann"})),
            (Method::PUT, &["x", "priority"], json!({"priority": "high"})),
            (Method::PUT, &["x", "message"], json!({})),
            (Method::POST, &["x", "escalate"], json!({})),
            (Method::POST, &["x", "responders"], json!({})),
            (Method::POST, &["x", "actions", "ping"], json!({})),
            (Method::DELETE, &["x"], json!({})),
        ] {
            let read = read(method.clone(), path, body.clone(), json!({}));
            assert!(
                matches!(read, Err(Trouble::Unreadable(_))),
                "{method} {path:?} {body}: {read:?}"
            );
        }
        for (method, path) in
            [(Method::PUT, &[][..]), (Method::POST, &["x", "purple"]), (Method::POST, &["x"])]
        {
            assert_eq!(Change::of(&method, path), None, "{method} {path:?}");
        }
        assert!(alias(&json!({"alias": "x".repeat(513)})).is_err());
    }
}

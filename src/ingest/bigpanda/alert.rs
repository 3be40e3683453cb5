//! What BigPanda's senders say of alerts and deployments.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::alert::observation::{ChangeEvent, Link, Observation, Said, Status, is_web_address};
use crate::ingest::values;

/// What an alert may be about, if it does not name its own; the first that is there.
const PRIMARY: &[&str] = &["host", "service", "application", "device"];
/// What is said in other words already.
const NO_TAGS: &[&str] =
    &["app_key", "status", "timestamp", "description", "primary_property", "secondary_property"];
/// The most reasons that are told of one body.
const MOST_REASONS: usize = 20;

/// What a body says: one alert, or several with the application's key beside them. The reasons say
/// what can't be read.
pub fn read(body: &Value) -> (Vec<Observation>, Vec<String>) {
    let app_key = values::member(body, "app_key");
    let (alerts, is_batch) = match &body["alerts"] {
        Value::Array(alerts) => (alerts.as_slice(), true),
        _ => (std::slice::from_ref(body), false),
    };
    if !body.is_object() {
        return (Vec::new(), vec!["the body is no object".to_owned()]);
    }
    let Some(app_key) = app_key else {
        return (Vec::new(), vec!["app_key is required".to_owned()]);
    };
    let (mut observations, mut errors) = (Vec::new(), Vec::new());
    for (index, alert) in alerts.iter().enumerate() {
        match observe(&app_key, alert) {
            Ok(observation) => observations.push(observation.within_limits()),
            Err(_) if errors.len() >= MOST_REASONS => {}
            Err(reason) if is_batch => errors.push(format!("alerts[{index}]: {reason}")),
            Err(reason) => errors.push(reason),
        }
    }
    (observations, errors)
}

fn observe(app_key: &str, alert: &Value) -> Result<Observation, String> {
    let Value::Object(members) = alert else { return Err("it is no object".to_owned()) };
    let (said, status) =
        match values::member(alert, "status").map(|word| word.to_ascii_lowercase()).as_deref() {
            Some("ok") => (Said::Resolved, Status::Ok),
            Some("critical") => (Said::Firing, Status::Critical),
            Some("warning") => (Said::Firing, Status::Warning),
            Some("unknown") => (Said::Firing, Status::Unknown),
            Some("acknowledged") => (Said::Acknowledged, Status::Critical),
            Some(_) => {
                return Err(
                    "status has to be ok, critical, warning, unknown or acknowledged".to_owned()
                );
            }
            None => return Err("status is required".to_owned()),
        };
    let primary = values::member(alert, "primary_property").and_then(|name| property(alert, &name));
    let primary = primary.or_else(|| PRIMARY.iter().find_map(|name| property(alert, name)));
    let primary =
        primary.ok_or("host, service, application, device or the primary_property is required")?;
    let secondary =
        values::member(alert, "secondary_property").and_then(|name| property(alert, &name));
    let secondary = secondary.or_else(|| property(alert, "check"));
    let key = values::key_of(&[app_key, &primary, secondary.as_deref().unwrap_or_default()]);
    let title = match &secondary {
        Some(secondary) => format!("{primary}: {secondary}"),
        None => primary,
    };
    let mut observation = Observation::firing(key, title);
    (observation.said, observation.status) = (said, status);
    observation.description = values::member(alert, "description").unwrap_or_default();
    observation.at = values::time(&alert["timestamp"]);
    for (name, value) in members.iter().filter(|(name, _)| !NO_TAGS.contains(&name.as_str())) {
        let Some(tag) = tag(name, value)? else { continue };
        if is_web_address(&tag) {
            observation.links.push(Link { href: tag, text: name.clone() });
        } else {
            observation.labels.insert(name.clone(), tag);
        }
    }
    Ok(observation)
}

fn property(alert: &Value, name: &str) -> Option<String> {
    alert.get(name).and_then(values::words)
}

/// A tag's value: a text, a number or a list of them.
fn tag(name: &str, value: &Value) -> Result<Option<String>, String> {
    let is_nested = match value {
        Value::Object(_) => true,
        Value::Array(list) => list.iter().any(|one| one.is_object() || one.is_array()),
        _ => false,
    };
    if is_nested {
        let name = crate::incident::text::shorten(name, 100);
        return Err(format!("the tag {name} has to be a text, a number or a list of them"));
    }
    Ok(values::words(value))
}

/// A deployment that begins or ends: one change.
pub fn deployment(body: &Value, ends: bool) -> Result<ChangeEvent, String> {
    let component = values::member(body, "component").ok_or("component is required")?;
    let version = values::member(body, "version").ok_or("version is required")?;
    let mut hosts: Vec<String> = match &body["hosts"] {
        Value::Array(hosts) => hosts.iter().filter_map(values::plain).collect(),
        one => values::plain(one).into_iter().collect(),
    };
    if hosts.is_empty() {
        return Err("hosts is required".to_owned());
    }
    hosts.sort();
    let hosts = hosts.join(", ");
    let state = if ends {
        values::member(body, "status").ok_or("status is required")?
    } else {
        "in_progress".to_owned()
    };
    let mut labels = BTreeMap::new();
    for name in ["component", "version", "env", "owner", "source_system"] {
        values::put(&mut labels, name, values::member(body, name));
    }
    labels.insert("hosts".to_owned(), hosts.clone());
    let place = values::member(body, "env").map(|env| format!(" to {env}")).unwrap_or_default();
    Ok(ChangeEvent {
        key: values::key_of(&["deployment", &component, &version, &hosts]),
        summary: format!("{component} {version} deployed{place}"),
        state: Some(state),
        labels,
        links: Vec::new(),
        at: values::time(&body["timestamp"]),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn critical() -> Value {
        json!({
            "host": "db-1", "primary_property": "host", "status": "critical", "check": "cpu",
            "secondary_property": "check", "description": "CPU high", "cluster": "prod", "timestamp": 1_795_216_378,
            "region": "eu", "app_key": "APPKEY", "runbook": "https://runbooks.example/cpu", "teams": ["a", "b"], "n": 5,
        })
    }

    fn one(body: &Value) -> Observation {
        let (observations, errors) = read(body);
        assert_eq!(errors, Vec::<String>::new());
        let [observation] = <[Observation; 1]>::try_from(observations).unwrap();
        observation
    }

    #[test]
    fn an_alert_is_known_by_what_it_is_about() {
        let bad = one(&critical());
        assert_eq!(
            (bad.said, bad.status, bad.title.as_str()),
            (Said::Firing, Status::Critical, "db-1: cpu")
        );
        assert_eq!((bad.labels["teams"].as_str(), bad.labels["n"].as_str()), ("a, b", "5"));
        assert_eq!(bad.links[0].text, "runbook");
        assert!(!bad.labels.contains_key("app_key") && !bad.labels.contains_key("runbook"));
        assert!(bad.at.is_some());
        for (status, said) in [
            ("ok", Said::Resolved),
            ("Acknowledged", Said::Acknowledged),
            ("unknown", Said::Firing),
        ] {
            let other = one(
                &json!({"app_key": "APPKEY", "host": "db-1", "check": "cpu", "status": status}),
            );
            assert_eq!((&other.key, other.said), (&bad.key, said), "{status}");
        }
        let named = one(
            &json!({"app_key": "APPKEY", "rack": "db-1", "test": "cpu", "status": "ok", "host": "other",
            "primary_property": "rack", "secondary_property": "test"}),
        );
        assert_eq!(named.key, bad.key);
        for (name, value) in [("host", "db-2"), ("check", "disk"), ("app_key", "OTHER")] {
            let mut other = critical();
            other[name] = json!(value);
            assert_ne!(one(&other).key, bad.key);
        }
    }

    #[test]
    fn a_batch_keeps_what_is_good() {
        let body = json!({"app_key": "K", "alerts": [
            {"host": "a", "status": "critical"}, {"status": "critical"}, {"host": "b", "status": "fine"},
            {"host": "c", "status": "warning", "nested": {"a": 1}}, 7, {"service": "d", "status": "ok"},
        ]});
        let (observations, errors) = read(&body);
        assert_eq!(observations.len(), 2);
        let named: Vec<&str> = errors.iter().filter_map(|error| error.split(':').next()).collect();
        assert_eq!(named, ["alerts[1]", "alerts[2]", "alerts[3]", "alerts[4]"]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, expected) in [
            (json!(null), "object"),
            (json!([]), "object"),
            (json!({}), "app_key"),
            (json!({"app_key": "K"}), "status"),
            (json!({"app_key": "K", "alerts": [{}]}), "alerts[0]"),
            (json!({"app_key": "K", "status": "ok"}), "primary_property"),
            (json!({"app_key": "K", "status": "ok", "host": {}}), "primary_property"),
            (json!({"app_key": "K", "status": "ok", "host": "a", "t": [[1]]}), "the tag t"),
        ] {
            let (observations, errors) = read(&body);
            assert!(observations.is_empty() && errors[0].contains(expected), "{body}: {errors:?}");
        }
    }

    #[test]
    fn a_deployment_begins_and_ends_as_one_change() {
        let start = json!({"component": "web", "version": "1.2.3", "hosts": ["h2", "h1"], "owner": "me", "env": "prod"});
        let start = deployment(&start, false).unwrap();
        assert_eq!(
            (start.summary.as_str(), start.state.as_deref()),
            ("web 1.2.3 deployed to prod", Some("in_progress"))
        );
        let end = json!({"component": "web", "version": "1.2.3", "hosts": ["h1", "h2"], "status": "success"});
        let end = deployment(&end, true).unwrap();
        assert_eq!((end.key, end.state.as_deref()), (start.key, Some("success")));
        for (body, expected) in [
            (json!({}), "component"),
            (json!({"component": "web"}), "version"),
            (json!({"component": "web", "version": 1}), "hosts"),
            (json!({"component": "web", "version": 1, "hosts": "h"}), "status"),
        ] {
            assert!(deployment(&body, true).unwrap_err().contains(expected));
        }
    }
}

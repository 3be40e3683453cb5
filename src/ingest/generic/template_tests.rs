use serde_json::json;

use super::*;

/// The only thing that a body says.
fn one(template: Value, body: &Value) -> Observation {
    let read = Template::read(&template).unwrap().apply(body);
    assert_eq!(read.errors, Vec::<String>::new());
    let [observation] = <[Observation; 1]>::try_from(read.observations).unwrap();
    observation
}

#[test]
fn usual_names_need_no_template() {
    let body = json!({
        "title": "Disk full", "id": 7, "state": "alerting", "level": "warn", "message": "97 %",
        "url": "https://mon.example/7", "labels": {"host": "db-1", "odd": {}},
    });
    let said = one(Value::Null, &body);
    assert_eq!(
        (said.title.as_str(), said.key.as_str(), said.description.as_str()),
        ("Disk full", "7", "97 %")
    );
    assert_eq!((said.said, said.status), (Said::Firing, Status::Warning));
    assert_eq!(
        (said.labels["host"].as_str(), said.links[0].href.as_str()),
        ("db-1", "https://mon.example/7")
    );
    let over = one(Value::Null, &json!({"id": "7", "status": "OK"}));
    assert_eq!((over.said, over.key.as_str()), (Said::Resolved, "7"));
    let only = one(Value::Null, &json!({"message": "It burns"}));
    assert_eq!(
        (only.key.as_str(), only.title.as_str(), only.status),
        ("It burns", "It burns", Status::Critical)
    );
    assert_eq!(only.description, "");
    let seen = one(Value::Null, &json!({"id": 7, "name": "x", "status": "acknowledged"}));
    assert_eq!(seen.said, Said::Acknowledged);
}

#[test]
fn a_list_keeps_what_is_good_and_names_what_is_not() {
    let template = Template::read(&json!({
        "alerts": "/items", "key": "/id", "status": "/s", "firing_values": ["bad"], "resolved_values": ["good"],
        "labels": {"team": "/team", "from": "=here"},
    }))
    .unwrap();
    let body = json!({"team": "shop", "items": [
        {"id": 1, "name": "One", "s": "bad"}, 7, {"id": 1, "s": "good"}, {"id": 2, "s": "seen"}, {"s": "bad"},
    ]});
    let read = template.apply(&body);
    assert_eq!(read.observations.len(), 2);
    assert_eq!(read.ignored, 1);
    assert_eq!(read.errors.len(), 2);
    assert!(read.errors[0].starts_with("Alert 2:"), "{:?}", read.errors);
    let labels = &read.observations[0].labels;
    assert_eq!((labels["team"].as_str(), labels["from"].as_str()), ("shop", "here"));
    let read = template.apply(&json!({"items": {}}));
    assert!(read.observations.is_empty() && read.errors[0].contains("`alerts`"));
}

#[test]
fn severities_are_understood_or_laid_down() {
    let template = json!({"severities": {"3": "critical", "green": "ok", "Blue": "unknown"}});
    let with = |severity: Value, status: Value| {
        let said = one(
            template.clone(),
            &json!({"id": 1, "name": "x", "severity": severity, "status": status}),
        );
        (said.said, said.status)
    };
    assert_eq!(with(json!(3), Value::Null), (Said::Firing, Status::Critical));
    assert_eq!(with(json!("blue"), Value::Null), (Said::Firing, Status::Unknown));
    assert_eq!(with(json!("P3"), Value::Null), (Said::Firing, Status::Warning));
    assert_eq!(with(json!("mauve"), Value::Null), (Said::Firing, Status::Critical));
    assert_eq!(with(json!("green"), Value::Null), (Said::Resolved, Status::Ok));
    assert_eq!(with(json!("green"), json!("firing")), (Said::Firing, Status::Warning));
}

#[test]
fn a_template_that_can_not_be_is_refused_by_the_name_of_its_field() {
    for (bad, field) in [
        (json!("x"), "settings"),
        (json!({"titel": "/a"}), "`titel`"),
        (json!({"title": "a"}), "`title`"),
        (json!({"key": 7}), "`key`"),
        (json!({"alerts": "=x"}), "`alerts`"),
        (json!({"labels": "=x"}), "`labels`"),
        (json!({"labels": {"": "/a"}}), "`labels`"),
        (json!({"labels": {"team": "a"}}), "`labels.team`"),
        (json!({"firing_values": []}), "`firing_values`"),
        (json!({"resolved_values": {}}), "`resolved_values`"),
        (json!({"severities": {"bad": "awful"}}), "`severities.bad`"),
        (json!({"severities": []}), "`severities`"),
    ] {
        let error = Template::read(&bad).unwrap_err();
        assert!(error.contains(field), "{bad}: {error}");
    }
}

#[test]
fn what_is_no_alert_is_named() {
    for body in [json!(7), json!("x"), json!(null), json!({}), json!({"title": ""}), json!([[]])] {
        let read = Template::default().apply(&body);
        assert_eq!((read.observations.len(), read.errors.len()), (0, 1), "{body}");
    }
    assert_eq!(Template::default().apply(&json!([])), Read::default());
    let many = json!(vec![7; 1_000]);
    assert_eq!(Template::default().apply(&many).errors.len(), MOST_REASONS);
}

/// Bodies of other vendors, cut to what matters, and a template for each.
#[test]
fn the_bodies_of_many_vendors_can_be_mapped() {
    let firing = |template: Value, body: Value, title: &str, key: &str, status: Status| {
        let said = one(template, &body);
        assert_eq!((said.said, said.title.as_str(), said.key.as_str()), (Said::Firing, title, key));
        assert_eq!(said.status, status, "{title}");
        said
    };
    let over = |template: Value, body: Value, key: &str| {
        let said = one(template, &body);
        assert_eq!((said.said, said.key.as_str()), (Said::Resolved, key));
    };
    // Axiom
    let axiom = json!({
        "title": "/event/title", "key": "/event/monitorID", "status": "/action", "resolved_values": ["Closed"],
        "description": "/event/body", "labels": "/event/matchedEvent",
    });
    let body = json!({"action": "Open", "event": {
        "monitorID": "Rxg89nIwu9WwrOsJKA", "body": "Event Matched", "title": "Triggered: New monitor",
        "matchedEvent": {"bar": "baz"},
    }});
    let said =
        firing(axiom, body, "Triggered: New monitor", "Rxg89nIwu9WwrOsJKA", Status::Critical);
    assert_eq!((said.labels["bar"].as_str(), said.description.as_str()), ("baz", "Event Matched"));
    // Checkly
    let checkly = json!({
        "title": "/check_name", "key": "/check_id", "status": "/alert_type",
        "resolved_values": ["ALERT_RECOVERY", "ALERT_DEGRADED_RECOVERY"], "link": "/link",
    });
    let body = json!({"alert_type": "ALERT_RECOVERY", "check_name": "API Check #1", "check_id": "927a2982"});
    over(checkly.clone(), body, "927a2982");
    let body = json!({"alert_type": "ALERT_FAILURE", "check_name": "API Check #1", "check_id": "927a2982"});
    firing(checkly, body, "API Check #1", "927a2982", Status::Critical);
    // Checkmk: a severity that is no more is an end.
    let checkmk = json!({"title": "/summary", "key": "/host", "status": "/notification_type",
        "firing_values": ["PROBLEM"], "resolved_values": ["RECOVERY"]});
    let body = json!({"id": "18", "summary": "CheckMK server1 - DOWN -> UP", "host": "server1", "status": "UP",
        "severity": "OK", "notification_type": "RECOVERY"});
    over(checkmk, body, "server1");
    // Coralogix: a list of keys and values is labels.
    let coralogix = json!({"title": "/name", "key": "/alert_id", "status": "/alert_action",
        "firing_values": ["trigger"], "resolved_values": ["resolve"], "link": "/alert_url", "labels": "/fields",
        "severity": "/fields/1/value"});
    let body = json!({"alert_id": "49a4afb5", "name": "Keep", "description": "This is a test alert",
        "alert_action": "trigger", "alert_url": "https://app.coralogix.example/#/insights?id=a6",
        "fields": [{"key": "team", "value": "ezhil"}, {"key": "priority", "value": "P2"}]});
    let said = firing(coralogix, body, "Keep", "49a4afb5", Status::Critical);
    assert_eq!(said.labels["team"], "ezhil");
    // Dash0
    let dash0 = json!({"title": "/data/issue/summary", "key": "/data/issue/issueIdentifier", "status": "/type",
        "firing_values": ["alert.ongoing"], "resolved_values": ["alert.resolved"], "link": "/data/issue/url"});
    let body = json!({"type": "alert.resolved", "data": {"issue": {"issueIdentifier": "6820", "summary": "s"}}});
    over(dash0, body, "6820");
    // Google Cloud Monitoring
    let google = json!({"title": "/incident/summary", "key": "/incident/incident_id", "status": "/incident/state",
        "firing_values": ["OPEN"], "resolved_values": ["CLOSED"], "link": "/incident/url",
        "severity": "/incident/metadata/system_labels/severity", "labels": "/incident/resource/labels"});
    let body = json!({"version": "1.0", "incident": {"incident_id": "mem-234", "state": "OPEN",
        "summary": "Memory usage exceeds 90%", "metadata": {"system_labels": {"severity": "warning"}},
        "resource": {"labels": {"instance_id": "prod-web-1"}}}});
    let said = firing(google, body, "Memory usage exceeds 90%", "mem-234", Status::Warning);
    assert_eq!(said.labels["instance_id"], "prod-web-1");
    // Graylog: it never says that it is over.
    let graylog = json!({"title": "/event_definition_title", "key": "/event_definition_id", "severity": "/event/priority",
        "severities": {"1": "warning", "2": "warning", "3": "critical"}, "labels": {"source": "/event/source"}});
    let body = json!({"event_definition_id": "671a", "event_definition_title": "Event - 1",
        "event": {"priority": 2, "source": "server"}});
    let said = firing(graylog, body, "Event - 1", "671a", Status::Warning);
    assert_eq!(said.labels["source"], "server");
    // LibreNMS
    let libre = json!({"title": "/name", "key": "/uid", "status": "/state", "resolved_values": ["0"],
        "labels": {"host": "/hostname"}, "description": "/msg"});
    let body = json!({"name": "Devices up/down", "hostname": "10.10.1.147", "uid": "41", "severity": "ok", "state": "0"});
    over(libre, body, "41");
    // NetBox: what was changed is no alert.
    let netbox = json!({"title": "/data/display", "key": "/data/id", "status": "/event", "firing_values": ["alert"]});
    let read = Template::read(&netbox)
        .unwrap()
        .apply(&json!({"event": "created", "data": {"id": 4, "display": "Test"}}));
    assert_eq!((read.observations.len(), read.ignored), (0, 1));
    // SignalFx
    let signalfx = json!({"title": "/inputs/rule", "key": "/incidentId", "status": "/statusExtended",
        "firing_values": ["anomalous"], "resolved_values": ["ok", "manually resolved", "stopped"],
        "description": "/messageBody", "link": "/detectorUrl"});
    let body = json!({"severity": "Critical", "statusExtended": "anomalous", "incidentId": "1234",
        "detectorUrl": "https://app.signalfx.example/#/detector/X", "inputs": {"rule": "logs"}});
    firing(signalfx, body, "logs", "1234", Status::Critical);
    // ThousandEyes: the body is a list.
    let eyes = json!({"title": "/alert/ruleName", "key": "/alert/alertId", "status": "/eventType",
        "severity": "/alert/severity", "firing_values": ["ALERT_NOTIFICATION_TRIGGER"],
        "resolved_values": ["ALERT_NOTIFICATION_CLEAR"], "link": "/alert/permalink"});
    let body = json!([
        {"eventType": "ALERT_NOTIFICATION_TRIGGER", "alert": {"severity": "Info", "ruleName": "Offline", "alertId": 56}},
        {"eventType": "ALERT_NOTIFICATION_CLEAR", "alert": {"severity": "Info", "ruleName": "PDF", "alertId": "5abd"}},
    ]);
    let read = Template::read(&eyes).unwrap().apply(&body);
    let said: Vec<_> = read.observations.iter().map(|one| (one.said, one.key.as_str())).collect();
    assert_eq!(said, [(Said::Firing, "56"), (Said::Resolved, "5abd")]);
    assert_eq!(read.observations[0].status, Status::Warning);
    // Wazuh needs no template.
    let body = json!({"message": "New dpkg installed.", "severity": "info", "description": "Rule ID 2902"});
    firing(Value::Null, body, "New dpkg installed.", "New dpkg installed.", Status::Warning);
}

//! Alert rules in Sentry's format.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::{Client, O, P, has_shape, rule};
use crate::databases::on_each_database;

fn id(rule: &Value) -> &str {
    rule["id"].as_str().unwrap()
}

fn with_triggers(critical: Value, warning: Value) -> Value {
    let triggers = [("critical", critical), ("warning", warning)];
    let triggers = triggers.into_iter().filter(|(_, threshold)| !threshold.is_null());
    let triggers: Vec<Value> = triggers
        .map(|(label, threshold)| json!({"label": label, "alertThreshold": threshold}))
        .collect();
    json!({ "triggers": triggers })
}

on_each_database! {
    async fn a_rule_is_made_shown_replaced_and_removed(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        let made = client.makes(&rule(json!({
            "environment": "prod", "thresholdPeriod": 3, "owner": "team:7", "description": "See the runbook",
            "triggers": [{"label": "critical", "alertThreshold": 100.5, "actions": [
                {"type": "slack", "targetType": "specific", "targetIdentifier": "#general",
                    "inputChannelId": "C0GENERAL", "integrationId": 1},
                {"type": "email", "targetType": "user", "targetIdentifier": "U0BOB"},
            ]}],
        }))).await;
        assert_eq!((&made["projects"], &made["status"]), (&json!(["backend"]), &json!(0)));
        assert_eq!((&made["owner"], &made["timeWindow"]), (&json!("team:7"), &json!(10.0)));
        let trigger = &made["triggers"][0];
        assert_eq!((&trigger["alertThreshold"], &trigger["resolveThreshold"]), (&json!(100.5), &json!(40.0)));
        assert_eq!((&trigger["actions"][0]["inputChannelId"], &trigger["actions"][1]["targetType"]), (&json!("C0GENERAL"), &json!("user")));
        assert_eq!(made["createdBy"]["name"], "ci");
        // It is the same rule as everywhere else.
        let headers = [("authorization", client.authorization.as_str())];
        let native = client.server.get("/api/v1/alert-rules", &headers).await.expect(200);
        let definition = &native["alert_rules"][0]["definition"];
        assert_eq!((&definition["owner_team"], &definition["periods"]), (&json!("7"), &json!(3)));
        assert_eq!(definition["measure"], json!({"dataset": "events", "filter": "level = error"}));
        for place in [O, P] {
            let path = format!("{place}/alert-rules/{}/", id(&made));
            assert_eq!(client.get(&path).await.expect(200), made);
            let listed = client.lists(&format!("{place}/alert-rules/"), "alertRule").await;
            assert_eq!((listed.len(), &listed[0]["id"]), (1, &made["id"]));
        }
        client.app.clock.advance(Duration::from_secs(5));
        let path = format!("{O}/alert-rules/{}/", id(&made));
        // Of what is left out nothing changes but the triggers, which have to be there.
        let change = json!({"name": "Errors", "environment": null, "triggers": [{"label": "critical", "alert_threshold": 200}]});
        let replaced = client.put(&path, &change).await.expect(200);
        has_shape(&replaced, "detailedAlertRule");
        assert_eq!((&replaced["name"], &replaced["environment"]), (&json!("Errors"), &Value::Null));
        assert_eq!((&replaced["owner"], &replaced["thresholdPeriod"]), (&json!("team:7"), &json!(3)));
        assert_eq!(replaced["triggers"][0]["actions"], json!([]));
        assert_ne!(replaced["dateModified"], made["dateModified"]);
        assert_eq!(client.delete(&path).await.status, 204);
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let answer = client.sends(method, &path, &rule(json!({}))).await;
            assert_eq!(answer.expect(404), json!({"detail": "The requested resource does not exist"}));
        }
    }

    async fn what_was_shown_can_be_sent_back(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        let native = json!({
            "name": "Ours", "window_minutes": 5, "fires": "below", "critical": {"threshold": 1, "actions": [
                {"type": "slack_person", "user": "U0BOB"}, {"type": "slack_channel", "channel": "C0GENERAL"}]},
            "measure": {"dataset": "events", "unique": "user", "matchers": [{"name": "a", "value": "b.*", "isRegex": true}],
                "filter": "x = y OR z = w"},
            "owner": "U0BOB", "excluded_projects": ["test"], "compare_minutes_ago": 60,
        });
        let headers = [("authorization", client.authorization.as_str())];
        let made = client.server.post("/api/v1/alert-rules", &headers, &native).await.expect(201);
        let listed = client.lists(&format!("{O}/alert-rules/"), "alertRule").await;
        let path = format!("{O}/alert-rules/{}/", id(&listed[0]));
        let shown = client.get(&path).await.expect(200);
        assert_eq!((&shown["aggregate"], &shown["excludedProjects"]), (&json!("count_unique(user)"), &json!(["test"])));
        assert_eq!(shown["includeAllProjects"], true);
        let again = client.put(&path, &shown).await.expect(200);
        let after = client.server.get(&format!("/api/v1/alert-rules/{}", made["id"].as_str().unwrap()), &headers).await;
        assert_eq!(after.expect(200)["definition"], made["definition"]);
        assert_eq!(again["query"], shown["query"]);
    }

    async fn keys_are_written_in_either_way_and_queries_survive(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        let query = "message:\"größer als ☃\"";
        let snake = json!({
            "name": "Größe", "aggregate": "count_unique(tags[sentry:user])", "query": query, "time_window": "60",
            "threshold_type": 1, "threshold_period": 2, "include_all_projects": true, "excluded_projects": ["test"],
            "comparison_delta": 1440, "triggers": [{"label": "critical", "alert_threshold": "7"}],
        });
        let made = client.post(&format!("{O}/alert-rules/"), &snake).await.expect(201);
        has_shape(&made, "detailedAlertRule");
        assert_eq!((&made["query"], &made["aggregate"]), (&json!(query), &json!("count_unique(user)")));
        assert_eq!((&made["comparisonDelta"], &made["thresholdType"]), (&json!(1440.0), &json!(1)));
        assert_eq!((&made["includeAllProjects"], &made["excludedProjects"]), (&json!(true), &json!(["test"])));
        let seen = |place: &str| format!("/projects/default/{place}/alert-rules/{}/", id(&made));
        client.get(&seen("web")).await.expect(200);
        client.get(&seen("test")).await.expect(404);
    }

    async fn what_makes_no_sense_is_refused_in_their_words(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        let slack = |target: &str| json!({"triggers": [{"label": "critical", "alertThreshold": 1, "actions": [
            {"type": "slack", "targetType": "specific", "targetIdentifier": target}]}]});
        for (changes, expected) in [
            (json!({"name": ""}), json!({"name": ["This field may not be blank."]})),
            (json!({"name": null}), json!({"name": ["This field may not be null."]})),
            (json!({"name": "x".repeat(65)}), json!({"name": ["Ensure this field has no more than 64 characters."]})),
            (json!({"timeWindow": 0}), json!({"timeWindow": ["Ensure this value is greater than or equal to 1."]})),
            (json!({"timeWindow": 1441}), json!({"timeWindow": ["Ensure this value is less than or equal to 1440."]})),
            (json!({"timeWindow": "x"}), json!({"timeWindow": ["A valid integer is required."]})),
            (json!({"timeWindow": -1e300}), json!({"timeWindow": ["A valid integer is required."]})),
            (json!({"thresholdPeriod": 21}), json!({"thresholdPeriod": ["Ensure this value is less than or equal to 20."]})),
            (json!({"comparisonDelta": 128_161}), json!({"comparisonDelta": ["Ensure this value is less than or equal to 128160."]})),
            (json!({"thresholdType": 50}), json!({"thresholdType": ["Invalid threshold type, valid values are [0, 1]"]})),
            (json!({"queryType": 1}), json!({"queryType": ["Invalid query type, valid values are [0]"]})),
            (json!({"triggers": []}), json!({"nonFieldErrors": ["Must include at least one trigger"]})),
            (json!({"triggers": null}), json!({"nonFieldErrors": ["Must include at least one trigger"]})),
            (
                json!({"triggers": [{"label": "critical"}, {"label": "warning"}, {"label": "good"}]}),
                json!({"nonFieldErrors": ["Must send 1 or 2 triggers - A critical trigger, and an optional warning trigger"]}),
            ),
            (
                json!({"triggers": [{"label": "goodtimes", "alertThreshold": 42}]}),
                json!({"nonFieldErrors": ["Trigger 1 must be labeled \"critical\""]}),
            ),
            (
                json!({"triggers": [{"label": "critical", "alertThreshold": 42}, {"label": "goodtimes", "alertThreshold": 42}]}),
                json!({"nonFieldErrors": ["Trigger 2 must be labeled \"warning\""]}),
            ),
            (json!({"triggers": [{"label": "critical"}]}), json!({"alertThreshold": ["This field is required."]})),
            (
                with_triggers(json!(50), json!(100)),
                json!({"nonFieldErrors": ["Critical trigger must have an alert threshold above warning trigger"]}),
            ),
            (
                with_triggers(json!(30), Value::Null),
                json!({"nonFieldErrors": ["critical alert threshold must be above resolution threshold"]}),
            ),
            (
                with_triggers(json!(100), json!(30)),
                json!({"nonFieldErrors": ["warning alert threshold must be above resolution threshold"]}),
            ),
            (json!({"owner": "bob"}), json!({"owner": ["Could not parse owner. Format should be `type:id` where type is `team` or `user`."]})),
            (slack("#general"), json!({"targetIdentifier": ["Give the id of the channel, such as C012AB3CD: Slack lets nobody look one up by its name at once."]})),
            (json!({"dataset": "transactions"}), json!({"dataset": ["Invalid dataset, valid values are ['events', 'prometheus']"]})),
        ] {
            let answer = client.post(&format!("{P}/alert-rules/"), &rule(changes.clone())).await;
            assert_eq!(answer.expect(400), expected, "{changes}");
        }
        // Which sentence is ours to choose, but not where it stands.
        for (changes, field) in [
            (json!({"query": "is:unresolved"}), "query"),
            (json!({"query": "a = ("}), "query"),
            (json!({"aggregate": "p95()"}), "aggregate"),
            (json!({"dataset": "prometheus", "query": "up"}), "dataset"),
            (json!({"includeAllProjects": false, "projects": "all"}), "projects"),
            (json!({"description": "x".repeat(2_001)}), "description"),
            (json!({"triggers": [{"label": "critical", "alertThreshold": 50, "actions": [{"type": "pigeon", "targetType": "user", "targetIdentifier": "1"}]}]}), "type"),
            (json!({"triggers": [{"label": "critical", "alertThreshold": 50, "actions": [{"type": "email", "targetType": "user", "targetIdentifier": "1"}]}]}), "targetIdentifier"),
            (json!({"triggers": [{"label": "critical", "alertThreshold": 50, "actions": [{"type": "email", "targetType": "team", "targetIdentifier": "1"}]}]}), "targetType"),
            (json!({"triggers": [{"label": "critical", "alertThreshold": 50, "actions": [{"type": "webhook", "targetType": "specific", "targetIdentifier": "http://127.0.0.1/"}]}]}), "targetIdentifier"),
            (json!({"triggers": [7]}), "triggers"),
        ] {
            let answer = client.post(&format!("{O}/alert-rules/"), &rule(changes.clone())).await;
            let body = answer.expect(400);
            assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), [field], "{changes}: {body}");
        }
        let missing = client.post(&format!("{O}/alert-rules/"), &json!({})).await.expect(400);
        let names: Vec<&String> = missing.as_object().unwrap().keys().collect();
        assert_eq!(names, ["aggregate", "name", "query", "thresholdType", "timeWindow"]);
        assert_eq!(client.lists(&format!("{O}/alert-rules/"), "alertRule").await, Vec::<serde_json::Value>::new());
    }

    async fn a_rule_is_snoozed_once(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        let made = client.makes(&rule(json!({}))).await;
        let path = format!("{P}/alert-rules/{}/snooze/", id(&made));
        let snoozed = client.post(&path, &json!({"target": "everyone"})).await.expect(201);
        has_shape(&snoozed, "snooze");
        assert_eq!((&snoozed["userId"], &snoozed["until"]), (&json!("everyone"), &json!("forever")));
        assert_eq!(snoozed["alertRuleId"], made["id"]);
        let again = client.post(&path, &json!({"target": "everyone"})).await;
        assert_eq!(again.expect(410), json!({"detail": "RuleSnooze already exists for this rule and scope."}));
        let shown = client.get(&format!("{P}/alert-rules/{}/", id(&made))).await.expect(200);
        assert_eq!((&shown["snooze"], &shown["snoozeForEveryone"]), (&json!(true), &json!(true)));
        assert_eq!(client.delete(&path).await.status, 204);
        assert_eq!(client.delete(&path).await.expect(404), json!({"detail": "The requested resource does not exist"}));
        // A snooze that has run out is none.
        let until = client.app.clock.now().plus(Duration::from_secs(60)).to_string();
        let wish = json!({"target": "everyone", "until": until});
        assert_eq!(client.post(&path, &wish).await.expect(201)["until"], json!(until));
        client.app.clock.advance(Duration::from_secs(60));
        assert_eq!(client.post(&path, &wish).await.expect(400), json!({"until": ["This instant has passed."]}));
        client.post(&path, &json!({"target": "everyone"})).await.expect(201);
        for (wish, field) in [(json!({}), "target"), (json!({"target": "you"}), "target"),
            (json!({"target": "me"}), "target"), (json!({"target": "everyone", "until": "soon"}), "until")] {
            assert!(client.post(&path, &wish).await.expect(400)[field].is_array(), "{wish}");
        }
        let nowhere = client.post(&format!("{P}/alert-rules/7/snooze/"), &json!({"target": "everyone"})).await;
        nowhere.expect(404);
    }

    async fn two_who_snooze_at_once_make_one_snooze(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        let made = client.makes(&rule(json!({}))).await;
        let path = format!("{P}/alert-rules/{}/snooze/", id(&made));
        let wish = json!({"target": "everyone"});
        let (one, other) = tokio::join!(client.post(&path, &wish), client.post(&path, &wish));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 410]);
    }

    async fn combined_rules_are_found_and_sorted(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        for (name, owner) in [("beta", json!("team:1")), ("Alpha", json!("team:2")), ("gamma", Value::Null)] {
            client.app.clock.advance(Duration::from_secs(1));
            client.makes(&rule(json!({"name": name, "owner": owner}))).await;
        }
        let names = async |query: &str| {
            let answer = client.get(&format!("{O}/combined-rules/?{query}")).await;
            let rules = answer.expect(200);
            let rules = rules.as_array().unwrap();
            assert_eq!(answer.header("x-sentry-issue-rule-hits"), "0");
            assert_eq!(answer.header("x-sentry-alert-rule-hits"), rules.len().to_string());
            for rule in rules {
                has_shape(rule, "alertRule");
                assert_eq!(rule["type"], "alert_rule");
            }
            rules.iter().map(|rule| rule["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names("").await, ["gamma", "Alpha", "beta"]);
        assert_eq!(names("sort=name&asc=1").await, ["Alpha", "beta", "gamma"]);
        assert_eq!(names("sort=date_added&asc=1").await, ["beta", "Alpha", "gamma"]);
        assert_eq!(names("sort=incident_status&sort=date_triggered").await.len(), 3);
        assert_eq!(names("name=ALPH").await, ["Alpha"]);
        assert_eq!(names("team=1").await, ["beta"]);
        assert_eq!(names("team=1&team=2").await, ["Alpha", "beta"]);
        assert_eq!(names("team=unassigned").await, ["gamma"]);
        assert_eq!(names("team=myteams").await, [""; 0]);
        let projects = client.get(&format!("{O}/projects/")).await.expect(200);
        assert_eq!((projects.as_array().unwrap().len(), &projects[0]["slug"]), (1, &json!("backend")));
        let number = projects[0]["id"].as_str().unwrap();
        assert_eq!(names(&format!("project={number}")).await.len(), 3);
        assert_eq!(names("project=-1").await.len(), 3);
        assert_eq!(names("project=7").await, [""; 0]);
        client.get(&format!("{O}/combined-rules/?sort=colour")).await.expect(400);
    }

    async fn the_task_of_a_rule_is_done_at_once(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        let made = client.makes(&rule(json!({}))).await;
        let headers = [("authorization", client.authorization.as_str())];
        let native = client.server.get("/api/v1/alert-rules", &headers).await.expect(200);
        let ulid: ulid::Ulid = native["alert_rules"][0]["id"].as_str().unwrap().parse().unwrap();
        let path = |uuid: &str| format!("{P}/alert-rule-task/{uuid}/");
        let done = client.get(&path(&format!("{:032x}", u128::from(ulid)))).await.expect(200);
        assert_eq!((&done["status"], &done["alertRule"]), (&json!("success"), &made));
        let none = client.get(&path(&"0f".repeat(16))).await.expect(200);
        assert_eq!((&none["status"], &none["alertRule"]), (&json!("failed"), &Value::Null));
        client.get(&path("x")).await.expect(404);
        let actions = client.get(&format!("{O}/alert-rules/available-actions/")).await.expect(200);
        let kinds: Vec<&str> = actions.as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["email", "slack", "webhook"]);
    }

    async fn a_rule_is_known_by_its_number_alone(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        // All of them are made in the same millisecond.
        let mut made = Vec::new();
        for nth in 0..20 {
            made.push(client.makes(&rule(json!({"name": nth.to_string()}))).await);
        }
        for rule in &made {
            let shown = client.get(&format!("{O}/alert-rules/{}/", id(rule))).await.expect(200);
            assert_eq!(shown["name"], rule["name"]);
        }
        for number in ["0", "1", "-1", "x", "18446744073709551615", "99999999999999999999", "1.5", "%2B1"] {
            client.get(&format!("{O}/alert-rules/{number}/")).await.expect(404);
        }
    }
}

//! Rules made in Sentry's format, at work: when they open an incident and when that is over.

use serde_json::{Value, json};

use super::incidents::Watch;
use super::{Client, O};
use crate::bot::GENERAL;
use crate::databases::on_each_database;

impl Client {
    /// How the incidents stand, newest first.
    async fn statuses(&self) -> Vec<i64> {
        let all = self.lists(&format!("{O}/incidents/"), "incident").await;
        all.iter().map(|incident| incident["status"].as_i64().unwrap()).collect()
    }

    /// How bad the one rule finds it, in the words of the native API.
    async fn level(&self, project: &str) -> String {
        let headers = [("authorization", self.authorization.as_str())];
        let rules = self.server.get("/api/v1/alert-rules", &headers).await.expect(200);
        let standings = rules["alert_rules"][0]["standings"].as_array().unwrap().clone();
        let standing = standings.into_iter().find(|it| it["project"] == project);
        standing.map_or("resolved".to_owned(), |it| it["level"].as_str().unwrap().to_owned())
    }
}

fn actions(threshold: u32) -> Value {
    json!({"triggers": [{"label": "critical", "alertThreshold": threshold, "actions": [
        {"type": "slack", "targetType": "specific", "targetIdentifier": GENERAL}]}]})
}

on_each_database! {
    /// Statement 20.
    async fn only_breaches_in_a_row_open_an_incident(fresh: Fresh) {
        let watch = Watch::start(&fresh).await;
        watch.rule("errors", "backend", json!({"thresholdPeriod": 2})).await;
        for count in [3, 2, 3] {
            watch.minute_with("backend", "prod", count).await;
        }
        assert_eq!(watch.client.statuses().await, [0; 0], "the run was broken");
        watch.minute_with("backend", "prod", 3).await;
        assert_eq!(watch.client.statuses().await, [20]);
        Box::pin(watch.ends()).await;
    }

    /// Statement 21.
    async fn a_value_on_the_threshold_is_over_unless_there_is_another_for_that(fresh: Fresh) {
        let watch = Watch::start(&fresh).await;
        let made = watch.rule("errors", "backend", json!({})).await;
        let mut levels = Vec::new();
        for count in [2, 3, 2] {
            watch.minute_with("backend", "prod", count).await;
            levels.push(watch.client.level("backend").await);
        }
        assert_eq!(levels, ["resolved", "critical", "resolved"]);
        let change = json!({"resolveThreshold": 2, "triggers": made["triggers"]});
        let path = format!("{O}/alert-rules/{}/", made["id"].as_str().unwrap());
        watch.client.put(&path, &change).await.expect(200);
        levels.clear();
        for count in [1, 3, 2, 1] {
            watch.minute_with("backend", "prod", count).await;
            levels.push(watch.client.level("backend").await);
        }
        assert_eq!(levels, ["resolved", "critical", "critical", "resolved"]);
        Box::pin(watch.ends()).await;
    }

    /// Statement 22.
    async fn projects_are_measured_by_themselves(fresh: Fresh) {
        let watch = Watch::start(&fresh).await;
        let rule = json!({
            "name": "errors", "aggregate": "count()", "query": "", "timeWindow": 1, "thresholdType": 0,
            "includeAllProjects": true, "excludedProjects": ["web"],
            "triggers": [{"label": "critical", "alertThreshold": 2}],
        });
        watch.client.post(&format!("{O}/alert-rules/"), &rule).await.expect(201);
        watch.minute_with("web", "prod", 9).await;
        assert_eq!(watch.client.statuses().await, [0; 0], "that project is left out");
        watch.minute_with("api", "prod", 3).await;
        watch.minute_with("backend", "prod", 3).await;
        assert_eq!((watch.client.level("api").await, watch.client.level("backend").await), ("resolved".to_owned(), "critical".to_owned()));
        let all = watch.client.lists(&format!("{O}/incidents/"), "incident").await;
        let projects: Vec<&Value> = all.iter().map(|incident| &incident["projects"]).collect();
        assert_eq!(projects, [&json!(["backend"]), &json!(["api"])]);
        Box::pin(watch.ends()).await;
    }

    /// Statement 23.
    async fn a_snoozed_rule_tells_nobody_and_opens_incidents(fresh: Fresh) {
        let watch = Watch::start(&fresh).await;
        let made = watch.rule("errors", "backend", actions(2)).await;
        let path = format!("/projects/default/backend/alert-rules/{}/snooze/", made["id"].as_str().unwrap());
        watch.client.post(&path, &json!({"target": "everyone"})).await.expect(201);
        watch.minute_with("backend", "prod", 3).await;
        assert_eq!(watch.client.statuses().await, [20]);
        assert!(watch.bot.slack.next_message(GENERAL).is_none());
        watch.client.delete(&path).await;
        watch.minute_with("backend", "prod", 0).await;
        let told = watch.bot.slack.next_message(GENERAL).unwrap();
        assert!(told.text.contains("Resolved: errors"), "{}", told.text);
        Box::pin(watch.ends()).await;
    }

    /// What a manual end leaves: the next breach is a new incident, or the same one opened again.
    async fn after_a_manual_end_new_breaches_are_heard(fresh: Fresh) {
        let watch = Watch::start(&fresh).await;
        watch.rule("errors", "backend", json!({})).await;
        watch.minute_with("backend", "prod", 3).await;
        let path = format!("{O}/incidents/1/");
        watch.client.put(&path, &json!({"status": 2})).await.expect(200);
        watch.minute_with("backend", "prod", 3).await;
        assert_eq!(watch.client.statuses().await, [2], "it is the same breach");
        watch.minute_with("backend", "prod", 0).await;
        watch.minute_with("backend", "prod", 3).await;
        assert_eq!(watch.client.statuses().await[0], 20);
        Box::pin(watch.ends()).await;
    }
}

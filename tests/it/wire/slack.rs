//! What a program does in the incident.io format, as people see it in Slack.

use serde_json::json;

use super::Client;
use crate::bot::{BOB, Bot, INCIDENTS};
use crate::databases::on_each_database;
use crate::stories::channel_of;

on_each_database! {
    async fn people_see_what_a_program_writes(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let mut client = Client::beside(&bot).await;
        let body = json!({
            "idempotency_key": "a", "visibility": "public", "name": "Slow", "slack_channel_name_override": "War room",
        });
        client.posts("/v2/incidents", &body).await.expect(200);
        bot.settle().await;
        let incident = bot.incident(1).await;
        let channel = channel_of(&incident);
        assert_eq!(bot.slack.read(|state| state.channels[channel].name.clone()), "war-room");
        let shown = client.gets("/v2/incidents/1").await["incident"].clone();
        assert_eq!((&shown["slack_channel_id"], &shown["permalink"]), (&json!(channel), &shown["slack_channel_url"]));
        bot.skims(channel);
        let statuses = client.gets("/v1/incident_statuses").await;
        let mut statuses = statuses["incident_statuses"].as_array().unwrap().iter();
        let fixing = &statuses.find(|status| status["name"] == "Fixing").unwrap()["id"];
        let update = json!({
            "idempotency_key": "b", "incident_id": incident.id, "message": "Rolling back <!channel>", "to_incident_status_id": fixing,
        });
        for _ in 0..2 {
            client.posts("/v2/incident_updates", &update).await.expect(201);
        }
        bot.settle().await;
        assert_eq!(
            bot.reads_all(channel),
            ["INC-1: Rolling back &lt;!channel&gt; · Update from ci · Status Investigating → Fixing"],
        );
        bot.skims(INCIDENTS);
        bot.ends().await;
    }

    async fn members_come_into_the_channel_and_leave_it(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let mut client = Client::beside(&bot).await;
        let hidden = client.declares("Keys", "private").await["id"].clone();
        let body = json!({"incident_id": hidden, "user_id": BOB});
        client.posts("/v1/incident_memberships", &body).await.expect(201);
        bot.settle().await;
        let incident = bot.incident(1).await;
        assert!(bot.channels(&incident)[0].has(BOB));
        assert_eq!(client.posts("/v1/incident_memberships/actions/revoke", &body).await.status, 204);
        bot.settle().await;
        assert!(!bot.channels(&incident)[0].has(BOB));
        bot.skims(channel_of(&incident));
        bot.ends().await;
    }

    async fn where_others_go_on_the_log_says_so(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let mut client = Client::beside(&bot).await;
        let mut ids = Vec::new();
        for (name, visibility) in [("One", "public"), ("Other", "public"), ("Keys", "private")] {
            ids.push(client.declares(name, visibility).await["id"].as_str().unwrap().to_owned());
        }
        bot.settle().await;
        for other in ["INC-2", "INC-3"] {
            client.program.commands(other, json!({"type": "merge", "into": "INC-1"})).await.expect(200);
            bot.settle().await;
        }
        let log = |id: &str| format!("/v2/incident_activity_log_entries?incident_id={id}");
        const PLURAL: &str = "incident_activity_log_entries";
        let merged = client.pages(&log(&ids[1]), PLURAL, 2).await.pop().unwrap();
        assert_eq!((&merged["type"], &merged["title"]), (&json!("incident_update"), &json!("Merged into INC-1")));
        let lines = client.pages(&log(&ids[0]), PLURAL, 2).await;
        let absorbed: Vec<_> = lines.iter().filter(|line| line["type"] == "incident_merged").collect();
        assert_eq!(absorbed.len(), 2);
        let source = &absorbed[0]["content"]["incident_merged"]["source_incident"];
        assert_eq!((&source["id"], &source["status_category"]), (&json!(ids[1]), &json!("merged")));
        // Of what is private, nothing is told here.
        assert_eq!(absorbed[1]["title"], "A private incident was merged into it");
        assert!(absorbed[1]["content"]["incident_merged"].get("source_incident").is_none());
        let related = format!("/v1/incident_relationships?incident_id={}", ids[0]);
        let related = client.pages(&related, "incident_relationships", 2).await;
        assert_eq!(related.iter().map(|it| &it["incident"]["id"]).collect::<Vec<_>>(), [&ids[1]]);
        for number in 1..=3 {
            bot.skims(channel_of(&bot.incident(number).await));
        }
        bot.skims(INCIDENTS);
        bot.ends().await;
    }
}

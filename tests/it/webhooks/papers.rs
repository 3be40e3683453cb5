//! What is written down around an incident is told of, too.

use serde_json::json;
use stentor::incident::command::Declare;
use stentor::webhooks::event_type::EventType;

use super::receiver::Receiver;
use super::{said, start};
use crate::bot::{ALICE, BOB};
use crate::databases::on_each_database;

const PAPERS: [EventType; 7] = [
    EventType::ACTION_CREATED,
    EventType::ACTION_UPDATED,
    EventType::FOLLOW_UP_CREATED,
    EventType::FOLLOW_UP_CREATED_V1,
    EventType::FOLLOW_UP_UPDATED,
    EventType::POSTMORTEM_STATUS_UPDATED,
    EventType::INCIDENT_UPDATED,
];

on_each_database! {
    async fn actions_follow_ups_and_post_mortems_are_told_of(fresh: Fresh) {
        let bot = start(&fresh).await;
        let receiver = Receiver::start().await;
        let incident = bot.declares("Checkout is slow").await;
        bot.tells(&receiver, &PAPERS).await;
        let channel = incident.channel.clone().unwrap();
        bot.says(ALICE, channel.as_str(), "action Restart the queue @bob").await;
        let heard = receiver.heard();
        let [action] = &heard[..] else { panic!("{heard:?}") };
        assert_eq!(action.body["event_type"], "public_incident.action_created_v1");
        let action = said(&action.body);
        assert_eq!((&action["description"], &action["assignee"]["id"]), (&json!("Restart the queue"), &json!(BOB)));
        assert_eq!((&action["incident_id"], &action["follow_up"]), (&json!(incident.id), &json!(false)));
        bot.says(ALICE, channel.as_str(), "followup Write a test").await;
        let heard = receiver.heard();
        let types: Vec<_> = heard.iter().map(|one| one.body["event_type"].as_str().unwrap()).collect();
        assert_eq!(types, ["public_incident.follow_up_created_v1", "public_incident.follow_up_created_v2"]);
        assert_eq!(said(&heard[1].body)["title"], "Write a test");
        assert_eq!(said(&heard[1].body)["creator"]["user"]["id"], ALICE);
        bot.says(ALICE, channel.as_str(), "postmortem https://example.com/why").await;
        let heard = receiver.heard();
        let [document] = &heard[..] else { panic!("{heard:?}") };
        let document = said(&document.body);
        assert_eq!(document["postmortem_document"]["document_url"], "https://example.com/why");
        assert_eq!((&document["previous_status"], &document["new_status"]), (&json!("not_started"), &json!("created")));
        bot.reads_everything(&incident).await;
        bot.ends().await;
    }

    async fn of_a_private_incidents_papers_only_ids_are_told(fresh: Fresh) {
        let bot = start(&fresh).await;
        let receiver = Receiver::start().await;
        let wanted = ["private_incident.action_created_v1", "private_incident.membership_revoked_v1"];
        let declare: Declare = serde_json::from_value(json!({"name": "A leak", "private": true, "invite": [BOB]})).unwrap();
        let incident = bot.declares_so(declare).await;
        bot.tells(&receiver, &wanted.map(|name| EventType::parse(name).unwrap())).await;
        bot.tells(&receiver, &PAPERS).await;
        let channel = incident.channel.clone().unwrap();
        bot.says(ALICE, channel.as_str(), "action Change the keys").await;
        let heard = receiver.heard();
        let [action] = &heard[..] else { panic!("{heard:?}") };
        let id = bot.incident(1).await.papers.items.into_keys().next().unwrap();
        assert_eq!(said(&action.body), &json!({"id": id}));
        bot.says(ALICE, channel.as_str(), "remove @bob").await;
        let heard = receiver.heard();
        let [revoked] = &heard[..] else { panic!("{heard:?}") };
        let expected = json!({"incident_id": incident.id, "user_id": BOB, "actor_user_id": ALICE});
        assert_eq!(said(&revoked.body), &expected);
        bot.reads_everything(&incident).await;
        bot.ends().await;
    }
}

//! What is private is told of by its id alone.

use serde_json::json;
use stentor::alert::observation::Observation;
use stentor::incident::command::Declare;
use stentor::ingest::kind::Kind;
use stentor::webhooks::event_type::EventType;

use super::receiver::Receiver;
use super::{said, start};
use crate::bot::{ALICE, BOB};
use crate::databases::on_each_database;

const PRIVATE: [&str; 4] = [
    "private_incident.incident_created_v2",
    "private_incident.incident_updated_v2",
    "private_incident.membership_granted_v1",
    "private_alert.alert_created_v1",
];

fn private() -> Vec<EventType> {
    PRIVATE.iter().map(|name| EventType::parse(name).unwrap()).collect()
}

on_each_database! {
    async fn of_a_private_incident_only_its_id_is_told(fresh: Fresh) {
        let bot = start(&fresh).await;
        let (open, secret) = (Receiver::start().await, Receiver::start().await);
        bot.tells(&open, &[EventType::INCIDENT_CREATED, EventType::INCIDENT_UPDATED, EventType::STATUS_UPDATED]).await;
        bot.tells(&secret, &private()).await;
        let declare = json!({"name": "A leak", "private": true, "invite": [BOB]});
        let declare: Declare = serde_json::from_value(declare).unwrap();
        let incident = bot.declares_so(declare).await;
        let channel = incident.channel.clone().unwrap();
        bot.says(ALICE, channel.as_str(), "status monitoring").await;
        assert_eq!(open.heard().len(), 0);
        let heard = secret.heard();
        let types: Vec<_> = heard.iter().map(|heard| heard.body["event_type"].as_str().unwrap()).collect();
        assert_eq!(types, [PRIVATE[0], PRIVATE[2], PRIVATE[2], PRIVATE[1], PRIVATE[1]]);
        let id = json!({"id": incident.id});
        assert_eq!((said(&heard[0].body), said(&heard[4].body)), (&id, &id));
        let granted = json!({"incident_id": incident.id, "user_id": ALICE, "actor_user_id": ALICE});
        assert_eq!(said(&heard[1].body), &granted);
        bot.reads_everything(&incident).await;
        bot.ends().await;
    }

    async fn alerts_are_told_of_when_they_begin_and_when_they_are_over(fresh: Fresh) {
        let bot = start(&fresh).await;
        let receiver = Receiver::start().await;
        bot.tells(&receiver, &[EventType::ALERT_CREATED, EventType::ALERT_RESOLVED]).await;
        let monitor = bot.monitor(Kind::Generic).await;
        bot.hears(&monitor, vec![Observation::firing("disk", "The disk is full")]).await;
        bot.hears(&monitor, vec![Observation::firing("disk", "The disk is full")]).await;
        bot.settle().await;
        let heard = receiver.heard();
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert_eq!(heard[0].body["event_type"], "public_alert.alert_created_v1");
        assert_eq!(said(&heard[0].body)["title"], "The disk is full");
        bot.hears(&monitor, vec![Observation::resolved("disk")]).await;
        bot.settle().await;
        assert_eq!(receiver.types(), ["public_alert.alert_resolved_v1"]);
        bot.ends().await;
    }
}

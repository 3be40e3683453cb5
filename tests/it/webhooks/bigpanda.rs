//! What a webhook is told in BigPanda's words.

use std::time::Duration;

use serde_json::{Value, json};
use stentor::ingest::kind::Kind;
use stentor::webhooks::event_type::EventType;
use stentor::webhooks::format::Format;

use super::receiver::Receiver;
use super::start;
use crate::alerts::monitor::{ends, fires};
use crate::bot::{ALICE, GENERAL};
use crate::databases::on_each_database;
use crate::stories::channel_of;

const WANTED: [EventType; 2] = [EventType::INCIDENT_CREATED, EventType::INCIDENT_UPDATED];
const GROUP_WAIT: Duration = Duration::from_secs(31);

/// What it was told, in short: status, whether it is active, how many alerts there are.
fn brief(receiver: &Receiver) -> Vec<(String, bool, usize)> {
    let heard = receiver.heard_otherwise().into_iter();
    heard
        .map(|one| one.body)
        .map(|body| {
            let word = body["status"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned();
            (word, body["active"].as_bool().unwrap(), body["alerts"].as_array().unwrap().len())
        })
        .collect()
}

on_each_database! {
    /// Each update is one message, and each is the incident with its alerts.
    async fn an_incident_is_sent_with_its_alerts(fresh: Fresh) {
        let bot = start(&fresh).await;
        let receiver = Receiver::start().await;
        bot.tells_in(Format::Bigpanda, &receiver, &WANTED).await;
        let monitor = bot.monitor(Kind::Bigpanda).await;
        bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
        bot.watches(GROUP_WAIT).await;
        let incident = bot.incident(1).await;
        let heard = receiver.heard_otherwise();
        let last = &heard.last().unwrap().body;
        assert_eq!(
            (&last["id"], &last["status"], &last["severity"]),
            (&json!(incident.id), &json!("critical"), &json!("critical"))
        );
        assert_eq!(last["snooze"], json!({"snoozed": false, "end_time": null, "autoCancel": false}));
        let alert = &last["alerts"][0];
        assert_eq!((&alert["status"], &alert["active"]), (&json!("critical"), &json!(true)));
        assert!(alert["source_system"].as_str().unwrap().starts_with("bigpanda."));
        for absent in ["event_type", "resolved", "startedOn"] {
            assert!(last.get(absent).is_none(), "{last}");
        }
        // A comment is an update here, which nothing is that incident.io has no word for.
        bot.says(ALICE, GENERAL, "INC-1 note Looking at it").await;
        assert_eq!(brief(&receiver), [("critical".to_owned(), true, 1)]);
        bot.says(ALICE, GENERAL, "INC-1 status fixing").await;
        assert_eq!(brief(&receiver).len(), 1, "a change of the status is told once");
        bot.hears(&monitor, vec![ends("Latency", "checkout")]).await;
        bot.settle().await;
        assert_eq!(brief(&receiver), [("ok".to_owned(), false, 1)]);
        bot.says(ALICE, GENERAL, "INC-1 close Written up").await;
        bot.reads_everything(&incident).await;
        bot.ends().await;
    }

    async fn what_incident_io_has_no_word_for_is_told_nobody_else(fresh: Fresh) {
        let bot = start(&fresh).await;
        let (panda, usual) = (Receiver::start().await, Receiver::start().await);
        bot.tells_in(Format::Bigpanda, &panda, &WANTED).await;
        bot.tells(&usual, &WANTED).await;
        let incident = bot.declares("Checkout is slow").await;
        assert_eq!(usual.types().len(), panda.heard_otherwise().len());
        bot.says(ALICE, channel_of(&incident), "note We look at the cache").await;
        assert_eq!((usual.heard().len(), panda.heard_otherwise().len()), (0, 1));
        bot.reads_everything(&incident).await;
        bot.ends().await;
    }

    /// Of what is private nothing but the id is sent.
    async fn what_is_private_is_an_id(fresh: Fresh) {
        let bot = start(&fresh).await;
        let receiver = Receiver::start().await;
        let private = WANTED.map(|event| event.private_twin().unwrap());
        bot.tells_in(Format::Bigpanda, &receiver, &[WANTED, private].concat()).await;
        bot.fills_in(ALICE, GENERAL, "", &[("name", json!("Secret")), ("private", json!(["private"]))]).await;
        let incident = bot.latest().await.unwrap();
        let bodies: Vec<Value> = receiver.heard_otherwise().into_iter().map(|one| one.body).collect();
        assert!(!bodies.is_empty());
        assert!(bodies.iter().all(|body| *body == json!({"id": incident.id})), "{bodies:?}");
        bot.reads_everything(&incident).await;
        bot.ends().await;
    }
}

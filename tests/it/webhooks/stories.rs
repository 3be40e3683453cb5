//! What webhooks are told, and how they are looked after.

use axum::http::StatusCode;
use serde_json::json;
use stentor::outbox::retention;
use stentor::store::webhooks::State;
use stentor::webhooks::event_type::EventType;
use stentor::webhooks::manage::{Changed, Once};

use super::receiver::{Answer, Receiver};
use super::{said, start};
use crate::bot::ALICE;
use crate::databases::on_each_database;

const INCIDENTS: [EventType; 3] =
    [EventType::INCIDENT_CREATED, EventType::INCIDENT_UPDATED, EventType::STATUS_UPDATED];

on_each_database! {
    async fn whoever_wants_it_is_told_what_happens_to_an_incident(fresh: Fresh) {
        let bot = start(&fresh).await;
        let receiver = Receiver::start().await;
        let webhook = bot.tells(&receiver, &INCIDENTS).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = incident.channel.clone().unwrap();
        let heard = receiver.heard();
        let [created, opened] = &heard[..] else { panic!("{heard:?}") };
        assert_eq!(created.body["event_type"], "public_incident.incident_created_v2");
        assert_eq!(said(&created.body)["name"], "Checkout is slow");
        // It says how it was then, although the channel was open when it was sent.
        assert_eq!(said(&created.body)["version"], 1);
        assert!(said(&created.body)["channel"].is_null());
        assert_eq!(opened.body["event_type"], "public_incident.incident_updated_v2");
        assert_eq!(said(&opened.body)["channel"], channel.as_str());
        assert_ne!(created.id, opened.id);
        assert_eq!(created.seconds, bot.clock.now().as_seconds());

        bot.says(ALICE, channel.as_str(), "update It is the cache").await;
        assert_eq!(receiver.types(), ["public_incident.incident_updated_v2"]);
        bot.says(ALICE, channel.as_str(), "status monitoring").await;
        let heard = receiver.heard();
        let [updated, status] = &heard[..] else { panic!("{heard:?}") };
        assert_eq!(updated.body["event_type"], "public_incident.incident_updated_v2");
        assert_eq!(status.body["event_type"], "public_incident.incident_status_updated_v2");
        let said = said(&status.body);
        assert_eq!(said["new_status"]["name"], "Monitoring");
        assert_eq!(said["previous_status"]["category"], "live");
        assert_eq!(said["incident"]["reference"], "INC-1");
        // A note is no change of the incident.
        bot.says(ALICE, channel.as_str(), "note We look at the cache").await;
        assert_eq!(receiver.heard().len(), 0);
        assert_eq!(bot.outcomes(&webhook).await, vec!["delivered"; 5]);
        bot.reads_everything(&incident).await;
        bot.ends().await;
    }

    async fn a_webhook_hears_of_what_it_wants_alone_and_as_long_as_it_is_on(fresh: Fresh) {
        let bot = start(&fresh).await;
        let (creations, nothing) = (Receiver::start().await, Receiver::start().await);
        bot.tells(&creations, &[EventType::INCIDENT_CREATED]).await;
        let off = bot.tells(&nothing, &INCIDENTS).await;
        let (app, is_on) = (&bot.stentor.app, Some(false));
        let changed = Changed { is_on, ..Changed::default() };
        app.courier.change(&app.workspace, &off, changed).await.unwrap().unwrap();
        let incident = bot.declares("Checkout is slow").await;
        assert_eq!(creations.types(), ["public_incident.incident_created_v2"]);
        assert_eq!(nothing.heard().len(), 0);
        let changed = Changed { is_on: Some(true), ..Changed::default() };
        app.courier.change(&app.workspace, &off, changed).await.unwrap().unwrap();
        bot.says(ALICE, incident.channel.as_ref().unwrap().as_str(), "rename It is the cache").await;
        assert_eq!(nothing.types(), ["public_incident.incident_updated_v2"]);
        assert!(app.courier.remove(&app.workspace, &off).await.unwrap());
        assert!(!app.courier.remove(&app.workspace, &off).await.unwrap());
        bot.says(ALICE, incident.channel.as_ref().unwrap().as_str(), "rename It is the queue").await;
        assert_eq!((nothing.heard().len(), creations.heard().len()), (0, 0));
        bot.reads_everything(&incident).await;
        bot.ends().await;
    }

    async fn what_was_to_be_told_when_it_was_switched_off_can_be_sent_by_hand(fresh: Fresh) {
        let bot = start(&fresh).await;
        let receiver = Receiver::start().await;
        let webhook = bot.tells(&receiver, &[EventType::INCIDENT_CREATED]).await;
        receiver.answers(&[Answer::Status(StatusCode::SERVICE_UNAVAILABLE)]);
        let incident = bot.declares_in_trouble("Checkout is slow").await;
        bot.works_a_while().await;
        let first = receiver.heard();
        assert_eq!(first.len(), 1);
        let app = &bot.stentor.app;
        let change = async |is_on| {
            let changed = Changed { is_on: Some(is_on), ..Changed::default() };
            app.courier.change(&app.workspace, &webhook, changed).await.unwrap().unwrap()
        };
        assert_eq!(change(false).await.state, State::Off);
        bot.settle().await;
        assert_eq!(receiver.heard().len(), 0);
        assert_eq!(bot.outcomes(&webhook).await, ["failed", "skipped"]);
        change(true).await;
        let message = &first[0].id;
        assert!(app.courier.redeliver(&app.workspace, &webhook, message).await.unwrap());
        assert!(!app.courier.redeliver(&app.workspace, &webhook, "msg_none").await.unwrap());
        bot.settle().await;
        let again = receiver.heard();
        assert_eq!((again.len(), &again[0].id, &again[0].body), (1, message, &first[0].body));
        // Once more, although it was taken.
        assert!(app.courier.redeliver(&app.workspace, &webhook, message).await.unwrap());
        bot.settle().await;
        assert_eq!(receiver.heard().len(), 1);
        bot.reads_everything(&bot.incident(incident.number).await).await;
        bot.ends().await;
    }

    async fn for_a_day_after_a_rotation_both_secrets_sign(fresh: Fresh) {
        let bot = start(&fresh).await;
        let receiver = Receiver::start().await;
        let webhook = bot.tells(&receiver, &[EventType::INCIDENT_CREATED]).await;
        let app = &bot.stentor.app;
        let rotated = app.courier.rotate(&app.workspace, &webhook, Some("key")).await.unwrap();
        let Some(Once::Made(made)) = rotated else { panic!() };
        let again = app.courier.rotate(&app.workspace, &webhook, Some("key")).await.unwrap();
        assert!(matches!(again, Some(Once::Repeated(_))));
        // The receiver knows only the old one yet, and refuses what it can't check.
        let incident = bot.declares("Checkout is slow").await;
        assert_eq!(receiver.heard().len(), 1);
        receiver.knows(made.secret.clone());
        receiver.forgets_old_secrets();
        let other = bot.declares("Search is slow").await;
        assert_eq!(receiver.heard().len(), 1);
        bot.clock.advance(stentor::webhooks::manage::OLD_SECRET_FOR);
        let last = bot.declares("Mail is slow").await;
        assert_eq!(receiver.heard().len(), 1);
        for incident in [incident, other, last] {
            bot.reads_everything(&incident).await;
        }
        bot.ends().await;
    }

    async fn the_log_of_attempts_is_bounded(fresh: Fresh) {
        let bot = start(&fresh).await;
        let receiver = Receiver::start().await;
        let webhook = bot.tells(&receiver, &[EventType::INCIDENT_CREATED]).await;
        let incident = bot.declares("Checkout is slow").await;
        assert_eq!(bot.attempts(&webhook).await.len(), 1);
        let app = &bot.stentor.app;
        bot.clock.advance(retention::ATTEMPTS_KEPT - std::time::Duration::from_secs(1));
        retention::forget(&app.db, &app.clock).await.unwrap();
        assert_eq!(bot.attempts(&webhook).await.len(), 1);
        let message = bot.attempts(&webhook).await[0].delivery.message.clone();
        for _ in 0..3 {
            app.courier.redeliver(&app.workspace, &webhook, &message).await.unwrap();
            bot.settle().await;
        }
        assert_eq!(bot.attempts(&webhook).await.len(), 4);
        let mut tx = app.db.begin().await.unwrap();
        let forgotten = stentor::store::webhooks::forget_surplus(&mut tx, &app.workspace, &webhook, 3);
        assert_eq!(forgotten.await.unwrap(), 1);
        tx.commit().await.unwrap();
        bot.clock.advance(retention::ATTEMPTS_KEPT + std::time::Duration::from_secs(1));
        retention::forget(&app.db, &app.clock).await.unwrap();
        assert_eq!(bot.attempts(&webhook).await.len(), 0);
        receiver.heard();
        bot.reads_everything(&incident).await;
        bot.ends().await;
    }

    async fn an_incident_is_shown_as_it_was_when_it_happened(fresh: Fresh) {
        let bot = start(&fresh).await;
        let receiver = Receiver::start().await;
        bot.tells(&receiver, &[EventType::INCIDENT_UPDATED]).await;
        let incident = bot.declares("One").await;
        receiver.heard();
        let channel = incident.channel.clone().unwrap();
        receiver.answers(&[Answer::Busy(60)]);
        for name in ["Two", "Three", "Four"] {
            bot.types(ALICE, channel.as_str(), &format!("rename {name}")).await;
        }
        bot.settle().await;
        let names: Vec<_> = receiver.heard().iter().map(|heard| said(&heard.body)["name"].clone()).collect();
        assert_eq!(names, [json!("Two"), json!("Two"), json!("Three"), json!("Four")]);
        bot.reads_everything(&incident).await;
        bot.ends().await;
    }
}

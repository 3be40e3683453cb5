//! What webhooks are told of those who are paged, and of who is on call.

use serde_json::json;
use stentor::ids::{IncidentId, UserId};
use stentor::incident::command::Declare;
use stentor::incident::event::Actor;
use stentor::oncall::escalation::state::Request;
use stentor::store::escalations::Asked;
use stentor::webhooks::event_type::EventType;

use super::receiver::Receiver;
use super::{said, start};
use crate::bot::{BOB, Bot};
use crate::databases::on_each_database;

const EVENTS: [&str; 8] = [
    "public_escalation.escalation_created_v1",
    "public_escalation.escalation_status_updated_v1",
    "private_escalation.escalation_created_v1",
    "private_escalation.escalation_status_updated_v1",
    "schedule.created_v1",
    "schedule.deleted_v1",
    "schedule.shift_change_v1",
    "schedule.updated_v1",
];

fn ci() -> Actor {
    Actor::ApiToken { name: "ci".to_owned() }
}

fn asking(incident: Option<IncidentId>) -> Request {
    Request {
        title: "Down".to_owned(),
        description: String::new(),
        priority: None,
        path: None,
        people: vec![UserId::from(BOB)],
        incident,
        alerts: Vec::new(),
        ends_with_alerts: false,
    }
}

impl Bot {
    async fn begins(&self, incident: Option<IncidentId>) -> stentor::ids::EscalationId {
        let app = &self.stentor.app;
        let request = asking(incident);
        let (who, asked) = (ci(), Asked::default());
        let begun = app.paging.begin(&app.workspace, request, &who, &asked);
        let id = begun.await.unwrap().id;
        self.settle().await;
        id
    }
}

on_each_database! {
    async fn whoever_wants_it_is_told_who_is_paged_and_how_it_goes_on(fresh: Fresh) {
        let bot = start(&fresh).await;
        let receiver = Receiver::start().await;
        let events = EVENTS.map(|name| EventType::parse(name).unwrap());
        bot.tells(&receiver, &events).await;
        let id = bot.begins(None).await;
        let app = &bot.stentor.app;
        app.paging.acknowledge(&app.workspace, &id, &ci()).await.unwrap();
        bot.settle().await;
        let heard = receiver.heard();
        let [created, acked] = &heard[..] else { panic!("{heard:?}") };
        assert_eq!(created.body["event_type"], EVENTS[0]);
        assert_eq!(said(&created.body)["status"], "triggered");
        assert_eq!(acked.body["event_type"], EVENTS[1]);
        let update = said(&acked.body);
        assert_eq!((&update["previous_status"], &update["new_status"]), (&json!("triggered"), &json!("acked")));
        // Of a private incident, nothing but the id leaves the house.
        let private = Declare { name: "Secret".to_owned(), private: true, ..Declare::default() };
        let incident = bot.declares_so(private).await;
        let id = bot.begins(Some(incident.id.clone())).await;
        let heard = receiver.heard();
        let [created] = &heard[..] else { panic!("{heard:?}") };
        assert_eq!(created.body["event_type"], EVENTS[2]);
        assert_eq!(*said(&created.body), json!({"id": id}));
        app.paging.cancel(&app.workspace, &id, &ci()).await.unwrap();
        bot.settle().await;
        assert_eq!(receiver.types(), [EVENTS[3]]);
        bot.reads_everything(&incident).await;
        bot.ends().await;
    }

    async fn whoever_wants_it_is_told_who_takes_over(fresh: Fresh) {
        let bot = start(&fresh).await;
        let receiver = Receiver::start().await;
        let events = EVENTS.map(|name| EventType::parse(name).unwrap());
        bot.tells(&receiver, &events).await;
        let schedule = json!({"name": "Primary", "time_zone": "UTC", "rotations": [{"name": "Days", "people": [BOB],
            "handover_start_at": "2026-09-21T00:00:00Z", "handovers": [{"interval": 1, "interval_type": "daily"}]}]});
        let schedule = serde_json::from_value(schedule).unwrap();
        let app = &bot.stentor.app;
        let made = app.paging.create_schedule(&app.workspace, schedule, &ci(), None).await.unwrap();
        bot.settle().await;
        let heard = receiver.heard();
        let [created, shift] = &heard[..] else { panic!("{heard:?}") };
        assert_eq!((created.body["event_type"].as_str(), shift.body["event_type"].as_str()), (Some(EVENTS[4]), Some(EVENTS[6])));
        assert_eq!(said(&shift.body)["current_users"][0]["id"], BOB);
        app.paging.archive_schedule(&app.workspace, &made.id, &ci()).await.unwrap();
        bot.settle().await;
        assert_eq!(receiver.types(), [EVENTS[5]]);
        bot.reads_told(BOB);
        bot.ends().await;
    }
}

//! Who is on call, and who is paged: told as stories.

mod dying;
mod paging;
mod people;
mod routing;
mod shifts;

use std::time::Duration;

use serde_json::{Value, json};
use stentor::ids::{EscalationId, PathId, ScheduleId, UserId};
use stentor::incident::event::Actor;
use stentor::oncall::escalation::state::{Escalation, Request};
use stentor::simulator::state::message::Message;
use stentor::store::escalations::{self, Asked, Filter};

use crate::bot::Bot;

const MINUTE: Duration = Duration::from_secs(60);

/// Somebody who calls the API.
fn ci() -> Actor {
    Actor::ApiToken { name: "ci".to_owned() }
}

/// A level that pages these people, and waits so many seconds.
fn level(people: &[&str], seconds: u32) -> Value {
    let targets: Vec<Value> =
        people.iter().map(|id| json!({"to": {"type": "user", "id": id}})).collect();
    json!({"type": "level", "targets": targets, "time_to_ack": {"seconds": seconds}})
}

/// A request that pages by a path.
fn by_path(path: &PathId, title: &str) -> Request {
    Request { path: Some(path.clone()), people: Vec::new(), ..by_name(&[], title) }
}

/// A request that pages these people.
fn by_name(people: &[&str], title: &str) -> Request {
    Request {
        title: title.to_owned(),
        description: String::new(),
        priority: None,
        path: None,
        people: people.iter().copied().map(UserId::from).collect(),
        incident: None,
        alerts: Vec::new(),
        ends_with_alerts: false,
    }
}

impl Bot {
    /// Somebody lays down a path.
    async fn has_path(&self, path: Value) -> PathId {
        let path = serde_json::from_value(path).unwrap();
        let app = &self.stentor.app;
        app.paging.create_path(&app.workspace, path, &ci(), None).await.unwrap().id
    }

    /// Somebody lays down a schedule.
    async fn has_schedule(&self, schedule: Value) -> ScheduleId {
        let schedule = serde_json::from_value(schedule).unwrap();
        let app = &self.stentor.app;
        app.paging.create_schedule(&app.workspace, schedule, &ci(), None).await.unwrap().id
    }

    /// Somebody is to be paged.
    async fn pages(&self, request: Request) -> EscalationId {
        self.pages_once(request, None).await
    }

    async fn pages_once(&self, request: Request, key: Option<&str>) -> EscalationId {
        let app = &self.stentor.app;
        let asked = Asked { request: key.map(str::to_owned), key: key.map(str::to_owned) };
        app.paging.begin(&app.workspace, request, &ci(), &asked).await.unwrap().id
    }

    async fn escalation(&self, id: &EscalationId) -> Escalation {
        let app = &self.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        escalations::by_id(&mut tx, &app.workspace, id).await.unwrap().unwrap()
    }

    /// The escalation that was begun last.
    async fn latest_escalation(&self) -> Escalation {
        let app = &self.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        let filter = Filter::default();
        let all = escalations::page(&mut tx, &app.workspace, &filter, None, 1);
        all.await.unwrap().pop().unwrap()
    }

    /// The words of its status.
    async fn status_of(&self, id: &EscalationId) -> &'static str {
        self.escalation(id).await.status.as_str()
    }

    /// What Stentor has told somebody directly, as it is now.
    fn told_directly(&self, user: &str) -> Vec<Message> {
        let direct = self.slack.read(|state| {
            let direct = state.channels.values().find(|place| place.is_im && place.has(user));
            direct.map(|place| place.id.clone())
        });
        direct.map(|channel| self.messages(&channel)).unwrap_or_default()
    }

    /// Somebody presses a button under the latest message that pages them.
    async fn answers(&self, user: &str, label: &str) {
        let message = self.told_directly(user).pop().expect("they were paged");
        let seen = self.presses(user, &message.channel, message.ts, label).await;
        assert_eq!(seen.error, None, "{label}");
        self.settle().await;
    }

    /// All the words of the latest message that somebody was told.
    fn shows_to(&self, user: &str) -> String {
        json!(self.told_directly(user).pop().expect("they were told something").blocks).to_string()
    }

    /// Whatever these people were told is of no interest to the test any more.
    fn skims_told(&self, people: &[&str]) {
        people.iter().for_each(|user| drop(self.reads_told(user)));
    }
}

//! Whoever is told of incidents and alerts over webhooks, and what happens when they do not answer.

mod bigpanda;
mod oncall;
mod papers;
mod private;
mod receiver;
mod stories;
mod trouble;

use serde_json::Value;
use stentor::config::rules::RuleSettings;
use stentor::ids::WebhookId;
use stentor::incident::state::Incident;
use stentor::store::webhooks::{self, Attempt, Webhook};
use stentor::webhooks::event_type::EventType;
use stentor::webhooks::format::Format;
use stentor::webhooks::manage::{Once, Wanted};

use self::receiver::Receiver;
use crate::bot::{ALICE, BOB, Bot, INCIDENTS, Start};
use crate::databases::Fresh;

/// A Stentor whose webhooks may lead to this machine.
async fn start(fresh: &Fresh) -> Bot {
    let settings =
        RuleSettings { prometheus_url: None, webhook_networks: "127.0.0.0/8".parse().unwrap() };
    let start = Start { rules: Some(Box::leak(Box::new(settings))), ..Start::default() };
    Bot::start_with(fresh, start).await
}

impl Bot {
    /// Somebody wants this receiver to be told of these events.
    async fn tells(&self, receiver: &Receiver, events: &[EventType]) -> WebhookId {
        self.tells_in(Format::IncidentIo, receiver, events).await
    }

    /// The same in the words of some format.
    async fn tells_in(
        &self,
        format: Format,
        receiver: &Receiver,
        events: &[EventType],
    ) -> WebhookId {
        let app = &self.stentor.app;
        let wanted = Wanted {
            url: receiver.address().to_owned(),
            description: "a test's".to_owned(),
            events: events.iter().map(|event| event.as_str().to_owned()).collect(),
            format,
            is_on: true,
        };
        let once = app.courier.create(&app.workspace, wanted, None).await.unwrap();
        let Once::Made(made) = once else { panic!() };
        receiver.knows(made.secret);
        made.webhook.id
    }

    async fn attempts(&self, webhook: &WebhookId) -> Vec<Attempt> {
        let app = &self.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        webhooks::attempts(&mut tx, &app.workspace, webhook, None, 1_000).await.unwrap()
    }

    /// Reads whatever Slack says of an incident: it is of no interest here.
    async fn reads_everything(&self, incident: &Incident) {
        if let Some(channel) = self.incident(incident.number).await.channel {
            self.skims(channel.as_str());
        }
        self.skims(INCIDENTS);
        for user in [ALICE, BOB] {
            self.reads_told(user);
        }
    }

    /// How its attempts ended, oldest first.
    async fn outcomes(&self, webhook: &WebhookId) -> Vec<String> {
        self.attempts(webhook).await.into_iter().rev().map(|attempt| attempt.outcome).collect()
    }

    async fn webhook(&self, id: &WebhookId) -> Webhook {
        let app = &self.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        webhooks::by_id(&mut tx, &app.workspace, id).await.unwrap().unwrap()
    }
}

/// What a message says under its own name.
fn said(body: &Value) -> &Value {
    &body[body["event_type"].as_str().unwrap()]
}

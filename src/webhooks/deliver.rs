//! Tells a webhook of one event, and writes down how that went.

use std::time::Duration;

use axum::http::Request;
use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use bytes::Bytes;
use http_body_util::Full;
use serde_json::json;
use tokio::time::Instant;

use crate::outbox::hold::{Held, LEASE};
use crate::outbox::webhook_work::Delivery;
use crate::rules::http;
use crate::slack::outbound::Trouble;
use crate::store::outbox;
use crate::store::webhooks::{self, Attempt, State, Webhook};
use crate::webhooks::Courier;
use crate::webhooks::attempt::{BROKEN_AFTER, How, Next, Went};
use crate::webhooks::event_type::EventType;
use crate::webhooks::format::Format;
use crate::webhooks::manage::secrets_of;
use crate::webhooks::payload::{self, Told};
use crate::webhooks::signature::sign;

/// As much of an answer is read: its beginning is written down.
const ANSWER_LIMIT: usize = 16 * 1024;
/// How long a message waits when too many receivers are called already.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// How long what only a newer version knows is left to other replicas.
const LEAVE_TO_OTHERS: Duration = Duration::from_secs(30);

impl Courier {
    /// Tells a webhook of one event, or says why not.
    pub async fn deliver(&self, held: &Held, delivery: &Delivery) -> Result<(), Trouble> {
        let workspace = &held.work.workspace;
        let mut tx = self.db.read().await?;
        let webhook = webhooks::by_id(&mut tx, workspace, &delivery.webhook).await?;
        // Where nobody is to be told any more, it is done.
        let Some(webhook) = webhook else { return Ok(()) };
        if webhook.state != State::On {
            drop(tx);
            return self.skip(held, delivery).await;
        }
        let told = payload::told(&mut tx, &self.catalogues, &webhook, delivery).await?;
        drop(tx);
        let (event, payload) = match told {
            Told::This { event, payload } => (event, payload),
            Told::Nothing => return Ok(()),
            Told::Unknown => {
                let until = self.clock.now().plus(LEAVE_TO_OTHERS);
                return Err(Trouble::NotYet { until, turn: None });
            }
        };
        // It may have become private since it was written down.
        if !webhook.events.iter().any(|wanted| wanted == event.as_str()) {
            return Ok(());
        }
        let Some(_turn) = self.turns.take(&webhook.id) else {
            let until = self.clock.now().plus(TRY_AGAIN);
            return Err(Trouble::NotYet { until, turn: None });
        };
        let body = match webhook.format {
            Format::IncidentIo => json!({"event_type": event.as_str(), event.as_str(): payload}),
            Format::Bigpanda => payload,
        };
        let went = self.send(held, &webhook, delivery, body.to_string()).await?;
        self.turns.took(&webhook.id, went.took);
        self.write_down(held, delivery, event, went).await
    }

    async fn send(
        &self,
        held: &Held,
        webhook: &Webhook,
        delivery: &Delivery,
        body: String,
    ) -> Result<Went, Trouble> {
        let refused = |error: String| Went {
            how: How::Refused,
            status: None,
            error: Some(error),
            answer: None,
            took: Duration::ZERO,
        };
        let again = |error: String| Trouble::Again { error, in_doubt: false };
        let now = self.clock.now();
        let secrets = secrets_of(webhook, self.vault.as_deref(), now)
            .map_err(|error| again(format!("the secret of the webhook can't be read: {error}")))?;
        // It may have been allowed when the webhook was made.
        let uri = match self.way.check(&webhook.url) {
            Ok(uri) => uri,
            Err(error) => return Ok(refused(error.to_string())),
        };
        let client = self
            .way
            .client(&uri)
            .map_err(|error| again(format!("the machine's certificates can't be read: {error}")))?;
        let seconds = now.as_seconds();
        let Some(signature) = sign(&secrets, &delivery.message, seconds, body.as_bytes()) else {
            return Ok(refused("the webhook's secret is none".to_owned()));
        };
        let request = Request::post(uri)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("Stentor/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", &delivery.message)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature)
            .body(Full::new(Bytes::from(body)));
        let request = match request {
            Ok(request) => request,
            Err(error) => return Ok(refused(error.to_string())),
        };
        held.make_sure(&self.db, &self.clock).await?;
        let begun = Instant::now();
        let result = http::exchange(client, request, ANSWER_LIMIT).await;
        Ok(Went::of(result, begun.elapsed()))
    }

    /// Writes the attempt down, and what it says of the webhook.
    async fn write_down(
        &self,
        held: &Held,
        delivery: &Delivery,
        event: EventType,
        went: Went,
    ) -> Result<(), Trouble> {
        let work = &held.work;
        let workspace = &work.workspace;
        let (now, since) = (self.clock.now(), Instant::now());
        let mut tx = self.db.begin().await?;
        if !outbox::renew(&mut tx, work, now.plus(LEASE)).await? {
            return Err(Trouble::NotOurs);
        }
        let is_taken = went.how == How::Taken;
        let mut is_broken = false;
        if is_taken {
            webhooks::set_well(&mut tx, workspace, &delivery.webhook).await?;
        } else {
            let failing = webhooks::set_failing(&mut tx, workspace, &delivery.webhook, now).await?;
            if failing.is_some_and(|failing| now.since(failing) >= BROKEN_AFTER) {
                is_broken = webhooks::break_off(&mut tx, workspace, &delivery.webhook, now).await?;
            }
        }
        let aside = delivery.lane_aside();
        let next = (!is_taken).then(|| {
            let is_aside = work.lane == aside;
            went.next(now, work.created_at, work.attempts, is_aside, is_broken)
        });
        let outcome = match next {
            None => "delivered",
            Some(Next::GiveUp) => "given_up",
            Some(Next::Aside(_) | Next::Later(_)) => "failed",
        };
        let attempt = Attempt {
            id: self.ids.ulid(now),
            delivery: delivery.clone(),
            event: event.as_str().to_owned(),
            at: now,
            took_ms: i64::try_from(went.took.as_millis()).unwrap_or(i64::MAX),
            outcome: outcome.to_owned(),
            status: went.status.map(i64::from),
            error: went.error.clone(),
            answer: went.answer.clone(),
        };
        webhooks::note(&mut tx, workspace, &attempt).await?;
        if let Some(Next::Aside(until)) = next {
            outbox::set_aside(&mut tx, work, &aside, until).await?;
        }
        tx.commit().await?;
        held.renewed(now, since);
        metrics::counter!("stentor_webhook_attempts_total", "outcome" => outcome).increment(1);
        if is_broken {
            tracing::error!(webhook.id = %delivery.webhook,
                "Switched off a webhook that has taken nothing for five days");
        }
        let error = went.error.unwrap_or_default();
        match next {
            None | Some(Next::Aside(_)) => Ok(()),
            Some(Next::GiveUp) => Err(Trouble::give_up(error)),
            Some(Next::Later(until)) => {
                let in_doubt = went.how == How::InDoubt;
                Err(Trouble::Away { error, in_doubt, until, for_all: false })
            }
        }
    }

    /// Writes down that nothing was sent, because the webhook is switched off: so that it can be sent
    /// by hand.
    async fn skip(&self, held: &Held, delivery: &Delivery) -> Result<(), Trouble> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if !outbox::renew(&mut tx, &held.work, now.plus(LEASE)).await? {
            return Err(Trouble::NotOurs);
        }
        let attempt = Attempt {
            id: self.ids.ulid(now),
            delivery: delivery.clone(),
            event: delivery.event.clone(),
            at: now,
            took_ms: 0,
            outcome: "skipped".to_owned(),
            status: None,
            error: Some("the webhook is switched off".to_owned()),
            answer: None,
        };
        webhooks::note(&mut tx, &held.work.workspace, &attempt).await?;
        tx.commit().await?;
        Ok(())
    }
}

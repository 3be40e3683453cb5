//! CloudWatch alarms, as SNS sends them.
//!
//! What is believed shows the source's secret in its address, comes from one of the source's
//! topics, and is signed with a certificate that Amazon's own host gives out. SNS repeats what gets a
//! 5xx, with the same id.

mod address;
mod alarm;
mod certificate;
mod envelope;
mod outside;
mod topics;

use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

pub use outside::Outside;

use crate::ingest::knock::{Knock, Trouble};
use crate::ingest::sns::envelope::{Envelope, Kind};
use crate::ingest::sns::outside::NoAnswer;
use crate::ingest::sns::topics::Settings;
use crate::ingest::values;

/// Why nothing was taken.
enum Refused {
    Trouble(Trouble),
    /// It shows the secret, but is not what the source may send. (A 401 would make SNS look for a
    /// password.)
    Forbidden(&'static str),
}

impl From<Trouble> for Refused {
    fn from(trouble: Trouble) -> Self {
        Refused::Trouble(trouble)
    }
}

/// Takes a request.
pub async fn receive(knock: Knock) -> Response {
    match take(&knock).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(Refused::Trouble(trouble)) => refuse(trouble),
        Err(Refused::Forbidden(why)) => {
            tracing::info!(why, source.id = %knock.source.id, "Refused a message of SNS");
            (StatusCode::FORBIDDEN, axum::Json(json!({"error": why}))).into_response()
        }
    }
}

/// Says why a request went no further.
pub fn refuse(trouble: Trouble) -> Response {
    trouble.answer(trouble.status_without_429(), json!({"error": trouble.message()}))
}

/// Whether the settings are understood.
pub fn check_settings(door: &Value) -> Result<(), String> {
    Settings::read(door).map(drop)
}

async fn take(knock: &Knock) -> Result<(), Refused> {
    if !knock.shows_secret() {
        return Err(Trouble::Unproven.into());
    }
    if !knock.is_at_the_door() {
        return Err(Trouble::NotThere.into());
    }
    if knock.method != Method::POST {
        return Err(Trouble::WrongMethod.into());
    }
    // The body is JSON, whatever its type says: SNS calls it plain text.
    let envelope: Envelope = match knock.json() {
        Ok(envelope) => envelope,
        Err(_) if knock.header("x-amz-sns-rawdelivery").is_some() => {
            let why = "Raw message delivery has no signature; turn it off for this subscription.";
            return Err(Trouble::Unreadable(why.to_owned()).into());
        }
        Err(trouble) => return Err(trouble.into()),
    };
    let Some(kind) = envelope.kind() else {
        return Err(Trouble::Unreadable("`Type` is nothing that SNS sends.".to_owned()).into());
    };
    if !topics::is_topic(&envelope.topic_arn) {
        return Err(Trouble::Unreadable("`TopicArn` is no ARN of a topic.".to_owned()).into());
    }
    let settings = Settings::read(&knock.source.settings.door)
        .map_err(|reason| knock.settings_are_broken(&reason))?;
    if settings.allow(&envelope.topic_arn) {
        verify(knock, &envelope).await?;
        return act(knock, kind, &envelope, settings).await;
    }
    let Some(settings) = topics::now(knock).await? else {
        return Err(Trouble::NotThere.into());
    };
    let is_allowed = settings.allow(&envelope.topic_arn);
    let is_first = settings.topics.is_empty() && kind == Kind::Subscription;
    if !is_allowed && !is_first {
        return Err(Refused::Forbidden("The topic is none of this source's."));
    }
    verify(knock, &envelope).await?;
    act(knock, kind, &envelope, settings).await?;
    if !is_allowed {
        topics::remember(knock, &envelope.topic_arn).await?;
    }
    Ok(())
}

/// Whether SNS has signed it.
async fn verify(knock: &Knock, envelope: &Envelope) -> Result<(), Refused> {
    let certificate = match knock.app.sns.certificate(&envelope.certificate).await {
        Ok(certificate) => certificate,
        Err(NoAnswer::NotAmazons) => {
            return Err(Refused::Forbidden("The certificate is not at an address of SNS's own."));
        }
        Err(error @ (NoAnswer::Away(_) | NoAnswer::NoCertificate)) => {
            tracing::warn!(%error, "Could not get a certificate of SNS");
            return Err(Trouble::Unavailable.into());
        }
    };
    if !certificate.is_valid(knock.now) {
        return Err(Refused::Forbidden("The certificate is not good at this time."));
    }
    if !envelope.is_signed_with(&certificate) {
        return Err(Refused::Forbidden("The signature is wrong."));
    }
    Ok(())
}

async fn act(
    knock: &Knock,
    kind: Kind,
    envelope: &Envelope,
    settings: Settings,
) -> Result<(), Refused> {
    match kind {
        Kind::Subscription => confirm(knock, envelope).await,
        // Its address would subscribe again, which nobody wants who has just ended it.
        Kind::Unsubscription => Ok(()),
        Kind::Notification => match alarm::read(&envelope.message, settings.insufficient_data) {
            Some(observation) => {
                let delivery = values::delivery(&envelope.message_id);
                let observations = vec![observation.within_limits()];
                knock.take(observations, Vec::new(), Some(&delivery)).await?;
                Ok(())
            }
            None => {
                tracing::info!(message = envelope.message_id, source.id = %knock.source.id, "A message of SNS is no alarm");
                Ok(())
            }
        },
    }
}

async fn confirm(knock: &Knock, envelope: &Envelope) -> Result<(), Refused> {
    let address = envelope.subscribe.as_deref().unwrap_or_default();
    match knock.app.sns.confirm(address).await {
        Ok(()) => Ok(()),
        Err(NoAnswer::NotAmazons) => {
            Err(Refused::Forbidden("What would confirm it is not an address of SNS's own."))
        }
        Err(error @ (NoAnswer::Away(_) | NoAnswer::NoCertificate)) => {
            tracing::warn!(%error, "Could not confirm a subscription of SNS");
            Err(Trouble::Unavailable.into())
        }
    }
}

//! Webhooks: made, shown once with their secret, changed, rotated, removed; and told again by hand.

use std::time::Duration;

use serde_json::json;

use crate::clock::{Clock, Timestamp};
use crate::config::Secret;
use crate::ids::{WebhookId, WorkId, WorkspaceId};
use crate::incident::text::clean_text;
use crate::rules::inner::BadAddress;
use crate::slack::install::vault::{Purpose, Unopened, Vault};
use crate::store::db::{Db, Tx};
use crate::store::webhooks::{self, State, Webhook};
use crate::store::{outbox, receipts};
use crate::webhooks::Courier;
use crate::webhooks::event_type::EventType;
use crate::webhooks::format::Format;
use crate::webhooks::signature::new_secret;

/// How many webhooks a workspace can have: each of them is asked about each event.
pub const MOST: usize = 50;
/// The longest description, in characters.
pub const DESCRIPTION_LIMIT: usize = 1_000;
/// The longest address.
pub const URL_LIMIT: usize = 2_000;
/// How long the secret before still signs after it was rotated.
pub const OLD_SECRET_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// A webhook with its secret, which is shown this once.
#[derive(Clone, Debug)]
pub struct Made {
    /// The webhook.
    pub webhook: Webhook,
    /// Its secret.
    pub secret: Secret,
}

/// What became of a wish that has a receipt.
#[derive(Clone, Debug)]
pub enum Once {
    /// It was done now.
    Made(Box<Made>),
    /// It was done before, and its secret shown then.
    Repeated(Box<Webhook>),
}

/// Why there is no such webhook.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// Nothing can be sent there.
    #[error("the address of the webhook can't be used: {0}")]
    BadUrl(BadAddress),
    /// The address is too long.
    #[error("the address has {0} characters; {URL_LIMIT} is the most")]
    UrlTooLong(usize),
    /// It is told nothing.
    #[error(
        "say which types of events the webhook is told of, such as `{}`",
        EventType::INCIDENT_CREATED
    )]
    NoEvents,
    /// There is no event of that name.
    #[error("there is no type of event \u{201c}{0}\u{201d}")]
    UnknownEvent(String),
    /// Its format has no words for an event.
    #[error("the format `{format}` has no words for `{event}`")]
    NotOfFormat {
        /// In whose words it is to be told.
        format: Format,
        /// Of what.
        event: String,
    },
    /// The description is too long.
    #[error("the description has {0} characters; {DESCRIPTION_LIMIT} is the most")]
    DescriptionTooLong(usize),
    /// There are as many as there can be.
    #[error("there are {MOST} webhooks already, which is the most")]
    TooMany,
    /// It was made, and removed since.
    #[error("the webhook that was made then is not there any more")]
    Gone,
    /// The present secret can't be read.
    #[error("the present secret can't be read: {0}")]
    Sealed(Unopened),
    /// The store failed.
    #[error("the webhook could not be saved")]
    NotSaved(#[from] sqlx::Error),
}

/// What somebody wants.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Where it is.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// The names of the events that it is told of.
    pub events: Vec<String>,
    /// In whose words it is told.
    pub format: Format,
    /// Whether it is told anything yet.
    pub is_on: bool,
}

/// What is to be other about a webhook; what is nothing stays.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    /// Where it is.
    pub url: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The names of the events that it is told of.
    pub events: Option<Vec<String>>,
    /// In whose words it is told.
    pub format: Option<Format>,
    /// Whether it is told anything.
    pub is_on: Option<bool>,
}

impl Courier {
    /// Makes a webhook, once for each receipt.
    pub async fn create(
        &self,
        workspace: &WorkspaceId,
        wanted: Wanted,
        receipt: Option<&str>,
    ) -> Result<Once, NotMade> {
        let now = self.clock.now();
        let secret = new_secret();
        let (kept_secret, sealed_with) = self.seal(workspace, &secret);
        let webhook = Webhook {
            workspace: workspace.clone(),
            id: WebhookId::new(self.ids.ulid(now)),
            url: self.checked_url(&wanted.url)?,
            description: checked_description(&wanted.description)?,
            events: checked_events(wanted.events)?,
            format: wanted.format,
            state: if wanted.is_on { State::On } else { State::Off },
            kept_secret,
            kept_old: None,
            sealed_with,
            failing_since: None,
            created_at: now,
            updated_at: now,
        };
        check_format(&webhook)?;
        let mut tx = self.db.begin().await?;
        if let Some(known) = repeated(&mut tx, workspace, receipt).await? {
            return Ok(known);
        }
        if webhooks::all(&mut tx, workspace).await?.len() >= MOST {
            return Err(NotMade::TooMany);
        }
        webhooks::create(&mut tx, workspace, &webhook).await?;
        mark(&mut tx, &webhook, receipt, now).await?;
        tx.commit().await?;
        Ok(Once::Made(Box::new(Made { webhook, secret })))
    }

    /// Changes a webhook. Nothing if there is no such webhook.
    pub async fn change(
        &self,
        workspace: &WorkspaceId,
        id: &WebhookId,
        changed: Changed,
    ) -> Result<Option<Webhook>, NotMade> {
        let url = changed.url.as_deref().map(|url| self.checked_url(url)).transpose()?;
        let description = changed.description.as_deref().map(checked_description).transpose()?;
        let events = changed.events.map(checked_events).transpose()?;
        let mut tx = self.db.begin().await?;
        let Some(mut webhook) = webhooks::hold(&mut tx, workspace, id).await? else {
            return Ok(None);
        };
        webhook.url = url.unwrap_or(webhook.url);
        webhook.description = description.unwrap_or(webhook.description);
        webhook.events = events.unwrap_or(webhook.events);
        webhook.format = changed.format.unwrap_or(webhook.format);
        check_format(&webhook)?;
        match changed.is_on {
            // Whoever switches it on wants it tried as if nothing had happened.
            Some(true) if webhook.state != State::On => {
                webhook.state = State::On;
                webhook.failing_since = None;
            }
            Some(false) => webhook.state = State::Off,
            _ => {}
        }
        webhook.updated_at = self.clock.now();
        webhooks::save(&mut tx, workspace, &webhook).await?;
        tx.commit().await?;
        Ok(Some(webhook))
    }

    /// Gives a webhook a new secret, once for each receipt. The one before signs, too, for another
    /// day, so that the receiver can be changed without a gap.
    pub async fn rotate(
        &self,
        workspace: &WorkspaceId,
        id: &WebhookId,
        receipt: Option<&str>,
    ) -> Result<Option<Once>, NotMade> {
        let (now, secret) = (self.clock.now(), new_secret());
        let mut tx = self.db.begin().await?;
        let Some(mut webhook) = webhooks::hold(&mut tx, workspace, id).await? else {
            return Ok(None);
        };
        // Whoever holds it sees what the one before has done.
        if let Some(receipt) = receipt
            && receipts::marked(&mut tx, workspace, receipt).await?.is_some()
        {
            return Ok(Some(Once::Repeated(Box::new(webhook))));
        }
        let before = secrets_of(&webhook, self.vault.as_deref(), now).map_err(NotMade::Sealed)?;
        let (kept_secret, sealed_with) = self.seal(workspace, &secret);
        webhook.kept_old =
            before.first().map(|old| (self.seal(workspace, old).0, now.plus(OLD_SECRET_FOR)));
        webhook.kept_secret = kept_secret;
        webhook.sealed_with = sealed_with;
        webhook.updated_at = now;
        webhooks::save(&mut tx, workspace, &webhook).await?;
        mark(&mut tx, &webhook, receipt, now).await?;
        tx.commit().await?;
        Ok(Some(Once::Made(Box::new(Made { webhook, secret }))))
    }

    /// Removes a webhook: it is told nothing any more. Says whether it was there.
    pub async fn remove(
        &self,
        workspace: &WorkspaceId,
        id: &WebhookId,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = self.db.begin().await?;
        let was_there = webhooks::delete(&mut tx, workspace, id).await?;
        tx.commit().await?;
        Ok(was_there)
    }

    /// Tells a webhook again what it was told, or was to be told, once, under the same id. Says
    /// whether anything of it is known.
    pub async fn redeliver(
        &self,
        workspace: &WorkspaceId,
        id: &WebhookId,
        message: &str,
    ) -> Result<bool, sqlx::Error> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let Some(attempt) = webhooks::latest_attempt(&mut tx, workspace, id, message).await? else {
            return Ok(false);
        };
        let work = attempt.delivery.into_work(WorkId::new(self.ids.ulid(now)), now);
        // Whatever is left of it is forgotten: it begins anew, in its place in line.
        let key = work.key.clone();
        outbox::change(&mut tx, workspace, &[key], &[work], now).await?;
        tx.commit().await?;
        Ok(true)
    }

    fn seal(&self, workspace: &WorkspaceId, secret: &Secret) -> (String, Option<String>) {
        sealed(self.vault.as_deref(), workspace, secret)
    }

    fn checked_url(&self, url: &str) -> Result<String, NotMade> {
        let url = url.trim();
        match url.chars().count() {
            length if length > URL_LIMIT => Err(NotMade::UrlTooLong(length)),
            _ => self.way.check(url).map(|_| url.to_owned()).map_err(NotMade::BadUrl),
        }
    }
}

fn sealed(
    vault: Option<&Vault>,
    workspace: &WorkspaceId,
    secret: &Secret,
) -> (String, Option<String>) {
    match vault {
        Some(vault) => {
            let sealed = vault.seal(workspace, Purpose::WebhookSecret, secret);
            (sealed, Some(vault.key_id().to_owned()))
        }
        None => (secret.reveal().to_owned(), None),
    }
}

/// The secrets with which a webhook's messages are signed now, the present one first.
pub(super) fn secrets_of(
    webhook: &Webhook,
    vault: Option<&Vault>,
    now: Timestamp,
) -> Result<Vec<Secret>, Unopened> {
    let old = webhook.kept_old.iter().filter(|(_, until)| now < *until).map(|(kept, _)| kept);
    let kept = std::iter::once(&webhook.kept_secret).chain(old);
    kept.map(|kept| match (&webhook.sealed_with, vault) {
        (None, _) => Ok(Secret::new(kept.clone())),
        (Some(key), Some(vault)) => {
            vault.open(key, &webhook.workspace, Purpose::WebhookSecret, kept)
        }
        (Some(key), None) => Err(Unopened::UnknownKey(key.clone())),
    })
    .collect()
}

/// Looks whether every secret can be opened that is sealed, and seals what lies open or what an older
/// key has sealed. Says how many that were.
pub async fn turn(db: &Db, clock: &Clock, vault: Option<&Vault>) -> anyhow::Result<usize> {
    let Some(vault) = vault else {
        let mut tx = db.read().await?;
        let sealed = webhooks::not_sealed_with(&mut tx, "").await?;
        return match sealed.iter().find(|webhook| webhook.sealed_with.is_some()) {
            Some(webhook) => anyhow::bail!(
                "the secret of the webhook {} is sealed, and --secret-key is not set",
                webhook.id
            ),
            None => Ok(0),
        };
    };
    let mut tx = db.begin().await?;
    let found = webhooks::not_sealed_with(&mut tx, vault.key_id()).await?;
    for one in &found {
        // Another replica may have given it a new secret just now.
        let held = webhooks::hold(&mut tx, &one.workspace, &one.id).await?;
        let Some(mut webhook) = held else { continue };
        let opened = secrets_of(&webhook, Some(vault), clock.now()).map_err(|error| {
            anyhow::anyhow!("the secret of the webhook {} can't be opened: {error}", webhook.id)
        })?;
        let Some(secret) = opened.first() else { continue };
        let workspace = webhook.workspace.clone();
        let until = webhook.kept_old.as_ref().map(|(_, until)| *until);
        let old = opened.get(1).map(|old| sealed(Some(vault), &workspace, old).0);
        webhook.kept_old = old.zip(until);
        (webhook.kept_secret, webhook.sealed_with) = sealed(Some(vault), &workspace, secret);
        webhooks::save(&mut tx, &workspace, &webhook).await?;
    }
    tx.commit().await?;
    Ok(found.len())
}

/// The webhook that the wish of this receipt was about, as it stands now.
async fn repeated(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    receipt: Option<&str>,
) -> Result<Option<Once>, NotMade> {
    let Some(receipt) = receipt else { return Ok(None) };
    let Some(known) = receipts::marked(tx, workspace, receipt).await? else { return Ok(None) };
    let id = WebhookId::new(known["webhook"].as_str().unwrap_or_default());
    match webhooks::by_id(tx, workspace, &id).await? {
        Some(webhook) => Ok(Some(Once::Repeated(Box::new(webhook)))),
        None => Err(NotMade::Gone),
    }
}

async fn mark(
    tx: &mut Tx,
    webhook: &Webhook,
    receipt: Option<&str>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let Some(receipt) = receipt else { return Ok(()) };
    let done = (receipt.to_owned(), json!({"webhook": webhook.id}));
    receipts::mark(tx, &webhook.workspace, &[done], now).await
}

fn checked_description(text: &str) -> Result<String, NotMade> {
    let text = clean_text(text);
    match text.chars().count() {
        length if length > DESCRIPTION_LIMIT => Err(NotMade::DescriptionTooLong(length)),
        _ => Ok(text),
    }
}

fn checked_events(names: Vec<String>) -> Result<Vec<String>, NotMade> {
    let mut events = Vec::with_capacity(names.len());
    for name in names {
        let event = EventType::parse(&name);
        events.push(event.ok_or(NotMade::UnknownEvent(name))?.as_str().to_owned());
    }
    events.sort();
    events.dedup();
    if events.is_empty() { Err(NotMade::NoEvents) } else { Ok(events) }
}

/// Refuses what could never be said.
fn check_format(webhook: &Webhook) -> Result<(), NotMade> {
    let format = webhook.format;
    let is_unknown = |name: &&String| EventType::parse(name).is_none_or(|it| !format.knows(it));
    match webhook.events.iter().find(is_unknown) {
        Some(event) => Err(NotMade::NotOfFormat { format, event: event.clone() }),
        None => Ok(()),
    }
}

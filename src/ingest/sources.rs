//! Sources: made, shown once with their secret, rotated, removed; and found again quickly.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::clock::{Clock, Timestamp};
use crate::config::Secret;
use crate::ids::{IdSource, SourceId, WorkspaceId, random_bytes};
use crate::incident::text::clean_line;
use crate::ingest::kind::Kind;
use crate::slack::install::vault::{Purpose, Unopened, Vault};
use crate::store;
use crate::store::db::{Db, Tx, is_conflict};
use crate::store::receipts;
use crate::store::sources::{AlertSource, SourceSettings};

/// The longest name of a source, in characters.
pub const NAME_LIMIT: usize = 100;
/// Random bytes in a secret: 32 hexadecimal digits, as long as the keys that PagerDuty's clients
/// take.
const RANDOM: usize = 16;
/// How long the secret before still opens after it was rotated.
pub const OLD_SECRET_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a source is remembered without a look into the database: so long may a rotation or
/// removal by another process go unnoticed.
const REMEMBERED_FOR: Duration = Duration::from_secs(2);
/// What the desk of a workspace's alerts says of who removes sources: no intake is called that.
const REMOVER: &str = "removal of a source";
/// How many sources are remembered.
const REMEMBERED: usize = 4_096;

/// A source with its secret, which is shown this once.
#[derive(Clone, Debug)]
pub struct Made {
    /// The source.
    pub source: AlertSource,
    /// Its secret.
    pub secret: Secret,
}

/// Why there is no such source.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// The name says nothing.
    #[error("give the source a name that says what sends there, such as `prod-prometheus`")]
    NoName,
    /// The name is too long.
    #[error("the name has {length} characters; {NAME_LIMIT} is the most")]
    NameTooLong {
        /// How long it is, in characters.
        length: usize,
    },
    /// People know sources by name.
    #[error("there is a source called \u{201c}{name}\u{201d} already; take another name")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The sender's own secret is none.
    #[error("a secret has from 8 to 256 visible characters")]
    BadSecret,
    /// The settings say what this kind does not understand.
    #[error("{0}")]
    BadSettings(String),
    /// It was made, and removed since.
    #[error("the source that was made then is not there any more")]
    Gone,
    /// The store failed.
    #[error("the source could not be saved")]
    NotSaved(#[from] sqlx::Error),
}

/// What somebody wants.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What it sends.
    pub kind: Kind,
    /// What it is called.
    pub name: String,
    /// The secret, where the sender has chosen it (Sentry's client secret); otherwise one is made.
    pub secret: Option<Secret>,
    /// How what it sends is understood.
    pub settings: SourceSettings,
}

/// Makes a source.
pub async fn create(
    db: &Db,
    clock: &Clock,
    ids: &IdSource,
    vault: Option<&Vault>,
    workspace: &WorkspaceId,
    wanted: Wanted,
) -> Result<Made, NotMade> {
    match create_once(db, clock, ids, vault, workspace, wanted, None).await? {
        Once::Made(made) => Ok(*made),
        Once::Repeated(_) => unreachable!("without a receipt nothing is known as a repetition"),
    }
}

/// What became of a wish that has a receipt.
#[derive(Clone, Debug)]
pub enum Once {
    /// It was done now.
    Made(Box<Made>),
    /// It was done before, and its secret shown then.
    Repeated(Box<AlertSource>),
}

/// Makes a source, once for each receipt.
pub async fn create_once(
    db: &Db,
    clock: &Clock,
    ids: &IdSource,
    vault: Option<&Vault>,
    workspace: &WorkspaceId,
    wanted: Wanted,
    receipt: Option<&str>,
) -> Result<Once, NotMade> {
    if let Some(known) = repeated(db, workspace, receipt).await? {
        return Ok(known);
    }
    let name = checked_name(&wanted.name)?;
    check_settings(wanted.kind, &wanted.settings)?;
    let secret = checked_secret(wanted.secret)?;
    let now = clock.now();
    let mut source = AlertSource {
        workspace: workspace.clone(),
        id: SourceId::new(ids.ulid(now)),
        kind: wanted.kind,
        name,
        secret_hash: hash(secret.reveal()),
        old: None,
        kept_secret: None,
        kept_old: None,
        sealed_with: None,
        settings: wanted.settings,
        created_at: now,
    };
    keep(&mut source, vault, &secret, None);
    let mut tx = db.begin().await?;
    match store::sources::create(&mut tx, &source).await {
        Ok(()) => {
            mark(&mut tx, &source, receipt, now).await?;
            tx.commit().await?;
            Ok(Once::Made(Box::new(Made { source, secret })))
        }
        Err(error) if is_conflict(&error) => {
            drop(tx);
            // The same wish, sent twice at once, has the same name.
            let known = repeated(db, workspace, receipt).await?;
            known.ok_or(NotMade::NameTaken { name: source.name })
        }
        Err(error) => Err(error.into()),
    }
}

/// The source that the wish of this receipt was about, as it stands now, if the wish was done before
/// and the source is still there.
async fn repeated(
    db: &Db,
    workspace: &WorkspaceId,
    receipt: Option<&str>,
) -> Result<Option<Once>, NotMade> {
    let Some(receipt) = receipt else { return Ok(None) };
    let mut tx = db.read().await?;
    let Some(known) = receipts::marked(&mut tx, workspace, receipt).await? else { return Ok(None) };
    let id = SourceId::new(known["source"].as_str().unwrap_or_default());
    match store::sources::of_workspace(&mut tx, workspace, &id).await? {
        Some(source) => Ok(Some(Once::Repeated(Box::new(source)))),
        None => Err(NotMade::Gone),
    }
}

async fn mark(
    tx: &mut Tx,
    source: &AlertSource,
    receipt: Option<&str>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let Some(receipt) = receipt else { return Ok(()) };
    let done = (receipt.to_owned(), json!({"source": source.id}));
    receipts::mark(tx, &source.workspace, &[done], now).await
}

/// Gives a source a new secret. The one before opens for another day, so that the sender can be
/// changed without a gap. Nothing if there is no such source.
pub async fn rotate(
    db: &Db,
    clock: &Clock,
    vault: Option<&Vault>,
    workspace: &WorkspaceId,
    id: &SourceId,
    secret: Option<Secret>,
) -> Result<Option<Made>, NotMade> {
    match rotate_once(db, clock, vault, workspace, id, secret, None).await? {
        None => Ok(None),
        Some(Once::Made(made)) => Ok(Some(*made)),
        Some(Once::Repeated(_)) => {
            unreachable!("without a receipt nothing is known as a repetition")
        }
    }
}

/// Gives a source a new secret, once for each receipt: a second time the secret before would be lost.
pub async fn rotate_once(
    db: &Db,
    clock: &Clock,
    vault: Option<&Vault>,
    workspace: &WorkspaceId,
    id: &SourceId,
    secret: Option<Secret>,
    receipt: Option<&str>,
) -> Result<Option<Once>, NotMade> {
    let secret = checked_secret(secret)?;
    let mut tx = db.begin().await?;
    let Some(mut source) = store::sources::hold(&mut tx, workspace, id).await? else {
        return Ok(None);
    };
    // Whoever holds the source sees what the one before has done.
    if let Some(receipt) = receipt
        && receipts::marked(&mut tx, workspace, receipt).await?.is_some()
    {
        return Ok(Some(Once::Repeated(Box::new(source))));
    }
    let before = secrets_of(&source, vault, clock.now()).map_err(|error| {
        NotMade::BadSettings(format!("the present secret can't be read: {error}"))
    })?;
    source.old = Some((source.secret_hash.clone(), clock.now().plus(OLD_SECRET_FOR)));
    source.secret_hash = hash(secret.reveal());
    keep(&mut source, vault, &secret, before.first());
    store::sources::save(&mut tx, &source).await?;
    mark(&mut tx, &source, receipt, clock.now()).await?;
    tx.commit().await?;
    Ok(Some(Once::Made(Box::new(Made { source, secret }))))
}

/// What is to be other about a source; what is nothing stays.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    /// What it is called.
    pub name: Option<String>,
    /// How what it sends is understood.
    pub settings: Option<SourceSettings>,
}

/// Changes a source. Nothing if there is no such source.
pub async fn change(
    db: &Db,
    workspace: &WorkspaceId,
    id: &SourceId,
    changed: Changed,
) -> Result<Option<AlertSource>, NotMade> {
    let name = changed.name.as_deref().map(checked_name).transpose()?;
    let mut tx = db.begin().await?;
    let Some(mut source) = store::sources::hold(&mut tx, workspace, id).await? else {
        return Ok(None);
    };
    if let Some(settings) = changed.settings {
        check_settings(source.kind, &settings)?;
        source.settings = settings;
    }
    source.name = name.unwrap_or(source.name);
    match store::sources::save(&mut tx, &source).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(Some(source))
        }
        Err(error) if is_conflict(&error) => Err(NotMade::NameTaken { name: source.name }),
        Err(error) => Err(error.into()),
    }
}

/// Removes a source: what it sends is not taken any more; what it has sent stays, and what of that fires
/// ends, because nobody would ever say that it is over. Says whether it was there.
///
/// The end is the [sweep](crate::intake::sweep)'s to bring about, thousands of alerts at a time if need
/// be; that it has to is written down with the removal.
pub async fn remove(
    db: &Db,
    clock: &Clock,
    workspace: &WorkspaceId,
    id: &SourceId,
) -> Result<bool, sqlx::Error> {
    let mut tx = db.begin().await?;
    // Nobody folds alerts meanwhile, and whoever has folded before remembers nothing of them.
    store::alert_settings::take_desk(&mut tx, workspace, REMOVER).await?;
    let was_there = store::sources::delete(&mut tx, workspace, id).await?;
    store::heartbeats::forget(&mut tx, workspace, id).await?;
    store::written_as::forget(&mut tx, workspace, id.as_str()).await?;
    store::alerts::look_at_all_of(&mut tx, workspace, id, clock.now()).await?;
    tx.commit().await?;
    Ok(was_there)
}

fn checked_name(name: &str) -> Result<String, NotMade> {
    let name = clean_line(name);
    match name.chars().count() {
        0 => Err(NotMade::NoName),
        length if length > NAME_LIMIT => Err(NotMade::NameTooLong { length }),
        _ => Ok(name),
    }
}

fn check_settings(kind: Kind, settings: &SourceSettings) -> Result<(), NotMade> {
    if crate::json::has_nul(&settings.door) {
        return Err(NotMade::BadSettings("the character U+0000 can't be kept".to_owned()));
    }
    crate::ingest::check_settings(kind, settings).map_err(NotMade::BadSettings)
}

fn checked_secret(secret: Option<Secret>) -> Result<Secret, NotMade> {
    let Some(secret) = secret else {
        return Ok(Secret::new(hex::encode(random_bytes::<RANDOM>())));
    };
    let text = secret.reveal();
    let is_good = (8..=256).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_graphic());
    if is_good { Ok(secret) } else { Err(NotMade::BadSecret) }
}

/// What is kept of a secret.
pub fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}

/// Keeps the secret itself of a source that signs: sealed, if there is a key.
fn keep(source: &mut AlertSource, vault: Option<&Vault>, secret: &Secret, old: Option<&Secret>) {
    if !source.kind.signs() {
        return;
    }
    let workspace = source.workspace.clone();
    let seal = |secret: &Secret| match vault {
        Some(vault) => vault.seal(&workspace, Purpose::SourceSecret, secret),
        None => secret.reveal().to_owned(),
    };
    source.kept_secret = Some(seal(secret));
    source.kept_old = old.map(seal);
    source.sealed_with = vault.map(|vault| vault.key_id().to_owned());
}

/// The secrets with which a source may sign now, the present one first.
pub fn secrets_of(
    source: &AlertSource,
    vault: Option<&Vault>,
    now: Timestamp,
) -> Result<Vec<Secret>, Unopened> {
    let has_old = source.old.as_ref().is_some_and(|(_, until)| now < *until);
    let kept = source.kept_secret.iter().chain(source.kept_old.iter().filter(|_| has_old));
    kept.map(|kept| match (&source.sealed_with, vault) {
        (None, _) => Ok(Secret::new(kept.clone())),
        (Some(key), Some(vault)) => vault.open(key, &source.workspace, Purpose::SourceSecret, kept),
        (Some(key), None) => Err(Unopened::UnknownKey(key.clone())),
    })
    .collect()
}

/// Looks whether every secret can be opened that is sealed, and seals what lies open or what an older
/// key has sealed. Says how many that were.
pub async fn turn(db: &Db, clock: &Clock, vault: Option<&Vault>) -> anyhow::Result<usize> {
    if let Some(vault) = vault {
        return seal_anew(db, clock, vault).await;
    }
    let mut tx = db.read().await?;
    let sealed = store::sources::not_sealed_with(&mut tx, "").await?;
    match sealed.iter().find(|source| source.sealed_with.is_some()) {
        Some(source) => anyhow::bail!(
            "the secret of the source {} is sealed, and --secret-key is not set",
            source.name
        ),
        None => Ok(0),
    }
}

/// Seals what lies open, and what an older key has sealed. Says how many that were.
pub async fn seal_anew(db: &Db, clock: &Clock, vault: &Vault) -> anyhow::Result<usize> {
    let mut tx = db.begin().await?;
    let sources = store::sources::not_sealed_with(&mut tx, vault.key_id()).await?;
    for source in &sources {
        // Another replica may have given it a new secret just now.
        let held = store::sources::hold(&mut tx, &source.workspace, &source.id).await?;
        let Some(mut source) = held else { continue };
        let opened = secrets_of(&source, Some(vault), clock.now()).map_err(|error| {
            anyhow::anyhow!("the secret of the source {} can't be opened: {error}", source.name)
        })?;
        let Some(secret) = opened.first() else { continue };
        keep(&mut source, Some(vault), secret, opened.get(1));
        store::sources::save(&mut tx, &source).await?;
    }
    tx.commit().await?;
    Ok(sources.len())
}

/// The sources that requests named lately. Clones are the same one.
#[derive(Clone, Default)]
pub struct Sources(Arc<Mutex<Remembered>>);

#[derive(Default)]
struct Remembered {
    by_id: HashMap<SourceId, (Arc<AlertSource>, Instant)>,
    by_secret: HashMap<String, (Arc<AlertSource>, Instant)>,
}

impl Sources {
    /// The source that a request names.
    pub async fn by_id(
        &self,
        db: &Db,
        id: &SourceId,
    ) -> Result<Option<Arc<AlertSource>>, sqlx::Error> {
        if let Some(known) = self.look(|known| known.by_id.get(id)) {
            return Ok(Some(known));
        }
        let mut tx = db.read().await?;
        let found = store::sources::by_id(&mut tx, id).await?.map(Arc::new);
        if let Some(found) = &found {
            let mut known = self.0.lock().expect("nobody panics while remembering");
            make_room(&mut known.by_id);
            known.by_id.insert(id.clone(), (Arc::clone(found), Instant::now()));
        }
        Ok(found)
    }

    /// Whether it is known without a look into the database which source this is.
    pub fn knows(&self, id: &SourceId) -> bool {
        self.look(|known| known.by_id.get(id)).is_some()
    }

    /// The same, of the source that a secret of this hash opens.
    pub fn knows_secret(&self, hash: &str) -> bool {
        self.look(|known| known.by_secret.get(hash)).is_some()
    }

    /// The source whose secret, of this hash, a request shows where its address names none.
    pub async fn by_secret(
        &self,
        db: &Db,
        hash: &str,
        now: Timestamp,
    ) -> Result<Option<Arc<AlertSource>>, sqlx::Error> {
        let found = match self.look(|known| known.by_secret.get(hash)) {
            Some(known) => Some(known),
            None => {
                let mut tx = db.read().await?;
                let found = store::sources::by_secret(&mut tx, hash).await?.map(Arc::new);
                if let Some(found) = &found {
                    let mut known = self.0.lock().expect("nobody panics while remembering");
                    make_room(&mut known.by_secret);
                    known.by_secret.insert(hash.to_owned(), (Arc::clone(found), Instant::now()));
                }
                found
            }
        };
        Ok(found.filter(|source| opens(source, hash, now)))
    }

    /// Forgets what it knows: somebody has changed a source.
    pub fn forget(&self) {
        *self.0.lock().expect("nobody panics while remembering") = Remembered::default();
    }

    fn look(
        &self,
        find: impl FnOnce(&Remembered) -> Option<&(Arc<AlertSource>, Instant)>,
    ) -> Option<Arc<AlertSource>> {
        let known = self.0.lock().expect("nobody panics while remembering");
        let (source, since) = find(&known)?;
        (since.elapsed() < REMEMBERED_FOR).then(|| Arc::clone(source))
    }
}

fn make_room<K, V>(map: &mut HashMap<K, V>) {
    if map.len() >= REMEMBERED {
        map.clear();
    }
}

/// Whether a secret of this hash opens the source now.
pub fn opens(source: &AlertSource, hash: &str, now: Timestamp) -> bool {
    source.secret_hash == hash
        || source.old.as_ref().is_some_and(|(old, until)| old == hash && now < *until)
}

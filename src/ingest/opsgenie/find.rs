//! Finding alerts: by id or alias, and in lists.

use serde_json::{Value, json};

use crate::alert::fingerprint::of_alert;
use crate::alert::history::What;
use crate::alert::state::{Alert, Seen};
use crate::ids::AlertId;
use crate::incident::text::shorten;
use crate::ingest::doorstep;
use crate::ingest::knock::{Knock, Trouble};
use crate::ingest::opsgenie::query::{Page, Query, Sort};
use crate::ingest::opsgenie::unavailable;
use crate::ingest::opsgenie::view::{self, Shown, brief};
use crate::ingest::values::{self, text};
use crate::store::alerts::{self, Filter};
use crate::store::db::{Result, Tx};

/// How many alerts are looked at together.
const TOGETHER: i64 = 200;
/// How many alerts are looked at for one answer.
const LOOKED_AT: usize = 20_000;

/// By what an alert is named.
enum Name {
    /// Our id of it.
    Id(AlertId),
    /// What its sender knows it by, as it is kept.
    Alias(String),
}

fn parameters(knock: &Knock) -> std::result::Result<Value, Trouble> {
    doorstep::form(knock.query.as_deref().unwrap_or_default().as_bytes())
}

fn name(knock: &Knock, word: &str) -> std::result::Result<Name, Trouble> {
    match text(&parameters(knock)?, "identifierType").to_ascii_lowercase().as_str() {
        "" | "id" | "tiny" => {
            let is_ulid = word.len() == 26 && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if is_ulid {
                Ok(Name::Id(AlertId::new(word.to_ascii_uppercase())))
            } else {
                Err(Trouble::NotThere)
            }
        }
        "alias" => Ok(Name::Alias(values::key(word))),
        other => {
            let other = shorten(other, 20);
            let why = format!(
                "`identifierType` is `id`, `tiny` or `alias`, not \u{201c}{other}\u{201d}."
            );
            Err(Trouble::Unreadable(why))
        }
    }
}

/// By what the alert that is named is known. Its alias is believed: if there is no such alert, the
/// request will have changed nothing.
pub async fn key(knock: &Knock, word: &str) -> std::result::Result<String, Trouble> {
    match name(knock, word)? {
        Name::Alias(key) => Ok(key),
        Name::Id(id) => {
            let mut tx = knock.app.db.read().await.map_err(unavailable)?;
            let alert = by_id(&mut tx, knock, &id).await.map_err(unavailable)?;
            let alert = alert.ok_or(Trouble::NotThere)?;
            let current = current(&mut tx, knock, &alert.key).await.map_err(unavailable)?;
            if current.is_some_and(|current| current.alert.id != id) {
                let why = "This alert is closed, and there is a newer one of its alias.";
                return Err(Trouble::Unreadable(why.to_owned()));
            }
            Ok(alert.key)
        }
    }
}

/// The alert that is named.
pub async fn one(knock: &Knock, word: &str) -> std::result::Result<Option<Shown>, Trouble> {
    let name = name(knock, word)?;
    let mut tx = knock.app.db.read().await.map_err(unavailable)?;
    let found = async {
        match name {
            Name::Alias(key) => current(&mut tx, knock, &key).await,
            Name::Id(id) => match by_id(&mut tx, knock, &id).await? {
                Some(alert) => Ok(shown(&mut tx, knock, vec![alert]).await?.pop()),
                None => Ok(None),
            },
        }
    };
    found.await.map_err(unavailable)
}

/// The alert of this source with this id.
async fn by_id(tx: &mut Tx, knock: &Knock, id: &AlertId) -> Result<Option<Alert>> {
    let found = alerts::with_ids(tx, &knock.source.workspace, std::slice::from_ref(id)).await?;
    Ok(found.into_iter().find(|alert| alert.source == knock.source.id))
}

/// The newest alert of this source with this key.
async fn current(tx: &mut Tx, knock: &Knock, key: &str) -> Result<Option<Shown>> {
    let key = of_alert(&knock.source.id, key);
    let found = alerts::current(tx, &knock.source.workspace, &[key]).await?;
    Ok(found.into_iter().next().map(|(_, found)| Shown { alert: found.alert, seen: found.seen }))
}

/// Alerts with when they were seen, in the same order.
async fn shown(tx: &mut Tx, knock: &Knock, alerts: Vec<Alert>) -> Result<Vec<Shown>> {
    let ids: Vec<AlertId> = alerts.iter().map(|alert| alert.id.clone()).collect();
    let seen = alerts::seen(tx, &knock.source.workspace, &ids).await?;
    let shown = alerts.into_iter().map(|alert| {
        let unseen = Seen { last_seen: alert.changed_at, ends: None };
        Shown { seen: seen.get(&alert.id).copied().unwrap_or(unseen), alert }
    });
    Ok(shown.collect())
}

/// What an alert is sorted by, and its id.
type Place = (String, AlertId);

/// Looks at the source's alerts, newest first, and says where those stand that are asked for. Of what
/// is only looked at, nothing is kept.
async fn look(
    tx: &mut Tx,
    knock: &Knock,
    query: &Query,
    place: impl Fn(&Alert) -> String,
) -> Result<Vec<Place>> {
    let mut filter =
        Filter { source: Some(knock.source.id.clone()), firing: query.open(), ..Filter::default() };
    let mut places = Vec::new();
    let mut looked_at = 0;
    while looked_at < LOOKED_AT {
        let alerts = alerts::list(tx, &knock.source.workspace, &filter, TOGETHER).await?;
        let Some(last) = alerts.last() else { break };
        filter.before = Some(last.id.clone());
        looked_at += alerts.len();
        let wanted = alerts.iter().filter(|alert| query.holds(alert));
        places.extend(wanted.map(|alert| (place(alert), alert.id.clone())));
    }
    Ok(places)
}

/// How many alerts are as asked for.
pub async fn count(knock: &Knock) -> std::result::Result<usize, Trouble> {
    let query = Query::parse(&text(&parameters(knock)?, "query"))?;
    let mut tx = knock.app.db.read().await.map_err(unavailable)?;
    let places = look(&mut tx, knock, &query, |_| String::new()).await.map_err(unavailable)?;
    Ok(places.len())
}

/// A page of the alerts that are asked for.
pub async fn list(knock: &Knock) -> std::result::Result<Value, Trouble> {
    let page = Page::parse(&parameters(knock)?)?;
    let mut tx = knock.app.db.read().await.map_err(unavailable)?;
    let place = |alert: &Alert| match page.sort {
        // An id tells when it was made.
        Sort::CreatedAt => String::new(),
        Sort::UpdatedAt => format!("{:020}", alert.changed_at.as_micros()),
        Sort::Alias => alert.key.clone(),
        Sort::Message => alert.title.clone(),
        Sort::Priority => view::field(alert, "priority").to_owned(),
    };
    let mut places = look(&mut tx, knock, &page.query, place).await.map_err(unavailable)?;
    places.sort();
    if !page.ascending {
        places.reverse();
    }
    let ids: Vec<AlertId> =
        places.into_iter().skip(page.offset).take(page.limit).map(|(_, id)| id).collect();
    let mut found =
        alerts::with_ids(&mut tx, &knock.source.workspace, &ids).await.map_err(unavailable)?;
    found.sort_by_key(|alert| ids.iter().position(|id| *id == alert.id));
    let shown = shown(&mut tx, knock, found).await.map_err(unavailable)?;
    Ok(shown.iter().map(brief).collect())
}

/// What somebody has said about an alert, newest first.
pub async fn notes(knock: &Knock, word: &str) -> std::result::Result<Value, Trouble> {
    let alert = one(knock, word).await?.ok_or(Trouble::NotThere)?.alert;
    let mut tx = knock.app.db.read().await.map_err(unavailable)?;
    let history = alerts::history(&mut tx, &knock.source.workspace, &alert.id).await;
    let history = history.map_err(unavailable)?;
    let notes = history.into_iter().rev().filter_map(|(version, at, change)| match change.what {
        Some(What::Noted { text }) => {
            Some(json!({"note": text, "owner": "", "createdAt": at, "offset": version.to_string()}))
        }
        _ => None,
    });
    Ok(notes.collect())
}

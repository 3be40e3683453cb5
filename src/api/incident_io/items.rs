//! What actions and follow-ups have in common: how they are listed, found, changed and deleted. The
//! second and the third version of the format differ in two things: the second lists everything in
//! one answer, and its follow-ups have no category.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Deserializer};

use crate::api::incident_io::PREFIX;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::incidents::find_field;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::query::{Page, Query};
use crate::api::incident_io::reader::Reader;
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::items::{self, Kept};
use crate::api::problem::Problem;
use crate::api::v1::incidents::target;
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::{ItemId, UserId};
use crate::incident::event::Actor;
use crate::incident::papers::Paperwork;
use crate::incident::papers::item::{ItemKind, ItemStatus};
use crate::incident::state::Mode;
use crate::store::db::Tx;
use crate::store::items::{Filter, page};

/// The most items on a page.
const PAGE_LIMIT: usize = 250;
/// The most items in an answer that has no pages.
const WHOLE_LIMIT: usize = 10_000;

/// A version of the format, by the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// It has no pages.
    Second,
    /// It has.
    Third,
}

impl<S: Send + Sync> FromRequestParts<S> for Version {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Version, Infallible> {
        let path = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
        let rest = path.and_then(|path| path.strip_prefix(PREFIX));
        let is_second = rest.is_some_and(|rest| rest.starts_with("/v2/"));
        Ok(if is_second { Version::Second } else { Version::Third })
    }
}

/// Items that were asked for, and what is needed to draw them.
pub struct Listed {
    /// Oldest first.
    pub items: Vec<Kept>,
    /// How the page ends, where there are pages.
    pub pagination_meta: Option<PaginationMeta>,
    /// What things and people are called.
    pub reader: Reader,
}

/// The items of this kind that a query asks for.
pub async fn list(
    app: &App,
    key: &Key,
    version: Version,
    kind: ItemKind,
    query: &Query,
) -> Result<Listed, Failure> {
    let wanted = match version {
        Version::Second => Page { size: WHOLE_LIMIT, after: None },
        Version::Third => query.page(PAGE_LIMIT)?,
    };
    let after = wanted.after.as_deref().map(place).transpose()?;
    let mut tx = app.db.read().await?;
    let filter = filter(&mut tx, key, kind, query).await?;
    let Key(caller) = key;
    let (workspace, eyes) = (&caller.workspace, &caller.eyes());
    let limit = i64::try_from(wanted.size).unwrap_or(i64::MAX);
    // Nobody works in teams here, so what is asked of a team is nothing.
    let (items, next) = match query.one("assignee_team_id") {
        Some(_) => (Vec::new(), None),
        None => {
            let found = page(&mut tx, workspace, eyes, &filter, after.as_ref(), limit).await?;
            (found.items, found.next_after)
        }
    };
    if version == Version::Second && next.is_some() {
        let message = format!("There are more than {WHOLE_LIMIT}: ask /v3, page by page.");
        return Err(Failure::invalid("incident_id", message));
    }
    let reader = read(app, &mut tx, key, &items).await?;
    let end = PaginationMeta {
        page_size: wanted.size,
        after: next.map(|next| next.to_string()),
        total_record_count: None,
    };
    let pagination_meta = (version == Version::Third).then_some(end);
    Ok(Listed { items, pagination_meta, reader })
}

/// A place in the order of ids; what was there need not be there any more.
fn place(after: &str) -> Result<ItemId, Failure> {
    let id = ulid::Ulid::from_string(after);
    let id = id.map_err(|_| Failure::invalid("after", "after is the id of an item."))?;
    Ok(ItemId::new(id.to_string()))
}

async fn filter(tx: &mut Tx, key: &Key, kind: ItemKind, query: &Query) -> Result<Filter, Failure> {
    let incident = match query.one("incident_id") {
        Some(incident) => Some(find_field(tx, key, "incident_id", incident).await?.id),
        None => None,
    };
    // There are no incidents of the last one here.
    let known = ["standard", "retrospective", "test", "tutorial", "stream"];
    let modes = match query.word("incident_mode", &known)? {
        Some(mode) => vec![mode.to_owned()],
        None => [Mode::Standard, Mode::Retrospective].map(|it| it.as_str().to_owned()).to_vec(),
    };
    let (created, updated) = (query.span("created_at")?, query.span("updated_at")?);
    // Here both ends belong to a span.
    let last = |until: Timestamp| until.minus(Duration::from_micros(1));
    Ok(Filter {
        incident,
        modes,
        created_from: created.from,
        created_until: created.until.map(last),
        updated_from: updated.from,
        updated_until: updated.until.map(last),
        ..Filter::of(kind)
    })
}

/// What is needed to draw these items.
pub async fn read(app: &App, tx: &mut Tx, key: &Key, items: &[Kept]) -> Result<Reader, Failure> {
    let creators = items.iter().filter_map(|(_, item)| Actor::person(&item.creator));
    let assignees = items.iter().filter_map(|(_, item)| item.assignee.as_ref());
    let people: BTreeSet<UserId> = creators.chain(assignees).cloned().collect();
    Ok(Reader::of(&app.catalogues, tx, &key.0.workspace, people).await?)
}

/// What this format calls fields of ours.
const NAMES: [(&str, &str); 4] = [
    ("person", "assignee_id"),
    ("priority", "follow_up_priority_option_id"),
    ("category", "follow_up_category_id"),
    ("issue", "url"),
];

fn failure(problem: Problem) -> Failure {
    Failure::from(problem).in_terms_of(&NAMES)
}

/// The item of this kind and id.
pub async fn find(tx: &mut Tx, key: &Key, kind: ItemKind, id: String) -> Result<Kept, Failure> {
    items::find(tx, &key.0, kind, &ItemId::new(id)).await.map_err(failure)
}

/// Adds an item to the incident that a body names.
pub async fn add(
    app: &App,
    key: &Key,
    incident: &str,
    paperwork: Paperwork,
) -> Result<Kept, Failure> {
    let no_such = || Failure::invalid("incident_id", "This is no incident's id.");
    let target = target(incident).ok_or_else(no_such)?;
    items::add(app, &key.0, None, target, paperwork).await.map_err(failure)
}

/// Changes an item. What is to be as it is already is no failure: whoever sets something as a whole
/// need not know what was there.
pub async fn change(
    app: &App,
    key: &Key,
    kind: ItemKind,
    id: &ItemId,
    paperwork: Paperwork,
) -> Result<Kept, Failure> {
    match items::change(app, &key.0, None, kind, id, paperwork).await {
        Err(problem) if problem.code() == "already-so" => {
            let mut tx = app.db.read().await?;
            items::find(&mut tx, &key.0, kind, id).await.map_err(failure)
        }
        changed => changed.map_err(failure),
    }
}

/// Deletes an item.
pub async fn delete(
    app: &App,
    key: &Key,
    kind: ItemKind,
    id: String,
) -> Result<StatusCode, Failure> {
    let id = ItemId::new(id);
    let paperwork = Paperwork::status_of(kind, id.clone(), ItemStatus::Deleted);
    items::change(app, &key.0, None, kind, &id, paperwork).await.map_err(failure)?;
    Ok(StatusCode::NO_CONTENT)
}

/// How an item is to stand. Deleting is something else.
pub fn check_status(status: ItemStatus) -> Result<ItemStatus, Failure> {
    match status {
        ItemStatus::Deleted => {
            Err(Failure::invalid("status", "Send DELETE to delete it; status can't do that."))
        }
        status => Ok(status),
    }
}

/// Who is to do it, where `null` says something else than nothing at all.
#[derive(Debug, Default)]
pub enum Assignee {
    /// Whoever it is now.
    #[default]
    AsItIs,
    /// Nobody.
    Nobody,
    /// This person.
    Person(UserId),
}

impl<'de> Deserialize<'de> for Assignee {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Assignee, D::Error> {
        let given = Option::<UserId>::deserialize(deserializer)?;
        Ok(given.map_or(Assignee::Nobody, Assignee::Person))
    }
}

impl Assignee {
    /// In the terms of commands: who, and whether it is to be nobody.
    pub fn wanted(self) -> (Option<UserId>, bool) {
        match self {
            Assignee::AsItIs => (None, false),
            Assignee::Nobody => (None, true),
            Assignee::Person(person) => (Some(person), false),
        }
    }
}

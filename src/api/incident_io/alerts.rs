//! Alerts, and what people call them by.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};

use crate::api::incident_io::body::Body;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, posts, reads};
use crate::api::incident_io::query::{Clause, Query};
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::incident_io::shape::alert::{Alert, Tag};
use crate::app::App;
use crate::ids::{AlertId, GroupId, SourceId, WorkspaceId};
use crate::incident::text::clean_line;
use crate::intake::order::{Errand, Tagging, Which};
use crate::intake::tags::TAGS;
use crate::store::alert_lists::{self, HasLabel, Listed, Wanted};
use crate::store::db::Tx;
use crate::store::{alert_attributes, alert_tags};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v2/alerts", list),
        reads("/v2/alerts/{id}", show),
        posts("/v2/alerts/{id}/actions/resolve", resolve),
        posts("/v2/alerts/{id}/actions/add_tags", add_tags),
        posts("/v2/alerts/{id}/actions/remove_tags", remove_tags),
        posts("/v2/alerts/{id}/actions/set_tags", set_tags),
        reads("/v2/alert_tags", tags),
    ]
}

/// The most alerts on a page.
pub const PAGE_LIMIT: usize = 50;
/// The most tags on a page.
const TAG_PAGE_LIMIT: usize = 250;
/// The longest name of a tag, in characters.
const TAG_LIMIT: usize = 100;

#[derive(Serialize)]
struct Many {
    alerts: Vec<Alert>,
    pagination_meta: PaginationMeta,
}

/// One alert.
#[derive(Serialize)]
pub struct One {
    alert: Alert,
}

async fn list(
    State(app): State<App>,
    Key(caller): Key,
    query: Query,
) -> Result<Json<Many>, Failure> {
    let page = query.page(PAGE_LIMIT)?;
    let mut wanted = wanted(&query)?;
    wanted.filter.before = page.after.clone().map(AlertId::new);
    let mut tx = app.db.read().await?;
    let (workspace, actor) = (&caller.workspace, &caller.eyes());
    wanted.besides.labels = labels(&mut tx, workspace, &query).await?;
    let limit = i64::try_from(page.size).unwrap_or(i64::MAX);
    let found = alert_lists::page(&mut tx, workspace, actor, &wanted, limit).await?;
    let alerts = drawn(&mut tx, workspace, &found.alerts).await?;
    let after = found.next_before.map(|before| before.to_string());
    let pagination_meta = PaginationMeta { page_size: page.size, after, total_record_count: None };
    Ok(Json(Many { alerts, pagination_meta }))
}

fn wanted(query: &Query) -> Result<Wanted, Failure> {
    let mut wanted = Wanted::default();
    let besides = &mut wanted.besides;
    for clause in query.filter("deduplication_key", &["is"])? {
        besides.keys = Some(clause.values);
    }
    for clause in query.filter("status", &["one_of", "not_in"])? {
        let words = clause.words(&["firing", "resolved"])?;
        let is_wanted = |word| words.contains(&word) == (clause.operator == "one_of");
        match (is_wanted("firing"), is_wanted("resolved")) {
            (true, false) => wanted.filter.firing = Some(true),
            (false, true) => wanted.filter.firing = Some(false),
            (true, true) => {}
            // What is neither does not exist.
            (false, false) => besides.keys = Some(Vec::new()),
        }
    }
    for clause in query.filter("alert_source", &["one_of", "not_in"])? {
        let ids = clause.values.iter().map(|id| SourceId::new(id.as_str())).collect();
        match clause.operator {
            "one_of" => besides.sources = Some(ids),
            _ => besides.no_sources = ids,
        }
    }
    for clause in query.filter("alert_group_id", &["one_of"])? {
        besides.groups = Some(clause.values.iter().map(|id| GroupId::new(id.as_str())).collect());
    }
    let created = query.span("created_at")?;
    (besides.created_from, besides.created_until) = (created.from, created.until);
    let updated = query.span("updated_at")?;
    (besides.updated_from, besides.updated_until) = (updated.from, updated.until);
    for clause in query.filter("tags", &["one_of", "all_of", "not_in"])? {
        match clause.operator {
            "one_of" => besides.one_of_tags = Some(clause.values),
            "all_of" => besides.all_of_tags = clause.values,
            _ => besides.no_tags = clause.values,
        }
    }
    for clause in query.filter("has_notes", &["is"])? {
        besides.has_notes = Some(clause.flag()?);
    }
    let maintenance = query.filter("include_maintenance_window", &["is"])?;
    let is_included = maintenance.first().map(Clause::flag).transpose()?;
    besides.in_maintenance = (is_included == Some(false)).then_some(false);
    Ok(wanted)
}

/// What is wanted of attributes: each is a label of alerts.
async fn labels(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    query: &Query,
) -> Result<Vec<HasLabel>, Failure> {
    const KNOWN: [&str; 5] = ["one_of", "not_in", "is", "is_not", "is_blank"];
    let filters = query.filters_by_id("attributes", &KNOWN)?;
    if filters.is_empty() {
        return Ok(Vec::new());
    }
    let known = alert_attributes::all(tx, workspace).await?;
    let mut wanted = Vec::new();
    for (id, clauses) in filters {
        for clause in clauses {
            let found = known.iter().find(|kept| kept.id.as_str() == id);
            let found = found.ok_or_else(|| clause.wrong("There is no such attribute."))?;
            let label = found.attribute.label.clone();
            let several = found.attribute.array;
            let (values, negated) = match clause.operator {
                "is_blank" => (Vec::new(), !clause.flag()?),
                "one_of" | "is" => (clause.values, false),
                _ => (clause.values, true),
            };
            wanted.push(HasLabel { label, several, values, negated });
        }
    }
    Ok(wanted)
}

/// Draws alerts with the tags that they have, and what their labels mean.
async fn drawn(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    listed: &[Listed],
) -> Result<Vec<Alert>, Failure> {
    let names: Vec<String> =
        listed.iter().flat_map(|listed| listed.alert.tags.iter().cloned()).collect();
    let tags = match names.is_empty() {
        true => Vec::new(),
        false => alert_tags::named(tx, workspace, &names).await?,
    };
    let attributes = alert_attributes::all(tx, workspace).await?;
    Ok(listed.iter().map(|listed| Alert::show(&listed.alert, &tags, &attributes)).collect())
}

/// The alert of this id, if it is there and the caller may know of it.
pub async fn find(tx: &mut Tx, key: &Key, id: &str) -> Result<Listed, Failure> {
    let ids = [AlertId::new(id)];
    let Key(caller) = key;
    let found = alert_lists::with_ids(tx, &caller.workspace, &caller.eyes(), &ids).await?;
    found.into_iter().next().ok_or_else(|| Failure::not_found("alert"))
}

async fn one(app: &App, key: &Key, id: &str) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let listed = find(&mut tx, key, id).await?;
    let alert = drawn(&mut tx, &key.0.workspace, std::slice::from_ref(&listed)).await?.remove(0);
    Ok(Json(One { alert }))
}

async fn show(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    one(&app, &key, &id).await
}

/// What is resolved already stays as it is.
async fn resolve(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Result<Json<One>, Failure> {
    let mut tx = app.db.read().await?;
    let alert = find(&mut tx, &key, &id).await?.alert;
    drop(tx);
    let which = Which::Alerts(vec![alert.id]);
    let errand = Errand::Resolve { which, by: key.0.actor.clone() };
    app.intake.carry_through(&key.0.workspace, key.0.through(), None, errand).await?;
    one(&app, &key, &id).await
}

#[derive(Debug, Deserialize)]
struct Names {
    tags: Vec<String>,
}

async fn add_tags(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Body(names): Body<Names>,
) -> Result<Json<One>, Failure> {
    tag(&app, &key, &id, names, Tagging::Add).await
}

async fn remove_tags(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Body(names): Body<Names>,
) -> Result<Json<One>, Failure> {
    tag(&app, &key, &id, names, Tagging::Remove).await
}

async fn set_tags(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Body(names): Body<Names>,
) -> Result<Json<One>, Failure> {
    tag(&app, &key, &id, names, Tagging::Set).await
}

async fn tag(
    app: &App,
    key: &Key,
    id: &str,
    Names { tags }: Names,
    tagging: fn(Vec<String>) -> Tagging,
) -> Result<Json<One>, Failure> {
    let too_many = || Failure::invalid("tags", format!("An alert has at most {TAGS} tags."));
    if tags.len() > TAGS {
        return Err(too_many());
    }
    let tags: Vec<String> = tags.iter().map(|name| clean_line(name)).collect();
    if tags.iter().any(|name| name.is_empty() || name.chars().count() > TAG_LIMIT) {
        let message = format!("The name of a tag has 1 to {TAG_LIMIT} characters.");
        return Err(Failure::invalid("tags", message));
    }
    let mut tx = app.db.read().await?;
    let before = find(&mut tx, key, id).await?.alert;
    drop(tx);
    let tagging = tagging(tags);
    if let Tagging::Add(added) = &tagging {
        let new = added.iter().filter(|name| !before.tags.contains(*name)).count();
        if before.tags.len() + new > TAGS {
            return Err(too_many());
        }
    }
    let which = Which::Alerts(vec![before.id]);
    let errand = Errand::Tag { which, tagging, by: key.0.actor.clone() };
    app.intake.carry_through(&key.0.workspace, key.0.through(), None, errand).await?;
    one(app, key, id).await
}

#[derive(Serialize)]
struct Tags {
    alert_tags: Vec<Tag>,
    pagination_meta: PaginationMeta,
}

async fn tags(
    State(app): State<App>,
    Key(caller): Key,
    query: Query,
) -> Result<Json<Tags>, Failure> {
    let page = query.page(TAG_PAGE_LIMIT)?;
    let part = query.one("search").unwrap_or_default();
    let after = page.after.as_deref().unwrap_or_default();
    let limit = i64::try_from(page.size + 1).unwrap_or(i64::MAX);
    let mut tx = app.db.read().await?;
    let mut found = alert_tags::page(&mut tx, &caller.workspace, part, after, limit).await?;
    let pagination_meta = PaginationMeta::close(&page, &mut found, |tag| tag.id.clone());
    let alert_tags = found.into_iter().map(Tag::from).collect();
    Ok(Json(Tags { alert_tags, pagination_meta }))
}

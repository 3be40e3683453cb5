//! The catalog, as far as there is one: types of things that incidents refer to, and their entries.
//! It is read here alone; each thing is changed where it belongs.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::api::caller::Caller;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::operation::{Operation, reads};
use crate::api::incident_io::query::{Page, Query};
use crate::api::incident_io::shape::PaginationMeta;
use crate::api::incident_io::shape::catalog_entry::CatalogEntry;
use crate::api::incident_io::shape::catalog_type::{CatalogResource, CatalogType, Kind};
use crate::api::incident_io::users;
use crate::app::App;
use crate::ids::UserId;
use crate::incident::text::fold;
use crate::scope::Scope;
use crate::store::db::Tx;
use crate::store::people::{self, Named};

/// What is served here.
pub fn operations() -> Vec<Operation> {
    vec![
        reads("/v3/catalog_types", types),
        reads("/v3/catalog_entries", entries),
        reads("/v3/catalog_resources", resources),
    ]
}

/// The most entries on a page.
const PAGE_LIMIT: usize = 250;

#[derive(Serialize)]
struct Types {
    catalog_types: Vec<CatalogType>,
}

async fn types(Key(_): Key) -> Json<Types> {
    Json(Types { catalog_types: Kind::ALL.map(CatalogType::from).to_vec() })
}

#[derive(Serialize)]
struct Resources {
    resources: Vec<CatalogResource>,
}

async fn resources(Key(_): Key) -> Json<Resources> {
    Json(Resources { resources: CatalogResource::all() })
}

#[derive(Serialize)]
struct Entries {
    catalog_type: CatalogType,
    catalog_entries: Vec<CatalogEntry>,
    pagination_meta: PaginationMeta,
}

/// A page of entries, with one more than fits if there is one, and how many there are in all.
type Found = (Vec<CatalogEntry>, i64);

async fn entries(
    State(app): State<App>,
    Key(caller): Key,
    query: Query,
) -> Result<Json<Entries>, Failure> {
    let kind = Kind::parse(query.required("catalog_type_id")?)
        .ok_or_else(|| Failure::not_found("catalog type"))?;
    let page = query.page(PAGE_LIMIT)?;
    let identifier = query.one("identifier");
    let mut tx = app.db.read().await?;
    let (mut catalog_entries, total) = match kind {
        Kind::User => people_found(&mut tx, &caller, &page, identifier).await?,
        Kind::Severity | Kind::IncidentType | Kind::Environment => {
            let catalogue = app.catalogues.of(&mut tx, &caller.workspace).await?;
            named_found(CatalogEntry::all(kind, &catalogue), &page, identifier)?
        }
    };
    let meta = PaginationMeta::close(&page, &mut catalog_entries, |entry| entry.id.clone());
    let pagination_meta = PaginationMeta { total_record_count: Some(total), ..meta };
    Ok(Json(Entries { catalog_type: kind.into(), catalog_entries, pagination_meta }))
}

/// Who people are is not for everybody who may read what things are called.
async fn people_found(
    tx: &mut Tx,
    caller: &Caller,
    page: &Page,
    identifier: Option<&str>,
) -> Result<Found, Failure> {
    caller.require(Scope::PeopleRead)?;
    let workspace = &caller.workspace;
    let after = users::place(page)?;
    let Some(identifier) = identifier else {
        let limit = i64::try_from(page.size).unwrap_or(i64::MAX).saturating_add(1);
        let found = people::page(tx, workspace, false, after.as_ref(), limit).await?;
        let total = people::count(tx, workspace).await?;
        return Ok((found.into_iter().map(CatalogEntry::from).collect(), total));
    };
    let id = UserId::from(identifier);
    let named = match id.is_well_formed() {
        true => Named { id: Some(&id), ..Named::default() },
        false => Named { email: Some(identifier), ..Named::default() },
    };
    let found = people::named(tx, workspace, named).await?;
    let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let later = found.into_iter().filter(|it| after.as_ref().is_none_or(|after| it.id > *after));
    Ok((later.map(CatalogEntry::from).collect(), total))
}

fn named_found(
    all: Vec<CatalogEntry>,
    page: &Page,
    identifier: Option<&str>,
) -> Result<Found, Failure> {
    let is_meant = |entry: &CatalogEntry| {
        identifier.is_none_or(|word| entry.id == word || fold(&entry.name) == fold(word))
    };
    let mut found: Vec<CatalogEntry> = all.into_iter().filter(is_meant).collect();
    let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
    if let Some(after) = &page.after {
        let place = found.iter().position(|entry| entry.id == *after);
        let place = place.ok_or_else(|| Failure::invalid("after", "There is no such entry."))?;
        found.drain(..=place);
    }
    found.truncate(page.size + 1);
    Ok((found, total))
}

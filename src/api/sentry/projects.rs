//! Projects: the values of the label `project` that rules know.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use crate::api::sentry::house::House;
use crate::api::sentry::links::Page;
use crate::api::sentry::numbers;
use crate::api::sentry::refused::Refused;
use crate::api::sentry::rules;
use crate::app::App;

/// Lists the projects that rules name or have met, by name.
pub async fn list(State(app): State<App>, house: House) -> Result<Response, Refused> {
    let page = Page::asked(&house.query, 100)?;
    let known = rules::all(&app, &house).await?;
    let named = known.iter().flat_map(|known| {
        let definition = &known.rule.definition;
        definition.projects.iter().chain(&definition.excluded_projects)
    });
    let met = known.iter().flat_map(|known| known.standings.keys());
    let names: BTreeSet<&String> = named.chain(met).filter(|name| !name.is_empty()).collect();
    let (names, is_more) = page.of(names.into_iter().collect());
    let projects = names.into_iter().map(|name| {
        json!({
            "id": numbers::of_text(name).to_string(),
            "slug": name,
            "name": name,
            "platform": null,
            "isMember": true,
            "hasAccess": true,
            "status": "active",
        })
    });
    Ok(page.answer(&house, projects.collect(), is_more))
}

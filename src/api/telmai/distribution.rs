//! Incidents day by day.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::api::telmai::answer;
use crate::api::telmai::caller::Tenant;
use crate::api::telmai::filters::Filters;
use crate::api::telmai::level::{self, LEVELS};
use crate::api::telmai::problem::Problem;
use crate::app::App;
use crate::clock::Timestamp;
use crate::incident::catalogue::Catalogue;
use crate::incident::facets::{Facet, beginning_of, day_of};
use crate::store::{incident_counts, incident_lists};

/// The longest time in which days without incidents are shown, in days.
const DAYS_LIMIT: i64 = 366;

/// Counts the incidents of each day, by severity and by impact.
pub async fn show(
    State(app): State<App>,
    Tenant(caller): Tenant,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let workspace = &caller.workspace;
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, workspace).await?;
    let filters = Filters::read(query.as_deref(), &catalogue)?;
    let wanted = filters.in_time(&mut tx, workspace).await?;
    let found = incident_lists::found(&mut tx, workspace, &caller.eyes(), &wanted, None).await?;
    let asked = filters.created.from.zip(filters.created.to);
    let asked = asked.filter(|(from, to)| from < to);
    let asked = asked.map(|(from, to)| (from, Timestamp::from_micros(to.as_micros() - 1)));
    let within = incident_counts::declared_between(&mut tx, workspace, &found).await?;
    let all_days = asked.filter(|(from, to)| day_of(*to) - day_of(*from) < DAYS_LIMIT);
    let days: Vec<i64> = match all_days.or(within) {
        Some((first, last)) => (day_of(first)..=day_of(last)).collect(),
        None => Vec::new(),
    };
    let columns = columns(&catalogue);
    let rows: Vec<Facet> = days.iter().copied().map(Facet::created_on).collect();
    let counts =
        incident_counts::counts(&mut tx, workspace, &found, &rows, &columns.facets).await?;
    let mut shown = Vec::new();
    for ((day, count), cells) in days.into_iter().zip(&counts.rows).zip(&counts.cells) {
        if *count > 0 || all_days.is_some() {
            shown.push(json!({
                "date": date(day),
                "counts": columns.words(cells, *count, |column| column.severity),
                "counts_by_impact": columns.words(cells, *count, |column| column.impact),
            }));
        }
    }
    Ok(answer::json(json!({ "incidents": shown }).to_string()))
}

fn date(day: i64) -> String {
    beginning_of(day).to_jiff().strftime("%Y-%m-%d").to_string()
}

/// What is counted, and under which word each count goes.
struct Columns {
    facets: Vec<Facet>,
    words: Vec<Column>,
}

/// One of both.
#[derive(Clone, Copy, Default)]
struct Column {
    severity: Option<&'static str>,
    impact: Option<&'static str>,
}

fn columns(catalogue: &Catalogue) -> Columns {
    let mut columns = Columns { facets: Vec::new(), words: Vec::new() };
    for level in LEVELS {
        for id in level::severities(catalogue, level) {
            columns.facets.push(Facet::severity(Some(id)));
            columns.words.push(Column { severity: Some(level), impact: None });
        }
        columns.facets.push(Facet::label("impact", level));
        columns.words.push(Column { severity: None, impact: Some(level) });
    }
    columns
}

impl Columns {
    /// The counts by word; what goes under none of them is counted under the empty one.
    fn words(
        &self,
        cells: &[usize],
        all: usize,
        word_of: impl Fn(&Column) -> Option<&'static str>,
    ) -> Value {
        let mut counts = Map::new();
        let mut under_none = all;
        for level in LEVELS {
            let of_level = self.words.iter().zip(cells);
            let of_level = of_level.filter(|(column, _)| word_of(column) == Some(level));
            let count: usize = of_level.map(|(_, count)| count).sum();
            under_none = under_none.saturating_sub(count);
            counts.insert(level.to_owned(), count.into());
        }
        if under_none > 0 {
            counts.insert(String::new(), under_none.into());
        }
        Value::Object(counts)
    }
}

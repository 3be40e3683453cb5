//! Totals, and how long it takes until it is over.

use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;

use crate::api::caller::Caller;
use crate::api::telmai::answer;
use crate::api::telmai::caller::Tenant;
use crate::api::telmai::filters::Filters;
use crate::api::telmai::problem::Problem;
use crate::app::App;
use crate::clock::Timestamp;
use crate::incident::catalogue::StatusCategory;
use crate::incident::facets::{Facet, TAG};
use crate::incident::wanted::{Moment, Span, Wanted};
use crate::store::db::{Result, Tx};
use crate::store::{incident_counts, incident_index, incident_lists};

/// The time that is looked at if none is asked for.
const USUAL: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Seconds of an hour.
const HOUR: u64 = 3_600;

#[derive(Serialize)]
struct Summary {
    total: usize,
    open: usize,
    closed: usize,
    mean_time_to_resolve: u64,
    previous_mean_time_to_resolve: u64,
    open_by_tag: serde_json::Map<String, serde_json::Value>,
    closed_by_tag: serde_json::Map<String, serde_json::Value>,
}

/// Sums up the incidents that are meant.
pub async fn show(
    State(app): State<App>,
    Tenant(caller): Tenant,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let workspace = &caller.workspace;
    let mut tx = app.db.read().await?;
    let catalogue = app.catalogues.of(&mut tx, workspace).await?;
    let filters = Filters::read(query.as_deref(), &catalogue)?;
    let wanted = filters.in_time(&mut tx, workspace).await?;
    let found = incident_lists::found(&mut tx, workspace, &caller.eyes(), &wanted, None).await?;
    let tags = incident_index::keys_of(&mut tx, workspace, TAG).await?;
    let active = StatusCategory::ALL.into_iter().filter(|category| category.is_active());
    let rows: Vec<Facet> = active.map(Facet::category).collect();
    let counts = incident_counts::counts(&mut tx, workspace, &found, &rows, &tags).await?;

    let (now, previous) = windows(filters.created, app.clock.now());
    let any_time = filters.any_time(&mut tx, workspace).await?;
    let mean_time_to_resolve = mean(&mut tx, &caller, &any_time, now).await?;
    let previous_mean_time_to_resolve = mean(&mut tx, &caller, &any_time, previous).await?;
    drop(tx);

    let (total, open) = (found.count(), counts.rows.iter().sum::<usize>());
    let (mut open_by_tag, mut closed_by_tag) = (serde_json::Map::new(), serde_json::Map::new());
    for (place, tag) in tags.iter().enumerate() {
        let name = Facet::value_of(tag.key());
        // People still work to end these.
        let open: usize = counts.cells.iter().map(|row| row[place]).sum();
        let all = counts.all[place];
        for (map, count) in [(&mut open_by_tag, open), (&mut closed_by_tag, all - open)] {
            if count > 0 {
                map.insert(name.to_owned(), count.into());
            }
        }
    }
    let summary = Summary {
        total,
        open,
        closed: total.saturating_sub(open),
        mean_time_to_resolve,
        previous_mean_time_to_resolve,
        open_by_tag,
        closed_by_tag,
    };
    Ok(answer::tagged(&summary, &headers))
}

/// The time that is looked at, and the one just before, which is as long.
fn windows(asked: Span, now: Timestamp) -> (Span, Span) {
    let to = asked.to.unwrap_or(now);
    let from = asked.from.unwrap_or(to.minus(USUAL));
    let before = from.minus(to.since(from));
    (Span { from: Some(from), to: Some(to) }, Span { from: Some(before), to: Some(from) })
}

/// How many hours it took on average until those were over that ended in this time.
async fn mean(tx: &mut Tx, caller: &Caller, wanted: &Wanted, span: Span) -> Result<u64> {
    let ended = wanted.clone().and(Wanted::Time(Moment::Ended, span));
    let found = incident_lists::found(tx, &caller.workspace, &caller.eyes(), &ended, None).await?;
    let (seconds, count) = incident_counts::seconds_to_end(tx, &caller.workspace, &found).await?;
    Ok(rounded_mean(seconds, count))
}

/// Halves are rounded up.
fn rounded_mean(seconds: u64, count: u64) -> u64 {
    if count == 0 { 0 } else { (seconds + count * HOUR / 2) / (count * HOUR) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_rounded_half_up() {
        for (seconds, count, hours) in [
            (0, 0, 0),
            (1_799, 1, 0),
            (1_800, 1, 1),
            (5_400, 1, 2),
            (3 * 3_600, 2, 2),
            (3_599, 2, 0),
        ] {
            assert_eq!(rounded_mean(seconds, count), hours, "{seconds} s of {count}");
        }
    }

    #[test]
    fn the_time_before_is_as_long() {
        let day = |days: u64| Timestamp::from_micros(0).plus(Duration::from_secs(days * 86_400));
        let asked = Span { from: Some(day(100)), to: Some(day(107)) };
        let (now, before) = windows(asked, day(200));
        assert_eq!((now, before), (asked, Span { from: Some(day(93)), to: Some(day(100)) }));
        let (usual, _) = windows(Span::default(), day(200));
        assert_eq!(usual, Span { from: Some(day(170)), to: Some(day(200)) });
    }
}

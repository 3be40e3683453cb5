//! How many events an incident consists of: what its alerts said, minute by minute or, of a long one,
//! in longer pieces.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::api::sentry::house::House;
use crate::api::sentry::incidents::the_one;
use crate::api::sentry::refused::Refused;
use crate::app::App;
use crate::clock::Timestamp;
use crate::store::{alert_groups, alerts};

/// The most events of a group that are looked at.
const EVENTS: i64 = 10_000;
/// The most pieces that a time is cut into.
const PIECES: i64 = 200;
/// The shortest piece, in seconds.
const MINUTE: i64 = 60;

/// Shows them.
pub async fn show(State(app): State<App>, house: House) -> Result<Json<Value>, Refused> {
    let shown = the_one(&app, &house).await?;
    let workspace = &house.caller.workspace;
    let start = shown.started_at().as_seconds();
    let end = shown.incident.ended_at.unwrap_or_else(|| app.clock.now()).as_seconds();
    let mut tx = app.db.read().await?;
    let mut moments: Vec<i64> = Vec::new();
    for group in alert_groups::of_incident(&mut tx, workspace, &shown.incident.id).await? {
        let since = Timestamp::default();
        let history =
            alerts::history_of_group(&mut tx, workspace, &group.id, since, EVENTS).await?;
        moments.extend(history.iter().map(|(_, at, _)| at.as_seconds()));
    }
    let alerts = alerts::of_incident(&mut tx, workspace, &shown.incident.id).await?;
    let users = alerts
        .iter()
        .filter_map(|alert| ["user", "user.id"].iter().find_map(|name| alert.labels.get(*name)));
    let users: BTreeSet<&String> = users.collect();
    Ok(Json(json!({
        "eventStats": {"data": counted(&moments, start, end), "start": start, "end": end},
        "totalEvents": moments.len(),
        "uniqueUsers": users.len(),
    })))
}

/// How many moments fall into each piece of a time; pieces without any are there, too.
fn counted(moments: &[i64], start: i64, end: i64) -> Vec<Value> {
    let minutes = (end - start).max(0) / MINUTE / PIECES + 1;
    let piece = minutes * MINUTE;
    let first = start.div_euclid(piece) * piece;
    let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
    let mut at = first;
    while at <= end {
        counts.insert(at, 0);
        at += piece;
    }
    for moment in moments {
        let count = counts.get_mut(&(moment.div_euclid(piece) * piece));
        count.into_iter().for_each(|count| *count += 1);
    }
    counts.into_iter().map(|(at, count)| json!([at, [{ "count": count }]])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_time_has_no_more_pieces_than_a_screen() {
        let year = 365 * 24 * 3_600;
        let counts = counted(&[0, 59, 60, year - 1, year + 1_000_000], 0, year);
        assert!(counts.len() <= 202, "{}", counts.len());
        let total: i64 = counts.iter().map(|one| one[1][0]["count"].as_i64().unwrap()).sum();
        assert_eq!(total, 4, "what is after its end is not its own");
        assert_eq!(counted(&[61], 59, 130).len(), 3);
        assert_eq!(counted(&[], 100, 0).len(), 0);
    }
}

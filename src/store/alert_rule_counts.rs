//! What alert rules have counted: a number for each minute and project.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::alert::rule::counting::Tally;
use crate::ids::{RuleId, WorkspaceId};
use crate::store::db::{Result, Table, Tx};

/// The most projects of a rule that are evaluated: those with the most events.
const PROJECTS_LIMIT: i64 = 500;

const COUNTS: Table = Table {
    columns: "alert_rule_count (workspace, rule, minute, project, events)",
    conflict: "ON CONFLICT (workspace, rule, minute, project)
        DO UPDATE SET events = alert_rule_count.events + excluded.events",
};

const VALUES: Table = Table {
    columns: "alert_rule_value (workspace, rule, minute, project, value)",
    conflict: "ON CONFLICT DO NOTHING",
};

/// Adds what was counted, in the transaction that takes the events in.
pub async fn add(tx: &mut Tx, workspace: &WorkspaceId, tally: &Tally) -> Result<()> {
    // In the order of keys, so that two who add do not wait for each other in a circle.
    let counts: Vec<_> = tally.counts.iter().collect();
    tx.insert_rows(COUNTS, &counts, |query, (place, events)| {
        query
            .bind(workspace.clone())
            .bind(place.rule.clone())
            .bind(place.minute)
            .bind(place.project.clone())
            .bind(**events)
    })
    .await?;
    let values: Vec<_> = tally.values.iter().collect();
    tx.insert_rows(VALUES, &values, |query, (place, value)| {
        query
            .bind(workspace.clone())
            .bind(place.rule.clone())
            .bind(place.minute)
            .bind(place.project.clone())
            .bind(value.to_text())
    })
    .await?;
    Ok(())
}

/// How many events a rule has counted in these minutes, by project.
pub async fn events(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    rule: &RuleId,
    minutes: &Range<i64>,
) -> Result<BTreeMap<String, i64>> {
    let rows: Vec<(String, i64)> = tx
        .query(
            "SELECT project, CAST(SUM(events) AS BIGINT) FROM alert_rule_count
             WHERE workspace = $1 AND rule = $2 AND minute >= $3 AND minute < $4
             GROUP BY project ORDER BY 2 DESC, 1 LIMIT $5",
        )
        .bind(workspace.clone())
        .bind(rule.clone())
        .bind(minutes.start)
        .bind(minutes.end)
        .bind(PROJECTS_LIMIT)
        .all()
        .await?;
    Ok(rows.into_iter().collect())
}

/// How many different values a rule has met in these minutes, by project.
pub async fn values(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    rule: &RuleId,
    minutes: &Range<i64>,
) -> Result<BTreeMap<String, i64>> {
    let rows: Vec<(String, i64)> = tx
        .query(
            "SELECT project, COUNT(DISTINCT value) FROM alert_rule_value
             WHERE workspace = $1 AND rule = $2 AND minute >= $3 AND minute < $4
             GROUP BY project ORDER BY 2 DESC, 1 LIMIT $5",
        )
        .bind(workspace.clone())
        .bind(rule.clone())
        .bind(minutes.start)
        .bind(minutes.end)
        .bind(PROJECTS_LIMIT)
        .all()
        .await?;
    Ok(rows.into_iter().collect())
}

/// Forgets what a rule has counted before this minute.
pub async fn forget(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    rule: &RuleId,
    before: i64,
) -> Result<()> {
    for sql in [
        "DELETE FROM alert_rule_count WHERE workspace = $1 AND rule = $2 AND minute < $3",
        "DELETE FROM alert_rule_value WHERE workspace = $1 AND rule = $2 AND minute < $3",
    ] {
        tx.query(sql).bind(workspace.clone()).bind(rule.clone()).bind(before).execute().await?;
    }
    Ok(())
}

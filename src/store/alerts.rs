//! Alerts as they stand, when they were seen, and how they came to be so.

use std::collections::BTreeMap;

use sqlx::types::Json;

use crate::alert::fingerprint::Key;
use crate::alert::history::Change;
use crate::alert::observation::{ChangeEvent, Ends};
use crate::alert::state::{Alert, Seen};
use crate::clock::Timestamp;
use crate::ids::{AlertId, GroupId, IncidentId, SourceId, WorkspaceId};
use crate::store::alert_groups;
use crate::store::db::{Result, Table, Tx};

/// An alert on its way into the store.
#[derive(Clone, Debug)]
pub struct Written {
    /// The alert.
    pub alert: Alert,
    /// By what it is found.
    pub key: Key,
    /// Whether what is said with this key is about this one.
    pub current: bool,
}

const ALERTS: Table = Table {
    columns: "alert (workspace, id, source, key, current, firing, grp, version, state)",
    conflict: "ON CONFLICT (workspace, id) DO UPDATE SET current = excluded.current, firing = excluded.firing,
        grp = excluded.grp, version = excluded.version, state = excluded.state",
};

const SEEN: Table = Table {
    columns: "alert_seen (workspace, alert, last_seen, ends_at, check_at)",
    conflict: "ON CONFLICT (workspace, alert) DO UPDATE SET last_seen = excluded.last_seen, ends_at = excluded.ends_at,
        check_at = excluded.check_at",
};

/// When to look is left alone: an index stands on it, and moving it costs more than all the rest.
const SEEN_AGAIN: Table = Table {
    columns: "alert_seen (workspace, alert, last_seen, ends_at, check_at)",
    conflict: "ON CONFLICT (workspace, alert) DO UPDATE SET last_seen = excluded.last_seen, ends_at = excluded.ends_at",
};

const CHANGES: Table =
    Table { columns: "alert_change (workspace, alert, version, at, change)", conflict: "" };

const CHANGE_EVENTS: Table = Table {
    columns: "change_event (workspace, id, source, key, at, body)",
    conflict: "ON CONFLICT (workspace, key) DO UPDATE SET body = excluded.body",
};

/// Writes alerts as they stand now. Those that are no longer current come first, so that their
/// key is free for those that are.
pub async fn save(tx: &mut Tx, workspace: &WorkspaceId, alerts: &[Written]) -> Result<()> {
    let (current, old): (Vec<&Written>, Vec<&Written>) = alerts.iter().partition(|one| one.current);
    for alerts in [old, current] {
        tx.insert_rows(ALERTS, &alerts, |query, one| {
            query
                .bind(workspace.clone())
                .bind(one.alert.id.clone())
                .bind(one.alert.source.clone())
                .bind(one.key.to_text())
                .bind(i64::from(one.current))
                .bind(i64::from(one.alert.phase.is_firing()))
                .bind(one.alert.group.clone())
                .bind(one.alert.version)
                .bind(Json(&one.alert))
        })
        .await?;
    }
    Ok(())
}

/// When an alert was seen, and when to look whether it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// When it was seen, and when it ends.
    pub seen: Seen,
    /// When to look at that.
    pub check_at: Option<Timestamp>,
}

/// Writes when alerts were seen. The end that was assumed is told from one that was said by its
/// last digit: such an end is even, the other odd.
pub async fn see(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    sightings: &[(AlertId, Sighting)],
) -> Result<()> {
    tx.insert_rows(SEEN, sightings, |query, (alert, sighting)| {
        query
            .bind(workspace.clone())
            .bind(alert.clone())
            .bind(sighting.seen.last_seen)
            .bind(sighting.seen.ends.map(to_stored))
            .bind(sighting.check_at)
    })
    .await?;
    Ok(())
}

/// Writes when alerts were seen again, about which nothing else has changed.
pub async fn see_again(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    repeats: &[(AlertId, Seen)],
) -> Result<()> {
    tx.insert_rows(SEEN_AGAIN, repeats, |query, (alert, seen)| {
        query
            .bind(workspace.clone())
            .bind(alert.clone())
            .bind(seen.last_seen)
            .bind(seen.ends.map(to_stored))
            .bind(seen.ends.map(|ends| ends.at))
    })
    .await?;
    Ok(())
}

fn to_stored(ends: Ends) -> Timestamp {
    Timestamp::from_micros(ends.at.as_micros() & !1 | i64::from(!ends.assumed))
}

fn from_stored(at: Timestamp) -> Ends {
    Ends { at: Timestamp::from_micros(at.as_micros() & !1), assumed: at.as_micros() & 1 == 0 }
}

/// Adds to the alerts' histories.
pub async fn append(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    changes: &[(AlertId, i64, Timestamp, Change)],
) -> Result<()> {
    tx.insert_rows(CHANGES, changes, |query, (alert, version, at, change)| {
        query
            .bind(workspace.clone())
            .bind(alert.clone())
            .bind(*version)
            .bind(*at)
            .bind(Json(change))
    })
    .await?;
    Ok(())
}

/// Keeps what was changed on purpose. One that is known is the same one, as it stands now.
pub async fn save_changes(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    source: &SourceId,
    changes: &[(String, Key, Timestamp, ChangeEvent)],
) -> Result<()> {
    tx.insert_rows(CHANGE_EVENTS, changes, |query, (id, key, at, change)| {
        query
            .bind(workspace.clone())
            .bind(id.clone())
            .bind(source.clone())
            .bind(key.to_text())
            .bind(*at)
            .bind(Json(change))
    })
    .await?;
    Ok(())
}

/// What was changed on purpose lately, newest first.
pub async fn recent_changes(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<(Timestamp, ChangeEvent)>> {
    let rows: Vec<(Timestamp, Json<ChangeEvent>)> = tx
        .query(
            "SELECT at, body FROM change_event WHERE workspace = $1 AND at >= $2 ORDER BY at DESC, id DESC LIMIT $3",
        )
        .bind(workspace.clone())
        .bind(since)
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(at, body)| (at, body.0)).collect())
}

/// An alert with when it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The alert.
    pub alert: Alert,
    /// When it was seen.
    pub seen: Seen,
}

/// The current alerts with these keys.
pub async fn current(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    keys: &[Key],
) -> Result<Vec<(Key, Found)>> {
    let keys: Vec<String> = keys.iter().map(|key| key.to_text()).collect();
    let rows: Vec<(String, Json<Alert>)> = tx
        .all_among("SELECT key, state FROM alert", "current = 1 AND key", workspace, &keys)
        .await?;
    let ids: Vec<AlertId> = rows.iter().map(|(_, alert)| alert.id.clone()).collect();
    let seen = seen(tx, workspace, &ids).await?;
    Ok(rows
        .into_iter()
        .filter_map(|(key, Json(alert))| {
            let seen = seen_of(&seen, &alert);
            Some((Key::from_text(&key)?, Found { alert, seen }))
        })
        .collect())
}

fn seen_of(seen: &BTreeMap<AlertId, Seen>, alert: &Alert) -> Seen {
    let unseen = Seen { last_seen: alert.changed_at, ends: None };
    seen.get(&alert.id).copied().unwrap_or(unseen)
}

/// When these alerts were seen.
pub async fn seen(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    ids: &[AlertId],
) -> Result<BTreeMap<AlertId, Seen>> {
    let rows: Vec<(AlertId, Timestamp, Option<Timestamp>)> = tx
        .all_among("SELECT alert, last_seen, ends_at FROM alert_seen", "alert", workspace, ids)
        .await?;
    let seen = rows.into_iter().map(|(alert, last_seen, ends_at)| {
        (alert, Seen { last_seen, ends: ends_at.map(from_stored) })
    });
    Ok(seen.collect())
}

/// The alerts with these ids.
pub async fn with_ids(tx: &mut Tx, workspace: &WorkspaceId, ids: &[AlertId]) -> Result<Vec<Alert>> {
    let rows: Vec<(Json<Alert>,)> =
        tx.all_among("SELECT state FROM alert", "id", workspace, ids).await?;
    Ok(rows.into_iter().map(|(alert,)| alert.0).collect())
}

/// The alerts with these ids, as they are written.
pub async fn written_with_ids(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    ids: &[AlertId],
) -> Result<Vec<Written>> {
    written(tx, "id", workspace, ids).await
}

/// The alerts of these groups, as they are written.
pub async fn written_of_groups(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    groups: &[GroupId],
) -> Result<Vec<Written>> {
    written(tx, "grp", workspace, groups).await
}

async fn written<K: crate::store::db::Value + Clone>(
    tx: &mut Tx,
    key: &'static str,
    workspace: &WorkspaceId,
    keys: &[K],
) -> Result<Vec<Written>> {
    let rows: Vec<(String, i64, Json<Alert>)> =
        tx.all_among("SELECT key, current, state FROM alert", key, workspace, keys).await?;
    Ok(rows
        .into_iter()
        .filter_map(|(key, current, Json(alert))| {
            Some(Written { alert, key: Key::from_text(&key)?, current: current == 1 })
        })
        .collect())
}

/// The alerts of these groups.
pub async fn of_groups(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    groups: &[GroupId],
) -> Result<Vec<Alert>> {
    let rows: Vec<(Json<Alert>,)> =
        tx.all_among("SELECT state FROM alert", "grp", workspace, groups).await?;
    let mut alerts: Vec<Alert> = rows.into_iter().map(|(alert,)| alert.0).collect();
    alerts.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(alerts)
}

/// The alerts of an incident, oldest first.
pub async fn of_incident(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incident: &IncidentId,
) -> Result<Vec<Alert>> {
    // Group by group: joined, SQLite would go through all alerts there are.
    let groups = alert_groups::ids_of_incident(tx, workspace, incident).await?;
    of_groups(tx, workspace, &groups).await
}

/// The alerts that fire, oldest first, after this one.
pub async fn firing(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    after: Option<&AlertId>,
    limit: i64,
) -> Result<Vec<Alert>> {
    let rows: Vec<(Json<Alert>,)> = tx
        .query(
            "SELECT state FROM alert WHERE workspace = $1 AND firing = 1 AND id > $2 ORDER BY id LIMIT $3",
        )
        .bind(workspace.clone())
        .bind(after.map_or_else(String::new, |id| id.as_str().to_owned()))
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(alert,)| alert.0).collect())
}

/// What is wanted of a list of alerts.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of this source.
    pub source: Option<SourceId>,
    /// Only those that fire, or only those that do not.
    pub firing: Option<bool>,
    /// Only of this incident.
    pub incident: Option<IncidentId>,
    /// Only of this group.
    pub group: Option<GroupId>,
    /// Only those older than this one.
    pub before: Option<AlertId>,
}

/// Alerts, newest first.
pub async fn list(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Alert>> {
    if filter.incident.is_some() || filter.group.is_some() {
        return list_of_groups(tx, workspace, filter, limit).await;
    }
    // Each way to ask has a statement of its own, because each has an index of its own.
    let before = filter.before.as_ref().map_or(LAST, AlertId::as_str).to_owned();
    let query = match (&filter.source, filter.firing) {
        (Some(source), firing) => tx
            .query(
                "SELECT state FROM alert WHERE workspace = $1 AND source = $2
                   AND ($3 IS NULL OR firing = $3) AND id < $4 ORDER BY id DESC LIMIT $5",
            )
            .bind(workspace.clone())
            .bind(source.clone())
            .bind(firing.map(i64::from)),
        (None, Some(true)) => tx
            .query(
                "SELECT state FROM alert WHERE workspace = $1 AND firing = 1 AND id < $2
                 ORDER BY id DESC LIMIT $3",
            )
            .bind(workspace.clone()),
        (None, firing) => tx
            .query(
                "SELECT state FROM alert WHERE workspace = $1 AND ($2 IS NULL OR firing = $2) AND id < $3
                 ORDER BY id DESC LIMIT $4",
            )
            .bind(workspace.clone())
            .bind(firing.map(i64::from)),
    };
    let rows: Vec<(Json<Alert>,)> = query.bind(before).bind(limit).all().await?;
    Ok(rows.into_iter().map(|(alert,)| alert.0).collect())
}

/// Greater than every id.
const LAST: &str = "~";

/// The same, of groups: they have some hundreds of alerts at most, which are looked at here.
async fn list_of_groups(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Alert>> {
    let mut groups = match &filter.incident {
        Some(incident) => alert_groups::ids_of_incident(tx, workspace, incident).await?,
        None => filter.group.iter().cloned().collect(),
    };
    groups.retain(|group| filter.group.as_ref().is_none_or(|wanted| wanted == group));
    let mut found = of_groups(tx, workspace, &groups).await?;
    found.retain(|alert| {
        filter.source.as_ref().is_none_or(|source| alert.source == *source)
            && filter.firing.is_none_or(|firing| alert.phase.is_firing() == firing)
            && filter.before.as_ref().is_none_or(|before| alert.id < *before)
    });
    found.reverse();
    found.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(found)
}

/// The history of an alert, oldest first.
pub async fn history(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    alert: &AlertId,
) -> Result<Vec<(i64, Timestamp, Change)>> {
    let rows: Vec<(i64, Timestamp, Json<Change>)> = tx
        .query(
            "SELECT version, at, change FROM alert_change WHERE workspace = $1 AND alert = $2 ORDER BY version",
        )
        .bind(workspace.clone())
        .bind(alert.clone())
        .all()
        .await?;
    Ok(rows.into_iter().map(|(version, at, change)| (version, at, change.0)).collect())
}

/// What happened to the alerts of a group since then: the latest of it, oldest first.
pub async fn history_of_group(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    group: &GroupId,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<(AlertId, Timestamp, Change)>> {
    let rows: Vec<(AlertId, Timestamp, Json<Change>)> = tx
        .query(
            // Joined, SQLite would go through the histories of all alerts there are.
            "SELECT alert, at, change FROM alert_change
             WHERE workspace = $1 AND alert IN (SELECT id FROM alert WHERE workspace = $1 AND grp = $2)
                 AND at >= $3
             ORDER BY at DESC, alert, version DESC LIMIT $4",
        )
        .bind(workspace.clone())
        .bind(group.clone())
        .bind(since)
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().rev().map(|(alert, at, change)| (alert, at, change.0)).collect())
}

/// Has every alert of a source that fires looked at now. Says how many these are.
pub async fn look_at_all_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    source: &SourceId,
    now: Timestamp,
) -> Result<u64> {
    tx.query(
        "UPDATE alert_seen SET check_at = $3
         WHERE workspace = $1
           AND alert IN (SELECT id FROM alert WHERE workspace = $1 AND source = $2 AND firing = 1)",
    )
    .bind(workspace.clone())
    .bind(source.clone())
    .bind(now)
    .execute()
    .await
}

/// The alerts of every workspace that are to be looked at now: their time may have run out.
pub async fn due(
    tx: &mut Tx,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<(WorkspaceId, AlertId, Seen)>> {
    let rows: Vec<(WorkspaceId, AlertId, Timestamp, Option<Timestamp>)> = tx
        .query(
            "SELECT workspace, alert, last_seen, ends_at FROM alert_seen
             WHERE check_at IS NOT NULL AND check_at <= $1 ORDER BY check_at LIMIT $2",
        )
        .bind(now)
        .bind(limit)
        .all()
        .await?;
    let due = rows.into_iter().map(|(workspace, alert, last_seen, ends_at)| {
        (workspace, alert, Seen { last_seen, ends: ends_at.map(from_stored) })
    });
    Ok(due.collect())
}

/// An alert that is to be looked at now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub alert: AlertId,
    /// Who sent it.
    pub source: SourceId,
    /// When it was seen, and when it ends.
    pub seen: Seen,
}

/// The alerts of one workspace that are to be looked at now.
pub async fn due_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Due>> {
    let rows: Vec<(AlertId, SourceId, Timestamp, Option<Timestamp>)> = tx
        .query(
            // By the time, which few of them have reached: asked for its workspace alone, SQLite would
            // go through all alerts that the workspace has.
            "SELECT alert, source, last_seen, ends_at FROM alert_seen
             JOIN alert ON alert.workspace = $1 AND alert.id = alert_seen.alert
             WHERE alert_seen.workspace || '' = $1 AND check_at IS NOT NULL AND check_at <= $2
             ORDER BY check_at LIMIT $3",
        )
        .bind(workspace.clone())
        .bind(now)
        .bind(limit)
        .all()
        .await?;
    let due = rows.into_iter().map(|(alert, source, last_seen, ends_at)| Due {
        alert,
        source,
        seen: Seen { last_seen, ends: ends_at.map(from_stored) },
    });
    Ok(due.collect())
}

//! Alerts, their histories and change events, page by page, for those who may see them.
//!
//! An alert is as private as the incident that it is part of, or was taken out of. What its labels say is looked at here
//! and not in the database, so a page is made of as many looks as it takes, up to a limit.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::types::Json;

use crate::alert::attribute::BETWEEN;
use crate::alert::group::Group;
use crate::alert::history::Change;
use crate::alert::matcher::All;
use crate::alert::observation::{ChangeEvent, Status};
use crate::alert::state::{Alert, Seen};
use crate::clock::Timestamp;
use crate::ids::{AlertId, GroupId, IncidentId, SourceId, WorkspaceId};
use crate::incident::access::may_see;
use crate::incident::event::Actor;
use crate::incident::state::Incident;
use crate::store::alerts::{self, Filter};
use crate::store::db::{Result, Tx};
use crate::store::{alert_groups, incidents};

/// Alerts that are looked at together at least, where many of them may not be meant.
const AT_ONCE: i64 = 500;
/// Alerts that are looked at for one page. One who looks for what is rarer goes on with the next.
const MOST: i64 = 10_000;

/// Which alerts are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// What the database can tell.
    pub filter: Filter,
    /// Only those that are one of these now; all, if there is none.
    pub statuses: Vec<Status>,
    /// Only those for whose labels these hold.
    pub labels: All,
    /// What else has to hold.
    pub besides: Besides,
}

/// What is looked at in each alert, where no column tells.
#[derive(Clone, Debug, Default)]
pub struct Besides {
    /// Only those that their senders know by one of these.
    pub keys: Option<Vec<String>>,
    /// Only those of one of these sources.
    pub sources: Option<Vec<SourceId>>,
    /// None of these sources.
    pub no_sources: Vec<SourceId>,
    /// Only those in one of these groups.
    pub groups: Option<Vec<GroupId>>,
    /// First heard of at this time or later.
    pub created_from: Option<Timestamp>,
    /// First heard of before this time.
    pub created_until: Option<Timestamp>,
    /// Last changed at this time or later.
    pub updated_from: Option<Timestamp>,
    /// Last changed before this time.
    pub updated_until: Option<Timestamp>,
    /// Only those in a maintenance window, or only others.
    pub in_maintenance: Option<bool>,
    /// Only those that somebody has written notes on, or only others.
    pub has_notes: Option<bool>,
    /// Only those with one of these tags.
    pub one_of_tags: Option<Vec<String>>,
    /// Only those with all of these tags.
    pub all_of_tags: Vec<String>,
    /// None with one of these tags.
    pub no_tags: Vec<String>,
    /// Only those that are part of an incident.
    pub of_incidents: bool,
    /// Only those whose labels say this: all of it.
    pub labels: Vec<HasLabel>,
}

/// What a label of an alert has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HasLabel {
    /// The label.
    pub label: String,
    /// Whether it may have several values, one of which is enough.
    pub several: bool,
    /// One of these; if there are none, that the alert has no such label.
    pub values: Vec<String>,
    /// It has to say anything else.
    pub negated: bool,
}

impl HasLabel {
    fn holds(&self, alert: &Alert) -> bool {
        let text = alert.labels.get(&self.label);
        let is_so = match text {
            None => self.values.is_empty(),
            Some(text) if self.several => {
                text.split(BETWEEN).any(|part| self.values.iter().any(|value| value == part))
            }
            Some(text) => self.values.contains(text),
        };
        is_so != self.negated
    }
}

impl Besides {
    fn hold(&self, alert: &Alert) -> bool {
        let among = |list: &Option<Vec<String>>, word: &String| {
            list.as_ref().is_none_or(|list| list.contains(word))
        };
        let has = |tag: &String| {
            let folded = tag.to_lowercase();
            alert.tags.iter().any(|own| own.to_lowercase() == folded)
        };
        among(&self.keys, &alert.key)
            && self.sources.as_ref().is_none_or(|sources| sources.contains(&alert.source))
            && !self.no_sources.contains(&alert.source)
            && self.groups.as_ref().is_none_or(|groups| groups.contains(&alert.group))
            && self.created_from.is_none_or(|from| alert.first_seen >= from)
            && self.created_until.is_none_or(|until| alert.first_seen < until)
            && self.updated_from.is_none_or(|from| alert.changed_at >= from)
            && self.updated_until.is_none_or(|until| alert.changed_at < until)
            && self.in_maintenance.is_none_or(|wanted| alert.maintenance.is_some() == wanted)
            && self.has_notes.is_none_or(|wanted| (alert.notes > 0) == wanted)
            && self.one_of_tags.as_ref().is_none_or(|tags| tags.iter().any(has))
            && self.all_of_tags.iter().all(has)
            && !self.no_tags.iter().any(has)
            && self.labels.iter().all(|label| label.holds(alert))
    }
}

/// An alert as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The alert.
    pub alert: Alert,
    /// When it was seen.
    pub seen: Seen,
    /// The incident that it is part of: its id and number.
    pub incident: Option<(IncidentId, i64)>,
}

/// A page of alerts, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Those that are wanted, and that the actor may see.
    pub alerts: Vec<Listed>,
    /// The alert before which the next page begins; nothing on the last one.
    pub next_before: Option<AlertId>,
}

/// One page of the alerts that are wanted and that this actor may see.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
    wanted: &Wanted,
    limit: i64,
) -> Result<Page> {
    let most = usize::try_from(limit).unwrap_or_default();
    let at_once = limit.max(AT_ONCE).saturating_add(1);
    let mut filter = wanted.filter.clone();
    let (mut found, mut looked) = (Vec::new(), 0);
    let is_more = loop {
        let alerts = alerts::list(tx, workspace, &filter, at_once).await?;
        let is_end = i64::try_from(alerts.len()).unwrap_or(i64::MAX) < at_once;
        looked += at_once;
        filter.before = alerts.last().map(|alert| alert.id.clone()).or(filter.before);
        let mut seen = visible(tx, workspace, actor, alerts, |alert| wanted.is(alert)).await?;
        if wanted.besides.of_incidents {
            seen.retain(|(_, incident)| incident.is_some());
        }
        found.extend(seen);
        if found.len() > most {
            break true;
        }
        if is_end || looked >= MOST {
            break !is_end;
        }
    };
    if found.len() > most {
        found.truncate(most);
        filter.before = found.last().map(|(alert, _)| alert.id.clone());
    }
    let alerts = listed(tx, workspace, found).await?;
    Ok(Page { alerts, next_before: filter.before.filter(|_| is_more) })
}

impl Wanted {
    fn is(&self, alert: &Alert) -> bool {
        let of_status = self.statuses.is_empty() || self.statuses.contains(&alert.status);
        of_status && self.labels.hold(&alert.labels) && self.besides.hold(alert)
    }
}

/// The alerts with these ids that this actor may see.
pub async fn with_ids(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
    ids: &[AlertId],
) -> Result<Vec<Listed>> {
    let alerts = alerts::with_ids(tx, workspace, ids).await?;
    let seen = visible(tx, workspace, actor, alerts, |_| true).await?;
    listed(tx, workspace, seen).await
}

/// Those of these alerts that anybody may see, whoever they are: no alert of a private incident, or that
/// was taken out of one.
pub async fn open_to_all(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    alerts: Vec<Alert>,
) -> Result<Vec<Alert>> {
    // Nobody's token is called that, so it has a part in nothing.
    let nobody = Actor::ApiToken { name: String::new() };
    let seen = visible(tx, workspace, &nobody, alerts, |_| true).await?;
    Ok(seen.into_iter().map(|(alert, _)| alert).collect())
}

type Visible = (Alert, Option<(IncidentId, i64)>);

async fn visible(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
    alerts: Vec<Alert>,
    is_wanted: impl Fn(&Alert) -> bool,
) -> Result<Vec<Visible>> {
    let alerts: Vec<Alert> = alerts.into_iter().filter(|alert| is_wanted(alert)).collect();
    let groups: BTreeSet<GroupId> = alerts.iter().map(|alert| alert.group.clone()).collect();
    let groups = alert_groups::with_ids(tx, workspace, &Vec::from_iter(groups)).await?;
    let groups: BTreeMap<GroupId, Group> =
        groups.into_iter().map(|group| (group.id.clone(), group)).collect();
    let ids: BTreeSet<IncidentId> =
        groups.values().filter_map(|group| group.incident.clone()).collect();
    let incidents = incidents::with_ids(tx, workspace, &Vec::from_iter(ids)).await?;
    let incidents: BTreeMap<IncidentId, Incident> =
        incidents.into_iter().map(|incident| (incident.id.clone(), incident)).collect();
    let seen = alerts.into_iter().filter_map(|alert| {
        let group = groups.get(&alert.group);
        let Some(id) = group.and_then(|group| group.incident.as_ref()) else {
            let may_see = group.is_none_or(|group| group.may_be_seen_by(actor));
            return may_see.then_some((alert, None));
        };
        let incident = incidents.get(id).filter(|incident| may_see(incident, actor))?;
        Some((alert, Some((incident.id.clone(), incident.number))))
    });
    Ok(seen.collect())
}

async fn listed(tx: &mut Tx, workspace: &WorkspaceId, found: Vec<Visible>) -> Result<Vec<Listed>> {
    let ids: Vec<AlertId> = found.iter().map(|(alert, _)| alert.id.clone()).collect();
    let seen = alerts::seen(tx, workspace, &ids).await?;
    let listed = found.into_iter().map(|(alert, incident)| {
        let unseen = Seen { last_seen: alert.changed_at, ends: None };
        let seen = seen.get(&alert.id).copied().unwrap_or(unseen);
        Listed { alert, seen, incident }
    });
    Ok(listed.collect())
}

/// The history of an alert after this version, oldest first.
pub async fn history_after(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    alert: &AlertId,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, Timestamp, Change)>> {
    let rows: Vec<(i64, Timestamp, Json<Change>)> = tx
        .query(
            "SELECT version, at, change FROM alert_change WHERE workspace = $1 AND alert = $2 AND version > $3
             ORDER BY version LIMIT $4",
        )
        .bind(workspace.clone())
        .bind(alert.clone())
        .bind(after)
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(version, at, change)| (version, at, change.0)).collect())
}

/// A change event as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedChange {
    /// Its id.
    pub id: String,
    /// Who sent it.
    pub source: SourceId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub change: ChangeEvent,
}

/// What was changed on purpose, newest first, before this one.
pub async fn change_events(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    source: Option<&SourceId>,
    before: Option<(Timestamp, String)>,
    limit: i64,
) -> Result<Vec<ListedChange>> {
    let (at, id) = before.unwrap_or((Timestamp::from_micros(i64::MAX), String::new()));
    let rows: Vec<(String, SourceId, Timestamp, Json<ChangeEvent>)> = tx
        .query(
            "SELECT id, source, at, body FROM change_event
             WHERE workspace = $1 AND ($2 IS NULL OR source = $2) AND (at < $3 OR (at = $3 AND id < $4))
             ORDER BY at DESC, id DESC LIMIT $5",
        )
        .bind(workspace.clone())
        .bind(source.cloned())
        .bind(at)
        .bind(id)
        .bind(limit)
        .all()
        .await?;
    let listed = rows.into_iter().map(|(id, source, at, Json(change))| ListedChange {
        id,
        source,
        at,
        change,
    });
    Ok(listed.collect())
}

//! The alerts that fire, as the original shows them: of the whole workspace, whoever sent them, but for
//! those of private incidents. A source's secret is known to programs and to many people, and none of
//! them was invited.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::response::{IntoResponse as _, Response};

use crate::alert::filter::AlertFields;
use crate::alert::fingerprint;
use crate::alert::matcher::All;
use crate::alert::prepared::Prepared;
use crate::alert::state::{Alert, Seen};
use crate::clock::Timestamp;
use crate::ids::{GroupId, SourceId};
use crate::ingest::alertmanager::query::{Query, Receiver as Receivers};
use crate::ingest::alertmanager::reading::SOURCE_LINK;
use crate::ingest::alertmanager::time::{Shown, ZERO};
use crate::ingest::alertmanager::wire::{AlertGroup, AlertStatus, GettableAlert, Receiver};
use crate::ingest::alertmanager::{Refused, silence};
use crate::ingest::knock::Knock;
use crate::store::{alert_groups, alert_lists, alerts, sources};

/// Alerts that are read at once.
const PAGE: i64 = 1_000;
/// The most alerts that are looked at. There is no second page in this API, and a list that was not
/// read to its end is no answer.
const MOST: usize = 100_000;

/// Everything that a question is answered from.
struct Picture {
    settings: Arc<Prepared>,
    /// What expressions know sources by.
    sources: BTreeMap<SourceId, String>,
    firing: Vec<(Alert, Seen)>,
    now: Timestamp,
}

/// What is asked for.
struct Wanted {
    filter: All,
    receivers: Receivers,
    active: bool,
    silenced: bool,
    inhibited: bool,
    muted: bool,
}

impl Wanted {
    fn read(query: &Query) -> Result<Wanted, Refused> {
        Ok(Wanted {
            filter: query.filter()?,
            receivers: query.receiver()?,
            active: query.wants("active"),
            silenced: query.wants("silenced"),
            inhibited: query.wants("inhibited"),
            muted: query.wants("muted"),
        })
    }

    fn holds(&self, status: &AlertStatus) -> bool {
        (self.active || status.state != ACTIVE)
            && (self.silenced || status.silenced_by.is_empty())
            && (self.inhibited || status.inhibited_by.is_empty())
            && (self.muted || status.muted_by.is_empty())
    }
}

const ACTIVE: &str = "active";
const SUPPRESSED: &str = "suppressed";

/// Shows the alerts that are asked for. What is "unprocessed" in the original is what it has not
/// looked at yet; here everything was looked at before it was answered.
pub async fn list(knock: &Knock) -> Result<Response, Refused> {
    let wanted = Wanted::read(&Query::of(knock))?;
    let picture = Picture::take(knock).await?;
    let mut shown: Vec<GettableAlert> =
        picture.shown(&wanted).into_iter().map(|(_, alert)| alert).collect();
    shown.sort_by(|a, b| a.fingerprint.cmp(&b.fingerprint));
    Ok(Json(shown).into_response())
}

/// Shows the alerts that are asked for, by group: with the labels that all of the group share, and
/// the route that says what becomes of them.
pub async fn groups(knock: &Knock) -> Result<Response, Refused> {
    let wanted = Wanted::read(&Query::of(knock))?;
    let picture = Picture::take(knock).await?;
    let mut by_group: BTreeMap<GroupId, Vec<GettableAlert>> = BTreeMap::new();
    for (group, alert) in picture.shown(&wanted) {
        by_group.entry(group).or_default().push(alert);
    }
    let mut tx = knock.app.db.read().await?;
    let ids: Vec<GroupId> = by_group.keys().cloned().collect();
    let known = alert_groups::with_ids(&mut tx, &knock.source.workspace, &ids).await?;
    let mut shown: Vec<AlertGroup> = Vec::with_capacity(known.len());
    for group in known {
        let Some(mut alerts) = by_group.remove(&group.id) else { continue };
        alerts.sort_by(|a, b| a.fingerprint.cmp(&b.fingerprint));
        let labels =
            group.present().iter().flat_map(|matched| matched.labels.iter().cloned()).collect();
        let name = picture.settings.route_by_id(group.route.as_ref()).name;
        shown.push(AlertGroup { alerts, labels, receiver: Receiver { name } });
    }
    shown.sort_by(|a, b| (&a.labels, &a.receiver).cmp(&(&b.labels, &b.receiver)));
    Ok(Json(shown).into_response())
}

impl Picture {
    async fn take(knock: &Knock) -> Result<Picture, Refused> {
        let workspace = &knock.source.workspace;
        let mut tx = knock.app.db.read().await?;
        let settings = knock.app.intake.settings().of(&mut tx, workspace).await?;
        let sources = sources::all(&mut tx, workspace).await?;
        let sources =
            sources.into_iter().map(|source| (source.id.clone(), source.system())).collect();
        let mut firing: Vec<(Alert, Seen)> = Vec::new();
        let mut looked_at = None;
        loop {
            let page = alerts::firing(&mut tx, workspace, looked_at.as_ref(), PAGE).await?;
            let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
            looked_at = page.last().map(|alert| alert.id.clone());
            let page = alert_lists::open_to_all(&mut tx, workspace, page).await?;
            let ids: Vec<_> = page.iter().map(|alert| alert.id.clone()).collect();
            let seen = alerts::seen(&mut tx, workspace, &ids).await?;
            firing.extend(page.into_iter().map(|alert| {
                let unseen = Seen { last_seen: alert.changed_at, ends: None };
                let seen = seen.get(&alert.id).copied().unwrap_or(unseen);
                (alert, seen)
            }));
            if is_last {
                return Ok(Picture { settings, sources, firing, now: knock.now });
            }
            if firing.len() >= MOST {
                return Err(Refused::wish(format!(
                    "more than {MOST} alerts fire, which are too many for one answer"
                )));
            }
        }
    }

    /// The alerts that are asked for, with their groups.
    fn shown(&self, wanted: &Wanted) -> Vec<(GroupId, GettableAlert)> {
        let inhibitors = self.inhibitors();
        let mut shown = Vec::new();
        for (alert, seen) in &self.firing {
            // Its time has run out, and somebody is about to notice.
            let is_over = seen.ends.is_some_and(|ends| ends.at <= self.now);
            if is_over || !wanted.filter.hold(&alert.labels) {
                continue;
            }
            let name = self.sources.get(&alert.source).map_or("", String::as_str);
            let (_, route) = self.settings.route(&alert.source, &AlertFields::of(alert, name));
            if !wanted.receivers.is(&route.name) {
                continue;
            }
            let status = self.status(alert, &inhibitors);
            if wanted.holds(&status) {
                shown.push((alert.group.clone(), to_wire(alert, seen, status, route.name)));
            }
        }
        shown
    }

    /// The alerts that can keep others quiet: nearly always few of the many.
    fn inhibitors(&self) -> Vec<&Alert> {
        let rules = &self.settings.inhibitions;
        let firing = self.firing.iter().map(|(alert, _)| alert);
        firing
            .filter(|alert| rules.iter().any(|(_, _, source, _)| source.hold(&alert.labels)))
            .collect()
    }

    fn status(&self, alert: &Alert, inhibitors: &[&Alert]) -> AlertStatus {
        let (silences, _) = self.settings.silenced(&alert.labels, self.now);
        let silenced_by: Vec<String> = silences.iter().map(silence::shown_id).collect();
        let by = self.settings.inhibiting(&alert.labels, inhibitors.iter().copied());
        let by = by.filter(|other| other.id != alert.id);
        let inhibited_by: Vec<String> = by.map(shown_fingerprint).into_iter().collect();
        let muted_by: Vec<String> =
            alert.maintenance.iter().map(|id| id.as_str().to_owned()).collect();
        let is_quiet = !(silenced_by.is_empty() && inhibited_by.is_empty() && muted_by.is_empty());
        let state = if is_quiet { SUPPRESSED } else { ACTIVE };
        AlertStatus { inhibited_by, muted_by, silenced_by, state }
    }
}

fn to_wire(alert: &Alert, seen: &Seen, status: AlertStatus, receiver: String) -> GettableAlert {
    let source = alert.links.iter().find(|link| link.text == SOURCE_LINK);
    GettableAlert {
        annotations: alert.annotations.clone(),
        ends_at: Shown(seen.ends.map_or(ZERO, |ends| ends.at)),
        fingerprint: shown_fingerprint(alert),
        receivers: vec![Receiver { name: receiver }],
        starts_at: Shown(alert.starts_at),
        status,
        updated_at: Shown(seen.last_seen),
        generator_url: source.map(|link| link.href.clone()),
        labels: alert.labels.clone(),
    }
}

/// What Alertmanager's own fingerprint of an alert is. Of one that came as such it is the key, which
/// was made of labels that may since have been shortened.
fn shown_fingerprint(alert: &Alert) -> String {
    let is_one = alert.key.len() == 16 && alert.key.bytes().all(|c| c.is_ascii_hexdigit());
    if is_one { alert.key.to_ascii_lowercase() } else { fingerprint::of_labels(&alert.labels) }
}

//! What the alerts of incidents say about where these are, without reading whole alerts: an incident
//! may have thousands of them, and a list shows a hundred incidents.

use std::collections::{BTreeMap, BTreeSet};

use crate::clock::Timestamp;
use crate::ids::{GroupId, IncidentId, RuleId, SourceId, WorkspaceId};
use crate::store::db::{Result, Tx};

/// What an incident's alerts say about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// In which projects they are.
    pub projects: BTreeSet<String>,
    /// In which environments.
    pub environments: BTreeSet<String>,
    /// Which alert rules have sent them.
    pub rules: BTreeSet<RuleId>,
    /// Which of these has sent the first one.
    pub rule: Option<RuleId>,
    /// When the first of them began, by its sender's word.
    pub started_at: Option<Timestamp>,
    /// When the first of them was heard of.
    pub detected_at: Option<Timestamp>,
}

type Row = (
    GroupId,
    SourceId,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// The marks of these incidents; nothing of those without alerts. Only what comes from the source of
/// alert rules can say that a rule has sent it.
pub async fn of_incidents(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    rules: Option<&SourceId>,
    incidents: &[IncidentId],
) -> Result<BTreeMap<IncidentId, Marks>> {
    let groups: Vec<(GroupId, IncidentId)> = tx
        .all_among("SELECT id, incident FROM alert_group", "incident", workspace, incidents)
        .await?;
    let groups: BTreeMap<GroupId, IncidentId> = groups.into_iter().collect();
    let ids: Vec<GroupId> = groups.keys().cloned().collect();
    let rows: Vec<Row> = tx
        .all_among(
            "SELECT grp, source, state->'labels'->>'project', state->'labels'->>'environment', state->'labels'->>'rule_id', state->>'starts_at', state->>'first_seen' FROM alert",
            "grp",
            workspace,
            &ids,
        )
        .await?;
    let mut all: BTreeMap<IncidentId, Marks> = BTreeMap::new();
    let mut firsts: BTreeMap<IncidentId, (Option<Timestamp>, RuleId)> = BTreeMap::new();
    for (group, source, project, environment, rule, started, detected) in rows {
        let Some(incident) = groups.get(&group) else { continue };
        let marks = all.entry(incident.clone()).or_default();
        let says_something = |text: &String| !text.is_empty();
        marks.projects.extend(project.filter(says_something));
        marks.environments.extend(environment.filter(says_something));
        let (started, detected) = (instant(started), instant(detected));
        let rule = rule.filter(says_something).map(RuleId::new);
        if let Some(rule) = rule.filter(|_| rules == Some(&source)) {
            marks.rules.insert(rule.clone());
            let sent = (detected, rule);
            let first = firsts.entry(incident.clone()).or_insert_with(|| sent.clone());
            *first = sent.min(first.clone());
        }
        marks.started_at = earlier(marks.started_at, started);
        marks.detected_at = earlier(marks.detected_at, detected);
    }
    for (incident, (_, rule)) in firsts {
        all.entry(incident).or_default().rule = Some(rule);
    }
    Ok(all)
}

fn instant(text: Option<String>) -> Option<Timestamp> {
    let instant: Option<jiff::Timestamp> = text.and_then(|text| text.parse().ok());
    instant.map(Timestamp::from)
}

fn earlier(known: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    known.into_iter().chain(other).min()
}

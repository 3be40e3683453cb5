//! Incidents together with their alerts, and a search among them by an expression.
//!
//! What an expression asks can't be asked of a database, so incidents are looked at here, some at a
//! time: those first for whose tags it may hold, which the index knows, and then those that have changed
//! last. What is kept of each that is found is its id and its place in the order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::alert::filter::Filter;
use crate::alert::group::Group;
use crate::alert::state::Alert;
use crate::clock::Timestamp;
use crate::ids::{GroupId, IncidentId, SourceId, UserId, WorkspaceId};
use crate::incident::catalogue::Catalogue;
use crate::incident::event::Actor;
use crate::incident::picture::{Folder, Picture, PictureFields, folders, status};
use crate::incident::state::Incident;
use crate::incident::tags::finding::by_tags;
use crate::incident::wanted::Wanted;
use crate::oncall::person::Person;
use crate::store::db::{Result, Tx};
use crate::store::incident_lists::{self, IncidentQuery, Order};
use crate::store::{self, alert_groups, alerts, incidents, sources};

/// Incidents that are looked at together.
const AT_ONCE: usize = 200;
/// Incidents that are looked at for one search. Those that have changed before them are found by their
/// tags alone, of which as many are looked at.
pub const MOST: usize = 10_000;

/// In which order incidents are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The one that changed last first.
    #[default]
    LastChange,
    /// The worst first.
    Status,
    /// The one that began last first.
    Start,
    /// The one with the most alerts first.
    Alerts,
}

/// What is looked for.
pub struct Search<'a> {
    /// Who looks.
    pub actor: &'a Actor,
    /// What things are called.
    pub catalogue: &'a Catalogue,
    /// All of these hold.
    pub filters: Vec<Filter>,
    /// The incident lies in this folder.
    pub folder: Option<Folder>,
    /// It went on at some time from the one to the other.
    pub window: Option<(Timestamp, Timestamp)>,
    /// In which order.
    pub sort: Sort,
}

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// How many there are.
    pub total: usize,
    /// Those of the page that was asked for.
    pub pictures: Vec<Picture>,
}

/// These incidents with their alerts, in the same order.
pub async fn of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incidents: Vec<Incident>,
) -> Result<Vec<Picture>> {
    let ids: Vec<IncidentId> = incidents.iter().map(|incident| incident.id.clone()).collect();
    let groups = alert_groups::of_incidents(tx, workspace, &ids).await?;
    let of_group: Vec<GroupId> = groups.iter().map(|group| group.id.clone()).collect();
    let mut alerts: HashMap<GroupId, Vec<Alert>> = HashMap::new();
    for alert in alerts::of_groups(tx, workspace, &of_group).await? {
        alerts.entry(alert.group.clone()).or_default().push(alert);
    }
    let mut by_incident: HashMap<IncidentId, (Vec<Group>, Vec<Alert>)> = HashMap::new();
    for group in groups {
        let Some(incident) = group.incident.clone() else { continue };
        let (groups, of_incident) = by_incident.entry(incident).or_default();
        of_incident.extend(alerts.remove(&group.id).unwrap_or_default());
        groups.push(group);
    }
    let pictures = incidents.into_iter().map(|incident| {
        let (groups, mut alerts) = by_incident.remove(&incident.id).unwrap_or_default();
        alerts.sort_by(|a, b| a.id.cmp(&b.id));
        Picture { incident, groups, alerts }
    });
    Ok(pictures.collect())
}

/// What the sources of a workspace are called.
pub async fn systems(tx: &mut Tx, workspace: &WorkspaceId) -> Result<BTreeMap<SourceId, String>> {
    let sources = sources::all(tx, workspace).await?;
    Ok(sources.into_iter().map(|source| (source.id.clone(), source.system())).collect())
}

/// What is known of those who lead these incidents, made somebody lead or gave a tag.
pub async fn people(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    incidents: &[&Incident],
) -> Result<BTreeMap<UserId, Person>> {
    let mut ids = BTreeSet::new();
    for incident in incidents {
        let actors = incident.assigned_by.values();
        let actors = actors.chain(incident.tags.values().map(|tagged| &tagged.by));
        ids.extend(actors.filter_map(Actor::person).chain(incident.roles.values()).cloned());
    }
    let people = store::people::with_ids(tx, workspace, &Vec::from_iter(ids)).await?;
    Ok(people.into_iter().map(|person| (person.id.clone(), person)).collect())
}

/// Looks for incidents, and shows so many of those found after the first ones that are left out.
pub async fn search(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    search: &Search<'_>,
    leave_out: usize,
    limit: usize,
) -> Result<Found> {
    let systems = match search.asks_for_alerts() {
        true => systems(tx, workspace).await?,
        false => BTreeMap::new(),
    };
    let mut places: HashMap<IncidentId, Place> = HashMap::new();
    for wanted in search.by_index() {
        let found = look(tx, workspace, search, &wanted, &systems).await?;
        places.extend(found.into_iter().map(|place| (place.2.clone(), place)));
    }
    let mut found: Vec<Place> = places.into_values().collect();
    found.sort_unstable();
    let total = found.len();
    let ids: Vec<IncidentId> =
        found.into_iter().skip(leave_out).take(limit).map(|(_, _, id)| id).collect();
    let mut by_id: HashMap<IncidentId, Incident> = HashMap::new();
    for incident in incidents::with_ids(tx, workspace, &ids).await? {
        by_id.insert(incident.id.clone(), incident);
    }
    let page = ids.iter().filter_map(|id| by_id.remove(id)).collect();
    Ok(Found { total, pictures: of(tx, workspace, page).await? })
}

/// The places of those that are meant among the incidents that the index finds.
async fn look(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    search: &Search<'_>,
    wanted: &Wanted,
    systems: &BTreeMap<SourceId, String>,
) -> Result<Vec<Place>> {
    let mut found = Vec::new();
    let (mut looked, mut after) = (0, None);
    loop {
        let query = IncidentQuery {
            wanted: wanted.clone(),
            text: None,
            order: Order::Updated,
            after,
            limit: AT_ONCE,
        };
        let page = incident_lists::page(tx, workspace, search.actor, &query).await?;
        looked += page.incidents.len();
        after = page.next;
        let of_folder = page.incidents.into_iter().filter(|incident| search.is_in_folder(incident));
        let of_folder: Vec<Incident> = of_folder.collect();
        let pictures = match search.asks_for_alerts() {
            true => of(tx, workspace, of_folder).await?,
            false => of_folder.into_iter().map(without_alerts).collect(),
        };
        let held = pictures.iter().filter(|picture| search.holds(picture, systems));
        found.extend(held.map(|picture| search.place(picture)));
        if after.is_none() || looked >= MOST {
            return Ok(found);
        }
    }
}

fn without_alerts(incident: Incident) -> Picture {
    Picture { incident, groups: Vec::new(), alerts: Vec::new() }
}

type Place = (Reverse<i64>, Reverse<i64>, IncidentId);

impl Search<'_> {
    /// Whether more has to be looked at than incidents.
    fn asks_for_alerts(&self) -> bool {
        self.filters.iter().any(|filter| *filter != Filter::Everything)
            || self.window.is_some()
            || matches!(self.sort, Sort::Start | Sort::Alerts)
    }

    /// Where to look, by the index: first among those with the tags that are asked for, of which none is
    /// to be missed, and then among all.
    fn by_index(&self) -> Vec<Wanted> {
        let all = match self.folder {
            Some(Folder::Active | Folder::Unhandled | Folder::Maintenance) => Wanted::open(),
            _ => Wanted::Every,
        };
        let tags = self.filters.iter().filter_map(|filter| by_tags(filter, self.catalogue));
        let tagged = tags.reduce(Wanted::and).map(|tagged| all.clone().and(tagged));
        tagged.into_iter().chain([all]).collect()
    }

    fn is_in_folder(&self, incident: &Incident) -> bool {
        self.folder.is_none_or(|folder| folders(incident, self.catalogue).contains(&folder))
    }

    fn holds(&self, picture: &Picture, systems: &BTreeMap<SourceId, String>) -> bool {
        let fields = PictureFields { picture, catalogue: self.catalogue, systems };
        self.window.is_none_or(|(from, to)| picture.went_on(from, to))
            && self.filters.iter().all(|filter| filter.holds(&fields))
    }

    fn place(&self, picture: &Picture) -> Place {
        let incident = &picture.incident;
        let changed = incident.changed_at.unwrap_or(incident.updated_at).as_micros();
        let first = match self.sort {
            Sort::LastChange => changed,
            Sort::Status => status(incident) as i64,
            Sort::Start => picture.started_at().as_micros(),
            Sort::Alerts => i64::try_from(picture.alerts.len()).unwrap_or(i64::MAX),
        };
        (Reverse(first), Reverse(changed), incident.id.clone())
    }
}

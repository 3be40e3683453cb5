//! A workspace with a past: so many incidents that alerts have opened, each with its group, most of
//! them closed. They are written through the store, because a hundred thousand channels would take
//! days to be made at Slack's pace.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use stentor::alert::filter::AlertFields;
use stentor::alert::fingerprint;
use stentor::alert::group::{Group, Matched};
use stentor::alert::observation::Observation;
use stentor::alert::prepared::Prepared;
use stentor::alert::signal::Signal;
use stentor::alert::state::{Alert, Circumstances, Seen};
use stentor::app::DEFAULT_SLUG;
use stentor::clock::Clock;
use stentor::ids::{AlertId, GroupId, IdSource, IncidentId, SourceId};
use stentor::incident::catalogue::Catalogue;
use stentor::incident::command::{Command, Declare};
use stentor::incident::decide::{Context, decide, declare};
use stentor::incident::event::{Actor, Entry, Event, Via};
use stentor::incident::state::Incident;
use stentor::store::alerts::{Sighting, Written};
use stentor::store::db::{Db, Tx};
use stentor::store::{
    alert_groups, alerts, incident_index, incidents, sources, timeline, workspaces,
};

/// Every so many-th incident is open.
pub const OPEN_EVERY: usize = 5;
/// Incidents in one transaction.
const AT_ONCE: usize = 500;

/// What an alert of the past or the present is about: each service has an incident of its own.
pub fn labels(service: usize, instance: usize) -> [(&'static str, String); 4] {
    [
        ("alertname", format!("HighLatency-{service}")),
        ("instance", format!("web-{service}-{instance}:9100")),
        ("service", format!("service-{service}")),
        ("severity", "critical".to_owned()),
    ]
}

/// Fills a database with so many incidents, which this source's alerts have opened.
pub async fn fill(database: &str, source: &str, count: usize) -> Result<()> {
    let db = Db::connect(database).await.context("open the database")?;
    let mut tx = db.read().await?;
    let workspace = workspaces::by_slug(&mut tx, DEFAULT_SLUG).await?.context("a workspace")?.id;
    let source = SourceId::new(source);
    let system =
        sources::of_workspace(&mut tx, &workspace, &source).await?.context("a source")?.system();
    drop(tx);
    let catalogue = Catalogue::default();
    let settings = Prepared::new(&[], |_, _| {});
    let (clock, ids) = (Clock::system(), IdSource::system());
    let mut from = 0;
    while from < count {
        let mut past = Past::default();
        let mut tx: Tx = db.begin().await?;
        let until = count.min(from + AT_ONCE);
        let now = clock.now();
        let (first, _) =
            workspaces::take_numbers(&mut tx, &workspace, (until - from) as i64, now).await?;
        for (place, number) in (from..until).zip(first..) {
            let now = clock.now();
            let context =
                Context { now, actor: &Actor::Stentor, via: Via::Delivery, catalogue: &catalogue };
            let is_open = place.is_multiple_of(OPEN_EVERY);
            let incident = IncidentId::new(ids.ulid(now));
            let said = observation(place);
            let about = AlertFields::of_observation(&said, &system);
            let matched = settings.matched(&source, &about);
            let alert = past.alert(&ids, &source, said, &matched, &incident, is_open, context);
            past.incident(incident, number, &alert, is_open, context)?;
        }
        timeline::append(&mut tx, &workspace, &past.entries).await?;
        // With the index, as the engine writes them: nothing is left to be caught up with while it is
        // measured.
        let made: Vec<&Incident> = past.incidents.iter().collect();
        incidents::save_listed(&mut tx, &workspace, &made).await?;
        let moved = made.iter().flat_map(|incident| incident_index::moved(None, incident));
        incident_index::change(&mut tx, &workspace, &moved.collect::<Vec<_>>()).await?;
        alerts::save(&mut tx, &workspace, &past.alerts).await?;
        alerts::see(&mut tx, &workspace, &past.sightings).await?;
        alert_groups::save(&mut tx, &workspace, &past.groups).await?;
        alert_groups::save_keys(&mut tx, &workspace, &past.keys).await?;
        tx.commit().await?;
        from = until;
    }
    db.close().await;
    Ok(())
}

fn observation(service: usize) -> Observation {
    let labels = labels(service, 0).map(|(name, value)| (name.to_owned(), value));
    let labels = labels.into_iter().collect();
    let key = fingerprint::of_labels(&labels);
    let title = format!("Latency of service-{service} is above 500 ms");
    Observation { labels, ..Observation::firing(key, title) }
}

/// What is to be written in one transaction.
#[derive(Default)]
struct Past {
    entries: Vec<(IncidentId, Arc<Entry>)>,
    incidents: Vec<Incident>,
    alerts: Vec<Written>,
    sightings: Vec<(AlertId, Sighting)>,
    groups: Vec<Group>,
    keys: Vec<(fingerprint::Key, GroupId)>,
}

impl Past {
    /// The alert that opened an incident, in its group.
    #[expect(clippy::too_many_arguments, reason = "each of them is another thing")]
    fn alert(
        &mut self,
        ids: &IdSource,
        source: &SourceId,
        said: Observation,
        matched: &[Matched],
        incident: &IncidentId,
        is_open: bool,
        context: Context,
    ) -> Alert {
        let now = context.now;
        let group = GroupId::new(ids.ulid(now));
        let circumstances = Circumstances { now, reopens_within: None, window: None };
        let id = AlertId::new(ids.ulid(now));
        let mut alert =
            Alert::first(id.clone(), source.clone(), &said, group.clone(), circumstances);
        let mut of_alert =
            Group::first(group.clone(), &alert.title, None, matched.to_vec(), now, now);
        of_alert.admit(matched, now, now);
        of_alert.incident = Some(incident.clone());
        if !is_open {
            let over = Observation::resolved(said.key.clone());
            if let stentor::alert::state::Meaning::Changes(changes) =
                alert.meaning(&over, circumstances)
            {
                alert.fold(&over, changes, circumstances);
            }
            of_alert.end(now);
        }
        let key = fingerprint::of_alert(source, &said.key);
        self.alerts.push(Written { alert: alert.clone(), key, current: true });
        let seen = Seen { last_seen: now, ends: None };
        self.sightings.push((id, Sighting { seen, check_at: None }));
        self.keys.extend(matched.iter().map(|one| (one.key(), group.clone())));
        self.groups.push(of_alert);
        alert
    }

    /// An incident as it stands after all that has happened to it.
    fn incident(
        &mut self,
        id: IncidentId,
        number: i64,
        alert: &Alert,
        is_open: bool,
        context: Context,
    ) -> Result<()> {
        let request = Declare {
            name: alert.title.clone(),
            severity: Some("Critical".to_owned()),
            opened_by: Some(alert.group.clone()),
            ..Declare::default()
        };
        let declared = declare(&request, number, &context)?;
        let mut incident = Incident::declared(id.clone(), context.now, context.actor, &declared);
        self.enter(&incident, Event::Declared(declared), context);
        let (signal, _) = Signal::of([alert], None, context.now);
        let mut commands = vec![
            Command::RecordChannel { channel: format!("C{number}").as_str().into() },
            Command::RecordSignal { signal, news_at: None, on_resolve: None },
        ];
        if !is_open {
            commands.push(Command::Close { message: None });
        }
        for command in commands {
            for event in decide(&incident, &command, &context)? {
                let version = incident.version + 1;
                let (actor, via) = (context.actor.clone(), context.via);
                let entry = Entry {
                    version,
                    at: context.now,
                    actor,
                    via,
                    telling: None,
                    through: None,
                    event,
                };
                incident.apply(&entry);
                self.entries.push((id.clone(), Arc::new(entry)));
            }
        }
        self.incidents.push(incident);
        Ok(())
    }

    fn enter(&mut self, incident: &Incident, event: Event, context: Context) {
        let (actor, via) = (context.actor.clone(), context.via);
        let entry = Entry {
            version: incident.version,
            at: context.now,
            actor,
            via,
            telling: None,
            through: None,
            event,
        };
        self.entries.push((incident.id.clone(), Arc::new(entry)));
    }
}

//! Several commands in one transaction: load, decide each in turn, write, commit.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::clock::{Clock, Timestamp};
use crate::engine::order::{Done, Order, Target};
use crate::ids::{ChannelId, IdSource, IncidentId, WorkspaceId};
use crate::incident::access;
use crate::incident::catalogue::Catalogue;
use crate::incident::command::Command;
use crate::incident::decide::{Context, decide, declare};
use crate::incident::event::{Entry, Event};
use crate::incident::merge::merge;
use crate::incident::reactions::reactions;
use crate::incident::refusal::Refusal;
use crate::incident::state::{Incident, parse_reference};
use crate::outbox::work::{Change, NewWork, plan};
use crate::store::db::{self, Db, Result, Tx};
use crate::store::receipts::{self, Answer};
use crate::store::workspaces::{self, Catalogues};
use crate::store::{incidents, outbox, timeline, webhooks};
use crate::webhooks::meaning::{self, News};
use crate::webhooks::spread;

/// What carries commands out.
pub struct Batch {
    /// Where they are written.
    pub db: Db,
    /// When they happen.
    pub clock: Clock,
    /// What new things are called.
    pub ids: IdSource,
    /// What things are called in a workspace.
    pub catalogues: Catalogues,
}

/// What came of a batch that was committed.
pub struct Outcome {
    /// One for each order.
    pub results: Vec<Result<Done, Refusal>>,
    /// Whether there is something to do outside.
    pub left_work: bool,
}

/// Why nothing came of a batch.
pub struct Failed {
    /// What the database said.
    pub error: sqlx::Error,
    /// Whether everything may have happened nevertheless: it was the answer to the commit that was
    /// lost.
    pub is_unclear: bool,
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Failed { error, is_unclear: false }
    }
}

impl Batch {
    /// Carries out all orders in one transaction. On an error nothing has happened, unless it says
    /// that it is unclear.
    pub async fn run(&self, orders: &[Order]) -> Result<Outcome, Failed> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let mut results: Vec<Option<Result<Done, Refusal>>> = orders.iter().map(|_| None).collect();
        let (mut wrote, mut left_work) = (false, false);
        for (workspace, places) in by_workspace(orders) {
            let mine: Vec<&Order> = places.iter().map(|place| &orders[*place]).collect();
            let mut desk = Desk::load(&mut tx, workspace, &mine, now, &self.catalogues).await?;
            for (place, order) in places.iter().zip(&mine) {
                results[*place] = Some(desk.carry_out(order, &self.ids));
            }
            wrote |= desk.write(&mut tx, &self.ids).await?;
            left_work |= !desk.work.is_empty();
        }
        if wrote {
            let committed = tx.commit().await;
            committed.map_err(|error| Failed { is_unclear: db::is_unclear(&error), error })?;
        }
        let results =
            results.into_iter().map(|result| result.expect("every order is in one workspace"));
        Ok(Outcome { results: results.collect(), left_work })
    }
}

fn by_workspace(orders: &[Order]) -> BTreeMap<&WorkspaceId, Vec<usize>> {
    let mut places: BTreeMap<&WorkspaceId, Vec<usize>> = BTreeMap::new();
    for (place, order) in orders.iter().enumerate() {
        places.entry(&order.workspace).or_default().push(place);
    }
    places
}

/// The number of the incident in which the order's one is to go on, if it is such an order.
fn destination(order: &Order) -> Option<i64> {
    match &order.command {
        Command::Merge { into } => parse_reference(into),
        _ => None,
    }
}

/// What one workspace's commands need to know, and what they have written so far.
struct Desk<'a> {
    workspace: &'a WorkspaceId,
    now: Timestamp,
    catalogue: Arc<Catalogue>,
    next_number: i64,
    answered: HashMap<String, Answer>,
    incidents: HashMap<IncidentId, Arc<Incident>>,
    numbers: HashMap<i64, IncidentId>,
    channels: HashMap<ChannelId, IncidentId>,
    changed: HashSet<IncidentId>,
    entries: Vec<(IncidentId, Arc<Entry>)>,
    work: Vec<NewWork>,
    /// What webhooks may be told of.
    news: Vec<News>,
    canceled: Vec<String>,
    new_receipts: Vec<(String, Answer)>,
}

impl<'a> Desk<'a> {
    async fn load(
        tx: &mut Tx,
        workspace: &'a WorkspaceId,
        orders: &[&Order],
        now: Timestamp,
        catalogues: &Catalogues,
    ) -> Result<Self> {
        let keys: Vec<String> = orders.iter().filter_map(|order| order.receipt.clone()).collect();
        let answered = receipts::with_keys(tx, workspace, &keys).await?;
        let mut desk = Desk {
            workspace,
            now,
            catalogue: catalogues.of(tx, workspace).await?,
            next_number: 0,
            answered: answered.into_iter().collect(),
            incidents: HashMap::new(),
            numbers: HashMap::new(),
            channels: HashMap::new(),
            changed: HashSet::new(),
            entries: Vec::new(),
            work: Vec::new(),
            news: Vec::new(),
            canceled: Vec::new(),
            new_receipts: Vec::new(),
        };
        let new: Vec<&Order> =
            orders.iter().copied().filter(|order| !desk.is_answered(order)).collect();
        if new.iter().any(|order| destination(order).is_some()) {
            // Two merges at once could each find the other's destination as it was before, and close
            // a circle. Whoever holds the counter's row comes first, and the other sees what it did.
            workspaces::take_numbers(tx, workspace, 0).await?;
        }
        desk.load_targets(tx, &new).await?;
        let declared = desk.count_declarations(&new);
        if declared > 0 {
            desk.next_number = workspaces::take_numbers(tx, workspace, declared).await?;
        }
        Ok(desk)
    }

    async fn load_targets(&mut self, tx: &mut Tx, orders: &[&Order]) -> Result<()> {
        let (mut ids, mut numbers, mut channels) = (Vec::new(), Vec::new(), Vec::new());
        let mut seen = HashSet::new();
        for order in orders.iter().filter(|order| seen.insert(Cow::Borrowed(&order.target))) {
            match &order.target {
                Target::New => {}
                Target::Id(id) => ids.push(id.clone()),
                Target::Number(number) => numbers.push(*number),
                Target::Channel(channel) => channels.push(channel.clone()),
            }
        }
        let destinations = orders.iter().copied().filter_map(destination);
        numbers
            .extend(destinations.filter(|number| seen.insert(Cow::Owned(Target::Number(*number)))));
        let mut found = incidents::with_ids(tx, self.workspace, &ids).await?;
        found.extend(incidents::with_numbers(tx, self.workspace, &numbers).await?);
        found.extend(incidents::with_channels(tx, self.workspace, &channels).await?);
        for incident in found {
            self.remember(&incident);
            self.incidents.insert(incident.id.clone(), Arc::new(incident));
        }
        Ok(())
    }

    fn remember(&mut self, incident: &Incident) {
        self.numbers.insert(incident.number, incident.id.clone());
        if let Some(channel) = &incident.channel {
            self.channels.insert(channel.clone(), incident.id.clone());
        }
    }

    /// How many numbers are needed: none for a declaration that is refused or comes twice, so
    /// that numbers have no gaps.
    fn count_declarations(&self, orders: &[&Order]) -> i64 {
        let mut keys = HashSet::new();
        let accepted = orders.iter().filter(|order| {
            let Command::Declare(request) = &order.command else { return false };
            let context = self.context(order, self.now);
            declare(request, 0, &context).is_ok()
                && order.receipt.as_ref().is_none_or(|key| keys.insert(key))
        });
        i64::try_from(accepted.count()).unwrap_or(i64::MAX)
    }

    fn is_answered(&self, order: &Order) -> bool {
        order.receipt.as_ref().is_some_and(|key| self.answered.contains_key(key))
    }

    fn context<'c>(&'c self, order: &'c Order, now: Timestamp) -> Context<'c> {
        Context { now, actor: &order.actor, via: order.via, catalogue: &self.catalogue }
    }

    fn carry_out(&mut self, order: &Order, ids: &IdSource) -> Result<Done, Refusal> {
        if let Some(answer) = order.receipt.as_ref().and_then(|key| self.answered.get(key)) {
            return Ok(self.done(answer.clone()));
        }
        let first = self.entries.len();
        let incident = match &order.command {
            Command::Declare(request) => {
                let declared = declare(request, self.next_number, &self.context(order, self.now))?;
                self.next_number += 1;
                let id = IncidentId::new(ids.ulid(self.now));
                let incident = Incident::declared(id, self.now, &order.actor, &declared);
                self.record(order, &incident, Event::Declared(declared), self.now, ids);
                incident
            }
            _ => self.change(order, ids)?,
        };
        self.remember(&incident);
        self.changed.insert(incident.id.clone());
        let incident = Arc::new(incident);
        self.incidents.insert(incident.id.clone(), Arc::clone(&incident));
        let entries = self.entries[first..].iter().map(|(_, entry)| Arc::clone(entry)).collect();
        let answer = Answer { incident, entries };
        if let Some(key) = &order.receipt {
            self.answered.insert(key.clone(), answer.clone());
            self.new_receipts.push((key.clone(), answer.clone()));
        }
        Ok(self.done(answer))
    }

    fn done(&self, Answer { incident, entries }: Answer) -> Done {
        Done { incident, entries, catalogue: Arc::clone(&self.catalogue) }
    }

    fn change(&mut self, order: &Order, ids: &IdSource) -> Result<Incident, Refusal> {
        let target = self.target(&order.target).ok_or_else(|| order.target.missing())?;
        let mut incident = Incident::clone(target);
        // Clocks of several replicas differ; a record's times never run backwards.
        let now = self.now.max(incident.updated_at);
        // Who may not see it is told what they would be told if it were not there.
        if !access::may_see(&incident, &order.actor) {
            return Err(order.target.missing());
        }
        // The caller's view of things must be the present one.
        access::check(&incident, &order.actor, order.via, &order.command)?;
        if let Some(given) = order.expected_version.filter(|version| *version != incident.version) {
            return Err(Refusal::Stale { given, current: incident.version });
        }
        let context = self.context(order, now);
        let events = match &order.command {
            Command::Merge { into } => {
                let destination = destination(order).map(Target::Number);
                let destination = destination.and_then(|other| self.target(&other));
                merge(&incident, into, destination.map(Arc::as_ref), &context)?
            }
            command => decide(&incident, command, &context)?,
        };
        for event in events {
            let version = incident.version + 1;
            let entry =
                Entry { version, at: now, actor: order.actor.clone(), via: order.via, event };
            incident.apply(&entry);
            self.record(order, &incident, entry.event, now, ids);
        }
        Ok(incident)
    }

    fn target(&self, target: &Target) -> Option<&Arc<Incident>> {
        let id = match target {
            Target::New => return None,
            Target::Id(id) => id,
            Target::Number(number) => self.numbers.get(number)?,
            Target::Channel(channel) => self.channels.get(channel)?,
        };
        self.incidents.get(id)
    }

    /// Notes the event that made the incident what it is, and what follows from it.
    fn record(
        &mut self,
        order: &Order,
        incident: &Incident,
        event: Event,
        at: Timestamp,
        ids: &IdSource,
    ) {
        let (actor, via) = (order.actor.clone(), order.via);
        let entry = Entry { version: incident.version, at, actor, via, event };
        let effects = reactions(&entry, incident);
        for change in plan(effects, &incident.id, entry.version, at, || ids.ulid(at)) {
            match change {
                Change::Add(work) => self.work.push(work),
                Change::Cancel(key) => {
                    self.work.retain(|work| work.key != key);
                    self.canceled.push(key);
                }
            }
        }
        self.news.extend(meaning::of_incident(&entry, incident));
        self.entries.push((incident.id.clone(), Arc::new(entry)));
    }

    /// Writes everything, and says whether there was anything to write.
    async fn write(&mut self, tx: &mut Tx, ids: &IdSource) -> Result<bool> {
        if self.entries.is_empty() {
            return Ok(false);
        }
        // First of all: this is where two writers who saw the same version part.
        timeline::append(tx, self.workspace, &self.entries).await?;
        let mut changed: Vec<&Incident> =
            self.changed.iter().filter_map(|id| self.incidents.get(id).map(Arc::as_ref)).collect();
        // Always in the same order, so that two writers can't wait for each other.
        changed.sort_by(|a, b| a.id.cmp(&b.id));
        incidents::save(tx, self.workspace, &changed).await?;
        if !self.news.is_empty() {
            let listening = webhooks::listening(tx, self.workspace).await?;
            self.work.extend(spread(&listening, &self.news, ids, self.now));
        }
        outbox::change(tx, self.workspace, &self.canceled, &self.work, self.now).await?;
        receipts::save(tx, self.workspace, &self.new_receipts, self.now).await?;
        Ok(true)
    }
}

//! Several commands in one transaction: load, decide each in turn, write, commit.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::clock::{Clock, Timestamp};
use crate::engine::beside::Beside;
use crate::engine::order::{Done, Order, Target};
use crate::ids::{ChannelId, IdSource, IncidentId, WorkspaceId};
use crate::incident::access;
use crate::incident::catalogue::Catalogue;
use crate::incident::command::Command;
use crate::incident::decide::{self, Context, declare};
use crate::incident::edit::Telling;
use crate::incident::event::{Entry, Event};
use crate::incident::merge::merge;
use crate::incident::papers;
use crate::incident::reactions::reactions;
use crate::incident::refusal::Refusal;
use crate::incident::related::{mirrored, relate, unrelate};
use crate::incident::state::{Incident, parse_reference};
use crate::outbox::work::{Change, NewWork, plan};
use crate::store::db::{self, Db, Result, Tx};
use crate::store::receipts::{self, Answer};
use crate::store::workspaces::{self, Catalogues};
use crate::store::{incident_index, incidents, outbox, timeline};
use crate::webhooks::meaning::{self, News};
use crate::webhooks::telling;

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

/// The number of the other incident that the order is about: in which its own one is to go on, or
/// that it has to do with.
fn destination(order: &Order) -> Option<i64> {
    match &order.command {
        Command::Merge { into } => parse_reference(into),
        Command::Relate { to } | Command::Unrelate { to } => parse_reference(to),
        _ => None,
    }
}

/// What one workspace's commands need to know, and what they have written so far.
struct Desk<'a> {
    workspace: &'a WorkspaceId,
    now: Timestamp,
    catalogue: Arc<Catalogue>,
    next_number: i64,
    /// When the next incidents are declared: never before one of a smaller number, whatever the clocks of
    /// several replicas say.
    declares_at: Timestamp,
    answered: HashMap<String, Answer>,
    incidents: HashMap<IncidentId, Arc<Incident>>,
    /// As they were before; whether the index tells of them so.
    loaded: HashMap<IncidentId, (Arc<Incident>, bool)>,
    numbers: HashMap<i64, IncidentId>,
    channels: HashMap<ChannelId, IncidentId>,
    changed: HashSet<IncidentId>,
    entries: Vec<(IncidentId, Arc<Entry>)>,
    work: Vec<NewWork>,
    /// What webhooks may be told of.
    news: Vec<News>,
    canceled: Vec<String>,
    new_receipts: Vec<(String, Answer)>,
    /// What is written beside the incidents.
    beside: Beside,
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
            declares_at: now,
            answered: answered.into_iter().collect(),
            incidents: HashMap::new(),
            loaded: HashMap::new(),
            numbers: HashMap::new(),
            channels: HashMap::new(),
            changed: HashSet::new(),
            entries: Vec::new(),
            work: Vec::new(),
            news: Vec::new(),
            canceled: Vec::new(),
            new_receipts: Vec::new(),
            beside: Beside::default(),
        };
        let new: Vec<&Order> =
            orders.iter().copied().filter(|order| !desk.is_answered(order)).collect();
        if new.iter().any(|order| destination(order).is_some()) {
            // Two merges at once could each find the other's destination as it was before, and close
            // a circle. Whoever holds the counter's row comes first, and the other sees what it did.
            workspaces::take_numbers(tx, workspace, 0, now).await?;
        }
        desk.load_targets(tx, &new).await?;
        let declared = desk.count_declarations(&new);
        if declared > 0 {
            (desk.next_number, desk.declares_at) =
                workspaces::take_numbers(tx, workspace, declared, now).await?;
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
        for loaded in incidents::to_change(tx, self.workspace, &ids, &numbers, &channels).await? {
            self.remember(&loaded.incident);
            let (id, incident) = (loaded.incident.id.clone(), Arc::new(loaded.incident));
            self.loaded.insert(id.clone(), (Arc::clone(&incident), loaded.is_listed));
            self.incidents.insert(id, incident);
        }
        for order in orders {
            let Command::Paperwork(paperwork) = &order.command else { continue };
            let (Some(version), Some(incident)) = (paperwork.cites(), self.target(&order.target))
            else {
                continue;
            };
            let id = incident.id.clone();
            let entry = timeline::entry(tx, self.workspace, &id, version).await?;
            self.beside.cite(id, entry);
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
                let at = self.declares_at;
                let declared = declare(request, self.next_number, &self.context(order, at))?;
                let id = IncidentId::new(ids.ulid(at));
                let mut incident = Incident::declared(id, at, &order.actor, &declared);
                let besides = decide::besides(request, &incident, &self.context(order, at))?;
                self.next_number += 1;
                let (actor, event) = (order.actor.clone(), Event::Declared(declared));
                let (via, through) = (order.via, order.recorded_through());
                let entry = Entry { version: 1, at, actor, via, telling: None, event, through };
                self.record(&order.command, &incident, entry, ids);
                self.go_on(order, &mut incident, besides, at, ids);
                incident
            }
            _ => self.change(order, ids)?,
        };
        self.remember(&incident);
        self.changed.insert(incident.id.clone());
        let incident = Arc::new(incident);
        self.incidents.insert(incident.id.clone(), Arc::clone(&incident));
        let own = self.entries[first..].iter().filter(|(id, _)| *id == incident.id);
        let entries = own.map(|(_, entry)| Arc::clone(entry)).collect();
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
        let eyes = order.eyes();
        if !access::may_see(&incident, &eyes) {
            return Err(order.target.missing());
        }
        // The caller's view of things must be the present one.
        access::check(&incident, &eyes, order.via, &order.command)?;
        if let Some(given) = order.expected_version.filter(|version| *version != incident.version) {
            return Err(Refusal::Stale { given, current: incident.version });
        }
        let context = self.context(order, now);
        let events = match &order.command {
            Command::Merge { into } => {
                let destination = destination(order).map(Target::Number);
                let destination = destination.and_then(|other| self.target(&other));
                // Who merges has to see both.
                let context = Context { actor: &eyes, ..context };
                merge(&incident, into, destination.map(Arc::as_ref), &context)?
            }
            Command::Relate { to } => {
                relate(&incident, to, self.other(order), &Context { actor: &eyes, ..context })?
            }
            Command::Unrelate { to } => {
                unrelate(&incident, to, self.other(order), &Context { actor: &eyes, ..context })?
            }
            Command::Paperwork(paperwork) => {
                let written = self.entries.iter().filter(|(id, _)| *id == incident.id);
                let cited = paperwork.cites().and_then(|version| {
                    self.beside.cited(&incident.id, version, written.map(|(_, entry)| &**entry))
                });
                papers::decide(&incident, paperwork, cited, &context)?
            }
            command => decide::change(&incident, command, &context)?,
        };
        self.go_on(order, &mut incident, events, now, ids);
        Ok(incident)
    }

    /// Goes on with the incident's record.
    fn go_on(
        &mut self,
        order: &Order,
        incident: &mut Incident,
        events: Vec<Event>,
        at: Timestamp,
        ids: &IdSource,
    ) {
        let (first, count) = (incident.version + 1, events.len());
        for (place, event) in events.into_iter().enumerate() {
            let (version, actor) = (incident.version + 1, order.actor.clone());
            let telling = Telling::of(&order.command, place, count, first);
            let through = order.recorded_through();
            let entry = Entry { version, at, actor, via: order.via, telling, event, through };
            incident.apply(&entry);
            let event = entry.event.clone();
            self.record(&order.command, incident, entry, ids);
            self.mirror(order, incident, &event, at, ids);
        }
    }

    /// The other incident that an order is about.
    fn other(&self, order: &Order) -> Option<&Incident> {
        self.target(&Target::Number(destination(order)?)).map(Arc::as_ref)
    }

    /// Writes into the other incident's record what it has to say of this one.
    fn mirror(
        &mut self,
        order: &Order,
        incident: &Incident,
        event: &Event,
        at: Timestamp,
        ids: &IdSource,
    ) {
        if !matches!(event, Event::Related { .. } | Event::Unrelated { .. }) {
            return;
        }
        let Some(other) = self.other(order) else { return };
        let Some(event) = mirrored(event, incident, other) else { return };
        let mut other = Incident::clone(other);
        let version = other.version + 1;
        let at = at.max(other.updated_at);
        let (actor, through) = (order.actor.clone(), order.recorded_through());
        let entry = Entry { version, at, actor, via: order.via, telling: None, event, through };
        other.apply(&entry);
        self.record(&order.command, &other, entry, ids);
        self.changed.insert(other.id.clone());
        self.incidents.insert(other.id.clone(), Arc::new(other));
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

    /// Notes the entry that made the incident what it is, and what follows from it.
    fn record(&mut self, command: &Command, incident: &Incident, entry: Entry, ids: &IdSource) {
        let at = entry.at;
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
        self.beside.note(&entry, incident, command);
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
        self.save(tx, &changed).await?;
        self.work.extend(telling(tx, self.workspace, &self.news, ids, self.now).await?);
        self.beside.write(tx, self.workspace).await?;
        outbox::change(tx, self.workspace, &self.canceled, &self.work, self.now).await?;
        receipts::save(tx, self.workspace, &self.new_receipts, self.now).await?;
        Ok(true)
    }

    /// Writes the incidents, and has the index tell of them. What it does not tell of as it was before, it
    /// can't tell what is another: such an incident waits until the index has caught up.
    async fn save(&self, tx: &mut Tx, changed: &[&Incident]) -> Result<()> {
        let is_listed =
            |incident: &&&Incident| self.loaded.get(&incident.id).is_none_or(|(_, listed)| *listed);
        let (listed, behind): (Vec<&Incident>, Vec<&Incident>) =
            changed.iter().partition(|incident| is_listed(incident));
        incidents::save_listed(tx, self.workspace, &listed).await?;
        incidents::save(tx, self.workspace, &behind).await?;
        let moved = listed.iter().flat_map(|incident| {
            let before = self.loaded.get(&incident.id).map(|(before, _)| before.as_ref());
            incident_index::moved(before, incident)
        });
        incident_index::change(tx, self.workspace, &moved.collect::<Vec<_>>()).await
    }
}

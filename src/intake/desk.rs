//! One workspace's alerts, for as long as a transaction lasts: loaded, folded, written.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::alert::filter::AlertFields;
use crate::alert::fingerprint::{self, Key};
use crate::alert::group::Group;
use crate::alert::history::Change;
use crate::alert::observation::{ChangeEvent, Ends, Observation, Said};
use crate::alert::prepared::Prepared;
use crate::alert::rule::counting::{Sender, Tally};
use crate::alert::state::{Alert, Circumstances, Meaning, Seen, next_end};
use crate::clock::Timestamp;
use crate::ids::{AlertId, GroupId, IdSource, IncidentId, SourceId, WorkspaceId};
use crate::ingest::kind::Kind;
use crate::intake::cache::{Cache, Known, next_look};
use crate::intake::order::{Delivery, Effect, Folded, Job, Outcome, Taken};
use crate::intake::placing::Placing;
use crate::intake::settings::Settings;
use crate::outbox::work::{self, NewWork, Noted, Work};
use crate::store::alerts::{Sighting, Written};
use crate::store::db::{Result, Tx};
use crate::store::sources::AlertSource;
use crate::store::{
    alert_groups, alert_rule_counts, alert_settings, alerts, outbox, receipts, sources,
};
use crate::webhooks::meaning::{self, News};
use crate::webhooks::telling;

/// An alert in hand.
pub(super) struct Held {
    pub written: Written,
    pub sighting: Sighting,
    /// It has to be written.
    pub changed: bool,
    /// A hash of what its sender said last, if that is all that there is to know for a repeat.
    pub words: Option<u64>,
}

/// One workspace's alerts in one transaction.
pub(super) struct Desk<'a> {
    pub workspace: &'a WorkspaceId,
    pub now: Timestamp,
    pub ids: &'a IdSource,
    pub settings: Arc<Prepared>,
    pub all_settings: &'a Settings,
    pub cache: &'a mut Cache,
    pub alerts: HashMap<AlertId, Held>,
    pub by_key: HashMap<Key, AlertId>,
    pub groups: HashMap<GroupId, Group>,
    pub placing: Placing,
    /// Groups that have to be written, and looked at afterwards.
    pub touched: BTreeSet<GroupId>,
    /// Incidents that have lost alerts.
    pub bereft: BTreeSet<IncidentId>,
    /// Groups that look different in the channel of an incident, although they are as they were.
    pub stale_cards: BTreeSet<(IncidentId, GroupId)>,
    /// What the records of incidents are to say.
    pub handled: Vec<Noted>,
    /// The API token through which somebody wants what is carried out now.
    pub through: Option<String>,
    /// When alerts were seen, and when to look at them.
    sightings: BTreeMap<AlertId, Sighting>,
    /// When alerts were seen that are to be looked at when they were to be before.
    repeats: BTreeMap<AlertId, Seen>,
    history: Vec<(AlertId, i64, Timestamp, Change)>,
    changes: BTreeMap<SourceId, Vec<(String, Key, Timestamp, ChangeEvent)>>,
    /// What alert rules have counted of this.
    tally: Tally,
    known_receipts: BTreeSet<String>,
    pub(super) new_receipts: Vec<(String, serde_json::Value)>,
    /// Whether sources are still there that something depends on.
    sources: BTreeMap<SourceId, bool>,
}

/// One observation on its way in.
struct Incoming<'o> {
    key: Key,
    words: u64,
    is_repeat: bool,
    observation: &'o Observation,
}

impl<'a> Desk<'a> {
    /// Takes the workspace's desk for this transaction.
    pub async fn take(
        tx: &mut Tx,
        workspace: &'a WorkspaceId,
        writer: &str,
        settings: &'a Settings,
        cache: &'a mut Cache,
        ids: &'a IdSource,
        now: Timestamp,
    ) -> Result<Desk<'a>> {
        let desk = alert_settings::take_desk(tx, workspace, writer).await?;
        if desk.writer != writer {
            cache.forget(workspace);
        }
        Ok(Desk {
            workspace,
            now,
            ids,
            settings: settings.with_version(tx, workspace, desk.settings).await?,
            all_settings: settings,
            cache,
            alerts: HashMap::new(),
            by_key: HashMap::new(),
            groups: HashMap::new(),
            placing: Placing::default(),
            touched: BTreeSet::new(),
            bereft: BTreeSet::new(),
            stale_cards: BTreeSet::new(),
            handled: Vec::new(),
            through: None,
            sightings: BTreeMap::new(),
            repeats: BTreeMap::new(),
            history: Vec::new(),
            changes: BTreeMap::new(),
            tally: Tally::default(),
            known_receipts: BTreeSet::new(),
            new_receipts: Vec::new(),
            sources: BTreeMap::new(),
        })
    }

    /// Does all of it, in order.
    pub async fn carry_out(&mut self, tx: &mut Tx, jobs: &[&Job]) -> Result<Vec<Outcome>> {
        let deliveries = || {
            jobs.iter().filter_map(|job| match job {
                Job::Take(delivery) => Some(delivery),
                Job::Carry { .. } => None,
            })
        };
        let keys: Vec<String> =
            deliveries().filter_map(|delivery| delivery.receipt.clone()).collect();
        self.known_receipts =
            receipts::known(tx, self.workspace, &keys).await?.into_iter().collect();
        let mut incoming: Vec<Vec<Incoming>> = Vec::new();
        for delivery in deliveries() {
            incoming.push(self.look_at(delivery));
        }
        self.load(tx, deliveries(), &incoming).await?;
        let mut incoming = incoming.into_iter();
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            outcomes.push(match job {
                Job::Take(delivery) => {
                    let incoming = incoming.next().expect("every delivery was looked at");
                    Outcome::Taken(self.fold(delivery, &incoming))
                }
                Job::Carry { receipt, through, errand, .. } => {
                    self.through.clone_from(through);
                    let carried = self.carry_once(tx, receipt.as_deref(), errand).await?;
                    self.through = None;
                    Outcome::Carried(carried)
                }
            });
        }
        Ok(outcomes)
    }

    /// Folds what is said in the midst of an errand.
    pub(super) async fn take_in(&mut self, tx: &mut Tx, delivery: &Delivery) -> Result<()> {
        let incoming = [self.look_at(delivery)];
        self.load(tx, std::iter::once(delivery), &incoming).await?;
        self.fold(delivery, &incoming[0]);
        Ok(())
    }

    /// Finds out what each observation is about, and whether it says anything new.
    fn look_at<'o>(&self, delivery: &'o Delivery) -> Vec<Incoming<'o>> {
        // In a maintenance window repeats are no mere repeats: an alert is marked by them.
        let may_repeat = !self.settings.has_window(self.now);
        let observations = delivery.observations.iter();
        observations
            .map(|observation| {
                let key = fingerprint::of_alert(&delivery.source.id, &observation.key);
                let words = self.cache.words(observation);
                let is_repeat = may_repeat
                    && self.cache.is_repeat(self.workspace, &key, observation, words, self.now);
                Incoming { key, words, is_repeat, observation }
            })
            .collect()
    }

    /// Loads the alerts that something new is said of, their groups, and the groups that new ones
    /// may belong to.
    async fn load(
        &mut self,
        tx: &mut Tx,
        deliveries: impl Iterator<Item = &Delivery>,
        incoming: &[Vec<Incoming<'_>>],
    ) -> Result<()> {
        let news = incoming.iter().flatten().filter(|one| !one.is_repeat);
        let mut keys: Vec<Key> =
            news.map(|one| one.key).filter(|key| !self.by_key.contains_key(key)).collect();
        keys.sort();
        keys.dedup();
        for (key, found) in alerts::current(tx, self.workspace, &keys).await? {
            let seen = found.seen;
            let check_at = next_look(None, seen.ends).filter(|_| found.alert.phase.is_firing());
            self.hold(
                Written { alert: found.alert, key, current: true },
                Sighting { seen, check_at },
            );
        }
        let groups: BTreeSet<GroupId> =
            self.alerts.values().map(|held| held.written.alert.group.clone()).collect();
        self.load_groups(tx, &groups.into_iter().collect::<Vec<_>>()).await?;
        let (mut wanted, mut senders) = (BTreeSet::new(), BTreeSet::new());
        for (delivery, incoming) in deliveries.zip(incoming) {
            let mut news = incoming
                .iter()
                .filter(|one| !one.is_repeat && one.observation.said == Said::Firing)
                .peekable();
            // Nearly all deliveries are nothing but repeats.
            if news.peek().is_none() {
                continue;
            }
            senders.insert(delivery.source.id.clone());
            let system = delivery.source.system();
            for one in news {
                let held = self.by_key.get(&one.key).and_then(|id| self.alerts.get(id));
                if held.is_none_or(|held| !held.written.alert.phase.is_firing()) {
                    let about = AlertFields::of_observation(one.observation, &system);
                    let matched = self.settings.matched(&delivery.source.id, &about);
                    wanted.extend(matched.iter().map(crate::alert::group::Matched::key));
                }
            }
        }
        for sender in senders {
            self.is_there(tx, &sender).await?;
        }
        let wanted: Vec<Key> = wanted.into_iter().collect();
        let candidates = alert_groups::by_keys(tx, self.workspace, &wanted).await?;
        let groups: BTreeSet<GroupId> = candidates.iter().map(|(_, group)| group.clone()).collect();
        self.load_groups(tx, &groups.into_iter().collect::<Vec<_>>()).await?;
        self.placing.load(tx, self.workspace, candidates, &self.groups).await
    }

    /// Finds out whether a source is still there: a process may remember it for a while after another
    /// one has removed it.
    pub(super) async fn is_there(&mut self, tx: &mut Tx, source: &SourceId) -> Result<bool> {
        if let Some(is_there) = self.sources.get(source) {
            return Ok(*is_there);
        }
        let is_there = sources::is_there(tx, self.workspace, source).await?;
        self.sources.insert(source.clone(), is_there);
        Ok(is_there)
    }

    pub(super) async fn load_groups(&mut self, tx: &mut Tx, ids: &[GroupId]) -> Result<()> {
        let missing: Vec<GroupId> =
            ids.iter().filter(|id| !self.groups.contains_key(id)).cloned().collect();
        for group in alert_groups::with_ids(tx, self.workspace, &missing).await? {
            self.groups.insert(group.id.clone(), group);
        }
        Ok(())
    }

    pub(super) fn hold(&mut self, written: Written, sighting: Sighting) {
        let id = written.alert.id.clone();
        if written.current {
            self.by_key.insert(written.key, id.clone());
        }
        self.alerts.entry(id).or_insert(Held { written, sighting, changed: false, words: None });
    }

    fn fold(&mut self, delivery: &Delivery, incoming: &[Incoming]) -> Taken {
        if let Some(receipt) = &delivery.receipt
            && !self.known_receipts.insert(receipt.clone())
        {
            let ignored = Folded { alert: None, effect: Effect::Repeated };
            let folded = incoming.iter().map(|_| ignored.clone()).collect();
            return Taken { was_repeated: true, folded };
        }
        for change in &delivery.changes {
            self.keep_change(&delivery.source.id, change);
        }
        // What rules say themselves is no event: a rule would go on because it has begun.
        let is_counted = delivery.source.kind != Kind::Rules && !self.settings.counter.is_empty();
        let system = is_counted.then(|| delivery.source.system());
        let folded = incoming.iter().map(|one| {
            let folded = self.fold_one(&delivery.source, one);
            if let Some(name) = &system
                && folded.effect != Effect::Ignored
            {
                let sender = Sender { id: &delivery.source.id, name };
                let (settings, tally) = (&self.settings, &mut self.tally);
                settings.counter.count(sender, one.observation, self.now, tally);
            }
            folded
        });
        let taken = Taken { was_repeated: false, folded: folded.collect() };
        if let Some(receipt) = &delivery.receipt {
            self.new_receipts.push((receipt.clone(), taken.to_receipt()));
        }
        taken
    }

    fn keep_change(&mut self, source: &SourceId, change: &ChangeEvent) {
        let at = change.at.filter(|at| *at <= self.now).unwrap_or(self.now);
        let key = fingerprint::of_parts(&["change", source.as_str(), &change.key]);
        let known = self.changes.entry(source.clone()).or_default();
        // One statement must not meet the same key twice.
        known.retain(|(_, known, _, _)| *known != key);
        known.push((self.ids.ulid(self.now), key, at, change.clone()));
    }

    fn fold_one(&mut self, source: &AlertSource, incoming: &Incoming) -> Folded {
        let effect = |alert: &AlertId, effect| Folded { alert: Some(alert.clone()), effect };
        let observation = with_limit(incoming.observation, source, self.now);
        if incoming.is_repeat
            && !self.by_key.contains_key(&incoming.key)
            && let Some((known, is_sooner)) =
                self.cache.repeat(self.workspace, &incoming.key, &observation)
        {
            let seen = Seen { last_seen: self.now, ends: known.ends };
            let (id, check_at) = (known.id.clone(), known.check_at);
            if is_sooner || self.sightings.contains_key(&id) {
                self.repeats.remove(&id);
                self.sightings.insert(id.clone(), Sighting { seen, check_at });
            } else {
                self.repeats.insert(id.clone(), seen);
            }
            return Folded { alert: Some(id), effect: Effect::Repeated };
        }
        // The usual case is none, and costs nothing.
        let window = self.settings.has_window(self.now).then(|| {
            let system = source.system();
            let about = AlertFields::of_observation(&observation, &system);
            self.settings.window(&about, self.now).cloned()
        });
        let window = window.flatten();
        let reopens_within = match source.settings.reopen_window_minutes {
            Some(0) => None,
            Some(minutes) => Some(std::time::Duration::from_secs(u64::from(minutes) * 60)),
            None => source.kind.reopens_within(),
        };
        let circumstances =
            Circumstances { now: self.now, reopens_within, window: window.as_ref() };
        if self.sources.get(&source.id) == Some(&false) {
            // What it has begun ends, or has ended, because it was removed.
            return Folded { alert: None, effect: Effect::Ignored };
        }
        let id = self.by_key.get(&incoming.key).cloned();
        let Some(id) = id else {
            return match self.begin(source, incoming, &observation, circumstances) {
                Some(id) => effect(&id, Effect::New),
                None => Folded { alert: None, effect: Effect::Ignored },
            };
        };
        let held = self.alerts.get_mut(&id).expect("what has a key is held");
        let was_firing = held.written.alert.phase.is_firing();
        match held.written.alert.meaning(&observation, circumstances) {
            Meaning::Late => effect(&id, Effect::Ignored),
            Meaning::Repeat => {
                held.words = Some(incoming.words).filter(|_| observation.said == Said::Firing);
                self.see(&id, &observation);
                effect(&id, Effect::Repeated)
            }
            Meaning::Another => {
                held.written.current = false;
                held.changed = true;
                self.by_key.remove(&incoming.key);
                match self.begin(source, incoming, &observation, circumstances) {
                    Some(id) => effect(&id, Effect::New),
                    None => effect(&id, Effect::Ignored),
                }
            }
            Meaning::Changes(changes) => {
                let noted = held.written.alert.fold(&observation, changes, circumstances);
                held.changed = true;
                held.words = Some(incoming.words).filter(|_| observation.said == Said::Firing);
                let first = held.written.alert.version - noted.len() as i64;
                for (change, version) in noted.into_iter().zip(first + 1..) {
                    self.history.push((id.clone(), version, self.now, change));
                }
                self.see(&id, &observation);
                self.count(&id, was_firing);
                effect(&id, Effect::Changed)
            }
        }
    }

    /// A first observation makes an alert, unless it says that nothing is wrong.
    fn begin(
        &mut self,
        source: &AlertSource,
        incoming: &Incoming,
        observation: &Observation,
        circumstances: Circumstances,
    ) -> Option<AlertId> {
        let is_over = observation.ends.is_some_and(|ends| ends.at <= self.now);
        if observation.said != Said::Firing || is_over {
            return None;
        }
        let id = AlertId::new(self.ids.ulid(self.now));
        let nowhere = GroupId::new("");
        let mut alert =
            Alert::first(id.clone(), source.id.clone(), observation, nowhere, circumstances);
        alert.group = self.place(&alert, source);
        self.history.push((id.clone(), 1, self.now, alert.beginning()));
        let seen = Seen { last_seen: self.now, ends: observation.ends };
        let sighting = Sighting { seen, check_at: next_look(None, observation.ends) };
        self.sightings.insert(id.clone(), sighting);
        let written = Written { alert, key: incoming.key, current: true };
        self.by_key.insert(incoming.key, id.clone());
        let words = Some(incoming.words);
        self.alerts.insert(id.clone(), Held { written, sighting, changed: true, words });
        Some(id)
    }

    /// Notes that an alert was heard of.
    fn see(&mut self, id: &AlertId, observation: &Observation) {
        let held = self.alerts.get_mut(id).expect("it is held");
        let is_firing = held.written.alert.phase.is_firing();
        let ends = next_end(held.sighting.seen.ends, observation.ends).filter(|_| is_firing);
        held.sighting.seen = Seen { last_seen: self.now, ends };
        held.sighting.check_at = next_look(held.sighting.check_at, ends).filter(|_| is_firing);
        self.sightings.insert(id.clone(), held.sighting);
    }

    /// Lets a group know that one of its alerts begins or ends to fire, or has changed at least.
    pub(super) fn count(&mut self, id: &AlertId, was_firing: bool) {
        let alert = &self.alerts[id].written.alert;
        let is_firing = alert.phase.is_firing();
        let Some(group) = self.groups.get_mut(&alert.group) else { return };
        match (was_firing, is_firing) {
            (false, true) => group.begin(self.now),
            (true, false) => group.end(self.now),
            _ => {}
        }
        group.version += 1;
        self.touched.insert(group.id.clone());
    }

    /// Notes a change that no sender has made.
    pub(super) fn changed(&mut self, id: &AlertId, change: Change) {
        let held = self.alerts.get_mut(id).expect("it is held");
        held.changed = true;
        held.words = None;
        let change = Change { through: self.through.clone(), ..change };
        self.history.push((id.clone(), held.written.alert.version, self.now, change));
    }

    /// An alert is over: it need not be looked at any more.
    pub(super) fn forget_end(&mut self, id: &AlertId) {
        let held = self.alerts.get_mut(id).expect("it is held");
        held.sighting.seen.ends = None;
        held.sighting.check_at = None;
        self.sightings.insert(id.clone(), held.sighting);
    }

    /// When an alert was seen, if that was in this transaction.
    pub(super) fn sighted(&self, id: &AlertId) -> Option<Seen> {
        let looked_at = self.sightings.get(id).map(|sighting| sighting.seen);
        looked_at.or_else(|| self.repeats.get(id).copied())
    }

    /// When an alert is to be looked at.
    pub(super) fn look_again(&mut self, id: &AlertId, sighting: Sighting) {
        self.sightings.insert(id.clone(), sighting);
    }

    /// Writes everything, and says whether there is something to do now.
    pub async fn write(mut self, tx: &mut Tx) -> Result<bool> {
        let mut changed: Vec<Written> = self
            .alerts
            .values()
            .filter(|held| held.changed)
            .map(|held| held.written.clone())
            .collect();
        // Always in the same order, so that two writers can't wait for each other.
        changed.sort_by(|a, b| a.alert.id.cmp(&b.alert.id));
        alerts::save(tx, self.workspace, &changed).await?;
        let sightings: Vec<_> = std::mem::take(&mut self.sightings).into_iter().collect();
        alerts::see(tx, self.workspace, &sightings).await?;
        let repeats: Vec<_> = std::mem::take(&mut self.repeats).into_iter().collect();
        alerts::see_again(tx, self.workspace, &repeats).await?;
        alerts::append(tx, self.workspace, &self.history).await?;
        for (source, changes) in &self.changes {
            alerts::save_changes(tx, self.workspace, source, changes).await?;
        }
        let groups: Vec<Group> =
            self.touched.iter().filter_map(|id| self.groups.get(id)).cloned().collect();
        alert_groups::save(tx, self.workspace, &groups).await?;
        self.placing.write(tx, self.workspace).await?;
        alert_rule_counts::add(tx, self.workspace, &self.tally).await?;
        receipts::mark(tx, self.workspace, &self.new_receipts, self.now).await?;
        let mut work = self.work(&groups);
        let news: Vec<News> = self
            .history
            .iter()
            .filter_map(|(alert, version, at, change)| {
                meaning::of_alert(alert, *version, *at, change)
            })
            .collect();
        work.extend(telling(tx, self.workspace, &news, self.ids, self.now).await?);
        outbox::change(tx, self.workspace, &[], &work, self.now).await?;
        self.remember();
        Ok(!work.is_empty())
    }

    /// What is to be done about the groups that have changed.
    fn work(&self, groups: &[Group]) -> Vec<NewWork> {
        let id = || self.ids.ulid(self.now);
        let mut all = Vec::new();
        for group in groups {
            let due_at = match &group.incident {
                Some(incident) => {
                    let show = Work::ShowAlerts { group: group.id.clone() };
                    all.push(work::asked_for(incident, show, self.now, id()));
                    self.now
                }
                None if group.waits() => {
                    let route = self.settings.route_by_id(group.route.as_ref());
                    self.now.max(group.opened_at.plus(route.group_wait()))
                }
                // Nothing fires that could open an incident.
                None => continue,
            };
            let due_at = if group.at_once { self.now } else { due_at };
            all.push(work::settle(&group.id, due_at, id()));
        }
        for incident in &self.bereft {
            all.push(work::asked_for(incident, Work::Signal, self.now, id()));
        }
        for (incident, group) in &self.stale_cards {
            let show = Work::ShowAlerts { group: group.clone() };
            all.push(work::asked_for(incident, show, self.now, id()));
        }
        for noted in &self.handled {
            all.push(work::handled(noted, self.now, id()));
        }
        all
    }

    /// Remembers what a mere repeat needs.
    fn remember(&mut self) {
        for held in self.alerts.values() {
            let (alert, key) = (&held.written.alert, held.written.key);
            let is_plain =
                held.written.current && alert.phase.is_firing() && alert.maintenance.is_none();
            match held.words.filter(|_| is_plain) {
                Some(words) => {
                    let known = Known {
                        id: alert.id.clone(),
                        words,
                        starts_at: alert.starts_at,
                        said_at: alert.said_at,
                        ends: held.sighting.seen.ends,
                        check_at: held.sighting.check_at,
                    };
                    self.cache.learn(self.workspace, key, known);
                }
                // What is known of the key is about another alert, or no longer true.
                None if self.by_key.get(&key).is_none_or(|id| *id == alert.id) => {
                    self.cache.drop(self.workspace, &key);
                }
                None => {}
            }
        }
    }
}

/// The observation with the source's own limit, where the sender says no end.
fn with_limit<'o>(
    observation: &'o Observation,
    source: &AlertSource,
    now: Timestamp,
) -> std::borrow::Cow<'o, Observation> {
    match source.settings.resolve_after_minutes {
        Some(minutes) if observation.ends.is_none() && observation.said == Said::Firing => {
            let at = now.plus(std::time::Duration::from_secs(u64::from(minutes) * 60));
            let ends = Some(Ends { at, assumed: true });
            std::borrow::Cow::Owned(Observation { ends, ..observation.clone() })
        }
        _ => std::borrow::Cow::Borrowed(observation),
    }
}

//! Incidents that are wanted, page by page, for those who may see them.
//!
//! The [index](crate::store::incident_index) says which numbers they have: block by block, beginning
//! where the page begins, until it is full. So a page costs the same wherever it lies, and what two
//! large filters have in common is found without looking at what only one of them has. Incidents of
//! which the index does not tell as they are (*late* ones) are looked at themselves.
//!
//! What the actor may not see leaves no trace: a page that were shorter for it, or a next page with
//! nothing on it, would tell somebody who searches that there is something.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::clock::Timestamp;
use crate::ids::WorkspaceId;
use crate::incident::access::may_see;
use crate::incident::event::Actor;
use crate::incident::facets::facets;
use crate::incident::state::Incident;
use crate::incident::wanted::Wanted;
use crate::store::bits::{BLOCK, Bits, number_at, place_of};
use crate::store::db::{Result, Tx};
use crate::store::incident_plan::Plan;
use crate::store::incidents;

/// In which order a list goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// What was declared last comes first.
    #[default]
    Newest,
    /// What was declared first comes first.
    Oldest,
    /// What has changed last comes first.
    Updated,
}

/// Where a list goes on: after this incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its number.
    pub number: i64,
    /// When it had last changed.
    pub updated_at: Timestamp,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct IncidentQuery {
    /// Which incidents.
    pub wanted: Wanted,
    /// Only those with this in the name or summary, whatever the case.
    pub text: Option<String>,
    /// In which order.
    pub order: Order,
    /// After this one.
    pub after: Option<Place>,
    /// How many at most.
    pub limit: usize,
}

impl Default for IncidentQuery {
    fn default() -> Self {
        IncidentQuery {
            wanted: Wanted::Every,
            text: None,
            order: Order::Newest,
            after: None,
            limit: 25,
        }
    }
}

/// So far apart blocks may be that are read together.
const GAP: i64 = 8;

/// A page of incidents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Those that are wanted, and that the actor may see.
    pub incidents: Vec<Incident>,
    /// Where the next page goes on; nothing on the last one.
    pub next: Option<Place>,
}

/// The newest of the incidents that are wanted and that this actor may see.
pub async fn newest(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
    wanted: Wanted,
    text: Option<String>,
    limit: usize,
) -> Result<Vec<Incident>> {
    let query = IncidentQuery { wanted, text, limit, ..IncidentQuery::default() };
    Ok(page(tx, workspace, actor, &query).await?.incidents)
}

/// One page of the incidents that are wanted and that this actor may see.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
    query: &IncidentQuery,
) -> Result<Page> {
    let wanted = Wanted::visible_to(actor).and(query.wanted.clone());
    let plan = Plan::of(tx, workspace, &wanted).await?;
    let text = query.text.as_ref().map(|text| text.to_lowercase());
    let look = Look { workspace, actor, plan: &plan, wanted: &wanted, text: text.as_deref() };
    // One more than asked for says whether another page follows.
    let most = query.limit.saturating_add(1);
    let mut incidents = match query.order {
        Order::Newest => look.by_number(tx, query.after, most, true).await?,
        Order::Oldest => look.by_number(tx, query.after, most, false).await?,
        Order::Updated => look.by_update(tx, query.after, most).await?,
    };
    let is_more = incidents.len() > query.limit;
    incidents.truncate(query.limit);
    let next = incidents.last().filter(|_| is_more).map(place_of_incident);
    Ok(Page { incidents, next })
}

fn place_of_incident(incident: &Incident) -> Place {
    Place { number: incident.number, updated_at: incident.updated_at }
}

/// The numbers of all that is wanted at one moment.
#[derive(Clone, Debug, Default)]
pub struct Found {
    blocks: BTreeMap<i64, Bits>,
    /// Those of them of which the index does not tell as they are.
    late: BTreeMap<i64, Bits>,
}

impl Found {
    /// How many they are.
    pub fn count(&self) -> usize {
        self.blocks.values().map(Bits::count).sum()
    }

    /// The next ones before this number, largest first.
    pub fn before(&self, number: i64, limit: usize) -> Vec<i64> {
        let blocks = self.blocks.range(..=place_of(number).0).rev();
        let numbers = blocks.flat_map(|(block, bits)| {
            bits.places().rev().map(move |place| number_at(*block, place))
        });
        numbers.filter(|found| *found < number).take(limit).collect()
    }

    /// Which they are, by block.
    pub fn blocks(&self) -> &BTreeMap<i64, Bits> {
        &self.blocks
    }

    /// The blocks in which there are any: a few ranges, with not much else in between.
    pub fn ranges(&self) -> Vec<RangeInclusive<i64>> {
        let mut ranges: Vec<RangeInclusive<i64>> = Vec::new();
        for block in self.blocks.keys() {
            match ranges.last_mut() {
                Some(last) if block - last.end() <= GAP => *last = *last.start()..=*block,
                _ => ranges.push(*block..=*block),
            }
        }
        ranges
    }

    /// The smallest number.
    pub fn first(&self) -> Option<i64> {
        let (block, bits) = self.blocks.iter().find(|(_, bits)| !bits.is_empty())?;
        bits.places().next().map(|place| number_at(*block, place))
    }

    /// The largest number.
    pub fn last(&self) -> Option<i64> {
        self.before(i64::MAX, 1).pop()
    }

    /// Those of which the index tells.
    pub fn indexed(&self, block: i64) -> Bits {
        let mut bits = self.blocks.get(&block).cloned().unwrap_or_default();
        if let Some(late) = self.late.get(&block) {
            bits.and_not(late);
        }
        bits
    }

    /// The numbers of the others.
    pub fn late(&self) -> Vec<i64> {
        let late = self.late.iter();
        late.flat_map(|(block, bits)| bits.places().map(|place| number_at(*block, place))).collect()
    }

    fn add(&mut self, number: i64) {
        let (block, place) = place_of(number);
        self.blocks.entry(block).or_default().set(place, true);
    }

    fn add_late(&mut self, number: i64) {
        let (block, place) = place_of(number);
        self.late.entry(block).or_default().set(place, true);
    }
}

/// All that is wanted and that this actor may see. A million numbers are 122 KiB.
pub async fn found(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
    wanted: &Wanted,
    text: Option<&str>,
) -> Result<Found> {
    let wanted = Wanted::visible_to(actor).and(wanted.clone());
    let plan = Plan::of(tx, workspace, &wanted).await?;
    let text = text.map(str::to_lowercase);
    let look = Look { workspace, actor, plan: &plan, wanted: &wanted, text: text.as_deref() };
    let mut found = Found::default();
    let candidates = look.candidates(tx, plan.range()).await?;
    let late = Late::among(&candidates);
    for (block, candidates) in candidates {
        let mut sure = candidates.bits;
        let unsure = match look.text {
            Some(_) => std::mem::take(&mut sure),
            None => {
                sure.and_not(&candidates.late);
                candidates.late
            }
        };
        if !sure.is_empty() {
            found.blocks.insert(block, sure);
        }
        let numbers: Vec<i64> = unsure.places().map(|place| number_at(block, place)).collect();
        for numbers in numbers.chunks(ROWS_AT_ONCE) {
            for incident in look.load(tx, numbers, &late).await? {
                found.add(incident.number);
                if late.has(incident.number) {
                    found.add_late(incident.number);
                }
            }
        }
    }
    Ok(found)
}

/// Those with these numbers that this actor may see as they stand now, in this order.
pub async fn shown(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &Actor,
    numbers: &[i64],
) -> Result<Vec<Incident>> {
    let mut incidents = incidents::with_numbers(tx, workspace, numbers).await?;
    incidents.retain(|incident| may_see(incident, actor));
    let places: BTreeMap<i64, usize> = numbers.iter().copied().zip(0..).collect();
    incidents.sort_by_key(|incident| places.get(&incident.number).copied());
    Ok(incidents)
}

/// Rows that are looked at together at most.
const ROWS_AT_ONCE: usize = 256;
/// Blocks that are looked at together: few at first, because most pages are full after the first one.
const BLOCKS_AT_ONCE: [i64; 3] = [2, 16, 256];
/// In a block with more candidates than this the database looks for a text.
const MANY: usize = 64;
/// As long as not more are wanted than this, they are read and sorted.
const FEW: usize = 300;
/// Numbers that are read at once in the order of their last change.
const WALK: i64 = 512;

/// What a list looks for.
struct Look<'a> {
    workspace: &'a WorkspaceId,
    actor: &'a Actor,
    plan: &'a Plan,
    wanted: &'a Wanted,
    text: Option<&'a str>,
}

/// What may be wanted in a block.
struct Candidates {
    /// All of them.
    bits: Bits,
    /// Those that have to be looked at.
    late: Bits,
}

/// Incidents of which the index does not tell as they are.
#[derive(Default)]
struct Late(BTreeMap<i64, Bits>);

impl Late {
    fn among(candidates: &BTreeMap<i64, Candidates>) -> Late {
        let late = candidates.iter().filter(|(_, one)| !one.late.is_empty());
        Late(late.map(|(block, one)| (*block, one.late.clone())).collect())
    }

    fn has(&self, number: i64) -> bool {
        let (block, place) = place_of(number);
        self.0.get(&block).is_some_and(|bits| bits.has(place))
    }
}

impl Look<'_> {
    /// What may be wanted in these blocks, where there is any.
    async fn candidates(
        &self,
        tx: &mut Tx,
        blocks: RangeInclusive<i64>,
    ) -> Result<BTreeMap<i64, Candidates>> {
        let known = self.plan.read(tx, self.workspace, blocks.clone()).await?;
        let mut found = BTreeMap::new();
        for block in blocks {
            let late = self.plan.late(block, &known);
            let mut bits = self.plan.wanted(block, &known);
            bits.or(&late);
            if let Some(text) = self.text
                && bits.count() > MANY
            {
                bits.and(&self.with_text(tx, block, text).await?);
            }
            if !bits.is_empty() {
                found.insert(block, Candidates { bits, late });
            }
        }
        Ok(found)
    }

    /// The numbers of a block in whose name or summary this text may be.
    async fn with_text(&self, tx: &mut Tx, block: i64, text: &str) -> Result<Bits> {
        let rows: Vec<(i64,)> = tx
            .query(
                "SELECT number FROM incident
                 WHERE workspace = $1 AND number BETWEEN $2 AND $3 AND name_folded LIKE $4 ESCAPE '!'",
            )
            .bind(self.workspace.clone())
            .bind(number_at(block, 0))
            .bind(number_at(block, 0) + BLOCK - 1)
            .bind(format!("%{}%", escape_like(text)))
            .all()
            .await?;
        let mut bits = Bits::none();
        rows.into_iter().for_each(|(number,)| bits.set(place_of(number).1, true));
        Ok(bits)
    }

    /// Those with these numbers that are wanted indeed. Of the late ones only they themselves can say so;
    /// what the index says of the others is as old as they are, because all is read as of one moment.
    async fn load(&self, tx: &mut Tx, numbers: &[i64], late: &Late) -> Result<Vec<Incident>> {
        let mut incidents = shown(tx, self.workspace, self.actor, numbers).await?;
        incidents.retain(|incident| {
            !late.has(incident.number) || self.wanted.holds(incident, &facets(incident))
        });
        if let Some(text) = self.text {
            incidents.retain(|incident| incidents::folded(incident).contains(text));
        }
        Ok(incidents)
    }

    /// In the order of their numbers, which is that of their declarations.
    async fn by_number(
        &self,
        tx: &mut Tx,
        after: Option<Place>,
        most: usize,
        newest_first: bool,
    ) -> Result<Vec<Incident>> {
        let ahead = match (after, newest_first) {
            (None, _) => i64::MIN..=i64::MAX,
            (Some(place), true) => i64::MIN..=place.number.saturating_sub(1),
            (Some(place), false) => place.number.saturating_add(1)..=i64::MAX,
        };
        let mut incidents = Vec::new();
        let (range, within) = (self.plan.range(), self.plan.within());
        for blocks in stages(&range, &within, &ahead, newest_first) {
            let candidates = self.candidates(tx, blocks).await?;
            let late = Late::among(&candidates);
            let mut numbers: Vec<i64> = candidates
                .iter()
                .flat_map(|(block, one)| one.bits.places().map(|place| number_at(*block, place)))
                .filter(|number| ahead.contains(number))
                .collect();
            if newest_first {
                numbers.reverse();
            }
            let mut rest = numbers.as_slice();
            while !rest.is_empty() {
                let wanted = most.saturating_sub(incidents.len()).clamp(1, ROWS_AT_ONCE);
                let (now, later) = rest.split_at(wanted.min(rest.len()));
                incidents.extend(self.load(tx, now, &late).await?);
                if incidents.len() >= most {
                    return Ok(incidents);
                }
                rest = later;
            }
        }
        Ok(incidents)
    }

    /// In the order in which they have changed last.
    async fn by_update(
        &self,
        tx: &mut Tx,
        after: Option<Place>,
        most: usize,
    ) -> Result<Vec<Incident>> {
        let candidates = self.candidates(tx, self.plan.range()).await?;
        let late = Late::among(&candidates);
        let all: usize = candidates.values().map(|one| one.bits.count()).sum();
        let (mut sure, mut to_load) = (BTreeMap::new(), Vec::new());
        for (block, mut one) in candidates {
            // Of late ones nobody knows when they have changed.
            let loaded = if all <= FEW { one.bits.clone() } else { one.late };
            to_load.extend(loaded.places().map(|place| number_at(block, place)));
            one.bits.and_not(&loaded);
            sure.insert(block, one.bits);
        }
        let order = |incident: &Incident| (incident.updated_at, incident.number);
        let is_ahead = |incident: &Incident| {
            after.is_none_or(|place| order(incident) < (place.updated_at, place.number))
        };
        let mut incidents: Vec<Incident> = Vec::new();
        for numbers in to_load.chunks(ROWS_AT_ONCE) {
            incidents.extend(self.load(tx, numbers, &late).await?.into_iter().filter(is_ahead));
            incidents.sort_by_key(|incident| std::cmp::Reverse(order(incident)));
            incidents.truncate(most);
        }
        if all > FEW {
            incidents.extend(self.walk(tx, &sure, after, most).await?);
            incidents.sort_by_key(|incident| std::cmp::Reverse(order(incident)));
            incidents.truncate(most);
        }
        Ok(incidents)
    }

    /// Goes from change to change, and takes what is wanted.
    async fn walk(
        &self,
        tx: &mut Tx,
        sure: &BTreeMap<i64, Bits>,
        after: Option<Place>,
        most: usize,
    ) -> Result<Vec<Incident>> {
        let beginning = Place { number: i64::MAX, updated_at: Timestamp::from_micros(i64::MAX) };
        let mut at = after.unwrap_or(beginning);
        let mut incidents = Vec::new();
        loop {
            let rows: Vec<(i64, Timestamp)> = tx
                .query(
                    "SELECT number, updated_at FROM incident
                     WHERE workspace = $1 AND (updated_at, number) < ($2, $3)
                     ORDER BY updated_at DESC, number DESC LIMIT $4",
                )
                .bind(self.workspace.clone())
                .bind(at.updated_at)
                .bind(at.number)
                .bind(WALK)
                .all()
                .await?;
            let Some((number, updated_at)) = rows.last().copied() else { return Ok(incidents) };
            at = Place { number, updated_at };
            let is_sure = |number: &i64| {
                let (block, place) = place_of(*number);
                sure.get(&block).is_some_and(|bits| bits.has(place))
            };
            let numbers: Vec<i64> =
                rows.into_iter().map(|(number, _)| number).filter(is_sure).collect();
            let mut rest = numbers.as_slice();
            while !rest.is_empty() {
                let wanted = most.saturating_sub(incidents.len()).clamp(1, ROWS_AT_ONCE);
                let (now, later) = rest.split_at(wanted.min(rest.len()));
                // The late ones are none of these.
                incidents.extend(self.load(tx, now, &Late::default()).await?);
                if incidents.len() >= most {
                    return Ok(incidents);
                }
                rest = later;
            }
        }
    }
}

/// The blocks to look at, one step after the other. Where the index can have nothing, there is little to
/// look at, so it is done in one step.
fn stages(
    all: &RangeInclusive<i64>,
    within: &RangeInclusive<i64>,
    ahead: &RangeInclusive<i64>,
    newest_first: bool,
) -> Vec<RangeInclusive<i64>> {
    let first = place_of(*ahead.start()).0.max(*all.start());
    let last = place_of(*ahead.end()).0.min(*all.end());
    let (inner_first, inner_last) = (first.max(*within.start()), last.min(*within.end()));
    if inner_first > inner_last {
        return std::iter::once(first..=last).filter(|blocks| !blocks.is_empty()).collect();
    }
    let mut stages = vec![first..=inner_first - 1];
    stages.extend(growing(inner_first, inner_last, newest_first));
    stages.push(inner_last + 1..=last);
    if newest_first {
        stages.reverse();
    }
    stages.retain(|blocks| !blocks.is_empty());
    stages
}

/// Steps of few blocks where the list begins, and of more behind that, from the smallest ones on.
fn growing(first: i64, last: i64, newest_first: bool) -> Vec<RangeInclusive<i64>> {
    let (mut first, mut last) = (first, last);
    let mut steps = Vec::new();
    let sizes = BLOCKS_AT_ONCE.iter().chain(BLOCKS_AT_ONCE.last().into_iter().cycle());
    for size in sizes {
        if first > last {
            break;
        }
        if newest_first {
            let from = first.max(last - size + 1);
            steps.push(from..=last);
            last = from - 1;
        } else {
            let to = last.min(first + size - 1);
            steps.push(first..=to);
            first = to + 1;
        }
    }
    if newest_first {
        steps.reverse();
    }
    steps
}

fn escape_like(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

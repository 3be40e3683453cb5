//! How the index answers which incidents are wanted: what is read of it, and what is made of that.
//!
//! Of a time the index knows the days. Those that changed or ended within a time lie in few blocks, as a
//! rule, because most incidents are over soon; only these are read where nothing else can be wanted.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

use crate::clock::Timestamp;
use crate::ids::WorkspaceId;
use crate::incident::facets::{Facet, beginning_of, day_of};
use crate::incident::wanted::{Moment, Span, Wanted};
use crate::store::bits::{Bits, place_of};
use crate::store::db::{Result, Tx};
use crate::store::incident_index;

/// Incidents that the index does not tell of as they are are looked at one by one up to this many; if
/// there are more, all of them are.
const MOST_LATE: i64 = 1_000;

/// What is read of the index, and what is made of it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The largest number.
    last: i64,
    /// What is read; all that the index knows comes first.
    facets: Vec<Facet>,
    /// What is read of long times: the days of a kind.
    days: Vec<Days>,
    formula: Formula,
    /// Where alone the index can have anything that is wanted.
    within: Option<RangeInclusive<i64>>,
    /// What has changed since the index was told of it.
    behind: Behind,
}

#[derive(Clone, Debug)]
enum Behind {
    These(BTreeMap<i64, Bits>),
    Many,
}

#[derive(Clone, Debug)]
enum Formula {
    Facet(usize),
    Days(usize),
    Not(Box<Formula>),
    All(Vec<Formula>),
    Any(Vec<Formula>),
    Between(i64, i64),
    Exactly(BTreeMap<i64, Bits>),
}

/// Days one after the other, of one kind.
#[derive(Clone, Debug)]
struct Days {
    first: Facet,
    last: Facet,
}

/// So many days are asked for by their names; of more, all are read that lie in between.
const DAYS_BY_NAME: i64 = 64;

/// What was read of the index: bits by facet and block, and by days and block.
#[derive(Default)]
pub struct Known {
    facets: HashMap<(usize, i64), Bits>,
    days: HashMap<(usize, i64), Bits>,
}

impl Known {
    fn get(&self, facet: usize, block: i64) -> Bits {
        self.facets.get(&(facet, block)).cloned().unwrap_or_default()
    }
}

/// The place of all that the index knows among the facets.
const EVERY: usize = 0;

impl Plan {
    /// The plan for what is wanted.
    pub async fn of(tx: &mut Tx, workspace: &WorkspaceId, wanted: &Wanted) -> Result<Plan> {
        let standing = incident_index::standing(tx, workspace, MOST_LATE + 1).await?;
        let last = standing.last;
        let behind = if i64::try_from(standing.behind.len()).unwrap_or(i64::MAX) > MOST_LATE {
            Behind::Many
        } else {
            Behind::These(in_blocks(standing.behind))
        };
        let mut times = Vec::new();
        collect_times(wanted, &mut times);
        let mut parts = Parts { facets: vec![Facet::every()], days: Vec::new() };
        let (mut formulas, mut blocks) = (Vec::new(), Vec::new());
        for (moment, span) in times {
            let (formula, within) = resolve(tx, workspace, moment, span, &mut parts).await?;
            formulas.push(formula);
            blocks.push(within);
        }
        let within = narrowest(wanted, &mut blocks.into_iter());
        let formula = formula(wanted, &mut parts, &mut formulas.into_iter());
        Ok(Plan { last, facets: parts.facets, days: parts.days, formula, within, behind })
    }

    /// The blocks in which there are incidents.
    pub fn range(&self) -> RangeInclusive<i64> {
        // Numbers begin with 1: before the first there is one block, with nothing in it.
        0..=place_of(self.last.max(1)).0
    }

    /// The blocks of [`range`](Plan::range) in which the index can have anything that is wanted. In the
    /// others there may be [late](Plan::late) ones alone.
    pub fn within(&self) -> RangeInclusive<i64> {
        let (all, within) = (self.range(), self.within.clone());
        within.map_or(all.clone(), |within| common(&all, &within))
    }

    /// Reads what is needed of the index for these blocks.
    pub async fn read(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        blocks: RangeInclusive<i64>,
    ) -> Result<Known> {
        let mut known = Known::default();
        let within = common(&blocks, &self.within());
        if within == blocks {
            self.read_facets(tx, workspace, &self.facets, blocks, &mut known).await?;
        } else {
            // What the index does not know at all is late, wherever it is.
            let (every, others) = self.facets.split_at(EVERY + 1);
            self.read_facets(tx, workspace, every, blocks, &mut known).await?;
            if !within.is_empty() {
                self.read_facets(tx, workspace, others, within.clone(), &mut known).await?;
            }
        }
        if within.is_empty() {
            return Ok(known);
        }
        for (place, days) in self.days.iter().enumerate() {
            for (block, bits) in read_days(tx, workspace, days, &within).await? {
                known.days.entry((place, block)).or_default().or(&Bits::read(&bits));
            }
        }
        Ok(known)
    }

    async fn read_facets(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        facets: &[Facet],
        blocks: RangeInclusive<i64>,
        known: &mut Known,
    ) -> Result<()> {
        let keys: Vec<String> = facets.iter().map(|facet| facet.key().to_owned()).collect();
        let rows: Vec<(String, i64, Vec<u8>)> = tx
            .all_among_within(
                "SELECT key, block, bits FROM incident_index",
                workspace,
                ("key", &keys),
                ("block", blocks),
            )
            .await?;
        let places: HashMap<&str, usize> = self.facets.iter().map(Facet::key).zip(0..).collect();
        for (key, block, kept) in rows {
            if let Some(place) = places.get(key.as_str()) {
                known.facets.insert((*place, block), Bits::read(&kept));
            }
        }
        Ok(())
    }

    /// Incidents of a block of which the index does not tell as they are.
    pub fn late(&self, block: i64, known: &Known) -> Bits {
        let mut late = Bits::between(block, 1, self.last);
        match &self.behind {
            Behind::Many => {}
            Behind::These(behind) => {
                late.and_not(&known.get(EVERY, block));
                if let Some(behind) = behind.get(&block) {
                    late.or(behind);
                }
            }
        }
        late
    }

    /// What is wanted of a block, as far as the index knows.
    pub fn wanted(&self, block: i64, known: &Known) -> Bits {
        evaluate(&self.formula, block, known)
    }
}

fn evaluate(formula: &Formula, block: i64, known: &Known) -> Bits {
    match formula {
        Formula::Facet(facet) => known.get(*facet, block),
        Formula::Days(days) => known.days.get(&(*days, block)).cloned().unwrap_or_default(),
        Formula::Not(formula) => {
            let mut bits = known.get(EVERY, block);
            bits.and_not(&evaluate(formula, block, known));
            bits
        }
        Formula::All(all) => {
            let mut all = all.iter();
            let first = all.next().map(|formula| evaluate(formula, block, known));
            let mut bits = first.unwrap_or_else(|| known.get(EVERY, block));
            for formula in all {
                if bits.is_empty() {
                    break;
                }
                bits.and(&evaluate(formula, block, known));
            }
            bits
        }
        Formula::Any(any) => {
            let mut bits = Bits::none();
            for formula in any {
                bits.or(&evaluate(formula, block, known));
            }
            bits
        }
        Formula::Between(from, to) => {
            let mut bits = Bits::between(block, *from, *to);
            bits.and(&known.get(EVERY, block));
            bits
        }
        Formula::Exactly(blocks) => blocks.get(&block).cloned().unwrap_or_default(),
    }
}

async fn read_days(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    days: &Days,
    blocks: &RangeInclusive<i64>,
) -> Result<Vec<(i64, Vec<u8>)>> {
    tx.query(
        "SELECT block, bits FROM incident_index
         WHERE workspace = $1 AND facet = $2 AND block BETWEEN $3 AND $4 AND key BETWEEN $5 AND $6",
    )
    .bind(workspace.clone())
    .bind(days.first.name().to_owned())
    .bind(*blocks.start())
    .bind(*blocks.end())
    .bind(days.first.key().to_owned())
    .bind(days.last.key().to_owned())
    .all()
    .await
}

/// Where these days are in the index.
async fn blocks_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    days: &Days,
) -> Result<Option<RangeInclusive<i64>>> {
    let (first, last): (Option<i64>, Option<i64>) = tx
        .query(
            "SELECT MIN(block), MAX(block) FROM incident_index
             WHERE workspace = $1 AND key BETWEEN $2 AND $3",
        )
        .bind(workspace.clone())
        .bind(days.first.key().to_owned())
        .bind(days.last.key().to_owned())
        .one()
        .await?;
    Ok(first.zip(last).map(|(first, last)| first..=last))
}

/// What both have; an empty range if they have nothing in common.
fn common(one: &RangeInclusive<i64>, other: &RangeInclusive<i64>) -> RangeInclusive<i64> {
    *one.start().max(other.start())..=*one.end().min(other.end())
}

/// No block.
#[expect(clippy::reversed_empty_ranges, reason = "it is meant to be empty")]
const NOWHERE: RangeInclusive<i64> = 0..=-1;

/// What is read: each facet once.
struct Parts {
    facets: Vec<Facet>,
    days: Vec<Days>,
}

impl Parts {
    fn place(&mut self, facet: &Facet) -> Formula {
        let known = self.facets.iter().position(|known| known == facet);
        Formula::Facet(known.unwrap_or_else(|| {
            self.facets.push(facet.clone());
            self.facets.len() - 1
        }))
    }

    fn place_days(&mut self, days: Days) -> Formula {
        self.days.push(days);
        Formula::Days(self.days.len() - 1)
    }
}

/// Where all that is wanted must be, by the times that it must be of. The blocks of the times stand there
/// in the same order.
fn narrowest(
    wanted: &Wanted,
    blocks: &mut impl Iterator<Item = Option<RangeInclusive<i64>>>,
) -> Option<RangeInclusive<i64>> {
    match wanted {
        Wanted::Time(..) => blocks.next().flatten(),
        Wanted::All(all) => {
            let each: Vec<_> = all.iter().map(|wanted| narrowest(wanted, blocks)).collect();
            each.into_iter().flatten().reduce(|one, other| common(&one, &other))
        }
        Wanted::Every | Wanted::Has(_) => None,
        Wanted::Not(wanted) => {
            narrowest(wanted, blocks);
            None
        }
        Wanted::Any(any) => {
            for wanted in any {
                narrowest(wanted, blocks);
            }
            None
        }
    }
}

fn collect_times(wanted: &Wanted, times: &mut Vec<(Moment, Span)>) {
    match wanted {
        Wanted::Every | Wanted::Has(_) => {}
        Wanted::Not(wanted) => collect_times(wanted, times),
        Wanted::All(several) | Wanted::Any(several) => {
            several.iter().for_each(|wanted| collect_times(wanted, times));
        }
        Wanted::Time(moment, span) => times.push((*moment, *span)),
    }
}

/// The formula for what is wanted; times are resolved already, in the order in which they stand there.
fn formula(
    wanted: &Wanted,
    parts: &mut Parts,
    times: &mut impl Iterator<Item = Formula>,
) -> Formula {
    match wanted {
        Wanted::Every => Formula::Facet(EVERY),
        Wanted::Has(facet) => parts.place(facet),
        Wanted::Not(wanted) => Formula::Not(Box::new(formula(wanted, parts, times))),
        Wanted::All(all) => {
            Formula::All(all.iter().map(|wanted| formula(wanted, parts, times)).collect())
        }
        Wanted::Any(any) => {
            Formula::Any(any.iter().map(|wanted| formula(wanted, parts, times)).collect())
        }
        Wanted::Time(..) => times.next().unwrap_or_else(|| Formula::Any(Vec::new())),
    }
}

/// What a time is to the index, and in which blocks it is, if it is not in any of them.
///
/// The numbers in order of time have a first and a last one; of other times the index knows whole days,
/// and the two at the ends are read.
async fn resolve(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    moment: Moment,
    span: Span,
    parts: &mut Parts,
) -> Result<(Formula, Option<RangeInclusive<i64>>)> {
    let (on_day, moments): (fn(i64) -> Facet, Moments) = match moment {
        Moment::Created => return declared_within(tx, workspace, span).await,
        Moment::Updated => (Facet::updated_on, UPDATED),
        Moment::Ended => (Facet::ended_on, ENDED),
    };
    let from = span.from.unwrap_or(Timestamp::from_micros(i64::MIN));
    let to = span.to.unwrap_or(Timestamp::from_micros(i64::MAX));
    let (first, last): (Option<Timestamp>, Option<Timestamp>) =
        tx.query(moments.ends).bind(workspace.clone()).bind(from).bind(to).one().await?;
    let (Some(first), Some(last)) = (first, last) else {
        return Ok((Formula::Any(Vec::new()), Some(NOWHERE)));
    };
    let (mut first_day, mut last_day) = (day_of(first), day_of(last));
    let days = Days { first: on_day(first_day), last: on_day(last_day) };
    let within = blocks_of(tx, workspace, &days).await?;
    let mut exactly = Vec::new();
    if from > beginning_of(first_day) {
        let end = beginning_of(first_day + 1).min(to);
        exactly.extend(numbers(tx, workspace, moments, from, end).await?);
        first_day += 1;
    }
    if first_day <= last_day && to < beginning_of(last_day + 1) {
        let beginning = beginning_of(last_day).max(from);
        exactly.extend(numbers(tx, workspace, moments, beginning, to).await?);
        last_day -= 1;
    }
    let mut any = vec![Formula::Exactly(in_blocks(exactly))];
    if last_day - first_day < DAYS_BY_NAME {
        any.extend((first_day..=last_day).map(|day| parts.place(&on_day(day))));
    } else {
        any.push(parts.place_days(Days { first: on_day(first_day), last: on_day(last_day) }));
    }
    Ok((Formula::Any(any), Some(within.unwrap_or(NOWHERE))))
}

/// How a time is asked for.
#[derive(Clone, Copy)]
struct Moments {
    ends: &'static str,
    numbers: &'static str,
}

const UPDATED: Moments = Moments {
    ends: "SELECT
        (SELECT MIN(updated_at) FROM incident WHERE workspace = $1 AND updated_at >= $2 AND updated_at < $3),
        (SELECT MAX(updated_at) FROM incident WHERE workspace = $1 AND updated_at >= $2 AND updated_at < $3)",
    numbers: "SELECT number FROM incident WHERE workspace = $1 AND updated_at >= $2 AND updated_at < $3",
};
const ENDED: Moments = Moments {
    ends: "SELECT
        (SELECT MIN(ended_at) FROM incident WHERE workspace = $1 AND ended_at >= $2 AND ended_at < $3),
        (SELECT MAX(ended_at) FROM incident WHERE workspace = $1 AND ended_at >= $2 AND ended_at < $3)",
    numbers: "SELECT number FROM incident WHERE workspace = $1 AND ended_at >= $2 AND ended_at < $3",
};

async fn numbers(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    moments: Moments,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<i64>> {
    let rows: Vec<(i64,)> =
        tx.query(moments.numbers).bind(workspace.clone()).bind(from).bind(to).all().await?;
    Ok(rows.into_iter().map(|(number,)| number).collect())
}

/// Numbers are given in the order of time.
async fn declared_within(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    span: Span,
) -> Result<(Formula, Option<RangeInclusive<i64>>)> {
    let (mut first, mut last) = (1, i64::MAX);
    if let Some(from) = span.from {
        let row: Option<(i64,)> = tx
            .query(
                "SELECT number FROM incident WHERE workspace = $1 AND created_at >= $2
                 ORDER BY created_at, number LIMIT 1",
            )
            .bind(workspace.clone())
            .bind(from)
            .optional()
            .await?;
        first = row.map_or(i64::MAX, |(number,)| number);
    }
    if let Some(to) = span.to {
        let row: Option<(i64,)> = tx
            .query(
                "SELECT number FROM incident WHERE workspace = $1 AND created_at < $2
                 ORDER BY created_at DESC, number DESC LIMIT 1",
            )
            .bind(workspace.clone())
            .bind(to)
            .optional()
            .await?;
        last = row.map_or(0, |(number,)| number);
    }
    let within = place_of(first).0..=place_of(last).0;
    Ok((Formula::Between(first, last), Some(within)))
}

fn in_blocks(numbers: impl IntoIterator<Item = i64>) -> BTreeMap<i64, Bits> {
    let mut blocks: BTreeMap<i64, Bits> = BTreeMap::new();
    for number in numbers {
        let (block, place) = place_of(number);
        blocks.entry(block).or_default().set(place, true);
    }
    blocks
}

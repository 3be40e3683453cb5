//! How the index answers which incidents are wanted: what is read of it, and what is made of that.

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
    formula: Formula,
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
    Not(Box<Formula>),
    All(Vec<Formula>),
    Any(Vec<Formula>),
    Between(i64, i64),
    Exactly(BTreeMap<i64, Bits>),
}

/// What was read of the index: bits by facet and block.
pub struct Known(HashMap<(usize, i64), Bits>);

impl Known {
    fn get(&self, facet: usize, block: i64) -> Bits {
        self.0.get(&(facet, block)).cloned().unwrap_or_default()
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
        let mut facets = Facets(vec![Facet::every()]);
        let mut resolved = Vec::with_capacity(times.len());
        for (moment, span) in times {
            resolved.push(within(tx, workspace, moment, span, &mut facets).await?);
        }
        let formula = formula(wanted, &mut facets, &mut resolved.into_iter());
        Ok(Plan { last, facets: facets.0, formula, behind })
    }

    /// The blocks in which there are incidents.
    pub fn range(&self) -> RangeInclusive<i64> {
        // Numbers begin with 1: before the first there is one block, with nothing in it.
        0..=place_of(self.last.max(1)).0
    }

    /// Reads what is needed of the index for these blocks.
    pub async fn read(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        blocks: RangeInclusive<i64>,
    ) -> Result<Known> {
        let keys: Vec<String> = self.facets.iter().map(|facet| facet.key().to_owned()).collect();
        let rows: Vec<(String, i64, Vec<u8>)> = tx
            .all_among_within(
                "SELECT key, block, bits FROM incident_index",
                workspace,
                ("key", &keys),
                ("block", blocks),
            )
            .await?;
        let places: HashMap<&str, usize> = self.facets.iter().map(Facet::key).zip(0..).collect();
        let known = rows.iter().filter_map(|(key, block, kept)| {
            Some(((*places.get(key.as_str())?, *block), Bits::read(kept)))
        });
        Ok(Known(known.collect()))
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

/// The facets that are read, each once.
struct Facets(Vec<Facet>);

impl Facets {
    fn place(&mut self, facet: &Facet) -> Formula {
        let known = self.0.iter().position(|known| known == facet);
        Formula::Facet(known.unwrap_or_else(|| {
            self.0.push(facet.clone());
            self.0.len() - 1
        }))
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
    facets: &mut Facets,
    times: &mut impl Iterator<Item = Formula>,
) -> Formula {
    match wanted {
        Wanted::Every => Formula::Facet(EVERY),
        Wanted::Has(facet) => facets.place(facet),
        Wanted::Not(wanted) => Formula::Not(Box::new(formula(wanted, facets, times))),
        Wanted::All(all) => {
            Formula::All(all.iter().map(|wanted| formula(wanted, facets, times)).collect())
        }
        Wanted::Any(any) => {
            Formula::Any(any.iter().map(|wanted| formula(wanted, facets, times)).collect())
        }
        Wanted::Time(..) => times.next().unwrap_or_else(|| Formula::Any(Vec::new())),
    }
}

/// The numbers in order of time have a first and a last one; of other times the index knows whole days,
/// and the two at the ends are read.
async fn within(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    moment: Moment,
    span: Span,
    facets: &mut Facets,
) -> Result<Formula> {
    let (on_day, moments): (fn(i64) -> Facet, Moments) = match moment {
        Moment::Created => return declared_within(tx, workspace, span).await,
        Moment::Updated => (Facet::updated_on, UPDATED),
        Moment::Ended => (Facet::ended_on, ENDED),
    };
    let from = span.from.unwrap_or(Timestamp::from_micros(i64::MIN));
    let to = span.to.unwrap_or(Timestamp::from_micros(i64::MAX));
    let (first, last): (Option<Timestamp>, Option<Timestamp>) =
        tx.query(moments.ends).bind(workspace.clone()).bind(from).bind(to).one().await?;
    let (Some(first), Some(last)) = (first, last) else { return Ok(Formula::Any(Vec::new())) };
    let (mut first_day, mut last_day) = (day_of(first), day_of(last));
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
    let days = (first_day..=last_day).map(|day| facets.place(&on_day(day)));
    Ok(Formula::Any(days.chain([Formula::Exactly(in_blocks(exactly))]).collect()))
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
async fn declared_within(tx: &mut Tx, workspace: &WorkspaceId, span: Span) -> Result<Formula> {
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
    Ok(Formula::Between(first, last))
}

fn in_blocks(numbers: impl IntoIterator<Item = i64>) -> BTreeMap<i64, Bits> {
    let mut blocks: BTreeMap<i64, Bits> = BTreeMap::new();
    for number in numbers {
        let (block, place) = place_of(number);
        blocks.entry(block).or_default().set(place, true);
    }
    blocks
}

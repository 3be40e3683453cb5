//! How many incidents have what in common, counted in the index without reading one of them.

use std::collections::{BTreeSet, HashMap};

use crate::clock::Timestamp;
use crate::ids::WorkspaceId;
use crate::incident::facets::{Facet, facets};
use crate::store::bits::Bits;
use crate::store::db::{Result, Tx};
use crate::store::incident_lists::Found;
use crate::store::incidents;

/// Incidents that the index does not know, which are read at once.
const ROWS_AT_ONCE: usize = 256;

/// Counts in rows and columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// How many of those found have the facet of each column.
    pub all: Vec<usize>,
    /// How many of those found have the facet of each row.
    pub rows: Vec<usize>,
    /// How many of these have the facet of each column too.
    pub cells: Vec<Vec<usize>>,
}

impl Counts {
    /// Counts one more, which was looked at itself.
    fn add(&mut self, incident: &BTreeSet<Facet>, rows: &[Facet], columns: &[Facet]) {
        for (column, _) in columns.iter().enumerate().filter(|(_, facet)| incident.contains(facet))
        {
            self.all[column] += 1;
        }
        for (row, _) in rows.iter().enumerate().filter(|(_, facet)| incident.contains(facet)) {
            self.rows[row] += 1;
            let had = columns.iter().map(|facet| usize::from(incident.contains(facet)));
            self.cells[row].iter_mut().zip(had).for_each(|(count, had)| *count += had);
        }
    }
}

/// Counts those found by rows, and each row by columns.
pub async fn counts(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    found: &Found,
    rows: &[Facet],
    columns: &[Facet],
) -> Result<Counts> {
    let mut counts = Counts {
        all: vec![0; columns.len()],
        rows: vec![0; rows.len()],
        cells: vec![vec![0; columns.len()]; rows.len()],
    };
    let by_row = bits_of(tx, workspace, found, rows).await?;
    let by_column = bits_of(tx, workspace, found, columns).await?;
    let indexed: HashMap<i64, Bits> =
        found.blocks().keys().map(|block| (*block, found.indexed(*block))).collect();
    for ((column, block), bits) in &by_column {
        if let Some(found) = indexed.get(block) {
            counts.all[*column] += bits.count_common(found);
        }
    }
    for ((row, block), bits) in &by_row {
        let Some(found) = indexed.get(block) else { continue };
        let mut bits = bits.clone();
        bits.and(found);
        if bits.is_empty() {
            continue;
        }
        counts.rows[*row] += bits.count();
        for (column, count) in counts.cells[*row].iter_mut().enumerate() {
            if let Some(other) = by_column.get(&(column, *block)) {
                *count += bits.count_common(other);
            }
        }
    }
    for numbers in found.late().chunks(ROWS_AT_ONCE) {
        for incident in incidents::with_numbers(tx, workspace, numbers).await? {
            counts.add(&facets(&incident), rows, columns);
        }
    }
    Ok(counts)
}

type ByPlace = HashMap<(usize, i64), Bits>;

async fn bits_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    found: &Found,
    facets: &[Facet],
) -> Result<ByPlace> {
    let keys: Vec<String> = facets.iter().map(|facet| facet.key().to_owned()).collect();
    let places: HashMap<&str, usize> = facets.iter().map(Facet::key).zip(0..).collect();
    let mut by_place = ByPlace::new();
    for blocks in found.ranges() {
        let rows: Vec<(String, i64, Vec<u8>)> = tx
            .all_among_within(
                "SELECT key, block, bits FROM incident_index",
                workspace,
                ("key", &keys),
                ("block", blocks),
            )
            .await?;
        by_place.extend(rows.iter().filter_map(|(key, block, kept)| {
            Some(((*places.get(key.as_str())?, *block), Bits::read(kept)))
        }));
    }
    Ok(by_place)
}

/// How long those found took from their declaration to their end together, in seconds, and how many
/// have ended. Each bit of the seconds is a facet, so a sum is a handful of counts.
pub async fn seconds_to_end(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    found: &Found,
) -> Result<(u64, u64)> {
    let (bits, columns): (Vec<u32>, Vec<Facet>) = Facet::lasted_bits().unzip();
    let counts = counts(tx, workspace, found, &[], &columns).await?;
    let with_bit = bits.into_iter().zip(&counts.all);
    let sum = with_bit.map(|(bit, count)| u64::try_from(*count).unwrap_or(u64::MAX) << bit).sum();
    Ok((sum, u64::try_from(found.count()).unwrap_or(u64::MAX)))
}

/// When the first and the last of those found were declared.
pub async fn declared_between(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    found: &Found,
) -> Result<Option<(Timestamp, Timestamp)>> {
    let (Some(first), Some(last)) = (found.first(), found.last()) else { return Ok(None) };
    let incidents = incidents::with_numbers(tx, workspace, &[first, last]).await?;
    let times = || incidents.iter().map(|incident| incident.declared_at);
    Ok(times().min().zip(times().max()))
}

//! The index of incidents: for each of their [facets](crate::incident::facets), which have it.
//!
//! It is written in the transaction that changes an incident, and costs as much as there is another
//! afterwards: nothing for a note. What a replica has written that knows no index, or another one, is
//! put into it by [`catch_up`]; until then lists look at those incidents themselves.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::types::Json;

use crate::ids::WorkspaceId;
use crate::incident::facets::{Facet, facets};
use crate::incident::state::Incident;
use crate::store::bits::{BLOCK, Bits, number_at, place_of};
use crate::store::db::{Result, Sql, Table, Tx};
use crate::store::incidents;

const ROWS: Table = Table {
    columns: "incident_index (workspace, key, block, facet, bits)",
    conflict: "ON CONFLICT (workspace, key, block) DO UPDATE SET bits = excluded.bits",
};
const NEW_ROWS: Table = Table {
    columns: "incident_index (workspace, key, block, facet, bits)",
    conflict: "ON CONFLICT (workspace, key, block) DO NOTHING",
};

/// An incident has something, or has it no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The incident's number.
    pub number: i64,
    /// What it has.
    pub facet: Facet,
    /// Or has no longer.
    pub is_in: bool,
}

/// What an incident has afterwards that it had not before, and the other way round.
pub fn moved(before: Option<&Incident>, after: &Incident) -> Vec<Moved> {
    let was = before.map(facets).unwrap_or_default();
    let is = facets(after);
    let number = after.number;
    let gone = was.difference(&is).map(|facet| (facet, false));
    let come = is.difference(&was).map(|facet| (facet, true));
    gone.chain(come).map(|(facet, is_in)| Moved { number, facet: facet.clone(), is_in }).collect()
}

/// What moves in one block, by facet.
type Edits = BTreeMap<Facet, Vec<(usize, bool)>>;

/// Writes what has moved.
pub async fn change(tx: &mut Tx, workspace: &WorkspaceId, moved: &[Moved]) -> Result<()> {
    let mut blocks: BTreeMap<i64, Edits> = BTreeMap::new();
    for one in moved {
        let (block, place) = place_of(one.number);
        let edits = blocks.entry(block).or_default();
        edits.entry(one.facet.clone()).or_default().push((place, one.is_in));
    }
    // Always in the same order, so that two writers can't wait for each other.
    for (block, edits) in blocks {
        edit(tx, workspace, block, edits).await?;
    }
    Ok(())
}

/// Edits the rows of a block that are there and held, and adds those that are not.
async fn edit(tx: &mut Tx, workspace: &WorkspaceId, block: i64, edits: Edits) -> Result<()> {
    let keys: Vec<String> = edits.keys().map(|facet| facet.key().to_owned()).collect();
    let mut held = hold(tx, workspace, block, &keys).await?;
    let mut new: Vec<(Facet, Bits)> = Vec::new();
    let mut known: Vec<(Facet, Bits)> = Vec::new();
    for (facet, moves) in &edits {
        match held.remove(facet.key()) {
            Some(bits) => known.push((facet.clone(), moved_in(bits, moves))),
            None => new.push((facet.clone(), moved_in(Bits::none(), moves))),
        }
    }
    new.retain(|(_, bits)| !bits.is_empty());
    let added = put(tx, NEW_ROWS, workspace, block, &new).await?;
    if added < u64::try_from(new.len()).unwrap_or(u64::MAX) {
        // Another replica was faster with one of them, and has committed it: now it can be held. A row
        // that is ours already only gets the same moves again.
        let keys: Vec<String> = new.iter().map(|(facet, _)| facet.key().to_owned()).collect();
        for (key, bits) in hold(tx, workspace, block, &keys).await? {
            let facet = Facet::from_key(&key);
            let bits = moved_in(bits, &edits[&facet]);
            known.push((facet, bits));
        }
    }
    let (empty, full): (Vec<_>, Vec<_>) = known.into_iter().partition(|(_, bits)| bits.is_empty());
    put(tx, ROWS, workspace, block, &full).await?;
    for (facet, _) in empty {
        tx.query("DELETE FROM incident_index WHERE workspace = $1 AND key = $2 AND block = $3")
            .bind(workspace.clone())
            .bind(facet.key().to_owned())
            .bind(block)
            .execute()
            .await?;
    }
    Ok(())
}

fn moved_in(mut bits: Bits, moves: &[(usize, bool)]) -> Bits {
    for (place, is_in) in moves {
        bits.set(*place, *is_in);
    }
    bits
}

async fn hold(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    block: i64,
    keys: &[String],
) -> Result<BTreeMap<String, Bits>> {
    let rows: Vec<(String, Vec<u8>)> = tx
        .hold_among_within(
            "SELECT key, bits FROM incident_index",
            workspace,
            ("key", keys),
            ("block", block..=block),
        )
        .await?;
    Ok(rows.into_iter().map(|(key, kept)| (key, Bits::read(&kept))).collect())
}

async fn put(
    tx: &mut Tx,
    table: Table,
    workspace: &WorkspaceId,
    block: i64,
    rows: &[(Facet, Bits)],
) -> Result<u64> {
    tx.insert_rows(table, rows, |query, (facet, bits)| {
        query
            .bind(workspace.clone())
            .bind(facet.key().to_owned())
            .bind(block)
            .bind(facet.name().to_owned())
            .bind(bits.to_kept())
    })
    .await
}

/// Puts up to so many incidents into the index of which it does not tell as they are, and says how many
/// that were.
///
/// Whatever it said of them before is taken out first, so it does not matter who wrote that.
pub async fn catch_up(tx: &mut Tx, workspace: &WorkspaceId, limit: i64) -> Result<usize> {
    let mut numbers = behind(tx, workspace, limit).await?;
    let first = numbers.first().copied().unwrap_or_default();
    numbers.retain(|number| number - first < BLOCK);
    if numbers.is_empty() {
        numbers = missing(tx, workspace, usize::try_from(limit).unwrap_or_default()).await?;
    }
    let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else { return Ok(0) };
    let rows: Vec<(i64, Json<Incident>)> = tx
        .query(Sql {
            sqlite: "SELECT number, state FROM incident
                WHERE workspace = $1 AND number BETWEEN $2 AND $3 ORDER BY number",
            postgres: "SELECT number, state FROM incident
                WHERE workspace = $1 AND number BETWEEN $2 AND $3 ORDER BY number FOR UPDATE SKIP LOCKED",
        })
        .bind(workspace.clone())
        .bind(*first)
        .bind(*last)
        .all()
        .await?;
    let wanted: BTreeSet<i64> = numbers.into_iter().collect();
    let mut blocks: BTreeMap<i64, Vec<Incident>> = BTreeMap::new();
    for (number, state) in rows.into_iter().filter(|(number, _)| wanted.contains(number)) {
        blocks.entry(place_of(number).0).or_default().push(state.0);
    }
    let mut done = 0;
    for (block, incidents) in blocks {
        rewrite(tx, workspace, block, &incidents).await?;
        let incidents: Vec<&Incident> = incidents.iter().collect();
        incidents::save_listed(tx, workspace, &incidents).await?;
        done += incidents.len();
    }
    Ok(done)
}

/// Numbers of incidents that have changed since the index was told of them, smallest first.
pub async fn behind(tx: &mut Tx, workspace: &WorkspaceId, limit: i64) -> Result<Vec<i64>> {
    Ok(standing(tx, workspace, limit).await?.behind)
}

/// How far the index can be believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The largest number that was given; 0 if none was.
    pub last: i64,
    /// Numbers of incidents that have changed since the index was told of them, smallest first.
    pub behind: Vec<i64>,
}

/// How far the index can be believed. It is asked for each list, so it is one statement.
pub async fn standing(tx: &mut Tx, workspace: &WorkspaceId, limit: i64) -> Result<Standing> {
    let rows: Vec<(Option<i64>, bool)> = tx
        .query(
            "SELECT number, TRUE FROM (SELECT number FROM incident
                 WHERE workspace = $1 AND listed_version <> version ORDER BY number LIMIT $2) AS behind
             UNION ALL SELECT MAX(number), FALSE FROM incident WHERE workspace = $1",
        )
        .bind(workspace.clone())
        .bind(limit)
        .all()
        .await?;
    let mut standing = Standing::default();
    for (number, is_behind) in rows {
        match number {
            Some(number) if is_behind => standing.behind.push(number),
            Some(number) => standing.last = number,
            None => {}
        }
    }
    standing.behind.sort_unstable();
    Ok(standing)
}

/// The newest incidents of one block that the index does not know, smallest number first.
async fn missing(tx: &mut Tx, workspace: &WorkspaceId, limit: usize) -> Result<Vec<i64>> {
    let last = standing(tx, workspace, 0).await?.last;
    let every = Facet::every();
    let rows: Vec<(i64, Vec<u8>)> = tx
        .query("SELECT block, bits FROM incident_index WHERE workspace = $1 AND key = $2")
        .bind(workspace.clone())
        .bind(every.key().to_owned())
        .all()
        .await?;
    let known: BTreeMap<i64, Vec<u8>> = rows.into_iter().collect();
    // What is newest is looked at most.
    for block in (0..=place_of(last).0).rev() {
        let mut missing = Bits::between(block, 1, last);
        if let Some(kept) = known.get(&block) {
            missing.and_not(&Bits::read(kept));
        }
        if missing.is_empty() {
            continue;
        }
        let there = numbers_of_block(tx, workspace, block).await?;
        let mut numbers: Vec<i64> =
            there.into_iter().filter(|number| missing.has(place_of(*number).1)).collect();
        if !numbers.is_empty() {
            let older = numbers.len().saturating_sub(limit);
            return Ok(numbers.split_off(older));
        }
    }
    Ok(Vec::new())
}

async fn numbers_of_block(tx: &mut Tx, workspace: &WorkspaceId, block: i64) -> Result<Vec<i64>> {
    let rows: Vec<(i64,)> = tx
        .query(
            "SELECT number FROM incident WHERE workspace = $1 AND number BETWEEN $2 AND $3 ORDER BY number",
        )
        .bind(workspace.clone())
        .bind(number_at(block, 0))
        .bind(number_at(block, 0) + BLOCK - 1)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(number,)| number).collect())
}

/// Every value of a facet that any incident has, with its name.
pub async fn keys_of(tx: &mut Tx, workspace: &WorkspaceId, facet: &str) -> Result<Vec<Facet>> {
    let rows: Vec<(String,)> = tx
        .query(
            // By the facet: in the order of the key alone, SQLite would go through all facets there are.
            "SELECT DISTINCT key || '' FROM incident_index WHERE workspace = $1 AND facet = $2 ORDER BY 1",
        )
        .bind(workspace.clone())
        .bind(facet.to_owned())
        .all()
        .await?;
    Ok(rows.into_iter().map(|(key,)| Facet::from_key(&key)).collect())
}

/// Has a block tell of these incidents what is so, whatever it tells now.
async fn rewrite(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    block: i64,
    incidents: &[Incident],
) -> Result<()> {
    let rows: Vec<(String, Vec<u8>)> = tx
        .query(Sql {
            sqlite: "SELECT key, bits FROM incident_index WHERE workspace = $1 AND block = $2",
            postgres: "SELECT key, bits FROM incident_index WHERE workspace = $1 AND block = $2
                ORDER BY key FOR UPDATE",
        })
        .bind(workspace.clone())
        .bind(block)
        .all()
        .await?;
    let mut edits = Edits::new();
    let places: Vec<usize> = incidents.iter().map(|incident| place_of(incident.number).1).collect();
    for (key, kept) in rows {
        let bits = Bits::read(&kept);
        let said: Vec<(usize, bool)> =
            places.iter().filter(|place| bits.has(**place)).map(|place| (*place, false)).collect();
        if !said.is_empty() {
            edits.insert(Facet::from_key(&key), said);
        }
    }
    for (incident, place) in incidents.iter().zip(places) {
        for facet in facets(incident) {
            edits.entry(facet).or_default().push((place, true));
        }
    }
    edit(tx, workspace, block, edits).await
}

//! The long run: chapter after chapter on both databases, until there were enough kills.

use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::books::Tally;
use crate::chance::Chance;
use crate::chapter;
use crate::place::Kind;
use crate::report;

/// Kills on each database, if nobody says.
const KILLS: usize = 300;
/// Kills in one chapter, after which a new world begins: what a chapter looks through grows.
const CHAPTER: usize = 12;

/// `long [KILLS] [SEED]`
pub async fn run(arguments: &[&str]) -> Result<()> {
    let given = |place: usize| arguments.get(place).filter(|text| !text.is_empty());
    let kills = given(0).map(|text| text.parse()).transpose().context("KILLS")?.unwrap_or(KILLS);
    let seed = given(1).map(|text| text.parse()).transpose().context("SEED")?;
    let seed = seed.unwrap_or_else(|| u64::from_le_bytes(stentor::ids::random_bytes()) >> 32);
    println!("seed {seed}: {kills} kills on each database");
    let since = Instant::now();
    let (sqlite, postgres) =
        tokio::join!(chapters(Kind::Sqlite, seed, kills), chapters(Kind::Postgres, seed, kills));
    let found = [(Kind::Sqlite, sqlite?), (Kind::Postgres, postgres?)];
    println!("\nseed {seed}, {} s\n{}", since.elapsed().as_secs(), report::table(&found));
    let broken: Vec<String> = found.iter().flat_map(|(_, tally)| tally.broken()).collect();
    if !broken.is_empty() {
        bail!("the books differ: {broken:#?}");
    }
    Ok(())
}

async fn chapters(kind: Kind, seed: u64, kills: usize) -> Result<Tally> {
    let mut chance = Chance::new(seed);
    let mut tally = Tally::default();
    while tally.kills < kills {
        let seed = chance.number() >> 32;
        let found = chapter::play(kind, seed, CHAPTER.min(kills - tally.kills)).await?;
        println!(
            "{kind}, chapter of seed {seed}: {} acknowledged, {} broken, {} given up",
            found.acknowledged,
            found.broken().len(),
            found.given_up.len()
        );
        tally.add(found);
    }
    Ok(tally)
}

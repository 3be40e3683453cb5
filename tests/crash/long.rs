//! The long run: chapter after chapter on both databases, until there were enough kills.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::books::Tally;
use crate::chance::Chance;
use crate::chapter::{self, Cast};
use crate::place::Kind;
use crate::process::binary;
use crate::{replicas, report, upgrade};

/// Kills of each cast, if nobody says.
const KILLS: usize = 300;
/// Kills in one chapter, after which a new world begins: what a chapter looks through grows.
const CHAPTER: usize = 12;

/// `long [KILLS] [SEED]`. With `OLD_BINARY`, old and new replicas run side by side instead.
pub async fn run(arguments: &[&str]) -> Result<()> {
    let given = |place: usize| arguments.get(place).filter(|text| !text.is_empty());
    let kills = given(0).map(|text| text.parse()).transpose().context("KILLS")?.unwrap_or(KILLS);
    let seed = given(1).map(|text| text.parse()).transpose().context("SEED")?;
    let seed = seed.unwrap_or_else(|| u64::from_le_bytes(stentor::ids::random_bytes()) >> 32);
    println!("seed {seed}: {kills} kills of each");
    let since = Instant::now();
    let found = match std::env::var_os("OLD_BINARY").filter(|path| !path.is_empty()) {
        Some(old) => vec![old_and_new(PathBuf::from(old), seed, kills).await?],
        None => each_database(seed, kills).await?,
    };
    println!("\nseed {seed}, {} s\n{}", since.elapsed().as_secs(), report::table(&found));
    let broken: Vec<String> = found.iter().flat_map(|(_, tally)| tally.broken()).collect();
    if !broken.is_empty() {
        bail!("the books differ: {broken:#?}");
    }
    Ok(())
}

async fn each_database(seed: u64, kills: usize) -> Result<Vec<(&'static str, Tally)>> {
    let cast = |kind, replicas| Cast { kind, programs: vec![binary(); replicas] };
    let (sqlite, postgres, three) =
        (cast(Kind::Sqlite, 1), cast(Kind::Postgres, 1), cast(Kind::Postgres, 3));
    let (reminders, sqlite, postgres, three) = tokio::join!(
        replicas::reminders(),
        chapters("SQLite", &sqlite, seed, kills),
        chapters("Postgres", &postgres, seed, kills),
        chapters("Postgres × 3", &three, seed, kills),
    );
    reminders.context("reminders")?;
    Ok(vec![("SQLite", sqlite?), ("Postgres", postgres?), ("Postgres × 3", three?)])
}

/// As many upgrades as there are to be kills: each of them ends three old processes.
async fn old_and_new(old: PathBuf, seed: u64, kills: usize) -> Result<(&'static str, Tally)> {
    let old = old.canonicalize().context("OLD_BINARY")?;
    let mut chance = Chance::new(seed);
    let mut tally = Tally::default();
    while tally.kills < kills {
        let seed = chance.number() >> 32;
        tally.add(upgrade::play(&old, seed).await?);
        println!("upgrade of seed {seed}: {} broken so far", tally.broken().len());
    }
    Ok(("old and new", tally))
}

async fn chapters(name: &str, cast: &Cast, seed: u64, kills: usize) -> Result<Tally> {
    let mut chance = Chance::new(seed);
    let mut tally = Tally::default();
    while tally.kills < kills {
        let seed = chance.number() >> 32;
        let found = chapter::play(cast, seed, CHAPTER.min(kills - tally.kills)).await?;
        println!(
            "{name}, chapter of seed {seed}: {} kills, {} acknowledged, {} broken, {} given up",
            found.kills,
            found.acknowledged,
            found.broken().len(),
            found.given_up.len()
        );
        tally.add(found);
    }
    Ok(tally)
}

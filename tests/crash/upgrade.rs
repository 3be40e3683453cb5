//! A rolling upgrade: old replicas on one Postgres give way to new ones, one after another, while
//! commands come in.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::books::{self, Tally};
use crate::chance::Chance;
use crate::commands::Plan;
use crate::load::Burst;
use crate::moments::any_trap;
use crate::place::Kind;
use crate::process::binary;
use crate::requests::Request;
use crate::trap::Deed;
use crate::world::World;

/// Bursts of commands while old and new run side by side, after each step.
const BURSTS: usize = 3;

/// Plays one upgrade from this program. An error says how it can be played again.
pub async fn play(old: &Path, seed: u64) -> Result<Tally> {
    let played = Box::pin(play_through(old, seed)).await;
    played.with_context(|| format!("an upgrade from {}, seed {seed}", old.display()))
}

async fn play_through(old: &Path, seed: u64) -> Result<Tally> {
    let mut chance = Chance::new(seed);
    let mut world = World::new(Kind::Postgres, &vec![PathBuf::from(old); 3]).await?;
    world.in_our_words = false;
    let world = Arc::new(world);
    let mut plan = Plan::new(chance.branch(), &world.token, 6);
    let mut again = Vec::new();
    let mut tally = Tally::default();
    for replica in world.front.replicas.iter() {
        replica.start().await?;
    }
    bursts(&world, &mut plan, &mut chance, &mut again).await?;
    for replica in world.front.replicas.iter() {
        // Some are told to end; others die, in the middle of something.
        if chance.one_in(2) {
            world.trap.set(any_trap(&mut chance, Deed::Kill));
        }
        bursts(&world, &mut plan, &mut chance, &mut again).await?;
        world.trap.clear();
        if replica.lives() {
            replica.stop().await?;
        }
        tally.kills += 1;
        for replica in world.front.replicas.iter().filter(|replica| !replica.lives()) {
            replica.becomes(binary());
            replica.start().await?;
        }
        bursts(&world, &mut plan, &mut chance, &mut again).await?;
    }
    tally.add(books::compare(&world).await?);
    if !tally.broken().is_empty() {
        eprintln!("seed {seed}: {:#?}\n{}", tally.broken(), world.last_words());
    }
    Ok(tally)
}

async fn bursts(
    world: &Arc<World>,
    plan: &mut Plan,
    chance: &mut Chance,
    again: &mut Vec<(usize, Request)>,
) -> Result<()> {
    for _ in 0..BURSTS {
        let known = books::known(world).await?;
        let asks = (0..chance.within(2..5)).map(|_| plan.any(&known)).collect();
        *again = Burst::send(world, asks, std::mem::take(again), chance).end().await?;
        tokio::time::sleep(Duration::from_millis(chance.within(0..500))).await;
    }
    Ok(())
}

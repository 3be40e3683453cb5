//! A chapter: one world, and so many kills at moments that a seed chooses.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use axum::http::Method;
use serde_json::Value;

use crate::ask::Ask;
use crate::books::{self, Tally};
use crate::chance::Chance;
use crate::commands::Plan;
use crate::completion;
use crate::load::Burst;
use crate::moments::{any_fault, any_trap};
use crate::monitoring::Monitoring;
use crate::place::Kind;
use crate::requests::Request;
use crate::trap::Deed;
use crate::world::World;

/// Commands between two kills.
const BURST: std::ops::Range<u64> = 3..8;
/// Incidents in a chapter.
const INCIDENTS: usize = 6;
/// Incidents that alerts open, besides.
const STORMS: usize = 3;
/// Requests of monitoring between two kills.
const ALERTS: std::ops::Range<u64> = 1..5;
/// How long a trap waits before a replica is killed all the same.
const TRAP: Duration = Duration::from_millis(1_500);

/// What a chapter is played with.
#[derive(Clone, Debug)]
pub struct Cast {
    pub kind: Kind,
    /// The program that each replica runs.
    pub programs: Vec<PathBuf>,
}

/// Plays a chapter. An error says how it can be played again.
pub async fn play(cast: &Cast, seed: u64, kills: usize) -> Result<Tally> {
    let played = Box::pin(Chapter::play(cast, seed, kills)).await;
    played.with_context(|| format!("a chapter of {kills} kills, seed {seed}, with {cast:?}"))
}

struct Chapter {
    world: Arc<World>,
    plan: Plan,
    monitoring: Monitoring,
    chance: Chance,
    /// Requests without an answer, to be sent again.
    again: Vec<(usize, Request)>,
    tally: Tally,
}

impl Chapter {
    async fn play(cast: &Cast, seed: u64, kills: usize) -> Result<Tally> {
        let mut chance = Chance::new(seed);
        let world = Arc::new(World::new(cast.kind, &cast.programs).await?);
        let plan = Plan::new(chance.branch(), &world.token, INCIDENTS);
        let faulty = chance.one_in(3);
        let (again, tally) = (Vec::new(), Tally::default());
        start_all(&world).await?;
        let monitoring = Monitoring::arrive(chance.branch(), &world, STORMS).await?;
        let mut chapter = Chapter { world, plan, monitoring, chance, again, tally };
        for _ in 0..kills {
            chapter.round(faulty).await?;
        }
        chapter.world.control(Method::DELETE, "/control/faults", &Value::Null).await?;
        let Chapter { world, mut tally, .. } = chapter;
        tally.add(books::compare(&world).await?);
        if !tally.broken().is_empty() {
            eprintln!(
                "{cast:?}, seed {seed}, {kills} kills: {:#?}\n{}",
                tally.broken(),
                world.last_words()
            );
        }
        Ok(tally)
    }

    /// Commands, a kill among them or just after, and a new life.
    async fn round(&mut self, faulty: bool) -> Result<()> {
        let world = Arc::clone(&self.world);
        start_all(&world).await?;
        if faulty {
            world.fault(&any_fault(&mut self.chance)).await?;
        }
        let alone = world.front.replicas.len() == 1;
        let measured = !faulty && self.chance.one_in(4);
        let asks = if measured {
            // Only this declaration is to be in flight.
            world.quiet().await?;
            vec![self.plan.declare()]
        } else {
            let known = books::known(&world).await?;
            let count = self.chance.within(BURST);
            let mut asks: Vec<Ask> = (0..count).map(|_| self.plan.any(&known)).collect();
            asks.extend(self.monitoring.says(self.chance.within(ALERTS), &world.ledger));
            asks
        };
        let sleeps = !alone && !measured && self.chance.one_in(8);
        let deed = if sleeps { Deed::Pause } else { Deed::Kill };
        world.trap.set(any_trap(&mut self.chance, deed));
        let burst = Burst::send(&world, asks, std::mem::take(&mut self.again), &mut self.chance);
        let victim = match world.trap.sprung(TRAP).await {
            Some(victim) => victim,
            None => {
                world.trap.clear();
                self.chance.place(world.front.replicas.len())
            }
        };
        if sleeps {
            world.replica(victim).pause();
            return self.sleep_through_the_lease(burst, victim).await;
        }
        world.replica(victim).kill();
        self.tally.kills += 1;
        let killed = Instant::now();
        if !alone && !measured && self.chance.one_in(3) {
            let second = (victim + 1) % world.front.replicas.len();
            world.replica(second).kill();
            self.tally.kills += 1;
        }
        let unknown = burst.end().await?;
        // Whoever got no answer sends it again, sometimes.
        self.again = unknown.into_iter().filter(|_| self.chance.one_in(2)).collect();
        // Where there are others, it is they who go on.
        let from = if alone { world.replica(victim).start().await? } else { killed };
        if measured {
            self.tally.complete_after.extend(completion::seconds_since(&world, from).await?);
        } else if alone && self.chance.one_in(3) {
            // While it finds what its predecessor left, it is killed too.
            tokio::time::sleep(Duration::from_millis(self.chance.within(0..400))).await;
            world.replica(victim).kill();
            self.tally.kills += 1;
        }
        start_all(&world).await
    }

    /// The others do its work; then it wakes, and must not undo any of that.
    async fn sleep_through_the_lease(&mut self, burst: Burst, sleeper: usize) -> Result<()> {
        let unknown = burst.end().await?;
        let left = self.world.quiet().await?;
        self.tally.left_over.extend(left.waiting);
        self.world.replica(sleeper).wake();
        self.again = unknown;
        self.tally.pauses += 1;
        Ok(())
    }
}

async fn start_all(world: &World) -> Result<()> {
    for replica in world.front.replicas.iter().filter(|replica| !replica.lives()) {
        replica.start().await?;
    }
    Ok(())
}

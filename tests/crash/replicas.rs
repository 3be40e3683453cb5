//! Several replicas on one Postgres: one that sleeps through its lease, a wait that Slack asked
//! for, a rolling restart, and a death in the middle of work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;

use crate::books::{self, Tally};
use crate::chance::Chance;
use crate::commands::Plan;
use crate::completion;
use crate::ledger::Fate;
use crate::load::{Burst, Stream};
use crate::place::Kind;
use crate::process::binary;
use crate::short::kept;
use crate::trap::{Deed, Moment, Set};
use crate::world::{PATIENCE, World};

const SEED: u64 = 7;

/// So many replicas, running, and what to ask of them.
pub async fn team(replicas: usize) -> Result<(Arc<World>, Plan, Chance)> {
    let world = Arc::new(World::new(Kind::Postgres, &vec![binary(); replicas]).await?);
    for replica in world.front.replicas.iter() {
        replica.start().await?;
    }
    let mut chance = Chance::new(SEED);
    let plan = Plan::new(chance.branch(), &world.token, 4);
    Ok((world, plan, chance))
}

/// The books of a world in which nothing may have gone wrong.
pub async fn agree(world: &World) -> Result<Tally> {
    let tally = books::compare(world).await?;
    kept(&tally).with_context(|| world.last_words())?;
    Ok(tally)
}

/// It held its lane when it was stopped, others did its work meanwhile, and what it does when it
/// wakes changes nothing.
pub async fn a_sleeper() -> Result<()> {
    let moments = [
        Moment::Done("conversations.create"),
        Moment::Told("chat.postMessage"),
        Moment::Told("conversations.setTopic"),
    ];
    let [a, b, c] = moments.map(sleeper_at);
    let (a, b, c) = tokio::join!(a, b, c);
    a.and(b).and(c)
}

async fn sleeper_at(moment: Moment) -> Result<()> {
    let (world, mut plan, mut chance) = team(3).await?;
    world.trap.set(Set { moment, skip: 0, delay: Duration::ZERO, deed: Deed::Pause });
    let burst = Burst::send(&world, vec![plan.declare()], Vec::new(), &mut chance);
    let sleeper = world.trap.sprung(PATIENCE).await;
    let sleeper = sleeper.with_context(|| format!("{moment:?} never came"))?;
    burst.end().await?;
    // What is shown goes on while it sleeps, so that its own idea of it is old.
    let known = books::known(&world).await?;
    let asks = (0..6).map(|_| plan.any(&known)).collect();
    Burst::send(&world, asks, Vec::new(), &mut chance).end().await?;
    let left = world.quiet().await?;
    ensure!(left.waiting.is_empty(), "nobody took over from {moment:?}: {:?}", left.waiting);
    world.replica(sleeper).wake();
    // It answers again: so it has woken, and has gone on with what it was at.
    let known = books::known(&world).await?;
    let asks = (0..3).map(|_| plan.any(&known)).collect();
    Burst::send(&world, asks, Vec::new(), &mut chance).end().await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    agree(&world).await.map(drop).with_context(|| format!("asleep at {moment:?}"))
}

/// Slack asks one replica to wait; none of the others calls that method until then.
pub async fn a_wait_for_all() -> Result<()> {
    const WAIT: u64 = 6;
    const METHOD: &str = "chat.postMessage";
    let (world, mut plan, mut chance) = team(3).await?;
    Burst::send(&world, vec![plan.declare()], Vec::new(), &mut chance).end().await?;
    world.quiet().await?;
    let fault =
        json!({ "method": METHOD, "fault": "rate_limited", "retry_after": WAIT, "times": 1 });
    world.fault(&fault).await?;
    Burst::send(&world, vec![plan.declare()], Vec::new(), &mut chance).end().await?;
    let since = Instant::now();
    // The wait counts once it is written where all replicas read it.
    let waits = loop {
        let rows = "SELECT key, free_at FROM pace WHERE key LIKE '%chat.postMessage%'";
        let waits = world.database.rows::<(String, i64)>(rows).await?;
        let now = stentor::clock::Clock::system().now().as_micros();
        if waits.iter().any(|(_, free_at)| *free_at > now + 1_000_000) {
            break Instant::now();
        }
        ensure!(since.elapsed() < PATIENCE, "the wait was not written down: {waits:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let known = books::known(&world).await?;
    let asks = (0..9).map(|_| plan.any(&known)).collect();
    Burst::send(&world, asks, Vec::new(), &mut chance).end().await?;
    world.quiet().await?;
    let (told, early) = world.wire.read(|calls| {
        let posts = || calls.iter().filter(|call| call.method == METHOD);
        let told = posts().find(|call| call.status == 429).and_then(|call| call.answered);
        let over = told.map(|told| told + Duration::from_secs(WAIT));
        let is_early = |came: Instant| came > waits && over.is_some_and(|over| came < over);
        let early: Vec<_> = posts().filter(|it| is_early(it.came)).map(|it| it.replica).collect();
        (told, early)
    });
    ensure!(told.is_some(), "Slack asked nobody to wait");
    ensure!(early.is_empty(), "replicas that did not wait: {early:?}");
    agree(&world).await.map(drop)
}

/// One after another ends and begins again under load, and nobody notices.
pub async fn a_rolling_restart() -> Result<()> {
    let (world, plan, _) = team(3).await?;
    let stream = Stream::begin(&world, plan, 80, Duration::from_millis(40));
    for replica in world.front.replicas.iter() {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let code = replica.stop().await?;
        ensure!(code == Some(0), "{code:?}: {}", replica.last_words());
        replica.start().await?;
    }
    stream.end().await?;
    let failed: Vec<String> = world
        .ledger
        .all()
        .into_iter()
        .filter(|asked| matches!(asked.fate, Fate::Unknown | Fate::Unsent))
        .map(|asked| format!("{} ({:?})", asked.what, asked.fate))
        .collect();
    if !failed.is_empty() {
        bail!("requests failed: {failed:#?}\n{}", world.last_words());
    }
    agree(&world).await.map(drop)
}

/// It dies just after Slack made the channel: the other finds the channel, and goes on.
pub async fn a_failover() -> Result<()> {
    let (world, mut plan, mut chance) = team(2).await?;
    let moment = Moment::Done("conversations.create");
    world.trap.set(Set { moment, skip: 0, delay: Duration::ZERO, deed: Deed::Kill });
    let burst = Burst::send(&world, vec![plan.declare()], Vec::new(), &mut chance);
    world.trap.sprung(PATIENCE).await.context("no channel was made")?;
    let killed = Instant::now();
    burst.end().await?;
    let seconds = completion::seconds_since(&world, killed).await?;
    let seconds = seconds.context("nobody went on")?;
    println!("another replica had completed the declaration {seconds:.2} s after the death");
    agree(&world).await.map(drop)
}

/// Reminders ring once each, whoever dies meanwhile. They count in minutes, so this takes one.
pub async fn reminders() -> Result<()> {
    let (world, mut plan, mut chance) = team(3).await?;
    let asks = (0..3).map(|_| plan.declare()).collect();
    Burst::send(&world, asks, Vec::new(), &mut chance).end().await?;
    world.quiet().await?;
    let known = books::known(&world).await?;
    let asks = known.iter().map(|(case, incident)| plan.promise(case, incident)).collect();
    Burst::send(&world, asks, Vec::new(), &mut chance).end().await?;
    let timers = world.database.left().await?.timers;
    ensure!(timers.len() == known.len(), "{timers:?}");
    let since = Instant::now();
    while !world.database.left().await?.timers.is_empty() {
        ensure!(since.elapsed() < PATIENCE, "the reminders do not ring");
        let victim = world.replica(chance.place(3));
        victim.kill();
        victim.start().await?;
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    agree(&world).await?;
    for recorded in books::record(&world).await? {
        let overdue = recorded.entries.iter().filter(|entry| {
            matches!(entry.event, stentor::incident::event::Event::UpdateOverdue { .. })
        });
        let times = overdue.count();
        ensure!(times == 1, "{} was reminded {times} times", recorded.incident.reference());
    }
    Ok(())
}

//! Stentor under a fake clock and a scheduler that draws lots: the real engine, outbox and Slack
//! client, in several processes on one database, with one strict Slack, and everything that can
//! happen to them in any order.
//!
//! It is a harness of our own. turmoil simulates tokio's sockets, but what we wait for is SQLite's
//! thread; madsim replaces tokio as a whole, and sqlx does not run on it. Ours needs neither: a
//! process is a runtime on this thread, its database asks for a turn before it hands out a
//! connection, its way to Slack ends in this process, and only one of all who wait goes on at a
//! time. Who that is, and what goes wrong, is drawn from the seed: the same seed, the same world.
//!
//! One world is one interleaving. A turn, which is counted too, is one choice of who goes on: a task
//! before a transaction or an answer, Slack before it acts on a call, a call's answer before it
//! arrives. Between two turns nobody else does anything.
//!
//! A seed means a world only together with the code it ran with: another query, another turn.
//!
//! `make simulation SEEDS=10000` runs that many worlds, and `make simulation SEED=7` runs the one
//! again that went wrong, and prints what happened in it.

#![expect(clippy::unwrap_used, reason = "a test that fails has found something")]

mod books;
mod chance;
mod course;
mod database;
mod journal;
mod ledger;
mod network;
mod replica;
mod run;
mod shown;
mod slack;
mod temper;
mod trace;
mod turns;
mod world;

use run::{Report, run};

/// Worlds that are looked into each time.
const SEEDS: u64 = 300;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a number, and not {text:?}")))
}

#[test]
fn in_every_world_the_three_books_agree() {
    if let Some(seed) = number("SIMULATION_SEED") {
        let report = run(seed);
        report.trace.iter().for_each(|line| println!("{line}"));
        assert_eq!(report.wrong, Vec::<String>::new(), "seed {seed}");
        return;
    }
    let first = number("SIMULATION_FIRST").unwrap_or(1);
    run::many(first..first + number("SIMULATION_SEEDS").unwrap_or(SEEDS));
}

#[test]
fn the_same_seed_makes_the_same_world() {
    for seed in 1..=10 {
        let (Report { trace: one, .. }, Report { trace: other, .. }) = (run(seed), run(seed));
        let differs = one.iter().zip(&other).find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(one.len(), other.len(), "seed {seed}");
    }
}

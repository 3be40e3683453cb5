//! Runs worlds, one after another on each core, and says which went wrong.

use std::cell::RefCell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use crate::world::World;

/// Worlds that went wrong, after which no more are looked into.
const ENOUGH: usize = 8;

/// How a world ended.
pub struct Report {
    pub trace: Vec<String>,
    /// What was not as it should be.
    pub wrong: Vec<String>,
    /// How often somebody went on who could have been left waiting.
    pub turns: usize,
}

thread_local! {
    /// What panicked on this thread, the tasks of its worlds included.
    static PANICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Runs one world.
pub fn run(seed: u64) -> Report {
    hear_panics();
    let mut world = World::new(seed);
    let ended = catch_unwind(AssertUnwindSafe(|| {
        world.trouble();
        world.rest();
        world.disagreements()
    }));
    let mut wrong = ended.unwrap_or_default();
    wrong.extend(PANICS.take());
    let mut trace = world.trace.lines().to_vec();
    trace.push(format!("{} turns, wrong: {wrong:#?}", world.turns_taken));
    Report { trace, wrong, turns: world.turns_taken }
}

/// Runs all of these, and fails with the seeds that went wrong.
pub fn many(seeds: Range<u64>) {
    let began = Instant::now();
    let count = seeds.end - seeds.start;
    let (next, turns, failed) =
        (AtomicU64::new(seeds.start), AtomicUsize::new(0), Mutex::new(Vec::new()));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while failed.lock().unwrap().len() < ENOUGH {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= seeds.end {
                        return;
                    }
                    let report = run(seed);
                    turns.fetch_add(report.turns, Ordering::SeqCst);
                    if !report.wrong.is_empty() {
                        failed.lock().unwrap().push((seed, report.wrong));
                    }
                }
            });
        }
    });
    let minutes = began.elapsed().as_secs_f64() / 60.0;
    let turns = turns.load(Ordering::SeqCst);
    println!(
        "{count} worlds with {turns} turns in {:.1} s: {:.0} worlds and {:.0} turns a minute",
        minutes * 60.0,
        count as f64 / minutes,
        turns as f64 / minutes
    );
    let mut failed = failed.into_inner().unwrap();
    failed.sort();
    let failed: Vec<String> = failed
        .into_iter()
        .map(|(seed, wrong)| format!("make simulation SEED={seed}\n  {}", wrong.join("\n  ")))
        .collect();
    assert!(failed.is_empty(), "worlds went wrong:\n{}", failed.join("\n"));
}

fn hear_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            PANICS.with_borrow_mut(|panics| panics.push(format!("panic: {panic}")));
            eprintln!("{panic}");
        }));
    });
}

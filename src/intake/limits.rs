//! How much the intake holds in memory, whatever comes: tests hand in less.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much is held at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Jobs that wait for the writer. Beyond that, callers wait before they queue.
    pub jobs: usize,
    /// How heavy what waits may be together, where an observation of usual size weighs one. Beyond that,
    /// senders are told to come again: they wait better where they are than in our memory.
    pub weight: usize,
    /// Alerts that are remembered of all workspaces together, so that a repeat needs no look into the
    /// database.
    pub remembered: usize,
}

impl Default for Limits {
    /// Some 25 MB of what is remembered, and 400 MB of what waits at the very worst.
    fn default() -> Self {
        Limits { jobs: 4_096, weight: 100_000, remembered: 200_000 }
    }
}

/// How heavy it is what waits. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Load(Arc<AtomicUsize>);

impl Load {
    /// How heavy it is now.
    pub fn weight(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Adds so much, for as long as the share is there: whoever gives up waiting takes it along.
    pub fn add(&self, weight: usize) -> Share {
        self.0.fetch_add(weight, Ordering::Relaxed);
        Share { load: self.clone(), weight }
    }
}

/// What one of those who wait adds to the load.
#[derive(Debug)]
pub struct Share {
    load: Load,
    /// How heavy it is.
    pub weight: usize,
}

impl Drop for Share {
    fn drop(&mut self) {
        self.load.0.fetch_sub(self.weight, Ordering::Relaxed);
    }
}

//! File handles: each connection needs one, and what the system gives a process at first is little.

use rustix::process::{Resource, getrlimit, setrlimit};

/// The most connections that are taken, however many handles there are. Each may hold a head of
/// 16 KiB, so that all together stay below what a small machine has.
const MOST: u64 = 10_240;
/// Handles for everything else: the database, Slack, the log.
const RESERVE: u64 = 128;
/// What is assumed where the system names no limit.
const UNKNOWN: u64 = MOST + RESERVE;

/// Takes as many file handles as the system allows this process: how many these are, and whether
/// raising the limit failed.
pub fn raise() -> (u64, Option<std::io::Error>) {
    let limit = getrlimit(Resource::Nofile);
    let (Some(current), wanted) = (limit.current, limit.maximum) else { return (UNKNOWN, None) };
    if wanted.is_some_and(|wanted| wanted <= current) {
        return (current, None);
    }
    match setrlimit(Resource::Nofile, rustix::process::Rlimit { current: wanted, ..limit }) {
        Ok(()) => (wanted.unwrap_or(UNKNOWN), None),
        Err(error) => (current, Some(error.into())),
    }
}

/// How many connections there can be at once with the handles that this process has.
pub fn connections() -> usize {
    let handles = getrlimit(Resource::Nofile).current.unwrap_or(UNKNOWN);
    // A process with very few handles keeps half of them for the rest.
    let spare = handles.saturating_sub(RESERVE).max(handles / 2);
    usize::try_from(spare.clamp(1, MOST)).unwrap_or(usize::MAX)
}

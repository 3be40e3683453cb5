//! Every connection that is open, what it is doing, and since when.
//!
//! One look at all of them every half second takes the place of a timer each. When there are too
//! many, or too much is half received, those that have waited longest are ended, of the address
//! with the most of them first: somebody who asks and is answered is never in the way, and whoever
//! holds thousands of connections open only ends their own. A request that has arrived whole is
//! always answered.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::server::Limits;
use crate::source::Source;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It was opened, and nothing came so far.
    Fresh = 0,
    /// It waits for another request.
    Idle = 1,
    /// The head of a request is coming.
    Head = 2,
    /// The body of a request is coming.
    Body = 3,
    /// The request is here, and being answered.
    Working = 4,
    /// The answer is being read.
    Answer = 5,
    /// It was given up.
    Ended = 6,
}

impl Phase {
    const ALL: [Phase; 7] = [
        Phase::Fresh,
        Phase::Idle,
        Phase::Head,
        Phase::Body,
        Phase::Working,
        Phase::Answer,
        Phase::Ended,
    ];
    /// Bits that a phase takes beside its time.
    const BITS: u32 = 3;
}

/// All connections of a server.
#[derive(Clone)]
pub struct Connections(Arc<Shared>);

struct Shared {
    limits: Limits,
    began: Instant,
    open: Mutex<Open>,
    /// Bytes of bodies that are held.
    held: AtomicUsize,
    /// Connections that were ended and have not left yet.
    leaving: AtomicUsize,
}

#[derive(Default)]
struct Open {
    last: u64,
    all: HashMap<u64, Arc<State>>,
}

/// A connection, which leaves when it is dropped.
pub struct Connection {
    id: u64,
    state: Arc<State>,
    shared: Arc<Shared>,
}

struct State {
    peer: IpAddr,
    /// Since when, in microseconds, and the phase in the lowest bits.
    doing: AtomicU64,
    held: AtomicUsize,
    end: Notify,
}

impl State {
    fn doing(&self) -> (Phase, u64) {
        unpack(self.doing.load(Ordering::SeqCst))
    }

    /// Goes on to another phase. Says no if it was given up meanwhile, or is in none of these.
    fn goes_on(&self, from: &[Phase], to: Phase, now: u64) -> bool {
        let next = |doing| from.contains(&unpack(doing).0).then(|| pack(to, now));
        self.doing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next).is_ok()
    }
}

fn pack(phase: Phase, since: u64) -> u64 {
    since << Phase::BITS | phase as u64
}

fn unpack(doing: u64) -> (Phase, u64) {
    let phase = usize::try_from(doing & 0b111).unwrap_or_default();
    (Phase::ALL.get(phase).copied().unwrap_or(Phase::Ended), doing >> Phase::BITS)
}

impl Connections {
    /// None so far.
    pub fn new(limits: Limits) -> Connections {
        Connections(Arc::new(Shared {
            limits,
            began: Instant::now(),
            open: Mutex::default(),
            held: AtomicUsize::new(0),
            leaving: AtomicUsize::new(0),
        }))
    }

    /// Takes a new connection, and ends others if there are too many. Nothing if none can be ended.
    pub fn enter(&self, peer: IpAddr) -> Option<Arc<Connection>> {
        let shared = &self.0;
        let mut open = shared.open();
        // Those that were ended leave in a moment, and are not counted.
        let staying = open.all.len().saturating_sub(shared.leaving.load(Ordering::SeqCst));
        if staying >= shared.limits.connections && shared.shed(&open) == 0 {
            return None;
        }
        open.last += 1;
        let id = open.last;
        let state = Arc::new(State {
            peer,
            doing: AtomicU64::new(pack(Phase::Fresh, shared.now())),
            held: AtomicUsize::new(0),
            end: Notify::new(),
        });
        open.all.insert(id, Arc::clone(&state));
        metrics::gauge!("stentor_connections").increment(1.0);
        Some(Arc::new(Connection { id, state, shared: Arc::clone(shared) }))
    }

    /// Ends a few of those that have waited longest.
    pub fn shed(&self) {
        self.0.shed(&self.0.open());
    }

    /// Ends every connection that takes too long.
    pub fn sweep(&self) {
        let now = self.0.now();
        let limits = &self.0.limits;
        for state in self.0.open().all.values() {
            let (phase, since) = state.doing();
            let limit = match phase {
                Phase::Fresh | Phase::Head => limits.head,
                Phase::Idle => limits.idle,
                Phase::Body => limits.body,
                Phase::Answer => limits.answer,
                Phase::Working | Phase::Ended => continue,
            };
            if Duration::from_micros(now.saturating_sub(since)) > limit
                && self.0.end(state, (phase, since))
            {
                count_ended("slow", 1);
            }
        }
    }

    /// Ends every connection whose request has not arrived.
    pub fn end_unasked(&self) {
        for state in self.0.open().all.values() {
            let (phase, since) = state.doing();
            if matches!(phase, Phase::Fresh | Phase::Idle | Phase::Head | Phase::Body) {
                self.0.end(state, (phase, since));
            }
        }
    }

    /// Ends every connection.
    pub fn end_all(&self) {
        for state in self.0.open().all.values() {
            state.end.notify_one();
        }
    }
}

impl Shared {
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().expect("nothing panics while it is held")
    }

    /// Ends the longest waiting connections of the address that has most of them, and says how
    /// many. Several at once, because finding them means looking at all.
    fn shed(&self, open: &Open) -> usize {
        let mut by_source: HashMap<Source, Vec<(Phase, u64, &State)>> = HashMap::new();
        for state in open.all.values() {
            let (phase, since) = state.doing();
            if !matches!(phase, Phase::Working | Phase::Ended) {
                let source = Source::from(state.peer);
                by_source.entry(source).or_default().push((phase, since, state));
            }
        }
        let Some(mut most) = by_source.into_values().max_by_key(Vec::len) else { return 0 };
        most.sort_by_key(|(_, since, _)| *since);
        let batch = (self.limits.connections / 64).max(1);
        let ended = most
            .iter()
            .take(batch)
            .filter(|(phase, since, state)| self.end(state, (*phase, *since)));
        let ended = ended.count();
        count_ended("too_many", ended);
        ended
    }

    /// Ends bodies that have been coming longest until what is held is within its limit.
    fn shed_bodies(&self) {
        let open = self.open();
        let mut coming: Vec<(u64, &State)> = open
            .all
            .values()
            .filter(|state| state.held.load(Ordering::SeqCst) > 0)
            .filter_map(|state| match state.doing() {
                (Phase::Body, since) => Some((since, &**state)),
                _ => None,
            })
            .collect();
        coming.sort_by_key(|(since, _)| *since);
        for (since, state) in coming {
            if self.held.load(Ordering::SeqCst) <= self.limits.bodies {
                return;
            }
            if self.end(state, (Phase::Body, since)) {
                self.let_go(state);
                count_ended("too_much", 1);
            }
        }
    }

    /// Ends a connection, if it still does what it did when that was decided.
    fn end(&self, state: &State, (phase, since): (Phase, u64)) -> bool {
        let (was, ended) = (pack(phase, since), pack(Phase::Ended, since));
        let exchanged =
            state.doing.compare_exchange(was, ended, Ordering::SeqCst, Ordering::SeqCst);
        if exchanged.is_ok() {
            self.leaving.fetch_add(1, Ordering::SeqCst);
            state.end.notify_one();
        }
        exchanged.is_ok()
    }

    /// Forgets what a connection held.
    fn let_go(&self, state: &State) {
        self.held.fetch_sub(state.held.swap(0, Ordering::SeqCst), Ordering::SeqCst);
    }
}

fn count_ended(why: &'static str, how_many: usize) {
    metrics::counter!("stentor_connections_ended_total", "why" => why)
        .increment(u64::try_from(how_many).unwrap_or(0));
}

impl Connection {
    /// The address at its other end.
    pub fn peer(&self) -> IpAddr {
        self.state.peer
    }

    /// Comes when it was given up.
    pub async fn ended(&self) {
        self.state.end.notified().await;
    }

    fn goes_on(&self, from: &[Phase], to: Phase) -> bool {
        self.state.goes_on(from, to, self.shared.now())
    }

    /// Bytes of another request came.
    pub fn begins(&self) {
        // Most reads belong to a request that has begun; they need not look at the time.
        if matches!(self.state.doing().0, Phase::Fresh | Phase::Idle) {
            self.goes_on(&[Phase::Fresh, Phase::Idle], Phase::Head);
        }
    }

    /// The head of a request is here. Says no if the connection was given up.
    pub fn asks(&self) -> bool {
        self.goes_on(&[Phase::Fresh, Phase::Idle, Phase::Head, Phase::Answer], Phase::Body)
    }

    /// So much more of the body is here.
    pub fn received(&self, bytes: usize) {
        self.state.held.fetch_add(bytes, Ordering::SeqCst);
        if self.shared.held.fetch_add(bytes, Ordering::SeqCst) + bytes > self.shared.limits.bodies {
            self.shared.shed_bodies();
        }
    }

    /// The whole request is here.
    pub fn has_asked(&self) {
        self.goes_on(&[Phase::Body], Phase::Working);
    }

    /// The answer is ready. Says no if the connection was given up.
    pub fn answers(&self) -> bool {
        self.shared.let_go(&self.state);
        self.goes_on(&[Phase::Body, Phase::Working], Phase::Answer)
    }

    /// All that was to be sent is gone.
    pub fn is_flushed(&self) {
        if self.state.doing().0 == Phase::Answer {
            self.goes_on(&[Phase::Answer], Phase::Idle);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.let_go(&self.state);
        self.shared.open().all.remove(&self.id);
        if self.state.doing().0 == Phase::Ended {
            self.shared.leaving.fetch_sub(1, Ordering::SeqCst);
        }
        metrics::gauge!("stentor_connections").decrement(1.0);
    }
}

//! Sends requests and counts what comes back: in a closed loop, where every connection sends its
//! next request as soon as it has its answer, and in an open loop, where requests are due at fixed
//! times whether the server keeps up or not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::connection::Connection;
use crate::histogram::Histogram;
use crate::signed::Requests;

pub const CONNECTIONS: usize = 64;

/// How long a server may take beyond what was asked for. After that it counts as hung.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came back from one run.
pub struct Outcome {
    pub elapsed: Duration,
    pub latency: Histogram,
    pub wrong: u64,
    /// The first answer that was not as expected, to be shown.
    pub first_wrong: Option<String>,
}

impl Outcome {
    fn new() -> Outcome {
        let latency = Histogram::new();
        Outcome { elapsed: Duration::ZERO, latency, wrong: 0, first_wrong: None }
    }

    pub fn per_second(&self) -> f64 {
        self.latency.count() as f64 / self.elapsed.as_secs_f64()
    }

    fn merge(&mut self, other: Outcome) {
        self.elapsed = self.elapsed.max(other.elapsed);
        self.latency.merge(&other.latency);
        self.wrong += other.wrong;
        self.first_wrong = self.first_wrong.take().or(other.first_wrong);
    }
}

/// When a closed loop ends.
#[derive(Clone, Copy)]
pub enum Until {
    Elapsed(Duration),
    Sent(u64),
}

/// Runs all connections at full speed, after a second that is not counted.
pub async fn closed_loop(
    address: SocketAddr,
    requests: &Arc<Requests>,
    duration: Duration,
) -> Result<Outcome> {
    let warm_up = Until::Elapsed(Duration::from_secs(1));
    send_all(address, requests, CONNECTIONS, warm_up).await?;
    send_all(address, requests, CONNECTIONS, Until::Elapsed(duration)).await
}

/// Runs so many connections at full speed. A latency is that of one exchange.
pub async fn send_all(
    address: SocketAddr,
    requests: &Arc<Requests>,
    connections: usize,
    until: Until,
) -> Result<Outcome> {
    let sent = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        let (requests, sent) = (Arc::clone(requests), Arc::clone(&sent));
        clients.spawn(async move {
            let mut client = Client::open(address, requests).await?;
            loop {
                let go_on = match until {
                    Until::Elapsed(duration) => started.elapsed() < duration,
                    Until::Sent(wanted) => sent.fetch_add(1, Ordering::Relaxed) < wanted,
                };
                if !go_on {
                    break;
                }
                client.send(Instant::now()).await?;
            }
            client.outcome.elapsed = started.elapsed();
            Ok(client.outcome)
        });
    }
    let expected = match until {
        Until::Elapsed(duration) => duration,
        Until::Sent(_) => Duration::from_secs(20),
    };
    collect(clients, expected).await
}

/// Sends `per_second` requests at even distances. A latency counts from the moment at which the
/// request was due, so a server that falls behind cannot hide it by slowing the client down.
pub async fn open_loop(
    address: SocketAddr,
    requests: &Arc<Requests>,
    per_second: u32,
    duration: Duration,
) -> Result<Outcome> {
    let (due, queue) = mpsc::unbounded_channel();
    let queue = Arc::new(Mutex::new(queue));
    let started = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (requests, queue) = (Arc::clone(requests), Arc::clone(&queue));
        clients.spawn(async move {
            let mut client = Client::open(address, requests).await?;
            loop {
                let next: Option<Instant> = queue.lock().await.recv().await;
                let Some(due) = next else { break };
                client.send(due).await?;
            }
            client.outcome.elapsed = started.elapsed();
            Ok(client.outcome)
        });
    }
    std::thread::spawn(move || pace(due, per_second, duration));
    collect(clients, duration).await
}

/// Announces each request when it is due. It has a thread to itself because the runtime's timers
/// only know whole milliseconds, and waits on a channel because that wakes up to the microsecond.
fn pace(due: mpsc::UnboundedSender<Instant>, per_second: u32, duration: Duration) {
    let (_never, nothing) = std::sync::mpsc::channel::<()>();
    let started = Instant::now();
    let distance = Duration::from_secs(1) / per_second;
    for number in 0.. {
        let offset = distance * number;
        if offset >= duration {
            return;
        }
        let moment = started + offset;
        let wait = moment.saturating_duration_since(Instant::now());
        // It always ends by the time: there is no sender that would send.
        let _ = nothing.recv_timeout(wait);
        if due.send(moment).is_err() {
            return;
        }
    }
}

struct Client {
    connection: Connection,
    requests: Arc<Requests>,
    request: Vec<u8>,
    /// The last body that was found right: one that equals it needs no searching, which for a long
    /// answer would take longer than the exchange.
    right: Vec<u8>,
    outcome: Outcome,
}

impl Client {
    async fn open(address: SocketAddr, requests: Arc<Requests>) -> Result<Client> {
        let connection = Connection::open(address).await.context("connect to the server")?;
        let request = Vec::with_capacity(4096);
        Ok(Client { connection, requests, request, right: Vec::new(), outcome: Outcome::new() })
    }

    async fn send(&mut self, since: Instant) -> Result<()> {
        self.requests.write_next(&mut self.request);
        let answer =
            self.connection.exchange(&self.request).await.context("exchange with the server")?;
        self.outcome.latency.record(since.elapsed());

        if answer.status == 200 && answer.body == self.right {
            return Ok(());
        }
        if self.requests.expected.is_met_by(answer.status, answer.body) {
            answer.body.clone_into(&mut self.right);
            return Ok(());
        }
        self.outcome.wrong += 1;
        self.outcome.first_wrong.get_or_insert_with(|| {
            format!("{} {}", answer.status, String::from_utf8_lossy(answer.body))
        });
        Ok(())
    }
}

async fn collect(mut clients: JoinSet<Result<Outcome>>, expected: Duration) -> Result<Outcome> {
    let all = async {
        let mut total = Outcome::new();
        while let Some(client) = clients.join_next().await {
            total.merge(client.context("a client panicked")??);
        }
        Ok(total)
    };
    timeout(expected + PATIENCE, all).await.context("the server stopped answering")?
}

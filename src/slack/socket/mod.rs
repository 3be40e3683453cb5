//! Socket Mode: instead of Slack calling us, we hold a socket open to it. No public address is
//! needed, and there is no signature: the app token opens the socket, and the socket is the proof.
//!
//! A process keeps one socket. Only while Slack refreshes it there are two: the next one is open
//! before the old one ends. Slack allows an app ten, so ten replicas fit.
//!
//! The crate's own client handles the frames of a socket one after another, so that one slow
//! command would make the others late; hence this one.

mod connection;
mod frame;
mod limits;
mod tls;

use std::collections::HashSet;
use std::time::Duration;

use metrics::{counter, gauge};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::config::Secret;
use crate::slack::client::Slack;
use crate::slack::inbound::Door;
use crate::slack::socket::connection::{Connection, End, News, told};
use crate::slack::socket::tls::Way;

pub use limits::Limits;

/// Sockets of one process: the one, and while it is refreshed the next.
const SOCKETS: usize = 2;

/// The way in from Slack over a socket.
#[derive(Clone)]
pub struct SocketMode {
    /// How long to wait for what.
    pub limits: Limits,
    door: Door,
    slack: Slack,
    way: Way,
}

/// What is known of the sockets.
struct Sockets {
    /// The one that is open or being opened, unless Slack has said that it ends.
    current: Option<u64>,
    /// Those that Slack has greeted.
    open: HashSet<u64>,
    /// Attempts since a socket has last lived for a while.
    failures: u32,
    /// When the next one is opened, if there is none.
    next_at: Instant,
    /// What was last complained of, so that it is complained of once.
    complaint: Option<String>,
}

impl SocketMode {
    /// For whoever has this app token. Nothing is asked of Slack yet.
    pub fn new(door: Door, api_url: &str, app_token: &Secret) -> std::io::Result<SocketMode> {
        let slack = Slack::new(api_url, app_token)?;
        Ok(SocketMode { limits: Limits::default(), door, slack, way: Way::new(api_url)? })
    }

    /// Keeps a socket open until `stop` says so; then answers what is in hand.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let (says, mut news) = mpsc::channel(16);
        let mut tasks = JoinSet::new();
        let mut ids = 0_u64..;
        let mut sockets = Sockets {
            current: None,
            open: HashSet::new(),
            failures: 0,
            next_at: Instant::now(),
            complaint: None,
        };
        loop {
            let may_open = sockets.current.is_none() && tasks.len() < SOCKETS;
            tokio::select! {
                () = told(&mut stop) => break,
                () = sleep_until(sockets.next_at), if may_open => {
                    let id = ids.next().expect("nobody counts that far");
                    sockets.current = Some(id);
                    let connection = Connection {
                        id,
                        door: self.door.clone(),
                        slack: self.slack.clone(),
                        way: self.way.clone(),
                        limits: self.limits,
                        says: says.clone(),
                    };
                    tasks.spawn(connection.run(stop.clone()));
                }
                Some((id, news)) = news.recv() => self.heed(&mut sockets, id, news),
                Some(ended) = tasks.join_next() => {
                    if let Err(error) = ended {
                        tracing::error!(error = %error, "A socket ended badly");
                        sockets.current = None;
                        sockets.open.clear();
                        sockets.next_at = Instant::now() + self.limits.longest_wait;
                    }
                }
            }
        }
        drop(says);
        while tasks.join_next().await.is_some() {}
        gauge!("stentor_sockets_open").set(0.0);
    }

    fn heed(&self, sockets: &mut Sockets, id: u64, news: News) {
        match news {
            News::Open => {
                tracing::info!("A socket to Slack is open");
                // While there was none, Slack has told nobody.
                if sockets.open.is_empty() {
                    self.door.heard.lost();
                }
                sockets.open.insert(id);
                sockets.complaint = None;
            }
            News::Leaving { lived } => {
                tracing::info!("Slack refreshes the socket");
                self.open_next(sockets, id, lived, None);
            }
            News::Ended { lived, end } => {
                sockets.open.remove(&id);
                counter!("stentor_socket_ends_total", "reason" => end.word()).increment(1);
                if sockets.current == Some(id) {
                    complain(sockets, &end);
                    self.open_next(sockets, id, lived, Some(&end));
                }
            }
        }
        gauge!("stentor_sockets_open")
            .set(f64::from(u32::try_from(sockets.open.len()).unwrap_or(0)));
    }

    fn open_next(&self, sockets: &mut Sockets, id: u64, lived: Duration, end: Option<&End>) {
        if sockets.current != Some(id) {
            return;
        }
        if lived >= self.limits.lived {
            sockets.failures = 0;
        }
        sockets.failures = sockets.failures.saturating_add(1);
        sockets.current = None;
        let wait = match end {
            Some(End::RateLimited { wait }) => *wait + self.limits.backoff(1),
            Some(End::Refused { .. } | End::Disabled) => self.limits.slowly(),
            Some(End::TooMany) => self.limits.crowded(sockets.failures),
            Some(End::Stopped | End::Lost { .. } | End::Replaced) | None => {
                self.limits.backoff(sockets.failures)
            }
        };
        sockets.next_at = Instant::now() + wait;
    }
}

/// What an operator has to mend is said at error level; what mends itself, as a warning. The same
/// thing is said once, until a socket was open again.
fn complain(sockets: &mut Sockets, end: &End) {
    let complaint = end.to_string();
    if sockets.complaint.as_ref() == Some(&complaint) {
        tracing::debug!(complaint, "Still no socket to Slack");
        return;
    }
    match end {
        End::Stopped | End::Replaced => return,
        End::Refused { .. } | End::Disabled => tracing::error!("{complaint}"),
        End::Lost { .. } | End::TooMany | End::RateLimited { .. } => {
            tracing::warn!("{complaint}; trying again");
        }
    }
    sockets.complaint = Some(complaint);
}

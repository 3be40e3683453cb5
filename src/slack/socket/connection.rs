//! One socket, from its opening to its end.
//!
//! Envelopes are handled side by side, so that a slow one does not make the others late, and each is
//! acknowledged after its commit. What could not be saved is not acknowledged: Slack sends an event
//! again, and tells whoever typed a command.

use std::fmt;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use metrics::counter;
use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::slack::client::{CallError, Slack};
use crate::slack::inbound::{Door, envelope};
use crate::slack::socket::Limits;
use crate::slack::socket::frame::{Envelope, Frame, Reason};
use crate::slack::socket::tls::{Socket, Text, Way, in_short};

/// Envelopes in hand at once. With more, the socket is not read until one is done.
const IN_HAND: usize = 128;

/// What a socket says of itself.
#[derive(Debug)]
pub(super) enum News {
    /// Slack has greeted us.
    Open,
    /// Slack will end it soon.
    Leaving {
        /// How long it has lived.
        lived: Duration,
    },
    /// It has ended.
    Ended {
        /// How long it has lived.
        lived: Duration,
        /// How.
        end: End,
    },
}

/// How a socket ended, or why it did not open.
#[derive(Debug)]
pub(super) enum End {
    /// We were told to stop.
    Stopped,
    /// Another one has taken its place.
    Replaced,
    /// It broke, was closed, or fell silent.
    Lost {
        /// What happened.
        why: String,
    },
    /// Slack wants to be left alone.
    RateLimited {
        /// For how long.
        wait: Duration,
    },
    /// The app has more sockets than it may have.
    TooMany,
    /// Socket Mode was switched off.
    Disabled,
    /// Slack will not open one.
    Refused {
        /// Slack's word for the reason.
        code: String,
    },
}

impl End {
    /// The word for it in metrics.
    pub(super) fn word(&self) -> &'static str {
        match self {
            End::Stopped => "stopped",
            End::Replaced => "replaced",
            End::Lost { .. } => "lost",
            End::RateLimited { .. } => "rate_limited",
            End::TooMany => "too_many",
            End::Disabled => "disabled",
            End::Refused { .. } => "refused",
        }
    }

    fn lost(why: impl Into<String>) -> End {
        End::Lost { why: why.into() }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Stopped => f.write_str("The socket to Slack was ended"),
            End::Replaced => f.write_str("The socket to Slack was replaced"),
            End::Lost { why } => write!(f, "The socket to Slack was lost: {why}"),
            End::RateLimited { wait } => {
                write!(f, "Slack opens no socket for {} s", wait.as_secs())
            }
            End::TooMany => f.write_str("The app has too many sockets to Slack: it allows ten"),
            End::Disabled => f.write_str(
                "Socket Mode is switched off; switch it on in the app's settings, or take the app token away",
            ),
            End::Refused { code } => write!(
                f,
                "Slack does not accept the app token ({code}); make one with connections:write under \
                 Basic Information, App-Level Tokens"
            ),
        }
    }
}

/// One socket.
pub(super) struct Connection {
    pub(super) id: u64,
    pub(super) door: Door,
    pub(super) slack: Slack,
    pub(super) way: Way,
    pub(super) limits: Limits,
    pub(super) says: mpsc::Sender<(u64, News)>,
}

/// An envelope that was dealt with, and what to answer; nothing if Slack is to send it again.
type Dealt = Option<Text>;

impl Connection {
    /// Opens a socket and serves it to its end.
    pub(super) async fn run(self, mut stop: watch::Receiver<bool>) {
        let opened = tokio::select! {
            () = told(&mut stop) => Err(End::Stopped),
            opened = timeout(self.limits.hello_within, self.open()) => {
                opened.unwrap_or_else(|_| Err(End::lost("it did not open in time")))
            }
        };
        match opened {
            Ok(socket) => self.serve(socket, stop).await,
            Err(end) => self.say(News::Ended { lived: Duration::ZERO, end }).await,
        }
    }

    async fn open(&self) -> Result<Socket, End> {
        let answer = self.slack.post("apps.connections.open", &json!({})).await;
        let answer = answer.map_err(|error| match error {
            CallError::Refused { code, .. } => End::Refused { code },
            CallError::RateLimited { retry_after, .. } => End::RateLimited { wait: retry_after },
            CallError::Unreachable { .. } | CallError::InDoubt { .. } => {
                End::lost(error.to_string())
            }
        })?;
        let url = answer["url"].as_str().unwrap_or_default();
        self.way.open(url).await.map_err(End::lost)
    }

    async fn say(&self, news: News) {
        // Nobody listens any more when the process stops.
        self.says.send((self.id, news)).await.ok();
    }

    async fn serve(&self, mut socket: Socket, mut stop: watch::Receiver<bool>) {
        let opened_at = Instant::now();
        let mut in_hand: JoinSet<Dealt> = JoinSet::new();
        let end = self.read(&mut socket, &mut in_hand, &mut stop).await;
        let is_there = !matches!(end, End::Lost { .. });
        self.say(News::Ended { lived: opened_at.elapsed(), end }).await;
        // What is in hand is finished, and answered if there is still somebody to answer.
        let finish = async {
            while let Some(dealt) = in_hand.join_next().await {
                match answer(dealt) {
                    Some(text) if is_there => {
                        socket.send(Message::Text(text)).await.ok();
                    }
                    _ => {}
                }
            }
            socket.close(None).await.ok();
        };
        if timeout(self.limits.drain, finish).await.is_err() {
            tracing::warn!("Some envelopes were not done in time");
        }
        in_hand.detach_all();
    }

    /// Reads what Slack says, until the socket ends.
    async fn read(
        &self,
        socket: &mut Socket,
        in_hand: &mut JoinSet<Dealt>,
        stop: &mut watch::Receiver<bool>,
    ) -> End {
        let opened_at = Instant::now();
        let (mut greeted, mut heard_at, mut leave_at) = (false, opened_at, None);
        let mut pings = interval(self.limits.ping_every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_full = in_hand.len() >= IN_HAND;
            let dead_at = match greeted {
                true => heard_at + self.limits.silence,
                false => opened_at + self.limits.hello_within,
            };
            let sent = tokio::select! {
                () = told(stop) => return End::Stopped,
                () = sleep_until(leave_at.unwrap_or(dead_at)), if leave_at.is_some() => {
                    return End::Replaced;
                }
                () = sleep_until(dead_at), if !is_full => return End::lost("nothing is heard of it"),
                _ = pings.tick() => send(socket, Message::Ping(Vec::new().into()), self.limits).await,
                Some(dealt) = in_hand.join_next(), if !in_hand.is_empty() => {
                    if is_full {
                        // It was not read, so nothing could be heard.
                        heard_at = Instant::now();
                    }
                    match answer(dealt) {
                        Some(text) => send(socket, Message::Text(text), self.limits).await,
                        None => Ok(()),
                    }
                }
                frame = socket.next(), if !is_full => {
                    heard_at = Instant::now();
                    let text = match frame {
                        Some(Ok(Message::Text(text))) => text,
                        Some(Ok(Message::Close(_))) | None if leave_at.is_some() => {
                            return End::Replaced;
                        }
                        Some(Ok(Message::Close(_))) | None => return End::lost("Slack closed it"),
                        Some(Ok(_)) => continue,
                        Some(Err(error)) => return End::lost(in_short(&error)),
                    };
                    match Frame::read(&text) {
                        Frame::Hello => {
                            greeted = true;
                            self.say(News::Open).await;
                        }
                        Frame::Disconnect(Reason::TooMany) => return End::TooMany,
                        Frame::Disconnect(Reason::Disabled) => return End::Disabled,
                        Frame::Disconnect(Reason::Refresh) if leave_at.is_none() => {
                            leave_at = Some(Instant::now() + self.limits.retire_after);
                            self.say(News::Leaving { lived: opened_at.elapsed() }).await;
                        }
                        Frame::Disconnect(Reason::Refresh) => {}
                        Frame::Envelope(envelope) => {
                            in_hand.spawn(deal_with(self.door.clone(), envelope));
                        }
                        Frame::Unknown => tracing::debug!("Left a frame alone"),
                    }
                    Ok(())
                }
            };
            if let Err(end) = sent {
                return end;
            }
        }
    }
}

/// Comes when the process is to stop.
pub(super) async fn told(stop: &mut watch::Receiver<bool>) {
    // Without anybody to say so, it is to stop too.
    drop(stop.wait_for(|stop| *stop).await);
}

async fn send(socket: &mut Socket, message: Message, limits: Limits) -> Result<(), End> {
    match timeout(limits.silence, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(End::lost(in_short(&error))),
        Err(_) => Err(End::lost("it takes nothing")),
    }
}

async fn deal_with(door: Door, envelope: Envelope) -> Dealt {
    let Envelope { envelope_id, kind, payload, accepts_response_payload } = envelope;
    let (taken, said) = envelope::answer(&door, &kind, payload).await;
    let kind = match kind.as_str() {
        envelope::COMMANDS => envelope::COMMANDS,
        envelope::INTERACTIVE => envelope::INTERACTIVE,
        envelope::EVENTS => envelope::EVENTS,
        _ => "other",
    };
    let outcome = if taken { "taken" } else { "not_taken" };
    counter!("stentor_socket_envelopes_total", "type" => kind, "outcome" => outcome).increment(1);
    if !taken {
        return None;
    }
    let said = said.filter(|_| accepts_response_payload);
    let said = said.and_then(|json| serde_json::from_slice(&json).ok());
    Some(Envelope::acknowledgement(&envelope_id, said))
}

fn answer(dealt: Result<Dealt, JoinError>) -> Option<Text> {
    dealt.unwrap_or_else(|error| {
        tracing::error!(error = %error, "An envelope was not dealt with");
        None
    })
}

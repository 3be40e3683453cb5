//! Sends what a story says, while time passes.

use std::collections::VecDeque;
use std::time::Duration;

use axum::http::{Request, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::shop::doors::{Doors, Letter};
use crate::shop::scenario::Scenario;
use crate::shop::story::{Phase, Story};

/// How often it is looked what there is to send.
const LOOK: Duration = Duration::from_millis(250);
/// How long an answer may take: as long as Prometheus waits.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often what is not taken is tried again before a story that was stopped is left as it is.
const LAST_TRIES: u32 = 20;

/// How a story stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What breaks.
    pub scenario: Scenario,
    /// Where it is.
    pub phase: Phase,
    /// How many alerts fire.
    pub firing: usize,
    /// Whether what was sent last was taken.
    pub is_heard: bool,
}

/// Posts letters in order. One that can't be taken now stays the first.
struct Postman<'a> {
    doors: &'a Doors,
    client: Client<HttpConnector, Full<Bytes>>,
    waiting: VecDeque<Letter>,
}

/// Tells a story to these doors, until it is over or somebody has said stop: then everything is
/// mended at once. `tell` hears how it stands.
pub async fn run(
    story: &Story,
    doors: &Doors,
    mut stop: watch::Receiver<bool>,
    mut tell: impl FnMut(Standing),
) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let mut postman = Postman { doors, client, waiting: VecDeque::new() };
    let began = Instant::now();
    let mut looks = tokio::time::interval(LOOK);
    let mut next = 0;
    loop {
        let is_stopped = tokio::select! {
            _ = looks.tick() => false,
            // Nobody is left who could say it, or somebody has said it.
            _ = stop.wait_for(|stop| *stop) => true,
        };
        let second = story.second(began.elapsed()).min(Phase::Over.begins());
        if is_stopped {
            postman.waiting.extend(story.end(next.max(1) - 1));
            return postman.finish().await;
        }
        for second in next..=second {
            postman.waiting.extend(story.letters(second));
        }
        next = second + 1;
        let is_heard = postman.deliver().await;
        let phase = Phase::at(second);
        let firing = story.firing(second);
        tell(Standing { scenario: story.scenario(), phase, firing, is_heard });
        if phase == Phase::Over && is_heard {
            return;
        }
    }
}

impl Postman<'_> {
    /// Posts what waits; says whether nothing waits any more.
    async fn deliver(&mut self) -> bool {
        while let Some(letter) = self.waiting.front() {
            match self.post(letter).await {
                Ok(status) if status.is_success() => {}
                // It would be refused again.
                Ok(status)
                    if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS =>
                {
                    tracing::warn!(%status, door = ?letter.door, "What the shop says is refused");
                }
                Ok(_) | Err(_) => return false,
            }
            self.waiting.pop_front();
        }
        true
    }

    async fn finish(&mut self) {
        for _ in 0..LAST_TRIES {
            if self.deliver().await {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
        tracing::warn!(letters = self.waiting.len(), "What the shop says is not taken");
    }

    async fn post(&self, letter: &Letter) -> anyhow::Result<StatusCode> {
        let post = self.doors.post(letter);
        let mut request = Request::post(format!("{}{}", self.doors.address, post.path))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, "Acme-Shop/1.0");
        if let Some(token) = post.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Full::new(Bytes::from(post.body)))?;
        let exchange = async {
            let response = self.client.request(request).await?;
            let status = response.status();
            // Read to its end, so that the connection can be used again.
            response.into_body().collect().await?;
            anyhow::Ok(status)
        };
        tokio::time::timeout(PATIENCE, exchange).await?
    }
}

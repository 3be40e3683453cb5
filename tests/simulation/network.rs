//! Calls on their way between Stentor and Slack.
//!
//! A call waits until Slack acts on it, and its answer waits until it arrives; in between the
//! process that made it may be gone. What Slack was asked it does soon or never: nobody can guard
//! against a call that arrives after everybody has looked for what it did.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use stentor::clock::Timestamp;
use stentor::slack::way::Way;
use tokio::io::DuplexStream;
use tokio::sync::oneshot;

/// The longest that Slack takes to act on a call; much shorter than a lease.
pub const SLOWEST: Duration = Duration::from_secs(3);

pub type Answer = Option<Response<Full<Bytes>>>;

/// All calls that are under way.
#[derive(Clone, Default)]
pub struct Network(Arc<Mutex<Vec<Call>>>);

/// One call that is under way.
pub struct Call {
    pub from: String,
    pub method: String,
    pub asked_at: Timestamp,
    /// Slack does not act before then, once that is drawn.
    pub acts_at: Option<Timestamp>,
    pub stage: Stage,
    tell: oneshot::Sender<Answer>,
}

pub enum Stage {
    /// Slack has not acted on it.
    Asked(Request<Body>),
    /// Slack has answered; nothing if it closed the connection.
    Acted(Answer),
}

impl Network {
    /// A way to Slack for this process.
    pub fn way(&self, from: String, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Way {
        let network = self.clone();
        let now = Arc::new(now);
        Way::Within(Arc::new(move |stream| {
            tokio::spawn(network.clone().serve(stream, from.clone(), Arc::clone(&now) as _));
        }))
    }

    async fn serve(
        self,
        stream: DuplexStream,
        from: String,
        now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    ) {
        let service = service_fn(|request: Request<Incoming>| {
            let (network, from, now) = (self.clone(), from.clone(), Arc::clone(&now));
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
                let request = Request::from_parts(head, Body::from(body));
                let answer = network.ask(from, request, now()).await;
                answer.ok_or_else(|| std::io::Error::other("the connection is closed on purpose"))
            }
        });
        http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
    }

    async fn ask(&self, from: String, request: Request<Body>, now: Timestamp) -> Answer {
        let (tell, told) = oneshot::channel();
        let method = request.uri().path().trim_start_matches("/api/").to_owned();
        let stage = Stage::Asked(request);
        self.0.lock().unwrap().push(Call {
            from,
            method,
            asked_at: now,
            acts_at: None,
            stage,
            tell,
        });
        told.await.ok().flatten()
    }

    /// How many calls are under way.
    pub fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Whether Slack has acted on each of the calls; nothing for one that it takes its time for.
    /// How long that is, `draw` says of a call that is new.
    pub fn under_way(
        &self,
        now: Timestamp,
        mut draw: impl FnMut() -> Duration,
    ) -> Vec<Option<bool>> {
        let mut calls = self.0.lock().unwrap();
        let each = calls.iter_mut().map(|call| {
            let acts_at = *call.acts_at.get_or_insert_with(|| call.asked_at.plus(draw()));
            let acted = matches!(call.stage, Stage::Acted(_));
            (acted || acts_at <= now).then_some(acted)
        });
        each.collect()
    }

    /// The first call that Slack has not acted on.
    pub fn oldest_asked(&self) -> Option<usize> {
        self.0.lock().unwrap().iter().position(|call| matches!(call.stage, Stage::Asked(_)))
    }

    /// By when Slack must have acted on what it was asked, if it was asked anything.
    pub fn deadline(&self) -> Option<Timestamp> {
        let calls = self.0.lock().unwrap();
        let asked = calls.iter().filter(|call| matches!(call.stage, Stage::Asked(_)));
        asked.map(|call| call.asked_at.plus(SLOWEST)).min()
    }

    /// Takes a call out of the network.
    pub fn take(&self, place: usize) -> Call {
        self.0.lock().unwrap().remove(place)
    }

    /// Puts a call back that Slack has acted on.
    pub fn put(&self, place: usize, call: Call) {
        self.0.lock().unwrap().insert(place, call);
    }

    /// Answers that nobody waits for any more are forgotten.
    pub fn tidy(&self) {
        let gone = |call: &Call| call.tell.is_closed() && matches!(call.stage, Stage::Acted(_));
        self.0.lock().unwrap().retain(|call| !gone(call));
    }
}

impl Call {
    /// Ends it with this answer.
    pub fn end(self, answer: Answer) {
        self.tell.send(answer).ok();
    }
}

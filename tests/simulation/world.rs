//! A world: some processes, one Slack, clients, and a scheduler that decides by chance who goes on,
//! what goes wrong, and how time passes.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use stentor::clock::{Clock, Timestamp};
use stentor::ids::IdSource;
use stentor::simulator::within::Detached;
use tokio::runtime::Runtime;

use crate::chance::Chance;
use crate::database::{BEGIN, File};
use crate::ledger::Ledger;
use crate::network::{Network, Stage};
use crate::replica::{Replica, Surroundings};
use crate::slack;
use crate::temper::Temper;
use crate::trace::Trace;

pub struct World {
    pub chance: Chance,
    pub temper: Temper,
    pub clock: Clock,
    pub trace: Trace,
    pub slack: Detached,
    pub network: Network,
    pub ledger: Ledger,
    pub file: File,
    /// For what the world itself waits for: Slack, and looks into the database.
    pub outside: Runtime,
    pub places: Vec<Place>,
    /// How often somebody went on who could have been left waiting.
    pub turns_taken: usize,
    around: Surroundings,
    /// For how many turns more somebody is left waiting, by process and arrival.
    waits: BTreeMap<(usize, usize, u64), usize>,
}

/// Where a process runs, or will again.
pub struct Place {
    pub replica: Option<Replica>,
    starts: usize,
    /// By how much the clock of this machine is fast.
    skew: Duration,
}

/// Somebody or something that can go on.
#[derive(Clone)]
pub enum Ready {
    /// A task of the process in this place.
    Task { place: usize, arrival: u64, what: String },
    /// Slack acts on the call with this number.
    Acts { call: usize },
    /// The answer to the call with this number arrives.
    Arrives { call: usize },
}

impl World {
    pub fn new(seed: u64) -> World {
        let mut chance = Chance::new(seed);
        let temper = Temper::of(&mut chance);
        let clock = Clock::manual(BEGIN);
        let slack = slack::begin(&clock, temper.rate_limits);
        let network = Network::default();
        let around = Surroundings {
            clock: clock.clone(),
            network: network.clone(),
            bot_token: slack.slack.settings().bot_token.clone(),
            patience: temper.patience,
            one_machine: temper.one_machine,
        };
        let skews = (0..temper.replicas).map(|_| match temper.one_machine {
            true => Duration::ZERO,
            false => chance.pick(&[0, 50, 400, 900].map(Duration::from_millis)),
        });
        let places = skews.map(|skew| Place { replica: None, starts: 0, skew }).collect();
        let mut world = World {
            chance,
            temper,
            clock,
            trace: Trace::default(),
            slack,
            network,
            ledger: Ledger::default(),
            file: File::new(seed),
            outside: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            places,
            turns_taken: 0,
            around,
            waits: BTreeMap::new(),
        };
        let temper = format!("{:?}", world.temper);
        world.note(&temper);
        for place in 0..world.places.len() {
            world.start(place);
        }
        world
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn note(&mut self, what: &str) {
        self.trace.note(self.clock.now(), what);
    }

    pub fn start(&mut self, place: usize) {
        let slot = &mut self.places[place];
        slot.starts += 1;
        let ids = IdSource::seeded(self.chance.next());
        let clock = Clock::manual(self.clock.now().plus(slot.skew));
        let name = format!("{}.{}", ["A", "B", "C"][place], slot.starts);
        self.trace.note(self.clock.now(), &format!("{name} starts"));
        slot.replica = Some(Replica::start(name, ids, clock, self.file.path(), &self.around));
    }

    pub fn crash(&mut self, place: usize) {
        if let Some(replica) = self.places[place].replica.take() {
            self.note(&format!("{} crashes", replica.name));
            replica.crash();
        }
    }

    /// Who can go on, always in the same order.
    pub fn ready(&mut self) -> Vec<Ready> {
        self.network.tidy();
        let mut ready = Vec::new();
        for (place, slot) in self.places.iter().enumerate() {
            let Some(replica) = slot.replica.as_ref().filter(|replica| !replica.is_paused) else {
                continue;
            };
            ready.extend(replica.turns.waiting().into_iter().map(|(arrival, what)| Ready::Task {
                place,
                arrival,
                what,
            }));
        }
        let (now, slow, chance) = (self.now(), self.temper.slow_calls, &mut self.chance);
        let calls = self.network.under_way(now, || match slow > 0 && chance.one_in(slow) {
            true => chance.pick(&[200, 1_100, 2_000, 3_000].map(Duration::from_millis)),
            false => Duration::ZERO,
        });
        ready.extend(calls.into_iter().enumerate().filter_map(|(call, acted)| match acted? {
            false => Some(Ready::Acts { call }),
            true => Some(Ready::Arrives { call }),
        }));
        ready
    }

    /// One of those who can go on. Somebody may be left waiting for long, until nobody else is
    /// there: what takes turns evenly meets few surprises.
    pub fn draw(&mut self, ready: &[Ready]) -> Ready {
        let lazy = self.temper.lazy;
        let mut eager = Vec::new();
        for (index, one) in ready.iter().enumerate() {
            let Ready::Task { place, arrival, .. } = one else {
                eager.push(index);
                continue;
            };
            let name = (*place, self.places[*place].starts, *arrival);
            let chance = &mut self.chance;
            let wait =
                self.waits.entry(name).or_insert_with(|| match lazy > 0 && chance.one_in(lazy) {
                    true => 5 + chance.below(60),
                    false => 0,
                });
            match wait.checked_sub(1) {
                Some(less) => *wait = less,
                None => eager.push(index),
            }
        }
        let index = match eager.is_empty() {
            true => self.chance.below(ready.len()),
            false => self.chance.pick(&eager),
        };
        ready[index].clone()
    }

    /// Lets one of them go on.
    pub fn go_on(&mut self, ready: Ready) {
        self.turns_taken += 1;
        match ready {
            Ready::Task { place, arrival, what } => {
                let replica = self.places[place].replica.as_ref().unwrap();
                self.trace.note(self.clock.now(), &format!("{} {what}", replica.name));
                replica.turns.let_go(arrival);
                replica.run();
            }
            Ready::Acts { call } => self.act(call),
            Ready::Arrives { call } => self.arrive(call),
        }
    }

    /// Slack does what it was asked.
    fn act(&mut self, place: usize) {
        let mut call = self.network.take(place);
        let Stage::Asked(request) = call.stage else { unreachable!("it was not acted on") };
        let slack = &self.slack;
        let answer = self.outside.block_on(async {
            match slack.answer(request).await {
                Some(response) => Some(whole(response).await),
                None => None,
            }
        });
        let how = answer.as_ref().map_or_else(|| "hangs up".to_owned(), |(how, _)| how.clone());
        let answer = answer.map(|(_, answer)| answer);
        self.note(&format!("Slack is asked for {} by {}: {how}", call.method, call.from));
        call.stage = Stage::Acted(answer);
        self.network.put(place, call);
    }

    fn arrive(&mut self, place: usize) {
        let call = self.network.take(place);
        self.note(&format!("{} hears of {}", call.from, call.method));
        let from = call.from.clone();
        let Stage::Acted(answer) = &call.stage else { unreachable!("it was acted on") };
        let answer = answer.clone();
        call.end(answer);
        self.run(&from);
    }

    /// The connection breaks under a call, whether Slack has acted on it or not.
    pub fn lose(&mut self, place: usize) {
        let call = self.network.take(place);
        let acted = if matches!(call.stage, Stage::Acted(_)) { "answer to" } else { "call of" };
        self.note(&format!("The {acted} {} of {} is lost", call.method, call.from));
        let from = call.from.clone();
        call.end(None);
        self.run(&from);
    }

    fn run(&self, name: &str) {
        let replicas = self.places.iter().filter_map(|place| place.replica.as_ref());
        replicas
            .filter(|replica| replica.name == name && !replica.is_paused)
            .for_each(Replica::run);
    }

    /// Lets time pass, but not so much that Slack would be slower than it ever is.
    pub fn pass(&mut self, wanted: Duration) {
        let room = self.network.deadline().map(|deadline| deadline.since(self.now()));
        let duration = room.map_or(wanted, |room| room.min(wanted));
        if duration.is_zero() {
            let oldest = self.network.oldest_asked().unwrap();
            return self.act(oldest);
        }
        self.clock.advance(duration);
        self.note(&format!("{duration:?} pass"));
        for place in &mut self.places {
            if let Some(replica) = &mut place.replica {
                replica.pass(duration);
            }
        }
    }

    /// Processes that ended by themselves are gone.
    pub fn bury(&mut self) {
        for place in 0..self.places.len() {
            let ended = self.places[place].replica.as_ref().is_some_and(Replica::has_ended);
            if ended {
                let replica = self.places[place].replica.take().unwrap();
                self.note(&format!("{} has ended", replica.name));
                replica.crash();
            }
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for place in &mut self.places {
            if let Some(replica) = place.replica.take() {
                replica.crash();
            }
        }
    }
}

/// A whole answer, and what it says in a word.
async fn whole(response: Response<Body>) -> (String, Response<Full<Bytes>>) {
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let said: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let how = match (said["ok"].as_bool(), said["error"].as_str()) {
        (Some(true), _) => "done".to_owned(),
        (_, Some(error)) => error.to_owned(),
        _ => format!("status {}", head.status.as_u16()),
    };
    (how, Response::from_parts(head, Full::new(body)))
}

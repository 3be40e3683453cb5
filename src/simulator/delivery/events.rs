//! Events on their way: in order within a channel, side by side otherwise, three retries, and the
//! switch-off when nearly all of them fail.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use serde_json::{Value, json};

use super::post::{Answer, Letter};
use crate::simulator::{
    Simulator,
    clock::{MINUTE, Micros},
    faults::Misdelivery,
    rules::events::Event,
    socket::Parcel,
    state::State,
};

/// When the first, second and third retry are made, after the attempt before.
const RETRIES: [Micros; 3] = [0, MINUTE, 5 * MINUTE];
/// Over how long failures are counted.
const WINDOW: Micros = 60 * MINUTE;
/// Apps with fewer events than this in the window are never switched off.
const EXEMPT_BELOW: u64 = 1_000;

/// All events that haven't arrived.
#[derive(Default)]
pub struct Queues {
    /// Being sent, by lane. A lane that is there has somebody working on it.
    lanes: HashMap<String, VecDeque<Delivery>>,
    /// Waiting for their time.
    later: Vec<Delivery>,
    /// Held back by a fault until the next one of the lane has gone.
    held: HashMap<String, Delivery>,
    /// Attempts and failures by minute.
    minutes: VecDeque<(i64, u64, u64)>,
}

#[derive(Clone, Debug)]
struct Delivery {
    event: Event,
    /// 0 for the first attempt.
    retry: u8,
    /// Why the attempt before failed.
    reason: &'static str,
    due: Micros,
    /// What goes wrong with the first attempt.
    fault: Option<Misdelivery>,
}

impl Simulator {
    /// Takes the events that have just happened.
    pub(in crate::simulator) fn dispatch(&self, state: &mut State) {
        for event in std::mem::take(&mut state.outgoing) {
            let fault = state.faults.misdeliver(&event.kind);
            let lane = event.lane.clone();
            let delivery = Delivery { event, retry: 0, reason: "", due: 0, fault };
            match fault {
                Some(Misdelivery::Drop) => continue,
                Some(Misdelivery::Reorder) => {
                    let before = self.queues().held.insert(lane, delivery);
                    before.into_iter().for_each(|before| self.enqueue(before));
                    continue;
                }
                Some(Misdelivery::Duplicate) => self.enqueue(delivery.clone()),
                Some(Misdelivery::LoseAnswer | Misdelivery::HangUp) | None => {}
            }
            self.enqueue(delivery);
            let held = self.queues().held.remove(&lane);
            held.into_iter().for_each(|held| self.enqueue(held));
        }
    }

    /// Sends what was held back although nothing came after it.
    pub(in crate::simulator) fn release_held(&self) {
        let held: Vec<_> = self.queues().held.drain().map(|(_, held)| held).collect();
        held.into_iter().for_each(|held| self.enqueue(held));
    }

    /// Sends the retries whose time has come, and waits until they have been tried. Returns how
    /// many there were.
    pub async fn run_due(&self) -> usize {
        let count = self.start_due();
        self.settle().await;
        count
    }

    /// Begins to send the retries whose time has come, and posts what was scheduled.
    pub(in crate::simulator) fn start_due(&self) -> usize {
        let now = self.clock().now();
        if self.read(|state| !state.scheduled.is_empty()) {
            self.write(|state| state.post_scheduled(now));
        }
        let due = {
            let mut queues = self.queues();
            let all = std::mem::take(&mut queues.later);
            let (due, later): (Vec<_>, Vec<_>) = all.into_iter().partition(|d| d.due <= now);
            queues.later = later;
            due
        };
        let count = due.len();
        due.into_iter().for_each(|delivery| self.enqueue(delivery));
        count
    }

    /// When the next retry is due, if one is.
    pub fn next_due(&self) -> Option<Micros> {
        self.queues().later.iter().map(|delivery| delivery.due).min()
    }

    /// Asks the app whether the events URL is its own, as Slack does before it uses it.
    pub async fn verify_events_url(&self) -> Result<(), String> {
        let url = self.read(|state| state.app.urls.events.clone());
        let challenge = self.write_quietly(|state| state.next_id("challenge"));
        let body = json!({
            "token": "simulator", "challenge": challenge, "type": "url_verification",
        });
        let letter = Letter {
            what: "url_verification",
            event_id: None,
            url: &url,
            content_type: "application/json",
            body: Bytes::from(body.to_string()),
            retry: None,
            follows_redirects: true,
        };
        let answer = self.send(letter).await?;
        if answer.status != 200 {
            return Err(format!("the answer's status is {}", answer.status));
        }
        match answered_challenge(&answer).as_deref() == Some(&*challenge) {
            true => Ok(()),
            false => Err("the answer isn't the challenge".to_owned()),
        }
    }

    fn enqueue(&self, delivery: Delivery) {
        self.core.in_hand.send_modify(|in_hand| *in_hand += 1);
        let lane = delivery.event.lane.clone();
        let mut queues = self.queues();
        match queues.lanes.get_mut(&lane) {
            Some(waiting) => waiting.push_back(delivery),
            None => {
                queues.lanes.insert(lane.clone(), VecDeque::from([delivery]));
                let simulator = self.within();
                tokio::spawn(async move { simulator.drain(&lane).await });
            }
        }
    }

    /// Works on a lane until it's empty.
    async fn drain(&self, lane: &str) {
        loop {
            let next = {
                let mut queues = self.queues();
                let next = queues.lanes.get_mut(lane).and_then(VecDeque::pop_front);
                if next.is_none() {
                    queues.lanes.remove(lane);
                }
                next
            };
            let Some(delivery) = next else { return };
            self.deliver(delivery).await;
            self.core.in_hand.send_modify(|in_hand| *in_hand -= 1);
        }
    }

    async fn deliver(&self, mut delivery: Delivery) {
        loop {
            let (url, enabled, uses_sockets) = self.read(|state| {
                let app = &state.app;
                (app.urls.events.clone(), app.events_enabled, app.socket_mode)
            });
            if !enabled || (url.is_empty() && !uses_sockets) {
                return;
            }
            let fault = delivery.fault.take();
            let letter = Letter {
                what: &delivery.event.kind,
                event_id: Some(&delivery.event.id),
                url: &url,
                content_type: "application/json",
                body: Bytes::from(delivery.event.body.clone()),
                retry: (delivery.retry > 0).then_some((delivery.retry, delivery.reason)),
                follows_redirects: true,
            };
            let result = match uses_sockets {
                true => {
                    let parcel = Parcel {
                        what: &delivery.event.kind,
                        event_id: Some(&delivery.event.id),
                        payload: serde_json::from_str(&delivery.event.body).unwrap_or_default(),
                        retry: (delivery.retry, if delivery.retry > 0 { "timeout" } else { "" }),
                    };
                    self.send_envelope(&parcel, fault).await
                }
                false => self.send(letter).await,
            };
            // What happens while no socket is open is lost.
            if delivery.retry == 0 && matches!(result, Err("no_socket")) {
                return;
            }
            let result = match fault {
                Some(Misdelivery::LoseAnswer | Misdelivery::HangUp) => {
                    result.and(Err("http_timeout"))
                }
                _ => result,
            };
            let failure = match &result {
                Err(reason) => Some(*reason),
                Ok(answer) if !answer.is_success() => Some("http_error"),
                Ok(_) => None,
            };
            self.count(failure.is_some());
            let Some(reason) = failure else { return };
            let gives_up = result.is_ok_and(|answer| {
                answer.headers.get("x-slack-no-retry").is_some_and(|value| value == "1")
            });
            let Some(wait) = RETRIES.get(usize::from(delivery.retry)).filter(|_| !gives_up) else {
                return;
            };
            delivery.retry += 1;
            delivery.reason = reason;
            delivery.due = self.clock().now() + wait;
            if *wait > 0 {
                self.queues().later.push(delivery);
                return;
            }
        }
    }

    /// Counts an attempt, and switches events off when nearly all of very many have failed.
    fn count(&self, failed: bool) {
        let minute = self.clock().now() / MINUTE;
        let mut queues = self.queues();
        let minutes = &mut queues.minutes;
        match minutes.back_mut() {
            Some((last, attempts, failures)) if *last == minute => {
                *attempts += 1;
                *failures += u64::from(failed);
            }
            _ => minutes.push_back((minute, 1, u64::from(failed))),
        }
        while minutes.front().is_some_and(|(first, ..)| minute - first > WINDOW / MINUTE) {
            minutes.pop_front();
        }
        let sum = minutes.iter().fold((0, 0), |sum, (_, a, f)| (sum.0 + a, sum.1 + f));
        drop(queues);
        let (attempts, failures) = sum;
        if failed && attempts >= EXEMPT_BELOW && failures * 100 > attempts * 95 {
            self.write(|state| state.app.events_enabled = false);
        }
    }
}

/// It may come as text, as a form, or as JSON.
fn answered_challenge(answer: &Answer) -> Option<String> {
    let text = std::str::from_utf8(&answer.body).ok()?;
    let kind = answer.content_type();
    if kind.starts_with("application/json") {
        let body: Value = serde_json::from_str(text).ok()?;
        return Some(body["challenge"].as_str()?.to_owned());
    }
    let form = text.strip_prefix("challenge=").filter(|_| kind.contains("form-urlencoded"));
    Some(form.unwrap_or(text).trim().to_owned())
}

impl State {
    /// Tells the app that it's sent too many events.
    pub fn tell_rate_limited(&mut self, now: Micros) {
        let id = self.next_id("Ev");
        let body = json!({
            "token": "simulator",
            "type": "app_rate_limited",
            "team_id": self.team.id,
            "minute_rate_limited": now / MINUTE * 60,
            "api_app_id": self.app.id,
        });
        let (kind, lane) = ("app_rate_limited".to_owned(), String::new());
        self.outgoing.push(Event { id, kind, lane, body: body.to_string() });
    }
}

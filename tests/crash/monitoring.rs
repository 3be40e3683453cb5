//! What monitoring says: storms of alerts, the same ones again, and that some of them are over, as a
//! seed decides.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::ask::{Ask, Deliveries};
use crate::chance::Chance;
use crate::ledger::{Asked, Fate, Ledger, Trace};
use crate::requests::{From, Request};
use crate::world::World;

/// The most alerts in one request.
const BATCH: u64 = 4;
/// The most alerts that one storm has: fewer than a group takes.
const STORM: usize = 24;

/// A sender of alerts, and what it says in one world.
pub struct Monitoring {
    chance: Chance,
    door: Door,
    asked: u64,
    storms: Vec<Storm>,
    /// The most storms: each of them is an incident.
    limit: usize,
}

/// Where it sends to, and what opens there.
struct Door {
    path: String,
    secret: String,
}

/// Alerts that are about one service, and so belong to one incident.
struct Storm {
    word: String,
    alerts: usize,
    /// Those that are over: nothing more is said of them. The first one never is, so that the storm
    /// has a reason for its incident whatever happens.
    over: BTreeSet<String>,
}

impl Monitoring {
    /// A sender that this world's replicas know, for so many storms. At least one of them runs.
    pub async fn arrive(chance: Chance, world: &World, limit: usize) -> Result<Monitoring> {
        let source = json!({ "kind": "generic", "name": "crash" });
        let made = world.post("/api/v1/sources", &source).await?;
        let text = |field: &str| made[field].as_str().map(str::to_owned).context("a source");
        let door = Door { path: text("path")?, secret: text("secret")? };
        // Half a minute for each storm would be half a minute for each test.
        let route = json!({ "name": "Soon", "group_wait_seconds": 1 });
        world.post("/api/v1/alert-routes", &route).await?;
        Ok(Monitoring { chance, door, asked: 0, storms: Vec::new(), limit })
    }

    /// So many requests, to be sent side by side.
    pub fn says(&mut self, requests: u64, ledger: &Ledger) -> Vec<Ask> {
        let mut named = BTreeSet::new();
        (0..requests).map(|_| self.say(ledger, &mut named)).collect()
    }

    /// `named` are the alerts of which something is said at the same time.
    fn say(&mut self, ledger: &Ledger, named: &mut BTreeSet<String>) -> Ask {
        if self.storms.is_empty() || (self.storms.len() < self.limit && self.chance.one_in(4)) {
            let word = format!("storm{:04}", self.storms.len() + 1);
            self.storms.push(Storm { word, alerts: 0, over: BTreeSet::new() });
            return self.fires(self.storms.len() - 1, named);
        }
        let storm = self.chance.place(self.storms.len());
        let settled = self.chance.one_in(4).then(|| self.storms[storm].settled(ledger, named));
        match settled.flatten() {
            Some(key) => self.is_over(storm, key, named),
            None => self.fires(storm, named),
        }
    }

    /// Some alerts fire: new ones, and some that are known to.
    fn fires(&mut self, storm: usize, named: &mut BTreeSet<String>) -> Ask {
        let count = self.chance.within(1..BATCH + 1);
        let mut keys: BTreeSet<String> = BTreeSet::new();
        for _ in 0..count {
            let storm = &mut self.storms[storm];
            let is_new = storm.alerts == 0 || (storm.alerts < STORM && self.chance.one_in(2));
            let number = if is_new { storm.alerts } else { self.chance.place(storm.alerts) };
            storm.alerts = storm.alerts.max(number + 1);
            let key = storm.key(number);
            if !storm.over.contains(&key) {
                keys.insert(key);
            }
        }
        if keys.is_empty() {
            keys.insert(self.storms[storm].key(0));
        }
        named.extend(keys.iter().cloned());
        let alerts = keys.iter().map(|key| alert(&self.storms[storm].word, key, "firing"));
        let alerts: Vec<Value> = alerts.collect();
        let keys: Vec<String> = keys.into_iter().collect();
        let what = format!("alerts fire: {}", keys.join(", "));
        self.ask(storm, Trace::Fires(keys), what, &alerts.into())
    }

    fn is_over(&mut self, storm: usize, key: String, named: &mut BTreeSet<String>) -> Ask {
        named.insert(key.clone());
        self.storms[storm].over.insert(key.clone());
        let alert = alert(&self.storms[storm].word, &key, "resolved");
        self.ask(storm, Trace::IsOver(key.clone()), format!("{key} is over"), &alert)
    }

    fn ask(&mut self, storm: usize, trace: Trace, what: String, body: &Value) -> Ask {
        self.asked += 1;
        // Some senders name their deliveries, and some do not.
        let delivery = self.chance.one_in(2).then(|| format!("delivery {}", self.asked));
        let from = From::Monitoring { secret: self.door.secret.clone(), delivery };
        let request = Request { path: self.door.path.clone(), body: body.to_string(), from };
        let deliveries = match self.chance.within(0..8) {
            0 => Deliveries::TwiceInTurn,
            1 => Deliveries::TwiceAtOnce,
            _ => Deliveries::Once,
        };
        Ask { case: self.storms[storm].word.clone(), trace, what, request, deliveries }
    }
}

impl Storm {
    fn key(&self, number: usize) -> String {
        format!("{}-{number}", self.word)
    }

    /// An alert of which all is known that was said: no late request can make it fire again.
    fn settled(&self, ledger: &Ledger, named: &BTreeSet<String>) -> Option<String> {
        let asked = ledger.all();
        let is_settled = |key: &String| {
            let about = asked.iter().filter(|asked| asked.trace.is_about(key));
            let mut about = about.map(|asked| &asked.fate).peekable();
            about.peek().is_some() && about.all(|fate| *fate == Fate::Acknowledged)
        };
        // A storm that is over before its incident opens has none. The first alert fires for as long as
        // the storm lasts, once it was taken.
        let first = self.key(0);
        let lasts =
            |asked: &Asked| asked.fate == Fate::Acknowledged && asked.trace.is_about(&first);
        if !asked.iter().any(lasts) {
            return None;
        }
        let mut keys = (1..self.alerts).map(|number| self.key(number));
        keys.find(|key| !self.over.contains(key) && !named.contains(key) && is_settled(key))
    }
}

fn alert(word: &str, key: &str, status: &str) -> Value {
    json!({
        "title": format!("{word} is what burns"), "key": key, "status": status,
        "severity": "critical", "labels": { "service": word },
    })
}

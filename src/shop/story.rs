//! What the shop's monitoring says while it breaks, second by second.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::shop::course::{Alert, Course, courses};
use crate::shop::doors::{Door, Letter};
use crate::shop::scenario::Scenario;

/// How many alerts of Prometheus a storm has.
pub const STORM: usize = 300;
/// How many alerts Prometheus posts in one request.
const BATCH: usize = 64;
/// How often Prometheus says again what it has said.
const AGAIN: Duration = Duration::from_secs(60);
/// For how long Prometheus says again that an alert is over.
const TIMES_OVER: u64 = 15;
/// For how long an alert holds that Prometheus says nothing more of.
const HOLDS: Duration = Duration::from_secs(4 * 60);

/// Where a story is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Something is changed.
    Change,
    /// A handful of alerts.
    Signs,
    /// Hundreds of them.
    Storm,
    /// All of them at once.
    Height,
    /// One after another ends.
    Recovery,
    /// Nothing fires.
    Recovered,
    /// Some go on and off.
    Flapping,
    /// Nothing fires any more.
    Quiet,
    /// It comes back.
    Back,
    /// It ends again.
    Fading,
    /// It is over for good.
    Over,
}

impl Phase {
    /// All of them, in order.
    pub const ALL: [Phase; 11] = [
        Phase::Change,
        Phase::Signs,
        Phase::Storm,
        Phase::Height,
        Phase::Recovery,
        Phase::Recovered,
        Phase::Flapping,
        Phase::Quiet,
        Phase::Back,
        Phase::Fading,
        Phase::Over,
    ];

    /// The second of the story in which it begins.
    pub fn begins(self) -> u64 {
        match self {
            Phase::Change => 0,
            Phase::Signs => 3,
            Phase::Storm => 10,
            Phase::Height => 40,
            Phase::Recovery => 55,
            Phase::Recovered => 85,
            Phase::Flapping => 92,
            Phase::Quiet => 122,
            Phase::Back => 142,
            Phase::Fading => 157,
            Phase::Over => 167,
        }
    }

    /// The phase of a second.
    pub fn at(second: u64) -> Phase {
        let begun = Phase::ALL.into_iter().rev().find(|phase| phase.begins() <= second);
        begun.unwrap_or(Phase::Change)
    }
}

/// A way to break, from the change before it until it is over for good. It is the same one for the
/// same seed.
#[derive(Debug)]
pub struct Story {
    scenario: Scenario,
    courses: Vec<Course>,
    began: Timestamp,
    pace: f64,
}

impl Story {
    /// The story of this scenario, beginning then; `pace` times as fast as its seconds say.
    pub fn new(scenario: Scenario, seed: u64, began: Timestamp, pace: f64) -> Story {
        Story { scenario, courses: courses(scenario.plot(), seed), began, pace }
    }

    /// What breaks.
    pub fn scenario(&self) -> Scenario {
        self.scenario
    }

    /// The second of the story at this time after its beginning.
    pub fn second(&self, after: Duration) -> u64 {
        after.mul_f64(self.pace).as_secs()
    }

    /// How long after its beginning a second of the story begins.
    pub fn after(&self, second: u64) -> Duration {
        Duration::from_secs(second).div_f64(self.pace)
    }

    /// How many alerts fire in this second.
    pub fn firing(&self, second: u64) -> usize {
        self.courses.iter().filter(|course| course.firing(second).is_some()).count()
    }

    /// What is sent in this second.
    pub fn letters(&self, second: u64) -> Vec<Letter> {
        let mut letters: Vec<Letter> = self.change(second).into_iter().collect();
        let again = (AGAIN.mul_f64(self.pace).as_secs()).max(1);
        let mut posts = Vec::new();
        for course in &self.courses {
            let Some(span) = course.fires.iter().rev().find(|span| span.start <= second) else {
                continue;
            };
            let is_over = span.end <= second;
            let since = second - if is_over { span.end } else { span.start };
            let said = match &course.alert {
                Alert::Watched { .. } if is_over => {
                    since.is_multiple_of(again) && since / again <= TIMES_OVER
                }
                Alert::Watched { .. } => since.is_multiple_of(again),
                // A prober speaks when something changes.
                Alert::Probed { .. } => since == 0,
            };
            if said {
                let ended = is_over.then_some(span.end);
                self.say(&course.alert, span.start, ended, second, &mut posts, &mut letters);
            }
        }
        letters.extend(in_batches(posts));
        letters
    }

    /// What is sent when somebody mends everything in this second.
    pub fn end(&self, second: u64) -> Vec<Letter> {
        let (mut letters, mut posts) = (Vec::new(), Vec::new());
        for course in &self.courses {
            if let Some(since) = course.firing(second) {
                self.say(&course.alert, since, Some(second), second, &mut posts, &mut letters);
            }
        }
        letters.extend(in_batches(posts));
        letters
    }

    fn say(
        &self,
        alert: &Alert,
        since: u64,
        ended: Option<u64>,
        second: u64,
        posts: &mut Vec<Value>,
        letters: &mut Vec<Letter>,
    ) {
        match alert {
            Alert::Watched { labels, annotations } => {
                let ends = match ended {
                    Some(ended) => self.when(ended),
                    None => self.when(second) + HOLDS,
                };
                let graph =
                    format!("http://prometheus.acme.example:9090/graph#{}", labels["alertname"]);
                posts.push(json!({
                    "labels": labels,
                    "annotations": annotations,
                    "startsAt": self.when(since),
                    "endsAt": ends,
                    "generatorURL": graph,
                }));
            }
            Alert::Probed { city, unable, area } => {
                let key = format!("probe/{area}/{city}");
                let body = match ended {
                    Some(_) => json!({"event_action": "resolve", "dedup_key": key}),
                    None => json!({
                        "event_action": "trigger",
                        "dedup_key": key,
                        "client": "Probes",
                        "client_url": "https://probes.acme.example",
                        "payload": {
                            "summary": format!("{unable}, seen from {city}"),
                            "source": format!("probe in {city}"),
                            "severity": "critical",
                            "timestamp": self.when(since),
                            "component": "storefront",
                            "group": area,
                            "class": "probe",
                        },
                    }),
                };
                letters.push(Letter { door: Door::Events, body });
            }
        }
    }

    fn change(&self, second: u64) -> Option<Letter> {
        let plot = self.scenario.plot();
        (second == Phase::Change.begins()).then(|| {
            let payload = json!({
                "summary": plot.change,
                "source": "deployments",
                "timestamp": self.when(second),
                "custom_details": {"group": plot.area, "by": "pipeline"},
            });
            let links =
                json!([{"href": "https://ci.acme.example/builds/4711", "text": "Build 4711"}]);
            Letter { door: Door::Changes, body: json!({"payload": payload, "links": links}) }
        })
    }

    fn when(&self, second: u64) -> Timestamp {
        self.began + self.after(second)
    }
}

fn in_batches(posts: Vec<Value>) -> impl Iterator<Item = Letter> {
    let batches: Vec<Value> = posts.chunks(BATCH).map(|batch| json!(batch)).collect();
    batches.into_iter().map(|body| Letter { door: Door::Alerts, body })
}

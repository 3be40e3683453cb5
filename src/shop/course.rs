//! When each alert of a story fires.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::shop::chance::Chance;
use crate::shop::place::{Spot, spots};
use crate::shop::rule::{self, Rule};
use crate::shop::scenario::Plot;
use crate::shop::story::{Phase, STORM};

/// How many alerts come before the storm.
const FIRST_SIGNS: usize = 6;
/// How many go on and off.
const FLAPPING: usize = 3;
/// For how long one of these fires, and then does not. Together they never rest all at once.
const FLAP: (u64, u64) = (6, 3);
/// How many come back at the end.
const COMING_BACK: usize = 40;
/// From where customers are imitated.
const CITIES: [&str; 4] = ["Frankfurt", "London", "New York", "Singapore"];

/// An alert, and the seconds of the story in which it fires.
#[derive(Debug)]
pub struct Course {
    /// Who says what.
    pub alert: Alert,
    /// When it fires, in order.
    pub fires: Vec<Range<u64>>,
}

/// What is said, and by whom.
#[derive(Debug)]
pub enum Alert {
    /// By Prometheus.
    Watched {
        /// What identifies it.
        labels: BTreeMap<&'static str, String>,
        /// What else there is to say.
        annotations: BTreeMap<&'static str, String>,
    },
    /// By a program that imitates customers, and speaks with PagerDuty's API.
    Probed {
        /// From where.
        city: &'static str,
        /// What a customer can't do.
        unable: &'static str,
        /// The part of the shop.
        area: &'static str,
    },
}

impl Course {
    /// When it began to fire, if it fires in this second.
    pub fn firing(&self, second: u64) -> Option<u64> {
        self.fires.iter().find(|span| span.contains(&second)).map(|span| span.start)
    }
}

/// Every alert of a story, the nearest to the cause first.
pub fn courses(plot: &'static Plot, seed: u64) -> Vec<Course> {
    let mut chance = Chance::new(seed);
    let watched = watched(plot, &mut chance);
    let mut courses = Vec::new();
    let mut flapping = 0;
    for (place, (rule, spot)) in watched.into_iter().enumerate() {
        let mut fires = vec![first_time(place, &mut chance)];
        if *rule == *plot.flaps && flapping < FLAPPING {
            fires.extend(flaps(flapping));
            flapping += 1;
        }
        if place < COMING_BACK {
            fires.push(second_time(&mut chance));
        }
        courses.push(Course { alert: alert(plot, rule, &spot, place == 0), fires });
    }
    for (number, city) in CITIES.into_iter().enumerate() {
        let mut fires = vec![first_time(FIRST_SIGNS + number * 20, &mut chance)];
        if number % 2 == 0 {
            fires.push(second_time(&mut chance));
        }
        let alert = Alert::Probed { city, unable: plot.unable, area: plot.area };
        courses.push(Course { alert, fires });
    }
    courses
}

/// What Prometheus finds: where it began, then in what depends on that, then everywhere.
fn watched(plot: &Plot, chance: &mut Chance) -> Vec<(&'static Rule, Spot)> {
    let ring = |rules: &[&'static Rule], services: &[&'static str]| {
        let all = rules.iter().flat_map(|rule| {
            spots(rule.scope, services, plot.clusters).into_iter().map(|spot| (*rule, spot))
        });
        all.collect::<Vec<_>>()
    };
    let mut own = ring(plot.own, plot.root);
    let near = [&rule::ERRORS, &rule::LATENCY, &rule::UPSTREAM, &rule::RETRIES];
    let mut near = ring(&near, plot.near);
    let mut rest = ring(&[&rule::QUEUE, &rule::BUSY], crate::shop::place::SERVICES);
    // The headline stays the first one.
    chance.shuffle(&mut own[1..]);
    chance.shuffle(&mut near);
    chance.shuffle(&mut rest);
    let mut all: Vec<_> = own.into_iter().chain(near).chain(rest).collect();
    all.truncate(STORM);
    all
}

/// When the alert of this place in the order fires for the first time: what is near the cause
/// begins first, and ends last.
fn first_time(place: usize, chance: &mut Chance) -> Range<u64> {
    let (storm, height) = (Phase::Storm.begins(), Phase::Height.begins());
    let (recovery, recovered) = (Phase::Recovery.begins(), Phase::Recovered.begins());
    let portion =
        |from: u64, to: u64, place: usize| from + (to - from) * place as u64 / STORM as u64;
    let from = if place < FIRST_SIGNS {
        Phase::Signs.begins() + place as u64
    } else {
        portion(storm, height, place).saturating_sub(chance.below(4)).max(storm)
    };
    let until = portion(recovery, recovered, STORM - place.min(STORM)) + 1;
    from..until.saturating_sub(chance.below(4)).clamp(recovery, recovered - 1)
}

/// When the alert of this place among those that flap fires.
fn flaps(place: usize) -> impl Iterator<Item = Range<u64>> {
    let (on, off) = FLAP;
    let first = Phase::Flapping.begins() + place as u64 * off;
    let end = Phase::Quiet.begins();
    (0..)
        .map(move |time| first + time * (on + off))
        .map(move |from| from..from + on)
        .take_while(move |span| span.end <= end)
}

/// When an alert fires that comes back at the end.
fn second_time(chance: &mut Chance) -> Range<u64> {
    let (back, fading, over) = (Phase::Back.begins(), Phase::Fading.begins(), Phase::Over.begins());
    back + chance.below(8)..fading + chance.below(over - fading)
}

fn alert(plot: &Plot, rule: &Rule, spot: &Spot, is_headline: bool) -> Alert {
    let mut labels = BTreeMap::from([
        ("alertname", rule.name.to_owned()),
        ("severity", rule.severity.to_owned()),
        ("cluster", spot.cluster.to_owned()),
        ("group", plot.area.to_owned()),
    ]);
    let about = spot.service.unwrap_or("hosts");
    if let Some(service) = spot.service {
        labels.insert("service", service.to_owned());
        labels.insert("job", service.to_owned());
    }
    if let Some(host) = &spot.host {
        labels.insert("host", host.clone());
        labels.insert("instance", format!("{host}:9100"));
    }
    if let Some(pod) = &spot.pod {
        labels.insert("pod", pod.clone());
    }
    let runbook = format!("https://runbooks.acme.example/{about}#{}", rule.name);
    let mut annotations = BTreeMap::from([
        ("runbook_url", runbook),
        (
            "dashboard",
            format!("https://grafana.acme.example/d/{about}?var-cluster={}", spot.cluster),
        ),
    ]);
    if is_headline {
        annotations.insert("summary", plot.headline.to_owned());
        annotations.insert("description", plot.description.to_owned());
    } else {
        annotations.insert("summary", rule.summary(spot));
    }
    Alert::Watched { labels, annotations }
}

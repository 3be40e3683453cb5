//! The books of alerts: what was acknowledged to their sender, what the API shows of them, which
//! incidents they opened, and the cards of their groups in Slack.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};

use crate::books::{Recorded, Tally, word_of};
use crate::ledger::{Asked, Fate, Trace};
use crate::world::World;

/// An alert in the second book.
pub struct Alerted {
    key: String,
    group: String,
    /// The incident that it is part of, as people call it.
    incident: Option<String>,
    is_firing: bool,
}

/// A group of alerts, as its card has to show it.
#[derive(Default)]
pub struct Grouped {
    size: usize,
    firing: usize,
    words: BTreeSet<String>,
    incidents: BTreeSet<Option<String>>,
}

impl Grouped {
    /// Whether this incident is its own.
    pub fn is_of(&self, reference: &str) -> bool {
        self.incidents.iter().flatten().any(|incident| incident == reference)
    }

    /// How its card ends, for people who see a notification only.
    pub fn in_short(&self) -> String {
        match (self.firing, self.size) {
            (1, 1) => "firing, critical".to_owned(),
            (firing, size) => format!("{firing} of {size} firing, worst critical"),
        }
    }
}

/// Every alert that the API shows.
pub async fn read(world: &World) -> Result<Vec<Alerted>> {
    let mut all = Vec::new();
    let mut path = "/api/v1/alerts?limit=200".to_owned();
    loop {
        let page = world.get(&path).await?;
        for alert in page["alerts"].as_array().context("a page of alerts")? {
            let text = |field: &str| alert[field].as_str().map(str::to_owned).context("an alert");
            all.push(Alerted {
                key: text("key")?,
                group: text("group")?,
                incident: alert["incident"]["reference"].as_str().map(str::to_owned),
                is_firing: alert["firing"] == true,
            });
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/alerts?limit=200&cursor={cursor}"),
            None => return Ok(all),
        }
    }
}

/// The alerts' groups, by their ids.
pub fn groups(alerts: &[Alerted]) -> BTreeMap<String, Grouped> {
    let mut groups: BTreeMap<String, Grouped> = BTreeMap::new();
    for alert in alerts {
        let group = groups.entry(alert.group.clone()).or_default();
        group.size += 1;
        group.firing += usize::from(alert.is_firing);
        group.words.insert(word(&alert.key).to_owned());
        group.incidents.insert(alert.incident.clone());
    }
    groups
}

/// What was said of alerts, against the alerts, and these against the incidents of the record.
pub fn check(asked: &[Asked], alerts: &[Alerted], record: &[Recorded], tally: &mut Tally) {
    check_alerts(asked, alerts, tally);
    check_ends(asked, alerts, tally);
    check_groups(alerts, record, tally);
}

/// Each alert that was acknowledged is there once; of the others at most one.
fn check_alerts(asked: &[Asked], alerts: &[Alerted], tally: &mut Tally) {
    let mut fates: BTreeMap<&str, Fate> = BTreeMap::new();
    for asked in asked {
        let Trace::Fires(keys) = &asked.trace else { continue };
        for key in keys {
            let best = fates.get(key.as_str()).map_or(&asked.fate, |fate| fate.min(&asked.fate));
            fates.insert(key, best.clone());
        }
    }
    for (key, fate) in &fates {
        let times = alerts.iter().filter(|alert| alert.key == *key).count();
        tally.alerts += usize::from(*fate == Fate::Acknowledged);
        let what = || format!("alert {key} ({fate:?}) is there {times} times");
        match (fate, times) {
            (Fate::Acknowledged, 1) | (Fate::Unknown, 0 | 1) => {}
            (Fate::Refused(_) | Fate::Unsent, 0) => {}
            (Fate::Acknowledged, 0) => tally.lost.push(what()),
            _ => tally.doubled.push(what()),
        }
    }
    for alert in alerts.iter().filter(|alert| !fates.contains_key(alert.key.as_str())) {
        tally.left_over.push(format!("alert {}, which nobody sent", alert.key));
    }
}

/// What was acknowledged to be over is over, and what nobody has ended fires.
fn check_ends(asked: &[Asked], alerts: &[Alerted], tally: &mut Tally) {
    for alert in alerts {
        let ends = asked
            .iter()
            .filter(|asked| matches!(&asked.trace, Trace::IsOver(key) if *key == alert.key));
        let fate = ends.map(|asked| &asked.fate).min();
        let wanted = match fate {
            None | Some(Fate::Refused(_) | Fate::Unsent) => true,
            Some(Fate::Acknowledged) => false,
            Some(Fate::Unknown) => continue,
        };
        if alert.is_firing != wanted {
            let fires = if wanted { "does not fire" } else { "fires" };
            tally.lost.push(format!("alert {} {fires}, though its end is {fate:?}", alert.key));
        }
    }
}

/// Each storm is one group, each group one incident, and each incident knows how its alerts stand.
fn check_groups(alerts: &[Alerted], record: &[Recorded], tally: &mut Tally) {
    let groups = groups(alerts);
    tally.groups += groups.len();
    let mut of_storm: BTreeMap<&str, usize> = BTreeMap::new();
    for (id, group) in &groups {
        for word in &group.words {
            *of_storm.entry(word).or_default() += 1;
        }
        if group.words.len() != 1 {
            tally.left_over.push(format!("group {id} has alerts of {:?}", group.words));
        }
        let incidents: Vec<_> = group.incidents.iter().flatten().collect();
        let [reference] = incidents.as_slice() else {
            tally.lost.push(format!("group {id} has the incidents {:?}", group.incidents));
            continue;
        };
        let recorded = record.iter().find(|it| it.incident.reference() == **reference);
        let signal = recorded.and_then(|recorded| recorded.incident.signal.as_ref());
        if signal.is_none_or(|signal| signal.active != (group.firing > 0)) {
            tally.lost.push(format!("{reference} does not know how its alerts stand: {signal:?}"));
        }
    }
    let several = of_storm.iter().filter(|(_, times)| **times > 1);
    tally.doubled.extend(several.map(|(word, times)| format!("{word} is {times} groups")));
    for word in of_storm.keys() {
        let times = record.iter().filter(|recorded| word_of(recorded) == *word).count();
        if times > 1 {
            tally.doubled.push(format!("{word} has opened {times} incidents"));
        }
    }
}

/// The storm that an alert is part of.
fn word(key: &str) -> &str {
    key.split('-').next().unwrap_or(key)
}

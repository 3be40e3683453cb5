//! The three books, compared: what was acknowledged, what the record says, what Slack shows.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use stentor::incident::event::{Entry, Event};
use stentor::incident::state::Incident;

use crate::alerts;
use crate::ask::Known;
use crate::ledger::{Asked, Fate};
use crate::shown::{Shown, check};
use crate::world::World;

/// What was found, summed up over chapters.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub kills: usize,
    /// Replicas that slept through their leases.
    pub pauses: usize,
    pub acknowledged: usize,
    pub unacknowledged: usize,
    pub refused: usize,
    /// Different alerts that were acknowledged, and the groups that they are in.
    pub alerts: usize,
    pub groups: usize,
    /// Acknowledged and not in the record, or in the record and not in Slack.
    pub lost: Vec<String>,
    /// There more than once, or though it was refused.
    pub doubled: Vec<String>,
    /// Work that did not end, and things that belong to nothing.
    pub left_over: Vec<String>,
    pub given_up: Vec<String>,
    /// Seconds from restart until a declaration in flight was complete in Slack.
    pub complete_after: Vec<f64>,
}

/// One incident in the second book.
pub struct Recorded {
    pub incident: Incident,
    pub entries: Vec<Entry>,
}

impl Tally {
    /// Adds what another chapter found.
    pub fn add(&mut self, other: Tally) {
        self.kills += other.kills;
        self.pauses += other.pauses;
        self.acknowledged += other.acknowledged;
        self.unacknowledged += other.unacknowledged;
        self.refused += other.refused;
        self.alerts += other.alerts;
        self.groups += other.groups;
        self.lost.extend(other.lost);
        self.doubled.extend(other.doubled);
        self.left_over.extend(other.left_over);
        self.given_up.extend(other.given_up);
        self.complete_after.extend(other.complete_after);
    }

    /// What breaks the promise.
    pub fn broken(&self) -> Vec<String> {
        let name = |kind: &'static str| move |what: &String| format!("{kind}: {what}");
        let lost = self.lost.iter().map(name("lost"));
        let doubled = self.doubled.iter().map(name("doubled"));
        lost.chain(doubled).chain(self.left_over.iter().map(name("left over"))).collect()
    }
}

/// The incidents that there are, by the word in the name they were declared with.
pub async fn known(world: &World) -> Result<BTreeMap<String, Known>> {
    let page = world.get("/api/v1/incidents?limit=200").await?;
    let incidents = page["incidents"].as_array().context("a page of incidents")?;
    let known = incidents.iter().filter_map(|incident| {
        let word = incident["name"].as_str()?.split(' ').next()?.to_owned();
        let (id, number) = (incident["id"].as_str()?.to_owned(), incident["number"].as_i64()?);
        Some((word, Known { id, number }))
    });
    Ok(known.collect())
}

/// The second book: every incident that the API shows, with its whole record.
pub async fn record(world: &World) -> Result<Vec<Recorded>> {
    let mut all = Vec::new();
    let page = world.get("/api/v1/incidents?limit=200").await?;
    for incident in page["incidents"].as_array().context("a page of incidents")? {
        let id = incident["id"].as_str().context("an id")?;
        let mut entries: Vec<Entry> = Vec::new();
        let mut after = 0;
        loop {
            let path = format!("/api/v1/incidents/{id}/timeline?limit=200&after={after}");
            let page = world.get(&path).await?;
            entries.extend(serde_json::from_value::<Vec<Entry>>(page["entries"].clone())?);
            match page["next_after"].as_i64() {
                Some(next) => after = next,
                None => break,
            }
        }
        let incident = Incident::replay(id.into(), &entries).context("a record that declares")?;
        all.push(Recorded { incident, entries });
    }
    all.sort_by_key(|recorded| recorded.incident.number);
    Ok(all)
}

/// Waits until nothing is left to do, and compares.
pub async fn compare(world: &World) -> Result<Tally> {
    let left = world.quiet().await?;
    let mut tally = Tally {
        left_over: left.waiting.iter().map(|work| format!("work {work}")).collect(),
        given_up: left.given_up,
        ..Tally::default()
    };
    let record = record(world).await?;
    let asked = world.ledger.all();
    count(&asked, &record, &mut tally);
    check_numbers(&record, &mut tally);
    let alerts = alerts::read(world).await?;
    alerts::check(&asked, &alerts, &record, &mut tally);
    let shown = Shown::read(world).await?;
    check(&record, &alerts::groups(&alerts), &shown, &mut tally);
    Ok(tally)
}

/// First book against second.
fn count(asked: &[Asked], record: &[Recorded], tally: &mut Tally) {
    let mut by_word: BTreeMap<&str, Vec<&Recorded>> = BTreeMap::new();
    for recorded in record {
        by_word.entry(word_of(recorded)).or_default().push(recorded);
    }
    for asked in asked {
        let entries = by_word.get(asked.case.as_str()).into_iter().flatten();
        let entries = entries.flat_map(|recorded| &recorded.entries);
        let times = entries.filter(|entry| asked.trace.is_in(entry)).count();
        let what = || format!("{} ({:?}) is recorded {times} times", asked.what, asked.fate);
        match asked.fate {
            Fate::Acknowledged => tally.acknowledged += 1,
            Fate::Unknown => tally.unacknowledged += 1,
            Fate::Refused(_) | Fate::Unsent => tally.refused += 1,
        }
        if asked.trace.is_of_alerts() {
            continue;
        }
        match (&asked.fate, times) {
            (Fate::Acknowledged, 1) | (Fate::Unknown, 0 | 1) => {}
            (Fate::Refused(_) | Fate::Unsent, 0) => {}
            (Fate::Acknowledged, 0) => tally.lost.push(what()),
            _ => tally.doubled.push(what()),
        }
    }
    let words: BTreeSet<&str> = asked.iter().map(|asked| asked.case.as_str()).collect();
    for word in by_word.keys().filter(|word| !words.contains(*word)) {
        tally.left_over.push(format!("incident {word}, which nobody declared"));
    }
}

/// The word in the name that an incident was declared with.
pub fn word_of(recorded: &Recorded) -> &str {
    let name = match recorded.entries.first().map(|entry| &entry.event) {
        Some(Event::Declared(declared)) => declared.name.as_str(),
        _ => "",
    };
    name.split(' ').next().unwrap_or_default()
}

/// Numbers have neither gaps nor repeats, and neither have the entries of a record.
fn check_numbers(record: &[Recorded], tally: &mut Tally) {
    for (place, recorded) in record.iter().enumerate() {
        let number = recorded.incident.number;
        if number != place as i64 + 1 {
            tally.lost.push(format!("number {}: the next one is INC-{number}", place + 1));
            return;
        }
        for (place, entry) in recorded.entries.iter().enumerate() {
            if entry.version != place as i64 + 1 {
                tally.lost.push(format!("INC-{number}: entry {} is missing", place + 1));
                break;
            }
        }
        let given_up = recorded.entries.iter().filter_map(|entry| match &entry.event {
            Event::Undelivered { what, error } => Some(format!("INC-{number}: {what}: {error}")),
            _ => None,
        });
        tally.given_up.extend(given_up);
    }
}

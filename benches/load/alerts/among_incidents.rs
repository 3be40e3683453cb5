//! What an alert costs while many incidents are there, beside what it costs among a few: the ratio is
//! to be near one, because a workspace only grows.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::alerts::place::Place;
use crate::alerts::{ends, request_of, send_once, town};
use crate::fake_slack::FakeSlack;

/// So many incidents are there; what the first costs is what the others are compared with.
const INCIDENTS: [usize; 3] = [100, 10_000, 100_000];
/// Open incidents that alerts come for, the same number everywhere.
const BUSY: usize = 20;
/// Alerts for each of them.
const EACH: usize = 200;
/// Alerts in a request.
const SIZE: usize = 10;
/// How often all of them end and begin again.
const TURNS: usize = 5;
/// How often all of them are said again.
const REPEATS: usize = 25;
/// The path that all of it goes to.
const PATH: &str = "/alertmanager/api/v2/alerts";

/// What one alert takes, in microseconds, by what it says.
struct Cost {
    incidents: usize,
    new: f64,
    change: f64,
    repeat: f64,
    memory: f64,
}

/// Measures on fresh databases of this kind, and prints the table.
pub async fn measure(slack: &FakeSlack, folder: &Path, place: &Place) -> Result<()> {
    let mut costs = Vec::new();
    for incidents in INCIDENTS {
        eprintln!("… among {incidents} incidents …");
        costs.push(cost(slack, folder, place, incidents).await?);
    }
    println!(
        "\n| incidents, a fifth open | new alert | beside 100 | change | beside 100 | repeat | beside 100 | memory |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let first = &costs[0];
    for cost in &costs {
        println!(
            "| {} | {:.0} µs | {:.2} | {:.0} µs | {:.2} | {:.1} µs | {:.2} | {:.0} MiB |",
            cost.incidents,
            cost.new,
            cost.new / first.new,
            cost.change,
            cost.change / first.change,
            cost.repeat,
            cost.repeat / first.repeat,
            cost.memory,
        );
    }
    Ok(())
}

async fn cost(slack: &FakeSlack, folder: &Path, place: &Place, incidents: usize) -> Result<Cost> {
    let name = format!("among-{incidents}");
    let database = place.database(folder, &name).await?;
    let sender = place.sender(folder, &name, &database)?;
    town::fill(&database, &sender.source, incidents).await.context("make the incidents")?;
    place.settle(&database).await?;
    let server = place.serve(slack, folder, &name, &database, false).await?;
    // The busy ones are spread over all that are open.
    let open = incidents / town::OPEN_EVERY;
    let services: Vec<usize> =
        (0..BUSY).map(|place| place * open / BUSY * town::OPEN_EVERY).collect();
    let requests = |end: &str| -> Vec<Vec<u8>> {
        let alerts: Vec<String> = (1..=EACH)
            .flat_map(|instance| services.iter().map(move |service| (*service, instance)))
            .map(|(service, instance)| alert(service, instance, end))
            .collect();
        alerts.chunks(SIZE).map(|alerts| request_of(PATH, Some(&sender.secret), alerts)).collect()
    };
    let (later, earlier) = (ends(), "2026-11-26T01:02:03.004Z");
    let count = (BUSY * EACH) as f64;
    let micros = |took: Duration, alerts: f64| took.as_secs_f64() * 1e6 / alerts;
    let new = micros(send_once(server.address, requests(&later)).await?, count);
    let mut repeated = Duration::ZERO;
    for _ in 0..REPEATS {
        repeated += send_once(server.address, requests(&ends())).await?;
    }
    let mut changed = Duration::ZERO;
    for _ in 0..TURNS {
        changed += send_once(server.address, requests(earlier)).await?;
        changed += send_once(server.address, requests(&ends())).await?;
    }
    Ok(Cost {
        incidents,
        new,
        change: micros(changed, count * 2.0 * TURNS as f64),
        repeat: micros(repeated, count * REPEATS as f64),
        memory: server.resident_kib()? as f64 / 1_024.0,
    })
}

fn alert(service: usize, instance: usize, ends: &str) -> String {
    let labels = town::labels(service, instance);
    let labels: Vec<String> =
        labels.iter().map(|(name, value)| format!(r#""{name}":"{value}""#)).collect();
    format!(
        r#"{{"labels":{{{}}},"annotations":{{"summary":"Latency of service-{service} is above 500 ms","runbook_url":"https://runbooks.example.com/latency"}},"startsAt":"2026-11-26T01:02:03.004Z","endsAt":"{ends}"}}"#,
        labels.join(","),
    )
}

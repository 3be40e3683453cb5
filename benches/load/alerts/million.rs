//! A million different alerts, each said once: what they leave in the process's memory.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::alerts::place::Place;
use crate::alerts::{request, send_once};
use crate::fake_slack::FakeSlack;

/// Different alerts, and how many of them between two looks.
const ALERTS: usize = 1_000_000;
const STEP: usize = 100_000;
/// Nothing goes on for longer than this: what is left is not sent.
const LIMIT: Duration = Duration::from_secs(420);

/// Sends them, and prints how the memory grows.
pub async fn measure(slack: &FakeSlack, folder: &Path, place: &Place) -> Result<()> {
    let database = place.database(folder, "million").await?;
    let sender = place.sender(folder, "million", &database)?;
    let server = place.serve(slack, folder, "million", &database, false).await?;
    let since = Instant::now();
    println!("\n| different alerts | a second | memory |");
    println!("| ---: | ---: | ---: |");
    println!("| 0 | | {:.0} MiB |", server.resident_kib()? as f64 / 1_024.0);
    for first in (0..ALERTS).step_by(STEP) {
        if since.elapsed() > LIMIT {
            println!("\nMore than {} s: the rest was not sent.", LIMIT.as_secs());
            break;
        }
        let requests = (first..first + STEP).step_by(100).map(|first| {
            request("/alertmanager/api/v2/alerts", Some(&sender.secret), first..first + 100)
        });
        let took = send_once(server.address, requests.collect()).await?;
        println!(
            "| {} | {:.0} | {:.0} MiB |",
            first + STEP,
            STEP as f64 / took.as_secs_f64(),
            server.resident_kib()? as f64 / 1_024.0,
        );
    }
    Ok(())
}

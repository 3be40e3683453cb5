//! How fast alerts are taken, beside the stock Alertmanager, which keeps them only in memory.
//!
//! Both get the very same requests (its API v2), each pinned to the first processor, with the load on
//! the others. The alerts are as Prometheus sends them: a fixed set of them, again and again, each
//! time with a later end.
//!
//! Besides: what an alert costs among many incidents ([`among_incidents`]), what Postgres takes, and
//! what a million different ones leave in memory ([`million`]).

mod among_incidents;
mod million;
mod place;
mod town;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::task::JoinSet;

use crate::alerts::place::{Place, pinned};
use crate::connection::Connection;
use crate::fake_slack::FakeSlack;
use crate::histogram::Histogram;
use crate::process::{Server, free_address};

/// Connections that send at the same time.
const CONNECTIONS: usize = 64;
/// How long a rate is measured.
const MEASURED: Duration = Duration::from_secs(6);
/// How long the server is warmed up before: every alert has been seen by then.
const WARM_UP: Duration = Duration::from_secs(4);
/// Different alerts.
const ALERTS: usize = 10_000;
/// Alerts in a request, and by how much Stentor is to be faster: what is wanted, what is aimed at.
const SIZES: [(usize, f64, f64); 3] = [(1, 1.2, 2.0), (10, 2.0, 3.3), (100, 2.5, 4.0)];

/// What was measured with so many alerts a request.
struct Figure {
    size: usize,
    stentor: f64,
    alertmanager: Option<f64>,
    p99: Duration,
}

/// Measures, and prints the table.
pub async fn measure(folder: &Path) -> Result<()> {
    let slack = FakeSlack::start()?;
    let mut figures = Vec::new();
    for (size, ..) in SIZES {
        eprintln!("{size} alerts a request: Alertmanager …");
        let alertmanager = match alertmanager(folder, size).await? {
            Some(server) => Some(rate(server.address, "/api/v2/alerts", None, size).await?),
            None => None,
        };
        eprintln!("… and Stentor …");
        let (stentor, p99) = of_stentor(&slack, folder, &Place::Sqlite, size).await?;
        figures.push(Figure { size, stentor, alertmanager, p99 });
    }
    println!(
        "| alerts a request | Stentor | Alertmanager | ratio | wanted | aimed at | p99 at half |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (figure, (_, wanted, aimed)) in figures.iter().zip(SIZES) {
        let ratio = figure.alertmanager.map(|other| figure.stentor / other);
        println!(
            "| {} | {:.0}/s | {} | {} | {wanted} | {aimed} | {:.1} ms |",
            figure.size,
            figure.stentor,
            figure
                .alertmanager
                .map_or_else(|| "not installed".to_owned(), |rate| format!("{rate:.0}/s")),
            ratio.map_or_else(String::new, |ratio| {
                format!("{ratio:.2}{}", if ratio < wanted { " missed" } else { "" })
            }),
            figure.p99.as_secs_f64() * 1_000.0,
        );
    }
    many_open(&slack, folder).await
}

/// What it costs among many incidents.
pub async fn measure_among_incidents(folder: &Path) -> Result<()> {
    let slack = FakeSlack::start()?;
    among_incidents::measure(&slack, folder, &Place::Sqlite).await
}

/// What a million different ones take.
pub async fn measure_a_million(folder: &Path) -> Result<()> {
    let slack = FakeSlack::start()?;
    million::measure(&slack, folder, &Place::Sqlite).await
}

/// The same rates on Postgres, and what it costs there among many incidents.
pub async fn measure_on_postgres(folder: &Path) -> Result<()> {
    let (slack, place) = (FakeSlack::start()?, Place::postgres()?);
    println!("| alerts a request | Postgres | p99 at half |");
    println!("| ---: | ---: | ---: |");
    for (size, ..) in SIZES {
        let (rate, p99) = of_stentor(&slack, folder, &place, size).await?;
        println!("| {size} | {rate:.0}/s | {:.1} ms |", p99.as_secs_f64() * 1_000.0);
    }
    among_incidents::measure(&slack, folder, &place).await
}

/// Alerts a second at full speed, and the 99th percentile of the time to an answer at half of it.
async fn of_stentor(
    slack: &FakeSlack,
    folder: &Path,
    place: &Place,
    size: usize,
) -> Result<(f64, Duration)> {
    let name = format!("rate-{size}");
    let database = place.database(folder, &name).await?;
    let sender = place.sender(folder, &name, &database)?;
    let server = place.serve(slack, folder, &name, &database, true).await?;
    let path = "/alertmanager/api/v2/alerts";
    let rate = rate(server.address, path, Some(&sender.secret), size).await?;
    eprintln!("… and at half of that");
    let p99 = paced(server.address, path, &sender.secret, size, rate / 2.0).await?;
    Ok((rate, p99))
}

/// What many open alerts cost: memory, and time for each repeat and each new one.
async fn many_open(slack: &FakeSlack, folder: &Path) -> Result<()> {
    let place = Place::Sqlite;
    let database = place.database(folder, "many").await?;
    let secret = place.sender(folder, "many", &database)?.secret;
    let server = place.serve(slack, folder, "many", &database, false).await?;
    let path = "/alertmanager/api/v2/alerts";
    println!("\n| open alerts | new ones | repeats of 1,000 of them | memory |");
    println!("| ---: | ---: | ---: | ---: |");
    let mut sent = 0;
    for open in [1_000, 10_000, 100_000] {
        let requests: Vec<Vec<u8>> = (sent..open)
            .step_by(100)
            .map(|first| request(path, Some(&secret), first..(first + 100).min(open)))
            .collect();
        let count = (open - sent) as f64;
        let took = send_once(server.address, requests).await?;
        sent = open;
        let again: Vec<Vec<u8>> = (0..50)
            .flat_map(|_| (0..1_000).step_by(100))
            .map(|first| request(path, Some(&secret), first..first + 100))
            .collect();
        let repeats = again.len() as f64 * 100.0;
        let repeated = send_once(server.address, again).await?;
        println!(
            "| {open} | {:.0}/s | {:.0}/s | {:.0} MiB |",
            count / took.as_secs_f64(),
            repeats / repeated.as_secs_f64(),
            server.resident_kib()? as f64 / 1_024.0,
        );
    }
    Ok(())
}

/// The stock Alertmanager, if it is installed, with nobody to notify.
async fn alertmanager(folder: &Path, size: usize) -> Result<Option<Server>> {
    let folder = folder.join(format!("alertmanager-{size}"));
    std::fs::create_dir_all(&folder)?;
    let config = folder.join("alertmanager.yml");
    std::fs::write(&config, "route:\n  receiver: nobody\nreceivers:\n  - name: nobody\n")?;
    let address = free_address()?;
    let mut command = pinned("prometheus-alertmanager");
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .arg("--cluster.listen-address=")
        .env("GOMAXPROCS", "1");
    match Server::start_at(command, address, &folder, "/-/healthy").await {
        Ok(server) => Ok(Some(server)),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_missing(error: &anyhow::Error) -> bool {
    format!("{error:#}").contains("No such file")
        || format!("{error:#}").contains("failed to execute")
}

/// Alerts a second at full speed.
async fn rate(address: SocketAddr, path: &str, secret: Option<&str>, size: usize) -> Result<f64> {
    let requests = Arc::new(requests(path, secret, size));
    drive(address, &requests, WARM_UP, None).await?;
    let (sent, elapsed, _) = drive(address, &requests, MEASURED, None).await?;
    Ok((sent * size) as f64 / elapsed.as_secs_f64())
}

/// The 99th percentile of the time to an answer, at so many alerts a second.
async fn paced(
    address: SocketAddr,
    path: &str,
    secret: &str,
    size: usize,
    rate: f64,
) -> Result<Duration> {
    let requests = Arc::new(requests(path, Some(secret), size));
    let distance = Duration::from_secs_f64(size as f64 / rate);
    let (_, _, latency) = drive(address, &requests, MEASURED, Some(distance)).await?;
    Ok(latency.percentile(99.0))
}

/// Sends from all connections for so long, at full speed or at this distance.
async fn drive(
    address: SocketAddr,
    requests: &Arc<Vec<Vec<u8>>>,
    duration: Duration,
    distance: Option<Duration>,
) -> Result<(usize, Duration, Histogram)> {
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (requests, next) = (Arc::clone(requests), Arc::clone(&next));
        clients.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let (mut latency, mut sent) = (Histogram::new(), 0);
            let mut buffer = Vec::new();
            while started.elapsed() < duration {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let mut since = Instant::now();
                if let Some(distance) = distance {
                    // Latency counts from when it was due: a server that stalls can't hide that.
                    since = started + distance * u32::try_from(number).unwrap_or(u32::MAX);
                    tokio::time::sleep_until(since.into()).await;
                }
                buffer.clone_from(&requests[number % requests.len()]);
                renew(&mut buffer);
                let answer =
                    connection.exchange(&buffer).await.context("exchange with the server")?;
                if answer.status != 200 {
                    bail!("{} {}", answer.status, String::from_utf8_lossy(answer.body));
                }
                latency.record(since.elapsed());
                sent += 1;
            }
            Ok((sent, latency))
        });
    }
    let (mut sent, mut latency) = (0, Histogram::new());
    while let Some(client) = clients.join_next().await {
        let (of_client, its_latency) = client.context("a client panicked")??;
        sent += of_client;
        latency.merge(&its_latency);
    }
    Ok((sent, started.elapsed(), latency))
}

/// Sends each of these once.
async fn send_once(address: SocketAddr, requests: Vec<Vec<u8>>) -> Result<Duration> {
    let requests = Arc::new(requests);
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
        clients.spawn(async move {
            let mut connection = Connection::open(address).await?;
            while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                let answer = connection.exchange(request).await?;
                if answer.status != 200 {
                    bail!("{} {}", answer.status, String::from_utf8_lossy(answer.body));
                }
            }
            Ok(())
        });
    }
    while let Some(client) = clients.join_next().await {
        client.context("a client panicked")??;
    }
    Ok(started.elapsed())
}

/// All alerts, so many a request.
fn requests(path: &str, secret: Option<&str>, size: usize) -> Vec<Vec<u8>> {
    (0..ALERTS).step_by(size).map(|first| request(path, secret, first..first + size)).collect()
}

/// Where the end of an alert stands, and how long it is.
const ENDS: &[u8] = b"\"endsAt\":\"";

fn request(path: &str, secret: Option<&str>, alerts: std::ops::Range<usize>) -> Vec<u8> {
    let ends = ends();
    let alerts: Vec<String> = alerts.map(|number| alert(number, &ends)).collect();
    request_of(path, secret, &alerts)
}

fn request_of(path: &str, secret: Option<&str>, alerts: &[String]) -> Vec<u8> {
    let body = format!("[{}]", alerts.join(","));
    let authorization =
        secret.map_or_else(String::new, |secret| format!("Authorization: Bearer {secret}\r\n"));
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: stentor.example\r\nUser-Agent: Prometheus/2.53.3\r\n\
         Content-Type: application/json\r\n{authorization}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

/// Writes a later end into every alert of a request, as Prometheus does.
fn renew(request: &mut [u8]) {
    let ends = ends();
    let mut from = 0;
    while let Some(at) = find(&request[from..], ENDS) {
        let start = from + at + ENDS.len();
        request[start..start + ends.len()].copy_from_slice(ends.as_bytes());
        from = start;
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    // The first byte occurs often, the pair of the quote and the `e` seldom.
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == wanted[1]) {
        let at = from + at;
        if at > 0 && bytes[at - 1..].starts_with(wanted) {
            return Some(at - 1);
        }
        from = at + 1;
    }
    None
}

#[expect(clippy::disallowed_methods, reason = "the servers measured go by the system's clock")]
fn ends() -> String {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(4);
    at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

fn alert(number: usize, ends: &str) -> String {
    let service = number / 50;
    format!(
        r#"{{"labels":{{"alertname":"HighLatency","cluster":"eu-{}","instance":"web-{number}:9100","job":"node","service":"service-{service}","severity":"{}"}},"annotations":{{"summary":"Latency of service-{service} is above 500 ms","description":"The 99th percentile of web-{number} has been above 500 ms for five minutes.","runbook_url":"https://runbooks.example.com/latency"}},"startsAt":"2026-11-26T01:02:03.004Z","endsAt":"{ends}","generatorURL":"https://prometheus.example.com/graph?g0.expr=latency&g0.tab=1"}}"#,
        number % 4,
        if number.is_multiple_of(3) { "warning" } else { "critical" },
    )
}

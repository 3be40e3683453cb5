//! What lists and sums cost with a million incidents.
//!
//! The incidents are made up: three years of them, most of them over, with people, types, severities,
//! projects and tags as they may be in a large company. They are written through the store, as the engine
//! writes them. Lists are measured inside the process, sums and the rate over HTTP against the real
//! program. Postgres is measured too where `TEST_POSTGRES_URL` names one.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use stentor::api::tokens;
use stentor::app::DEFAULT_SLUG;
use stentor::clock::{Clock, Timestamp};
use stentor::ids::{
    IdSource, IncidentId, IncidentTypeId, RoleId, SeverityId, StatusId, UserId, WorkspaceId,
};
use stentor::incident::catalogue::{Catalogue, StatusCategory};
use stentor::incident::event::{Actor, Declared};
use stentor::incident::facets::Facet;
use stentor::incident::origin::Origin;
use stentor::incident::state::{Incident, Mode, Visibility};
use stentor::incident::wanted::{Moment, Span, Wanted};
use stentor::store::db::Db;
use stentor::store::incident_lists::{self, IncidentQuery, Order, Place};
use stentor::store::{incident_index, incidents, workspaces};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::connection::Connection;
use crate::fake_slack::FakeSlack;
use crate::histogram::Histogram;
use crate::process::Server;
use crate::stentor as program;

/// Incidents; `STENTOR_BENCH_INCIDENTS` says another number, for a quick look.
const INCIDENTS: i64 = 1_000_000;
/// Incidents that are written in one transaction.
const AT_ONCE: i64 = 8_192;
/// For how many days incidents have been declared.
const DAYS: i64 = 3 * 365;
/// How often each list is asked for.
const TIMES: usize = 300;
/// How often each sum is asked for: less than one token may ask at once.
const SUMS: usize = 110;
/// For how long the rate is measured, and over how many connections.
const MEASURED: Duration = Duration::from_secs(6);
const CONNECTIONS: usize = 16;

/// Measures on SQLite, and on Postgres where there is one.
pub async fn measure(folder: &Path) -> Result<()> {
    let count = std::env::var("STENTOR_BENCH_INCIDENTS").ok();
    let count = count.map_or(Ok(INCIDENTS), |count| count.parse())?;
    let slack = FakeSlack::start()?;
    let name = "lists";
    std::fs::create_dir_all(folder.join(name))?;
    let file = folder.join(name).join("bench.db");
    on_database("SQLite", &format!("sqlite://{}", file.display()), count, &slack, folder).await?;
    match std::env::var("TEST_POSTGRES_URL") {
        Ok(url) => on_database("Postgres", &url, count, &slack, folder).await,
        Err(_) => {
            println!("\nNo Postgres: `tests/with-postgres.sh make bench ARGS=lists` has one.");
            Ok(())
        }
    }
}

async fn on_database(
    name: &str,
    url: &str,
    count: i64,
    slack: &FakeSlack,
    folder: &Path,
) -> Result<()> {
    let db = Db::connect(url).await?;
    let (clock, ids) = (Clock::system(), IdSource::system());
    let world = World { now: clock.now(), count, catalogue: Catalogue::default() };
    let mut tx = db.begin().await?;
    let id = WorkspaceId::new(ids.ulid(world.now));
    let workspace = workspaces::ensure(&mut tx, &id, DEFAULT_SLUG, world.now).await?.id;
    tx.commit().await?;
    eprintln!("{name}: {count} incidents are written …");
    let since = Instant::now();
    world.write(&db, &workspace).await?;
    let took = since.elapsed().as_secs_f64();
    println!("\n{name}: {count} incidents written in {took:.0} s, {:.0}/s", count as f64 / took);
    settle(&db).await?;

    println!("\n| {name}: newest 25 of {count} | found | p50 | p99 |");
    println!("| --- | ---: | ---: | ---: |");
    for (what, query) in world.lists() {
        let (found, latency) = ask(&db, &workspace, &query).await?;
        println!("| {what} | {found} | {} | {} |", millis(&latency, 50.0), millis(&latency, 99.0));
    }

    let mut made = Vec::new();
    for token in 0..8 {
        let name = format!("load {token}");
        made.push(tokens::create(&db, &clock, &ids, &workspace, &name).await?);
    }
    db.close().await;
    let server = program::start_on(None, &program::binary(), slack, folder, "lists", url).await?;
    let root = format!("/telmai/api/backend/{DEFAULT_SLUG}/incidents");
    let day = |days: i64| Timestamp::from_micros(world.now.as_micros() - days * DAY);
    println!("\n| {name}: sums over HTTP | p50 | p99 |");
    println!("| --- | ---: | ---: |");
    for (token, (what, path)) in made.iter().zip([
        ("summary with mean times to resolve", format!("{root}/summary")),
        ("the same, of one severity", format!("{root}/summary?severities=HIGH")),
        (
            "distribution of 90 days",
            format!("{root}/distribution?from_time={}&to_time={}", day(90), day(0)),
        ),
        (
            "the same, of one severity and one project",
            format!(
                "{root}/distribution?from_time={}&to_time={}&severities=HIGH&project_ids=7",
                day(90),
                day(0)
            ),
        ),
    ]) {
        let latency = one_by_one(server.address, token, &path, SUMS).await?;
        println!("| {what} | {} | {} |", millis(&latency, 50.0), millis(&latency, 99.0));
    }
    println!("\n| {name}: lists a second over HTTP, {CONNECTIONS} connections | rate | p99 |");
    println!("| --- | ---: | ---: |");
    for path in [
        "/api/v1/incidents",
        "/api/v1/incidents?category=open",
        "/api/v1/incidents?severity=critical&category=closed",
    ] {
        let (rate, latency) = rate(server.address, &made[7], path).await?;
        println!("| `{path}` | {rate:.0}/s | {} |", millis(&latency, 99.0));
    }
    whole(&server, &made[6], &root).await
}

/// How an answer ends that came whole.
const LAST_CHUNK: &[u8] = b"]\r\n0\r\n\r\n";

/// All incidents in one answer.
async fn whole(server: &Server, token: &str, path: &str) -> Result<()> {
    let before = server.resident_kib()?;
    let mut most = before;
    let since = Instant::now();
    let mut stream = TcpStream::connect(server.address).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: stentor.example\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let (mut buffer, mut bytes, mut looked) = (vec![0; 256 * 1024], 0_usize, Instant::now());
    let mut ending: Vec<u8> = Vec::new();
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            break;
        }
        bytes += read;
        ending.extend_from_slice(&buffer[read.saturating_sub(LAST_CHUNK.len())..read]);
        ending.drain(..ending.len().saturating_sub(LAST_CHUNK.len()));
        if looked.elapsed() > Duration::from_millis(100) {
            looked = Instant::now();
            most = most.max(server.resident_kib()?);
        }
    }
    anyhow::ensure!(ending == LAST_CHUNK, "the answer did not come to its end");
    println!(
        "\nAll of them in one answer: {} MiB in {:.1} s; the server held {} MiB before and {} MiB at most meanwhile.",
        bytes / 1_048_576,
        since.elapsed().as_secs_f64(),
        before / 1_024,
        most / 1_024,
    );
    Ok(())
}

/// Whatever a database does behind our back after so much writing.
async fn settle(db: &Db) -> Result<()> {
    match db {
        Db::Sqlite { write, .. } => {
            let mut connection = write.acquire().await?;
            for sql in [
                "PRAGMA wal_checkpoint(TRUNCATE)",
                // As a server does when it is stopped: a whole one keeps samples of the keys, for which
                // SQLite makes each statement anew whenever other values are bound to it.
                "PRAGMA analysis_limit = 400",
                "ANALYZE",
            ] {
                sqlx::query(sql).execute(&mut *connection).await?;
            }
        }
        Db::Postgres(pool) => {
            let mut connection = pool.acquire().await?;
            for sql in [
                "SET statement_timeout = 0",
                "VACUUM ANALYZE incident",
                "VACUUM ANALYZE incident_index",
            ] {
                sqlx::query(sql).execute(&mut *connection).await?;
            }
        }
    }
    Ok(())
}

async fn ask(
    db: &Db,
    workspace: &WorkspaceId,
    query: &IncidentQuery,
) -> Result<(usize, Histogram)> {
    let (mut latency, mut found) = (Histogram::new(), 0);
    // Somebody who is no insider: nothing private is theirs to see.
    let actor = Actor::Person { user: UserId::from("U0READER") };
    for time in 0..TIMES + 5 {
        let since = Instant::now();
        let mut tx = db.read().await?;
        let page = incident_lists::page(&mut tx, workspace, &actor, query).await?;
        drop(tx);
        found = page.incidents.len();
        // The first ones read the pages of the file.
        if time >= 5 {
            latency.record(since.elapsed());
        }
    }
    Ok((found, latency))
}

fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: stentor.example\r\nAuthorization: Bearer {token}\r\n\r\n")
        .into_bytes()
}

async fn one_by_one(
    address: SocketAddr,
    token: &str,
    path: &str,
    times: usize,
) -> Result<Histogram> {
    let (mut latency, request) = (Histogram::new(), get(path, token));
    let mut connection = Connection::open(address).await?;
    for time in 0..times {
        let since = Instant::now();
        let answer = connection.exchange(&request).await.context("ask for a sum")?;
        anyhow::ensure!(answer.status == 200, "{}", String::from_utf8_lossy(answer.body));
        if time >= 5 {
            latency.record(since.elapsed());
        }
    }
    Ok(latency)
}

async fn rate(address: SocketAddr, token: &str, path: &str) -> Result<(f64, Histogram)> {
    let request = get(path, token);
    let started = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let request = request.clone();
        clients.spawn(async move {
            let (mut connection, mut latency) =
                (Connection::open(address).await?, Histogram::new());
            while started.elapsed() < MEASURED {
                let since = Instant::now();
                let answer = connection.exchange(&request).await.context("ask for a list")?;
                anyhow::ensure!(answer.status == 200, "{}", String::from_utf8_lossy(answer.body));
                latency.record(since.elapsed());
            }
            Ok(latency)
        });
    }
    let mut latency = Histogram::new();
    while let Some(client) = clients.join_next().await {
        latency.merge(&client.context("a client panicked")??);
    }
    Ok((latency.count() as f64 / started.elapsed().as_secs_f64(), latency))
}

fn millis(latency: &Histogram, percent: f64) -> String {
    format!("{:.2} ms", latency.percentile(percent).as_secs_f64() * 1_000.0)
}

const DAY: i64 = 86_400_000_000;

/// Incidents as they may be in a large company.
struct World {
    now: Timestamp,
    count: i64,
    catalogue: Catalogue,
}

/// The same for the same number, and different for another question.
fn drawn(number: i64, question: u64, below: u64) -> u64 {
    let mut mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (question << 56);
    for _ in 0..2 {
        mixed ^= mixed >> 31;
        mixed = mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    (mixed >> 20) % below
}

impl World {
    async fn write(&self, db: &Db, workspace: &WorkspaceId) -> Result<()> {
        let mut first = 1;
        while first <= self.count {
            let last = (first + AT_ONCE - 1).min(self.count);
            let made: Vec<Incident> = (first..=last).map(|number| self.incident(number)).collect();
            let made: Vec<&Incident> = made.iter().collect();
            let mut tx = db.begin().await?;
            tx.take_its_time().await?;
            workspaces::take_numbers(&mut tx, workspace, last - first + 1, self.now).await?;
            incidents::save_listed(&mut tx, workspace, &made).await?;
            let moved = made.iter().flat_map(|incident| incident_index::moved(None, incident));
            incident_index::change(&mut tx, workspace, &moved.collect::<Vec<_>>()).await?;
            tx.commit().await?;
            first = last + 1;
        }
        Ok(())
    }

    fn declared_at(&self, number: i64) -> Timestamp {
        let age = (self.count - number) as f64 / self.count as f64 * (DAYS * DAY) as f64;
        Timestamp::from_micros(self.now.as_micros() - age as i64)
    }

    fn severity(&self, place: usize) -> SeverityId {
        self.catalogue.severities[place].id.clone()
    }

    fn status(&self, category: StatusCategory) -> StatusId {
        let status = self.catalogue.statuses.iter().find(|status| status.category == category);
        status.expect("the catalogue has one of each").id.clone()
    }

    fn lead(&self) -> RoleId {
        self.catalogue.lead().id.clone()
    }

    fn category(&self, number: i64) -> StatusCategory {
        let is_new = self.count - number < 300;
        match drawn(number, 1, 1_000) {
            draw if is_new || draw == 0 => {
                if draw % 3 == 0 {
                    StatusCategory::Paused
                } else {
                    StatusCategory::Live
                }
            }
            1..=20 => StatusCategory::Declined,
            21..=30 => StatusCategory::Merged,
            31..=40 => StatusCategory::Learning,
            _ => StatusCategory::Closed,
        }
    }

    fn incident(&self, number: i64) -> Incident {
        let category = self.category(number);
        let severity = match drawn(number, 2, 100) {
            _ if category == StatusCategory::Declined => None,
            0..55 => Some(self.severity(0)),
            55..85 => Some(self.severity(1)),
            _ => Some(self.severity(2)),
        };
        let kind = self.catalogue.types.first().map(|kind| kind.id.clone());
        let kind = match drawn(number, 3, 10) {
            0..2 => Some(IncidentTypeId::new("01BENCHTYPE000000000000002")),
            _ => kind,
        };
        let person = |question| UserId::new(format!("U0PERSON{:03}", drawn(number, question, 200)));
        let has_lead = drawn(number, 4, 10) > 0;
        let is_from_alerts = drawn(number, 5, 10) < 6;
        let is_private = drawn(number, 6, 100) == 0;
        let at = self.declared_at(number);
        let declared = Declared {
            number,
            name: format!("Checkout answers 500 in region {}", drawn(number, 7, 40)),
            summary:
                "One in twenty payments fails since the last deployment; the team looks at it."
                    .to_owned(),
            severity,
            status: self.status(category),
            category,
            visibility: if is_private { Visibility::Private } else { Visibility::Public },
            roles: has_lead.then(|| (self.lead(), person(8))).into_iter().collect(),
            stamps: Vec::new(),
            declared_in: None,
            incident_type: kind,
            invited: Vec::new(),
            opened_by: is_from_alerts.then(|| "01BENCHGROUP00000000000001".into()),
            slack_team: None,
            mode: Mode::Standard,
            fields: Vec::new(),
            timestamps: Vec::new(),
            call_url: None,
            channel_name: None,
            origin: is_from_alerts.then(|| self.origin(number)),
        };
        let creator =
            if is_from_alerts { Actor::Stentor } else { Actor::Person { user: person(9) } };
        let id = IncidentId::new(format!("01BENCH{number:019}"));
        let mut incident = Incident::declared(id, at, &creator, &declared);
        incident.version = 8;
        let minutes = 5 + drawn(number, 10, 60 * 24) / (1 + drawn(number, 11, 8));
        let ended = Timestamp::from_micros(at.as_micros() + minutes as i64 * 60_000_000);
        if !category.is_active() {
            incident.ended_at = Some(ended.min(self.now));
        }
        let later = drawn(number, 12, 3 * 24 * 60) as i64 * 60_000_000;
        incident.updated_at = Timestamp::from_micros(ended.as_micros() + later).min(self.now);
        incident
    }

    fn origin(&self, number: i64) -> Origin {
        let tags = ["payments", "eu", "us", "prod", "data", "T1", "T2", "mobile", "web", "batch"];
        let tag = |question| tags[drawn(number, question, 10) as usize];
        let policy = drawn(number, 15, 100);
        let labels = [
            ("project", drawn(number, 16, 50).to_string()),
            ("asset", format!("asset-{}", drawn(number, 17, 500))),
            ("policy", policy.to_string()),
            ("policy_name", format!("Policy {policy}")),
            ("impact", ["LOW", "MEDIUM", "HIGH"][drawn(number, 18, 3) as usize].to_owned()),
            ("tags", format!("{},{}", tag(13), tag(14))),
            ("service", format!("service-{}", drawn(number, 19, 80))),
        ];
        let labels = labels.into_iter().map(|(name, value)| (name.to_owned(), value));
        Origin {
            source: format!("01SOURCE{:02}", drawn(number, 20, 8)).as_str().into(),
            labels: labels.collect(),
        }
    }

    /// Every kind of filter alone, and pairs: likely ones, and those that have nothing in common.
    fn lists(&self) -> Vec<(&'static str, IncidentQuery)> {
        let has = Wanted::Has;
        let closed = || Wanted::in_categories([StatusCategory::Closed]);
        let severity = |place| has(Facet::severity(Some(&self.severity(place))));
        let days = |days: i64| Timestamp::from_micros(self.now.as_micros() - days * DAY);
        let time = |moment, from, to| Wanted::Time(moment, Span { from: Some(from), to: Some(to) });
        let person = UserId::from("U0PERSON007");
        let lead = self.lead();
        let wanted = vec![
            ("no filter", Wanted::Every),
            ("category closed", closed()),
            ("open", Wanted::open()),
            ("status (live)", has(Facet::status(&self.status(StatusCategory::Live)))),
            ("severity minor", severity(0)),
            ("severity critical", severity(2)),
            ("no severity", has(Facet::severity(None))),
            (
                "type",
                has(Facet::incident_type(Some(&IncidentTypeId::new("01BENCHTYPE000000000000002")))),
            ),
            ("lead", has(Facet::holder(&lead, &person))),
            ("no lead", has(Facet::role(&lead)).negated()),
            ("creator", has(Facet::creator(&Actor::Person { user: person.clone() }))),
            ("opened by people", has(Facet::opened_by_alerts()).negated()),
            ("source", has(Facet::source("01SOURCE03"))),
            ("project", has(Facet::label("project", "7"))),
            ("tag", has(Facet::label("tag", "eu"))),
            ("impact", has(Facet::label("impact", "HIGH"))),
            ("private (none to be seen)", has(Facet::private())),
            ("created in a week", time(Moment::Created, days(400), days(393))),
            (
                "changed in an hour",
                time(Moment::Updated, days(400), days(400).plus(Duration::from_secs(3_600))),
            ),
            ("changed in a year", time(Moment::Updated, days(800), days(435))),
            ("ended in a year", time(Moment::Ended, days(800), days(435))),
            ("nobody's", has(Facet::creator(&Actor::ApiToken { name: "nobody".to_owned() }))),
            ("severity, closed", severity(2).and(closed())),
            ("severity, open", severity(2).and(Wanted::open())),
            ("lead, severity", has(Facet::holder(&lead, &person)).and(severity(2))),
            ("project, tag", has(Facet::label("project", "7")).and(has(Facet::label("tag", "eu")))),
            (
                "severity, created in a week",
                severity(0).and(time(Moment::Created, days(900), days(893))),
            ),
            (
                "declined, minor (nothing in common)",
                Wanted::in_categories([StatusCategory::Declined]).and(severity(0)),
            ),
            ("minor, critical (nothing in common)", severity(0).and(severity(2))),
            (
                "open, created long ago",
                Wanted::open().and(time(Moment::Created, days(1_000), days(300))),
            ),
        ];
        let mut lists: Vec<(&'static str, IncidentQuery)> = wanted
            .into_iter()
            .map(|(what, wanted)| (what, IncidentQuery { wanted, ..IncidentQuery::default() }))
            .collect();
        let middle = self.count / 2;
        let place = Place { number: middle, updated_at: self.incident(middle).updated_at };
        let deep = |wanted, order| IncidentQuery {
            wanted,
            order,
            after: Some(place),
            ..IncidentQuery::default()
        };
        lists.push(("no filter, half a million deep", deep(Wanted::Every, Order::Newest)));
        lists.push(("severity, half a million deep", deep(severity(2), Order::Newest)));
        lists.push((
            "severity, closed, oldest first, half a million deep",
            deep(severity(2).and(closed()), Order::Oldest),
        ));
        lists.push((
            "no filter, by last change",
            IncidentQuery { order: Order::Updated, ..IncidentQuery::default() },
        ));
        lists.push((
            "severity, by last change, half a million deep",
            deep(severity(2), Order::Updated),
        ));
        lists.push((
            "lead, by last change",
            IncidentQuery {
                wanted: has(Facet::holder(&lead, &person)),
                order: Order::Updated,
                ..IncidentQuery::default()
            },
        ));
        let text = Some("region 17".to_owned());
        lists.push((
            "a text that is often there",
            IncidentQuery { text, ..IncidentQuery::default() },
        ));
        lists
    }
}

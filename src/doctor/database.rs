//! Whether what is acknowledged can be kept.

use std::path::Path;

use crate::clock::Clock;
use crate::doctor::{Plan, Report, webhooks};
use crate::store::inspect::{self, Inspection, PostgresFacts, Schema, SqliteFacts, Waiting};

const CHECK: &str = "database";
const CLOCK: &str = "database clock";
const MIB: u64 = 1024 * 1024;
/// Less is soon full: an incident with its record takes some kilobytes, a backup as much again.
const LITTLE: u64 = 512 * MIB;
/// Less is as good as full.
const NOTHING: u64 = 16 * MIB;
/// The oldest Postgres that is still maintained.
const OLDEST: u32 = 14;
/// Replicas agree on who does what by their clocks, and a lease lasts some seconds.
const OFF: i64 = 2_000_000;
const WRONG: i64 = 30_000_000;

/// Looks at the database, and says what waits in it.
pub async fn examine(plan: &Plan, clock: &Clock, report: &mut Report) -> Option<Waiting> {
    match inspect::inspect(plan.database_url.reveal(), clock).await {
        Ok(Inspection::NoFile { folder }) => {
            no_file(folder.as_deref(), report);
            None
        }
        Ok(Inspection::Sqlite(facts)) => sqlite(facts, report),
        Ok(Inspection::Postgres(facts)) => postgres(facts, report),
        Err(error) => {
            report.failed(CHECK, format!("can't be opened: {error}"), mend(&error));
            None
        }
    }
}

fn no_file(folder: Option<&Path>, report: &mut Report) {
    match folder.map(|folder| (folder, inspect::free(folder))) {
        Some((_, Ok(free))) => {
            report.ok(CHECK, "there is no file yet; `stentor serve` makes it");
            disk(free, report);
        }
        Some((folder, Err(error))) => report.failed(
            CHECK,
            format!("{} can't be looked into: {error}", folder.display()),
            "Set STENTOR_DATABASE_URL to a file in a folder that this user may write to.",
        ),
        None => report.failed(
            CHECK,
            "the folder that the file should be in is not there",
            "Make the folder, or set STENTOR_DATABASE_URL to a file in another one.",
        ),
    }
}

fn sqlite(facts: SqliteFacts, report: &mut Report) -> Option<Waiting> {
    let file = facts.file.display();
    match &facts.write {
        Ok(()) => report.ok(CHECK, format!("{file} can be read and written")),
        // Somebody else is writing, for longer than anybody should.
        Err(error) if is_code(error, "5") => report.warning(
            CHECK,
            format!("{file} is locked by somebody who writes"),
            "Run this again; if it stays like this, end the other process (`fuser` names it).",
        ),
        Err(error) => report.failed(
            CHECK,
            format!("{file} can't be written: {error}"),
            "Let the user that runs Stentor own the file and its folder (`chown`), on a disk that is not read-only.",
        ),
    }
    if facts.integrity != "ok" {
        report.failed(
            CHECK,
            format!("{file} is damaged: {}", facts.integrity),
            "Stop Stentor and put the latest backup in its place.",
        );
    }
    if facts.journal_mode != "wal" && !facts.schema.is_empty {
        report.warning(
            CHECK,
            format!("its journal is in mode {}, not wal: commits are slow", facts.journal_mode),
            "Stop everything that has the file open, and start `stentor serve`, which sets it.",
        );
    }
    if facts.mode & 0o007 != 0 {
        report.warning(
            "file permissions",
            format!("anybody on this machine can open {file} ({:o})", facts.mode),
            format!("chmod 600 {file}"),
        );
    }
    schema(facts.schema, report);
    open_secrets(facts.open_secrets, report);
    webhooks::examine(facts.webhooks, report);
    disk(facts.free, report);
    facts.waiting
}

fn disk(free: u64, report: &mut Report) {
    const CHECK: &str = "disk";
    const FIX: &str = "Make room on that disk: what can't be written is not acknowledged.";
    let found = match free / MIB {
        mib @ 0..10_240 => format!("{mib} MiB are free"),
        mib => format!("{} GiB are free", mib / 1024),
    };
    match free {
        0..NOTHING => report.failed(CHECK, found, FIX),
        NOTHING..LITTLE => report.warning(CHECK, found, FIX),
        _ => report.ok(CHECK, found),
    }
}

fn postgres(facts: PostgresFacts, report: &mut Report) -> Option<Waiting> {
    let version = &facts.version;
    match &facts.write {
        _ if facts.is_read_only => report.failed(
            CHECK,
            format!("Postgres {version} is read-only: a standby, most likely"),
            "Let STENTOR_DATABASE_URL name the primary server.",
        ),
        Ok(()) => report.ok(CHECK, format!("Postgres {version} can be read and written")),
        Err(error) => report.failed(
            CHECK,
            format!("Postgres {version} can't be written: {error}"),
            "Let the user in STENTOR_DATABASE_URL own the database: ALTER DATABASE … OWNER TO …;",
        ),
    }
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_some_and(|major| major < OLDEST) {
        report.warning(
            CHECK,
            format!("Postgres {version} is not maintained any more"),
            format!("Move to Postgres {OLDEST} or newer."),
        );
    }
    schema(facts.schema, report);
    open_secrets(facts.open_secrets, report);
    webhooks::examine(facts.webhooks, report);
    let way = if facts.ahead > 0 { "ahead of" } else { "behind" };
    let milliseconds = facts.ahead.abs() / 1_000;
    let found = format!("this machine is {milliseconds} ms {way} the server");
    const FIX: &str = "Let both machines set their clocks by the network (NTP).";
    match facts.ahead.abs() {
        WRONG.. => report.failed(CLOCK, found, FIX),
        OFF.. => report.warning(CLOCK, found, FIX),
        _ => report.ok(CLOCK, "agrees with this machine's"),
    }
    facts.waiting
}

fn schema(schema: Schema, report: &mut Report) {
    const CHECK: &str = "schema";
    match schema {
        Schema { is_empty: true, .. } => {
            report.ok(CHECK, "there is none yet; `stentor serve` makes it");
        }
        Schema { unknown: 1.., .. } => report.warning(
            CHECK,
            "a newer Stentor has changed it",
            "Use the newer version here too.",
        ),
        Schema { missing: 1.., .. } => report.warning(
            CHECK,
            format!("{} changes of this version are not made yet", schema.missing),
            "Start `stentor serve`, which makes them.",
        ),
        _ => report.ok(CHECK, "is of this version"),
    }
}

/// What a source signs with has to be kept; without a key, everybody who reads the database can sign.
fn open_secrets(count: i64, report: &mut Report) {
    if count > 0 {
        report.warning(
            "secrets of sources",
            format!("{count} with which senders sign lie open in the database"),
            "Set STENTOR_SECRET_KEY to what `stentor key generate` prints, and start `stentor serve`, which seals them.",
        );
    }
}

fn is_code(error: &sqlx::Error, code: &str) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|found| found == code)
}

/// What mends a database that can't even be opened.
fn mend(error: &sqlx::Error) -> &'static str {
    match error.as_database_error().and_then(|error| error.code()).as_deref() {
        Some("28P01" | "28000") => "Correct the user and password in STENTOR_DATABASE_URL.",
        Some("3D000") => "Make the database: CREATE DATABASE … OWNER …;",
        Some("26") => {
            "Let STENTOR_DATABASE_URL name Stentor's own file: this is no SQLite database."
        }
        Some("14" | "8") => "Let the user that runs Stentor own the file and its folder (`chown`).",
        Some("53300") => "Give Postgres more connections (max_connections), or fewer to others.",
        _ => "Start the database, and let STENTOR_DATABASE_URL name its host and port.",
    }
}

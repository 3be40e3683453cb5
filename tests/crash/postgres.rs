//! The database restarted under load. It is a Postgres of the test's own: the others' must not
//! suffer from it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::chance::Chance;
use crate::commands::Plan;
use crate::ledger::Fate;
use crate::load::Stream;
use crate::place::Kind;
use crate::process::{Child, binary};
use crate::replicas::agree;
use crate::world::World;

/// Says that the Postgres of the environment is the test's own.
const OWN: &str = "STENTOR_CRASH_OWN_POSTGRES";
/// The name of the test, by which it calls itself.
pub const NAME: &str = "nothing_is_half_done_when_postgres_restarts";

/// Runs itself again beside a Postgres of its own, and there restarts that.
pub async fn restarts() -> Result<()> {
    if std::env::var_os(OWN).is_some() {
        return restart_under_load().await;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/with-postgres.sh");
    let mut command = Command::new(script);
    command.arg(std::env::current_exe()?).args(["--exact", NAME]).env(OWN, "yes");
    let mut child = Child::spawn(command.stdin(Stdio::null())).context("a Postgres of its own")?;
    let status = child.ends().await?;
    ensure!(status.success(), "{status}");
    Ok(())
}

async fn restart_under_load() -> Result<()> {
    let mut world = World::new(Kind::Postgres, &vec![binary(); 3]).await?;
    // What a press could not save is said at its response address only.
    world.presses_are_certain = false;
    let world = Arc::new(world);
    for replica in world.front.replicas.iter() {
        replica.start().await?;
    }
    let mut chance = Chance::new(11);
    let plan = Plan::new(chance.branch(), &world.token, 6);
    let stream = Stream::begin(&world, plan, 160, Duration::from_millis(40));
    let server = Server::find().await?;
    for mode in ["immediate", "fast", "immediate"] {
        tokio::time::sleep(Duration::from_millis(chance.within(300..1_200))).await;
        server.restart(mode).await?;
    }
    stream.end().await?;
    let asked = world.ledger.all();
    let unknown = asked.iter().filter(|asked| asked.fate == Fate::Unknown).count();
    println!("{unknown} of {} requests failed visibly", asked.len());
    agree(&world).await.map(drop)
}

/// The cluster behind the address.
struct Server {
    programs: String,
    data: String,
}

impl Server {
    async fn find() -> Result<Server> {
        let url = std::env::var("TEST_POSTGRES_URL")?;
        let mut connection = PgConnection::connect(&url).await?;
        let (data,): (String,) =
            sqlx::query_as("SHOW data_directory").fetch_one(&mut connection).await?;
        connection.close().await?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postgres-bin.sh");
        let found = Command::new(script).output()?;
        let programs = String::from_utf8(found.stdout)?.trim().to_owned();
        Ok(Server { programs, data })
    }

    async fn restart(&self, mode: &str) -> Result<()> {
        let program = format!("{}/pg_ctl", self.programs);
        // Postgres refuses to run as root.
        let root = Command::new("id").arg("-u").output()?.stdout == b"0\n";
        let mut command = Command::new(if root { "runuser" } else { program.as_str() });
        if root {
            command.args(["-u", "postgres", "--", program.as_str()]);
        }
        let log = format!("{}/../server.log", self.data);
        command.args(["restart", "-w", "-s", "-m", mode, "-D", &self.data, "-l", &log]);
        // It was started from there, and remembers its folder as it was named then.
        let folder = Path::new(&self.data).parent().context("a folder around the data")?;
        command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
        let status = Child::spawn(&mut command).context("pg_ctl")?.ends().await?;
        ensure!(status.success(), "pg_ctl restart -m {mode}: {status}");
        Ok(())
    }
}

//! Servers as child processes that are gone when they are dropped, and the folder that holds their
//! files.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::connection::Connection;

const START_LIMIT: Duration = Duration::from_secs(10);

/// A server that was started and has answered.
pub struct Server {
    pub address: SocketAddr,
    /// From just before the process was made until its first 200.
    pub started_in: Duration,
    child: Child,
}

impl Server {
    /// Starts it, and waits until `/healthz` answers 200. What it says goes to a file in `folder`.
    pub async fn start(command: Command, address: SocketAddr, folder: &Path) -> Result<Server> {
        Server::start_at(command, address, folder, "/healthz").await
    }

    /// Starts it, and waits until this path answers 200.
    pub async fn start_at(
        mut command: Command,
        address: SocketAddr,
        folder: &Path,
        path: &str,
    ) -> Result<Server> {
        let log_path = folder.join("server.log");
        let log = File::create(&log_path)?;
        // The bare server ends when its standard input does, that is, with this process.
        command.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log);

        let since = Instant::now();
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().with_context(|| format!("start {name}"))?;
        let mut server = Server { address, started_in: Duration::ZERO, child };
        while !is_healthy(address, path).await {
            if let Some(status) = server.child.try_wait()? {
                bail!("{name} ended at once with {status}{}", last_words(&log_path));
            }
            if since.elapsed() > START_LIMIT {
                bail!(
                    "{name} did not answer GET http://{address}{path} with 200 within {} s{}",
                    START_LIMIT.as_secs(),
                    last_words(&log_path)
                );
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.started_in = since.elapsed();
        Ok(server)
    }

    /// The memory that is its own and in use now, in KiB.
    pub fn resident_kib(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .context("read the memory use of the server (this needs Linux's /proc)")?;
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))
            .and_then(|kib| kib.trim().parse().ok())
            .context("no VmRSS in the server's status")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It can only fail when the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address on loopback where nobody listens at the moment.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

async fn is_healthy(address: SocketAddr, path: &str) -> bool {
    let Ok(mut connection) = Connection::open(address).await else { return false };
    let request = format!("GET {path} HTTP/1.1\r\nHost: stentor.example\r\n\r\n");
    connection.exchange(request.as_bytes()).await.is_ok_and(|answer| answer.status == 200)
}

fn last_words(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(5)..].join("\n  ");
    if last.is_empty() { String::new() } else { format!("; it said:\n  {last}") }
}

/// A folder on the disk of the build, because a temporary folder may lie in memory, where a
/// durable write costs nothing.
pub struct TemporaryFolder {
    path: PathBuf,
}

impl TemporaryFolder {
    pub fn create() -> Result<TemporaryFolder> {
        let name = format!("load-{}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).with_context(|| format!("make {}", path.display()))?;
        Ok(TemporaryFolder { path })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            eprintln!("could not remove {}: {error}", self.path.display());
        }
    }
}

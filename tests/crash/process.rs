//! The processes of a test: Stentor's replicas and the local Slack. None outlives its handle.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// How long a process may take to start or to end. None takes that long but by mistake.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines of a log that are kept, for when something goes wrong.
const LOG: usize = 4_000;

/// The program under test: the one built with it, or another that `STENTOR_BINARY` names.
pub fn binary() -> PathBuf {
    std::env::var_os("STENTOR_BINARY")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_stentor")), PathBuf::from)
}

/// The program with no settings but these.
pub fn command(binary: &Path, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary);
    command.args(arguments).current_dir(folder).env_clear().env("TMPDIR", folder);
    if let Ok(level) = std::env::var("RUST_LOG") {
        command.env("RUST_LOG", level);
    }
    command
}

/// Sends a signal.
pub fn signal(id: u32, name: &str) {
    // It can only fail when the process has ended.
    let mut kill = Command::new("kill");
    let _ = kill.arg(format!("-{name}")).arg(id.to_string()).stderr(Stdio::null()).status();
}

/// A child that is killed when dropped, even while it is stopped.
pub struct Child(process::Child);

impl Child {
    /// Starts it.
    pub fn spawn(command: &mut Command) -> std::io::Result<Child> {
        command.spawn().map(Child)
    }

    /// Waits for its end, for as long as that takes.
    pub async fn ends(&mut self) -> std::io::Result<process::ExitStatus> {
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The local Slack.
pub struct Slack {
    pub address: SocketAddr,
    _process: Child,
}

impl Slack {
    /// Starts it at a free port.
    pub fn start(folder: &Path) -> Result<Slack> {
        let arguments = ["slack", "--listen", "127.0.0.1:0", "--no-rate-limits"];
        let mut command = command(&binary(), folder, &arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut process = Child::spawn(&mut command).context("start the local Slack")?;
        let out = process.0.stdout.take().context("its standard output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let address = line.trim().strip_prefix("http://").context("it printed no address")?;
        Ok(Slack { address: address.parse()?, _process: process })
    }
}

/// One replica of Stentor: the same settings through all its lives.
pub struct Replica {
    pub number: usize,
    binary: Mutex<PathBuf>,
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
    life: Mutex<Option<Life>>,
    /// Whether nothing is to be sent to it: it lies still under SIGSTOP, or is about to end.
    stopped: AtomicBool,
    /// Requests that have chosen it and are not connected yet.
    coming: AtomicUsize,
    log: Arc<Mutex<VecDeque<String>>>,
}

struct Life {
    process: Child,
    address: Arc<OnceLock<SocketAddr>>,
}

/// A request on its way to a replica.
pub struct Approach<'a>(&'a AtomicUsize);

impl Drop for Approach<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Replica {
    /// It has not been started yet.
    pub fn new(
        number: usize,
        binary: PathBuf,
        folder: &Path,
        environment: Vec<(&'static str, String)>,
    ) -> Replica {
        Replica {
            number,
            binary: Mutex::new(binary),
            folder: folder.to_owned(),
            environment,
            life: Mutex::default(),
            stopped: AtomicBool::new(false),
            coming: AtomicUsize::new(0),
            log: Arc::default(),
        }
    }

    /// Starts it, and says when the process was made. Returns when it serves, or was killed again.
    pub async fn start(&self) -> Result<Instant> {
        let since = Instant::now();
        let binary = self.binary.lock().unwrap().clone();
        let mut command = command(&binary, &self.folder, &["serve"]);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.env("STENTOR_LISTEN", "127.0.0.1:0");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = Child::spawn(&mut command).context("start a replica")?;
        let address = Arc::new(OnceLock::new());
        let err = process.0.stderr.take().context("its standard error")?;
        let (found, log) = (Arc::clone(&address), Arc::clone(&self.log));
        std::thread::spawn(move || {
            for line in BufReader::new(err).lines().map_while(Result::ok) {
                if line.contains("Stentor is up")
                    && let Some((_, listen)) = line.split_once("listen=")
                    && let Ok(listen) = listen.trim().parse()
                {
                    let _ = found.set(listen);
                }
                let mut log = log.lock().unwrap();
                log.push_back(line);
                if log.len() > LOG {
                    log.pop_front();
                }
            }
        });
        self.stopped.store(false, Ordering::SeqCst);
        *self.life.lock().unwrap() = Some(Life { process, address });
        while since.elapsed() < PATIENCE {
            match &mut *self.life.lock().unwrap() {
                None => return Ok(since),
                Some(life) if life.address.get().is_some() => return Ok(since),
                Some(life) => {
                    if let Some(status) = life.process.0.try_wait()? {
                        bail!("replica {} ended with {status}: {}", self.number, self.last_words());
                    }
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        bail!("replica {} does not start: {}", self.number, self.last_words())
    }

    /// Its next life is this program's.
    pub fn becomes(&self, binary: PathBuf) {
        *self.binary.lock().unwrap() = binary;
    }

    /// Where it listens, if it lives and moves.
    pub fn address(&self) -> Option<SocketAddr> {
        if self.stopped.load(Ordering::SeqCst) {
            return None;
        }
        self.life.lock().unwrap().as_ref()?.address.get().copied()
    }

    /// The same, for a request that is about to connect: until then nobody tells it to stop.
    pub fn approach(&self) -> Option<(SocketAddr, Approach<'_>)> {
        self.coming.fetch_add(1, Ordering::SeqCst);
        let approach = Approach(&self.coming);
        Some((self.address()?, approach))
    }

    /// Whether there is a process.
    pub fn lives(&self) -> bool {
        self.life.lock().unwrap().is_some()
    }

    /// Kills it with SIGKILL, and says whether there was anything to kill.
    pub fn kill(&self) -> bool {
        self.life.lock().unwrap().take().is_some()
    }

    /// Stops it where it is, with SIGSTOP.
    pub fn pause(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.send("STOP");
    }

    /// Lets it go on.
    pub fn wake(&self) {
        self.send("CONT");
        self.stopped.store(false, Ordering::SeqCst);
    }

    /// Asks it to end, and waits until it has: with which code. As in a rolling restart, nothing
    /// new is sent to it from just before that.
    pub async fn stop(&self) -> Result<Option<i32>> {
        self.stopped.store(true, Ordering::SeqCst);
        // As a balancer does: who has chosen it gets there, and is answered.
        while self.coming.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.send("TERM");
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            let ended = match &mut *self.life.lock().unwrap() {
                None => return Ok(None),
                Some(life) => life.process.0.try_wait()?,
            };
            if let Some(status) = ended {
                *self.life.lock().unwrap() = None;
                return Ok(status.code());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bail!("replica {} does not end: {}", self.number, self.last_words())
    }

    fn send(&self, name: &str) {
        if let Some(life) = &*self.life.lock().unwrap() {
            signal(life.process.0.id(), name);
        }
    }

    /// The last lines of its log.
    pub fn last_words(&self) -> String {
        let log = self.log.lock().unwrap();
        let lines: Vec<&str> = log.iter().rev().take(40).map(String::as_str).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n  ")
    }
}

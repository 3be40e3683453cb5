//! Programs that a test starts. None outlives its test, however that ends.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde_json::{Value, json};

use crate::http::Server;
use crate::process::Scratch;

/// Runs a program until whoever started it is gone: then nobody holds the other end of its input.
const GUARD: &str = r#""$@" & program=$!; read -r _; kill -KILL "$program" 2>/dev/null; wait"#;
/// How often a port that was free is tried anew because somebody else was faster.
const ATTEMPTS: usize = 10;
/// How long a program may take until it says something. None takes that long but by mistake.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a test looks whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A program in the background, and the folder that it may write into.
pub struct Program {
    child: Child,
    scratch: Scratch,
}

impl Program {
    fn start(scratch: Scratch, name: &str, arguments: &[String]) -> Program {
        let log = std::fs::File::create(scratch.0.join("log")).unwrap();
        let child = Command::new("sh")
            .args(["-c", GUARD, "guard", name])
            .args(arguments)
            .current_dir(&scratch.0)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Program { child, scratch }
    }

    /// Waits until it has said one of these; whether it was the first.
    async fn says(&self, one: &str, other: &str) -> bool {
        let listening = async {
            loop {
                let log = self.log();
                match (log.contains(one), log.contains(other)) {
                    (true, _) => return true,
                    (false, true) => return false,
                    (false, false) => tokio::time::sleep(LOOK_EVERY).await,
                }
            }
        };
        let heard = tokio::time::timeout(PATIENCE, listening).await;
        heard.unwrap_or_else(|_| panic!("it said neither {one:?} nor {other:?}"))
    }

    /// What it has said.
    fn log(&self) -> String {
        std::fs::read_to_string(self.scratch.0.join("log")).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Its guard notices, and ends it.
        drop(self.child.stdin.take());
        self.child.wait().ok();
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}

/// Prometheus, which evaluates rules every second.
pub struct Prometheus(
    #[expect(dead_code, reason = "it runs for as long as this is there")] Program,
);

impl Prometheus {
    /// Starts one that asks `metrics`, evaluates these rules, and sends its alerts to where
    /// `alertmanagers` says.
    pub fn start(metrics: &Metrics, rules: &Value, alertmanagers: &Value) -> Prometheus {
        let scratch = Scratch::new();
        // YAML readers read JSON.
        let groups = json!({"groups": [{"name": "test", "interval": "1s", "rules": rules}]});
        scratch.file("rules.yml", &groups.to_string());
        let settings = json!({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yml"],
            "scrape_configs": [{"job_name": "test", "static_configs": [{"targets": [metrics.target()]}]}],
            "alerting": {"alertmanagers": [alertmanagers]},
        });
        let config = scratch.file("prometheus.yml", &settings.to_string());
        let arguments = [
            format!("--config.file={config}"),
            format!("--storage.tsdb.path={}", scratch.0.join("data").display()),
            "--web.listen-address=127.0.0.1:0".to_owned(),
            // What it says before it has found where to send is lost until it says it again.
            "--rules.alert.resend-delay=1s".to_owned(),
        ];
        Prometheus(Program::start(scratch, "prometheus", &arguments))
    }
}

/// Alertmanager.
pub struct Alertmanager {
    #[expect(dead_code, reason = "it runs for as long as this is there")]
    program: Program,
    /// It, over HTTP.
    pub server: Server,
}

impl Alertmanager {
    /// Starts one with these settings, and waits until it can be asked.
    pub async fn start(settings: &Value) -> Alertmanager {
        for _ in 0..ATTEMPTS {
            let scratch = Scratch::new();
            let config = scratch.file("alertmanager.yml", &settings.to_string());
            let address = free_address();
            let arguments = [
                format!("--config.file={config}"),
                format!("--storage.path={}", scratch.0.join("data").display()),
                format!("--web.listen-address={address}"),
                // No cluster.
                "--cluster.listen-address=".to_owned(),
            ];
            let program = Program::start(scratch, "prometheus-alertmanager", &arguments);
            if program.says("Listening on", "address already in use").await {
                return Alertmanager { program, server: Server::at(&format!("http://{address}")) };
            }
        }
        panic!("no port stays free");
    }

    /// Where it listens.
    pub fn target(&self) -> &str {
        self.server.address().trim_start_matches("http://")
    }
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// What Prometheus asks: numbers that the test sets, by name.
#[derive(Clone)]
pub struct Metrics {
    values: Arc<Mutex<Vec<(&'static str, f64)>>>,
    server: Server,
}

impl Metrics {
    /// Serves these.
    pub async fn serve(values: &[(&'static str, f64)]) -> Metrics {
        let values = Arc::new(Mutex::new(values.to_vec()));
        let router = Router::new().route("/metrics", get(scrape)).with_state(Arc::clone(&values));
        Metrics { values, server: Server::start(router).await }
    }

    /// From now on it is this.
    pub fn set(&self, name: &str, value: f64) {
        let mut values = self.values.lock().unwrap();
        values.iter_mut().find(|(known, _)| *known == name).unwrap().1 = value;
    }

    fn target(&self) -> &str {
        self.server.address().trim_start_matches("http://")
    }
}

/// What is measured, by name.
type Values = Vec<(&'static str, f64)>;

async fn scrape(State(values): State<Arc<Mutex<Values>>>) -> String {
    values.lock().unwrap().iter().map(|(name, value)| format!("{name} {value}\n")).collect()
}

/// What a program that ends by itself said.
#[derive(Debug)]
pub struct Said {
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
}

/// Runs Alertmanager's command-line client to its end.
pub async fn amtool(home: &Path, arguments: &[&str]) -> Said {
    let mut command = Command::new("amtool");
    command.args(arguments).env("HOME", home).env("TZ", "UTC").stdin(Stdio::null());
    let run = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = run.await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { status: output.status, out: text(output.stdout), err: text(output.stderr) }
}

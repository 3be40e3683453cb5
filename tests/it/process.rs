//! The program itself, as an operator starts and stops it.

use std::io::{BufRead as _, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use stentor::clock::Clock;
use stentor::ids::IdSource;
use stentor::simulator::Simulator;
use stentor::simulator::act::Act;
use stentor::simulator::settings::Settings;

use crate::databases::on_each_database;
use crate::http::Server;

/// How long a test waits for a line or an end. Nothing takes that long but a mistake.
const PATIENCE: Duration = Duration::from_secs(30);

const SECRETS: [(&str, &str); 2] =
    [("SLACK_SIGNING_SECRET", "hush-signing"), ("SLACK_BOT_TOKEN", "xoxb-hush")];

/// A folder of the test's own, with nothing in it.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new() -> Scratch {
        let name = IdSource::system().ulid(Clock::system().now()).to_lowercase();
        let folder = std::env::temp_dir().join(format!("stentor-process-{name}"));
        std::fs::create_dir(&folder).unwrap();
        Scratch(folder)
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let file = self.0.join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    }

    pub(crate) fn is_empty(&self) -> bool {
        std::fs::read_dir(&self.0).unwrap().next().is_none()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// The program, with no settings but those that the test gives.
pub(crate) fn stentor(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stentor"));
    command.args(arguments).env_clear().envs(environment.iter().copied());
    command.env("TMPDIR", folder).current_dir(folder);
    command
}

/// A process that is read line by line, and does not outlive its test.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) out: Receiver<String>,
    pub(crate) err: Receiver<String>,
}

/// How a process ended, and what it said that nobody had read.
pub(crate) struct End {
    pub(crate) code: Option<i32>,
    pub(crate) out: Vec<String>,
    pub(crate) err: Vec<String>,
}

impl Process {
    pub(crate) fn start(mut command: Command) -> Process {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = lines(child.stdout.take().unwrap());
        let err = lines(child.stderr.take().unwrap());
        Process { child, out, err }
    }

    /// The next line on standard error with these words.
    pub(crate) fn logs(&self, words: &str) -> String {
        loop {
            let line = next(&self.err).unwrap_or_else(|| panic!("it ended without {words:?}"));
            if line.contains(words) {
                return line;
            }
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    pub(crate) fn ends(mut self) -> End {
        let out = std::iter::from_fn(|| next(&self.out)).collect();
        let err = std::iter::from_fn(|| next(&self.err)).collect();
        End { code: self.child.wait().unwrap().code(), out, err }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The next line, or nothing at the end.
pub(crate) fn next(lines: &Receiver<String>) -> Option<String> {
    match lines.recv_timeout(PATIENCE) {
        Ok(line) => Some(line),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => panic!("nothing happens"),
    }
}

/// The one line of a program that refuses to start.
pub(crate) fn refused(command: Command) -> String {
    let mut end = Process::start(command).ends();
    let lines = (end.out.len(), end.err.len());
    assert_eq!((end.code, lines), (Some(2), (0, 1)), "{:?} {:?}", end.out, end.err);
    let line = end.err.remove(0);
    assert!(line.starts_with("stentor: "), "{line}");
    line
}

/// `stentor serve` on this database, beside this Slack, and where it listens.
pub(crate) fn serve(scratch: &Scratch, database: &str, slack: &Simulator) -> (Process, Server) {
    let api_url = slack.api_url();
    let settings = slack.settings();
    let environment = [
        ("SLACK_SIGNING_SECRET", settings.signing_secret.as_str()),
        ("SLACK_BOT_TOKEN", settings.bot_token.as_str()),
        ("SLACK_API_URL", &api_url),
        ("STENTOR_DATABASE_URL", database),
        ("STENTOR_LISTEN", "127.0.0.1:0"),
    ];
    let process = Process::start(stentor(&scratch.0, &["serve"], &environment));
    let line = process.logs("Stentor is up");
    let (_, address) = line.split_once("listen=").unwrap();
    let server = Server::at(&format!("http://{}", address.trim()));
    (process, server)
}

#[test]
fn a_wrong_or_half_setting_is_refused_in_one_line_that_names_it() {
    let scratch = Scratch::new();
    let file = |name: &str, text: &str| scratch.file(name, text);
    let [secret, token] = SECRETS;
    let unknown = file("unknown.toml", "lisen = '127.0.0.1:3000'");
    let no_toml = file("no.toml", "listen");
    let list = file("list.toml", "listen = ['127.0.0.1:3000']");
    let wrong = file("wrong.toml", "slack_bot_token = 'hush'\nslack_signing_secret = 'hush'");
    let garbage = format!("sqlite://{}", file("garbage.db", &"hush ".repeat(1_000)));
    let nowhere = format!("sqlite://{}/no/such/folder/x.db", scratch.0.display());
    let unreachable = "postgres://me:hush@127.0.0.1:1/x";
    let on = |database| ["serve", "--listen", "127.0.0.1:0", "--database-url", database];
    for (arguments, environment, named) in [
        (&["serve"][..], &[][..], "--slack-signing-secret"),
        (&["serve"], &[secret], "--slack-bot-token"),
        (&["serve"], &[token], "--slack-signing-secret"),
        (&["serve"], &[secret, ("SLACK_BOT_TOKEN", "")], "--slack-bot-token"),
        (&["serve"], &[secret, ("SLACK_BOT_TOKEN", "xoxp-hush")], "--slack-bot-token"),
        (&["serve"], &[token, ("SLACK_SIGNING_SECRET", "")], "--slack-signing-secret"),
        (&["serve"], &[token, ("SLACK_APP_TOKEN", "xoxb-hush")], "--slack-app-token"),
        (&["serve"], &[("SLACK_APP_TOKEN", "xapp-hush")], "--slack-bot-token"),
        (&["serve"], &[token, ("SLACK_SIGNING_SECRET", "hush,")], "--slack-signing-secret"),
        (&["serve"], &[token, ("SLACK_SIGNING_SECRET", "hush,b,c")], "--slack-signing-secret"),
        (&["serve"], &[secret, token, ("STENTOR_LISTEN", "nowhere")], "--listen"),
        (&["serve", "--listen", "127.0.0.1"], &[secret, token], "--listen"),
        (&["serve", "--listen", "192.0.2.1:80"], &[secret, token], "--listen 192.0.2.1:80"),
        (&["serve", "--announce-channel", " # "], &[secret, token], "--announce-channel"),
        (&["serve", "--slack-api-url", "ftp://slack"], &[secret, token], "--slack-api-url"),
        (&["serve"], &[secret, token, ("SLACK_API_URL", "slack.com/api")], "--slack-api-url"),
        (&["serve"], &[secret, token, ("STENTOR_LOG_JSON", "perhaps")], "--log-json"),
        (&on("mysql://me:hush@db/x"), &[secret, token], "--database-url"),
        (&on(unreachable), &[secret, token], "--database-url"),
        (&on(&nowhere), &[secret, token], "--database-url"),
        (&on(&garbage), &[secret, token], "--database-url"),
        (&["serve", "--config", "no-such.toml"], &[secret, token], "no-such.toml"),
        (&["serve", "--config", &unknown], &[secret, token], "lisen"),
        (&["serve"], &[secret, token, ("STENTOR_CONFIG", &no_toml)], "no.toml"),
        (&["serve", "--config", &list], &[secret, token], "listen"),
        (&["serve", "--config", &wrong], &[], "--slack-bot-token"),
        (&["serve", "--verbose"], &[secret, token], "--verbose"),
        (&["sevre"], &[], "sevre"),
        (&["demo", "--listen", "0.0.0.0:0"], &[], "--listen 0.0.0.0:0"),
        (&["slack", "--listen", "0.0.0.0:0"], &[], "--listen 0.0.0.0:0"),
        (&["token", "create"], &[], "--name"),
        (&["token", "create", "--name", " "], &[], "name"),
        (&["token", "create", "--name", "ci", "--database-url", "ci"], &[], "--database-url"),
    ] {
        let line = refused(stentor(&scratch.0, arguments, environment));
        assert!(line.contains(named), "{arguments:?} {environment:?}: {line}");
        assert!(!line.contains("hush"), "{arguments:?} {environment:?}: {line}");
    }
}

#[test]
fn a_port_that_is_taken_is_refused() {
    let scratch = Scratch::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for task in ["serve", "demo", "slack"] {
        let environment = if task == "serve" { &SECRETS[..] } else { &[] };
        let line = refused(stentor(&scratch.0, &[task, "--listen", &address], environment));
        assert!(line.contains(&format!("--listen {address}")), "{line}");
    }
    assert!(scratch.is_empty(), "none had begun to use a database");
}

#[test]
fn help_and_version_are_no_mistakes() {
    let scratch = Scratch::new();
    for (arguments, words) in [
        (&["--help"][..], "serve"),
        (&["--version"], "stentor "),
        (&["serve", "--help"], "SLACK_BOT_TOKEN"),
        (&["token", "create", "--help"], "--name"),
    ] {
        let end = Process::start(stentor(&scratch.0, arguments, &SECRETS)).ends();
        assert_eq!((end.code, end.err), (Some(0), Vec::new()), "{arguments:?}");
        let said = end.out.join("\n");
        assert!(said.contains(words) && !said.contains("hush"), "{said}");
    }
}

#[tokio::test]
async fn the_demo_prints_one_address_and_leaves_nothing_behind() {
    let scratch = Scratch::new();
    let demo = Process::start(stentor(&scratch.0, &["demo", "--listen", "127.0.0.1:0"], &[]));
    let first = next(&demo.out).unwrap();
    let (_, address) = first.split_once("http://").unwrap();
    let page = Server::at(&format!("http://{address}")).get("/", &[]).await;
    assert_eq!(page.status.as_u16(), 200, "{first}");
    assert!(!scratch.is_empty(), "its database");
    demo.signal("INT");
    let end = demo.ends();
    assert_eq!((end.code, end.err), (Some(0), Vec::new()));
    assert!(!end.out.join("\n").contains("http"), "{:?}", end.out);
    assert!(scratch.is_empty(), "its database is gone");
}

#[tokio::test]
async fn the_local_slack_prints_its_address_and_is_driven_from_outside() {
    let scratch = Scratch::new();
    let arguments = ["slack", "--listen", "127.0.0.1:0", "--app", "http://127.0.0.1:9/"];
    let slack = Process::start(stentor(&scratch.0, &arguments, &[]));
    let server = Server::at(&next(&slack.out).unwrap());
    let state = server.get("/control/state", &[]).await.expect(200);
    assert_eq!(state["app"]["urls"]["commands"], "http://127.0.0.1:9/slack/commands");
    let urls = serde_json::json!({"events": "http://127.0.0.1:10/slack/events"});
    server.post("/control/app", &[], &urls).await.expect(200);
    let act = serde_json::json!({"act": "post_message", "user": "U0ALICE", "channel": "C0GENERAL", "text": "Hello"});
    assert!(server.post("/control/act", &[], &act).await.expect(200)["posted"].is_string());
    let state = server.get("/control/state", &[]).await.expect(200);
    assert_eq!(state["app"]["urls"]["events"], "http://127.0.0.1:10/slack/events");
    let messages = state["channels"]["C0GENERAL"]["messages"].as_object().unwrap();
    assert_eq!(messages.values().next().unwrap()["text"], "Hello");
    slack.signal("TERM");
    let end = slack.ends();
    assert_eq!((end.code, end.out, end.err), (Some(0), Vec::new(), Vec::new()));
}

on_each_database! {
    async fn a_server_answers_until_it_is_told_to_stop(fresh: Fresh) {
        let scratch = Scratch::new();
        let slack = Simulator::start(Settings::default()).await.unwrap();
        for signal in ["TERM", "INT"] {
            let (process, server) = serve(&scratch, &fresh.url(), &slack);
            assert_eq!(server.get("/healthz", &[]).await.text, "ok\n");
            assert_eq!(server.get("/readyz", &[]).await.text, "ready\n");
            process.logs("Slack knows us");
            process.signal(signal);
            let end = process.ends();
            assert_eq!((end.code, end.out), (Some(0), Vec::new()), "{signal}");
            assert!(end.err.last().unwrap().contains("Stentor is down"), "{:?}", end.err);
        }
    }

    /// As an operator without a public address runs it, through a crash and a stop.
    async fn a_server_in_socket_mode_needs_no_address_and_no_signing_secret(fresh: Fresh) {
        let scratch = Scratch::new();
        let settings = Settings { socket_mode: true, ..Settings::default() };
        let slack = Simulator::start(settings).await.unwrap();
        let (api_url, database) = (slack.api_url(), fresh.url());
        let environment = [
            ("SLACK_APP_TOKEN", slack.settings().app_token.as_str()),
            ("SLACK_BOT_TOKEN", slack.settings().bot_token.as_str()),
            ("SLACK_API_URL", &api_url),
            ("STENTOR_DATABASE_URL", &database),
            ("STENTOR_LISTEN", "127.0.0.1:0"),
        ];
        let start = || Process::start(stentor(&scratch.0, &["serve"], &environment));
        let types = async |channel: &str, text: &str| {
            let [user, channel, command, text] =
                ["U0ALICE", channel, "/incident", text].map(str::to_owned);
            slack.act(Act::SlashCommand { user, channel, command, text }).await.unwrap()
        };
        let process = start();
        process.logs("A socket to Slack is open");
        let form = types("C0GENERAL", "").await.modal.unwrap();
        let name = [("value".to_owned(), serde_json::json!("Checkout is slow"))].into();
        let values = [("name".to_owned(), name)].into();
        let submit = Act::SubmitView { user: "U0ALICE".to_owned(), view_id: form, values };
        let seen = slack.act(submit).await.unwrap();
        assert_eq!((seen.error, seen.field_errors), (None, Default::default()));
        // Whatever was acknowledged is finished by the next one.
        process.signal("KILL");
        drop(process);
        let process = start();
        process.logs("A socket to Slack is open");
        let mut changes = slack.changes();
        let channel = loop {
            let channel = slack.channel_by_name("inc-1-checkout-is-slow");
            match channel.filter(|channel| slack.pins(&channel.id).len() == 1) {
                Some(channel) => break channel.id,
                None => tokio::time::timeout(PATIENCE, changes.recv()).await.unwrap().unwrap(),
            }
        };
        let seen = types(&channel, "note It is the queue").await;
        assert_eq!(seen.messages[0].text, "Noted in the timeline of INC-1.");
        process.signal("TERM");
        let end = process.ends();
        assert_eq!(end.code, Some(0));
        assert!(end.err.last().unwrap().contains("Stentor is down"), "{:?}", end.err);
        assert!(!end.err.iter().any(|line| line.contains("xapp-") || line.contains("ticket")));
        assert_eq!((slack.links(), slack.oddities().len()), (0, 0));
    }

    async fn a_token_is_printed_alone_and_opens_the_running_server(fresh: Fresh) {
        let scratch = Scratch::new();
        let slack = Simulator::start(Settings::default()).await.unwrap();
        let (process, server) = serve(&scratch, &fresh.url(), &slack);
        let url = fresh.url();
        let create = || {
            let arguments = ["token", "create", "--name", "ci", "--database-url", &url];
            stentor(&scratch.0, &arguments, &[])
        };
        let made = Process::start(create()).ends();
        assert_eq!((made.code, made.out.len(), made.err), (Some(0), 1, Vec::new()));
        let token = made.out[0].as_str();
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str())];
        let list = server.get("/api/v1/incidents", &headers).await.expect(200);
        assert_eq!(list["incidents"], serde_json::json!([]));
        let body = serde_json::json!({"name": "Checkout is slow"});
        let declared = server.post("/api/v1/incidents", &headers, &body).await.expect(201);
        assert_eq!(declared["creator"]["name"], "ci");
        let wrong = [("authorization", "Bearer stn_wrong")];
        assert_eq!(server.get("/api/v1/incidents", &wrong).await.status.as_u16(), 401);
        assert!(refused(create()).contains("ci"), "a name is given once");
        process.signal("TERM");
        let end = process.ends();
        assert_eq!(end.code, Some(0));
        assert!(!end.err.iter().any(|line| line.contains(token)), "a token is in the log");
    }

    async fn a_database_of_a_newer_version_is_refused(fresh: Fresh) {
        let scratch = Scratch::new();
        let db = fresh.open().await;
        let mut tx = db.begin().await.unwrap();
        tx.query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (29990101000000, 'of tomorrow', TRUE, $1, 0)",
        )
        .bind(vec![0_u8])
        .execute()
        .await
        .unwrap();
        // It took something away that this version needs.
        tx.query("UPDATE meta SET value = 29990101000000 WHERE name = 'oldest'").execute().await.unwrap();
        tx.commit().await.unwrap();
        db.close().await;
        let url = fresh.url();
        for arguments in [
            &["serve", "--listen", "127.0.0.1:0", "--database-url", &url][..],
            &["token", "create", "--name", "ci", "--database-url", &url],
        ] {
            let environment = if arguments[0] == "serve" { &SECRETS[..] } else { &[] };
            let line = refused(stentor(&scratch.0, arguments, environment));
            assert!(line.contains("--database-url") && line.contains("newer version"), "{line}");
        }
    }

    async fn settings_come_from_a_file_and_flags_win(fresh: Fresh) {
        let scratch = Scratch::new();
        let slack = Simulator::start(Settings::default()).await.unwrap();
        let settings = slack.settings();
        let text = [
            ("listen", "nowhere"),
            ("database_url", &fresh.url()),
            ("slack_api_url", &slack.api_url()),
            ("slack_signing_secret", &settings.signing_secret),
            ("slack_bot_token", &settings.bot_token),
        ]
        .map(|(name, value)| format!("{name} = '{value}'\n"))
        .concat();
        let file = scratch.file("stentor.toml", &format!("{text}log_json = true\n"));
        let arguments = ["serve", "--config", &file, "--listen", "127.0.0.1:0"];
        let process = Process::start(stentor(&scratch.0, &arguments, &[]));
        let up: serde_json::Value = serde_json::from_str(&process.logs("Stentor is up")).unwrap();
        let address = up["fields"]["listen"].as_str().unwrap();
        let server = Server::at(&format!("http://{address}"));
        assert_eq!(server.get("/healthz", &[]).await.text, "ok\n");
        process.signal("TERM");
        assert_eq!(process.ends().code, Some(0));
    }
}

//! What `stentor doctor` finds: all in order, and each thing that can be wrong, for real.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::{Value, json};
use stentor::clock::{Clock, Timestamp};
use stentor::config::{Secret, SigningSecrets};
use stentor::doctor::{Outcome, Plan, Report, examine};
use stentor::simulator::Simulator;
use stentor::simulator::act::Act;
use stentor::simulator::settings::Settings;
use stentor::simulator::state::Team;

use crate::bot::{Bot, Start};
use crate::databases::{Fresh, on_each_database};
use crate::http::Server;
use crate::process::{Process, Scratch, stentor};

const SECRET: &str = "8f742231b10e8888abcd99eee77785a5";
const TOKEN: &str = "xoxb-1234-5678-aBcDeFgH";

/// A Slack whose secrets look like Slack's.
fn like_slack(settings: Settings) -> Settings {
    Settings { signing_secret: SECRET.to_owned(), bot_token: TOKEN.to_owned(), ..settings }
}

/// A running Stentor with all that it needs, and the plan to look at it.
async fn all_in_order(fresh: &Fresh) -> (Bot, Server, Plan) {
    all_in_order_but(fresh, like_slack).await
}

async fn all_in_order_but(fresh: &Fresh, slack: fn(Settings) -> Settings) -> (Bot, Server, Plan) {
    let bot = Bot::start_with(fresh, Start { slack: Some(slack), ..Start::default() }).await;
    let server = Server::start(bot.stentor.router()).await;
    fresh.close_to_others();
    let plan = Plan {
        database_url: fresh.url().parse().unwrap(),
        signing_secrets: Some(SigningSecrets(vec![Secret::new(SECRET)])),
        bot_token: Some(Secret::new(TOKEN)),
        api_url: bot.slack.api_url(),
        announce_channel: "incidents".to_owned(),
        public_url: Some(server.address().to_owned()),
    };
    (bot, server, plan)
}

/// What is wrong, each as `check: found`.
fn wrong(report: &Report, outcome: Outcome) -> Vec<String> {
    let findings = report.findings.iter().filter(|finding| finding.outcome == outcome);
    findings.map(|finding| format!("{}: {}", finding.check, finding.found)).collect()
}

/// The one thing that failed, which has a remedy.
fn only_failure(report: &Report) -> String {
    let failed = wrong(report, Outcome::Failed);
    assert_eq!(failed.len(), 1, "{report}");
    for finding in &report.findings {
        assert_eq!(finding.fix.is_some(), finding.outcome != Outcome::Ok, "{finding:?}");
    }
    failed.into_iter().next().unwrap()
}

/// What is not as it should be, for whatever reason, on the machine that the tests run on.
fn of_this_machine(found: &str) -> bool {
    found.starts_with("disk: ")
        || found.starts_with("public address: it is not encrypted")
        || (found.starts_with("Slack's address: ") && found.ends_with("is not Slack's own"))
        || found.starts_with("database clock: ")
}

on_each_database! {
    async fn all_in_order_is_said_and_changes_nothing(fresh: Fresh) {
        let (bot, _server, plan) = all_in_order(&fresh).await;
        let report = examine(&plan, &bot.clock).await;
        let text = report.to_string();
        let mut warnings = wrong(&report, Outcome::Warning);
        warnings.retain(|found| !of_this_machine(found));
        assert_eq!(warnings, Vec::<String>::new(), "{text}");
        let mut failed = wrong(&report, Outcome::Failed);
        failed.retain(|found| !of_this_machine(found));
        assert_eq!(failed, Vec::<String>::new(), "{text}");
        for check in ["signing secret", "bot token", "database", "schema", "outbox", "clock", "Slack", "scopes", "announcements", "public address", "signed request"] {
            assert!(report.findings.iter().any(|f| f.check == check && f.outcome == Outcome::Ok), "{check}: {text}");
        }
        assert!(!text.contains(SECRET) && !text.contains(TOKEN), "{text}");
        assert!(text.contains("knows us as stentor in Acme (T0STENTOR)"), "{text}");
        for call in bot.slack.calls() {
            assert!(["auth.test", "conversations.list"].contains(&call.method.as_str()), "{}", call.method);
        }
        bot.ends().await;
    }

    async fn an_organisation_is_looked_at_workspace_by_workspace(fresh: Fresh) {
        let of_organisation = |settings| Settings { org_install: true, ..like_slack(settings) };
        let (bot, _server, plan) = all_in_order_but(&fresh, of_organisation).await;
        let team = Team { id: "T0ZENITH".to_owned(), name: "Zenith".to_owned(), ..bot.slack.settings().team.clone() };
        let channels = Vec::new();
        let zenith = Settings { team, channels, ..bot.slack.settings().clone() };
        let zenith = bot.slack.with_workspace(zenith);
        let report = examine(&plan, &bot.clock).await;
        let found: Vec<&str> = report.findings.iter()
            .filter(|it| ["workspaces", "announcements"].contains(&it.check) && it.outcome == Outcome::Ok)
            .map(|it| it.found.as_str())
            .collect();
        assert_eq!(found, [
            "2 of the organisation let Stentor in: Acme, Zenith",
            "#incidents of Acme is there, and Stentor will enter it",
            "#incidents of Zenith will be made with the first incident",
        ]);
        for slack in [&bot.slack, &zenith] {
            slack.act(Act::LetIn { granted: false }).await.unwrap();
        }
        let report = examine(&plan, &bot.clock).await;
        let failed = wrong(&report, Outcome::Failed);
        let expected = "workspaces: Stentor is installed for an organisation, and none of its workspaces lets it in";
        assert!(failed.iter().any(|found| found == expected), "{report}");
        assert!(!report.findings.iter().any(|it| it.check == "announcements"), "{report}");
        bot.ends().await;
    }

    async fn a_wrong_token_is_named(fresh: Fresh) {
        let (bot, _server, plan) = all_in_order(&fresh).await;
        bot.slack.expect_refusal("auth.test", "invalid_auth");
        let plan = Plan { bot_token: Some(Secret::new("xoxb-1234-5678-aBcDeFgX")), ..plan };
        let report = examine(&plan, &bot.clock).await;
        assert!(wrong(&report, Outcome::Failed).contains(&"Slack: does not accept the bot token: invalid_auth".to_owned()), "{report}");
        assert!(!report.findings.iter().any(|finding| finding.check == "scopes"), "{report}");
        bot.ends().await;
    }

    async fn missing_scopes_are_named_with_what_fails_without_them(fresh: Fresh) {
        let (bot, _server, plan) = all_in_order_but(&fresh, |settings| {
            let mut settings = like_slack(settings);
            settings.scopes.retain(|scope| scope != "pins:write" && scope != "channels:join");
            settings
        }).await;
        let report = examine(&plan, &bot.clock).await;
        let mut failed = wrong(&report, Outcome::Failed);
        failed.retain(|found| !of_this_machine(found));
        assert_eq!(failed, [
            "scopes: channels:join is missing: Stentor can't enter the announcement channel by itself",
            "scopes: pins:write is missing: the facts are not pinned in an incident's channel",
        ], "{report}");
        bot.ends().await;
    }

    async fn a_channel_that_can_not_be_announced_in_is_named(fresh: Fresh) {
        let (bot, _server, plan) = all_in_order_but(&fresh, |settings| {
            let mut settings = like_slack(settings);
            let mut secret = settings.channels[1].clone();
            secret.id = "C0SECRET".to_owned();
            secret.name = "secret".to_owned();
            secret.is_private = true;
            let mut old = settings.channels[1].clone();
            old.id = "C0OLD".to_owned();
            old.name = "old".to_owned();
            old.is_archived = true;
            settings.channels.extend([secret, old]);
            settings
        }).await;
        let found = async |channel: &str| {
            let plan = Plan { announce_channel: channel.to_owned(), ..plan.clone() };
            let report = examine(&plan, &bot.clock).await;
            let finding = report.findings.iter().find(|finding| finding.check == "announcements");
            finding.unwrap().clone()
        };
        bot.slack.expect_refusal("conversations.info", "channel_not_found");
        for (channel, outcome, words) in [
            ("incidents", Outcome::Ok, "will enter it"),
            ("general", Outcome::Ok, "Stentor is in it"),
            ("C0GENERAL", Outcome::Ok, "Stentor is in it"),
            ("brand-new", Outcome::Ok, "will be made"),
            ("C0OLD", Outcome::Failed, "archived"),
            ("C0NOWHERE", Outcome::Failed, "there is no channel C0NOWHERE"),
            ("C0SECRET", Outcome::Failed, "Stentor is not in it"),
        ] {
            let finding = found(channel).await;
            assert_eq!(finding.outcome, outcome, "{finding:?}");
            assert!(finding.found.contains(words), "{finding:?}");
        }
        bot.ends().await;
    }

    async fn a_clock_that_is_wrong_is_found_by_slacks(fresh: Fresh) {
        let (bot, _server, plan) = all_in_order(&fresh).await;
        for (offset, outcome, words) in [
            (2, Outcome::Ok, "agrees"),
            (-2, Outcome::Ok, "agrees"),
            (60, Outcome::Warning, "is 59 s ahead of Slack's"),
            (900, Outcome::Failed, "would be refused"),
            (-900, Outcome::Failed, "behind Slack's"),
        ] {
            let now = bot.clock.now().as_micros() + offset * 1_000_000;
            let report = examine(&plan, &Clock::manual(Timestamp::from_micros(now))).await;
            let finding = report.findings.iter().find(|finding| finding.check == "clock").unwrap();
            assert_eq!(finding.outcome, outcome, "{finding:?}");
            assert!(finding.found.contains(words), "{finding:?}");
        }
        bot.ends().await;
    }

    async fn a_secret_that_the_running_stentor_does_not_have_is_found(fresh: Fresh) {
        let (bot, _server, plan) = all_in_order(&fresh).await;
        let other = SECRET.replace('8', "9");
        let plan = Plan { signing_secrets: Some(SigningSecrets(vec![Secret::new(other)])), ..plan };
        let report = examine(&plan, &bot.clock).await;
        let failed = wrong(&report, Outcome::Failed);
        assert!(failed.contains(&"signed request: it was turned away (status 401)".to_owned()), "{report}");
        bot.ends().await;
    }

    async fn an_address_that_leads_elsewhere_is_found(fresh: Fresh) {
        let (bot, _server, plan) = all_in_order(&fresh).await;
        for (url, words) in [
            ("http://127.0.0.1:1".to_owned(), "could not be reached: Connection refused"),
            (bot.slack.url(), "not by Stentor"),
            ("http://no-such-host.invalid".to_owned(), "could not be reached"),
        ] {
            let plan = Plan { public_url: Some(url), ..plan.clone() };
            let report = examine(&plan, &bot.clock).await;
            let finding = report.findings.iter().find(|f| f.check == "public address").unwrap();
            assert_eq!(finding.outcome, Outcome::Failed);
            assert!(finding.found.contains(words), "{finding:?}");
        }
        let report = examine(&Plan { public_url: None, ..plan }, &bot.clock).await;
        assert!(wrong(&report, Outcome::Unknown).iter().any(|found| found.starts_with("public address")), "{report}");
        bot.ends().await;
    }

    async fn slack_that_is_away_is_found(fresh: Fresh) {
        let (bot, _server, plan) = all_in_order(&fresh).await;
        let plan = Plan { api_url: "http://127.0.0.1:1/api".to_owned(), ..plan };
        let report = examine(&plan, &bot.clock).await;
        let failed = wrong(&report, Outcome::Failed);
        assert!(failed.contains(&"Slack: http://127.0.0.1:1/api could not be reached: Connection refused (os error 111)".to_owned()), "{report}");
        bot.ends().await;
    }

    async fn webhooks_that_fail_are_counted(fresh: Fresh) {
        let (bot, _server, plan) = all_in_order(&fresh).await;
        let mut tx = bot.stentor.app.db.begin().await.unwrap();
        for (id, state, failing) in [("1", "broken", 1_i64), ("2", "on", 1), ("3", "on", 0), ("4", "off", 1)] {
            let sql = "INSERT INTO webhook (workspace, id, url, description, events, state, kept_secret, sealed_with,
                    failing_since, created_at, updated_at)
                VALUES ($1, $2, '', '', $3, $4, '', 'key', CASE WHEN $5 = 1 THEN $5 END, 0, 0)";
            let query = tx.query(sql).bind(bot.stentor.app.workspace.clone()).bind(id.to_owned());
            query.bind(sqlx::types::Json(json!([]))).bind(state.to_owned()).bind(failing).execute().await.unwrap();
        }
        tx.commit().await.unwrap();
        let report = examine(&plan, &bot.clock).await;
        let warnings = wrong(&report, Outcome::Warning);
        let about: Vec<&String> = warnings.iter().filter(|found| found.starts_with("webhooks: ")).collect();
        assert_eq!(about.len(), 2, "{report}");
        assert!(about[0].contains("1 took nothing for five days") && about[1].contains("1 did not take"), "{report}");
        bot.ends().await;
    }

    async fn work_that_was_given_up_or_waits_too_long_is_counted(fresh: Fresh) {
        let (bot, _server, plan) = all_in_order(&fresh).await;
        bot.breaks_down("chat.postMessage", stentor::simulator::faults::Failing::Status { status: 503 });
        bot.declares_in_trouble("Checkout is slow").await;
        bot.works_a_while().await;
        bot.clock.advance(Duration::from_secs(1_200));
        let report = examine(&plan, &bot.clock).await;
        let warnings = wrong(&report, Outcome::Warning);
        assert!(warnings.iter().any(|found| found.starts_with("outbox: the oldest of ")), "{report}");
        bot.mends();
        bot.expects_repeats();
        bot.settle().await;
        let mut tx = bot.stentor.app.db.begin().await.unwrap();
        let bury = "INSERT INTO outbox (workspace, id, key, lane, seq, incident, work, state, due_at, attempts,
                refused, generation, created_at)
            SELECT workspace, 'X', 'dead/letter', 'dead', 1, id, $1, 1, 0, 1, 1, 0, 0 FROM incident";
        tx.query(bury).bind(sqlx::types::Json(json!({}))).execute().await.unwrap();
        tx.commit().await.unwrap();
        let report = examine(&plan, &bot.clock).await;
        let warnings = wrong(&report, Outcome::Warning);
        assert!(warnings.iter().any(|found| found.starts_with("outbox: 1 ") && found.contains("given up")), "{report}");
        bot.gives_up("dead/letter");
        let incident = bot.incident(1).await;
        bot.slack.next_message(incident.channel.as_ref().unwrap().as_str()).expect("the welcome message");
        bot.slack.next_message(crate::bot::INCIDENTS).expect("the announcement");
        bot.ends().await;
    }

    async fn a_database_of_another_version_is_named(fresh: Fresh) {
        let (bot, _server, plan) = all_in_order(&fresh).await;
        for (change, outcome, words) in [
            ("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                VALUES (29990101000000, 'of tomorrow', TRUE, $1, 0)", Outcome::Warning, "a newer Stentor"),
            ("DELETE FROM _sqlx_migrations WHERE version = 29990101000000 OR checksum <> $1", Outcome::Ok, "there is none yet"),
        ] {
            let mut tx = bot.stentor.app.db.begin().await.unwrap();
            tx.query(change).bind(vec![0_u8]).execute().await.unwrap();
            tx.commit().await.unwrap();
            let report = examine(&plan, &bot.clock).await;
            let finding = report.findings.iter().find(|finding| finding.check == "schema").unwrap();
            assert_eq!(finding.outcome, outcome, "{report}");
            assert!(finding.found.contains(words), "{finding:?}");
        }
        bot.ends().await;
    }
}

/// The settings of a plan whose Slack is away, so that only what is looked at matters.
fn on_database(url: &str) -> Plan {
    Plan {
        database_url: url.parse().unwrap(),
        signing_secrets: Some(SigningSecrets(vec![Secret::new(SECRET)])),
        bot_token: None,
        api_url: "https://slack.com/api".to_owned(),
        announce_channel: "incidents".to_owned(),
        public_url: None,
    }
}

#[tokio::test]
async fn a_file_that_can_not_be_used_is_named() {
    let scratch = Scratch::new();
    let clock = Clock::system();
    let url = |name: &str| format!("sqlite://{}", scratch.0.join(name).display());
    let report = examine(&on_database(&url("new.db")), &clock).await;
    let found = &report.findings.iter().find(|f| f.check == "database").unwrap().found;
    assert_eq!(found, "there is no file yet; `stentor serve` makes it");
    assert!(!scratch.0.join("new.db").exists(), "nothing is made");
    let report = examine(&on_database(&url("no/folder/new.db")), &clock).await;
    assert_eq!(
        only_failure(&report),
        "database: the folder that the file should be in is not there"
    );
    scratch.file("garbage.db", &"not a database ".repeat(1_000));
    let report = examine(&on_database(&url("garbage.db")), &clock).await;
    assert!(only_failure(&report).contains("can't be opened"), "{report}");
    // Made by Stentor, and then not for everybody to see.
    stentor::store::db::Db::connect(&url("good.db")).await.unwrap().close().await;
    let good = scratch.0.join("good.db");
    for (mode, warns) in [(0o600, false), (0o640, false), (0o644, true), (0o666, true)] {
        std::fs::set_permissions(&good, std::fs::Permissions::from_mode(mode)).unwrap();
        let report = examine(&on_database(&url("good.db")), &clock).await;
        let warning = report.findings.iter().find(|f| f.check == "file permissions");
        assert_eq!(warning.is_some(), warns, "{mode:o}: {report}");
        if let Some(warning) = warning {
            assert_eq!(
                warning.fix.as_deref(),
                Some(format!("chmod 600 {}", good.display()).as_str())
            );
        }
    }
    // Read-only for everybody, root included: as a mode of the file it would not hold root back.
    let read_only = format!("{}?mode=ro", url("good.db"));
    let report = examine(&on_database(&read_only), &clock).await;
    assert!(only_failure(&report).contains("can't be written"), "{report}");
    // A page in its middle is overwritten.
    let mut bytes = std::fs::read(&good).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0xff);
    std::fs::write(&good, bytes).unwrap();
    let report = examine(&on_database(&url("good.db")), &clock).await;
    assert!(report.has_failed(), "{report}");
}

#[tokio::test]
async fn a_server_that_can_not_be_used_is_named() {
    let clock = Clock::system();
    let report = examine(&on_database("postgres://me:hunter2@127.0.0.1:1/x"), &clock).await;
    let failure = only_failure(&report);
    assert!(
        failure.starts_with("database: can't be opened") && !failure.contains("hunter2"),
        "{failure}"
    );
    let url = std::env::var("TEST_POSTGRES_URL").unwrap();
    let (server, _) = url.rsplit_once('/').unwrap();
    let report = examine(&on_database(&format!("{server}/no_such_database")), &clock).await;
    assert!(only_failure(&report).contains("no_such_database"), "{report}");
    let fresh = Fresh::postgres().await;
    let schema_only = fresh.url();
    let report = examine(&on_database(&schema_only), &clock).await;
    assert!(!report.has_failed(), "{report}");
    assert!(report.to_string().contains("there is none yet"), "{report}");
    fresh.open().await.close().await;
    let read_only = format!("{schema_only}%20-c%20default_transaction_read_only%3Don");
    let report = examine(&on_database(&read_only), &clock).await;
    assert!(only_failure(&report).contains("is read-only"), "{report}");
    let wrong_clock =
        Clock::manual(Timestamp::from_micros(clock.now().as_micros() - 3_600_000_000));
    let report = examine(&on_database(&schema_only), &wrong_clock).await;
    assert!(only_failure(&report).starts_with("database clock: this machine is 3"), "{report}");
}

#[tokio::test]
async fn secrets_that_can_hardly_be_meant_are_named_and_not_shown() {
    let fresh = Fresh::sqlite();
    for (secret, outcome, words) in [
        ("xoxb-1234-5678-hush", Outcome::Failed, "it is a token"),
        ("changeme", Outcome::Failed, "it is an example"),
        ("…", Outcome::Failed, "it is an example"),
        ("hush-hush", Outcome::Warning, "it has 9 characters"),
        (SECRET, Outcome::Ok, "has the form"),
    ] {
        let plan = Plan {
            signing_secrets: Some(SigningSecrets(vec![Secret::new(secret)])),
            ..on_database(&fresh.url())
        };
        let report = examine(&plan, &Clock::system()).await;
        let finding = report.findings.iter().find(|f| f.check == "signing secret").unwrap();
        assert_eq!(finding.outcome, outcome, "{finding:?}");
        assert!(finding.found.contains(words) && !finding.found.contains("hush"), "{finding:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_says_so_by_its_code_and_in_json() {
    let scratch = Scratch::new();
    let slack = Simulator::start(like_slack(Settings::default())).await.unwrap();
    let api_url = slack.api_url();
    let run = |token: &str, arguments: &[&str]| {
        let environment = [
            ("SLACK_SIGNING_SECRET", SECRET),
            ("SLACK_BOT_TOKEN", token),
            ("SLACK_API_URL", &api_url),
            ("STENTOR_DATABASE_URL", "sqlite://stentor.db"),
        ];
        let arguments = [&["doctor"], arguments].concat();
        Process::start(stentor(&scratch.0, &arguments, &environment)).ends()
    };
    let end = run(TOKEN, &[]);
    assert_eq!((end.code, end.err), (Some(0), Vec::new()), "{:?}", end.out);
    let said = end.out.join("\n");
    assert!(said.contains("knows us as") && said.contains(" 0 failed"), "{said}");
    let end = run("xoxb-1234-5678-wrong", &["--json"]);
    assert_eq!((end.code, end.out.len()), (Some(1), 1), "{:?}", end.err);
    let report: Value = serde_json::from_str(&end.out[0]).unwrap();
    assert_eq!((&report["ok"], &report["failed"]), (&json!(false), &json!(1)));
    let findings = report["findings"].as_array().unwrap();
    let slack = findings.iter().find(|finding| finding["check"] == "Slack").unwrap();
    assert_eq!(slack["outcome"], "failed");
    assert!(slack["fix"].as_str().unwrap().contains("SLACK_BOT_TOKEN"));
    assert!(std::fs::read_dir(&scratch.0).unwrap().next().is_none(), "nothing is made");
    // A setting that is no setting ends it as it ends `serve`.
    let end = run("nonsense", &[]);
    assert_eq!((end.code, end.out.len(), end.err.len()), (Some(2), 0, 1));
}

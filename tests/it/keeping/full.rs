//! A full disk, a file that may not be written, a file that is gone: everybody is told, nothing is
//! half-done, and all is well when there is room again, without a restart.

use std::process::Command;

use serde_json::json;
use stentor::simulator::Simulator;
use stentor::simulator::settings::Settings;
use stentor::store::db::Db;

use super::{Caller, file_of, is_undamaged, number};
use crate::bot::{ALICE, Bot, GENERAL};
use crate::databases::Fresh;
use crate::http::Server;
use crate::process::{Process, Scratch, stentor};

const NOT_SAVED: &str = "Stentor could not save that; nothing was changed. Please try again.";

/// Runs a statement on the one connection that writes.
async fn on_the_writer(bot: &Bot, sql: &'static str) {
    let Db::Sqlite { write, .. } = &bot.stentor.app.db else { panic!("this is about SQLite") };
    sqlx::query(sql).execute(write).await.unwrap();
}

/// What needs room of its own is refused aloud.
async fn nothing_large_can_be_saved(bot: &Bot, channel: &str) {
    for warning in ["Could not save commands", "The store is away", "Not ready", "Could not look"] {
        crate::warnings::expect(warning);
    }
    let long = "All is lost. ".repeat(200);
    let seen = bot.types(ALICE, channel, &format!("update {long}")).await;
    let said: Vec<&str> = seen.messages.iter().map(|message| message.text.as_str()).collect();
    assert_eq!((seen.error, said), (None, vec![NOT_SAVED]));
}

/// Everything that somebody can ask for is refused aloud.
async fn nothing_can_be_saved(bot: &Bot, declaring: &str, channel: &str) {
    nothing_large_can_be_saved(bot, channel).await;
    let declared = bot.submits(ALICE, declaring, &[("name", json!("Login is down"))]).await;
    assert_eq!(declared.field_errors["name"], NOT_SAVED);
}

/// The same forms and commands are taken now, and everything is there once.
async fn all_is_well_again(bot: Bot, fresh: &Fresh, declaring: &str, channel: &str) {
    let server = Server::start(bot.stentor.router()).await;
    assert_eq!(server.get("/readyz", &[]).await.text, "ready\n");
    bot.completes(ALICE, declaring, &[("name", json!("Login is down"))]).await;
    bot.says(ALICE, channel, "update Rolling back").await;
    assert_eq!(
        bot.reads_everything_once(1).await,
        ["INC-1: Rolling back · Update from <@U0ALICE>"]
    );
    bot.reads_everything_once(2).await;
    assert_eq!(bot.incident(2).await.name, "Login is down");
    bot.ends().await;
    let file = file_of(&fresh.url());
    assert!(is_undamaged(&file).await);
    assert_eq!(number(&file, "SELECT COUNT(*) FROM incident").await, 2);
    assert_eq!(
        number(&file, "SELECT SUM(version) FROM incident").await,
        number(&file, "SELECT COUNT(*) FROM timeline").await,
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_database_takes_nothing_and_loses_nothing() {
    let fresh = Fresh::sqlite();
    let bot = Bot::start(&fresh).await;
    let incident = bot.declares("Checkout is slow").await;
    let channel = incident.channel.as_ref().unwrap().as_str();
    let declaring = bot.opens(ALICE, GENERAL, "").await;
    // No page more than there is.
    on_the_writer(&bot, "PRAGMA max_page_count = 1").await;
    nothing_large_can_be_saved(&bot, channel).await;
    // SQLite has rolled back by itself, and the connection was replaced: so is the limit.
    Box::pin(all_is_well_again(bot, &fresh, &declaring, channel)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_may_not_be_written_takes_nothing_and_loses_nothing() {
    let fresh = Fresh::sqlite();
    let bot = Bot::start(&fresh).await;
    let incident = bot.declares("Checkout is slow").await;
    let channel = incident.channel.as_ref().unwrap().as_str();
    let declaring = bot.opens(ALICE, GENERAL, "").await;
    on_the_writer(&bot, "PRAGMA query_only = 1").await;
    nothing_can_be_saved(&bot, &declaring, channel).await;
    let server = Server::start(bot.stentor.router()).await;
    assert_eq!(server.get("/readyz", &[]).await.status, 503);
    on_the_writer(&bot, "PRAGMA query_only = 0").await;
    Box::pin(all_is_well_again(bot, &fresh, &declaring, channel)).await;
}

/// What is written to a file without a name would be gone with the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_gone_takes_nothing_and_loses_nothing() {
    let fresh = Fresh::sqlite();
    let bot = Bot::start(&fresh).await;
    let incident = bot.declares("Checkout is slow").await;
    let channel = incident.channel.as_ref().unwrap().as_str();
    let declaring = bot.opens(ALICE, GENERAL, "").await;
    let file = file_of(&fresh.url());
    let away = file.with_extension("away");
    std::fs::rename(&file, &away).unwrap();
    nothing_can_be_saved(&bot, &declaring, channel).await;
    let server = Server::start(bot.stentor.router()).await;
    assert_eq!(server.get("/readyz", &[]).await.status, 503);
    assert!(!file.exists(), "it is not made anew");
    // Nor is another one taken for it.
    std::fs::copy(&away, &file).unwrap();
    nothing_can_be_saved(&bot, &declaring, channel).await;
    assert_eq!(server.get("/readyz", &[]).await.status, 503);
    std::fs::rename(&away, &file).unwrap();
    Box::pin(all_is_well_again(bot, &fresh, &declaring, channel)).await;
}

/// A real process on a disk that is full: no file may grow beyond a limit, as `ulimit -f` sets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_survived_without_a_restart() {
    let scratch = Scratch::new();
    let slack = Simulator::start(Settings::default()).await.unwrap();
    let settings = slack.settings();
    let api_url = slack.api_url();
    let environment = [
        ("SLACK_SIGNING_SECRET", settings.signing_secret.as_str()),
        ("SLACK_BOT_TOKEN", settings.bot_token.as_str()),
        ("SLACK_API_URL", &api_url),
        ("STENTOR_DATABASE_URL", "sqlite://x.db"),
        ("STENTOR_LISTEN", "127.0.0.1:0"),
    ];
    let serve = stentor(&scratch.0, &["serve"], &environment);
    let mut limited = Command::new("bash");
    // In kilobytes; the soft limit alone, which may be raised again.
    limited.args(["-c", "ulimit -S -f 5000; exec \"$0\" \"$@\""]).arg(serve.get_program());
    limited.args(serve.get_args()).current_dir(&scratch.0).env_clear().envs(environment);
    let process = Process::start(limited);
    let line = process.logs("Stentor is up");
    let (_, address) = line.split_once("listen=").unwrap();
    let server = Server::at(&format!("http://{}", address.trim()));
    let caller = Caller::new(&scratch, "sqlite://x.db", &server, "ci");

    let mut acknowledged = Vec::new();
    let mut refused = 0;
    for n in 0.. {
        assert!(n < 2_000, "the disk is never full");
        let name = format!("Incident {n}");
        let answer = caller.declares(&name).await;
        match answer.status.as_u16() {
            201 => acknowledged.push(name),
            503 => refused += 1,
            other => panic!("{other}: {}", answer.text),
        }
        if refused == 5 {
            break;
        }
    }
    assert!(acknowledged.len() > 10, "{}", acknowledged.len());
    // There may be room for a little still, and each look takes some of it.
    let mut looks = 0;
    while server.get("/readyz", &[]).await.text != "the database can't be used\n" {
        looks += 1;
        assert!(looks < 200, "it always says that it is ready");
    }
    assert_eq!(server.get("/readyz", &[]).await.status, 503);
    assert_eq!(server.get("/healthz", &[]).await.text, "ok\n");
    assert_eq!(caller.names().await, acknowledged, "what was told so is there, and nothing else");

    let id = process.child.id().to_string();
    let raised =
        Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited"]).status().unwrap();
    assert!(raised.success());
    let after = caller.declares("There is room again").await;
    assert_eq!(after.status, 201, "{}", after.text);
    acknowledged.push("There is room again".to_owned());
    assert_eq!(server.get("/readyz", &[]).await.text, "ready\n");
    assert_eq!(caller.names().await, acknowledged);
    process.signal("TERM");
    assert_eq!(process.ends().code, Some(0));
    let file = scratch.0.join("x.db");
    assert!(is_undamaged(&file).await);
    let count = i64::try_from(acknowledged.len()).unwrap();
    assert_eq!(number(&file, "SELECT COUNT(*) FROM incident").await, count);
    assert_eq!(
        number(&file, "SELECT MAX(number) FROM incident").await,
        count,
        "no number is left out"
    );
}

#[test]
fn a_database_that_can_not_be_written_is_refused_at_the_start() {
    let scratch = Scratch::new();
    let secrets = [("SLACK_SIGNING_SECRET", "example"), ("SLACK_BOT_TOKEN", "xoxb-example")];
    std::fs::write(scratch.0.join("x.db"), "").unwrap();
    for url in ["sqlite://x.db?mode=ro", "sqlite://no/such/folder/x.db", "sqlite://."] {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--database-url", url];
        let line = crate::process::refused(stentor(&scratch.0, &arguments, &secrets));
        assert!(line.contains("--database-url"), "{url}: {line}");
    }
}

//! What operators do with work that was given up, and what a process leaves when it is told to stop.

use std::time::Duration;

use stentor::simulator::Simulator;
use stentor::simulator::faults::{Failing, Fault};
use stentor::simulator::settings::Settings;

use crate::bot::{ALICE, Bot};
use crate::databases::on_each_database;
use crate::process::{End, Process, Scratch, refused, serve, stentor};

/// What the program says to this.
fn outbox(scratch: &Scratch, url: &str, arguments: &[&str]) -> Vec<String> {
    let arguments = [&["outbox"], arguments, &["--database-url", url]].concat();
    let End { code, out, err } = Process::start(stentor(&scratch.0, &arguments, &[])).ends();
    assert_eq!((code, err), (Some(0), Vec::new()), "{arguments:?}");
    out
}

on_each_database! {
    /// The server runs meanwhile, on the same database.
    async fn what_was_given_up_is_shown_and_done_when_somebody_asks_again(fresh: Fresh) {
        let scratch = Scratch::new();
        let bot = Bot::start(&fresh).await;
        crate::warnings::expect("Gave up");
        let incident = bot.declares("Checkout is slow").await;
        let channel = incident.channel.as_ref().unwrap().as_str();
        let url = fresh.url();
        assert_eq!(outbox(&scratch, &url, &["list"]), ["Nothing was given up."]);
        bot.breaks("chat.postMessage", Failing::Error { code: "restricted_action".to_owned() }, 2);
        bot.says(ALICE, channel, "update One").await;
        bot.says(ALICE, channel, "update Two").await;
        assert_eq!(bot.reads_all(channel), Vec::<String>::new());

        let listed = outbox(&scratch, &url, &["list"]);
        assert_eq!(listed.len(), 2, "{listed:?}");
        assert!(listed[0].contains("INC-1") && listed[0].ends_with("chat.postMessage: restricted_action"), "{listed:?}");
        let objects = outbox(&scratch, &url, &["list", "--json"]);
        let ids: Vec<String> = objects
            .iter()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
            .collect();
        for wrong in [&["outbox", "retry", "nonsense"][..], &["outbox", "drop", "nonsense"], &["outbox", "retry"]] {
            let arguments = [wrong, &["--database-url", &url]].concat();
            assert!(!refused(stentor(&scratch.0, &arguments, &[])).is_empty());
        }
        let again = outbox(&scratch, &url, &["retry", &ids[0]]);
        assert!(again[0].starts_with(&ids[0]) && again[0].ends_with("is tried again"), "{again:?}");
        let gone = outbox(&scratch, &url, &["drop", &ids[1]]);
        assert!(gone[0].ends_with("was let go"), "{gone:?}");
        assert_eq!(outbox(&scratch, &url, &["list"]), ["Nothing was given up."]);
        // The program's clock is the system's, and the test's stands still: it is due by either.
        bot.clock.advance(Duration::from_secs(100 * 365 * 24 * 3600));
        bot.settle().await;
        assert_eq!(bot.reads_all(channel), ["INC-1: One · Update from <@U0ALICE>"]);
        let timeline = bot.says(ALICE, channel, "timeline").await;
        assert!(timeline.contains("Timeline"), "{timeline}");
        let record = format!("{:?}", bot.record(&incident).await);
        assert!(record.contains("An operator has Stentor try again to post entry"), "{record}");
        assert!(record.contains("An operator let go for good: post entry"), "{record}");
        bot.ends().await;
    }

    /// Slack hangs, and nobody waits for it: whoever goes on looks first.
    async fn who_is_told_to_stop_leaves_its_work_to_others(fresh: Fresh) {
        let scratch = Scratch::new();
        let slack = Simulator::start(Settings::default()).await.unwrap();
        let (process, server) = serve(&scratch, &fresh.url(), &slack);
        process.logs("Slack knows us");
        let url = fresh.url();
        let arguments = ["token", "create", "--name", "ci", "--database-url", &url];
        let token = Process::start(stentor(&scratch.0, &arguments, &[])).ends().out.remove(0);
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str())];
        // Longer than anybody waits.
        let hangs = Failing::LostAnswer { hang_ms: 120_000 };
        slack.inject(Fault::times("conversations.create", hangs, 1));
        let mut changes = slack.changes();
        let body = serde_json::json!({"name": "Checkout is slow"});
        server.post("/api/v1/incidents", &headers, &body).await.expect(201);
        while slack.read(|state| state.channels.values().all(|it| !it.name.starts_with("inc-1"))) {
            changes.recv().await.ok();
        }
        process.signal("TERM");
        let end = process.ends();
        assert_eq!((end.code, end.out), (Some(0), Vec::new()));
        let err = end.err.join("\n");
        assert!(err.contains("Left work in hand to whoever goes on"), "{err}");
        let db = fresh.open().await;
        let mut tx = db.read().await.unwrap();
        let (leases,): (i64,) = tx.query("SELECT COUNT(*) FROM lane WHERE lease IS NOT NULL").one().await.unwrap();
        assert_eq!(leases, 0, "it kept a lease");
        drop(tx);
        db.close().await;

        let (process, server) = serve(&scratch, &fresh.url(), &slack);
        let mut changes = slack.changes();
        while slack.read(|state| state.channels.values().all(|it| it.pins.is_empty())) {
            changes.recv().await.ok();
        }
        let channels = slack.read(|state| state.channels.values().filter(|it| it.name.starts_with("inc-1")).count());
        assert_eq!(channels, 1, "it was made again without a look");
        assert_eq!(server.get("/healthz", &[]).await.text, "ok\n");
        process.signal("TERM");
        assert_eq!(process.ends().code, Some(0));
    }
}

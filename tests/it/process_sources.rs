//! `stentor source`, as an operator uses it beside a running server.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};
use stentor::simulator::Simulator;
use stentor::simulator::settings::Settings;

use crate::databases::on_each_database;
use crate::process::{End, Process, Scratch, refused, serve, stentor};

const KEY: &str = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";

fn run(scratch: &Scratch, arguments: &[&str], environment: &[(&str, &str)]) -> End {
    Process::start(stentor(&scratch.0, &[&["source"], arguments].concat(), environment)).ends()
}

/// The one JSON object on standard output.
fn object(end: &End) -> Value {
    assert_eq!((end.code, end.out.len()), (Some(0), 1), "{:?} {:?}", end.out, end.err);
    serde_json::from_str(&end.out[0]).unwrap()
}

#[test]
fn sources_that_can_not_be_made_are_refused_in_one_line() {
    let scratch = Scratch::new();
    let large = scratch.file("large", &"x".repeat(1024 * 1024 + 1));
    let short = scratch.file("short", "hush\n");
    for (arguments, named) in [
        (&["create", "--name", "x"][..], "--kind"),
        (&["create", "--kind", "nagios", "--name", "x"], "alertmanager"),
        (&["create", "--kind", "datadog"], "--name"),
        (&["create", "--kind", "datadog", "--name", " "], "name"),
        (&["create", "--kind", "datadog", "--name", "x", "--settings", "{"], "--settings"),
        (
            &["create", "--kind", "datadog", "--name", "x", "--settings", "{\"hush\": 1}"],
            "--settings",
        ),
        (&["create", "--kind", "datadog", "--name", "x", "--settings", "@nowhere"], "nowhere"),
        (&["create", "--kind", "datadog", "--name", "x", "--settings", "{\"door\": 1}"], "datadog"),
        (&["create", "--kind", "datadog", "--name", "x", "--secret-file", "nowhere"], "nowhere"),
        (&["create", "--kind", "datadog", "--name", "x", "--secret-file", &large], "1 MiB"),
        (&["create", "--kind", "datadog", "--name", "x", "--secret-file", &short], "secret"),
        (
            &["create", "--kind", "datadog", "--name", "x", "--public-url", "example.com"],
            "--public-url",
        ),
        (&["create", "--kind", "datadog", "--name", "x", "--secret-key", "hush"], "--secret-key"),
        (&["create", "--kind", "datadog", "--name", "x", "--workspace", "y"], "--workspace"),
        (&["rotate", "01ARZ3NDEKTSV4RRFFQ69G5FAV"], "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        (&["remove", "x"], "x"),
        (&["list", "--database-url", "x"], "--database-url"),
    ] {
        let line = refused(stentor(&scratch.0, &[&["source"], arguments].concat(), &[]));
        assert!(line.contains(named), "{arguments:?}: {line}");
        assert!(!line.contains("\"hush\"") && !line.contains(" hush"), "{arguments:?}: {line}");
    }
}

on_each_database! {
    async fn a_source_is_made_listed_rotated_and_removed_beside_a_running_server(fresh: Fresh) {
        let scratch = Scratch::new();
        let slack = Simulator::start(Settings::default()).await.unwrap();
        let (process, server) = serve(&scratch, &fresh.url(), &slack);
        let url = fresh.url();
        let database = [("STENTOR_DATABASE_URL", url.as_str())];
        let made = run(&scratch, &["create", "--kind", "prometheus", "--name", "prod"], &database);
        let source = object(&made);
        assert_eq!(made.err, Vec::<String>::new());
        let names: Vec<&String> = source.as_object().unwrap().keys().collect();
        assert_eq!(names, ["id", "kind", "name", "secret", "url"]);
        assert_eq!((&source["name"], &source["kind"]), (&json!("prod"), &json!("alertmanager")));
        assert_eq!(source["url"], "http://127.0.0.1:3000/alertmanager");
        // The running server knows it.
        let status = |secret: &str| {
            let (server, authorization) = (server.clone(), format!("Bearer {secret}"));
            async move {
                let headers = [("authorization", authorization.as_str())];
                server.get("/alertmanager/api/v2/status", &headers).await.status.as_u16()
            }
        };
        let secret = source["secret"].as_str().unwrap();
        assert_eq!((status(secret).await, status("wrong").await), (200, 401));
        let id = source["id"].as_str().unwrap();
        let listed = run(&scratch, &["list"], &database);
        let fields: Vec<&str> = listed.out[0].split('\t').collect();
        assert_eq!((listed.out.len(), &fields[..3]), (1, &[id, "alertmanager", "prod"][..]));
        let place = ["--public-url", "https://stentor.example.com/"];
        let rotated = object(&run(&scratch, &[&["rotate", id], &place[..]].concat(), &database));
        assert_eq!(rotated["url"], "https://stentor.example.com/alertmanager");
        assert_ne!(rotated["secret"], source["secret"]);
        assert_eq!(status(rotated["secret"].as_str().unwrap()).await, 200);
        let removed = run(&scratch, &["remove", id], &database);
        assert_eq!((removed.code, removed.out, removed.err), (Some(0), Vec::new(), Vec::new()));
        assert_eq!(run(&scratch, &["list"], &database).out, Vec::<String>::new());
        process.signal("TERM");
        let end = process.ends();
        assert_eq!(end.code, Some(0));
        assert!(!end.err.iter().any(|line| line.contains(secret)), "a secret is in the log");
    }

    async fn the_secret_of_one_that_signs_lies_open_until_there_is_a_key(fresh: Fresh) {
        let scratch = Scratch::new();
        let url = fresh.url();
        let database = ("STENTOR_DATABASE_URL", url.as_str());
        let listen = ("STENTOR_LISTEN", "0.0.0.0:4000");
        let arguments = ["create", "--kind", "sentry", "--name", "sentry", "--secret-file", "-"];
        let mut command = stentor(&scratch.0, &[&["source"], &arguments[..]].concat(), &[database, listen]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"chosen-by-sentry\r\n").unwrap();
        let output = child.wait_with_output().unwrap();
        let source: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(source["secret"], "chosen-by-sentry");
        assert_eq!(source["url"], json!(format!("http://127.0.0.1:4000/hooks/{}", source["id"].as_str().unwrap())));
        let note = String::from_utf8(output.stderr).unwrap();
        assert!(note.contains("lies open") && note.contains("STENTOR_SECRET_KEY"), "{note}");
        let kept = async || {
            let db = fresh.open().await;
            let mut tx = db.read().await.unwrap();
            let sql = "SELECT kept_secret, COALESCE(sealed_with, '') FROM source";
            let row: (String, String) = tx.query(sql).one().await.unwrap();
            drop(tx);
            db.close().await;
            row
        };
        assert_eq!(kept().await, ("chosen-by-sentry".to_owned(), String::new()));
        let doctor = stentor(&scratch.0, &["doctor", "--json"], &[database, ("SLACK_API_URL", "http://127.0.0.1:1")]);
        let report = Process::start(doctor).ends().out.join("");
        assert!(report.contains("secrets of sources") && !report.contains("chosen-by-sentry"), "{report}");
        let rotate = Process::start(stentor(&scratch.0, &["key", "rotate"], &[database, ("STENTOR_SECRET_KEY", KEY)])).ends();
        assert_eq!(rotate.out, ["1 sealed anew; the first key is enough now"]);
        let (sealed, with) = kept().await;
        assert!(!sealed.contains("chosen") && !with.is_empty(), "{sealed}");
        // Without the key, a server that could not prove who sends does not start.
        let slack = [("SLACK_SIGNING_SECRET", "x"), ("SLACK_BOT_TOKEN", "xoxb-x"), ("STENTOR_LISTEN", "127.0.0.1:0"), database];
        let end = Process::start(stentor(&scratch.0, &["serve"], &slack)).ends();
        assert_eq!(end.code, Some(2));
        let last = end.err.last().unwrap();
        assert!(last.contains("the source sentry") && last.contains("--secret-key"), "{last}");
        // With it, one that signs is made sealed, and says nothing.
        let key = ("STENTOR_SECRET_KEY", KEY);
        let github = run(&scratch, &["create", "--kind", "github", "--name", "github"], &[database, key]);
        object(&github);
        assert_eq!(github.err, Vec::<String>::new());
    }
}

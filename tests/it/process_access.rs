//! `stentor token` and `stentor webhook`, as an operator uses them beside a running server.

use serde_json::Value;
use stentor::simulator::Simulator;
use stentor::simulator::settings::Settings;

use crate::databases::on_each_database;
use crate::process::{End, Process, Scratch, refused, serve, stentor};

const KEY: &str = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";
const CREATED: &str = "public_incident.incident_created_v2";

fn run(scratch: &Scratch, arguments: &[&str], environment: &[(&str, &str)]) -> End {
    Process::start(stentor(&scratch.0, arguments, environment)).ends()
}

fn lines(end: &End) -> &[String] {
    assert_eq!((end.code, end.err.len()), (Some(0), 0), "{:?} {:?}", end.out, end.err);
    &end.out
}

#[test]
fn what_can_not_be_is_refused_in_one_line() {
    let scratch = Scratch::new();
    for (arguments, named) in [
        (&["token", "create", "--name", "x", "--scope", "incident:read"][..], "incidents:read"),
        (&["token", "create"], "--name"),
        (&["token", "revoke", "nobody"], "nobody"),
        (&["webhook", "create", "--url", "https://example.com/"], "--event"),
        (&["webhook", "create", "--event", CREATED], "--url"),
        (&["webhook", "create", "--url", "http://10.0.0.1/", "--event", CREATED], "inner network"),
        (&["webhook", "create", "--url", "https://example.com/", "--event", "x"], "x"),
        (
            &[
                "webhook",
                "create",
                "--url",
                "https://example.com/",
                "--event",
                CREATED,
                "--secret-key",
                "hush",
            ],
            "--secret-key",
        ),
        (&["webhook", "remove", "01ARZ3NDEKTSV4RRFFQ69G5FAV"], "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        (&["webhook", "rotate", "y"], "y"),
        (&["webhook", "attempts", "y"], "y"),
        (&["webhook", "enable", "y"], "y"),
        (&["webhook", "redeliver", "y", "msg_1"], "msg_1"),
        (&["webhook", "list", "--workspace", "z"], "--workspace"),
    ] {
        let line = refused(stentor(&scratch.0, arguments, &[]));
        assert!(line.contains(named), "{arguments:?}: {line}");
        assert!(!line.contains("hush"), "{arguments:?}: {line}");
    }
}

on_each_database! {
    async fn tokens_are_made_with_scopes_listed_and_revoked_beside_a_running_server(fresh: Fresh) {
        let scratch = Scratch::new();
        let slack = Simulator::start(Settings::default()).await.unwrap();
        let (process, server) = serve(&scratch, &fresh.url(), &slack);
        let url = fresh.url();
        let database = [("STENTOR_DATABASE_URL", url.as_str())];
        let made = run(&scratch, &["token", "create", "--name", "ci", "--scope", "incidents:read", "--scope", "sentry/alerts:read"], &database);
        let token = lines(&made)[0].clone();
        let status = async |path: &str| {
            let authorization = format!("Bearer {token}");
            server.get(path, &[("authorization", &authorization)]).await.status.as_u16()
        };
        let paths = ["/api/v1/incidents", "/api/v1/alert-rules", "/api/v1/sources"];
        assert_eq!((status(paths[0]).await, status(paths[1]).await, status(paths[2]).await), (200, 200, 403));
        let listed = run(&scratch, &["token", "list"], &database);
        let fields: Vec<&str> = lines(&listed)[0].split('\t').collect();
        assert_eq!((fields[1], fields[3]), ("ci", "incidents:read,alert_rules:read"));
        assert_eq!(lines(&run(&scratch, &["token", "revoke", "ci"], &database)), Vec::<String>::new());
        assert_eq!(status(paths[0]).await, 401);
        process.signal("TERM");
        assert_eq!(process.ends().code, Some(0));
    }

    async fn webhooks_are_made_listed_rotated_and_removed(fresh: Fresh) {
        let scratch = Scratch::new();
        let url = fresh.url();
        let environment = [("STENTOR_DATABASE_URL", url.as_str()), ("STENTOR_SECRET_KEY", KEY)];
        let events = run(&scratch, &["webhook", "events"], &[]);
        assert_eq!(lines(&events).len(), 34);
        let arguments = ["webhook", "create", "--url", "https://example.com/hook", "--event", CREATED];
        let made = run(&scratch, &arguments, &environment);
        let made: Value = serde_json::from_str(&lines(&made)[0]).unwrap();
        let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
        assert!(secret.starts_with("whsec_"));
        let listed = run(&scratch, &["webhook", "list"], &environment);
        assert_eq!(lines(&listed), [format!("{id}\ton\thttps://example.com/hook\t{CREATED}\tincident_io")]);
        let arguments = [&arguments[..], &["--format", "bigpanda"]].concat();
        let panda = run(&scratch, &arguments, &environment);
        let panda: Value = serde_json::from_str(&lines(&panda)[0]).unwrap();
        assert_eq!(panda["format"], "bigpanda");
        let panda = panda["id"].as_str().unwrap();
        assert_eq!(lines(&run(&scratch, &["webhook", "remove", panda], &environment)), Vec::<String>::new());
        let kept = async || {
            let db = fresh.open().await;
            let mut tx = db.read().await.unwrap();
            let (kept,): (String,) = tx.query("SELECT kept_secret FROM webhook").one().await.unwrap();
            drop(tx);
            db.close().await;
            kept
        };
        assert!(!kept().await.contains("whsec"), "it is sealed");
        assert_eq!(lines(&run(&scratch, &["webhook", "disable", id], &environment)), Vec::<String>::new());
        assert!(lines(&run(&scratch, &["webhook", "list"], &environment))[0].contains("\toff\t"));
        assert_eq!(lines(&run(&scratch, &["webhook", "enable", id], &environment)), Vec::<String>::new());
        let rotated = run(&scratch, &["webhook", "rotate", id], &environment);
        let rotated: Value = serde_json::from_str(&lines(&rotated)[0]).unwrap();
        assert_ne!(rotated["secret"], made["secret"]);
        assert_eq!(lines(&run(&scratch, &["webhook", "attempts", id], &environment)), Vec::<String>::new());
        assert_eq!(lines(&run(&scratch, &["webhook", "remove", id], &environment)), Vec::<String>::new());
        assert_eq!(lines(&run(&scratch, &["webhook", "list"], &environment)), Vec::<String>::new());
        // Without a key it lies open, and whoever makes it is told; doctor says so, too.
        let open = run(&scratch, &arguments, &environment[..1]);
        assert!(open.err[0].contains("lies open"), "{:?}", open.err);
        assert!(kept().await.starts_with("whsec_"));
        let slack = ("SLACK_API_URL", "http://127.0.0.1:1");
        let report = run(&scratch, &["doctor", "--json"], &[environment[0], slack]).out.join("");
        assert!(report.contains("secrets of webhooks") && !report.contains("whsec_"), "{report}");
        let rotate = run(&scratch, &["key", "rotate"], &environment);
        assert_eq!(lines(&rotate), ["1 sealed anew; the first key is enough now"]);
        assert!(!kept().await.contains("whsec"));
    }
}

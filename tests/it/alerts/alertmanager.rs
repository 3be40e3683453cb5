//! Stentor as an Alertmanager, with a clock that stands still.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use stentor::alert::history::Phase;
use stentor::alert::matcher::Matcher;
use stentor::alert::settings::{Inhibition, MaintenanceWindow, Route, Setting, Silence};
use stentor::engine::order::Target;
use stentor::incident::command::{Command, Declare};
use stentor::incident::event::Actor;
use stentor::ingest::kind::Kind;
use stentor::ingest::sources;
use stentor::intake::order::{Errand, Place, Which};
use stentor::store::sources::SourceSettings;

use super::monitor::Monitor;
use crate::bot::Bot;
use crate::databases::on_each_database;
use crate::http::{Answer, Server};

const MINUTE: Duration = Duration::from_secs(60);

/// Somebody who knows the address and a secret.
struct Client {
    server: Server,
    authorization: String,
}

impl Client {
    async fn of(bot: &Bot, monitor: &Monitor) -> Client {
        let server = Server::start(bot.stentor.router()).await;
        Client { server, authorization: format!("Bearer {}", monitor.secret) }
    }

    async fn sends(&self, method: Method, path: &str, body: impl Into<String>) -> Answer {
        let headers =
            [("authorization", self.authorization.as_str()), ("content-type", "application/json")];
        self.server
            .send(method, &format!("/alertmanager/api/v2/{path}"), &headers, body.into())
            .await
    }

    async fn posts(&self, path: &str, body: &Value) -> Answer {
        self.sends(Method::POST, path, body.to_string()).await
    }

    /// What is at a path.
    async fn sees(&self, path: &str) -> Value {
        self.sends(Method::GET, path, "").await.expect(200)
    }

    /// The names of the alerts at a path.
    async fn names(&self, path: &str) -> Vec<String> {
        let mut names: Vec<String> =
            self.sees(path).await.as_array().unwrap().iter().map(name).collect();
        names.sort();
        names
    }

    async fn fires(&self, alerts: Value) {
        let answer = self.posts("alerts", &alerts).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
    }
}

fn name(alert: &Value) -> String {
    alert["labels"]["alertname"].as_str().unwrap().to_owned()
}

fn alert(name: &str, labels: Value) -> Value {
    let mut all = json!({"alertname": name});
    for (name, value) in labels.as_object().unwrap() {
        all[name] = value.clone();
    }
    json!({"labels": all})
}

fn matchers(texts: &[&str]) -> Vec<Matcher> {
    texts.iter().map(|text| Matcher::parse(text).unwrap()).collect()
}

on_each_database! {
    async fn alerts_of_private_incidents_are_shown_to_nobody_here(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Alertmanager).await;
        let client = Client::of(&bot, &monitor).await;
        client.fires(json!([{"labels": {"alertname": "Intrusion"}}, {"labels": {"alertname": "Latency"}}])).await;
        assert_eq!(client.names("alerts").await, ["Intrusion", "Latency"]);
        let declare = Declare { name: "Breach".to_owned(), private: true, ..Declare::default() };
        bot.orders(Target::New, Command::Declare(declare)).await;
        let incident = bot.incident(1).await;
        let alerts = bot.alerts().await;
        let intrusion = alerts.iter().find(|alert| alert.labels["alertname"] == "Intrusion").unwrap();
        let which = || Which::Alerts(vec![intrusion.id.clone()]);
        let to = Place::Incident(incident.id.clone());
        bot.carries(Errand::Move { which: which(), to, by: Actor::Stentor }).await;
        assert_eq!(client.names("alerts").await, ["Latency"]);
        let groups = client.sees("alerts/groups").await;
        assert!(!groups.to_string().contains("Intrusion"), "{groups}");
        // What was taken out of it stays as private as it was.
        bot.carries(Errand::Move { which: which(), to: Place::Nowhere, by: Actor::Stentor }).await;
        assert_eq!(client.names("alerts").await, ["Latency"]);
    }

    async fn who_sends_is_known_by_the_secret_however_it_is_shown(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Alertmanager).await;
        let other = bot.monitor(Kind::Generic).await;
        let server = Server::start(bot.stentor.router()).await;
        let (id, secret) = (&monitor.source.id, &monitor.secret);
        let basic = |secret: &str| {
            use base64::Engine as _;
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("x:{secret}")))
        };
        let bearer = |secret: &str| format!("Bearer {secret}");
        let get = async |path: &str, authorization: Option<String>| {
            let headers: Vec<(&str, &str)> =
                authorization.iter().map(|value| ("authorization", value.as_str())).collect();
            server.get(path, &headers).await.status.as_u16()
        };
        for (path, authorization) in [
            ("/alertmanager/api/v2/status".to_owned(), Some(bearer(secret))),
            ("/alertmanager/api/v2/status/".to_owned(), Some(basic(secret))),
            (format!("/alertmanager/key/{secret}/api/v2/status"), None),
            (format!("/hooks/{id}/api/v2/status"), Some(bearer(secret))),
            (format!("/hooks/{id}/api/v2/status/"), Some(basic(secret))),
            (format!("/hooks/{id}/key/{secret}/api/v2/status"), None),
            (format!("/hooks/{id}/-/healthy"), Some(bearer(secret))),
        ] {
            assert_eq!(get(&path, authorization).await, 200, "{path}");
        }
        for (path, authorization) in [
            ("/alertmanager/api/v2/status".to_owned(), None),
            ("/alertmanager/api/v2/status".to_owned(), Some(bearer("wrong"))),
            ("/alertmanager/api/v2/status".to_owned(), Some(bearer(&other.secret))),
            ("/alertmanager/api/v2/nothing".to_owned(), None),
            (format!("/hooks/{id}/api/v2/status"), None),
            (format!("/hooks/{id}/api/v2/status"), Some(bearer(&other.secret))),
        ] {
            assert_eq!(get(&path, authorization).await, 401, "{path}");
        }
        for path in ["/alertmanager", "/alertmanager/", "/hooks/01K5N4Z8J8ZZZZZZZZZZZZZZZZ/api/v2/status"] {
            assert_eq!(get(path, Some(bearer(secret))).await, 404, "{path}");
        }
        assert_eq!(get("/alertmanager/api/v2/nothing", Some(bearer(secret))).await, 404);

        // Whoever looks whether it lives needs no secret.
        for path in ["/alertmanager/-/healthy", "/alertmanager/-/healthy/", "/alertmanager/-/ready"] {
            assert_eq!(get(path, None).await, 200, "{path}");
        }
        let reload = server.send(Method::POST, "/alertmanager/-/reload", &[], "").await;
        assert_eq!(reload.status.as_u16(), 200);

        // The secret before opens for a day after it was rotated.
        let app = &bot.stentor.app;
        let rotated = sources::rotate(&app.db, &app.clock, None, &app.workspace, id, None).await.unwrap().unwrap();
        app.sources.forget();
        for secret in [rotated.secret.reveal(), secret] {
            assert_eq!(get("/alertmanager/api/v2/status", Some(bearer(secret))).await, 200);
        }
        bot.clock.advance(Duration::from_secs(25 * 60 * 60));
        assert_eq!(get("/alertmanager/api/v2/status", Some(bearer(secret))).await, 401);
        bot.ends().await;
    }

    async fn alerts_begin_repeat_and_end_by_what_is_said_and_by_the_clock(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.routes(Route { opens: stentor::alert::settings::Opens::Never, ..Route::default() }).await;
        let monitor = bot.monitor(Kind::Alertmanager).await;
        let client = Client::of(&bot, &monitor).await;
        let until = |minutes: u32| bot.clock.now().plus(MINUTE * minutes);
        let said = alert("Said", json!({"host": "a"}));
        let ending = |minutes: u32| {
            let mut alert = said.clone();
            alert["endsAt"] = json!(until(minutes));
            json!([alert])
        };
        client.fires(ending(4)).await;
        client.fires(json!([alert("Assumed", json!({"host": "b"}))])).await;
        assert_eq!(client.names("alerts").await, ["Assumed", "Said"]);

        // A repeat is the same alert, with another end.
        bot.watches(MINUTE * 3).await;
        client.fires(ending(4)).await;
        bot.watches(MINUTE).await;
        assert_eq!(client.names("alerts").await, ["Assumed", "Said"]);
        // The one of which nobody has said when it ends is over after five minutes.
        bot.watches(MINUTE).await;
        assert_eq!(client.names("alerts").await, ["Said"]);
        bot.watches(MINUTE * 2).await;
        assert_eq!(client.names("alerts").await, Vec::<String>::new());
        let alerts = bot.alerts().await;
        assert_eq!(alerts.len(), 2);
        assert!(alerts.iter().all(|alert| alert.phase == Phase::Resolved));

        // It comes back, and its sender says that it is over.
        client.fires(ending(4)).await;
        assert_eq!(client.names("alerts").await, ["Said"]);
        client.fires(ending(0)).await;
        assert_eq!(client.names("alerts").await, Vec::<String>::new());
        let alerts = bot.alerts().await;
        assert_eq!(alerts.len(), 2, "it was the same one");
        bot.ends().await;
    }

    async fn a_source_says_itself_after_how_long_without_news_an_alert_is_over(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.routes(Route { opens: stentor::alert::settings::Opens::Never, ..Route::default() }).await;
        let settings = SourceSettings { resolve_after_minutes: Some(20), ..SourceSettings::default() };
        let monitor = bot.monitor_with(Kind::Alertmanager, settings).await;
        let client = Client::of(&bot, &monitor).await;
        client.fires(json!([alert("Slow", json!({}))])).await;
        bot.watches(MINUTE * 19).await;
        assert_eq!(client.names("alerts").await, ["Slow"]);
        bot.watches(MINUTE).await;
        assert_eq!(client.names("alerts").await, Vec::<String>::new());
        bot.ends().await;
    }

    async fn the_good_ones_of_a_batch_are_kept_although_others_are_refused(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.routes(Route { opens: stentor::alert::settings::Opens::Never, ..Route::default() }).await;
        let monitor = bot.monitor(Kind::Alertmanager).await;
        let client = Client::of(&bot, &monitor).await;
        let batch = json!([alert("Good", json!({})), {"labels": {}}, alert("Better", json!({"empty": ""}))]);
        let answer = client.posts("alerts", &batch).await;
        assert_eq!(answer.expect(400), "at least one label pair required");
        assert_eq!(client.names("alerts").await, ["Better", "Good"]);

        let too_large = format!("[{}]", " ".repeat(1024 * 1024));
        for (body, status) in [("", 422), ("[", 400), ("{}", 400), (too_large.as_str(), 413)] {
            let answer = client.sends(Method::POST, "alerts", body).await;
            assert!(answer.expect(status)["code"].is_number(), "{}", answer.text);
        }
        let headers = [("authorization", client.authorization.as_str()), ("content-type", "text/html")];
        let answer = client.server.send(Method::POST, "/alertmanager/api/v2/alerts", &headers, "[]").await;
        assert_eq!(answer.expect(415)["code"], 415);
        assert_eq!(client.sends(Method::PATCH, "alerts", "[]").await.expect(405)["code"], 405);
        assert_eq!(bot.alerts().await.len(), 2);
        bot.ends().await;
    }

    async fn alerts_are_shown_with_all_that_was_said_of_them(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.routes(Route { group_wait_seconds: 3_600, ..Route::default() }).await;
        let monitor = bot.monitor(Kind::Alertmanager).await;
        let client = Client::of(&bot, &monitor).await;
        let labels = json!({
            "alertname": "HighLatency", "cluster": "eu-1", "instance": "web-1:9100", "service": "checkout",
            "severity": "critical",
        });
        client.fires(json!([{
            "labels": labels,
            "annotations": {"summary": "Checkout is slow", "note": "  as it is  "},
            "startsAt": "2026-09-21T14:10:00.123456Z",
            "generatorURL": "http://prometheus.example/graph?g0.expr=up",
        }])).await;
        let shown = client.sees("alerts").await;
        assert_eq!(shown, json!([{
            "labels": labels,
            "annotations": {"summary": "Checkout is slow", "note": "  as it is  "},
            "startsAt": "2026-09-21T14:10:00.123Z",
            "endsAt": "2026-09-21T14:18:20.000Z",
            "updatedAt": "2026-09-21T14:13:20.000Z",
            "fingerprint": "0c4bb787878b93ec",
            "generatorURL": "http://prometheus.example/graph?g0.expr=up",
            "receivers": [{"name": "Test"}],
            "status": {"state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": []},
        }]));
        let groups = client.sees("alerts/groups").await;
        assert_eq!(groups.as_array().unwrap().len(), 1);
        assert_eq!(groups[0]["receiver"], json!({"name": "Test"}));
        assert_eq!(groups[0]["labels"], json!({"service": "checkout", "alertname": "HighLatency"}));
        assert_eq!(groups[0]["alerts"], shown);
        assert_eq!(client.sees("receivers").await, json!([{"name": "Default"}, {"name": "Test"}]));
        assert_eq!(client.names("alerts?receiver=Te.*").await, ["HighLatency"]);
        assert_eq!(client.names("alerts?receiver=Te").await, Vec::<String>::new());
        for (filter, found) in [
            ("service%3D%22checkout%22", 1),
            ("service%21%3D%22checkout%22", 0),
            ("instance%3D~%22web-.*%22", 1),
            ("instance%3D~%22web%22", 0),
            ("nothing%3D%22%22", 1),
            ("service%3D%22checkout%22&filter=cluster%3D%22us-1%22", 0),
        ] {
            assert_eq!(client.names(&format!("alerts?filter={filter}")).await.len(), found, "{filter}");
        }
        bot.ends().await;
    }

    async fn what_keeps_alerts_quiet_is_said_of_each(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.routes(Route { opens: stentor::alert::settings::Opens::Never, ..Route::default() }).await;
        let now = bot.clock.now();
        bot.lays_down("quiet", Setting::Silence(Silence {
            matchers: matchers(&["host=db-1"]),
            starts_at: now,
            ends_at: now.plus(MINUTE * 60),
            created_by: "alice".to_owned(),
            comment: "known".to_owned(),
            annotations: Default::default(),
        })).await;
        bot.lays_down("down", Setting::Inhibition(Inhibition {
            source: matchers(&["alertname=ClusterDown"]),
            target: matchers(&["alertname=HostDown"]),
            equal: vec!["cluster".to_owned()],
        })).await;
        bot.lays_down("work", Setting::Maintenance(MaintenanceWindow { filter: None, repeats: None,
            name: "New disks".to_owned(),
            matchers: matchers(&["host=db-3"]),
            starts_at: now,
            ends_at: now.plus(MINUTE * 60),
        })).await;
        let monitor = bot.monitor(Kind::Alertmanager).await;
        let client = Client::of(&bot, &monitor).await;
        client.fires(json!([
            alert("DiskFull", json!({"host": "db-1"})),
            alert("HostDown", json!({"host": "db-2", "cluster": "eu"})),
            alert("HostDown2", json!({"host": "db-3"})),
            alert("ClusterDown", json!({"cluster": "eu"})),
            alert("HostDown", json!({"host": "db-9", "cluster": "us"})),
        ])).await;
        let shown = client.sees("alerts").await;
        let status = |host: &str| {
            let found = shown.as_array().unwrap().iter().find(|alert| alert["labels"]["host"] == host);
            found.unwrap()["status"].clone()
        };
        let by = shown.as_array().unwrap().iter().find(|alert| name(alert) == "ClusterDown").unwrap();
        assert_eq!(by["status"]["state"], "active");
        // A silence that was made elsewhere is known here by a UUID.
        let silences = client.sees("silences").await;
        let id = silences[0]["id"].as_str().unwrap();
        assert_eq!(id.len(), 36);
        assert_eq!(client.sees(&format!("silence/{id}")).await["comment"], "known");
        assert_eq!(status("db-1"), json!({"state": "suppressed", "silencedBy": [id], "inhibitedBy": [], "mutedBy": []}));
        assert_eq!(status("db-2"), json!({"state": "suppressed", "silencedBy": [], "inhibitedBy": [by["fingerprint"]], "mutedBy": []}));
        assert_eq!(status("db-3"), json!({"state": "suppressed", "silencedBy": [], "inhibitedBy": [], "mutedBy": ["work"]}));
        assert_eq!(status("db-9")["state"], "active");
        for (query, names) in [
            ("silenced=false", &["ClusterDown", "HostDown", "HostDown", "HostDown2"][..]),
            ("inhibited=false", &["ClusterDown", "DiskFull", "HostDown", "HostDown2"]),
            ("muted=false", &["ClusterDown", "DiskFull", "HostDown", "HostDown"]),
            ("active=false", &["DiskFull", "HostDown", "HostDown2"]),
            ("active=false&silenced=false&inhibited=false&muted=false", &[]),
            ("unprocessed=false", &["ClusterDown", "DiskFull", "HostDown", "HostDown", "HostDown2"]),
        ] {
            assert_eq!(client.names(&format!("alerts?{query}")).await, names, "{query}");
        }
        assert_eq!(client.sends(Method::DELETE, &format!("silence/{id}"), "").await.status.as_u16(), 200);
        assert_eq!(client.sees("silences").await[0]["status"]["state"], "expired");
        assert_eq!(client.names("alerts?silenced=false").await.len(), 5);
        bot.ends().await;
    }

    async fn a_silence_is_made_changed_and_ended(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Alertmanager).await;
        let client = Client::of(&bot, &monitor).await;
        let from = bot.clock.now();
        let hours = |hours: u32| from.plus(MINUTE * 60 * hours);
        let silence = |id: Option<&str>, host: &str, start: u32, end: u32| {
            json!({
                "id": id, "matchers": [{"name": "host", "value": host, "isRegex": false, "isEqual": true}],
                "startsAt": hours(start), "endsAt": hours(end), "createdBy": "alice", "comment": "new disks",
                "annotations": {"ticket": "OPS-1"},
            })
        };
        let put = async |body: Value| {
            let answer = client.posts("silences", &body).await.expect(200);
            answer["silenceID"].as_str().unwrap().to_owned()
        };
        let states = async || -> Vec<(String, String)> {
            let shown = client.sees("silences").await;
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            shown.as_array().unwrap().iter().map(|one| (text(&one["id"]), text(&one["status"]["state"]))).collect()
        };
        let own = |id: &str, state: &str| (id.to_owned(), state.to_owned());
        let first = put(silence(None, "db-1", 0, 2)).await;
        let later = put(silence(None, "db-2", 3, 4)).await;
        assert_eq!(states().await, [own(&first, "active"), own(&later, "pending")]);
        let shown = client.sees(&format!("silence/{first}")).await;
        assert_eq!(shown["endsAt"], json!("2026-09-21T16:13:20.000Z"));
        assert_eq!(shown["annotations"], json!({"ticket": "OPS-1"}));
        assert_eq!(shown["matchers"], json!([{"name": "host", "value": "db-1", "isRegex": false, "isEqual": true}]));

        // Prolonged it stays the same; about other alerts it is another one.
        assert_eq!(put(silence(Some(&first), "db-1", 0, 5)).await, first);
        let other = put(silence(Some(&first), "db-7", 0, 5)).await;
        assert_ne!(other, first);
        assert_eq!(states().await, [own(&other, "active"), own(&later, "pending"), own(&first, "expired")]);
        assert_eq!(client.sees("silences?filter=host%3D%22db-2%22").await.as_array().unwrap().len(), 1);
        assert_eq!(client.sees("silences?creator=bob").await, json!([]));

        // Ended twice is ended once, and before it began too.
        for id in [&later, &later, &other] {
            let answer = client.sends(Method::DELETE, &format!("silence/{id}"), "").await;
            assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
        }
        assert!(states().await.iter().all(|(_, state)| state == "expired"));
        for path in ["silence/0a0a0a0a-0000-0000-0000-000000000000", "silence/foo"] {
            let status = if path.ends_with("foo") { 422 } else { 404 };
            for method in [Method::GET, Method::DELETE] {
                assert_eq!(client.sends(method, path, "").await.status.as_u16(), status, "{path}");
            }
        }
        // Another workspace's sender knows nothing of it, which the store sees to; another source does.
        let second = bot.monitor(Kind::Alertmanager).await;
        let second = Client::of(&bot, &second).await;
        assert_eq!(second.sees("silences").await.as_array().unwrap().len(), 3);
        let everything = json!({
            "matchers": [{"name": "host", "value": ".*", "isRegex": true}],
            "startsAt": hours(0), "endsAt": hours(1), "createdBy": "", "comment": "",
        });
        let refused = client.posts("silences", &everything).await.expect(400);
        assert!(refused.as_str().unwrap().starts_with("silence invalid: "), "{refused}");
        bot.ends().await;
    }

    async fn rubbish_is_refused_with_a_reason_and_changes_nothing(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Alertmanager).await;
        let client = Client::of(&bot, &monitor).await;
        let nested = "[".repeat(200_000);
        let many = format!("[{}]", vec![r#"{"labels":{"a":"b"}}"#; 10_001].join(","));
        let bomb = "a%3D~%22(a{999}){999}{999}%22";
        let filters = "filter=a%3D%22b%22&".repeat(65);
        let long = "x".repeat(2_000);
        for (method, path, body) in [
            (Method::POST, "alerts", nested.as_str()),
            (Method::POST, "alerts", many.as_str()),
            (Method::POST, "alerts", "[{\"labels\":{\"a\":\"\u{0}\"}}]"),
            (Method::POST, "silences", nested.as_str()),
            (Method::POST, "silences", "[]"),
            (Method::POST, "silences", r#"{"matchers":[null]}"#),
            (Method::POST, "silences", r#"{"matchers":{},"startsAt":1}"#),
            (Method::GET, &format!("alerts?filter={bomb}"), ""),
            (Method::GET, &format!("alerts?receiver={bomb}"), ""),
            (Method::GET, &format!("silences?filter={bomb}"), ""),
            (Method::GET, &format!("alerts?{filters}"), ""),
            (Method::GET, &format!("silence/{long}"), ""),
            (Method::GET, "silence/%00", ""),
            (Method::DELETE, "silence/%2e%2e%2f%2e%2e", ""),
            (Method::GET, "%ff%fe", ""),
            (Method::GET, "alerts/groups/more", ""),
            (Method::POST, "receivers", "{}"),
        ] {
            let answer = client.sends(method.clone(), path, body).await;
            let about = format!("{method} {}: {answer:?}", &path[..path.len().min(60)]);
            assert!(answer.status.is_client_error(), "{about}");
            let said = answer.json();
            let message = said["message"].as_str().or_else(|| said.as_str()).unwrap_or_default();
            assert!((5..2_000).contains(&message.len()), "{about}");
        }
        assert_eq!(bot.alerts().await, []);
        assert_eq!(client.sees("silences").await, json!([]));
        // Whatever an alert says, it is kept, cut where it is too long.
        client.fires(json!([{
            "labels": {"alertname": "<!channel> *x*\u{202e}", "nul": "a\u{0}b", "long": long.repeat(3)},
            "annotations": {"summary": "<@U0ALICE>\n\nhello ".repeat(100), "runbook_url": "javascript:alert(1)"},
            "generatorURL": "not an address",
        }])).await;
        let alert = bot.alerts().await.remove(0);
        assert_eq!(alert.title.chars().count(), 300);
        assert!(!alert.title.contains('\n') && alert.links.is_empty());
        assert!(alert.labels["long"].len() < 3_000 && !alert.labels["nul"].contains('\0'));
        bot.settle().await;
        bot.clock.advance(MINUTE);
        bot.settle().await;
        bot.reads_everything_once(1).await;
        bot.ends().await;
    }

    async fn nothing_is_acknowledged_while_the_database_is_away(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Alertmanager).await;
        let client = Client::of(&bot, &monitor).await;
        let known = Client::of(&bot, &bot.monitor(Kind::Alertmanager).await).await;
        known.sees("status").await;
        bot.stentor.app.db.close().await;
        for client in [client, known] {
            for (method, path, body) in [
                (Method::POST, "alerts", r#"[{"labels":{"alertname":"A"}}]"#),
                (Method::GET, "alerts", ""),
                (Method::GET, "status", ""),
                (Method::DELETE, "silence/0a0a0a0a-0000-0000-0000-000000000000", ""),
            ] {
                let answer = client.sends(method, path, body).await;
                assert_eq!(answer.expect(503)["code"], 503, "{path}");
                assert_eq!(answer.header("retry-after"), "1", "{path}");
            }
        }
    }
}

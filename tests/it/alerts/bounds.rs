//! What the intake holds in memory has bounds: what goes beyond them is looked up, or comes again, and
//! nothing that was accepted is lost.

use std::pin::Pin;
use std::sync::Arc;

use axum::http::Method;
use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use futures_util::poll;
use serde_json::{Value, json};
use stentor::alert::observation::Observation;
use stentor::app::App;
use stentor::ingest::kind::Kind;
use stentor::intake::order::{Delivery, Effect, NotTaken, Taken};
use stentor::intake::{Intake, Limits};
use stentor::store::alert_settings;
use stentor::store::db::Tx;

use super::gate::webhook_alert;
use super::monitor::{Monitor, fires};
use crate::bot::Bot;
use crate::databases::on_each_database;
use crate::http::Server;

/// An intake beside the bot's own, as another replica has one.
fn intake(app: &App, limits: Limits) -> Intake {
    let (db, clock, ids) = (app.db.clone(), app.clock.clone(), app.ids.clone());
    Intake::start(db, clock, ids, Arc::clone(&app.work_waits), limits)
}

/// Nobody folds alerts as long as somebody else holds the desk.
async fn blocked(app: &App) -> Tx {
    let mut tx = app.db.begin().await.unwrap();
    alert_settings::take_desk(&mut tx, &app.workspace, "somebody else").await.unwrap();
    tx
}

fn delivery(monitor: &Monitor, observations: Vec<Observation>) -> Delivery {
    let source = Arc::clone(&monitor.source);
    Delivery { source, observations, changes: Vec::new(), receipt: None }
}

type Waiting<'a> = Pin<Box<dyn Future<Output = Result<Taken, NotTaken>> + Send + 'a>>;

/// A sender who has sent this, and waits; or the answer, if it came at once.
async fn sends<'a>(
    intake: &'a Intake,
    delivery: Delivery,
) -> Result<Waiting<'a>, Result<Taken, NotTaken>> {
    let mut waiting: BoxFuture<'a, _> = intake.take(delivery).boxed();
    match poll!(&mut waiting) {
        std::task::Poll::Pending => Ok(waiting),
        std::task::Poll::Ready(answer) => Err(answer),
    }
}

fn effects(taken: &Taken) -> Vec<Effect> {
    taken.folded.iter().map(|one| one.effect).collect()
}

on_each_database! {
    async fn an_alert_that_was_forgotten_is_no_new_one(fresh: Fresh) {
        const ALERTS: usize = 60;
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let intake = intake(&bot.stentor.app, Limits { remembered: 7, ..Limits::default() });
        let says = async |number: usize| {
            let said = fires("Latency", &format!("service {number}"));
            effects(&intake.take(delivery(&monitor, vec![said])).await.unwrap())
        };
        for number in 0..ALERTS {
            assert_eq!(says(number).await, [Effect::New]);
        }
        // Forwards nothing is remembered that comes, backwards the latest ones are.
        for number in (0..ALERTS).chain((0..ALERTS).rev()) {
            assert_eq!(says(number).await, [Effect::Repeated], "{number}");
        }
        let all = (0..ALERTS).map(|n| fires("Latency", &format!("service {n}"))).collect();
        let taken = intake.take(delivery(&monitor, all)).await.unwrap();
        assert_eq!(effects(&taken), vec![Effect::Repeated; ALERTS]);
        let alerts = bot.alerts().await;
        assert_eq!(alerts.len(), ALERTS);
        assert!(alerts.iter().all(|alert| alert.version == 1));
    }

    async fn who_is_too_many_is_told_to_come_again_and_the_others_are_taken(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let intake = intake(&bot.stentor.app, Limits { weight: 10, ..Limits::default() });
        let held = blocked(&bot.stentor.app).await;
        let (mut waiting, mut refused) = (Vec::new(), 0);
        for number in 0..30 {
            let said = vec![fires("Latency", &format!("a{number}")), fires("Latency", &format!("b{number}"))];
            match sends(&intake, delivery(&monitor, said)).await {
                Ok(one) => waiting.push(one),
                Err(Err(NotTaken::Busy { retry_after })) => {
                    assert_eq!(retry_after.as_secs(), 5);
                    refused += 1;
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!((waiting.len(), refused, intake.load()), (5, 25, 10));
        held.commit().await.unwrap();
        for answer in join_all(waiting).await {
            assert_eq!(effects(&answer.unwrap()), [Effect::New, Effect::New]);
        }
        let services = bot.alerts().await.into_iter().map(|alert| alert.labels["service"].clone());
        let services: Vec<String> = services.collect();
        assert_eq!(services.len(), 10, "what was refused is not there, what was accepted is: {services:?}");
        // Who comes again is taken.
        assert_eq!(intake.load(), 0);
        let taken = intake.take(delivery(&monitor, vec![fires("Latency", "a29")])).await.unwrap();
        assert_eq!(effects(&taken), [Effect::New]);
    }

    async fn a_large_alert_weighs_more_than_a_small_one(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let intake = intake(&bot.stentor.app, Limits { weight: 10, ..Limits::default() });
        let held = blocked(&bot.stentor.app).await;
        let mut said = fires("Latency", "checkout");
        said.annotations = (0..100).map(|n| (format!("a{n}"), "x".repeat(2_000))).collect();
        let waits = sends(&intake, delivery(&monitor, vec![said])).await.ok().unwrap();
        assert_eq!(intake.load(), 1 + 200_000 / 4_096);
        let refused = sends(&intake, delivery(&monitor, vec![fires("Latency", "cart")])).await;
        assert!(matches!(refused, Err(Err(NotTaken::Busy { .. }))));
        held.commit().await.unwrap();
        assert_eq!(effects(&waits.await.unwrap()), [Effect::New]);
    }

    async fn who_gives_up_waiting_takes_no_room(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let intake = intake(&bot.stentor.app, Limits { jobs: 1, ..Limits::default() });
        let held = blocked(&bot.stentor.app).await;
        let mut waiting = Vec::new();
        for number in 0..20 {
            let said = vec![fires("Latency", &format!("service {number}"))];
            waiting.push(sends(&intake, delivery(&monitor, said)).await.ok().unwrap());
        }
        assert_eq!(intake.load(), 20);
        drop(waiting);
        held.commit().await.unwrap();
        // The queue holds one, so that what was in it has been taken when this is.
        let taken = intake.take(delivery(&monitor, vec![fires("Latency", "checkout")])).await.unwrap();
        assert_eq!(effects(&taken), [Effect::New]);
        assert_eq!(intake.load(), 0);
        assert!(bot.alerts().await.len() < 20, "most of them never came to the queue");
    }

    /// Each sender is told in its own way; see the doors on why it is this one.
    async fn every_door_tells_its_sender_to_come_again(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let full = intake(&bot.stentor.app, Limits { weight: 0, ..Limits::default() });
        let server = Server::start(App { intake: full, ..bot.stentor.app.clone() }.router()).await;
        for (kind, rest, body, status) in busy_doors() {
            let visitor = bot.visitor(kind, Value::Null).await;
            let mut body = body;
            if kind == Kind::Pagerduty {
                body["routing_key"] = json!(visitor.secret);
            }
            let rest = rest.replace("ID", visitor.source.id.as_str());
            let bearer = format!("Bearer {}", visitor.secret);
            let text = body.to_string();
            let signature = visitor.signature(&text);
            let signed = format!("sha256={signature}");
            let headers = [
                ("authorization", bearer.as_str()),
                ("content-type", "application/json"),
                ("x-hub-signature-256", &signed),
                ("x-github-event", "deployment"),
                ("x-github-delivery", "1"),
                ("sentry-hook-signature", &signature),
                ("sentry-hook-resource", "metric_alert"),
            ];
            let content = [("content-type", "application/cloudevents+json")];
            let headers = match kind {
                Kind::Cloudevents => [&headers[..1], &content, &headers[2..]].concat(),
                _ => headers.to_vec(),
            };
            let (path, send) = (visitor.path(&rest), Method::POST);
            let answer = server.send(send.clone(), &path, &headers, text.clone()).await;
            assert_eq!(answer.status.as_u16(), status, "{kind}: {}", answer.text);
            assert_eq!(answer.header("retry-after"), "5", "{kind}");
            // It is the same request that is taken once there is room.
            let answer = visitor.server.send(send, &path, &headers, text).await;
            assert!(answer.status.is_success(), "{kind}: {} {}", answer.status, answer.text);
        }
    }
}

/// What each kind sends, and the status that makes it come again.
fn busy_doors() -> Vec<(Kind, &'static str, Value, u16)> {
    let group = json!({"alerts": [webhook_alert("firing", "A")]});
    let event = json!({"event_action": "trigger", "dedup_key": "A",
        "payload": {"summary": "A", "source": "a", "severity": "critical"}});
    let monitor = json!({"alert_cycle_key": "A", "transition": "Triggered", "title": "A"});
    let kuma = json!({"heartbeat": {"status": 0}, "monitor": {"id": 1, "name": "A"}, "msg": "A"});
    let cloud = json!({"specversion": "1.0", "id": "1", "source": "/a", "type": "alert", "data": {"title": "A"}});
    let sentry = json!({"action": "critical", "installation": {"uuid": "u"},
        "data": {"metric_alert": {"id": "1", "title": "A", "alert_rule": {"id": "1", "name": "A"}}}});
    let deployment = json!({"action": "created", "deployment": {"id": 1, "environment": "prod", "ref": "main", "sha": "0"},
        "repository": {"full_name": "acme/shop"}});
    let incident_io = json!({"title": "A", "status": "firing", "deduplication_key": "A"});
    let big_panda = json!({"app_key": "a", "status": "critical", "host": "h", "check": "c"});
    vec![
        (Kind::Alertmanager, "/api/v2/alerts", json!([{"labels": {"alertname": "A"}}]), 503),
        (Kind::AlertmanagerWebhook, "", group.clone(), 503),
        (Kind::Grafana, "", group, 503),
        (Kind::Pagerduty, "/v2/enqueue", event, 429),
        (Kind::Opsgenie, "/v2/alerts", json!({"message": "A", "alias": "A"}), 429),
        (Kind::Datadog, "", monitor, 503),
        (Kind::UptimeKuma, "", kuma, 503),
        (Kind::Cloudevents, "", cloud, 429),
        (Kind::Generic, "", json!({"title": "A"}), 503),
        (Kind::IncidentIo, "/v2/alert_events/http/ID", incident_io, 429),
        (Kind::Bigpanda, "/data/v2/alerts", big_panda, 429),
        (Kind::Sentry, "", sentry, 503),
        (Kind::Github, "", deployment, 429),
    ]
}

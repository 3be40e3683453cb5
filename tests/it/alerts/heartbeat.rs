//! Heartbeats: no ping is an alert.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use stentor::alert::history::Phase;
use stentor::app::App;
use stentor::ids::IdSource;
use stentor::ingest::kind::Kind;
use stentor::ingest::sources::{self, Changed};
use stentor::intake::sweep;

use super::visitor::Visitor;
use crate::bot::Bot;
use crate::databases::on_each_database;

const SECOND: Duration = Duration::from_secs(1);

fn every_minute() -> Value {
    json!({"interval_seconds": 60, "failure_threshold": 2, "grace_period_seconds": 10})
}

impl Visitor {
    async fn pings(&self) {
        let bearer = format!("Bearer {}", self.secret);
        let path = format!("/incident-io/v2/heartbeat/{}/ping", self.source.id);
        let answer = self.server.send(Method::POST, &path, &[("authorization", &bearer)], "").await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""));
    }
}

on_each_database! {
    async fn silence_is_an_alert_until_a_ping_comes(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let job = bot.visitor(Kind::Heartbeat, every_minute()).await;
        // Nothing is expected before the first ping.
        bot.watches(1_000 * SECOND).await;
        job.pings().await;
        bot.watches(129 * SECOND).await;
        assert_eq!(bot.alerts().await.len(), 0);
        job.pings().await;
        bot.watches(129 * SECOND).await;
        assert_eq!(bot.alerts().await.len(), 0);
        bot.watches(SECOND).await;
        let alert = bot.alerts().await.remove(0);
        assert!(alert.phase.is_firing());
        assert_eq!(alert.title, format!("No heartbeat from {}", job.source.name));
        assert_eq!(alert.labels["heartbeat"], job.source.name);
        bot.watches(31 * SECOND).await;
        let incident = bot.incident(1).await;
        assert_eq!(incident.name, alert.title);
        // It fires once, however long nothing comes, and whoever looks.
        bot.watches(3_600 * SECOND).await;
        let alerts = bot.alerts().await;
        assert_eq!((alerts.len(), alerts[0].version), (1, alert.version));
        job.pings().await;
        bot.settle().await;
        assert_eq!(bot.alerts().await[0].phase, Phase::Resolved);
        assert!(!bot.incident(1).await.signal.unwrap().active);
        // And again.
        bot.watches(130 * SECOND).await;
        assert!(bot.alerts().await.last().unwrap().phase.is_firing());
        bot.reads_everything_once(1).await;
        bot.ends().await;
    }

    async fn a_restart_forgets_no_heartbeat_and_fires_none_twice(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let job = bot.visitor(Kind::Heartbeat, every_minute()).await;
        job.pings().await;
        bot.clock.advance(130 * SECOND);
        let bot = bot.restarted(&fresh).await;
        // Two replicas look at the same moment.
        let app = &bot.stentor.app;
        let other = App::start(app.db.clone(), bot.clock.clone(), IdSource::system()).await.unwrap();
        let looks = |app: App| async move {
            sweep::sweep(&app.db, &app.clock, &app.intake).await.unwrap();
        };
        tokio::join!(looks(app.clone()), looks(other.clone()), looks(other));
        let alerts = bot.alerts().await;
        assert_eq!((alerts.len(), alerts[0].version), (1, 1));
        bot.watches(31 * SECOND).await;
        assert_eq!(bot.incidents().await, 1);
        bot.reads_everything_once(1).await;
        bot.ends().await;
    }

    async fn a_ping_is_proven_and_refused_in_the_words_of_the_format(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let job = bot.visitor(Kind::Heartbeat, every_minute()).await;
        let id = &job.source.id;
        let elsewhere = format!("/incident-io/v2/heartbeat/{id}/ping");
        for path in [
            format!("{elsewhere}?token={}", job.secret),
            format!("/hooks/{id}/ping?token={}", job.secret),
            format!("/hooks/{id}/key/{}/ping", job.secret),
        ] {
            for method in [Method::GET, Method::POST] {
                assert_eq!(job.server.send(method, &path, &[], "").await.status.as_u16(), 204, "{path}");
            }
        }
        let bearer = format!("Bearer {}", job.secret);
        let other = bot.visitor(Kind::Generic, Value::Null).await;
        for (method, path, secret, status, kind) in [
            (Method::POST, elsewhere.clone(), "Bearer wrong", 401, "authentication_error"),
            (Method::PUT, elsewhere.clone(), bearer.as_str(), 405, "method_not_allowed"),
            (Method::POST, format!("/hooks/{id}/pong"), bearer.as_str(), 404, "not_found"),
            (Method::POST, elsewhere.replace(id.as_str(), other.source.id.as_str()), bearer.as_str(), 404, "not_found"),
            (Method::POST, elsewhere.replace(id.as_str(), "01ZZZZZZZZZZZZZZZZZZZZZZZZ"), bearer.as_str(), 404, "not_found"),
        ] {
            let answer = job.server.send(method, &path, &[("authorization", secret)], "").await.expect(status);
            assert_eq!((&answer["type"], &answer["status"]), (&json!(kind), &json!(status)), "{path}");
        }
        bot.ends().await;
    }

    async fn one_that_rests_or_has_more_time_or_is_gone_stays_quiet(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let [rests, waits, goes] = [
            bot.visitor(Kind::Heartbeat, every_minute()).await,
            bot.visitor(Kind::Heartbeat, every_minute()).await,
            bot.visitor(Kind::Heartbeat, every_minute()).await,
        ];
        for job in [&rests, &waits, &goes] {
            job.pings().await;
        }
        let app = &bot.stentor.app;
        for (job, door) in [
            (&rests, json!({"interval_seconds": 60, "paused": true})),
            (&waits, json!({"interval_seconds": 600, "grace_period_seconds": 0})),
        ] {
            let mut settings = job.source.settings.clone();
            settings.door = door;
            let changed = Changed { settings: Some(settings), ..Changed::default() };
            sources::change(&app.db, &app.workspace, &job.source.id, changed).await.unwrap();
        }
        sources::remove(&app.db, &app.clock, &app.workspace, &goes.source.id).await.unwrap();
        bot.watches(599 * SECOND).await;
        assert_eq!(bot.alerts().await.len(), 0);
        bot.watches(SECOND).await;
        let alerts = bot.alerts().await;
        assert_eq!((alerts.len(), &alerts[0].source), (1, &waits.source.id));
        waits.pings().await;
        bot.settle().await;
        bot.ends().await;
    }
}

//! Any JSON.

use serde_json::{Value, json};
use stentor::alert::history::Phase;
use stentor::ingest::kind::Kind;
use stentor::ingest::sources::{self, Wanted};
use stentor::store::sources::SourceSettings;

use crate::bot::Bot;
use crate::databases::on_each_database;

on_each_database! {
    async fn any_json_begins_and_ends_an_alert(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::Generic, Value::Null).await;
        let body = json!({"title": "Disk full", "key": "disk", "severity": "warning", "labels": {"host": "db-1"}});
        for _ in 0..2 {
            let answer = visitor.posts("", &body).await.expect(202);
            assert_eq!(answer, json!({"status": "accepted", "alerts": 1, "ignored": 0}));
        }
        let alert = bot.alerts().await.remove(0);
        assert_eq!((alert.title.as_str(), alert.labels["host"].as_str(), alert.version), ("Disk full", "db-1", 1));
        visitor.posts("/", &json!({"key": "disk", "status": "resolved"})).await.expect(202);
        let alerts = bot.alerts().await;
        assert_eq!((alerts.len(), alerts[0].phase), (1, Phase::Resolved));
        visitor.turns_strangers_away("", &body, &[]).await;
    }

    async fn a_template_says_what_is_meant(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let door = json!({"alerts": "/items", "key": "/id", "title": "/what", "status": "/s",
            "firing_values": ["bad"], "resolved_values": ["good"]});
        let visitor = bot.visitor(Kind::Generic, door).await;
        let body = json!({"items": [{"id": 1, "what": "One", "s": "bad"}, 7, {"id": 2, "s": "seen"}]});
        let answer = visitor.posts("", &body).await.expect(202);
        assert_eq!((&answer["alerts"], &answer["ignored"]), (&json!(1), &json!(1)));
        assert_eq!(answer["errors"], json!(["Alert 2: It is no JSON object."]));
        assert_eq!(bot.alerts().await.remove(0).title, "One");
        let answer = visitor.posts("", &json!({"items": [7]})).await.expect(400);
        assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
    }

    /// The secret may stand wherever the sender's software can put it.
    async fn the_secret_may_be_shown_in_many_places(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::Generic, Value::Null).await;
        let body = json!({"title": "Disk full"});
        let in_path = format!("{}/key/{}", visitor.path(""), visitor.secret);
        let in_query = format!("{}?token={}", visitor.path(""), visitor.secret);
        for path in [in_path, in_query] {
            visitor.server.post(&path, &[], &body).await.expect(202);
        }
        for name in ["x-api-key", "x-stentor-key", "x-webhook-key"] {
            visitor.server.post(&visitor.path(""), &[(name, &visitor.secret)], &body).await.expect(202);
        }
        let in_path = format!("{}/key/{}", visitor.path(""), "0".repeat(32));
        visitor.server.post(&in_path, &[], &body).await.expect(401);
        assert_eq!(bot.alerts().await.len(), 1);
    }

    /// A delivery with a name of its own changes nothing the second time, whatever came between.
    async fn the_same_delivery_changes_nothing(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::Generic, Value::Null).await;
        let fires = json!({"title": "Disk full", "key": "disk"}).to_string();
        let named = [("idempotency-key", "delivery 1")];
        visitor.sends("", &named, fires.clone()).await.expect(202);
        visitor.posts("", &json!({"key": "disk", "status": "ok"})).await.expect(202);
        visitor.sends("", &named, fires).await.expect(202);
        assert_eq!(bot.alerts().await.remove(0).phase, Phase::Resolved);
    }

    async fn a_template_that_can_not_be_makes_no_source(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let app = &bot.stentor.app;
        for (kind, door, field) in [
            (Kind::Generic, json!({"title": "summary"}), "`title`"),
            (Kind::Cloudevents, json!({"state": "x"}), "`state`"),
            (Kind::Sns, json!({"topics": ["x"]}), "`topics`"),
            (Kind::Sentry, json!({"installation": 7}), "`installation`"),
            (Kind::Github, json!({}), "github"),
        ] {
            let settings = SourceSettings { door, ..SourceSettings::default() };
            let wanted = Wanted { kind, name: "x".to_owned(), secret: None, settings };
            let made = sources::create(&app.db, &app.clock, &app.ids, None, &app.workspace, wanted).await;
            let error = made.unwrap_err().to_string();
            assert!(error.contains(field), "{error}");
        }
    }
}

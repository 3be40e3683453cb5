//! Whoever shows secrets that open nothing, again and again: it costs little, and locks nobody out.

use serde_json::{Value, json};
use stentor::ingest::kind::Kind;

use super::visitor::Visitor;
use crate::bot::Bot;
use crate::databases::on_each_database;
use crate::http::Answer;

/// So many wrong ones are free.
const FREE: usize = 30;

/// Doors that find the source by its secret alone: the kind, the path, what is sent, the status once it
/// is taken, and the one that makes the sender come again.
fn doors() -> Vec<(Kind, &'static str, Value, u16, u16)> {
    let event = json!({"event_action": "trigger", "dedup_key": "A",
        "payload": {"summary": "A", "source": "a", "severity": "critical"}});
    let big_panda = json!({"app_key": "a", "status": "critical", "host": "h", "check": "c"});
    vec![
        (
            Kind::Alertmanager,
            "/alertmanager/api/v2/alerts",
            json!([{"labels": {"alertname": "A"}}]),
            200,
            503,
        ),
        (Kind::Pagerduty, "/v2/enqueue", event, 202, 429),
        (Kind::Opsgenie, "/opsgenie/v2/alerts", json!({"message": "A"}), 202, 429),
        (Kind::Bigpanda, "/bigpanda/data/v2/alerts", big_panda, 201, 429),
    ]
}

async fn shows(visitor: &Visitor, path: &str, secret: &str, body: &Value) -> Answer {
    let mut body = body.clone();
    if visitor.source.kind == Kind::Pagerduty {
        body["routing_key"] = json!(secret);
    }
    let bearer = format!("Bearer {secret}");
    visitor.server.post(path, &[("authorization", &bearer)], &body).await
}

on_each_database! {
    async fn wrong_secrets_are_looked_up_once_a_second_and_right_ones_always(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        for (kind, path, body, taken, later) in doors() {
            // Every kind begins with a clean slate.
            bot.clock.advance(std::time::Duration::from_secs(120));
            let (known, new) = (bot.visitor(kind, Value::Null).await, bot.visitor(kind, Value::Null).await);
            assert_eq!(shows(&known, path, &known.secret, &body).await.status.as_u16(), taken, "{kind}");
            let mut statuses = Vec::new();
            for number in 0..FREE + 5 {
                let wrong = format!("{number:032}");
                statuses.push(shows(&known, path, &wrong, &body).await.status.as_u16());
            }
            assert_eq!(statuses[..FREE], [401; FREE], "{kind}");
            // One more is tried in spite of all; the others are not even looked up.
            assert_eq!(statuses[FREE..], [401, later, later, later, later], "{kind}");
            let answer = shows(&known, path, "another", &body).await;
            assert_eq!(answer.status.as_u16(), later, "{kind}");
            assert!(!answer.header("retry-after").is_empty(), "{kind}");
            // Whoever has proven something goes on, however many others there are behind the same address.
            app_forgets(&bot);
            assert_eq!(shows(&known, path, &known.secret, &body).await.status.as_u16(), taken, "{kind}");
            // Somebody new is let in a second later.
            assert_eq!(shows(&new, path, &new.secret, &body).await.status.as_u16(), later, "{kind}");
            bot.clock.advance(std::time::Duration::from_secs(1));
            assert_eq!(shows(&new, path, &new.secret, &body).await.status.as_u16(), taken, "{kind}");
        }
    }

    async fn sources_that_are_not_there_count_and_secrets_of_known_ones_are_always_compared(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let visitor = bot.visitor(Kind::Generic, Value::Null).await;
        let body = json!({"title": "Disk full"});
        visitor.posts("", &body).await.expect(202);
        let mut statuses = Vec::new();
        for number in 0..FREE + 3 {
            let nowhere = format!("/hooks/01ARZ3NDEKTSV4RRFFQ69{number:05}");
            statuses.push(shows(&visitor, &nowhere, &visitor.secret, &body).await.status.as_u16());
        }
        assert_eq!(statuses[..FREE], [404; FREE]);
        assert_eq!(statuses[FREE..], [404, 429, 429]);
        app_forgets(&bot);
        shows(&visitor, &visitor.path(""), "wrong", &body).await.expect(401);
        visitor.posts("", &body).await.expect(202);
    }
}

/// What is remembered for two seconds is looked up again, as it is two seconds later.
fn app_forgets(bot: &Bot) {
    bot.stentor.app.sources.forget();
}

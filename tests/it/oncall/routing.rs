//! Routes of alerts page people.

use stentor::alert::observation::Observation;
use stentor::alert::settings::{Route, Setting};
use stentor::ids::{PathId, UserId};
use stentor::ingest::kind::Kind;
use stentor::store::escalations::{self, Filter};

use super::{MINUTE, level};
use crate::bot::{BOB, Bot, CAROL};
use crate::databases::on_each_database;
use crate::stories::channel_of;

fn firing() -> Observation {
    let mut said = Observation::firing("db", "The database is down");
    said.description = "No answer on port 5432".to_owned();
    said
}

fn over() -> Observation {
    Observation { said: stentor::alert::observation::Said::Resolved, ..firing() }
}

impl Bot {
    async fn escalations(&self) -> Vec<&'static str> {
        let app = &self.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        let filter = Filter::default();
        let all = escalations::page(&mut tx, &app.workspace, &filter, None, 99).await.unwrap();
        all.iter().rev().map(|it| it.status.as_str()).collect()
    }
}

on_each_database! {
    async fn a_route_pages_and_what_is_over_needs_nobody(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let path = bot.has_path(serde_json::json!({"name": "Checkout", "nodes": [level(&[BOB], 300)]})).await;
        let route = Route {
            name: "All".to_owned(), position: 0, group_wait_seconds: 0,
            page_paths: vec![path, PathId::from("gone")], page_people: vec![UserId::from(CAROL)], ..Route::default()
        };
        bot.lays_down("all", Setting::Route(route)).await;
        crate::warnings::expect("A route can't page whom it names");
        bot.hears(&monitor, vec![firing()]).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.escalations().await, ["triggered", "triggered"]);
        for user in [BOB, CAROL] {
            assert_eq!(bot.reads_told(user), ["🚨 You are needed: The database is down"]);
            assert!(bot.shows_to(user).contains("No answer on port 5432"));
        }
        let incident = bot.incident(1).await;
        assert_eq!(bot.undelivered(&incident).await.len(), 1);
        // Everything is over: nobody need be paged.
        bot.hears(&monitor, vec![over()]).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.escalations().await, ["resolved", "resolved"]);
        // It comes back, and somebody is needed again.
        bot.hears(&monitor, vec![firing()]).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.escalations().await, ["resolved", "resolved", "triggered", "triggered"]);
        bot.answers(BOB, "Acknowledge").await;
        bot.answers(CAROL, "Acknowledge").await;
        bot.skims(channel_of(&incident));
        bot.skims_told(&[BOB, CAROL]);
        bot.reads_everything_once(1).await;
        bot.ends().await;
    }
}

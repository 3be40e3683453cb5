//! The statements that a server of Sentry's incidents has to fulfil are numbered, and each has a test
//! that names it in its comment. Here are those that belong to no one else's file.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};
use stentor::api::tokens;
use stentor::app::App;
use stentor::scope::Scopes;

use super::{BASE, Client, O, P, rule};
use crate::bot::{ALICE, BOB, Bot, CAROL, INCIDENTS};
use crate::databases::on_each_database;
use crate::http::Answer;

/// How many statements there are.
const STATEMENTS: u8 = 25;
const FORBIDDEN: &str = "You do not have permission to perform this action.";
const INCIDENT: &str = "/organizations/default/incidents/1/";

impl Client {
    /// Does something in somebody's name.
    async fn sends_as(&self, user: &str, method: Method, path: &str, body: &Value) -> Answer {
        let headers = [
            ("authorization", self.authorization.as_str()),
            ("content-type", "application/json"),
            ("x-incident-user", user),
        ];
        self.server.send(method, &format!("{BASE}{path}"), &headers, body.to_string()).await
    }

    /// A client whose token has these scopes, in Sentry's words.
    async fn with_scopes(&self, words: &[&str]) -> Client {
        let App { db, clock, ids, workspace, .. } = &self.app;
        let scopes = Scopes::read(words.iter().copied()).unwrap();
        let name = words.join(" ");
        let made = tokens::create_with(db, clock, ids, workspace, &name, &scopes).await.unwrap();
        Client { authorization: format!("Bearer {}", made.secret.reveal()), ..self.clone() }
    }

    /// Whether somebody hears of the first incident. Only who writes is somebody, so it has to be over:
    /// then closing it again changes nothing, and shows it.
    async fn is_subscribed(&self, user: &str) -> Value {
        let shown = self.sends_as(user, Method::PUT, INCIDENT, &json!({"status": 2})).await;
        shown.expect(200)["isSubscribed"].clone()
    }
}

on_each_database! {
    /// Statement 6: there are no features to be switched off; what one may not see is not there, and whose
    /// organisation it is not learns nothing.
    async fn who_does_not_belong_here_finds_nothing(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        client.declares("Checkout answers 500").await;
        let stranger = client.stranger().await;
        for path in [format!("{O}/incidents/"), INCIDENT.to_owned()] {
            let theirs = path.replace("default", "theirs");
            assert_eq!(client.get(&theirs).await.expect(403), json!({"detail": FORBIDDEN}), "{path}");
        }
        assert_eq!(stranger.get(&format!("{O}/incidents/")).await.expect(200), json!([]));
        for (method, path) in [(Method::GET, INCIDENT.to_owned()), (Method::PUT, INCIDENT.to_owned()),
            (Method::POST, format!("{INCIDENT}comments/")), (Method::POST, format!("{INCIDENT}seen/"))]
        {
            let answer = stranger.sends(method, &path, &json!({"status": 2, "comment": "x"})).await;
            assert_eq!(answer.expect(404), json!({"detail": "The requested resource does not exist"}), "{path}");
        }
        assert_eq!(client.get(INCIDENT).await.expect(200)["status"], 1);
    }

    /// Statement 14.
    async fn who_subscribes_hears_of_it_until_they_unsubscribe(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        client.declares("Checkout answers 500").await;
        client.put(INCIDENT, &json!({"status": 2})).await.expect(200);
        let path = format!("{INCIDENT}subscriptions/");
        assert_eq!(client.is_subscribed(ALICE).await, false);
        for _ in 0..2 {
            let answer = client.sends_as(ALICE, Method::POST, &path, &json!({})).await;
            assert_eq!(answer.expect(201), json!({}));
            assert_eq!(client.is_subscribed(ALICE).await, true);
            assert_eq!(client.is_subscribed(BOB).await, false);
        }
        for _ in 0..2 {
            let answer = client.sends_as(ALICE, Method::DELETE, &path, &json!({})).await;
            assert_eq!(answer.expect(200), json!({}));
            assert_eq!(client.is_subscribed(ALICE).await, false);
        }
    }

    /// Statement 19: what is mail there is a direct message here.
    async fn subscribers_are_told_once_and_never_of_what_they_did(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let client = Client::of(&bot.stentor.app).await;
        let private = json!({"name": "Checkout answers 500", "private": true, "invite": [ALICE, BOB, CAROL]});
        let headers = [("authorization", client.authorization.as_str())];
        client.server.post("/api/v1/incidents", &headers, &private).await.expect(201);
        bot.settle().await;
        let path = format!("{INCIDENT}subscriptions/");
        for user in [ALICE, BOB, CAROL] {
            client.sends_as(user, Method::POST, &path, &json!({})).await.expect(201);
        }
        bot.settle().await;
        for user in [ALICE, BOB, CAROL] {
            assert_eq!(bot.reads_told(user), [""; 0], "nobody is told that it was found, or that somebody listens");
        }
        // Who may not know of it any more is not told of it, and does not listen any more.
        let remove = json!({"type": "remove", "person": CAROL});
        client.server.post("/api/v1/incidents/1/commands", &headers, &remove).await.expect(200);
        let body = json!({"status": 2, "comment": "Rolled back"});
        client.sends_as(ALICE, Method::PUT, INCIDENT, &body).await.expect(200);
        bot.settle().await;
        let told = bot.reads_told(BOB);
        assert!(told.len() == 1 && told[0].contains("Rolled back"), "{told:?}");
        assert_eq!(bot.reads_told(ALICE), [""; 0]);
        assert_eq!(bot.reads_told(CAROL), [""; 0]);
        assert_eq!(client.is_subscribed(BOB).await, true);
        let incident = bot.incident(1).await;
        assert!(!incident.papers.subscribers.contains(&CAROL.into()));
        bot.skims(incident.channel.as_ref().unwrap().as_str());
        bot.skims(INCIDENTS);
        Box::pin(bot.ends()).await;
    }

    /// Statement 24: the label, and what a token may not do.
    async fn labels_are_checked_and_scopes_are_needed(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        let wrong = rule(json!({"triggers": [{"label": "goodtimes", "alertThreshold": 42}]}));
        let rules = format!("{P}/alert-rules/");
        let expected = json!({"nonFieldErrors": ["Trigger 1 must be labeled \"critical\""]});
        assert_eq!(client.post(&rules, &wrong).await.expect(400), expected);
        let made = client.makes(&rule(json!({}))).await;
        let own = format!("{rules}{}/", made["id"].as_str().unwrap());
        client.declares("Checkout answers 500").await;
        let comments = format!("{INCIDENT}comments/");
        let comment = json!({"comment": "x"});
        // What may read the organisation writes no incidents; what may read a project does.
        #[rustfmt::skip]
        let may = [
            // scope          see rules, make, change, see incidents, comment
            ("org:read",      [true,  false, false, true,  false]),
            ("project:read",  [true,  false, false, true,  true ]),
            ("alerts:read",   [true,  false, false, false, false]),
            ("alerts:write",  [true,  true,  true,  false, false]),
            ("project:write", [true,  true,  true,  true,  true ]),
            ("event:read",    [false, false, false, false, false]),
        ];
        for (word, allowed) in may {
            let limited = client.with_scopes(&[&format!("sentry/{word}")]).await;
            let answers = [
                limited.get(&rules).await,
                limited.post(&rules, &rule(json!({}))).await,
                limited.put(&own, &rule(json!({}))).await,
                limited.get(INCIDENT).await,
                limited.post(&comments, &comment).await,
            ];
            for (nth, (answer, allowed)) in answers.iter().zip(allowed).enumerate() {
                if allowed {
                    assert!(answer.status.is_success(), "{word} {nth}: {}", answer.text);
                } else {
                    assert_eq!(answer.expect(403), json!({"detail": FORBIDDEN}), "{word} {nth}");
                }
            }
        }
    }
}

/// The numbers that the comments of tests name: `Statements 1, 3 and 4.`
fn named(source: &str) -> BTreeSet<u8> {
    let comments = source.lines().filter_map(|line| line.trim().strip_prefix("/// Statement"));
    let numbers = comments.flat_map(|comment| {
        let list = comment.split([':', '.']).next().unwrap_or_default();
        let words = list.split(|c: char| !c.is_ascii_digit());
        words.filter_map(|word| word.parse().ok()).collect::<Vec<u8>>()
    });
    numbers.collect()
}

#[test]
fn every_statement_has_a_test_that_names_it() {
    let sources = [
        include_str!("incidents.rs"),
        include_str!("rules.rs"),
        include_str!("statements.rs"),
        include_str!("talking.rs"),
        include_str!("watching.rs"),
    ];
    let named: BTreeSet<u8> = sources.into_iter().flat_map(named).collect();
    assert_eq!(named, (1..=STATEMENTS).collect());
}

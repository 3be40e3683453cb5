//! Comments, views and subscriptions in Sentry's format.

use axum::http::Method;
use serde_json::{Value, json};
use stentor::ids::UserId;
use stentor::oncall::person::Person;
use stentor::store::people;

use super::{Client, O, has_shape};
use crate::bot::{ALICE, Bot};
use crate::databases::on_each_database;

const COMMENTS: &str = "/organizations/default/incidents/1/comments/";

impl Client {
    async fn comments(&self, body: Value) -> Value {
        let made = self.post(COMMENTS, &body).await.expect(201);
        has_shape(&made, "activity");
        made
    }

    /// Who hears of the first incident, in the words of the native API.
    async fn subscribers(&self) -> Value {
        let headers = [("authorization", self.authorization.as_str())];
        let path = "/api/v1/incidents/1/subscribers";
        self.server.get(path, &headers).await.expect(200)["people"].clone()
    }
}

fn own(comment: &Value) -> String {
    format!("{COMMENTS}{}/", comment["id"].as_str().unwrap())
}

on_each_database! {
    /// Statements 10, 15 and 18.
    async fn a_comment_is_a_note_and_subscribes_whom_it_mentions(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        client.declares("Checkout answers 500").await;
        let made = client.comments(json!({"comment": " größer ☃ ", "mentions": ["user:U0BOB"], "external_id": "x"})).await;
        assert_eq!((&made["type"], &made["comment"]), (&json!(3), &json!("größer ☃")));
        assert_eq!((&made["user"]["name"], &made["value"]), (&json!("ci"), &Value::Null));
        assert_eq!(client.subscribers().await, json!(["U0BOB"]));
        // Who is mentioned again is subscribed already, which is no error.
        let bob = made_number("U0BOB");
        client.comments(json!({"comment": "again", "mentions": [format!("user:{bob}")]})).await;
        assert_eq!(client.subscribers().await, json!(["U0BOB"]));
        let activities = client.lists(&format!("{O}/incidents/1/activity/"), "activity").await;
        assert_eq!((activities.len(), &activities[1]), (4, &made));
        for (body, field, why) in [
            (json!({}), "comment", "This field is required."),
            (json!({"comment": null}), "comment", "This field may not be null."),
            (json!({"comment": " \n"}), "comment", "This field may not be blank."),
            (json!({"comment": "x".repeat(3_001)}), "comment", "Ensure this field has no more than 3000 characters."),
            (json!({"comment": "x", "mentions": ["user:7"]}), "mentions", "Cannot mention a non team member"),
            (json!({"comment": "x", "mentions": ["bob"]}), "mentions", "Cannot mention a non team member"),
            (json!({"comment": "x", "mentions": ["team:2"]}), "mentions", "Mentioned team not found or not associated with project"),
            (json!({"comment": "x", "mentions": "user:U0BOB"}), "mentions", "Expected a list of items."),
        ] {
            let answer = client.post(COMMENTS, &body).await;
            assert_eq!(answer.expect(400), json!({field: [why]}), "{body}");
        }
        assert_eq!(client.lists(&format!("{O}/incidents/1/activity/"), "activity").await, activities);
    }

    /// Statement 11.
    async fn only_who_wrote_a_comment_can_change_it(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        client.declares("Checkout answers 500").await;
        let made = client.comments(json!({"comment": "first"})).await;
        let edited = client.put(&own(&made), &json!({"comment": "second"})).await.expect(200);
        has_shape(&edited, "activity");
        assert_eq!((&edited["id"], &edited["comment"]), (&made["id"], &json!("second")));
        let other = client.another("other").await;
        for (method, body) in [(Method::PUT, json!({"comment": "mine"})), (Method::DELETE, json!({}))] {
            other.sends(method, &own(&made), &body).await.expect(404);
        }
        let activities = client.lists(&format!("{O}/incidents/1/activity/"), "activity").await;
        assert_eq!(activities[0]["comment"], "second");
        // What is no comment can't be changed, nor what is not there.
        for id in [&activities[1]["id"], &activities[2]["id"], &json!("123"), &json!("x")] {
            let path = format!("{COMMENTS}{}/", id.as_str().unwrap());
            client.put(&path, &json!({"comment": "x"})).await.expect(404);
            client.delete(&path).await.expect(404);
        }
        assert_eq!(client.put(&own(&made), &json!({"comment": ""})).await.expect(400), json!({"comment": ["This field may not be blank."]}));
        assert_eq!(client.delete(&own(&made)).await.status, 204);
        client.delete(&own(&made)).await.expect(404);
        assert_eq!(client.lists(&format!("{O}/incidents/1/activity/"), "activity").await.len(), 2);
    }

    /// Statement 13.
    async fn who_looks_is_seen(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        client.declares("Checkout answers 500").await;
        let path = format!("{O}/incidents/1/seen/");
        assert_eq!(client.post(&path, &json!({"hasSeen": true})).await.expect(201), json!({}));
        let shown = client.detail(1).await;
        assert_eq!((shown["seenBy"].as_array().unwrap().len(), &shown["hasSeen"]), (1, &json!(true)));
        let other = client.another("other").await;
        assert_eq!(other.detail(1).await["hasSeen"], false);
        client.app.clock.advance(std::time::Duration::from_secs(5));
        other.post(&path, &json!({})).await.expect(201);
        let shown = other.detail(1).await;
        let names: Vec<&Value> = shown["seenBy"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
        assert_eq!((names, &shown["hasSeen"]), (vec![&json!("other"), &json!("ci")], &json!(true)));
        let listed = client.lists(&format!("{O}/incidents/?expand=seen_by"), "incident").await;
        assert_eq!((&listed[0]["seenBy"], &listed[0]["hasSeen"]), (&shown["seenBy"], &json!(true)));
    }

    async fn people_are_shown_as_slack_tells_of_them(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let client = Client::of(&bot.stentor.app).await;
        let incident = bot.declares("Checkout answers 500").await;
        let channel = incident.channel.as_ref().unwrap().as_str();
        bot.says(ALICE, channel, "note Rolled back").await;
        let made = async || {
            let all = client.lists(&format!("{O}/incidents/1/activity/?desc=0"), "activity").await;
            (all[1]["user"].clone(), all[2].clone())
        };
        let (user, note) = made().await;
        assert_eq!((&user["name"], &user["email"]), (&json!(ALICE), &json!("")));
        assert_eq!((&note["comment"], &note["user"]), (&json!("Rolled back"), &user));
        let alice = Person {
            id: UserId::from(ALICE),
            name: "Alice".to_owned(),
            email: Some("alice@example.com".to_owned()),
            time_zone: None,
            is_active: true,
        };
        let app = &bot.stentor.app;
        let mut tx = app.db.begin().await.unwrap();
        people::save(&mut tx, &app.workspace, &[alice], app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let (user, _) = made().await;
        assert_eq!((&user["name"], &user["email"]), (&json!("Alice"), &json!("alice@example.com")));
        assert_eq!(user["id"], made_number(ALICE).to_string());
        // Somebody else's note is not a program's to change.
        client.put(&own(&note), &json!({"comment": "mine"})).await.expect(404);
        bot.reads_everything_once(1).await;
        Box::pin(bot.ends()).await;
    }

    async fn a_program_can_not_be_told(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        client.declares("Checkout answers 500").await;
        let path = format!("{O}/incidents/1/subscriptions/");
        for method in [Method::POST, Method::DELETE] {
            let answer = client.sends(method, &path, &json!({})).await;
            assert!(answer.expect(400)["detail"].is_string());
        }
        assert_eq!(client.detail(1).await["isSubscribed"], false);
    }

    async fn a_private_incident_is_not_there_for_who_may_not_see_it(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        let headers = [("authorization", client.authorization.as_str())];
        let private = json!({"name": "Secret", "private": true});
        client.server.post("/api/v1/incidents", &headers, &private).await.expect(201);
        let made = client.comments(json!({"comment": "secret"})).await;
        let other = client.another("other").await;
        for path in [COMMENTS.to_owned(), format!("{O}/incidents/1/seen/"), format!("{O}/incidents/1/subscriptions/")] {
            other.post(&path, &json!({"comment": "x"})).await.expect(404);
        }
        other.put(&own(&made), &json!({"comment": "x"})).await.expect(404);
    }
}

/// The number of somebody in Slack: their id to the base 36.
fn made_number(id: &str) -> u128 {
    u128::from_str_radix(id, 36).unwrap()
}

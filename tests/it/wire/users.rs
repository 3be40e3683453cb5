//! People in the incident.io format.

use axum::http::Method;
use serde_json::json;
use stentor::ids::UserId;
use stentor::oncall::person::Person;
use stentor::store::people;

use super::{Client, each, failure};
use crate::databases::on_each_database;

impl Client {
    /// Slack has told of five people, of whom the last two are not there any more.
    pub async fn knows_people(&self) {
        let person = |(name, is_active): (&str, bool)| Person {
            id: UserId::new(format!("U0{}", name.to_uppercase())),
            name: name.to_owned(),
            email: Some(format!("{name}@Example.com")),
            time_zone: Some("Europe/Vienna".to_owned()),
            is_active,
        };
        let all = [("Ann", true), ("Bea", true), ("Cem", true), ("Dov", false), ("Eve", false)];
        let app = &self.program.app;
        let mut tx = app.db.begin().await.unwrap();
        let all = all.map(person);
        people::save(&mut tx, &app.workspace, &all, app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }
}

on_each_database! {
    async fn people_are_listed_found_and_shown(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        assert_eq!(client.gets("/v2/users").await["users"], json!([]));
        client.knows_people().await;
        for size in [1, 2, 10_000] {
            assert_eq!(client.ids("/v2/users", "users", size).await, ["U0ANN", "U0BEA", "U0CEM"]);
            let everybody = client.ids("/v2/users?include_inactive=true", "users", size).await;
            assert_eq!(everybody, ["U0ANN", "U0BEA", "U0CEM", "U0DOV", "U0EVE"]);
        }
        for (filter, expected) in [
            ("email=bea%40example.COM", vec!["U0BEA"]),
            ("slack_user_id=U0BEA", vec!["U0BEA"]),
            ("slack_user_id=U0BEA&email=ann%40example.com", vec![]),
            ("slack_user_id=U0BEA&email=Bea%40example.com", vec!["U0BEA"]),
            ("email=nobody%40example.com", vec![]),
            ("email=dov%40example.com", vec![]),
            ("email=dov%40example.com&include_inactive=true", vec!["U0DOV"]),
            ("slack_user_id=U0EVE", vec![]),
            ("slack_user_id=U0EVE&include_inactive=true", vec!["U0EVE"]),
            ("email=bea%40example.com&after=U0BEA", vec![]),
            ("after=U0BEB", vec!["U0CEM"]),
        ] {
            let page = client.gets(&format!("/v2/users?{filter}")).await;
            assert_eq!(each(&page, "users", "id"), expected, "{filter}");
        }
        let bea = client.gets("/v2/users/U0BEA").await["user"].clone();
        assert_eq!((&bea["name"], &bea["email"]), (&json!("Bea"), &json!("Bea@Example.com")));
        assert_eq!((&bea["is_active"], &bea["seats"]["on_call"]), (&json!(true), &json!("full_access")));
        let eve = client.gets("/v2/users/U0EVE").await["user"].clone();
        assert_eq!((&eve["is_active"], &eve["seats"]["on_call"]), (&json!(false), &json!("none")));
        for (filter, field) in [
            ("include_inactive=maybe", "include_inactive"),
            ("page_size=many", "page_size"),
            ("after=bea", "after"),
            ("slack_user_id=%00", "slack_user_id"),
        ] {
            let answer = client.asks(Method::GET, &format!("/v2/users?{filter}"), None).await;
            let (_, found) = failure(&answer, 422, "validation_error");
            assert_eq!(found.as_deref(), Some(field), "{filter}");
        }
        for path in ["/v2/users/U0NOBODY", "/v2/users/%00"] {
            failure(&client.asks(Method::GET, path, None).await, 404, "not_found");
        }
        let mut other = client.limited("other", &["incidents:read"]).await;
        failure(&other.asks(Method::GET, "/v2/users", None).await, 403, "resource_forbidden");
    }
}

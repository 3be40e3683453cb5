//! Who is part of private incidents, and what other incidents one has to do with, in the incident.io
//! format.

use std::time::Duration;

use axum::http::Method;
use serde_json::json;

use super::{Client, failure};
use crate::databases::on_each_database;

const PATH: &str = "/v1/incident_memberships";
const REVOKE: &str = "/v1/incident_memberships/actions/revoke";

on_each_database! {
    async fn people_become_part_of_a_private_incident_and_leave_it(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let hidden = client.declares("Keys", "private").await["id"].clone();
        let body = json!({"incident_id": hidden, "user_id": "U0BEA"});
        client.program.app.clock.advance(Duration::from_secs(60));
        let made = client.posts(PATH, &body).await.expect(201)["incident_membership"].clone();
        assert_eq!((&made["user"]["slack_user_id"], &made["incident_id"]), (&json!("U0BEA"), &hidden));
        assert_eq!(made["created_at"], "2026-09-21T14:14:20Z");
        client.program.app.clock.advance(Duration::from_secs(60));
        assert_eq!(client.posts(PATH, &body).await.expect(201)["incident_membership"], made, "once");
        let native = client.program.get("/api/v1/incidents/1/members").await.expect(200);
        assert_eq!(native["people"], json!(["U0BEA"]));
        assert_eq!(client.posts(REVOKE, &body).await.status, 204);
        let native = client.program.get("/api/v1/incidents/1/members").await.expect(200);
        assert_eq!(native["people"], json!([]));
        failure(&client.posts(REVOKE, &body).await, 409, "conflict");
        let again = client.posts(PATH, &body).await.expect(201)["incident_membership"].clone();
        assert_eq!(again["created_at"], "2026-09-21T14:15:20Z");
        // Who runs it can't be taken out of it.
        client.program.commands("INC-1", json!({"type": "role", "role": "lead", "person": "U0BEA"})).await.expect(200);
        let refused = client.posts(REVOKE, &body).await;
        assert_eq!(failure(&refused, 409, "conflict").1.as_deref(), Some("user_id"));
    }

    async fn who_can_not_become_part_of_it_is_refused(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let public = client.declares("One", "public").await["id"].clone();
        let hidden = client.declares("Keys", "private").await["id"].clone();
        for path in [PATH, REVOKE] {
            for (body, field) in [
                (json!({"incident_id": hidden, "user_id": "bea"}), "user_id"),
                (json!({"incident_id": hidden}), "user_id"),
                (json!({"user_id": "U0BEA"}), "incident_id"),
                (json!({"incident_id": "none", "user_id": "U0BEA"}), "incident_id"),
                (json!({"incident_id": public, "user_id": "U0BEA"}), "incident_id"),
            ] {
                let (_, found) = failure(&client.posts(path, &body).await, 422, "validation_error");
                assert_eq!(found.as_deref(), Some(field), "{path} {body}");
            }
            let mut blind = client.another(&format!("blind {path}")).await;
            for incident in [hidden.clone(), json!("99")] {
                let body = json!({"incident_id": incident, "user_id": "U0BEA"});
                failure(&blind.posts(path, &body).await, 404, "not_found");
            }
        }
    }

    async fn there_are_no_teams(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let hidden = client.declares("Keys", "private").await["id"].clone();
        for path in ["/v1/incident_team_memberships", "/v1/incident_team_memberships/actions/revoke"] {
            let body = json!({"incident_id": hidden, "team_id": "T1"});
            let (_, field) = failure(&client.posts(path, &body).await, 422, "validation_error");
            assert_eq!(field.as_deref(), Some("team_id"));
            let (code, field) = failure(&client.posts(path, &json!({"team_id": "T1"})).await, 422, "validation_error");
            assert_eq!((code.as_str(), field.as_deref()), ("is_required", Some("incident_id")));
        }
        let reads = client.program.limited("reads", &["incidents:read", "incidents:write"]).await;
        for path in [PATH, REVOKE, "/v1/incident_team_memberships"] {
            let answer = reads.post(&format!("/incident-io{path}"), &[], &json!({})).await;
            failure(&answer, 403, "resource_forbidden");
        }
    }

    async fn incidents_that_have_to_do_with_each_other_are_listed(fresh: Fresh) {
        const PATH: &str = "/v1/incident_relationships";
        let mut client = Client::start(&fresh).await;
        let mut ids = Vec::new();
        for name in ["One", "Two", "Three", "Four"] {
            ids.push(client.declares(name, "public").await["id"].as_str().unwrap().to_owned());
        }
        let hidden = client.declares("Keys", "private").await["id"].as_str().unwrap().to_owned();
        for other in ["INC-2", "INC-3", "INC-4"] {
            client.program.commands("INC-1", json!({"type": "relate", "to": other})).await.expect(200);
        }
        client.program.commands("INC-5", json!({"type": "relate", "to": "INC-1"})).await.expect(200);
        let related = client.pages(&format!("{PATH}?incident_id={}", ids[0]), "incident_relationships", 2).await;
        let names: Vec<_> = related.iter().map(|it| (it["incident"]["name"].as_str().unwrap(), &it["incident"]["external_id"])).collect();
        assert_eq!(names, [("Two", &json!(2)), ("Three", &json!(3)), ("Four", &json!(4))]);
        let path = format!("{PATH}?incident_id={hidden}");
        assert_eq!(client.pages(&path, "incident_relationships", 2).await[0]["incident"]["id"], ids[0].as_str());
        let mut blind = client.another("blind").await;
        failure(&blind.asks(Method::GET, &path, None).await, 404, "not_found");
        let wrong = format!("incident_id={}&after=x", ids[0]);
        client.refuses(PATH, &[("", "incident_id"), (&wrong, "after"), ("incident_id=none", "incident_id")]).await;
    }
}

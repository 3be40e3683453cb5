//! What belongs to incidents elsewhere, and where they are tracked, in the incident.io format.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::{Client, failure};
use crate::databases::on_each_database;

const PATH: &str = "/v1/incident_attachments";

on_each_database! {
    async fn things_are_attached_found_and_detached(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let one = client.declares("One", "public").await["id"].clone();
        let other = client.declares("Other", "public").await["id"].clone();
        let link = json!({"resource_type": "arbitrary_url", "url": "https://a.example/x", "title": "Graph", "emoji": "rocket"});
        let pull = json!({"resource_type": "github_pull_request", "url": "https://github.com/a/b/pull/1"});
        let page = json!({"resource_type": "pager_duty_incident", "external_id": "P1"});
        let mut made = Vec::new();
        for (incident, resource) in [(&one, &link), (&one, &pull), (&one, &page), (&other, &page)] {
            let body = json!({"incident_id": incident, "resource": resource});
            client.program.app.clock.advance(Duration::from_secs(1));
            made.push(client.posts(PATH, &body).await.expect(201)["incident_attachment"].clone());
        }
        assert_eq!(made[0]["resource"], json!({
            "resource_type": "arbitrary_url", "external_id": "https://a.example/x", "title": "Graph", "permalink": "https://a.example/x",
        }));
        assert_eq!((&made[2]["resource"]["external_id"], &made[2]["resource"]["permalink"]), (&json!("P1"), &json!("")));
        let of_one = format!("{PATH}?incident_id={}", one.as_str().unwrap());
        assert_eq!(client.gets(&of_one).await["incident_attachments"], json!(made[..3]));
        let by_what = format!("{PATH}?resource_type=pager_duty_incident&external_id=P1");
        assert_eq!(client.gets(&by_what).await["incident_attachments"], json!(made[2..]));
        // What the format has no word for is a link, and the native API has all of them.
        let odd = json!({"type": "paperwork", "do": "attach", "resource_type": "wiki_page", "external_id": "7"});
        client.program.commands("INC-1", odd).await.expect(200);
        let shown = client.gets(&of_one).await["incident_attachments"][3]["resource"].clone();
        assert_eq!((&shown["resource_type"], &shown["external_id"]), (&json!("arbitrary_url"), &json!("7")));
        let native = client.program.get("/api/v1/incidents/1/attachments").await.expect(200);
        assert_eq!(native["attachments"].as_array().unwrap().len(), 4);
        let again = json!({"incident_id": one, "resource": link});
        failure(&client.posts(PATH, &again).await, 409, "conflict");
        let path = format!("{PATH}/{}", made[0]["id"].as_str().unwrap());
        assert_eq!(client.asks(Method::DELETE, &path, None).await.status, 204);
        for path in [path, format!("{PATH}/none"), format!("{PATH}/%00")] {
            failure(&client.asks(Method::DELETE, &path, None).await, 404, "not_found");
        }
        assert_eq!(client.gets(&of_one).await["incident_attachments"].as_array().unwrap().len(), 3);
    }

    async fn what_can_not_be_attached_is_refused(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let one = client.declares("One", "public").await["id"].clone();
        let body = |resource: Value| json!({"incident_id": one, "resource": resource});
        for (body, code, field) in [
            (json!({"incident_id": one}), "is_required", "resource"),
            (json!({"incident_id": "none", "resource": {"resource_type": "jira_issue", "external_id": "1"}}), "invalid_value", "incident_id"),
            (body(json!({"resource_type": "wiki", "external_id": "1"})), "invalid_value", "resource.resource_type"),
            (body(json!({"resource_type": "jira_issue"})), "invalid_value", "resource"),
            (body(json!({"resource_type": "jira_issue", "external_id": "1", "url": "https://a.example"})), "invalid_value", "resource"),
            (body(json!({"resource_type": "jira_issue", "url": "ftp://a.example"})), "bad_url", "resource.url"),
            (body(json!({"resource_type": "arbitrary_url", "external_id": "1"})), "is_required", "resource.url"),
            (body(json!({"resource_type": "jira_issue", "external_id": "x".repeat(501)})), "text_too_long", "resource.external_id"),
            (body(json!({"resource_type": "arbitrary_url", "url": "https://a.example", "title": "x".repeat(201)})), "text_too_long", "resource.title"),
        ] {
            let found = failure(&client.posts(PATH, &body).await, 422, "validation_error");
            assert_eq!(found, (code.to_owned(), Some(field.to_owned())), "{body}");
        }
        let nowhere = json!({"incident_id": "99", "resource": {"resource_type": "jira_issue", "external_id": "1"}});
        failure(&client.posts(PATH, &nowhere).await, 404, "not_found");
        client.refuses(PATH, &[
            ("", "incident_id"), ("resource_type=jira_issue", "external_id"), ("resource_type=wiki&external_id=1", "resource_type"),
            ("resource_type=jira_issue&external_id=%00", "external_id"),
        ]).await;
    }

    async fn private_attachments_are_for_those_who_may_see_them(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let hidden = client.declares("Keys", "private").await["id"].clone();
        let body = json!({"incident_id": hidden, "resource": {"resource_type": "jira_issue", "external_id": "1"}});
        let made = client.posts(PATH, &body).await.expect(201)["incident_attachment"].clone();
        let mut blind = client.another("blind").await;
        let by_what = format!("{PATH}?resource_type=jira_issue&external_id=1");
        assert_eq!(client.gets(&by_what).await["incident_attachments"], json!([made]));
        assert_eq!(blind.gets(&by_what).await["incident_attachments"], json!([]));
        let of_it = format!("{PATH}?incident_id={}", hidden.as_str().unwrap());
        failure(&blind.asks(Method::GET, &of_it, None).await, 404, "not_found");
        failure(&blind.posts(PATH, &body).await, 404, "not_found");
        let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
        failure(&blind.asks(Method::DELETE, &path, None).await, 404, "not_found");
    }

    async fn an_incident_is_tracked_elsewhere(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        client.declares("One", "public").await;
        let path = "/v2/incidents/1/actions/connect_external_issue";
        let issue = |url: &str, replace: bool| {
            json!({"issue_template_id": "T1", "provider": "jira", "url": url, "replace": replace})
        };
        let first = issue("https://a.example/browse/OPS-42", false);
        for _ in 0..2 {
            assert_eq!(client.posts(path, &first).await.status, 204);
        }
        let shown = client.gets("/v2/incidents/1").await["incident"]["external_issue_reference"].clone();
        assert_eq!(shown, json!({"provider": "jira", "issue_name": "OPS-42", "issue_permalink": first["url"]}));
        let second = "https://a.example/browse/OPS-43";
        failure(&client.posts(path, &issue(second, false)).await, 409, "conflict");
        assert_eq!(client.posts(path, &issue(second, true)).await.status, 204);
        let native = client.program.get("/api/v1/incidents/1/attachments").await.expect(200);
        assert_eq!(native["external_issue"]["url"], second);
        let odd = json!({"issue_template_id": "T1", "provider": "paper", "url": second});
        let missing = json!({"provider": "jira", "url": second});
        for (body, code, field) in [
            (odd, "invalid_value", "provider"), (missing, "is_required", "issue_template_id"),
            (issue("ftp://a", true), "bad_url", "url"), (issue("", true), "invalid_value", "url"),
        ] {
            let found = failure(&client.posts(path, &body).await, 422, "validation_error");
            assert_eq!(found, (code.to_owned(), Some(field.to_owned())), "{body}");
        }
        let elsewhere = issue("https://github.com/acme/shop/issues/1", true);
        let answer = client.posts(path, &elsewhere).await;
        assert_eq!(failure(&answer, 422, "validation_error").1.as_deref(), Some("url"));
        client.declares("Keys", "private").await;
        let mut blind = client.another("blind").await;
        let hidden = path.replace("/1/", "/2/");
        failure(&blind.posts(&hidden, &first).await, 404, "not_found");
        // One whose provider the format does not know is not shown.
        let unknown = json!({"type": "paperwork", "do": "connect_issue", "replace": true,
            "issue": {"provider": "paper", "name": "1", "url": "https://a.example"}});
        client.program.commands("INC-1", unknown).await.expect(200);
        assert!(client.gets("/v2/incidents/1").await["incident"].get("external_issue_reference").is_none());
    }
}

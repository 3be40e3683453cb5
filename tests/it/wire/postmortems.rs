//! Documents about incidents in the incident.io format.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Client, failure};
use crate::databases::on_each_database;

const PATH: &str = "/v1/postmortem_documents";
const ATTACH: &str = "/v1/postmortem_documents/actions/attach";

impl Client {
    /// Imports a document into the incident of this number.
    async fn imports(&mut self, number: i64, title: &str) -> Value {
        let path = format!("/v2/incidents/{number}/actions/import_postmortem_document");
        let body = json!({"title": title, "content": format!("# {title}\n\nBadly.")});
        self.posts(&path, &body).await.expect(201)["postmortem_document"].clone()
    }
}

fn titles(documents: &[Value]) -> Vec<&str> {
    documents.iter().map(|document| document["title"].as_str().unwrap()).collect()
}

on_each_database! {
    async fn documents_are_imported_listed_and_finished(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let one = client.declares("One", "public").await["id"].as_str().unwrap().to_owned();
        client.declares("Other", "public").await;
        let mut made = Vec::new();
        for (number, title) in [(1, "First"), (1, "Second"), (2, "Third")] {
            client.program.app.clock.advance(std::time::Duration::from_secs(1));
            made.push(client.imports(number, title).await);
        }
        assert_eq!((&made[0]["type"], &made[0]["status"], &made[0]["document_url"]), (&json!("in_app"), &json!("in_progress"), &json!("")));
        for (query, expected) in [
            (String::new(), vec!["Third", "Second", "First"]),
            ("sort_by=created_at_newest_first".to_owned(), vec!["Third", "Second", "First"]),
            ("sort_by=created_at_oldest_first".to_owned(), vec!["First", "Second", "Third"]),
            (format!("incident_id={one}"), vec!["Second", "First"]),
            (format!("incident_id={one}&sort_by=created_at_oldest_first"), vec!["First", "Second"]),
        ] {
            let listed = client.pages(&format!("{PATH}?{query}"), "postmortem_documents", 2).await;
            assert_eq!(titles(&listed), expected, "{query}");
        }
        let path = format!("{PATH}/{}", made[0]["id"].as_str().unwrap());
        assert_eq!(client.gets(&path).await["postmortem_document"], made[0]);
        assert_eq!(client.gets(&format!("{path}/content")).await, json!({"markdown": "# First\n\nBadly."}));
        for status in ["in_review", "completed", "completed"] {
            let set = client.asks(Method::PUT, &path, Some(&json!({"status": status}))).await.expect(200);
            assert_eq!(set["postmortem_document"]["status"], status);
        }
        // The first one is the one that is meant.
        let native = client.program.get("/api/v1/documents?incident=1").await.expect(200);
        let main = native["documents"].as_array().unwrap().iter().find(|it| it["main"] == true).unwrap();
        assert_eq!((&main["id"], &main["status"]), (&made[0]["id"], &json!("completed")));
        let incident = client.gets("/v2/incidents/1").await["incident"].clone();
        assert_eq!(incident["postmortem_document_ids"], json!([made[0]["id"], made[1]["id"]]));
        assert!(incident.get("postmortem_document_url").is_none());
    }

    async fn a_document_that_is_written_elsewhere_is_attached(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let one = client.declares("One", "public").await["id"].clone();
        let body = |link: &str| json!({"incident_id": one, "permalink": link, "document_provider": "notion"});
        let made = client.posts(ATTACH, &body("https://notion.example/1")).await.expect(201)["postmortem_document"].clone();
        assert_eq!((&made["type"], &made["document_url"]), (&json!("external"), &json!("https://notion.example/1")));
        assert_eq!(client.posts(ATTACH, &body("https://notion.example/1")).await.expect(201)["postmortem_document"], made);
        // Another address takes the place of the first.
        let moved = client.posts(ATTACH, &body("https://notion.example/2")).await.expect(201)["postmortem_document"].clone();
        assert_eq!((&moved["id"], &moved["document_url"]), (&made["id"], &json!("https://notion.example/2")));
        assert_eq!(client.gets("/v2/incidents/1").await["incident"]["postmortem_document_url"], "https://notion.example/2");
        let content = format!("{PATH}/{}/content", made["id"].as_str().unwrap());
        failure(&client.asks(Method::GET, &content, None).await, 404, "not_found");
        client.declares("Other", "public").await;
        client.imports(2, "Here").await;
        let refused = json!({"incident_id": "2", "permalink": "https://notion.example/3"});
        failure(&client.posts(ATTACH, &refused).await, 409, "conflict");
    }

    async fn what_is_no_document_is_refused(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let one = client.declares("One", "public").await["id"].clone();
        let made = client.imports(1, "First").await;
        let import = "/v2/incidents/1/actions/import_postmortem_document";
        for (path, body, code, field) in [
            (import, json!({"content": "x"}), "is_required", "title"),
            (import, json!({"title": "x"}), "is_required", "content"),
            (import, json!({"title": "x", "content": " "}), "is_required", "content"),
            (import, json!({"title": "x".repeat(201), "content": "x"}), "text_too_long", "title"),
            (import, json!({"title": "x", "content": "x".repeat(100_001)}), "text_too_long", "content"),
            (ATTACH, json!({"incident_id": one}), "is_required", "permalink"),
            (ATTACH, json!({"incident_id": "none", "permalink": "https://a.example"}), "invalid_value", "incident_id"),
            (ATTACH, json!({"incident_id": one, "permalink": "ftp://a.example"}), "bad_url", "permalink"),
            (ATTACH, json!({"incident_id": one, "permalink": "https://a.example", "document_provider": "paper"}), "invalid_value", "document_provider"),
        ] {
            let found = failure(&client.posts(path, &body).await, 422, "validation_error");
            assert_eq!(found, (code.to_owned(), Some(field.to_owned())), "{path}");
        }
        let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
        let answer = client.asks(Method::PUT, &path, Some(&json!({"status": "lost"}))).await;
        assert_eq!(failure(&answer, 422, "validation_error").1.as_deref(), Some("status"));
        let answer = client.asks(Method::PUT, &format!("{PATH}/none"), Some(&json!({"status": "completed"}))).await;
        failure(&answer, 404, "not_found");
        for path in ["none", "%00", "none/content", "%00/content"] {
            failure(&client.asks(Method::GET, &format!("{PATH}/{path}"), None).await, 404, "not_found");
        }
        let nowhere = import.replace("/1/", "/99/");
        failure(&client.posts(&nowhere, &json!({"title": "x", "content": "x"})).await, 404, "not_found");
        client.refuses(PATH, &[("sort_by=title", "sort_by"), ("after=x", "after"), ("incident_id=none", "incident_id")]).await;
    }

    async fn private_documents_are_for_those_who_may_see_them(fresh: Fresh) {
        let mut client = Client::start(&fresh).await;
        let hidden = client.declares("Keys", "private").await["id"].clone();
        let made = client.imports(1, "Keys").await;
        let mut blind = client.another("blind").await;
        assert_eq!(client.gets(PATH).await["postmortem_documents"], json!([made]));
        assert_eq!(blind.gets(PATH).await["postmortem_documents"], json!([]));
        let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
        for path in [path.clone(), format!("{path}/content"), format!("{PATH}?incident_id={}", hidden.as_str().unwrap())] {
            failure(&blind.asks(Method::GET, &path, None).await, 404, "not_found");
        }
        let set = blind.asks(Method::PUT, &path, Some(&json!({"status": "completed"}))).await;
        failure(&set, 404, "not_found");
        let attach = json!({"incident_id": hidden, "permalink": "https://a.example"});
        failure(&blind.posts(ATTACH, &attach).await, 404, "not_found");
        let import = "/v2/incidents/1/actions/import_postmortem_document";
        failure(&blind.posts(import, &json!({"title": "x", "content": "x"})).await, 404, "not_found");
        // Who may change incidents need not be one who may write documents.
        let edits = client.program.limited("edits", &["incidents:read", "incidents:write"]).await;
        let answer = edits.post(&format!("/incident-io{import}"), &[], &json!({"title": "x", "content": "x"})).await;
        failure(&answer, 403, "resource_forbidden");
    }
}

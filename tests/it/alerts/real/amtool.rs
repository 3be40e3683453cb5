//! `amtool`, Alertmanager's command-line client, asks and tells Stentor.

use serde_json::Value;
use stentor::ingest::kind::Kind;

use super::live::Live;
use super::programs::{Said, amtool};
use crate::databases::on_each_database;
use crate::process::Scratch;

/// The client of somebody who has been told an address and a secret.
struct Client {
    home: Scratch,
    url: String,
    config: Option<String>,
}

impl Client {
    /// Shows the secret as a password, in the address.
    fn with_password(address: &str, secret: &str) -> Client {
        let url = format!("http://stentor:{secret}@{address}/alertmanager");
        Client { home: Scratch::new(), url, config: None }
    }

    /// Shows the secret as a bearer token, from a file.
    fn with_token(address: &str, path: &str, secret: &str) -> Client {
        let home = Scratch::new();
        let config = home.file("http.yml", &format!("authorization: {{credentials: {secret}}}"));
        Client { home, url: format!("http://{address}{path}"), config: Some(config) }
    }

    async fn runs(&self, arguments: &[&str]) -> Said {
        let url = format!("--alertmanager.url={}", self.url);
        let config = self.config.as_ref().map(|file| format!("--http.config.file={file}"));
        let mut all = vec![url.as_str()];
        all.extend(config.as_deref());
        all.extend(arguments);
        amtool(&self.home.0, &all).await
    }

    /// What it prints, when it succeeds.
    async fn says(&self, arguments: &[&str]) -> String {
        let said = self.runs(arguments).await;
        assert!(said.status.success(), "amtool {arguments:?}: {said:?}");
        said.out.trim().to_owned()
    }

    /// What it prints, which is JSON.
    async fn shows(&self, arguments: &[&str]) -> Vec<Value> {
        let mut all = arguments.to_vec();
        all.extend(["-o", "json"]);
        serde_json::from_str(&self.says(&all).await).unwrap()
    }
}

on_each_database! {
    async fn amtool_adds_alerts_and_asks_for_them(fresh: Fresh) {
        let live = Live::start(&fresh).await;
        let made = live.has_source(Kind::Alertmanager).await;
        let client = Client::with_password(&live.address, made.secret.reveal());
        assert_eq!(client.shows(&["alert", "query"]).await, Vec::<Value>::new());
        let add = [
            "alert", "add", "DiskFull", "host=db-1", "env=prod", "--annotation=summary=The disk is full",
            "--generator-url=http://prometheus.example/graph",
        ];
        client.says(&add).await;
        client.says(&["alert", "add", "DiskFull", "host=db-2", "env=test"]).await;

        let alerts = client.shows(&["alert", "query"]).await;
        assert_eq!(alerts.len(), 2);
        let of_prod = client.shows(&["alert", "query", "env=prod", "host=~db-.*"]).await;
        assert_eq!(of_prod.len(), 1);
        assert_eq!(of_prod[0]["labels"]["host"], "db-1");
        assert_eq!(of_prod[0]["annotations"]["summary"], "The disk is full");
        assert_eq!(of_prod[0]["generatorURL"], "http://prometheus.example/graph");
        assert_eq!(of_prod[0]["status"]["state"], "active");
        assert_eq!(client.shows(&["alert", "query", "--receiver=none"]).await, Vec::<Value>::new());
        let table = client.says(&["alert", "query", "DiskFull", "-o", "extended"]).await;
        assert!(table.contains("host=\"db-1\"") && table.contains("host=\"db-2\""), "{table}");

        let end = ["alert", "add", "DiskFull", "host=db-1", "env=prod", "--end=2026-01-01T00:00:01Z", "--start=2026-01-01T00:00:00Z"];
        client.says(&end).await;
        let left = client.shows(&["alert", "query"]).await;
        assert_eq!(left.len(), 1);
        assert_eq!(left[0]["labels"]["host"], "db-2");
        live.ends().await;
    }

    async fn amtool_silences_alerts_for_as_long_as_it_wants(fresh: Fresh) {
        let live = Live::start(&fresh).await;
        let made = live.has_source(Kind::Alertmanager).await;
        let client = Client::with_token(&live.address, "/alertmanager", made.secret.reveal());
        client.says(&["alert", "add", "DiskFull", "host=db-1", "env=prod"]).await;
        client.says(&["alert", "add", "DiskFull", "host=db-2", "env=test"]).await;
        let add = [
            "silence", "add", "--author=alice", "--comment=The disk is being replaced", "--duration=2h",
            "alertname=DiskFull", "host=~db-.*", "env!=test",
        ];
        let id = client.says(&add).await;
        let silences = client.shows(&["silence", "query"]).await;
        assert_eq!(silences.len(), 1);
        assert_eq!(silences[0]["id"], id);
        assert_eq!(silences[0]["createdBy"], "alice");
        assert_eq!(silences[0]["comment"], "The disk is being replaced");
        assert_eq!(silences[0]["status"]["state"], "active");
        assert_eq!(client.says(&["silence", "query", "-q", "alertname=DiskFull"]).await, id);
        assert_eq!(client.says(&["silence", "query", "-q", "alertname=Other"]).await, "");

        let loud = client.shows(&["alert", "query"]).await;
        assert_eq!(loud.len(), 1, "those that are silenced are left out");
        assert_eq!(loud[0]["labels"]["host"], "db-2");
        let quiet = client.shows(&["alert", "query", "--silenced"]).await;
        let quiet = quiet.iter().find(|alert| alert["labels"]["host"] == "db-1").unwrap();
        assert_eq!(quiet["status"]["silencedBy"], serde_json::json!([id]));
        assert_eq!(quiet["status"]["state"], "suppressed");

        let before = silences[0]["endsAt"].as_str().unwrap().to_owned();
        client.says(&["silence", "update", "--duration=5h", &id]).await;
        let prolonged = client.shows(&["silence", "query"]).await;
        assert_eq!((prolonged.len(), &prolonged[0]["id"]), (1, &serde_json::json!(id)), "it stays the same");
        assert!(prolonged[0]["endsAt"].as_str().unwrap() > before.as_str());
        client.says(&["silence", "expire", &id]).await;
        assert_eq!(client.shows(&["silence", "query"]).await, Vec::<Value>::new());
        let expired = client.shows(&["silence", "query", "--expired"]).await;
        assert_eq!(expired[0]["id"], id);
        assert_eq!(client.shows(&["alert", "query"]).await.len(), 2);
        let unknown = client.runs(&["silence", "expire", "0a0a0a0a-0000-0000-0000-000000000000"]).await;
        assert!(!unknown.status.success(), "{unknown:?}");

        // What was exported is imported again.
        let id = client.says(&add).await;
        let exported = client.says(&["silence", "query", "-o", "json"]).await;
        client.says(&["silence", "expire", &id]).await;
        let file = client.home.file("silences.json", &exported);
        client.says(&["silence", "import", &file]).await;
        assert_eq!(client.shows(&["silence", "query"]).await.len(), 1);
        live.ends().await;
    }

    async fn amtool_is_told_how_stentor_stands(fresh: Fresh) {
        let live = Live::start(&fresh).await;
        live.follows_alerts().await;
        let made = live.has_source(Kind::Alertmanager).await;
        let path = format!("/hooks/{}", made.source.id);
        let client = Client::with_token(&live.address, &path, made.secret.reveal());
        let tree = client.says(&["config", "routes", "show"]).await;
        assert!(tree.contains("receiver: At once") && tree.contains("receiver: Default"), "{tree}");
        assert_eq!(client.says(&["config", "routes", "test", "alertname=A"]).await, "At once");
        assert!(client.says(&["config", "show"]).await.contains("receivers"));
        assert!(client.says(&["cluster", "show"]).await.contains("disabled"));

        let stranger = Client::with_token(&live.address, "/alertmanager", "wrong");
        let said = stranger.runs(&["alert", "query"]).await;
        assert!(!said.status.success() && said.err.contains("401"), "{said:?}");
        live.ends().await;
    }
}

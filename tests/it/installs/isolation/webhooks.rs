//! The queries about webhooks, as one of two workspaces whose webhooks have the same ids.

use std::collections::BTreeSet;

use stentor::app::App;
use stentor::clock::{Clock, Timestamp};
use stentor::ids::{IdSource, WebhookId, WorkspaceId};
use stentor::outbox::webhook_work::{About, Delivery};
use stentor::store::db::Tx;
use stentor::store::webhooks::{self, Attempt, State, Webhook};
use stentor::webhooks::format::Format;

use super::everything;
use crate::databases::on_each_database;

/// What is called here.
pub const CALLED: [&str; 15] = [
    "webhooks::all",
    "webhooks::attempts",
    "webhooks::break_off",
    "webhooks::by_id",
    "webhooks::create",
    "webhooks::delete",
    "webhooks::forget_attempts",
    "webhooks::forget_surplus",
    "webhooks::hold",
    "webhooks::latest_attempt",
    "webhooks::listening",
    "webhooks::note",
    "webhooks::save",
    "webhooks::set_failing",
    "webhooks::set_well",
];

const NOW: Timestamp = Timestamp::from_micros(1_790_000_100_000_000);

fn attempt(id: &str, whose: &str) -> Attempt {
    let delivery = Delivery {
        webhook: WebhookId::from("01SAME"),
        message: "msg_same".to_owned(),
        event: whose.to_owned(),
        about: About::Unknown,
        at: NOW,
    };
    Attempt {
        id: id.to_owned(),
        delivery,
        event: whose.to_owned(),
        at: NOW,
        took_ms: 1,
        outcome: "failed".to_owned(),
        status: Some(500),
        error: Some(whose.to_owned()),
        answer: None,
    }
}

async fn fill(tx: &mut Tx, workspace: &WorkspaceId, whose: &str) {
    let webhook = Webhook {
        workspace: workspace.clone(),
        id: WebhookId::from("01SAME"),
        url: format!("https://{whose}.example.com/"),
        description: whose.to_owned(),
        events: vec![whose.to_owned()],
        format: Format::IncidentIo,
        state: State::On,
        kept_secret: whose.to_owned(),
        kept_old: Some((whose.to_owned(), NOW)),
        sealed_with: None,
        failing_since: None,
        created_at: NOW,
        updated_at: NOW,
    };
    webhooks::create(tx, workspace, &webhook).await.unwrap();
    for id in ["01A", "01B", "01C"] {
        webhooks::note(tx, workspace, &attempt(id, whose)).await.unwrap();
    }
}

on_each_database! {
    async fn no_query_about_webhooks_reads_or_changes_what_another_workspace_has(fresh: Fresh) {
        let app = App::start(fresh.open().await, Clock::manual(NOW), IdSource::system()).await.unwrap();
        let (ours, theirs) = (WorkspaceId::from("01OURS"), WorkspaceId::from("01THEIRS"));
        let mut tx = app.db.begin().await.unwrap();
        fill(&mut tx, &ours, "ours").await;
        fill(&mut tx, &theirs, "theirs").await;
        tx.commit().await.unwrap();
        let before = everything(&app, &theirs).await;
        let mut called = BTreeSet::from(["webhooks::create", "webhooks::note"]);
        let mut tx = app.db.begin().await.unwrap();
        macro_rules! call {
            ($module:ident::$name:ident($($argument:expr),* $(,)?)) => {{
                called.insert(concat!(stringify!($module), "::", stringify!($name)));
                $module::$name(&mut tx, &ours, $($argument),*).await.unwrap()
            }};
        }
        let id = WebhookId::from("01SAME");
        let webhook = call!(webhooks::by_id(&id)).unwrap();
        assert_eq!((webhook.description.as_str(), &webhook.workspace), ("ours", &ours));
        assert_eq!(call!(webhooks::hold(&id)).unwrap(), webhook);
        assert_eq!(call!(webhooks::all()), std::slice::from_ref(&webhook));
        assert_eq!(call!(webhooks::listening())[0].events, ["ours"]);
        let attempts = call!(webhooks::attempts(&id, Some("01C"), 9));
        assert_eq!(attempts, [attempt("01B", "ours"), attempt("01A", "ours")]);
        let latest = call!(webhooks::latest_attempt(&id, "msg_same"));
        assert_eq!(latest, Some(attempt("01C", "ours")));

        assert!(call!(webhooks::save(&Webhook { description: "ours, too".to_owned(), ..webhook })));
        assert_eq!(call!(webhooks::set_failing(&id, NOW)), Some(NOW));
        let later = NOW.plus(std::time::Duration::from_secs(1));
        assert_eq!(call!(webhooks::set_failing(&id, later)), Some(NOW));
        call!(webhooks::set_well(&id));
        assert!(call!(webhooks::break_off(&id, NOW)));
        assert!(!call!(webhooks::break_off(&id, NOW)));
        assert_eq!(call!(webhooks::forget_surplus(&id, 2)), 1);
        assert_eq!(call!(webhooks::forget_attempts(later, 1)), 1);
        tx.commit().await.unwrap();
        assert_eq!(everything(&app, &theirs).await, before);
        let mut tx = app.db.begin().await.unwrap();
        called.insert("webhooks::delete");
        assert!(webhooks::delete(&mut tx, &ours, &id).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(everything(&app, &theirs).await, before);
        let left: usize = everything(&app, &ours).await.iter().map(Vec::len).sum();
        assert_eq!(left, 0, "nothing is left of ours");
        assert_eq!(called, CALLED.into());
    }
}

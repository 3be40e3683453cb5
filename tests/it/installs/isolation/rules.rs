//! The queries about alert rules, as one of two workspaces whose rules have the same ids.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use stentor::alert::observation::Observation;
use stentor::alert::rule::counting::{Counter, Sender, Tally};
use stentor::alert::rule::definition::Definition;
use stentor::alert::rule::minute;
use stentor::alert::rule::standing::{Level, Standing};
use stentor::app::App;
use stentor::clock::{Clock, Timestamp};
use stentor::ids::{IdSource, RuleId, SourceId, UserId, WorkspaceId};
use stentor::store::alert_rules::{Rule, Snooze};
use stentor::store::db::Tx;
use stentor::store::{alert_rule_counts, alert_rules};

use super::everything;
use crate::databases::on_each_database;

/// What is called here.
pub const CALLED: [&str; 21] = [
    "alert_rule_counts::add",
    "alert_rule_counts::events",
    "alert_rule_counts::forget",
    "alert_rule_counts::values",
    "alert_rules::by_id",
    "alert_rules::by_request",
    "alert_rules::counting",
    "alert_rules::create",
    "alert_rules::delete",
    "alert_rules::evaluated",
    "alert_rules::forget_standings",
    "alert_rules::hold",
    "alert_rules::number",
    "alert_rules::page",
    "alert_rules::save",
    "alert_rules::save_standings",
    "alert_rules::snooze",
    "alert_rules::snoozes",
    "alert_rules::standings",
    "alert_rules::tell_of_change",
    "alert_rules::unsnooze",
];

const NOW: Timestamp = Timestamp::from_micros(1_790_000_100_000_000);

fn definition(unique: Option<&str>) -> Definition {
    let measure = json!({"dataset": "events", "unique": unique});
    let rule = json!({"name": "Errors", "measure": measure, "window_minutes": 1, "fires": "above", "critical": {"threshold": 0}});
    serde_json::from_value(rule).unwrap()
}

/// Two rules, of which one counts events and the other different values; all that is known of them
/// says whose they are.
async fn fill(tx: &mut Tx, workspace: &WorkspaceId, whose: &str, events: usize) {
    let ids = ["01COUNT", "01VALUE"].map(RuleId::from);
    let definitions = [definition(None), definition(Some("user"))];
    for (id, definition) in ids.iter().zip(&definitions) {
        let rule = Rule {
            id: id.clone(),
            definition: definition.clone(),
            evaluate_at: NOW,
            last_error: Some(whose.to_owned()),
            version: 1,
            made_by: whose.to_owned(),
            created_at: NOW,
            updated_at: NOW,
        };
        let request = format!("request {id}");
        alert_rules::create(tx, workspace, &rule, Some(&request)).await.unwrap();
        let person = Some(UserId::from("U0SAME"));
        let until = Some(NOW.plus(Duration::from_secs(events as u64)));
        let snooze = Snooze { person, until, since: NOW };
        alert_rules::snooze(tx, workspace, id, &snooze).await.unwrap();
        let mut standing = Standing::default();
        standing.take(definition, NOW, Some(events as f64));
        let standings = [("web".to_owned(), standing)];
        alert_rules::save_standings(tx, workspace, id, &standings).await.unwrap();
    }
    let counter = Counter::prepare(ids.iter().zip(&definitions), |_, error| panic!("{error}"));
    let mut tally = Tally::default();
    let source = SourceId::from("01SOURCE");
    for nth in 0..events {
        let mut event = Observation::firing("key", "Title");
        event.labels = [("project", "web"), ("user", &nth.to_string())]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        counter.count(Sender { id: &source, name: whose }, &event, NOW, &mut tally);
    }
    alert_rule_counts::add(tx, workspace, &tally).await.unwrap();
}

on_each_database! {
    async fn no_query_about_rules_reads_or_changes_what_another_workspace_has(fresh: Fresh) {
        let app = App::start(fresh.open().await, Clock::manual(NOW), IdSource::system()).await.unwrap();
        let (ours, theirs) = (WorkspaceId::from("01OURS"), WorkspaceId::from("01THEIRS"));
        let mut tx = app.db.begin().await.unwrap();
        fill(&mut tx, &ours, "ours", 2).await;
        fill(&mut tx, &theirs, "theirs", 7).await;
        tx.commit().await.unwrap();
        let (before, our_own) = (everything(&app, &theirs).await, everything(&app, &ours).await);
        let mut called = BTreeSet::new();
        let mut tx = app.db.begin().await.unwrap();
        macro_rules! call {
            ($module:ident::$name:ident($($argument:expr),* $(,)?)) => {{
                called.insert(concat!(stringify!($module), "::", stringify!($name)));
                $module::$name(&mut tx, &ours, $($argument),*).await.unwrap()
            }};
        }
        called.extend(["alert_rules::create", "alert_rule_counts::add"]);
        let (count, value) = (RuleId::from("01COUNT"), RuleId::from("01VALUE"));
        let both = [count.clone(), value.clone()];
        let minutes = minute::number(NOW)..minute::number(NOW) + 1;
        assert_eq!(call!(alert_rules::by_id(&count)).unwrap().made_by, "ours");
        assert_eq!(call!(alert_rules::hold(&count)).unwrap().made_by, "ours");
        assert_eq!(call!(alert_rules::by_request("request 01COUNT")).unwrap().made_by, "ours");
        assert_eq!(call!(alert_rules::page(None, 9)).len(), 2);
        assert_eq!(call!(alert_rules::page(Some(&value), 9)).len(), 1);
        assert_eq!(call!(alert_rules::number()), 2);
        assert_eq!(call!(alert_rules::counting()).len(), 2);
        let snoozes = call!(alert_rules::snoozes(&both));
        assert!(snoozes.values().flatten().all(|it| it.until == Some(NOW.plus(Duration::from_secs(2)))));
        let standings = call!(alert_rules::standings(&both));
        assert!(standings.values().flat_map(|it| it.values()).all(|it| it.value == Some(2.0)));
        assert_eq!(call!(alert_rule_counts::events(&count, &minutes))["web"], 2);
        assert_eq!(call!(alert_rule_counts::values(&value, &minutes))["web"], 2);

        let rule = call!(alert_rules::by_id(&count)).unwrap();
        assert!(call!(alert_rules::save(&Rule { last_error: None, ..rule })));
        call!(alert_rules::evaluated(&count, NOW, Some("ours, too")));
        call!(alert_rules::tell_of_change());
        let everyone = Snooze { person: None, until: None, since: NOW };
        call!(alert_rules::snooze(&count, &everyone));
        assert!(call!(alert_rules::unsnooze(&count, Some(&UserId::from("U0SAME")))));
        let mut standing = Standing::default();
        standing.take(&definition(None), NOW, Some(9.0));
        assert_eq!(standing.level(), Level::Critical);
        call!(alert_rules::save_standings(&count, &[("web".to_owned(), standing), ("idle".to_owned(), Standing::default())]));
        call!(alert_rules::forget_standings(&value));
        call!(alert_rule_counts::forget(&value, i64::MAX));
        tx.commit().await.unwrap();
        assert_eq!(everything(&app, &theirs).await, before);
        assert_ne!(everything(&app, &ours).await, our_own);
        let mut tx = app.db.begin().await.unwrap();
        for rule in &both {
            called.insert("alert_rules::delete");
            assert!(alert_rules::delete(&mut tx, &ours, rule).await.unwrap());
            alert_rule_counts::forget(&mut tx, &ours, rule, i64::MAX).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(everything(&app, &theirs).await, before);
        let left: usize = everything(&app, &ours).await.iter().map(Vec::len).sum();
        assert_eq!(left, 1, "nothing is left of ours but the desk");
        assert_eq!(called, CALLED.into());
    }
}

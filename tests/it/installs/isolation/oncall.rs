//! The queries about people, schedules and paging, as one of two workspaces with the same ids.

use std::collections::BTreeSet;

use serde_json::json;
use stentor::app::App;
use stentor::clock::{Clock, Timestamp};
use stentor::ids::{
    AlertId, EscalationId, IdSource, IncidentId, OverrideId, PathId, ScheduleId, UserId,
    WorkspaceId,
};
use stentor::incident::event::Actor;
use stentor::oncall::escalation::Beginning;
use stentor::oncall::escalation::state::{Escalation, Request};
use stentor::oncall::escalation::world::World;
use stentor::oncall::person::Person;
use stentor::oncall::schedule::definition::Override;
use stentor::store::db::Tx;
use stentor::store::escalations::{Asked, Filter, Shown};
use stentor::store::oncall_changes::{Change, What, Written};
use stentor::store::people::Named;
use stentor::store::{escalation_paths, escalations, oncall_changes, outbox, people, schedules};

use super::everything;
use crate::databases::on_each_database;

/// What is called here.
pub const CALLED: [&str; 45] = [
    "escalation_paths::all",
    "escalation_paths::by_id",
    "escalation_paths::by_request",
    "escalation_paths::count",
    "escalation_paths::create",
    "escalation_paths::hold",
    "escalation_paths::page",
    "escalation_paths::save",
    "escalation_paths::take_turn",
    "escalations::by_id",
    "escalations::by_request",
    "escalations::create",
    "escalations::hold",
    "escalations::of_incident",
    "escalations::page",
    "escalations::save",
    "escalations::save_shown",
    "escalations::shown",
    "oncall_changes::append",
    "oncall_changes::hold",
    "oncall_changes::of",
    "outbox::lock",
    "people::by_email",
    "people::count",
    "people::gone_with_email",
    "people::leave_unseen",
    "people::named",
    "people::page",
    "people::save",
    "people::with_ids",
    "schedules::by_id",
    "schedules::by_request",
    "schedules::count",
    "schedules::create",
    "schedules::hold",
    "schedules::override_by_id",
    "schedules::override_by_request",
    "schedules::override_count",
    "schedules::override_page",
    "schedules::overrides",
    "schedules::page",
    "schedules::remove_override",
    "schedules::save",
    "schedules::save_override",
    "schedules::with_ids",
];

const NOW: Timestamp = Timestamp::from_micros(1_790_000_100_000_000);

fn schedule(whose: &str) -> schedules::Kept {
    schedules::Kept {
        id: ScheduleId::from("01SCHEDULE"),
        definition: serde_json::from_value(json!({"name": whose, "time_zone": "UTC"})).unwrap(),
        is_archived: false,
        on_call: vec![UserId::from("U0SAME")],
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn standing_in(whose: &str) -> Override {
    Override {
        id: OverrideId::from("01OVERRIDE"),
        schedule: ScheduleId::from("01SCHEDULE"),
        rotation: whose.into(),
        layer: "layer".into(),
        person: UserId::from("U0SAME"),
        start_at: NOW,
        end_at: NOW.plus(std::time::Duration::from_secs(60)),
        created_at: NOW,
        updated_at: NOW,
    }
}

fn path(whose: &str) -> escalation_paths::Kept {
    let level =
        json!({"id": "n", "type": "level", "targets": [{"to": {"type": "user", "id": "U0SAME"}}]});
    escalation_paths::Kept {
        id: PathId::from("01PATH"),
        definition: serde_json::from_value(json!({"name": whose, "nodes": [level]})).unwrap(),
        is_archived: false,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn escalation(whose: &str) -> Escalation {
    let request = Request {
        title: whose.to_owned(),
        description: String::new(),
        priority: None,
        path: None,
        people: vec![UserId::from("U0SAME")],
        incident: Some(IncidentId::from("01INCIDENT")),
        alerts: vec![AlertId::from("01ALERT")],
        ends_with_alerts: false,
    };
    let id = EscalationId::from("01ESCALATION");
    let beginning = Beginning { id, request, path: None, turn: 0, by: Actor::Stentor };
    Escalation::begin(beginning, NOW, &World::default()).0
}

fn person(whose: &str) -> Person {
    Person {
        id: UserId::from("U0SAME"),
        name: whose.to_owned(),
        email: Some("same@example.com".to_owned()),
        time_zone: None,
        is_active: true,
    }
}

async fn fill(tx: &mut Tx, workspace: &WorkspaceId, whose: &str) {
    people::save(tx, workspace, &[person(whose)], NOW).await.unwrap();
    schedules::create(tx, workspace, &schedule(whose), Some("same")).await.unwrap();
    schedules::save_override(tx, workspace, &standing_in(whose), Some("same")).await.unwrap();
    escalation_paths::create(tx, workspace, &path(whose), Some("same")).await.unwrap();
    let asked = Asked { request: Some("same".to_owned()), key: Some(whose.to_owned()) };
    escalations::create(tx, workspace, &escalation(whose), &asked).await.unwrap();
    let shown = Shown { channel: "D0SAME".into(), ts: "1.000001".into(), shown: whose.to_owned() };
    escalations::save_shown(tx, workspace, &escalation(whose).id, 1, &shown).await.unwrap();
    oncall_changes::hold(tx, workspace).await.unwrap();
    let change =
        Change { by: Actor::ApiToken { name: whose.to_owned() }, what: What::PathArchived };
    let written = Written { id: "01CHANGE".to_owned(), at: NOW, change };
    oncall_changes::append(tx, workspace, "01PATH", &written).await.unwrap();
}

on_each_database! {
    async fn no_query_about_paging_reads_or_changes_what_another_workspace_has(fresh: Fresh) {
        let app = App::start(fresh.open().await, Clock::manual(NOW), IdSource::system()).await.unwrap();
        let (ours, theirs) = (WorkspaceId::from("01OURS"), WorkspaceId::from("01THEIRS"));
        let mut tx = app.db.begin().await.unwrap();
        fill(&mut tx, &ours, "ours").await;
        fill(&mut tx, &theirs, "theirs").await;
        tx.commit().await.unwrap();
        let (before, our_own) = (everything(&app, &theirs).await, everything(&app, &ours).await);
        let mut called = BTreeSet::new();
        let mut said = Vec::new();
        let mut tx = app.db.begin().await.unwrap();
        macro_rules! call {
            ($module:ident::$name:ident($($argument:expr),* $(,)?)) => {{
                called.insert(concat!(stringify!($module), "::", stringify!($name)));
                let result = $module::$name(&mut tx, &ours, $($argument),*).await.unwrap();
                said.push(format!("{result:?}"));
                result
            }};
        }
        called.extend(["schedules::create", "escalation_paths::create", "escalations::create"]);
        let (user, path_id, schedule_id) = (UserId::from("U0SAME"), PathId::from("01PATH"), ScheduleId::from("01SCHEDULE"));
        let (id, override_id) = (EscalationId::from("01ESCALATION"), OverrideId::from("01OVERRIDE"));
        assert_eq!(call!(people::with_ids(std::slice::from_ref(&user)))[0].name, "ours");
        assert_eq!(call!(people::by_email(" Same@Example.com")).unwrap().name, "ours");
        let named = Named { email: Some("same@example.com"), with_inactive: true, ..Named::default() };
        assert_eq!(call!(people::named(named)).len(), 1);
        assert!(call!(people::gone_with_email("same@example.com")).is_empty());
        assert_eq!(call!(people::count()), 1);
        assert_eq!(call!(people::page(true, None, 9)).len(), 1);
        assert!(call!(people::page(false, Some(&user), 9)).is_empty());
        assert_eq!(call!(schedules::by_id(&schedule_id)).unwrap().definition.name, "ours");
        call!(schedules::hold(&schedule_id));
        call!(schedules::by_request("same"));
        assert_eq!(call!(schedules::page(None, 9)).len(), 1);
        assert_eq!(call!(schedules::with_ids(std::slice::from_ref(&schedule_id))).len(), 1);
        assert_eq!(call!(schedules::count()), 1);
        call!(schedules::override_by_id(&override_id));
        call!(schedules::override_by_request("same"));
        assert_eq!(call!(schedules::overrides(&schedule_id, NOW)).len(), 1);
        assert_eq!(call!(schedules::override_page(&schedule_id, &Default::default(), None, 9)).len(), 1);
        assert_eq!(call!(schedules::override_count(&schedule_id, NOW)), 1);
        assert_eq!(call!(escalation_paths::by_id(&path_id)).unwrap().definition.name, "ours");
        call!(escalation_paths::hold(&path_id));
        call!(escalation_paths::by_request("same"));
        assert_eq!(call!(escalation_paths::page(None, 9)).len(), 1);
        assert_eq!(call!(escalation_paths::all()).len(), 1);
        assert_eq!(call!(escalation_paths::count()), 1);
        assert_eq!(call!(escalations::by_id(&id)).unwrap().title, "ours");
        call!(escalations::hold(&id));
        call!(escalations::by_request("same"));
        assert_eq!(call!(escalations::of_incident(&IncidentId::from("01INCIDENT"))).len(), 1);
        let alerts = Filter { alerts: vec![AlertId::from("01ALERT")], key_begins: Some("our".to_owned()), ..Filter::default() };
        assert_eq!(call!(escalations::page(&alerts, None, 9)).len(), 1);
        let others = Filter { not_alerts: vec![AlertId::from("01ALERT")], ..Filter::default() };
        assert!(call!(escalations::page(&others, None, 9)).is_empty());
        assert_eq!(call!(escalations::shown(&id, 1)).unwrap().shown, "ours");
        assert_eq!(call!(oncall_changes::of("01PATH", None, 9)).len(), 1);
        assert!(said.iter().all(|it| !it.contains("theirs")), "{said:?}");

        call!(people::save(&[Person { name: "ours, too".to_owned(), ..person("ours") }], NOW));
        assert_eq!(call!(people::leave_unseen(NOW.plus(std::time::Duration::from_secs(1)))), 1);
        call!(schedules::save(&schedules::Kept { version: 2, ..schedule("ours") }));
        call!(schedules::save_override(&standing_in("ours, too"), None));
        call!(schedules::remove_override(&override_id));
        call!(escalation_paths::save(&escalation_paths::Kept { version: 2, ..path("ours") }));
        assert_eq!(call!(escalation_paths::take_turn(&path_id)), 0);
        call!(escalations::save(&Escalation { version: 2, ..escalation("ours") }));
        let shown = Shown { channel: "D0OURS".into(), ts: "2.000001".into(), shown: "ours".to_owned() };
        call!(escalations::save_shown(&id, 1, &shown));
        call!(oncall_changes::hold());
        let change = Change { by: Actor::Stentor, what: What::ScheduleArchived };
        call!(oncall_changes::append("01PATH", &Written { id: "02CHANGE".to_owned(), at: NOW, change }));
        call!(outbox::lock("only a lane"));
        tx.commit().await.unwrap();
        assert_eq!(everything(&app, &theirs).await, before);
        assert_ne!(everything(&app, &ours).await, our_own);
        assert_eq!(called, CALLED.into());
    }
}

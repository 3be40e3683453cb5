//! Every query about alerts, run as one of two workspaces that have the very same keys.

use std::collections::BTreeSet;

use stentor::alert::filter as expression;
use stentor::alert::fingerprint::{self, Key};
use stentor::alert::group::Group;
use stentor::alert::matcher::Matcher;
use stentor::alert::observation::{ChangeEvent, Observation};
use stentor::alert::settings::{Setting, Silence};
use stentor::alert::state::{Alert, Circumstances, Seen};
use stentor::app::App;
use stentor::clock::Timestamp;
use stentor::ids::{
    AlertId, AttributeId, GroupId, IdSource, IncidentId, SettingId, SourceId, WorkspaceId,
};
use stentor::incident::catalogue::Catalogue;
use stentor::incident::event::Actor;
use stentor::ingest::kind::Kind;
use stentor::store::alert_lists::Wanted;
use stentor::store::alerts::{Filter, Sighting, Written};
use stentor::store::db::Tx;
use stentor::store::pictures::{Search, Sort};
use stentor::store::sources::{AlertSource, SourceSettings};
use stentor::store::{
    alert_attributes, alert_groups, alert_lists, alert_marks, alert_retention, alert_settings,
    alert_tags, alerts, heartbeats, incidents, pictures, receipts, sources, written_as,
};

use super::queries::NOW;

fn key() -> Key {
    fingerprint::of_parts(&["same"])
}

fn group_key() -> Key {
    fingerprint::of_parts(&["group"])
}

fn alert(says: &str) -> Alert {
    let said = Observation::firing("same", says);
    let circumstances = Circumstances { now: NOW, reopens_within: None, window: None };
    Alert::first("00ALERT".into(), "00SOURCE".into(), &said, "00GROUP".into(), circumstances)
}

fn written(says: &str) -> Written {
    Written { alert: alert(says), key: key(), current: true }
}

fn group(says: &str, incident: Option<&IncidentId>) -> Group {
    let mut group = Group::first("00GROUP".into(), says, None, Vec::new(), NOW, NOW);
    group.firing = 1;
    group.incident = incident.cloned();
    group
}

fn setting(says: &str) -> Setting {
    Setting::Silence(Silence {
        matchers: vec![Matcher::parse("env=prod").unwrap()],
        starts_at: NOW,
        ends_at: NOW,
        created_by: says.to_owned(),
        comment: String::new(),
        annotations: Default::default(),
    })
}

fn source(workspace: &WorkspaceId, says: &str) -> AlertSource {
    AlertSource {
        workspace: workspace.clone(),
        // An address names a source alone, so no two have the same id.
        id: SourceId::new(format!("00{says}")),
        kind: Kind::Generic,
        name: "same".to_owned(),
        secret_hash: says.to_owned(),
        old: None,
        kept_secret: None,
        kept_old: None,
        sealed_with: None,
        settings: SourceSettings::default(),
        created_at: NOW,
    }
}

fn change(says: &str) -> (String, Key, Timestamp, ChangeEvent) {
    let event = ChangeEvent {
        key: "same".to_owned(),
        summary: says.to_owned(),
        state: None,
        labels: Default::default(),
        links: Vec::new(),
        at: None,
    };
    ("00CHANGE".to_owned(), key(), NOW, event)
}

fn sighting() -> Sighting {
    Sighting { seen: Seen { last_seen: NOW, ends: None }, check_at: Some(NOW) }
}

fn attribute(says: &str) -> alert_attributes::Kept {
    let attribute = serde_json::from_value(serde_json::json!({"name": says})).unwrap();
    alert_attributes::Kept { id: "00ATTRIBUTE".into(), attribute, created_at: NOW, updated_at: NOW }
}

fn document(says: &str) -> written_as::Written {
    let document = serde_json::json!({"says": says});
    written_as::Written { id: "00SAME".to_owned(), says: says.to_owned(), document }
}

/// Everything that a workspace can have about alerts, which says this.
pub async fn fill(tx: &mut Tx, workspace: &WorkspaceId, says: &str) {
    let (alert, source_id) = (AlertId::from("00ALERT"), SourceId::from("00SOURCE"));
    sources::create(tx, &source(workspace, says)).await.unwrap();
    alert_settings::take_desk(tx, workspace, says).await.unwrap();
    alert_settings::put(tx, workspace, &SettingId::from("00SETTING"), &setting(says), NOW)
        .await
        .unwrap();
    alerts::save(tx, workspace, &[written(says)]).await.unwrap();
    alerts::see(tx, workspace, &[(alert.clone(), sighting())]).await.unwrap();
    let mut beginning = self::alert(says).beginning();
    beginning.by = Some(Actor::ApiToken { name: says.to_owned() });
    alerts::append(tx, workspace, &[(alert, 1, NOW, beginning)]).await.unwrap();
    alerts::save_changes(tx, workspace, &source_id, &[change(says)]).await.unwrap();
    alert_groups::save(tx, workspace, &[group(says, None)]).await.unwrap();
    let keys = [(group_key(), GroupId::from("00GROUP"))];
    alert_groups::save_keys(tx, workspace, &keys).await.unwrap();
    let tags = ["Both".to_owned(), format!("only {says}")];
    alert_tags::ensure(tx, workspace, &tags, &IdSource::counting(), NOW).await.unwrap();
    alert_attributes::create(tx, workspace, &attribute(says)).await.unwrap();
    heartbeats::ping(tx, workspace, &source_id, NOW, Some(NOW)).await.unwrap();
    written_as::put(tx, workspace, "same", &document(says)).await.unwrap();
}

/// Runs every query about alerts as the one workspace: what was called, and what it said.
pub async fn ask(
    app: &App,
    ours: &WorkspaceId,
    incident: &IncidentId,
) -> (BTreeSet<&'static str>, Vec<(&'static str, String)>) {
    let mut called = BTreeSet::new();
    let mut said = Vec::new();
    let mut tx = app.db.begin().await.unwrap();
    macro_rules! call {
        ($module:ident::$name:ident($($argument:expr),* $(,)?)) => {{
            called.insert(concat!(stringify!($module), "::", stringify!($name)));
            let result = $module::$name(&mut tx, $($argument),*).await.unwrap();
            said.push((concat!(stringify!($module), "::", stringify!($name)), format!("{result:?}")));
            result
        }};
    }
    let (id, group_id) = (AlertId::from("00ALERT"), GroupId::from("00GROUP"));
    let (setting_id, source_id) = (SettingId::from("00SETTING"), SourceId::from("00SOURCE"));
    let (ids, groups) = (std::slice::from_ref(&id), std::slice::from_ref(&group_id));
    let later = NOW.plus(std::time::Duration::from_secs(1));

    // What there is to read: all of it with keys that both have.
    assert_eq!(call!(sources::all(ours)).len(), 1);
    assert_eq!(call!(sources::of_workspace(ours, &SourceId::from("00theirs"))), None);
    assert_eq!(call!(sources::hold(ours, &SourceId::from("00theirs"))), None);
    assert_eq!(call!(alert_settings::version(ours)), 1);
    assert_eq!(call!(alert_settings::all(ours)).len(), 1);
    assert_eq!(call!(alert_settings::of_kind(ours, "silence")).len(), 1);
    assert_eq!(call!(alert_settings::count(ours, "silence")), 1);
    assert_eq!(call!(alert_settings::page(ours, "silence", None, 9)).len(), 1);
    assert!(call!(alert_settings::by_id(ours, "silence", &setting_id)).is_some());
    assert_eq!(call!(alerts::current(ours, &[key()])).len(), 1);
    assert_eq!(call!(alerts::seen(ours, ids)).len(), 1);
    assert_eq!(call!(alerts::with_ids(ours, ids)).len(), 1);
    assert_eq!(call!(alerts::written_with_ids(ours, ids)).len(), 1);
    assert_eq!(call!(alerts::written_of_groups(ours, groups)).len(), 1);
    assert_eq!(call!(alerts::of_groups(ours, groups)).len(), 1);
    assert_eq!(call!(alerts::firing(ours, None, 9)).len(), 1);
    assert_eq!(call!(alerts::list(ours, &Filter::default(), 9)).len(), 1);
    assert_eq!(call!(alerts::history(ours, &id)).len(), 1);
    assert_eq!(call!(alerts::history_of_group(ours, &groups[0], NOW, 9)).len(), 1);
    assert_eq!(call!(alerts::due_of(ours, later, 9)).len(), 1);
    assert_eq!(call!(alerts::recent_changes(ours, NOW, 9)).len(), 1);
    assert_eq!(call!(alert_groups::by_keys(ours, &[group_key()])).len(), 1);
    assert_eq!(call!(alert_groups::with_ids(ours, groups)).len(), 1);
    assert_eq!(call!(alert_groups::waiting(ours, 9)).len(), 1);
    let page = call!(alert_lists::page(ours, &Actor::Stentor, &Wanted::default(), 9));
    assert_eq!(page.alerts.len(), 1);
    assert_eq!(call!(alert_lists::with_ids(ours, &Actor::Stentor, ids)).len(), 1);
    assert_eq!(call!(alert_lists::open_to_all(ours, vec![alert("ours")])).len(), 1);
    assert_eq!(call!(alert_lists::history_after(ours, &id, 0, 9)).len(), 1);
    assert_eq!(call!(alert_lists::change_events(ours, None, None, 9)).len(), 1);
    call!(alert_marks::of_incidents(ours, Some(&source_id), std::slice::from_ref(incident)));
    let tags = ["both".to_owned(), "only theirs".to_owned()];
    assert_eq!(call!(alert_tags::named(ours, &tags)).len(), 1);
    assert_eq!(call!(alert_tags::page(ours, "", "", 9)).len(), 2);
    call!(alert_tags::ensure(ours, &tags[..1], &IdSource::counting(), NOW));
    let attribute_id = AttributeId::from("00ATTRIBUTE");
    assert_eq!(call!(alert_attributes::all(ours)).len(), 1);
    assert!(call!(alert_attributes::by_id(ours, &attribute_id)).is_some());
    assert_eq!(call!(heartbeats::due_of(ours, later, 9)).len(), 1);
    assert_eq!(call!(written_as::all(ours, "same")).len(), 1);
    assert!(call!(written_as::of(ours, "same", "00SAME")).is_some());
    assert_eq!(call!(receipts::marked(ours, "only theirs")), None);
    assert_eq!(call!(receipts::known(ours, &["only theirs".to_owned()])).len(), 0);
    assert!(call!(alert_retention::hold_desk(ours)));

    // What there is to change.
    call!(receipts::mark(ours, &[("only theirs".to_owned(), serde_json::json!({"ours": 1}))], NOW));
    assert_eq!(call!(alert_settings::take_desk(ours, "again")).writer, "ours");
    call!(alert_settings::put(ours, &setting_id, &setting("ours again"), NOW));
    assert!(call!(alert_attributes::save(
        ours,
        &attribute_id,
        &attribute("ours again").attribute,
        NOW
    )));
    assert!(call!(alert_attributes::delete(ours, &attribute_id)));
    call!(alert_attributes::create(ours, &attribute("ours")));
    call!(heartbeats::ping(ours, &source_id, later, None));
    call!(heartbeats::look(ours, &source_id, Some(later)));
    call!(heartbeats::forget(ours, &source_id));
    call!(written_as::put(ours, "same", &document("ours again")));
    call!(written_as::forget(ours, "00SAME"));
    call!(alerts::save(ours, &[written("ours again")]));
    call!(alerts::see(ours, &[(id.clone(), sighting())]));
    call!(alerts::see_again(ours, &[(id.clone(), Seen { last_seen: later, ends: None })]));
    call!(alerts::append(ours, &[(id.clone(), 2, NOW, alert("ours").beginning())]));
    call!(alerts::save_changes(ours, &source_id, &[change("ours again")]));
    call!(alert_groups::save(ours, &[group("ours again", Some(incident))]));
    assert_eq!(call!(alert_groups::of_incident(ours, incident)).len(), 1);
    assert_eq!(call!(alert_groups::of_incidents(ours, std::slice::from_ref(incident))).len(), 1);
    assert_eq!(call!(alerts::of_incident(ours, incident)).len(), 1);
    let found = call!(incidents::by_id(ours, incident)).unwrap();
    assert_eq!(call!(pictures::people(ours, &[&found])).len(), 0);
    assert_eq!(call!(pictures::of(ours, vec![found]))[0].alerts.len(), 1);
    assert_eq!(call!(pictures::systems(ours)).len(), 1);
    let search = Search {
        actor: &Actor::Stentor,
        catalogue: &Catalogue::default(),
        filters: vec![expression::Filter::parse("host != x").unwrap()],
        folder: None,
        window: None,
        sort: Sort::Alerts,
    };
    assert_eq!(call!(pictures::search(ours, &search, 0, 9)).pictures.len(), 1);
    call!(alert_groups::save_keys(ours, &[(group_key(), GroupId::from("00OTHER"))]));
    call!(alert_groups::forget_keys(ours, &[(group_key(), GroupId::from("00OTHER"))]));
    assert_eq!(call!(alert_groups::ids_of_incident(ours, incident)).len(), 1);
    assert_eq!(call!(alerts::look_at_all_of(ours, &source_id, NOW)), 1);
    assert!(!call!(sources::is_there(ours, &SourceId::from("00theirs"))));
    assert!(!call!(sources::delete(ours, &SourceId::from("00theirs"))));
    assert!(call!(sources::delete(ours, &SourceId::from("00ours"))));

    // What there is to forget, down to nothing.
    let mut over = written("ours");
    over.alert.phase = stentor::alert::history::Phase::Resolved;
    alerts::save(&mut tx, ours, &[over]).await.unwrap();
    assert_eq!(call!(alert_retention::forget_alerts(ours, later, 9)), 1);
    assert_eq!(call!(alert_retention::forget_groups(ours, later, 9)), 1);
    assert_eq!(call!(alert_retention::forget_settings(ours, later, 9)), 1);
    assert_eq!(call!(alert_retention::forget_changes(ours, later, 9)), 1);
    assert!(!call!(alert_settings::delete(ours, "silence", &setting_id)));
    tx.commit().await.unwrap();
    (called, said)
}

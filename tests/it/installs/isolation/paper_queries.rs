//! Every query about what is written down around incidents, run as one of two workspaces that have
//! the very same keys.

use std::collections::{BTreeMap, BTreeSet};

use stentor::app::App;
use stentor::ids::{AttachmentId, DocumentId, IncidentId, ItemId, UserId, WorkspaceId};
use stentor::incident::event::Actor;
use stentor::incident::papers::document::{Document, DocumentKind, DocumentStatus};
use stentor::incident::papers::item::{Item, ItemKind, ItemStatus};
use stentor::incident::papers::link::Attachment;
use stentor::store::db::Tx;
use stentor::store::documents::{Order, Wanted};
use stentor::store::items::Filter;
use stentor::store::{attachments, documents, incidents, items, seen, timeline};

use super::queries::NOW;

fn item(says: &str) -> Item {
    Item {
        id: ItemId::from("00ITEM"),
        kind: ItemKind::Action,
        title: says.to_owned(),
        description: String::new(),
        status: ItemStatus::Outstanding,
        assignee: None,
        labels: Vec::new(),
        priority: None,
        category: None,
        issue: None,
        source: None,
        creator: Actor::Stentor,
        created_at: NOW,
        updated_at: NOW,
        completed_at: None,
    }
}

fn attachment(id: &str, says: &str) -> Attachment {
    Attachment {
        id: AttachmentId::from(id),
        resource_type: "arbitrary_url".to_owned(),
        external_id: "https://a.example".to_owned(),
        title: says.to_owned(),
        url: "https://a.example".to_owned(),
        creator: Actor::Stentor,
        created_at: NOW,
    }
}

fn document(says: &str) -> Document {
    Document {
        id: DocumentId::from("00DOCUMENT"),
        title: says.to_owned(),
        kind: DocumentKind::InApp,
        status: DocumentStatus::InProgress,
        url: None,
        main: true,
        editors: BTreeSet::new(),
        created_at: NOW,
        updated_at: NOW,
    }
}

/// Writes rows of these keys that say this.
pub(super) async fn fill(tx: &mut Tx, workspace: &WorkspaceId, incident: &IncidentId, says: &str) {
    let id = incident.clone();
    items::save(tx, workspace, &[(id.clone(), item(says))]).await.unwrap();
    let attached =
        [(id.clone(), attachment("00ATTACHED", says)), (id.clone(), attachment("00OTHER", says))];
    attachments::save(tx, workspace, &attached).await.unwrap();
    documents::save(tx, workspace, &[(id, document(says))]).await.unwrap();
    let text = (DocumentId::from("00DOCUMENT"), says.to_owned());
    documents::write(tx, workspace, &[text]).await.unwrap();
    if says == "theirs" {
        seen::mark(tx, workspace, incident, &UserId::from("U0THEIRS"), NOW).await.unwrap();
    }
}

/// Asks and changes everything as one of them: what was called, and what was heard.
pub(super) async fn ask(
    app: &App,
    ours: &WorkspaceId,
    incident: &IncidentId,
) -> (BTreeSet<&'static str>, BTreeMap<&'static str, String>) {
    let mut tx = app.db.begin().await.unwrap();
    let (mut called, mut heard) = (BTreeSet::new(), BTreeMap::new());
    macro_rules! call {
        ($module:ident::$name:ident($($argument:expr),* $(,)?)) => {{
            let name = concat!(stringify!($module), "::", stringify!($name));
            called.insert(name);
            let result = $module::$name(&mut tx, $($argument),*).await.unwrap();
            heard.insert(name, format!("{result:?}"));
            result
        }};
    }
    let actor = Actor::Stentor;
    let (id, attached) = (ItemId::from("00ITEM"), AttachmentId::from("00ATTACHED"));
    let written = DocumentId::from("00DOCUMENT");
    let filter = Filter { incident: Some(incident.clone()), ..Filter::of(ItemKind::Action) };
    assert_eq!(call!(items::page(ours, &actor, &filter, None, 9)).items.len(), 1);
    assert_eq!(call!(items::by_id(ours, &actor, &id)).unwrap().1.title, "ours");
    call!(attachments::by_id(ours, &actor, &attached)).unwrap();
    let found = call!(attachments::of_resource(ours, &actor, "arbitrary_url", "https://a.example"));
    assert_eq!(found.len(), 2);
    call!(documents::by_id(ours, &actor, &written)).unwrap();
    assert_eq!(call!(documents::markdown(ours, &written)).as_deref(), Some("ours"));
    let wanted = Wanted { order: Order::Oldest, ..Wanted::default() };
    assert_eq!(call!(documents::page(ours, &actor, &wanted, 9)).documents.len(), 1);
    assert_eq!(call!(seen::of_incident(ours, incident, 9)), []);
    assert_eq!(call!(seen::of_incidents(ours, std::slice::from_ref(incident))), []);
    assert!(!call!(timeline::whole(ours, incident)).is_empty());
    assert_eq!(call!(timeline::with_versions(ours, incident, &[1, 1])).len(), 1);
    call!(timeline::updates(ours, &actor, None, 9));
    call!(timeline::updates_of(ours, incident, None, 9));
    let ids = std::slice::from_ref(incident);
    assert!(!call!(timeline::turns(ours, ids)).is_empty());
    assert_eq!(call!(incidents::with_ids_seen_by(ours, &actor, ids)).len(), 1);

    call!(items::save(
        ours,
        &[(incident.clone(), Item { status: ItemStatus::Completed, ..item("ours") })]
    ));
    call!(attachments::save(ours, &[(incident.clone(), attachment("00NEW", "ours"))]));
    call!(attachments::remove(ours, &[attached]));
    call!(documents::save(
        ours,
        &[(incident.clone(), Document { main: false, ..document("ours") })]
    ));
    call!(documents::write(ours, &[(written, "ours anew".to_owned())]));
    call!(seen::mark(ours, incident, &UserId::from("U0OURS"), NOW));
    call!(timeline::forget_note(ours, incident, 1));
    tx.commit().await.unwrap();
    (called, heard)
}

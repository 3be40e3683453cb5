//! What holds whatever people write down.

use proptest::prelude::*;

use crate::clock::Timestamp;
use crate::ids::{AttachmentId, DocumentId, IncidentId, ItemId, UserId};
use crate::incident::catalogue::Catalogue;
use crate::incident::command::Declare;
use crate::incident::decide::{Context, declare};
use crate::incident::event::{Actor, Entry, Event, Via};
use crate::incident::papers::document::DocumentStatus;
use crate::incident::papers::draft::draft;
use crate::incident::papers::item::{ItemStatus, MOST};
use crate::incident::papers::link::ExternalIssue;
use crate::incident::papers::moment::timeline;
use crate::incident::papers::note::{notes, without_text};
use crate::incident::papers::{Paperwork, decide};
use crate::incident::reactions::{Effect, reactions};
use crate::incident::state::Incident;

/// Something that somebody wants written down; what it is about is chosen among what is there.
fn any_paperwork() -> impl Strategy<Value = (Paperwork, prop::sample::Index)> {
    let text = || prop_oneof![3 => "[a-z ]{0,12}", 1 => any::<String>()];
    let person = || {
        let people = prop::sample::select(vec!["U0ALICE", "U0BOB", "bob"]);
        proptest::option::of(people.prop_map(UserId::from))
    };
    let status = || {
        use ItemStatus::{Completed, Deleted, NotDoing, Outstanding};
        let all = vec![Outstanding, Completed, NotDoing, Deleted];
        proptest::option::of(prop::sample::select(all))
    };
    let url = || prop_oneof![3 => "https://[a-c]\\.example", 1 => any::<String>()];
    let at = || (0..9_999i64).prop_map(|seconds| Timestamp::from_micros(seconds * 1_000_000));
    let issue = || {
        ("[a-b]", text(), url()).prop_map(|(provider, name, url)| ExternalIssue {
            provider,
            name,
            url,
        })
    };
    let paperwork = prop_oneof![
        (text(), person())
            .prop_map(|(description, assignee)| Paperwork::AddAction { description, assignee }),
        (text(), person(), proptest::collection::vec(text(), 0..3), proptest::option::of(issue()))
            .prop_map(|(title, assignee, labels, issue)| Paperwork::AddFollowUp {
                title,
                description: None,
                assignee,
                labels,
                priority: None,
                category: None,
                issue,
                source: None,
            }),
        (proptest::option::of(text()), status(), person(), any::<bool>()).prop_map(
            |(description, status, assignee, unassign)| Paperwork::EditAction {
                action: ItemId::from(""),
                description,
                status,
                assignee,
                unassign,
            }
        ),
        (text(), proptest::option::of(text()), at()).prop_map(|(title, description, at)| {
            Paperwork::AddTimelineItem { title, description, at }
        }),
        (
            0..40i64,
            proptest::option::of(text()),
            proptest::option::of(text()),
            proptest::option::of(at())
        )
            .prop_map(|(entry, title, description, at)| Paperwork::EditTimelineItem {
                entry,
                title,
                description,
                at
            }),
        url().prop_map(|url| Paperwork::Attach {
            resource_type: "arbitrary_url".to_owned(),
            external_id: None,
            title: None,
            url: Some(url),
        }),
        Just(Paperwork::Detach { attachment: AttachmentId::from("") }),
        (issue(), any::<bool>())
            .prop_map(|(issue, replace)| Paperwork::ConnectIssue { issue, replace }),
        (text(), text(), any::<bool>()).prop_map(|(title, markdown, only_first)| {
            Paperwork::AddDocument { title, markdown, only_first }
        }),
        url().prop_map(|url| Paperwork::AttachDocument { url, title: None }),
        (proptest::option::of(text()), proptest::option::of(text())).prop_map(
            |(title, markdown)| Paperwork::EditDocument {
                document: DocumentId::from(""),
                title,
                markdown,
                status: Some(DocumentStatus::InReview),
            }
        ),
        text().prop_map(|text| Paperwork::Comment { text, mentions: vec![UserId::from("U0BOB")] }),
        (0..40i64, text()).prop_map(|(note, text)| Paperwork::EditNote { note, text }),
        (0..40i64).prop_map(|note| Paperwork::DeleteNote { note }),
    ];
    (paperwork, any::<prop::sample::Index>())
}

/// The same about something that is there, if there is anything of the kind.
fn aimed(paperwork: &Paperwork, which: prop::sample::Index, incident: &Incident) -> Paperwork {
    fn choose<K: Clone>(
        mut keys: impl ExactSizeIterator<Item = K>,
        which: prop::sample::Index,
    ) -> Option<K> {
        (keys.len() > 0).then(|| which.index(keys.len())).and_then(|place| keys.nth(place))
    }
    let mut paperwork = paperwork.clone();
    let papers = &incident.papers;
    match &mut paperwork {
        Paperwork::EditAction { action, .. } => {
            *action = choose(papers.items.keys().cloned(), which).unwrap_or(action.clone());
        }
        Paperwork::Detach { attachment } => {
            let known = choose(papers.attachments.keys().cloned(), which);
            *attachment = known.unwrap_or(attachment.clone());
        }
        Paperwork::EditDocument { document, .. } => {
            *document = choose(papers.documents.keys().cloned(), which).unwrap_or(document.clone());
        }
        _ => {}
    }
    paperwork
}

fn at(minute: usize) -> Timestamp {
    Timestamp::from_micros(1_790_000_000_000_000 + i64::try_from(minute).unwrap() * 60_000_000)
}

proptest! {
    #[test]
    fn whatever_is_written_down_replays_to_the_same_state(
        private in any::<bool>(),
        wanted in proptest::collection::vec(any_paperwork(), 0..30),
    ) {
        let catalogue = Catalogue::default();
        let alice = Actor::Person { user: UserId::from("U0ALICE") };
        let id = IncidentId::from("01STENT0R0000000000000TEST");
        let request = Declare { name: "x".to_owned(), private, ..Declare::default() };
        let context = Context { now: at(0), actor: &alice, via: Via::Modal, catalogue: &catalogue };
        let declared = declare(&request, 1, &context).unwrap();
        let mut incident = Incident::declared(id.clone(), at(0), &alice, &declared);
        let event = Event::Declared(declared);
        let mut record = vec![Entry { version: 1, at: at(0), actor: alice.clone(), via: Via::Modal, telling: None, event, through: None }];
        for (minute, (paperwork, which)) in wanted.iter().enumerate() {
            let paperwork = aimed(paperwork, *which, &incident);
            let context = Context { now: at(minute + 1), ..context };
            let cited = paperwork.cites();
            let cited = record.iter().find(|entry| Some(entry.version) == cited).cloned();
            let Ok(events) = decide(&incident, &paperwork, cited.as_ref(), &context) else { continue };
            prop_assert!(!events.is_empty(), "{paperwork:?}");
            for event in events {
                let version = incident.version + 1;
                let entry = Entry { version, at: context.now, actor: alice.clone(), via: Via::Api, telling: None, event, through: None };
                incident.apply(&entry);
                // Nobody outside a private incident hears of it, and nobody of what they did themselves.
                for effect in reactions(&entry, &incident) {
                    let is_quiet = !matches!(effect, Effect::TellAssignee { .. }) || !private;
                    prop_assert!(is_quiet, "{effect:?}");
                }
                if let Paperwork::DeleteNote { note } = paperwork {
                    for entry in &mut record {
                        *entry = without_text(entry, note).unwrap_or(entry.clone());
                    }
                }
                record.push(entry);
            }
        }
        let papers = &incident.papers;
        prop_assert!(papers.items.len() <= 2 * MOST);
        let mains = papers.documents.values().filter(|document| document.main).count();
        prop_assert_eq!(mains, usize::from(!papers.documents.is_empty()));
        let text = serde_json::to_string(&record).unwrap();
        let read_back: Vec<Entry> = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(Incident::replay(id.clone(), &read_back), Some(incident.clone()));
        let told = timeline(&id, &record, &catalogue);
        prop_assert!(told.is_sorted_by_key(|item| (item.timestamp, item.id.version)));
        prop_assert!(told.iter().all(|item| !item.title.is_empty()));
        prop_assert!(notes(&id, &record).iter().all(|note| !note.text.is_empty()));
        prop_assert!(draft(&incident, &record, &catalogue).starts_with("# Post-mortem of INC-1: x"));
    }
}

#[test]
fn ids_sort_by_age_and_no_two_are_the_same() {
    let catalogue = Catalogue::default();
    let alice = Actor::Person { user: UserId::from("U0ALICE") };
    let context = Context { now: at(0), actor: &alice, via: Via::Api, catalogue: &catalogue };
    let request = Declare { name: "x".to_owned(), ..Declare::default() };
    let declared = declare(&request, 1, &context).unwrap();
    let mut ids = Vec::new();
    for incident in ["01STENT0R0000000000000000A", "01STENT0R0000000000000000B"] {
        let mut incident = Incident::declared(IncidentId::from(incident), at(0), &alice, &declared);
        for _ in 0..50 {
            let id = super::next_id(&incident, at(0));
            assert!(incident.version == 1 || ids.last().is_some_and(|last| *last < id));
            ids.push(id);
            incident.version += 1;
        }
        assert!(super::next_id(&incident, at(1)) > *ids.iter().max().unwrap());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 100);
    assert!(ids.iter().all(|id| id.parse::<ulid::Ulid>().is_ok()));
}

//! What holds for every catalogue, whatever people do to it.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::clock::Timestamp;
use crate::incident::catalogue::edit::{
    Action, BadEdit, CatalogueCommand, DurationWords, Edit, FieldWords, OptionWords, RoleWords,
    SeverityWords, StatusWords, TimestampWords, TypeWords, edit,
};
use crate::incident::catalogue::field::FieldType;
use crate::incident::catalogue::{Catalogue, RoleKind, StatusCategory};

/// What is done, to which of those that there are, in these words.
#[derive(Clone, Debug)]
struct Wish {
    kind: usize,
    verb: usize,
    which: usize,
    name: Option<String>,
    number: Option<i64>,
    flag: Option<bool>,
    other: usize,
}

fn any_wish() -> impl Strategy<Value = Wish> {
    let name = prop_oneof![3 => "[a-e]", 1 => Just("Major".to_owned()), 1 => "\\PC{0,80}"];
    let number = prop_oneof![4 => 0..6i64, 1 => any::<i64>()];
    (
        0..8usize,
        0..3usize,
        0..12usize,
        proptest::option::of(name),
        proptest::option::of(number),
        proptest::option::of(any::<bool>()),
        0..12usize,
    )
        .prop_map(|(kind, verb, which, name, number, flag, other)| Wish {
            kind,
            verb,
            which,
            name,
            number,
            flag,
            other,
        })
}

fn wished<I, W>(wish: &Wish, ids: Vec<I>, words: W) -> Option<Edit<I, W>> {
    let count = ids.len();
    let id = ids.into_iter().nth(wish.which % count.max(1));
    match wish.verb {
        0 => Some(Edit::Create(words)),
        1 => Some(Edit::Change { id: id?, words }),
        _ => Some(Edit::Remove { id: id? }),
    }
}

/// The command of a wish; nothing if there is nothing that it could be about.
fn command(wish: &Wish, catalogue: &Catalogue) -> Option<CatalogueCommand> {
    let Wish { name, number, flag, other, .. } = wish.clone();
    let description = name.clone();
    macro_rules! ids {
        ($list:ident) => {
            catalogue.$list.iter().map(|part| part.id.clone()).collect()
        };
    }
    let categories = [StatusCategory::Live, StatusCategory::Learning, StatusCategory::Closed];
    let types = [FieldType::SingleSelect, FieldType::MultiSelect, FieldType::Text];
    Some(match wish.kind {
        0 => {
            let words = SeverityWords { name, description, rank: number };
            CatalogueCommand::Severity(wished(wish, ids!(severities), words)?)
        }
        1 => {
            // What changes keeps its category.
            let category = (wish.verb == 0).then(|| categories[other % 3]);
            let words = StatusWords { category, name, description, rank: number };
            CatalogueCommand::Status(wished(wish, ids!(statuses), words)?)
        }
        2 => {
            let words = RoleWords { name, description, required: flag, ..RoleWords::default() };
            CatalogueCommand::Role(wished(wish, ids!(roles), words)?)
        }
        3 => {
            let words = TypeWords { name, description, is_default: flag, ..TypeWords::default() };
            CatalogueCommand::Type(wished(wish, ids!(types), words)?)
        }
        4 => {
            let field_type = (wish.verb == 0).then(|| types[other % 3]);
            let words = FieldWords { name, description, field_type };
            CatalogueCommand::Field(wished(wish, ids!(fields), words)?)
        }
        5 => {
            let field = catalogue.fields.get(other % catalogue.fields.len().max(1))?;
            let ids = field.options.iter().map(|option| option.id.clone()).collect();
            let field = (wish.verb == 0).then(|| field.id.clone());
            let words = OptionWords { field, value: name, sort_key: number };
            CatalogueCommand::Option(wished(wish, ids, words)?)
        }
        6 => {
            let words = TimestampWords { name, rank: number, stamped_when: None };
            CatalogueCommand::Timestamp(wished(wish, ids!(timestamps), words)?)
        }
        _ => {
            let end = |place: usize| {
                let count = catalogue.timestamps.len().max(1);
                catalogue.timestamps.get(place % count).map(|kind| kind.id.to_string())
            };
            let words = DurationWords { name, from: end(other), to: end(wish.which), rank: number };
            CatalogueCommand::Duration(wished(wish, ids!(durations), words)?)
        }
    })
}

fn check(catalogue: &Catalogue) -> Result<(), TestCaseError> {
    let of = |category| catalogue.statuses.iter().any(|status| status.category == category);
    for category in StatusCategory::ALL {
        prop_assert!(of(category) || category == StatusCategory::Learning, "{category:?}");
    }
    prop_assert!(!catalogue.severities.is_empty());
    for kind in [RoleKind::Lead, RoleKind::Reporter] {
        prop_assert_eq!(catalogue.roles.iter().filter(|role| role.kind == kind).count(), 1);
    }
    prop_assert_eq!(catalogue.types.iter().filter(|kind| kind.is_default).count(), 1);
    let places: Vec<_> = catalogue.statuses.iter().map(|it| (it.category, it.rank)).collect();
    prop_assert!(places.is_sorted_by(|a, b| a < b), "no two in one place: {places:?}");
    prop_assert!(catalogue.severities.is_sorted_by_key(|severity| severity.rank));
    prop_assert!(catalogue.timestamps.is_sorted_by_key(|kind| kind.rank));
    for duration in &catalogue.durations {
        for end in [&duration.from, &duration.to] {
            prop_assert!(catalogue.timestamps.iter().any(|kind| kind.id == *end));
        }
    }
    for field in &catalogue.fields {
        prop_assert!(field.options.is_sorted_by_key(|option| option.sort_key));
    }
    let mut ids: Vec<&str> = catalogue.severities.iter().map(|it| it.id.as_str()).collect();
    ids.extend(catalogue.removed.severities.iter().map(|it| it.id.as_str()));
    ids.extend(catalogue.statuses.iter().map(|it| it.id.as_str()));
    ids.extend(catalogue.removed.statuses.iter().map(|it| it.id.as_str()));
    let count = ids.len();
    prop_assert_eq!(ids.into_iter().collect::<BTreeSet<_>>().len(), count);
    let names: Vec<&str> = catalogue.severities.iter().map(|it| it.name.as_str()).collect();
    prop_assert!(names.iter().all(|name| !name.is_empty() && name.chars().count() <= 50));
    prop_assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    Ok(())
}

proptest! {
    #[test]
    fn any_edits_leave_a_catalogue_that_incidents_can_live_by(
        wishes in proptest::collection::vec(any_wish(), 0..60),
    ) {
        let mut catalogue = Catalogue::beginning(Timestamp::from_micros(1));
        for (step, wish) in wishes.iter().enumerate() {
            let Some(command) = command(wish, &catalogue) else { continue };
            let before = catalogue.clone();
            let now = Timestamp::from_micros(i64::try_from(step).unwrap() + 2);
            match edit(&mut catalogue, &command, &format!("NEW{step}"), now) {
                Ok(edited) => {
                    prop_assert_eq!(edited.action == Action::Unchanged, catalogue == before);
                    prop_assert_eq!(edited.before.is_none(), edited.action == Action::Created);
                }
                Err(refusal) => {
                    prop_assert_eq!(&catalogue, &before, "{}", &refusal);
                    prop_assert!(!matches!(refusal, BadEdit::NoSuch { .. }), "{:?}", command);
                }
            }
            check(&catalogue)?;
        }
        let text = serde_json::to_string(&catalogue).unwrap();
        prop_assert_eq!(serde_json::from_str::<Catalogue>(&text).unwrap(), catalogue);
    }
}

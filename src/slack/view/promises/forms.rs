//! Every form.

use proptest::prelude::*;

use crate::ids::UserId;
use crate::incident::catalogue::Catalogue;
use crate::incident::state::Incident;
use crate::slack::view::form::{self, Form, Origin};
use crate::slack::view::limits::{Checked, check_modal};

pub(super) fn check_forms_about(incident: &Incident, catalogue: &Catalogue, name: &str) -> Checked {
    let origin = Origin { incident: Some(incident.id.clone()), ..Origin::default() };
    check_modal(&form::declare(name, catalogue, &origin))?;
    let of_fields = [
        Form::Timestamps,
        Form::Field { field: None },
        Form::Field { field: Some(name.to_owned()) },
    ];
    for form in every_form(name).into_iter().chain(of_fields) {
        let modal = form.open(incident, catalogue, &origin);
        check_modal(&modal)?;
        prop_assert_eq!(modal.callback_id(), form.word());
        let metadata = modal.as_value()["private_metadata"].as_str().unwrap();
        prop_assert_eq!(&Origin::parse(metadata), &origin);
    }
    Ok(())
}

pub(super) fn every_form(word: &str) -> Vec<Form> {
    vec![
        Form::Update,
        Form::Resolve,
        Form::Close,
        Form::Role { role: Some(word.to_owned()), person: Some(UserId::new(word)) },
        Form::Role { role: Some("lead".to_owned()), person: None },
        Form::Severity,
        Form::Status,
        Form::Summary,
        Form::Rename,
        Form::Note,
        Form::Decline,
        Form::Type,
        Form::Invite,
        Form::Snooze,
        Form::Merge,
        Form::Tag { tag: None },
        Form::Tag { tag: Some(word.to_owned()) },
        Form::Untag,
        Form::Action,
        Form::Call,
        Form::Cancel,
        Form::FollowUp,
        Form::Link,
        Form::Pause,
        Form::Relate,
        Form::Remove,
    ]
}

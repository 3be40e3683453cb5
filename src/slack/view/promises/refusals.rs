//! Every refusal, and that it stands where people see it.

use crate::incident::catalogue::{Catalogue, StatusCategory};
use crate::incident::merge::BadMerge;
use crate::incident::refusal::{Field, Refusal};
use crate::incident::tags::definition::BadTag;
use crate::oncall::refusal::{Refused, Unfit};
use crate::slack::view::form::{self, Origin};
use crate::slack::view::kit::modal::Modal;
use crate::slack::view::oncall;
use crate::slack::view::promises::forms::every_form;
use crate::slack::view::samples::Story;

pub(super) fn every_refusal(catalogue: &Catalogue, name: &str, text: &str) -> Vec<Refusal> {
    vec![
        Refusal::NoSuchIncident { reference: "INC-7".to_owned() },
        catalogue.find_severity(text).err().unwrap_or(Refusal::BadReminder),
        catalogue.find_status(text).err().unwrap_or(Refusal::BadReminder),
        catalogue.find_role(text).err().unwrap_or(Refusal::BadReminder),
        catalogue.find_type(text).err().unwrap_or(Refusal::BadSnooze),
        Refusal::UnknownPerson { given: text.to_owned() },
        Refusal::UnknownTeam { given: text.to_owned() },
        Refusal::TooManyPeople { count: 101, limit: 100 },
        Refusal::BadSnooze,
        Refusal::BadDuration { given: text.to_owned() },
        Refusal::BadMerge(BadMerge::NoSuchDestination { given: text.to_owned() }),
        Refusal::BadMerge(BadMerge::Circle { destination: "INC-7".to_owned() }),
        Refusal::Missing { field: Field::People },
        Refusal::Missing { field: Field::Message },
        Refusal::AlreadySo { what: name.to_owned() },
        Refusal::WrongStep { from: StatusCategory::Learning, to: StatusCategory::Live },
        Refusal::AlertsElsewhere,
        Refusal::OnCall(Refused::NotForPrograms),
        Refusal::OnCall(Refused::NobodyOnCall { schedule: name.to_owned() }),
        Refusal::OnCall(Unfit { field: "people.3".to_owned(), why: text.to_owned() }.into()),
        Refusal::OnCall(
            Unfit { field: "path".to_owned(), why: oncall::unknown(text, [name].into_iter()) }
                .into(),
        ),
        Refusal::NoDestination,
        catalogue.find_tag(text).map_or_else(Refusal::BadTag, |_| Refusal::BadSnooze),
        Refusal::BadTag(BadTag::NoValue { name: text.to_owned() }),
        Refusal::BadTag(BadTag::NoChoice {
            name: name.to_owned(),
            given: text.to_owned(),
            choices: text.to_owned(),
        }),
        Refusal::BadField { field: "F0TEXT".into(), name: name.to_owned(), why: text.to_owned() },
        catalogue.find_field(text).err().unwrap_or(Refusal::NoFields),
        catalogue.find_timestamp(text).err().unwrap_or(Refusal::TimestampAhead),
        Refusal::TimestampAhead,
        Refusal::BadCall,
        Refusal::StaysPrivate,
        Refusal::BadStart { category: StatusCategory::Merged },
    ]
}

#[test]
fn a_refusal_stands_under_an_input_that_the_form_has() {
    let story = Story::new();
    let catalogue = &story.catalogue;
    let origin = Origin::default();
    let mut modals: Vec<Modal> = every_form("comms")
        .iter()
        .map(|form| form.open(&story.incident, catalogue, &origin))
        .collect();
    modals.push(form::declare("", catalogue, &origin));
    modals.push(form::attach(&[], &origin));
    modals.push(form::page(&[], &origin));
    modals.push(form::attach(std::slice::from_ref(&story.incident), &origin));
    for modal in modals {
        let blocks = modal.as_value()["blocks"].as_array().unwrap();
        let inputs: Vec<&str> =
            blocks.iter().map(|block| block["block_id"].as_str().unwrap()).collect();
        let answers = every_refusal(catalogue, "It is so", "no such thing");
        let answers = answers.iter().map(|refusal| form::refused(modal.callback_id(), refusal));
        for answer in answers.chain([form::failed(modal.callback_id())]) {
            for field in answer["errors"].as_object().unwrap().keys() {
                assert!(inputs.contains(&field.as_str()), "{field} in {}", modal.callback_id());
            }
        }
    }
}

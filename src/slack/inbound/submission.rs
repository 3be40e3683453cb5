//! What somebody filled in, read as a command.
//!
//! Slack sends every input of a form, with null for those that were left empty; a form of an
//! older Stentor may lack some. Both read as nothing.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::ids::{ItemId, UserId};
use crate::incident::command::{Command, Declare};
use crate::incident::edit::Edit;
use crate::incident::papers::Paperwork;
use crate::incident::papers::item::ItemKind;
use crate::slack::inbound::grammar::papers::link;
use crate::slack::view::form;
use crate::slack::view::kit::element::INPUT_ACTION;

/// A submission that is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmissionError {
    /// No form goes by that name.
    #[error("there is no form {callback_id:?}")]
    UnknownForm {
        /// The name.
        callback_id: String,
    },
    /// Something that a form can't be submitted without is missing.
    #[error("the form came without its {field:?}")]
    Missing {
        /// The field.
        field: &'static str,
    },
}

/// The command in a submitted form; `values` is `view.state.values`. Where it was declared, and
/// which incident it is about, stand in the form's private metadata.
pub fn command(callback_id: &str, values: &Value) -> Result<Command, SubmissionError> {
    let filled_in = FilledIn(values);
    Ok(match callback_id {
        form::DECLARE => Command::Declare(Declare {
            // Without a name it is the engine that refuses, with a sentence under the field.
            name: filled_in.text("name").unwrap_or_default(),
            summary: filled_in.text("summary"),
            severity: filled_in.choice("severity"),
            lead: filled_in.person("lead"),
            private: filled_in.is_ticked("private"),
            incident_type: filled_in.choice("incident_type"),
            ..Declare::default()
        }),
        "update" => Command::Update {
            message: filled_in.text("message"),
            status: filled_in.choice("status"),
            severity: filled_in.choice("severity"),
            next_update_in_minutes: filled_in
                .choice("next_update_in_minutes")
                .and_then(|minutes| minutes.parse().ok()),
        },
        "resolve" => Command::Resolve { message: filled_in.text("message") },
        "close" => Command::Close { message: filled_in.text("message") },
        "decline" => Command::Decline { message: filled_in.text("message") },
        "type" => Command::Type { incident_type: filled_in.required_choice("incident_type")? },
        "invite" => Command::Invite { people: filled_in.person("person").into_iter().collect() },
        "snooze" => Command::Snooze {
            // Nobody can choose what is no number; the engine refuses what makes no sense.
            minutes: filled_in.required_choice("minutes")?.parse().unwrap_or(0),
            cancel_on_news: filled_in.is_ticked("cancel_on_news"),
        },
        "tag" => Command::Tag {
            tag: filled_in.choice("tag").or_else(|| filled_in.text("tag")).unwrap_or_default(),
            // Without a value it is the engine that refuses, with a sentence under the field.
            value: filled_in.text("value").unwrap_or_default(),
        },
        "untag" => Command::Untag {
            tag: filled_in.choice("tag").or_else(|| filled_in.text("tag")).unwrap_or_default(),
        },
        "merge" => Command::Merge { into: filled_in.text("into").unwrap_or_default() },
        "role" => Command::Role {
            role: filled_in.required_choice("role")?,
            person: filled_in.person("person"),
        },
        "severity" => Command::Severity { severity: filled_in.required_choice("severity")? },
        "status" => Command::Status { status: filled_in.required_choice("status")? },
        "summary" => Command::Summary { summary: filled_in.text("summary").unwrap_or_default() },
        "rename" => Command::Rename { name: filled_in.text("name").unwrap_or_default() },
        "note" => Command::Note { text: filled_in.text("text").unwrap_or_default() },
        form::FIELD => Command::Edit(Edit { fields: filled_in.custom_fields(), ..Edit::default() }),
        form::TIMESTAMPS => {
            Command::Edit(Edit { timestamps: filled_in.timestamps(), ..Edit::default() })
        }
        "call" => Command::Call { url: filled_in.text("call_url").unwrap_or_default() },
        "pause" => Command::Pause { message: filled_in.text("message") },
        "cancel" => Command::Cancel { message: filled_in.text("message") },
        "action" => Command::Paperwork(Paperwork::AddAction {
            description: filled_in.text("description").unwrap_or_default(),
            assignee: filled_in.person("person"),
        }),
        "follow_up" => Command::Paperwork(Paperwork::AddFollowUp {
            title: filled_in.text("title").unwrap_or_default(),
            description: filled_in.text("description"),
            assignee: filled_in.person("person"),
            labels: Vec::new(),
            priority: None,
            category: None,
            issue: None,
            source: None,
        }),
        // Which one stands in the form's private metadata.
        form::ASSIGN_ACTION => assignment(ItemKind::Action, filled_in.person("person")),
        form::ASSIGN_FOLLOW_UP => assignment(ItemKind::FollowUp, filled_in.person("person")),
        "link" => Command::Paperwork(link(
            &filled_in.text("url").unwrap_or_default(),
            &filled_in.text("title").unwrap_or_default(),
        )),
        "relate" => Command::Relate { to: filled_in.text("to").unwrap_or_default() },
        "remove" => Command::Remove {
            // Nobody is no person; the engine refuses that.
            person: filled_in.person("person").unwrap_or_else(|| UserId::from("")),
        },
        other => return Err(SubmissionError::UnknownForm { callback_id: other.to_owned() }),
    })
}

fn assignment(kind: ItemKind, assignee: Option<UserId>) -> Command {
    Command::Paperwork(Paperwork::assign(kind, ItemId::from(""), assignee))
}

/// What was filled into the inputs of a form, by the name of the field.
pub(super) struct FilledIn<'a>(pub(super) &'a Value);

impl FilledIn<'_> {
    pub(super) fn text(&self, field: &str) -> Option<String> {
        let text = self.input(field)["value"].as_str()?;
        (!text.trim().is_empty()).then(|| text.to_owned())
    }

    pub(super) fn choice(&self, field: &str) -> Option<String> {
        Some(self.input(field)["selected_option"]["value"].as_str()?.to_owned())
    }

    fn required_choice(&self, field: &'static str) -> Result<String, SubmissionError> {
        self.choice(field).ok_or(SubmissionError::Missing { field })
    }

    pub(super) fn person(&self, field: &str) -> Option<UserId> {
        self.input(field)["selected_user"].as_str().map(UserId::from)
    }

    fn is_ticked(&self, field: &str) -> bool {
        let ticked = self.input(field)["selected_options"].as_array();
        ticked.is_some_and(|options| !options.is_empty())
    }

    /// Each field that the form asked for: what was chosen or written; nothing if it was left empty.
    fn custom_fields(&self) -> BTreeMap<String, Vec<String>> {
        let inputs = self.0.as_object().into_iter().flatten();
        let fields = inputs.filter_map(|(block, _)| {
            let id = block.strip_prefix(form::FIELD_BLOCK)?;
            let several = self.input(block)["selected_options"].as_array();
            let several = several.into_iter().flatten();
            let chosen = several.filter_map(|option| Some(option["value"].as_str()?.to_owned()));
            let one = self.choice(block).or_else(|| self.text(block));
            Some((id.to_owned(), chosen.chain(one).collect()))
        });
        fields.collect()
    }

    /// Each point for which the form has a time. A picker can't be emptied: what has none says nothing.
    fn timestamps(&self) -> BTreeMap<String, Option<Timestamp>> {
        let inputs = self.0.as_object().into_iter().flatten();
        let timestamps = inputs.filter_map(|(block, _)| {
            let id = block.strip_prefix(form::TIMESTAMP_BLOCK)?;
            let seconds = self.input(block)["selected_date_time"].as_i64()?;
            Some((id.to_owned(), Some(Timestamp::from_micros(seconds.checked_mul(1_000_000)?))))
        });
        timestamps.collect()
    }

    fn input(&self, field: &str) -> &Value {
        &self.0[field][INPUT_ACTION]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::incident::catalogue::Catalogue;
    use crate::incident::decide::{Context, declare};
    use crate::incident::event::{Actor, Via};
    use crate::incident::state::Incident;
    use crate::slack::view::form::{Form, Origin};
    use crate::slack::view::kit::modal::Modal;

    /// What Slack sends if somebody submits the form as it opened.
    fn submitted_as_it_opened(modal: &Modal) -> Value {
        let mut values = Map::new();
        for block in modal.as_value()["blocks"].as_array().unwrap() {
            let element = &block["element"];
            let state = match element["type"].as_str().unwrap() {
                "plain_text_input" => {
                    json!({"type": "plain_text_input", "value": element["initial_value"]})
                }
                "static_select" => {
                    json!({"type": "static_select", "selected_option": element["initial_option"]})
                }
                "users_select" => {
                    json!({"type": "users_select", "selected_user": element["initial_user"]})
                }
                "checkboxes" => json!({"type": "checkboxes", "selected_options": []}),
                "datetimepicker" => {
                    json!({"type": "datetimepicker", "selected_date_time": element["initial_date_time"]})
                }
                "multi_static_select" => {
                    json!({"type": "multi_static_select", "selected_options": element["initial_options"]})
                }
                other => panic!("an unknown input: {other}"),
            };
            let field = block["block_id"].as_str().unwrap().to_owned();
            values.insert(field, json!({"value": state}));
        }
        Value::Object(values)
    }

    fn read(modal: &Modal) -> Result<Command, SubmissionError> {
        command(modal.callback_id(), &submitted_as_it_opened(modal))
    }

    fn sample() -> (Incident, Catalogue) {
        let catalogue = Catalogue::default();
        let actor = Actor::Person { user: "U0ALICE".into() };
        let now = Timestamp::from_micros(0);
        let context = Context { now, actor: &actor, via: Via::Modal, catalogue: &catalogue };
        let request = Declare {
            name: "Checkout is slow".to_owned(),
            summary: Some("Payments time out.".to_owned()),
            severity: Some("major".to_owned()),
            lead: Some("U0BEA".into()),
            ..Declare::default()
        };
        let declared = declare(&request, 1, &context).unwrap();
        (Incident::declared("01X".into(), now, &actor, &declared), catalogue)
    }

    #[test]
    fn a_form_comes_back_as_it_was_filled_in() {
        let (incident, catalogue) = sample();
        let origin = Origin::default();
        let open = |form: Form| read(&form.open(&incident, &catalogue, &origin)).unwrap();
        let status = incident.status.to_string();
        let severity = incident.severity.clone().unwrap().to_string();
        assert_eq!(
            open(Form::Update),
            Command::Update {
                message: None,
                status: Some(status.clone()),
                severity: Some(severity.clone()),
                next_update_in_minutes: None,
            }
        );
        assert_eq!(open(Form::Severity), Command::Severity { severity });
        assert_eq!(open(Form::Status), Command::Status { status });
        assert_eq!(open(Form::Summary), Command::Summary { summary: incident.summary.clone() });
        assert_eq!(open(Form::Rename), Command::Rename { name: incident.name.clone() });
        assert_eq!(open(Form::Resolve), Command::Resolve { message: None });
        assert_eq!(open(Form::Close), Command::Close { message: None });
        assert_eq!(open(Form::Note), Command::Note { text: String::new() });
        assert_eq!(open(Form::Decline), Command::Decline { message: None });
        let incident_type = incident.incident_type.clone().unwrap().to_string();
        assert_eq!(open(Form::Type), Command::Type { incident_type });
        assert_eq!(open(Form::Invite), Command::Invite { people: Vec::new() });
        assert_eq!(open(Form::Snooze), Command::Snooze { minutes: 60, cancel_on_news: false });
        assert_eq!(open(Form::Merge), Command::Merge { into: String::new() });
        assert_eq!(open(Form::Call), Command::Call { url: String::new() });
        assert_eq!(open(Form::Pause), Command::Pause { message: None });
        assert_eq!(open(Form::Cancel), Command::Cancel { message: None });
        let role = catalogue.lead().id.to_string();
        assert_eq!(
            open(Form::Role { role: Some("lead".to_owned()), person: None }),
            Command::Role { role, person: Some("U0BEA".into()) }
        );
    }

    #[test]
    fn what_nobody_chose_is_left_open() {
        let (incident, catalogue) = sample();
        let origin = Origin::default();
        let role = Form::Role { role: None, person: None }.open(&incident, &catalogue, &origin);
        assert_eq!(read(&role), Err(SubmissionError::Missing { field: "role" }));
        let name = "Login is down".to_owned();
        let declare = form::declare(&name, &catalogue, &origin);
        assert_eq!(read(&declare), Ok(Command::Declare(Declare { name, ..Declare::default() })));
    }

    #[test]
    fn what_was_filled_in_is_read() {
        let choice = |value: &str| json!({"value": {"selected_option": {"value": value}}});
        let values = json!({
            "name": {"value": {"type": "plain_text_input", "value": " Login is down "}},
            "summary": {"value": {"value": "Nobody can log in"}},
            "severity": choice("01SEV"),
            "lead": {"value": {"selected_user": "U0BEA"}},
            "private": {"value": {"selected_options": [{"value": "private"}]}},
        });
        let declared = Declare {
            name: " Login is down ".to_owned(),
            summary: Some("Nobody can log in".to_owned()),
            severity: Some("01SEV".to_owned()),
            lead: Some("U0BEA".into()),
            private: true,
            ..Declare::default()
        };
        assert_eq!(command("declare", &values), Ok(Command::Declare(declared)));
        let values = json!({
            "message": {"value": {"value": "Rolling back"}},
            "next_update_in_minutes": choice("30"),
        });
        let update = Command::Update {
            message: Some("Rolling back".to_owned()),
            status: None,
            severity: None,
            next_update_in_minutes: Some(30),
        };
        assert_eq!(command("update", &values), Ok(update));
    }

    #[test]
    fn what_is_missing_or_odd_is_nothing() {
        for values in [json!(null), json!([]), json!({}), json!({"message": {"value": 7}})] {
            assert_eq!(command("resolve", &values), Ok(Command::Resolve { message: None }));
        }
        assert!(matches!(command("severity", &json!({})), Err(SubmissionError::Missing { .. })));
        assert!(matches!(command("vote", &json!({})), Err(SubmissionError::UnknownForm { .. })));
    }
}

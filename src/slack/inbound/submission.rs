//! What somebody filled in, read as a command.
//!
//! Slack sends every input of a form, with null for those that were left empty; a form of an
//! older Stentor may lack some. Both read as nothing.

use serde_json::Value;

use crate::ids::UserId;
use crate::incident::command::{Command, Declare};
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
            declared_in: None,
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
        "role" => Command::Role {
            role: filled_in.required_choice("role")?,
            person: filled_in.person("person"),
        },
        "severity" => Command::Severity { severity: filled_in.required_choice("severity")? },
        "status" => Command::Status { status: filled_in.required_choice("status")? },
        "summary" => Command::Summary { summary: filled_in.text("summary").unwrap_or_default() },
        "rename" => Command::Rename { name: filled_in.text("name").unwrap_or_default() },
        "note" => Command::Note { text: filled_in.text("text").unwrap_or_default() },
        other => return Err(SubmissionError::UnknownForm { callback_id: other.to_owned() }),
    })
}

struct FilledIn<'a>(&'a Value);

impl FilledIn<'_> {
    fn text(&self, field: &str) -> Option<String> {
        let text = self.input(field)["value"].as_str()?;
        (!text.trim().is_empty()).then(|| text.to_owned())
    }

    fn choice(&self, field: &str) -> Option<String> {
        Some(self.input(field)["selected_option"]["value"].as_str()?.to_owned())
    }

    fn required_choice(&self, field: &'static str) -> Result<String, SubmissionError> {
        self.choice(field).ok_or(SubmissionError::Missing { field })
    }

    fn person(&self, field: &str) -> Option<UserId> {
        self.input(field)["selected_user"].as_str().map(UserId::from)
    }

    fn is_ticked(&self, field: &str) -> bool {
        let ticked = self.input(field)["selected_options"].as_array();
        ticked.is_some_and(|options| !options.is_empty())
    }

    fn input(&self, field: &str) -> &Value {
        &self.0[field][INPUT_ACTION]
    }
}

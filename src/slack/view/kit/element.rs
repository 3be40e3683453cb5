//! What people press, choose and fill in.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::ids::UserId;
use crate::incident::text::shorten;
use crate::slack::view::kit::block::plain_text;
use crate::slack::view::kit::line::is_web_address;

/// The action id of whatever is inside an input block; the block's id says which field it is.
pub const INPUT_ACTION: &str = "value";

/// A button, within Slack's limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Button(pub(super) Value);

impl Button {
    /// A button that tells Stentor who pressed it, and this value.
    pub fn new(action_id: &str, text: &str, value: &str) -> Self {
        Button(json!({
            "type": "button",
            "action_id": shorten(action_id, 255),
            "text": plain_text(text, 75),
            "value": shorten(value, 2_000),
        }))
    }

    /// A button that leads to a page, if it is one of the web.
    pub fn link(action_id: &str, text: &str, url: &str) -> Option<Self> {
        let Button(mut button) = Button::new(action_id, text, "");
        button.as_object_mut().expect("a button is an object").remove("value");
        button["url"] = url.into();
        is_web_address(url).then_some(Button(button))
    }

    /// The same, but whoever presses it is asked first whether they mean it.
    pub fn confirmed(mut self, title: &str, text: &str, yes: &str, no: &str) -> Self {
        self.0["confirm"] = json!({
            "title": plain_text(title, 100),
            "text": plain_text(text, 300),
            "confirm": plain_text(yes, 30),
            "deny": plain_text(no, 30),
        });
        self
    }

    /// The same, as the one to press.
    pub fn primary(mut self) -> Self {
        self.0["style"] = "primary".into();
        self
    }
}

/// Something inside an input block, within Slack's limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Element(pub(super) Value);

impl Element {
    /// One line to write in.
    pub fn line(initial: &str, max_length: usize) -> Self {
        Element::writing(initial, max_length, false)
    }

    /// Several lines to write in.
    pub fn lines(initial: &str, max_length: usize) -> Self {
        Element::writing(initial, max_length, true)
    }

    fn writing(initial: &str, max_length: usize, multiline: bool) -> Self {
        let max_length = max_length.clamp(1, 3_000);
        let mut element = json!({
            "type": "plain_text_input",
            "action_id": INPUT_ACTION,
            "multiline": multiline,
            "max_length": max_length,
        });
        if !initial.is_empty() {
            element["initial_value"] = shorten(initial, max_length).into();
        }
        Element(element)
    }

    /// One of a few choices, of which this one is chosen already; nothing without choices.
    pub fn select(choices: Vec<Choice>, chosen: Option<&str>) -> Option<Self> {
        let options: Vec<Value> = choices.into_iter().take(100).map(|choice| choice.0).collect();
        if options.is_empty() {
            return None;
        }
        let initial = options.iter().find(|option| option["value"].as_str() == chosen).cloned();
        let mut element =
            json!({"type": "static_select", "action_id": INPUT_ACTION, "options": options});
        if let Some(initial) = initial {
            element["initial_option"] = initial;
        }
        Some(Element(element))
    }

    /// Any of a few choices, of which these are chosen already; nothing without choices.
    pub fn multi_select(choices: Vec<Choice>, chosen: &[&str]) -> Option<Self> {
        let options: Vec<Value> = choices.into_iter().take(100).map(|choice| choice.0).collect();
        if options.is_empty() {
            return None;
        }
        let is_chosen =
            |option: &&Value| option["value"].as_str().is_some_and(|it| chosen.contains(&it));
        let initial: Vec<Value> = options.iter().filter(is_chosen).cloned().collect();
        let mut element =
            json!({"type": "multi_static_select", "action_id": INPUT_ACTION, "options": options});
        if !initial.is_empty() {
            element["initial_options"] = initial.into();
        }
        Some(Element(element))
    }

    /// Somebody of the workspace.
    pub fn person(chosen: Option<&UserId>) -> Self {
        let mut element = json!({"type": "users_select", "action_id": INPUT_ACTION});
        if let Some(user) = chosen.filter(|user| user.is_well_formed()) {
            element["initial_user"] = user.as_str().into();
        }
        Element(element)
    }

    /// A day and a time, to the minute.
    pub fn date_time(initial: Option<Timestamp>) -> Self {
        let mut element = json!({"type": "datetimepicker", "action_id": INPUT_ACTION});
        // Slack takes ten digits: from 2001 until 2286.
        let seconds = initial.map(Timestamp::as_seconds);
        let seconds = seconds.filter(|it| (1_000_000_000..=9_999_999_999).contains(it));
        if let Some(seconds) = seconds {
            element["initial_date_time"] = seconds.into();
        }
        Element(element)
    }

    /// A box to tick.
    pub fn tick(choice: Choice) -> Self {
        Element(json!({"type": "checkboxes", "action_id": INPUT_ACTION, "options": [choice.0]}))
    }

    /// The same, with grey words to show what belongs there.
    pub fn with_placeholder(mut self, placeholder: &str) -> Self {
        self.0["placeholder"] = plain_text(placeholder, 150);
        self
    }

    /// The same, with the cursor in it when the form opens.
    pub fn focused(mut self) -> Self {
        self.0["focus_on_load"] = true.into();
        self
    }
}

/// Something to choose.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice(Value);

impl Choice {
    /// A choice that people read as `text` and Stentor as `value`.
    pub fn new(value: &str, text: &str) -> Self {
        Choice(json!({"text": plain_text(text, 75), "value": shorten(value, 75)}))
    }

    /// The same, with a word of explanation where there is one.
    pub fn described(mut self, description: &str) -> Self {
        if !description.trim().is_empty() {
            self.0["description"] = plain_text(description, 75);
        }
        self
    }
}

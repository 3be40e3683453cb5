//! The parts of blocks that people press, pick from and type into.
//!
//! Each stands in a wrapper that names its block and action; the script reads the wrapper, so
//! nothing else about an element needs to be known there.

use maud::{Markup, html};
use serde_json::Value;

use super::blocks::text_object;
use super::choices::{Choice, Choices};
use super::icons::icon;
use super::json::{flag, items, string, text_of};
use super::mrkdwn::plain;
use super::surface::Surface;

/// When an element tells the app what was done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sends {
    /// Whenever something is picked.
    AtOnce,
    /// When Enter is pressed in it.
    OnEnter,
    /// With each character.
    Typing,
    /// Only with the whole modal.
    Never,
}

impl Sends {
    /// When an `input` block with `dispatch_action` does.
    pub fn when(element: &Value) -> Sends {
        let config = &element["dispatch_action_config"];
        let on = items(config, "trigger_actions_on");
        match string(element, "type") {
            kind if !kind.ends_with("_input") => Sends::AtOnce,
            _ if on.iter().any(|on| on == "on_character_entered") => Sends::Typing,
            _ => Sends::OnEnter,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Sends::AtOnce => "change",
            Sends::OnEnter => "enter",
            Sends::Typing => "typing",
            Sends::Never => "never",
        }
    }
}

/// Whether an element is several controls, so that its label names a group.
pub fn is_group(kind: &str) -> bool {
    kind == "checkboxes" || kind == "radio_buttons" || kind.starts_with("multi_")
}

/// Draws one interactive element.
pub fn element(element: &Value, block_id: &str, sends: Sends, surface: Surface<'_>) -> Markup {
    let kind = string(element, "type");
    let action_id = string(element, "action_id");
    let dom_id = surface.dom_id(block_id, action_id);
    let field = Field { element, dom_id: &dom_id, block_id, surface };
    let drawn = match kind {
        "button" | "workflow_button" => field.button(),
        "overflow" => field.overflow(),
        "checkboxes" => field.ticks("checkbox"),
        "radio_buttons" => field.ticks("radio"),
        "external_select" => field.external_select(),
        _ if kind.starts_with("multi_") => field.multi_select(),
        _ if kind.ends_with("_select") => field.select(),
        "datepicker" => field.typed("date", "initial_date"),
        "timepicker" => field.typed("time", "initial_time"),
        "datetimepicker" => field.date_time(),
        "number_input" => field.typed("number", "initial_value"),
        "url_text_input" => field.typed("url", "initial_value"),
        "email_text_input" => field.typed("email", "initial_value"),
        "plain_text_input" if !flag(element, "multiline") => field.typed("text", "initial_value"),
        "plain_text_input" | "rich_text_input" => field.text_area(),
        _ => return html! { span.placeholder { "“" (kind) "” can’t be shown here" } },
    };
    html! {
        div.el.{ "el-" (kind.replace('_', "-")) } id={ (dom_id) "-el" } data-el=(kind)
            data-block-id=(block_id) data-action-id=(action_id) data-sends=(sends.word()) {
            (drawn)
            @if element["confirm"].is_object() { (confirmation(&element["confirm"], surface)) }
        }
    }
}

/// The question that is asked first, kept beside the element until it's needed.
fn confirmation(confirm: &Value, surface: Surface<'_>) -> Markup {
    let style = if string(confirm, "style") == "danger" { "danger" } else { "primary" };
    html! {
        template.confirm data-yes=(text_of(confirm, "confirm")) data-no=(text_of(confirm, "deny"))
            data-style=(style) {
            h2 { (plain(text_of(confirm, "title"), true)) }
            div.text { (text_object(&confirm["text"], surface)) }
        }
    }
}

struct Field<'a> {
    element: &'a Value,
    dom_id: &'a str,
    block_id: &'a str,
    surface: Surface<'a>,
}

impl Field<'_> {
    fn label(&self) -> Option<&str> {
        let placeholder = text_of(self.element, "placeholder");
        let label = self.element["accessibility_label"].as_str().unwrap_or(placeholder);
        (!label.is_empty()).then_some(label)
    }

    fn placeholder(&self) -> Option<&str> {
        self.element["placeholder"]["text"].as_str()
    }

    fn is_invalid(&self) -> Option<&'static str> {
        self.surface.errors.contains_key(self.block_id).then_some("true")
    }

    /// The ids of the error and the hint, of which those that are missing are passed over.
    fn described_by(&self) -> String {
        format!("{0}-error {0}-hint", self.dom_id)
    }

    fn button(&self) -> Markup {
        let style = string(self.element, "style");
        let url = string(self.element, "url");
        let label = self.element["accessibility_label"].as_str();
        let text = text_object(&self.element["text"], self.surface);
        if url.starts_with("https://") || url.starts_with("http://") {
            return html! {
                a.button.(style) id=(self.dom_id) href=(url) target="_blank"
                    rel="noopener noreferrer" aria-label=[label] data-press {
                    (text) (icon("out"))
                }
            };
        }
        html! {
            button.button.(style) id=(self.dom_id) type="button" aria-label=[label]
                data-press { (text) }
        }
    }

    fn overflow(&self) -> Markup {
        let menu_id = format!("{}-menu", self.dom_id);
        html! {
            button.button.dots type="button" id=(self.dom_id) popovertarget=(menu_id)
                aria-label="More" { (icon("dots")) }
            div.menu popover="auto" id=(menu_id) role="menu" {
                @for option in items(self.element, "options") {
                    @let url = option["url"].as_str().filter(|url| url.starts_with("http"));
                    button type="button" role="menuitem" data-pick=(string(option, "value"))
                        data-url=[url] {
                        (text_object(&option["text"], self.surface))
                        @if option["description"].is_object() {
                            small { (text_object(&option["description"], self.surface)) }
                        }
                    }
                }
            }
        }
    }

    fn ticks(&self, kind: &str) -> Markup {
        let initial = items(self.element, "initial_options");
        let chosen = |value: &str| {
            self.element["initial_option"]["value"] == value
                || initial.iter().any(|option| option["value"] == value)
        };
        html! {
            div.ticks id=(self.dom_id) {
                @for (index, option) in items(self.element, "options").iter().enumerate() {
                    @let value = string(option, "value");
                    label {
                        input id={ (self.dom_id) "-" (index) } name=(self.dom_id) type=(kind)
                            value=(value) checked[chosen(value)];
                        span {
                            (text_object(&option["text"], self.surface))
                            @if option["description"].is_object() {
                                small { (text_object(&option["description"], self.surface)) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn select(&self) -> Markup {
        let choices = Choices::of(self.element, self.surface);
        let has_chosen = choices.all().any(|choice| choice.chosen);
        let draw = |choice: &Choice| {
            html! {
                option value=(choice.value) selected[choice.chosen] { (choice.label) }
            }
        };
        html! {
            span.select {
                select id=(self.dom_id) aria-label=[self.label()] aria-invalid=[self.is_invalid()]
                    aria-describedby=(self.described_by()) {
                    option.none value="" selected[!has_chosen] {
                        (self.placeholder().unwrap_or("Choose…"))
                    }
                    @for group in &choices.groups {
                        @if group.label.is_empty() {
                            @for choice in &group.choices { (draw(choice)) }
                        } @else {
                            optgroup label=(group.label) {
                                @for choice in &group.choices { (draw(choice)) }
                            }
                        }
                    }
                }
                (icon("down"))
            }
        }
    }

    fn multi_select(&self) -> Markup {
        let choices = Choices::of(self.element, self.surface);
        let max = self.element["max_selected_items"].as_u64();
        html! {
            div.ticks.many id=(self.dom_id) data-max=[max] {
                @for group in &choices.groups {
                    @if !group.label.is_empty() { div.group-label { (group.label) } }
                    @for choice in &group.choices {
                        label {
                            input id={ (self.dom_id) "-" (choice.value) } type="checkbox"
                                value=(choice.value) checked[choice.chosen];
                            span { (choice.label) }
                        }
                    }
                }
            }
        }
    }

    fn external_select(&self) -> Markup {
        let initial = &self.element["initial_option"];
        let least = self.element["min_query_length"].as_u64().unwrap_or(3);
        html! {
            div.external data-morph="skip" data-least=(least) data-value=[initial.is_object().then(|| initial.to_string())] {
                input type="text" id=(self.dom_id) role="combobox" autocomplete="off"
                    aria-expanded="false" aria-controls={ (self.dom_id) "-found" }
                    aria-invalid=[self.is_invalid()] aria-label=[self.label()]
                    placeholder=[self.placeholder()] value=(text_of(initial, "text"));
                ul.found id={ (self.dom_id) "-found" } role="listbox" hidden {}
            }
        }
    }

    fn typed(&self, kind: &str, initial: &str) -> Markup {
        let element = self.element;
        let limit = |key: &str| element[key].as_u64();
        let bound = |key: &str| element[key].as_str();
        let step = match kind {
            "number" if flag(element, "is_decimal_allowed") => Some("any"),
            "number" => Some("1"),
            _ => None,
        };
        html! {
            input type=(kind) id=(self.dom_id) value=[element[initial].as_str()]
                placeholder=[self.placeholder()] minlength=[limit("min_length")]
                maxlength=[limit("max_length")] min=[bound("min_value")] max=[bound("max_value")]
                step=[step] autocomplete="off" aria-invalid=[self.is_invalid()]
                aria-label=[self.label_when_alone()] aria-describedby=(self.described_by())
                data-autofocus[flag(element, "focus_on_load")];
        }
    }

    /// Pickers may stand outside an input block, where no label names them.
    fn label_when_alone(&self) -> Option<&str> {
        if string(self.element, "type").ends_with("picker") { self.label() } else { None }
    }

    fn date_time(&self) -> Markup {
        let seconds = self.element["initial_date_time"].as_i64();
        html! {
            input type="datetime-local" id=(self.dom_id) data-seconds=[seconds]
                aria-invalid=[self.is_invalid()] aria-label=[self.label()]
                aria-describedby=(self.described_by());
        }
    }

    fn text_area(&self) -> Markup {
        let element = self.element;
        html! {
            textarea id=(self.dom_id) rows="4" placeholder=[self.placeholder()]
                minlength=[element["min_length"].as_u64()]
                maxlength=[element["max_length"].as_u64()]
                aria-invalid=[self.is_invalid()] aria-describedby=(self.described_by())
                data-autofocus[flag(element, "focus_on_load")] {
                // A line break right after the tag would be swallowed.
                "\n" (string(element, "initial_value"))
            }
        }
    }
}

//! Compares a value with its shape and lists what is wrong.

use serde_json::{Map, Value, json};

use super::{
    Issue, elements,
    shape::{Field, Kind, Shape},
};

/// Collects what is wrong.
#[derive(Default)]
pub struct Check {
    pub issues: Vec<Issue>,
}

impl Check {
    /// Adds an issue.
    pub fn fail(&mut self, pointer: &str, message: impl Into<String>, constraint: Value) {
        let (message, pointer) = (message.into(), pointer.to_owned());
        self.issues.push(Issue { message, pointer, constraint });
    }

    /// Checks a value.
    pub fn value(&mut self, value: &Value, shape: &Shape, at: &str) {
        match shape {
            Shape::Any => {}
            Shape::Bool => match value {
                Value::Bool(_) => {}
                _ => self.wrong_type(at, "boolean"),
            },
            Shape::Text { min, max } => {
                if let Some(text) = self.string(value, at) {
                    self.length(text, *min, *max, at);
                }
            }
            Shape::Number { min, max } => match value.as_i64() {
                None => self.wrong_type(at, "integer"),
                Some(number) if number < *min => {
                    let constraint = json!({ "type": "minimum", "expected": min });
                    self.fail(at, format!("must be no less than {min}"), constraint);
                }
                Some(number) if number > *max => {
                    let constraint = json!({ "type": "maximum", "expected": max });
                    self.fail(at, format!("must be no more than {max}"), constraint);
                }
                Some(_) => {}
            },
            Shape::Url { max } => {
                let Some(url) = self.string(value, at) else { return };
                self.length(url, 1, *max, at);
                if !is_web_url(url) {
                    self.fail(at, "must be a valid http or https URL", json!({ "type": "url" }));
                }
            }
            Shape::Date => self.format(value, "####-##-##", "a date as YYYY-MM-DD", at),
            Shape::Time => self.format(value, "##:##", "a time as HH:mm", at),
            Shape::Word(words) => {
                let Some(word) = self.string(value, at) else { return };
                if !words.contains(&word) {
                    let constraint = json!({ "type": "enum", "expected": words });
                    self.fail(at, "must be a valid enum value", constraint);
                }
            }
            Shape::TextObject { plain_only, max } => self.text_object(value, *plain_only, *max, at),
            Shape::List { of, min, max } => self.list(value, of, (*min, *max), at),
            Shape::Object(fields) => {
                if let Some(object) = self.object(value, at) {
                    self.fields(object, fields, false, at);
                }
            }
            Shape::Tagged(kinds) => self.tagged(value, kinds, at),
            Shape::Element(names) => self.element(value, names, at),
        }
    }

    /// Checks an object whose `type` is among `kinds`.
    pub fn tagged(&mut self, value: &Value, kinds: &[Kind], at: &str) {
        let Some(object) = self.object(value, at) else { return };
        let Some(name) = self.type_of(object, at) else { return };
        match kinds.iter().find(|kind| kind.name == name) {
            Some(kind) => self.fields(object, kind.fields, true, at),
            None => {
                let names: Vec<_> = kinds.iter().map(|kind| kind.name).collect();
                self.unsupported(name, &names, at);
            }
        }
    }

    fn element(&mut self, value: &Value, names: &[&str], at: &str) {
        let Some(object) = self.object(value, at) else { return };
        let Some(name) = self.type_of(object, at) else { return };
        match elements::ELEMENTS.iter().find(|kind| kind.name == name && names.contains(&name)) {
            None => self.unsupported(name, names, at),
            Some(kind) => {
                self.fields(object, kind.fields, true, at);
                self.element_rules(object, name, at);
            }
        }
    }

    /// What the tables can't say.
    fn element_rules(&mut self, element: &Map<String, Value>, name: &str, at: &str) {
        if name.ends_with("static_select") {
            let both = ["options", "option_groups"].map(|field| element.contains_key(field));
            if both[0] == both[1] {
                let message = "must provide exactly one of `options` or `option_groups`";
                self.fail(at, message, json!({ "type": "one_of" }));
            }
        }
        let initial = element.get("initial_option").into_iter();
        let initial = initial.chain(list_in(element, "initial_options"));
        if name != "external_select" && name != "multi_external_select" {
            let groups = list_in(element, "option_groups");
            let grouped = groups.filter_map(Value::as_object);
            let grouped = grouped.flat_map(|group| list_in(group, "options"));
            let options: Vec<_> = list_in(element, "options").chain(grouped).collect();
            for option in initial {
                if !options.iter().any(|known| known["value"] == option["value"]) {
                    let message = "initial option must match one of the options";
                    self.fail(at, message, json!({ "type": "initial_option" }));
                }
            }
        }
        let number = |field: &str| element.get(field).and_then(Value::as_i64);
        if let (Some(min), Some(max)) = (number("min_length"), number("max_length"))
            && min > max
        {
            let message = "`min_length` must be no more than `max_length`";
            self.fail(at, message, json!({ "type": "maximum", "expected": max }));
        }
    }

    /// Checks the properties of an object, and that there are no others.
    pub fn fields(
        &mut self,
        object: &Map<String, Value>,
        fields: &[Field],
        tagged: bool,
        at: &str,
    ) {
        for field in fields {
            match object.get(field.name) {
                Some(value) => self.value(value, &field.shape, &format!("{at}/{}", field.name)),
                None if field.required => {
                    let message = format!("missing required field: {}", field.name);
                    self.fail(at, message, json!({ "type": "required", "expected": field.name }));
                }
                None => {}
            }
        }
        for name in object.keys() {
            let known = fields.iter().any(|field| field.name == name) || (tagged && name == "type");
            if !known {
                let message = format!("invalid additional property: {name}");
                self.fail(at, message, json!({ "type": "additional_property" }));
            }
        }
    }

    fn text_object(&mut self, value: &Value, plain_only: bool, max: usize, at: &str) {
        let Some(object) = self.object(value, at) else { return };
        let Some(name) = self.type_of(object, at) else { return };
        let switch = match name {
            "plain_text" => "emoji",
            "mrkdwn" if !plain_only => "verbatim",
            _ => {
                let expected: &[_] = match plain_only {
                    true => &["plain_text"],
                    false => &["plain_text", "mrkdwn"],
                };
                return self.unsupported(name, expected, at);
            }
        };
        for (field, value) in object {
            let at = format!("{at}/{field}");
            match field.as_str() {
                "type" => {}
                "text" => {
                    if let Some(text) = self.string(value, &at) {
                        self.length(text, 1, max, &at);
                    }
                }
                field if field == switch => self.value(value, &Shape::Bool, &at),
                other => {
                    let message = format!("invalid additional property: {other}");
                    self.fail(&at, message, json!({ "type": "additional_property" }));
                }
            }
        }
        if !object.contains_key("text") {
            let constraint = json!({ "type": "required", "expected": "text" });
            self.fail(at, "missing required field: text", constraint);
        }
    }

    fn list(&mut self, value: &Value, of: &Shape, (min, max): (usize, usize), at: &str) {
        let Value::Array(list) = value else { return self.wrong_type(at, "array") };
        if list.len() < min {
            let constraint = json!({ "type": "min_items", "expected": min });
            self.fail(at, format!("no less than {min} items allowed"), constraint);
        }
        if list.len() > max {
            let constraint = json!({ "type": "max_items", "expected": max });
            self.fail(at, format!("no more than {max} items allowed"), constraint);
        }
        for (index, value) in list.iter().enumerate() {
            self.value(value, of, &format!("{at}/{index}"));
        }
    }

    fn length(&mut self, text: &str, min: usize, max: usize, at: &str) {
        let length = text.chars().count();
        if length < min {
            let constraint = json!({ "type": "min_length", "expected": min });
            self.fail(at, format!("must be more than {} characters", min - 1), constraint);
        }
        if length > max {
            let constraint = json!({ "type": "max_length", "expected": max });
            self.fail(at, format!("must be less than {} characters", max + 1), constraint);
        }
    }

    fn format(&mut self, value: &Value, pattern: &str, wanted: &str, at: &str) {
        let Some(text) = self.string(value, at) else { return };
        let fits = text.len() == pattern.len()
            && text.bytes().zip(pattern.bytes()).all(|(byte, pattern)| match pattern {
                b'#' => byte.is_ascii_digit(),
                _ => byte == pattern,
            });
        if !fits {
            self.fail(at, format!("must be {wanted}"), json!({ "type": "format" }));
        }
    }

    fn string<'a>(&mut self, value: &'a Value, at: &str) -> Option<&'a str> {
        if !value.is_string() {
            self.wrong_type(at, "string");
        }
        value.as_str()
    }

    /// The value as an object.
    pub fn object<'a>(&mut self, value: &'a Value, at: &str) -> Option<&'a Map<String, Value>> {
        if !value.is_object() {
            self.wrong_type(at, "object");
        }
        value.as_object()
    }

    fn type_of<'a>(&mut self, object: &'a Map<String, Value>, at: &str) -> Option<&'a str> {
        match object.get("type") {
            Some(Value::String(name)) => Some(name),
            Some(_) => {
                self.wrong_type(&format!("{at}/type"), "string");
                None
            }
            None => {
                let constraint = json!({ "type": "required", "expected": "type" });
                self.fail(at, "missing required field: type", constraint);
                None
            }
        }
    }

    fn unsupported(&mut self, name: &str, expected: &[&str], at: &str) {
        let constraint = json!({ "type": "enum", "expected": expected });
        self.fail(&format!("{at}/type"), format!("unsupported type: {name}"), constraint);
    }

    fn wrong_type(&mut self, at: &str, expected: &str) {
        let article = if expected.starts_with(['a', 'o', 'i']) { "an" } else { "a" };
        let constraint = json!({ "type": "type", "expected": expected });
        self.fail(at, format!("must be {article} {expected}"), constraint);
    }
}

fn list_in<'a>(object: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a Value> {
    object.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// Whether it leads to a web page, and nowhere else.
pub fn is_web_url(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
}

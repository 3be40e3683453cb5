//! The template of a source: where the title, the description and the attributes of its alerts come
//! from.
//!
//! Ours is the door of the source's kind. That of alert events can take each from anywhere in the
//! event; sources of other kinds say title and description themselves, and what can be set are
//! attributes that are always the same.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::alert::attribute::BETWEEN;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::phrase::said::{self, Said, path};
use crate::api::incident_io::phrase::{Binding, Expression, Operation, Parse, Returns, Value};
use crate::ingest::kind::Kind;
use crate::store::alert_attributes::Kept;
use crate::store::sources::SourceSettings;

/// What the title of an alert is, where nobody says otherwise.
const TITLE: [&str; 3] = ["alert.title", "title", "payload.title"];
/// What its description is.
const DESCRIPTION: [&str; 3] = ["alert.description", "description", "payload.description"];

/// Where what alerts say comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    title: Value,
    description: Value,
    attributes: Vec<TemplateAttribute>,
    expressions: Vec<Expression>,
    #[serde(default)]
    is_private: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    visible_to_teams: Option<Binding>,
}

/// Where an attribute comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct TemplateAttribute {
    alert_attribute_id: String,
    binding: AttributeBinding,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct AttributeBinding {
    #[serde(flatten)]
    binding: Binding,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    merge_strategy: Option<String>,
}

impl Template {
    /// The ids of the attributes that it sets.
    pub fn attribute_ids(&self) -> Vec<&str> {
        self.attributes.iter().map(|one| one.alert_attribute_id.as_str()).collect()
    }

    /// Has the alerts of a source of this kind say this.
    pub fn lay_down(
        &self,
        kind: Kind,
        attributes: &[Kept],
        settings: &mut SourceSettings,
    ) -> Result<(), Failure> {
        self.check_rest(attributes)?;
        let mut door = Door::of(kind, &mut settings.door);
        door.put("title", self.said(&self.title, &TITLE, "template.title")?)?;
        let description = self.said(&self.description, &DESCRIPTION, "template.description")?;
        door.put("description", description)?;
        // What was set before is set no more; labels that are no attributes stay.
        for kept in attributes {
            settings.labels.remove(&kept.attribute.label);
            if kind == Kind::IncidentIo {
                door.labels.remove(&kept.attribute.label);
            }
        }
        for (index, one) in self.attributes.iter().enumerate() {
            let field = format!("template.attributes.{index}");
            let id = &one.alert_attribute_id;
            if self.attributes[..index].iter().any(|other| other.alert_attribute_id == *id) {
                return Err(Failure::invalid(&field, "An attribute is set once."));
            }
            let known = attributes.iter().find(|kept| kept.id.as_str() == id);
            let label = match known {
                Some(kept) => kept.attribute.label.clone(),
                None => {
                    let field = format!("{field}.alert_attribute_id");
                    return Err(Failure::invalid(&field, "There is no such attribute."));
                }
            };
            match self.bound(one, &format!("{field}.binding"))? {
                Said::Text(text) => {
                    settings.labels.insert(label, text);
                }
                Said::At(pointer) => door.label(label, &pointer, &format!("{field}.binding"))?,
                Said::Usual => {}
            }
        }
        settings.door = door.close();
        Ok(())
    }

    /// What has no meaning here, and what has to be there.
    fn check_rest(&self, attributes: &[Kept]) -> Result<(), Failure> {
        if self.is_private == Some(true) {
            let message =
                "Alerts are as private as their incidents here; a route makes these private.";
            return Err(Failure::invalid("template.is_private", message));
        }
        if self.visible_to_teams.as_ref().is_some_and(|teams| teams.values().next().is_some()) {
            return Err(Failure::invalid("template.visible_to_teams", "There are no teams here."));
        }
        for (index, expression) in self.expressions.iter().enumerate() {
            let field = format!("template.expressions.{index}");
            let parse = expression.path(&field)?;
            if said::pointer(&parse.source).is_none() {
                let message = "A source is a path such as `$.metadata.team` here.";
                return Err(Failure::invalid(&field, message));
            }
        }
        let set = self.attribute_ids();
        let missing = attributes
            .iter()
            .find(|kept| kept.attribute.required && !set.contains(&kept.id.as_str()));
        match missing {
            Some(kept) => {
                let message = format!("The attribute {} has to be set.", kept.attribute.name);
                Err(Failure::invalid("template.attributes", message))
            }
            None => Ok(()),
        }
    }

    fn said(&self, value: &Value, usual: &[&str], field: &str) -> Result<Said, Failure> {
        said::read(value, usual, &self.expressions, field)
    }

    /// Where an attribute comes from.
    fn bound(&self, one: &TemplateAttribute, field: &str) -> Result<Said, Failure> {
        let AttributeBinding { binding, merge_strategy } = &one.binding;
        if merge_strategy.as_ref().is_some_and(|strategy| strategy != "last_wins") {
            let message = "What is said last counts here: the strategy is last_wins.";
            return Err(Failure::invalid(&format!("{field}.merge_strategy"), message));
        }
        let mut texts = Vec::new();
        for value in binding.values() {
            match self.said(value, &[], field)? {
                Said::Text(text) => texts.push(text),
                // A path may stand for several values by itself.
                at if binding.values().count() == 1 => return Ok(at),
                _ => {
                    let message = "Several values are texts here.";
                    return Err(Failure::invalid(field, message));
                }
            }
        }
        let text = texts.join(BETWEEN);
        if text.is_empty() {
            return Err(Failure::invalid(field, "A binding has a value, or several."));
        }
        Ok(Said::Text(text))
    }

    /// The template of a source that was laid down elsewhere.
    pub fn drawn(kind: Kind, settings: &SourceSettings, attributes: &[Kept]) -> Template {
        let mut template = Template {
            title: Value::reference(TITLE[0]),
            description: Value::reference(DESCRIPTION[0]),
            attributes: Vec::new(),
            expressions: Vec::new(),
            is_private: Some(false),
            visible_to_teams: None,
        };
        let has_places = kind == Kind::IncidentIo;
        let place = |name: &str| settings.door[name].as_str().filter(|_| has_places);
        if let Some(title) = place("title") {
            template.title = template.take("title", title);
        }
        if let Some(description) = place("description") {
            template.description = template.take("description", description);
        }
        for kept in attributes {
            let label = &kept.attribute.label;
            let at = settings.door["labels"][label].as_str().filter(|_| has_places);
            let value = match (settings.labels.get(label), at) {
                (Some(text), _) => Value::text(text),
                (None, Some(place)) => template.take(label, place),
                (None, None) => continue,
            };
            let binding = Binding { value: Some(value), array_value: None };
            template.attributes.push(TemplateAttribute {
                alert_attribute_id: kept.id.to_string(),
                binding: AttributeBinding { binding, merge_strategy: None },
            });
        }
        template
    }

    /// A value for this place: an expression of that name takes it from the payload.
    fn take(&mut self, name: &str, place: &str) -> Value {
        if let Some(text) = place.strip_prefix('=') {
            return Value::text(text);
        }
        let returns = Returns { kind: "String".to_owned(), array: false };
        let parse = Parse { source: path(place), returns };
        self.expressions.push(Expression {
            label: name.to_owned(),
            reference: name.to_owned(),
            root_reference: "payload".to_owned(),
            operations: vec![Operation { operation_type: "parse".to_owned(), parse: Some(parse) }],
            else_branch: None,
        });
        Value::reference(format!("expressions[\"{name}\"]"))
    }

    /// As answers show it.
    pub fn shown(&self) -> Json {
        let attributes = self.attributes.iter().map(|one| {
            let mut binding = one.binding.binding.shown();
            if let Some(strategy) = &one.binding.merge_strategy {
                binding["merge_strategy"] = json!(strategy);
            }
            json!({"alert_attribute_id": one.alert_attribute_id, "binding": binding})
        });
        json!({
            "title": self.title.shown(),
            "description": self.description.shown(),
            "attributes": attributes.collect::<Vec<_>>(),
            "expressions": self.expressions.iter().map(Expression::shown).collect::<Vec<_>>(),
            "is_private": false,
        })
    }
}

/// The settings of a door, as far as a template can say them.
struct Door {
    kind: Kind,
    /// What it is, whatever it says.
    rest: Json,
    labels: Map<String, Json>,
}

impl Door {
    fn of(kind: Kind, door: &mut Json) -> Door {
        let mut rest = door.take();
        let labels = match rest.get_mut("labels").map(Json::take) {
            Some(Json::Object(labels)) if reads_places(kind) => labels,
            Some(other) => {
                rest["labels"] = other;
                Map::new()
            }
            None => Map::new(),
        };
        Door { kind, rest, labels }
    }

    fn put(&mut self, name: &str, said: Said) -> Result<(), Failure> {
        let place = match said {
            Said::Usual if self.kind == Kind::IncidentIo => {
                if let Some(settings) = self.rest.as_object_mut() {
                    settings.remove(name);
                }
                return Ok(());
            }
            Said::Usual => return Ok(()),
            Said::Text(text) => format!("={text}"),
            Said::At(pointer) => pointer,
        };
        if self.kind != Kind::IncidentIo {
            let message = format!("Alerts of such a source say their {name} themselves here.");
            return Err(Failure::invalid(&format!("template.{name}"), message));
        }
        if !self.rest.is_object() {
            self.rest = json!({});
        }
        self.rest[name] = json!(place);
        Ok(())
    }

    /// A label takes its value from there.
    fn label(&mut self, label: String, pointer: &str, field: &str) -> Result<(), Failure> {
        let place = match self.kind {
            Kind::IncidentIo => Some(json!(pointer)),
            // What is transformed has only what the transformation made.
            Kind::Generic => {
                let made = pointer.strip_prefix("/metadata/");
                made.and_then(|name| self.labels.get(name)).cloned()
            }
            _ => None,
        };
        match place {
            Some(place) => {
                self.labels.insert(label, place);
                Ok(())
            }
            None => {
                let message = "Alerts of such a source have nothing there; a literal can be set.";
                Err(Failure::invalid(field, message))
            }
        }
    }

    fn close(mut self) -> Json {
        if !reads_places(self.kind) {
            return self.rest;
        }
        if !self.labels.is_empty() {
            if !self.rest.is_object() {
                self.rest = json!({});
            }
            self.rest["labels"] = Json::Object(self.labels);
        } else if self.rest["labels"].is_null()
            && let Some(settings) = self.rest.as_object_mut()
        {
            settings.remove("labels");
        }
        let is_empty = self.rest.as_object().is_some_and(Map::is_empty);
        if is_empty { Json::Null } else { self.rest }
    }
}

/// Whether the door of this kind can be told where labels come from.
fn reads_places(kind: Kind) -> bool {
    matches!(kind, Kind::IncidentIo | Kind::Generic)
}

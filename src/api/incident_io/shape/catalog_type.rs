//! Types of things that the catalog lists. There is no catalog to edit here: what it lists are things
//! that incidents refer to, each type as it is kept elsewhere.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::api::incident_io::shape::catalogue::Times;
use crate::clock::Timestamp;

/// What there are entries of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The people of this Slack.
    User,
    /// How bad incidents are.
    Severity,
    /// Kinds of incidents.
    IncidentType,
    /// Incidents that some people look at together.
    Environment,
}

/// What is said of a type.
struct Said {
    id: &'static str,
    name: &'static str,
    type_name: &'static str,
    description: &'static str,
    icon: &'static str,
    color: &'static str,
    categories: &'static [&'static str],
    attributes: &'static [Attribute],
}

/// A value that each entry of a type can have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Attribute {
    id: &'static str,
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    array: bool,
    mode: &'static str,
}

const fn attribute(id: &'static str, name: &'static str, kind: &'static str) -> Attribute {
    Attribute { id, name, kind, array: false, mode: "internal" }
}

const DESCRIPTION: Attribute = attribute("description", "Description", "Text");

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 4] = [Kind::User, Kind::Severity, Kind::IncidentType, Kind::Environment];

    /// The type with this id.
    pub fn parse(id: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.id() == id)
    }

    /// Its id.
    pub fn id(self) -> &'static str {
        self.said().id
    }

    /// Whether its entries go by their names, too: people don't, who may share one.
    pub fn goes_by_name(self) -> bool {
        self != Kind::User
    }

    fn said(self) -> &'static Said {
        match self {
            Kind::User => &USER,
            Kind::Severity => &SEVERITY,
            Kind::IncidentType => &INCIDENT_TYPE,
            Kind::Environment => &ENVIRONMENT,
        }
    }
}

static USER: Said = Said {
    id: "user",
    name: "User",
    type_name: "User",
    description: "The people of this Slack.",
    icon: "user",
    color: "blue",
    categories: &["user"],
    attributes: &[
        attribute("email", "Email", "String"),
        attribute("time_zone", "Time zone", "String"),
    ],
};

static SEVERITY: Said = Said {
    id: "severity",
    name: "Severity",
    type_name: "Severity",
    description: "How bad an incident is; a higher rank is worse.",
    icon: "severity",
    color: "orange",
    categories: &[],
    attributes: &[DESCRIPTION],
};

static INCIDENT_TYPE: Said = Said {
    id: "incident_type",
    name: "Incident type",
    type_name: "IncidentType",
    description: "Kinds of incidents.",
    icon: "tag",
    color: "violet",
    categories: &[],
    attributes: &[DESCRIPTION],
};

static ENVIRONMENT: Said = Said {
    id: "environment",
    name: "Environment",
    type_name: "Environment",
    description: "Incidents that some people look at together.",
    icon: "globe",
    color: "green",
    categories: &[],
    attributes: &[DESCRIPTION, attribute("condition", "Condition", "Text")],
};

/// A type of things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CatalogType {
    id: &'static str,
    name: &'static str,
    type_name: &'static str,
    engine_resource_type: String,
    description: &'static str,
    icon: &'static str,
    color: &'static str,
    categories: &'static [&'static str],
    ranked: bool,
    is_editable: bool,
    use_name_as_identifier: bool,
    annotations: BTreeMap<String, String>,
    schema: Schema,
    #[serde(flatten)]
    times: Times,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Schema {
    version: i64,
    attributes: &'static [Attribute],
}

/// These types have been there since before anybody could look.
const EVER: Timestamp = Timestamp::from_micros(0);

impl From<Kind> for CatalogType {
    fn from(kind: Kind) -> CatalogType {
        let &Said { id, name, type_name, description, icon, color, categories, attributes } =
            kind.said();
        CatalogType {
            id,
            name,
            type_name,
            engine_resource_type: engine_type(type_name),
            description,
            icon,
            color,
            categories,
            ranked: kind == Kind::Severity,
            is_editable: false,
            use_name_as_identifier: kind.goes_by_name(),
            annotations: BTreeMap::new(),
            schema: Schema { version: 1, attributes },
            times: Times::new(EVER, EVER),
        }
    }
}

fn engine_type(type_name: &str) -> String {
    format!("CatalogEntry[\"{type_name}\"]")
}

/// A type of values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CatalogResource {
    #[serde(rename = "type")]
    kind: &'static str,
    engine_resource_type: String,
    label: &'static str,
    description: &'static str,
    value_docstring: &'static str,
    category: &'static str,
}

impl CatalogResource {
    /// What attributes can be of: texts, and entries of each type.
    pub fn all() -> Vec<CatalogResource> {
        let primitive = |kind: &'static str, description, value_docstring| CatalogResource {
            kind,
            engine_resource_type: kind.to_owned(),
            label: kind,
            description,
            value_docstring,
            category: "primitive",
        };
        let texts = [
            primitive("String", "A line of text", "The line as it is"),
            primitive("Text", "Lines of text", "The lines as they are"),
        ];
        let entries = Kind::ALL.into_iter().map(|kind| {
            let said = kind.said();
            CatalogResource {
                kind: said.type_name,
                engine_resource_type: engine_type(said.type_name),
                label: said.name,
                description: said.description,
                value_docstring: match kind.goes_by_name() {
                    true => "Its id or its name",
                    false => "Their id in Slack or their address",
                },
                category: "external",
            }
        });
        texts.into_iter().chain(entries).collect()
    }
}

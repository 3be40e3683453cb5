//! The document of the incident.io format, and whether an answer is what it says.

use std::collections::BTreeSet;

use axum::http::Method;
use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::Value;
use stentor::api::incident_io::{document, operations};

use crate::http::Answer;

/// The document, ready to hold answers against.
pub struct Contract {
    document: Value,
    schemas: Schemas,
    compiler: Compiler,
}

/// Where the compiler finds the document: a name, no address.
const NAME: &str = "memory:///document.json";

impl Contract {
    pub fn read() -> Contract {
        let document: Value = serde_json::from_str(document()).unwrap();
        let mut compiler = Compiler::new();
        // OpenAPI 3.0 is written in a dialect of the fourth draft.
        compiler.set_default_draft(Draft::V4);
        compiler.add_resource(NAME, document.clone()).unwrap();
        Contract { document, schemas: Schemas::new(), compiler }
    }

    /// Every operation of the document, as method and path.
    pub fn operations(&self) -> BTreeSet<(String, String)> {
        let paths = self.document["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(move |method| (method.to_uppercase(), path.clone()))
        });
        operations.collect()
    }

    /// What the document calls this operation.
    fn operation(&self, method: &Method, path: &str) -> (String, &Value) {
        let method = method.as_str().to_lowercase();
        let paths = self.document["paths"].as_object().unwrap();
        let fits = |pattern: &str| {
            let (ours, theirs) = (path.split('/'), pattern.split('/'));
            ours.clone().count() == theirs.clone().count()
                && ours.zip(theirs).all(|(given, part)| part.starts_with('{') || part == given)
        };
        // A path without parameters goes first: `/users/me` is not the user `me`.
        let exact = paths.get_key_value(path).into_iter();
        let patterns = paths.iter().filter(|(pattern, _)| fits(pattern));
        let found = exact.chain(patterns).find_map(|(pattern, item)| {
            item.get(&method).map(|operation| (pattern.clone(), operation))
        });
        found.unwrap_or_else(|| panic!("{method} {path} is not in the document"))
    }

    /// The example body of a request, if the document has one.
    pub fn example_request(&self, method: &Method, path: &str) -> Option<Value> {
        let (_, operation) = self.operation(method, path);
        operation.pointer("/requestBody/content/application~1json/example").cloned()
    }

    /// Checks that the answer to this request is one that the document promises.
    pub fn check(&mut self, method: &Method, path: &str, answer: &Answer) {
        let path = path.split('?').next().unwrap();
        let (pattern, operation) = self.operation(method, path);
        let status = answer.status.as_str().to_owned();
        let responses = operation["responses"].as_object().unwrap();
        let Some(response) = responses.get(&status) else {
            let known: Vec<&String> = responses.keys().collect();
            panic!("{method} {path}: {status} is none of {known:?}: {}", answer.text);
        };
        if response.pointer("/content/application~1json/schema").is_none() {
            assert_eq!(answer.text, "", "{method} {path}");
            return;
        }
        let body: Value = serde_json::from_str(&answer.text).unwrap();
        let pointer = format!(
            "/paths/{}/{}/responses/{status}/content/application~1json/schema",
            pattern.replace('~', "~0").replace('/', "~1"),
            method.as_str().to_lowercase()
        );
        let schema = self.compile(&pointer);
        if let Err(error) = self.schemas.validate(&body, schema) {
            panic!("{method} {path}: {error:#}\n{body:#}");
        }
        no_null(&body, &format!("{method} {path}"));
    }

    /// Checks what a webhook was told: the document has a schema for each type of event.
    pub fn check_event(&mut self, body: &Value) {
        let event = body["event_type"].as_str().unwrap();
        let schemas = self.document["components"]["schemas"].as_object().unwrap();
        let about =
            |schema: &Value| schema.pointer("/properties").is_some_and(|it| it[event].is_object());
        let mut names =
            schemas.iter().filter(|(name, schema)| name.starts_with("Webhooks") && about(schema));
        let (name, _) = names.next().unwrap_or_else(|| panic!("{event} is not in the document"));
        let pointer = format!("/components/schemas/{name}");
        let schema = self.compile(&pointer);
        if let Err(error) = self.schemas.validate(body, schema) {
            panic!("{event}: {error:#}\n{body:#}");
        }
        no_null(body, event);
    }

    fn compile(&mut self, pointer: &str) -> SchemaIndex {
        let encoded = pointer.replace('{', "%7B").replace('}', "%7D");
        self.compiler.compile(&format!("{NAME}#{encoded}"), &mut self.schemas).unwrap()
    }
}

/// Several strict clients fail on `null`.
fn no_null(value: &Value, place: &str) {
    match value {
        Value::Null => panic!("{place} is null"),
        Value::Array(values) => values.iter().for_each(|value| no_null(value, place)),
        Value::Object(object) => {
            object.iter().for_each(|(name, value)| no_null(value, &format!("{place}.{name}")));
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn nothing_is_served_that_the_document_does_not_know() {
    let known = Contract::read().operations();
    for operation in operations() {
        let served = (operation.method.to_owned(), operation.path.to_owned());
        assert!(known.contains(&served), "{served:?}");
    }
}

/// Where the table stands in the documentation.
const PAGE: &str = "docs/apis-incident-io.md";

#[test]
fn the_page_says_which_operations_are_served() {
    let contract = Contract::read();
    let served: BTreeSet<(String, String)> =
        operations().iter().map(|it| (it.method.to_owned(), it.path.to_owned())).collect();
    let mut table = String::from("| operation | served |\n|---|---|\n");
    for (method, path) in contract.operations() {
        let alike = (method, path);
        // These are doors of monitoring, which proves itself otherwise.
        let is_door =
            ["/v2/alert_events", "/v2/heartbeat"].iter().any(|it| alike.1.starts_with(it));
        let is_served = served.contains(&alike) || is_door;
        let mark = if is_served { "yes" } else { "not yet" };
        table.push_str(&format!("| `{} {}` | {mark} |\n", alike.0, alike.1));
    }
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let text = std::fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once("<!-- operations -->\n").unwrap();
    let (found, after) = rest.split_once("<!-- end -->").unwrap();
    if std::env::var_os("STENTOR_WRITE_DOCS").is_some() {
        let text = format!("{before}<!-- operations -->\n{table}<!-- end -->{after}");
        std::fs::write(&page, text).unwrap();
        return;
    }
    assert_eq!(found, table, "run this test once with STENTOR_WRITE_DOCS=1");
}

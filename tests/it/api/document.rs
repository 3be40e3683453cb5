//! The OpenAPI document says what is served, no more and no less.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use serde_json::Value;
use stentor::api::v1;

use super::Program;
use crate::databases::Fresh;

const METHODS: [&str; 6] = ["get", "post", "put", "patch", "delete", "trace"];

async fn document(program: &Program) -> Value {
    let answer = program.server.get("/api/v1/openapi.json", &[]).await;
    assert_eq!(answer.header("content-type"), "application/json");
    answer.expect(200)
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap();
        item.iter().map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

fn visit<'v>(value: &'v Value, see: &mut impl FnMut(&'v serde_json::Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            see(object);
            object.values().for_each(|inner| visit(inner, see));
        }
        Value::Array(array) => array.iter().for_each(|inner| visit(inner, see)),
        _ => {}
    }
}

#[tokio::test]
async fn every_route_is_in_the_document_and_every_method() {
    let fresh = Fresh::sqlite();
    let program = Program::start(&fresh).await;
    let document = document(&program).await;
    let mut documented: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (path, method, _) in operations(&document) {
        assert!(METHODS.contains(&method), "{method}");
        documented.entry(path).or_default().insert(method.to_uppercase());
    }
    let served: BTreeSet<&str> = v1::routes().into_iter().map(|(path, _)| path).collect();
    assert_eq!(documented.keys().copied().collect::<BTreeSet<_>>(), served);
    for (path, methods) in documented {
        // A method that nothing serves is answered with those that are.
        let answer = program
            .server
            .send(Method::TRACE, &path.replace("{ref}", "1").replace("{id}", "1"), &[], "")
            .await;
        assert_eq!(answer.status, 405, "{path}");
        let allowed = answer.header("allow").split(',').map(str::to_owned);
        let allowed: BTreeSet<String> = allowed.filter(|method| method != "HEAD").collect();
        assert_eq!(allowed, methods, "{path}");
    }
}

#[tokio::test]
async fn the_document_holds_together() {
    let fresh = Fresh::sqlite();
    let document = document(&Program::start(&fresh).await).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let mut references = 0;
    visit(&document, &mut |object| {
        if let Some(Value::String(reference)) = object.get("$ref") {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            references += 1;
        }
    });
    assert!(references > 20, "{references}");
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let text = document.to_string();
    for name in schemas.keys() {
        let reference = format!("\"#/components/schemas/{name}\"");
        assert!(text.contains(&reference), "nothing leads to {name}");
    }
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let place = format!("{method} {path}");
        for text in ["summary", "operationId"] {
            assert!(operation[text].is_string(), "{place} has no {text}");
        }
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{place}");
        let named: BTreeSet<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .inspect(|parameter| {
                assert!(parameter["description"].is_string(), "{place} {parameter}")
            })
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        for part in ["ref", "id"] {
            assert_eq!(path.contains(&format!("{{{part}}}")), named.contains(part), "{place}");
        }
        let responses = operation["responses"].as_object().unwrap();
        let needs_token = path != "/api/v1/openapi.json";
        assert_eq!(operation["security"].is_array(), needs_token, "{place}");
        for status in ["401", "503"] {
            assert_eq!(responses.contains_key(status), needs_token, "{place} {status}");
        }
        for (status, response) in responses {
            if !status.starts_with('2') {
                let schema = "/content/application~1problem+json/schema/$ref";
                assert_eq!(
                    response.pointer(schema).unwrap(),
                    "#/components/schemas/Problem",
                    "{place} {status}"
                );
            }
        }
    }
}

/// What no caller can send, and what no caller is shown, is not in it.
#[tokio::test]
async fn the_document_has_no_inner_matters() {
    let fresh = Fresh::sqlite();
    let document = document(&Program::start(&fresh).await).await;
    let commands = document["components"]["schemas"]["Command"]["oneOf"].as_array().unwrap();
    assert_eq!(commands.len(), 35);
    let text = document.to_string();
    for inner in [
        "record_channel",
        "record_undelivered",
        "record_merge",
        "record_follow_up",
        "\"ring\"",
        "TimerKind",
    ] {
        assert!(!text.contains(inner), "{inner}");
    }
    let declare = &document["components"]["schemas"]["Declare"];
    assert!(declare["properties"]["declared_in"].is_null(), "{declare}");
    assert_eq!(declare["required"], serde_json::json!(["name"]));
}

/// An incident as it is sent has exactly the fields that the document says.
#[tokio::test]
async fn an_incident_looks_as_documented() {
    let fresh = Fresh::sqlite();
    let program = Program::start(&fresh).await;
    let document = document(&program).await;
    let incident = program.declares("As documented").await;
    let properties =
        document["components"]["schemas"]["Incident"]["properties"].as_object().unwrap();
    let sent: BTreeSet<&String> = incident.as_object().unwrap().keys().collect();
    assert_eq!(sent, properties.keys().collect());
}

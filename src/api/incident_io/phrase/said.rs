//! Where a value of a template comes from.
//!
//! The vendor's page writes texts as documents: JSON with paragraphs of texts and variables. Such a
//! document is understood if it is a text, or one variable.

use serde_json::Value as Json;

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::phrase::{Expression, Value};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// From where it usually comes.
    Usual,
    /// It is always this.
    Text(String),
    /// From this place of the payload, a JSON pointer.
    At(String),
}

/// Finds out where a value comes from. `usual` are the references of what it usually is.
pub fn read(
    value: &Value,
    usual: &[&str],
    expressions: &[Expression],
    field: &str,
) -> Result<Said, Failure> {
    match (&value.literal, &value.reference) {
        (Some(literal), None) => match document(literal) {
            None => Ok(Said::Text(literal.clone())),
            Some(Document::Text(text)) => Ok(Said::Text(text)),
            Some(Document::Variable(name)) => refer(&name, usual, expressions, field),
            Some(Document::Mixed) => {
                let message = "A text is either words or one variable here, not both.";
                Err(Failure::invalid(field, message))
            }
        },
        (None, Some(reference)) => refer(reference, usual, expressions, field),
        _ => Err(Failure::invalid(field, format!("{field} is either a literal or a reference."))),
    }
}

fn refer(
    reference: &str,
    usual: &[&str],
    expressions: &[Expression],
    field: &str,
) -> Result<Said, Failure> {
    if usual.contains(&reference) {
        return Ok(Said::Usual);
    }
    let known = expression_of(reference)
        .and_then(|name| expressions.iter().find(|expression| expression.reference == name));
    let Some(expression) = known else {
        let known: Vec<&str> = usual.iter().copied().chain(["the expressions"]).collect();
        let message =
            format!("There is nothing to refer to by that; there are {}.", known.join(", "));
        return Err(Failure::invalid(field, message));
    };
    let parse = expression.path("template.expressions")?;
    let pointer = pointer(&parse.source).ok_or_else(|| {
        let message = "A source is a path such as `$.metadata.team` here.";
        Failure::invalid("template.expressions", message)
    })?;
    Ok(Said::At(pointer))
}

/// The name within `expressions["…"]`.
fn expression_of(reference: &str) -> Option<&str> {
    let rest = reference.strip_prefix("expressions")?;
    let rest = rest.strip_prefix("[\"").and_then(|rest| rest.strip_suffix("\"]"));
    rest.or_else(|| reference.strip_prefix("expressions."))
}

enum Document {
    Text(String),
    Variable(String),
    Mixed,
}

/// What a literal says, if it is a document.
fn document(literal: &str) -> Option<Document> {
    let root: Json = serde_json::from_str(literal).ok()?;
    if root["type"] != "doc" {
        return None;
    }
    let (mut lines, mut variables) = (Vec::new(), Vec::new());
    for paragraph in root["content"].as_array().into_iter().flatten() {
        let mut line = String::new();
        for node in paragraph["content"].as_array().into_iter().flatten() {
            match node["type"].as_str() {
                Some("text") => line.push_str(node["text"].as_str()?),
                Some("varSpec") => variables.push(node["attrs"]["name"].as_str()?.to_owned()),
                Some("hardBreak") => line.push('\n'),
                _ => return Some(Document::Mixed),
            }
        }
        lines.push(line);
    }
    let text = lines.join("\n");
    Some(match variables.as_slice() {
        [] => Document::Text(text),
        [only] if text.trim().is_empty() => Document::Variable(only.clone()),
        _ => Document::Mixed,
    })
}

/// A path such as `$.metadata["the team"][0]` as a JSON pointer; nothing if it is another kind of path.
pub fn pointer(path: &str) -> Option<String> {
    let path = path.trim();
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    let mut pointer = String::new();
    // Without the sign for the whole, it begins with a name.
    let mut is_start = !path.starts_with('$');
    while !rest.is_empty() {
        let (name, after) = match rest.strip_prefix('[') {
            Some(inside) => bracketed(inside)?,
            None => {
                let named = if is_start { rest } else { rest.strip_prefix('.')? };
                let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
                let end = named.find(|c| !is_part(c)).unwrap_or(named.len());
                named.split_at(end)
            }
        };
        if name.is_empty() {
            return None;
        }
        is_start = false;
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        rest = after;
    }
    (!pointer.is_empty()).then_some(pointer)
}

/// What stands in brackets, and what comes behind them: a number, or a name in quotes.
fn bracketed(inside: &str) -> Option<(&str, &str)> {
    let quote = inside.chars().next()?;
    if matches!(quote, '"' | '\'') {
        let (name, after) = inside[1..].split_once(quote)?;
        return Some((name, after.strip_prefix(']')?));
    }
    let (number, after) = inside.split_once(']')?;
    number.bytes().all(|c| c.is_ascii_digit()).then_some((number, after))
}

/// A JSON pointer as a path.
pub fn path(pointer: &str) -> String {
    let names = pointer.split('/').skip(1);
    names.fold("$".to_owned(), |path, name| {
        let name = name.replace("~1", "/").replace("~0", "~");
        let is_plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if is_plain { format!("{path}.{name}") } else { format!("{path}[\"{name}\"]") }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const USUAL: &[&str] = &["alert.title", "title"];

    fn expression(source: &str) -> Expression {
        serde_json::from_value(json!({
            "label": "Team", "reference": "7ac7f3b6", "root_reference": "payload",
            "operations": [{"operation_type": "parse", "parse":
                {"source": source, "returns": {"type": "String", "array": false}}}],
        }))
        .unwrap()
    }

    fn said(value: Value) -> Result<Said, Failure> {
        read(&value, USUAL, &[expression("$.metadata.team")], "template.title")
    }

    #[test]
    fn a_value_is_words_or_one_variable() {
        let document = |content: Json| {
            let paragraph = json!({"type": "paragraph", "content": content});
            Value::text(json!({"type": "doc", "content": [paragraph]}).to_string())
        };
        let variable = |name: &str| json!({"type": "varSpec", "attrs": {"name": name}});
        let text = |text: &str| json!({"type": "text", "text": text});
        assert_eq!(said(Value::reference("alert.title")), Ok(Said::Usual));
        assert_eq!(said(document(json!([variable("title")]))), Ok(Said::Usual));
        assert_eq!(said(Value::text("Disk")), Ok(Said::Text("Disk".to_owned())));
        assert_eq!(said(document(json!([text("Disk")]))), Ok(Said::Text("Disk".to_owned())));
        let at = Ok(Said::At("/metadata/team".to_owned()));
        assert_eq!(said(Value::reference("expressions[\"7ac7f3b6\"]")), at);
        assert_eq!(said(document(json!([variable("expressions[\"7ac7f3b6\"]")]))), at);
        for value in [
            document(json!([text("Disk "), variable("title")])),
            Value::reference("expressions[\"none\"]"),
            Value::reference("incident.severity"),
            Value::default(),
        ] {
            assert!(said(value.clone()).is_err(), "{value:?}");
        }
    }

    #[test]
    fn a_path_is_a_pointer() {
        for (given, expected) in [
            ("$.metadata.team", "/metadata/team"),
            ("metadata.annotations[\"github.com/repo\"]", "/metadata/annotations/github.com~1repo"),
            ("$['a b'][0].c-d", "/a b/0/c-d"),
        ] {
            let found = pointer(given).unwrap();
            assert_eq!(found, expected);
            assert_eq!(pointer(&path(&found)).unwrap(), expected);
        }
        for bad in ["", "$", "$.", "$.a + 1", "$..a", "$.a[*]", "$.a[\"b", "$[0"] {
            assert_eq!(pointer(bad), None, "{bad}");
        }
    }
}

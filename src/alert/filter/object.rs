//! Reads an expression from JSON: `{"AND": [{"=": ["host", "x"]}, {"IN": ["env", ["a", "b"]]}]}`.

use serde_json::{Value, json};

use crate::alert::filter::{BadFilter, DEPTH_LIMIT, Expression, Filter, Pattern, Place, Size};

pub(super) fn read(value: &Value) -> Result<Filter, BadFilter> {
    match value {
        Value::String(text) => Filter::parse(text),
        value => Reader { depth: 0, size: Size::default() }.filter(value, ""),
    }
}

/// Writes an expression as JSON. What JSON has no operator for is a line of text.
pub(super) fn write(filter: &Filter) -> Value {
    match filter {
        Filter::Everything => "*".into(),
        Filter::Keyword(_) => filter.to_string().into(),
        Filter::Is { field, pattern, negated } => {
            json!({(if *negated { "!=" } else { "=" }): [field, written(pattern)]})
        }
        Filter::IsExactly { field, text } => json!({"===": [field, text]}),
        Filter::Among { field, patterns, negated } => {
            let values: Vec<Value> = patterns.iter().map(written).collect();
            json!({(if *negated { "NOT IN" } else { "IN" }): [field, values]})
        }
        Filter::All(filters) => json!({"AND": filters.iter().map(write).collect::<Vec<_>>()}),
        Filter::Any(filters) => json!({"OR": filters.iter().map(write).collect::<Vec<_>>()}),
    }
}

fn written(pattern: &Pattern) -> Value {
    match pattern {
        Pattern::Expression(expression) => {
            json!({"type": "formal-regex", "value": expression.as_str()})
        }
        Pattern::Text(parts) => match parts.as_slice() {
            [only] => only.as_str().into(),
            // A `*` that stands for itself can't be told from one that stands for anything.
            parts if parts.iter().any(|part| part.contains('*')) => {
                let parts: Vec<String> = parts.iter().map(|part| regex::escape(part)).collect();
                json!({"type": "formal-regex", "value": format!("(?s){}", parts.join(".*"))})
            }
            parts => json!({"type": "regex", "value": parts.join("*")}),
        },
    }
}

struct Reader {
    depth: usize,
    size: Size,
}

impl Reader {
    fn filter(&mut self, value: &Value, at: &str) -> Result<Filter, BadFilter> {
        if value == "*" {
            self.size.add(None).map_err(|why| bad(at, why))?;
            return Ok(Filter::Everything);
        }
        // A keyword has no operator: it is written as text wherever it stands.
        if let Value::String(text) = value
            && let Ok(keyword @ Filter::Keyword(_)) = Filter::parse(text)
        {
            if let Filter::Keyword(pattern) = &keyword {
                self.size.add(Some(pattern)).map_err(|why| bad(at, why))?;
            }
            return Ok(keyword);
        }
        let operators = "one of =, !=, ===, IN, NOT IN, AND, OR";
        let object = value.as_object().filter(|object| object.len() == 1);
        let Some((operator, operands)) = object.and_then(|object| object.iter().next()) else {
            return Err(bad(at, format!("an object with {operators} belongs here")));
        };
        let at = &below(at, operator);
        match operator.as_str() {
            "=" | "!=" => {
                let (field, value) = field_and(operands, at)?;
                let pattern = self.pattern(value, &below(at, "1"))?;
                Ok(Filter::Is { field, pattern, negated: operator == "!=" })
            }
            "===" => {
                let (field, value) = field_and(operands, at)?;
                match self.pattern(value, &below(at, "1"))? {
                    Pattern::Text(parts) if parts.len() == 1 => {
                        Ok(Filter::IsExactly { field, text: parts.concat() })
                    }
                    _ => Err(bad(&below(at, "1"), "=== compares with a plain text")),
                }
            }
            "IN" | "NOT IN" => {
                let (field, values) = field_and(operands, at)?;
                let at = &below(at, "1");
                let values = values.as_array().filter(|values| !values.is_empty());
                let values = values.ok_or_else(|| bad(at, "a list of values belongs here"))?;
                let patterns = values.iter().zip(0..);
                let patterns: Result<_, _> = patterns
                    .map(|(value, index)| self.pattern(value, &below(at, &index.to_string())))
                    .collect();
                Ok(Filter::Among { field, patterns: patterns?, negated: operator == "NOT IN" })
            }
            "AND" => self.several(operands, at, Filter::All),
            "OR" => self.several(operands, at, Filter::Any),
            _ => Err(bad(at, format!("there is no such operator; there are {operators}"))),
        }
    }

    fn several(
        &mut self,
        operands: &Value,
        at: &str,
        several: fn(Vec<Filter>) -> Filter,
    ) -> Result<Filter, BadFilter> {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(bad(at, format!("this stands more than {DEPTH_LIMIT} deep")));
        }
        let operands = operands.as_array().filter(|operands| !operands.is_empty());
        let operands = operands.ok_or_else(|| bad(at, "a list of conditions belongs here"))?;
        let filters = operands.iter().zip(0..);
        let filters: Result<Vec<Filter>, _> = filters
            .map(|(operand, index)| self.filter(operand, &below(at, &index.to_string())))
            .collect();
        let mut filters = filters?;
        self.depth -= 1;
        Ok(if filters.len() == 1 { filters.remove(0) } else { several(filters) })
    }

    fn pattern(&mut self, value: &Value, at: &str) -> Result<Pattern, BadFilter> {
        let pattern = match value {
            Value::String(text) => Pattern::exactly(text),
            Value::Number(number) => Pattern::exactly(number.to_string()),
            Value::Bool(flag) => Pattern::exactly(flag.to_string()),
            Value::Object(typed) => {
                let text = typed.get("value").and_then(Value::as_str);
                let text = text.ok_or_else(|| bad(at, "a text is missing as \"value\""))?;
                match typed.get("type").and_then(Value::as_str) {
                    Some("regex") => Pattern::wildcard(text),
                    Some("formal-regex") => Expression::new(text)
                        .map(Pattern::Expression)
                        .map_err(|why| bad(&below(at, "value"), why))?,
                    _ => return Err(bad(at, "\"type\" is \"regex\" or \"formal-regex\"")),
                }
            }
            _ => return Err(bad(at, "a value belongs here: a text, or an object with a type")),
        };
        self.size.add(Some(&pattern)).map_err(|why| bad(at, why))?;
        Ok(pattern)
    }
}

fn field_and<'v>(operands: &'v Value, at: &str) -> Result<(String, &'v Value), BadFilter> {
    match operands.as_array().map(Vec::as_slice) {
        Some([Value::String(field), value]) if !field.is_empty() => Ok((field.clone(), value)),
        _ => Err(bad(at, "a list of the field's name and its value belongs here")),
    }
}

fn below(at: &str, key: &str) -> String {
    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn bad(at: &str, why: impl Into<String>) -> BadFilter {
    BadFilter { place: Place::Pointer(at.to_owned()), why: why.into() }
}

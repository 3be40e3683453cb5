//! Forms in parts, as far as software sends text in them.

use serde_json::{Map, Value};

use crate::ingest::knock::Trouble;

/// The most parts that are read.
const PARTS: usize = 64;

/// What stands between the parts, if the type of a body is that of such a form.
pub fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let mut parameters = parameters.split(';').filter_map(|one| one.trim().split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?;
    let value = value.trim_matches('"');
    (!value.is_empty()).then(|| value.to_owned())
}

/// The fields of a form, as texts.
pub fn fields(body: &[u8], boundary: &str) -> Result<Value, Trouble> {
    let unreadable = || Trouble::Unreadable("The form can't be read.".to_owned());
    let text = std::str::from_utf8(body).map_err(|_| unreadable())?;
    // Before the first part there is a line's end too, if only a thought one.
    let text = format!("\r\n{text}");
    let mut fields = Map::new();
    for part in text.split(&format!("\r\n--{boundary}")).skip(1).take(PARTS) {
        if part.starts_with("--") {
            return Ok(Value::Object(fields));
        }
        let (head, content) = part.split_once("\r\n\r\n").ok_or_else(unreadable)?;
        if let Some(name) = name(head) {
            fields.insert(name, Value::String(content.to_owned()));
        }
    }
    Err(unreadable())
}

/// The name of a part's field.
fn name(head: &str) -> Option<String> {
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let (_, value) =
        lines.find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))?;
    let mut parameters = value.split(';').filter_map(|one| one.trim().split_once('='));
    let (_, name) = parameters.find(|(name, _)| name.eq_ignore_ascii_case("name"))?;
    Some(name.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_a_form_are_read() {
        let kind = "multipart/form-data; boundary=------axios-1.7.9-boundary";
        let boundary = boundary(kind).unwrap();
        let body = "--------axios-1.7.9-boundary\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n\
                    {\"msg\":\"x\"}\r\n--------axios-1.7.9-boundary\r\nContent-Disposition: form-data; name=\"more\"\r\n\
                    Content-Type: text/plain\r\n\r\na\r\nb\r\n--------axios-1.7.9-boundary--\r\n";
        let fields = fields(body.as_bytes(), &boundary).unwrap();
        assert_eq!(fields, serde_json::json!({"data": "{\"msg\":\"x\"}", "more": "a\r\nb"}));
    }

    #[test]
    fn what_is_no_such_form_is_refused() {
        assert_eq!(boundary("application/json; boundary=x"), None);
        assert_eq!(boundary("multipart/form-data"), None);
        assert_eq!(boundary("multipart/form-data; boundary="), None);
        for body in ["", "--x", "--x\r\n\r\n", "--x\r\nno head", "x--x--"] {
            assert!(fields(body.as_bytes(), "x").is_err(), "{body:?}");
        }
        assert!(fields(b"\xff", "x").is_err());
        assert!(fields("--x\r\nA: b\r\n\r\nc".repeat(100).as_bytes(), "x").is_err());
    }
}

//! The transformation of a body by which a source of any JSON is read: in the vendor's product a piece of
//! JavaScript, of which the plain form is understood here.
//!
//! ```text
//! return {title: $.name, status: $.state === 'ok' ? 'resolved' : 'firing', metadata: {team: $.team}}
//! ```
//!
//! A value is a path or a text. What is more than that is refused: running a part of it would be
//! another transformation.

use serde_json::{Map, Value as Json, json};

use crate::api::incident_io::phrase::said::pointer;

/// Where the template of the source has what the transformation makes.
const NAMES: [(&str, &str); 5] = [
    ("title", "title"),
    ("description", "description"),
    ("status", "status"),
    ("sourceURL", "link"),
    ("source_url", "link"),
];

/// The settings of a source that reads bodies like this; the reason, if there are none.
pub fn settings(expression: &str) -> Result<Map<String, Json>, String> {
    let mut reader = Reader(expression.trim());
    reader.word("return");
    let mut settings = Map::new();
    reader.object(|reader, name| {
        if name == "metadata" {
            let mut labels = Map::new();
            reader.object(|reader, label| {
                labels.insert(label.to_owned(), json!(reader.place()?));
                Ok(())
            })?;
            settings.insert("labels".to_owned(), json!(labels));
            return Ok(());
        }
        let known = NAMES.iter().find(|(theirs, _)| *theirs == name);
        let (_, ours) = known.ok_or_else(|| format!("`{name}` is not known here"))?;
        let place = reader.place()?;
        settings.insert((*ours).to_owned(), json!(place));
        if *ours == "status" {
            reader.choice(&mut settings)?;
        }
        Ok(())
    })?;
    reader.sign(';');
    match reader.0 {
        "" => Ok(settings),
        _ => Err("nothing may follow the object".to_owned()),
    }
}

/// What is left to read.
struct Reader<'t>(&'t str);

impl<'t> Reader<'t> {
    fn skip(&mut self) {
        self.0 = self.0.trim_start();
    }

    fn sign(&mut self, sign: char) -> bool {
        self.skip();
        let rest = self.0.strip_prefix(sign);
        self.0 = rest.unwrap_or(self.0);
        self.skip();
        rest.is_some()
    }

    fn word(&mut self, word: &str) -> bool {
        self.skip();
        let rest = self.0.strip_prefix(word);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, sign: char) -> Result<(), String> {
        match self.sign(sign) {
            true => Ok(()),
            false => {
                Err(format!("`{sign}` is missing; an object of paths and texts is understood here"))
            }
        }
    }

    /// `{name: …, name: …}`
    fn object(
        &mut self,
        mut each: impl FnMut(&mut Reader<'t>, &str) -> Result<(), String>,
    ) -> Result<(), String> {
        self.expect('{')?;
        while !self.sign('}') {
            let name = match self.text()? {
                Some(name) => name,
                None => self.take(|c| c.is_alphanumeric() || c == '_'),
            };
            if name.is_empty() {
                return Err("a name is missing".to_owned());
            }
            self.expect(':')?;
            each(self, name)?;
            if !self.sign(',') {
                self.expect('}')?;
                break;
            }
        }
        Ok(())
    }

    fn take(&mut self, is_part: impl Fn(char) -> bool) -> &'t str {
        let end = self.0.find(|c| !is_part(c)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    /// A text in quotes, if there is one. What is escaped in it is not understood.
    fn text(&mut self) -> Result<Option<&'t str>, String> {
        let Some(quote) = self.0.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
            return Ok(None);
        };
        let end = self.0[1..].find(quote).ok_or("a quote does not end")?;
        let (text, rest) = (&self.0[1..=end], &self.0[end + 2..]);
        if text.contains('\\') {
            return Err("nothing can be escaped in a text here".to_owned());
        }
        self.0 = rest;
        self.skip();
        Ok(Some(text))
    }

    /// A path or a text, as the template of a source writes it.
    fn place(&mut self) -> Result<String, String> {
        self.skip();
        if let Some(text) = self.text()? {
            return Ok(format!("={text}"));
        }
        let path = self.path();
        self.skip();
        pointer(path).filter(|_| path.starts_with('$')).ok_or_else(|| {
            "a value is a path such as `$.a.b`, or a text in quotes, and nothing more here"
                .to_owned()
        })
    }

    /// As much as can be part of a path: what stands in quotes within brackets may hold anything.
    fn path(&mut self) -> &'t str {
        let whole = self.0;
        let mut quote = None;
        let end = whole.find(|c: char| match quote {
            Some(open) => {
                if c == open {
                    quote = None;
                }
                false
            }
            None if matches!(c, '"' | '\'') => {
                quote = Some(c);
                false
            }
            None => !(c.is_alphanumeric() || "$._[]".contains(c)),
        });
        let (path, rest) = whole.split_at(end.unwrap_or(whole.len()));
        self.0 = rest;
        path
    }

    /// `=== 'ok' ? 'resolved' : 'firing'`, if that follows: the one word, and every other one.
    fn choice(&mut self, settings: &mut Map<String, Json>) -> Result<(), String> {
        if !self.word("===") && !self.word("==") {
            return Ok(());
        }
        self.skip();
        let unclear =
            || "a status is chosen as `$.a === 'x' ? 'resolved' : 'firing'` here".to_owned();
        let word = self.text()?.ok_or_else(unclear)?;
        self.expect('?')?;
        let if_so = self.text()?.ok_or_else(unclear)?;
        self.expect(':')?;
        let if_not = self.text()?.ok_or_else(unclear)?;
        match (if_so, if_not) {
            ("resolved", "firing") => settings.insert("resolved_values".to_owned(), json!([word])),
            _ => return Err(unclear()),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_texts_and_a_choice_are_understood() {
        let expression = "return {\n  title: $.name,\n  status: $.state === 'ok' ? 'resolved' : 'firing',\n  \
                          sourceURL: $[\"the url\"], metadata: { team: $.owner[0], env: 'prod', },\n};";
        let expected = json!({
            "title": "/name", "status": "/state", "resolved_values": ["ok"], "link": "/the url",
            "labels": {"team": "/owner/0", "env": "=prod"},
        });
        assert_eq!(json!(settings(expression).unwrap()), expected);
        assert_eq!(settings("{}").unwrap(), Map::new());
    }

    #[test]
    fn what_is_more_is_refused() {
        for bad in [
            "",
            "$.title",
            "return {title: $.title || 'x'}",
            "return {title: $.title + 'x'}",
            "return {title: f($.title)}",
            "return {title: $.a-1}",
            "return {title: name}",
            "return {titel: $.title}",
            "return {status: $.a === 'x' ? 'firing' : 'resolved'}",
            "return {status: $.a === 'x' ? 'resolved' : $.b}",
            "return {title: 'a\\'b'}",
            "return {title: 'a",
            "return {title: $.a} + 1",
            "return {title: $.a",
            "return {metadata: $.all}",
            "return {metadata: {a: {b: 'c'}}}",
        ] {
            assert!(settings(bad).is_err(), "{bad}");
        }
    }
}

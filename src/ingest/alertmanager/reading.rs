//! Alerts as Prometheus posts them, read straight into observations.
//!
//! This is the way that most alerts come, thousands in a second, so the body is gone through once:
//! no tree of values is built between, and what is read moves into the observation.

use std::collections::BTreeMap;
use std::collections::btree_map::IntoIter;
use std::fmt;
use std::time::Duration;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::alert::fingerprint;
use crate::alert::observation::{Ends, Link, Observation, Said, Status, TITLE_LIMIT};
use crate::clock::Timestamp;
use crate::incident::text::shorten;
use crate::ingest::alertmanager::time::Sent;

/// After this long without news an alert is over of which nobody has said when it ends.
pub const RESOLVE_TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// The most alerts in one request; Prometheus sends 256. Each is some bytes on the wire and a
/// hundred times that in memory.
pub const MOST: usize = 10_000;
/// The most mistakes that are named.
const NAMED: usize = 100;
/// What the link to the graph of an alert is called.
pub const SOURCE_LINK: &str = "Source";

/// What a request brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Alerts that can be taken.
    pub good: Vec<Observation>,
    /// What is wrong with each of the others.
    pub bad: Mistakes,
}

/// What is wrong with alerts that can't be taken.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mistakes {
    named: Vec<&'static str>,
    count: usize,
}

impl Mistakes {
    fn add(&mut self, mistake: &'static str) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named.push(mistake);
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All of them in a line, one after another as the original has them.
    pub fn to_line(&self) -> String {
        let mut line = self.named.join("; ");
        if self.count > self.named.len() {
            line.push_str(&format!("; and {} more", self.count - self.named.len()));
        }
        line
    }
}

/// What reading depends on besides the body.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// When it is read.
    pub now: Timestamp,
    /// After how long without news an alert without an end is over.
    pub resolve_timeout: Duration,
}

/// Reads the body of a request; the reason, if it is none.
pub fn read(body: &[u8], circumstances: Circumstances) -> Result<Read, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = Batch(circumstances).deserialize(&mut json)?;
    json.end()?;
    Ok(read)
}

struct Batch(Circumstances);

impl<'de> DeserializeSeed<'de> for Batch {
    type Value = Read;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Read, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Batch {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of alerts")
    }

    fn visit_unit<E>(self) -> Result<Read, E> {
        Ok(Read::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Read, A::Error> {
        let mut read = Read::default();
        while let Some(posted) = list.next_element::<Option<Posted>>()? {
            match posted.unwrap_or_default().observe(self.0) {
                Ok(_) if read.good.len() == MOST => {
                    return Err(A::Error::custom(format_args!(
                        "there are more than {MOST} alerts"
                    )));
                }
                Ok(observation) => read.good.push(observation),
                Err(mistake) => read.bad.add(mistake),
            }
        }
        Ok(read)
    }
}

#[derive(Default)]
struct Posted {
    labels: Named,
    annotations: Named,
    starts_at: Sent,
    ends_at: Sent,
    generator_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Field {
    Labels,
    Annotations,
    StartsAt,
    EndsAt,
    #[serde(rename = "generatorURL")]
    GeneratorUrl,
    #[serde(other)]
    Other,
}

/// Written out, because a derived one would take a list for an alert too.
impl<'de> Deserialize<'de> for Posted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PostedVisitor)
    }
}

struct PostedVisitor;

impl<'de> Visitor<'de> for PostedVisitor {
    type Value = Posted;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an alert")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Posted, A::Error> {
        let mut posted = Posted::default();
        while let Some(field) = map.next_key()? {
            match field {
                Field::Labels => posted.labels = map.next_value()?,
                Field::Annotations => posted.annotations = map.next_value()?,
                Field::StartsAt => posted.starts_at = map.next_value()?,
                Field::EndsAt => posted.ends_at = map.next_value()?,
                Field::GeneratorUrl => posted.generator_url = map.next_value()?,
                Field::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(posted)
    }
}

impl Posted {
    fn observe(
        self,
        Circumstances { now, resolve_timeout }: Circumstances,
    ) -> Result<Observation, &'static str> {
        let starts_at = self.starts_at.0.or(self.ends_at.0).unwrap_or(now);
        let ends = match self.ends_at.0 {
            Some(at) => Ends { at, assumed: false },
            None => Ends { at: now.plus(resolve_timeout), assumed: true },
        };
        if ends.at < starts_at {
            return Err("start time must be before end time");
        }
        if self.labels.0.contains_key("") {
            return Err("invalid label set: invalid name \"\"");
        }
        if self.labels.0.is_empty() {
            return Err("at least one label pair required");
        }
        if self.annotations.0.contains_key("") {
            return Err("invalid annotations: invalid name \"\"");
        }
        let (labels, annotations) = (self.labels.0, self.annotations.0);
        let is_over = ends.at <= now;
        let observation = Observation {
            key: fingerprint::of_labels(&labels),
            said: if is_over { Said::Resolved } else { Said::Firing },
            status: if is_over { Status::Ok } else { status(&labels) },
            title: title(&labels, &annotations),
            description: annotations.get("description").cloned().unwrap_or_default(),
            links: links(self.generator_url, &annotations),
            labels,
            annotations,
            starts_at: Some(starts_at),
            ends: (!is_over).then_some(ends),
            at: None,
        };
        Ok(observation.within_limits())
    }
}

/// How bad it is, by the label that everybody uses for it. What has none is taken for the worst.
fn status(labels: &BTreeMap<String, String>) -> Status {
    labels.get("severity").and_then(|word| Status::from_word(word)).unwrap_or(Status::Critical)
}

/// What is wrong, in a line.
fn title(labels: &BTreeMap<String, String>, annotations: &BTreeMap<String, String>) -> String {
    let said = ["summary", "title"].into_iter().find_map(|name| annotations.get(name));
    if let Some(title) = said.or_else(|| labels.get("alertname")) {
        return title.clone();
    }
    let mut title = String::new();
    for (name, value) in labels {
        if title.len() > TITLE_LIMIT {
            break;
        }
        let comma = if title.is_empty() { "" } else { ", " };
        title.push_str(&format!("{comma}{name}={}", shorten(value, TITLE_LIMIT)));
    }
    title
}

/// Where to look. What is no address that people may be sent to is left out later.
fn links(generator_url: Option<String>, annotations: &BTreeMap<String, String>) -> Vec<Link> {
    let source = generator_url.map(|href| Link { href, text: SOURCE_LINK.to_owned() });
    let mut links: Vec<Link> = source.into_iter().collect();
    for (name, href) in annotations {
        let text = match name.as_str() {
            "runbook_url" | "runbook" => "Runbook",
            name if is_about_a_dashboard(name) => "Dashboard",
            _ => continue,
        };
        links.push(Link { href: href.clone(), text: text.to_owned() });
    }
    links
}

fn is_about_a_dashboard(name: &str) -> bool {
    let word = b"dashboard";
    name.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}

/// Labels or annotations. An empty value is like none at all.
#[derive(Default)]
struct Named(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamedVisitor)
    }
}

struct NamedVisitor;

impl<'de> Visitor<'de> for NamedVisitor {
    type Value = Named;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("texts by name")
    }

    fn visit_unit<E>(self) -> Result<Named, E> {
        Ok(Named::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named, A::Error> {
        // Senders sort the names, and a tree is made at once of what is sorted. A list costs an
        // allocation or two where a tree that grows costs one for every few names.
        let mut pairs: Vec<(String, String)> = Vec::with_capacity(16);
        while let Some((name, value)) = map.next_entry::<String, Option<String>>()? {
            pairs.push((name, value.unwrap_or_default()));
        }
        // Of two of a name the later one counts, also if it is empty.
        let named: BTreeMap<String, String> = pairs.into_iter().collect();
        let has_empty = named.values().any(String::is_empty);
        Ok(Named(if has_empty { without_empty(named.into_iter()) } else { named }))
    }
}

fn without_empty(named: IntoIter<String, String>) -> BTreeMap<String, String> {
    named.filter(|(_, value)| !value.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

    fn read_text(body: &str) -> Result<Read, serde_json::Error> {
        read(body.as_bytes(), Circumstances { now: NOW, resolve_timeout: RESOLVE_TIMEOUT })
    }

    fn one(alert: serde_json::Value) -> Observation {
        let mut read = read_text(&json!([alert]).to_string()).unwrap();
        assert_eq!(read.bad.to_line(), "");
        assert_eq!(read.good.len(), 1);
        read.good.remove(0)
    }

    fn mistakes(alerts: serde_json::Value) -> String {
        read_text(&alerts.to_string()).unwrap().bad.to_line()
    }

    #[test]
    fn what_prometheus_sends_is_read() {
        let body = include_str!("../../../tests/data/alerts/prometheus_firing.json");
        let at = |time: &str| {
            let now = time.parse::<jiff::Timestamp>().unwrap().into();
            let circumstances = Circumstances { now, resolve_timeout: RESOLVE_TIMEOUT };
            let mut read = read(body.as_bytes(), circumstances).unwrap();
            assert_eq!(read.bad.to_line(), "");
            read.good.remove(0)
        };
        let alert = at("2026-11-20T23:15:00Z");
        assert_eq!((alert.said, alert.status), (Said::Firing, Status::Critical));
        assert_eq!((alert.title.as_str(), alert.description.as_str()), ("dead down", "value 0"));
        assert_eq!(alert.labels.len(), 6);
        assert_eq!(alert.key, fingerprint::of_labels(&alert.labels));
        assert!(alert.ends.is_some_and(|ends| !ends.assumed));
        // Once its end has passed, the same body says that it is over.
        let over = at("2026-11-20T23:18:33.632Z");
        assert_eq!((over.said, over.status, over.ends), (Said::Resolved, Status::Ok, None));
        assert_eq!(over.key, alert.key);
    }

    #[test]
    fn what_vmalert_sends_is_read() {
        let read =
            read_text(include_str!("../../../tests/data/alerts/vmalert_firing.json")).unwrap();
        assert_eq!(read.bad.to_line(), "");
        let alert = &read.good[0];
        assert_eq!((alert.said, alert.status), (Said::Firing, Status::Warning));
        assert_eq!(alert.starts_at.map(Timestamp::as_micros), Some(1_795_216_237_129_595));
    }

    #[test]
    fn an_alert_is_read_with_all_that_it_says() {
        let alert = one(json!({
            "labels": {"alertname": "DiskFull", "severity": "warning", "host": "db-1", "empty": ""},
            "annotations": {
                "summary": "The disk of db-1 is full",
                "description": "93 % used",
                "runbook_url": "https://runbooks.example/disk",
                "dashboard_url": "https://grafana.example/d/1",
                "other_url": "https://other.example",
            },
            "startsAt": "2026-09-21T14:00:00Z",
            "endsAt": "2026-09-21T14:17:20Z",
            "generatorURL": "http://prometheus.example/graph?g0.expr=x",
            "later": {"unknown": [1, 2]},
        }));
        assert_eq!(alert.said, Said::Firing);
        assert_eq!(alert.status, Status::Warning);
        assert_eq!(alert.title, "The disk of db-1 is full");
        assert_eq!(alert.description, "93 % used");
        assert_eq!(alert.labels.len(), 3);
        assert_eq!(alert.annotations.len(), 5);
        let texts: Vec<&str> = alert.links.iter().map(|link| link.text.as_str()).collect();
        assert_eq!(texts, [SOURCE_LINK, "Dashboard", "Runbook"]);
        assert_eq!(
            alert.starts_at,
            Some("2026-09-21T14:00:00Z".parse::<jiff::Timestamp>().unwrap().into())
        );
        assert_eq!(
            alert.ends,
            Some(Ends { at: NOW.plus(Duration::from_secs(240)), assumed: false })
        );
    }

    #[test]
    fn what_is_left_out_is_filled_in() {
        let zero = "0001-01-01T00:00:00.000Z";
        let assumed = Some(Ends { at: NOW.plus(RESOLVE_TIMEOUT), assumed: true });
        for alert in [
            json!({"labels": {"alertname": "A"}}),
            json!({"labels": {"alertname": "A"}, "startsAt": zero, "endsAt": zero}),
            json!({"labels": {"alertname": "A"}, "startsAt": null, "endsAt": "", "annotations": null}),
        ] {
            let read = one(alert);
            assert_eq!((read.starts_at, read.ends, read.said), (Some(NOW), assumed, Said::Firing));
            assert_eq!((read.title.as_str(), read.status), ("A", Status::Critical));
        }
        // Where only the end is said, it is the beginning too.
        let ended = one(json!({"labels": {"a": "b"}, "endsAt": "2026-09-21T14:13:20Z"}));
        assert_eq!((ended.starts_at, ended.said, ended.ends), (Some(NOW), Said::Resolved, None));
        assert_eq!(ended.title, "a=b");
    }

    #[test]
    fn an_alert_is_known_by_its_labels_but_not_by_empty_ones() {
        let plain = one(json!({"labels": {"a": "b"}}));
        let padded =
            one(json!({"labels": {"x": "", "a": "b", "y": null}, "annotations": {"n": "m"}}));
        assert_eq!(plain.key, padded.key);
        // What is too long to be kept whole still tells two alerts apart.
        let long = |end: &str| one(json!({"labels": {"a": "x".repeat(5_000) + end}}));
        assert_eq!(long("1").labels, long("2").labels);
        assert_ne!(long("1").key, long("2").key);
    }

    #[test]
    fn the_good_ones_of_a_batch_are_read_and_the_bad_ones_named() {
        let read = read_text(
            r#"[{"labels":{"a":"b"}},{"labels":{"a":""}},{"labels":{"":"x"}},null,
                {"labels":{"c":"d"},"startsAt":"2026-01-02T00:00:00Z","endsAt":"2026-01-01T00:00:00Z"},
                {"labels":{"bad-name":"utf-8 is legal"}},{"labels":{"a":"c"},"annotations":{"":"x"}}]"#,
        )
        .unwrap();
        assert_eq!(read.good.len(), 2);
        assert_eq!(
            read.bad.to_line(),
            "at least one label pair required; invalid label set: invalid name \"\"; \
             at least one label pair required; start time must be before end time; \
             invalid annotations: invalid name \"\""
        );
    }

    #[test]
    fn mistakes_without_number_are_counted_but_not_all_named() {
        let line = mistakes(vec![json!({}); 5_000].into());
        assert!(line.ends_with("; and 4900 more") && line.len() < 5_000, "{line}");
    }

    #[test]
    fn what_is_no_list_of_alerts_is_refused() {
        let many = format!("[{}]", vec![r#"{"labels":{"a":"b"}}"#; MOST + 1].join(","));
        for body in [
            "",
            "{",
            "[",
            "[{]",
            "7",
            "\"x\"",
            "{}",
            "[7]",
            "[[]]",
            r#"[{"labels":[]}]"#,
            r#"[{"labels":{"a":1}}]"#,
            r#"[{"labels":{"a":{}}}]"#,
            r#"[{"labels":{"a":"b"},"startsAt":"soon"}]"#,
            r#"[{"labels":{"a":"b"},"endsAt":7}]"#,
            "[] x",
            r#"[{"labels":{"a":"\ud800"}}]"#,
            &many,
        ] {
            assert!(read_text(body).is_err(), "{}", &body[..body.len().min(80)]);
        }
        for body in ["null", "[]", " [ ] "] {
            assert_eq!(read_text(body).unwrap(), Read::default());
        }
        // What nobody asks for may be as deep as it likes: it is not kept.
        let (opened, closed) = ("[".repeat(100_000), "]".repeat(100_000));
        let deep = format!(r#"[{{"labels":{{"a":"b"}},"x":{opened}{closed}}}]"#);
        assert_eq!(read_text(&deep).unwrap().good.len(), 1);
    }

    proptest! {
        #[test]
        fn whatever_the_texts_are_they_are_read(
            labels in prop::collection::btree_map(".{0,12}", ".{0,40}", 0..6),
            annotations in prop::collection::btree_map("[a-z_]{1,12}", ".{0,40}", 0..6),
        ) {
            let body = json!([{"labels": labels, "annotations": annotations}]).to_string();
            let read = read_text(&body).unwrap();
            let said: BTreeMap<String, String> = labels.into_iter().filter(|(_, value)| !value.is_empty()).collect();
            let is_good = !said.is_empty() && !said.contains_key("");
            prop_assert_eq!(read.good.len(), usize::from(is_good));
            prop_assert_eq!(read.bad.is_empty(), is_good);
            if let Some(alert) = read.good.first() {
                prop_assert_eq!(&alert.key, &fingerprint::of_labels(&said));
            }
        }

        #[test]
        fn broken_bodies_are_refused_and_nothing_worse(cut in 0_usize..1_000, byte: u8) {
            let mut body = include_bytes!("../../../tests/data/alerts/prometheus_firing.json").to_vec();
            let at = cut % body.len();
            body[at] = byte;
            let circumstances = Circumstances { now: NOW, resolve_timeout: RESOLVE_TIMEOUT };
            let _ = read(&body, circumstances).map(|read| read.good.len());
            let _ = read(&body[..at], circumstances).map(|read| read.good.len());
        }
    }
}

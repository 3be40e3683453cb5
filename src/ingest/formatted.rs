//! The formatted webhook that Grafana OnCall has made common: one alert, in words for people. Uptime
//! Kuma and others send it too.

use serde_json::Value;

use crate::alert::observation::{Observation, Said, Status};
use crate::ingest::knock::Trouble;
use crate::ingest::values::{self, first_text, text};

/// Whether a body is one of these.
pub fn is_formatted(body: &Value) -> bool {
    ["alert_uid", "link_to_upstream_details"].iter().any(|field| body.get(*field).is_some())
        || (body.get("state").is_some() && body.get("alerts").is_none())
}

/// Reads one. Without an id of its own it belongs to nothing that came before and nothing that
/// comes after: it is known by `fresh`, and if it says that something is over, nobody can say what:
/// then there is nothing to take.
pub fn read(body: &Value, fresh: impl FnOnce() -> String) -> Result<Option<Observation>, Trouble> {
    let said = match text(body, "state").to_ascii_lowercase().as_str() {
        "alerting" | "firing" | "" => Said::Firing,
        "ok" | "resolved" => Said::Resolved,
        other => {
            let other = crate::incident::text::shorten(other, 50);
            let why = format!("`state` has to be `alerting` or `ok`, not \u{201c}{other}\u{201d}.");
            return Err(Trouble::Unreadable(why));
        }
    };
    let uid = text(body, "alert_uid");
    if uid.is_empty() && said == Said::Resolved {
        return Ok(None);
    }
    let key = if uid.is_empty() { fresh() } else { values::key(&uid) };
    let title = first_text(body, &["title", "message", "alert_uid"]);
    let mut observation = Observation {
        said,
        status: if said == Said::Firing { Status::Critical } else { Status::Ok },
        title: if title.is_empty() { "An alert without a title".to_owned() } else { title },
        description: text(body, "message"),
        ..Observation::firing(key, "")
    };
    values::put(&mut observation.labels, "alert_uid", uid);
    let links = &mut observation.links;
    values::link(links, &text(body, "link_to_upstream_details"), "Details");
    values::link(links, &text(body, "image_url"), "Image");
    Ok(Some(observation.within_limits()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fresh() -> String {
        "fresh".to_owned()
    }

    #[test]
    fn a_formatted_alert_is_known_by_its_uid() {
        let body = json!({
            "alert_uid": "08d6891a-835c-e661-39fa-96b6a9e26552",
            "title": "The whole system is down",
            "image_url": "https://images.example/cat.png",
            "state": "alerting",
            "link_to_upstream_details": "https://status.example/",
            "message": "Smth happened. Oh no!",
        });
        assert!(is_formatted(&body));
        let said = read(&body, fresh).unwrap().unwrap();
        assert_eq!(said.key, "08d6891a-835c-e661-39fa-96b6a9e26552");
        assert_eq!((said.said, said.title.as_str()), (Said::Firing, "The whole system is down"));
        assert_eq!(said.links.len(), 2);
        let over = json!({"alert_uid": "1", "state": "OK"});
        assert_eq!(read(&over, fresh).unwrap().unwrap().said, Said::Resolved);
    }

    #[test]
    fn without_a_uid_it_belongs_to_nothing() {
        let body = json!({"state": "alerting", "title": "x"});
        assert!(is_formatted(&body));
        assert_eq!(read(&body, fresh).unwrap().unwrap().key, "fresh");
        assert_eq!(read(&json!({"state": "ok"}), fresh).unwrap(), None);
        assert!(read(&json!({"state": "purple"}), fresh).is_err());
        assert!(!is_formatted(&json!({"alerts": [], "state": "ok"})));
    }
}

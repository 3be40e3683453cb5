//! The kinds of senders.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::SourceId;

/// What a source sends, and how it proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Prometheus or vmalert, to which Stentor is an Alertmanager (its API v2).
    Alertmanager,
    /// An Alertmanager's webhook, version 4.
    AlertmanagerWebhook,
    /// Grafana's webhook, and its formatted form.
    Grafana,
    /// PagerDuty Events API v2.
    Pagerduty,
    /// Opsgenie's Alert API.
    Opsgenie,
    /// Sentry's integration platform.
    Sentry,
    /// Datadog's webhook, with our template.
    Datadog,
    /// CloudWatch alarms through SNS.
    Sns,
    /// Uptime Kuma's webhook.
    UptimeKuma,
    /// Deployments of GitHub: changes, not alerts.
    Github,
    /// CloudEvents 1.0 over HTTP.
    Cloudevents,
    /// Any JSON, read by a template.
    Generic,
    /// incident.io's alert events.
    IncidentIo,
    /// BigPanda's alerts.
    Bigpanda,
    /// Pings of what is well: their absence is the alert.
    Heartbeat,
    /// The workspace's own alert rules, which send from within.
    Rules,
}

/// Every kind with the words for it; the first is the one that is shown.
const WORDS: &[(Kind, &[&str])] = &[
    (Kind::Alertmanager, &["alertmanager", "prometheus", "vmalert"]),
    (Kind::AlertmanagerWebhook, &["alertmanager-webhook"]),
    (Kind::Grafana, &["grafana"]),
    (Kind::Pagerduty, &["pagerduty"]),
    (Kind::Opsgenie, &["opsgenie"]),
    (Kind::Sentry, &["sentry"]),
    (Kind::Datadog, &["datadog"]),
    (Kind::Sns, &["sns", "cloudwatch"]),
    (Kind::UptimeKuma, &["uptime-kuma", "uptimekuma"]),
    (Kind::Github, &["github"]),
    (Kind::Cloudevents, &["cloudevents"]),
    (Kind::Generic, &["generic", "json", "webhook"]),
    (Kind::IncidentIo, &["incident-io", "incidentio", "http"]),
    (Kind::Bigpanda, &["bigpanda"]),
    (Kind::Heartbeat, &["heartbeat"]),
    (Kind::Rules, &["rules"]),
];

impl Kind {
    /// Every kind that somebody can make a source of.
    pub fn all() -> impl Iterator<Item = Kind> {
        WORDS.iter().map(|(kind, _)| *kind).filter(|kind| *kind != Kind::Rules)
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        WORDS.iter().find(|(kind, _)| *kind == self).map_or("", |(_, words)| words[0])
    }

    /// Whether it signs what it sends: then its secret has to be kept, and not just a hash.
    pub fn signs(self) -> bool {
        matches!(self, Kind::Sentry | Kind::Github | Kind::Grafana)
    }

    /// Where it sends to, behind the public address.
    pub fn path(self, id: &SourceId, secret: &str) -> String {
        match self {
            Kind::Alertmanager => "/alertmanager".to_owned(),
            Kind::Pagerduty => format!("/hooks/{id}/v2/enqueue"),
            Kind::IncidentIo => format!("/hooks/{id}/v2/alert_events/http/{id}"),
            Kind::Bigpanda => format!("/hooks/{id}/data/v2/alerts"),
            Kind::Heartbeat => format!("/hooks/{id}/ping"),
            // These can show a secret nowhere else.
            Kind::Sns | Kind::UptimeKuma => format!("/hooks/{id}/key/{secret}"),
            _ => format!("/hooks/{id}"),
        }
    }

    /// What has to be pasted into the sender's settings, where people write themselves what it sends.
    pub fn template(self) -> Option<&'static str> {
        (self == Kind::Datadog).then_some(crate::ingest::datadog::TEMPLATE)
    }

    /// For how long after its end an alert that comes back is the same one; nothing if it is always
    /// a new one.
    pub fn reopens_within(self) -> Option<Duration> {
        match self {
            Kind::Pagerduty | Kind::Opsgenie | Kind::Rules => None,
            _ => Some(Duration::from_secs(60 * 60)),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = text.trim().to_ascii_lowercase().replace('_', "-");
        let found = WORDS.iter().find(|(_, words)| words.contains(&word.as_str()));
        found.map(|(kind, _)| *kind).ok_or_else(|| {
            let known: Vec<&str> = Kind::all().map(Kind::as_str).collect();
            format!(
                "there is no kind of source called \u{201c}{text}\u{201d}; there are: {}",
                known.join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_words() {
        for (kind, words) in WORDS {
            for word in *words {
                assert_eq!(word.parse::<Kind>().as_ref(), Ok(kind));
            }
            assert_eq!(serde_json::from_value::<Kind>(serde_json::json!(kind)).unwrap(), *kind);
        }
        assert!("nagios".parse::<Kind>().unwrap_err().contains("pagerduty"));
        assert_eq!("Uptime_Kuma".parse(), Ok(Kind::UptimeKuma));
    }
}

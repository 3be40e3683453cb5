//! What bodies say of sources, and which settings of ours that is.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::api::incident_io::echo::Document;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::phrase::{ConditionGroup, transform};
use crate::api::incident_io::source_template::Template;
use crate::ingest::heartbeat;
use crate::ingest::kind::Kind;
use crate::store::alert_attributes::Kept;
use crate::store::sources::{AlertSource, SourceSettings};

/// The words of this format for what sources send. Of several for a kind the first is the one that is
/// shown.
const TYPES: [(&str, Kind); 11] = [
    ("alertmanager", Kind::AlertmanagerWebhook),
    ("datadog", Kind::Datadog),
    ("grafana", Kind::Grafana),
    ("heartbeat", Kind::Heartbeat),
    ("http", Kind::IncidentIo),
    ("http_custom", Kind::Generic),
    ("opsgenie", Kind::Opsgenie),
    ("pager_duty", Kind::Pagerduty),
    ("sentry", Kind::Sentry),
    ("sns", Kind::Sns),
    ("cloudwatch", Kind::Sns),
];
/// The longest time without news after which an alert resolves by itself, in minutes: a year.
const LONGEST: i64 = 366 * 24 * 60;

/// The kind that is meant by a word of this format.
pub fn kind_of(source_type: &str) -> Result<Kind, Failure> {
    let found = TYPES.iter().find(|(word, _)| *word == source_type);
    found.map(|(_, kind)| *kind).ok_or_else(|| {
        let known: Vec<&str> = TYPES.iter().map(|(word, _)| *word).collect();
        let message = format!("There is no such source here; there are {}.", known.join(", "));
        Failure::invalid("source_type", message)
    })
}

/// The word of this format for a kind. For some it has none: they are sources of any JSON.
fn type_of(kind: Kind) -> &'static str {
    let found = TYPES.iter().find(|(_, known)| *known == kind);
    match kind {
        Kind::Alertmanager => "alertmanager",
        _ => found.map_or("http_custom", |(word, _)| *word),
    }
}

/// How bodies of any kind become alerts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpCustom {
    transform_expression: String,
    deduplication_key_path: String,
}

/// How often pings are expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    interval_seconds: i64,
    #[serde(default)]
    failure_threshold: Option<i64>,
    #[serde(default)]
    grace_period_seconds: Option<i64>,
}

/// What a body says of a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceBody {
    /// What it is called.
    pub name: String,
    /// What it sends; said once.
    #[serde(default)]
    pub source_type: Option<String>,
    template: Template,
    #[serde(default)]
    auto_resolve_timeout_minutes: Option<i64>,
    #[serde(default)]
    auto_resolve_incident_alerts: Option<bool>,
    #[serde(default)]
    disabled: Option<bool>,
    #[serde(default)]
    heartbeat_options: Option<Heartbeat>,
    #[serde(default)]
    http_custom_options: Option<HttpCustom>,
    #[serde(default)]
    filter_condition_groups: Option<Vec<ConditionGroup>>,
    #[serde(default)]
    owning_team_ids: Option<Vec<String>>,
    #[serde(default)]
    fixed_team_id: Option<String>,
    #[serde(default)]
    azure_devops_options: Option<Json>,
    #[serde(default)]
    email_options: Option<Json>,
    #[serde(default)]
    jira_options: Option<Json>,
    #[serde(default)]
    rate_limit_sharding: Option<Json>,
}

impl Document for SourceBody {
    const ABOUT: &'static str = "incident-io/alert-source";

    fn attributes(&self) -> Vec<&str> {
        self.template.attribute_ids()
    }
}

impl SourceBody {
    /// The kind that a new source is of.
    pub fn kind(&self) -> Result<Kind, Failure> {
        let word = self.source_type.as_deref().ok_or_else(|| Failure::missing("source_type"))?;
        kind_of(word)
    }

    /// The same with what is said once, or can be left out when a source is replaced.
    pub fn after(self, before: SourceBody) -> SourceBody {
        SourceBody {
            source_type: before.source_type,
            heartbeat_options: self.heartbeat_options.or(before.heartbeat_options),
            http_custom_options: self.http_custom_options.or(before.http_custom_options),
            ..self
        }
    }

    /// The settings by which a source of this kind does what this says. What this format does not speak
    /// of stays as it was.
    pub fn settings(
        &self,
        kind: Kind,
        attributes: &[Kept],
        before: Option<&SourceSettings>,
    ) -> Result<SourceSettings, Failure> {
        self.refuse_what_is_not_here(kind)?;
        let mut settings = before.cloned().unwrap_or_default();
        settings.resolve_after_minutes = self.resolve_after()?;
        match (kind, &self.http_custom_options, &self.heartbeat_options) {
            (Kind::Generic, Some(options), _) => settings.door = options.door()?,
            (Kind::Generic, None, _) if before.is_none() => {
                return Err(Failure::missing("http_custom_options"));
            }
            (Kind::Heartbeat, _, Some(options)) => {
                settings.door = options.door(self.disabled == Some(true))?;
            }
            (Kind::Heartbeat, _, None) => return Err(Failure::missing("heartbeat_options")),
            _ => {}
        }
        self.template.lay_down(kind, attributes, &mut settings)?;
        Ok(settings)
    }

    fn resolve_after(&self) -> Result<Option<u32>, Failure> {
        let Some(minutes) = self.auto_resolve_timeout_minutes else { return Ok(None) };
        if self.auto_resolve_incident_alerts == Some(false) {
            let message =
                "An alert resolves by itself here whether it is part of an incident or not.";
            return Err(Failure::invalid("auto_resolve_incident_alerts", message));
        }
        let minutes =
            u32::try_from(minutes).ok().filter(|it| (1..=LONGEST).contains(&i64::from(*it)));
        let message = format!("This is a number of minutes from 1 to {LONGEST}.");
        minutes.ok_or_else(|| Failure::invalid("auto_resolve_timeout_minutes", message)).map(Some)
    }

    /// What would be shown again and not be so is not taken.
    fn refuse_what_is_not_here(&self, kind: Kind) -> Result<(), Failure> {
        let has_teams = self.owning_team_ids.as_ref().is_some_and(|ids| !ids.is_empty());
        let has_filter =
            self.filter_condition_groups.as_ref().is_some_and(|groups| !groups.is_empty());
        let only_of = |wanted: Kind, is_there: bool| is_there && kind != wanted;
        for (field, is_there, message) in [
            ("owning_team_ids", has_teams, "There are no teams here."),
            (
                "fixed_team_id",
                self.fixed_team_id.as_ref().is_some_and(|id| !id.is_empty()),
                "There are no teams here.",
            ),
            (
                "filter_condition_groups",
                has_filter,
                "A source takes everything here; a route says what becomes of it.",
            ),
            ("azure_devops_options", self.azure_devops_options.is_some(), "Not for such a source."),
            ("email_options", self.email_options.is_some(), "Not for such a source."),
            ("jira_options", self.jira_options.is_some(), "Not for such a source."),
            (
                "rate_limit_sharding",
                self.rate_limit_sharding.is_some(),
                "A source has one limit here.",
            ),
            (
                "heartbeat_options",
                only_of(Kind::Heartbeat, self.heartbeat_options.is_some()),
                "Not for such a source.",
            ),
            (
                "http_custom_options",
                only_of(Kind::Generic, self.http_custom_options.is_some()),
                "Not for such a source.",
            ),
            (
                "disabled",
                only_of(Kind::Heartbeat, self.disabled == Some(true)),
                "Only a source of heartbeats can rest.",
            ),
        ] {
            if is_there {
                return Err(Failure::invalid(field, message));
            }
        }
        Ok(())
    }

    /// What would have been written about a source that was laid down elsewhere.
    pub fn drawn(source: &AlertSource, attributes: &[Kept]) -> SourceBody {
        let settings = &source.settings;
        let heartbeat = (source.kind == Kind::Heartbeat)
            .then(|| heartbeat::Settings::read(&settings.door).unwrap_or_default());
        SourceBody {
            name: source.name.clone(),
            source_type: Some(type_of(source.kind).to_owned()),
            template: Template::drawn(source.kind, settings, attributes),
            auto_resolve_timeout_minutes: settings.resolve_after_minutes.map(i64::from),
            auto_resolve_incident_alerts: None,
            disabled: None,
            heartbeat_options: heartbeat.map(|known| Heartbeat {
                interval_seconds: i64::from(known.interval_seconds),
                failure_threshold: Some(i64::from(known.failure_threshold)),
                grace_period_seconds: Some(i64::from(known.grace_period_seconds)),
            }),
            http_custom_options: None,
            filter_condition_groups: None,
            owning_team_ids: None,
            fixed_team_id: None,
            azure_devops_options: None,
            email_options: None,
            jira_options: None,
            rate_limit_sharding: None,
        }
    }

    /// As answers show it; `base` is where Stentor is reached, and `events_url` where the source sends to.
    pub fn shown(&self, source: &AlertSource, base: &str, events_url: Option<String>) -> Json {
        let mut shown = json!({
            "id": source.id,
            "name": self.name,
            "source_type": self.source_type.as_deref().unwrap_or_else(|| type_of(source.kind)),
            "template": self.template.shown(),
        });
        let mut say = |name: &str, value: Option<Json>| {
            if let Some(value) = value {
                shown[name] = value;
            }
        };
        say("alert_events_url", events_url.map(|url| json!(url)));
        say("auto_resolve_timeout_minutes", self.auto_resolve_timeout_minutes.map(|it| json!(it)));
        say("auto_resolve_incident_alerts", self.auto_resolve_incident_alerts.map(|it| json!(it)));
        say("http_custom_options", self.http_custom_options.as_ref().map(|it| json!(it)));
        say("owning_team_ids", self.owning_team_ids.as_ref().map(|it| json!(it)));
        let ping_url = format!("{base}/incident-io/v2/heartbeat/{}/ping", source.id);
        say("heartbeat_options", self.heartbeat_options.as_ref().map(|it| it.shown(ping_url)));
        shown
    }
}

impl HttpCustom {
    /// The template by which any JSON is read like this.
    fn door(&self) -> Result<Json, Failure> {
        let mut door = transform::settings(&self.transform_expression).map_err(|reason| {
            let message = format!("This transformation can't be carried out: {reason}.");
            Failure::invalid("http_custom_options.transform_expression", message)
        })?;
        let path = &self.deduplication_key_path;
        let pointer = crate::api::incident_io::phrase::said::pointer(path).ok_or_else(|| {
            let message = "The key is at a path such as `$.alert_id`.";
            Failure::invalid("http_custom_options.deduplication_key_path", message)
        })?;
        door.insert("key".to_owned(), json!(pointer));
        Ok(Json::Object(door))
    }
}

impl Heartbeat {
    fn door(&self, paused: bool) -> Result<Json, Failure> {
        let number = |field: &str, number: Option<i64>, usual: u32| match number {
            None => Ok(usual),
            Some(number) => u32::try_from(number).map_err(|_| {
                Failure::invalid(
                    &format!("heartbeat_options.{field}"),
                    "This is too small or too large.",
                )
            }),
        };
        let settings = heartbeat::Settings {
            interval_seconds: number("interval_seconds", Some(self.interval_seconds), 0)?,
            failure_threshold: number("failure_threshold", self.failure_threshold, 1)?,
            grace_period_seconds: number("grace_period_seconds", self.grace_period_seconds, 0)?,
            paused,
        };
        let door = json!(settings);
        heartbeat::check_settings(&door)
            .map_err(|reason| Failure::invalid("heartbeat_options", format!("{reason}.")))?;
        Ok(door)
    }

    fn shown(&self, ping_url: String) -> Json {
        json!({
            "interval_seconds": self.interval_seconds,
            "failure_threshold": self.failure_threshold.unwrap_or(1),
            "grace_period_seconds": self.grace_period_seconds.unwrap_or(0),
            "ping_url": ping_url,
        })
    }
}

/// What is to be looked at before a source is made.
#[derive(Debug, Deserialize)]
pub struct Draft {
    source_type: String,
    template: Template,
    #[serde(default)]
    owning_team_ids: Option<Vec<String>>,
}

impl Draft {
    /// Whether a source could have this template.
    pub fn check(&self, attributes: &[Kept]) -> Result<(), Failure> {
        let kind = kind_of(&self.source_type)?;
        if self.owning_team_ids.as_ref().is_some_and(|ids| !ids.is_empty()) {
            return Err(Failure::invalid("owning_team_ids", "There are no teams here."));
        }
        self.template.lay_down(kind, attributes, &mut SourceSettings::default())
    }
}

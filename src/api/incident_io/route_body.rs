//! What bodies say of alert routes, and which route of ours that is.
//!
//! What a route of ours can't do is refused by name. What this format does not speak of, such as who is
//! invited, stays as it was.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::alert::filter::Filter;
use crate::alert::settings::{Grouping, Kept, Opens, Route};
use crate::api::incident_io::echo::Document;
use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::phrase::condition::{self, EVERY_STATUS, attribute_of};
use crate::api::incident_io::phrase::{Binding, ConditionGroup, shown_groups};
use crate::api::incident_io::route_template::IncidentTemplate;
use crate::ids::{PathId, SourceId, UserId};
use crate::store::alert_attributes;

/// What a body says of a route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteBody {
    /// What it is called.
    pub name: String,
    enabled: bool,
    is_private: bool,
    /// The version that a change makes.
    #[serde(default)]
    pub version: Option<i64>,
    alert_sources: Vec<RouteSource>,
    condition_groups: Vec<ConditionGroup>,
    expressions: Vec<Json>,
    channel_config: Vec<Json>,
    escalation_config: EscalationConfig,
    incident_config: IncidentConfig,
    incident_template: IncidentTemplate,
    #[serde(default)]
    message_template: Option<Binding>,
    #[serde(default)]
    owning_team_ids: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct RouteSource {
    alert_source_id: String,
    condition_groups: Vec<ConditionGroup>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct EscalationConfig {
    auto_cancel_escalations: bool,
    escalation_targets: Vec<EscalationTarget>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct EscalationTarget {
    #[serde(default)]
    escalation_paths: Option<Binding>,
    #[serde(default)]
    users: Option<Binding>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct IncidentConfig {
    enabled: bool,
    condition_groups: Vec<ConditionGroup>,
    grouping_keys: Vec<GroupingKey>,
    grouping_window_seconds: i64,
    defer_time_seconds: i64,
    auto_decline_enabled: bool,
    #[serde(default)]
    auto_relate_grouped_alerts: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct GroupingKey {
    reference: String,
}

impl Document for RouteBody {
    const ABOUT: &'static str = "incident-io/alert-route";

    fn attributes(&self) -> Vec<&str> {
        let of_sources = self.alert_sources.iter().flat_map(|source| &source.condition_groups);
        let groups = self.condition_groups.iter().chain(of_sources);
        let subjects =
            groups.flat_map(|group| &group.conditions).map(|condition| &condition.subject);
        let keys = self.incident_config.grouping_keys.iter().map(|key| &key.reference);
        subjects.chain(keys).filter_map(|reference| attribute_of(reference)).collect()
    }
}

/// The attributes that conditions may be about.
type Attributes = [alert_attributes::Kept];

impl RouteBody {
    /// The route that does what this says. What this format does not speak of is as it was before.
    pub fn route(&self, attributes: &Attributes, before: Option<Route>) -> Result<Route, Failure> {
        self.refuse_what_is_not_here()?;
        let before = before.unwrap_or_else(|| Route { position: 0, ..Route::default() });
        let config = &self.incident_config;
        let template = &self.incident_template;
        let opens = match (config.enabled, template.triages()?) {
            (false, _) => Opens::Never,
            (true, true) => Opens::Triage,
            (true, false) => Opens::AtOnce,
        };
        let (page_paths, page_people) = self.escalation_config.paged(opens)?;
        let filter = self.filter(attributes)?;
        Ok(Route {
            name: self.name.clone(),
            active: self.enabled,
            private: self.is_private,
            source: None,
            sources: self.sources()?,
            filter: filter.map(|filter| filter.to_string()),
            // What these said was shown as conditions.
            matchers: Vec::new(),
            least: None,
            grouping: config.grouping(attributes)?.map(Box::new),
            group_wait_seconds: config.wait()?,
            opens,
            severity: template.severity()?.map_or_else(Default::default, |severity| {
                EVERY_STATUS.map(|status| (status, severity.clone())).into()
            }),
            incident_type: template.incident_type()?,
            page_paths,
            page_people,
            ..before
        })
    }

    fn sources(&self) -> Result<Vec<SourceId>, Failure> {
        if self.alert_sources.is_empty() {
            let message = "A route without sources would never be used; `enabled` lets one rest.";
            return Err(Failure::invalid("alert_sources", message));
        }
        let ids = self.alert_sources.iter().map(|one| SourceId::new(one.alert_source_id.as_str()));
        Ok(ids.collect())
    }

    /// What has to hold for the route, and for its sources.
    fn filter(&self, attributes: &Attributes) -> Result<Option<Filter>, Failure> {
        let first = self.alert_sources.first().map(|source| &source.condition_groups);
        let differ = |source: &RouteSource| Some(&source.condition_groups) != first;
        if let Some(index) = self.alert_sources.iter().position(differ) {
            let field = format!("alert_sources.{index}.condition_groups");
            let message = "The sources of a route have the same conditions here; another route can \
                           have others.";
            return Err(Failure::invalid(&field, message));
        }
        let groups = first.map_or(&[][..], Vec::as_slice);
        let of_sources = condition::read(groups, attributes, "alert_sources.0.condition_groups")?;
        let own = condition::read(&self.condition_groups, attributes, "condition_groups")?;
        Ok(match (own, of_sources) {
            (Some(own), Some(of_sources)) => Some(Filter::All(vec![own, of_sources])),
            (own, of_sources) => own.or(of_sources),
        })
    }

    fn refuse_what_is_not_here(&self) -> Result<(), Failure> {
        let config = &self.incident_config;
        let has_teams = self.owning_team_ids.as_ref().is_some_and(|ids| !ids.is_empty());
        for (field, is_there, message) in [
            ("expressions", !self.expressions.is_empty(), "A route has no expressions here."),
            (
                "channel_config",
                !self.channel_config.is_empty(),
                "Alerts are shown in the channel of their incident here, and nowhere else.",
            ),
            (
                "message_template",
                self.message_template.is_some(),
                "Messages about alerts have one form here.",
            ),
            ("owning_team_ids", has_teams, "There are no teams here."),
            (
                "incident_config.condition_groups",
                !config.condition_groups.is_empty(),
                "A route opens incidents for all of its alerts, or for none; another route can have \
                 conditions of its own.",
            ),
            (
                "incident_config.auto_decline_enabled",
                config.auto_decline_enabled,
                "What is in triage waits for somebody here, also when its alerts are over.",
            ),
            (
                "incident_config.auto_relate_grouped_alerts",
                config.auto_relate_grouped_alerts == Some(false),
                "Alerts that belong together are part of one incident here; nobody is asked.",
            ),
        ] {
            if is_there {
                return Err(Failure::invalid(field, message));
            }
        }
        self.incident_template.check()
    }
}

impl EscalationConfig {
    /// Whom the route pages.
    fn paged(&self, opens: Opens) -> Result<(Vec<PathId>, Vec<UserId>), Failure> {
        let (mut paths, mut people) = (Vec::new(), Vec::new());
        for (index, target) in self.escalation_targets.iter().enumerate() {
            let field = |name| format!("escalation_config.escalation_targets.{index}.{name}");
            if let Some(binding) = &target.escalation_paths {
                paths.extend(
                    binding.plain(&field("escalation_paths"))?.into_iter().map(PathId::new),
                );
            }
            if let Some(binding) = &target.users {
                people.extend(binding.plain(&field("users"))?.into_iter().map(UserId::new));
            }
        }
        if paths.is_empty() && people.is_empty() {
            return Ok((paths, people));
        }
        if !self.auto_cancel_escalations {
            let message = "An escalation is over here when its alerts are.";
            return Err(Failure::invalid("escalation_config.auto_cancel_escalations", message));
        }
        if opens == Opens::Never {
            let message = "People are paged for incidents here, and this route opens none.";
            return Err(Failure::invalid("escalation_config.escalation_targets", message));
        }
        Ok((paths, people))
    }
}

impl IncidentConfig {
    fn grouping(&self, attributes: &Attributes) -> Result<Option<Grouping>, Failure> {
        let mut by = Vec::new();
        for (index, key) in self.grouping_keys.iter().enumerate() {
            let field = format!("incident_config.grouping_keys.{index}.reference");
            by.push(condition::field_of(&key.reference, attributes, &field)?);
        }
        let seconds = u32::try_from(self.grouping_window_seconds).ok();
        let window = seconds.filter(|seconds| seconds % 60 == 0).ok_or_else(|| {
            let message = "A window is a number of whole minutes here, in seconds.";
            Failure::invalid("incident_config.grouping_window_seconds", message)
        })?;
        // Without either, the patterns of the workspace say what belongs together.
        let is_said = !by.is_empty() || window > 0;
        Ok(is_said.then_some(Grouping { by, window_minutes: window / 60 }))
    }

    fn wait(&self) -> Result<u32, Failure> {
        u32::try_from(self.defer_time_seconds).map_err(|_| {
            let message = "This is a number of seconds, 0 or more.";
            Failure::invalid("incident_config.defer_time_seconds", message)
        })
    }
}

impl RouteBody {
    /// What would have been written about a route that was laid down elsewhere. `sources` are all that
    /// there are: a route may be about any.
    pub fn drawn(route: &Route, attributes: &Attributes, sources: &[SourceId]) -> RouteBody {
        let meant = sources.iter().filter(|source| route.is_about(source));
        let source = |id: &SourceId| RouteSource {
            alert_source_id: id.to_string(),
            condition_groups: Vec::new(),
        };
        let paths = route.page_paths.iter().map(ToString::to_string);
        let people = route.page_people.iter().map(ToString::to_string);
        let target = EscalationTarget {
            escalation_paths: (!route.page_paths.is_empty()).then(|| Binding::texts(paths)),
            users: (!route.page_people.is_empty()).then(|| Binding::texts(people)),
        };
        let pages = target.escalation_paths.is_some() || target.users.is_some();
        RouteBody {
            name: route.name.clone(),
            enabled: route.active,
            is_private: route.private,
            version: None,
            alert_sources: meant.map(source).collect(),
            condition_groups: condition::of_route(route),
            expressions: Vec::new(),
            channel_config: Vec::new(),
            escalation_config: EscalationConfig {
                auto_cancel_escalations: true,
                escalation_targets: pages.then_some(target).into_iter().collect(),
            },
            incident_config: IncidentConfig {
                enabled: route.opens != Opens::Never,
                condition_groups: Vec::new(),
                grouping_keys: grouping_keys(route, attributes),
                grouping_window_seconds: route
                    .grouping
                    .as_ref()
                    .map_or(0, |grouping| i64::from(grouping.window_minutes) * 60),
                defer_time_seconds: i64::from(route.group_wait_seconds),
                auto_decline_enabled: false,
                auto_relate_grouped_alerts: Some(true),
            },
            incident_template: IncidentTemplate::drawn(route),
            message_template: None,
            owning_team_ids: None,
        }
    }

    /// As answers show it.
    pub fn shown(&self, kept: &Kept) -> Json {
        let config = &self.incident_config;
        let sources = self.alert_sources.iter().map(|source| {
            json!({
                "alert_source_id": source.alert_source_id,
                "condition_groups": shown_groups(&source.condition_groups),
            })
        });
        let targets = self.escalation_config.escalation_targets.iter().map(EscalationTarget::shown);
        let mut shown = json!({
            "id": kept.id,
            "version": kept.version,
            "created_at": kept.created_at,
            "updated_at": kept.updated_at,
            "name": self.name,
            "enabled": self.enabled,
            "is_private": self.is_private,
            "alert_sources": sources.collect::<Vec<_>>(),
            "condition_groups": shown_groups(&self.condition_groups),
            "expressions": [],
            "channel_config": [],
            "escalation_config": {
                "auto_cancel_escalations": self.escalation_config.auto_cancel_escalations,
                "escalation_targets": targets.collect::<Vec<_>>(),
            },
            "incident_config": {
                "enabled": config.enabled,
                "condition_groups": [],
                "grouping_keys": config.grouping_keys,
                "grouping_window_seconds": config.grouping_window_seconds,
                "defer_time_seconds": config.defer_time_seconds,
                "auto_decline_enabled": config.auto_decline_enabled,
                "auto_relate_grouped_alerts": true,
            },
            "incident_template": self.incident_template.shown(),
        });
        if let Some(ids) = &self.owning_team_ids {
            shown["owning_team_ids"] = json!(ids);
        }
        shown
    }
}

/// What alerts of a route are grouped by, in this format's words. A label that is no attribute has none.
fn grouping_keys(route: &Route, attributes: &Attributes) -> Vec<GroupingKey> {
    let by = route.grouping.iter().flat_map(|grouping| &grouping.by);
    let reference = |name: &String| {
        if name == "title" || name == "description" {
            return format!("alert.{name}");
        }
        match attributes.iter().find(|kept| kept.attribute.label == *name) {
            Some(kept) => format!("alert.attributes.{}", kept.id),
            None => format!("alert.labels.{name}"),
        }
    };
    by.map(|name| GroupingKey { reference: reference(name) }).collect()
}

impl EscalationTarget {
    fn shown(&self) -> Json {
        let mut shown = Map::new();
        for (name, binding) in
            [("escalation_paths", &self.escalation_paths), ("users", &self.users)]
        {
            if let Some(binding) = binding {
                shown.insert(name.to_owned(), binding.shown());
            }
        }
        Json::Object(shown)
    }
}

//! Which scope each route needs that a token opens: one for reading and one for writing, by where the
//! path begins. The most exact beginning counts.
//!
//! The native API is here, and the other formats are, so that none can forget to ask. In each, what
//! stands nowhere is closed to all but those who may do everything.

use axum::http::Method;

use crate::scope::Scope;

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A token that may do this.
    Scope(Scope),
    /// Any token.
    Nothing,
}

/// The beginning of a path, where `*` stands for one part of any kind; the scope that reading needs, and
/// the one that everything else needs.
type Row = (&'static str, Scope, Scope);

/// A format: what all of its paths begin with, and what they need.
struct Format {
    base: &'static str,
    rows: &'static [Row],
    /// What any token opens.
    open: &'static [&'static str],
}

const FORMATS: [Format; 5] = [
    Format { base: "/api/v1/", rows: NEEDED, open: &[] },
    Format { base: "/incident-io/", rows: INCIDENT_IO, open: &["v1/identity"] },
    Format { base: "/sentry/api/0/", rows: SENTRY, open: &[] },
    Format { base: "/bigpanda/", rows: BIGPANDA, open: &[] },
    Format { base: "/telmai/api/backend/", rows: TELMAI, open: &[] },
];

const NEEDED: &[Row] = &[
    ("incidents", Scope::IncidentsRead, Scope::IncidentsWrite),
    ("incidents/*/alerts", Scope::AlertsRead, Scope::AlertsWrite),
    ("incidents/*/alert-groups", Scope::AlertsRead, Scope::AlertsWrite),
    ("incidents/*/members", Scope::IncidentsRead, Scope::IncidentsMembers),
    ("documents", Scope::IncidentsRead, Scope::PostmortemsWrite),
    ("actions", Scope::IncidentsRead, Scope::IncidentsWrite),
    ("follow-ups", Scope::IncidentsRead, Scope::IncidentsWrite),
    ("updates", Scope::IncidentsRead, Scope::IncidentsWrite),
    ("attachments", Scope::IncidentsRead, Scope::IncidentsWrite),
    ("entries", Scope::IncidentsRead, Scope::IncidentsWrite),
    ("alerts", Scope::AlertsRead, Scope::AlertsWrite),
    ("changes", Scope::AlertsRead, Scope::AlertsWrite),
    ("alert-rules", Scope::AlertRulesRead, Scope::AlertRulesWrite),
    ("sources", Scope::SettingsRead, Scope::SettingsWrite),
    ("alert-attributes", Scope::SettingsRead, Scope::SettingsWrite),
    ("alert-patterns", Scope::SettingsRead, Scope::SettingsWrite),
    ("alert-routes", Scope::SettingsRead, Scope::SettingsWrite),
    ("silences", Scope::SettingsRead, Scope::SettingsWrite),
    ("inhibitions", Scope::SettingsRead, Scope::SettingsWrite),
    ("maintenance-windows", Scope::SettingsRead, Scope::SettingsWrite),
    ("catalogue", Scope::CatalogueRead, Scope::SettingsWrite),
    ("custom-fields", Scope::CatalogueRead, Scope::SettingsWrite),
    ("custom-field-options", Scope::CatalogueRead, Scope::SettingsWrite),
    ("types", Scope::CatalogueRead, Scope::SettingsWrite),
    ("durations", Scope::CatalogueRead, Scope::SettingsWrite),
    ("severities", Scope::CatalogueRead, Scope::SettingsWrite),
    ("statuses", Scope::CatalogueRead, Scope::SettingsWrite),
    ("roles", Scope::CatalogueRead, Scope::SettingsWrite),
    ("timestamps", Scope::CatalogueRead, Scope::SettingsWrite),
    ("people", Scope::PeopleRead, Scope::SettingsWrite),
    ("schedules", Scope::SchedulesRead, Scope::SchedulesWrite),
    ("schedules/*/overrides", Scope::SchedulesRead, Scope::SchedulesOverride),
    ("overrides", Scope::SchedulesRead, Scope::SchedulesOverride),
    ("escalation-paths", Scope::EscalationsRead, Scope::EscalationsWrite),
    ("escalations", Scope::EscalationsRead, Scope::EscalationsCreate),
    ("escalations/*", Scope::EscalationsRead, Scope::EscalationsWrite),
    ("incident-tags", Scope::CatalogueRead, Scope::SettingsWrite),
    ("environments", Scope::CatalogueRead, Scope::SettingsWrite),
    ("environments/*/incidents", Scope::IncidentsRead, Scope::IncidentsWrite),
    ("webhooks", Scope::WebhooksManage, Scope::WebhooksManage),
    ("tokens", Scope::TokensManage, Scope::TokensManage),
];

const INCIDENT_IO: &[Row] = &[
    ("*/incidents", Scope::IncidentsRead, Scope::IncidentsWrite),
    ("*/incident_updates", Scope::IncidentsRead, Scope::IncidentsWrite),
    ("*/incident_attachments", Scope::IncidentsRead, Scope::IncidentsWrite),
    ("*/incident_relationships", Scope::IncidentsRead, Scope::IncidentsWrite),
    ("*/incident_memberships", Scope::IncidentsRead, Scope::IncidentsMembers),
    ("*/incident_team_memberships", Scope::IncidentsRead, Scope::IncidentsMembers),
    ("*/incident_timeline_items", Scope::IncidentsRead, Scope::IncidentsWrite),
    ("*/incident_activity_log_entries", Scope::IncidentsRead, Scope::IncidentsWrite),
    ("*/actions", Scope::IncidentsRead, Scope::IncidentsWrite),
    ("*/follow_ups", Scope::IncidentsRead, Scope::IncidentsWrite),
    ("*/postmortem_documents", Scope::IncidentsRead, Scope::PostmortemsWrite),
    (
        "*/incidents/*/actions/import_postmortem_document",
        Scope::IncidentsRead,
        Scope::PostmortemsWrite,
    ),
    ("*/alerts", Scope::AlertsRead, Scope::AlertsWrite),
    ("*/alert_tags", Scope::AlertsRead, Scope::AlertsWrite),
    ("*/incident_alerts", Scope::AlertsRead, Scope::AlertsWrite),
    ("*/alert_sources", Scope::SettingsRead, Scope::SettingsWrite),
    ("*/alert_routes", Scope::SettingsRead, Scope::SettingsWrite),
    ("*/alert_attributes", Scope::SettingsRead, Scope::SettingsWrite),
    ("*/severities", Scope::CatalogueRead, Scope::SettingsWrite),
    ("*/incident_statuses", Scope::CatalogueRead, Scope::SettingsWrite),
    ("*/incident_roles", Scope::CatalogueRead, Scope::SettingsWrite),
    ("*/incident_types", Scope::CatalogueRead, Scope::SettingsWrite),
    ("*/incident_timestamps", Scope::CatalogueRead, Scope::SettingsWrite),
    ("*/custom_fields", Scope::CatalogueRead, Scope::SettingsWrite),
    ("*/custom_field_options", Scope::CatalogueRead, Scope::SettingsWrite),
    ("*/catalog_types", Scope::CatalogueRead, Scope::CatalogueWrite),
    ("*/catalog_entries", Scope::CatalogueRead, Scope::CatalogueWrite),
    ("*/catalog_resources", Scope::CatalogueRead, Scope::CatalogueWrite),
    ("*/users", Scope::PeopleRead, Scope::SettingsWrite),
    ("*/schedules", Scope::SchedulesRead, Scope::SchedulesWrite),
    ("*/schedule_entries", Scope::SchedulesRead, Scope::SchedulesWrite),
    ("*/schedule_overrides", Scope::SchedulesRead, Scope::SchedulesOverride),
    ("*/escalation_paths", Scope::EscalationsRead, Scope::EscalationsWrite),
    ("*/escalations", Scope::EscalationsRead, Scope::EscalationsCreate),
    ("*/escalations/*", Scope::EscalationsRead, Scope::EscalationsWrite),
    // It changes nothing: people do not fit into an address.
    ("*/escalations/*/actions/check_permissions", Scope::EscalationsRead, Scope::EscalationsRead),
];

/// What may read a project's incidents there may write them: that is said by what Sentry's scopes mean in
/// ours.
const SENTRY: &[Row] = &[
    ("organizations/*", Scope::IncidentsRead, Scope::IncidentsWrite),
    ("organizations/*/alert-rules", Scope::AlertRulesRead, Scope::AlertRulesWrite),
    ("organizations/*/combined-rules", Scope::AlertRulesRead, Scope::AlertRulesWrite),
    ("projects/*/*", Scope::AlertRulesRead, Scope::AlertRulesWrite),
];

const BIGPANDA: &[Row] = &[
    ("*", Scope::IncidentsRead, Scope::IncidentsWrite),
    ("*/*/environments", Scope::SettingsRead, Scope::SettingsWrite),
    ("*/*/environments/*/incidents", Scope::IncidentsRead, Scope::IncidentsWrite),
    ("*/*/environments/*/batch-resolve", Scope::AlertsRead, Scope::AlertsWrite),
    ("*/*/correlation-patterns", Scope::SettingsRead, Scope::SettingsWrite),
    ("*/*/correlation-patterns-order", Scope::SettingsRead, Scope::SettingsWrite),
    ("*/*/maintenance-plans", Scope::SettingsRead, Scope::SettingsWrite),
    ("*/*/ordered-maintenance-plans", Scope::SettingsRead, Scope::SettingsWrite),
    ("*/*/incidents/tags/definitions", Scope::SettingsRead, Scope::SettingsWrite),
];

/// Nothing is written there: what is asked for can be too long for an address.
const TELMAI: &[Row] = &[
    ("*/incidents", Scope::IncidentsRead, Scope::IncidentsRead),
    ("*/configuration/alerts", Scope::AlertsRead, Scope::AlertsRead),
];

/// What a request needs: its method, and its path as it is written in the routes. Nothing where no
/// token is asked for.
pub fn need(method: &Method, path: &str) -> Need {
    for Format { base, rows, open } in &FORMATS {
        let Some(rest) = path.strip_prefix(base) else { continue };
        if open.contains(&rest) {
            return Need::Nothing;
        }
        return Need::Scope(scope_among(rows, method, rest).unwrap_or(Scope::Everything));
    }
    Need::Nothing
}

/// The scope that an operation of the native API needs; nothing if nobody has said so.
pub fn scope(method: &Method, path: &str) -> Option<Scope> {
    let Format { base, rows, .. } = &FORMATS[0];
    scope_among(rows, method, path.strip_prefix(base)?)
}

fn scope_among(rows: &[Row], method: &Method, path: &str) -> Option<Scope> {
    // Who may declare an incident need not be one who may change others.
    if method == Method::POST && (path == "incidents" || path.ends_with("/incidents")) {
        return Some(Scope::IncidentsDeclare);
    }
    let (_, reading, writing) = row_among(rows, path)?;
    let reads = method == Method::GET || method == Method::HEAD;
    Some(if reads { *reading } else { *writing })
}

/// The row that says what a path needs.
fn row_among<'r>(rows: &'r [Row], path: &str) -> Option<&'r Row> {
    let fitting = rows.iter().filter(|(beginning, _, _)| begins_with(path, beginning));
    fitting.max_by_key(|(beginning, _, _)| beginning.split('/').count())
}

fn begins_with(path: &str, beginning: &str) -> bool {
    let mut parts = path.split('/');
    beginning
        .split('/')
        .all(|expected| parts.next().is_some_and(|part| expected == "*" || expected == part))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::api::{bigpanda, incident_io, sentry, telmai, v1};

    #[test]
    fn the_most_exact_beginning_counts() {
        for (method, path, expected) in [
            (Method::GET, "/api/v1/incidents", Some(Scope::IncidentsRead)),
            (Method::HEAD, "/api/v1/incidents/{ref}", Some(Scope::IncidentsRead)),
            (Method::POST, "/api/v1/incidents", Some(Scope::IncidentsDeclare)),
            (Method::POST, "/api/v1/incidents/{ref}/commands", Some(Scope::IncidentsWrite)),
            (Method::POST, "/api/v1/incidents/{ref}/alerts/split", Some(Scope::AlertsWrite)),
            (Method::GET, "/api/v1/incidents/{ref}/alert-groups", Some(Scope::AlertsRead)),
            (Method::DELETE, "/api/v1/alert-rules/{ref}", Some(Scope::AlertRulesWrite)),
            (Method::GET, "/api/v1/openapi.json", None),
            (Method::GET, "/api/v1/incidentsx", None),
            (Method::GET, "/v2/incidents", None),
        ] {
            assert_eq!(scope(&method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn other_formats_need_the_same_and_what_is_nowhere_is_closed() {
        for (method, path, expected) in [
            (Method::GET, "/incident-io/v1/identity", Need::Nothing),
            (Method::GET, "/incident-io/v2/incidents/{id}", Need::Scope(Scope::IncidentsRead)),
            (Method::POST, "/incident-io/v2/incidents", Need::Scope(Scope::IncidentsDeclare)),
            (
                Method::POST,
                "/incident-io/v2/incidents/{id}/actions/edit",
                Need::Scope(Scope::IncidentsWrite),
            ),
            (Method::GET, "/incident-io/v2/of_tomorrow", Need::Scope(Scope::Everything)),
            (
                Method::PUT,
                "/sentry/api/0/organizations/{org}/alert-rules/{rule}/",
                Need::Scope(Scope::AlertRulesWrite),
            ),
            (
                Method::PUT,
                "/sentry/api/0/organizations/{org}/incidents/{incident}/",
                Need::Scope(Scope::IncidentsWrite),
            ),
            (Method::GET, "/api/v1/of-tomorrow", Need::Scope(Scope::Everything)),
            (Method::GET, "/healthz", Need::Nothing),
        ] {
            assert_eq!(need(&method, path), expected, "{method} {path}");
        }
    }

    /// The paths of every format, as they are written in the routes.
    fn served() -> Vec<String> {
        let native = v1::routes().into_iter().map(|(path, _)| path.to_owned());
        let incident_io = incident_io::operations().into_iter();
        let incident_io = incident_io.map(|it| format!("{}{}", incident_io::PREFIX, it.path));
        let sentry = sentry::routes().into_iter();
        let sentry = sentry.map(|(path, _)| format!("{}{path}", sentry::BASE));
        let bigpanda = bigpanda::routes().into_iter().map(|(path, _)| path.to_owned());
        let telmai = telmai::routes().into_iter().map(|(path, _)| path);
        native.chain(incident_io).chain(sentry).chain(bigpanda).chain(telmai).collect()
    }

    #[test]
    fn every_row_is_needed_by_something() {
        let document: serde_json::Value = serde_json::from_str(incident_io::document()).unwrap();
        let documented = document["paths"].as_object().unwrap().keys();
        let documented = documented.map(|path| format!("{}{path}", incident_io::PREFIX));
        let known: Vec<String> = served().into_iter().chain(documented).collect();
        for Format { base, rows, .. } in &FORMATS {
            let paths = known.iter().filter_map(|path| path.strip_prefix(base));
            let needed: BTreeSet<&str> =
                paths.filter_map(|path| Some(row_among(rows, path)?.0)).collect();
            let unneeded: Vec<&str> =
                rows.iter().map(|row| row.0).filter(|row| !needed.contains(row)).collect();
            assert_eq!(unneeded, Vec::<&str>::new(), "of {base}");
        }
    }

    #[test]
    fn everything_that_is_served_has_a_row() {
        // Documents are for everybody, and there is nothing secret about having no addresses.
        let public = ["openapi.json", "v1/openapiV3.json", "v1/ip_ranges"];
        let served = served();
        for Format { base, rows, open } in &FORMATS {
            let paths = served.iter().filter_map(|path| path.strip_prefix(base));
            let without: Vec<&str> = paths
                .filter(|path| row_among(rows, path).is_none())
                .filter(|path| !open.contains(path) && !public.contains(path))
                .collect();
            assert_eq!(without, Vec::<&str>::new(), "of {base}");
        }
    }
}

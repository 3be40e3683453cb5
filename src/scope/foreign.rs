//! What the words of other APIs mean in ours: one table each. A role whose domain is not there gives
//! nothing, and is no mistake.

use crate::scope::{Scope, Scopes};

/// What a word means that names its API: `incident.io/viewer`, `sentry/org:read`, `bigpanda/org_token`.
pub fn parse(word: &str) -> Option<Vec<Scope>> {
    let (api, word) = word.split_once('/')?;
    let table = match api {
        "incident.io" => INCIDENT_IO,
        "sentry" => SENTRY,
        "bigpanda" => BIGPANDA,
        "telmai" => TELMAI,
        _ => return None,
    };
    meaning(table, word).map(<[Scope]>::to_vec)
}

fn meaning(table: Table, word: &str) -> Option<&'static [Scope]> {
    table.iter().find(|(known, _)| *known == word).map(|(_, scopes)| *scopes)
}

/// The roles of incident.io that these scopes come to: those of which nothing is missing.
pub fn incident_io_roles(scopes: &Scopes) -> Vec<&'static str> {
    let has_all = |meant: &[Scope]| meant.iter().all(|scope| scopes.has(*scope));
    let given = INCIDENT_IO.iter().filter(|(_, meant)| !meant.is_empty() && has_all(meant));
    given.map(|(role, _)| *role).collect()
}

type Table = &'static [(&'static str, &'static [Scope])];

/// The roles that an API key of incident.io can have.
pub const INCIDENT_IO: Table = &[
    (
        "viewer",
        &[
            Scope::IncidentsRead,
            Scope::AlertsRead,
            Scope::AlertRulesRead,
            Scope::SettingsRead,
            Scope::CatalogueRead,
            Scope::PeopleRead,
            Scope::SchedulesRead,
            Scope::EscalationsRead,
        ],
    ),
    ("incident_creator", &[Scope::IncidentsDeclare]),
    ("incident_editor", &[Scope::IncidentsWrite]),
    ("manage_settings", &[Scope::SettingsRead, Scope::SettingsWrite, Scope::WebhooksManage]),
    ("glossary_entries_manage", &[]),
    ("global_access", &[Scope::IncidentsPrivate]),
    ("catalog_viewer", &[Scope::CatalogueRead]),
    ("catalog_editor", &[Scope::CatalogueRead, Scope::CatalogueWrite]),
    ("incident_memberships_editor", &[Scope::IncidentsMembers]),
    ("schedules_editor", &[Scope::SchedulesRead, Scope::SchedulesWrite, Scope::SchedulesOverride]),
    ("schedules_reader", &[Scope::SchedulesRead]),
    ("schedule_overrides_editor", &[Scope::SchedulesOverride]),
    ("workflows_editor", &[]),
    ("workflows_viewer", &[]),
    ("private_workflows_editor", &[]),
    ("private_escalation_workflows_editor", &[]),
    (
        "on_call_editor",
        &[
            Scope::AlertsRead,
            Scope::AlertsWrite,
            Scope::SettingsRead,
            Scope::SettingsWrite,
            Scope::EscalationsRead,
            Scope::EscalationsWrite,
        ],
    ),
    ("on_call_viewer", &[Scope::AlertsRead, Scope::SettingsRead, Scope::EscalationsRead]),
    ("escalation_creator", &[Scope::EscalationsCreate]),
    ("post_incident_flow_opt_out", &[]),
    ("security_settings_editor", &[]),
    ("investigation_download", &[]),
    ("team_memberships_manage", &[]),
    ("status_page_publisher", &[]),
    ("status_page_viewer", &[]),
    ("postmortems_manage", &[Scope::PostmortemsWrite]),
    ("api_keys_manage", &[Scope::TokensManage]),
    ("notification_methods_manage", &[]),
    ("notification_methods_unredacted_viewer", &[]),
    ("incident_workload_viewer", &[]),
    ("incident_workload_private_viewer", &[]),
    ("act_on_behalf_of_users", &[Scope::ActAsUser]),
    ("secrets_manage", &[]),
    ("secrets_use", &[]),
    ("call_transcripts_viewer", &[]),
    ("heartbeats_ping", &[]),
    ("telemetry_query_restricted", &[]),
    ("telemetry_data_source_update", &[]),
    ("policies_viewer", &[]),
    ("policy_findings_manage", &[]),
    ("pay_reports_viewer", &[]),
    ("pay_reports_editor", &[]),
    ("pay_configs_viewer", &[]),
    ("pay_configs_editor", &[]),
    ("investigations_editor", &[]),
    ("telemetry_viewer", &[]),
    ("documents_viewer", &[]),
];

/// The scopes of Sentry. What may read a project may write its incidents; what may read the
/// organisation may not.
pub const SENTRY: Table = &[
    ("org:read", ORG_READ),
    (
        "org:write",
        &[
            Scope::IncidentsRead,
            Scope::IncidentsDeclare,
            Scope::IncidentsWrite,
            Scope::AlertsRead,
            Scope::AlertRulesRead,
            Scope::AlertRulesWrite,
            Scope::PeopleRead,
        ],
    ),
    (
        "org:admin",
        &[
            Scope::IncidentsRead,
            Scope::IncidentsDeclare,
            Scope::IncidentsWrite,
            Scope::AlertsRead,
            Scope::AlertRulesRead,
            Scope::AlertRulesWrite,
            Scope::PeopleRead,
            Scope::SettingsRead,
            Scope::SettingsWrite,
        ],
    ),
    (
        "project:read",
        &[
            Scope::IncidentsRead,
            Scope::IncidentsDeclare,
            Scope::IncidentsWrite,
            Scope::AlertsRead,
            Scope::AlertRulesRead,
        ],
    ),
    ("project:write", PROJECT_WRITE),
    ("project:admin", PROJECT_WRITE),
    ("alerts:read", &[Scope::AlertRulesRead]),
    ("alerts:write", &[Scope::AlertRulesRead, Scope::AlertRulesWrite]),
    ("event:read", &[Scope::AlertsRead]),
    ("event:write", &[Scope::AlertsRead, Scope::AlertsWrite]),
    ("event:admin", &[Scope::AlertsRead, Scope::AlertsWrite]),
    ("member:read", &[Scope::PeopleRead]),
    ("team:read", &[Scope::PeopleRead]),
];

const ORG_READ: &[Scope] =
    &[Scope::IncidentsRead, Scope::AlertsRead, Scope::AlertRulesRead, Scope::PeopleRead];

const PROJECT_WRITE: &[Scope] = &[
    Scope::IncidentsRead,
    Scope::IncidentsDeclare,
    Scope::IncidentsWrite,
    Scope::AlertsRead,
    Scope::AlertRulesRead,
    Scope::AlertRulesWrite,
];

/// BigPanda's two kinds of keys: one is a user's, the other is for what sends alerts.
pub const BIGPANDA: Table = &[
    (
        "user_api_key",
        &[
            Scope::IncidentsRead,
            Scope::IncidentsWrite,
            Scope::AlertsRead,
            Scope::AlertsWrite,
            Scope::SettingsRead,
            Scope::SettingsWrite,
            Scope::PeopleRead,
        ],
    ),
    ("org_token", &[Scope::AlertsWrite, Scope::IncidentsRead, Scope::IncidentsWrite]),
];

/// Telmai's one kind of token.
pub const TELMAI: Table =
    &[("token", &[Scope::IncidentsRead, Scope::IncidentsWrite, Scope::AlertsRead])];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_foreign_word_stands_twice_and_none_opens_all() {
        for table in [INCIDENT_IO, SENTRY, BIGPANDA, TELMAI] {
            for (place, (word, scopes)) in table.iter().enumerate() {
                assert!(table[place + 1..].iter().all(|(other, _)| other != word), "{word}");
                let groups = [Scope::Everything, Scope::EverythingButPrivate];
                assert!(groups.iter().all(|group| !scopes.contains(group)), "{word}");
            }
        }
        assert_eq!(INCIDENT_IO.len(), 47);
    }

    #[test]
    fn what_is_given_by_role_is_told_by_role() {
        let words = ["incident.io/viewer", "incident.io/incident_creator"];
        let scopes = Scopes::read(words).unwrap();
        let roles = incident_io_roles(&scopes);
        assert!(roles.contains(&"viewer") && roles.contains(&"incident_creator"));
        assert!(roles.contains(&"schedules_reader") && !roles.contains(&"incident_editor"));
        assert!(!roles.contains(&"glossary_entries_manage"));
        assert!(!incident_io_roles(&Scopes::default()).contains(&"global_access"));
    }

    #[test]
    fn reading_an_organisation_of_sentrys_does_not_write() {
        let reads = Scopes::read(["sentry/org:read"]).unwrap();
        assert!(reads.has(Scope::IncidentsRead) && !reads.has(Scope::IncidentsWrite));
        assert!(Scopes::read(["sentry/project:read"]).unwrap().has(Scope::IncidentsWrite));
        assert!(Scopes::read(["sentry/alerts:write"]).unwrap().has(Scope::AlertRulesWrite));
        assert!(Scopes::read(["sentry/viewer"]).is_err());
        assert!(Scopes::read(["github/repo"]).is_err());
    }
}

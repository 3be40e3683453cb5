//! One workspace never sees or changes what another one has: tried on every query, on every road
//! that people and programs take, and on the text of each statement.

mod alert_queries;
mod oncall;
mod paper_queries;
mod queries;
mod roads;
mod rules;
mod statements;
mod webhooks;

use stentor::app::App;
use stentor::ids::WorkspaceId;

/// Everything that a workspace has, one statement per table.
const EVERYTHING: [&str; 50] = [
    "SELECT slug || COALESCE(slack_team, '') || COALESCE(bot_user, '') || COALESCE(announce_channel, '')
         || COALESCE(announce_name, '') || CAST(catalogue_version AS TEXT) FROM workspace WHERE id = $1",
    "SELECT name || CAST(value AS TEXT) FROM counter WHERE workspace = $1 ORDER BY 1",
    "SELECT id || CAST(number AS TEXT) || ' ' || CAST(version AS TEXT) || COALESCE(channel, '') || CAST(state AS TEXT)
         FROM incident WHERE workspace = $1 ORDER BY 1",
    "SELECT incident || CAST(version AS TEXT) || CAST(entry AS TEXT) FROM timeline WHERE workspace = $1 ORDER BY 1",
    "SELECT key || CAST(at AS TEXT) || CAST(answer AS TEXT) FROM receipt WHERE workspace = $1 ORDER BY 1",
    "SELECT id || key || lane || CAST(state AS TEXT) || ' ' || CAST(due_at AS TEXT) || ' ' || CAST(attempts AS TEXT)
         || ' ' || CAST(refused AS TEXT) || ' ' || CAST(generation AS TEXT) || COALESCE(last_error, '')
         FROM outbox WHERE workspace = $1 ORDER BY 1",
    "SELECT name || CAST(due_at AS TEXT) || COALESCE(lease, '') FROM lane WHERE workspace = $1 ORDER BY 1",
    "SELECT incident || kind || COALESCE(channel, '') || COALESCE(ts, '') || COALESCE(shown, '') || CAST(detail AS TEXT)
         FROM surface WHERE workspace = $1 ORDER BY 1",
    "SELECT key || CAST(free_at AS TEXT) || ' ' || CAST(failures AS TEXT) FROM pace WHERE workspace = $1 ORDER BY 1",
    "SELECT id || name || hash FROM token WHERE workspace = $1 ORDER BY 1",
    "SELECT CAST(version AS TEXT) || state || COALESCE(reason, '') || name || COALESCE(sealed_with, '')
         || COALESCE(bot_token, '') || COALESCE(refresh_token, '') || COALESCE(refresher, '')
         FROM installation WHERE workspace = $1 ORDER BY 1",
    "SELECT hash || state || reason FROM refused_token WHERE workspace = $1 ORDER BY 1",
    "SELECT CAST(until AS TEXT) FROM heard WHERE workspace = $1",
    "SELECT key || CAST(at AS TEXT) FROM notice WHERE workspace = $1 ORDER BY 1",
    "SELECT id || kind || name || secret_hash || COALESCE(old_hash, '') || COALESCE(kept_secret, '')
         || COALESCE(kept_old, '') || COALESCE(sealed_with, '') || CAST(settings AS TEXT)
         FROM source WHERE workspace = $1 ORDER BY 1",
    "SELECT writer || ' ' || CAST(settings AS TEXT) FROM alert_desk WHERE workspace = $1",
    "SELECT kind || id || CAST(body AS TEXT) || CAST(updated_at AS TEXT) FROM alert_setting WHERE workspace = $1
         ORDER BY 1",
    "SELECT id || source || key || CAST(current AS TEXT) || CAST(firing AS TEXT) || grp || CAST(version AS TEXT)
         || CAST(state AS TEXT) FROM alert WHERE workspace = $1 ORDER BY 1",
    "SELECT alert || CAST(last_seen AS TEXT) || COALESCE(CAST(ends_at AS TEXT), '') || ' '
         || COALESCE(CAST(check_at AS TEXT), '') FROM alert_seen WHERE workspace = $1 ORDER BY 1",
    "SELECT alert || CAST(version AS TEXT) || CAST(change AS TEXT) FROM alert_change WHERE workspace = $1 ORDER BY 1",
    "SELECT id || COALESCE(incident, '') || CAST(waits AS TEXT) || CAST(state AS TEXT)
         FROM alert_group WHERE workspace = $1 ORDER BY 1",
    "SELECT key || grp FROM alert_group_key WHERE workspace = $1 ORDER BY 1",
    "SELECT id || source || key || CAST(at AS TEXT) || CAST(body AS TEXT) FROM change_event WHERE workspace = $1
         ORDER BY 1",
    "SELECT team || CAST(known_at AS TEXT) || COALESCE(announce_channel, '') || COALESCE(announce_name, '')
         FROM team WHERE workspace = $1 ORDER BY 1",
    "SELECT id || CAST(definition AS TEXT) || ' ' || CAST(evaluate_at AS TEXT) || ' ' || CAST(version AS TEXT) || made_by
         || COALESCE(request, '') || COALESCE(last_error, '') FROM alert_rule WHERE workspace = $1 ORDER BY 1",
    "SELECT rule || person || CAST(created_at AS TEXT) || ' ' || COALESCE(CAST(until AS TEXT), '')
         FROM alert_rule_snooze WHERE workspace = $1 ORDER BY 1",
    "SELECT rule || project || CAST(state AS TEXT) FROM alert_rule_standing WHERE workspace = $1 ORDER BY 1",
    "SELECT rule || project || ' ' || CAST(minute AS TEXT) || ' ' || CAST(events AS TEXT)
         FROM alert_rule_count WHERE workspace = $1 ORDER BY 1",
    "SELECT rule || project || ' ' || CAST(minute AS TEXT) || ' ' || value
         FROM alert_rule_value WHERE workspace = $1 ORDER BY 1",
    "SELECT CAST(version AS TEXT) || ' ' || CAST(at AS TEXT) || CAST(entry AS TEXT) FROM catalogue_change
         WHERE workspace = $1 ORDER BY 1",
    "SELECT id || name || COALESCE(email, '') || COALESCE(folded, '') || CAST(active AS TEXT) || ' '
         || CAST(seen_at AS TEXT) FROM person WHERE workspace = $1 ORDER BY 1",
    "SELECT id || CAST(definition AS TEXT) || CAST(archived AS TEXT) || CAST(on_call AS TEXT) || CAST(version AS TEXT)
         || COALESCE(request, '') FROM schedule WHERE workspace = $1 ORDER BY 1",
    "SELECT id || schedule || CAST(body AS TEXT) || COALESCE(request, '') FROM schedule_override WHERE workspace = $1
         ORDER BY 1",
    "SELECT id || CAST(definition AS TEXT) || CAST(archived AS TEXT) || ' ' || CAST(version AS TEXT) || ' '
         || CAST(turns AS TEXT) || COALESCE(request, '') FROM escalation_path WHERE workspace = $1 ORDER BY 1",
    "SELECT id || subject || CAST(at AS TEXT) || CAST(change AS TEXT) FROM oncall_change WHERE workspace = $1 ORDER BY 1",
    "SELECT id || status || COALESCE(path, '') || COALESCE(incident, '') || COALESCE(request, '') || COALESCE(key, '')
         || CAST(version AS TEXT) || CAST(state AS TEXT) FROM escalation WHERE workspace = $1 ORDER BY 1",
    "SELECT alert || escalation FROM escalation_alert WHERE workspace = $1 ORDER BY 1",
    "SELECT escalation || CAST(page AS TEXT) || channel || ts || shown FROM escalation_page WHERE workspace = $1
         ORDER BY 1",
    "SELECT key || ' ' || facet || ' ' || CAST(block AS TEXT) FROM incident_index WHERE workspace = $1 ORDER BY 1",
    "SELECT folded || name FROM alert_tag WHERE workspace = $1 ORDER BY 1",
    "SELECT id || folded || CAST(body AS TEXT) || CAST(updated_at AS TEXT) FROM alert_attribute WHERE workspace = $1
         ORDER BY 1",
    "SELECT source || CAST(pinged_at AS TEXT) || ' ' || COALESCE(CAST(due_at AS TEXT), '') FROM heartbeat
         WHERE workspace = $1 ORDER BY 1",
    "SELECT about || id || says || CAST(document AS TEXT) FROM written_as WHERE workspace = $1 ORDER BY 1",
    "SELECT id || url || description || CAST(events AS TEXT) || state || kept_secret || COALESCE(kept_old, '')
         || COALESCE(sealed_with, '') || COALESCE(CAST(failing_since AS TEXT), '') || ' ' || CAST(updated_at AS TEXT)
         FROM webhook WHERE workspace = $1 ORDER BY 1",
    "SELECT id || webhook || message || event || CAST(delivery AS TEXT) || outcome || COALESCE(error, '')
         FROM webhook_attempt WHERE workspace = $1 ORDER BY 1",
    "SELECT id || incident || kind || status || COALESCE(assignee, '') || CAST(updated_at AS TEXT)
         || CAST(body AS TEXT) FROM item WHERE workspace = $1 ORDER BY 1",
    "SELECT id || incident || resource_type || external_id || CAST(body AS TEXT)
         FROM attachment WHERE workspace = $1 ORDER BY 1",
    "SELECT id || incident || CAST(body AS TEXT) FROM document WHERE workspace = $1 ORDER BY 1",
    "SELECT document || markdown FROM document_text WHERE workspace = $1 ORDER BY 1",
    "SELECT incident || person || CAST(at AS TEXT) FROM seen WHERE workspace = $1 ORDER BY 1",
];

/// Everything that a workspace has.
async fn everything(app: &App, workspace: &WorkspaceId) -> Vec<Vec<String>> {
    let mut tx = app.db.read().await.unwrap();
    let mut tables = Vec::new();
    for sql in EVERYTHING {
        let rows: Vec<(String,)> = tx.query(sql).bind(workspace.clone()).all().await.unwrap();
        tables.push(rows.into_iter().map(|(row,)| row).collect());
    }
    tables
}

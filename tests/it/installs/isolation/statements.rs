//! The text of every statement in the store names the workspace.

use std::path::Path;

/// Tables whose rows belong to a workspace.
const TABLES: [&str; 50] = [
    "counter",
    "incident",
    "timeline",
    "receipt",
    "outbox",
    "lane",
    "surface",
    "pace",
    "token",
    "installation",
    "refused_token",
    "heard",
    "notice",
    "team",
    "workspace",
    "source",
    "alert_desk",
    "alert_setting",
    "alert",
    "alert_seen",
    "alert_change",
    "alert_group",
    "alert_group_key",
    "change_event",
    "alert_rule",
    "alert_rule_snooze",
    "alert_rule_standing",
    "alert_rule_count",
    "alert_rule_value",
    "catalogue_change",
    "person",
    "schedule",
    "schedule_override",
    "escalation_path",
    "oncall_change",
    "escalation",
    "escalation_alert",
    "escalation_page",
    "incident_index",
    "alert_tag",
    "alert_attribute",
    "heartbeat",
    "written_as",
    "webhook",
    "webhook_attempt",
    "item",
    "attachment",
    "document",
    "document_text",
    "seen",
];

/// Statements that look across workspaces, by words of theirs, and why they may.
const ACROSS: [(&str, &str); 21] = [
    ("WHERE (workspace, name) IN (", "a worker takes lanes that are due, whoever they are for"),
    ("SELECT DISTINCT lease FROM lane", "leases belong to processes"),
    ("lease = NULL, due_at = $2 WHERE lease = $1", "a lease belongs to a process"),
    ("SELECT COUNT(*) FROM pace WHERE key", "when a worker has something to do next"),
    ("SELECT MIN(due_at) FROM lane", "when a worker has something to do next"),
    ("SELECT MIN(CASE WHEN p.free_at", "when a worker has something to do next"),
    ("SELECT key, state, last_error, due_at FROM outbox", "what is left, for tests"),
    ("CAST(COALESCE(SUM(1 - state), 0)", "one number for the metrics"),
    ("FROM token WHERE hash = $1", "the token says which workspace it opens"),
    ("FROM installation WHERE state = 'refused'", "tokens to try again"),
    ("FROM installation WHERE sealed_with IS NOT NULL", "the key is one for all"),
    ("WHERE state = 'active' AND refresh_token", "tokens that run out"),
    ("FROM workspace w LEFT JOIN installation", "the list for operators"),
    ("FROM workspace WHERE slug = $1", "the slug says which workspace"),
    ("FROM workspace WHERE slack_team = $1", "the team says which workspace"),
    ("SELECT id FROM workspace ORDER BY created_at", "forgetting goes through all of them"),
    ("INSERT INTO workspace (id, slug", "it is made here"),
    (
        "sealed_with, settings, created_at FROM source",
        "which rows is said where it is used; each use is tried",
    ),
    (
        "FROM alert_seen WHERE check_at IS NOT NULL AND check_at <= $1",
        "what is over is looked for at once",
    ),
    (
        "FROM heartbeat WHERE due_at IS NOT NULL AND due_at <= $1",
        "who has been silent for too long is looked for at once",
    ),
    (
        "failing_since, created_at, updated_at FROM webhook",
        "which rows is said where it is used; each use is tried",
    ),
];

#[test]
fn every_statement_names_its_workspace() {
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut seen = 0;
    let mut used = Vec::new();
    for entry in std::fs::read_dir(store).unwrap() {
        let path = entry.unwrap().path();
        // The databases themselves, and what an operator asks about all that is in them.
        if path.is_dir() || path.ends_with("db.rs") || path.ends_with("inspect.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for (before, sql) in statements(&text) {
            let among = before.ends_with("all_among(")
                || before.ends_with("among(tx, ")
                || before.ends_with("_among_within(");
            let known = ACROSS.iter().position(|(words, _)| sql.contains(words));
            used.extend(known);
            assert!(
                among || names_the_workspace(&sql) || known.is_some(),
                "{}: {sql}\nnames no workspace, and is not among the exceptions",
                path.display()
            );
            seen += 1;
        }
    }
    assert!(seen > 50, "only {seen} statements were found");
    for (number, (words, _)) in ACROSS.iter().enumerate() {
        assert!(used.contains(&number), "nothing says {words:?} any more");
    }
}

#[test]
fn a_statement_that_names_none_is_found_out() {
    assert!(names_the_workspace("SELECT state FROM incident WHERE workspace = $1 AND id = $2"));
    assert!(names_the_workspace("receipt (workspace, key, answer, at)"));
    for sql in [
        "SELECT state FROM incident WHERE id = $1",
        "UPDATE lane SET due_at = $1",
        "DELETE FROM outbox WHERE key = $1",
        "receipt (key, answer)",
    ] {
        let text = format!("tx.query(\"{sql}\")");
        assert_eq!(statements(&text).len(), 1, "{sql}");
        assert!(!names_the_workspace(sql), "{sql}");
    }
}

/// Either the first column of an insert, or what rows are looked for by.
fn names_the_workspace(sql: &str) -> bool {
    ["workspace = $1", "(workspace, ", "WHERE id = $1"].iter().any(|words| {
        sql.contains(words) && (*words != "WHERE id = $1" || sql.contains(" workspace "))
    })
}

/// The texts that speak of a table, each with what stands before it.
fn statements(source: &str) -> Vec<(String, String)> {
    let code: String = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let parts: Vec<&str> = code.split('"').collect();
    let pairs = parts.chunks_exact(2).map(|pair| (pair[0], pair[1]));
    let is_statement = |text: &str| {
        let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE "];
        let speaks = |table: &&str| {
            let column_list = text.starts_with(&format!("{table} ("));
            column_list
                || verbs.iter().any(|verb| text.starts_with(verb))
                    && text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|it| it == *table)
        };
        TABLES.iter().any(speaks)
    };
    let found = pairs.filter(|(_, text)| is_statement(text));
    found
        .map(|(before, text)| (before.trim_end_matches(['\n', ' ']).to_owned(), one_line(text)))
        .collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

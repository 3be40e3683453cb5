//! How SQLite finds alerts: a workspace has a million of them in time, and no question may go through
//! all of them. What it would do is asked of SQLite itself, for every statement as it stands in the
//! source.

use std::path::Path;

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use stentor::store::db::Db;

use crate::databases::Fresh;

/// Tables that grow with what monitoring says.
const LARGE: [&str; 6] =
    ["alert", "alert_seen", "alert_change", "alert_group", "alert_group_key", "change_event"];

/// The statements in a file of the store that say where to look.
fn statements(source: &str) -> Vec<String> {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code: String = code.flat_map(|line| [line, "\n"]).collect();
    let texts = code.split('"').skip(1).step_by(2);
    // A backslash at the end of a line joins it to the next one.
    let words = |text: &str| {
        text.split_whitespace().filter(|word| *word != "\\").collect::<Vec<_>>().join(" ")
    };
    let texts = texts.map(words);
    let is_question = |text: &String| {
        let begins = ["SELECT ", "UPDATE ", "DELETE "].iter().any(|verb| text.starts_with(verb));
        begins && text.contains(" WHERE ")
    };
    // A lock is Postgres's alone.
    texts.filter(|text| is_question(text) && !text.contains("FOR UPDATE")).collect()
}

/// Whether a step of a plan goes through all rows that a workspace has, or through all there are. An
/// index with a condition of its own holds only what is asked for.
fn goes_through_all(step: &str) -> bool {
    let words: Vec<&str> = step.split(' ').collect();
    let is_large = words.get(1).is_some_and(|table| LARGE.contains(table));
    let is_whole =
        words[0] == "SCAN" || step.contains("sqlite_autoindex_") && step.ends_with("(workspace=?)");
    is_large && is_whole
}

#[tokio::test]
async fn no_question_about_alerts_goes_through_all_of_them() {
    let fresh = Fresh::sqlite();
    Db::connect(&fresh.url()).await.unwrap().close().await;
    let options: SqliteConnectOptions = fresh.url().parse().unwrap();
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let (mut asked, mut bad) = (0, Vec::new());
    for entry in std::fs::read_dir(store).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("alert") || !name.ends_with(".rs") {
            continue;
        }
        for sql in statements(&std::fs::read_to_string(&path).unwrap()) {
            asked += 1;
            let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            let steps: Vec<(i64, i64, i64, String)> =
                sqlx::query_as(explain).fetch_all(&mut connection).await.unwrap();
            let steps = steps.into_iter().map(|(_, _, _, step)| step);
            bad.extend(
                steps
                    .filter(|step| goes_through_all(step))
                    .map(|step| format!("{name}: {step}: {sql}")),
            );
        }
    }
    assert!(asked > 20, "only {asked} statements were found");
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn a_plan_that_goes_through_all_is_found_out() {
    for bad in [
        "SCAN alert",
        "SCAN alert_seen USING INDEX alert_seen_due",
        "SEARCH alert_change USING INDEX sqlite_autoindex_alert_change_1 (workspace=?)",
    ] {
        assert!(goes_through_all(bad), "{bad}");
    }
    for good in [
        "SCAN workspace",
        "SEARCH alert USING INDEX sqlite_autoindex_alert_1 (workspace=? AND id=?)",
        "SEARCH alert_group USING INDEX alert_group_waiting (workspace=?)",
        "USE TEMP B-TREE FOR ORDER BY",
    ] {
        assert!(!goes_through_all(good), "{good}");
    }
}

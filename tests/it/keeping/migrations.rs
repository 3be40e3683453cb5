//! The migrations as they are written: one that takes something away says so.

use std::path::Path;

/// What a migration does to what is there already, in the words of SQL.
fn takes_away(sql: &str) -> Vec<String> {
    let plain: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap()).collect();
    let plain = plain.join(" ").to_uppercase();
    let statements =
        plain.split(';').map(|one| one.split_whitespace().collect::<Vec<_>>().join(" "));
    statements
        .filter(|one| {
            let alters = one.starts_with("ALTER TABLE");
            let drops = one.starts_with("DROP TABLE") || (alters && one.contains(" DROP "));
            let renames = alters && one.contains(" RENAME ");
            let retypes = alters && one.contains(" ALTER COLUMN ");
            let demands = alters && one.contains("NOT NULL") && !one.contains("DEFAULT");
            let constrains = alters && one.contains(" ADD CONSTRAINT ");
            drops || renames || retypes || demands || constrains
        })
        .collect()
}

#[test]
fn a_migration_that_takes_something_away_raises_the_oldest_version() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 2, "{files:?}");
    for file in &files[1..] {
        let sql = std::fs::read_to_string(file).unwrap();
        let number = file.file_name().unwrap().to_str().unwrap().split('_').next().unwrap();
        let number: i64 = number.parse().unwrap();
        let raises =
            sql.contains(&format!("UPDATE meta SET value = {number} WHERE name = 'oldest'"));
        let taken = takes_away(&sql);
        assert!(raises || taken.is_empty(), "{}: {taken:?}", file.display());
    }
}

#[test]
fn what_takes_something_away_is_noticed() {
    for sql in [
        "ALTER TABLE incident DROP COLUMN state;",
        "DROP TABLE incident",
        "alter table incident rename column state to condition",
        "ALTER TABLE incident\n ADD COLUMN x TEXT -- it must be there\n NOT NULL;",
        "ALTER TABLE incident ALTER COLUMN number TYPE TEXT",
        "ALTER TABLE incident ADD CONSTRAINT one CHECK (number > 0)",
    ] {
        assert_eq!(takes_away(sql).len(), 1, "{sql}");
    }
    for sql in [
        "ALTER TABLE incident ADD COLUMN x TEXT;",
        "ALTER TABLE incident ADD COLUMN x BIGINT NOT NULL DEFAULT 0;",
        "CREATE TABLE x (id TEXT NOT NULL PRIMARY KEY);",
        "DROP INDEX incident_by_number; -- DROP TABLE incident",
    ] {
        assert_eq!(takes_away(sql), Vec::<String>::new(), "{sql}");
    }
}

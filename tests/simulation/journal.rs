//! What the database itself notices while a world runs, by triggers that only a simulation has: who
//! took a lease from whom, and whether somebody wrote who held none.

use stentor::ids::WorkId;
use stentor::store::db::Db;

/// Rows of the journal: what happened, and where.
#[derive(sqlx::FromRow)]
pub struct Line {
    pub what: String,
    pub lane: String,
    pub old_due: Option<i64>,
    pub lease: Option<String>,
}

impl Line {
    /// What is wrong about it, if anything is: a lease may be taken over once it has ended.
    pub fn complaint(&self) -> Option<String> {
        let taken_at = self
            .lease
            .as_deref()
            .and_then(|lease| WorkId::from(lease.rsplit('/').next()?).made_at());
        let fine = self.what == "taken over"
            && taken_at
                .zip(self.old_due)
                .is_some_and(|(at, due)| at.as_micros() >= due / 1_000 * 1_000);
        let Line { what, lane, old_due, lease } = self;
        (!fine).then(|| format!("the lane {lane} was {what}: {old_due:?} {lease:?}"))
    }
}

const TRIGGERS: [&str; 4] = [
    "CREATE TABLE journal (what TEXT NOT NULL, lane TEXT NOT NULL, old_due BIGINT, lease TEXT)",
    // The lease's word tells when it was taken.
    "CREATE TRIGGER taken_over AFTER UPDATE OF lease ON lane
     WHEN OLD.lease IS NOT NULL AND NEW.lease IS NOT NULL AND OLD.lease <> NEW.lease
     BEGIN INSERT INTO journal VALUES ('taken over', OLD.name, OLD.due_at, NEW.lease); END",
    // Who ends work has given its lease back in the same transaction. A timer may be cancelled.
    "CREATE TRIGGER ended AFTER DELETE ON outbox
     WHEN OLD.key NOT LIKE '%/timer/%' AND EXISTS (SELECT 1 FROM lane
         WHERE workspace = OLD.workspace AND name = OLD.lane AND lease IS NOT NULL)
     BEGIN INSERT INTO journal VALUES ('ended beside a lease', OLD.lane, NULL, NULL); END",
    "CREATE TRIGGER put_off AFTER UPDATE OF refused, last_error ON outbox
     WHEN EXISTS (SELECT 1 FROM lane
         WHERE workspace = OLD.workspace AND name = OLD.lane AND lease IS NOT NULL)
     BEGIN INSERT INTO journal VALUES ('put off beside a lease', OLD.lane, NULL, NULL); END",
];

/// Makes the database keep its journal.
pub async fn keep(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    for trigger in TRIGGERS {
        tx.query(trigger).execute().await.unwrap();
    }
    tx.commit().await.unwrap();
}

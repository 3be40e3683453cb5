//! What a failure of the database means for whoever asked.

use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;

/// Whether another attempt at the same transaction may succeed: somebody else was faster.
pub fn is_conflict(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    // Postgres: serialization failure, deadlock.
    error.is_unique_violation() || matches!(postgres_code(error.as_ref()), Some("40001" | "40P01"))
}

/// Whether the database could not be used at all, whatever was asked of it.
pub fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => match postgres_code(error.as_ref()) {
            Some(code) => {
                // Connection exceptions, shutting down, out of resources, system errors.
                ["08", "57", "53", "58"].iter().any(|class| code.starts_with(class))
                    // A standby, or a session that was ended for its idleness.
                    || ["25006", "25P03", "25P04"].contains(&code)
            }
            None => sqlite_code(error.as_ref()).is_some_and(|code| SQLITE_AWAY.contains(&code)),
        },
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}

/// SQLite: no permission, busy, locked, out of memory, read-only, I/O error, damaged, full, can't
/// open, locking protocol, authorization, no database.
const SQLITE_AWAY: [i32; 12] = [3, 5, 6, 7, 8, 10, 11, 13, 14, 15, 23, 26];

/// Whether a commit that ended with this error may have happened nevertheless: the answer to it is
/// what was lost.
///
/// SQLite tells of every commit how it went; a Postgres behind a broken connection does not.
pub fn is_unclear(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => postgres_code(error.as_ref()).is_some_and(|code| {
            // Connection exceptions, shutting down, system errors, and what the standard calls
            // "completion unknown".
            ["08", "57", "58"].iter().any(|class| code.starts_with(class)) || code == "40003"
        }),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}

fn postgres_code(error: &dyn DatabaseError) -> Option<&str> {
    Some(error.try_downcast_ref::<PgDatabaseError>()?.code())
}

/// The primary code. What SQLite gives has more detail in the higher bits: "I/O error while
/// forcing a file to the disk" is an I/O error.
fn sqlite_code(error: &dyn DatabaseError) -> Option<i32> {
    let extended: i32 = error.code()?.parse().ok()?;
    Some(extended & 0xff)
}

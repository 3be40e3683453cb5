//! Browsers on their way to Slack and back. Nobody knows yet which workspace they come back with.

use crate::clock::Timestamp;
use crate::store::db::{Result, Tx};

/// Forgets those who took too long.
pub async fn forget_ended(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    tx.query("DELETE FROM install_attempt WHERE expires_at <= $1").bind(now).execute().await
}

/// How many are on their way.
pub async fn count(tx: &mut Tx) -> Result<i64> {
    let (count,): (i64,) = tx.query("SELECT COUNT(*) FROM install_attempt").one().await?;
    Ok(count)
}

/// One more. Both words are hashes.
pub async fn add(tx: &mut Tx, state: &str, browser: &str, expires_at: Timestamp) -> Result<()> {
    tx.query("INSERT INTO install_attempt (state, browser, expires_at) VALUES ($1, $2, $3)")
        .bind(state.to_owned())
        .bind(browser.to_owned())
        .bind(expires_at)
        .execute()
        .await?;
    Ok(())
}

/// One has come back, in time; a second time nobody has.
pub async fn take(tx: &mut Tx, state: &str, browser: &str, now: Timestamp) -> Result<bool> {
    let taken = tx
        .query("DELETE FROM install_attempt WHERE state = $1 AND browser = $2 AND expires_at > $3")
        .bind(state.to_owned())
        .bind(browser.to_owned())
        .bind(now)
        .execute()
        .await?;
    Ok(taken == 1)
}

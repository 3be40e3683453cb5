//! Who has come, gone, or is called something else, as Slack tells of it.
//!
//! An event is a hint: most tell of a status or a picture, which is no matter here, and it may be late.
//! So it is only a reason to look, and only if it tells of something that was not known.

use std::sync::Arc;

use serde_json::Value;

use crate::ids::{WorkId, WorkspaceId};
use crate::outbox::work::{Work, for_pages};
use crate::slack::inbound::door::Door;
use crate::slack::outbound::people::person;
use crate::store::{outbox, people};

/// The events that tell of people.
const KINDS: [&str; 2] = ["team_join", "user_change"];

/// Whether anything can follow from an event for what is known of people.
pub fn concern(event: &Value) -> bool {
    event["type"].as_str().is_some_and(|kind| KINDS.contains(&kind))
}

/// Acts on an event about a person. When this returns `Ok`, what follows from it is durable.
pub async fn handle(
    door: &Door,
    workspace: &WorkspaceId,
    event: &Value,
) -> Result<(), Arc<sqlx::Error>> {
    if !concern(event) {
        return Ok(());
    }
    let Some(told) = person(&event["user"]) else { return Ok(()) };
    let app = &door.app;
    let mut tx = app.db.read().await?;
    let known = people::with_ids(&mut tx, workspace, std::slice::from_ref(&told.id)).await?.pop();
    drop(tx);
    if known.as_ref() == Some(&told) {
        return Ok(());
    }
    let now = app.clock.now();
    let look = Work::ReadPerson { user: told.id };
    let look = for_pages(look, None, WorkId::new(app.ids.ulid(now)), now.as_micros(), now);
    let mut tx = app.db.begin().await?;
    outbox::change(&mut tx, workspace, &[], &[look], now).await?;
    tx.commit().await?;
    app.work_waits.notify_one();
    Ok(())
}

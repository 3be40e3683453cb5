//! How long it takes until a declaration that was in flight is complete in Slack: its channel with
//! the pinned welcome message, and an announcement that leads there.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::Value;

use crate::books;
use crate::wire::Call;
use crate::world::{PATIENCE, World};

/// Seconds from this instant until the declaration that came last is complete; nothing if it was
/// complete before, or was never saved.
pub async fn seconds_since(world: &World, instant: Instant) -> Result<Option<f64>> {
    let known = books::known(world).await?;
    let Some(number) = known.values().map(|known| known.number).max() else { return Ok(None) };
    let since = Instant::now();
    loop {
        if let Some(at) = world.wire.read(|calls| complete_at(calls, number)) {
            return Ok((at > instant).then(|| at.duration_since(instant).as_secs_f64()));
        }
        if since.elapsed() > PATIENCE {
            return Ok(None);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn complete_at(calls: &[Call], number: i64) -> Option<Instant> {
    let prefix = format!("inc-{number}-");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let created = calls.iter().find(|call| {
        call.method == "conversations.create"
            && text(&call.arguments["name"]).starts_with(&prefix)
            && call.answer["ok"] == true
    })?;
    let channel = text(&created.answer["channel"]["id"]);
    let pinned = calls.iter().find(|call| {
        call.method == "pins.add"
            && call.arguments["channel"] == channel.as_str()
            && (call.answer["ok"] == true || call.answer["error"] == "already_pinned")
    })?;
    if created.arguments["is_private"] == true {
        return pinned.answered;
    }
    let announced = calls.iter().find(|call| {
        matches!(call.method, "chat.postMessage" | "chat.update")
            && text(&call.arguments["text"]).starts_with(&format!("INC-{number} "))
            && call.arguments["blocks"].to_string().contains(&channel)
            && call.arguments["channel"] == "C0INCIDENTS"
            && call.answer["ok"] == true
    })?;
    pinned.answered.max(announced.answered)
}

//! Pins, 📌, edits and deletions of messages in incidents' channels.
//!
//! Slack tells of them twice, late, in another order, or not at all. So none of it is believed: it is
//! only a reason to look at the message, which is work in the outbox. What has come twice is looked
//! at twice, and the second look changes nothing.

use serde_json::Value;

use crate::ids::{ChannelId, MessageTs, UserId, WorkspaceId};
use crate::outbox::work::{look, messages_lane};
use crate::slack::inbound::door::Door;
use crate::slack::inbound::payload::EventEnvelope;
use crate::slack::outbound::{FOLLOW_UP, PIN};
use crate::store::db::Result;
use crate::store::{incidents, outbox};

/// A reason to look at a message.
struct Reason {
    channel: ChannelId,
    ts: MessageTs,
    /// Who gave it, if they may be named for it.
    by: Option<UserId>,
    /// It matters only if the message is in the timeline already.
    of_known_only: bool,
}

/// Whether anything can follow from it.
pub fn concern(envelope: &EventEnvelope) -> bool {
    reason(&envelope.event, envelope.us()).is_some()
}

/// Takes one of these events. When this returns, what follows from it is durable.
pub async fn heard(door: &Door, workspace: &WorkspaceId, envelope: &EventEnvelope) -> Result<()> {
    let Some(reason) = reason(&envelope.event, envelope.us()) else { return Ok(()) };
    let mut tx = door.app.db.read().await?;
    let Some(found) = incidents::by_channel(&mut tx, workspace, &reason.channel).await? else {
        return Ok(());
    };
    // First the lane, then what the incident knows: a look in hand that has seen an older state
    // leaves the lane only after the incident knows the message.
    let in_hand = outbox::has_work(&mut tx, workspace, &messages_lane(&found.id)).await?;
    let incident = incidents::by_id(&mut tx, workspace, &found.id).await?;
    drop(tx);
    let is_known = incident.is_some_and(|incident| incident.pinned.contains_key(&reason.ts));
    if reason.of_known_only && !is_known && !in_hand {
        return Ok(());
    }
    let incident = found.id;
    let now = door.app.clock.now();
    let work = look(&incident, reason.ts, reason.by, now, door.app.ids.ulid(now));
    let mut tx = door.app.db.begin().await?;
    outbox::change(&mut tx, workspace, &[], &[work], now).await?;
    tx.commit().await?;
    door.app.work_waits.notify_one();
    Ok(())
}

fn reason(event: &Value, us: Option<&UserId>) -> Option<Reason> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let by = text(&event["user"]).map(UserId::new);
    // Our own pins are the welcome messages.
    if by.is_some() && by.as_ref() == us {
        return None;
    }
    let item = &event["item"];
    let (channel, ts, by, of_known_only) = match event["type"].as_str()? {
        "reaction_added" | "reaction_removed" if event["reaction"] == PIN => {
            (&item["channel"], &item["ts"], by, false)
        }
        // Who takes it back has not done what is to be done.
        "reaction_added" if event["reaction"] == FOLLOW_UP => {
            (&item["channel"], &item["ts"], by, false)
        }
        "pin_added" | "pin_removed" => (&event["channel_id"], &item["message"]["ts"], by, false),
        "message" => match event["subtype"].as_str()? {
            "message_changed" => (&event["channel"], &event["message"]["ts"], None, true),
            "message_deleted" => (&event["channel"], &event["deleted_ts"], None, true),
            _ => return None,
        },
        _ => return None,
    };
    Some(Reason {
        channel: ChannelId::new(text(channel)?),
        ts: MessageTs::new(text(ts)?),
        by,
        of_known_only,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_people_do_is_a_reason() {
        let us = UserId::from("U0STENTOR");
        let pin = |user: &str| {
            json!({"type": "pin_added", "user": user, "channel_id": "C1",
                "item": {"type": "message", "message": {"ts": "1.2"}}})
        };
        assert!(reason(&pin("U0ALICE"), Some(&us)).is_some());
        assert!(reason(&pin("U0STENTOR"), Some(&us)).is_none());
        let reaction = |name: &str| {
            json!({"type": "reaction_added", "user": "U0ALICE", "reaction": name,
                "item": {"type": "message", "channel": "C1", "ts": "1.2"}})
        };
        assert!(reason(&reaction("pushpin"), Some(&us)).is_some());
        assert!(reason(&reaction("tada"), Some(&us)).is_none());
        // Files can be pinned too.
        let file = json!({"type": "pin_added", "user": "U0ALICE", "channel_id": "C1",
            "item": {"type": "file", "file": {"id": "F1"}}});
        assert!(reason(&file, Some(&us)).is_none());
        let said = json!({"type": "message", "user": "U0ALICE", "channel": "C1", "ts": "1.2"});
        assert!(reason(&said, Some(&us)).is_none());
    }
}

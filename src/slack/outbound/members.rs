//! Who is in the incident's channel. People are invited once: whoever leaves has left. Nobody is taken
//! out of it but who was taken out of a private incident.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::ids::{ChannelId, UserId};
use crate::incident::command::Command;
use crate::incident::reactions::Surface;
use crate::slack::client::CallError;
use crate::slack::outbound::Job;
use crate::slack::outbound::calls::Failed;
use crate::store::surfaces::Shown;

/// Slack takes a hundred at once for certain.
const INVITED_AT_ONCE: usize = 100;
/// Why somebody can't be taken out who is not there.
const NOT_THERE: [&str; 2] = ["not_in_channel", "user_not_found"];

impl Job<'_> {
    /// Invites those who have a part in the incident and have not been invited yet.
    pub(super) async fn invite_members(&self, channel: &ChannelId) -> Result<(), Failed> {
        let mut shown = self.shown_in(channel, Surface::Members).await?;
        self.remove_members(channel, &mut shown).await?;
        let us = self.performer.bot_user(&self.work.workspace).await?;
        let known: BTreeSet<&UserId> = shown.detail.invited.iter().chain([&us]).collect();
        let missing: Vec<UserId> =
            self.incident.people().into_iter().filter(|person| !known.contains(person)).collect();
        for some in missing.chunks(INVITED_AT_ONCE) {
            self.invite(channel, some).await?;
            shown.detail.invited.extend(some.iter().cloned());
            self.save(Surface::Members, &shown).await?;
        }
        Ok(())
    }

    /// Takes those out who were taken out of the incident since they were invited.
    async fn remove_members(&self, channel: &ChannelId, shown: &mut Shown) -> Result<(), Failed> {
        let removed = self.incident.papers.removed.iter();
        let there = removed.filter(|person| shown.detail.invited.contains(person));
        for person in there.cloned().collect::<Vec<_>>() {
            let arguments = json!({"channel": channel, "user": person});
            match self.calls.post("conversations.kick", &arguments).await {
                Ok(_) => {}
                Err(failed) if NOT_THERE.iter().any(|reason| failed.is(reason)) => {}
                Err(failed) => return Err(failed),
            }
            // From now on they are invited like anybody who never was.
            shown.detail.invited.retain(|invited| *invited != person);
            self.save(Surface::Members, shown).await?;
        }
        Ok(())
    }

    async fn invite(&self, channel: &ChannelId, missing: &[UserId]) -> Result<(), Failed> {
        let users = missing.iter().map(UserId::as_str).collect::<Vec<_>>().join(",");
        let arguments = json!({"channel": channel, "users": users, "force": true});
        let failures = match self.calls.post("conversations.invite", &arguments).await {
            Ok(answer) => {
                failures(answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default())
            }
            Err(Failed::Refused(error @ CallError::Refused { .. })) => {
                let (code, details) = error.words();
                let each: Vec<Value> =
                    details.iter().filter_map(|detail| serde_json::from_str(detail).ok()).collect();
                let listed = failures(&each);
                match code {
                    // The code is that of the first of them; with `force`, the rest was invited.
                    _ if !each.is_empty() => listed,
                    "already_in_channel" | "cant_invite_self" => Vec::new(),
                    "user_not_found" | "cant_invite" | "user_is_restricted"
                    | "ura_max_channels" => {
                        missing.iter().map(|person| (person.to_string(), code.to_owned())).collect()
                    }
                    _ => return Err(Failed::Refused(error)),
                }
            }
            Err(failed) => return Err(failed),
        };
        for (person, reason) in failures {
            self.record_uninvited(&person, &reason).await?;
        }
        Ok(())
    }

    /// Somebody whom Slack does not let in is no reason to keep the others waiting.
    async fn record_uninvited(&self, person: &str, reason: &str) -> Result<(), Failed> {
        let what = format!("invite {person} to the channel");
        let receipt = format!("uninvited/{}/{person}", self.incident.id);
        self.report(receipt, Command::RecordUndelivered { what, error: reason.to_owned() }).await?;
        Ok(())
    }
}

/// Who could not be invited, and why; somebody who is there already counts as invited.
fn failures(errors: &[Value]) -> Vec<(String, String)> {
    let text = |error: &Value, name: &str| error[name].as_str().unwrap_or("unknown").to_owned();
    errors
        .iter()
        .filter(|error| error["ok"] != Value::Bool(true))
        .map(|error| (text(error, "user"), text(error, "error")))
        .filter(|(_, reason)| reason != "already_in_channel" && reason != "cant_invite_self")
        .collect()
}

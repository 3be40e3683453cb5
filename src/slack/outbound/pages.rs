//! Messages that page people: sent once, and edited in place as long as they matter.

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::ids::{ChannelId, EscalationId, MessageTs};
use crate::oncall::escalation::state::{Escalation, Status, Whom};
use crate::outbox::hold::{Held, LEASE};
use crate::outbox::page_work::ShiftNews;
use crate::paging::{NotDone, Paging};
use crate::slack::outbound::Performer;
use crate::slack::outbound::calls::{Calls, Failed, Trouble};
use crate::slack::outbound::messages::{find_ours, message_arguments};
use crate::slack::view::kit::message::Message;
use crate::slack::view::page;
use crate::store::escalations::Shown;
use crate::store::{escalations, incidents, outbox};

impl Performer {
    /// Shows a page as it is to be now. Whoever can't be reached is no reason to try for ever: the
    /// escalation hears of it, and goes on.
    pub async fn show_page(
        &self,
        held: &Held,
        paging: &Paging,
        escalation: &EscalationId,
        number: u32,
    ) -> Result<(), Trouble> {
        let workspace = &held.work.workspace;
        let mut tx = self.db.read().await?;
        let found = escalations::by_id(&mut tx, workspace, escalation).await?;
        let Some(found) = found else { return Ok(()) };
        let shown = escalations::shown(&mut tx, workspace, escalation, number).await?;
        let incident = match &found.incident {
            Some(incident) => incidents::by_id(&mut tx, workspace, incident).await?,
            None => None,
        };
        drop(tx);
        let Some(paged) = found.page(number) else { return Ok(()) };
        let message = page::page(&found, paged, incident.as_ref());
        let showing = Showing { performer: self, held, escalation: &found, number };
        let whom = &paged.whom;
        match showing.show(whom, shown, &message).await {
            Ok(Outcome::Sent) if paged.delivered_at.is_some() => Ok(()),
            Ok(Outcome::Sent) => {
                paging.delivered(workspace, escalation, number).await.map_err(again)
            }
            Ok(Outcome::Nothing) => Ok(()),
            Err(Failed::Refused(error)) if is_about_them(&error) => {
                tracing::warn!(escalation.id = %escalation, page = number, error = %error, "Somebody can't be paged");
                let error = error.to_string();
                paging.failed(workspace, escalation, number, &error).await.map_err(again)
            }
            Err(failed) => Err(failed.into()),
        }
    }

    /// Tells somebody that their time on call has begun or ended.
    pub async fn tell_shift(&self, held: &Held, news: &ShiftNews) -> Result<(), Trouble> {
        let calls = Calls { performer: self, workspace: &held.work.workspace, held: Some(held) };
        let told = async {
            let channel = open(&calls, &Whom::Person { user: news.user.clone() }).await?;
            send(&calls, held, &channel, &page::shift(news)).await.map(drop)
        };
        match told.await {
            Err(Failed::Refused(error)) if is_about_them(&error) => {
                tracing::info!(user = %news.user, error = %error, "Somebody can't be told of their time on call");
                Ok(())
            }
            result => Ok(result?),
        }
    }
}

/// What came of showing a page.
enum Outcome {
    /// It is there.
    Sent,
    /// It need not be.
    Nothing,
}

/// A refusal that says that these people, or this channel, can't be written to.
fn is_about_them(error: &crate::slack::client::CallError) -> bool {
    const REASONS: [&str; 14] = [
        "user_not_found",
        "users_not_found",
        "user_not_visible",
        "user_disabled",
        "account_inactive_user",
        "cannot_dm_bot",
        "users_list_not_supplied",
        "channel_not_found",
        "is_archived",
        "is_inactive",
        "not_in_channel",
        "restricted_action",
        "messages_tab_disabled",
        "method_not_supported_for_channel_type",
    ];
    REASONS.iter().any(|reason| error.is(reason))
}

fn again(not_done: NotDone) -> Trouble {
    match not_done {
        NotDone::NotSaved(error) => Trouble::again_store(&error),
        NotDone::Refused(refused) => Trouble::give_up(refused.to_string()),
    }
}

struct Showing<'a> {
    performer: &'a Performer,
    held: &'a Held,
    escalation: &'a Escalation,
    number: u32,
}

impl Showing<'_> {
    async fn show(
        &self,
        whom: &Whom,
        shown: Option<Shown>,
        message: &Message,
    ) -> Result<Outcome, Failed> {
        let workspace = &self.held.work.workspace;
        let calls = Calls { performer: self.performer, workspace, held: Some(self.held) };
        let hash = hash(message);
        if let Some(shown) = shown {
            return self.edit(&calls, shown, message, hash).await;
        }
        let is_wanted =
            self.escalation.status.is_open() || self.escalation.status == Status::Expired;
        let in_doubt = self.held.work.is_in_doubt();
        if !is_wanted && !in_doubt {
            return Ok(Outcome::Nothing);
        }
        let channel = open(&calls, whom).await?;
        let sent = match is_wanted {
            true => send(&calls, self.held, &channel, message).await?,
            // It may have been sent before somebody answered.
            false => match look_for(&calls, self.held, &channel).await? {
                Some(ts) => Sent { ts, earlier: true },
                None => return Ok(Outcome::Nothing),
            },
        };
        let known = if sent.earlier { String::new() } else { hash.clone() };
        let shown = Shown { channel, ts: sent.ts, shown: known };
        self.save(&shown).await?;
        // What was found shows how things were then.
        self.edit(&calls, shown, message, hash).await
    }

    async fn edit(
        &self,
        calls: &Calls<'_>,
        shown: Shown,
        message: &Message,
        hash: String,
    ) -> Result<Outcome, Failed> {
        if shown.shown == hash {
            return Ok(Outcome::Sent);
        }
        let arguments = json!({"channel": shown.channel, "ts": shown.ts, "text": message.text, "blocks": message.blocks, "parse": "none"});
        match calls.post("chat.update", &arguments).await {
            Ok(_) => {}
            // Somebody has deleted it: they have seen it.
            Err(failed) if failed.is("message_not_found") => {}
            Err(failed) => return Err(failed),
        }
        self.save(&Shown { shown: hash, ..shown }).await?;
        Ok(Outcome::Sent)
    }

    /// Remembers what Slack shows, unless somebody else has the lane: they know better.
    async fn save(&self, shown: &Shown) -> Result<(), Trouble> {
        let (work, performer) = (&self.held.work, self.performer);
        let (now, since) = (performer.clock.now(), Instant::now());
        let mut tx = performer.db.begin().await?;
        if !outbox::renew(&mut tx, work, now.plus(LEASE)).await? {
            return Err(Trouble::NotOurs);
        }
        let id = &self.escalation.id;
        escalations::save_shown(&mut tx, &work.workspace, id, self.number, shown).await?;
        tx.commit().await?;
        self.held.renewed(now, since);
        Ok(())
    }
}

/// The channel in which somebody is written to.
async fn open(calls: &Calls<'_>, whom: &Whom) -> Result<ChannelId, Failed> {
    let user = match whom {
        Whom::Channel { channel } => return Ok(channel.clone()),
        Whom::Person { user } => user,
    };
    let answer = calls.post("conversations.open", &json!({"users": user})).await?;
    let channel = answer["channel"]["id"].as_str().map(ChannelId::from);
    channel.ok_or_else(|| Failed::give_up("conversations.open answered without an id"))
}

struct Sent {
    ts: MessageTs,
    /// By an earlier attempt, which may have said something else.
    earlier: bool,
}

/// Sends a message with the id of this work, unless an earlier attempt has.
async fn send(
    calls: &Calls<'_>,
    held: &Held,
    channel: &ChannelId,
    message: &Message,
) -> Result<Sent, Failed> {
    if held.work.is_in_doubt()
        && let Some(ts) = look_for(calls, held, channel).await?
    {
        return Ok(Sent { ts, earlier: true });
    }
    let arguments = message_arguments(&held.work, channel, None, message);
    let answer = match calls.send("chat.postMessage", channel.as_str(), &arguments).await {
        // A public channel that Stentor is not in, it can enter.
        Err(failed) if failed.is("not_in_channel") => {
            calls.post("conversations.join", &json!({"channel": channel})).await?;
            calls.send("chat.postMessage", channel.as_str(), &arguments).await?
        }
        answer => answer?,
    };
    let ts = answer["ts"].as_str().map(MessageTs::from);
    let no_ts = || Trouble::Again { error: "Slack sent no ts".to_owned(), in_doubt: true };
    Ok(Sent { ts: ts.ok_or_else(no_ts)?, earlier: false })
}

async fn look_for(
    calls: &Calls<'_>,
    held: &Held,
    channel: &ChannelId,
) -> Result<Option<MessageTs>, Failed> {
    let place = [("channel", channel.as_str())];
    match find_ours(calls, &held.work, "conversations.history", channel, &place).await {
        Err(failed) if failed.is("not_in_channel") => {
            calls.post("conversations.join", &json!({"channel": channel})).await?;
            find_ours(calls, &held.work, "conversations.history", channel, &place).await
        }
        found => found,
    }
}

fn hash(message: &Message) -> String {
    let json = serde_json::to_vec(message).expect("a message is JSON");
    hex::encode(Sha256::digest(&json))
}

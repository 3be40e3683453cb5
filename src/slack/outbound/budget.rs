//! How much Slack takes. Source: the tiers of Slack's rate limits, in calls a minute for each
//! method, workspace and app.
//!
//! Slack publishes no burst sizes, and gives a 429 to who asks too much; keeping below is cheaper
//! for both than being told.

use std::time::Duration;

use crate::store::pace::Turnstile;

const MINUTE: Duration = Duration::from_secs(60);
/// Slack takes one message a second in a channel.
const POST_EVERY: Duration = Duration::from_secs(1);

/// Calls a minute, and how many of them at once.
fn per_minute(method: &str) -> (u32, u32) {
    match method {
        // Some hundred a minute for all channels together.
        "chat.postMessage" => (240, 20),
        "auth.test" | "chat.getPermalink" => (600, 20),
        // Tier 4, as is read one by one.
        "users.info" => (100, 30),
        // Tier 4.
        "chat.postEphemeral" => (100, 30),
        // Tier 3.
        "chat.update"
        | "conversations.invite"
        | "conversations.join"
        | "conversations.kick"
        | "conversations.history"
        | "conversations.info"
        | "conversations.open"
        | "conversations.replies"
        | "users.conversations" => (50, 20),
        // Tier 2, as `auth.teams.list` and most of what changes a channel. What is not known is taken
        // for one of these.
        _ => (20, 10),
    }
}

/// Where a call of this method has to pass; a message goes through its channel's, too.
pub fn turnstiles(method: &str, channel: Option<&str>) -> Vec<Turnstile> {
    let (calls, burst) = per_minute(method);
    let own = Turnstile { key: format!("turn/{method}"), every: MINUTE / calls, burst };
    let channel = channel.map(|channel| Turnstile {
        key: format!("channel/{channel}"),
        every: POST_EVERY,
        burst: 1,
    });
    std::iter::once(own).chain(channel).collect()
}

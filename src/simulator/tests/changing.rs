//! What people do to channels as a whole, and what the app can still do there.

use super::*;

fn alice() -> String {
    "U0ALICE".to_owned()
}

#[tokio::test]
async fn a_deleted_channel_is_gone_and_its_name_is_free() {
    let world = World::new().await;
    let make = json!({ "name": "war-room" });
    let id = world.ok("conversations.create", make.clone()).await["channel"]["id"].clone();
    let channel = id.as_str().unwrap_or_default().to_owned();
    let by_bob = Act::DeleteChannel { user: "U0BOB".to_owned(), channel: channel.clone() };
    let refused = world.slack.act(by_bob).await.map(|_| ()).map_err(|oops| oops.error);
    assert_eq!(refused, Err("restricted_action".to_owned()));
    world.act(Act::DeleteChannel { user: alice(), channel: channel.clone() }).await;
    world.slack.settle().await;
    assert_eq!(world.events("channel_deleted")[0]["event"]["channel"], id);
    let post = json!({ "channel": channel, "text": "x" });
    assert_eq!(world.error("chat.postMessage", post).await, "channel_not_found");
    world.ok("conversations.create", make).await;
}

#[tokio::test]
async fn the_app_hears_that_it_was_removed() {
    let world = World::new().await;
    let make = json!({ "name": "war-room", "is_private": true });
    let id = world.ok("conversations.create", make).await["channel"]["id"].clone();
    let channel = id.as_str().unwrap_or_default().to_owned();
    world.ok("conversations.invite", json!({ "channel": channel, "users": "U0ALICE" })).await;
    let who = "U0STENTOR".to_owned();
    world.act(Act::Kick { user: alice(), channel: channel.clone(), who }).await;
    world.slack.settle().await;
    assert_eq!(world.events("group_left")[0]["event"]["channel"], id);
    assert_eq!(world.events("member_left_channel")[0]["event"]["user"], "U0STENTOR");
    let post = json!({ "channel": channel, "text": "x" });
    assert_eq!(world.error("chat.postMessage", post).await, "channel_not_found");
}

#[tokio::test]
async fn a_channel_made_private_keeps_its_members() {
    let world = World::new().await;
    let make = json!({ "name": "war-room" });
    let id = world.ok("conversations.create", make).await["channel"]["id"].clone();
    let channel = id.as_str().unwrap_or_default().to_owned();
    world.ok("conversations.invite", json!({ "channel": channel, "users": "U0ALICE" })).await;
    world.act(Act::MakePrivate { user: alice(), channel: channel.clone() }).await;
    world.slack.settle().await;
    let told = world.events("message").pop().expect("a message tells of it");
    let told = &told["event"];
    assert_eq!(told["subtype"], "channel_convert_to_private");
    world.ok("chat.postMessage", json!({ "channel": channel, "text": "x" })).await;
}

#[tokio::test]
async fn where_posting_is_restricted_only_admins_post() {
    let world = World::new().await;
    let channel = "C0GENERAL".to_owned();
    let restrict =
        Act::RestrictPosting { user: alice(), channel: channel.clone(), restricted: true };
    world.act(restrict).await;
    let post = json!({ "channel": channel, "text": "x" });
    let refused = world.error("chat.postMessage", post).await;
    assert_eq!(refused, "restricted_action_read_only_channel");
    let text = "Hello".to_owned();
    world.act(Act::PostMessage { user: alice(), channel, text, thread_ts: None }).await;
}

#[tokio::test]
async fn a_channel_with_another_id_has_all_its_messages() {
    let world = World::new().await;
    let ts = world.ok("chat.postMessage", json!({ "channel": "C0GENERAL", "text": "x" })).await;
    let made = world.act(Act::ChangeChannelId { channel: "C0GENERAL".to_owned() }).await.made;
    let id = made.expect("a new id");
    world.slack.settle().await;
    let told = world.events("channel_id_changed").pop().expect("the app is told");
    let told = &told["event"];
    assert_eq!(
        (&told["old_channel_id"], &told["new_channel_id"]),
        (&json!("C0GENERAL"), &json!(id))
    );
    let update = |channel: &str| json!({ "channel": channel, "ts": ts["ts"], "text": "y" });
    assert_eq!(world.error("chat.update", update("C0GENERAL")).await, "channel_not_found");
    world.ok("chat.update", update(&id)).await;
}

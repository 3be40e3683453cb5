//! The Web API's rules.

use super::*;

#[tokio::test]
async fn tokens_and_bodies_are_checked_before_anything_is_done() {
    let world = World::new().await;
    let json = "application/json; charset=utf-8";
    let table = [
        ("auth.test", None, json, "{}", "not_authed"),
        ("auth.test", Some("xoxb-other"), json, "{}", "invalid_auth"),
        ("auth.tset", Some("xoxb-simulator"), json, "{}", "unknown_method"),
        ("chat.postMessage", Some("xoxb-simulator"), json, "{", "invalid_json"),
        ("chat.postMessage", Some("xoxb-simulator"), json, "[]", "json_not_object"),
        ("chat.postMessage", Some("xoxb-simulator"), json, "{}", "invalid_arguments"),
        // A method that takes forms doesn't look into JSON.
        (
            "conversations.info",
            Some("xoxb-simulator"),
            json,
            r#"{"channel":"C0GENERAL"}"#,
            "invalid_arguments",
        ),
    ];
    for (method, token, kind, body, expected) in table {
        let (status, answer, _) =
            world.raw(method, token, kind, body.to_owned()).await.expect("it answers");
        assert_eq!((status, &answer["error"]), (StatusCode::OK, &json!(expected)), "{method}");
    }
    let answer = world.call("chat.postMessage", json!({ "text": "x" })).await;
    let lines = &answer["response_metadata"]["messages"];
    assert_eq!(*lines, json!(["[ERROR] missing required field: channel"]));
}

#[tokio::test]
async fn forms_queries_and_json_say_the_same() {
    let world = World::new().await;
    let form = "token=xoxb-simulator&channel=C0GENERAL&text=hi&blocks=\
        %5B%7B%22type%22%3A%22divider%22%7D%5D";
    let kind = "application/x-www-form-urlencoded";
    let (_, answer, _) =
        world.raw("chat.postMessage", None, kind, form.to_owned()).await.expect("it answers");
    assert_eq!(answer["message"]["blocks"][0]["type"], "divider", "{answer}");
    let answer = world.get("conversations.info", "channel=C0GENERAL").await;
    assert_eq!(answer["channel"]["name"], "general");
    let answer = world.ok("auth.test", json!({})).await;
    assert_eq!(answer["bot_id"], "B0STENTOR");
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let settings = Settings { scopes: vec!["chat:write".to_owned()], ..Settings::default() };
    let world = World::with(settings).await;
    let (_, answer, headers) = world.respond("conversations.create", json!({ "name": "x" })).await;
    assert_eq!(answer["error"], "missing_scope");
    assert_eq!(
        (&answer["needed"], &answer["provided"]),
        (&json!("channels:manage"), &json!("chat:write"))
    );
    assert_eq!(headers["x-oauth-scopes"], "chat:write");
    // Without chat:write.public, posting takes membership.
    let args = json!({ "channel": "C0INCIDENTS", "text": "x" });
    assert_eq!(world.error("chat.postMessage", args).await, "not_in_channel");
}

#[tokio::test]
async fn channel_names_stay_taken_after_archiving() {
    let world = World::new().await;
    let channel = world.channel("inc-1").await;
    world.ok("conversations.archive", json!({ "channel": channel })).await;
    let again = json!({ "name": "inc-1" });
    assert_eq!(world.error("conversations.create", again).await, "name_taken");
    for (name, expected) in [
        ("", "invalid_name_required"),
        ("Inc", "invalid_name_specials"),
        ("--", "invalid_name_punctuation"),
    ] {
        let args = json!({ "name": name });
        assert_eq!(world.error("conversations.create", args).await, expected);
    }
    let channel = json!({ "channel": channel });
    assert_eq!(world.error("conversations.archive", channel.clone()).await, "already_archived");
    assert_eq!(world.error("conversations.unarchive", channel.clone()).await, "not_in_channel");
    let mut post = channel;
    post["text"] = "x".into();
    assert_eq!(world.error("chat.postMessage", post).await, "is_archived");
}

#[tokio::test]
async fn invitations_are_all_or_nothing_unless_forced() {
    let world = World::new().await;
    let channel = world.channel("inc-1").await;
    let users = "U0ALICE,U0NOBODY,U0STENTOR";
    let answer =
        world.call("conversations.invite", json!({ "channel": channel, "users": users })).await;
    assert_eq!(answer["error"], "user_not_found");
    assert_eq!(
        answer["errors"],
        json!([
            { "user": "U0NOBODY", "ok": false, "error": "user_not_found" },
            { "user": "U0STENTOR", "ok": false, "error": "cant_invite_self" },
        ])
    );
    let members = |world: &World| {
        world.slack.channel_by_name("inc-1").expect("it's there").members.into_iter()
    };
    assert_eq!(members(&world).collect::<Vec<_>>(), ["U0STENTOR"]);
    let forced = json!({ "channel": channel, "users": users, "force": true });
    let answer = world.ok("conversations.invite", forced).await;
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(2));
    assert_eq!(members(&world).collect::<Vec<_>>(), ["U0ALICE", "U0STENTOR"]);
    let again = json!({ "channel": channel, "users": "U0ALICE" });
    assert_eq!(world.error("conversations.invite", again).await, "already_in_channel");
}

#[tokio::test]
async fn people_read_what_happens_to_a_channel() {
    let world = World::new().await;
    let channel = world.channel("inc-1").await;
    let invited = json!({ "channel": channel, "users": "U0BOB" });
    world.ok("conversations.invite", invited).await;
    world.ok("conversations.setTopic", json!({ "channel": channel, "topic": "SEV2" })).await;
    world.ok("conversations.rename", json!({ "channel": channel, "name": "inc-1-db" })).await;
    let messages = world.slack.channel_by_name("inc-1-db").expect("it's there").messages;
    let said: Vec<_> = messages
        .values()
        .map(|m| format!("{} {}: {}", m.subtype.as_deref().unwrap_or("-"), m.user, m.text))
        .collect();
    assert_eq!(
        said,
        [
            "channel_join U0STENTOR: <@U0STENTOR> has joined the channel",
            "channel_join U0BOB: <@U0BOB> has joined the channel",
            "channel_topic U0STENTOR: set the channel topic: SEV2",
            "channel_name U0STENTOR: has renamed the channel from \"inc-1\" to \"inc-1-db\"",
        ]
    );
    let long = json!({ "channel": channel, "topic": "x".repeat(251) });
    assert_eq!(world.error("conversations.setTopic", long).await, "too_long");
    let not_ours = json!({ "channel": "C0GENERAL", "name": "ours" });
    assert_eq!(world.error("conversations.rename", not_ours).await, "not_authorized");
}

#[tokio::test]
async fn posts_are_cut_and_updates_refused_when_too_long() {
    let world = World::with(Settings { rate_limits: false, ..Settings::default() }).await;
    let ts = world.post("C0GENERAL", &"é".repeat(40_001)).await;
    let message = world.slack.message("C0GENERAL", ts).expect("it's there");
    assert_eq!(message.text.chars().count(), 40_000);
    let update = |text: String| json!({ "channel": "C0GENERAL", "ts": ts, "text": text });
    assert_eq!(world.error("chat.update", update("x".repeat(4_001))).await, "msg_too_long");
    world.ok("chat.update", update("x".repeat(4_000))).await;
    let divider = json!([{ "type": "divider" }]);
    let mut with_blocks = update("x".to_owned());
    with_blocks["blocks"] = divider;
    world.ok("chat.update", with_blocks.clone()).await;
    let answer = world.ok("chat.update", update("y".to_owned())).await;
    assert_eq!(answer["message"]["blocks"][0]["type"], "divider", "they stay unless replaced");
    with_blocks["blocks"] = json!([]);
    let answer = world.ok("chat.update", with_blocks).await;
    assert_eq!(answer["message"].get("blocks"), None);
    let empty = json!({ "channel": "C0GENERAL", "text": " " });
    assert_eq!(world.error("chat.postMessage", empty).await, "no_text");
    let section = |n: usize| json!({ "type": "section", "text": { "type": "mrkdwn", "text": "x".repeat(n) } });
    let args = |blocks: Value| json!({ "channel": "C0GENERAL", "text": "x", "blocks": blocks });
    let fits =
        json!([section(3_000), section(3_000), section(3_000), section(3_000), section(1_200)]);
    world.ok("chat.postMessage", args(fits)).await;
    let too_much =
        json!([section(3_000), section(3_000), section(3_000), section(3_000), section(1_201)]);
    assert_eq!(world.error("chat.postMessage", args(too_much)).await, "msg_blocks_too_long");
    let answer = world.call("chat.postMessage", args(json!([{ "type": "header" }]))).await;
    assert_eq!(answer["error"], "invalid_blocks");
    let line = json!(["[ERROR] missing required field: text [json-pointer:/blocks/0]"]);
    assert_eq!(answer["response_metadata"]["messages"], line);
}

#[tokio::test]
async fn only_own_messages_can_be_changed() {
    let world = World::new().await;
    let seen = world.act(says("U0ALICE", "C0GENERAL", "mine")).await;
    let ts = seen.posted.expect("it was posted");
    let args = json!({ "channel": "C0GENERAL", "ts": ts, "text": "yours" });
    assert_eq!(world.error("chat.update", args.clone()).await, "cant_update_message");
    assert_eq!(world.error("chat.delete", args).await, "cant_delete_message");
    let nowhere = json!({ "channel": "C0GENERAL", "ts": "1.000000", "text": "x" });
    assert_eq!(world.error("chat.update", nowhere).await, "message_not_found");
}

#[tokio::test]
async fn metadata_is_whole_only_when_asked_for() {
    let world = World::new().await;
    let metadata = json!({ "event_type": "post", "event_payload": { "id": "01J" } });
    let args = json!({ "channel": "C0GENERAL", "text": "x", "metadata": metadata });
    let ts = world.ok("chat.postMessage", args).await["ts"].clone();
    let history = world.ok("conversations.history", json!({ "channel": "C0GENERAL" })).await;
    assert_eq!(history["messages"][0]["metadata"], json!({ "event_type": "post" }));
    let all = json!({ "channel": "C0GENERAL", "include_all_metadata": true });
    let history = world.ok("conversations.history", all).await;
    assert_eq!(history["messages"][0]["metadata"], metadata);
    let update = |metadata: Value| json!({ "channel": "C0GENERAL", "ts": ts, "text": "y", "metadata": metadata });
    let kept = json!({ "channel": "C0GENERAL", "ts": ts, "text": "y" });
    assert_eq!(world.ok("chat.update", kept).await["message"]["metadata"], metadata);
    assert_eq!(world.ok("chat.update", update(json!({}))).await["message"].get("metadata"), None);
    let wrong = update(json!({ "event_type": "post" }));
    assert_eq!(world.error("chat.update", wrong).await, "invalid_metadata_format");
}

#[tokio::test]
async fn pins_and_reactions_happen_once() {
    let world = World::new().await;
    let ts = world.post("C0GENERAL", "pin me").await;
    let pin = json!({ "channel": "C0GENERAL", "timestamp": ts });
    world.ok("pins.add", pin.clone()).await;
    assert_eq!(world.error("pins.add", pin.clone()).await, "already_pinned");
    let pins = world.get("pins.list", "channel=C0GENERAL").await;
    assert_eq!(pins["items"][0]["message"]["ts"], json!(ts));
    world.ok("pins.remove", pin.clone()).await;
    assert_eq!(world.error("pins.remove", pin).await, "no_pin");
    let react = |name: &str| json!({ "channel": "C0GENERAL", "timestamp": ts, "name": name });
    world.ok("reactions.add", react("eyes")).await;
    assert_eq!(world.error("reactions.add", react("eyes")).await, "already_reacted");
    assert_eq!(world.error("reactions.add", react(":eyes:")).await, "invalid_name");
    let answer = world.get("reactions.get", &format!("channel=C0GENERAL&timestamp={ts}")).await;
    assert_eq!(answer["message"]["reactions"][0]["users"], json!(["U0STENTOR"]));
    world.ok("reactions.remove", react("eyes")).await;
    assert_eq!(world.error("reactions.remove", react("eyes")).await, "no_reaction");
}

#[tokio::test]
async fn bookmarks_are_kept_in_their_channel() {
    let world = World::new().await;
    let channel = world.channel("inc-1").await;
    let add = |link: &str| json!({ "channel_id": channel, "title": "Runbook", "type": "link", "link": link });
    assert_eq!(world.error("bookmarks.add", add("ftp://x")).await, "invalid_link");
    let made = world.ok("bookmarks.add", add("https://example.com")).await;
    let edit = json!({
        "channel_id": channel, "bookmark_id": made["bookmark"]["id"], "title": "Call",
    });
    world.ok("bookmarks.edit", edit.clone()).await;
    let list = world.ok("bookmarks.list", json!({ "channel_id": channel })).await;
    assert_eq!(list["bookmarks"][0]["title"], "Call");
    assert_eq!(list["bookmarks"][0]["link"], "https://example.com");
    world.ok("bookmarks.remove", edit.clone()).await;
    assert_eq!(world.error("bookmarks.remove", edit).await, "not_found");
}

#[tokio::test]
async fn lists_and_histories_come_in_pages() {
    let world = World::with(Settings { rate_limits: false, ..Settings::default() }).await;
    for number in 0..5 {
        world.channel(&format!("inc-{number}")).await;
        world.post("C0GENERAL", &number.to_string()).await;
    }
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = world.get("users.conversations", &format!("limit=2&cursor={cursor}")).await;
        let channels = page["channels"].as_array().expect("a list").clone();
        assert!(channels.len() <= 2);
        names.extend(channels.iter().map(|channel| channel["name"].to_string()));
        cursor = page["response_metadata"]["next_cursor"].as_str().expect("text").to_owned();
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(names.len(), 6, "{names:?}");
    let first =
        world.ok("conversations.history", json!({ "channel": "C0GENERAL", "limit": 3 })).await;
    assert_eq!((&first["messages"][0]["text"], &first["has_more"]), (&json!("4"), &json!(true)));
    let cursor = first["response_metadata"]["next_cursor"].clone();
    let args = json!({ "channel": "C0GENERAL", "limit": 3, "cursor": cursor });
    let second = world.ok("conversations.history", args).await;
    assert_eq!((&second["messages"][0]["text"], &second["has_more"]), (&json!("1"), &json!(false)));
    let oldest = first["messages"][1]["ts"].clone();
    let args = json!({ "channel": "C0GENERAL", "oldest": oldest });
    let newer = world.ok("conversations.history", args).await;
    assert_eq!(newer["messages"].as_array().map(Vec::len), Some(1));
    let wrong = world.get("conversations.list", "cursor=nonsense").await;
    assert_eq!(wrong["error"], "invalid_cursor");
}

#[tokio::test]
async fn threads_hold_their_replies() {
    let world = World::new().await;
    let ts = world.post("C0GENERAL", "parent").await;
    let reply = json!({ "channel": "C0GENERAL", "thread_ts": ts, "text": "reply" });
    world.ok("chat.postMessage", reply).await;
    let thread = world.get("conversations.replies", &format!("channel=C0GENERAL&ts={ts}")).await;
    let texts: Vec<_> =
        thread["messages"].as_array().expect("a list").iter().map(|m| &m["text"]).collect();
    assert_eq!(texts, ["parent", "reply"]);
    assert_eq!(thread["messages"][0]["reply_count"], 1);
    let history = world.ok("conversations.history", json!({ "channel": "C0GENERAL" })).await;
    assert_eq!(history["messages"].as_array().map(Vec::len), Some(1));
    let missing = world.get("conversations.replies", "channel=C0GENERAL&ts=1.000000").await;
    assert_eq!(missing["error"], "thread_not_found");
}

#[tokio::test]
async fn private_channels_do_not_exist_for_outsiders() {
    let world = World::new().await;
    let act =
        Act::CreateChannel { user: "U0ALICE".to_owned(), name: "secret".to_owned(), private: true };
    let channel = world.act(act).await.made.expect("it was made");
    let post = json!({ "channel": channel, "text": "x" });
    assert_eq!(world.error("chat.postMessage", post.clone()).await, "channel_not_found");
    let taken = json!({ "name": "secret" });
    assert_eq!(world.error("conversations.create", taken).await, "name_taken");
    let list = world.get("conversations.list", "types=public_channel,private_channel").await;
    assert!(!list.to_string().contains("secret"));
    let [user, who] = ["U0ALICE", "U0STENTOR"].map(str::to_owned);
    world.act(Act::Invite { user, channel, who }).await;
    world.ok("chat.postMessage", post).await;
}

#[tokio::test]
async fn people_are_looked_up_by_id_and_by_email() {
    let world = World::new().await;
    let alice = world.get("users.info", "user=U0ALICE").await;
    assert_eq!(alice["user"]["profile"]["email"], "alice@example.com");
    assert_eq!(alice["user"]["tz_offset"], -4 * 3600);
    let bob = world.get("users.lookupByEmail", "email=BOB@example.com").await;
    assert_eq!(bob["user"]["id"], "U0BOB");
    let nobody = world.get("users.lookupByEmail", "email=nobody@example.com").await;
    assert_eq!(nobody["error"], "users_not_found");
    let group = world.get("usergroups.users.list", "usergroup=S0ONCALL").await;
    assert_eq!(group["users"], json!(["U0BOB", "U0CAROL"]));
    let im = world.ok("conversations.open", json!({ "users": "U0BOB" })).await;
    let again = world.ok("conversations.open", json!({ "users": ["U0BOB"] })).await;
    assert_eq!(
        (&im["channel"]["id"], &again["already_open"]),
        (&again["channel"]["id"], &json!(true))
    );
}

#[tokio::test]
async fn a_channel_takes_one_post_a_second_after_a_burst() {
    let world = World::new().await;
    let args = json!({ "channel": "C0GENERAL", "text": "x" });
    for _ in 0..4 {
        world.ok("chat.postMessage", args.clone()).await;
    }
    let (status, answer, headers) = world.respond("chat.postMessage", args.clone()).await;
    assert_eq!((status, &answer["error"]), (StatusCode::TOO_MANY_REQUESTS, &json!("ratelimited")));
    assert_eq!(headers["retry-after"], "1");
    world.pass(SECOND);
    world.ok("chat.postMessage", args).await;
    assert_eq!(world.slack.refusals().len(), 1);
}

#[tokio::test]
async fn scheduled_messages_come_in_time_unless_they_carry_metadata() {
    let world = World::new().await;
    let at = START / SECOND + 60;
    let args = json!({ "channel": "C0GENERAL", "text": "later", "post_at": at });
    world.ok("chat.scheduleMessage", args.clone()).await;
    let mut never = args;
    never["metadata"] = json!({ "event_type": "x", "event_payload": {} });
    world.ok("chat.scheduleMessage", never.clone()).await;
    world.slack.run_due().await;
    assert!(world.slack.next_message("C0GENERAL").is_none());
    world.pass(MINUTE);
    world.slack.run_due().await;
    let message = world.slack.next_message("C0GENERAL").expect("it came");
    assert_eq!(message.text, "later");
    assert!(world.slack.next_message("C0GENERAL").is_none());
    assert_eq!(world.error("chat.scheduleMessage", never).await, "time_in_past");
}

#[tokio::test]
async fn unknown_arguments_are_ignored_but_noted() {
    let world = World::new().await;
    world.ok("chat.postMessage", json!({ "channel": "C0GENERAL", "text": "x", "txet": "y" })).await;
    let oddities = world.slack.oddities();
    assert_eq!(oddities[0].unknown_args, ["txet"]);
    assert!(world.slack.refusals().is_empty());
}

#[tokio::test]
async fn blocks_can_be_validated_without_a_token() {
    let world = World::new().await;
    let json = "application/json; charset=utf-8";
    let body =
        json!({ "blocks": [{ "type": "section", "text": { "type": "html", "text": "x" } }] });
    let (_, answer, _) =
        world.raw("blocks.validate", None, json, body.to_string()).await.expect("it answers");
    assert_eq!(answer["error"], "invalid_blocks");
    assert_eq!(answer["errors"][0]["pointer"], "/0/text/type");
    let (_, answer, _) =
        world.raw("blocks.validate", None, json, "{}".to_owned()).await.expect("it answers");
    assert_eq!(answer["error"], "invalid_arguments");
}

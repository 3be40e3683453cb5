//! Events on their way to the app.

use super::*;

#[tokio::test]
async fn what_happens_in_the_apps_channels_is_told_to_it() {
    let world = World::new().await;
    let [alice, general, random] = ["U0ALICE", "C0GENERAL", "C0RANDOM"].map(str::to_owned);
    let ts = world.act(says(&alice, &general, "hi @stentor")).await.posted.expect("it was posted");
    world.act(says(&alice, &random, "not for apps")).await;
    let (user, channel, name) = (alice, general, "pushpin".to_owned());
    world.act(Act::React { user: user.clone(), channel: channel.clone(), ts, name }).await;
    world.act(Act::Pin { user: user.clone(), channel: channel.clone(), ts }).await;
    let text = "edited".to_owned();
    world.act(Act::EditMessage { user: user.clone(), channel: channel.clone(), ts, text }).await;
    world.act(Act::DeleteMessage { user: user.clone(), channel, ts }).await;
    world.act(Act::OpenHome { user }).await;
    world.slack.settle().await;
    let subtypes: Vec<_> =
        world.events("message").iter().map(|body| body["event"]["subtype"].clone()).collect();
    assert_eq!(subtypes, [Value::Null, json!("message_changed"), json!("message_deleted")]);
    let mention = &world.events("app_mention")[0];
    assert_eq!(mention["event"]["text"], "hi <@U0STENTOR>");
    assert_eq!(mention["event"]["blocks"][0]["elements"][0]["elements"][1]["type"], "user");
    assert_eq!(world.events("reaction_added")[0]["event"]["item"]["ts"], json!(ts));
    assert_eq!(world.events("pin_added")[0]["event"]["channel_id"], "C0GENERAL");
    assert_eq!(world.events("app_home_opened")[0]["event"]["tab"], "home");
    let ids: std::collections::HashSet<_> =
        world.received().iter().map(|one| one.json()["event_id"].to_string()).collect();
    assert_eq!(ids.len(), world.received().len(), "every event has an id of its own");
}

#[tokio::test]
async fn the_app_hears_of_members_names_and_archives() {
    let world = World::new().await;
    let channel = world.channel("inc-1").await;
    world.ok("conversations.invite", json!({ "channel": channel, "users": "U0BOB" })).await;
    world.ok("conversations.rename", json!({ "channel": channel, "name": "inc-1-db" })).await;
    let user = "U0BOB".to_owned();
    world.act(Act::ArchiveChannel { user, channel: channel.clone() }).await;
    world.slack.settle().await;
    let joined = world.events("member_joined_channel");
    let users: Vec<_> = joined.iter().map(|body| &body["event"]["user"]).collect();
    assert_eq!(users, ["U0STENTOR", "U0BOB"]);
    assert_eq!(joined[1]["event"]["inviter"], "U0STENTOR");
    assert_eq!(world.events("channel_rename")[0]["event"]["channel"]["name"], "inc-1-db");
    assert_eq!(world.events("channel_archive")[0]["event"]["user"], "U0BOB");
}

#[tokio::test]
async fn an_event_that_fails_comes_again_three_times() {
    let world = World::new().await;
    world.event_replies(vec![Reply::Status(500); 4]);
    world.act(says("U0ALICE", "C0GENERAL", "hi")).await;
    world.slack.settle().await;
    assert_eq!(world.received().len(), 2, "the first retry comes at once");
    assert_eq!(world.slack.run_due().await, 0);
    world.pass(MINUTE);
    assert_eq!(world.slack.run_due().await, 1);
    assert_eq!(world.slack.next_due(), Some(START + 6 * MINUTE));
    world.pass(5 * MINUTE);
    assert_eq!(world.slack.run_due().await, 1);
    world.pass(60 * MINUTE);
    assert_eq!(world.slack.run_due().await, 0, "then Slack gives up");
    let received = world.received();
    let retries: Vec<_> = received
        .iter()
        .map(|one| {
            let header = |name: &str| {
                one.headers.get(name).map_or("-", |value| value.to_str().expect("it's text"))
            };
            format!("{} {}", header("x-slack-retry-num"), header("x-slack-retry-reason"))
        })
        .collect();
    assert_eq!(retries, ["- -", "1 http_error", "2 http_error", "3 http_error"]);
    assert!(received.iter().all(|one| one.body == received[0].body), "with the same event_id");
}

#[tokio::test]
async fn no_retry_is_honoured() {
    let world = World::new().await;
    world.event_replies([Reply::NoRetry]);
    world.act(says("U0ALICE", "C0GENERAL", "hi")).await;
    world.slack.settle().await;
    assert_eq!(world.received().len(), 1);
    assert_eq!(world.slack.next_due(), None);
}

#[tokio::test]
async fn events_can_be_lost_doubled_and_swapped() {
    let world = World::new().await;
    let fault = |how| Fault::times("message", Failing::Delivery { how }, 1);
    world.fails(fault(Misdelivery::Drop));
    world.act(says("U0ALICE", "C0GENERAL", "lost")).await;
    world.fails(fault(Misdelivery::Duplicate));
    world.act(says("U0ALICE", "C0GENERAL", "twice")).await;
    world.fails(fault(Misdelivery::Reorder));
    world.act(says("U0ALICE", "C0GENERAL", "second")).await;
    world.act(says("U0ALICE", "C0GENERAL", "first")).await;
    world.slack.settle().await;
    let texts: Vec<_> =
        world.events("message").iter().map(|body| body["event"]["text"].clone()).collect();
    assert_eq!(texts, ["twice", "twice", "first", "second"]);
}

#[tokio::test]
async fn an_app_that_hardly_takes_any_event_is_switched_off() {
    let world = World::new().await;
    world.event_replies(vec![Reply::NoRetry; 1_100]);
    for _ in 0..1_100 {
        world.act(says("U0ALICE", "C0GENERAL", "hi")).await;
    }
    world.slack.settle().await;
    assert!(!world.slack.read(|state| state.app.events_enabled));
    assert_eq!(world.received().len(), 1_000);
}

#[tokio::test]
async fn links_to_the_apps_own_pages_can_be_unfurled() {
    let mut settings = Settings::default();
    settings.scopes.extend(["links:read", "links:write"].map(str::to_owned));
    settings.unfurl_domains.push("incidents.example.com".to_owned());
    let world = World::with(settings).await;
    let text = "see https://incidents.example.com/i/42?a=1&b=2 and https://example.com";
    let ts = world.act(says("U0ALICE", "C0GENERAL", text)).await.posted.expect("it was posted");
    world.slack.settle().await;
    let event = world.events("link_shared").remove(0)["event"].clone();
    let url = "https://incidents.example.com/i/42?a=1&b=2";
    assert_eq!(event["links"], json!([{ "domain": "incidents.example.com", "url": url }]));
    let mut args = json!({ "channel": "C0GENERAL", "ts": ts, "unfurls": {} });
    args["unfurls"][url] = json!({ "blocks": [{ "type": "divider" }] });
    world.ok("chat.unfurl", args.clone()).await;
    assert!(world.slack.message("C0GENERAL", ts).expect("it's there").unfurls.contains_key(url));
    args["unfurls"]["https://elsewhere.example.com"] = json!({});
    assert_eq!(world.error("chat.unfurl", args).await, "cannot_unfurl_url");
}

#[tokio::test]
async fn the_events_url_is_verified() {
    let world = World::new().await;
    assert_eq!(world.slack.verify_events_url().await, Ok(()));
    let urls = AppUrls { events: "http://127.0.0.1:1/".to_owned(), ..AppUrls::default() };
    world.slack.set_app_urls(urls);
    let failed = world.slack.verify_events_url().await;
    assert_eq!(failed, Err("connection_failed".to_owned()));
}

#[tokio::test]
async fn leaving_slack_is_told_and_ends_the_token() {
    let world = World::new().await;
    world.act(Act::TellRateLimited).await;
    world.act(Act::Uninstall).await;
    world.slack.settle().await;
    assert_eq!(world.events("app_uninstalled").len(), 1);
    assert_eq!(world.events("tokens_revoked").len(), 1);
    assert!(world.received().iter().any(|one| one.json()["type"] == "app_rate_limited"));
    assert_eq!(world.error("auth.test", json!({})).await, "account_inactive");
}

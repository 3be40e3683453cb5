//! The simulator met by a client that was written for the real Slack: its strict types must
//! decode what we answer, and its inbound types what we send.

use slack_morphism::prelude::{
    SlackApiChatPostMessageRequest, SlackApiChatUpdateRequest, SlackApiConversationsCreateRequest,
    SlackApiConversationsHistoryRequest, SlackApiConversationsInfoRequest,
    SlackApiConversationsMembersRequest, SlackApiConversationsSetTopicRequest,
    SlackApiPinsAddRequest, SlackApiPostWebhookMessageRequest, SlackApiReactionsAddRequest,
    SlackApiTeamInfoRequest, SlackApiToken, SlackApiTokenValue, SlackApiUsersConversationsRequest,
    SlackApiUsersInfoRequest, SlackApiUsersListRequest, SlackApiViewsOpenRequest,
    SlackApiViewsPublishRequest, SlackClient, SlackClientHyperHttpsConnector, SlackCommandEvent,
    SlackInteractionEvent, SlackMessageContent, SlackPushEvent, SlackReactionName,
    SlackResponseUrl, SlackView,
};

use super::*;

fn client(world: &World) -> SlackClient<SlackClientHyperHttpsConnector> {
    let https = hyper_rustls::HttpsConnectorBuilder::new()
        .with_native_roots()
        .expect("there are certificates")
        .https_or_http()
        .enable_all_versions()
        .build();
    let connector = SlackClientHyperHttpsConnector::from(https);
    SlackClient::new(connector.with_slack_api_url(&world.slack.api_url()))
}

#[tokio::test]
async fn a_client_made_for_slack_understands_the_answers() {
    let world = World::with(Settings { rate_limits: false, ..Settings::default() }).await;
    let client = client(&world);
    let token = SlackApiToken::new(SlackApiTokenValue("xoxb-simulator".to_owned()));
    let slack = client.open_session(&token);
    let auth = slack.auth_test().await.expect("auth.test");
    assert_eq!(auth.user_id.0, "U0STENTOR");
    slack.team_info(&SlackApiTeamInfoRequest::new()).await.expect("team.info");

    let request = SlackApiConversationsCreateRequest::new("inc-1".to_owned());
    let channel = slack.conversations_create(&request).await.expect("create").channel.id;
    let topic = SlackApiConversationsSetTopicRequest::new(channel.clone(), "SEV2".to_owned());
    slack.conversations_set_topic(&topic).await.expect("setTopic");
    slack
        .conversations_info(&SlackApiConversationsInfoRequest::new(channel.clone()))
        .await
        .expect("conversations.info");
    let members = SlackApiConversationsMembersRequest::new().with_channel(channel.clone());
    slack.conversations_members(&members).await.expect("conversations.members");
    let own = SlackApiUsersConversationsRequest::new();
    let own = slack.users_conversations(&own).await.expect("users.conversations");
    assert_eq!(own.channels.len(), 2);

    let blocks = json!([
        { "type": "section", "text": { "type": "mrkdwn", "text": "*hi*" } },
        { "type": "actions", "elements": [
            { "type": "button", "action_id": "a", "text": { "type": "plain_text", "text": "Go" } },
        ] },
    ]);
    let blocks = serde_json::from_value(blocks).expect("these are blocks");
    let content = SlackMessageContent::new().with_text("hi".to_owned()).with_blocks(blocks);
    let request = SlackApiChatPostMessageRequest::new(channel.clone(), content.clone());
    let ts = slack.chat_post_message(&request).await.expect("chat.postMessage").ts;
    let update = SlackApiChatUpdateRequest::new(channel.clone(), content, ts.clone());
    slack.chat_update(&update).await.expect("chat.update");
    let pin = SlackApiPinsAddRequest::new(channel.clone(), ts.clone());
    slack.pins_add(&pin).await.expect("pins.add");
    let name = SlackReactionName("eyes".to_owned());
    let reaction = SlackApiReactionsAddRequest::new(channel.clone(), name, ts);
    slack.reactions_add(&reaction).await.expect("reactions.add");
    let history = SlackApiConversationsHistoryRequest::new().with_channel(channel);
    let history = slack.conversations_history(&history).await.expect("conversations.history");
    assert_eq!(history.messages.len(), 3);

    let user = SlackApiUsersInfoRequest::new("U0ALICE".into());
    slack.users_info(&user).await.expect("users.info");
    slack.users_list(&SlackApiUsersListRequest::new()).await.expect("users.list");

    world.types("").await;
    let view: SlackView = serde_json::from_value(modal("One")).expect("this is a view");
    let trigger = world.last().form("trigger_id").into();
    let open = SlackApiViewsOpenRequest::new(trigger, view);
    slack.views_open(&open).await.expect("views.open");
    let home = json!({ "type": "home", "blocks": [{ "type": "divider" }] });
    let home: SlackView = serde_json::from_value(home).expect("this is a view");
    let publish = SlackApiViewsPublishRequest::new("U0ALICE".into(), home);
    slack.views_publish(&publish).await.expect("views.publish");

    let url = world.last().form("response_url").parse().expect("it's an address");
    let answer = SlackMessageContent::new().with_text("done".to_owned());
    let answer = SlackApiPostWebhookMessageRequest::new(answer);
    client.respond_to_event(&SlackResponseUrl(url), &answer).await.expect("response_url");
    assert!(world.slack.refusals().is_empty());
    assert!(world.slack.oddities().is_empty(), "{:?}", world.slack.oddities());
}

#[tokio::test]
async fn a_client_made_for_slack_understands_the_requests() {
    let world = World::new().await;
    world.replies([Reply::Opens(modal("One"))]);
    let view = world.types("declare").await.modal.expect("a modal opened");
    let _: SlackCommandEvent =
        serde_urlencoded::from_bytes(&world.last().body).expect("a slash command");
    world.act(submits(&view, json!({ "name": { "v": "x" } }))).await;
    world.act(says("U0ALICE", "C0GENERAL", "hi @stentor")).await;
    let [user, callback_id] = ["U0BOB", "declare_incident"].map(str::to_owned);
    world.act(Act::GlobalShortcut { user: user.clone(), callback_id }).await;
    world.act(Act::OpenHome { user }).await;
    let channel = world.channel("inc-1").await;
    world.ok("conversations.rename", json!({ "channel": channel, "name": "inc-2" })).await;
    let ts = world.post(&channel, "x").await;
    world.ok("pins.add", json!({ "channel": channel, "timestamp": ts })).await;
    world.ok("conversations.archive", json!({ "channel": channel })).await;
    world.slack.settle().await;
    for received in world.received() {
        match received.door.as_str() {
            "interactions" => {
                let payload = received.form("payload");
                let read: Result<SlackInteractionEvent, _> = serde_json::from_str(&payload);
                read.unwrap_or_else(|error| panic!("{error}: {payload}"));
            }
            "events" => {
                let read: Result<SlackPushEvent, _> = serde_json::from_slice(&received.body);
                read.unwrap_or_else(|error| panic!("{error}: {}", received.json()));
            }
            _ => {}
        }
    }
}

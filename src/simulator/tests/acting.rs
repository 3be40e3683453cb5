//! What people do, what the app gets of it, and what people see.

use super::*;

#[tokio::test]
async fn a_command_reaches_the_app_once_with_all_its_fields() {
    let world = World::new().await;
    world.replies([Reply::Text("Hello")]);
    let seen = world.types("  lead @bob in #general <now>").await;
    assert_eq!(seen.messages[0].text, "Hello");
    assert_eq!(seen.messages[0].ephemeral_to.as_deref(), Some("U0ALICE"));
    assert_eq!(world.received().len(), 1);
    let request = world.last();
    assert_eq!(request.form("text"), "lead <@U0BOB|bob> in <#C0GENERAL|general> &lt;now&gt;");
    assert_eq!(request.form("command"), "/incident");
    assert_eq!(request.form("user_id"), "U0ALICE");
    assert_eq!(request.form("channel_name"), "general");
    assert_eq!(request.form("is_enterprise_install"), "false");
    assert!(request.form("response_url").starts_with(&world.slack.url()));
}

#[tokio::test]
async fn an_answer_for_all_echoes_the_command() {
    let world = World::new().await;
    let answer = json!({ "response_type": "in_channel", "text": "Done" });
    world.replies([Reply::Json(answer)]);
    let seen = world.types("list").await;
    assert_eq!(seen.messages[0].text, "Done");
    let messages = world.slack.read(|state| state.channels["C0GENERAL"].messages.clone());
    let texts: Vec<_> = messages.values().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["/incident list", "Done"]);
}

#[tokio::test]
async fn a_command_that_fails_is_told_to_the_person_and_not_repeated() {
    let world = World::new().await;
    world.replies([Reply::Status(500)]);
    assert_eq!(world.types("x").await.error.as_deref(), Some("dispatch_failed"));
    let drop = Failing::Delivery { how: Misdelivery::Drop };
    world.fails(Fault::times("slash_command", drop, 1));
    assert_eq!(world.types("x").await.error.as_deref(), Some("operation_timeout"));
    assert_eq!(world.received().len(), 1);
    let twice = Failing::Delivery { how: Misdelivery::Duplicate };
    world.fails(Fault::times("slash_command", twice, 1));
    assert_eq!(world.types("x").await.error, None);
    let all = world.received();
    assert_eq!(all.len(), 3);
    assert_eq!(all[1].form("trigger_id"), all[2].form("trigger_id"));
}

#[tokio::test]
async fn an_app_that_takes_too_long_times_out() {
    let settings = Settings { answer_within: Duration::from_millis(20), ..Settings::default() };
    let world = World::with(settings).await;
    world.replies([Reply::Never]);
    assert_eq!(world.types("x").await.error.as_deref(), Some("operation_timeout"));
    assert_eq!(world.slack.sent()[0].failure.as_deref(), Some("http_timeout"));
}

#[tokio::test]
async fn a_trigger_opens_one_modal_within_three_seconds() {
    let world = World::new().await;
    world.types("").await;
    let trigger = world.last().form("trigger_id");
    let args = json!({ "trigger_id": trigger, "view": modal("One") });
    let view = world.ok("views.open", args.clone()).await;
    assert_eq!(view["view"]["root_view_id"], view["view"]["id"]);
    assert_eq!(world.error("views.open", args).await, "exchanged_trigger_id");
    world.types("").await;
    let trigger = world.last().form("trigger_id");
    world.pass(4 * SECOND);
    let args = json!({ "trigger_id": trigger, "view": modal("Two") });
    assert_eq!(world.error("views.open", args).await, "expired_trigger_id");
    let args = json!({ "trigger_id": "1.2.3", "view": modal("Two") });
    assert_eq!(world.error("views.open", args).await, "invalid_trigger_id");
}

#[tokio::test]
async fn a_modal_is_sent_with_what_was_typed_and_closes() {
    let world = World::new().await;
    world.replies([Reply::Opens(modal("Declare"))]);
    let view = world.types("").await.modal.expect("a modal opened");
    let seen = world.act(submits(&view, json!({}))).await;
    assert_eq!(seen.field_errors["name"], "Please complete this required field.");
    let long = json!({ "name": { "v": "x".repeat(21) } });
    assert!(world.act(submits(&view, long)).await.field_errors.contains_key("name"));
    assert_eq!(world.received().len(), 1, "the client objected by itself");

    let errors = json!({ "response_action": "errors", "errors": { "name": "Taken" } });
    world.replies([Reply::Json(errors)]);
    let seen = world.act(submits(&view, json!({ "name": { "v": "Checkout" } }))).await;
    assert_eq!(seen.field_errors["name"], "Taken");
    let payload = world.last().payload();
    assert_eq!(payload["type"], "view_submission");
    assert_eq!(payload["view"]["callback_id"], "declare");
    assert_eq!(
        payload["view"]["state"]["values"]["name"]["v"],
        json!({ "type": "plain_text_input", "value": "Checkout" })
    );

    world.replies([Reply::Status(500)]);
    let seen = world.act(submits(&view, json!({ "name": { "v": "Checkout" } }))).await;
    assert_eq!(seen.error.as_deref(), Some("dispatch_failed"));
    assert!(world.slack.read(|state| state.views[&view].failure.is_some()));

    let seen = world.act(submits(&view, json!({ "name": { "v": "Checkout" } }))).await;
    assert_eq!((seen.error, seen.modal), (None, None));
    assert!(world.slack.read(|state| state.views.is_empty() && state.stacks.is_empty()));
}

#[tokio::test]
async fn answers_update_push_and_clear_modals() {
    let world = World::new().await;
    world.replies([Reply::Opens(modal("One"))]);
    let first = world.types("").await.modal.expect("a modal opened");
    let filled = json!({ "name": { "v": "x" } });
    let push =
        |title: &str| Reply::Json(json!({ "response_action": "push", "view": modal(title) }));
    world.replies([push("Two")]);
    let second = world.act(submits(&first, filled.clone())).await.modal.expect("it was pushed");
    world.replies([push("Three")]);
    let third = world.act(submits(&second, filled.clone())).await.modal.expect("it was pushed");
    world.replies([push("Four")]);
    let seen = world.act(submits(&third, filled.clone())).await;
    assert_eq!(seen.error.as_deref(), Some("push_limit_reached"));
    let update = json!({ "response_action": "update", "view": modal("Changed") });
    world.replies([Reply::Json(update)]);
    let seen = world.act(submits(&third, filled.clone())).await;
    assert_eq!(seen.modal.as_deref(), Some(&*third));
    world.slack.read(|state| {
        let titles: Vec<_> =
            state.stack_of("U0ALICE").iter().map(|view| view.label("title")).collect();
        assert_eq!(titles, [Some("One"), Some("Two"), Some("Changed")]);
    });
    world.replies([Reply::Json(json!({ "response_action": "clear" }))]);
    world.act(submits(&third, filled)).await;
    assert!(world.slack.read(|state| state.views.is_empty()));
}

#[tokio::test]
async fn errors_belong_to_input_blocks() {
    let world = World::new().await;
    world.replies([Reply::Opens(modal("One"))]);
    let view = world.types("").await.modal.expect("a modal opened");
    let errors = json!({ "response_action": "errors", "errors": { "elsewhere": "x" } });
    world.replies([Reply::Json(errors)]);
    let seen = world.act(submits(&view, json!({ "name": { "v": "x" } }))).await;
    assert_eq!(seen.error.as_deref(), Some("invalid_errors"));
}

#[tokio::test]
async fn closing_is_told_to_apps_that_asked() {
    let world = World::new().await;
    world.replies([Reply::Opens(modal("One"))]);
    let view_id = world.types("").await.modal.expect("a modal opened");
    let act = Act::CloseView { user: "U0ALICE".to_owned(), view_id, clear: false };
    world.act(act).await;
    let payload = world.last().payload();
    assert_eq!((&payload["type"], &payload["is_cleared"]), (&json!("view_closed"), &json!(true)));
}

#[tokio::test]
async fn a_stale_hash_is_a_conflict() {
    let world = World::new().await;
    world.replies([Reply::Opens(modal("One"))]);
    let view_id = world.types("").await.modal.expect("a modal opened");
    let hash = world.slack.read(|state| state.views[&view_id].hash.clone());
    let args = |title: &str| json!({ "view_id": view_id, "hash": hash, "view": modal(title) });
    world.ok("views.update", args("Two")).await;
    assert_eq!(world.error("views.update", args("Three")).await, "hash_conflict");
    let gone = json!({ "view_id": "V9", "view": modal("x") });
    assert_eq!(world.error("views.update", gone).await, "not_found");
    let home = json!({ "type": "home", "blocks": [] });
    let publish = json!({ "user_id": "U0ALICE", "view": home });
    let published = world.ok("views.publish", publish.clone()).await;
    let mut again = publish;
    again["hash"] = published["view"]["hash"].clone();
    world.ok("views.publish", again.clone()).await;
    assert_eq!(world.error("views.publish", again).await, "hash_conflict");
}

fn press(channel: &str, ts: Ts, action_id: &str, value: Value) -> Act {
    Act::BlockAction {
        user: "U0ALICE".to_owned(),
        channel: Some(channel.to_owned()),
        ts: Some(ts),
        view_id: None,
        block_id: "row".to_owned(),
        action_id: action_id.to_owned(),
        value,
        values: Values::new(),
    }
}

async fn post_with_row(world: &World) -> Ts {
    let plain = |text: &str| json!({ "type": "plain_text", "text": text });
    let row = json!({ "type": "actions", "block_id": "row", "elements": [
        { "type": "button", "action_id": "go", "text": plain("Go"), "value": "1" },
        { "type": "users_select", "action_id": "who", "placeholder": plain("Who") },
        { "type": "static_select", "action_id": "sev", "options": [
            { "text": plain("Major"), "value": "major" },
        ] },
        { "type": "external_select", "action_id": "service" },
    ] });
    let args = json!({ "channel": "C0GENERAL", "text": "x", "blocks": [row] });
    ts_of(&world.ok("chat.postMessage", args).await["ts"])
}

#[tokio::test]
async fn buttons_and_selects_reach_the_app_in_slacks_shape() {
    let world = World::new().await;
    let ts = post_with_row(&world).await;
    world.act(press("C0GENERAL", ts, "go", Value::Null)).await;
    let payload = world.last().payload();
    assert_eq!(payload["actions"][0]["type"], "button");
    assert_eq!(payload["actions"][0]["value"], "1");
    assert_eq!(payload["container"]["message_ts"], json!(ts));
    assert_eq!(payload["team"]["id"], "T0STENTOR");
    assert_eq!(payload["message"]["bot_id"], "B0STENTOR");
    world.act(press("C0GENERAL", ts, "who", json!("U0BOB"))).await;
    let payload = world.last().payload();
    assert_eq!(payload["actions"][0]["selected_user"], "U0BOB");
    assert_eq!(payload["state"]["values"]["row"]["who"]["selected_user"], "U0BOB");
    world.act(press("C0GENERAL", ts, "sev", json!("major"))).await;
    let action = world.last().payload()["actions"][0].clone();
    assert_eq!(action["selected_option"]["text"]["text"], "Major");
    let unknown = world.slack.act(press("C0GENERAL", ts, "nothing", Value::Null)).await;
    assert_eq!(unknown.map(|_| ()).map_err(|oops| oops.error), Err("no_such_element".to_owned()));
}

#[tokio::test]
async fn an_organisation_install_has_no_team() {
    let world = World::with(Settings { org_install: true, ..Settings::default() }).await;
    let ts = post_with_row(&world).await;
    world.act(press("C0GENERAL", ts, "go", Value::Null)).await;
    let payload = world.last().payload();
    assert_eq!((&payload["team"], &payload["is_enterprise_install"]), (&Value::Null, &json!(true)));
    assert_eq!(payload["enterprise"]["id"], "E0STENTOR");
    world.slack.settle().await;
    let event = world.events("message").pop().expect("own posts come back");
    assert_eq!(event["authorizations"][0]["team_id"], Value::Null);
}

#[tokio::test]
async fn external_selects_ask_the_app_for_at_most_a_hundred_options() {
    let world = World::new().await;
    let ts = post_with_row(&world).await;
    let query = || Act::OptionsQuery {
        user: "U0ALICE".to_owned(),
        channel: Some("C0GENERAL".to_owned()),
        ts: Some(ts),
        view_id: None,
        block_id: "row".to_owned(),
        action_id: "service".to_owned(),
        value: "che".to_owned(),
    };
    let option = json!({ "text": { "type": "plain_text", "text": "Checkout" }, "value": "c" });
    world.replies([Reply::Json(json!({ "options": [option] }))]);
    assert_eq!(world.act(query()).await.options.len(), 1);
    assert_eq!(world.last().door, "options");
    assert_eq!(world.last().payload()["value"], "che");
    world.replies([Reply::Json(json!({ "options": vec![option; 101] }))]);
    assert_eq!(world.act(query()).await.error.as_deref(), Some("invalid_options"));
}

#[tokio::test]
async fn a_response_url_takes_five_answers_and_replaces_its_own() {
    let world = World::new().await;
    world.types("x").await;
    let url = world.last().form("response_url");
    let text = |text: &str| json!({ "text": text });
    assert_eq!(world.post_to(&url, text("one")).await.0, StatusCode::OK);
    let replace = json!({ "text": "two", "replace_original": true, "response_type": "in_channel" });
    assert_eq!(world.post_to(&url, replace).await.0, StatusCode::OK);
    let mine = world.slack.read(|state| state.channels["C0GENERAL"].ephemerals["U0ALICE"].clone());
    let texts: Vec<_> = mine.values().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["two"], "an ephemeral message stays one");
    for _ in 0..3 {
        let for_all = json!({ "text": "all", "response_type": "in_channel" });
        assert_eq!(world.post_to(&url, for_all).await.0, StatusCode::OK);
    }
    let (status, answer) = world.post_to(&url, text("six")).await;
    assert_eq!((status, &answer["error"]), (StatusCode::NOT_FOUND, &json!("used_url")));
    world.types("x").await;
    let url = world.last().form("response_url");
    world.pass(31 * MINUTE);
    let (_, answer) = world.post_to(&url, text("late")).await;
    assert_eq!(answer["error"], "expired_url");
}

#[tokio::test]
async fn a_response_url_changes_and_deletes_the_message_it_belongs_to() {
    let world = World::new().await;
    let ts = post_with_row(&world).await;
    world.act(press("C0GENERAL", ts, "go", Value::Null)).await;
    let url = world.last().payload()["response_url"].as_str().expect("it's text").to_owned();
    world.post_to(&url, json!({ "text": "changed", "replace_original": true })).await;
    assert_eq!(world.slack.message("C0GENERAL", ts).expect("it's there").text, "changed");
    world.post_to(&url, json!({ "delete_original": true })).await;
    assert!(world.slack.message("C0GENERAL", ts).is_none());
}

#[tokio::test]
async fn shortcuts_open_from_the_menus() {
    let mut settings = Settings::default();
    let mut on_message = settings.shortcuts[0].clone();
    on_message.on_message = true;
    on_message.callback_id = "from_message".to_owned();
    settings.shortcuts.push(on_message);
    let world = World::with(settings).await;
    let [user, callback_id] = ["U0BOB", "declare_incident"].map(str::to_owned);
    world.act(Act::GlobalShortcut { user: user.clone(), callback_id }).await;
    let payload = world.last().payload();
    assert_eq!((&payload["type"], payload.get("channel")), (&json!("shortcut"), None));
    let ts = world.act(says("U0ALICE", "C0GENERAL", "it burns")).await.posted.expect("posted");
    let [channel, callback_id] = ["C0GENERAL", "from_message"].map(str::to_owned);
    world.act(Act::MessageShortcut { user, channel, ts, callback_id }).await;
    let interactions = world.received().into_iter().filter(|one| one.door == "interactions");
    let payload = interactions.last().expect("it came").payload();
    assert_eq!(payload["message"]["text"], "it burns");
    assert_eq!(payload["message_ts"], json!(ts));
}

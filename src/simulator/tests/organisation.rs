//! An app that is installed for a whole organisation: one token for several workspaces, each with
//! channels of its own, and Slack wants to be told which of them is meant.

use super::*;
use crate::simulator::state::{Enterprise, Team, channel::Channel};

/// A workspace of the organisation; its channels' ids begin like this.
fn workspace(id: &str, channels: &str) -> Settings {
    let settings = Settings { org_install: true, rate_limits: false, ..Settings::default() };
    let own = |id: &str| id.replace("C0", channels);
    let channels = settings.channels.iter().cloned();
    let channels = channels.map(|it| Channel { id: own(&it.id), ..it });
    let enterprise = Some(Enterprise { id: "E0GROUP".to_owned(), name: "Group".to_owned() });
    let [id, name, domain] = [id, id, id].map(str::to_owned);
    let team = Team { id, name, domain, enterprise };
    Settings { team, channels: channels.collect(), ..settings }
}

async fn two_workspaces() -> (World, Simulator) {
    let world = World::with(workspace("T0ONE", "C0")).await;
    let two = world.slack.with_workspace(workspace("T0TWO", "C2"));
    (world, two)
}

fn names(answer: &Value) -> Vec<&str> {
    let channels = answer["channels"].as_array().expect("there is a list");
    channels.iter().filter_map(|channel| channel["name"].as_str()).collect()
}

#[tokio::test]
async fn a_call_says_which_workspace_is_meant() {
    let (world, two) = two_workspaces().await;
    for (method, args) in [
        ("conversations.create", json!({"name": "inc-1"})),
        ("conversations.list", json!({})),
        ("users.conversations", json!({})),
        ("users.list", json!({})),
        ("usergroups.list", json!({})),
    ] {
        assert_eq!(world.error(method, args.clone()).await, "missing_argument", "{method}");
        for unknown in ["T0THREE", "E0GROUP"] {
            let mut args = args.clone();
            args["team_id"] = unknown.into();
            let text = serde_urlencoded::to_string(args.as_object().unwrap()).unwrap();
            let form = "application/x-www-form-urlencoded";
            let answer = world.raw(method, Some("xoxb-simulator"), form, text).await.unwrap().1;
            assert_eq!(answer["error"], "team_not_found", "{method}: {unknown}");
        }
    }
    let made = json!({"name": "inc-1", "team_id": "T0TWO"});
    let made = world.ok("conversations.create", made).await["channel"]["id"].clone();
    assert_eq!(world.slack.channel_by_name("inc-1").map(|it| it.id), None);
    assert_eq!(two.channel_by_name("inc-1").map(|it| it.id), made.as_str().map(str::to_owned));
    // A name is taken in one workspace alone, and an id in none twice.
    let first = json!({"name": "inc-1", "team_id": "T0ONE"});
    assert_ne!(world.ok("conversations.create", first).await["channel"]["id"], made);
    let again = json!({"name": "inc-1", "team_id": "T0TWO"});
    assert_eq!(world.error("conversations.create", again).await, "name_taken");
    let mine = world.get("users.conversations", "team_id=T0TWO").await;
    assert_eq!(names(&mine), ["inc-1", "general"]);
    // What is about a channel needs to name no workspace.
    world.ok("conversations.setTopic", json!({"channel": made, "topic": "Hot"})).await;
    let query = format!("channel={}", made.as_str().unwrap());
    let info = world.get("conversations.info", &query).await;
    assert_eq!(info["channel"]["topic"]["value"], "Hot");
}

#[tokio::test]
async fn requests_come_from_each_workspace_and_a_form_opens_where_it_was_asked_for() {
    let (world, two) = two_workspaces().await;
    world.replies([Reply::Opens(modal("One")), Reply::Opens(modal("Two"))]);
    let types = |channel: &str| Act::SlashCommand {
        user: "U0ALICE".to_owned(),
        channel: channel.to_owned(),
        command: "/incident".to_owned(),
        text: String::new(),
    };
    let seen = two.act(types("C2GENERAL")).await.unwrap();
    assert_eq!(world.last().form("team_id"), "T0TWO");
    assert_eq!(world.last().form("is_enterprise_install"), "true");
    assert!(seen.modal.is_some_and(|view| two.read(|state| state.views.contains_key(&view))));
    let seen = world.slack.act(types("C0GENERAL")).await.unwrap();
    assert_eq!(world.last().form("team_id"), "T0ONE");
    assert!(seen.modal.is_some_and(|view| world.slack.read(|it| it.views.contains_key(&view))));
}

#[tokio::test]
async fn an_organisation_lets_the_app_into_some_of_its_workspaces() {
    let (world, two) = two_workspaces().await;
    let ids = |answer: &Value| -> Vec<String> {
        let teams = answer["teams"].as_array().expect("there is a list").iter();
        teams.map(|team| team["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&world.get("auth.teams.list", "").await), ["T0ONE", "T0TWO"]);
    let page = world.get("auth.teams.list", "limit=1").await;
    assert_eq!(ids(&page), ["T0ONE"]);
    let next = page["response_metadata"]["next_cursor"].as_str().unwrap();
    let rest = world.get("auth.teams.list", &format!("limit=1&cursor={next}")).await;
    assert_eq!(
        (ids(&rest), &rest["response_metadata"]["next_cursor"]),
        (vec!["T0TWO".to_owned()], &json!(""))
    );
    two.act(Act::LetIn { granted: false }).await.unwrap();
    assert_eq!(ids(&world.get("auth.teams.list", "").await), ["T0ONE"]);
    let shut = json!({"name": "inc-1", "team_id": "T0TWO"});
    assert_eq!(world.error("conversations.create", shut.clone()).await, "team_access_not_granted");
    let said = json!({"channel": "C2GENERAL", "text": "hi"});
    assert_eq!(world.error("chat.postMessage", said).await, "team_access_not_granted");
    world.ok("auth.test", json!({})).await;
    two.act(Act::LetIn { granted: true }).await.unwrap();
    world.ok("conversations.create", shut).await;
    // That of a workspace has none to list, and need not say which it is.
    let plain = World::new().await;
    assert_eq!(plain.error("auth.teams.list", json!({})).await, "invalid_auth");
    assert!(plain.slack.act(Act::LetIn { granted: false }).await.is_err());
    plain.ok("conversations.create", json!({"name": "inc-1"})).await;
}

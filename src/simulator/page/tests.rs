//! The page as its routes serve it, and as people see it.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use futures_util::StreamExt as _;
use serde_json::json;
use tower::ServiceExt as _;

use super::frame::Part;
use super::local::{Line, Local};
use super::look::{Address, Look};
use crate::simulator::Simulator;
use crate::simulator::act::Act;
use crate::simulator::panel::{Button, Owner, Panel, Shown};
use crate::simulator::server;
use crate::simulator::settings::Settings;
use crate::simulator::state::{State, channel::Channel, message::Message, ts::Ts, view::OpenView};

const NOW: i64 = 1_773_144_000_000_000;

fn state() -> State {
    let mut settings = Settings::default();
    settings.channels.push(Channel {
        is_private: true,
        members: ["U0ALICE".to_owned()].into(),
        ..Channel::named("C0SECRET", "hushed")
    });
    State::new(&settings)
}

fn post(state: &mut State, channel: &str, seconds: i64, user: &str, text: &str) -> Ts {
    let ts = Ts(NOW + seconds * 1_000_000);
    let channel = state.channels.get_mut(channel).unwrap();
    channel.messages.insert(ts, Message::plain(&channel.id, ts, user, text));
    ts
}

fn drawn(part: &str, viewer: &str, channel: &str, state: &State, local: &Local) -> String {
    let address =
        Address { viewer: viewer.to_owned(), channel: channel.to_owned(), ..Address::default() };
    let look = Look::at(&address, state, local, NOW).unwrap();
    Part::named(part).unwrap().draw(&look).into_string()
}

#[test]
fn a_private_channel_is_nowhere_in_an_outsiders_client() {
    let mut state = state();
    post(&mut state, "C0SECRET", 1, "U0ALICE", "the launch code");
    let pointer = post(&mut state, "C0GENERAL", 2, "U0ALICE", "see <#C0SECRET|hushed>");
    let local = Local::since(NOW);
    assert!(drawn("sidebar", "U0ALICE", "", &state, &local).contains("hushed"));
    for part in super::frame::PARTS {
        let html = drawn(part.name, "U0BOB", "C0SECRET", &state, &local);
        assert!(!html.contains("launch code"), "{}: {html}", part.name);
        assert!(!html.contains("hushed"), "{}: {html}", part.name);
    }
    let html = drawn("messages", "U0BOB", "C0GENERAL", &state, &local);
    assert!(html.contains(&format!("id=\"m-{pointer}\"")), "{html}");
    assert!(html.contains("🔒 private channel"), "{html}");
}

#[test]
fn guests_see_only_the_channels_they_are_in() {
    let (state, local) = (state(), Local::since(NOW));
    let html = drawn("sidebar", "U0DAVE", "", &state, &local);
    assert!(html.contains("data-testid=\"channel-general\""), "{html}");
    assert!(!html.contains("random"), "{html}");
}

#[test]
fn an_ephemeral_message_is_seen_by_one_person() {
    let mut state = state();
    let ts = Ts(NOW + 1_000_000);
    let channel = state.channels.get_mut("C0GENERAL").unwrap();
    let message = Message {
        ephemeral_to: Some("U0BOB".to_owned()),
        ..Message::plain("C0GENERAL", ts, "U0STENTOR", "just for Bob")
    };
    channel.ephemerals.entry("U0BOB".to_owned()).or_default().insert(ts, message);
    let mut local = Local::since(NOW);
    let line = Line { ts, channel: "C0GENERAL".to_owned(), text: "/inc failed".to_owned() };
    local.write_line("U0BOB", line);
    let bob = drawn("messages", "U0BOB", "C0GENERAL", &state, &local);
    assert!(bob.contains("just for Bob"), "{bob}");
    assert!(bob.contains("/inc failed"), "{bob}");
    assert_eq!(bob.matches("Only visible to you").count(), 2, "{bob}");
    let alice = drawn("messages", "U0ALICE", "C0GENERAL", &state, &local);
    assert!(!alice.contains("just for Bob") && !alice.contains("/inc failed"), "{alice}");
}

#[test]
fn a_modal_shows_what_was_refused_beside_its_field() {
    let mut state = state();
    let view = json!({"type": "modal", "title": {"type": "plain_text", "text": "Declare <it>"},
        "submit": {"type": "plain_text", "text": "Declare"},
        "blocks": [{"type": "input", "block_id": "name",
            "label": {"type": "plain_text", "text": "Name"},
            "element": {"type": "plain_text_input", "action_id": "value"}}]});
    let open = OpenView {
        id: "V1".to_owned(),
        user: "U0ALICE".to_owned(),
        view,
        hash: "1".to_owned(),
        errors: [("name".to_owned(), "Give it a name".to_owned())].into(),
        failure: None,
        root_view_id: "V1".to_owned(),
        previous_view_id: None,
        is_submitting: false,
        opened: NOW,
    };
    state.views.insert("V1".to_owned(), open);
    state.stacks.insert("U0ALICE".to_owned(), vec![vec!["V1".to_owned()]]);
    let local = Local::since(NOW);
    let html = drawn("modal", "U0ALICE", "", &state, &local);
    for expected in ["Declare &lt;it&gt;", "Give it a name", "aria-invalid=\"true\"", ">Close</"] {
        assert!(html.contains(expected), "{expected} in {html}");
    }
    assert_eq!(drawn("modal", "U0BOB", "", &state, &local), "");
}

#[test]
fn what_is_new_is_counted_until_it_is_seen() {
    let mut state = state();
    post(&mut state, "C0RANDOM", -5, "U0BOB", "before the page was opened");
    post(&mut state, "C0RANDOM", 1, "U0BOB", "hello");
    post(&mut state, "C0RANDOM", 2, "U0ALICE", "my own");
    let last = post(&mut state, "C0RANDOM", 3, "U0BOB", "ping <@U0ALICE>");
    let mut local = Local::since(NOW);
    let unread = |local: &Local| {
        let look = Look::at(&Address::default(), &state, local, NOW).unwrap();
        assert_eq!(look.viewer.id, "U0ALICE");
        let unread = look.unread(&state.channels["C0RANDOM"]);
        (unread.count, unread.calls)
    };
    assert_eq!(unread(&local), (2, 1));
    local.mark_read("U0ALICE", "C0RANDOM", last);
    assert_eq!(unread(&local), (0, 0));
}

async fn answer(simulator: &Simulator, request: Request<Body>) -> (StatusCode, String) {
    let response = server::router(simulator).oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn the_page_runs_no_script_but_its_own() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let request = Request::get("/").header("host", "127.0.0.1").body(Body::empty()).unwrap();
    let response = server::router(&simulator).oneshot(request).await.unwrap();
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let html = String::from_utf8_lossy(&body);
    assert!(html.contains("data-testid=\"composer\"") && html.contains("#general"), "{html}");
    // The policy would block them.
    assert!(!html.contains(" style=") && !html.contains(" onclick="), "{html}");
}

#[tokio::test]
async fn other_web_sites_can_not_drive_it() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let said = json!({"user": "U0ALICE", "channel": "C0GENERAL", "thread": null, "text": "hi"});
    let post = |headers: &[(&str, &str)]| {
        let mut request = Request::post("/page/say").header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::from(said.to_string())).unwrap()
    };
    let host = ("host", "127.0.0.1:80");
    let strangers = [
        vec![host, ("origin", "https://evil.example")],
        vec![host, ("origin", "http://127.0.0.1:81")],
        vec![host, ("origin", "null")],
        vec![host, ("sec-fetch-site", "cross-site")],
        vec![("host", "evil.example"), ("origin", "http://evil.example")],
    ];
    for headers in strangers {
        let (status, _) = answer(&simulator, post(&headers)).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    let own = [host, ("origin", "http://127.0.0.1:80"), ("sec-fetch-site", "same-origin")];
    assert_eq!(answer(&simulator, post(&own)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_open_page_hears_of_what_changes_in_it() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let request = Request::get("/page/events?as=U0ALICE&channel=C0GENERAL")
        .header("host", "localhost")
        .body(Body::empty())
        .unwrap();
    let response = server::router(&simulator).oneshot(request).await.unwrap();
    let mut stream = response.into_body().into_data_stream();
    let whole = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    for part in super::frame::PARTS {
        assert!(whole.contains(&format!("\"name\":\"{}\"", part.name)), "{whole}");
    }
    let act = Act::PostMessage {
        user: "U0BOB".to_owned(),
        channel: "C0GENERAL".to_owned(),
        text: "is <anybody> there?".to_owned(),
        thread_ts: None,
    };
    simulator.act(act).await.unwrap();
    let news = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(news.contains("is &lt;anybody&gt; there?"), "{news}");
    assert!(news.contains("\"name\":\"messages\"") && !news.contains("\"header\""), "{news}");
}

#[tokio::test]
async fn a_permalink_leads_to_its_message_and_nowhere_else() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let get =
        |path: &str| Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
    let request = get("/archives/C0GENERAL/p1773144001000100");
    let response = server::router(&simulator).oneshot(request).await.unwrap();
    assert_eq!(response.headers()["location"], "/?as=&channel=C0GENERAL#m-1773144001.000100");
    for wrong in ["/archives/C0GENERAL/p12", "/archives/C0&x=y/p1773144001000100"] {
        assert_eq!(answer(&simulator, get(wrong)).await.0, StatusCode::NOT_FOUND, "{wrong}");
    }
}

fn panel() -> (Panel, Owner) {
    let button = Button {
        name: "ring".to_owned(),
        label: "Ring".to_owned(),
        about: "It rings".to_owned(),
        is_primary: true,
    };
    Panel::new(Shown {
        title: "The <bell>".to_owned(),
        line: "It is still.".to_owned(),
        buttons: vec![button],
        hint: ("Ring it.".to_owned(), "It is loud.".to_owned()),
    })
}

#[tokio::test]
async fn a_panel_beside_slack_is_pressed_by_its_page_alone() {
    let (panel, mut owner) = panel();
    let settings = Settings { panel: Some(panel), ..Settings::default() };
    let simulator = Simulator::start(settings).await.unwrap();
    let press = |name: &str, origin: &str| {
        Request::post("/page/panel")
            .header("content-type", "application/json")
            .header("host", "127.0.0.1:80")
            .header("origin", origin)
            .body(Body::from(json!({ "name": name }).to_string()))
            .unwrap()
    };
    let own = "http://127.0.0.1:80";
    let (status, _) = answer(&simulator, press("ring", "https://evil.example")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(answer(&simulator, press("knock", own)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(owner.presses.try_recv().is_err(), "nobody has pressed anything");
    assert_eq!(answer(&simulator, press("ring", own)).await.0, StatusCode::OK);
    assert_eq!(owner.presses.try_recv().as_deref(), Ok("ring"));
    // Without a panel there is nothing to press, and nobody is left who would hear of it.
    drop(owner);
    assert_eq!(answer(&simulator, press("ring", own)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    assert_eq!(answer(&simulator, press("ring", own)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn an_open_page_hears_what_its_panel_says() {
    let (panel, owner) = panel();
    let settings = Settings { panel: Some(panel), ..Settings::default() };
    let simulator = Simulator::start(settings).await.unwrap();
    let get =
        |path: &str| Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
    let (_, page) = answer(&simulator, get("/")).await;
    for expected in ["The &lt;bell&gt;", "It is still.", "data-panel=\"ring\"", "It is loud."] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    let response = server::router(&simulator).oneshot(get("/page/events")).await.unwrap();
    let mut stream = response.into_body().into_data_stream();
    stream.next().await.unwrap().unwrap();
    owner.shown.send_modify(|shown| shown.line = "It rings.".to_owned());
    let news = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(news.contains("It rings.") && !news.contains("\"sidebar\""), "{news}");
    // What its owner leaves behind is still to be seen.
    drop(owner);
    let act = Act::PostMessage {
        user: "U0BOB".to_owned(),
        channel: "C0GENERAL".to_owned(),
        text: "hello".to_owned(),
        thread_ts: None,
    };
    simulator.act(act).await.unwrap();
    let news = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(news.contains("hello") && !news.contains("\"panel\""), "{news}");
}

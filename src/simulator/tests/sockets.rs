//! Socket Mode, with a client of the test's own at the other end.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use super::*;
use crate::simulator::socket::Happening;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn world() -> World {
    let world = World::new().await;
    world.slack.happen(Happening::Enable);
    world
}

async fn open(world: &World) -> Socket {
    let answer = call_as(world, "xapp-simulator", "apps.connections.open").await;
    let url = answer["url"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    connect_async(url).await.expect("the ticket is good").0
}

async fn hears(socket: &mut Socket) -> Value {
    loop {
        let frame = socket.next().await.expect("it is open").expect("it is not broken");
        if let Message::Text(text) = frame {
            return serde_json::from_str(&text).expect("it is JSON");
        }
    }
}

async fn says(socket: &mut Socket, frame: Value) {
    socket.send(Message::text(frame.to_string())).await.expect("it is open");
}

async fn call_as(world: &World, token: &str, method: &str) -> Value {
    let answer = world.raw(method, Some(token), "application/json", "{}".to_owned()).await;
    answer.unwrap_or_else(|| panic!("{method} got no answer")).1
}

#[tokio::test]
async fn only_the_app_token_opens_sockets_and_a_ticket_is_good_once() {
    let world = world().await;
    for (token, error) in
        [("xoxb-simulator", "not_allowed_token_type"), ("xapp-other", "invalid_auth")]
    {
        let answer = call_as(&world, token, "apps.connections.open").await;
        assert_eq!(answer["error"], error, "{token}");
    }
    let answer = call_as(&world, "xapp-simulator", "auth.test").await;
    assert_eq!(answer["error"], "not_allowed_token_type");
    let answer = call_as(&world, "xapp-simulator", "apps.connections.open").await;
    let url = answer["url"].as_str().expect("there is one");
    let (mut socket, _) = connect_async(url).await.expect("it is good");
    let hello = hears(&mut socket).await;
    assert_eq!((&hello["type"], &hello["num_connections"]), (&json!("hello"), &json!(1)));
    assert_eq!(hello["connection_info"]["app_id"], "A0STENTOR");
    assert!(connect_async(url).await.is_err(), "it was used");
}

#[tokio::test]
async fn an_envelope_is_answered_like_a_request() {
    let world = world().await;
    let mut socket = open(&world).await;
    hears(&mut socket).await;
    let app = async {
        let envelope = hears(&mut socket).await;
        assert_eq!(envelope["type"], "slash_commands");
        assert_eq!(envelope["accepts_response_payload"], true);
        assert_eq!(envelope["payload"]["text"], "help");
        let payload = json!({ "text": "Here it is" });
        says(&mut socket, json!({ "envelope_id": envelope["envelope_id"], "payload": payload }))
            .await;
    };
    let (seen, ()) = tokio::join!(world.types("help"), app);
    assert_eq!((seen.error, seen.messages[0].text.as_str()), (None, "Here it is"));
    assert_eq!(world.received().len(), 0, "nothing comes over HTTP");
}

#[tokio::test]
async fn wrong_answers_are_odd() {
    let world = world().await;
    let mut socket = open(&world).await;
    hears(&mut socket).await;
    says(&mut socket, json!({ "envelope_id": "of another Slack" })).await;
    says(&mut socket, json!({ "hello": "Slack" })).await;
    let app = async {
        let id = hears(&mut socket).await["envelope_id"].clone();
        says(&mut socket, json!({ "envelope_id": id })).await;
        says(&mut socket, json!({ "envelope_id": id })).await;
        let event = hears(&mut socket).await;
        let answer = json!({ "envelope_id": event["envelope_id"], "payload": {} });
        says(&mut socket, answer).await;
    };
    let person = async {
        world.types("help").await;
        world.act(super::says("U0ALICE", "C0GENERAL", "hi")).await;
        world.slack.settle().await;
    };
    tokio::join!(person, app);
    let odd: Vec<String> =
        world.slack.oddities().iter().map(|call| call.unknown_args[0].clone()).collect();
    let begins: Vec<&str> = odd.iter().map(|it| it.split(':').next().unwrap_or_default()).collect();
    assert_eq!(
        begins,
        [
            "an answer to an unknown envelope",
            "an answer without envelope_id",
            "a second answer",
            "a payload where none is accepted",
        ]
    );
}

#[tokio::test]
async fn an_event_without_an_answer_comes_again_and_without_a_socket_it_is_lost() {
    let world = world().await;
    world.act(super::says("U0ALICE", "C0GENERAL", "nobody hears this")).await;
    world.slack.settle().await;
    assert_eq!(world.slack.next_due(), None, "it is lost");
    let seen = world.types("help").await;
    assert_eq!(seen.error.as_deref(), Some("dispatch_failed"));
    let mut socket = open(&world).await;
    hears(&mut socket).await;
    let how = Misdelivery::LoseAnswer;
    world.slack.inject(Fault::times("message", Failing::Delivery { how }, 1));
    let app = async {
        let mut attempts = Vec::new();
        for _ in 0..2 {
            let envelope = hears(&mut socket).await;
            says(&mut socket, json!({ "envelope_id": envelope["envelope_id"] })).await;
            attempts.push(envelope);
        }
        attempts
    };
    let person = async {
        world.act(super::says("U0ALICE", "C0GENERAL", "hi")).await;
        world.slack.settle().await;
    };
    let (attempts, ()) = tokio::join!(app, person);
    let retries: Vec<&Value> = attempts.iter().map(|it| &it["retry_attempt"]).collect();
    assert_eq!(retries, [&json!(0), &json!(1)]);
    assert_eq!(attempts[1]["retry_reason"], "timeout");
    assert_eq!(attempts[0]["payload"]["event_id"], attempts[1]["payload"]["event_id"]);
}

#[tokio::test]
async fn an_app_has_at_most_ten_sockets_and_they_are_refreshed() {
    let world = world().await;
    let mut sockets = Vec::new();
    for number in 1..=10 {
        let mut socket = open(&world).await;
        assert_eq!(hears(&mut socket).await["num_connections"], number);
        sockets.push(socket);
    }
    let mut eleventh = open(&world).await;
    assert_eq!(hears(&mut eleventh).await["reason"], "too_many_websockets");
    assert!(matches!(eleventh.next().await, Some(Ok(Message::Close(_))) | None));
    world.slack.happen(Happening::Warn);
    world.slack.happen(Happening::Refresh);
    for mut socket in sockets {
        assert_eq!(hears(&mut socket).await["reason"], "warning");
        assert_eq!(hears(&mut socket).await["reason"], "refresh_requested");
        assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
    }
    world.slack.happen(Happening::Disable);
    let mut late = open(&world).await;
    assert_eq!(hears(&mut late).await["reason"], "link_disabled");
}

//! CloudWatch alarms through SNS, with an Amazon of our own.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use stentor::alert::history::Phase;
use stentor::ingest::kind::Kind;
use stentor::ingest::sns::Outside;

use super::visitor::Visitor;
use crate::bot::Bot;
use crate::databases::on_each_database;
use crate::http::{Answer, Server};
use crate::warnings;

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:alarms";
const OTHER_TOPIC: &str = "arn:aws:sns:us-east-1:999999999999:alarms";
const CERTIFICATE: &str = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem";
const FIXED: &str = include_str!("../../data/sns/notification_v1.json");

/// What Amazon was asked for, and what it answers about subscriptions.
#[derive(Clone, Default)]
struct Amazon {
    asked: Arc<Mutex<Vec<String>>>,
    is_away: Arc<Mutex<bool>>,
}

impl Amazon {
    async fn at_work(&self) -> Server {
        Server::start(Router::new().fallback(answer).with_state(self.clone())).await
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn is_away(&self, is_away: bool) {
        *self.is_away.lock().unwrap() = is_away;
    }
}

async fn answer(State(amazon): State<Amazon>, uri: Uri) -> Response {
    amazon.asked.lock().unwrap().push(uri.to_string());
    if *amazon.is_away.lock().unwrap() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    match uri.path() {
        "/SimpleNotificationService-1.pem" => {
            include_str!("../../data/sns/certificate.pem").into_response()
        }
        "/expired.pem" => include_str!("../../data/sns/expired.pem").into_response(),
        "/elliptic.pem" => include_str!("../../data/sns/elliptic.pem").into_response(),
        "/large.pem" => "x".repeat(100_000).into_response(),
        "/moved.pem" => {
            (StatusCode::FOUND, [(header::LOCATION, "/SimpleNotificationService-1.pem")])
                .into_response()
        }
        "/" => "<ConfirmSubscriptionResponse/>".into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Bot {
    /// A source of alarms, and the Amazon that its messages are from.
    async fn alarms(&self, door: Value) -> (Visitor, Amazon) {
        let visitor = self.visitor(Kind::Sns, door).await;
        let amazon = Amazon::default();
        let mut stentor = self.stentor.clone();
        stentor.app.sns = Outside::instead_at(amazon.at_work().await.address());
        let router = stentor.router();
        let server = Server::start(router.clone()).await;
        (Visitor { server, router, ..visitor }, amazon)
    }
}

impl Visitor {
    /// As SNS sends: the secret stands in the address, and JSON is called plain text.
    async fn notifies(&self, envelope: &Value) -> Answer {
        let path = format!("{}/key/{}", self.path(""), self.secret);
        let headers = [("content-type", "text/plain; charset=UTF-8")];
        self.server.send(Method::POST, &path, &headers, envelope.to_string()).await
    }
}

fn message(state: &str, minute: u32) -> String {
    json!({
        "AlarmName": "cpu-high", "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:cpu-high",
        "NewStateValue": state, "OldStateValue": "OK", "NewStateReason": "Threshold Crossed",
        "StateChangeTime": format!("2026-09-21T14:{minute:02}:00.000+0000"), "Region": "US East (N. Virginia)",
    })
    .to_string()
}

fn notification(id: &str, message: &str) -> Value {
    json!({
        "Type": "Notification", "MessageId": id, "TopicArn": TOPIC, "Message": message,
        "Timestamp": "2026-09-21T14:00:01.000Z", "SignatureVersion": "2", "SigningCertURL": CERTIFICATE,
    })
}

fn confirmation(topic: &str) -> Value {
    json!({
        "Type": "SubscriptionConfirmation", "MessageId": "c", "TopicArn": topic, "Message": "Please confirm",
        "Timestamp": "2026-09-21T14:00:01.000Z", "SignatureVersion": "2", "SigningCertURL": CERTIFICATE,
        "Token": "2336412f37",
        "SubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37",
    })
}

/// The envelope with its signature of version 2.
fn signed(mut envelope: Value) -> Value {
    let names = [
        "Message",
        "MessageId",
        "SubscribeURL",
        "Subject",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ];
    let text: String = names
        .iter()
        .filter_map(|name| Some(format!("{name}\n{}\n", envelope[*name].as_str()?)))
        .collect();
    let key = RsaKeyPair::from_pkcs8(include_bytes!("../../data/sns/key.der")).unwrap();
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    envelope["Signature"] = json!(STANDARD.encode(signature));
    envelope
}

on_each_database! {
    async fn an_alarm_goes_off_and_is_over(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let (visitor, amazon) = bot.alarms(json!({"topics": [TOPIC]})).await;
        for _ in 0..2 {
            assert_eq!(visitor.notifies(&signed(notification("1", &message("ALARM", 1)))).await.status, 200);
        }
        let alert = bot.alerts().await.remove(0);
        assert_eq!((alert.title.as_str(), alert.version), ("cpu-high", 1));
        assert_eq!(alert.key, "arn:aws:cloudwatch:us-east-1:123456789012:alarm:cpu-high");
        for (id, state, minute) in [("2", "INSUFFICIENT_DATA", 2), ("3", "OK", 3)] {
            assert_eq!(visitor.notifies(&signed(notification(id, &message(state, minute)))).await.status, 200);
        }
        // What is repeated, or late, does not bring it back.
        for (id, minute) in [("1", 1), ("4", 2)] {
            assert_eq!(visitor.notifies(&signed(notification(id, &message("ALARM", minute)))).await.status, 200);
        }
        let alerts = bot.alerts().await;
        assert_eq!((alerts.len(), alerts[0].phase), (1, Phase::Resolved));
        // What is no alarm is let be.
        assert_eq!(visitor.notifies(&signed(notification("5", "hello"))).await.status, 200);
        assert_eq!(amazon.asked(), ["/SimpleNotificationService-1.pem"], "the certificate is asked for once");
    }

    async fn a_signature_of_version_1_is_verified(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let (visitor, _) = bot.alarms(json!({"topics": [TOPIC]})).await;
        let fixed: Value = serde_json::from_str(FIXED).unwrap();
        assert_eq!(visitor.notifies(&fixed).await.status, 200);
        assert_eq!(bot.alerts().await.len(), 1);
        for (member, other) in [("Message", message("OK", 9)), ("SignatureVersion", "2".to_owned()), ("MessageId", "x".to_owned())] {
            let mut changed = fixed.clone();
            changed[member] = json!(other);
            visitor.notifies(&changed).await.expect(403);
        }
    }

    async fn only_amazons_own_addresses_are_asked(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let (visitor, amazon) = bot.alarms(json!({"topics": [TOPIC]})).await;
        for address in [
            "http://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
            "https://evil.example/SimpleNotificationService-1.pem",
            "https://sns.us-east-1.amazonaws.com.evil.example/x.pem",
            "https://sns.us-east-1.amazonaws.com@evil.example/x.pem",
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1",
            "https://sns.s3-us-west-2.amazonaws.com/x.pem",
            "https://169.254.169.254/x.pem",
            "",
        ] {
            let mut envelope = notification("1", &message("ALARM", 1));
            envelope["SigningCertURL"] = json!(address);
            visitor.notifies(&signed(envelope)).await.expect(403);
            let mut envelope = confirmation(TOPIC);
            envelope["SubscribeURL"] = json!(address);
            if !address.ends_with("Service-1") {
                visitor.notifies(&signed(envelope)).await.expect(403);
            }
        }
        assert_eq!(amazon.asked(), ["/SimpleNotificationService-1.pem"], "for the confirmations alone");
        // What is there is good, too, or nothing is believed.
        warnings::expect("Could not get a certificate");
        for (name, status) in [("expired", 403), ("elliptic", 503), ("large", 503), ("moved", 503), ("none", 503)] {
            let mut envelope = notification("1", &message("ALARM", 1));
            envelope["SigningCertURL"] = json!(format!("https://sns.us-east-1.amazonaws.com/{name}.pem"));
            visitor.notifies(&signed(envelope)).await.expect(status);
            assert_eq!(amazon.asked(), [format!("/{name}.pem")]);
        }
        assert!(bot.alerts().await.is_empty());
    }

    /// Without a list, the first topic that is confirmed is the source's.
    async fn the_first_topic_is_remembered(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let (visitor, amazon) = bot.alarms(json!({"insufficient_data": "fire"})).await;
        visitor.notifies(&signed(notification("1", &message("ALARM", 1)))).await.expect(403);
        let mut forged = signed(confirmation(OTHER_TOPIC));
        forged["TopicArn"] = json!(TOPIC);
        visitor.notifies(&forged).await.expect(403);
        amazon.asked();
        assert_eq!(visitor.notifies(&signed(confirmation(TOPIC))).await.status, 200);
        assert_eq!(amazon.asked(), ["/?Action=ConfirmSubscription&Token=2336412f37"]);
        // Another one is refused, and so is what would confirm it.
        visitor.notifies(&signed(confirmation(OTHER_TOPIC))).await.expect(403);
        let mut foreign = notification("2", &message("ALARM", 1));
        foreign["TopicArn"] = json!(OTHER_TOPIC);
        visitor.notifies(&signed(foreign)).await.expect(403);
        assert_eq!(amazon.asked(), Vec::<String>::new());
        // The same one may be confirmed again, and its messages are taken, also after a restart.
        assert_eq!(visitor.notifies(&signed(confirmation(TOPIC))).await.status, 200);
        assert_eq!(visitor.notifies(&signed(notification("3", &message("INSUFFICIENT_DATA", 1)))).await.status, 200);
        assert_eq!(bot.alerts().await.len(), 1);
        let bot = Box::pin(bot.restarted(&fresh)).await;
        let mut stentor = bot.stentor.clone();
        stentor.app.sns = Outside::instead_at(amazon.at_work().await.address());
        let visitor = Visitor { server: Server::start(stentor.router()).await, ..visitor };
        assert_eq!(visitor.notifies(&signed(notification("4", &message("OK", 2)))).await.status, 200);
        assert_eq!(bot.alerts().await[0].phase, Phase::Resolved);
        amazon.asked();
        // Whoever unsubscribes is let go.
        let mut leaving = confirmation(TOPIC);
        leaving["Type"] = json!("UnsubscribeConfirmation");
        assert_eq!(visitor.notifies(&signed(leaving)).await.status, 200);
        assert_eq!(amazon.asked(), Vec::<String>::new());
    }

    /// A confirmation comes again until Amazon has heard ours.
    async fn amazon_may_be_away(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let (visitor, amazon) = bot.alarms(Value::Null).await;
        warnings::expect("Could not get a certificate");
        warnings::expect("Could not confirm a subscription");
        amazon.is_away(true);
        visitor.notifies(&signed(confirmation(TOPIC))).await.expect(503);
        // The certificate is there, and what confirms is not.
        amazon.is_away(false);
        visitor.notifies(&signed(notification("1", "x"))).await.expect(403);
        let mut elsewhere = confirmation(TOPIC);
        elsewhere["SubscribeURL"] = json!("https://sns.us-east-1.amazonaws.com/nowhere");
        visitor.notifies(&signed(elsewhere)).await.expect(503);
        // What was not confirmed is not remembered.
        assert_eq!(visitor.notifies(&signed(confirmation(OTHER_TOPIC))).await.status, 200);
        visitor.notifies(&signed(confirmation(TOPIC))).await.expect(403);
        amazon.is_away(true);
        visitor.notifies(&signed(confirmation(OTHER_TOPIC))).await.expect(503);
        amazon.is_away(false);
        assert_eq!(visitor.notifies(&signed(confirmation(OTHER_TOPIC))).await.status, 200);
    }

    async fn strangers_and_broken_messages_are_turned_away(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let (visitor, amazon) = bot.alarms(json!({"topics": [TOPIC]})).await;
        visitor.turns_strangers_away("", &signed(notification("1", &message("ALARM", 1))), &[]).await;
        for member in ["Type", "MessageId", "TopicArn", "Message", "Timestamp", "Signature", "SigningCertURL"] {
            let mut broken = signed(notification("1", "x"));
            broken.as_object_mut().unwrap().remove(member);
            let answer = visitor.notifies(&broken).await.expect(400);
            assert!(answer["error"].as_str().unwrap().contains(member), "{answer}");
        }
        for (member, wrong) in [("Type", "Other"), ("TopicArn", "alarms")] {
            let mut broken = signed(notification("1", "x"));
            broken[member] = json!(wrong);
            visitor.notifies(&broken).await.expect(400);
        }
        let raw = [("x-amz-sns-rawdelivery", "true")];
        let answer = visitor.sends("", &raw, message("ALARM", 1)).await.expect(400);
        assert!(answer["error"].as_str().unwrap().contains("Raw message delivery"));
        assert_eq!(amazon.asked(), Vec::<String>::new());
        assert!(bot.alerts().await.is_empty());
    }
}

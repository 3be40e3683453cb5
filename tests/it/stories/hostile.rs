//! What nobody but Slack can send is turned away; what Slack sends and Stentor does not know is
//! taken calmly.

use serde_json::json;
use stentor::simulator::settings::Settings;

use super::channel_of;
use crate::bot::{ALICE, Bot, GENERAL, Start};
use crate::databases::on_each_database;
use crate::raw::{FORM, JSON, Wire, signature, whispered};

const PATHS: [&str; 3] = ["/slack/commands", "/slack/interactions", "/slack/events"];
const LIMIT: usize = 1024 * 1024;

on_each_database! {
    async fn what_slack_did_not_sign_lately_is_turned_away(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let wire = Wire::to(&bot).await;
        let body = b"payload=%7B%7D&command=%2Fincident&text=help&user_id=U1&channel_id=C1&trigger_id=1".as_slice();
        let sign = |time: &str| signature(&wire.secret, time, body);
        for path in PATHS {
            // What was sent to the path before is forgotten.
            bot.clock.advance(std::time::Duration::from_secs(60));
            let now = bot.clock.now().as_seconds();
            let at = |offset: i64| (now + offset).to_string();
            for (what, time, signature) in [
                ("another secret", at(0), signature("somebody else's", &at(0), body)),
                ("another body", at(0), signature(&wire.secret, &at(0), b"text=close")),
                ("another time", at(0), sign(&at(1))),
                ("stale", at(-301), sign(&at(-301))),
                ("from the future", at(301), sign(&at(301))),
                ("no time", "yesterday".to_owned(), sign("yesterday")),
                ("a time beyond all", i64::MAX.to_string(), sign(&i64::MAX.to_string())),
                ("another version", at(0), sign(&at(0)).replace("v0=", "v1=")),
                ("cut off", at(0), sign(&at(0))[..40].to_owned()),
                ("empty", String::new(), String::new()),
            ] {
                let headers = [
                    ("content-type", FORM),
                    ("x-slack-request-timestamp", time.as_str()),
                    ("x-slack-signature", signature.as_str()),
                ];
                let answer = wire.send(path, &headers, body).await;
                assert_eq!((answer.status.as_u16(), answer.text.as_str()), (401, ""), "{path}: {what}");
            }
            let answer = wire.send(path, &[("content-type", FORM)], body).await;
            assert_eq!(answer.status.as_u16(), 401, "{path}: unsigned");
            let only_time = [("x-slack-request-timestamp", at(0))];
            let only_time = only_time.each_ref().map(|(name, value)| (*name, value.as_str()));
            assert_eq!(wire.send(path, &only_time, body).await.status.as_u16(), 401, "{path}");
        }
        bot.ends().await;
    }

    async fn a_request_is_good_for_five_minutes_either_way(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let wire = Wire::to(&bot).await;
        for offset in [-300, 300] {
            let time = (bot.clock.now().as_seconds() + offset).to_string();
            let body = serde_urlencoded::to_string([
                ("team_id", "T0STENTOR"), ("user_id", ALICE), ("channel_id", GENERAL),
                ("text", "help"), ("trigger_id", "1"),
            ])
            .unwrap();
            let signature = signature(&wire.secret, &time, body.as_bytes());
            let headers = [
                ("content-type", FORM),
                ("x-slack-request-timestamp", time.as_str()),
                ("x-slack-signature", signature.as_str()),
            ];
            let answer = wire.send("/slack/commands", &headers, body).await;
            assert_eq!(whispered(&answer).unwrap(), "Commands of /incident");
        }
        bot.ends().await;
    }

    async fn both_signing_secrets_hold_while_one_is_replaced(fresh: Fresh) {
        let start = Start {
            signing_secrets: &["the new one", "simulator-signing-secret"],
            ..Start::default()
        };
        let bot = Bot::start_with(&fresh, start).await;
        let mut wire = Wire::to(&bot).await;
        for (secret, status) in
            [("simulator-signing-secret", 200), ("the new one", 200), ("an older one", 401), ("", 401)]
        {
            wire.secret = secret.to_owned();
            let answer = wire.types(ALICE, GENERAL, "help", "1").await;
            assert_eq!(answer.status.as_u16(), status, "{secret:?}");
        }
        bot.declares("Checkout is slow").await;
        bot.ends().await;
    }

    async fn more_than_a_mebibyte_is_not_read(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let wire = Wire::to(&bot).await;
        let incident = bot.declares("Checkout is slow").await;
        let fields = [
            ("team_id", "T0STENTOR"), ("user_id", ALICE), ("channel_id", channel_of(&incident)),
            ("text", "note This is very long"), ("trigger_id", "1"), ("padding", ""),
        ];
        let body = serde_urlencoded::to_string(fields).unwrap();
        let padded = |length: usize| body.clone() + &"x".repeat(length - body.len());
        let answer = wire.signed("/slack/commands", FORM, padded(LIMIT + 1)).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (413, ""));
        for path in PATHS {
            // What nobody signed is not even read.
            let unsigned = wire.send(path, &[], padded(2_000)).await;
            assert_eq!(unsigned.status.as_u16(), 401, "{path}");
        }
        assert_eq!(bot.incident(1).await.version, incident.version);
        // A byte less is read, and done.
        let answer = wire.signed("/slack/commands", FORM, padded(LIMIT)).await;
        assert_eq!(whispered(&answer).unwrap(), "Noted in the timeline of INC-1.");
        bot.ends().await;
    }

    async fn slack_tries_the_addresses_and_is_answered(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let wire = Wire::to(&bot).await;
        let answer = wire.send("/slack/commands", &[("content-type", FORM)], "ssl_check=1&token=x").await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
        let challenge = json!({"type": "url_verification", "token": "x", "challenge": "3eZbrw1aB"});
        let answer = wire.signed("/slack/events", JSON, challenge.to_string()).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "3eZbrw1aB"));
        // An address is only Slack's to verify.
        let answer = wire.send("/slack/events", &[("content-type", JSON)], challenge.to_string()).await;
        assert_eq!(answer.status.as_u16(), 401);
        bot.ends().await;
    }

    async fn what_is_not_known_is_taken_calmly(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let wire = Wire::to(&bot).await;
        for payload in [
            json!({"type": "a_kind_of_tomorrow"}),
            json!({"type": "view_closed", "user": {"id": ALICE}, "view": {"id": "V1"}}),
            json!({"type": "message_action", "callback_id": "unheard_of", "user": {"id": ALICE}}),
            json!({"type": "shortcut", "callback_id": "unheard_of", "user": {"id": ALICE}, "trigger_id": "1"}),
            json!({"type": "block_actions", "user": {"id": ALICE}, "actions": []}),
            json!({"type": "block_actions", "actions": [{"action_id": "update"}]}),
            json!({"type": "block_actions", "user": {"id": ALICE}, "actions": [{"action_id": "unheard_of"}]}),
            json!({"type": "view_submission", "user": {"id": ALICE}}),
            json!({}),
        ] {
            let answer = wire.interaction(payload.clone()).await;
            assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""), "{payload}");
        }
        for event in [
            json!({"type": "event_callback", "team_id": "T0STENTOR", "event_id": "Ev1", "event": {"type": "a_kind_of_tomorrow"}}),
            json!({"type": "app_rate_limited", "team_id": "T0STENTOR", "minute_rate_limited": 1}),
            json!({"type": "url_verification"}),
            json!({"type": "event_callback"}),
            json!({}),
        ] {
            let answer = wire.signed("/slack/events", JSON, event.to_string()).await;
            assert_eq!(answer.status.as_u16(), 200, "{event}");
        }
        bot.ends().await;
    }

    async fn what_can_not_be_read_is_a_bad_request(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let wire = Wire::to(&bot).await;
        let not_utf8 = [&b"payload="[..], &[0xff, 0xfe]].concat();
        for (path, body) in [
            ("/slack/commands", b"".to_vec()),
            ("/slack/commands", b"text=help".to_vec()),
            ("/slack/commands", br#"{"text": "help"}"#.to_vec()),
            ("/slack/interactions", b"".to_vec()),
            ("/slack/interactions", b"payload=".to_vec()),
            ("/slack/interactions", b"payload=%7B".to_vec()),
            ("/slack/interactions", b"payload=%5B%5D%5B".to_vec()),
            ("/slack/interactions", b"payload=%7B%22actions%22%3A7%7D".to_vec()),
            ("/slack/interactions", not_utf8),
            ("/slack/events", b"".to_vec()),
            ("/slack/events", b"{".to_vec()),
            ("/slack/events", b"7".to_vec()),
            ("/slack/events", vec![b'['; 100_000]),
        ] {
            let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
            let answer = wire.signed(path, FORM, body).await;
            assert_eq!(answer.status.as_u16(), 400, "{path} {shown}: {}", answer.text);
        }
        bot.ends().await;
    }

    async fn an_organisation_has_one_installation_for_all_its_workspaces(fresh: Fresh) {
        let start = Start {
            slack: Some(|settings| Settings { org_install: true, ..settings }),
            ..Start::default()
        };
        let bot = Bot::start_with(&fresh, start).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        let welcome = bot.welcome(&incident);
        bot.presses(ALICE, channel, welcome, "Take the lead").await;
        bot.settle().await;
        assert_eq!(bot.reads(channel), "INC-1: <@U0ALICE> is Incident Lead");
        // Somebody in another workspace of the organisation.
        let mut wire = Wire::to(&bot).await;
        wire.installation = json!({
            "team": {"id": "T0ANOTHER"}, "enterprise": {"id": "E0STENTOR"}, "is_enterprise_install": true,
        });
        let answer = wire.types("W0ERIN", GENERAL, "INC-1 note From the other side", "1").await;
        assert_eq!(whispered(&answer).unwrap(), "Noted in the timeline of INC-1.");
        // Slack says of itself what its requests say.
        let identity = bot.stentor.worker.performer.identify(&bot.stentor.app.workspace).await.unwrap();
        assert_eq!(identity.team.as_str(), "E0STENTOR");
        bot.ends().await;
    }

    async fn another_workspace_is_told_that_stentor_is_not_there(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let mut wire = Wire::to(&bot).await;
        let sentence = "Stentor is not installed in this workspace. Ask whoever runs it to add it here.";
        for installation in [
            json!({"team": {"id": "T0ANOTHER"}, "enterprise": null, "is_enterprise_install": false}),
            json!({"team": null, "enterprise": {"id": "E0ANOTHER"}, "is_enterprise_install": true}),
            json!({"team": null, "enterprise": null, "is_enterprise_install": false}),
        ] {
            wire.installation = installation;
            for text in ["", "INC-1", "list", "INC-1 close Ha", "INC-1 update"] {
                let answer = wire.types(ALICE, GENERAL, text, "1").await;
                assert_eq!(whispered(&answer).unwrap(), sentence, "{text}");
            }
            let button = ("reopen", incident.id.as_str());
            assert_eq!(wire.presses(ALICE, GENERAL, button, "2").await.status.as_u16(), 200);
            let form = json!({"incident": incident.id});
            let answer = wire.submits(ALICE, "V1", ("close", &form), &json!({})).await;
            let answer = answer.expect(200);
            assert_eq!(answer["errors"]["message"], sentence, "{answer}");
        }
        assert_eq!(bot.incident(1).await.version, incident.version);
        bot.ends().await;
    }
}

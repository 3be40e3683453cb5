//! Stentor is removed, or its token is taken no more; and comes back.

use std::time::Duration;

use serde_json::json;
use stentor::simulator::Simulator;
use stentor::simulator::act::Act;
use stentor::simulator::faults::{Failing, Fault};

use super::house::{ACME, House, Setup, ZENITH, calls, column};
use crate::bot::{GENERAL, INCIDENTS};
use crate::databases::on_each_database;
use crate::warnings;

/// The first incident's channel there.
fn channel(slack: &Simulator) -> String {
    let is_first = |name: &str| name.starts_with("inc-1");
    slack.read(|state| {
        state.channels.values().find(|it| is_first(&it.name)).map(|it| it.id.clone()).unwrap()
    })
}

on_each_database! {
    async fn what_is_to_be_done_waits_over_an_uninstall_and_is_done_once(fresh: Fresh) {
        warnings::expect("Stentor was removed from this workspace");
        let house = House::start(&fresh, Setup::default()).await;
        house.is_installed_in(ACME).await;
        house.is_installed_in(ZENITH).await;
        house.declares(&house.acme, "Checkout is slow").await;
        house.works().await;
        assert_eq!(house.left().await, []);
        // An update is on its way when the app is removed.
        let place = channel(&house.acme);
        house.hears(&house.acme, &place, "update Rolling back").await;
        house.acme.act(Act::Uninstall).await.unwrap();
        house.acme.settle().await;
        assert_eq!(column(&house, "SELECT state FROM installation ORDER BY name").await,
            ["uninstalled", "active"].map(|it| Some(it.to_owned())));
        let sealed = column(&house, "SELECT bot_token FROM installation ORDER BY name").await;
        assert!(sealed[0].is_none() && sealed[1].is_some());
        // It waits, and says why; Slack is left alone there, and works elsewhere.
        let before = house.acme.calls().len();
        house.declares(&house.zenith, "Ovens are cold").await;
        for _ in 0..5 {
            house.works().await;
            house.clock.advance(Duration::from_secs(24 * 3600));
        }
        house.looks_after_tokens().await;
        assert_eq!(house.acme.calls().len(), before);
        let left = house.left().await;
        assert!(!left.is_empty());
        // What stands first in its lane says why, and what stands behind waits for that.
        let why = |error: &Option<String>| {
            error.as_deref().is_some_and(|it| it.contains("was removed from this workspace"))
        };
        assert!(left.iter().any(|(_, error)| why(error)), "{left:?}");
        assert!(left.iter().all(|(_, error)| error.is_none() || why(error)), "{left:?}");
        assert!(house.said(&house.zenith).iter().any(|text| text.contains("Ovens")));
        // Once it is back, everything is done, once.
        house.is_installed_in(ACME).await;
        house.works().await;
        assert_eq!(house.left().await, []);
        let posted = house.said(&house.acme).into_iter().filter(|it| it.contains("Rolling back"));
        assert_eq!(posted.count(), 2, "the announcement, and one update: {:?}", house.said(&house.acme));
        house.ends();
    }

    async fn both_events_may_come_in_either_order_twice_and_late(fresh: Fresh) {
        warnings::expect("Stentor was removed from this workspace");
        let house = House::start(&fresh, Setup::default()).await;
        house.is_installed_in(ACME).await;
        let signed = |body: serde_json::Value| {
            let (clock, secret) = (house.clock.clone(), house.acme.settings().signing_secret.clone());
            let server = house.server.clone();
            async move {
                let (body, now) = (body.to_string(), clock.now().as_seconds().to_string());
                let signature = crate::raw::signature(&secret, &now, body.as_bytes());
                let headers = [("content-type", crate::raw::JSON), ("x-slack-request-timestamp", &now),
                    ("x-slack-signature", &signature)];
                let answer = server.send(axum::http::Method::POST, "/slack/events", &headers, body).await;
                assert_eq!(answer.status.as_u16(), 200);
            }
        };
        let event = |event: serde_json::Value| json!({
            "type": "event_callback", "event_id": "Ev1", "team_id": ACME, "event": event,
            "authorizations": [{"team_id": ACME, "is_enterprise_install": false}],
        });
        let standing = "SELECT state FROM installation";
        // Somebody's own token, an unknown team, and a message that is older than the installation.
        for old in [
            event(json!({"type": "tokens_revoked", "tokens": {"oauth": ["U0ALICE"], "bot": []}})),
            json!({"type": "event_callback", "team_id": "T0NOBODY", "event": {"type": "app_uninstalled"}}),
            event(json!({"type": "app_uninstalled"})),
            event(json!({"type": "tokens_revoked", "tokens": {"bot": ["U0STENTOR"]}})),
        ] {
            signed(old).await;
            assert_eq!(column(&house, standing).await, [Some("active".to_owned())]);
        }
        // Slack can't be asked, so it is believed for now, and asked later.
        house.acme.inject(Fault::times("auth.test", Failing::Status { status: 503 }, 1));
        signed(event(json!({"type": "app_uninstalled"}))).await;
        assert_eq!(column(&house, standing).await, [Some("refused".to_owned())]);
        house.clock.advance(Duration::from_secs(3601));
        house.looks_after_tokens().await;
        assert_eq!(column(&house, standing).await, [Some("active".to_owned())]);
        // The uninstalling events, the other way round.
        house.acme.set_app_urls(Default::default());
        house.acme.act(Act::Uninstall).await.unwrap();
        for _ in 0..2 {
            signed(event(json!({"type": "app_uninstalled"}))).await;
            signed(event(json!({"type": "tokens_revoked", "tokens": {"bot": ["U0STENTOR"]}}))).await;
            assert_eq!(column(&house, standing).await, [Some("uninstalled".to_owned())]);
        }
        house.ends();
    }

    async fn a_token_that_slack_takes_no_more_is_noticed_by_a_call(fresh: Fresh) {
        warnings::expect("Slack does not take the bot token");
        let house = House::start(&fresh, Setup::default()).await;
        house.is_installed_in(ACME).await;
        // Nobody is told of the removal.
        house.acme.set_app_urls(Default::default());
        house.declares_through_api("Checkout is slow").await;
        house.acme.act(Act::Uninstall).await.unwrap();
        house.works().await;
        assert_eq!(column(&house, "SELECT state FROM installation").await, [Some("refused".to_owned())]);
        let error = house.left().await[0].1.clone().unwrap();
        assert!(error.contains("auth.test: account_inactive"), "{error}");
        let asked = house.acme.calls().len();
        house.works().await;
        assert_eq!(house.acme.calls().len(), asked, "Slack is left alone");
        house.is_installed_in(ACME).await;
        house.works().await;
        assert_eq!(house.left().await, []);
        assert!(house.acme.channel_by_name("inc-1-checkout-is-slow").is_some());
        house.ends();
    }

    async fn an_hour_in_which_slack_takes_no_token_loses_nothing(fresh: Fresh) {
        warnings::expect("Slack does not take the bot token");
        let house = House::start(&fresh, Setup { token: true, ..Setup::default() }).await;
        house.is_installed_in(ZENITH).await;
        for slack in [&house.acme, &house.zenith] {
            for method in ["auth.test", "conversations.create", "conversations.list", "chat.postMessage"] {
                let code = "invalid_auth".to_owned();
                slack.inject(Fault::always(method, Failing::Error { code }));
            }
        }
        house.declares(&house.acme, "Checkout is slow").await;
        house.declares(&house.zenith, "Ovens are cold").await;
        house.works().await;
        assert!(!house.left().await.is_empty());
        for slack in [&house.acme, &house.zenith] {
            slack.clear_faults();
        }
        // Not before the hour is over, and then by itself.
        house.looks_after_tokens().await;
        house.works().await;
        assert!(!house.left().await.is_empty());
        house.clock.advance(Duration::from_secs(3600));
        house.looks_after_tokens().await;
        house.works().await;
        assert_eq!(house.left().await, []);
        for slack in [&house.acme, &house.zenith] {
            assert!(slack.message_count(INCIDENTS) == 1);
        }
        house.ends();
    }

    async fn the_settings_token_wins_while_slack_takes_it_and_the_installation_after(fresh: Fresh) {
        warnings::expect("Stentor was removed from this workspace");
        let house = House::start(&fresh, Setup { token: true, ..Setup::default() }).await;
        let workspace = house.is_installed_in(ACME).await;
        assert_eq!(workspace, house.stentor.app.workspace);
        house.declares(&house.acme, "Checkout is slow").await;
        house.works().await;
        assert_eq!(house.left().await, []);
        house.acme.act(Act::Uninstall).await.unwrap();
        house.acme.settle().await;
        let refused = column(&house, "SELECT state FROM refused_token").await;
        assert_eq!(refused, [Some("uninstalled".to_owned())]);
        // The token of the settings is dead; who installs brings another one, which serves.
        house.is_installed_in(ACME).await;
        let place = channel(&house.acme);
        house.hears(&house.acme, &place, "update Rolling back").await;
        house.works().await;
        assert_eq!(house.left().await, []);
        assert!(house.said(&house.acme).iter().any(|text| text.contains("Rolling back")));
        house.ends();
    }

    async fn a_form_that_can_not_open_is_told_to_who_asked(fresh: Fresh) {
        warnings::expect("Stentor was removed from this workspace");
        warnings::expect("A form did not open");
        let house = House::start(&fresh, Setup::default()).await;
        house.is_installed_in(ACME).await;
        house.acme.act(Act::Uninstall).await.unwrap();
        house.acme.settle().await;
        // A command that was under way.
        let seen = house.types(&house.acme, GENERAL, "").await;
        assert_eq!((seen.error, seen.modal), (None, None));
        assert_eq!(seen.messages.len(), 1);
        assert_eq!(calls(&house.acme, "views.open").len(), 0);
        house.ends();
    }
}

impl House {
    /// A program declares an incident in the default workspace.
    async fn declares_through_api(&self, name: &str) {
        let app = &self.stentor.app;
        let made =
            stentor::api::tokens::create(&app.db, &app.clock, &app.ids, &app.workspace, "ci");
        let authorization = format!("Bearer {}", made.await.unwrap());
        let headers = [("authorization", authorization.as_str())];
        self.server.post("/api/v1/incidents", &headers, &json!({"name": name})).await.expect(201);
    }
}

trait Counted {
    fn message_count(&self, channel: &str) -> usize;
}

impl Counted for Simulator {
    /// How many of the app's messages a channel holds.
    fn message_count(&self, channel: &str) -> usize {
        self.read(|state| {
            let messages = state.channels[channel].messages.values();
            messages.filter(|it| it.bot_id.is_some() && it.subtype.is_none()).count()
        })
    }
}

//! Whom rules tell, and who wants to hear nothing.

use axum::http::StatusCode;
use serde_json::json;
use stentor::alert::rule::standing::Level;
use stentor::ids::UserId;
use stentor::outbox::admin::{self, Which};
use stentor::simulator::faults::Failing;

use super::listener::Listener;
use super::{MINUTE, events, rule, start};
use crate::bot::{BOB, Bot, CAROL, GENERAL};
use crate::databases::on_each_database;
use crate::warnings;

fn everybody(listener: &Listener) -> serde_json::Value {
    json!([
        {"type": "slack_channel", "channel": GENERAL},
        {"type": "slack_person", "user": BOB},
        {"type": "webhook", "url": listener.address()},
    ])
}

impl Bot {
    /// What #general and Bob were told since the last look.
    fn told(&self) -> (Vec<String>, Vec<String>) {
        (self.reads_all(GENERAL), self.reads_told(BOB))
    }
}

on_each_database! {
    async fn everybody_named_is_told_once_of_each_turn(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        let listener = Listener::start().await;
        let id = bot.watches_for(rule(json!({
            "critical": {"threshold": 5, "actions": everybody(&listener)},
            "warning": {"threshold": 2, "actions": [{"type": "slack_channel", "channel": GENERAL}]},
            "note": "<!channel> see *the* runbook", "owner": CAROL, "projects": ["web"],
        }))).await;
        bot.minute_with(&monitor, 3).await;
        let warned = vec!["Warning: Too many errors: 3 events in the last minute.".to_owned()];
        assert_eq!((bot.told(), listener.heard().len()), ((warned, vec![]), 0));
        bot.minute_with(&monitor, 6).await;
        let said = vec!["Critical: Too many errors: 6 events in the last minute.".to_owned()];
        assert_eq!(bot.told(), (said.clone(), said));
        let [heard] = &listener.heard()[..] else { panic!() };
        assert_eq!(heard["event"], "alert_rule.critical");
        assert_eq!(heard["rule"]["id"], id.as_str());
        assert_eq!((heard["rule"]["owner"].as_str(), heard["project"].as_str()), (Some(CAROL), Some("web")));
        assert_eq!((heard["level"].as_str(), heard["previous_level"].as_str()), (Some("critical"), Some("warning")));
        // Nothing is told again while it goes on.
        bot.minute_with(&monitor, 7).await;
        assert_eq!((bot.told(), listener.heard().len()), ((vec![], vec![]), 0));
        bot.minute_with(&monitor, 4).await;
        let better = vec!["Back to a warning: Too many errors: 4 events in the last minute.".to_owned()];
        assert_eq!((bot.told(), listener.events()), ((better.clone(), better), vec!["alert_rule.warning".to_owned()]));
        // It was critical: so all of them hear that it is over.
        bot.minute_with(&monitor, 0).await;
        let over = vec!["Resolved: Too many errors: 0 events in the last minute.".to_owned()];
        assert_eq!((bot.told(), listener.events()), ((over.clone(), over), vec!["alert_rule.resolved".to_owned()]));
        Box::pin(bot.done_with_rules()).await;
    }

    async fn a_snoozed_rule_calls_nobody_and_opens_incidents_all_the_same(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        let listener = Listener::start().await;
        let actions = everybody(&listener);
        let id = bot.watches_for(rule(json!({"critical": {"threshold": 2, "actions": actions}}))).await;
        let (rules, workspace) = (bot.stentor.app.rules.clone(), bot.stentor.app.workspace.clone());
        let until = Some(bot.clock.now().plus(2 * MINUTE));
        rules.snooze(&workspace, &id, None, until).await.unwrap().unwrap();
        assert_eq!(bot.minute_with(&monitor, 3).await, Level::Critical);
        assert_eq!((bot.told(), listener.heard().len()), ((vec![], vec![]), 0));
        bot.minute_with(&monitor, 3).await;
        assert_eq!(bot.incidents().await, 1);
        // It ends by itself; one person can go on with it.
        bot.next_minute().await;
        bot.minute_with(&monitor, 0).await;
        let bob = UserId::from(BOB);
        rules.snooze(&workspace, &id, Some(bob.clone()), None).await.unwrap().unwrap();
        bot.told();
        listener.heard();
        bot.minute_with(&monitor, 3).await;
        let (general, bobs) = bot.told();
        assert_eq!((general.len(), bobs.len(), listener.heard().len()), (1, 0, 1));
        assert!(rules.unsnooze(&workspace, &id, Some(&bob)).await.unwrap());
        assert!(!rules.unsnooze(&workspace, &id, Some(&bob)).await.unwrap());
        bot.minute_with(&monitor, 0).await;
        assert_eq!(bot.told().1.len(), 1);
        listener.heard();
        Box::pin(bot.done_with_rules()).await;
    }

    async fn what_waits_for_slack_is_not_told_once_it_is_snoozed(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        let actions = json!([{"type": "slack_channel", "channel": GENERAL}]);
        let id = bot.watches_for(rule(json!({"critical": {"threshold": 2, "actions": actions}}))).await;
        bot.breaks_down("chat.postMessage", Failing::Status { status: 503 });
        bot.hears(&monitor, events(3, "web")).await;
        bot.clock.advance(MINUTE);
        bot.works_a_while().await;
        let (rules, workspace) = (bot.stentor.app.rules.clone(), bot.stentor.app.workspace.clone());
        rules.snooze(&workspace, &id, None, None).await.unwrap().unwrap();
        bot.mends();
        bot.settle().await;
        assert_eq!(bot.told().0, Vec::<String>::new());
        Box::pin(bot.done_with_rules()).await;
    }

    async fn what_slack_took_without_an_answer_is_not_said_twice(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        let actions = json!([{"type": "slack_channel", "channel": GENERAL}, {"type": "slack_person", "user": BOB}]);
        bot.watches_for(rule(json!({"critical": {"threshold": 2, "actions": actions}}))).await;
        bot.expects_repeats();
        bot.breaks("chat.postMessage", Failing::LostAnswer { hang_ms: 0 }, 3);
        bot.minute_with(&monitor, 3).await;
        let (general, bobs) = bot.told();
        assert_eq!((general.len(), bobs.len()), (1, 1));
        Box::pin(bot.done_with_rules()).await;
    }

    async fn a_webhook_that_fails_is_called_again_with_the_same_key(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        let listener = Listener::start().await;
        let actions = json!([{"type": "webhook", "url": listener.address()}]);
        bot.watches_for(rule(json!({"critical": {"threshold": 2, "actions": actions}}))).await;
        listener.answers(&[StatusCode::TOO_MANY_REQUESTS, StatusCode::BAD_GATEWAY]);
        bot.minute_with(&monitor, 3).await;
        let keys = listener.keys();
        assert_eq!(keys.len(), 3);
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
        assert_eq!(listener.events(), ["alert_rule.critical"; 3]);
        Box::pin(bot.done_with_rules()).await;
    }

    async fn what_a_webhook_refuses_is_given_up_aloud_and_can_be_sent_again(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        let listener = Listener::start().await;
        let actions = json!([{"type": "webhook", "url": listener.address()}]);
        bot.watches_for(rule(json!({"critical": {"threshold": 2, "actions": actions}}))).await;
        warnings::expect("Gave up");
        // Where it points to is not followed.
        listener.answers(&[StatusCode::TEMPORARY_REDIRECT]);
        bot.minute_with(&monitor, 3).await;
        assert_eq!(listener.heard().len(), 1);
        let app = &bot.stentor.app;
        let dead = admin::list(app, Which::Dead).await.unwrap();
        let [(workspace, letter)] = &dead[..] else { panic!("{dead:?}") };
        assert_eq!(letter.number, None);
        assert_eq!(letter.last_error.as_deref(), Some("webhook: it answered with status 307"));
        assert!(admin::retry(app, workspace, letter).await.unwrap());
        bot.settle().await;
        assert_eq!(listener.events(), ["alert_rule.critical"]);
        Box::pin(bot.done_with_rules()).await;
    }

    async fn a_webhook_does_not_reach_inner_networks(fresh: Fresh) {
        let (mut bot, monitor) = start(&fresh, None).await;
        let listener = Listener::start().await;
        let app = &bot.stentor.app;
        let strict = stentor::config::rules::RuleSettings::default();
        let strict = stentor::rules::Rules::clone(&app.rules).with(&strict).unwrap();
        let to = |url: &str| rule(json!({"critical": {"threshold": 2, "actions": [{"type": "webhook", "url": url}]}}));
        for url in [listener.address(), "http://[::1]/", "http://169.254.169.254/latest", "gopher://x/", "http://me:you@example.com/"] {
            let error = strict.create(&app.workspace, to(url), "ci", None).await.unwrap_err().to_string();
            assert!(error.contains("The address of a webhook can't be used"), "{url}: {error}");
        }
        // A name says nothing of where it leads, before it is looked up.
        let named = listener.address().replace("127.0.0.1", "localhost");
        strict.create(&app.workspace, to(&named), "ci", None).await.unwrap();
        bot.stentor.worker.rules = std::sync::Arc::new(strict);
        warnings::expect("Gave up");
        bot.minute_with(&monitor, 3).await;
        assert_eq!(listener.heard().len(), 0);
        let dead = admin::list(&bot.stentor.app, Which::Dead).await.unwrap();
        let [(workspace, letter)] = &dead[..] else { panic!("{dead:?}") };
        assert!(letter.last_error.as_deref().unwrap().contains("inner network"), "{letter:?}");
        assert!(admin::let_go(&bot.stentor.app, workspace, letter).await.unwrap());
        Box::pin(bot.done_with_rules()).await;
    }
}

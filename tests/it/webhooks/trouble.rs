//! Receivers that refuse, are slow, point elsewhere, go away for days; and a Stentor that dies.

use std::time::Duration;

use axum::http::StatusCode;
use stentor::outbox::admin::{self, Which};
use stentor::store::webhooks::State;
use stentor::webhooks::event_type::EventType;
use stentor::webhooks::manage::Changed;

use super::receiver::{Answer, Receiver};
use super::start;
use crate::bot::ALICE;
use crate::databases::on_each_database;
use crate::warnings;

const HOUR: Duration = Duration::from_secs(3_600);

on_each_database! {
    async fn what_is_not_taken_is_sent_again_with_the_same_id(fresh: Fresh) {
        let bot = start(&fresh).await;
        let receiver = Receiver::start().await;
        let webhook = bot.tells(&receiver, &[EventType::INCIDENT_CREATED]).await;
        receiver.answers(&[
            Answer::Status(StatusCode::INTERNAL_SERVER_ERROR),
            // Where it points is not followed.
            Answer::Status(StatusCode::TEMPORARY_REDIRECT),
            Answer::Busy(600),
        ]);
        let begun = bot.clock.now();
        let incident = bot.declares("Checkout is slow").await;
        let heard = receiver.heard();
        assert_eq!(heard.len(), 4);
        assert!(heard.iter().all(|one| one.id == heard[0].id && one.body == heard[0].body));
        assert!(heard[3].seconds >= heard[2].seconds + 600, "it waits as long as it is asked to");
        assert!(bot.clock.now().since(begun) < HOUR);
        assert_eq!(bot.outcomes(&webhook).await, ["failed", "failed", "failed", "delivered"]);
        let attempts = bot.attempts(&webhook).await;
        assert_eq!(attempts[2].status, Some(307));
        assert_eq!(attempts[2].answer.as_deref(), Some("so it is"));
        assert_eq!(bot.webhook(&webhook).await.failing_since, None);
        bot.reads_everything(&incident).await;
        bot.ends().await;
    }

    async fn a_message_that_is_refused_does_not_keep_the_others_waiting(fresh: Fresh) {
        let bot = start(&fresh).await;
        let receiver = Receiver::start().await;
        let webhook = bot.tells(&receiver, &[EventType::INCIDENT_CREATED]).await;
        receiver.answers(&[Answer::Status(StatusCode::BAD_REQUEST); 7]);
        let one = bot.declares_in_trouble("One").await;
        let other = bot.declares_in_trouble("Other").await;
        bot.settle().await;
        let heard = receiver.heard();
        let ids: Vec<&str> = heard.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids.len(), 9, "{ids:?}");
        // Five times in line; then the other has its turn, and the first comes again.
        assert!(ids[..5].iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_ne!(ids[5], ids[0]);
        assert!(ids[6..].contains(&ids[0]), "{ids:?}");
        assert_eq!(bot.outcomes(&webhook).await.iter().filter(|it| *it == "delivered").count(), 2);
        for incident in [one, other] {
            bot.reads_everything(&bot.incident(incident.number).await).await;
        }
        bot.ends().await;
    }

    async fn after_a_day_a_message_is_given_up_aloud_and_can_be_sent_again(fresh: Fresh) {
        let bot = start(&fresh).await;
        let receiver = Receiver::start().await;
        let webhook = bot.tells(&receiver, &[EventType::INCIDENT_CREATED]).await;
        receiver.always_answers(Some(StatusCode::NOT_FOUND));
        warnings::expect("Gave up");
        let begun = bot.clock.now();
        let incident = bot.declares("Checkout is slow").await;
        let lasted = bot.clock.now().since(begun);
        assert!(lasted >= 24 * HOUR && lasted < 27 * HOUR, "{lasted:?}");
        let attempts = receiver.heard();
        assert!((10..40).contains(&attempts.len()), "{}", attempts.len());
        assert_eq!(bot.outcomes(&webhook).await.last().unwrap(), "given_up");
        let app = &bot.stentor.app;
        let dead = admin::list(app, Which::Dead).await.unwrap();
        let [(_, letter)] = &dead[..] else { panic!("{dead:?}") };
        assert_eq!(letter.last_error.as_deref(), Some("it answered with status 404"));
        assert_eq!(bot.webhook(&webhook).await.state, State::On);
        // The record of the incident says nothing of it: that would be news again.
        let (incident_now, version) = (bot.incident(1).await, incident.version);
        assert_eq!(incident_now.version, version);
        receiver.always_answers(None);
        assert!(app.courier.redeliver(&app.workspace, &webhook, &attempts[0].id).await.unwrap());
        bot.settle().await;
        assert_eq!(receiver.heard().len(), 1);
        assert_eq!(admin::list(app, Which::Dead).await.unwrap().len(), 0);
        bot.reads_everything(&incident).await;
        bot.ends().await;
    }

    async fn who_is_away_for_five_days_is_told_no_more_until_somebody_says_so(fresh: Fresh) {
        let bot = start(&fresh).await;
        let receiver = Receiver::start().await;
        let webhook = bot.tells(&receiver, &[EventType::INCIDENT_CREATED]).await;
        receiver.always_answers(Some(StatusCode::BAD_GATEWAY));
        warnings::expect("Gave up");
        warnings::expect("Switched off a webhook");
        let mut incidents = Vec::new();
        for _ in 0..6 {
            incidents.push(bot.declares("Checkout is slow").await);
        }
        assert_eq!(bot.webhook(&webhook).await.state, State::Broken);
        assert_eq!(warnings::count("Switched off a webhook"), 1);
        receiver.always_answers(None);
        receiver.heard();
        incidents.push(bot.declares("Nobody hears of this").await);
        assert_eq!(receiver.heard().len(), 0);
        let app = &bot.stentor.app;
        let changed = Changed { is_on: Some(true), ..Changed::default() };
        let back = app.courier.change(&app.workspace, &webhook, changed).await.unwrap().unwrap();
        assert_eq!((back.state, back.failing_since), (State::On, None));
        incidents.push(bot.declares("Everybody hears of this").await);
        assert_eq!(receiver.types(), ["public_incident.incident_created_v2"]);
        for (workspace, letter) in admin::list(app, Which::Dead).await.unwrap() {
            assert!(admin::let_go(app, &workspace, &letter).await.unwrap());
        }
        for incident in incidents {
            bot.reads_everything(&incident).await;
        }
        bot.ends().await;
    }

    async fn a_slow_receiver_keeps_nobody_else_waiting(fresh: Fresh) {
        let bot = start(&fresh).await;
        let (slow, quick) = (Receiver::start().await, Receiver::start().await);
        bot.tells(&slow, &[EventType::INCIDENT_CREATED]).await;
        bot.tells(&quick, &[EventType::INCIDENT_CREATED]).await;
        slow.answers(&[Answer::Hang]);
        let incident = bot.declares_in_trouble("Checkout is slow").await;
        let worker = bot.stentor.worker.clone();
        let step = tokio::spawn(async move { while worker.step().await.unwrap() > 0 {} });
        tokio::join!(slow.is_reached(), quick.is_reached());
        // The first one has not answered yet, and an incident's channel is there all the same.
        let has_channel = async || bot.incident(incident.number).await.channel.is_some();
        bot.eventually("a channel", has_channel).await;
        assert!(!step.is_finished());
        assert_eq!((slow.heard().len(), quick.heard().len()), (1, 1));
        slow.goes_on();
        step.await.unwrap();
        bot.settle().await;
        assert_eq!((slow.heard().len(), quick.heard().len()), (0, 0));
        bot.reads_everything(&bot.incident(incident.number).await).await;
        bot.ends().await;
    }

    async fn who_dies_while_telling_tells_again_with_the_same_id(fresh: Fresh) {
        let bot = start(&fresh).await;
        let receiver = Receiver::start().await;
        let webhook = bot.tells(&receiver, &[EventType::INCIDENT_CREATED]).await;
        receiver.answers(&[Answer::Hang]);
        bot.declares_in_trouble("Checkout is slow").await;
        let worker = bot.stentor.worker.clone();
        let step = tokio::spawn(async move { while worker.step().await.unwrap() > 0 {} });
        receiver.is_reached().await;
        // It has the message; nobody will ever write that down.
        step.abort();
        drop(step.await);
        let bot = bot.restarted(&fresh).await;
        bot.expects_repeats();
        bot.clock.advance(Duration::from_secs(11));
        bot.settle().await;
        let heard = receiver.heard();
        assert_eq!(heard.len(), 2);
        assert_eq!(heard[0].id, heard[1].id);
        assert_eq!(bot.outcomes(&webhook).await, ["delivered"]);
        bot.reads_everything(&bot.incident(1).await).await;
        bot.ends().await;
    }

    async fn inner_networks_are_out_of_reach(fresh: Fresh) {
        let bot = start(&fresh).await;
        let receiver = Receiver::start().await;
        let webhook = bot.tells(&receiver, &[EventType::INCIDENT_CREATED]).await;
        // The same database, and a process that allows nothing.
        let strict = crate::bot::Start::default();
        let bot = bot.restarted_with(&fresh, strict).await;
        let app = &bot.stentor.app;
        let named = receiver.address().replace("127.0.0.1", "localhost");
        for url in [receiver.address(), "http://[::1]/", "http://169.254.169.254/x", "ftp://x/", "http://a:b@example.com/"] {
            let changed = Changed { url: Some(url.to_owned()), ..Changed::default() };
            let error = app.courier.change(&app.workspace, &webhook, changed).await.unwrap_err();
            assert!(error.to_string().starts_with("the address of the webhook can't be used"), "{error}");
        }
        warnings::expect("Gave up");
        bot.declares("Checkout is slow").await;
        // A name says nothing of where it leads, before it is looked up.
        let changed = Changed { url: Some(named), ..Changed::default() };
        app.courier.change(&app.workspace, &webhook, changed).await.unwrap().unwrap();
        bot.declares("Search is slow").await;
        assert_eq!(receiver.heard().len(), 0);
        let attempts = bot.attempts(&webhook).await;
        assert!(attempts.iter().all(|it| it.error.as_deref().unwrap().contains("inner network")), "{attempts:?}");
        for (workspace, letter) in admin::list(app, Which::Dead).await.unwrap() {
            assert!(admin::let_go(app, &workspace, &letter).await.unwrap());
        }
        for number in [1, 2] {
            bot.reads_everything(&bot.incident(number).await).await;
        }
        bot.says(ALICE, crate::bot::GENERAL, "list").await;
        bot.ends().await;
    }
}

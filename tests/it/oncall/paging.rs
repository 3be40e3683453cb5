//! People are paged, and answer.

use serde_json::json;
use stentor::incident::event::Event;
use stentor::incident::paged::Happened;
use stentor::simulator::faults::Failing;

use super::{MINUTE, by_name, by_path, level};
use crate::bot::{ALICE, BOB, Bot, CAROL, GENERAL};
use crate::databases::on_each_database;
use crate::stories::channel_of;

on_each_database! {
    async fn whoever_does_not_answer_is_followed_by_the_next(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let schedule = bot.has_schedule(json!({
            "name": "Primary", "time_zone": "UTC",
            "rotations": [{"name": "Days", "people": [BOB, ALICE], "handover_start_at": "2026-09-21T00:00:00Z",
                "handovers": [{"interval": 1, "interval_type": "weekly"}]}],
        })).await;
        bot.settle().await;
        assert!(bot.reads_told(BOB)[0].starts_with("📟 You are on call in Primary until "));
        let first = json!({"type": "level", "targets": [{"to": {"type": "schedule", "id": schedule}}], "time_to_ack": {"seconds": 300}});
        let path = bot.has_path(json!({"name": "Checkout", "nodes": [first, level(&[CAROL], 300)]})).await;
        let id = bot.pages(by_path(&path, "The database is down")).await;
        bot.settle().await;
        assert_eq!(bot.reads_told(BOB), ["🚨 ci needs you: The database is down"]);
        assert_eq!(bot.status_of(&id).await, "triggered");
        bot.waits(4 * MINUTE).await;
        assert_eq!(bot.reads_told(CAROL), Vec::<String>::new());
        bot.waits(MINUTE).await;
        assert_eq!(bot.reads_told(CAROL), ["🚨 ci needs you: The database is down"]);
        bot.answers(CAROL, "Acknowledge").await;
        assert_eq!(bot.status_of(&id).await, "acked");
        for user in [BOB, CAROL] {
            let shown = bot.shows_to(user);
            assert!(shown.contains("looks after it") && !shown.contains("page_acknowledge"), "{shown}");
        }
        // Nothing comes after that.
        bot.waits(60 * MINUTE).await;
        assert_eq!(bot.left().await.iter().filter(|it| it.key.contains("escalate")).count(), 0);
        bot.ends().await;
    }

    async fn when_nobody_answers_it_expires_and_a_late_answer_still_counts(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        let path = bot.has_path(json!({"name": "Checkout", "nodes": [level(&[BOB], 60), level(&[CAROL], 60)]})).await;
        let mut request = by_path(&path, "Checkout is slow");
        request.incident = Some(incident.id.clone());
        let id = bot.pages(request).await;
        bot.settle().await;
        bot.waits(MINUTE).await;
        bot.waits(MINUTE).await;
        assert_eq!(bot.status_of(&id).await, "expired");
        assert_eq!(bot.reads_all(channel), [
            "INC-1: Paged <@U0BOB>: Checkout is slow",
            "INC-1: No answer yet; paged <@U0CAROL>: Checkout is slow",
            "INC-1: Nobody has answered, and everybody was paged: Checkout is slow",
        ]);
        assert!(bot.shows_to(BOB).contains("Nobody has answered"));
        bot.answers(BOB, "Acknowledge").await;
        assert_eq!(bot.status_of(&id).await, "acked");
        assert_eq!(bot.reads_all(channel), ["INC-1: <@U0BOB> looks after it: Checkout is slow"]);
        // Whoever looks after it is let in.
        assert!(bot.slack.read(|state| state.channels[channel].has(BOB)));
        bot.skims_told(&[BOB, CAROL]);
        bot.ends().await;
    }

    async fn who_can_not_take_it_or_wants_a_moment(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let path = bot.has_path(json!({"name": "Checkout", "nodes": [level(&[BOB], 900), level(&[CAROL], 900)]})).await;
        let id = bot.pages(by_path(&path, "Down")).await;
        bot.settle().await;
        bot.answers(BOB, "Can't take it").await;
        assert!(bot.shows_to(BOB).contains("others are asked"));
        assert_eq!(bot.reads_told(CAROL).len(), 1, "nobody waits for who can't");
        bot.answers(CAROL, "Snooze 10 min").await;
        assert_eq!(bot.status_of(&id).await, "snoozed");
        bot.waits(9 * MINUTE).await;
        assert_eq!(bot.reads_told(CAROL), Vec::<String>::new());
        bot.waits(MINUTE).await;
        assert_eq!(bot.reads_told(CAROL).len(), 1, "paged again");
        bot.answers(CAROL, "Acknowledge").await;
        assert_eq!(bot.status_of(&id).await, "acked");
        bot.skims_told(&[BOB, CAROL]);
        bot.ends().await;
    }

    async fn all_of_a_level_have_to_answer_where_the_path_says_so(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let mut both = level(&[BOB, CAROL], 900);
        both["ack_mode"] = json!("all");
        let path = bot.has_path(json!({"name": "Both", "nodes": [both]})).await;
        let id = bot.pages(by_path(&path, "Down")).await;
        bot.settle().await;
        bot.answers(BOB, "Acknowledge").await;
        assert_eq!(bot.status_of(&id).await, "triggered");
        assert!(bot.shows_to(BOB).contains("others have not"));
        bot.answers(CAROL, "Acknowledge").await;
        assert_eq!(bot.status_of(&id).await, "acked");
        bot.skims_told(&[BOB, CAROL]);
        bot.ends().await;
    }

    async fn somebody_is_paged_by_a_command_and_the_incident_ends_it(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        assert_eq!(bot.says(ALICE, channel, "page @bob Please look at the queue").await, "📟 Paged <@U0BOB>.");
        assert_eq!(bot.reads_told(BOB), ["🚨 <@U0ALICE> needs you: Please look at the queue"]);
        assert!(bot.shows_to(BOB).contains("INC-1 Checkout is slow"));
        assert_eq!(bot.reads_all(channel), ["INC-1: Paged <@U0BOB>: Please look at the queue"]);
        assert_eq!(bot.incident(1).await.escalations.len(), 1);
        bot.says(ALICE, channel, "resolve Rolled back").await;
        let escalation = bot.latest_escalation().await;
        assert_eq!(escalation.status.as_str(), "resolved");
        assert!(bot.shows_to(BOB).contains("It is over"));
        assert!(bot.incident(1).await.escalations.is_empty());
        let record = bot.record(&incident).await;
        let happened: Vec<&Happened> = record.iter().filter_map(|entry| match &entry.event {
            Event::Paged(paged) => Some(&paged.happened),
            _ => None,
        }).collect();
        assert!(matches!(happened[..], [Happened::Created { .. }, Happened::Paged { .. }, Happened::Resolved]), "{happened:?}");
        bot.skims(channel);
        bot.ends().await;
    }

    async fn whoever_is_paged_by_name_is_paged_three_times(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let id = bot.pages(by_name(&[BOB], "Down")).await;
        for _ in 0..3 {
            bot.settle().await;
            assert_eq!(bot.reads_told(BOB).len(), 1);
            bot.clock.advance(5 * MINUTE);
        }
        bot.settle().await;
        assert_eq!(bot.status_of(&id).await, "expired");
        bot.skims_told(&[BOB]);
        bot.ends().await;
    }

    async fn paging_elsewhere_needs_no_incident_and_forms_ask(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.has_path(json!({"name": "Web Payments", "nodes": [level(&[CAROL], 300)]})).await;
        let said = bot.says(ALICE, GENERAL, "page web payments the card form is blank").await;
        assert_eq!(said, "📟 Paged <@U0CAROL>.");
        assert_eq!(bot.reads_told(CAROL), ["🚨 <@U0ALICE> needs you: the card form is blank"]);
        let said = bot.says(ALICE, GENERAL, "page web paiments").await;
        assert!(said.contains("Did you mean Web Payments?"), "{said}");
        let view = bot.opens(ALICE, GENERAL, "page").await;
        let refused = bot.submits(ALICE, &view, &[]).await;
        assert_eq!(refused.field_errors["person"], "Choose a path or a person.");
        bot.completes(ALICE, &view, &[("person", json!(BOB)), ("text", json!("Help"))]).await;
        assert_eq!(bot.reads_told(BOB), ["🚨 <@U0ALICE> needs you: Help"]);
        bot.answers(BOB, "Acknowledge").await;
        bot.answers(CAROL, "Acknowledge").await;
        bot.ends().await;
    }

    async fn while_slack_is_away_nobody_is_skipped(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let path = bot.has_path(json!({"name": "Checkout", "nodes": [level(&[BOB], 60), level(&[CAROL], 60)]})).await;
        bot.breaks_down("*", Failing::Refuse);
        let id = bot.pages(by_path(&path, "Down")).await;
        bot.works_a_while().await;
        for _ in 0..30 {
            bot.clock.advance(MINUTE);
            bot.works_a_while().await;
        }
        let escalation = bot.escalation(&id).await;
        assert_eq!((escalation.status.as_str(), escalation.level), ("triggered", 1), "time begins when somebody was paged");
        bot.mends();
        bot.settle().await;
        assert_eq!(bot.reads_told(BOB).len(), 1);
        assert_eq!(bot.reads_told(CAROL), Vec::<String>::new());
        bot.waits(MINUTE).await;
        assert_eq!(bot.reads_told(CAROL).len(), 1);
        bot.answers(CAROL, "Acknowledge").await;
        bot.skims_told(&[BOB, CAROL]);
        bot.ends().await;
    }

    async fn who_can_not_be_reached_is_followed_at_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let path = bot.has_path(json!({"name": "Checkout", "nodes": [level(&["U0NOBODY"], 900), level(&[CAROL], 900)]})).await;
        crate::warnings::expect("Somebody can't be paged");
        bot.slack.expect_refusal("conversations.open", "user_not_found");
        let id = bot.pages(by_path(&path, "Down")).await;
        bot.settle().await;
        assert_eq!(bot.reads_told(CAROL).len(), 1);
        let escalation = bot.escalation(&id).await;
        assert!(escalation.pages[0].failed.as_ref().unwrap().contains("user_not_found"));
        bot.answers(CAROL, "Acknowledge").await;
        bot.ends().await;
    }
}

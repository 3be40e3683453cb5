//! What rules count, and when that is too much.

use serde_json::json;
use stentor::alert::history::Phase;
use stentor::alert::observation::{Observation, Status};
use stentor::alert::rule::standing::Level;
use stentor::ingest::kind::Kind;

use super::{MINUTE, events, rule, start};
use crate::databases::on_each_database;

use Level::{Critical as C, Resolved as R, Warning as W};

on_each_database! {
    async fn so_many_minutes_in_a_row_open_one_incident_and_end_it(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        bot.watches_for(rule(json!({"periods": 2, "environment": null, "owner": "U0BOB", "note": "See the runbook"}))).await;
        let mut levels = Vec::new();
        // A run that is broken does not fire; being on the threshold is no breach.
        for count in [3, 2, 3, 3, 9, 2, 3, 2, 1] {
            levels.push(bot.minute_with(&monitor, count).await);
        }
        assert_eq!(levels, [R, R, R, C, C, C, C, C, R]);
        bot.settle().await;
        assert_eq!(bot.incidents().await, 1);
        assert_eq!(bot.incident(1).await.name, "Too many errors");
        let alerts = bot.alerts().await;
        let [own] = alerts.iter().filter(|alert| alert.source != monitor.source.id).collect::<Vec<_>>()[..] else {
            panic!("{alerts:?}")
        };
        assert_eq!((own.phase, own.peak, own.status), (Phase::Resolved, Status::Critical, Status::Ok));
        assert_eq!(own.labels["project"], "web");
        assert_eq!((own.labels["rule"].as_str(), own.labels["owner"].as_str()), ("Too many errors", "U0BOB"));
        assert_eq!(own.annotations["note"], "See the runbook");
        // It began before the first of the two windows.
        assert_eq!(own.first_seen.since(own.starts_at).as_secs() / 60, 2);
        Box::pin(bot.done_with_rules()).await;
    }

    async fn projects_are_measured_by_themselves(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        bot.watches_for(rule(json!({"periods": 2}))).await;
        for (web, api) in [(3, 3), (1, 3)] {
            bot.hears(&monitor, events(web, "web")).await;
            bot.hears(&monitor, events(api, "api")).await;
            bot.next_minute().await;
        }
        assert_eq!((bot.level_in("web").await, bot.level_in("api").await), (R, C));
        bot.next_minute().await;
        // Two alerts of two projects would be two incidents.
        assert_eq!(bot.incidents().await, 1);
        assert_eq!(bot.level_in("api").await, C);
        bot.next_minute().await;
        assert_eq!(bot.level_in("api").await, R, "what is missing is a zero");
        Box::pin(bot.done_with_rules()).await;
    }

    async fn a_warning_can_become_critical_and_better_again(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        let triggers = json!({"critical": {"threshold": 5}, "warning": {"threshold": 2}, "resolve_threshold": 2});
        bot.watches_for(rule(triggers)).await;
        let mut levels = Vec::new();
        for count in [3, 6, 5, 2, 1] {
            levels.push(bot.minute_with(&monitor, count).await);
        }
        assert_eq!(levels, [W, C, W, W, R]);
        bot.settle().await;
        assert_eq!(bot.incidents().await, 1, "it is one alert all along");
        Box::pin(bot.done_with_rules()).await;
    }

    async fn less_than_usual_is_found_where_nothing_comes_at_all(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        bot.watches_for(rule(json!({"fires": "below", "critical": {"threshold": 1}, "periods": 2}))).await;
        bot.next_minute().await;
        assert_eq!(bot.level_in("").await, R);
        bot.next_minute().await;
        assert_eq!(bot.level_in("").await, C);
        // As soon as there is a project, it is asked instead.
        assert_eq!(bot.minute_with(&monitor, 1).await, R);
        assert_eq!(bot.standing_in("").await, None);
        bot.next_minute().await;
        bot.next_minute().await;
        assert_eq!(bot.level_in("web").await, C);
        bot.settle().await;
        assert_eq!(bot.incidents().await, 2);
        Box::pin(bot.done_with_rules()).await;
    }

    async fn different_values_are_counted_once_in_a_window(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        let measure = json!({"dataset": "events", "unique": "user", "matchers": [
            {"name": "level", "value": "error"}], "filter": "browser != bot*"});
        bot.watches_for(rule(json!({"measure": measure, "window_minutes": 2}))).await;
        let event = |user: &str, level: &str, browser: &str| {
            let mut event = Observation::firing(format!("{user}/{level}"), "Failed");
            event.labels = [("project", "web"), ("user", user), ("level", level), ("browser", browser)]
                .map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            event
        };
        let error = |user| event(user, "error", "fox");
        bot.hears(&monitor, vec![error("a"), error("a"), error("b"), event("c", "info", "fox"), event("d", "error", "bot-7")]).await;
        bot.next_minute().await;
        assert_eq!(bot.standing_in("web").await.unwrap().value, Some(2.0));
        bot.hears(&monitor, vec![error("a"), error("e")]).await;
        bot.next_minute().await;
        assert_eq!(bot.standing_in("web").await.unwrap().value, Some(3.0));
        assert_eq!(bot.level_in("web").await, C);
        bot.next_minute().await;
        assert_eq!(bot.level_in("web").await, R);
        Box::pin(bot.done_with_rules()).await;
    }

    async fn a_number_is_compared_with_what_it_was(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        bot.watches_for(rule(json!({"compare_minutes_ago": 3, "critical": {"threshold": 150}}))).await;
        let mut levels = Vec::new();
        // Of nothing there is no percentage: then nothing can be said.
        for count in [4, 2, 1, 7, 3, 3] {
            levels.push(bot.minute_with(&monitor, count).await);
        }
        // 7 of 4 is 175 %, 3 of 2 is 150 %, and 3 of 1 is 300 %.
        assert_eq!(levels, [R, R, R, C, R, C]);
        Box::pin(bot.done_with_rules()).await;
    }

    async fn a_rule_does_not_count_what_rules_say(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        let id = bot.watches_for(rule(json!({"critical": {"threshold": 0}}))).await;
        assert_eq!(bot.minute_with(&monitor, 1).await, C);
        bot.next_minute().await;
        assert_eq!(bot.level_in("web").await, R);
        // A source of that kind is made by Stentor alone, and has no door.
        let app = &bot.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        let sources = stentor::store::sources::all(&mut tx, &app.workspace).await.unwrap();
        drop(tx);
        let own: Vec<_> = sources.iter().filter(|source| source.kind == Kind::Rules).collect();
        assert_eq!(own.len(), 1);
        let wanted = stentor::ingest::sources::Wanted {
            kind: Kind::Rules, name: "mine".to_owned(), secret: None, settings: Default::default(),
        };
        let made = stentor::ingest::sources::create(&app.db, &app.clock, &app.ids, None, &app.workspace, wanted).await;
        assert!(made.unwrap_err().to_string().contains("by itself"));
        let server = crate::http::Server::start(app.router()).await;
        let path = format!("/hooks/{}", own[0].id);
        assert_eq!(server.post(&path, &[], &json!({})).await.status, 404);
        assert!(app.rules.delete(&app.workspace, &id).await.unwrap());
        Box::pin(bot.done_with_rules()).await;
    }

    async fn old_counts_are_forgotten(fresh: Fresh) {
        let (bot, monitor) = start(&fresh, None).await;
        bot.watches_for(rule(json!({}))).await;
        bot.minute_with(&monitor, 1).await;
        bot.watches(70 * MINUTE).await;
        bot.next_minute().await;
        let mut tx = bot.stentor.app.db.read().await.unwrap();
        let (rows,): (i64,) = tx.query("SELECT COUNT(*) FROM alert_rule_count").one().await.unwrap();
        drop(tx);
        assert_eq!(rows, 0);
        Box::pin(bot.done_with_rules()).await;
    }
}

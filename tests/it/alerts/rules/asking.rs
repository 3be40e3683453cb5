//! Rules that ask a Prometheus.

use serde_json::json;
use stentor::alert::rule::standing::Level;
use stentor::ids::RuleId;
use stentor::store::alert_rules;

use super::prometheus::{Prometheus, QUERY};
use super::{MINUTE, rule, start};
use crate::bot::Bot;
use crate::databases::on_each_database;
use crate::warnings;

use Level::{Critical as C, Resolved as R};

impl Bot {
    async fn last_error(&self, id: &RuleId) -> Option<String> {
        let app = &self.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        alert_rules::by_id(&mut tx, &app.workspace, id).await.unwrap().unwrap().last_error
    }
}

on_each_database! {
    async fn the_worst_series_counts_and_nothing_is_a_zero(fresh: Fresh) {
        let prometheus = Prometheus::start().await;
        let (bot, _) = start(&fresh, Some(prometheus.address())).await;
        let measure = json!({"dataset": "prometheus", "query": QUERY});
        bot.watches_for(rule(json!({"measure": measure, "periods": 2, "projects": ["shop"]}))).await;
        let mut levels = Vec::new();
        for numbers in [&["1", "2"][..], &["1", "3"], &["2.5", "NaN"], &["2"], &[]] {
            prometheus.gives(numbers);
            bot.next_minute().await;
            levels.push(bot.level_in("").await);
        }
        assert_eq!(levels, [R, R, C, C, R]);
        let asked = prometheus.asked();
        assert!(asked.windows(2).all(|pair| pair[1] - pair[0] == 60), "{asked:?}");
        bot.settle().await;
        assert_eq!(bot.incidents().await, 1);
        let alerts = bot.alerts().await;
        assert_eq!(alerts[0].labels["project"], "shop");
        assert_eq!(alerts[0].description, "The value is 2.5.", "as it was when it fired last");
        Box::pin(bot.done_with_rules()).await;
    }

    async fn without_an_answer_nothing_changes_and_the_rule_says_why(fresh: Fresh) {
        let prometheus = Prometheus::start().await;
        let (bot, _) = start(&fresh, Some(prometheus.address())).await;
        let measure = json!({"dataset": "prometheus", "query": QUERY});
        let id = bot.watches_for(rule(json!({"measure": measure}))).await;
        prometheus.gives(&["3"]);
        bot.next_minute().await;
        assert_eq!((bot.level_in("").await, bot.last_error(&id).await), (C, None));
        warnings::expect("An alert rule has no number");
        for (status, body, said) in [
            (503, json!({"status": "error", "errorType": "timeout", "error": "query timed out"}), "query timed out"),
            (500, json!("<html>"), "500"),
            (200, json!({"status": "success", "data": {"resultType": "matrix", "result": []}}), "neither"),
        ] {
            prometheus.fails(status, body);
            bot.next_minute().await;
            assert_eq!(bot.level_in("").await, C);
            let error = bot.last_error(&id).await.unwrap();
            assert!(error.contains(said), "{error}");
        }
        prometheus.gives(&["1"]);
        bot.next_minute().await;
        assert_eq!((bot.level_in("").await, bot.last_error(&id).await), (R, None));
        Box::pin(bot.done_with_rules()).await;
    }

    async fn a_prometheus_that_is_not_there_is_no_zero(fresh: Fresh) {
        let (bot, _) = start(&fresh, Some("http://127.0.0.1:1")).await;
        let measure = json!({"dataset": "prometheus", "query": "up"});
        let id = bot.watches_for(rule(json!({"measure": measure, "fires": "below"}))).await;
        warnings::expect("An alert rule has no number");
        bot.next_minute().await;
        assert_eq!(bot.level_in("").await, R);
        assert!(bot.last_error(&id).await.unwrap().contains("not reached"));
        assert_eq!(warnings::count("An alert rule has no number"), usize::from(std::env::var_os("NEXTEST").is_some()));
        Box::pin(bot.done_with_rules()).await;
    }

    async fn a_number_is_compared_with_what_it_was_then(fresh: Fresh) {
        let prometheus = Prometheus::start().await;
        let (bot, _) = start(&fresh, Some(prometheus.address())).await;
        let measure = json!({"dataset": "prometheus", "query": QUERY});
        let compared = json!({"measure": measure, "compare_minutes_ago": 60, "critical": {"threshold": 200}});
        bot.watches_for(rule(compared)).await;
        prometheus.gave(bot.clock.now().as_seconds() - 600, &["10"], &["25"]);
        bot.next_minute().await;
        assert_eq!(bot.standing_in("").await.unwrap().value, Some(250.0));
        assert_eq!(bot.level_in("").await, C);
        let asked = prometheus.asked();
        assert_eq!(asked.len(), 2);
        assert_eq!(asked[0] - asked[1], 3_600);
        Box::pin(bot.done_with_rules()).await;
    }

    async fn what_was_missed_is_asked_about_as_it_was(fresh: Fresh) {
        let prometheus = Prometheus::start().await;
        let (bot, _) = start(&fresh, Some(prometheus.address())).await;
        let measure = json!({"dataset": "prometheus", "query": QUERY});
        bot.watches_for(rule(json!({"measure": measure}))).await;
        bot.watches(5 * MINUTE).await;
        let asked = prometheus.asked();
        assert_eq!(asked.len(), 5, "{asked:?}");
        assert!(asked.windows(2).all(|pair| pair[1] - pair[0] == 60), "{asked:?}");
        Box::pin(bot.done_with_rules()).await;
    }
}

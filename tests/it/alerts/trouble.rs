//! Alerts while something breaks: what was taken happens once.

use std::time::Duration;

use stentor::engine::order::{Order, Target};
use stentor::incident::catalogue::StatusCategory;
use stentor::incident::command::{Command, Declare};
use stentor::incident::event::{Actor, Event, Via};
use stentor::ingest::kind::Kind;
use stentor::intake::order::{Errand, Place, Which};
use stentor::simulator::faults::Failing;

use super::monitor::{ends, fires};
use crate::bot::{ALICE, Bot};
use crate::databases::on_each_database;

const MINUTE: Duration = Duration::from_secs(60);

on_each_database! {
    async fn a_crash_between_the_incident_and_its_link_makes_one_incident(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
        let group = bot.alerts().await.remove(0).group;
        // What a process that died had done already.
        let app = &bot.stentor.app;
        let declare = Declare { name: "Latency".to_owned(), opened_by: Some(group.clone()), ..Declare::default() };
        let order = Order {
            workspace: app.workspace.clone(),
            receipt: Some(format!("alerts/{group}/open")),
            target: Target::New,
            actor: Actor::Stentor,
            through: None,
            via: Via::Delivery,
            command: Command::Declare(declare),
            expected_version: None,
        };
        app.engine.submit(order).await.unwrap();
        bot.watches(MINUTE).await;
        assert_eq!(bot.incidents().await, 1);
        let incident = bot.incident(1).await;
        assert!(incident.signal.unwrap().active);
        assert_eq!(bot.group_of(&bot.alerts().await[0]).await.incident, Some(incident.id));
        bot.reads_everything_once(1).await;
        bot.ends().await;
    }

    async fn two_who_look_at_once_open_one_incident(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
        bot.clock.advance(MINUTE);
        let group = bot.alerts().await.remove(0).group;
        let (settler, workspace) = (&bot.stentor.worker.settler, &bot.stentor.app.workspace);
        let looks = (0..8).map(|_| settler.settle(workspace, &group));
        for look in futures_util::future::join_all(looks).await {
            assert_eq!(look.unwrap(), None);
        }
        bot.settle().await;
        assert_eq!(bot.incidents().await, 1);
        let record = bot.record(&bot.incident(1).await).await;
        let told = record.iter().filter(|entry| matches!(entry.event, Event::SignalChanged { .. }));
        assert_eq!(told.count(), 1);
        bot.reads_everything_once(1).await;
        bot.ends().await;
    }

    async fn alerts_open_incidents_while_slack_is_away(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.breaks_down("conversations.create", Failing::Refuse);
        let monitor = bot.monitor(Kind::Generic).await;
        bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
        bot.clock.advance(MINUTE);
        bot.works_a_while().await;
        assert_eq!(bot.incidents().await, 1);
        bot.hears(&monitor, vec![ends("Latency", "checkout")]).await;
        bot.works_a_while().await;
        assert!(!bot.incident(1).await.signal.unwrap().active);
        bot.mends();
        bot.watches(MINUTE).await;
        assert!(bot.incident(1).await.channel.is_some());
        bot.expects_repeats();
        bot.reads_everything_once(1).await;
        bot.ends().await;
    }

    async fn what_waits_survives_a_restart(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
        let bot = Box::pin(bot.restarted(&fresh)).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.incidents().await, 1);
        bot.reads_everything_once(1).await;
        bot.ends().await;
    }

    async fn alerts_are_moved_to_another_incident_and_both_know(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        // One after the other: whose incident is opened first would be chance.
        bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
        bot.watches(MINUTE).await;
        bot.hears(&monitor, vec![fires("Errors", "cart")]).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.incidents().await, 2);
        let (first, second) = (bot.incident(1).await, bot.incident(2).await);
        let all = bot.alerts().await;
        let by = Actor::Person { user: ALICE.into() };
        let to = Place::Incident(first.id.clone());
        let which = Which::Group(all[1].group.clone());
        bot.carries(Errand::Move { which, to, by: by.clone() }).await;
        bot.settle().await;
        assert!(!bot.incident(2).await.signal.unwrap().active);
        assert_eq!(bot.incident(2).await.category, StatusCategory::Live);
        bot.hears(&monitor, vec![ends("Latency", "checkout")]).await;
        bot.settle().await;
        assert!(bot.incident(1).await.signal.unwrap().active);
        bot.hears(&monitor, vec![ends("Errors", "cart")]).await;
        bot.settle().await;
        assert!(!bot.incident(1).await.signal.unwrap().active);
        // One of them apart opens an incident of its own; one that is nowhere opens none.
        bot.hears(&monitor, vec![fires("Latency", "checkout"), fires("Slow", "checkout")]).await;
        bot.settle().await;
        let slow = bot.alerts().await.into_iter().find(|alert| alert.title.starts_with("Slow")).unwrap();
        let which = Which::Alerts(vec![slow.id]);
        bot.carries(Errand::Move { which, to: Place::Apart, by: by.clone() }).await;
        bot.settle().await;
        assert_eq!(bot.incidents().await, 3);
        let which = Which::Incident(bot.incident(3).await.id);
        bot.carries(Errand::Move { which, to: Place::Nowhere, by }).await;
        bot.watches(60 * MINUTE).await;
        assert_eq!(bot.incidents().await, 3);
        assert!(!bot.incident(3).await.signal.unwrap().active);
        assert_ne!(second.id, first.id);
        for number in 1..=3 {
            bot.reads_everything_once(number).await;
        }
        bot.ends().await;
    }

    async fn the_alerts_of_a_merged_incident_are_the_other_ones(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
        bot.watches(MINUTE).await;
        bot.hears(&monitor, vec![fires("Errors", "cart")]).await;
        bot.watches(MINUTE).await;
        let incident = bot.incident(1).await;
        let channel = incident.channel.as_ref().unwrap().as_str();
        bot.joins(ALICE, channel).await;
        bot.says(ALICE, channel, "merge INC-2").await;
        bot.settle().await;
        assert_eq!(bot.incident(1).await.category, StatusCategory::Merged);
        let groups = bot.group_of(&bot.alerts().await[0]).await;
        assert_eq!(groups.incident, Some(bot.incident(2).await.id));
        // What is said of them from now on is said of the other one.
        bot.hears(&monitor, vec![ends("Errors", "cart")]).await;
        bot.settle().await;
        assert!(bot.incident(2).await.signal.unwrap().active);
        bot.hears(&monitor, vec![ends("Latency", "checkout"), fires("Slow", "checkout")]).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.incidents().await, 2);
        assert!(bot.incident(2).await.signal.unwrap().active);
        for number in 1..=2 {
            bot.reads_everything_once(number).await;
        }
        bot.ends().await;
    }

    async fn an_alert_that_goes_on_and_off_is_told_of_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
        bot.watches(MINUTE).await;
        for _ in 0..4 {
            bot.hears(&monitor, vec![ends("Latency", "checkout")]).await;
            bot.watches(MINUTE).await;
            bot.hears(&monitor, vec![fires("Latency", "checkout")]).await;
            bot.watches(MINUTE).await;
        }
        let incident = bot.incident(1).await;
        assert!(incident.signal.unwrap().flapping);
        let channel = incident.channel.as_ref().unwrap().as_str();
        let said: Vec<String> = bot.reads_all(channel);
        let flaps = said.iter().filter(|text| text.contains("go on and off")).count();
        assert_eq!(flaps, 1, "{said:#?}");
        // Nothing is said of it afterwards, until it has calmed down.
        assert!(said.last().unwrap().contains("go on and off"), "{said:#?}");
        for _ in 0..5 {
            bot.watches(15 * MINUTE).await;
        }
        assert!(!bot.incident(1).await.signal.unwrap().flapping);
        bot.reads_everything_once(1).await;
        bot.ends().await;
    }
}

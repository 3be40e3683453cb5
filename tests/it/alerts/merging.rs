//! What becomes of the alerts of an incident that goes on in another.

use std::time::Duration;

use stentor::engine::order::{Order, Target};
use stentor::incident::command::{Command, Declare};
use stentor::incident::event::{Actor, Via};
use stentor::ingest::kind::Kind;
use stentor::intake::order::{Errand, Place, Which};
use stentor::store::alert_groups;

use super::monitor::fires;
use crate::bot::Bot;
use crate::databases::on_each_database;

const GROUP_WAIT: Duration = Duration::from_secs(31);

impl Bot {
    pub(super) async fn orders(&self, target: Target, command: Command) {
        let order = Order {
            workspace: self.stentor.app.workspace.clone(),
            receipt: None,
            target,
            actor: Actor::ApiToken { name: "ci".to_owned() },
            through: None,
            via: Via::Api,
            command,
            expected_version: None,
        };
        self.stentor.app.engine.submit(order).await.unwrap();
        self.settle().await;
    }

    async fn groups_of(&self, number: i64) -> usize {
        let app = &self.stentor.app;
        let incident = self.incident(number).await.id;
        let mut tx = app.db.read().await.unwrap();
        alert_groups::of_incident(&mut tx, &app.workspace, &incident).await.unwrap().len()
    }

    async fn reads_all_and_ends(self) {
        for number in 1..=self.incidents().await {
            self.reads_everything_once(number).await;
        }
        self.ends().await;
    }
}

on_each_database! {
    async fn alerts_follow_an_incident_that_is_merged(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Datadog).await;
        bot.hears(&monitor, vec![fires("Latency", "checkout"), fires("Errors", "cart")]).await;
        bot.watches(GROUP_WAIT).await;
        assert_eq!((bot.groups_of(1).await, bot.groups_of(2).await), (1, 1));
        bot.orders(Target::Number(2), Command::Merge { into: "INC-1".to_owned() }).await;
        assert_eq!((bot.groups_of(1).await, bot.groups_of(2).await), (2, 0));
        // What belongs to them from now on does so there.
        bot.hears(&monitor, vec![fires("Queue", "cart")]).await;
        bot.watches(GROUP_WAIT).await;
        assert_eq!(bot.incidents().await, 2);
        let all = bot.alerts().await;
        assert_eq!(bot.group_of(&all[2]).await.incident, Some(bot.incident(1).await.id));
        Box::pin(bot.reads_all_and_ends()).await;
    }

    async fn what_is_private_stays_where_it_is(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Datadog).await;
        let declare = |name: &str, private| Command::Declare(Declare { name: name.to_owned(), private, ..Declare::default() });
        bot.orders(Target::New, declare("Breach", true)).await;
        bot.orders(Target::New, declare("Login is slow", false)).await;
        bot.hears(&monitor, vec![fires("Intrusion", "vault")]).await;
        let which = Which::Alerts(vec![bot.alerts().await[0].id.clone()]);
        let to = Place::Incident(bot.incident(1).await.id);
        bot.carries(Errand::Move { which, to, by: Actor::Stentor }).await;
        bot.orders(Target::Number(1), Command::Merge { into: "INC-2".to_owned() }).await;
        assert_eq!((bot.groups_of(1).await, bot.groups_of(2).await), (1, 0));
        // One of them is announced nowhere.
        for number in 1..=2 {
            bot.skims(bot.incident(number).await.channel.unwrap().as_str());
        }
        bot.skims(crate::bot::INCIDENTS);
        bot.ends().await;
    }
}

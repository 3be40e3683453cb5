//! Much waits for Slack at once: it is done in order, at Slack's own pace.

use std::collections::BTreeMap;
use std::time::Duration;

use stentor::engine::order::{Order, Target};
use stentor::ids::UserId;
use stentor::incident::command::{Command, Declare};
use stentor::incident::event::{Actor, Via};
use stentor::simulator::faults::Failing;

use crate::bot::{ALICE, Bot, INCIDENTS, Start};
use crate::databases::{Fresh, on_each_database};

impl Bot {
    /// So many people declare at once.
    async fn declares_many(&self, count: usize) {
        let declared: Vec<_> = (1..=count)
            .map(|n| {
                let engine = self.stentor.app.engine.clone();
                let order = Order {
                    workspace: self.stentor.app.workspace.clone(),
                    receipt: Some(format!("storm/{n}")),
                    target: Target::New,
                    actor: Actor::Person { user: UserId::from(ALICE) },
                    through: None,
                    via: Via::Command,
                    command: Command::Declare(Declare {
                        name: format!("Storm {n}"),
                        ..Declare::default()
                    }),
                    expected_version: None,
                };
                tokio::spawn(async move { engine.submit(order).await })
            })
            .collect();
        for one in declared {
            one.await.unwrap().unwrap();
        }
    }

    /// Works until nothing is left, however long that takes by the clock.
    async fn catches_up(&self) {
        while let Some(due) = {
            while self.stentor.worker.step().await.unwrap() > 0 {}
            self.next_work().await
        } {
            let now = self.clock.now();
            self.clock.advance(due.since(now).max(Duration::from_millis(1)));
        }
        self.slack.settle().await;
    }
}

/// Declares so many during an outage of Slack that keeps its limits, and looks how it ends.
pub async fn a_storm_during_an_outage(fresh: &Fresh, count: usize) {
    let slack = |settings: stentor::simulator::settings::Settings| {
        stentor::simulator::settings::Settings { rate_limits: true, ..settings }
    };
    let bot = Bot::start_with(fresh, Start { slack: Some(slack), ..Start::default() }).await;
    bot.expects_repeats();
    bot.breaks_down("*", Failing::Refuse);
    bot.declares_many(count).await;
    for _ in 0..60 {
        bot.clock.advance(Duration::from_secs(10));
        bot.works_a_while().await;
    }
    let struck = bot.slack.calls().len();
    assert!(struck < 120, "{struck} calls in ten minutes while Slack was away");
    bot.mends();
    let begun = bot.clock.now();
    bot.catches_up().await;
    let took = bot.clock.now().since(begun);

    let calls = bot.slack.calls();
    let mut refused: BTreeMap<&str, usize> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.status == 429) {
        *refused.entry(&call.method).or_default() += 1;
    }
    assert!(refused.values().all(|times| *times <= 1), "too much was asked of Slack: {refused:?}");
    let made: Vec<i64> = calls
        .iter()
        .filter(|call| call.method == "conversations.create" && call.ok)
        .map(|call| {
            let name = call.args["name"].as_str().unwrap();
            name.split('-').nth(1).unwrap().parse().unwrap()
        })
        .collect();
    // In the order in which they were declared, but for the lanes that are worked on side by side.
    for (place, number) in (1_i64..).zip(&made) {
        assert!(number.abs_diff(place) <= 16, "INC-{number} came as number {place}: {made:?}");
    }
    let mut expected = made.clone();
    expected.sort_unstable();
    assert_eq!(expected, (1..=i64::try_from(count).unwrap()).collect::<Vec<_>>());
    // Tier 2: twenty a minute.
    let least = Duration::from_secs(3) * u32::try_from(count).unwrap();
    assert!(took < least + Duration::from_secs(300), "{took:?} for {count} incidents");
    for number in expected {
        assert_eq!(bot.reads_everything_once(number).await, Vec::<String>::new());
    }
    bot.skims(INCIDENTS);
    bot.ends().await;
}

/// How many; `STENTOR_STORM` says another number, for BENCHMARKS.md.
fn incidents() -> usize {
    std::env::var("STENTOR_STORM").map_or(60, |count| count.parse().expect("it is a number"))
}

on_each_database! {
    async fn a_storm_during_an_outage_drains_in_order_at_slacks_own_pace(fresh: Fresh) {
        Box::pin(a_storm_during_an_outage(&fresh, incidents())).await;
    }
}

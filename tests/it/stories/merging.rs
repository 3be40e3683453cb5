//! An incident goes on in another.

use serde_json::json;
use stentor::engine::order::Order;
use stentor::incident::catalogue::StatusCategory;
use stentor::incident::command::Command;
use stentor::incident::event::{Absorbed, Event, Via};
use stentor::incident::state::Incident;
use stentor::simulator::faults::Failing;

use super::channel_of;
use crate::bot::{ALICE, BOB, Bot, GENERAL, INCIDENTS};
use crate::databases::on_each_database;

const NAME: &str = "Someone has our keys";

impl Bot {
    async fn declares_in_private(&self, number: i64) -> Incident {
        let fields = [("name", json!(NAME)), ("private", json!(["private"]))];
        self.fills_in(ALICE, GENERAL, "", &fields).await;
        let incident = self.incident(number).await;
        self.slack.next_message(channel_of(&incident)).expect("the welcome message");
        incident
    }

    /// What the record of an incident says of others that were merged into it.
    async fn absorbed(&self, incident: &Incident) -> Vec<Absorbed> {
        let record = self.record(incident).await;
        let absorbed = record.into_iter().filter_map(|entry| match entry.event {
            Event::Absorbed(absorbed) => Some(absorbed),
            _ => None,
        });
        absorbed.collect()
    }
}

on_each_database! {
    async fn both_channels_are_told_and_the_announcement_leads_on(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let (from, into) = (bot.declares("Checkout is slow").await, bot.declares("Payments time out").await);
        let (here, there) = (channel_of(&from), channel_of(&into));
        bot.says(ALICE, here, "update Looking into it").await;
        bot.reads(here);
        bot.says(ALICE, here, "merge into INC-2").await;
        assert_eq!(
            bot.reads_all(here),
            [format!("INC-1: Merged into INC-2 <#{there}>, where it goes on · by <@U0ALICE>")]
        );
        assert_eq!(bot.reads_all(there), [format!("INC-2: INC-1 <#{here}> was merged into this incident")]);
        let merged = bot.incident(1).await;
        assert_eq!(merged.category, StatusCategory::Merged);
        assert_eq!(merged.merged_into.as_ref().unwrap().incident, into.id);
        for (channel, ts) in [(INCIDENTS, bot.announcement(&from)), (here, bot.welcome(&from))] {
            let shown = json!(bot.slack.message(channel, ts).unwrap().blocks).to_string();
            assert!(shown.contains("Goes on in") && shown.contains(there), "{shown}");
        }
        for (command, answer) in [
            ("merge INC-2", "The incident is merged into INC-2 already; nothing was changed."),
            ("INC-2 merge INC-1", "INC-1 was merged into this incident; both can't go on in each other."),
            ("INC-2 merge INC-2", "An incident can't be merged into itself."),
            ("INC-2 merge INC-9", "There is no incident “INC-9” here that this one could go on in."),
            ("INC-2 merge the other one", "There is no incident “the other one” here that this one could go on in."),
        ] {
            assert_eq!(bot.says(ALICE, here, command).await, answer, "{command}");
        }
        let third = bot.declares("Invoices are late").await;
        let refused = bot.says(ALICE, channel_of(&third), "merge INC-1").await;
        assert_eq!(refused, "INC-1 was merged into INC-2 itself. Merge this incident into INC-2.");
        let timeline = bot.says(ALICE, there, "timeline").await;
        assert!(timeline.contains("Timeline of"), "{timeline}");
        bot.fills_in(ALICE, channel_of(&third), "merge", &[("into", json!("2"))]).await;
        bot.skims(channel_of(&third));
        assert_eq!(bot.reads_all(there).len(), 1);
        assert_eq!(bot.absorbed(&into).await.len(), 2);
        bot.ends().await;
    }

    async fn what_is_private_is_not_named_where_all_can_read(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let public = bot.declares("Checkout is slow").await;
        let private = bot.declares_in_private(2).await;
        let (open, closed) = (channel_of(&public), channel_of(&private));
        // What all know can't go on where most can't follow.
        let refused = bot.says(ALICE, open, "merge INC-2").await;
        assert_eq!(
            refused,
            "INC-2 is private and this incident is not, so most people could not follow. Merge INC-2 into this one instead."
        );
        // Who may not know of it is told what they would be told if it were not there.
        let hidden = bot.says(BOB, GENERAL, "INC-1 merge INC-2").await;
        let missing = bot.says(BOB, GENERAL, "INC-1 merge INC-7").await;
        assert_eq!(hidden.replace("INC-2", "INC-7"), missing);
        bot.says(ALICE, closed, "merge INC-1").await;
        assert_eq!(bot.reads(closed), format!("INC-2: Merged into INC-1 <#{open}>, where it goes on · by <@U0ALICE>"));
        assert_eq!(bot.reads(open), "INC-1: a private incident was merged into this incident");
        assert_eq!(bot.absorbed(&public).await, [Absorbed::default()]);
        let record = json!(bot.record(&public).await).to_string();
        let said = json!(bot.messages(open).iter().map(|message| (&message.text, &message.blocks)).collect::<Vec<_>>()).to_string();
        let announced = json!(bot.messages(INCIDENTS).iter().map(|message| &message.blocks).collect::<Vec<_>>()).to_string();
        for text in [record, said, announced] {
            for secret in [NAME, "INC-2", "inc-2", private.id.as_str(), closed] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
        bot.ends().await;
    }

    /// The other incident hears of it although Slack does not, and once however often it is told.
    async fn it_is_written_once_while_slack_is_away_and_a_worker_dies(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let (from, into) = (bot.declares("Checkout is slow").await, bot.declares("Payments time out").await);
        bot.breaks_down("*", Failing::Refuse);
        bot.types(ALICE, GENERAL, "INC-1 merge INC-2").await;
        // A worker has done it, and died before it could write down that it had.
        let absorbed = Absorbed {
            incident: Some(from.id.clone()),
            number: Some(1),
            channel: from.channel.clone(),
        };
        let app = &bot.stentor.app;
        let receipt = format!("merged/{}", from.id);
        let command = Command::RecordMerge { absorbed: absorbed.clone() };
        let order = Order::by_stentor(&app.workspace, &into.id, receipt, Via::Delivery, command);
        app.engine.submit(order).await.unwrap();
        let bot = bot.restarted(&fresh).await;
        bot.works_a_while().await;
        assert_eq!(bot.absorbed(&into).await, std::slice::from_ref(&absorbed));
        assert!(bot.left().await.iter().all(|work| !work.key.ends_with("/merge")), "it needs no Slack");
        bot.mends();
        bot.settle().await;
        assert_eq!(bot.absorbed(&into).await, [absorbed]);
        assert_eq!(bot.reads_all(channel_of(&from)).len(), 1);
        assert_eq!(bot.reads_all(channel_of(&into)).len(), 1);
        bot.ends().await;
    }
}

//! Who sends what Slack did not sign is held off; Slack behind the same address is not.

use crate::bot::{ALICE, Bot, GENERAL};
use crate::databases::on_each_database;
use crate::raw::{FORM, Wire, whispered};

/// More than a source has free.
const MANY: usize = 40;

on_each_database! {
    async fn many_bad_signatures_are_told_to_wait_and_slack_beside_them_is_not(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let wire = Wire::to(&bot).await;
        let mut mallory = wire.clone();
        mallory.secret = "somebody else's".to_owned();
        let mut statuses = Vec::new();
        for n in 0..MANY {
            let answer = mallory.types(ALICE, GENERAL, "list", &n.to_string()).await;
            statuses.push(answer.status.as_u16());
        }
        assert_eq!((statuses[0], statuses[MANY - 1]), (401, 429), "{statuses:?}");
        let answer = mallory.types(ALICE, GENERAL, "list", "x").await;
        let seconds: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        // Everything in a test comes from one address: Slack's own requests do too.
        let answer = wire.types(ALICE, GENERAL, "help", "1").await;
        assert_eq!(whispered(&answer).unwrap(), "Commands of /incident");
        let incident = bot.declares("Checkout is slow").await;
        assert_eq!(incident.number, 1);
        let stale = [("content-type", FORM), ("x-slack-request-timestamp", "1"), ("x-slack-signature", "v0=1")];
        assert_eq!(wire.send("/slack/commands", &stale, "x").await.status.as_u16(), 429);
        let incident_channel = incident.channel.as_ref().unwrap().as_str();
        assert_eq!(bot.says(ALICE, incident_channel, "note Still here").await, "Noted in the timeline of INC-1.");
        bot.ends().await;
    }

    async fn a_suspect_may_send_little_until_something_of_theirs_is_genuine(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let wire = Wire::to(&bot).await;
        let mut mallory = wire.clone();
        mallory.secret = "somebody else's".to_owned();
        for n in 0..MANY {
            mallory.types(ALICE, GENERAL, "list", &n.to_string()).await;
        }
        let large = |text: &str| serde_urlencoded::to_string([
            ("team_id", "T0STENTOR"), ("user_id", ALICE), ("channel_id", GENERAL), ("text", text),
            ("trigger_id", "1"), ("padding", &"x".repeat(100_000)),
        ]).unwrap();
        let answer = wire.signed("/slack/commands", FORM, large("help")).await;
        assert_eq!(answer.status.as_u16(), 429, "nothing speaks for this address yet");
        let answer = wire.types(ALICE, GENERAL, "help", "1").await;
        assert_eq!(whispered(&answer).unwrap(), "Commands of /incident");
        let answer = wire.signed("/slack/commands", FORM, large("help")).await;
        assert_eq!(whispered(&answer).unwrap(), "Commands of /incident");
        // It is forgotten after a while.
        bot.clock.advance(std::time::Duration::from_secs(120));
        assert_eq!(mallory.types(ALICE, GENERAL, "list", "x").await.status.as_u16(), 401);
        bot.ends().await;
    }
}

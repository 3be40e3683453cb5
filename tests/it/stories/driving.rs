//! An incident from `/incident` to closed.

use std::time::Duration;

use serde_json::json;
use stentor::simulator::state::ts::Ts;

use crate::bot::{ALICE, BOB, Bot, GENERAL, INCIDENTS};
use crate::databases::on_each_database;

on_each_database! {
    async fn declaring_opens_a_channel_with_everything_in_it(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let view = bot.opens(ALICE, GENERAL, "declare Checkout is slow").await;
        let severity = bot.slack.read(|state| state.stack_of(ALICE)[0].blocks()[1].clone());
        let major = severity["element"]["options"][1]["value"].clone();
        let seen = bot.submits(ALICE, &view, &[("severity", major), ("lead", json!(BOB))]).await;
        assert!(seen.field_errors.is_empty() && seen.error.is_none());
        bot.settle().await;

        let channel = bot.slack.channel_by_name("inc-1-checkout-is-slow").unwrap();
        assert!(channel.has(ALICE) && channel.has(BOB) && channel.has("U0STENTOR"));
        assert_eq!(channel.topic.value, "[Major] Investigating · Lead <@U0BOB> · INC-1");
        let welcome = bot.slack.next_message(&channel.id).unwrap();
        let pins = bot.slack.pins(&channel.id);
        assert_eq!(pins.iter().map(|pin| pin.ts).collect::<Vec<Ts>>(), [welcome.ts]);
        let announcement = bot.slack.next_message(INCIDENTS).unwrap();
        assert!(announcement.text.contains("INC-1") && announcement.text.contains("Checkout is slow"));
        let shown = serde_json::to_string(&announcement.blocks).unwrap();
        assert!(shown.contains(&channel.id), "the announcement links to the channel");
        // The lead is told what to do; Alice, where the channel is.
        let told = bot.slack.unread();
        let told: Vec<&str> = told.iter().map(|message| message.text.as_str()).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("Incident Lead"), "{told:?}");
        let direct = bot.slack.unread()[0].channel.clone();
        bot.skims(&direct);
        bot.ends().await;
    }

    async fn an_incident_is_driven_to_its_end_by_commands(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = incident.channel.as_ref().unwrap().as_str();
        bot.joins(BOB, channel).await;
        // He is there before he is invited as the lead.
        bot.slack.expect_refusal("conversations.invite", "already_in_channel");
        let mut told = Vec::new();
        for (user, command) in [
            (BOB, "lead me"),
            (ALICE, "severity sev1"),
            (BOB, "update The cache was cold"),
            (BOB, "status monitoring"),
            (ALICE, "note Rolled back to 1.4"),
            (ALICE, "summary The cache was cold after the release."),
            (ALICE, "rename Checkout was slow"),
            (BOB, "resolve Warm again"),
            (BOB, "close Written up"),
            (ALICE, "reopen It is slow again"),
            (ALICE, "close For good"),
        ] {
            bot.clock.advance(Duration::from_secs(300));
            let whispered = bot.says(user, channel, command).await;
            told.push(format!("> {command}"));
            if !whispered.is_empty() {
                told.push(format!("  ({whispered})"));
            }
            while let Some(message) = bot.slack.next_message(channel) {
                told.push(format!("  {}", message.text));
            }
        }
        insta::assert_snapshot!(told.join("\n"), @r"
> lead me
  INC-1: <@U0BOB> is Incident Lead
> severity sev1
  INC-1: Severity set to Critical · by <@U0ALICE>
> update The cache was cold
  INC-1: The cache was cold · Update from <@U0BOB>
> status monitoring
  INC-1: Status Investigating → Monitoring · by <@U0BOB>
> note Rolled back to 1.4
  (Noted in the timeline of INC-1.)
> summary The cache was cold after the release.
  (Changed the summary of INC-1.)
> rename Checkout was slow
  (INC-1 is now called Checkout was slow.)
> resolve Warm again
  INC-1: Warm again · Resolved after 40 min, now Documenting · by <@U0BOB>
> close Written up
  INC-1: Written up · Closed · by <@U0BOB>
> reopen It is slow again
  INC-1: It is slow again · Reopened, now Investigating · by <@U0ALICE>
> close For good
  INC-1: For good · Closed after 55 min · by <@U0ALICE>
        ");
        let renamed = bot.slack.channel_by_name("inc-1-checkout-was-slow").unwrap();
        assert_eq!(renamed.id, channel);
        assert_eq!(renamed.topic.value, "[Critical] Closed · Lead <@U0BOB> · INC-1");
        bot.ends().await;
    }
}

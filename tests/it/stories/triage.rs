//! Nobody knows yet whether it is an incident: somebody accepts it or declines it.

use serde_json::json;
use stentor::incident::catalogue::StatusCategory;
use stentor::incident::command::Declare;
use stentor::incident::state::Incident;

use super::channel_of;
use crate::bot::{ALICE, BOB, Bot, INCIDENTS};
use crate::databases::on_each_database;

impl Bot {
    async fn suspects(&self, name: &str) -> Incident {
        let declare = Declare { name: name.to_owned(), triage: true, ..Declare::default() };
        let incident = self.declares_so(declare).await;
        self.slack.next_message(channel_of(&incident)).expect("the welcome message");
        self.slack.next_message(INCIDENTS).expect("the announcement");
        incident
    }

    fn shows(&self, channel: &str, ts: stentor::simulator::state::ts::Ts) -> String {
        json!(self.slack.message(channel, ts).unwrap().blocks).to_string()
    }
}

on_each_database! {
    async fn it_is_announced_quietly_until_somebody_accepts_it(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.suspects("Odd graphs").await;
        let channel = channel_of(&incident);
        assert_eq!(incident.category, StatusCategory::Triage);
        let announcement = bot.announcement(&incident);
        let quiet = bot.shows(INCIDENTS, announcement);
        assert!(quiet.contains("not yet accepted") && quiet.contains(channel), "{quiet}");
        assert!(!quiet.contains("header") && !quiet.contains("button"), "{quiet}");
        bot.presses(BOB, channel, bot.welcome(&incident), "Accept").await;
        bot.settle().await;
        assert_eq!(bot.reads(channel), "INC-1: Accepted, now Investigating · by <@U0BOB>");
        let loud = bot.shows(INCIDENTS, announcement);
        assert!(loud.contains("header") && loud.contains("Post update"), "{loud}");
        let welcome = bot.shows(channel, bot.welcome(&incident));
        assert!(welcome.contains("Resolve") && !welcome.contains("Decline"), "{welcome}");
        let again = bot.says(ALICE, channel, "accept").await;
        assert_eq!(again, "The incident is accepted already; nothing was changed.");
        let declined = bot.says(ALICE, channel, "decline Too late").await;
        assert!(declined.starts_with("An incident that was accepted can't be declined any more"), "{declined}");
        assert_eq!(bot.incident(1).await.category, StatusCategory::Live);
        bot.ends().await;
    }

    async fn what_is_none_is_declined_with_a_word(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.suspects("Odd graphs").await;
        let channel = channel_of(&incident);
        let seen = bot.presses(ALICE, channel, bot.welcome(&incident), "Decline").await;
        let view = seen.modal.unwrap();
        assert_eq!(bot.form(&view), "decline");
        bot.completes(ALICE, &view, &[("message", json!("The load test"))]).await;
        assert_eq!(
            bot.reads(channel),
            "INC-1: The load test · Declined: it was no incident · by <@U0ALICE>"
        );
        for (command, answer) in [
            ("decline", "The incident is declined already; nothing was changed."),
            ("accept", "This incident is over (declined). `/incident reopen` opens it again."),
        ] {
            assert_eq!(bot.says(ALICE, channel, command).await, answer, "{command}");
        }
        // It was one after all.
        bot.says(ALICE, channel, "reopen").await;
        assert_eq!(bot.reads(channel), "INC-1: Reopened, now Investigating · by <@U0ALICE>");
        let other = bot.suspects("More odd graphs").await;
        bot.says(ALICE, channel_of(&other), "decline Same load test").await;
        assert!(bot.reads(channel_of(&other)).starts_with("INC-2: Same load test"));
        bot.ends().await;
    }

    async fn an_update_may_accept_it_too(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.suspects("Odd graphs").await;
        let channel = channel_of(&incident);
        bot.says(ALICE, channel, "status investigating").await;
        assert_eq!(bot.reads(channel), "INC-1: Accepted, now Investigating · by <@U0ALICE>");
        bot.ends().await;
    }
}

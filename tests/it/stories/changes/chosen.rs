//! Somebody chooses what the channel of an incident is called.

use stentor::engine::order::{Order, Target};
use stentor::ids::UserId;
use stentor::incident::command::{Command, Declare};
use stentor::incident::event::{Actor, Via};
use stentor::incident::state::Incident;
use stentor::simulator::faults::Failing;

use crate::bot::{ALICE, BOB, Bot, INCIDENTS};
use crate::databases::on_each_database;
use crate::stories::channel_of;

fn called(name: &str) -> Declare {
    let (name, channel_name) = ("Checkout is slow".to_owned(), Some(name.to_owned()));
    Declare { name, channel_name, ..Declare::default() }
}

impl Bot {
    /// Bob chooses a name for the channel, and what follows has happened.
    async fn names_channel(&self, number: i64, name: &str) -> Result<(), String> {
        let order = Order {
            workspace: self.stentor.app.workspace.clone(),
            receipt: None,
            target: Target::Number(number),
            actor: Actor::Person { user: UserId::from(BOB) },
            through: None,
            via: Via::Api,
            command: Command::NameChannel { name: name.to_owned() },
            expected_version: None,
        };
        let done = self.stentor.app.engine.submit(order).await;
        self.settle().await;
        done.map(|_| ()).map_err(|error| error.to_string())
    }

    fn channel_name(&self, incident: &Incident) -> String {
        self.slack.read(|state| state.channels[channel_of(incident)].name.clone())
    }

    fn skims_all(&self, incidents: &[&Incident]) {
        incidents.iter().for_each(|incident| self.skims(channel_of(incident)));
        self.skims(INCIDENTS);
    }
}

on_each_database! {
    async fn a_channel_is_called_what_somebody_chose(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let first = bot.declares_so(called(" #War Room! ")).await;
        assert_eq!(bot.channel_name(&first), "war-room");
        // Another incident gets the next name like it.
        bot.slack.expect_refusal("conversations.rename", "name_taken");
        let second = bot.declares_so(called("war-room")).await;
        assert_eq!(bot.channel_name(&second), "war-room-2");
        // The incident is called something else; its channel stays what it is.
        bot.says(ALICE, channel_of(&first), "rename Payments time out").await;
        assert_eq!(bot.channel_name(&first), "war-room");
        bot.names_channel(1, "payments").await.unwrap();
        assert_eq!(bot.channel_name(&first), "payments");
        bot.names_channel(1, "").await.unwrap();
        assert_eq!(bot.channel_name(&first), "inc-1-payments-time-out");
        let again = bot.names_channel(1, " ").await.unwrap_err();
        assert_eq!(again, "That is its channel's name already; nothing was changed.");
        bot.skims_all(&[&first, &second]);
        bot.ends().await;
    }

    /// A name that says nothing of its incident must not lead to the channel of another one.
    async fn each_incident_has_its_own_channel_although_answers_are_lost(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.expects_repeats();
        bot.slack.expect_refusal("conversations.rename", "name_taken");
        for method in ["conversations.create", "conversations.rename"] {
            bot.breaks(method, Failing::LostAnswer { hang_ms: 0 }, 2);
        }
        let first = bot.declares_so(called("war-room")).await;
        for method in ["conversations.create", "conversations.rename"] {
            bot.breaks(method, Failing::LostAnswer { hang_ms: 0 }, 2);
        }
        let second = bot.declares_so(called("war-room")).await;
        assert_ne!(channel_of(&first), channel_of(&second));
        assert_eq!([bot.channel_name(&first), bot.channel_name(&second)], ["war-room", "war-room-2"]);
        bot.skims_all(&[&first, &second]);
        bot.ends().await;
    }

    async fn whoever_chooses_last_is_right(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares_so(called("war-room")).await;
        let channel = channel_of(&incident);
        bot.renames(channel, "kitchen").await;
        assert_eq!(bot.incident(1).await.standing.named_by_people.as_deref(), Some("kitchen"));
        bot.names_channel(1, "war-room").await.unwrap();
        assert_eq!(bot.channel_name(&incident), "war-room");
        bot.names_channel(1, "payments").await.unwrap();
        bot.renames(channel, "cellar").await;
        bot.says(ALICE, channel, "rename Payments time out").await;
        assert_eq!(bot.channel_name(&incident), "cellar");
        bot.skims_all(&[&incident]);
        bot.ends().await;
    }

    async fn a_channel_that_was_deleted_is_made_anew_under_the_same_name(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares_so(called("war-room")).await;
        bot.skims_all(&[&incident]);
        bot.deletes(channel_of(&incident)).await;
        let anew = bot.incident(1).await;
        assert_ne!(channel_of(&anew), channel_of(&incident));
        assert_eq!(bot.channel_name(&anew), "war-room");
        bot.reads_told(ALICE);
        bot.skims_all(&[&anew]);
        bot.ends().await;
    }

    async fn no_channel_is_called_like_that_of_another_incident(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares_so(called("x")).await;
        for bad in ["inc-2", "INC 2 checkout", "🔥", &"x".repeat(81)] {
            let refused = bot.names_channel(1, bad).await.unwrap_err();
            assert!(refused.starts_with("A channel's name has 1 to 80"), "{bad}: {refused}");
        }
        assert_eq!(bot.channel_name(&incident), "x");
        bot.skims_all(&[&incident]);
        bot.ends().await;
    }
}

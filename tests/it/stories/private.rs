//! A private incident does not exist for those without a part in it.

use serde_json::json;
use stentor::incident::state::Incident;
use stentor::simulator::state::message::Message;

use super::{channel_of, role};
use crate::bot::{ALICE, BOB, Bot, GENERAL, INCIDENTS};
use crate::databases::on_each_database;
use crate::raw::{Wire, whispered};

const NAME: &str = "Someone has our keys";

impl Bot {
    async fn declares_privately(&self) -> Incident {
        let fields = [("name", json!(NAME)), ("private", json!(["private"]))];
        self.fills_in(ALICE, GENERAL, "", &fields).await;
        let incident = self.incident(1).await;
        self.slack.next_message(channel_of(&incident)).expect("the welcome message");
        incident
    }
}

/// All that a person can read of anybody's messages.
fn readable_by(bot: &Bot, user: &str) -> Vec<Message> {
    bot.slack.read(|state| {
        let open = state.channels.values().filter(|place| place.is_public() || place.has(user));
        open.flat_map(|place| place.visible_to(user)).cloned().collect()
    })
}

on_each_database! {
    async fn a_private_incident_is_announced_to_nobody(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares_privately().await;
        let channel = bot.channels(&incident).remove(0);
        assert!(channel.is_private && channel.has(ALICE) && !channel.has(BOB));
        assert_eq!(bot.messages(INCIDENTS).len(), 0);
        bot.says(ALICE, &channel.id, "update Keys revoked").await;
        bot.says(ALICE, &channel.id, "severity sev1").await;
        bot.says(ALICE, &channel.id, "rename Someone had our keys").await;
        bot.says(ALICE, &channel.id, "close Done").await;
        bot.skims(&channel.id);
        assert_eq!(bot.messages(INCIDENTS).len(), 0);
        for message in readable_by(&bot, BOB) {
            let said = format!("{} {}", message.text, json!(message.blocks));
            assert!(!said.contains("keys") && !said.contains("INC-1"), "{said}");
        }
        bot.ends().await;
    }

    async fn who_has_no_part_in_it_can_not_find_it(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares_privately().await;
        let missing = "There is no incident INC-1 here. `/incident list` shows those that are open.";
        for command in [
            "INC-1", "INC-1 timeline", "INC-1 update", "INC-1 update Ha", "INC-1 lead me", "INC-1 role lead @bob",
            "INC-1 close Ha", "INC-1 status happy", "INC-1 severity", "INC-1 note Ha", "INC-1 rename Ha",
        ] {
            assert_eq!(bot.says(BOB, GENERAL, command).await, missing, "{command}");
        }
        // It reads the same as an incident that there never was.
        let nothing = bot.says(BOB, GENERAL, "INC-99").await;
        assert_eq!(nothing.replace("INC-99", "INC-1"), missing);
        for (command, answer) in [
            ("list", "There are no open incidents."),
            ("list all", "There are no incidents."),
            ("list keys", "There are no incidents with “keys” in their name."),
        ] {
            assert_eq!(bot.says(BOB, GENERAL, command).await, answer);
        }
        assert!(bot.says(ALICE, GENERAL, "list").await.contains("1 open incident"));

        // Not by a request made by hand either, whatever ids Bob has learnt.
        let wire = Wire::to(&bot).await;
        let channel = channel_of(&incident);
        let here = json!({"incident": incident.id});
        let form = wire.submits(BOB, "V1", ("close", &here), &json!({})).await.expect(200);
        assert!(form["errors"]["message"].as_str().unwrap().starts_with("There is no incident"), "{form}");
        let form = json!({"role": {"selected_option": {"value": role("lead")}}, "person": {"selected_user": BOB}});
        let form = wire.submits(BOB, "V2", ("role", &here), &form).await.expect(200);
        assert!(form["errors"]["role"].as_str().unwrap().starts_with("There is no incident"), "{form}");
        for action in ["take_lead", "reopen", "timeline", "update", "close"] {
            let pressed = wire.presses(BOB, GENERAL, (action, incident.id.as_str()), &format!("p/{action}")).await;
            assert_eq!((pressed.status.as_u16(), pressed.text.as_str()), (200, ""));
        }
        let typed = wire.types(BOB, channel, "close Ha", "9").await;
        assert!(whispered(&typed).unwrap().starts_with("This channel belongs to no incident"), "{}", typed.text);
        let typed = wire.types(BOB, channel, "timeline", "10").await;
        assert!(whispered(&typed).unwrap().starts_with("This channel belongs to no incident"), "{}", typed.text);
        assert_eq!(bot.incident(1).await, incident);
        assert_eq!(bot.slack.read(|state| state.stack_of(BOB).len()), 0, "no form opened for Bob");
        bot.ends().await;
    }

    async fn who_gets_a_role_is_let_in(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares_privately().await;
        let channel = channel_of(&incident);
        bot.says(ALICE, channel, "role comms @bob").await;
        assert_eq!(bot.reads(channel), "INC-1: <@U0BOB> is Communications · by <@U0ALICE>");
        assert!(bot.channels(&incident)[0].has(BOB));
        assert_eq!(bot.reads_told(BOB).len(), 1);
        assert!(bot.says(BOB, GENERAL, "list").await.contains("1 open incident"));
        assert!(bot.says(BOB, GENERAL, "INC-1").await.contains(NAME));
        bot.says(BOB, channel, "update Keys revoked").await;
        assert_eq!(bot.reads(channel), "INC-1: Keys revoked · Update from <@U0BOB>");
        bot.ends().await;
    }
}

//! What people press under a card, and what the records say of it.

use std::time::Duration;

use serde_json::{Value, json};
use stentor::alert::settings::Route;
use stentor::incident::event::Event;
use stentor::incident::handled::Handled;
use stentor::incident::state::Incident;
use stentor::ingest::kind::Kind;

use super::monitor::{ends, fires};
use crate::bot::{ALICE, BOB, Bot, GENERAL, INCIDENTS};
use crate::databases::on_each_database;
use crate::raw::Wire;
use crate::stories::channel_of;

const MINUTE: Duration = Duration::from_secs(60);

impl Bot {
    /// Alice presses a button under the only card of an incident, and all that follows has happened.
    async fn presses_card(&self, incident: &Incident, label: &str) {
        let seen = self.presses(ALICE, channel_of(incident), self.card(incident).ts, label).await;
        assert_eq!((seen.error, seen.modal), (None, None), "{label}");
        self.settle().await;
    }

    /// What the record of an incident says that people did about its alerts.
    async fn handled(&self, incident: &Incident) -> Vec<Value> {
        let record = self.record(incident).await;
        let handled = record.into_iter().filter_map(|entry| match entry.event {
            Event::AlertsHandled { by, done, .. } => {
                assert_eq!(by.person().map(|by| by.as_str()), Some(ALICE));
                assert_ne!(done, Handled::Unknown);
                Some(json!(done))
            }
            _ => None,
        });
        handled.collect()
    }

    /// Whether a card has a button of this name.
    fn has_button(&self, incident: &Incident, label: &str) -> bool {
        let card = self.card(incident);
        let mut rows = card.blocks.iter().filter(|block| block["type"] == "actions");
        rows.any(|row| {
            let buttons = row["elements"].as_array().unwrap();
            buttons.iter().any(|button| button["text"]["text"] == label)
        })
    }

    /// The value that the buttons of a card carry.
    fn card_value(&self, incident: &Incident) -> String {
        let card = self.card(incident);
        let row = card.blocks.iter().find(|block| block["type"] == "actions").unwrap();
        row["elements"][0]["value"].as_str().unwrap().to_owned()
    }
}

on_each_database! {
    async fn alerts_are_acknowledged_and_let_go(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let both = vec![fires("Latency", "checkout"), fires("Errors", "checkout")];
        let incident = bot.opens_by(&monitor, both).await;
        assert!(!bot.has_button(&incident, "Unacknowledge"));
        bot.presses_card(&incident, "Acknowledge").await;
        assert!(bot.card_says(&incident).contains("Acknowledged by"));
        assert!(!bot.has_button(&incident, "Acknowledge"));
        // A new one is nobody's yet.
        bot.hears(&monitor, vec![fires("Restarts", "checkout")]).await;
        bot.settle().await;
        assert!(bot.card_says(&incident).contains(": 2 of 3"));
        bot.presses_card(&incident, "Acknowledge").await;
        bot.presses_card(&incident, "Unacknowledge").await;
        assert!(!bot.card_says(&incident).contains("Acknowledged"));
        let counts = [("acknowledged", 2), ("acknowledged", 1), ("unacknowledged", 3)];
        let counts = counts.map(|(what, count)| json!({"type": what, "count": count}));
        assert_eq!(bot.handled(&incident).await, counts);
        assert_eq!(bot.reads_all(channel_of(&incident)), Vec::<String>::new());
        bot.ends().await;
    }

    async fn a_press_that_comes_again_changes_nothing(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let incident = bot.opens_by(&monitor, vec![fires("Latency", "checkout")]).await;
        let (wire, value) = (Wire::to(&bot).await, bot.card_value(&incident));
        let channel = channel_of(&incident);
        let press = async |action: &str, trigger: &str| {
            let answer = wire.presses(ALICE, channel, (action, &value), trigger).await;
            assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
        };
        press("alerts_acknowledge", "1").await;
        press("alerts_unacknowledge", "2").await;
        for _ in 0..3 {
            press("alerts_acknowledge", "1").await;
        }
        bot.settle().await;
        assert!(bot.alerts().await[0].acknowledged.is_none());
        assert_eq!(bot.handled(&incident).await.len(), 2);
        press("alerts_unrelated", "3").await;
        press("alerts_unrelated", "3").await;
        press("alerts_unrelated", "4").await;
        press("alerts_acknowledge", "5").await;
        bot.settle().await;
        assert_eq!(bot.handled(&incident).await.len(), 3);
        assert!(bot.alerts().await[0].acknowledged.is_none());
        bot.ends().await;
    }

    async fn alerts_move_to_another_incident_with_their_card(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let one = bot.opens_by(&monitor, vec![fires("Latency", "checkout")]).await;
        let two = bot.opens_by(&monitor, vec![fires("Errors", "cart")]).await;
        let view = bot.presses(ALICE, channel_of(&one), bot.card(&one).ts, "Move…").await.modal.unwrap();
        assert_eq!(bot.form(&view), "attach_alerts");
        for (given, error) in [
            (Value::Null, "Say which incident: choose one, or write its number, as in INC-42."),
            (json!("what?"), "Say which incident: choose one, or write its number, as in INC-42."),
            (json!("INC-9"), "There is no incident INC-9 here. /incident list shows those that are open."),
            (json!("INC-1"), "These alerts are part of INC-1 already; nothing was changed."),
        ] {
            let seen = bot.submits(ALICE, &view, &[("reference", given)]).await;
            assert_eq!(seen.field_errors["reference"], error);
        }
        bot.completes(ALICE, &view, &[("incident", json!("2"))]).await;
        assert!(bot.card_says(&one).contains("These alerts belong to INC-2 now."));
        let cards = bot.cards(&two);
        assert_eq!(cards.len(), 2);
        assert!(cards[1].text.contains("Latency in checkout"), "{}", cards[1].text);
        let title = "Latency in checkout";
        assert_eq!(bot.handled(&one).await, [json!({"type": "went", "title": title, "count": 1, "to": 2})]);
        assert_eq!(bot.handled(&two).await, [json!({"type": "came", "title": title, "count": 1, "from": 1})]);
        // Nothing is over: the alerts are elsewhere. What is new comes there too.
        assert!(!bot.incident(1).await.signal.unwrap().active);
        assert_eq!(bot.reads_all(channel_of(&one)), Vec::<String>::new());
        bot.hears(&monitor, vec![fires("Latency", "checkout"), fires("Restarts", "checkout")]).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.incidents().await, 2);
        assert!(bot.cards(&two)[1].text.contains("2 of 2 firing"));
        // Back again, the old card is the card.
        let view = bot.presses(ALICE, channel_of(&two), cards[1].ts, "Move…").await.modal.unwrap();
        bot.completes(ALICE, &view, &[("reference", json!("inc 1"))]).await;
        assert!(bot.card_says(&one).contains("2 of 2 firing"));
        for incident in [&one, &two] {
            bot.skims(channel_of(incident));
        }
        bot.ends().await;
    }

    async fn a_form_that_comes_again_moves_nothing_again(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let one = bot.opens_by(&monitor, vec![fires("Latency", "checkout")]).await;
        let two = bot.opens_by(&monitor, vec![fires("Errors", "cart")]).await;
        let wire = Wire::to(&bot).await;
        let group = bot.alerts().await[0].group.clone();
        let submit = async |view: &str, from: &Incident, to: &str| {
            let origin = json!({"incident": from.id, "group": group});
            let values = json!({"reference": {"type": "plain_text_input", "value": to}});
            wire.submits(ALICE, view, ("attach_alerts", &origin), &values).await
        };
        for _ in 0..2 {
            assert_eq!(submit("V1", &one, "INC-2").await.text, "");
        }
        assert_eq!(submit("V2", &two, "INC-1").await.text, "");
        assert_eq!(submit("V1", &one, "INC-2").await.text, "");
        bot.settle().await;
        assert_eq!(bot.alerts().await[0].group, group);
        assert_eq!(bot.group_of(&bot.alerts().await[0]).await.incident.as_ref(), Some(&one.id));
        assert_eq!(bot.handled(&one).await.len(), 2);
        let late = submit("V3", &two, "INC-1").await.expect(200);
        assert_eq!(late["errors"]["reference"], "These alerts are no part of this incident any more.");
        for incident in [&one, &two] {
            bot.skims(channel_of(incident));
        }
        bot.ends().await;
    }

    async fn what_is_not_related_leaves_and_stays_away(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let incident = bot.opens_by(&monitor, vec![fires("Latency", "checkout")]).await;
        let old = bot.card(&incident).ts;
        bot.presses_card(&incident, "Not related").await;
        assert!(bot.card_says(&incident).contains("These alerts are no part of this incident."));
        let title = "Latency in checkout";
        assert_eq!(bot.handled(&incident).await, [json!({"type": "unrelated", "title": title, "count": 1})]);
        assert_eq!(bot.card(&incident).ts, old);
        bot.hears(&monitor, vec![fires("Latency", "checkout"), ends("Latency", "checkout")]).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.incidents().await, 1);
        assert_eq!(bot.reads_all(channel_of(&incident)), Vec::<String>::new());
        bot.ends().await;
    }

    async fn a_private_incident_is_neither_pressed_nor_named(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let public = bot.opens_by(&monitor, vec![fires("Latency", "checkout")]).await;
        let fields = [("name", json!("Someone has our keys")), ("private", json!(["private"]))];
        bot.fills_in(ALICE, GENERAL, "", &fields).await;
        let private = bot.incident(2).await;
        bot.skims(channel_of(&private));
        let view = bot.presses(ALICE, channel_of(&public), bot.card(&public).ts, "Move…").await.modal.unwrap();
        bot.completes(ALICE, &view, &[("incident", json!("2"))]).await;
        assert!(bot.card_says(&public).contains("These alerts belong to another incident now."));
        let title = "Latency in checkout";
        assert_eq!(bot.handled(&public).await, [json!({"type": "went", "title": title, "count": 1, "to": null})]);
        assert!(bot.card_says(&private).contains("Firing"));
        // Bob can't, whatever he has learnt; neither here nor to there.
        let (wire, value) = (Wire::to(&bot).await, bot.card_value(&private));
        let actions = ["acknowledge", "unacknowledge", "attach", "unrelated", "details"];
        for (action, trigger) in actions.iter().zip(1..) {
            let action = format!("alerts_{action}");
            let pressed = wire.presses(BOB, GENERAL, (&action, &value), &trigger.to_string()).await;
            assert_eq!((pressed.status.as_u16(), pressed.text.as_str()), (200, ""));
        }
        assert_eq!(bot.slack.read(|state| state.stack_of(BOB).len()), 0, "no form opened for Bob");
        let group = bot.alerts().await[0].group.clone();
        let values = json!({"reference": {"type": "plain_text_input", "value": "INC-1"}});
        let origin = json!({"incident": private.id, "group": group});
        let form = wire.submits(BOB, "V1", ("attach_alerts", &origin), &values).await.expect(200);
        assert!(form["errors"]["reference"].as_str().unwrap().starts_with("There is no incident"), "{form}");
        bot.settle().await;
        assert_eq!(bot.group_of(&bot.alerts().await[0]).await.incident.as_ref(), Some(&private.id));
        assert!(bot.alerts().await[0].acknowledged.is_none());
        for channel in [channel_of(&public), channel_of(&private), INCIDENTS] {
            bot.skims(channel);
        }
        bot.ends().await;
    }

    async fn details_are_for_who_asks_alone(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let incident = bot.opens_by(&monitor, vec![fires("Latency", "checkout")]).await;
        let (channel, card) = (channel_of(&incident), bot.card(&incident).ts);
        let heard = bot.presses_and_hears(ALICE, channel, card, "Details").await;
        assert_eq!(heard, ["Alerts of INC-1 Latency in checkout: 1 of 1 firing"]);
        bot.presses_card(&incident, "Acknowledge").await;
        let (wire, value) = (Wire::to(&bot).await, bot.card_value(&incident));
        let stale = wire.presses(ALICE, channel, ("alerts_acknowledge", &value), "9").await;
        assert_eq!((stale.status.as_u16(), stale.text.as_str()), (200, ""));
        bot.settle().await;
        assert_eq!(bot.handled(&incident).await.len(), 1);
        assert_eq!(bot.reads_all(channel), Vec::<String>::new());
        bot.ends().await;
    }

    async fn a_full_group_says_where_it_goes_on(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.routes(Route { most_alerts: 2, ..Route::default() }).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let all = (0..3).map(|n| fires(&format!("A{n}"), "cart")).collect();
        bot.opens_by(&monitor, all).await;
        assert_eq!(bot.incidents().await, 2);
        // Whichever was opened first.
        let all = bot.alerts().await;
        let mut both = Vec::new();
        for alert in [&all[0], &all[2]] {
            let id = bot.group_of(alert).await.incident.unwrap();
            let first = bot.incident(1).await;
            both.push(if first.id == id { first } else { bot.incident(2).await });
        }
        let [one, two] = both.try_into().unwrap();
        let before = format!("goes on from {}", one.reference());
        assert!(bot.card_says(&two).contains(&before), "{}", bot.card_says(&two));
        let after = format!("full: more of them are in {}", two.reference());
        assert!(bot.card_says(&one).contains(&after), "{}", bot.card_says(&one));
        for incident in [&one, &two] {
            bot.skims(channel_of(incident));
        }
        bot.skims(INCIDENTS);
        bot.ends().await;
    }
}

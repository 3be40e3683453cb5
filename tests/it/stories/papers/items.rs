//! Actions and follow-ups: what is to be done, and by whom.

use serde_json::json;
use stentor::incident::papers::item::{Item, ItemKind, ItemStatus, MOST};
use stentor::simulator::act::Act;
use stentor::simulator::faults::Failing;
use stentor::simulator::settings::{Settings, Shortcut};
use stentor::simulator::state::ts::Ts;

use crate::bot::{ALICE, BOB, Bot, CAROL, GENERAL, Start};
use crate::databases::on_each_database;
use crate::raw::Wire;
use crate::stories::channel_of;
use crate::stories::papers::{everybody_enters, taken};
use crate::stories::pins::Desk;

/// What is to be done about the first incident, in the order it was written down.
async fn items(bot: &Bot, kind: ItemKind) -> Vec<Item> {
    let items = bot.incident(1).await.papers.items.into_values();
    items.filter(|item| item.kind == kind).collect()
}

/// Presses a button under a message that only this person sees.
async fn presses(bot: &Bot, user: &str, channel: &str, action: &str, item: &Item) {
    let value = format!("{}/{}/{}", bot.incident(1).await.id, item.kind.as_str(), item.id);
    let trigger = format!("{action}/{}", item.id);
    taken(&Wire::to(bot).await.presses(user, channel, (action, &value), &trigger).await);
    bot.settle().await;
}

on_each_database! {
    async fn an_action_is_written_down_given_and_done(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        everybody_enters(&bot, channel).await;
        assert_eq!(
            bot.says(ALICE, channel, "actions").await,
            "INC-1 has no actions yet. `/incident action Restart the queue` adds one."
        );
        assert_eq!(
            bot.says(ALICE, channel, "action Restart the queue @bob").await,
            "Added the action to INC-1: Restart the queue"
        );
        assert_eq!(bot.reads_told(BOB), [
            format!("<@{ALICE}> gave you the action Restart the queue of INC-1 Checkout is slow in <#{channel}>"),
        ]);
        bot.says(ALICE, channel, "action ask @carol about the cache").await;
        let all = items(&bot, ItemKind::Action).await;
        assert_eq!(all[0].assignee.as_ref().unwrap().as_str(), BOB);
        assert_eq!((all[1].title.as_str(), &all[1].assignee), ("ask @carol about the cache", &None));
        assert_eq!(bot.says(BOB, channel, "actions").await, "2 actions of INC-1");
        presses(&bot, BOB, channel, "item_done", &all[0]).await;
        let done = &items(&bot, ItemKind::Action).await[0];
        assert_eq!(done.status, ItemStatus::Completed);
        assert_eq!(done.completed_at, Some(done.updated_at));
        presses(&bot, BOB, channel, "item_not_doing", &all[1]).await;
        assert_eq!(items(&bot, ItemKind::Action).await[1].status, ItemStatus::NotDoing);
        assert_eq!(bot.reads_all(channel), Vec::<String>::new(), "the channel is left in peace");
        bot.ends().await;
    }

    async fn who_is_given_something_by_a_form_is_told_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        everybody_enters(&bot, channel).await;
        bot.fills_in(ALICE, channel, "followup", &[("title", json!("Write a test"))]).await;
        let item = items(&bot, ItemKind::FollowUp).await.remove(0);
        let wire = Wire::to(&bot).await;
        let here = json!({"incident": incident.id, "item": item.id});
        let bob = json!({"person": {"selected_user": BOB}});
        taken(&wire.submits(ALICE, "V1", ("assign_follow_up", &here), &bob).await);
        // The answer may have been lost: Slack sends the form again.
        taken(&wire.submits(ALICE, "V1", ("assign_follow_up", &here), &bob).await);
        bot.breaks("chat.postMessage", Failing::LostAnswer { hang_ms: 0 }, 1);
        bot.settle().await;
        assert_eq!(bot.reads_told(BOB).len(), 1);
        let nobody = json!({"person": {"selected_user": null}});
        taken(&wire.submits(ALICE, "V2", ("assign_follow_up", &here), &nobody).await);
        assert_eq!(items(&bot, ItemKind::FollowUp).await[0].assignee, None);
        let refused = wire.submits(ALICE, "V3", ("assign_follow_up", &here), &nobody).await.expect(200);
        assert!(refused["errors"]["person"].as_str().unwrap().contains("already"), "{refused}");
        bot.ends().await;
    }

    /// They have it no more when Stentor gets to telling them.
    async fn who_was_given_something_that_was_taken_back_is_left_in_peace(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        everybody_enters(&bot, channel).await;
        let wire = Wire::to(&bot).await;
        wire.types(ALICE, channel, &format!("action Restart it <@{BOB}>"), "1").await;
        let item = items(&bot, ItemKind::Action).await.remove(0);
        let here = json!({"incident": incident.id, "item": item.id});
        let carol = json!({"person": {"selected_user": CAROL}});
        taken(&wire.submits(ALICE, "V1", ("assign_action", &here), &carol).await);
        bot.settle().await;
        assert_eq!(bot.reads_told(BOB), Vec::<String>::new());
        assert_eq!(bot.reads_told(CAROL).len(), 1);
        bot.ends().await;
    }

    async fn a_message_that_is_fast_forwarded_is_one_follow_up(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let desk = Desk::of(&bot, &incident).await;
        let ts = desk.writes(BOB, "we should test > 3 s\nbefore the next release").await;
        desk.reacts(CAROL, ts, "fast_forward").await;
        bot.settle().await;
        desk.reacts(ALICE, ts, "fast_forward").await;
        desk.reacts(ALICE, ts, "pushpin").await;
        bot.settle().await;
        let all = items(&bot, ItemKind::FollowUp).await;
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].title, "we should test > 3 s");
        assert!(all[0].description.contains("before the next release"), "{:?}", all[0]);
        assert_eq!(all[0].creator.person().unwrap().as_str(), CAROL);
        assert_eq!(bot.incident(1).await.pinned.len(), 1, "one mark does not stand in another's way");
        assert_eq!(bot.says(ALICE, &desk.channel, "followups").await, "1 follow-ups of INC-1");
        bot.ends().await;
    }

    async fn a_mark_that_nobody_heard_of_is_found_later(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let desk = Desk::of(&bot, &incident).await;
        let ts = desk.writes(BOB, "we should test this").await;
        desk.reacts(CAROL, ts, "fast_forward").await;
        // The process dies before it has looked at the message; the work is durable.
        let bot = bot.restarted(&fresh).await;
        bot.settle().await;
        assert_eq!(items(&bot, ItemKind::FollowUp).await.len(), 1);
        bot.ends().await;
    }

    async fn a_message_is_made_a_follow_up_from_its_menu(fresh: Fresh) {
        let bot = Bot::start_with(&fresh, Start { slack: Some(with_shortcut), ..Start::default() }).await;
        let incident = bot.declares("Checkout is slow").await;
        let desk = Desk::of(&bot, &incident).await;
        let ts = desk.writes(BOB, "we should test this").await;
        assert_eq!(chooses(&bot, &desk.channel, ts).await, ["Added the follow-up to INC-1: we should test this"]);
        assert_eq!(chooses(&bot, &desk.channel, ts).await, ["That message is a follow-up already; nothing was changed."]);
        desk.reacts(CAROL, ts, "fast_forward").await;
        bot.settle().await;
        assert_eq!(items(&bot, ItemKind::FollowUp).await.len(), 1);
        let elsewhere = Act::PostMessage {
            user: ALICE.to_owned(), channel: GENERAL.to_owned(), text: "hello".to_owned(), thread_ts: None,
        };
        let ts = bot.act(elsewhere).await.posted.unwrap();
        assert!(chooses(&bot, GENERAL, ts).await[0].starts_with("This channel belongs to no incident."));
        bot.ends().await;
    }

    async fn a_private_incidents_work_is_given_to_nobody_outside(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let fields = [("name", json!("Someone has our keys")), ("private", json!(["private"]))];
        bot.fills_in(ALICE, GENERAL, "", &fields).await;
        let incident = bot.incident(1).await;
        let channel = channel_of(&incident);
        bot.skims(channel);
        assert_eq!(
            bot.says(ALICE, channel, "action Revoke them @bob").await,
            "They may not see this private incident; invite them first."
        );
        bot.says(ALICE, channel, "invite @bob").await;
        bot.says(ALICE, channel, "action Revoke them @bob").await;
        assert_eq!(bot.reads_told(BOB).len(), 1);
        assert!(bot.says(CAROL, GENERAL, "INC-1 actions").await.starts_with("There is no incident"));
        bot.ends().await;
    }

    async fn there_is_an_end_to_what_is_to_be_done(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let wire = Wire::to(&bot).await;
        for number in 0..MOST {
            wire.types(ALICE, channel_of(&incident), "action Once more", &format!("t{number}")).await.expect(200);
        }
        let said = bot.says(ALICE, channel_of(&incident), "action Once more").await;
        assert_eq!(said, "This incident has 200 actions already; that is the most.");
        assert_eq!(bot.says(ALICE, channel_of(&incident), "actions").await, "200 actions of INC-1");
        bot.says(ALICE, channel_of(&incident), "followup Not so many").await;
        bot.ends().await;
    }
}

fn with_shortcut(settings: Settings) -> Settings {
    let shortcut = Shortcut {
        callback_id: "make_follow_up".to_owned(),
        name: "Make follow-up".to_owned(),
        description: String::new(),
        on_message: true,
    };
    Settings { shortcuts: vec![shortcut], ..settings }
}

/// Alice chooses the entry of a message's menu, and is told something.
async fn chooses(bot: &Bot, channel: &str, ts: Ts) -> Vec<String> {
    let heard = bot.whispers(ALICE, channel).len();
    let act = Act::MessageShortcut {
        user: ALICE.to_owned(),
        channel: channel.to_owned(),
        ts,
        callback_id: "make_follow_up".to_owned(),
    };
    assert_eq!(bot.act(act).await.error, None::<String>);
    bot.eventually("an answer", async || bot.whispers(ALICE, channel).len() > heard).await;
    bot.settle().await;
    bot.whispers(ALICE, channel).split_off(heard)
}

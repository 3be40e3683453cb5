//! Messages that people keep in the timeline: 📌 and pins, and what became of the messages since.

use stentor::incident::event::Event;
use stentor::incident::pins::Author;
use stentor::incident::state::Incident;
use stentor::simulator::act::Act;
use stentor::simulator::faults::{Failing, Misdelivery};
use stentor::simulator::state::ts::Ts;

use super::channel_of;
use crate::bot::{ALICE, BOB, Bot, CAROL, GENERAL, STENTOR, Start};
use crate::databases::on_each_database;

/// What people do with messages of an incident's channel.
pub struct Desk<'a> {
    pub bot: &'a Bot,
    pub channel: String,
}

impl<'a> Desk<'a> {
    pub async fn of(bot: &'a Bot, incident: &Incident) -> Desk<'a> {
        let channel = channel_of(incident).to_owned();
        for person in [BOB, CAROL] {
            bot.joins(person, &channel).await;
        }
        Desk { bot, channel }
    }

    async fn act(&self, act: Act) -> Option<Ts> {
        let posted = self.bot.act(act).await.posted;
        self.bot.slack.settle().await;
        posted
    }

    pub async fn writes(&self, user: &str, text: &str) -> Ts {
        self.writes_below(user, text, None).await
    }

    async fn writes_below(&self, user: &str, text: &str, thread_ts: Option<Ts>) -> Ts {
        let (user, channel, text) = (user.to_owned(), self.channel.clone(), text.to_owned());
        self.act(Act::PostMessage { user, channel, text, thread_ts }).await.unwrap()
    }

    pub async fn reacts(&self, user: &str, ts: Ts, name: &str) {
        let (user, channel, name) = (user.to_owned(), self.channel.clone(), name.to_owned());
        self.act(Act::React { user, channel, ts, name }).await;
    }

    async fn takes_back(&self, user: &str, ts: Ts) {
        let (user, channel) = (user.to_owned(), self.channel.clone());
        self.act(Act::Unreact { user, channel, ts, name: "pushpin".to_owned() }).await;
    }

    pub async fn pins(&self, user: &str, ts: Ts) {
        self.act(Act::Pin { user: user.to_owned(), channel: self.channel.clone(), ts }).await;
    }

    async fn unpins(&self, user: &str, ts: Ts) {
        self.act(Act::Unpin { user: user.to_owned(), channel: self.channel.clone(), ts }).await;
    }

    async fn edits(&self, user: &str, ts: Ts, text: &str) {
        let (user, channel, text) = (user.to_owned(), self.channel.clone(), text.to_owned());
        self.act(Act::EditMessage { user, channel, ts, text }).await;
    }

    async fn deletes(&self, user: &str, ts: Ts) {
        let (user, channel) = (user.to_owned(), self.channel.clone());
        self.act(Act::DeleteMessage { user, channel, ts }).await;
    }

    /// What the record says of messages.
    pub async fn record(&self) -> Vec<String> {
        let incident = self.bot.latest().await.unwrap();
        let record = self.bot.record(&incident).await;
        let kept = record.iter().filter_map(|entry| match &entry.event {
            Event::MessagePinned { quote, by } => {
                let author = match &quote.author {
                    Author::Person { user } => user.as_str(),
                    Author::Program { name } => name,
                };
                let by = by.as_ref().map_or("somebody", |by| by.as_str());
                Some(format!("{by} pinned, by {author}: {}", quote.text))
            }
            Event::MessageEdited { text, supersedes, .. } => {
                Some(format!("instead of {supersedes}: {text}"))
            }
            Event::MessageUnpinned { deleted: true, .. } => Some("deleted".to_owned()),
            Event::MessageUnpinned { by, .. } => {
                Some(format!("{} unpinned", by.as_ref().map_or("somebody", |by| by.as_str())))
            }
            _ => None,
        });
        kept.collect()
    }
}

on_each_database! {
    async fn a_message_is_kept_once_however_often_it_is_marked(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let desk = Desk::of(&bot, &incident).await;
        let ts = desk.writes(BOB, "p99 is > 3 s & rising").await;
        desk.reacts(CAROL, ts, "eyes").await;
        desk.reacts(CAROL, ts, "pushpin").await;
        bot.settle().await;
        desk.pins(ALICE, ts).await;
        desk.reacts(ALICE, ts, "pushpin").await;
        bot.settle().await;
        let text = "p99 is > 3 s & rising";
        assert_eq!(desk.record().await, [format!("{CAROL} pinned, by {BOB}: {text}")]);
        let record = bot.record(&incident).await;
        let Event::MessagePinned { quote, .. } = &record.last().unwrap().event else { panic!() };
        assert_eq!(quote.at.as_micros(), ts.0, "the message's own time");
        assert_eq!(quote.permalink, bot.slack.read(|state| state.permalink(&desk.channel, ts)));
        let shown = bot.says(ALICE, &desk.channel, "timeline").await;
        assert!(shown.contains("Timeline of INC-1"), "{shown}");
        bot.ends().await;
    }

    async fn the_mark_is_gone_when_the_last_of_them_is(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let desk = Desk::of(&bot, &bot.declares("Checkout is slow").await).await;
        let ts = desk.writes(BOB, "Rolled back").await;
        desk.pins(ALICE, ts).await;
        bot.settle().await;
        desk.reacts(CAROL, ts, "pushpin").await;
        bot.settle().await;
        desk.unpins(ALICE, ts).await;
        bot.settle().await;
        assert_eq!(desk.record().await.len(), 1, "Carol's mark is still there");
        desk.takes_back(CAROL, ts).await;
        bot.settle().await;
        desk.pins(BOB, ts).await;
        bot.settle().await;
        assert_eq!(desk.record().await, [
            format!("{ALICE} pinned, by {BOB}: Rolled back"),
            format!("{CAROL} unpinned"),
            format!("{BOB} pinned, by {BOB}: Rolled back"),
        ]);
        bot.ends().await;
    }

    async fn edits_and_deletions_are_followed(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let desk = Desk::of(&bot, &bot.declares("Checkout is slow").await).await;
        let (kept, other) =
            (desk.writes(BOB, "p99 is 3 s").await, desk.writes(BOB, "Lunch?").await);
        desk.pins(ALICE, kept).await;
        bot.settle().await;
        let version = bot.latest().await.unwrap().version;
        desk.edits(BOB, other, "Dinner?").await;
        desk.edits(BOB, kept, "p99 is 4 s").await;
        bot.settle().await;
        desk.deletes(BOB, other).await;
        desk.deletes(BOB, kept).await;
        bot.settle().await;
        assert_eq!(desk.record().await, [
            format!("{ALICE} pinned, by {BOB}: p99 is 3 s"),
            format!("instead of {version}: p99 is 4 s"),
            "deleted".to_owned(),
        ]);
        // Nobody looked at what nobody wanted kept: the pin, the edit, the deletion.
        assert_eq!(bot.slack.calls().iter().filter(|it| it.method == "conversations.replies").count(), 3);
        bot.slack.expect_refusal("conversations.replies", "thread_not_found");
        bot.ends().await;
    }

    async fn an_edit_during_the_look_is_seen(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let desk = Desk::of(&bot, &bot.declares("Checkout is slow").await).await;
        let ts = desk.writes(BOB, "p99 is 3 s").await;
        desk.pins(ALICE, ts).await;
        // The message is edited after it was looked at, and before that was written down.
        bot.breaks("chat.getPermalink", Failing::Delay { ms: 300 }, 1);
        let look = bot.stentor.worker.step();
        let edit = async {
            let asked = || bot.slack.calls().iter().any(|it| it.method == "conversations.replies");
            bot.eventually("the look", async || asked()).await;
            desk.edits(BOB, ts, "p99 is 4 s").await;
        };
        let (looked, ()) = tokio::join!(look, edit);
        assert_eq!(looked.unwrap(), 1);
        bot.settle().await;
        assert!(desk.record().await.last().unwrap().ends_with("p99 is 4 s"));
        bot.ends().await;
    }

    async fn events_that_come_twice_late_or_mixed_up_change_nothing(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let desk = Desk::of(&bot, &bot.declares("Checkout is slow").await).await;
        for (event, how) in [
            ("pin_added", Misdelivery::Duplicate),
            ("reaction_added", Misdelivery::Reorder),
            ("reaction_removed", Misdelivery::LoseAnswer),
        ] {
            bot.breaks(event, Failing::Delivery { how }, 1);
        }
        let ts = desk.writes(BOB, "Rolled back").await;
        desk.reacts(CAROL, ts, "pushpin").await;
        desk.pins(ALICE, ts).await;
        bot.settle().await;
        desk.takes_back(CAROL, ts).await;
        bot.settle().await;
        desk.unpins(ALICE, ts).await;
        bot.settle().await;
        let record = desk.record().await;
        assert_eq!(record.len(), 2, "{record:?}");
        assert!(record[0].ends_with("Rolled back") && record[1].ends_with("unpinned"), "{record:?}");
        bot.ends().await;
    }

    async fn replies_can_be_kept_and_messages_of_our_own_are_not(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let desk = Desk::of(&bot, &incident).await;
        let first = desk.writes(BOB, "Is it the queue?").await;
        let reply = desk.writes_below(CAROL, "It is full", Some(first)).await;
        desk.reacts(BOB, reply, "pushpin").await;
        desk.reacts(BOB, bot.welcome(&incident), "pushpin").await;
        bot.settle().await;
        assert_eq!(desk.record().await, [format!("{BOB} pinned, by {CAROL}: It is full")]);
        assert!(bot.slack.pins(&desk.channel).iter().any(|pin| pin.created_by == STENTOR));
        bot.ends().await;
    }

    async fn what_happens_elsewhere_is_left_alone(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.declares("Checkout is slow").await;
        let desk = Desk { bot: &bot, channel: GENERAL.to_owned() };
        let ts = desk.writes(BOB, "Lunch?").await;
        desk.reacts(CAROL, ts, "pushpin").await;
        desk.pins(ALICE, ts).await;
        desk.edits(BOB, ts, "Dinner?").await;
        assert_eq!(bot.left().await, Vec::new());
        assert_eq!(desk.record().await, Vec::<String>::new());
        bot.ends().await;
    }

    async fn a_mark_is_seen_when_slack_is_back(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let desk = Desk::of(&bot, &bot.declares("Checkout is slow").await).await;
        bot.breaks_down("conversations.replies", Failing::Status { status: 503 });
        let ts = desk.writes(BOB, "Rolled back").await;
        desk.pins(ALICE, ts).await;
        bot.works_a_while().await;
        assert_eq!(desk.record().await, Vec::<String>::new());
        bot.mends();
        bot.settle().await;
        assert_eq!(desk.record().await, [format!("{ALICE} pinned, by {BOB}: Rolled back")]);
        bot.ends().await;
    }

    /// As with every other call: who keeps the incident is told what an admin can do.
    async fn that_messages_may_not_be_read_is_told_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let desk = Desk::of(&bot, &incident).await;
        bot.breaks_down("conversations.replies", Failing::Error { code: "missing_scope".to_owned() });
        for text in ["p99 is 3 s", "p99 is 4 s"] {
            let ts = desk.writes(BOB, text).await;
            bot.gives_up(&format!("look/{ts}/{BOB}"));
            desk.pins(BOB, ts).await;
            bot.settle().await;
        }
        let told = bot.reads_told(ALICE);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("Slack does not let Stentor use `conversations.replies`"), "{told:?}");
        bot.ends().await;
    }

    /// The process is away for so long that Slack no longer tries to tell it.
    async fn what_was_missed_while_the_process_was_down_is_read_back_once(fresh: Fresh) {
        let start = Start { reads_back: true, ..Start::default() };
        let bot = Bot::start_with(&fresh, start).await;
        let incident = bot.declares("Checkout is slow").await;
        let desk = Desk::of(&bot, &incident).await;
        let known = desk.writes(BOB, "p99 is 3 s").await;
        let gone = desk.writes(BOB, "The password is hunter2").await;
        let later = desk.writes(BOB, "Rolled back").await;
        let parent = desk.writes(BOB, "Is it the queue?").await;
        desk.pins(ALICE, known).await;
        bot.settle().await;
        desk.pins(ALICE, gone).await;
        bot.settle().await;
        let pinned = desk.record().await.len();
        assert_eq!(pinned, 2);
        for event in ["pin_added", "pin_removed", "reaction_added", "message"] {
            bot.breaks_down(event, Failing::Delivery { how: Misdelivery::Drop });
        }
        desk.edits(BOB, known, "p99 is 4 s").await;
        desk.deletes(BOB, gone).await;
        desk.reacts(CAROL, later, "pushpin").await;
        let reply = desk.writes_below(CAROL, "It is full", Some(parent)).await;
        desk.pins(CAROL, reply).await;
        bot.mends();
        bot.settle().await;
        assert_eq!(desk.record().await.len(), pinned, "nobody told");
        let channel = desk.channel;
        let mut bot = bot;
        for _ in 0..2 {
            let since = bot.a_moment_later();
            bot = bot.restarted(&fresh).await;
            bot.asks_what_was_missed(since).await;
            bot.settle().await;
            assert_eq!(Desk { bot: &bot, channel: channel.clone() }.record().await.len(), 6);
        }
        let mut record = Desk { bot: &bot, channel }.record().await.split_off(pinned);
        record.sort();
        let mut expected = [
            "deleted".to_owned(),
            format!("{CAROL} pinned, by {BOB}: Rolled back"),
            format!("{CAROL} pinned, by {CAROL}: It is full"),
            "instead of 3: p99 is 4 s".to_owned(),
        ];
        expected.sort();
        assert_eq!(record, expected);
        bot.slack.expect_refusal("conversations.replies", "thread_not_found");
        bot.ends().await;
    }
}

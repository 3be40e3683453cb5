//! Notes that are corrected, and notes that are forgotten.

use stentor::engine::order::{NotDone, Order, Target};
use stentor::ids::UserId;
use stentor::incident::command::Command;
use stentor::incident::event::{Actor, Event, Via};
use stentor::incident::papers::Paperwork;
use stentor::incident::papers::note::notes;
use stentor::store::timeline;

use crate::bot::{ALICE, BOB, Bot};
use crate::databases::on_each_database;
use crate::stories::channel_of;

/// Somebody does something with a note of the first incident; why not, if they may not.
async fn does(bot: &Bot, user: &str, paperwork: Paperwork) -> Result<i64, String> {
    let order = Order {
        workspace: bot.stentor.app.workspace.clone(),
        receipt: None,
        target: Target::Number(1),
        actor: Actor::Person { user: UserId::from(user) },
        through: None,
        via: Via::Api,
        command: Command::Paperwork(paperwork),
        expected_version: None,
    };
    match bot.stentor.app.engine.submit(order).await {
        Ok(done) => Ok(done.incident.version),
        Err(NotDone::Refused(refusal)) => Err(refusal.to_string()),
        Err(error) => panic!("{error}"),
    }
}

fn comment(text: &str) -> Paperwork {
    Paperwork::Comment { text: text.to_owned(), mentions: Vec::new() }
}

fn edit(note: i64, text: &str) -> Paperwork {
    Paperwork::EditNote { note, text: text.to_owned() }
}

/// What the notes of the first incident say now.
async fn read(bot: &Bot) -> Vec<String> {
    let incident = bot.incident(1).await;
    let record = bot.record(&incident).await;
    notes(&incident.id, &record).into_iter().map(|note| note.text).collect()
}

on_each_database! {
    async fn a_note_is_its_authors_to_correct(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.declares("Checkout is slow").await;
        let note = does(&bot, ALICE, comment("rolled back to 1.3")).await.unwrap();
        does(&bot, ALICE, edit(note, "rolled back to 1.4")).await.unwrap();
        assert_eq!(read(&bot).await, ["rolled back to 1.4"]);
        let not_theirs = "Only who wrote a note can change or delete it.";
        assert_eq!(does(&bot, BOB, edit(note, "ha")).await.unwrap_err(), not_theirs);
        assert_eq!(does(&bot, BOB, Paperwork::DeleteNote { note }).await.unwrap_err(), not_theirs);
        for no_note in [0, -1, 1, 2, 99, i64::MAX] {
            let refused = does(&bot, ALICE, edit(no_note, "ha")).await.unwrap_err();
            assert_eq!(refused, "There is no such note in this incident.", "{no_note}");
        }
        bot.ends().await;
    }

    async fn a_note_that_is_deleted_leaves_no_text_behind(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let note = does(&bot, ALICE, comment("the password is hunter2")).await.unwrap();
        does(&bot, ALICE, edit(note, "the password was hunter2")).await.unwrap();
        does(&bot, BOB, comment("it was not")).await.unwrap();
        does(&bot, ALICE, Paperwork::DeleteNote { note }).await.unwrap();
        assert_eq!(read(&bot).await, ["it was not"]);
        let mut tx = bot.stentor.app.db.read().await.unwrap();
        let workspace = &bot.stentor.app.workspace;
        let record = timeline::whole(&mut tx, workspace, &incident.id).await.unwrap();
        drop(tx);
        assert!(!format!("{record:?}").contains("hunter2"), "{record:?}");
        let versions: Vec<i64> = record.iter().map(|entry| entry.version).collect();
        assert_eq!(versions, (1..=6).collect::<Vec<i64>>(), "that there was a note stays");
        for paperwork in [edit(note, "again"), Paperwork::DeleteNote { note }] {
            let refused = does(&bot, ALICE, paperwork).await.unwrap_err();
            assert_eq!(refused, "There is no such note in this incident.");
        }
        let shown = bot.says(ALICE, channel_of(&incident), "timeline").await;
        assert_eq!(shown, "Timeline of INC-1 Checkout is slow");
        bot.ends().await;
    }

    /// Commands that wait together share a transaction: what one writes, the next one finds.
    async fn a_note_can_be_written_corrected_and_deleted_in_one_go(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.declares("Checkout is slow").await;
        let next = bot.incident(1).await.version + 1;
        let (wrote, edited, deleted, again) = tokio::join!(
            does(&bot, ALICE, comment("the password is hunter2")),
            does(&bot, ALICE, edit(next, "the password was hunter2")),
            does(&bot, ALICE, Paperwork::DeleteNote { note: next }),
            does(&bot, ALICE, Paperwork::DeleteNote { note: next }),
        );
        assert_eq!((wrote, edited, deleted), (Ok(next), Ok(next + 1), Ok(next + 2)));
        again.unwrap_err();
        let record = bot.record(&bot.incident(1).await).await;
        assert!(!format!("{record:?}").contains("hunter2"), "{record:?}");
        assert!(matches!(&record.last().unwrap().event, Event::Paperwork(_)));
        bot.ends().await;
    }
}

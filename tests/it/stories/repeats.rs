//! The same thing three times is one change, with the same answer each time.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::channel_of;
use crate::bot::{ALICE, BOB, Bot, GENERAL};
use crate::databases::on_each_database;
use crate::http::Answer;
use crate::raw::{Wire, whispered};

/// What is sent again and again.
#[derive(Clone)]
enum Sent {
    Command(&'static str, String, &'static str),
    Press(&'static str, String),
    Form(&'static str, Value, Value),
}

async fn send(wire: Wire, sent: Sent, id: String) -> Answer {
    match sent {
        Sent::Command(user, channel, text) => wire.types(user, &channel, text, &id).await,
        Sent::Press(action, incident) => wire.presses(BOB, GENERAL, (action, &incident), &id).await,
        Sent::Form(form, origin, values) => {
            wire.submits(ALICE, &id, (form, &origin), &values).await
        }
    }
}

/// Three times one after another, and three times at once: the answers are all alike.
async fn send_again(wire: &Wire, sent: &Sent, id: &str) -> String {
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(send(wire.clone(), sent.clone(), format!("{id}/slowly")).await);
    }
    same(&answers)
}

async fn send_at_once(wire: &Wire, sent: &Sent, id: &str) -> String {
    let mut at_once = JoinSet::new();
    for _ in 0..3 {
        at_once.spawn(send(wire.clone(), sent.clone(), format!("{id}/at once")));
    }
    same(&at_once.join_all().await)
}

fn same(answers: &[Answer]) -> String {
    for answer in answers {
        assert_eq!((answer.status, &answer.text), (answers[0].status, &answers[0].text));
    }
    assert_eq!(answers[0].status.as_u16(), 200);
    answers[0].text.clone()
}

on_each_database! {
    async fn a_declaration_sent_again_is_one_incident(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let wire = Wire::to(&bot).await;
        let name = json!({"name": {"type": "plain_text_input", "value": "Checkout is slow"}});
        let form = Sent::Form("declare", json!({"declared_in": GENERAL}), name);
        assert_eq!(send_again(&wire, &form, "V1").await, "");
        assert_eq!(bot.latest().await.unwrap().number, 1);
        assert_eq!(send_at_once(&wire, &form, "V1").await, "");
        assert_eq!(bot.latest().await.unwrap().number, 2);
        bot.settle().await;
        bot.reads_everything_once(1).await;
        bot.reads_everything_once(2).await;
        bot.ends().await;
    }

    async fn a_command_sent_again_is_done_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let wire = Wire::to(&bot).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident).to_owned();
        for (n, text) in ["update Rolling back", "note Rolled back", "severity major", "lead me"].into_iter().enumerate() {
            let before = bot.incident(1).await.version;
            let sent = Sent::Command(ALICE, channel.clone(), text);
            send_again(&wire, &sent, &format!("{n}")).await;
            assert_eq!(bot.incident(1).await.version, before + 1, "{text}");
        }
        let noted = Sent::Command(ALICE, GENERAL.to_owned(), "INC-1 note Three at once");
        let before = bot.incident(1).await.version;
        let answer = send_at_once(&wire, &noted, "note").await;
        assert!(answer.contains("Noted in the timeline of"), "{answer}");
        assert_eq!(bot.incident(1).await.version, before + 1);
        bot.settle().await;
        let posts = bot.reads_everything_once(1).await;
        assert_eq!(posts, [
            "INC-1: Rolling back · Update from <@U0ALICE>",
            "INC-1: Severity set to Major · by <@U0ALICE>",
            "INC-1: <@U0ALICE> is Incident Lead",
        ]);
        bot.ends().await;
    }

    async fn a_press_sent_again_is_done_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let wire = Wire::to(&bot).await;
        let incident = bot.declares("Checkout is slow").await;
        assert_eq!(send_again(&wire, &Sent::Press("take_lead", incident.id.to_string()), "1").await, "");
        bot.settle().await;
        let close = wire.types(ALICE, channel_of(&incident), "close Done", "2").await;
        assert_eq!(whispered(&close), None);
        assert_eq!(send_at_once(&wire, &Sent::Press("reopen", incident.id.to_string()), "3").await, "");
        bot.settle().await;
        assert_eq!(bot.reads_everything_once(1).await, [
            "INC-1: <@U0BOB> is Incident Lead",
            "INC-1: Done · Closed after less than a minute · by <@U0ALICE>",
            "INC-1: Reopened, now Investigating · by <@U0BOB>",
        ]);
        bot.ends().await;
    }

    async fn a_form_sent_again_is_taken_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let wire = Wire::to(&bot).await;
        let incident = bot.declares("Checkout is slow").await;
        let edits = bot.count("chat.update");
        let message = json!({"message": {"type": "plain_text_input", "value": "Warm again"}});
        let form = Sent::Form("resolve", json!({"incident": incident.id}), message);
        assert_eq!(send_again(&wire, &form, "V1").await, "");
        bot.settle().await;
        assert_eq!(bot.reads_everything_once(1).await.len(), 1);
        assert_eq!(bot.count("chat.update") - edits, 2, "one edit each of welcome and announcement");
        bot.ends().await;
    }

    /// What comes without the id that tells it from others counts each time: better twice than
    /// taken for another's repetition.
    async fn what_has_no_id_is_nobodys_repetition(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let wire = Wire::to(&bot).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        wire.types(ALICE, channel, "note One", "").await;
        wire.types(ALICE, channel, "note Two", "").await;
        let name = |name: &str| json!({"name": {"value": name}});
        wire.submits(ALICE, "", ("rename", &json!({"incident": incident.id})), &name("a")).await;
        wire.submits(ALICE, "", ("rename", &json!({"incident": incident.id})), &name("b")).await;
        let now = bot.incident(1).await;
        assert_eq!((now.name.as_str(), now.version), ("b", incident.version + 4));
        bot.ends().await;
    }

    async fn two_people_at_once_are_two_changes(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let wire = Wire::to(&bot).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident).to_owned();
        let mut at_once = JoinSet::new();
        for n in 0..20 {
            let (wire, channel) = (wire.clone(), channel.clone());
            at_once.spawn(async move { wire.types(ALICE, &channel, &format!("note {n}"), &format!("t{n}")).await });
        }
        for answer in at_once.join_all().await {
            assert_eq!(whispered(&answer).unwrap(), "Noted in the timeline of INC-1.");
        }
        assert_eq!(bot.incident(1).await.version, incident.version + 20);
        bot.ends().await;
    }
}

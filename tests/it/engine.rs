//! The engine alone: what it writes, and what it answers when the same thing is asked twice.

use std::sync::Arc;

use stentor::app::App;
use stentor::clock::{Clock, Timestamp};
use stentor::engine::order::{Done, NotDone, Order, Target};
use stentor::ids::{IdSource, UserId};
use stentor::incident::command::{Command, Declare};
use stentor::incident::event::{Actor, Via};
use stentor::incident::state::Incident;
use stentor::store::{outbox, timeline};

use crate::databases::{Fresh, on_each_database};

async fn app(fresh: &Fresh) -> App {
    let clock = Clock::manual(Timestamp::from_micros(1_790_000_000_000_000));
    App::start(fresh.open().await, clock, IdSource::system()).await.unwrap()
}

fn order(app: &App, target: Target, receipt: Option<&str>, command: Command) -> Order {
    Order {
        workspace: app.workspace.clone(),
        receipt: receipt.map(str::to_owned),
        target,
        actor: Actor::Person { user: UserId::from("U0ALICE") },
        through: None,
        via: Via::Command,
        command,
        expected_version: None,
    }
}

async fn declare(app: &App, receipt: &str, name: &str) -> Result<Done, NotDone> {
    let command = Command::Declare(Declare { name: name.to_owned(), ..Declare::default() });
    app.engine.submit(order(app, Target::New, Some(receipt), command)).await
}

async fn record(app: &App, incident: &Incident) -> Vec<stentor::incident::event::Entry> {
    let mut tx = app.db.read().await.unwrap();
    timeline::after(&mut tx, &app.workspace, &incident.id, 0, 1_000).await.unwrap()
}

on_each_database! {
    /// Sixty at once, every one three times, some refused: numbers 1 to 60, each once.
    async fn numbers_have_no_gaps_and_no_repeats(fresh: Fresh) {
        let app = app(&fresh).await;
        let mut asked = tokio::task::JoinSet::new();
        for n in 0..60 {
            for _ in 0..3 {
                let app = app.clone();
                asked.spawn(async move { declare(&app, &format!("view/{n}"), &format!("Incident {n}")).await });
            }
            let app = app.clone();
            asked.spawn(async move { declare(&app, &format!("empty/{n}"), " ").await });
        }
        let mut numbers = Vec::new();
        let mut refused = 0;
        while let Some(result) = asked.join_next().await {
            match result.unwrap() {
                Ok(done) => numbers.push(done.incident.number),
                Err(NotDone::Refused(_)) => refused += 1,
                Err(NotDone::Unavailable(error)) => panic!("{error}"),
            }
        }
        numbers.sort_unstable();
        let expected: Vec<i64> = (1..=60).flat_map(|n| [n, n, n]).collect();
        assert_eq!(numbers, expected);
        assert_eq!(refused, 60);
    }

    async fn the_record_replays_to_the_row(fresh: Fresh) {
        let app = app(&fresh).await;
        let declared = declare(&app, "view/1", "Checkout is slow").await.unwrap().incident;
        let target = Target::Id(declared.id.clone());
        let update = Command::Update {
            message: Some("Found it".to_owned()),
            status: Some("fixing".to_owned()),
            severity: Some("sev1".to_owned()),
            next_update_in_minutes: Some(30),
        };
        app.engine.submit(order(&app, target.clone(), None, update)).await.unwrap();
        app.clock.advance(std::time::Duration::from_secs(60));
        let close = Command::Close { message: None };
        let closed = app.engine.submit(order(&app, target, None, close)).await.unwrap().incident;
        let record = record(&app, &closed).await;
        assert_eq!(Incident::replay(closed.id.clone(), &record), Some(Incident::clone(&closed)));
    }

    async fn a_refused_submission_leaves_no_receipt(fresh: Fresh) {
        let app = app(&fresh).await;
        assert!(matches!(declare(&app, "view/1", "").await, Err(NotDone::Refused(_))));
        let corrected = declare(&app, "view/1", "Now with a name").await.unwrap();
        let again = declare(&app, "view/1", "And once more").await.unwrap();
        assert_eq!(again, corrected, "the second delivery gets the first one's answer");
    }

    /// Two replicas on one database write to one incident: every change lands, none twice.
    async fn two_writers_on_one_incident_lose_nothing(fresh: Fresh) {
        let app = app(&fresh).await;
        let declared = declare(&app, "view/1", "Contended").await.unwrap().incident;
        let other = App::start(app.db.clone(), app.clock.clone(), IdSource::system()).await.unwrap();
        assert_eq!(other.workspace, app.workspace);
        let mut asked = tokio::task::JoinSet::new();
        for n in 0..40 {
            let app = if n % 2 == 0 { app.clone() } else { other.clone() };
            let target = Target::Id(declared.id.clone());
            asked.spawn(async move {
                let note = Command::Note { text: format!("note {n}") };
                app.engine.submit(order(&app, target, Some(&format!("note/{n}")), note)).await.unwrap()
            });
        }
        asked.join_all().await;
        let record = record(&app, &declared).await;
        assert_eq!(record.len(), 41);
        assert_eq!(record.last().unwrap().version, 41);
    }

    /// Two replicas are asked at once to merge two incidents into each other: one of them goes on.
    async fn two_writers_close_no_circle_of_merges(fresh: Fresh) {
        let app = app(&fresh).await;
        let other = App::start(app.db.clone(), app.clock.clone(), IdSource::system()).await.unwrap();
        for pair in 0..15 {
            let one = declare(&app, &format!("one/{pair}"), "One").await.unwrap().incident;
            let two = declare(&app, &format!("two/{pair}"), "Two").await.unwrap().incident;
            let merge = |app: &App, from: &Incident, into: &Incident| {
                let command = Command::Merge { into: into.reference() };
                let order = order(app, Target::Id(from.id.clone()), None, command);
                let app = app.clone();
                tokio::spawn(async move { app.engine.submit(order).await })
            };
            let (first, second) = (merge(&app, &one, &two), merge(&other, &two, &one));
            let results = [first.await.unwrap(), second.await.unwrap()];
            let refused: Vec<String> = results.iter().filter_map(|result| match result {
                Ok(_) => None,
                Err(NotDone::Refused(refusal)) => Some(refusal.to_string()),
                Err(NotDone::Unavailable(error)) => panic!("{error}"),
            }).collect();
            assert_eq!(refused.len(), 1, "{refused:?}");
            assert!(refused[0].contains("can't go on in each other"), "{refused:?}");
        }
    }

    async fn a_stale_version_is_refused(fresh: Fresh) {
        let app = app(&fresh).await;
        let declared = declare(&app, "view/1", "Versioned").await.unwrap().incident;
        let note = Command::Note { text: "late".to_owned() };
        let stale = Order { expected_version: Some(7), ..order(&app, Target::Id(declared.id.clone()), None, note) };
        let Err(NotDone::Refused(refusal)) = app.engine.submit(stale).await else { panic!("it is stale") };
        assert_eq!(refusal.code(), "stale-version");
    }

    /// A text that Postgres can't keep must not take its neighbours in the batch with it.
    async fn hostile_text_is_kept_without_what_no_database_bears(fresh: Fresh) {
        let app = app(&fresh).await;
        let done = declare(&app, "view/1", "null \0 byte \u{202e}reversed <!channel> 🔥").await.unwrap();
        assert_eq!(done.incident.name, "null byte reversed <!channel> 🔥");
    }

    async fn work_for_slack_is_written_with_the_change_and_joined(fresh: Fresh) {
        let app = app(&fresh).await;
        let declared = declare(&app, "view/1", "Busy").await.unwrap().incident;
        for name in ["Busier", "Busiest"] {
            let rename = Command::Rename { name: name.to_owned() };
            app.engine.submit(order(&app, Target::Number(1), None, rename)).await.unwrap();
        }
        let mut tx = app.db.read().await.unwrap();
        let left = outbox::left(&mut tx, 100).await.unwrap();
        let mut keys: Vec<String> =
            left.iter().map(|work| work.key.replace(declared.id.as_str(), "incident")).collect();
        keys.sort();
        let surfaces = ["announcement", "channel", "members", "name", "topic", "welcome"];
        assert_eq!(keys, surfaces.map(|surface| format!("incident/refresh/{surface}")));
    }

    async fn a_database_that_is_away_is_an_error_that_the_sender_sees(fresh: Fresh) {
        let app = app(&fresh).await;
        app.db.close().await;
        let Err(NotDone::Unavailable(error)) = declare(&app, "view/1", "Nobody home").await else {
            panic!("nothing can be saved")
        };
        assert!(matches!(*error, sqlx::Error::PoolClosed), "{error}");
        drop(Arc::clone(&error));
    }
}

//! The three books that must agree when all is quiet: what clients were told, what the record says,
//! and what Slack shows.

use std::collections::BTreeMap;

use sqlx::sqlite::SqlitePoolOptions;
use stentor::incident::catalogue::Catalogue;
use stentor::incident::event::{Actor, Entry, Event};
use stentor::incident::state::Incident;
use stentor::incident::wanted::Wanted;
use stentor::store::db::{Db, Tx};
use stentor::store::{incident_lists, outbox, timeline};

use crate::database::{options, workspace};
use crate::journal;
use crate::ledger::{Asked, Heard, mark};
use crate::shown;
use crate::world::World;

/// An incident as the database has it.
pub struct Book {
    pub incident: Incident,
    pub record: Vec<Entry>,
}

impl World {
    /// Everything that does not agree.
    pub fn disagreements(&self) -> Vec<String> {
        let (books, left, lines) = self.look(async |tx| {
            let (workspace, every) = (workspace(), Wanted::Every);
            let all = incident_lists::newest(tx, &workspace, &Actor::Stentor, every, None, 100);
            let mut books = Vec::new();
            for incident in all.await.unwrap() {
                let record = timeline::after(tx, &workspace, &incident.id, 0, 10_000);
                books.push(Book { record: record.await.unwrap(), incident });
            }
            books.sort_by_key(|book| book.incident.number);
            let left = outbox::left(tx, 1_000).await.unwrap();
            let lines = tx.query("SELECT what, lane, old_due, lease FROM journal");
            (books, left, lines.all::<journal::Line>().await.unwrap())
        });
        let asked = self.ledger.all();
        let mut wrong = Vec::new();
        wrong.extend(left.iter().map(|left| format!("work is left: {left:?}")));
        wrong.extend(lines.iter().filter_map(journal::Line::complaint));
        for (place, book) in books.iter().enumerate() {
            check_record(place, book, &mut wrong);
        }
        for (number, asked) in asked.iter().enumerate() {
            check_order(number, asked, &books, &mut wrong);
        }
        check_authors(&asked, &books, &mut wrong);
        let catalogue = Catalogue::default();
        shown::check(&self.slack.slack, &books, &catalogue, &mut wrong);
        wrong
    }

    /// What is left in the outbox.
    pub fn left(&self) -> Vec<outbox::Left> {
        self.look(async |tx| outbox::left(tx, 1_000).await.unwrap())
    }

    fn look<T>(&self, look: impl AsyncFnOnce(&mut Tx) -> T) -> T {
        self.outside.block_on(async {
            let pool = SqlitePoolOptions::new().max_connections(1);
            let pool = pool.connect_with(options(self.file.path())).await.unwrap();
            let db = Db::Sqlite { write: pool.clone(), read: pool, file: None };
            let mut tx = db.read().await.unwrap();
            let seen = look(&mut tx).await;
            drop(tx);
            db.close().await;
            seen
        })
    }
}

/// Numbers and versions have no gaps, and the record makes the row.
fn check_record(place: usize, book: &Book, wrong: &mut Vec<String>) {
    let Book { incident, record } = book;
    let name = incident.reference();
    if incident.number != i64::try_from(place).unwrap() + 1 {
        wrong.push(format!("{name} stands in place {}", place + 1));
    }
    let versions: Vec<i64> = record.iter().map(|entry| entry.version).collect();
    if versions != (1..=incident.version).collect::<Vec<_>>() {
        wrong.push(format!(
            "{name} is at version {}, its record has {versions:?}",
            incident.version
        ));
    }
    if Incident::replay(incident.id.clone(), record).as_ref() != Some(incident) {
        wrong.push(format!("the record of {name} does not make its row"));
    }
    if record.windows(2).any(|pair| pair[0].at > pair[1].at) {
        wrong.push(format!("the times of {name} run backwards"));
    }
}

/// What was acknowledged is there once, what was not at most once, and every answer was the same.
fn check_order(number: usize, asked: &Asked, books: &[Book], wrong: &mut Vec<String>) {
    let made: Vec<&Entry> = books
        .iter()
        .flat_map(|book| &book.record)
        .filter(|entry| author(entry).as_deref() == Some(mark(number).as_str()))
        .collect();
    if made.len() > 1 {
        wrong.push(format!("order {number} was carried out {} times", made.len()));
    }
    let Some(done) = asked.done() else { return };
    for heard in &asked.heard {
        match heard {
            Heard::Done(other)
                if (&other.incident, &other.entries) != (&done.incident, &done.entries) =>
            {
                wrong.push(format!("order {number} was answered in two ways"));
            }
            _ => {}
        }
    }
    let answered: Vec<&Entry> = done.entries.iter().map(AsRef::as_ref).collect();
    if answered != made {
        wrong.push(format!("order {number} was acknowledged as {answered:?}, and made {made:?}"));
    }
}

/// Nothing is in the record that nobody asked for.
fn check_authors(asked: &[Asked], books: &[Book], wrong: &mut Vec<String>) {
    let marks: Vec<String> = (0..asked.len()).map(mark).collect();
    let mut rung: BTreeMap<(i64, String), usize> = BTreeMap::new();
    for (book, entry) in books.iter().flat_map(|book| book.record.iter().map(move |e| (book, e))) {
        let name = book.incident.reference();
        match (&entry.event, author(entry)) {
            (_, Some(mark)) if marks.contains(&mark) => {}
            (Event::ChannelOpened { .. }, None) => {
                *rung.entry((book.incident.number, "channel".to_owned())).or_default() += 1;
            }
            (Event::UpdateOverdue { due }, None) => {
                *rung.entry((book.incident.number, due.to_string())).or_default() += 1;
            }
            _ => wrong.push(format!("nobody asked {name} for {entry:?}")),
        }
    }
    let twice = rung.into_iter().filter(|(_, times)| *times > 1);
    wrong
        .extend(twice.map(|((number, what), times)| format!("INC-{number}: {what} {times} times")));
}

/// The mark of the order that made an entry.
fn author(entry: &Entry) -> Option<String> {
    match (&entry.event, &entry.actor) {
        (Event::Declared(declared), _) => {
            declared.name.strip_prefix("Trouble of ").map(str::to_owned)
        }
        (_, Actor::ApiToken { name }) => Some(name.clone()),
        _ => None,
    }
}

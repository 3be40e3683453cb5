//! Keeps people, schedules and escalation paths, and has people paged.
//!
//! What any of these mean is said in [`oncall`](crate::oncall), which does no I/O. This is the only
//! writer of them. What follows from a change is work for the outbox, written in the same transaction:
//! so whoever was to be paged is, wherever a process dies, and whichever replica goes on.

mod escalations;
mod paths;
mod schedules;
mod shifts;
mod tidings;
mod world;

use std::sync::Arc;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::ids::IdSource;
use crate::oncall::refusal::{Refused, Unfit};
use crate::store::db::{self, Db};

pub use escalations::Reassignment;

/// How often a transaction is begun again that met another one.
const TRIES: usize = 5;

/// Keeps all of it.
#[derive(Clone)]
pub struct Paging {
    db: Db,
    clock: Clock,
    ids: IdSource,
    work_waits: Arc<Notify>,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// It can't be; the sentence says why.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It could not be saved.
    #[error("it could not be saved")]
    NotSaved(#[from] sqlx::Error),
}

impl From<Unfit> for NotDone {
    fn from(unfit: Unfit) -> Self {
        NotDone::Refused(unfit.into())
    }
}

impl Paging {
    /// A keeper of all of it.
    pub fn new(db: Db, clock: Clock, ids: IdSource, work_waits: Arc<Notify>) -> Paging {
        Paging { db, clock, ids, work_waits }
    }
}

/// So that the compiler knows what comes of a transaction.
fn outcome<T, F: Future<Output = Result<T, NotDone>>>(work: F) -> F {
    work
}

/// Whether a transaction has met another one, and is to be begun again.
fn is_to_be_repeated<T>(result: &Result<T, NotDone>, tries: usize) -> bool {
    let Err(NotDone::NotSaved(error)) = result else { return false };
    db::is_conflict(error) && tries < TRIES
}

/// Does something in a transaction, and again where two of them met.
macro_rules! persist {
    ($work:expr) => {{
        let mut tries = 1;
        loop {
            let result = crate::paging::outcome($work).await;
            if !crate::paging::is_to_be_repeated(&result, tries) {
                break result;
            }
            tries += 1;
        }
    }};
}
use persist;

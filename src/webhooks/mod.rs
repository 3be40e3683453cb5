//! Webhooks out: whoever wants to be told of incidents and alerts over HTTP.
//!
//! What an event means is said by [`meaning`], a pure function. The work of telling is written in
//! the event's own transaction, for each webhook that wants it, in a lane of the webhook's own; what
//! is sent is made by `payload` when it is sent. HTTP knows no "exactly once": a message is sent
//! until its receiver says that it was taken, always with the same id, so it can come twice.

mod attempt;
mod deliver;
pub mod event_type;
pub mod format;
pub mod manage;
pub mod meaning;
pub mod oncall;
mod papers;
mod payload;
pub mod signature;
mod spread;
mod turns;

use std::sync::Arc;

use crate::clock::Clock;
use crate::ids::IdSource;
use crate::rules::Way;
use crate::slack::install::vault::Vault;
use crate::source::Networks;
use crate::store::db::Db;
use crate::store::workspaces::Catalogues;
use crate::webhooks::turns::Turns;

pub use spread::{spread, telling};

/// Sends what webhooks are told.
#[derive(Clone)]
pub struct Courier {
    db: Db,
    clock: Clock,
    ids: IdSource,
    catalogues: Catalogues,
    way: Way,
    vault: Option<Arc<Vault>>,
    turns: Turns,
}

impl Courier {
    /// A courier that goes into no inner network and knows no keys.
    pub fn new(db: Db, clock: Clock, ids: IdSource, catalogues: Catalogues) -> Courier {
        let (way, turns) = (Way::default(), Turns::default());
        Courier { db, clock, ids, catalogues, way, vault: None, turns }
    }

    /// May go into these inner networks, too.
    pub fn into_networks(self, allowed: Networks) -> Courier {
        Courier { way: Way::into(allowed), ..self }
    }

    /// Opens and seals secrets with these keys.
    pub fn with_vault(self, vault: Option<Arc<Vault>>) -> Courier {
        Courier { vault, ..self }
    }
}

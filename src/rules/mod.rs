//! Alert rules at work: kept, evaluated each minute, and told of.
//!
//! What a rule is and when it turns is said in [`alert::rule`](crate::alert::rule), which does no
//! I/O. An evaluation is work in a lane of the rule's own, which writes its result, what follows
//! from it, and its own next time in one transaction: so none is lost, and none is done twice,
//! whichever replica does it and wherever it dies.

pub(crate) mod act;
mod evaluate;
pub(crate) mod http;
pub(crate) mod inner;
mod manage;
mod prometheus;
mod source;
mod way;
mod work;

use std::sync::Arc;

use tokio::sync::{Notify, Semaphore};

use crate::clock::Clock;
use crate::config::rules::RuleSettings;
use crate::ids::IdSource;
use crate::intake::Intake;
use crate::rules::act::Webhooks;
use crate::rules::prometheus::Prometheus;
use crate::store::db::Db;

pub use manage::NotMade;
pub use way::Way;

/// How many questions are asked, and how many webhooks called, at once. The worker's lanes are there
/// for Slack, too: a Prometheus that hangs must not take all of them.
const AT_ONCE: usize = 4;

/// Keeps rules, and evaluates them.
#[derive(Clone)]
pub struct Rules {
    db: Db,
    clock: Clock,
    ids: IdSource,
    intake: Intake,
    work_waits: Arc<Notify>,
    prometheus: Option<Prometheus>,
    webhooks: Webhooks,
    questions: Arc<Semaphore>,
}

impl Rules {
    /// Rules without a Prometheus, and whose webhooks go to no inner network.
    pub fn new(
        db: Db,
        clock: Clock,
        ids: IdSource,
        intake: Intake,
        work_waits: Arc<Notify>,
    ) -> Rules {
        Rules {
            db,
            clock,
            ids,
            intake,
            work_waits,
            prometheus: None,
            webhooks: Webhooks::default(),
            questions: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Rules with these settings.
    pub fn with(self, settings: &RuleSettings) -> std::io::Result<Rules> {
        let prometheus = settings.prometheus_url.as_deref().map(Prometheus::at).transpose()?;
        let webhooks = Webhooks::into(settings.webhook_networks.clone());
        Ok(Rules { prometheus, webhooks, ..self })
    }
}

//! The only writer of incidents: a command goes in, and comes back when it is durable.
//!
//! Commands that wait together share a commit. The writer takes what is waiting, decides each in
//! turn, writes everything with a few statements, commits once, and only then answers them all.

mod batch;
pub mod order;

use std::sync::Arc;

use tokio::sync::{Notify, mpsc, oneshot};

use crate::clock::Clock;
use crate::engine::batch::Batch;
use crate::engine::order::{Done, NotDone, Order};
use crate::ids::IdSource;
use crate::store::db::{self, Db};
use crate::store::workspaces::Catalogues;

/// Commands in one commit. More would make the first wait for the last without saving anything.
const COMMANDS_AT_ONCE: usize = 128;
/// Commands waiting for the writer. Beyond that, callers wait before they queue.
const QUEUE: usize = 1_024;
/// How often a commit is tried again when another replica was faster.
const TRIES: usize = 8;

/// Hands commands to the writer.
#[derive(Clone)]
pub struct Engine {
    queue: mpsc::Sender<Waiting>,
}

struct Waiting {
    order: Order,
    answer: oneshot::Sender<Result<Done, NotDone>>,
}

impl Engine {
    /// Starts the writer, which runs until the last handle is dropped. It tells `work_waits` after
    /// each commit that left something to do outside.
    pub fn start(
        db: Db,
        clock: Clock,
        ids: IdSource,
        catalogues: Catalogues,
        work_waits: Arc<Notify>,
    ) -> Engine {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let batch = Batch { db, clock, ids, catalogues };
        tokio::spawn(write(batch, waiting, work_waits));
        Engine { queue }
    }

    /// Carries out a command. When this returns `Ok`, the change is durable, and what follows
    /// from it will happen.
    pub async fn submit(&self, order: Order) -> Result<Done, NotDone> {
        let kind = kind(&order);
        let (answer, answered) = oneshot::channel();
        let closed = || NotDone::Unavailable(Arc::new(sqlx::Error::PoolClosed));
        self.queue.send(Waiting { order, answer }).await.map_err(|_| closed())?;
        let result = answered.await.unwrap_or_else(|_| Err(closed()));
        let outcome = match &result {
            Ok(_) => "done",
            Err(NotDone::Refused(_)) => "refused",
            Err(NotDone::Unavailable(_)) => "unavailable",
        };
        metrics::counter!("stentor_commands_total", "command" => kind, "outcome" => outcome)
            .increment(1);
        result
    }
}

async fn write(batch: Batch, mut queue: mpsc::Receiver<Waiting>, work_waits: Arc<Notify>) {
    let mut waiting = Vec::with_capacity(COMMANDS_AT_ONCE);
    while queue.recv_many(&mut waiting, COMMANDS_AT_ONCE).await > 0 {
        let (orders, answers): (Vec<Order>, Vec<_>) =
            waiting.drain(..).map(|one| (one.order, one.answer)).unzip();
        let results = carry_out(&batch, &orders, &work_waits).await;
        for (answer, result) in answers.into_iter().zip(results) {
            // Whoever asked may have gone; what was done stays done.
            answer.send(result).ok();
        }
    }
}

/// Carries out all of them in one commit; if that fails for a reason that may lie in one of them,
/// each in a commit of its own, so that none spoils it for its neighbours.
async fn carry_out(
    batch: &Batch,
    orders: &[Order],
    work_waits: &Notify,
) -> Vec<Result<Done, NotDone>> {
    match commit(batch, orders, work_waits).await {
        Ok(results) => results,
        Err(error) if orders.len() == 1 || db::is_away(&error) => {
            tracing::warn!(error = %error, commands = orders.len(), "Could not save commands");
            let error = Arc::new(error);
            orders.iter().map(|_| Err(NotDone::Unavailable(Arc::clone(&error)))).collect()
        }
        Err(error) => {
            tracing::warn!(error = %error, commands = orders.len(), "Commands go on one by one");
            let mut results = Vec::with_capacity(orders.len());
            for order in orders {
                let alone =
                    Box::pin(carry_out(batch, std::slice::from_ref(order), work_waits)).await;
                results.extend(alone);
            }
            results
        }
    }
}

async fn commit(
    batch: &Batch,
    orders: &[Order],
    work_waits: &Notify,
) -> Result<Vec<Result<Done, NotDone>>, sqlx::Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        match batch.run(orders).await {
            Ok(outcome) => {
                if outcome.left_work {
                    work_waits.notify_one();
                }
                return Ok(outcome
                    .results
                    .into_iter()
                    .map(|result| result.map_err(NotDone::from))
                    .collect());
            }
            Err(error) if db::is_conflict(&error) && tries < TRIES => {
                tracing::debug!(tries, "Another writer was faster");
            }
            Err(error) => return Err(error),
        }
    }
}

/// The word for a command in metrics: few, and never somebody's text.
fn kind(order: &Order) -> &'static str {
    use crate::incident::command::Command;
    match order.command {
        Command::Declare(_) => "declare",
        Command::Update { .. } => "update",
        Command::Severity { .. } => "severity",
        Command::Status { .. } => "status",
        Command::Resolve { .. } => "resolve",
        Command::Close { .. } => "close",
        Command::Reopen { .. } => "reopen",
        Command::Role { .. } => "role",
        Command::Summary { .. } => "summary",
        Command::Rename { .. } => "rename",
        Command::Note { .. } => "note",
        Command::RecordChannel { .. } => "record_channel",
        Command::RecordUndelivered { .. } => "record_undelivered",
        Command::RecordMessage { .. } => "record_message",
        Command::Ring { .. } => "ring",
    }
}

//! The only writer of incidents: a command goes in, and comes back when it is durable.
//!
//! Commands that wait together share a commit. The writer takes what is waiting, decides each in
//! turn, writes everything with a few statements, commits once, and only then answers them all.
//!
//! The connection to the database may break between a commit and its answer. Whether it happened is
//! then found out by carrying out the same commands again: each has a receipt, its own or one that
//! it is given here, so what did happen is only read.

mod batch;
mod beside;
pub mod catalogue;
pub mod catching_up;
pub mod naming;
pub mod order;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::engine::batch::{Batch, Failed};
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
/// How long it is tried to find out whether a commit happened. A failover takes less; after 30 s the
/// database itself has ended a transaction whose connection broke.
const UNCLEAR_FOR: Duration = Duration::from_secs(30);
/// How often that is tried.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Hands commands to the writer.
#[derive(Clone)]
pub struct Engine {
    queue: mpsc::Sender<Waiting>,
}

struct Waiting {
    order: Order,
    answer: Answering,
}

type Answering = oneshot::Sender<Result<Done, NotDone>>;

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
    let writer = Writer { batch: Arc::new(batch), work_waits };
    let mut waiting = Vec::with_capacity(COMMANDS_AT_ONCE);
    while queue.recv_many(&mut waiting, COMMANDS_AT_ONCE).await > 0 {
        writer.carry_out(waiting.drain(..).map(|one| writer.with_receipt(one)).collect()).await;
    }
}

#[derive(Clone)]
struct Writer {
    batch: Arc<Batch>,
    work_waits: Arc<Notify>,
}

/// What came of each order.
type Results = Vec<Result<Done, NotDone>>;

impl Writer {
    /// Gives an order that nobody can ask for twice a receipt of its own nevertheless, so that we
    /// can.
    fn with_receipt(&self, mut waiting: Waiting) -> Waiting {
        let new = || format!("order/{}", self.batch.ids.ulid(self.batch.clock.now()));
        waiting.order.receipt.get_or_insert_with(new);
        waiting
    }

    /// Carries out all of them in one commit; if that fails for a reason that may lie in one of
    /// them, each in a commit of its own, so that none spoils it for its neighbours.
    async fn carry_out(&self, waiting: Vec<Waiting>) {
        let (orders, answers): (Vec<Order>, Vec<Answering>) =
            waiting.into_iter().map(|one| (one.order, one.answer)).unzip();
        let failed = match self.commit(&orders).await {
            Ok(results) => return answer(answers, results),
            Err(failed) => failed,
        };
        let (error, commands) = (&failed.error, orders.len());
        if failed.is_unclear {
            tracing::warn!(error = %error, commands, "The answer to a commit was lost");
            let writer = self.clone();
            // The others need not wait for what may take a while.
            tokio::spawn(async move { writer.find_out(orders, answers).await });
        } else if commands == 1 || db::is_away(error) {
            tracing::warn!(error = %error, commands, "Could not save commands");
            answer(answers, unavailable(failed, commands));
        } else {
            tracing::warn!(error = %error, commands, "Commands go on one by one");
            for (order, answer) in orders.into_iter().zip(answers) {
                Box::pin(self.carry_out(vec![Waiting { order, answer }])).await;
            }
        }
    }

    /// Carries out again what may have been carried out already, until it is certain that it was.
    ///
    /// Whoever asked waits meanwhile: nobody may be told that nothing was changed before that is
    /// true. If the first transaction is still under way, its receipts keep the second one waiting.
    async fn find_out(&self, orders: Vec<Order>, answers: Vec<Answering>) {
        let until = Instant::now() + UNCLEAR_FOR;
        loop {
            match self.commit(&orders).await {
                Ok(results) => return answer(answers, results),
                Err(failed) if Instant::now() < until => {
                    tracing::debug!(error = %failed.error, "It is still unclear what was saved");
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                Err(failed) => {
                    let (error, commands) = (&failed.error, orders.len());
                    tracing::error!(error = %error, commands, "Commands may have been saved; nobody was told so");
                    return answer(answers, unavailable(failed, commands));
                }
            }
        }
    }

    async fn commit(&self, orders: &[Order]) -> Result<Results, Failed> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.batch.run(orders).await {
                Ok(outcome) => {
                    if outcome.left_work {
                        self.work_waits.notify_one();
                    }
                    let results = outcome.results.into_iter();
                    return Ok(results.map(|result| result.map_err(NotDone::from)).collect());
                }
                Err(failed) if db::is_conflict(&failed.error) && tries < TRIES => {
                    tracing::debug!(tries, "Another writer was faster");
                }
                Err(failed) => return Err(failed),
            }
        }
    }
}

fn answer(answers: Vec<Answering>, results: Results) {
    for (answer, result) in answers.into_iter().zip(results) {
        // Whoever asked may have gone; what was done stays done.
        answer.send(result).ok();
    }
}

fn unavailable(failed: Failed, commands: usize) -> Results {
    let error = Arc::new(failed.error);
    (0..commands).map(|_| Err(NotDone::Unavailable(Arc::clone(&error)))).collect()
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
        Command::Accept {} => "accept",
        Command::Decline { .. } => "decline",
        Command::Type { .. } => "type",
        Command::Invite { .. } => "invite",
        Command::Snooze { .. } => "snooze",
        Command::Unsnooze {} => "unsnooze",
        Command::Merge { .. } => "merge",
        Command::RecordMerge { .. } => "record_merge",
        Command::RecordChannel { .. } => "record_channel",
        Command::RecordChannelChange { .. } => "record_channel_change",
        Command::RecordUndelivered { .. } => "record_undelivered",
        Command::RecordMessage { .. } => "record_message",
        Command::RecordSignal { .. } => "record_signal",
        Command::RecordAlerts { .. } => "record_alerts",
        Command::RecordPaged { .. } => "record_paged",
        Command::Ring { .. } => "ring",
        Command::Tag { .. } => "tag",
        Command::Untag { .. } => "untag",
        Command::SnoozeUntil { .. } => "snooze_until",
        Command::ResolveAll { .. } => "resolve_all",
        Command::Field { .. } => "field",
        Command::Timestamp { .. } => "timestamp",
        Command::Call { .. } => "call",
        Command::Visibility { .. } => "visibility",
        Command::Pause { .. } => "pause",
        Command::Cancel { .. } => "cancel",
        Command::Edit(_) => "edit",
        Command::Paperwork(_) => "paperwork",
        Command::Remove { .. } => "remove",
        Command::Subscribe { .. } => "subscribe",
        Command::Unsubscribe { .. } => "unsubscribe",
        Command::Relate { .. } => "relate",
        Command::Unrelate { .. } => "unrelate",
        Command::NameChannel { .. } => "name_channel",
    }
}

//! Where everybody waits for their turn.
//!
//! Code under test stops at its scheduling points: before a transaction begins, when a client asks,
//! and when it hears the answer. It goes on when the scheduler says so. A process that crashes is
//! dropped while its tasks stand here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

/// One process's tasks that wait for their turn.
#[derive(Clone, Default)]
pub struct Turns(Arc<Line>);

#[derive(Default)]
struct Line {
    arrivals: AtomicU64,
    waiting: Mutex<Vec<Waiting>>,
}

struct Waiting {
    task: u64,
    arrival: u64,
    what: String,
    go: oneshot::Sender<()>,
}

impl Turns {
    /// Waits until the scheduler lets this task go on.
    pub async fn wait(&self, what: impl Into<String>) {
        let arrival = self.0.arrivals.fetch_add(1, Ordering::SeqCst);
        let (go, may_go) = oneshot::channel();
        let task = tokio::task::try_id().map_or(0, |id| id.to_string().parse().unwrap());
        self.0.waiting.lock().unwrap().push(Waiting { task, arrival, what: what.into(), go });
        let leaves = Leaves { line: Arc::clone(&self.0), arrival };
        may_go.await.ok();
        drop(leaves);
    }

    /// Who waits, by a name for this time: in the order in which the tasks were made, which is the
    /// same in every run, as the order of arrival need not be.
    pub fn waiting(&self) -> Vec<(u64, String)> {
        let mut waiting = self.0.waiting.lock().unwrap();
        waiting.sort_by_key(|one| (one.task, one.arrival));
        waiting.iter().map(|one| (one.arrival, one.what.clone())).collect()
    }

    /// Lets one of them go on.
    pub fn let_go(&self, arrival: u64) {
        let mut waiting = self.0.waiting.lock().unwrap();
        let place = waiting.iter().position(|one| one.arrival == arrival).unwrap();
        waiting.remove(place).go.send(()).ok();
    }
}

/// Takes a task out of the line that does not wait any more, because somebody dropped it.
struct Leaves {
    line: Arc<Line>,
    arrival: u64,
}

impl Drop for Leaves {
    fn drop(&mut self) {
        self.line.waiting.lock().unwrap().retain(|one| one.arrival != self.arrival);
    }
}

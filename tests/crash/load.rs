//! Commands on their way: a burst of them at once, or one after another until it is enough.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::task::JoinHandle;

use crate::ask::{Ask, Deliveries};
use crate::books;
use crate::chance::Chance;
use crate::commands::Plan;
use crate::ledger::Fate;
use crate::requests::Request;
use crate::world::World;

/// Requests under way.
pub struct Burst {
    world: Arc<World>,
    sent: Vec<(usize, Request)>,
    tasks: Vec<JoinHandle<()>>,
}

impl Burst {
    /// Sends these, and once more what got no answer before.
    pub fn send(
        world: &Arc<World>,
        asks: Vec<Ask>,
        again: Vec<(usize, Request)>,
        chance: &mut Chance,
    ) -> Burst {
        let mut sent = again.clone();
        let repeats = again.into_iter().map(|(place, request)| (place, request, Deliveries::Once));
        let new = asks.into_iter().map(|ask| {
            let place = world.ledger.ask(&ask.case, ask.trace, ask.what);
            sent.push((place, ask.request.clone()));
            (place, ask.request, ask.deliveries)
        });
        let new: Vec<_> = new.collect();
        let deliveries = repeats.chain(new).map(|(place, request, often)| {
            let world = Arc::clone(world);
            let wait = Duration::from_millis(chance.within(0..60));
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                deliver(&world, place, &request, often).await;
            })
        });
        Burst { world: Arc::clone(world), tasks: deliveries.collect(), sent }
    }

    /// Waits for all answers, and returns those requests that got none.
    pub async fn end(self) -> Result<Vec<(usize, Request)>> {
        for task in self.tasks {
            task.await?;
        }
        let asked = self.world.ledger.all();
        let unknown = |(place, _): &(usize, Request)| asked[*place].fate == Fate::Unknown;
        Ok(self.sent.into_iter().filter(unknown).collect())
    }
}

async fn deliver(world: &World, place: usize, request: &Request, often: Deliveries) {
    match often {
        Deliveries::Once => {
            world.deliver(place, request).await;
        }
        Deliveries::TwiceInTurn => {
            world.deliver(place, request).await;
            world.deliver(place, request).await;
        }
        Deliveries::TwiceAtOnce => {
            tokio::join!(world.deliver(place, request), world.deliver(place, request));
        }
    }
}

/// Commands one after another, from several people, until told to stop.
pub struct Stream {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Result<()>>,
}

impl Stream {
    /// Begins with this plan: at most so many commands, with so long between two.
    pub fn begin(world: &Arc<World>, mut plan: Plan, most: usize, pause: Duration) -> Stream {
        let stop = Arc::new(AtomicBool::new(false));
        let (world, told) = (Arc::clone(world), Arc::clone(&stop));
        let task = tokio::spawn(async move {
            let mut known = books::known(&world).await?;
            let mut tasks = Vec::new();
            for number in 0..most {
                if told.load(Ordering::SeqCst) {
                    break;
                }
                if number % 8 == 0 {
                    known = books::known(&world).await?;
                }
                let ask = plan.any(&known);
                let place = world.ledger.ask(&ask.case, ask.trace, ask.what);
                let world = Arc::clone(&world);
                tasks.push(tokio::spawn(async move {
                    deliver(&world, place, &ask.request, ask.deliveries).await;
                }));
                tokio::time::sleep(pause).await;
            }
            for task in tasks {
                task.await?;
            }
            Ok(())
        });
        Stream { stop, task }
    }

    /// Waits until all that was sent is answered.
    pub async fn end(self) -> Result<()> {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await?
    }
}

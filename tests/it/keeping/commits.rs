//! The connection breaks between a commit and its answer. Whoever asked is told the truth, and
//! nothing happens twice.

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use stentor::app::App;
use stentor::clock::{Clock, Timestamp};
use stentor::engine::order::{Done, NotDone, Order, Target};
use stentor::ids::{IdSource, UserId};
use stentor::incident::command::{Command, Declare};
use stentor::incident::event::{Actor, Via};
use stentor::incident::state::Incident;
use stentor::store::db::Db;
use stentor::store::timeline;
use tokio::time::timeout;

use super::proxy::{Next, Proxy};
use crate::databases::Fresh;

/// Nothing takes that long but a mistake.
const PATIENCE: Duration = Duration::from_secs(30);

struct Broken {
    app: App,
    proxy: Proxy,
    direct: PgConnection,
}

impl Broken {
    /// A Stentor whose way to its database can be broken.
    async fn start() -> Broken {
        let fresh = Fresh::postgres().await;
        let direct = PgConnection::connect(&fresh.url()).await.unwrap();
        let url = fresh.url();
        let (_, rest) = url.rsplit_once("127.0.0.1:").unwrap();
        let port = rest.split('/').next().unwrap().parse().unwrap();
        let proxy = Proxy::to(port).await;
        let db = Db::connect(&proxy.url(&url, port)).await.unwrap();
        let clock = Clock::manual(Timestamp::from_micros(1_790_000_000_000_000));
        let app = App::start(db, clock, IdSource::system()).await.unwrap();
        Broken { app, proxy, direct }
    }

    async fn submit(
        &self,
        target: Target,
        receipt: Option<&str>,
        command: Command,
    ) -> Result<Done, NotDone> {
        let order = Order {
            workspace: self.app.workspace.clone(),
            receipt: receipt.map(str::to_owned),
            target,
            actor: Actor::Person { user: UserId::from("U0ALICE") },
            through: None,
            via: Via::Command,
            command,
            expected_version: None,
        };
        timeout(PATIENCE, self.app.engine.submit(order)).await.expect("an answer")
    }

    async fn declares(&self, receipt: Option<&str>, name: &str) -> Incident {
        let command = Command::Declare(Declare { name: name.to_owned(), ..Declare::default() });
        let done = self.submit(Target::New, receipt, command).await.unwrap();
        Incident::clone(&done.incident)
    }

    async fn count(&mut self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&mut self.direct).await.unwrap()
    }

    async fn record(&self, incident: &Incident) -> usize {
        let mut tx = self.app.db.read().await.unwrap();
        let workspace = &self.app.workspace;
        timeline::after(&mut tx, workspace, &incident.id, 0, 1_000).await.unwrap().len()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_answered_with_the_truth() {
    let mut broken = Broken::start().await;
    let mut number = 0;
    for next in [Next::IsLost, Next::LosesItsAnswer, Next::LosesItsAnswer, Next::IsLost] {
        for receipt in [None, Some("view/")] {
            number += 1;
            let receipt = receipt.map(|receipt| format!("{receipt}{number}"));
            broken.proxy.next_commit(next);
            let incident = broken.declares(receipt.as_deref(), &format!("Incident {number}")).await;
            assert!(broken.proxy.has_struck());
            assert_eq!(incident.number, number, "{next:?} {receipt:?}");
            // And a change of it, which has no receipt either.
            broken.proxy.next_commit(next);
            let note = Command::Note { text: "Look here".to_owned() };
            let noted = broken.submit(Target::Number(number), None, note).await.unwrap();
            assert!(broken.proxy.has_struck());
            assert_eq!((noted.incident.version, noted.entries.len()), (2, 1), "{next:?}");
            assert_eq!(broken.record(&incident).await, 2, "{next:?}");
            assert_eq!(broken.count("SELECT COUNT(*) FROM incident").await, number);
        }
    }
    assert_eq!(broken.count("SELECT COUNT(*) FROM timeline").await, 2 * number);
    // The outbox has each piece of work once.
    let pieces = "SELECT COUNT(*) FROM outbox WHERE key LIKE '%/refresh/channel'";
    assert_eq!(broken.count(pieces).await, number);
}

/// Many at once, some refused, while one commit after another loses its answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_doubled_or_lost_when_many_commits_lose_their_answers() {
    let mut broken = Broken::start().await;
    let ways = [Next::LosesItsAnswer, Next::IsLost, Next::LosesItsAnswer, Next::LosesItsAnswer];
    let mut numbers = Vec::new();
    for next in ways {
        broken.proxy.next_commit(next);
        let asked = (0..20).map(|n| {
            let (broken, name) = (&broken, format!("{next:?} {n}"));
            async move { broken.declares(None, &name).await.number }
        });
        numbers.extend(futures_util::future::join_all(asked).await);
        assert!(broken.proxy.has_struck());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=80).collect::<Vec<i64>>());
    assert_eq!(broken.count("SELECT COUNT(*) FROM incident").await, 80);
    assert_eq!(broken.count("SELECT CAST(value AS BIGINT) FROM counter").await, 80);
}

/// The commit is still on its way when we ask again. Asking must wait for it: a look that does not
/// would find nothing, and be wrong a moment later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_arrives_late_is_waited_for() {
    let mut broken = Broken::start().await;
    broken.proxy.next_commit(Next::IsLate);
    let asked = tokio::spawn({
        let broken = Broken {
            app: broken.app.clone(),
            proxy: broken.proxy.clone(),
            direct: PgConnection::connect(&std::env::var("TEST_POSTGRES_URL").unwrap())
                .await
                .unwrap(),
        };
        async move { broken.declares(None, "Late").await }
    });
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity late JOIN pg_stat_activity waiting
        ON late.pid = ANY(pg_blocking_pids(waiting.pid)) WHERE late.client_port = $1";
    let look = async {
        loop {
            if let Some(port) = broken.proxy.late_from() {
                let query = sqlx::query_scalar(waiting).bind(i32::from(port));
                let waits: i64 = query.fetch_one(&mut broken.direct).await.unwrap();
                if waits > 0 {
                    break;
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, look).await.expect("the second attempt waits for the first");
    assert!(!asked.is_finished(), "nobody was told anything yet");
    broken.proxy.arrives();
    let incident = asked.await.unwrap();
    assert_eq!(incident.number, 1);
    assert_eq!(broken.count("SELECT COUNT(*) FROM incident").await, 1);
    assert_eq!(broken.declares(None, "The next").await.number, 2);
}

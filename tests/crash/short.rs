//! The short form, for `make test`: the same chapters, with a fixed seed and a few kills.

use anyhow::{Result, bail};

use crate::books::Tally;
use crate::chapter::{self, Cast};
use crate::place::Kind;
use crate::process::binary;
use crate::runner::Test;
use crate::{postgres, replicas};

/// The seed of the short form. A long run takes another one each time.
const SEED: u64 = 20_261_125;
/// Rounds with a kill.
const KILLS: usize = 8;

/// The tests of the short form.
pub const TESTS: [Test; 8] = [
    Test {
        name: "what_was_acknowledged_survives_kills_on_sqlite",
        story: || Box::pin(chapter_with(Kind::Sqlite, 1)),
    },
    Test {
        name: "what_was_acknowledged_survives_kills_on_postgres",
        story: || Box::pin(chapter_with(Kind::Postgres, 1)),
    },
    Test {
        name: "what_was_acknowledged_survives_kills_of_two_in_three_replicas",
        story: || Box::pin(chapter_with(Kind::Postgres, 3)),
    },
    Test {
        name: "a_replica_that_slept_through_its_lease_changes_nothing",
        story: || Box::pin(replicas::a_sleeper()),
    },
    Test {
        name: "a_wait_that_slack_asked_for_holds_for_all_replicas",
        story: || Box::pin(replicas::a_wait_for_all()),
    },
    Test {
        name: "nobody_notices_a_rolling_restart",
        story: || Box::pin(replicas::a_rolling_restart()),
    },
    Test {
        name: "another_replica_completes_what_a_dead_one_began",
        story: || Box::pin(replicas::a_failover()),
    },
    Test { name: postgres::NAME, story: || Box::pin(postgres::restarts()) },
];

async fn chapter_with(kind: Kind, replicas: usize) -> Result<()> {
    let cast = Cast { kind, programs: vec![binary(); replicas] };
    let tally = chapter::play(&cast, SEED, KILLS).await?;
    println!("{}", crate::report::table(&[("", tally.clone())]));
    if tally.alerts == 0 || tally.groups == 0 {
        bail!("no alert was acknowledged");
    }
    kept(&tally)
}

/// Fails unless the three books agree.
pub fn kept(tally: &Tally) -> Result<()> {
    let broken = tally.broken();
    if !broken.is_empty() || !tally.given_up.is_empty() {
        bail!("the books differ: {broken:#?}, given up: {:#?}", tally.given_up);
    }
    if tally.acknowledged == 0 {
        bail!("nothing was acknowledged");
    }
    Ok(())
}

//! The short form, for `make test`: the same chapters, with a fixed seed and a few kills.

use anyhow::{Result, bail};

use crate::books::Tally;
use crate::chapter;
use crate::place::Kind;
use crate::runner::Test;

/// The seed of the short form. A long run takes another one each time.
const SEED: u64 = 20_261_125;
/// Kills on each database.
const KILLS: usize = 12;

/// The tests of the short form.
pub const TESTS: [Test; 2] = [
    Test {
        name: "what_was_acknowledged_survives_kills_on_sqlite",
        story: || Box::pin(chapter_on(Kind::Sqlite)),
    },
    Test {
        name: "what_was_acknowledged_survives_kills_on_postgres",
        story: || Box::pin(chapter_on(Kind::Postgres)),
    },
];

async fn chapter_on(kind: Kind) -> Result<()> {
    let tally = chapter::play(kind, SEED, KILLS).await?;
    println!("{}", crate::report::table(&[(kind, tally.clone())]));
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

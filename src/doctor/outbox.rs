//! Whether Slack was told everything.

use std::time::Duration;

use crate::clock::Clock;
use crate::doctor::Report;
use crate::store::inspect::Waiting;

/// Work that is due for longer waits for something that does not pass by itself.
const LATE: Duration = Duration::from_secs(600);

/// Looks at what was given up, and at what waits.
pub fn examine(waiting: Waiting, clock: &Clock, report: &mut Report) {
    const CHECK: &str = "outbox";
    let Waiting { to_do, dead, oldest_due } = waiting;
    let late = oldest_due.map(|due| clock.now().since(due)).filter(|late| *late > LATE);
    if dead > 0 {
        report.warning(
            CHECK,
            format!("{dead} messages or other work for Slack were given up"),
            "See which and why with `stentor outbox list`.",
        );
    }
    if let Some(late) = late {
        report.warning(
            CHECK,
            format!(
                "the oldest of {to_do} pieces of work is due for {} minutes",
                late.as_secs() / 60
            ),
            "Start `stentor serve`; if it runs, its log says what Slack answers.",
        );
    }
    if dead == 0 && late.is_none() {
        report.ok(CHECK, format!("nothing was given up, and {to_do} wait for their time"));
    }
}

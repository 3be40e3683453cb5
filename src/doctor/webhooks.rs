//! Whether those who want to be told over webhooks are told.

use crate::doctor::Report;
use crate::store::inspect::Webhooks;

/// Looks at what webhooks take, and at what signs for them.
pub fn examine(webhooks: Webhooks, report: &mut Report) {
    const CHECK: &str = "webhooks";
    let Webhooks { broken, failing, open_secrets } = webhooks;
    if broken > 0 {
        report.warning(
            CHECK,
            format!("{broken} took nothing for five days and were switched off"),
            "See which with `stentor webhook list` and why with `stentor webhook attempts`; `stentor webhook enable` switches one on again.",
        );
    }
    if failing > 0 {
        report.warning(
            CHECK,
            format!("{failing} did not take what they were told last"),
            "`stentor webhook attempts` says why; messages are tried for 24 hours.",
        );
    }
    if open_secrets > 0 {
        report.warning(
            "secrets of webhooks",
            format!("{open_secrets} that sign what webhooks are told lie open in the database"),
            "Set STENTOR_SECRET_KEY to what `stentor key generate` prints, and start `stentor serve`, which seals them.",
        );
    }
}

//! What the shop's monitoring watches.

use crate::shop::place::{Scope, Spot};

/// Something that is watched.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// How bad it is.
    pub severity: &'static str,
    /// How much an alert of it is about.
    pub scope: Scope,
    /// What is wrong, with `{service}`, `{cluster}`, `{pod}` and `{host}`.
    summary: &'static str,
}

const fn rule(
    name: &'static str,
    severity: &'static str,
    scope: Scope,
    summary: &'static str,
) -> Rule {
    Rule { name, severity, scope, summary }
}

pub static ERRORS: Rule =
    rule("HighErrorRate", "critical", Scope::Service, "{service} fails in {cluster}");
pub static LATENCY: Rule =
    rule("HighLatency", "warning", Scope::Service, "{service} is slow in {cluster}");
pub static BUDGET: Rule = rule(
    "ErrorBudgetBurns",
    "critical",
    Scope::Service,
    "{service} burns its error budget in {cluster}",
);
pub static QUEUE: Rule =
    rule("QueueGrows", "warning", Scope::Service, "Work for {service} piles up in {cluster}");
pub static CRASHES: Rule =
    rule("PodCrashLooping", "critical", Scope::Pod, "{pod} crashes again and again in {cluster}");
pub static NOT_READY: Rule =
    rule("PodNotReady", "warning", Scope::Pod, "{pod} is not ready in {cluster}");
pub static UPSTREAM: Rule = rule(
    "UpstreamErrors",
    "critical",
    Scope::Pod,
    "{pod} gets errors from what it calls in {cluster}",
);
pub static RETRIES: Rule =
    rule("RetryStorm", "warning", Scope::Pod, "{pod} repeats a third of its calls in {cluster}");
pub static BUSY: Rule =
    rule("WorkersBusy", "warning", Scope::Pod, "{pod} has no free worker in {cluster}");
pub static TIMEOUTS: Rule = rule(
    "ProviderTimeouts",
    "critical",
    Scope::Pod,
    "{pod} waits in vain for the payment provider in {cluster}",
);
pub static POOL: Rule =
    rule("ConnectionPoolEmpty", "warning", Scope::Pod, "{pod} has no free connection in {cluster}");
pub static DISK: Rule =
    rule("DatabaseDiskFull", "critical", Scope::Pod, "The disk of {pod} is full in {cluster}");
pub static WRITES: Rule =
    rule("DatabaseWritesFail", "critical", Scope::Pod, "{pod} takes no writes in {cluster}");
pub static LAG: Rule =
    rule("ReplicationLag", "warning", Scope::Pod, "{pod} lags behind in {cluster}");
pub static UNREACHABLE: Rule =
    rule("HostUnreachable", "critical", Scope::Host, "{host} is not reached from other clusters");
pub static LOSS: Rule = rule("PacketLoss", "warning", Scope::Host, "{host} loses packets");

impl Rule {
    /// What is wrong there, in a line.
    pub fn summary(&self, spot: &Spot) -> String {
        let name = |name: &Option<String>| name.clone().unwrap_or_default();
        self.summary
            .replace("{service}", spot.service.unwrap_or_default())
            .replace("{cluster}", spot.cluster)
            .replace("{pod}", &name(&spot.pod))
            .replace("{host}", &name(&spot.host))
    }
}

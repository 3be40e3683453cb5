//! The ways in which the shop breaks.

use crate::shop::place::{CLUSTERS, SERVICES};
use crate::shop::rule::{self, Rule};

/// A way in which the shop breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// A release of checkout that should not have been made.
    BadRelease,
    /// The database of orders runs full.
    FullDatabase,
    /// Two clusters don't reach each other.
    Partition,
    /// The payment provider is slow, and so is everything that waits for it.
    SlowProvider,
}

/// What a scenario is made of.
pub struct Plot {
    /// What breaks, as the status line says it.
    pub what: &'static str,
    /// The part of the shop that it is about: all of its alerts have it as their label `group`.
    pub area: &'static str,
    /// What the first alert that matters says.
    pub headline: &'static str,
    /// More about it.
    pub description: &'static str,
    /// What was changed just before.
    pub change: &'static str,
    /// What a customer can't do, which probes from outside find.
    pub unable: &'static str,
    /// What is watched where it began, the first one first.
    pub own: &'static [&'static Rule],
    /// The services where it began.
    pub root: &'static [&'static str],
    /// The services that suffer next.
    pub near: &'static [&'static str],
    /// The clusters that it is seen in.
    pub clusters: &'static [&'static str],
    /// What goes on and off for a while.
    pub flaps: &'static Rule,
}

impl Scenario {
    /// All of them, in the order in which the demo shows them.
    pub const ALL: [Scenario; 4] =
        [Scenario::BadRelease, Scenario::FullDatabase, Scenario::Partition, Scenario::SlowProvider];

    /// What it is made of.
    pub fn plot(self) -> &'static Plot {
        match self {
            Scenario::BadRelease => &BAD_RELEASE,
            Scenario::FullDatabase => &FULL_DATABASE,
            Scenario::Partition => &PARTITION,
            Scenario::SlowProvider => &SLOW_PROVIDER,
        }
    }
}

static BAD_RELEASE: Plot = Plot {
    what: "Checkout",
    area: "checkout",
    headline: "Checkout fails for one in five customers",
    description: "More than 20 % of the requests to checkout fail since the last release.",
    change: "Deployed checkout 2026.11.3",
    unable: "An order can’t be placed",
    own: &[&rule::ERRORS, &rule::CRASHES, &rule::LATENCY, &rule::NOT_READY, &rule::BUDGET],
    root: &["checkout"],
    near: &["cart", "storefront", "orders", "payments", "shipping", "mail"],
    clusters: CLUSTERS,
    flaps: &rule::LATENCY,
};

static FULL_DATABASE: Plot = Plot {
    what: "The orders database",
    area: "orders",
    headline: "The orders database takes no writes",
    description: "The disk of its primary is full. What customers order waits in checkout.",
    change: "Deployed orders 2026.11.7: keeps a copy of each order’s history",
    unable: "An order can’t be confirmed",
    own: &[&rule::WRITES, &rule::DISK, &rule::LAG, &rule::POOL],
    root: &["orders-db"],
    near: &["orders", "checkout", "payments", "shipping", "mail", "cart", "storefront"],
    clusters: CLUSTERS,
    flaps: &rule::LAG,
};

static PARTITION: Plot = Plot {
    what: "The network between eu-1 and eu-2",
    area: "network",
    headline: "eu-1 and eu-2 do not reach each other",
    description: "Calls between the two clusters end in nothing. Each of them is well by itself.",
    change: "Changed the firewall between eu-1 and eu-2",
    unable: "The shop does not answer",
    own: &[&rule::UNREACHABLE, &rule::LOSS],
    root: &[],
    near: SERVICES,
    clusters: &["eu-1", "eu-2"],
    flaps: &rule::LOSS,
};

static SLOW_PROVIDER: Plot = Plot {
    what: "The payment provider",
    area: "payments",
    headline: "Payments wait in vain for the provider",
    description: "The provider takes 30 seconds for a charge, and payments waits for each of them.",
    change: "Deployed payments 2026.11.1: waits longer for the provider",
    unable: "A card can’t be charged",
    own: &[&rule::TIMEOUTS, &rule::LATENCY, &rule::POOL, &rule::BUDGET],
    root: &["payments"],
    near: &["checkout", "orders", "cart", "storefront", "mail"],
    clusters: CLUSTERS,
    flaps: &rule::LATENCY,
};

//! What alert rules may ask and call.

use clap::Args;

use crate::config::http_url;
use crate::source::Networks;

/// What alert rules may ask and call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct RuleSettings {
    /// The Prometheus that alert rules ask, such as http://prometheus:9090
    #[arg(long, env = "STENTOR_PROMETHEUS_URL", value_name = "URL", value_parser = http_url)]
    pub prometheus_url: Option<String>,

    /// Inner networks that webhooks of alert rules may reach: addresses or networks, with commas between
    #[arg(
        long,
        env = "STENTOR_WEBHOOK_NETWORKS",
        value_name = "LIST",
        default_value = "",
        hide_default_value = true
    )]
    pub webhook_networks: Networks,
}

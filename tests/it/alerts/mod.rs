//! What monitoring sends, and what becomes of it.

mod gate;
mod monitor;

pub use gate::recordings;

mod alertmanager;
mod datadog;
mod folding;
mod opening;
mod opsgenie;
mod pagerduty;
mod real;
mod shop;
mod strangers;
mod trouble;
mod uptime_kuma;
mod webhooks;

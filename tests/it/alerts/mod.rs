//! What monitoring sends, and what becomes of it.

mod gate;
mod monitor;
mod visitor;

pub use gate::recordings;

mod alertmanager;
mod datadog;
mod bigpanda;
mod cloudevents;
mod folding;
mod generic;
mod github;
mod incident_io;
mod opening;
mod opsgenie;
mod pagerduty;
mod real;
mod strangers;
mod sentry;
mod sns;
mod trouble;
mod uptime_kuma;
mod webhooks;

//! What monitoring sends, and what becomes of it.

mod gate;

mod visitor;

pub use gate::recordings;
pub mod monitor;

mod alertmanager;
mod bigpanda;
mod bounds;
mod buttons;
mod cards;
mod cloudevents;
mod datadog;
mod folding;
mod forgetting;
mod generic;
mod github;
mod heartbeat;
mod incident_io;
mod merging;
mod opening;
mod opsgenie;
mod pagerduty;
mod plans;
mod real;
mod removing;
mod rules;
mod sentry;
mod shop;
mod snoozing;
mod sns;
mod strangers;
mod suspicion;
mod telmai;
mod through;
mod trouble;
mod uptime_kuma;
mod webhooks;

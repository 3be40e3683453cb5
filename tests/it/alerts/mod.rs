//! What monitoring sends, and what becomes of it.

mod monitor;

mod folding;
mod opening;

mod bigpanda;
mod cloudevents;
mod generic;
mod github;
mod incident_io;
mod sentry;
mod sns;
mod visitor;

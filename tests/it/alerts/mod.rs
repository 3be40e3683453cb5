//! What monitoring sends, and what becomes of it.

mod monitor;
mod visitor;

mod alertmanager;
mod bigpanda;
mod cloudevents;
mod folding;
mod generic;
mod github;
mod incident_io;
mod opening;
mod real;
mod sentry;
mod sns;
mod trouble;

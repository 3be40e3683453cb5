//! Stentor opens incidents in Slack and keeps what it acknowledges.
//!
//! Requests come in through [`slack`] and [`api`], become commands for the [`engine`], which
//! alone writes to the [`store`]; the [`outbox`] carries the consequences to Slack. What an
//! incident is, and what may happen to it, is said in [`incident`], without any I/O.
//! [`simulator`] is a local Slack to try and test all this with, and [`shop`] is somebody whose
//! monitoring sends alerts; they know nothing of the rest. [`demo`] brings them together.

pub mod alert;
pub mod api;
pub mod app;
pub mod backup;
pub mod clock;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod engine;
pub mod ids;
pub mod incident;
pub mod ingest;
pub mod intake;
pub mod json;
pub mod outbox;
pub mod rules;
pub mod server;
pub mod shop;
pub mod simulator;
pub mod slack;
pub mod source;
pub mod store;
pub mod suspicion;
pub mod webhooks;

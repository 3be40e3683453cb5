//! Features, told as stories, on both databases.

#![expect(clippy::unwrap_used, reason = "a test that fails has found something")]

mod alerts;
mod api;
mod bigpanda;
mod bot;
mod browser;
mod databases;
mod doctor;
mod doors;
mod edge;
mod engine;
mod fuzz;
mod http;
mod installs;
mod keeping;
mod listing;
mod manifest;
mod oncall;
mod process;
mod process_access;
mod process_sources;
mod raw;
mod sentry;
mod stopping;
mod stories;
mod warnings;
mod webhooks;
mod wire;

//! Features, told as stories, on both databases.

#![expect(clippy::unwrap_used, reason = "a test that fails has found something")]

mod alerts;
mod api;
mod bot;
mod browser;
mod databases;
mod doctor;
mod edge;
mod engine;
mod fuzz;
mod http;
mod installs;
mod keeping;
mod manifest;
mod process;
mod process_sources;
mod raw;
mod stopping;
mod stories;
mod warnings;
mod wire;
mod webhooks;

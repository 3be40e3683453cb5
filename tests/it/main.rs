//! Features, told as stories, on both databases.

#![expect(clippy::unwrap_used, reason = "a test that fails has found something")]

mod api;
mod bot;
mod browser;
mod databases;
mod engine;
mod http;
mod installs;
mod manifest;
mod process;
mod raw;
mod stories;
mod warnings;

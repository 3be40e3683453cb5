//! Stentor's processes killed, stopped and restarted under load, and three books compared: what
//! was acknowledged, what the record says, what Slack shows.
//!
//! `make test` plays a short form. `make crash` kills for as long as one likes, and prints a
//! table. This is a program of its own rather than a list of tests, because a long run has
//! arguments, and must take its processes with it when it is interrupted.

#![expect(clippy::unwrap_used, reason = "a test that fails has found something")]

mod alerts;
mod ask;
mod books;
mod chance;
mod chapter;
mod commands;
mod completion;
mod front;
mod http;
mod ledger;
mod load;
mod long;
mod moments;
mod monitoring;
mod place;
mod postgres;
mod process;
mod replicas;
mod report;
mod requests;
mod runner;
mod short;
mod shown;
mod trap;
mod upgrade;
mod wire;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["long", rest @ ..] => runner::finish(runner::in_runtime(long::run(rest))),
        arguments => runner::run(&short::TESTS, arguments),
    }
}

//! The programs that people have, as Debian packages them: Prometheus, Alertmanager and its
//! command-line client speak with Stentor as they are.
//!
//! They keep to the system's clock, so Stentor does too here, and works by itself, as when it
//! serves. Nothing sleeps for a while: a test waits until something is so.

mod amtool;
mod differences;
mod live;
mod programs;
mod prometheus;

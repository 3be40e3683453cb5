//! A made-up shop that breaks, as an outside program that Stentor's doors meet.
//!
//! It has services on hosts in clusters, and fails in ways that are known from life. What its
//! monitoring says over a [story](story::Story) follows from the scenario and a seed alone; the
//! [runner] sends it, as Prometheus and a prober with PagerDuty's API would. Nothing here
//! uses anything of Stentor's, so that the doors meet real bodies and not what they expect.

mod chance;
mod course;
pub mod doors;
mod place;
mod rule;
pub mod runner;
pub mod scenario;
pub mod story;
#[cfg(test)]
mod tests;

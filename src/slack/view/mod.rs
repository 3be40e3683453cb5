//! Everything that people read in Slack, as plain functions from state to Block Kit.
//!
//! Each file holds the sentences of one subject, built from the [`kit`], in which Slack's limits
//! hold for any input and no text of a person can ping, link or break what stands around it.
//! Nothing here is async, reads a clock or does I/O.

pub mod alerts;
pub mod announcement;
pub mod button;
pub mod extra;
pub mod form;
pub mod help;
pub mod kept;
pub mod kit;
pub mod list;
pub mod notice;
pub mod oncall;
pub mod page;
pub mod papers;
pub mod post;
pub mod reply;
pub mod rule;
pub mod timeline;
pub mod topic;
pub mod verb;
pub mod welcome;
mod words;

#[cfg(test)]
mod drawing;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod samples;

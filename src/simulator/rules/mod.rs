//! What Slack allows, and what follows from it: messages the client writes itself, and events for
//! the app. Both apps and people go through here, so that they live by the same rules.
//!
//! Everything is a plain change of the state; nothing here waits or talks.

pub mod changes;
pub mod channels;
pub mod events;
pub mod lifetimes;
pub mod marks;
pub mod members;
pub mod messages;
pub mod names;
pub mod views;

/// The outcome of what somebody tries; refusals are Slack's own words for them.
pub type Rule<T = ()> = Result<T, &'static str>;

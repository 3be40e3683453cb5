//! Typed builders of Block Kit in which Slack's limits hold by construction.
//!
//! Whatever is put in, what comes out is accepted: text is cut, surplus is left out with a line
//! that says so, and nothing is ever empty. Text of people goes into [`line::Line`]s, which draw
//! it where Slack reads no markup, or escape it where Slack does.

pub mod block;
pub mod element;
pub mod line;
pub mod message;
pub mod modal;

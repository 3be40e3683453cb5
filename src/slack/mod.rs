//! Slack: what comes from there, what people read there, and what Stentor does there.
//!
//! [`inbound`] turns what people type, press and submit into commands; [`view`] turns incidents
//! and their record into messages and forms; [`outbound`] makes Slack show them. [`install`] knows
//! with which token.

pub mod address;
pub mod client;
mod connector;
pub mod inbound;
pub mod install;
pub mod missed;
pub mod outbound;
pub mod socket;
pub mod view;
pub mod way;

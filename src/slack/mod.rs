//! Slack: what comes from there, and what people read there.
//!
//! [`inbound`] turns what people type, press and submit into commands; [`view`] turns incidents
//! and their record into messages and forms.

pub mod inbound;
pub mod view;

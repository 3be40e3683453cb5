//! From what people type, press and submit to what they mean.

pub mod grammar;
pub mod submission;

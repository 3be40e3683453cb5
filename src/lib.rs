//! Stentor.
pub mod simulator;

//! What monitoring sends, and what becomes of it.

pub mod monitor;

mod folding;
mod opening;

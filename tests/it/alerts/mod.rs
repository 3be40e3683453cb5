//! What monitoring sends, and what becomes of it.

pub mod monitor;

mod alertmanager;
mod folding;
mod forgetting;
mod merging;
mod opening;
mod real;
mod trouble;

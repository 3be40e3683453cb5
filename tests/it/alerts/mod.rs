//! What monitoring sends, and what becomes of it.

pub mod monitor;

mod alertmanager;
mod folding;
mod forgetting;
mod opening;
mod real;
mod trouble;

//! What monitoring sends, and what becomes of it.

mod monitor;

mod folding;
mod opening;
mod rules;

//! What monitoring sends, and what becomes of it.

mod monitor;

mod buttons;
mod cards;
mod folding;
mod opening;

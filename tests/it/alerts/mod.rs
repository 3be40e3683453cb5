//! What monitoring sends, and what becomes of it.

pub mod monitor;

mod alertmanager;
mod buttons;
mod cards;
mod folding;
mod opening;
mod real;
mod snoozing;
mod trouble;

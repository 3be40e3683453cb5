//! What monitoring sends, and what becomes of it.

mod monitor;

mod alertmanager;
mod folding;
mod opening;
mod real;
mod rules;
mod trouble;

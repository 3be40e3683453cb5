//! What monitoring says, and what becomes of it.

mod alertmanager;
mod real;

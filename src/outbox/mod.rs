//! Carries what follows from commands to the outside: at least once, made exactly once.
//!
//! Work waits in lanes. A lane is first in, first out; lanes run side by side. Whoever takes a
//! piece of work holds a lease on its lane and keeps it alive while it works; when the lease ends
//! without an answer, somebody else goes on and looks first whether it was done.

pub mod admin;
pub mod hold;
pub mod holder;
mod outcome;
pub mod retention;
pub mod rule_work;
pub mod webhook_work;
pub mod work;
pub mod worker;

//! An escalation path: whom to page, how long to wait for an answer, and whom then.

pub mod definition;
pub mod steps;
mod validate;

pub use validate::PATHS_LIMIT;

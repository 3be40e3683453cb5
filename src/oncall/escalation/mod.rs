//! Somebody being paged, until somebody answers, or all have been paged.

mod advance;
mod answer;
mod level;
pub mod state;
pub mod world;

#[cfg(test)]
mod tests;

pub use advance::{Beginning, Effect};

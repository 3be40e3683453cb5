//! A schedule: rotations of people who take turns, and those who stand in for them.

pub mod calendar;
pub mod definition;
pub mod entries;
pub mod shifts;
mod validate;

#[cfg(test)]
mod properties;

pub use validate::{PEOPLE_LIMIT, SCHEDULES_LIMIT};

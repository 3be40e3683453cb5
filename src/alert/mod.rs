//! The machines' side of an incident, as plain data and plain functions.
//!
//! A sender's bytes become [`Observation`](observation::Observation)s, which are folded into
//! [`Alert`](state::Alert)s; alerts that belong together form a [`Group`](group::Group), by the
//! [patterns](settings::Pattern) of the workspace; what they say together is a [`Signal`](signal::Signal).
//! Nothing here is async, reads a clock, draws a random number or does I/O.

pub mod attribute;
pub mod course;
pub mod filter;
pub mod fingerprint;
pub mod group;
pub mod history;
pub mod matcher;
pub mod observation;
pub mod prepared;
pub mod recurrence;
pub mod rule;
pub mod settings;
pub mod settle;
pub mod signal;
pub mod state;

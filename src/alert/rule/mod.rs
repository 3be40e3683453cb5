//! Alert rules: what Stentor itself watches, and when it calls that bad.
//!
//! A [`Definition`](definition::Definition) says what is measured and where its thresholds lie. Each
//! minute the number is read, for each project by itself, and handed to that project's
//! [`Standing`](standing::Standing), which says whether something has [turned](standing::Turn). What
//! follows is an [`Observation`](crate::alert::observation::Observation) like any sender's
//! ([`report`]), and the actions that the rule asks for.

pub mod counting;
pub mod definition;
pub mod minute;
pub mod projects;
pub mod report;
pub mod standing;
pub mod validate;

#[cfg(test)]
mod properties;
#[cfg(test)]
pub(crate) mod samples;

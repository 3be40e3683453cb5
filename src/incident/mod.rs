//! The people's side of an incident, as plain data and plain functions.
//!
//! [`decide`](decide::decide) turns a [`Command`](command::Command) into [`Event`](event::Event)s
//! or a [`Refusal`](refusal::Refusal); [`Incident::apply`](state::Incident::apply) folds an event
//! into the state; [`reactions`](reactions::reactions) says what follows from it. Nothing here is
//! async, reads a clock, draws a random number or does I/O.

pub mod access;
pub mod beginning;
pub mod catalogue;
pub mod channel;
pub mod command;
pub mod decide;
pub mod edit;
pub mod environment;
pub mod event;
pub mod facets;
pub mod fields;
pub mod handled;
pub mod invite;
pub mod members;
pub mod merge;
pub mod origin;
pub mod paged;
pub mod papers;
pub mod picture;
pub mod pins;
pub mod reactions;
pub mod refusal;
pub mod related;
pub mod signal;
pub mod snooze;
pub mod state;
pub mod subscribers;
pub mod tags;
pub mod text;
pub mod triage;
pub mod visibility;
pub mod wanted;

#[cfg(test)]
mod properties;

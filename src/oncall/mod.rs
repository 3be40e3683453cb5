//! Who is on call, and what happens when somebody is paged. Like [`incident`](crate::incident), it
//! does no I/O: time, people and schedules are handed in.
//!
//! A [`schedule`] says who is on call when; a [`path`] says whom to page, and whom if nobody answers;
//! an [`escalation`] is one such paging on its way. [`paging`](crate::paging) keeps them and has done
//! what they ask for.

pub mod escalation;
pub mod hours;
pub mod path;
pub mod person;
pub mod refusal;
pub mod schedule;

//! Who has let Stentor into Slack, and the token that each gave.
//!
//! [`directory`] gives the client of a workspace; [`standing`] knows whether Slack takes its token;
//! [`renewal`] gets the next one; [`vault`] seals what the database keeps.

pub mod answer;
pub mod directory;
pub mod keeper;
pub mod keys;
pub mod renewal;
pub mod standing;
pub mod vault;

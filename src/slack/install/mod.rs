//! Who has let Stentor into Slack, and the token that each gave.
//!
//! [`directory`] gives the client of a workspace.

pub mod directory;

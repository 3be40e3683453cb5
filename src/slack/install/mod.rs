//! Who has let Stentor into Slack, and the token that each gave.
//!
//! [`routes`] sends a browser to Slack and takes it back, and [`register`] writes down what came of
//! it. [`directory`] gives the client of a workspace; [`standing`] knows whether Slack takes its token;
//! [`renewal`] gets the next one; [`vault`] seals what the database keeps.

pub mod answer;
pub mod attempt;
pub mod directory;
pub mod keeper;
pub mod keys;
pub mod page;
pub mod register;
pub mod renewal;
pub mod routes;
pub mod scopes;
pub mod standing;
pub mod vault;

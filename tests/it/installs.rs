//! Stentor in several workspaces of one Slack: how it gets there, and what happens when it has to
//! leave.

mod house;
mod isolation;
mod leaving;
mod organisation;
mod renewing;
mod sealing;
mod walking;

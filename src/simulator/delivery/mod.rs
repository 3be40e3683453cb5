//! Requests from Slack to the app: slash commands and interactions once, events until they arrive
//! or Slack gives up.

pub mod events;
pub mod interactions;
pub mod post;
pub mod sign;

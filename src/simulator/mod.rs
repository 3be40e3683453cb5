//! A local Slack.

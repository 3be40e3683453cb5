//! Where everything is kept: one file of queries per subject, each written once for both
//! databases. Only [`db`] knows that there are two, and [`inspect`], which looks at what differs.

pub mod alert_groups;
pub mod alert_lists;
pub mod alert_retention;
pub mod alert_rule_counts;
pub mod alert_rules;
pub mod alert_settings;
pub mod alert_tags;
pub mod alerts;
pub mod db;
pub mod dead_letters;
pub mod heard;
pub mod incidents;
pub mod inspect;
pub mod install_attempts;
pub mod installations;
pub mod notices;
pub mod outbox;
pub mod pace;
pub mod receipts;
pub mod sources;
pub mod surfaces;
pub mod teams;
pub mod timeline;
pub mod tokens;
pub mod webhooks;
pub mod workspaces;

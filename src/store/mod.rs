//! Where everything is kept: one file of queries per subject, each written once for both
//! databases. Only [`db`] knows that there are two.

pub mod db;
pub mod dead_letters;
pub mod incidents;
pub mod install_attempts;
pub mod installations;
pub mod outbox;
pub mod pace;
pub mod receipts;
pub mod surfaces;
pub mod timeline;
pub mod tokens;
pub mod workspaces;

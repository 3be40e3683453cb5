//! People, as far as Slack tells of them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::UserId;

/// Somebody of the workspace. Bots are none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// Their id in Slack, by which they are known everywhere.
    pub id: UserId,
    /// What they are called.
    pub name: String,
    /// Their address; nothing if Slack does not tell.
    pub email: Option<String>,
    /// The IANA name of their time zone; nothing if Slack does not tell.
    pub time_zone: Option<String>,
    /// Whether they are still there.
    pub is_active: bool,
}

impl Person {
    /// What an address is looked for by.
    pub fn folded(email: &str) -> String {
        email.trim().to_lowercase()
    }
}

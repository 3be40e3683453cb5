//! People, the app's bot user, and the groups they are in.

use serde::{Deserialize, Serialize};

/// A member of the workspace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    /// "U0ALICE".
    pub id: String,
    /// The handle, without the "@".
    pub name: String,
    /// As the client shows the person.
    pub real_name: String,
    /// E-mail address; shown to apps only with `users:read.email`.
    pub email: Option<String>,
    /// An app's user.
    pub is_bot: bool,
    /// A guest (`is_restricted`): sees only the channels they were invited to.
    pub is_guest: bool,
    /// An admin of the workspace: deletes channels, and what others wrote.
    #[serde(default)]
    pub is_admin: bool,
    /// Deactivated.
    pub deleted: bool,
    /// IANA name of the time zone.
    pub tz: String,
    /// Background of the avatar, as "#rrggbb".
    pub color: String,
    /// Letters in the avatar.
    pub initials: String,
}

impl User {
    /// A person; e-mail, initials and colour follow from the names.
    pub fn person(id: &str, name: &str, real_name: &str, tz: &str) -> Self {
        User {
            id: id.to_owned(),
            name: name.to_owned(),
            real_name: real_name.to_owned(),
            email: Some(format!("{name}@example.com")),
            is_bot: false,
            is_guest: false,
            is_admin: false,
            deleted: false,
            tz: tz.to_owned(),
            color: color_of(id),
            initials: initials_of(real_name),
        }
    }

    /// The user of an app.
    pub fn bot(id: &str, name: &str, real_name: &str) -> Self {
        let tz = "America/Los_Angeles";
        User { is_bot: true, email: None, ..User::person(id, name, real_name, tz) }
    }

    /// The same person as an admin.
    pub fn as_admin(self) -> Self {
        User { is_admin: true, ..self }
    }

    /// The same person as a guest.
    pub fn as_guest(self) -> Self {
        User { is_guest: true, ..self }
    }
}

fn initials_of(real_name: &str) -> String {
    real_name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect()
}

/// Any colour will do, as long as it's always the same one for the same person.
fn color_of(id: &str) -> String {
    const COLORS: [&str; 8] =
        ["#5b3a8c", "#0b7285", "#c2410c", "#2b7a3d", "#a61e4d", "#1c5fb0", "#8a6d0b", "#5f3dc4"];
    let sum = id.bytes().fold(0usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    COLORS[sum % COLORS.len()].to_owned()
}

/// A user group, such as "@oncall".
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserGroup {
    /// "S0ONCALL".
    pub id: String,
    /// The handle, without the "@".
    pub handle: String,
    /// As the client shows it.
    pub name: String,
    /// Ids of its members.
    pub users: Vec<String>,
    /// Disabled groups are listed only on request.
    pub is_disabled: bool,
}

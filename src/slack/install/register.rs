//! Writes down what was granted: whose it is, and the tokens.

use crate::app::App;
use crate::ids::{TeamId, WorkspaceId};
use crate::slack::install::answer::Granted;
use crate::slack::install::renewal::seal;
use crate::slack::install::vault::Vault;
use crate::store::db::{self, Tx};
use crate::store::installations::{self, New};
use crate::store::{outbox, workspaces};

/// How often it is tried when somebody else is faster.
const TRIES: u32 = 5;
/// The longest word for a workspace in addresses.
const SLUG_LIMIT: usize = 40;

/// A workspace that was installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The word for it.
    pub slug: String,
    /// Whether it was there before.
    pub again: bool,
}

/// Writes down an installation of this team: in its workspace, or in a new one. `may_take_default`
/// is whether the default workspace is anybody's who comes first.
pub async fn register(
    app: &App,
    vault: &Vault,
    team: &TeamId,
    granted: &Granted,
    may_take_default: bool,
) -> db::Result<Registered> {
    let mut tries = 0;
    loop {
        tries += 1;
        match try_to_register(app, vault, team, granted, may_take_default).await {
            Ok(Some(registered)) => {
                // What waited for it can go on.
                app.work_waits.notify_one();
                return Ok(registered);
            }
            // The same team was installed twice at once.
            Err(error) if tries >= TRIES || !db::is_conflict(&error) => return Err(error),
            Ok(None) if tries >= TRIES => {
                return Err(sqlx::Error::Protocol("no workspace could be made".to_owned()));
            }
            Ok(None) | Err(_) => {}
        }
    }
}

async fn try_to_register(
    app: &App,
    vault: &Vault,
    team: &TeamId,
    granted: &Granted,
    may_take_default: bool,
) -> db::Result<Option<Registered>> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let known = workspaces::by_team(&mut tx, team).await?;
    let again = known.is_some();
    let workspace = match known {
        Some(known) => known.id,
        None if may_take_default && take_default(&mut tx, &app.workspace, team).await? => {
            app.workspace.clone()
        }
        None => {
            let id = WorkspaceId::new(app.ids.ulid(now));
            let slug = free_slug(&mut tx, &granted.name, team).await?;
            if !workspaces::create(&mut tx, &id, &slug, team, now).await? {
                return Ok(None);
            }
            id
        }
    };
    workspaces::set_bot_user(&mut tx, &workspace, &granted.bot_user).await?;
    let new = New {
        workspace: &workspace,
        name: &granted.name,
        app: &granted.app,
        scopes: &granted.scopes,
        installed_by: &granted.installed_by,
        tokens: seal(vault, &workspace, granted, now),
    };
    installations::save(&mut tx, new, now).await?;
    outbox::wake(&mut tx, &workspace, now).await?;
    let slug = workspaces::by_id(&mut tx, &workspace).await?.slug;
    tx.commit().await?;
    Ok(Some(Registered { workspace, slug, again }))
}

/// The default workspace, if nobody has worked in it yet: with the first incident or token it is
/// somebody's, and not whoever comes first may have it.
async fn take_default(tx: &mut Tx, default: &WorkspaceId, team: &TeamId) -> db::Result<bool> {
    Ok(workspaces::is_untouched(tx, default).await?
        && workspaces::claim_team(tx, default, team).await?)
}

async fn free_slug(tx: &mut Tx, name: &str, team: &TeamId) -> db::Result<String> {
    let team = team.as_str().to_ascii_lowercase();
    let slug = slug(name);
    let is_free = !slug.is_empty() && workspaces::by_slug(tx, &slug).await?.is_none();
    Ok(if is_free { slug } else { team })
}

fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.truncate(SLUG_LIMIT);
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_is_called_as_in_slack() {
        for (name, expected) in
            [("Acme", "acme"), (" Acme & Sons, Ltd. ", "acme-sons-ltd"), ("日本", ""), ("", "")]
        {
            assert_eq!(slug(name), expected);
        }
        assert_eq!(slug(&"x".repeat(100)).len(), SLUG_LIMIT);
    }
}

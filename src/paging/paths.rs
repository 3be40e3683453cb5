//! Escalation paths, kept.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{PathId, WorkspaceId};
use crate::incident::event::Actor;
use crate::oncall::path::PATHS_LIMIT;
use crate::oncall::path::definition::Path;
use crate::oncall::refusal::{Refused, Unfit, unfit};
use crate::paging::{NotDone, Paging, persist};
use crate::store::db::Tx;
use crate::store::escalation_paths::Kept;
use crate::store::oncall_changes::{Change, What, Written};
use crate::store::{escalation_paths, oncall_changes, schedules};

impl Paging {
    /// Keeps a new path, or finds the one that the same request has made.
    pub async fn create_path(
        &self,
        workspace: &WorkspaceId,
        definition: Path,
        by: &Actor,
        request: Option<&str>,
    ) -> Result<Kept, NotDone> {
        let now = self.clock.now();
        let definition = definition.checked(|| self.ids.ulid(now))?;
        persist!(async {
            let mut tx = self.db.begin().await?;
            oncall_changes::hold(&mut tx, workspace).await?;
            if let Some(request) = request
                && let Some(made) =
                    escalation_paths::by_request(&mut tx, workspace, request).await?
            {
                return Ok(made);
            }
            if escalation_paths::count(&mut tx, workspace).await? >= PATHS_LIMIT {
                let what = "escalation paths";
                return Err(Refused::TooMany { what, most: PATHS_LIMIT }.into());
            }
            let id = PathId::new(self.ids.ulid(now));
            check_references(&mut tx, workspace, &id, &definition).await?;
            let kept = Kept {
                id,
                definition: definition.clone(),
                is_archived: false,
                version: 1,
                created_at: now,
                updated_at: now,
            };
            escalation_paths::create(&mut tx, workspace, &kept, request).await?;
            let path = Box::new(definition.clone());
            self.log(&mut tx, workspace, kept.id.as_str(), by, What::PathSaved { path }).await?;
            tx.commit().await?;
            Ok(kept)
        })
    }

    /// Makes a path say something else. Escalations that go on do what they were begun with.
    pub async fn replace_path(
        &self,
        workspace: &WorkspaceId,
        id: &PathId,
        definition: Path,
        version: Option<i64>,
        by: &Actor,
    ) -> Result<Kept, NotDone> {
        let now = self.clock.now();
        let definition = definition.checked(|| self.ids.ulid(now))?;
        persist!(async {
            let mut tx = self.db.begin().await?;
            let mut kept = take(&mut tx, workspace, id, version).await?;
            check_references(&mut tx, workspace, id, &definition).await?;
            kept.definition = definition.clone();
            kept.version += 1;
            kept.updated_at = now;
            escalation_paths::save(&mut tx, workspace, &kept).await?;
            let path = Box::new(definition.clone());
            self.log(&mut tx, workspace, id.as_str(), by, What::PathSaved { path }).await?;
            tx.commit().await?;
            Ok(kept)
        })
    }

    /// Archives a path: nobody is paged by it any more.
    pub async fn archive_path(
        &self,
        workspace: &WorkspaceId,
        id: &PathId,
        by: &Actor,
    ) -> Result<(), NotDone> {
        persist!(async {
            let mut tx = self.db.begin().await?;
            let mut kept = take(&mut tx, workspace, id, None).await?;
            let all = escalation_paths::all(&mut tx, workspace).await?;
            if let Some(user) = all.values().find(|path| path.goes_on_with().contains(&id)) {
                let why = format!("The escalation path “{}” goes on with it.", user.name);
                return Err(Refused::InUse { why }.into());
            }
            kept.is_archived = true;
            kept.version += 1;
            kept.updated_at = self.clock.now();
            escalation_paths::save(&mut tx, workspace, &kept).await?;
            self.log(&mut tx, workspace, id.as_str(), by, What::PathArchived).await?;
            Ok(tx.commit().await?)
        })
    }

    /// Writes down who changed a schedule or path.
    pub(super) async fn log(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        subject: &str,
        by: &Actor,
        what: What,
    ) -> Result<(), sqlx::Error> {
        let at = self.clock.now();
        let change = Change { by: by.clone(), what };
        let written = Written { id: self.ids.ulid(at), at, change };
        oncall_changes::append(tx, workspace, subject, &written).await
    }
}

/// The path as nobody else changes it.
async fn take(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &PathId,
    version: Option<i64>,
) -> Result<Kept, NotDone> {
    oncall_changes::hold(tx, workspace).await?;
    let kept = escalation_paths::hold(tx, workspace, id).await?.filter(|it| !it.is_archived);
    let kept = kept.ok_or(Refused::NoSuch { what: "escalation path" })?;
    match version.filter(|given| *given != kept.version) {
        Some(given) => Err(Refused::Stale { given, current: kept.version }.into()),
        None => Ok(kept),
    }
}

/// Refuses a path of which something is not there, or that comes back to itself.
async fn check_references(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &PathId,
    path: &Path,
) -> Result<(), NotDone> {
    let mut all = escalation_paths::all(tx, workspace).await?;
    all.remove(id);
    let folded = path.name.to_lowercase();
    if all.values().any(|other| other.name.to_lowercase() == folded) {
        return Err(
            Unfit { field: "name".to_owned(), why: "Another path is called that.".into() }.into()
        );
    }
    let asked: Vec<_> = path.schedules().into_iter().cloned().collect();
    let there = schedules::with_ids(tx, workspace, &asked).await?;
    for schedule in &asked {
        if !there.iter().any(|it| it.id == *schedule) {
            let why = format!("There is no schedule {schedule} here.");
            return Err(Unfit { field: "nodes".to_owned(), why }.into());
        }
    }
    for (schedule, rotation) in path.rotations() {
        let asked = there.iter().find(|it| it.id == *schedule).map(|it| &it.definition);
        if asked.is_some_and(|it| !it.rotations.iter().any(|known| known.id == *rotation)) {
            let why = format!("The schedule {schedule} has no such rotation.");
            return Err(Unfit { field: "nodes".to_owned(), why }.into());
        }
    }
    all.insert(id.clone(), path.clone());
    Ok(check_course(id, &all)?)
}

fn check_course(id: &PathId, all: &BTreeMap<PathId, Path>) -> Result<(), Unfit> {
    let mut seen: BTreeSet<&PathId> = BTreeSet::new();
    let mut open: Vec<&PathId> = all.get(id).map(Path::goes_on_with).unwrap_or_default();
    while let Some(next) = open.pop() {
        if next == id {
            return unfit(
                "nodes",
                "A path can't go on with itself, nor come back by way of others.",
            );
        }
        let Some(path) = all.get(next) else {
            return unfit("nodes", format!("There is no escalation path {next} here."));
        };
        if seen.insert(next) {
            open.extend(path.goes_on_with());
        }
    }
    Ok(())
}

//! The people of a workspace, as Slack tells of them.

use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::ids::{UserId, WorkspaceId};
use crate::oncall::person::Person;
use crate::store::db::{Result, Table, Tx};

type Row = (UserId, String, Option<String>, Option<String>, i64);

fn person((id, name, email, time_zone, active): Row) -> Person {
    Person { id, name, email, time_zone, is_active: active == 1 }
}

const PEOPLE: Table = Table {
    columns: "person (workspace, id, name, email, folded, time_zone, active, seen_at)",
    conflict:
        "ON CONFLICT (workspace, id) DO UPDATE SET name = excluded.name, email = excluded.email,
        folded = excluded.folded, time_zone = excluded.time_zone, active = excluded.active,
        seen_at = excluded.seen_at",
};

/// Writes down what Slack tells of people. An address finds one of them: whoever has it now, and is
/// still there.
pub async fn save(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    people: &[Person],
    now: Timestamp,
) -> Result<()> {
    let mut taken = BTreeSet::new();
    let found_by = people.iter().map(|person| {
        let folded = person.email.as_deref().map(Person::folded);
        folded.filter(|folded| person.is_active && taken.insert(folded.clone()))
    });
    let rows: Vec<(&Person, Option<String>)> = people.iter().zip(found_by).collect();
    let addresses: Vec<String> = rows.iter().filter_map(|(_, folded)| folded.clone()).collect();
    let held: Vec<(UserId, Option<String>)> =
        tx.all_among("SELECT id, folded FROM person", "folded", workspace, &addresses).await?;
    for (id, address) in held {
        if rows.iter().any(|(person, folded)| person.id == id && *folded == address) {
            continue;
        }
        tx.query("UPDATE person SET email = NULL, folded = NULL WHERE workspace = $1 AND id = $2")
            .bind(workspace.clone())
            .bind(id)
            .execute()
            .await?;
    }
    tx.insert_rows(PEOPLE, &rows, |query, (person, folded)| {
        query
            .bind(workspace.clone())
            .bind(person.id.clone())
            .bind(person.name.clone())
            .bind(person.email.clone())
            .bind(folded.clone())
            .bind(person.time_zone.clone())
            .bind(i64::from(person.is_active))
            .bind(now)
    })
    .await?;
    Ok(())
}

/// Who was not seen since then is not there any more.
pub async fn leave_unseen(tx: &mut Tx, workspace: &WorkspaceId, since: Timestamp) -> Result<u64> {
    tx.query("UPDATE person SET active = 0 WHERE workspace = $1 AND seen_at < $2 AND active = 1")
        .bind(workspace.clone())
        .bind(since)
        .execute()
        .await
}

/// Those of these who are known.
pub async fn with_ids(tx: &mut Tx, workspace: &WorkspaceId, ids: &[UserId]) -> Result<Vec<Person>> {
    let rows: Vec<Row> = tx
        .all_among("SELECT id, name, email, time_zone, active FROM person", "id", workspace, ids)
        .await?;
    Ok(rows.into_iter().map(person).collect())
}

/// Whoever has this address.
pub async fn by_email(tx: &mut Tx, workspace: &WorkspaceId, email: &str) -> Result<Option<Person>> {
    let row: Option<Row> = tx
        .query("SELECT id, name, email, time_zone, active FROM person WHERE workspace = $1 AND folded = $2")
        .bind(workspace.clone())
        .bind(Person::folded(email))
        .optional()
        .await?;
    Ok(row.map(person))
}

/// Those who had this address and are not there any more, as it is kept or in small letters.
pub async fn gone_with_email(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    email: &str,
) -> Result<Vec<Person>> {
    let rows: Vec<Row> = tx
        .query(
            "SELECT id, name, email, time_zone, active FROM person
             WHERE workspace = $1 AND active = 0 AND LOWER(email) = $2 ORDER BY id",
        )
        .bind(workspace.clone())
        .bind(Person::folded(email))
        .all()
        .await?;
    Ok(rows.into_iter().map(person).collect())
}

/// By what somebody is looked for: all of it has to be so.
#[derive(Clone, Copy, Debug, Default)]
pub struct Named<'a> {
    /// Their id in Slack.
    pub id: Option<&'a UserId>,
    /// Their address.
    pub email: Option<&'a str>,
    /// Whether those are meant too who are not there any more.
    pub with_inactive: bool,
}

/// Those who go by that. An address finds one of those who are there.
pub async fn named(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    Named { id, email, with_inactive }: Named<'_>,
) -> Result<Vec<Person>> {
    let mut found = match (id, email) {
        (Some(id), _) => with_ids(tx, workspace, std::slice::from_ref(id)).await?,
        (None, Some(email)) => {
            let mut found = Vec::from_iter(by_email(tx, workspace, email).await?);
            if with_inactive {
                found.extend(gone_with_email(tx, workspace, email).await?);
            }
            found
        }
        (None, None) => Vec::new(),
    };
    let wanted = email.map(Person::folded);
    found.retain(|person| {
        let has = || person.email.as_deref().map(Person::folded) == wanted;
        (with_inactive || person.is_active) && (wanted.is_none() || has())
    });
    Ok(found)
}

/// How many people are there.
pub async fn count(tx: &mut Tx, workspace: &WorkspaceId) -> Result<i64> {
    let (count,): (i64,) = tx
        .query("SELECT COUNT(*) FROM person WHERE workspace = $1 AND active = 1")
        .bind(workspace.clone())
        .one()
        .await?;
    Ok(count)
}

/// People in the order of their ids, after this one.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    with_inactive: bool,
    after: Option<&UserId>,
    limit: i64,
) -> Result<Vec<Person>> {
    let rows: Vec<Row> = tx
        .query(
            "SELECT id, name, email, time_zone, active FROM person WHERE workspace = $1 AND active >= $2
             AND (CAST($3 AS TEXT) IS NULL OR id > $3) ORDER BY id LIMIT $4",
        )
        .bind(workspace.clone())
        .bind(i64::from(!with_inactive))
        .bind(after.cloned())
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(person).collect())
}

//! Alert rules, who has snoozed them, and how they stand in each project.

use std::collections::BTreeMap;

use sqlx::types::Json;

use crate::alert::rule::definition::{Definition, Measure};
use crate::alert::rule::standing::Standing;
use crate::clock::Timestamp;
use crate::ids::{RuleId, UserId, WorkspaceId};
use crate::store::db::{Result, Table, Tx};

/// A rule with what is known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// What it watches, when it fires, and whom it tells.
    pub definition: Definition,
    /// The instant it is evaluated for next.
    pub evaluate_at: Timestamp,
    /// Why its latest evaluation had no number.
    pub last_error: Option<String>,
    /// Another number with every change of the definition.
    pub version: i64,
    /// Who made it.
    pub made_by: String,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

type Row = (RuleId, Json<Definition>, Timestamp, Option<String>, i64, String, Timestamp, Timestamp);

fn rule(
    (id, definition, evaluate_at, last_error, version, made_by, created_at, updated_at): Row,
) -> Rule {
    let definition = definition.0;
    Rule { id, definition, evaluate_at, last_error, version, made_by, created_at, updated_at }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, definition, evaluate_at, last_error, version, made_by, created_at, updated_at \
             FROM alert_rule WHERE workspace = $1",
            $rest
        )
    };
}

fn counts(definition: &Definition) -> i64 {
    i64::from(definition.active && matches!(definition.measure, Measure::Events { .. }))
}

/// Keeps a new rule, and the request that made it. Fails as a conflict if that request has made one.
pub async fn create(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    rule: &Rule,
    request: Option<&str>,
) -> Result<()> {
    tx.query(
        "INSERT INTO alert_rule (workspace, id, definition, counts, evaluate_at, last_error, version, made_by, request,
                                 created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(workspace.clone())
    .bind(rule.id.clone())
    .bind(Json(&rule.definition))
    .bind(counts(&rule.definition))
    .bind(rule.evaluate_at)
    .bind(rule.last_error.clone())
    .bind(rule.version)
    .bind(rule.made_by.clone())
    .bind(request.map(str::to_owned))
    .bind(rule.created_at)
    .bind(rule.updated_at)
    .execute()
    .await?;
    Ok(())
}

/// Writes down what a rule is now; says whether it is there as it was read.
pub async fn save(tx: &mut Tx, workspace: &WorkspaceId, rule: &Rule) -> Result<bool> {
    let saved = tx
        .query(
            "UPDATE alert_rule SET definition = $3, counts = $4, evaluate_at = $5, last_error = $6, version = $7 + 1,
                                   updated_at = $8
             WHERE workspace = $1 AND id = $2 AND version = $7",
        )
        .bind(workspace.clone())
        .bind(rule.id.clone())
        .bind(Json(&rule.definition))
        .bind(counts(&rule.definition))
        .bind(rule.evaluate_at)
        .bind(rule.last_error.clone())
        .bind(rule.version)
        .bind(rule.updated_at)
        .execute()
        .await?;
    Ok(saved == 1)
}

/// Writes down that a rule was evaluated.
pub async fn evaluated(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &RuleId,
    next: Timestamp,
    error: Option<&str>,
) -> Result<()> {
    tx.query(
        "UPDATE alert_rule SET evaluate_at = $3, last_error = $4 WHERE workspace = $1 AND id = $2",
    )
    .bind(workspace.clone())
    .bind(id.clone())
    .bind(next)
    .bind(error.map(str::to_owned))
    .execute()
    .await?;
    Ok(())
}

/// Removes a rule with all that is known of it. Says whether it was there.
pub async fn delete(tx: &mut Tx, workspace: &WorkspaceId, id: &RuleId) -> Result<bool> {
    let mut deleted = 0;
    // The rule comes first: whoever evaluates it holds it, and is waited for.
    for sql in [
        "DELETE FROM alert_rule WHERE workspace = $1 AND id = $2",
        "DELETE FROM alert_rule_snooze WHERE workspace = $1 AND rule = $2",
        "DELETE FROM alert_rule_standing WHERE workspace = $1 AND rule = $2",
    ] {
        deleted += tx.query(sql).bind(workspace.clone()).bind(id.clone()).execute().await?;
    }
    Ok(deleted > 0)
}

/// The rule, if it is there.
pub async fn by_id(tx: &mut Tx, workspace: &WorkspaceId, id: &RuleId) -> Result<Option<Rule>> {
    let row: Option<Row> = tx
        .query(select!(" AND id = $2"))
        .bind(workspace.clone())
        .bind(id.clone())
        .optional()
        .await?;
    Ok(row.map(rule))
}

/// The rule, which nobody else changes until the commit.
pub async fn hold(tx: &mut Tx, workspace: &WorkspaceId, id: &RuleId) -> Result<Option<Rule>> {
    // A write that changes nothing locks the row on both databases.
    tx.query("UPDATE alert_rule SET version = version WHERE workspace = $1 AND id = $2")
        .bind(workspace.clone())
        .bind(id.clone())
        .execute()
        .await?;
    by_id(tx, workspace, id).await
}

/// The rule that this request has made.
pub async fn by_request(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    request: &str,
) -> Result<Option<Rule>> {
    let row: Option<Row> = tx
        .query(select!(" AND request = $2"))
        .bind(workspace.clone())
        .bind(request.to_owned())
        .optional()
        .await?;
    Ok(row.map(rule))
}

/// Rules that are older than this one, newest first.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    before: Option<&RuleId>,
    limit: i64,
) -> Result<Vec<Rule>> {
    let rows: Vec<Row> = tx
        .query(select!(" AND (CAST($2 AS TEXT) IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"))
        .bind(workspace.clone())
        .bind(before.cloned())
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(rule).collect())
}

/// How many rules there are.
pub async fn number(tx: &mut Tx, workspace: &WorkspaceId) -> Result<i64> {
    let (number,): (i64,) = tx
        .query("SELECT COUNT(*) FROM alert_rule WHERE workspace = $1")
        .bind(workspace.clone())
        .one()
        .await?;
    Ok(number)
}

/// The rules that count events while they are taken in.
pub async fn counting(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<(RuleId, Definition)>> {
    let rows: Vec<(RuleId, Json<Definition>)> = tx
        .query(
            "SELECT id, definition FROM alert_rule WHERE workspace = $1 AND counts = 1 ORDER BY id",
        )
        .bind(workspace.clone())
        .all()
        .await?;
    Ok(rows.into_iter().map(|(id, definition)| (id, definition.0)).collect())
}

/// Tells every replica that what it remembers of the workspace's rules is not true any more.
pub async fn tell_of_change(tx: &mut Tx, workspace: &WorkspaceId) -> Result<()> {
    tx.query(
        "INSERT INTO alert_desk (workspace, writer, settings) VALUES ($1, '', 1)
         ON CONFLICT (workspace) DO UPDATE SET settings = alert_desk.settings + 1",
    )
    .bind(workspace.clone())
    .execute()
    .await?;
    Ok(())
}

/// Somebody, or everyone, who wants to hear nothing of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snooze {
    /// Who; nobody stands for everyone.
    pub person: Option<UserId>,
    /// Until when; nothing means until it is taken back.
    pub until: Option<Timestamp>,
    /// Since when.
    pub since: Timestamp,
}

impl Snooze {
    /// Whether it still holds.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

fn name(person: Option<&UserId>) -> String {
    person.map_or("", UserId::as_str).to_owned()
}

/// Snoozes a rule for somebody or everyone; a later word replaces an earlier one.
pub async fn snooze(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    rule: &RuleId,
    snooze: &Snooze,
) -> Result<()> {
    tx.query(
        "INSERT INTO alert_rule_snooze (workspace, rule, person, until, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (workspace, rule, person) DO UPDATE SET until = excluded.until, created_at = excluded.created_at",
    )
    .bind(workspace.clone())
    .bind(rule.clone())
    .bind(name(snooze.person.as_ref()))
    .bind(snooze.until)
    .bind(snooze.since)
    .execute()
    .await?;
    Ok(())
}

/// Takes a snooze back, and says whether there was one.
pub async fn unsnooze(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    rule: &RuleId,
    person: Option<&UserId>,
) -> Result<bool> {
    let ended = tx
        .query("DELETE FROM alert_rule_snooze WHERE workspace = $1 AND rule = $2 AND person = $3")
        .bind(workspace.clone())
        .bind(rule.clone())
        .bind(name(person))
        .execute()
        .await?;
    Ok(ended == 1)
}

/// Who has snoozed these rules, those among them whose time is over, too.
pub async fn snoozes(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    rules: &[RuleId],
) -> Result<BTreeMap<RuleId, Vec<Snooze>>> {
    let rows: Vec<(RuleId, String, Option<Timestamp>, Timestamp)> = tx
        .all_among(
            "SELECT rule, person, until, created_at FROM alert_rule_snooze",
            "rule",
            workspace,
            rules,
        )
        .await?;
    let mut snoozes: BTreeMap<RuleId, Vec<Snooze>> = BTreeMap::new();
    for (rule, person, until, since) in rows {
        let person = Some(person).filter(|person| !person.is_empty()).map(UserId::new);
        snoozes.entry(rule).or_default().push(Snooze { person, until, since });
    }
    Ok(snoozes)
}

const STANDINGS: Table = Table {
    columns: "alert_rule_standing (workspace, rule, project, state)",
    conflict: "ON CONFLICT (workspace, rule, project) DO UPDATE SET state = excluded.state",
};

/// How these rules stand in each project.
pub async fn standings(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    rules: &[RuleId],
) -> Result<BTreeMap<RuleId, BTreeMap<String, Standing>>> {
    let rows: Vec<(RuleId, String, Json<Standing>)> = tx
        .all_among("SELECT rule, project, state FROM alert_rule_standing", "rule", workspace, rules)
        .await?;
    let mut standings: BTreeMap<RuleId, BTreeMap<String, Standing>> = BTreeMap::new();
    for (rule, project, standing) in rows {
        standings.entry(rule).or_default().insert(project, standing.0);
    }
    Ok(standings)
}

/// Writes down how a rule stands; where there is nothing to remember, nothing is kept.
pub async fn save_standings(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    rule: &RuleId,
    standings: &[(String, Standing)],
) -> Result<()> {
    let (idle, kept): (Vec<_>, Vec<_>) =
        standings.iter().partition(|(_, standing)| standing.is_idle());
    for (project, _) in idle {
        tx.query(
            "DELETE FROM alert_rule_standing WHERE workspace = $1 AND rule = $2 AND project = $3",
        )
        .bind(workspace.clone())
        .bind(rule.clone())
        .bind(project.clone())
        .execute()
        .await?;
    }
    tx.insert_rows(STANDINGS, &kept, |query, (project, standing)| {
        query.bind(workspace.clone()).bind(rule.clone()).bind(project.clone()).bind(Json(standing))
    })
    .await?;
    Ok(())
}

/// Forgets how a rule stands: it asks another question now.
pub async fn forget_standings(tx: &mut Tx, workspace: &WorkspaceId, rule: &RuleId) -> Result<()> {
    tx.query("DELETE FROM alert_rule_standing WHERE workspace = $1 AND rule = $2")
        .bind(workspace.clone())
        .bind(rule.clone())
        .execute()
        .await?;
    Ok(())
}

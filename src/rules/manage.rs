//! Rules made, changed, removed and snoozed.
//!
//! Each of these takes the lane of the rule's evaluation first, then the workspace's desk, then the
//! rule, in the order of those who evaluate it and of those who take events in.

use crate::alert::rule::definition::{Action, Definition, Measure};
use crate::alert::rule::minute;
use crate::alert::rule::report::{Report, reading};
use crate::alert::rule::validate::{BadRule, RULES_LIMIT};
use crate::clock::Timestamp;
use crate::ids::{RuleId, UserId, WorkspaceId};
use crate::outbox::rule_work::Act;
use crate::outbox::work::NewWork;
use crate::rules::Rules;
use crate::rules::work;
use crate::store::alert_rules::{Rule, Snooze};
use crate::store::db::{Tx, is_conflict};
use crate::store::{alert_rule_counts, alert_rules, outbox};

/// Why a rule is not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// It makes no sense.
    #[error(transparent)]
    Bad(#[from] BadRule),
    /// There are so many already.
    #[error("There are {RULES_LIMIT} alert rules already, which is the most. Delete one first.")]
    TooMany,
    /// It could not be saved.
    #[error("the rule could not be saved")]
    NotSaved(#[from] sqlx::Error),
}

/// What came of a snooze that was to be a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Snoozed {
    /// It is one.
    Anew(Snooze),
    /// There was one.
    Already,
    /// There is no such rule.
    NoRule,
}

impl Rules {
    /// Makes a rule, or finds the one that the same request has made.
    pub async fn create(
        &self,
        workspace: &WorkspaceId,
        definition: Definition,
        made_by: &str,
        request: Option<&str>,
    ) -> Result<Rule, NotMade> {
        let definition = self.check(definition)?;
        match self.try_create(workspace, &definition, made_by, request).await {
            // The same request, at the same time: it is there now.
            Err(NotMade::NotSaved(error)) if request.is_some() && is_conflict(&error) => {
                self.try_create(workspace, &definition, made_by, request).await
            }
            result => result,
        }
    }

    async fn try_create(
        &self,
        workspace: &WorkspaceId,
        definition: &Definition,
        made_by: &str,
        request: Option<&str>,
    ) -> Result<Rule, NotMade> {
        let now = self.clock.now();
        let rule = Rule {
            id: RuleId::new(self.ids.ulid(now)),
            definition: definition.clone(),
            evaluate_at: minute::first_end(now),
            last_error: None,
            version: 1,
            made_by: made_by.to_owned(),
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.db.begin().await?;
        if let Some(request) = request
            && let Some(made) = alert_rules::by_request(&mut tx, workspace, request).await?
        {
            return Ok(made);
        }
        self.take_up(&mut tx, workspace, &rule.id, rule.evaluate_at, now).await?;
        if alert_rules::number(&mut tx, workspace).await? >= RULES_LIMIT {
            return Err(NotMade::TooMany);
        }
        alert_rules::create(&mut tx, workspace, &rule, request).await?;
        tx.commit().await?;
        self.work_waits.notify_one();
        Ok(rule)
    }

    /// Makes a rule say something else; nothing if it is not there. What fires is over, if the rule
    /// asks another question now.
    pub async fn replace(
        &self,
        workspace: &WorkspaceId,
        id: &RuleId,
        definition: Definition,
    ) -> Result<Option<Rule>, NotMade> {
        let definition = self.check(definition)?;
        let now = self.clock.now();
        let first = minute::first_end(now);
        let mut tx = self.db.begin().await?;
        self.take_up(&mut tx, workspace, id, first, now).await?;
        let Some(mut rule) = alert_rules::hold(&mut tx, workspace, id).await? else {
            return Ok(None);
        };
        if !rule.definition.asks_the_same(&definition) {
            self.end(&mut tx, workspace, &rule, now).await?;
            rule.evaluate_at = first;
            rule.last_error = None;
        }
        if !rule.definition.counts_the_same(&definition) {
            alert_rule_counts::forget(&mut tx, workspace, id, i64::MAX).await?;
        }
        rule.definition = definition;
        rule.updated_at = now;
        alert_rules::save(&mut tx, workspace, &rule).await?;
        tx.commit().await?;
        rule.version += 1;
        self.work_waits.notify_one();
        Ok(Some(rule))
    }

    /// Removes a rule; what fires is over. Says whether it was there.
    pub async fn delete(&self, workspace: &WorkspaceId, id: &RuleId) -> Result<bool, sqlx::Error> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        self.take_up(&mut tx, workspace, id, minute::first_end(now), now).await?;
        let Some(rule) = alert_rules::hold(&mut tx, workspace, id).await? else {
            return Ok(false);
        };
        self.end(&mut tx, workspace, &rule, now).await?;
        alert_rules::delete(&mut tx, workspace, id).await?;
        alert_rule_counts::forget(&mut tx, workspace, id, i64::MAX).await?;
        tx.commit().await?;
        self.work_waits.notify_one();
        Ok(true)
    }

    /// Snoozes a rule for somebody or for everyone; says whether the rule is there.
    pub async fn snooze(
        &self,
        workspace: &WorkspaceId,
        id: &RuleId,
        person: Option<UserId>,
        until: Option<Timestamp>,
    ) -> Result<Option<Snooze>, sqlx::Error> {
        let snooze = Snooze { person, until, since: self.clock.now() };
        let mut tx = self.db.begin().await?;
        if alert_rules::hold(&mut tx, workspace, id).await?.is_none() {
            return Ok(None);
        }
        alert_rules::snooze(&mut tx, workspace, id, &snooze).await?;
        tx.commit().await?;
        Ok(Some(snooze))
    }

    /// Snoozes a rule, unless the same somebody, or everyone, has snoozed it already.
    pub async fn snooze_anew(
        &self,
        workspace: &WorkspaceId,
        id: &RuleId,
        person: Option<UserId>,
        until: Option<Timestamp>,
    ) -> Result<Snoozed, sqlx::Error> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if alert_rules::hold(&mut tx, workspace, id).await?.is_none() {
            return Ok(Snoozed::NoRule);
        }
        let only = std::slice::from_ref(id);
        let known = alert_rules::snoozes(&mut tx, workspace, only).await?.remove(id);
        if known.unwrap_or_default().iter().any(|one| one.person == person && one.holds(now)) {
            return Ok(Snoozed::Already);
        }
        let snooze = Snooze { person, until, since: now };
        alert_rules::snooze(&mut tx, workspace, id, &snooze).await?;
        tx.commit().await?;
        Ok(Snoozed::Anew(snooze))
    }

    /// Takes a snooze back; says whether there was one.
    pub async fn unsnooze(
        &self,
        workspace: &WorkspaceId,
        id: &RuleId,
        person: Option<&UserId>,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = self.db.begin().await?;
        let ended = alert_rules::unsnooze(&mut tx, workspace, id, person).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Whether nobody wants to hear of this now.
    pub async fn is_snoozed(
        &self,
        workspace: &WorkspaceId,
        act: &Act,
    ) -> Result<bool, sqlx::Error> {
        let rule = &act.report.rule;
        let mut tx = self.db.read().await?;
        let snoozes = alert_rules::snoozes(&mut tx, workspace, std::slice::from_ref(rule))
            .await?
            .remove(rule);
        Ok(work::is_quiet(&act.action, &snoozes.unwrap_or_default(), self.clock.now()))
    }

    /// Checks what the definition by itself does not know.
    fn check(&self, definition: Definition) -> Result<Definition, BadRule> {
        let definition = definition.checked()?;
        let bad = |field: &str, why: String| Err(BadRule { field: field.to_owned(), why });
        if self.prometheus.is_none() && matches!(definition.measure, Measure::Prometheus { .. }) {
            let why = "There is no Prometheus to ask: `--prometheus-url` says where it is.";
            return bad("measure.dataset", why.to_owned());
        }
        let triggers =
            [("critical", Some(&definition.critical)), ("warning", definition.warning.as_ref())];
        for (label, trigger) in triggers {
            for action in trigger.into_iter().flat_map(|trigger| &trigger.actions) {
                if let Action::Webhook { url } = action
                    && let Err(error) = self.webhooks.check(url)
                {
                    let why = format!("The address of a webhook can't be used: {error}.");
                    return bad(&format!("{label}.actions"), why);
                }
            }
        }
        Ok(definition)
    }

    /// Has a rule evaluated, and tells those who take events in.
    async fn take_up(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        id: &RuleId,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<(), sqlx::Error> {
        let evaluation = work::evaluation(id, at, &self.ids, now);
        outbox::change(tx, workspace, &[], &[evaluation], now).await?;
        alert_rules::tell_of_change(tx, workspace).await
    }

    /// Ends what fires, because nobody asks this question any more.
    async fn end(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        rule: &Rule,
        now: Timestamp,
    ) -> Result<(), sqlx::Error> {
        let only = std::slice::from_ref(&rule.id);
        let snoozes = alert_rules::snoozes(tx, workspace, only).await?.remove(&rule.id);
        let standings = alert_rules::standings(tx, workspace, only).await?.remove(&rule.id);
        let snoozes = snoozes.unwrap_or_default();
        let mut next: Vec<NewWork> = Vec::new();
        for (project, mut standing) in standings.unwrap_or_default() {
            let Some(turn) = standing.end(now) else { continue };
            let reading = reading(&rule.definition, None);
            let report = Report::of(&rule.id, &rule.definition, &project, turn, reading);
            let definition = &rule.definition;
            next.extend(work::consequences(
                definition, turn.runs, &report, &snoozes, &self.ids, now,
            ));
        }
        alert_rules::forget_standings(tx, workspace, &rule.id).await?;
        outbox::change(tx, workspace, &[], &next, now).await
    }
}

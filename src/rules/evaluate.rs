//! The evaluation of one rule for one minute.

use std::collections::BTreeMap;

use tokio::time::Instant;

use crate::alert::rule::definition::{Definition, Measure};
use crate::alert::rule::report::{Report, reading};
use crate::alert::rule::standing::{Standing, Turn, compared};
use crate::alert::rule::{minute, projects};
use crate::clock::Timestamp;
use crate::ids::{RuleId, WorkspaceId};
use crate::intake::order::{Delivery, NotTaken};
use crate::outbox::hold::{Held, LEASE};
use crate::outbox::rule_work::report_key;
use crate::outbox::work::NewWork;
use crate::rules::Rules;
use crate::rules::prometheus::Prometheus;
use crate::rules::{source, work};
use crate::slack::outbound::Trouble;
use crate::store::alert_rules::{Rule, Snooze};
use crate::store::db::Tx;
use crate::store::{alert_rule_counts, alert_rules, outbox};

/// How long a question waits when too many are asked already.
const ASK_AGAIN: std::time::Duration = std::time::Duration::from_secs(1);

/// The numbers of an evaluation, by project; or why there are none.
type Numbers = Result<BTreeMap<String, Option<f64>>, String>;

impl Rules {
    /// Evaluates a rule if its time has come. What follows is written in one transaction with the
    /// time of its next evaluation; while the lease is not ours, nothing is.
    pub async fn evaluate(&self, held: &Held, id: &RuleId) -> Result<(), Trouble> {
        let mut tx = self.db.read().await?;
        let rule = alert_rules::by_id(&mut tx, &held.work.workspace, id).await?;
        drop(tx);
        // A rule that is gone, or rests, is not evaluated again until somebody asks for it.
        let Some(rule) = rule.filter(|rule| rule.definition.active) else { return Ok(()) };
        let now = self.clock.now();
        let due = minute::due(id, rule.evaluate_at);
        // A process has died after it wrote the result.
        if now < due {
            return Err(Trouble::NotYet { until: due, turn: None });
        }
        let at = minute::not_too_late(rule.evaluate_at, now);
        let asked = match &rule.definition.measure {
            Measure::Prometheus { query } => Some(self.ask(&rule.definition, query, at).await?),
            Measure::Events { .. } => None,
        };
        self.write_down(held, &rule, at, asked).await
    }

    /// Asks Prometheus. No transaction is open meanwhile.
    async fn ask(&self, rule: &Definition, query: &str, at: Timestamp) -> Result<Numbers, Trouble> {
        let Some(prometheus) = &self.prometheus else {
            return Ok(Err(
                "no Prometheus is configured: --prometheus-url says where it is".to_owned()
            ));
        };
        let Ok(_turn) = self.questions.try_acquire() else {
            return Err(Trouble::NotYet { until: self.clock.now().plus(ASK_AGAIN), turn: None });
        };
        let number = number_of(prometheus, rule, query, at).await;
        Ok(number.map(|number| BTreeMap::from([(String::new(), number)])))
    }

    async fn write_down(
        &self,
        held: &Held,
        seen: &Rule,
        at: Timestamp,
        asked: Option<Numbers>,
    ) -> Result<(), Trouble> {
        let workspace = &held.work.workspace;
        let (now, since) = (self.clock.now(), Instant::now());
        let mut tx = self.db.begin().await?;
        if !outbox::renew(&mut tx, &held.work, now.plus(LEASE)).await? {
            return Err(Trouble::NotOurs);
        }
        let rule = alert_rules::hold(&mut tx, workspace, &seen.id).await?;
        if rule.as_ref() != Some(seen) {
            // Somebody has changed it meanwhile: what was asked was another question.
            return Err(Trouble::NotYet { until: now, turn: None });
        }
        let only = std::slice::from_ref(&seen.id);
        let snoozes = alert_rules::snoozes(&mut tx, workspace, only).await?.remove(&seen.id);
        let known = alert_rules::standings(&mut tx, workspace, only).await?.remove(&seen.id);
        let known = known.unwrap_or_default();
        let numbers = match asked {
            Some(numbers) => numbers,
            None => Ok(count(&mut tx, workspace, seen, at, &known).await?),
        };
        let error = numbers.as_ref().err().cloned();
        let result = Outcome::of(seen, at, numbers.unwrap_or_default(), known);
        let mut next = vec![work::evaluation(&seen.id, minute::next(at), &self.ids, now)];
        next.extend(self.consequences(seen, &result.turns, &snoozes.unwrap_or_default(), now));
        alert_rules::save_standings(&mut tx, workspace, &seen.id, &result.standings).await?;
        if matches!(seen.definition.measure, Measure::Events { .. }) {
            let oldest = minute::number(at.minus(seen.definition.remembers() + minute::CATCH_UP));
            alert_rule_counts::forget(&mut tx, workspace, &seen.id, oldest).await?;
        }
        let next_at = minute::next(at);
        alert_rules::evaluated(&mut tx, workspace, &seen.id, next_at, error.as_deref()).await?;
        outbox::change(&mut tx, workspace, &[], &next, now).await?;
        tx.commit().await?;
        held.renewed(now, since);
        if error.is_some() && error != seen.last_error {
            tracing::warn!(rule.id = %seen.id, error, "An alert rule has no number");
        }
        if next.len() > 1 {
            self.work_waits.notify_one();
        }
        Ok(())
    }

    fn consequences(
        &self,
        rule: &Rule,
        turns: &[(String, Turn, Option<f64>)],
        snoozes: &[Snooze],
        now: Timestamp,
    ) -> Vec<NewWork> {
        let each = turns.iter().flat_map(|(project, turn, value)| {
            let reading = reading(&rule.definition, *value);
            let report = Report::of(&rule.id, &rule.definition, project, *turn, reading);
            work::consequences(&rule.definition, turn.runs, &report, snoozes, &self.ids, now)
        });
        each.collect()
    }

    /// Hands to the intake what a rule says. It takes the same report once.
    pub async fn hand_over(&self, held: &Held, report: &Report) -> Result<(), Trouble> {
        let workspace = &held.work.workspace;
        let mut tx = self.db.begin().await?;
        let source = source::ensure(&mut tx, workspace, &self.ids, self.clock.now()).await?;
        tx.commit().await?;
        let delivery = Delivery {
            source: source.into(),
            observations: vec![report.observation()],
            changes: Vec::new(),
            receipt: Some(report_key(report)),
        };
        match self.intake.take(delivery).await {
            Ok(_) => Ok(()),
            Err(NotTaken::Busy { retry_after }) => {
                let until = self.clock.now().plus(retry_after);
                Err(Trouble::NotYet { until, turn: None })
            }
            Err(NotTaken::Unavailable(error)) => Err(Trouble::again_store(&error)),
        }
    }
}

async fn number_of(
    prometheus: &Prometheus,
    rule: &Definition,
    query: &str,
    at: Timestamp,
) -> Result<Option<f64>, String> {
    let value = prometheus.ask(query, at, rule.fires).await?;
    let past = match rule.compares_with() {
        Some(ago) => Some(prometheus.ask(query, at.minus(ago), rule.fires).await?),
        None => None,
    };
    Ok(compared(value, past))
}

/// How many events there were in the window that ends at this instant, in each project.
async fn count(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    rule: &Rule,
    at: Timestamp,
    known: &BTreeMap<String, Standing>,
) -> Result<BTreeMap<String, Option<f64>>, sqlx::Error> {
    let definition = &rule.definition;
    let counted = count_until(tx, workspace, rule, at).await?;
    let past = match definition.compares_with() {
        Some(ago) => Some(count_until(tx, workspace, rule, at.minus(ago)).await?),
        None => None,
    };
    let keys = counted.keys().map(String::as_str);
    let chosen = projects::choose(definition, keys, known.keys().map(String::as_str));
    #[expect(clippy::cast_precision_loss, reason = "nobody counts so many events in a day")]
    let number =
        |of: &BTreeMap<String, i64>, project: &str| of.get(project).map_or(0.0, |n| *n as f64);
    let numbers = chosen.asked.into_iter().map(|project| {
        let before = past.as_ref().map(|past| number(past, project));
        (project.to_owned(), compared(number(&counted, project), before))
    });
    Ok(numbers.collect())
}

async fn count_until(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    rule: &Rule,
    end: Timestamp,
) -> Result<BTreeMap<String, i64>, sqlx::Error> {
    let minutes = minute::number(end.minus(rule.definition.window()))..minute::number(end);
    match &rule.definition.measure {
        Measure::Events { unique: Some(_), .. } => {
            alert_rule_counts::values(tx, workspace, &rule.id, &minutes).await
        }
        Measure::Events { unique: None, .. } | Measure::Prometheus { .. } => {
            alert_rule_counts::events(tx, workspace, &rule.id, &minutes).await
        }
    }
}

/// What an evaluation has changed.
struct Outcome {
    standings: Vec<(String, Standing)>,
    /// Where something has turned, and the number that made it.
    turns: Vec<(String, Turn, Option<f64>)>,
}

impl Outcome {
    /// Without numbers, everything stays as it is.
    fn of(
        rule: &Rule,
        at: Timestamp,
        numbers: BTreeMap<String, Option<f64>>,
        mut known: BTreeMap<String, Standing>,
    ) -> Outcome {
        let mut outcome = Outcome { standings: Vec::new(), turns: Vec::new() };
        if numbers.is_empty() {
            return outcome;
        }
        for (project, value) in numbers {
            let mut standing = known.remove(&project).unwrap_or_default();
            let turn = standing.take(&rule.definition, at, value);
            outcome.turns.extend(turn.map(|turn| (project.clone(), turn, value)));
            outcome.standings.push((project, standing));
        }
        // What is left is asked of no more.
        for (project, mut standing) in known {
            let turn = standing.end(at);
            outcome.turns.extend(turn.map(|turn| (project.clone(), turn, None)));
            outcome.standings.push((project, Standing::default()));
        }
        outcome
    }
}

//! The list of incidents, by what is asked.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;

use crate::api::sentry::house::House;
use crate::api::sentry::incidents::status::Status;
use crate::api::sentry::incidents::{marks, rules, showing, with_rules};
use crate::api::sentry::links::Page;
use crate::api::sentry::numbers;
use crate::api::sentry::query::Query;
use crate::api::sentry::refused::Refused;
use crate::api::sentry::rules::combined::is_of_team;
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::RuleId;
use crate::incident::catalogue::{Catalogue, StatusCategory};
use crate::incident::state::Incident;
use crate::incident::text::clean_line;
use crate::incident::wanted::{Moment, Span, Wanted};
use crate::store::alert_marks::Marks;
use crate::store::db::Tx;
use crate::store::incident_lists::{self, IncidentQuery};

/// Incidents that are looked at together at least, where not all of them may be meant.
const AT_ONCE: usize = 200;

/// Lists incidents, newest first.
pub async fn list(State(app): State<App>, house: House) -> Result<Response, Refused> {
    let page = Page::asked(&house.query, 25)?;
    let mut tx = app.db.read().await?;
    let workspace = &house.caller.workspace;
    let catalogue = app.catalogues.of(&mut tx, workspace).await?;
    let asked = Asked::read(&mut tx, &house).await?;
    let found = find(&mut tx, &house, &asked, &catalogue, page.until()).await?;
    let (found, is_more) = page.of(found);
    let shown = with_rules(&mut tx, workspace, found).await?;
    drop(tx);
    let mut items = Vec::with_capacity(shown.len());
    for one in &shown {
        items.push(showing::listed(&app, &house, one, &catalogue).await?);
    }
    Ok(page.answer(&house, items, is_more))
}

/// Which incidents are asked for.
struct Asked {
    status: Option<String>,
    title: String,
    projects: Option<Vec<u64>>,
    environments: Vec<String>,
    /// The rules that are meant: one by its number, or those of some teams.
    rules: Option<BTreeSet<RuleId>>,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
}

impl Asked {
    async fn read(tx: &mut Tx, house: &House) -> Result<Asked, Refused> {
        let query = &house.query;
        let environments = query.every("environment").filter(|name| !name.is_empty());
        let asked = Asked {
            status: query.last("status").map(str::to_owned),
            title: query.last("title").map(clean_line).unwrap_or_default().to_lowercase(),
            projects: query.projects()?,
            environments: environments.map(str::to_owned).collect(),
            rules: None,
            start: query.moment("start")?,
            end: query.moment("end")?,
        };
        let number = query.number("alertRule")?;
        let teams: Vec<&str> = query.every("team").collect();
        if number.is_none() && teams.is_empty() {
            return Ok(asked);
        }
        let all = rules(tx, &house.caller.workspace).await?;
        let meant = all.into_iter().filter(|(id, rule)| {
            number.is_none_or(|number| numbers::of_ulid(id.as_str()) == number)
                && is_of_team(&rule.definition, &teams)
        });
        Ok(Asked { rules: Some(meant.map(|(id, _)| id).collect()), ..asked })
    }

    /// What the index can tell.
    fn wanted(&self) -> Wanted {
        let is_over = |category: &StatusCategory| !category.is_active();
        let wanted = match self.status.as_deref() {
            Some("closed") => {
                Wanted::in_categories(StatusCategory::ALL.into_iter().filter(is_over))
            }
            Some("open" | "warning" | "critical") => Wanted::open(),
            Some(_) | None => Wanted::Every,
        };
        let before = |moment, to| Wanted::Time(moment, Span { from: None, to: Some(to) });
        let was_over = self.start.map(|start| before(Moment::Ended, start).negated());
        // The end itself is part of the time.
        let end = self.end.map(|end| end.plus(Duration::from_micros(1)));
        let was_there = end.map(|end| before(Moment::Created, end));
        was_over.into_iter().chain(was_there).fold(wanted, Wanted::and)
    }

    /// Whether the index can't tell everything.
    fn asks_more(&self) -> bool {
        let is_graded = matches!(self.status.as_deref(), Some("warning" | "critical"));
        is_graded || !self.title.is_empty() || self.asks_alerts()
    }

    /// Whether the incident by itself is what is asked for.
    fn is(&self, incident: &Incident, catalogue: &Catalogue) -> bool {
        Status::of(incident, catalogue).is_asked(self.status.as_deref())
            && incident.name.to_lowercase().contains(&self.title)
    }

    /// Whether anything is asked of its alerts.
    fn asks_alerts(&self) -> bool {
        self.projects.is_some() || !self.environments.is_empty() || self.rules.is_some()
    }

    /// Whether its alerts are what is asked for.
    fn are(&self, marks: &Marks) -> bool {
        let is_where = self.environments.is_empty()
            || self.environments.iter().any(|it| marks.environments.contains(it));
        let is_of_rule =
            |rules: &BTreeSet<RuleId>| marks.rules.intersection(rules).next().is_some();
        Query::means(self.projects.as_deref(), marks.projects.iter())
            && is_where
            && self.rules.as_ref().is_none_or(is_of_rule)
    }
}

/// The newest incidents that are asked for, up to so many. The rest is not kept meanwhile.
async fn find(
    tx: &mut Tx,
    house: &House,
    asked: &Asked,
    catalogue: &Catalogue,
    most: usize,
) -> Result<Vec<Incident>, Refused> {
    let (workspace, actor) = (&house.caller.workspace, &house.caller.eyes());
    let mut query = IncidentQuery {
        wanted: asked.wanted(),
        text: Some(asked.title.clone()).filter(|text| !text.is_empty()),
        limit: if asked.asks_more() { most.max(AT_ONCE) } else { most },
        ..IncidentQuery::default()
    };
    let none = Marks::default();
    let mut found: Vec<Incident> = Vec::new();
    loop {
        let page = incident_lists::page(tx, workspace, actor, &query).await?;
        let mut these = page.incidents;
        these.retain(|incident| asked.is(incident, catalogue));
        if asked.asks_alerts() {
            let marks = marks(tx, workspace, &these).await?;
            these.retain(|incident| asked.are(marks.get(&incident.id).unwrap_or(&none)));
        }
        found.extend(these);
        query.after = page.next;
        if query.after.is_none() || found.len() >= most {
            return Ok(found);
        }
    }
}

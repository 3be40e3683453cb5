//! Which incidents a query wants, in the terms of the lists.

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::query::{Clause, Query, Span};
use crate::ids::{CustomFieldId, IncidentTypeId, RoleId, SeverityId, StatusId, UserId};
use crate::incident::catalogue::{Catalogue, StatusCategory};
use crate::incident::facets::Facet;
use crate::incident::state::Mode;
use crate::incident::wanted::{self, Moment, Wanted};
use crate::store::incident_lists::Order;

/// In which order the answer goes.
pub fn order(query: &Query) -> Result<Order, Failure> {
    let words = ["created_at_newest_first", "created_at_oldest_first"];
    Ok(match query.word("sort_by", &words)? {
        Some("created_at_oldest_first") => Order::Oldest,
        _ => Order::Newest,
    })
}

/// Which incidents are wanted.
pub fn wanted(query: &Query, catalogue: &Catalogue) -> Result<Wanted, Failure> {
    let mut filters = Vec::new();
    for clause in query.filter("status", &["one_of", "not_in"])? {
        filters.push(among(&clause, |id| Facet::status(&StatusId::new(id))));
    }
    for clause in query.filter("status_category", &["one_of", "not_in"])? {
        let words = clause.words(&StatusCategory::ALL.map(StatusCategory::as_str))?;
        let categories = words.into_iter().filter_map(StatusCategory::parse);
        filters.push(positive(&clause, Wanted::in_categories(categories)));
    }
    for clause in query.filter("incident_type", &["one_of", "not_in"])? {
        filters.push(among(&clause, |id| Facet::incident_type(Some(&IncidentTypeId::new(id)))));
    }
    for clause in query.filter("severity", &["one_of", "not_in", "gte", "lte"])? {
        filters.push(match clause.operator {
            "gte" | "lte" => by_rank(&clause, catalogue)?,
            _ => among(&clause, |id| Facet::severity(Some(&SeverityId::new(id)))),
        });
    }
    for (name, moment) in [("created_at", Moment::Created), ("updated_at", Moment::Updated)] {
        let Span { from, until } = query.span(name)?;
        let span = wanted::Span { from, to: until };
        if !span.is_all() {
            filters.push(Wanted::Time(moment, span));
        }
    }
    for (id, clauses) in query.filters_by_id("incident_role", &["one_of", "is_blank"])? {
        let role = RoleId::new(id);
        for clause in clauses {
            filters.push(match clause.operator {
                "is_blank" => blank(&clause, Facet::role(&role))?,
                _ => among(&clause, |user| Facet::holder(&role, &UserId::new(user))),
            });
        }
    }
    const OPERATORS: [&str; 4] = ["one_of", "not_in", "is", "is_blank"];
    for (id, clauses) in query.filters_by_id("custom_field", &OPERATORS)? {
        let field = CustomFieldId::new(id.as_str());
        let field = catalogue.field(&field).ok_or_else(|| {
            let name = format!("custom_field[{id}]");
            Failure::invalid(&name, "There is no such custom field.")
        })?;
        for clause in clauses {
            filters.push(match clause.operator {
                "is_blank" => blank(&clause, Facet::field(&field.id))?,
                _ => among(&clause, |value| Facet::field_says(&field.id, value)),
            });
        }
    }
    let mode = modes(query)?;
    let is_any = query.word("filter_mode", &["all", "any"])? == Some("any");
    // The mode is no filter of its own: without it, tests would be among what is found.
    Ok(match filters.is_empty() {
        true => mode,
        false if is_any => mode.and(Wanted::Any(filters)),
        false => mode.and(Wanted::All(filters)),
    })
}

/// Those of the modes that are asked for; without any, the real ones.
fn modes(query: &Query) -> Result<Wanted, Failure> {
    let mut wanted = None;
    for clause in query.filter("mode", &["one_of"])? {
        let words = clause.words(&Mode::ALL.map(Mode::as_str))?;
        wanted = Some(words.into_iter().filter_map(Mode::parse).collect());
    }
    let modes: Vec<Mode> = wanted.unwrap_or(vec![Mode::Standard, Mode::Retrospective]);
    Ok(Wanted::any_of(modes.into_iter().map(Facet::mode)))
}

fn among(clause: &Clause, facet: impl Fn(&str) -> Facet) -> Wanted {
    positive(clause, Wanted::any_of(clause.values.iter().map(|value| facet(value))))
}

fn positive(clause: &Clause, wanted: Wanted) -> Wanted {
    if clause.operator == "not_in" { wanted.negated() } else { wanted }
}

/// Those that do not have this, or those that do.
fn blank(clause: &Clause, facet: Facet) -> Result<Wanted, Failure> {
    let wanted = Wanted::Has(facet);
    Ok(if clause.flag()? { wanted.negated() } else { wanted })
}

/// At least, or at most, as severe as the given one.
fn by_rank(clause: &Clause, catalogue: &Catalogue) -> Result<Wanted, Failure> {
    let mut all = Vec::new();
    for id in &clause.values {
        let given = catalogue
            .severity(&SeverityId::new(id.as_str()))
            .ok_or_else(|| clause.wrong("There is no such severity."))?;
        let known = catalogue.severities.iter().chain(&catalogue.removed.severities);
        let meant = known.filter(|severity| match clause.operator {
            "gte" => severity.rank >= given.rank,
            _ => severity.rank <= given.rank,
        });
        all.push(Wanted::any_of(meant.map(|severity| Facet::severity(Some(&severity.id)))));
    }
    Ok(Wanted::All(all))
}

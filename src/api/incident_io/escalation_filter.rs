//! Which escalations a query means.

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::given::idempotency_key;
use crate::api::incident_io::key::Key;
use crate::api::incident_io::query::{Clause, Query, Span};
use crate::api::v1::oncall::seen;
use crate::clock::Timestamp;
use crate::ids::{AlertId, IncidentId, PathId};
use crate::oncall::escalation::state::Status;
use crate::store::db::Tx;
use crate::store::escalations::Filter;

/// The operators of filters on what an escalation has one of.
const CHOICE: [&str; 2] = ["one_of", "not_in"];

/// The filter that a query asks for: all that it says has to be true.
pub async fn wanted(tx: &mut Tx, key: &Key, query: &Query) -> Result<Filter, Failure> {
    let mut filter = Filter::default();
    for clause in query.filter("status", &CHOICE)? {
        let words = clause.words(&Status::ALL.map(Status::as_str))?;
        let statuses = words.into_iter().filter_map(Status::parse);
        either(&clause, &mut filter.statuses, &mut filter.not_statuses).extend(statuses);
    }
    for clause in query.filter("escalation_path", &CHOICE)? {
        let paths = clause.values.iter().map(|id| PathId::new(id.as_str()));
        either(&clause, &mut filter.paths, &mut filter.not_paths).extend(paths);
    }
    for clause in query.filter("alert", &CHOICE)? {
        let alerts = clause.values.iter().map(|id| AlertId::new(id.as_str()));
        either(&clause, &mut filter.alerts, &mut filter.not_alerts).extend(alerts);
    }
    for clause in query.filter("incident", &CHOICE)? {
        let mut ids = Vec::with_capacity(clause.values.len());
        for value in &clause.values {
            // Nothing is about what is not there, nor about what is not an id.
            let found = seen::incident(tx, &key.0, value).await?.map(|incident| incident.id);
            ids.push(found.unwrap_or_else(|| IncidentId::new(value.as_str())));
        }
        either(&clause, &mut filter.incidents, &mut filter.not_incidents).extend(ids);
    }
    for clause in query.filter("idempotency_key", &["is", "starts_with"])? {
        let [key] = clause.values.as_slice() else {
            return Err(clause.wrong(format!("{} is there once.", clause.name)));
        };
        idempotency_key(key).map_err(|failure| failure.renamed(|_| clause.name.clone()))?;
        match clause.operator {
            "is" => filter.key = Some(key.clone()),
            _ => filter.key_begins = Some(key.clone()),
        }
    }
    (filter.created_from, filter.created_until) = ends(query.span("created_at")?);
    (filter.updated_from, filter.updated_until) = ends(query.span("updated_at")?);
    Ok(filter)
}

/// Where the values of a clause belong: to what is wanted, or to what is not.
fn either<'f, T>(
    clause: &Clause,
    wanted: &'f mut Vec<T>,
    unwanted: &'f mut Vec<T>,
) -> &'f mut Vec<T> {
    if clause.operator == "one_of" { wanted } else { unwanted }
}

/// The first and the last instant of a span, both of which belong to it in the store.
fn ends(span: Span) -> (Option<Timestamp>, Option<Timestamp>) {
    let last = span.until.map(|until| Timestamp::from_micros(until.as_micros().saturating_sub(1)));
    (span.from, last)
}

//! Which incidents are wanted: facets, put together.

use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::ids::SeverityId;
use crate::incident::catalogue::StatusCategory;
use crate::incident::event::Actor;
use crate::incident::facets::Facet;
use crate::incident::state::Incident;

/// A time in the life of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// When it was declared.
    Created,
    /// When it last changed.
    Updated,
    /// When it ended.
    Ended,
}

/// From this instant to before that one; nothing is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first instant.
    pub from: Option<Timestamp>,
    /// The first one that is too late.
    pub to: Option<Timestamp>,
}

impl Span {
    /// Whether it is in this time.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at < to)
    }

    /// Whether it is all of time.
    pub fn is_all(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }
}

/// Which incidents are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All.
    Every,
    /// Those that have this.
    Has(Facet),
    /// Those that are not these.
    Not(Box<Wanted>),
    /// Those that are all of these.
    All(Vec<Wanted>),
    /// Those that are any of these; none, if there are none.
    Any(Vec<Wanted>),
    /// Those of this time.
    Time(Moment, Span),
}

impl Wanted {
    /// Those that have any of these.
    pub fn any_of(facets: impl IntoIterator<Item = Facet>) -> Wanted {
        Wanted::Any(facets.into_iter().map(Wanted::Has).collect())
    }

    /// Those that are not these.
    pub fn negated(self) -> Wanted {
        Wanted::Not(Box::new(self))
    }

    /// Those that are both.
    pub fn and(self, other: Wanted) -> Wanted {
        match (self, other) {
            (Wanted::Every, one) | (one, Wanted::Every) => one,
            (Wanted::All(mut all), one) => {
                all.push(one);
                Wanted::All(all)
            }
            (first, second) => Wanted::All(vec![first, second]),
        }
    }

    /// Those in one of these parts of life.
    pub fn in_categories(categories: impl IntoIterator<Item = StatusCategory>) -> Wanted {
        Wanted::any_of(categories.into_iter().map(Facet::category))
    }

    /// Those in one of these parts of life, or in any if there are none, and of this severity, if there is
    /// one.
    pub fn in_any(categories: &[StatusCategory], severity: Option<&SeverityId>) -> Wanted {
        let wanted = match categories {
            [] => Wanted::Every,
            some => Wanted::in_categories(some.iter().copied()),
        };
        match severity {
            Some(id) => wanted.and(Wanted::Has(Facet::severity(Some(id)))),
            None => wanted,
        }
    }

    /// Those that people still work to end.
    pub fn open() -> Wanted {
        Wanted::in_categories(StatusCategory::ALL.into_iter().filter(|it| it.is_active()))
    }

    /// Those that exist as far as they are concerned; [`may_see`](super::access::may_see) says it of
    /// one.
    pub fn visible_to(actor: &Actor) -> Wanted {
        match actor {
            Actor::Stentor => Wanted::Every,
            Actor::Person { .. } | Actor::ApiToken { .. } => Wanted::Any(vec![
                Wanted::Has(Facet::private()).negated(),
                Wanted::Has(Facet::insider(actor)),
            ]),
        }
    }

    /// Whether this incident is one of them. These are its facets.
    pub fn holds(&self, incident: &Incident, facets: &BTreeSet<Facet>) -> bool {
        match self {
            Wanted::Every => true,
            Wanted::Has(facet) => facets.contains(facet),
            Wanted::Not(wanted) => !wanted.holds(incident, facets),
            Wanted::All(all) => all.iter().all(|wanted| wanted.holds(incident, facets)),
            Wanted::Any(any) => any.iter().any(|wanted| wanted.holds(incident, facets)),
            Wanted::Time(moment, span) => {
                let at = match moment {
                    Moment::Created => Some(incident.declared_at),
                    Moment::Updated => Some(incident.updated_at),
                    Moment::Ended => incident.ended_at,
                };
                at.is_some_and(|at| span.contains(at))
            }
        }
    }
}

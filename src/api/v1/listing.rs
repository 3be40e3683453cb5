//! Which incidents a list shows, as its query says it.

use serde::Serialize;

use crate::api::problem::Problem;
use crate::api::request::Params;
use crate::api::v1::cursor;
use crate::clock::Timestamp;
use crate::ids::{UserId, WorkspaceId};
use crate::incident::catalogue::{Catalogue, StatusCategory};
use crate::incident::event::Actor;
use crate::incident::facets::{Facet, TAG};
use crate::incident::refusal::Refusal;
use crate::incident::state::Mode;
use crate::incident::text::clean_line;
use crate::incident::wanted::{Moment, Span, Wanted};
use crate::store::incident_lists::{IncidentQuery, Order, Place};

/// Every parameter of the list.
pub const KNOWN: [&str; 26] = [
    "category",
    "status",
    "severity",
    "type",
    "mode",
    "visibility",
    "lead",
    "creator",
    "opened_by",
    "source",
    "project",
    "service",
    "impact",
    "tag",
    "incident_tag",
    "field",
    "created_from",
    "created_to",
    "updated_from",
    "updated_to",
    "ended_from",
    "ended_to",
    "sort",
    "q",
    "limit",
    "cursor",
];

/// The longest text to look for, in characters: no name is longer.
const TEXT_LIMIT: usize = 200;
/// The most values of one parameter.
const VALUES_LIMIT: usize = 100;

/// Which incidents a list shows.
#[derive(Clone, Debug)]
pub struct Listing {
    wanted: Wanted,
    text: Option<String>,
    order: Order,
    /// What tells it from other lists.
    told: Told,
}

/// The filters as they were understood, so that a cursor fits however they are written.
#[derive(Clone, Debug, Default, Serialize)]
struct Told {
    groups: Vec<(&'static str, Vec<String>)>,
    times: Vec<(&'static str, Option<Timestamp>, Option<Timestamp>)>,
    text: Option<String>,
    order: &'static str,
}

impl Listing {
    /// Reads the filters.
    pub fn read(params: &Params, catalogue: &Catalogue) -> Result<Listing, Problem> {
        let mut listing = Listing {
            wanted: Wanted::Every,
            text: None,
            order: Order::Newest,
            told: Told::default(),
        };
        listing.among("category", categories(params)?.into_iter().map(Facet::category));
        listing.among_named("status", params, |word| {
            catalogue.find_status(word).map(|status| Facet::status(&status.id))
        })?;
        listing.among_named("severity", params, |word| match word {
            "none" => Ok(Facet::severity(None)),
            word => catalogue.find_severity(word).map(|found| Facet::severity(Some(&found.id))),
        })?;
        listing.among_named("type", params, |word| {
            catalogue.find_type(word).map(|kind| Facet::incident_type(Some(&kind.id)))
        })?;
        listing.mode(params)?;
        listing.visibility(params)?;
        listing.lead(params, catalogue)?;
        if let Some(word) = params.one("creator")? {
            listing.among("creator", [Facet::creator(&creator(word)?)]);
        }
        listing.opened_by(params)?;
        if let Some(source) = params.one("source")? {
            listing.among("source", [Facet::source(source)]);
        }
        for name in ["project", "service"] {
            if let Some(value) = params.one(name)? {
                listing.among(name, [Facet::label(name, value)]);
            }
        }
        if let Some(impact) = params.one("impact")? {
            listing.among("impact", [Facet::label("impact", &impact.to_uppercase())]);
        }
        listing.among_named("tag", params, |tag| Ok(Facet::label(TAG, tag)))?;
        listing.incident_tags(params, catalogue)?;
        listing.fields(params, catalogue)?;
        listing.time(params, Moment::Created, "created_from", "created_to")?;
        listing.time(params, Moment::Updated, "updated_from", "updated_to")?;
        listing.time(params, Moment::Ended, "ended_from", "ended_to")?;
        listing.text(params)?;
        listing.order(params)?;
        Ok(listing)
    }

    /// The page that is asked for.
    pub fn query(
        &self,
        params: &Params,
        workspace: &WorkspaceId,
        limit: usize,
    ) -> Result<IncidentQuery, Problem> {
        let place = cursor::of_query(params, &("incidents", workspace, &self.told))?;
        let after =
            place.map(|place| read_place(&place).ok_or_else(cursor::foreign)).transpose()?;
        Ok(IncidentQuery {
            wanted: self.wanted.clone(),
            text: self.text.clone(),
            order: self.order,
            after,
            limit,
        })
    }

    /// The cursor of the page that goes on after this incident.
    pub fn cursor(&self, place: Place, workspace: &WorkspaceId) -> String {
        let place = format!("{}/{}", place.number, place.updated_at.as_micros());
        cursor::issue_at(&place, &("incidents", workspace, &self.told))
    }

    fn add(&mut self, wanted: Wanted) {
        self.wanted = std::mem::replace(&mut self.wanted, Wanted::Every).and(wanted);
    }

    fn among(&mut self, name: &'static str, facets: impl IntoIterator<Item = Facet>) {
        let mut facets: Vec<Facet> = facets.into_iter().collect();
        if facets.is_empty() {
            return;
        }
        facets.sort();
        facets.dedup();
        let keys = facets.iter().map(|facet| facet.key().to_owned()).collect();
        self.told.groups.push((name, keys));
        self.add(Wanted::any_of(facets));
    }

    fn among_named(
        &mut self,
        name: &'static str,
        params: &Params,
        find: impl Fn(&str) -> Result<Facet, Refusal>,
    ) -> Result<(), Problem> {
        let facets = params.every(name).map(&find).collect::<Result<Vec<Facet>, _>>();
        let facets = facets.map_err(|refusal| Problem::bad_parameter(name, refusal.to_string()))?;
        if facets.len() > VALUES_LIMIT {
            let detail = format!("`{name}` can be given {VALUES_LIMIT} times.");
            return Err(Problem::bad_parameter(name, detail));
        }
        self.among(name, facets);
        Ok(())
    }

    fn mode(&mut self, params: &Params) -> Result<(), Problem> {
        let modes = Mode::ALL.map(Mode::as_str);
        let mut facets = Vec::new();
        for word in params.every("mode").take(VALUES_LIMIT) {
            let mode = Mode::parse(word).ok_or_else(|| {
                let detail = format!("A mode is one of {}.", modes.join(", "));
                Problem::bad_parameter("mode", detail)
            })?;
            facets.push(Facet::mode(mode));
        }
        self.among("mode", facets);
        Ok(())
    }

    /// Each has to hold; of several values that one names, any.
    fn incident_tags(&mut self, params: &Params, catalogue: &Catalogue) -> Result<(), Problem> {
        let wrong = |detail: String| Problem::bad_parameter("incident_tag", detail);
        for text in params.every("incident_tag").take(VALUES_LIMIT) {
            let (name, value) = text.split_once('=').ok_or_else(|| {
                wrong("`incident_tag` is the id or name of a tag, `=`, and a value.".to_owned())
            })?;
            let tag = catalogue.find_tag(name).map_err(|bad| wrong(bad.to_string()))?;
            if value.trim().is_empty() {
                self.told.groups.push(("incident_tag", vec![tag.id.to_string()]));
                self.add(Wanted::Has(Facet::tagged(&tag.id)).negated());
                continue;
            }
            let values = tag.read(value).map_err(|bad| wrong(bad.to_string()))?;
            let says = values.iter().map(|value| Facet::tag_says(&tag.id, value));
            self.among("incident_tag", says);
        }
        Ok(())
    }

    /// Each has to hold; of several options that one names, any.
    fn fields(&mut self, params: &Params, catalogue: &Catalogue) -> Result<(), Problem> {
        let wrong = |detail: String| Problem::bad_parameter("field", detail);
        for text in params.every("field").take(VALUES_LIMIT) {
            let (name, words) = text.split_once('=').ok_or_else(|| {
                wrong("`field` is the id or name of a field, `=`, and what it says.".to_owned())
            })?;
            let field = catalogue.find_field(name).map_err(|refusal| wrong(refusal.to_string()))?;
            let value = field.read(&[words.to_owned()], None);
            let value = value.map_err(|refusal| wrong(refusal.to_string()))?;
            match value {
                Some(value) => self.among("field", Facet::field_values(&field.id, &value)),
                None => {
                    self.told.groups.push(("field", vec![field.id.to_string()]));
                    self.add(Wanted::Has(Facet::field(&field.id)).negated());
                }
            }
        }
        Ok(())
    }

    fn visibility(&mut self, params: &Params) -> Result<(), Problem> {
        let Some(word) = one_of(params, "visibility", &["public", "private"])? else {
            return Ok(());
        };
        let private = Wanted::Has(Facet::private());
        self.told.groups.push(("visibility", vec![word.to_owned()]));
        self.add(if word == "private" { private } else { private.negated() });
        Ok(())
    }

    fn lead(&mut self, params: &Params, catalogue: &Catalogue) -> Result<(), Problem> {
        let role = &catalogue.lead().id;
        let people: Vec<&str> = params.every("lead").collect();
        if people.is_empty() {
            return Ok(());
        }
        if people.len() > VALUES_LIMIT {
            let detail = format!("`lead` can be given {VALUES_LIMIT} times.");
            return Err(Problem::bad_parameter("lead", detail));
        }
        let any = people.iter().map(|person| match *person {
            "none" => Wanted::Has(Facet::role(role)).negated(),
            person => Wanted::Has(Facet::holder(role, &UserId::new(person))),
        });
        self.add(Wanted::Any(any.collect()));
        let mut told: Vec<String> = people.into_iter().map(str::to_owned).collect();
        told.sort();
        self.told.groups.push(("lead", told));
        Ok(())
    }

    fn opened_by(&mut self, params: &Params) -> Result<(), Problem> {
        let Some(word) = one_of(params, "opened_by", &["alerts", "people"])? else {
            return Ok(());
        };
        let alerts = Wanted::Has(Facet::opened_by_alerts());
        self.told.groups.push(("opened_by", vec![word.to_owned()]));
        self.add(if word == "alerts" { alerts } else { alerts.negated() });
        Ok(())
    }

    fn time(
        &mut self,
        params: &Params,
        moment: Moment,
        from: &'static str,
        to: &'static str,
    ) -> Result<(), Problem> {
        let span = Span { from: instant(params, from)?, to: instant(params, to)? };
        if span.is_all() {
            return Ok(());
        }
        if span.from.zip(span.to).is_some_and(|(from, to)| from > to) {
            let detail = format!("`{from}` is later than `{to}`.");
            return Err(Problem::bad_parameter(from, detail));
        }
        self.told.times.push((from, span.from, span.to));
        self.add(Wanted::Time(moment, span));
        Ok(())
    }

    fn text(&mut self, params: &Params) -> Result<(), Problem> {
        let text = params.one("q")?.unwrap_or_default();
        if text.chars().count() > TEXT_LIMIT {
            let detail = format!("`q` has at most {TEXT_LIMIT} characters.");
            return Err(Problem::bad_parameter("q", detail));
        }
        // Cleaned as names are, or it could never be found in one.
        self.text = Some(clean_line(text)).filter(|text| !text.is_empty());
        self.told.text.clone_from(&self.text);
        Ok(())
    }

    fn order(&mut self, params: &Params) -> Result<(), Problem> {
        (self.told.order, self.order) =
            match one_of(params, "sort", &["newest", "oldest", "updated"])? {
                Some("oldest") => ("oldest", Order::Oldest),
                Some("updated") => ("updated", Order::Updated),
                _ => ("newest", Order::Newest),
            };
        Ok(())
    }
}

fn read_place(place: &str) -> Option<Place> {
    let (number, micros) = place.split_once('/')?;
    let updated_at = Timestamp::from_micros(micros.parse().ok()?);
    Some(Place { number: number.parse().ok()?, updated_at })
}

fn one_of<'p>(params: &'p Params, name: &str, words: &[&str]) -> Result<Option<&'p str>, Problem> {
    let Some(word) = params.one(name)? else { return Ok(None) };
    if words.contains(&word) {
        return Ok(Some(word));
    }
    let detail = format!("`{name}` is one of {}.", words.join(", "));
    Err(Problem::bad_parameter(name, detail))
}

fn instant(params: &Params, name: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = params.one(name)? else { return Ok(None) };
    let instant: Result<jiff::Timestamp, _> = text.parse();
    instant.map(|instant| Some(instant.into())).map_err(|_| {
        let detail = format!("`{name}` is an instant such as `2026-11-26T03:00:00Z`.");
        Problem::bad_parameter(name, detail)
    })
}

fn creator(word: &str) -> Result<Actor, Problem> {
    if word == "stentor" {
        return Ok(Actor::Stentor);
    }
    if let Some(name) = word.strip_prefix("token:") {
        return Ok(Actor::ApiToken { name: name.to_owned() });
    }
    let user = UserId::new(word);
    if user.is_well_formed() {
        return Ok(Actor::Person { user });
    }
    let detail =
        "`creator` is a person's id in Slack, `token:` and the name of a token, or `stentor`.";
    Err(Problem::bad_parameter("creator", detail))
}

fn categories(params: &Params) -> Result<Vec<StatusCategory>, Problem> {
    let mut categories = Vec::new();
    for word in params.every("category").flat_map(|list| list.split(',')).map(str::trim) {
        match StatusCategory::parse(word) {
            Some(category) => categories.push(category),
            None if word == "open" => {
                categories.extend(StatusCategory::ALL.into_iter().filter(|c| c.is_active()));
            }
            None => {
                let known = StatusCategory::ALL.map(StatusCategory::as_str).join(", ");
                let detail = format!("A category is one of open, {known}.");
                return Err(Problem::bad_parameter("category", detail));
            }
        }
    }
    Ok(categories)
}

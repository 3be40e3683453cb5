//! Environments: incidents that some people look at together, by an expression that holds for them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::alert::filter::{BadFilter, Filter};
use crate::clock::Timestamp;
use crate::ids::EnvironmentId;
use crate::incident::catalogue::Catalogue;
use crate::incident::event::Actor;
use crate::incident::text::{clean_line, fold};

/// The environment that everybody has, and that has every incident.
pub const ALL: &str = "all";
/// The longest name, in characters.
pub const NAME_LIMIT: usize = 100;
/// The longest description, in characters.
pub const DESCRIPTION_LIMIT: usize = 200;
/// The longest condition, in characters.
pub const CONDITION_LIMIT: usize = 2_000;
/// The most environments of a workspace.
pub const ENVIRONMENTS_LIMIT: usize = 100;

/// Incidents that some people look at together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Environment {
    /// Its id.
    #[schema(value_type = String)]
    pub id: EnvironmentId,
    /// What people call it.
    #[schema(example = "Payments")]
    pub name: String,
    /// What it is for; empty if nobody has said.
    #[serde(default)]
    pub description: String,
    /// The expression that holds for its incidents.
    #[schema(example = "service = pay-* AND status = critical")]
    pub condition: String,
    /// Who made it.
    pub created_by: Actor,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What somebody wants an environment to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewEnvironment)]
pub struct Wanted {
    /// What people call it, in 1 to 100 characters.
    #[schema(example = "Payments")]
    pub name: String,
    /// What it is for, in at most 200 characters.
    #[serde(default)]
    pub description: String,
    /// The expression that holds for its incidents, as text of at most 2,000 characters or as an
    /// object. It asks for labels of alerts and tags of the incident by name, and for `status`,
    /// `severity`, `assignee`, `source_system`, `description` and `title`.
    #[schema(value_type = String, example = "service = pay-* AND status = critical")]
    pub condition: Value,
}

/// Why there is no such environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEnvironment {
    /// None has this id.
    #[error("There is no such environment here.")]
    NoSuch,
    /// It has no name that can be said.
    #[error("An environment has a name of 1 to {NAME_LIMIT} characters.")]
    Name,
    /// Another one goes by that name.
    #[error("There is an environment \u{201c}{name}\u{201d} already.")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The description is too long.
    #[error("A description of an environment has at most {DESCRIPTION_LIMIT} characters.")]
    Description,
    /// The condition is too long.
    #[error("A condition has at most {CONDITION_LIMIT} characters.")]
    TooLong,
    /// The condition can't be read.
    #[error("The condition can't be read: {0}.")]
    Condition(#[from] BadFilter),
    /// It is the one that everybody has.
    #[error("The environment `{ALL}` has every incident, and stays so.")]
    BuiltIn,
    /// There are as many as there can be.
    #[error("There are {ENVIRONMENTS_LIMIT} environments, which is the most.")]
    Enough,
}

impl BadEnvironment {
    /// The field that has to be corrected, where it is one.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            BadEnvironment::Name | BadEnvironment::NameTaken { .. } => Some("name"),
            BadEnvironment::Description => Some("description"),
            BadEnvironment::TooLong | BadEnvironment::Condition(_) => Some("condition"),
            BadEnvironment::NoSuch | BadEnvironment::BuiltIn | BadEnvironment::Enough => None,
        }
    }
}

impl Environment {
    /// The one that has every incident.
    pub fn all() -> Environment {
        Environment {
            id: EnvironmentId::from(ALL),
            name: "All".to_owned(),
            description: String::new(),
            condition: "*".to_owned(),
            created_by: Actor::Stentor,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        }
    }

    /// Its condition, ready for use. One that can't be read any more holds for nothing that it was
    /// not meant for: it is checked before it is kept.
    pub fn filter(&self) -> Result<Filter, BadFilter> {
        Filter::parse(&self.condition)
    }
}

/// All environments, the one that has every incident first.
pub fn every(catalogue: &Catalogue) -> Vec<Environment> {
    std::iter::once(Environment::all()).chain(catalogue.environments.iter().cloned()).collect()
}

/// The environment with this id.
pub fn find(catalogue: &Catalogue, id: &str) -> Result<Environment, BadEnvironment> {
    if id == ALL {
        return Ok(Environment::all());
    }
    let found = catalogue.environments.iter().find(|environment| environment.id.as_str() == id);
    found.cloned().ok_or(BadEnvironment::NoSuch)
}

/// Makes an environment.
pub fn create(
    catalogue: &mut Catalogue,
    id: EnvironmentId,
    wanted: &Wanted,
    by: &Actor,
    now: Timestamp,
) -> Result<EnvironmentId, BadEnvironment> {
    if catalogue.environments.len() >= ENVIRONMENTS_LIMIT {
        return Err(BadEnvironment::Enough);
    }
    let created_by = by.clone();
    let first = Environment { id: id.clone(), created_by, created_at: now, ..Environment::all() };
    let made = filled(catalogue, first, wanted, now)?;
    catalogue.environments.push(made);
    Ok(id)
}

/// Makes an environment say something else.
pub fn replace(
    catalogue: &mut Catalogue,
    id: &EnvironmentId,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<EnvironmentId, BadEnvironment> {
    refuse_built_in(id)?;
    let made = filled(catalogue, find(catalogue, id.as_str())?, wanted, now)?;
    if let Some(place) = catalogue.environments.iter_mut().find(|known| known.id == *id) {
        *place = made;
    }
    Ok(id.clone())
}

/// Removes an environment. Its incidents stay.
pub fn remove(
    catalogue: &mut Catalogue,
    id: &EnvironmentId,
) -> Result<EnvironmentId, BadEnvironment> {
    refuse_built_in(id)?;
    find(catalogue, id.as_str())?;
    catalogue.environments.retain(|known| known.id != *id);
    Ok(id.clone())
}

fn refuse_built_in(id: &EnvironmentId) -> Result<(), BadEnvironment> {
    if id.as_str() == ALL { Err(BadEnvironment::BuiltIn) } else { Ok(()) }
}

fn filled(
    catalogue: &Catalogue,
    environment: Environment,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<Environment, BadEnvironment> {
    let name = clean_line(&wanted.name);
    if !(1..=NAME_LIMIT).contains(&name.chars().count()) {
        return Err(BadEnvironment::Name);
    }
    let is_taken =
        |known: &Environment| known.id != environment.id && fold(&known.name) == fold(&name);
    if every(catalogue).iter().any(is_taken) {
        return Err(BadEnvironment::NameTaken { name });
    }
    let description = clean_line(&wanted.description);
    if description.chars().count() > DESCRIPTION_LIMIT {
        return Err(BadEnvironment::Description);
    }
    let condition = match &wanted.condition {
        Value::String(text) if text.chars().count() > CONDITION_LIMIT => {
            return Err(BadEnvironment::TooLong);
        }
        // Written anew, so that what is kept can always be read.
        condition => Filter::from_value(condition)?.to_string(),
    };
    // What was written anew may have got longer.
    if condition.chars().count() > 2 * CONDITION_LIMIT {
        return Err(BadEnvironment::TooLong);
    }
    Ok(Environment { name, description, condition, updated_at: now, ..environment })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wanted(name: &str, condition: Value) -> Wanted {
        Wanted { name: name.to_owned(), description: String::new(), condition }
    }

    #[test]
    fn environments_are_made_changed_and_removed_but_the_first_stays() {
        let (mut catalogue, by, now) = (Catalogue::default(), Actor::Stentor, Timestamp::default());
        let payments = wanted("Payments", json!({"=": ["service", "pay"]}));
        let id = create(&mut catalogue, "E1".into(), &payments, &by, now).unwrap();
        assert_eq!(find(&catalogue, "E1").unwrap().condition, "service = pay");
        let taken = create(&mut catalogue, "E2".into(), &wanted("payments", json!("*")), &by, now);
        assert!(matches!(taken, Err(BadEnvironment::NameTaken { .. })));
        for (name, condition) in [
            ("", json!("*")),
            ("x", json!("host =")),
            ("x", json!({"~": []})),
            ("x", json!("y".repeat(2_001))),
            ("All", json!("*")),
        ] {
            assert!(
                create(&mut catalogue, "E3".into(), &wanted(name, condition), &by, now).is_err()
            );
        }
        replace(&mut catalogue, &id, &wanted("Payments", json!("*")), now).unwrap();
        let all = EnvironmentId::from(ALL);
        assert_eq!(remove(&mut catalogue, &all), Err(BadEnvironment::BuiltIn));
        assert_eq!(replace(&mut catalogue, &all, &payments, now), Err(BadEnvironment::BuiltIn));
        remove(&mut catalogue, &id).unwrap();
        assert_eq!(remove(&mut catalogue, &id), Err(BadEnvironment::NoSuch));
        assert_eq!(every(&catalogue).len(), 1);
    }
}

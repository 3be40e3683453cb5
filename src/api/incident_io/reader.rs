//! What is looked up to draw an answer, or to understand a body.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::incident_body::{RoleAssignment, UserReference};
use crate::api::incident_io::key::Key;
use crate::api::incident_io::shape::Terms;
use crate::api::incident_io::shape::user::People;
use crate::app::App;
use crate::ids::{UserId, WorkspaceId};
use crate::incident::catalogue::Catalogue;
use crate::incident::state::Incident;
use crate::store::db::Tx;
use crate::store::people;
use crate::store::workspaces::{self, Catalogues};

/// What things and people of a workspace are called.
pub struct Reader {
    /// The catalogue.
    pub catalogue: Arc<Catalogue>,
    people: People,
    slack_team: String,
}

impl Reader {
    /// Looks up what is needed to draw these incidents.
    pub async fn load(
        app: &App,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        incidents: &[Incident],
    ) -> Result<Reader, Failure> {
        let people: BTreeSet<UserId> = incidents.iter().flat_map(Incident::people).collect();
        Ok(Reader::of(&app.catalogues, tx, workspace, people).await?)
    }

    /// Looks up what is needed where these people are shown.
    pub async fn of(
        catalogues: &Catalogues,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        ids: impl IntoIterator<Item = UserId>,
    ) -> Result<Reader, sqlx::Error> {
        let catalogue = catalogues.of(tx, workspace).await?;
        let team = workspaces::by_id(tx, workspace).await?.slack_team;
        let slack_team = team.map(|team| team.to_string()).unwrap_or_default();
        let people = people_of(tx, workspace, ids).await?;
        Ok(Reader { catalogue, people, slack_team })
    }

    /// What is needed to draw objects.
    pub fn terms(&self) -> Terms<'_> {
        Terms { catalogue: &self.catalogue, people: &self.people, slack_team: &self.slack_team }
    }
}

/// Who these people are.
pub async fn people_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    ids: impl IntoIterator<Item = UserId>,
) -> Result<People, sqlx::Error> {
    let ids: BTreeSet<UserId> = ids.into_iter().collect();
    let mut known = People::default();
    for person in people::with_ids(tx, workspace, &Vec::from_iter(ids)).await? {
        known.learn(person.id, person.name, person.email);
    }
    Ok(known)
}

/// Who people are that a body names by their addresses.
#[derive(Default)]
pub struct Addresses(HashMap<String, UserId>);

/// Looks up whom these assignments name by an address.
pub async fn resolve_people(
    tx: &mut Tx,
    key: &Key,
    assignments: &[RoleAssignment],
) -> Result<Addresses, Failure> {
    let named = assignments.iter().filter_map(|it| it.assignee.as_ref());
    Addresses::of(tx, key, &Vec::from_iter(named)).await
}

impl Addresses {
    /// Looks up whom these references name by an address.
    pub async fn of(
        tx: &mut Tx,
        Key(caller): &Key,
        named: &[&UserReference],
    ) -> Result<Addresses, Failure> {
        let mut addresses = Addresses::default();
        // Whoever has an id needs no address.
        let emails = named.iter().filter(|it| it.id().is_none()).filter_map(|it| it.email());
        for email in BTreeSet::from_iter(emails) {
            if let Some(person) = people::by_email(tx, &caller.workspace, email).await? {
                addresses.0.insert(email.to_owned(), person.id);
            }
        }
        Ok(addresses)
    }

    /// Who this is.
    pub fn find(&self, person: &UserReference) -> Result<UserId, Failure> {
        self.find_in("incident_role_assignments", person)
    }

    /// Who this is that stands in a field.
    pub fn find_in(&self, field: &str, person: &UserReference) -> Result<UserId, Failure> {
        let unknown = |message| Failure::invalid(field, message);
        match (person.id(), person.email()) {
            (Some(id), _) => Ok(UserId::new(id)),
            (None, Some(email)) => {
                self.0.get(email).cloned().ok_or_else(|| unknown("Nobody here has that address."))
            }
            (None, None) => Err(unknown("A person is named by one of id, email, slack_user_id.")),
        }
    }
}

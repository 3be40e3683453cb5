//! Changing what the workspace calls things.

use serde::de::DeserializeOwned;

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::api::problem::Problem;
use crate::app::App;
use crate::engine::catalogue::{CatalogueOrder, NotEdited, edit_catalogue};
use crate::incident::catalogue::edit::CatalogueCommand;

/// Gives a command to the catalogue of the caller's workspace, and returns what it is about, as it
/// is now.
pub async fn carry_out<T: DeserializeOwned>(
    app: &App,
    Key(caller): &Key,
    command: CatalogueCommand,
) -> Result<T, Failure> {
    let order = CatalogueOrder {
        workspace: caller.workspace.clone(),
        // This format has no keys here: each request is another one.
        receipt: format!("incident-io/catalogue/{}", app.ids.ulid(app.clock.now())),
        actor: caller.actor.clone(),
        command,
    };
    let edited = edit_catalogue(&app.db, &app.clock, &app.ids, &order).await?;
    T::deserialize(edited.after).map_err(|error| Failure::from(sqlx::Error::Decode(error.into())))
}

impl From<NotEdited> for Failure {
    fn from(not_edited: NotEdited) -> Failure {
        Problem::from(not_edited).into()
    }
}

//! Commands to incidents, as this format gives them.

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::key::Key;
use crate::app::App;
use crate::engine::order::{Done, NotDone, Order, Target};
use crate::incident::command::Command;
use crate::incident::event::Via;
use crate::incident::papers::Paperwork;
use crate::incident::refusal::Refusal;

/// Gives a command to an incident in the caller's name.
pub async fn give(
    app: &App,
    Key(caller): &Key,
    receipt: Option<String>,
    target: Target,
    command: Command,
) -> Result<Done, NotDone> {
    let order = Order {
        workspace: caller.workspace.clone(),
        receipt,
        target,
        actor: caller.actor.clone(),
        through: Some(caller.program()),
        via: Via::Api,
        command,
        expected_version: None,
    };
    app.engine.submit(order).await
}

/// Has something written down around an incident; `names` are what the format calls our fields.
pub async fn file(
    app: &App,
    key: &Key,
    receipt: Option<String>,
    target: Target,
    paperwork: Paperwork,
    names: &[(&str, &str)],
) -> Result<Done, Failure> {
    let done = give(app, key, receipt, target, Command::Paperwork(paperwork)).await;
    done.map_err(|not_done| Failure::from(not_done).in_terms_of(names))
}

/// What was done; nothing if it was so already, where asking for it again is no mistake.
pub fn unless_so(done: Result<Done, NotDone>) -> Result<Option<Done>, NotDone> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(NotDone::Refused(Refusal::AlreadySo { .. })) => Ok(None),
        Err(not_done) => Err(not_done),
    }
}

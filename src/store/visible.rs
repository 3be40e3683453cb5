//! Whether somebody may read what belongs to an incident.

use sqlx::types::Json;

use crate::incident::access::may_see;
use crate::incident::event::Actor;
use crate::incident::state::Incident;

/// Whether this actor may read what belongs to an incident. Queries hand in the state of those that
/// are not public alone: reading all of them would cost more than the rows themselves.
pub(super) fn may_read(hidden: Option<&Json<Incident>>, actor: &Actor) -> bool {
    hidden.is_none_or(|state| may_see(&state.0, actor))
}

//! Ids in the paths of this format.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::api::incident_io::failure::Failure;

/// The id in a path. What does not decode, and what no database takes, is nothing's.
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Id, Failure> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let id = path.ok().filter(|Path(id)| !id.contains('\0'));
        id.map(|Path(id)| Id(id)).ok_or_else(|| Failure::not_found("thing"))
    }
}

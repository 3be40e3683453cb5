//! Bodies of this format.

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::api::incident_io::failure::Failure;
use crate::api::request;

/// A JSON body. What the caller knows and we do not is left unread, as clients of every age expect.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Body<T>, Failure> {
        let request::Body(body) = request::Body::from_request(request, state).await?;
        Ok(Body(body))
    }
}

//! Bodies of this format.

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::api::incident_io::failure::Failure;
use crate::api::request;
use crate::json;

/// A JSON body. What the caller knows and we do not is left unread, as clients of every age expect.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Body<T>, Failure> {
        let request::Body(object) =
            request::Body::<Map<String, Value>>::from_request(request, state).await?;
        if let Some((field, _)) = object.iter().find(|(_, value)| json::has_nul(value)) {
            return Err(Failure::invalid(field, "The character U+0000 can't be kept."));
        }
        Ok(Body(request::fit(&object)?))
    }
}

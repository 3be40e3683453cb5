//! The way out to addresses that somebody has entered: into no inner network, unless it was allowed.

use std::sync::{Arc, OnceLock};

use axum::http::Uri;

use crate::rules::http::{self, HttpClient};
use crate::rules::inner::{self, BadAddress, Resolver};
use crate::source::Networks;

/// The way out. Clones are the same one.
#[derive(Clone, Default)]
pub struct Way {
    allowed: Networks,
    plain: Arc<OnceLock<HttpClient>>,
    encrypted: Arc<OnceLock<HttpClient>>,
}

impl Way {
    /// One that may lead into these inner networks, too.
    pub fn into(allowed: Networks) -> Way {
        Way { allowed, plain: Arc::default(), encrypted: Arc::default() }
    }

    /// Whether it may lead to this address. What its name resolves to is looked at when connecting.
    pub fn check(&self, url: &str) -> Result<Uri, BadAddress> {
        inner::read(url, &self.allowed)
    }

    /// A client is made when it is needed first: not every machine has certificates.
    pub fn client(&self, uri: &Uri) -> std::io::Result<&HttpClient> {
        let is_encrypted = uri.scheme_str() == Some("https");
        let place = if is_encrypted { &self.encrypted } else { &self.plain };
        if let Some(client) = place.get() {
            return Ok(client);
        }
        let client = http::client(Resolver::Outside(self.allowed.clone()), is_encrypted)?;
        Ok(place.get_or_init(|| client))
    }
}

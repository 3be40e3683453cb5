//! What several doors ask of a request.

use crate::ingest::knock::{Knock, Trouble};

impl Knock {
    /// Whether it is to the source's own address, with or without the secret in it.
    pub fn is_at_the_door(&self) -> bool {
        let path = self.path();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        matches!(path.as_slice(), [] | ["key", _])
    }

    /// Settings were checked when they were made. If they can't be read now, nothing can be taken
    /// until somebody mends them.
    pub fn settings_are_broken(&self, reason: &str) -> Trouble {
        tracing::error!(reason, source.id = %self.source.id, "The settings of a source can't be read");
        Trouble::Unavailable
    }
}

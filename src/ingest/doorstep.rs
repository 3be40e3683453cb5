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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::header::RETRY_AFTER;

    use super::*;
    use crate::ingest::{bigpanda, cloudevents, generic, github, sentry, sns};

    /// What makes each sender come again when more comes than can be saved, and when nothing can.
    #[test]
    fn each_sender_is_told_in_its_way_to_come_again() {
        let busy = Trouble::Busy(Duration::from_secs(7));
        for (door, response, status) in [
            ("sentry", sentry::refuse(busy.clone()), 503),
            ("sns", sns::refuse(busy.clone()), 503),
            ("generic", generic::refuse(busy.clone()), 503),
            ("github", github::refuse(busy.clone()), 429),
            ("cloudevents", cloudevents::refuse(busy.clone()), 429),
            ("bigpanda", bigpanda::refuse(busy), 429),
        ] {
            assert_eq!(response.status().as_u16(), status, "{door}");
            assert_eq!(response.headers()[RETRY_AFTER], "7", "{door}");
        }
        for response in [
            sentry::refuse(Trouble::Unavailable),
            sns::refuse(Trouble::Unavailable),
            generic::refuse(Trouble::Unavailable),
            github::refuse(Trouble::Unavailable),
            cloudevents::refuse(Trouble::Unavailable),
            bigpanda::refuse(Trouble::Unavailable),
        ] {
            assert_eq!(response.status().as_u16(), 503);
            assert_eq!(response.headers()[RETRY_AFTER], "1");
        }
    }
}

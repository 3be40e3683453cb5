//! In whose words a webhook is told. Pure.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::webhooks::event_type::EventType;

/// In whose words a webhook is told.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookFormat)]
pub enum Format {
    /// As incident.io says it: the type of the event, and what it is about under that name.
    #[default]
    IncidentIo,
    /// As BigPanda says it: the incident with its alerts, whatever has happened to it.
    Bigpanda,
}

/// No format goes by this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a format is incident_io or bigpanda")]
pub struct UnknownFormat;

impl Format {
    /// The word for it on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::IncidentIo => "incident_io",
            Format::Bigpanda => "bigpanda",
        }
    }

    /// Whether it has words for this. BigPanda knows incidents alone, and makes no difference between
    /// what may happen to them.
    pub fn knows(self, event: EventType) -> bool {
        let of_incidents = [EventType::INCIDENT_CREATED, EventType::INCIDENT_UPDATED];
        match self {
            Format::IncidentIo => true,
            Format::Bigpanda => of_incidents
                .iter()
                .any(|known| *known == event || known.private_twin() == Some(event)),
        }
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Format, UnknownFormat> {
        let all = [Format::IncidentIo, Format::Bigpanda];
        all.into_iter().find(|format| format.as_str() == word).ok_or(UnknownFormat)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bigpanda_knows_incidents_alone() {
        let known = EventType::ALL.into_iter().filter(|event| Format::Bigpanda.knows(*event));
        let known: Vec<&str> = known.map(EventType::as_str).collect();
        assert_eq!(
            known,
            [
                "private_incident.incident_created_v2",
                "private_incident.incident_updated_v2",
                "public_incident.incident_created_v2",
                "public_incident.incident_updated_v2"
            ]
        );
        for format in [Format::IncidentIo, Format::Bigpanda] {
            assert_eq!(format.as_str().parse(), Ok(format));
        }
    }
}

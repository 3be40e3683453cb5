//! Where an entry stands: its incident and its version, as one text that programs can keep.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::IncidentId;

/// The id of an entry: of an update, a note, a moment of the timeline, a line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The incident.
    pub incident: IncidentId,
    /// The entry's place in its record, from 1.
    pub version: i64,
}

impl Place {
    /// Reads an id as it is written; nothing if it is none.
    pub fn parse(text: &str) -> Option<Place> {
        let (incident, version) = text.rsplit_once('-')?;
        let is_plain = !version.starts_with(['0', '+']) && !version.is_empty();
        let version = version.parse().ok().filter(|version: &i64| is_plain && *version > 0)?;
        let incident = ulid::Ulid::from_string(incident).ok()?;
        Some(Place { incident: IncidentId::new(incident.to_string()), version })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.incident, self.version)
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Place::parse(&text).ok_or_else(|| serde::de::Error::custom("this is no entry's id"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_was_written() {
        let place = Place { incident: IncidentId::from("01K5QGJH00000000000000000A"), version: 42 };
        assert_eq!(place.to_string(), "01K5QGJH00000000000000000A-42");
        assert_eq!(Place::parse(&place.to_string()), Some(place));
        for text in ["", "-", "7", "01K5QGJH00000000000000000A", "01K5QGJH00000000000000000A-"] {
            assert_eq!(Place::parse(text), None, "{text}");
        }
        for version in ["0", "07", "+7", "-7", "x", "99999999999999999999"] {
            let text = format!("01K5QGJH00000000000000000A-{version}");
            assert_eq!(Place::parse(&text), None, "{text}");
        }
        assert_eq!(Place::parse("no incident-7"), None);
    }
}

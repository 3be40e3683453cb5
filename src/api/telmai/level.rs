//! LOW, MEDIUM and HIGH: what the severities of a catalogue and the status of an alert are called here.

use crate::alert::observation::Status;
use crate::alert::state::Alert;
use crate::ids::SeverityId;
use crate::incident::catalogue::Catalogue;

/// The words, from the least to the worst.
pub const LEVELS: [&str; 3] = ["LOW", "MEDIUM", "HIGH"];

/// The word that this is, whatever its case.
pub fn of_word(word: &str) -> Option<&'static str> {
    LEVELS.into_iter().find(|level| level.eq_ignore_ascii_case(word.trim()))
}

/// The word for a severity: its own name if that is one of them, or else by its rank among the others.
/// The worst is always HIGH.
pub fn of_severity(catalogue: &Catalogue, id: &SeverityId) -> Option<&'static str> {
    let mut by_rank: Vec<_> = catalogue.severities.iter().collect();
    by_rank.sort_by_key(|severity| severity.rank);
    let place = by_rank.iter().position(|severity| severity.id == *id)?;
    let of_rank = LEVELS[((place + 1) * LEVELS.len() - 1) / by_rank.len()];
    Some(of_word(&by_rank[place].name).unwrap_or(of_rank))
}

/// The severities that are called so.
pub fn severities<'c>(catalogue: &'c Catalogue, level: &str) -> Vec<&'c SeverityId> {
    let ids = catalogue.severities.iter().map(|severity| &severity.id);
    ids.filter(|id| of_severity(catalogue, id) == Some(level)).collect()
}

/// How urgent an alert is, or was when it was over.
pub fn of_alert(alert: &Alert) -> &'static str {
    let status = if alert.phase.is_firing() { alert.status } else { alert.peak };
    match status {
        Status::Critical => "HIGH",
        Status::Warning => "MEDIUM",
        Status::Unknown | Status::Ok => "LOW",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_severities_are_one_of_each() {
        let catalogue = Catalogue::default();
        for (severity, level) in catalogue.severities.iter().zip(LEVELS) {
            assert_eq!(of_severity(&catalogue, &severity.id), Some(level));
            assert_eq!(severities(&catalogue, level), [&severity.id]);
        }
        assert_eq!(of_severity(&catalogue, &SeverityId::from("gone")), None);
    }

    #[test]
    fn of_any_number_the_worst_is_high() {
        let mut catalogue = Catalogue::default();
        let one = catalogue.severities[0].clone();
        for count in 1..8 {
            let made = (0..count).map(|rank| {
                let id = SeverityId::new(format!("S{rank}"));
                crate::incident::catalogue::Severity { id, rank, ..one.clone() }
            });
            catalogue.severities = made.collect();
            let last = &catalogue.severities.last().unwrap().id;
            assert_eq!(of_severity(&catalogue, last), Some("HIGH"), "{count}");
        }
    }
}

//! How often a plan opens, in BigPanda's words: `frequency`, `frequency_data` and `time_zone`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::alert::recurrence::{Every, Recurrence};
use crate::api::bigpanda::failure::{Failure, Outcome};
use crate::oncall::hours;

/// The word for a plan that does not repeat.
const ONCE: &str = "Once";
/// The time zone of plans that name none.
const UTC: &str = "UTC";

/// How often somebody wants a plan to open. What is left out of a change stays.
#[derive(Debug, Default, Deserialize)]
pub struct Given {
    frequency: Option<String>,
    frequency_data: Option<FrequencyData>,
    time_zone: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct FrequencyData {
    duration: Option<u32>,
    relativity: Option<String>,
}

impl Given {
    /// What the plan does from then on, if it did this before.
    pub fn read(self, before: Option<Recurrence>) -> Outcome<Option<Recurrence>> {
        let is_relative = self.is_relative()?;
        let every = match self.frequency.as_deref().map(frequency).transpose()? {
            Some(every) => every,
            None => before.as_ref().map(|before| before.every),
        };
        let zone = self.time_zone.or(before.as_ref().map(|before| before.time_zone.clone()));
        let time_zone = zone.unwrap_or_else(|| UTC.to_owned());
        let data = self.frequency_data;
        let Some(every) = every else {
            return match data {
                Some(_) => Err(Failure::bad("frequency_data is for plans that repeat.")),
                // A plan that happens once has it nowhere to be kept, but it has to be one.
                None if hours::zone(&time_zone).is_none() => {
                    Err(Failure::bad("time_zone is an IANA name such as Europe/Berlin."))
                }
                None => Ok(None),
            };
        };
        let every = match (every, is_relative) {
            (Every::Month, Some(true)) => Every::WeekdayOfMonth,
            (Every::WeekdayOfMonth, Some(false)) => Every::Month,
            // It was relative before, and nobody says otherwise.
            (Every::Month, None) => before.as_ref().map_or(every, |before| match before.every {
                Every::WeekdayOfMonth => Every::WeekdayOfMonth,
                _ => every,
            }),
            _ => every,
        };
        let duration = data.and_then(|data| data.duration);
        let duration = duration.or(before.map(|before| before.duration_seconds));
        let duration_seconds = duration
            .ok_or_else(|| Failure::bad("frequency_data.duration is required: in seconds."))?;
        Ok(Some(Recurrence { every, duration_seconds, time_zone }))
    }

    fn is_relative(&self) -> Outcome<Option<bool>> {
        let word = self.frequency_data.as_ref().and_then(|data| data.relativity.as_deref());
        let wrong = "frequency_data.relativity is Absolute or Relative.";
        match word.map(str::to_ascii_lowercase).as_deref() {
            None => Ok(None),
            Some("absolute") => Ok(Some(false)),
            Some("relative") => Ok(Some(true)),
            Some(_) => Err(Failure::bad(wrong)),
        }
    }
}

/// What a word means, whatever its case.
fn frequency(word: &str) -> Outcome<Option<Every>> {
    match word.to_ascii_lowercase().as_str() {
        "once" => Ok(None),
        "daily" => Ok(Some(Every::Day)),
        "weekly" => Ok(Some(Every::Week)),
        "monthly" => Ok(Some(Every::Month)),
        _ => Err(Failure::bad("frequency is Once, Daily, Weekly or Monthly.")),
    }
}

/// The word that a filter asks for.
pub fn asked(word: &str) -> Outcome<&'static str> {
    Ok(word_for(frequency(word)?))
}

/// The word for how often a plan opens.
pub fn word_for(every: Option<Every>) -> &'static str {
    match every {
        None => ONCE,
        Some(Every::Day) => "Daily",
        Some(Every::Week) => "Weekly",
        Some(Every::Month | Every::WeekdayOfMonth) => "Monthly",
    }
}

/// Adds to a plan how often it opens.
pub fn show(repeats: Option<&Recurrence>, plan: &mut Map<String, Value>) {
    plan.insert("frequency".to_owned(), word_for(repeats.map(|repeats| repeats.every)).into());
    let zone = repeats.map_or(UTC, |repeats| &repeats.time_zone);
    plan.insert("time_zone".to_owned(), zone.into());
    let Some(repeats) = repeats else { return };
    let mut data = json!({"duration": repeats.duration_seconds});
    match repeats.every {
        Every::Month => data["relativity"] = "Absolute".into(),
        Every::WeekdayOfMonth => data["relativity"] = "Relative".into(),
        Every::Day | Every::Week => {}
    }
    plan.insert("frequency_data".to_owned(), data);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: Value, before: Option<Recurrence>) -> Option<Option<Recurrence>> {
        serde_json::from_value::<Given>(given).unwrap().read(before).ok()
    }

    fn weekday_of_month() -> Recurrence {
        let (every, time_zone) = (Every::WeekdayOfMonth, "Asia/Tokyo".to_owned());
        Recurrence { every, duration_seconds: 600, time_zone }
    }

    #[test]
    fn what_is_left_out_of_a_change_stays() {
        let before = weekday_of_month();
        let stays = |given| read(given, Some(before.clone())).unwrap().unwrap();
        assert_eq!(stays(json!({})), before);
        assert_eq!(stays(json!({"frequency": "monthly"})), before);
        assert_eq!(stays(json!({"frequency_data": {"duration": 60}})).duration_seconds, 60);
        let absolute = stays(json!({"frequency_data": {"relativity": "absolute"}}));
        assert_eq!((absolute.every, absolute.duration_seconds), (Every::Month, 600));
        assert_eq!(stays(json!({"frequency": "Weekly", "time_zone": "UTC"})).time_zone, "UTC");
        assert_eq!(read(json!({"frequency": "Once"}), Some(before)), Some(None));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for given in [
            json!({"frequency": "Daily"}),
            json!({"frequency": "Hourly", "frequency_data": {"duration": 60}}),
            json!({"frequency_data": {"duration": 60}}),
            json!({"frequency": "Monthly", "frequency_data": {"duration": 60, "relativity": "x"}}),
            json!({"time_zone": "Mars/Olympus"}),
        ] {
            assert_eq!(read(given.clone(), None), None, "{given}");
        }
    }

    #[test]
    fn what_is_shown_can_be_sent_back() {
        for every in [Every::Day, Every::Week, Every::Month, Every::WeekdayOfMonth] {
            let repeats = Recurrence { every, ..weekday_of_month() };
            let mut plan = Map::new();
            show(Some(&repeats), &mut plan);
            assert_eq!(read(Value::Object(plan), None), Some(Some(repeats)));
        }
    }
}

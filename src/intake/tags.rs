//! What people call alerts by.

use std::collections::BTreeSet;

use crate::ids::AlertId;
use crate::incident::event::Actor;
use crate::intake::desk::Desk;
use crate::intake::order::Tagging;
use crate::store::alert_tags;
use crate::store::db::{Result, Tx};

/// The most tags of one alert.
pub const TAGS: usize = 25;

impl Desk<'_> {
    /// The same with names as the workspace writes them; those that are to be set and are not known
    /// are, from now on.
    pub(super) async fn known_tags(&self, tx: &mut Tx, tagging: &Tagging) -> Result<Tagging> {
        let (Tagging::Add(names) | Tagging::Remove(names) | Tagging::Set(names)) = tagging;
        if !matches!(tagging, Tagging::Remove(_)) {
            alert_tags::ensure(tx, self.workspace, names, self.ids, self.now).await?;
        }
        let known = alert_tags::named(tx, self.workspace, names).await?;
        let known = known.into_iter().map(|tag| tag.name).collect();
        Ok(match tagging {
            Tagging::Add(_) => Tagging::Add(known),
            Tagging::Remove(_) => Tagging::Remove(known),
            Tagging::Set(_) => Tagging::Set(known),
        })
    }

    /// Tags an alert, unless it would have too many tags.
    pub(super) fn tag(&mut self, id: &AlertId, tagging: &Tagging, by: &Actor) -> bool {
        let now = self.now;
        let alert = &mut self.alerts.get_mut(id).expect("it is held").written.alert;
        let tags: BTreeSet<String> = match tagging {
            Tagging::Add(names) => alert.tags.iter().chain(names).cloned().collect(),
            Tagging::Remove(names) => {
                alert.tags.iter().filter(|tag| !names.contains(tag)).cloned().collect()
            }
            Tagging::Set(names) => names.iter().cloned().collect(),
        };
        if tags.len() > TAGS {
            return false;
        }
        let Some(change) = alert.tag(tags, by.clone(), now) else { return false };
        self.changed(id, change);
        true
    }
}

//! What people do to an incident's channel, and what the incident makes of it.
//!
//! The channel is Slack's, and people archive, rename, delete or close it as they like. What was
//! found is a fact of the incident like any other, so that timeline, announcement and API know it,
//! and so that the work that waits for the channel knows where to go.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{ChannelId, UserId};
use crate::incident::catalogue::Catalogue;
use crate::incident::event::Event;
use crate::incident::refusal::Refusal;
use crate::incident::state::{Incident, Mode, Visibility};
use crate::incident::text::chosen_channel_name;

/// How often Stentor comes back into a public channel that it was removed from. Whoever removes
/// it once more means it.
const RETURNS: u32 = 3;

/// Whether Stentor can speak in the channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelState {
    /// It can.
    #[default]
    Open,
    /// Somebody archived it, and only people can bring it back.
    Archived,
    /// Stentor was removed, and comes back by itself.
    Left,
    /// Stentor was removed, and somebody has to invite it.
    ShutOut,
}

/// How the channel stands, as far as Stentor has found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ChannelStanding {
    /// Whether Stentor can speak there.
    pub state: ChannelState,
    /// It was archived at least once, so that something may have been said elsewhere.
    pub was_archived: bool,
    /// The name that people gave it; Stentor does not change that one.
    pub named_by_people: Option<String>,
    /// Somebody made it private; the incident itself is as public as before.
    pub made_private: bool,
    /// How often Stentor was removed from it.
    pub removals: u32,
    /// The incident's channels before this one, which were deleted.
    pub deleted: Vec<ChannelId>,
}

impl ChannelStanding {
    /// Whether nobody has touched it.
    pub fn is_untouched(&self) -> bool {
        *self == ChannelStanding::default()
    }
}

/// What happened to a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum ChannelChange {
    /// Somebody archived it.
    Archived,
    /// Stentor can speak there again.
    Back,
    /// Stentor was removed from it.
    Left {
        /// Somebody has to invite it: it can't come back by itself.
        shut_out: bool,
    },
    /// It is gone for good.
    Deleted,
    /// Slack gave it another id.
    Moved {
        /// The new id.
        to: ChannelId,
    },
    /// Only its members see it now.
    MadePrivate,
    /// Somebody gave it another name.
    Renamed {
        /// The name now.
        to: String,
        /// It is a name of Stentor's own again, which follows the incident's.
        follows: bool,
    },
}

impl Incident {
    /// Whether only its members see the channel.
    pub fn has_private_channel(&self) -> bool {
        self.visibility == Visibility::Private || self.standing.made_private
    }

    /// Whether the channel is gone, and nobody needs another one any more; or there never was one,
    /// because all was over when the incident was written down.
    pub fn needs_no_channel(&self) -> bool {
        let is_gone = !self.standing.deleted.is_empty() && self.category.is_ended();
        self.channel.is_none() && (is_gone || self.mode == Mode::Retrospective)
    }

    /// Who looks after the incident: its lead, or else whoever declared it.
    pub fn keeper(&self, catalogue: &Catalogue) -> Option<&UserId> {
        self.roles.get(&catalogue.lead().id).or_else(|| self.creator.person())
    }

    /// Folds what happened to the channel into the state.
    pub(super) fn apply_to_channel(&mut self, change: &ChannelChange) {
        let standing = &mut self.standing;
        match change {
            ChannelChange::Archived => {
                standing.state = ChannelState::Archived;
                standing.was_archived = true;
            }
            ChannelChange::Back => standing.state = ChannelState::Open,
            ChannelChange::Left { shut_out } => {
                // Being shut out is found while it is out, and is no second removal.
                standing.removals += u32::from(standing.state != ChannelState::Left);
                standing.state = if *shut_out { ChannelState::ShutOut } else { ChannelState::Left };
            }
            ChannelChange::Deleted => {
                let mut deleted = std::mem::take(&mut standing.deleted);
                deleted.extend(self.channel.take());
                self.standing = ChannelStanding { deleted, ..ChannelStanding::default() };
            }
            ChannelChange::Moved { to } => self.channel = Some(to.clone()),
            ChannelChange::MadePrivate => standing.made_private = true,
            ChannelChange::Renamed { to, follows } => {
                standing.named_by_people = Some(to.clone()).filter(|_| !follows);
            }
        }
    }
}

/// The name that somebody chose for a channel; nothing if they leave it to the incident.
pub(super) fn chosen(name: &str) -> Result<Option<String>, Refusal> {
    match name.trim() {
        "" => Ok(None),
        name => chosen_channel_name(name).map(Some).ok_or(Refusal::BadChannelName),
    }
}

/// Calls the incident's channel something else.
pub(super) fn give_name(incident: &Incident, name: &str) -> Result<Vec<Event>, Refusal> {
    let to = chosen(name)?;
    // Who says it again may have seen that people call it otherwise.
    if incident.channel_name == to && incident.standing.named_by_people.is_none() {
        return Err(Refusal::AlreadySo { what: "That is its channel's name already".to_owned() });
    }
    Ok(vec![Event::ChannelNamed { from: incident.channel_name.clone(), to }])
}

/// What it means that a channel was opened for the incident, or found again.
pub(super) fn opened(
    incident: &Incident,
    channel: &ChannelId,
    catalogue: &Catalogue,
) -> Result<Vec<Event>, Refusal> {
    if incident.channel.is_some() || incident.standing.deleted.contains(channel) {
        return Err(Refusal::AlreadySo { what: "The incident's channel is recorded".to_owned() });
    }
    let replaces = !incident.standing.deleted.is_empty();
    let told = incident.keeper(catalogue).filter(|_| replaces).cloned();
    Ok(vec![Event::ChannelOpened { channel: channel.clone(), told }])
}

/// What a finding about the channel means for the incident. A second finding of the same changes
/// nothing: events come twice, late, and beside what calls have found.
pub(super) fn found(
    incident: &Incident,
    channel: &ChannelId,
    change: &ChannelChange,
    catalogue: &Catalogue,
) -> Result<Vec<Event>, Refusal> {
    let known = || Err(Refusal::AlreadySo { what: "That is known of the channel".to_owned() });
    if incident.channel.as_ref() != Some(channel) {
        return Err(Refusal::AlreadySo { what: "The incident's channel is another".to_owned() });
    }
    let standing = &incident.standing;
    let change = match change {
        ChannelChange::Archived if standing.state == ChannelState::Archived => return known(),
        ChannelChange::Back if standing.state == ChannelState::Open => return known(),
        ChannelChange::Left { shut_out } => {
            let shut_out =
                *shut_out || incident.has_private_channel() || standing.removals >= RETURNS;
            match (standing.state, shut_out) {
                (ChannelState::ShutOut, _) | (ChannelState::Left, false) => return known(),
                _ => ChannelChange::Left { shut_out },
            }
        }
        ChannelChange::Moved { to } if to == channel || standing.deleted.contains(to) => {
            return known();
        }
        ChannelChange::MadePrivate if incident.has_private_channel() => return known(),
        ChannelChange::Renamed { follows: true, .. } if standing.named_by_people.is_none() => {
            return known();
        }
        ChannelChange::Renamed { to, .. } if standing.named_by_people.as_ref() == Some(to) => {
            return known();
        }
        change => change.clone(),
    };
    let matters = match change {
        ChannelChange::Archived | ChannelChange::MadePrivate => true,
        ChannelChange::Left { shut_out } => shut_out,
        // That a channel was deleted is said when the next one is there.
        ChannelChange::Back
        | ChannelChange::Deleted
        | ChannelChange::Moved { .. }
        | ChannelChange::Renamed { .. } => false,
    };
    // What happens to the channel of an incident that is over is as it should be.
    let told = incident.keeper(catalogue).filter(|_| matters && !incident.category.is_ended());
    let told = told.cloned();
    Ok(vec![Event::ChannelChanged { channel: channel.clone(), change, told }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::ids::IncidentId;
    use crate::incident::command::{Command, Declare};
    use crate::incident::decide::{Context, decide, declare};
    use crate::incident::event::{Actor, Entry, Via};
    use crate::incident::reactions::{Effect, Surface, reactions};

    /// An incident of Alice's, its channel open.
    struct Life {
        incident: Incident,
        catalogue: Catalogue,
    }

    impl Life {
        fn new(private: bool) -> Self {
            let catalogue = Catalogue::default();
            let alice = Actor::Person { user: UserId::from("U0ALICE") };
            let now = Timestamp::from_micros(0);
            let context = Context { now, actor: &alice, via: Via::Modal, catalogue: &catalogue };
            let request = Declare { name: "x".to_owned(), private, ..Declare::default() };
            let declared = declare(&request, 1, &context).unwrap();
            let incident = Incident::declared(IncidentId::from("x"), now, &alice, &declared);
            let mut life = Life { incident, catalogue };
            life.gives(&Command::RecordChannel { channel: ChannelId::from("C0ONE") }).unwrap();
            life
        }

        fn gives(&mut self, command: &Command) -> Result<Vec<Effect>, Refusal> {
            let actor = if command.is_internal() {
                Actor::Stentor
            } else {
                Actor::Person { user: UserId::from("U0ALICE") }
            };
            let (now, via) = (Timestamp::from_micros(1), Via::Delivery);
            let context = Context { now, actor: &actor, via, catalogue: &self.catalogue };
            let event = decide(&self.incident, command, &context)?.remove(0);
            let version = self.incident.version + 1;
            let entry = Entry {
                version,
                at: now,
                actor: actor.clone(),
                via,
                telling: None,
                event,
                through: None,
            };
            self.incident.apply(&entry);
            Ok(reactions(&entry, &self.incident))
        }

        fn finds(&mut self, change: ChannelChange) -> Result<Vec<Effect>, Refusal> {
            let channel = ChannelId::from("C0ONE");
            self.gives(&Command::RecordChannelChange { channel, change })
        }

        fn state(&self) -> ChannelState {
            self.incident.standing.state
        }
    }

    #[test]
    fn what_is_found_twice_is_a_fact_once() {
        for change in [
            ChannelChange::Archived,
            ChannelChange::Left { shut_out: false },
            ChannelChange::Left { shut_out: true },
            ChannelChange::Deleted,
            ChannelChange::Moved { to: ChannelId::from("C0TWO") },
            ChannelChange::MadePrivate,
            ChannelChange::Renamed { to: "war-room".to_owned(), follows: false },
        ] {
            let mut life = Life::new(false);
            assert!(life.finds(change.clone()).is_ok(), "{change:?}");
            assert!(life.finds(change.clone()).is_err(), "{change:?}");
        }
        assert!(Life::new(false).finds(ChannelChange::Back).is_err());
    }

    #[test]
    fn a_public_channel_is_entered_again_until_people_mean_it() {
        let mut life = Life::new(false);
        for _ in 0..RETURNS {
            life.finds(ChannelChange::Left { shut_out: false }).unwrap();
            assert_eq!(life.state(), ChannelState::Left);
            life.finds(ChannelChange::Back).unwrap();
        }
        life.finds(ChannelChange::Left { shut_out: false }).unwrap();
        assert_eq!(life.state(), ChannelState::ShutOut);
        // Found to be impossible while it is out, that is no further removal.
        let mut life = Life::new(false);
        life.finds(ChannelChange::Left { shut_out: false }).unwrap();
        life.finds(ChannelChange::Left { shut_out: true }).unwrap();
        assert_eq!((life.state(), life.incident.standing.removals), (ChannelState::ShutOut, 1));
        let mut private = Life::new(true);
        private.finds(ChannelChange::Left { shut_out: false }).unwrap();
        assert_eq!(private.state(), ChannelState::ShutOut);
    }

    #[test]
    fn a_deleted_channel_is_made_anew_unless_the_incident_is_over() {
        let mut life = Life::new(false);
        let effects = life.finds(ChannelChange::Deleted).unwrap();
        assert!(effects.contains(&Effect::Renew(Surface::Channel)), "{effects:?}");
        let again = Command::RecordChannel { channel: ChannelId::from("C0ONE") };
        assert!(life.gives(&again).is_err(), "a channel that was deleted does not come back");
        let mut life = Life::new(false);
        life.gives(&Command::Close { message: None }).unwrap();
        let effects = life.finds(ChannelChange::Deleted).unwrap();
        assert_eq!(effects, [Effect::Refresh(Surface::Announcement)]);
        let summary = Command::Summary { summary: "It was the release".to_owned() };
        let effects = life.gives(&summary).unwrap();
        assert!(!effects.contains(&Effect::Refresh(Surface::Channel)), "{effects:?}");
    }

    #[test]
    fn an_older_row_has_a_channel_that_nobody_has_touched() {
        let mut state = serde_json::to_value(Life::new(false).incident).unwrap();
        assert_eq!(state.get("standing"), None, "what is as it should be takes no room");
        state.as_object_mut().unwrap().remove("standing");
        let incident: Incident = serde_json::from_value(state).unwrap();
        assert!(incident.standing.is_untouched());
    }
}

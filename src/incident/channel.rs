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
use crate::incident::state::{Incident, Visibility};

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

    /// Whether the channel is gone, and nobody needs another one any more.
    pub fn needs_no_channel(&self) -> bool {
        self.channel.is_none() && !self.standing.deleted.is_empty() && self.category.is_ended()
    }

    /// Who looks after the incident: its lead, or else whoever declared it.
    pub fn keeper(&self, catalogue: &Catalogue) -> Option<&UserId> {
        self.roles.get(&catalogue.lead().id).or_else(|| self.creator.person())
    }

    /// Folds what happened to the channel into the state.
    pub(super) fn apply_to_channel(&mut self, change: &ChannelChange) {
        let standing = &mut self.standing;
        match change {
            ChannelChange::Archived => standing.state = ChannelState::Archived,
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

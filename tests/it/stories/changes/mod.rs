//! People change Slack under Stentor: channels are archived, renamed, deleted, closed; messages
//! are deleted; the app is thrown out. Each time the incident goes on, and who can do something
//! about it is told once.

mod access;
mod announcements;
mod archived;
mod chosen;
mod deleted;
mod messages;
mod removed;
mod renamed;

use stentor::incident::channel::ChannelState;
use stentor::incident::event::Event;
use stentor::incident::state::Incident;
use stentor::simulator::act::Act;
use stentor::simulator::faults::{Failing, Fault, Misdelivery};

use crate::bot::{ALICE, Bot, INCIDENTS};

/// Everything that Slack tells of channels and messages.
const EVENTS: [&str; 13] = [
    "channel_archive",
    "channel_deleted",
    "channel_id_changed",
    "channel_left",
    "channel_rename",
    "channel_unarchive",
    "group_archive",
    "group_deleted",
    "group_left",
    "group_rename",
    "member_joined_channel",
    "member_left_channel",
    "message",
];

impl Bot {
    /// Alice, who is an admin, does something to a channel, and all that follows has happened.
    async fn does(&self, act: Act) {
        self.act(act).await;
        self.settle().await;
    }

    async fn archives(&self, channel: &str) {
        let (user, channel) = (ALICE.to_owned(), channel.to_owned());
        self.does(Act::ArchiveChannel { user, channel }).await;
    }

    async fn unarchives(&self, channel: &str) {
        let (user, channel) = (ALICE.to_owned(), channel.to_owned());
        self.does(Act::UnarchiveChannel { user, channel }).await;
    }

    async fn deletes(&self, channel: &str) {
        let (user, channel) = (ALICE.to_owned(), channel.to_owned());
        self.does(Act::DeleteChannel { user, channel }).await;
    }

    async fn renames(&self, channel: &str, name: &str) {
        let (user, channel) = (ALICE.to_owned(), channel.to_owned());
        self.does(Act::RenameChannel { user, channel, name: name.to_owned() }).await;
    }

    async fn removes(&self, channel: &str) {
        let (user, channel) = (ALICE.to_owned(), channel.to_owned());
        self.does(Act::Kick { user, channel, who: crate::bot::STENTOR.to_owned() }).await;
    }

    async fn invites_stentor(&self, channel: &str) {
        let (user, channel) = (ALICE.to_owned(), channel.to_owned());
        self.does(Act::Invite { user, channel, who: crate::bot::STENTOR.to_owned() }).await;
    }

    /// From now on Slack tells nothing.
    pub fn hears_nothing(&self) {
        self.misdelivers(Misdelivery::Drop);
    }

    /// Every event comes twice.
    fn hears_twice(&self) {
        self.misdelivers(Misdelivery::Duplicate);
    }

    fn misdelivers(&self, how: Misdelivery) {
        for event in EVENTS {
            self.slack.inject(Fault::always(event, Failing::Delivery { how }));
        }
    }

    /// What is known of the channel of an incident.
    async fn state(&self, incident: &Incident) -> ChannelState {
        self.incident(incident.number).await.standing.state
    }

    /// What the record says of the channel, in a word each.
    async fn changes(&self, incident: &Incident) -> Vec<String> {
        let record = self.record(incident).await;
        let changes = record.into_iter().filter_map(|entry| match entry.event {
            Event::ChannelChanged { change, .. } => {
                let change = serde_json::to_value(change).unwrap();
                Some(change["what"].as_str().unwrap().to_owned())
            }
            _ => None,
        });
        changes.collect()
    }

    /// The blocks of an incident's announcement, as text.
    fn announced(&self, incident: &Incident) -> String {
        let message = self.slack.message(INCIDENTS, self.announcement(incident)).unwrap();
        serde_json::to_string(&message.blocks).unwrap()
    }
}

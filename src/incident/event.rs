//! What happened to an incident. An entry, once written, is never changed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::signal::Signal;
use crate::clock::Timestamp;
use crate::ids::{
    ChannelId, CustomFieldId, GroupId, IncidentId, IncidentTypeId, MessageTs, RoleId, SeverityId,
    StatusId, TagId, TeamId, TimestampId, UserId,
};
use crate::incident::catalogue::StatusCategory;
use crate::incident::catalogue::field::FieldValue;
use crate::incident::channel::ChannelChange;
use crate::incident::edit::Telling;
use crate::incident::handled::Handled;
use crate::incident::merge::Destination;
use crate::incident::origin::Origin;
use crate::incident::paged::Paged;
use crate::incident::papers::Filed;
use crate::incident::pins::Quote;
use crate::incident::snooze::Woken;
use crate::incident::state::{Mode, Visibility};

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Actor {
    /// Somebody in Slack.
    Person {
        /// Their Slack id.
        user: UserId,
    },
    /// A program with an API token.
    ApiToken {
        /// The token's name.
        name: String,
    },
    /// Stentor itself.
    Stentor,
}

impl Actor {
    /// The person, where it is one.
    pub fn person(&self) -> Option<&UserId> {
        match self {
            Actor::Person { user } => Some(user),
            Actor::ApiToken { .. } | Actor::Stentor => None,
        }
    }
}

/// The door that something came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A slash command.
    Command,
    /// A button or menu in a message.
    Button,
    /// A submitted form.
    Modal,
    /// The native API.
    Api,
    /// A timer.
    Timer,
    /// Stentor's own work in Slack.
    Delivery,
}

/// One line of an incident's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Its place in the record, from 1; the incident's version after it.
    pub version: i64,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// Through which door.
    pub via: Via,
    /// How the channel hears of it, if it is one of several changes made in one step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telling: Option<Telling>,
    /// What happened.
    pub event: Event,
    /// The API token through which a program did it in the person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "an incident is declared once; nobody keeps many of them"
)]
pub enum Event {
    /// The incident was opened.
    Declared(Declared),
    /// Somebody said what is new.
    UpdatePosted {
        /// What is new.
        message: Option<String>,
        /// The status that changed with it.
        status: Option<StatusChange>,
        /// The severity that changed with it.
        severity: Option<SeverityChange>,
        /// When the next update is due.
        next_update_due: Option<Timestamp>,
    },
    /// The severity changed.
    SeverityChanged {
        /// From what to what.
        change: SeverityChange,
    },
    /// The status changed.
    StatusChanged {
        /// From what to what.
        change: StatusChange,
        /// What was said about it.
        message: Option<String>,
    },
    /// A role went to somebody, or to nobody.
    RoleAssigned {
        /// The role.
        role: RoleId,
        /// Who holds it now.
        person: Option<UserId>,
        /// Who held it before.
        previous: Option<UserId>,
    },
    /// The summary was rewritten.
    SummaryChanged {
        /// The summary before.
        from: String,
        /// The summary now.
        to: String,
    },
    /// The incident was renamed.
    Renamed {
        /// The name before.
        from: String,
        /// The name now.
        to: String,
    },
    /// Somebody wrote something down.
    NoteAdded {
        /// What they wrote.
        text: String,
    },
    /// The incident's channel is there.
    ChannelOpened {
        /// The channel.
        channel: ChannelId,
        /// Who was told that it takes the place of one that was deleted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        told: Option<UserId>,
    },
    /// Somebody did something to the incident's channel.
    ChannelChanged {
        /// The channel.
        channel: ChannelId,
        /// What happened to it.
        change: ChannelChange,
        /// Who was told of it, alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        told: Option<UserId>,
    },
    /// The update that was due did not come.
    UpdateOverdue {
        /// When it was due.
        due: Timestamp,
    },
    /// Something that should have happened outside did not.
    Undelivered {
        /// What.
        what: String,
        /// Why not.
        error: String,
    },
    /// Somebody wants a message of the channel kept.
    MessagePinned {
        /// The message.
        quote: Quote,
        /// Who wants it.
        by: Option<UserId>,
    },
    /// A message that is kept says something else now.
    MessageEdited {
        /// Which.
        ts: MessageTs,
        /// What it says now.
        text: String,
        /// The entry that said it before.
        supersedes: i64,
    },
    /// A message is no longer to be kept, or is no longer there.
    MessageUnpinned {
        /// Which.
        ts: MessageTs,
        /// The entry that said what it said.
        supersedes: i64,
        /// It was deleted.
        deleted: bool,
        /// Who no longer wants it kept.
        by: Option<UserId>,
    },
    /// It is another type of incident.
    TypeChanged {
        /// The type before, if there was one.
        from: Option<IncidentTypeId>,
        /// The type now.
        to: IncidentTypeId,
    },
    /// People were invited who hold no role.
    Invited {
        /// Who.
        people: Vec<UserId>,
    },
    /// Its alerts are not to be heard for a while.
    Snoozed {
        /// Until when.
        until: Timestamp,
        /// It ends with the first news of its alerts.
        cancel_on_news: bool,
    },
    /// Its alerts are to be heard again.
    Unsnoozed {
        /// Why.
        because: Woken,
    },
    /// It goes on in another incident.
    MergedInto {
        /// Which one.
        into: Destination,
        /// The status that changed with it.
        change: StatusChange,
    },
    /// Another incident goes on in this one.
    Absorbed(Absorbed),
    /// The alerts of the incident say something else together.
    SignalChanged {
        /// What they said before; nothing, if it had none.
        from: Option<Signal>,
        /// What they say now.
        to: Signal,
        /// All of them are over, and people are asked whether the incident is.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        proposes: bool,
        /// The alerts are as they were, but others belong to the incident now.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        regrouped: bool,
    },
    /// Somebody did something about the incident's alerts.
    AlertsHandled {
        /// Who.
        by: Actor,
        /// The API token through which a program did it in their name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        through: Option<String>,
        /// What.
        done: Handled,
    },
    /// It was given a tag.
    TagSet {
        /// Which.
        tag: TagId,
        /// What it was before, if it had it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Vec<String>>,
        /// What it is now.
        to: Vec<String>,
    },
    /// A tag was taken from it.
    TagRemoved {
        /// Which.
        tag: TagId,
        /// What it was.
        from: Vec<String>,
    },
    /// Whoever resolved it said that all of its alerts are over too.
    AlertsEnded {},
    /// A field says something else.
    FieldChanged {
        /// Which.
        field: CustomFieldId,
        /// What it said before, if anything.
        from: Option<FieldValue>,
        /// What it says now, if anything.
        to: Option<FieldValue>,
    },
    /// Somebody said when it reached a point, or that it did not.
    TimestampSet {
        /// The point.
        timestamp: TimestampId,
        /// When it had reached it before, if it had.
        from: Option<Timestamp>,
        /// When it reached it, if it did.
        to: Option<Timestamp>,
    },
    /// People talk elsewhere, or nowhere any more.
    CallChanged {
        /// The address before.
        from: Option<String>,
        /// The address now.
        to: Option<String>,
    },
    /// Its channel is to have another name.
    ChannelNamed {
        /// The name that was chosen before, if one was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// The name that is chosen now; nothing for the one that it has by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
    /// Others may know of it now.
    VisibilityChanged {
        /// Who might before.
        from: Visibility,
        /// Who may now.
        to: Visibility,
    },
    /// Something happened to an escalation that is about the incident.
    Paged(Paged),
    /// Something was written down: `what` says what.
    Paperwork(Filed),
    /// Somebody was taken out of a private incident.
    MemberRemoved {
        /// Who.
        person: UserId,
    },
    /// People hear of its updates.
    Subscribed {
        /// Who.
        people: Vec<UserId>,
    },
    /// Somebody hears nothing more of its updates.
    Unsubscribed {
        /// Who.
        person: UserId,
    },
    /// It has to do with another incident.
    Related {
        /// Which one.
        incident: IncidentId,
        /// The number people know it by.
        number: i64,
    },
    /// It has nothing to do with another incident.
    Unrelated {
        /// Which one.
        incident: IncidentId,
        /// The number people know it by.
        number: i64,
    },
    /// Something that a newer version of Stentor has written and this one does not know: while
    /// replicas are replaced, the old ones read what the new ones write.
    #[serde(other)]
    Unknown,
}

/// What the record of one incident says of another that was merged into it. Of a private one, nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Absorbed {
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// The number people know it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// Its channel, if it had one then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
}

/// How an incident begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Declared {
    /// The number people know it by (`INC-42`).
    pub number: i64,
    /// What people see go wrong.
    pub name: String,
    /// What is known.
    pub summary: String,
    /// How bad it is, if somebody knows.
    pub severity: Option<SeverityId>,
    /// Where it stands.
    pub status: StatusId,
    /// The part of life that status belongs to.
    pub category: StatusCategory,
    /// Who may know of it.
    pub visibility: Visibility,
    /// Who holds which role from the start.
    pub roles: Vec<(RoleId, UserId)>,
    /// The timestamps that this sets.
    pub stamps: Vec<TimestampId>,
    /// Where it was declared.
    pub declared_in: Option<ChannelId>,
    /// What kind of incident it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident_type: Option<IncidentTypeId>,
    /// Who is invited besides those who hold a role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invited: Vec<UserId>,
    /// The group of alerts that opened it, where it was no person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_by: Option<GroupId>,
    /// The Slack workspace of the organisation in which its channel is to be opened, if somebody
    /// has said which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slack_team: Option<TeamId>,
    /// Whether it is a real one.
    #[serde(default, skip_serializing_if = "Mode::is_standard")]
    pub mode: Mode,
    /// What its fields say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<(CustomFieldId, FieldValue)>,
    /// When it had reached which point, where somebody has said so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timestamps: Vec<(TimestampId, Timestamp)>,
    /// Where people talk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_url: Option<String>,
    /// Where the alerts come from that opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// What its channel is to be called, if not after the incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_name: Option<String>,
}

/// From one severity to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SeverityChange {
    /// Before; nothing if it was not set.
    pub from: Option<SeverityId>,
    /// Now.
    pub to: SeverityId,
}

/// From one status to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusChange {
    /// Before.
    pub from: StatusId,
    /// The part of life before.
    pub from_category: StatusCategory,
    /// Now.
    pub to: StatusId,
    /// The part of life now.
    pub to_category: StatusCategory,
    /// The timestamps that this sets.
    pub stamps: Vec<TimestampId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_newer_version_writes_can_be_read() {
        let entry = r#"{"version":7,"at":"2026-09-21T14:13:20Z","actor":{"type":"stentor"},"via":"timer",
            "event":{"type":"of_tomorrow","what":{"deep":[1]}}}"#;
        let entry: Entry = serde_json::from_str(entry).unwrap();
        assert_eq!(entry.event, Event::Unknown);
    }
}

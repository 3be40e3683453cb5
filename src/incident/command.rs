//! What somebody wants to happen to an incident.
//!
//! Every door (slash command, button, modal, API, timer, delivery) makes one of these; the JSON
//! form is what `POST /api/v1/incidents/{ref}/commands` takes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::settings::OnResolve;
use crate::alert::signal::Signal;
use crate::clock::Timestamp;
use crate::ids::{ChannelId, GroupId, MessageTs, TeamId, UserId};
use crate::incident::channel::ChannelChange;
use crate::incident::edit::Edit;
use crate::incident::event::{Absorbed, Actor};
use crate::incident::handled::Handled;
use crate::incident::origin::Origin;
use crate::incident::paged::Paged;
use crate::incident::papers::Paperwork;
use crate::incident::pins::Sight;
use crate::incident::reactions::TimerKind;
use crate::incident::state::Mode;

/// What somebody wants to happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Open an incident.
    #[serde(skip_deserializing)]
    #[schema(ignore)]
    Declare(Declare),
    /// Say what is new, and change status or severity in the same step.
    Update {
        /// What is new. May be left out when status or severity changes.
        #[serde(default)]
        message: Option<String>,
        /// The new status: an id or a name.
        #[serde(default)]
        status: Option<String>,
        /// The new severity: an id, a name, or `sev1` for the worst.
        #[serde(default)]
        severity: Option<String>,
        /// Remind the channel if no update follows within this many minutes (1 to 10,080).
        #[serde(default)]
        next_update_in_minutes: Option<u32>,
    },
    /// Change how bad it is.
    Severity {
        /// An id, a name, or `sev1` for the worst.
        severity: String,
    },
    /// Change where it stands.
    Status {
        /// An id or a name.
        status: String,
    },
    /// It is over for those it hurt.
    Resolve {
        /// What ended it.
        #[serde(default)]
        message: Option<String>,
    },
    /// Nothing is left to do.
    Close {
        /// A closing note.
        #[serde(default)]
        message: Option<String>,
    },
    /// It was not over.
    Reopen {
        /// Why.
        #[serde(default)]
        message: Option<String>,
    },
    /// Give a role to somebody, or to nobody.
    Role {
        /// An id, a name or a short form: `lead`, `comms`.
        role: String,
        /// Who; nobody takes the role back.
        #[serde(default)]
        person: Option<UserId>,
    },
    /// Say in a few sentences what is known.
    Summary {
        /// The whole new summary; empty removes it.
        summary: String,
    },
    /// Call it something else.
    Rename {
        /// The new name.
        name: String,
    },
    /// Write something into the timeline.
    Note {
        /// What to write.
        text: String,
    },
    /// It is an incident: the work begins.
    Accept {},
    /// It is none.
    Decline {
        /// Why not.
        #[serde(default)]
        message: Option<String>,
    },
    /// Say what kind of incident it is.
    Type {
        /// An id or a name of the catalogue.
        incident_type: String,
    },
    /// Invite people who hold no role.
    Invite {
        /// Who: at most 100.
        people: Vec<UserId>,
    },
    /// Have peace from its alerts for a while.
    Snooze {
        /// For how many minutes (1 to 43,200).
        minutes: u32,
        /// End it with the first news of its alerts.
        #[serde(default)]
        cancel_on_news: bool,
    },
    /// Hear of its alerts again.
    Unsnooze {},
    /// Go on in another incident.
    Merge {
        /// That one: `INC-42`.
        into: String,
    },
    /// Another incident goes on in this one.
    #[serde(skip_deserializing)]
    #[schema(ignore)]
    RecordMerge {
        /// What may be said of it here.
        absorbed: Absorbed,
    },
    /// Stentor opened (or found again) the incident's channel.
    #[serde(skip_deserializing)]
    #[schema(ignore)]
    RecordChannel {
        /// The channel.
        channel: ChannelId,
    },
    /// Stentor found that somebody did something to the incident's channel.
    #[serde(skip_deserializing)]
    #[schema(ignore)]
    RecordChannelChange {
        /// The channel.
        channel: ChannelId,
        /// What happened to it.
        change: ChannelChange,
    },
    /// Something that should have happened outside did not, and is not being tried any more.
    #[serde(skip_deserializing)]
    #[schema(ignore)]
    RecordUndelivered {
        /// What did not happen.
        what: String,
        /// Why not.
        error: String,
    },
    /// Stentor looked at a message of the incident's channel.
    #[serde(skip_deserializing)]
    #[schema(ignore)]
    RecordMessage {
        /// Which.
        ts: MessageTs,
        /// What it saw.
        sight: Sight,
    },
    /// The incident's alerts say something else together, or there is news among them.
    #[serde(skip_deserializing)]
    #[schema(ignore)]
    RecordSignal {
        /// What they say.
        signal: Signal,
        /// When an alert began or came back that somebody wants to hear of.
        news_at: Option<Timestamp>,
        /// What follows if all of them are over; nothing if only other alerts belong to it now.
        on_resolve: Option<OnResolve>,
    },
    /// Somebody did something about the incident's alerts.
    #[serde(skip_deserializing)]
    #[schema(ignore)]
    RecordAlerts {
        /// Who.
        by: Actor,
        /// The API token through which a program did it in their name.
        #[serde(default)]
        through: Option<String>,
        /// What.
        done: Handled,
    },
    /// A timer came due.
    #[serde(skip_deserializing)]
    #[schema(ignore)]
    Ring {
        /// Which one.
        timer: TimerKind,
    },
    /// Give it a tag, in place of what it has of it.
    Tag {
        /// An id or a name of the catalogue.
        tag: String,
        /// The value. Of a tag that has several, a JSON list of texts in a string, or texts with commas
        /// between.
        value: String,
    },
    /// Take a tag from it.
    Untag {
        /// An id or a name of the catalogue.
        tag: String,
    },
    /// Have peace from its alerts until then.
    SnoozeUntil {
        /// When it ends: in 1 minute to 30 days.
        until: Timestamp,
        /// End it with the first news of its alerts.
        #[serde(default)]
        cancel_on_news: bool,
    },
    /// It is over for those it hurt, and so are all of its alerts.
    ResolveAll {
        /// What ended it.
        #[serde(default)]
        message: Option<String>,
    },
    /// Make a custom field say something else.
    Field {
        /// Which: an id or a name of the catalogue.
        field: String,
        /// What: options by id or value, or one text, link or number. An empty list clears it.
        values: Vec<String>,
    },
    /// Say when it reached a point of its life.
    Timestamp {
        /// Which point: an id or a name of the catalogue.
        timestamp: String,
        /// When; nothing if it did not.
        #[serde(default)]
        at: Option<Timestamp>,
    },
    /// Say where people talk.
    Call {
        /// The address of a page; empty if they don't any more.
        url: String,
    },
    /// Make it private: only those who have a part in it may know of it then. That stays so.
    Visibility {
        /// Whether only those may.
        private: bool,
    },
    /// Let the work rest.
    Pause {
        /// Why.
        #[serde(default)]
        message: Option<String>,
    },
    /// It was declared by mistake.
    Cancel {
        /// Why.
        #[serde(default)]
        message: Option<String>,
    },
    /// Call its channel something else than what it would be called by itself.
    NameChannel {
        /// The name, made fit for Slack; empty for the one it would have by itself.
        name: String,
    },
    /// Change several things in one step.
    Edit(Edit),
    /// Something happened to an escalation that is about the incident.
    #[serde(skip_deserializing)]
    #[schema(ignore)]
    RecordPaged {
        /// What.
        paged: Paged,
    },
    /// Something is to be written down: `do` says what.
    Paperwork(Paperwork),
    /// Take somebody out of a private incident, and out of its channel.
    Remove {
        /// Who.
        person: UserId,
    },
    /// Tell somebody of its updates.
    Subscribe {
        /// Who; whoever asks, if left out.
        #[serde(default)]
        person: Option<UserId>,
    },
    /// Tell somebody nothing more of its updates.
    Unsubscribe {
        /// Who; whoever asks, if left out.
        #[serde(default)]
        person: Option<UserId>,
    },
    /// It has to do with another incident.
    Relate {
        /// That one: `INC-42`.
        to: String,
    },
    /// It has nothing to do with another incident.
    Unrelate {
        /// That one: `INC-42`.
        to: String,
    },
}

/// Opening an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Declare {
    /// What people see go wrong, in a line of at most 200 characters.
    pub name: String,
    /// What is known, in at most 2,000 characters.
    #[serde(default)]
    pub summary: Option<String>,
    /// How bad it is: an id, a name, or `sev1` for the worst. Unset until somebody knows.
    #[serde(default)]
    pub severity: Option<String>,
    /// Who runs it.
    #[serde(default)]
    pub lead: Option<UserId>,
    /// Only those invited may know of it: no announcement, and a private channel.
    #[serde(default)]
    pub private: bool,
    /// What kind of incident it is: an id or a name of the catalogue. Without one, the catalogue's
    /// first.
    #[serde(default)]
    pub incident_type: Option<String>,
    /// Nobody knows yet whether it is an incident: somebody accepts it or declines it.
    #[serde(default)]
    pub triage: bool,
    /// Who else is invited into its channel: at most 100.
    #[serde(default)]
    pub invite: Vec<UserId>,
    /// Where it was declared, so that the answer can be shown there.
    #[serde(default, skip_deserializing)]
    #[schema(ignore)]
    pub declared_in: Option<ChannelId>,
    /// The group of alerts that opens it.
    #[serde(default, skip_deserializing)]
    #[schema(ignore)]
    pub opened_by: Option<GroupId>,
    /// Where Stentor is installed for a whole organisation: the Slack workspace (`T…`) in which the
    /// channel is to be opened. If left out, the one in which Stentor was used first.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "T012AB3CD")]
    pub slack_team: Option<TeamId>,
    /// Whether it is a real one that happens now. Others are not announced.
    #[serde(default)]
    pub mode: Mode,
    /// Where it stands: an id or a name of a status. Without one, it begins in the first live status,
    /// or in triage.
    #[serde(default)]
    pub status: Option<String>,
    /// Custom fields, by id or name: the options by id or value, or one text, link or number.
    #[serde(default)]
    pub fields: BTreeMap<String, Vec<String>>,
    /// When it had reached which point already, by its id or name.
    #[serde(default)]
    pub timestamps: BTreeMap<String, Timestamp>,
    /// Who holds which role, by its id, name or short form. Here, and only here, somebody else can be
    /// the reporter.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    pub roles: BTreeMap<String, UserId>,
    /// Where people talk: the address of a page.
    #[serde(default)]
    pub call_url: Option<String>,
    /// What its channel is to be called, if not after the incident: at most 80 letters, digits, `-` and
    /// `_`; what else is in it becomes a dash.
    #[serde(default)]
    #[schema(example = "war-room")]
    pub channel_name: Option<String>,
    /// Where the document about it is written already: the address of a page.
    #[serde(default)]
    pub document_url: Option<String>,
    /// Where the alerts come from that open it.
    #[serde(default, skip_deserializing)]
    #[schema(ignore)]
    pub origin: Option<Origin>,
}

impl Command {
    /// Whether only Stentor itself may say this.
    pub fn is_internal(&self) -> bool {
        matches!(
            self,
            Command::RecordChannel { .. }
                | Command::RecordChannelChange { .. }
                | Command::RecordUndelivered { .. }
                | Command::RecordMessage { .. }
                | Command::RecordMerge { .. }
                | Command::RecordSignal { .. }
                | Command::RecordAlerts { .. }
                | Command::Ring { .. }
                | Command::RecordPaged { .. }
        ) || matches!(self, Command::Paperwork(paperwork) if paperwork.is_internal())
    }
}

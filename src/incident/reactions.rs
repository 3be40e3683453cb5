//! What follows from an event: what is out of date, what to say, what to remember for later.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::ids::{IncidentId, UserId};
use crate::incident::channel::ChannelChange;
use crate::incident::edit::Telling;
use crate::incident::event::{Absorbed, Actor, Entry, Event};
use crate::incident::paged::Happened;
use crate::incident::papers::Filed;
use crate::incident::signal::news;
use crate::incident::snooze::Woken;
use crate::incident::state::{Incident, Mode};

/// Something in Slack that shows the present state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    /// The incident's channel itself.
    Channel,
    /// How that channel stands: whether people have done something to it.
    Standing,
    /// The channel's name.
    Name,
    /// Who is invited to the channel.
    Members,
    /// The pinned message with the buttons.
    Welcome,
    /// The channel's topic.
    Topic,
    /// The message in the announcement channel.
    Announcement,
}

impl Surface {
    /// The word for it in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Surface::Channel => "channel",
            Surface::Standing => "standing",
            Surface::Name => "name",
            Surface::Members => "members",
            Surface::Welcome => "welcome",
            Surface::Topic => "topic",
            Surface::Announcement => "announcement",
        }
    }
}

/// Something that is said once. What it says is read from the record when it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum Post {
    /// To everybody in the incident's channel: what the entry of this version says.
    Channel {
        /// The entry.
        version: i64,
    },
    /// To the person who declared, where they declared: your channel is there.
    Declarer {
        /// Who declared.
        user: UserId,
    },
    /// To who looks after the incident, alone: what happened to its channel.
    Keeper {
        /// The entry that says it.
        version: i64,
        /// Who.
        user: UserId,
    },
    /// To the new holder of a role, alone: what the role asks of them.
    RoleHolder {
        /// The entry that gave them the role.
        version: i64,
        /// The holder.
        user: UserId,
    },
}

/// Something to be thought of at a later time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// The update that was promised is due.
    UpdateDue,
    /// The snooze is over.
    SnoozeEnds,
}

impl TimerKind {
    /// The word for it in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            TimerKind::UpdateDue => "update_due",
            TimerKind::SnoozeEnds => "snooze_ends",
        }
    }
}

/// What follows from an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// This shows an older state.
    Refresh(Surface),
    /// This is gone, and is to be made anew, before whatever else waits there.
    Renew(Surface),
    /// What the channel shows of the incident's alerts shows an older state.
    ShowAlerts,
    /// This is to be said.
    Say(Post),
    /// This is to be thought of then, in place of any earlier time.
    SetTimer(TimerKind, Timestamp),
    /// This need not be thought of any more.
    ClearTimer(TimerKind),
    /// Its alerts belong elsewhere now.
    HandOverAlerts,
    /// This is to be written into the record of another incident.
    RecordMerge {
        /// Whose record.
        into: IncidentId,
        /// What it may say.
        absorbed: Absorbed,
    },
    /// All of its alerts are over, by the word of whoever says so.
    EndAlerts {
        /// Who.
        by: Actor,
        /// The API token through which a program said it in their name.
        through: Option<String>,
        /// The entry that says it.
        version: i64,
    },
    /// Nobody need be paged for it any more.
    EndEscalations {
        /// Because its alerts are over; not because it is.
        alerts_only: bool,
    },
    /// Somebody is to be told, alone, that something is theirs to do.
    TellAssignee {
        /// The entry that gave it to them.
        version: i64,
        /// Who.
        user: UserId,
    },
    /// Somebody who wants to hear of the incident is to be told, alone, what this entry says.
    TellSubscriber {
        /// The entry.
        version: i64,
        /// Who.
        user: UserId,
    },
}

/// What follows from this entry, the incident being as it is after it.
pub fn reactions(entry: &Entry, incident: &Incident) -> Vec<Effect> {
    let mut effects = what_is_missing(entry, incident);
    let consequences = consequences(entry, incident);
    let is_told = matches!(entry.telling, Some(Telling::Together { .. }));
    let told = Effect::Say(Post::Channel { version: entry.version });
    // What is wanted to be told is, even if it would not be by itself.
    if is_told && !incident.needs_no_channel() && !consequences.contains(&told) {
        effects.push(told);
    }
    effects.extend(consequences);
    let opens_channel = [Effect::Refresh(Surface::Channel), Effect::Renew(Surface::Channel)];
    let is_new = opens_channel.iter().any(|opens| effects.contains(opens));
    if incident.signal.is_some() && (is_new || changes_cards(&entry.event)) {
        effects.push(Effect::ShowAlerts);
    }
    effects.extend(ends_escalations(entry, incident));
    // Last of all: they may be many, and each is for itself.
    effects.extend(tidings(entry, incident));
    effects
}

/// What an incident is paged for ends with it, and what its alerts are paged for with them. Where it
/// goes on in another one, somebody is needed as before.
fn ends_escalations(entry: &Entry, incident: &Incident) -> Option<Effect> {
    if incident.escalations.is_empty() || incident.merged_into.is_some() {
        return None;
    }
    let is_over = !incident.category.is_active();
    let may_end = matches!(
        entry.event,
        Event::StatusChanged { .. } | Event::UpdatePosted { status: Some(_), .. } | Event::Paged(_)
    );
    if is_over {
        return may_end.then_some(Effect::EndEscalations { alerts_only: false });
    }
    match &entry.event {
        Event::SignalChanged { from: Some(from), to, regrouped: false, .. }
            if from.active && !to.active =>
        {
            Some(Effect::EndEscalations { alerts_only: true })
        }
        _ => None,
    }
}

/// What those who want to hear of the incident are told: updates and changes of its status, unless
/// they made them.
fn tidings(entry: &Entry, incident: &Incident) -> Vec<Effect> {
    let is_news = matches!(
        entry.event,
        Event::UpdatePosted { .. } | Event::StatusChanged { .. } | Event::MergedInto { .. }
    );
    let told = incident.papers.subscribers.iter().filter(|_| is_news);
    told.filter(|person| entry.actor.person() != Some(person))
        .map(|person| Effect::TellSubscriber { version: entry.version, user: person.clone() })
        .collect()
}

/// Whether the cards of an incident's alerts look different after this. What the alerts themselves
/// do shows without it.
fn changes_cards(event: &Event) -> bool {
    match event {
        Event::UpdatePosted { status, .. } => status.is_some(),
        Event::StatusChanged { .. }
        | Event::SignalChanged { .. }
        | Event::Snoozed { .. }
        | Event::Unsnoozed { .. }
        | Event::MergedInto { .. } => true,
        Event::ChannelChanged { change, .. } => *change == ChannelChange::Back,
        _ => false,
    }
}

/// Without a channel nothing can be shown in it. It is on its way, or was given up: then whatever
/// people do next is reason enough to try again.
fn what_is_missing(entry: &Entry, incident: &Incident) -> Vec<Effect> {
    let is_news = !matches!(
        entry.event,
        Event::Declared(_)
            | Event::NoteAdded { .. }
            | Event::ChannelChanged { .. }
            | Event::Snoozed { .. }
            | Event::Unsnoozed { .. }
            | Event::Undelivered { .. }
            | Event::MessagePinned { .. }
            | Event::MessageEdited { .. }
            | Event::MessageUnpinned { .. }
            | Event::AlertsEnded {}
            | Event::Paperwork(_)
            | Event::MemberRemoved { .. }
            | Event::Subscribed { .. }
            | Event::Unsubscribed { .. }
            | Event::Related { .. }
            | Event::Unrelated { .. }
            | Event::Unknown
    );
    if incident.channel.is_some() || !is_news || incident.needs_no_channel() {
        return Vec::new();
    }
    let opened = [Surface::Channel].into_iter().chain(chosen_name(incident));
    let shown = [Surface::Members, Surface::Welcome, Surface::Topic];
    opened.chain(shown).map(Effect::Refresh).collect()
}

/// A channel is opened under a name by which its incident knows it again; then it gets the one that
/// somebody chose.
fn chosen_name(incident: &Incident) -> Option<Surface> {
    incident.channel_name.as_ref().map(|_| Surface::Name)
}

fn consequences(entry: &Entry, incident: &Incident) -> Vec<Effect> {
    use Surface::{Announcement, Channel, Members, Name, Standing, Topic, Welcome};
    let is_quiet = entry.telling == Some(Telling::Quiet);
    let said = || match incident.needs_no_channel() || is_quiet {
        true => Vec::new(),
        false => vec![Effect::Say(Post::Channel { version: entry.version })],
    };
    let stale = |surfaces: &[Surface]| -> Vec<Effect> {
        let shown =
            surfaces.iter().filter(|surface| **surface != Announcement || incident.is_announced());
        shown.map(|surface| Effect::Refresh(*surface)).collect()
    };
    match &entry.event {
        Event::Declared(_) if incident.needs_no_channel() => Vec::new(),
        Event::Declared(declared) => {
            let holders = declared.roles.iter().map(|(_, user)| user);
            let opened: Vec<Surface> = [Channel].into_iter().chain(chosen_name(incident)).collect();
            let shown = stale(&[Members, Welcome, Topic, Announcement]);
            [stale(&opened), shown, instructions(entry, holders)].concat()
        }
        Event::UpdatePosted { status, severity, next_update_due, .. } => {
            let timer = match next_update_due {
                Some(due) => Effect::SetTimer(TimerKind::UpdateDue, *due),
                None => Effect::ClearTimer(TimerKind::UpdateDue),
            };
            let state_changed = status.is_some() || severity.is_some();
            let topic = if state_changed { stale(&[Topic]) } else { Vec::new() };
            let is_over = status.as_ref().is_some_and(|change| !change.to_category.is_active());
            let woken = is_over.then_some(Effect::ClearTimer(TimerKind::SnoozeEnds));
            let timers = [timer].into_iter().chain(woken).collect();
            [said(), timers, stale(&[Welcome, Announcement]), topic].concat()
        }
        Event::SeverityChanged { .. } => [said(), stale(&[Welcome, Topic, Announcement])].concat(),
        Event::StatusChanged { change, .. } => {
            let over = !change.to_category.is_active();
            let timers = if over { no_timers() } else { Vec::new() };
            [said(), timers, stale(&[Welcome, Topic, Announcement])].concat()
        }
        Event::RoleAssigned { person, .. } => {
            let invited = if person.is_some() { stale(&[Members]) } else { Vec::new() };
            let shown = stale(&[Welcome, Topic, Announcement]);
            // What was over when it was written down asks nothing of anybody.
            let asked = person.iter().filter(|_| incident.mode != Mode::Retrospective);
            [invited, said(), shown, instructions(entry, asked)].concat()
        }
        Event::SummaryChanged { .. } => stale(&[Welcome, Announcement]),
        Event::Renamed { .. } => stale(&[Name, Welcome, Announcement]),
        Event::ChannelOpened { told: Some(keeper), .. } => {
            [stale(&[Announcement]), vec![told(entry, keeper)]].concat()
        }
        Event::ChannelOpened { told: None, .. } => {
            // The announcement links to the channel, and may be older than it.
            let announced = stale(&[Announcement]);
            let declarer = incident.creator.person().filter(|_| incident.declared_in.is_some());
            let told = declarer.map(|user| Effect::Say(Post::Declarer { user: user.clone() }));
            [announced, told.into_iter().collect()].concat()
        }
        Event::ChannelChanged { change, told: keeper, .. } => {
            let follows = match change {
                ChannelChange::Back => stale(&[Name, Members, Welcome, Topic, Announcement]),
                ChannelChange::Deleted if incident.needs_no_channel() => stale(&[Announcement]),
                ChannelChange::Deleted => {
                    let anew = [Channel, Members, Welcome, Topic].map(Effect::Renew);
                    let named = Vec::from_iter(chosen_name(incident));
                    [anew.into(), stale(&named), stale(&[Announcement])].concat()
                }
                ChannelChange::Left { shut_out: false } => stale(&[Standing]),
                // What is shown of it: the link, and that nobody can write there.
                ChannelChange::Archived | ChannelChange::Moved { .. } => stale(&[Announcement]),
                ChannelChange::Left { shut_out: true }
                | ChannelChange::MadePrivate
                | ChannelChange::Renamed { .. } => Vec::new(),
            };
            [follows, keeper.iter().map(|keeper| told(entry, keeper)).collect()].concat()
        }
        Event::UpdateOverdue { .. } => [said(), stale(&[Welcome, Announcement])].concat(),
        Event::TypeChanged { .. } => [said(), stale(&[Welcome, Announcement])].concat(),
        // Slack itself says who came in.
        Event::Invited { .. } | Event::MemberRemoved { .. } => stale(&[Members]),
        Event::Snoozed { until, .. } => {
            let timer = Effect::SetTimer(TimerKind::SnoozeEnds, *until);
            [said(), vec![timer], stale(&[Welcome])].concat()
        }
        Event::Unsnoozed { because } => {
            // The timer that has just rung need not be stopped.
            let timer = Some(Effect::ClearTimer(TimerKind::SnoozeEnds));
            let timer = timer.filter(|_| *because != Woken::TimeIsUp);
            [said(), timer.into_iter().collect(), stale(&[Welcome])].concat()
        }
        Event::MergedInto { into, .. } => {
            let absorbed = incident.as_absorbed();
            let told = Effect::RecordMerge { into: into.incident.clone(), absorbed };
            let alerts = incident.signal.is_some().then_some(Effect::HandOverAlerts);
            let shown = stale(&[Welcome, Topic, Announcement]);
            [vec![told], alerts.into_iter().collect(), said(), no_timers(), shown].concat()
        }
        Event::Absorbed(_) => said(),
        Event::SignalChanged { from, to, regrouped, .. } => {
            let is_quiet = *regrouped || incident.snooze.is_some();
            let is_news = !is_quiet && news(from.as_ref(), to).is_some();
            let told = if is_news { said() } else { Vec::new() };
            [told, stale(&[Welcome, Announcement])].concat()
        }
        Event::TagSet { .. } | Event::TagRemoved { .. } => stale(&[Welcome, Announcement]),
        Event::AlertsEnded {} => {
            let (by, through) = (entry.actor.clone(), entry.through.clone());
            vec![Effect::EndAlerts { by, through, version: entry.version }]
        }
        // Those who want to know look at the welcome message; a form changes many at once.
        Event::FieldChanged { .. } => stale(&[Welcome, Announcement]),
        Event::TimestampSet { .. } => stale(&[Welcome, Announcement]),
        Event::CallChanged { .. } => [said(), stale(&[Welcome, Topic, Announcement])].concat(),
        // Slack itself says what its channels are called.
        Event::ChannelNamed { .. } => stale(&[Name]),
        Event::VisibilityChanged { .. } => {
            // What was announced is taken back, although it is not announced any more.
            let announcement = vec![Effect::Refresh(Announcement)];
            [announcement, said(), stale(&[Members, Welcome])].concat()
        }
        Event::Paged(paged) => {
            let told = if paged.is_said() { said() } else { Vec::new() };
            let is_taken = matches!(paged.happened, Happened::Acknowledged { .. });
            [told, if is_taken { stale(&[Members]) } else { Vec::new() }].concat()
        }
        Event::Paperwork(Filed::ItemAdded { item }) => assigned(entry, item.assignee.as_ref()),
        Event::Paperwork(Filed::ItemChanged { edit, .. }) => {
            assigned(entry, edit.assignee.as_ref().and_then(|handover| handover.to.as_ref()))
        }
        // Quiet: the record has it, and whoever marked the message sees the mark.
        Event::NoteAdded { .. }
        | Event::AlertsHandled { .. }
        | Event::Undelivered { .. }
        | Event::MessagePinned { .. }
        | Event::MessageEdited { .. }
        | Event::MessageUnpinned { .. }
        | Event::Paperwork(_)
        | Event::Subscribed { .. }
        | Event::Unsubscribed { .. }
        | Event::Related { .. }
        | Event::Unrelated { .. }
        | Event::Unknown => Vec::new(),
    }
}

/// Nothing goes on that would have to be thought of.
fn no_timers() -> Vec<Effect> {
    [TimerKind::UpdateDue, TimerKind::SnoozeEnds].map(Effect::ClearTimer).into()
}

/// Word of what is theirs to do, unless they took it themselves.
fn assigned(entry: &Entry, assignee: Option<&UserId>) -> Vec<Effect> {
    let told = assignee.filter(|person| entry.actor.person() != Some(person));
    let told =
        told.map(|person| Effect::TellAssignee { version: entry.version, user: person.clone() });
    told.into_iter().collect()
}

fn told(entry: &Entry, keeper: &UserId) -> Effect {
    Effect::Say(Post::Keeper { version: entry.version, user: keeper.clone() })
}

/// What a role asks of its new holder, unless they took it themselves.
fn instructions<'a>(entry: &Entry, holders: impl Iterator<Item = &'a UserId>) -> Vec<Effect> {
    holders
        .filter(|holder| entry.actor.person() != Some(holder))
        .map(|holder| {
            Effect::Say(Post::RoleHolder { version: entry.version, user: holder.clone() })
        })
        .collect()
}

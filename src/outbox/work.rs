//! What there is to do outside: made from the effects of events, kept as rows.

use serde::{Deserialize, Serialize};

use crate::alert::rule::report::Report;
use crate::clock::Timestamp;
use crate::ids::{
    EscalationId, GroupId, IncidentId, MessageTs, RuleId, ScheduleId, UserId, WorkId,
};
use crate::incident::event::{Absorbed, Actor};
use crate::incident::handled::Handled;
use crate::incident::reactions::{Effect, Post, Surface, TimerKind};
use crate::outbox::page_work::{self, PeopleStretch, RecordPaged, ShiftNews};
use crate::outbox::rule_work::{self, Act};
use crate::outbox::webhook_work::Delivery;

/// A piece of work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Work {
    /// Show the present state there.
    Refresh {
        /// Where.
        surface: Surface,
    },
    /// Say this, once.
    Say {
        /// What, and to whom.
        post: Post,
    },
    /// Tell somebody of a trouble that is the whole workspace's, once.
    Warn {
        /// Whom.
        user: UserId,
        /// Of what.
        warning: Warning,
    },
    /// A timer has come due: give the engine its command.
    Ring {
        /// Which timer.
        timer: TimerKind,
    },
    /// Write into the record of another incident that this one goes on in it.
    RecordMerge {
        /// Whose record.
        into: IncidentId,
        /// What it may say.
        absorbed: Absorbed,
    },
    /// The snooze has come to its end: give the engine its command. Not a timer that is rung like
    /// the others, because older versions of Stentor could not read that.
    Wake,
    /// Look at a message in the incident's channel, and write down what became of it.
    Look {
        /// Which message.
        ts: MessageTs,
        /// Who gave the reason for it, if it is known.
        by: Option<UserId>,
    },
    /// Look for messages in the incident's channel that somebody wanted kept, or that changed, while
    /// nobody heard of it.
    ReadBack(Stretch),
    /// See what follows from how a group of alerts stands.
    Settle {
        /// The group.
        group: GroupId,
    },
    /// Tell the incident what its alerts say together, as some were taken away from it.
    Signal,
    /// Show how a group of alerts stands in the incident's channel.
    ShowAlerts {
        /// The group.
        group: GroupId,
    },
    /// Show how all groups of alerts of the incident stand.
    ShowAllAlerts,
    /// Write into the incident's record what somebody did about its alerts.
    RecordAlerts {
        /// Who.
        by: Actor,
        /// The API token through which a program did it in their name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        through: Option<String>,
        /// What.
        done: Handled,
    },
    /// Evaluate an alert rule, if its time has come. This is a timer, and about no incident.
    Evaluate {
        /// Which rule.
        rule: RuleId,
    },
    /// Hand to the intake what an alert rule says. It is about no incident.
    Report(Box<Report>),
    /// Tell somebody or something what an alert rule says, once. It is about no incident.
    Act(Box<Act>),
    /// All alerts of the incident are over, by the word of whoever resolved it.
    EndAlerts {
        /// Who.
        by: Actor,
        /// The API token through which a program said it in their name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        through: Option<String>,
        /// The entry that says it.
        version: i64,
    },
    /// Show a message that pages somebody as it is to be now.
    ShowPage {
        /// Of which escalation.
        escalation: EscalationId,
        /// Its number.
        page: u32,
    },
    /// Go on with an escalation, if its time has come. This is a timer.
    Escalate {
        /// Which.
        escalation: EscalationId,
    },
    /// Write into the incident's record what happened to an escalation.
    RecordPaged(Box<RecordPaged>),
    /// The incident is over, or its alerts are: nobody need be paged for it any more.
    EndEscalations {
        /// Only its alerts are.
        alerts_only: bool,
    },
    /// See who is on call, if that may have changed. This is a timer, and about no incident.
    LookAtShift {
        /// Of which schedule.
        schedule: ScheduleId,
    },
    /// Tell somebody that their time on call has begun or ended, once. It is about no incident.
    TellShift(ShiftNews),
    /// Read the people of the workspace. This is a timer, and about no incident.
    ReadPeople(PeopleStretch),
    /// Read what Slack knows of one person. It is about no incident.
    ReadPerson {
        /// Who.
        user: UserId,
    },
    /// Tell somebody, alone and once, that something is theirs to do.
    TellAssignee {
        /// The entry that gave it to them.
        version: i64,
        /// Whom.
        user: UserId,
    },
    /// Tell somebody who wants to hear of the incident what an entry says, alone and once.
    TellSubscriber {
        /// The entry.
        version: i64,
        /// Whom.
        user: UserId,
    },
    /// Tell a webhook of an event. It is about no incident.
    Deliver(Box<Delivery>),
    /// What a newer version of Stentor has asked for and this one does not know. A replica that
    /// does will do it.
    #[serde(other)]
    Unknown,
}

/// As much of a channel's history as Slack gives in one answer. What follows it is work of its
/// own, so that a long history is read to its end however often reading is interrupted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Not what is older than this.
    pub since: Timestamp,
    /// The thread that is read; the channel, if it is none.
    pub thread: Option<MessageTs>,
    /// Where the stretch before this one ended.
    pub from: Option<MessageTs>,
    /// How many stretches came before this one.
    pub place: u32,
}

impl Stretch {
    /// The newest part of the channel.
    pub fn first(since: Timestamp) -> Self {
        Stretch { since, thread: None, from: None, place: 0 }
    }
}

/// A trouble that is the whole workspace's, whichever incident met it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Warning {
    /// Incidents are not announced.
    Announcements {
        /// The channel that is configured: a name or an id.
        channel: String,
        /// Why.
        because: NotAnnounced,
    },
    /// Incidents get no channel: only some people may make channels.
    Channels,
    /// The app lacks a scope.
    Scope {
        /// The method that wants it.
        method: String,
        /// The scope, if Slack said which.
        needed: Option<String>,
    },
}

/// Why incidents are not announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotAnnounced {
    /// The channel is archived.
    Archived,
    /// The channel is private, and Stentor is not in it.
    NotInvited,
    /// There is no channel of that id that Stentor could see.
    NotThere,
    /// Only some may post there.
    Restricted,
    /// It is not there, and only some may make channels.
    NotMade,
}

impl Work {
    /// What rings this timer.
    fn ringing(timer: TimerKind) -> Work {
        match timer {
            TimerKind::UpdateDue => Work::Ring { timer },
            TimerKind::SnoozeEnds => Work::Wake,
        }
    }

    /// The timer that this rings, if it does.
    pub fn timer(&self) -> Option<TimerKind> {
        match self {
            Work::Ring { timer } => Some(*timer),
            Work::Wake => Some(TimerKind::SnoozeEnds),
            _ => None,
        }
    }

    /// What it is, for people who look after the outbox.
    pub fn describe(&self) -> String {
        match self {
            Work::Refresh { surface } => format!("refresh the {}", surface.as_str()),
            Work::Say { post: Post::Channel { version } } => {
                format!("post entry {version} to the channel")
            }
            Work::Say { post: Post::Declarer { user } } => {
                format!("tell {user} where the channel is")
            }
            Work::Say { post: Post::Keeper { user, .. } } => {
                format!("tell {user} what happened to the channel")
            }
            Work::Say { post: Post::RoleHolder { user, .. } } => {
                format!("tell {user} what the role asks")
            }
            Work::Warn { user, .. } => format!("warn {user}"),
            Work::Ring { timer } => format!("ring the timer {}", timer.as_str()),
            Work::Wake => format!("ring the timer {}", TimerKind::SnoozeEnds.as_str()),
            Work::RecordMerge { .. } => {
                "write into the other incident that this one was merged into it".to_owned()
            }
            Work::Look { .. } => "look at a message in the channel".to_owned(),
            Work::ReadBack(_) => "read back what happened in the channel".to_owned(),
            Work::Settle { .. } => "see what follows from a group of alerts".to_owned(),
            Work::Signal => "tell the incident what its alerts say".to_owned(),
            Work::ShowAlerts { .. } => "show a group of alerts in the channel".to_owned(),
            Work::ShowAllAlerts => "show all alerts in the channel".to_owned(),
            Work::RecordAlerts { .. } => "write down what was done about alerts".to_owned(),
            Work::Evaluate { rule } => format!("evaluate the alert rule {rule}"),
            Work::Report(report) => format!("report what the alert rule {} says", report.rule),
            Work::Act(act) => act.describe(),
            Work::EndAlerts { .. } => "end the alerts of the incident".to_owned(),
            Work::ShowPage { escalation, page } => {
                format!("show page {page} of the escalation {escalation}")
            }
            Work::Escalate { escalation } => format!("go on with the escalation {escalation}"),
            Work::RecordPaged(it) => {
                format!("write down what happened to the escalation {}", it.paged.escalation)
            }
            Work::EndEscalations { .. } => "end what people are paged for".to_owned(),
            Work::LookAtShift { schedule } => format!("see who is on call in {schedule}"),
            Work::TellShift(news) => format!("tell {} of their time on call", news.user),
            Work::ReadPeople(_) => "read the people of the workspace".to_owned(),
            Work::ReadPerson { user } => format!("read what Slack knows of {user}"),
            Work::TellAssignee { user, .. } => format!("tell {user} what is theirs to do"),
            Work::TellSubscriber { user, version } => format!("tell {user} of entry {version}"),
            Work::Deliver(delivery) => delivery.describe(),
            Work::Unknown => "work of a newer version of Stentor".to_owned(),
        }
    }
}

/// Work on its way into the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWork {
    /// Its id.
    pub id: WorkId,
    /// What it is about: a second request for the same joins the first.
    pub key: String,
    /// The lane it waits in.
    pub lane: String,
    /// Its place in the lane.
    pub seq: i64,
    /// The incident it is about.
    pub incident: IncidentId,
    /// What to do.
    pub work: Work,
    /// Not before then.
    pub due_at: Timestamp,
}

impl NewWork {
    /// Whether it is a timer, whose latest time counts.
    pub fn is_timer(&self) -> bool {
        self.work.timer().is_some()
            || matches!(
                self.work,
                Work::Settle { .. }
                    | Work::Signal
                    | Work::Evaluate { .. }
                    | Work::Escalate { .. }
                    | Work::LookAtShift { .. }
            )
            || matches!(&self.work, Work::ReadPeople(stretch) if stretch.is_first())
    }
}

/// What an effect means for the outbox.
#[expect(clippy::large_enum_variant, reason = "they live for a moment, a handful at once")]
pub enum Change {
    /// This is to be done.
    Add(NewWork),
    /// What has this key need not be done any more.
    Cancel(String),
}

/// So many pieces of work can follow from one entry and still keep their order.
const PLACES_PER_ENTRY: i64 = 100;

/// Where work stands that comes before everything else in its lane.
const FIRST_PLACES: i64 = 0;

/// Puts the effects of one entry into the outbox's terms. The incident's version orders a lane,
/// so that no counter is needed: commands on one incident follow one another already.
pub fn plan(
    effects: Vec<Effect>,
    incident: &IncidentId,
    version: i64,
    now: Timestamp,
    mut new_id: impl FnMut() -> String,
) -> Vec<Change> {
    let mut changes = Vec::with_capacity(effects.len());
    for (effect, nth) in effects.into_iter().zip(1..) {
        let place = version * PLACES_PER_ENTRY + nth;
        let (work, due_at, seq) = match effect {
            Effect::Refresh(surface) => (Work::Refresh { surface }, now, place),
            Effect::Renew(surface) => {
                // What waits already keeps its place and its past: neither counts any more.
                let work = Work::Refresh { surface };
                changes.push(Change::Cancel(key(incident, &work)));
                (work, now, FIRST_PLACES + nth)
            }
            Effect::ShowAlerts => (Work::ShowAllAlerts, now, place),
            Effect::Say(post) => (Work::Say { post }, now, place),
            Effect::SetTimer(timer, due) => (Work::ringing(timer), due, place),
            Effect::HandOverAlerts => (Work::Signal, now, place),
            Effect::RecordMerge { into, absorbed } => {
                (Work::RecordMerge { into, absorbed }, now, place)
            }
            Effect::EndAlerts { by, through, version } => {
                (Work::EndAlerts { by, through, version }, now, place)
            }
            Effect::EndEscalations { alerts_only } => {
                (Work::EndEscalations { alerts_only }, now, place)
            }
            Effect::TellAssignee { version, user } => {
                (Work::TellAssignee { version, user }, now, place)
            }
            Effect::TellSubscriber { version, user } => {
                (Work::TellSubscriber { version, user }, now, place)
            }
            Effect::ClearTimer(timer) => {
                changes.push(Change::Cancel(key(incident, &Work::ringing(timer))));
                continue;
            }
        };
        let id = WorkId::new(new_id());
        changes.push(Change::Add(new_work(incident, work, id, seq, due_at)));
    }
    changes
}

/// A warning, which an incident gave reason to; warnings with the same key are one.
pub fn warning(
    incident: &IncidentId,
    key: &str,
    work: Work,
    id: WorkId,
    now: Timestamp,
) -> NewWork {
    let work = new_work(incident, work, id, FIRST_PLACES, now);
    NewWork { key: format!("{}/{key}", work.key), ..work }
}

/// A look at how the incident's channel stands, which nothing else waits for.
pub fn look_at_channel(incident: &IncidentId, id: WorkId, now: Timestamp) -> NewWork {
    refresh(incident, Surface::Standing, id, now)
}

/// A surface that is to be shown again although nothing about the incident has changed. It comes
/// first in its lane: whoever asks saw that it is wrong now.
pub fn refresh(incident: &IncidentId, surface: Surface, id: WorkId, now: Timestamp) -> NewWork {
    new_work(incident, Work::Refresh { surface }, id, FIRST_PLACES, now)
}

fn new_work(incident: &IncidentId, work: Work, id: WorkId, seq: i64, due_at: Timestamp) -> NewWork {
    let (key, lane) = (key(incident, &work), lane(incident, &work));
    NewWork { id, key, lane, seq, incident: incident.clone(), work, due_at }
}

fn key(incident: &IncidentId, work: &Work) -> String {
    match work {
        Work::Refresh { surface } => format!("{incident}/refresh/{}", surface.as_str()),
        Work::Say { post: Post::Channel { version } } => format!("{incident}/say/{version}"),
        Work::Say { post: Post::Declarer { user } } => format!("{incident}/declarer/{user}"),
        Work::Say { post: Post::Keeper { version, user } } => {
            format!("{incident}/keeper/{version}/{user}")
        }
        Work::Say { post: Post::RoleHolder { version, user } } => {
            format!("{incident}/role/{version}/{user}")
        }
        Work::Warn { .. } => "warning".to_owned(),
        Work::Ring { timer } => timer_lane(incident, *timer),
        Work::Wake => timer_lane(incident, TimerKind::SnoozeEnds),
        Work::RecordMerge { .. } => format!("{incident}/merge"),
        Work::Look { ts, by } => {
            format!("{incident}/look/{ts}/{}", by.as_ref().map_or("", UserId::as_str))
        }
        Work::ReadBack(Stretch { thread, from, .. }) => {
            let part =
                |ts: &Option<MessageTs>| ts.as_ref().map_or("", MessageTs::as_str).to_owned();
            format!("{incident}/read-back/{}/{}", part(thread), part(from))
        }
        Work::Settle { .. } => format!("{incident}/timer/settle"),
        Work::Signal => format!("{incident}/timer/signal"),
        Work::ShowAlerts { group } => format!("{incident}/alerts/{group}"),
        Work::ShowAllAlerts => format!("{incident}/alerts"),
        Work::RecordAlerts { .. } => format!("{incident}/handled"),
        Work::Evaluate { rule } => rule_work::evaluation_lane(rule),
        Work::Report(report) => format!("{}/report", rule_work::report_key(report)),
        Work::Act(act) => act.key(),
        Work::EndAlerts { version, .. } => format!("{incident}/end-alerts/{version}"),
        Work::ShowPage { escalation, page } => page_work::page_lane(escalation, *page),
        Work::Escalate { escalation } => page_work::timer_lane(escalation),
        Work::RecordPaged(record) => record.key(incident),
        Work::EndEscalations { alerts_only } => page_work::ending_key(incident, *alerts_only),
        Work::LookAtShift { schedule } => page_work::shift_lane(schedule),
        Work::TellShift(news) => news.key(),
        Work::ReadPeople(stretch) => stretch.key(),
        Work::ReadPerson { user } => page_work::person_key(user),
        Work::TellAssignee { version, user } => format!("{incident}/assignee/{version}/{user}"),
        Work::TellSubscriber { version, user } => format!("{incident}/subscriber/{version}/{user}"),
        Work::Deliver(delivery) => delivery.key(),
        Work::Unknown => format!("{incident}/unknown"),
    }
}

/// The lane of everything that is shown in an incident's channel.
pub fn channel_lane(incident: &IncidentId) -> String {
    format!("{incident}/channel")
}

/// Everything in the incident's channel is in order; what is elsewhere need not wait for it.
fn lane(incident: &IncidentId, work: &Work) -> String {
    match work {
        Work::Refresh { surface: Surface::Announcement } => format!("{incident}/announcement"),
        // What waits for the channel must not keep Stentor from looking at it.
        Work::Refresh { surface: Surface::Standing } => format!("{incident}/standing"),
        Work::Refresh { .. } | Work::Say { post: Post::Channel { .. } } => channel_lane(incident),
        Work::Warn { .. } => "warnings".to_owned(),
        Work::Say { .. } => format!("{incident}/people"),
        Work::Ring { timer } => timer_lane(incident, *timer),
        Work::Wake => timer_lane(incident, TimerKind::SnoozeEnds),
        // Like a timer, no business of Slack's: it does not wait until Slack is there.
        Work::RecordMerge { .. } => format!("{incident}/timer/merge"),
        Work::Settle { .. } => format!("{incident}/timer/settle"),
        Work::Signal => format!("{incident}/timer/signal"),
        Work::ShowAlerts { .. } | Work::ShowAllAlerts => channel_lane(incident),
        // Like a timer, no business of Slack's: it does not wait until Slack is there.
        Work::RecordAlerts { .. } => format!("{incident}/timer/handled"),
        Work::Evaluate { rule } => rule_work::evaluation_lane(rule),
        Work::Report(report) => rule_work::report_lane(report),
        Work::Act(act) => act.lane(),
        // No business of Slack's either.
        Work::EndAlerts { .. } => format!("{incident}/timer/end-alerts"),
        Work::ShowPage { escalation, page } => page_work::page_lane(escalation, *page),
        Work::Escalate { escalation } => page_work::timer_lane(escalation),
        Work::RecordPaged(_) => page_work::record_lane(incident),
        Work::EndEscalations { .. } => page_work::ending_lane(incident),
        Work::LookAtShift { schedule } => page_work::shift_lane(schedule),
        Work::TellShift(news) => news.lane(),
        Work::ReadPeople(stretch) => stretch.lane(),
        Work::ReadPerson { user } => page_work::person_key(user),
        Work::TellAssignee { .. } => format!("{incident}/people"),
        // They may be many; nobody with a part in the incident waits for them.
        Work::TellSubscriber { .. } => format!("{incident}/subscribers"),
        Work::Deliver(delivery) => delivery.lane(),
        Work::Look { .. } | Work::ReadBack(_) | Work::Unknown => messages_lane(incident),
    }
}

/// The lane of a timer, which is also what it is known by.
fn timer_lane(incident: &IncidentId, timer: TimerKind) -> String {
    format!("{incident}/timer/{}", timer.as_str())
}

/// What an alert rule asks for. No incident stands in its place.
pub fn for_rule(work: Work, id: WorkId, seq: i64, due_at: Timestamp) -> NewWork {
    new_work(&IncidentId::from(rule_work::NO_INCIDENT), work, id, seq, due_at)
}

/// What somebody who is paged, or on call, asks for. Where it is about no incident, none stands in its
/// place.
pub fn for_pages(
    work: Work,
    incident: Option<&IncidentId>,
    id: WorkId,
    seq: i64,
    due_at: Timestamp,
) -> NewWork {
    let none = IncidentId::from(rule_work::NO_INCIDENT);
    new_work(incident.unwrap_or(&none), work, id, seq, due_at)
}

/// The lane of looks at messages in an incident's channel.
pub fn messages_lane(incident: &IncidentId) -> String {
    format!("{incident}/messages")
}

/// The work of looking at a message, because this person gave a reason to.
pub fn look(
    incident: &IncidentId,
    ts: MessageTs,
    by: Option<UserId>,
    now: Timestamp,
    id: String,
) -> NewWork {
    asked_for(incident, Work::Look { ts, by }, now, id)
}

/// The work of reading back what happened in an incident's channel.
pub fn read_back(incident: &IncidentId, stretch: Stretch, now: Timestamp, id: String) -> NewWork {
    asked_for(incident, Work::ReadBack(stretch), now, id)
}

/// Work that follows from no entry of the record. Nothing else is in its lane, so that the time
/// will do for its place.
pub fn asked_for(incident: &IncidentId, work: Work, now: Timestamp, id: String) -> NewWork {
    NewWork {
        id: WorkId::new(id),
        key: key(incident, &work),
        lane: lane(incident, &work),
        seq: now.as_micros(),
        incident: incident.clone(),
        work,
        due_at: now,
    }
}

/// What the record of an incident is to say of its alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// Which incident.
    pub incident: IncidentId,
    /// Who did it.
    pub by: Actor,
    /// The API token through which a program did it in their name.
    pub through: Option<String>,
    /// What.
    pub done: Handled,
}

/// What somebody did about an incident's alerts, to be written into its record. Each is one of its
/// own: none joins another.
pub fn handled(noted: &Noted, now: Timestamp, id: String) -> NewWork {
    let Noted { incident, by, through, done } = noted.clone();
    let work = asked_for(&incident, Work::RecordAlerts { by, through, done }, now, id);
    NewWork { key: format!("{}/{}", work.key, work.id), ..work }
}

/// A look at what follows from how a group of alerts stands. It is no incident's yet: the group's own
/// id stands in its place.
pub fn settle(group: &GroupId, due_at: Timestamp, id: String) -> NewWork {
    let work = Work::Settle { group: group.clone() };
    NewWork { due_at, ..asked_for(&IncidentId::new(group.as_str()), work, due_at, id) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_of_a_newer_version_can_be_read() {
        let work = r#"{"do":"of_tomorrow","what":{"deep":[1]}}"#;
        assert_eq!(serde_json::from_str::<Work>(work).unwrap(), Work::Unknown);
    }
}

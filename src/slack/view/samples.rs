//! Incidents and their records for the tests of messages.

use std::time::Duration;

use crate::alert::group::Group;
use crate::alert::observation::{Link, Observation, Status};
use crate::alert::state::{Alert, Circumstances};
use crate::clock::Timestamp;
use crate::ids::{ChannelId, IncidentId, UserId};
use crate::incident::catalogue::Catalogue;
use crate::incident::command::{Command, Declare};
use crate::incident::decide::{Context, decide, declare};
use crate::incident::event::{Actor, Entry, Event, Via};
use crate::incident::reactions::TimerKind;
use crate::incident::state::Incident;

/// An incident that is lived through as the engine would have it, a minute a command.
pub struct Story {
    pub incident: Incident,
    pub record: Vec<Entry>,
    pub catalogue: Catalogue,
}

pub fn alice() -> Actor {
    Actor::Person { user: UserId::from("U0ALICE") }
}

pub fn minute(minute: u64) -> Timestamp {
    Timestamp::from_micros(1_790_000_000_000_000).plus(Duration::from_secs(minute * 60))
}

impl Story {
    /// A sensible incident without a lead, its channel open.
    pub fn new() -> Self {
        Story::of(Declare {
            name: "Checkout is slow".to_owned(),
            summary: Some("Payments time out for some people.".to_owned()),
            severity: Some("major".to_owned()),
            ..Declare::default()
        })
    }

    pub fn of(request: Declare) -> Self {
        let catalogue = Catalogue::default();
        let actor = alice();
        let context =
            Context { now: minute(0), actor: &actor, via: Via::Modal, catalogue: &catalogue };
        let declared = declare(&request, 1, &context).unwrap();
        let id = IncidentId::from("01STENT0R0000000000000TEST");
        let incident = Incident::declared(id, minute(0), &actor, &declared);
        let event = Event::Declared(declared);
        let first = Entry {
            version: 1,
            at: minute(0),
            actor,
            via: Via::Modal,
            telling: None,
            event,
            through: None,
        };
        let mut story = Story { incident, record: vec![first], catalogue };
        let channel = ChannelId::from("C0INC1");
        story.happens(Actor::Stentor, &Command::RecordChannel { channel });
        story
    }

    /// Alice gives the command; what happened is the last entry.
    pub fn says(&mut self, command: &Command) -> &Entry {
        self.happens(alice(), command)
    }

    pub fn happens(&mut self, actor: Actor, command: &Command) -> &Entry {
        let via = if actor == Actor::Stentor { Via::Timer } else { Via::Command };
        let now = minute(self.record.len() as u64 * 20);
        let context = Context { now, actor: &actor, via, catalogue: &self.catalogue };
        for event in decide(&self.incident, command, &context).unwrap() {
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
            self.record.push(entry);
        }
        self.record.last().unwrap()
    }
}

/// A story in which everything happens once.
pub fn long_story() -> Story {
    let bea = || Some(UserId::from("U0BEA"));
    let role = |role: &str, person| Command::Role { role: role.to_owned(), person };
    let mut story = Story::new();
    story.says(&role("lead", Some(UserId::from("U0ALICE"))));
    story.says(&role("lead", bea()));
    story.says(&role("scribe", Some(UserId::from("U0CARL"))));
    story.says(&role("scribe", None));
    story.says(&Command::Note { text: "The queue is full".to_owned() });
    story.says(&Command::Update {
        message: Some("A bad release; rolling back.".to_owned()),
        status: Some("fixing".to_owned()),
        severity: Some("critical".to_owned()),
        next_update_in_minutes: Some(10),
    });
    story.happens(Actor::Stentor, &Command::Ring { timer: TimerKind::UpdateDue });
    story.says(&Command::Severity { severity: "minor".to_owned() });
    story.says(&Command::Status { status: "monitoring".to_owned() });
    story.says(&Command::Summary { summary: "Payments timed out.".to_owned() });
    story.says(&Command::Rename { name: "Payments time out".to_owned() });
    story.says(&Command::Resolve { message: Some("Rolled back to 1.4.".to_owned()) });
    let bot = Actor::ApiToken { name: "ci".to_owned() };
    story.happens(bot, &Command::Reopen { message: Some("It is back.".to_owned()) });
    story.says(&Command::Resolve { message: None });
    let (what, error) = ("post to #incidents".to_owned(), "not_in_channel".to_owned());
    story.happens(Actor::Stentor, &Command::RecordUndelivered { what, error });
    story.says(&Command::Close { message: None });
    story
}

/// A group of alerts that is part of the story's incident.
pub fn group_of(story: &Story, title: &str) -> Group {
    let mut group = Group::first("01G".into(), title, None, Vec::new(), minute(0), minute(0));
    group.incident = Some(story.incident.id.clone());
    group
}

/// An alert that fires since so many minutes after the beginning.
pub fn alert(title: &str, host: &str, status: Status, minutes: u64) -> Alert {
    let mut said = Observation::firing(format!("{title}/{host}"), title);
    said.status = status;
    said.labels = [("host", host), ("service", "checkout"), ("alertname", title)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    for (text, page) in [("Runbook", "runbook"), ("Graph", host)] {
        let href = format!("https://a.example/{page}");
        said.links.push(Link { href, text: text.to_owned() });
    }
    let now = minute(minutes);
    let circumstances = Circumstances { now, reopens_within: None, window: None };
    let id = format!("{title}/{host}");
    Alert::first(id.as_str().into(), "S".into(), &said, "01G".into(), circumstances)
}

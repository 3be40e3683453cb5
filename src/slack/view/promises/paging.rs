//! What people are told who are paged, and who are on call.

use crate::ids::{EscalationId, PathId, ScheduleId, UserId};
use crate::incident::catalogue::Catalogue;
use crate::incident::event::{Actor, Entry, Event, Via};
use crate::incident::paged::{Happened, Paged};
use crate::incident::state::Incident;
use crate::oncall::escalation::Beginning;
use crate::oncall::escalation::state::{
    Course, Escalation, Request, Status as EscalationStatus, Whom,
};
use crate::oncall::escalation::world::World;
use crate::outbox::page_work::ShiftNews;
use crate::slack::view::form::{self, Origin};
use crate::slack::view::limits::{Checked, check_message, check_modal};
use crate::slack::view::oncall::OnCall;
use crate::slack::view::samples::minute;
use crate::slack::view::{oncall, page, post, timeline};

pub(super) fn check_pages_about(incident: &Incident, name: &str, text: &str) -> Checked {
    let people: Vec<UserId> =
        ["U0ALICE", "U0BEA"].iter().cycle().take(60).copied().map(UserId::from).collect();
    let request = Request {
        title: name.to_owned(),
        description: text.to_owned(),
        priority: Some(text.to_owned()),
        path: None,
        people: people.clone(),
        incident: Some(incident.id.clone()),
        alerts: Vec::new(),
        ends_with_alerts: false,
    };
    let by = Actor::ApiToken { name: text.to_owned() };
    let beginning =
        Beginning { id: EscalationId::from("E"), request, path: None, turn: 0, by: by.clone() };
    let (mut escalation, _) = Escalation::begin(beginning, minute(0), &World::default());
    let course = Course::Path { path: PathId::from("P"), name: name.to_owned() };
    escalation.course = course.clone();
    for status in EscalationStatus::ALL {
        escalation.status = status;
        escalation.acked_by = Some(by.clone());
        for incident in [None, Some(incident)] {
            let first = escalation.pages.first().expect("somebody is paged");
            check_message(&page::page(&escalation, first, incident))?;
        }
    }
    check_message(&page::begun(&escalation))?;
    let whom: Vec<Whom> = people.iter().map(|user| Whom::Person { user: user.clone() }).collect();
    let happened = [
        Happened::Created { course },
        Happened::Created { course: Course::People { people: people.clone() } },
        Happened::Paged { whom: whom.clone(), level: 2 },
        Happened::NotDelivered { whom: whom[0].clone(), error: text.to_owned() },
        Happened::Acknowledged { was_paged: true },
        Happened::Declined,
        Happened::Snoozed { until: minute(1) },
        Happened::Expired,
        Happened::Cancelled,
        Happened::Resolved,
        Happened::Unknown,
    ];
    let entries = happened.map(|happened| Entry {
        version: 2,
        at: minute(1),
        actor: Actor::Stentor,
        via: Via::Delivery,
        telling: None,
        event: Event::Paged(Paged {
            escalation: EscalationId::from("E"),
            title: name.to_owned(),
            by: by.clone(),
            happened,
        }),
        through: None,
    });
    let catalogue = Catalogue::default();
    for entry in &entries {
        post::post(entry, incident, &catalogue).map_or(Ok(()), |said| check_message(&said))?;
    }
    check_message(&timeline::timeline(incident, &entries, &catalogue))?;
    for begins in [true, false] {
        let news = ShiftNews {
            schedule: ScheduleId::from("S"),
            name: name.to_owned(),
            user: people[0].clone(),
            begins,
            others: people.clone(),
            until: Some(minute(2)),
            at: minute(1),
        };
        check_message(&page::shift(&news))?;
    }
    let on_call = OnCall { name: name.to_owned(), now: people, next: Vec::new() };
    check_message(&oncall::on_call(&vec![on_call; 20], 99, text))?;
    check_message(&oncall::on_call(&[], 0, text))?;
    let paths = vec![(PathId::from("P"), name.to_owned()); 120];
    check_modal(&form::page(&paths, &Origin::default()))?;
    check_modal(&form::page(&[], &Origin::default()))
}
